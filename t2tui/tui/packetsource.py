"""The packets of the flows of a session, read once more."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from t2tui.core.capture import Originals
    from t2tui.core.packetindex import PacketIndex
    from t2tui.plugins.payloaddumper import PayloadDumper

Tell = Callable[[int, int], None]
"""Gets how much is done, and how much there is (0: nobody knows); ends the work by raising."""


@dataclass(frozen=True)
class PacketSource:
    """Where the packets of flows come from.

    Attributes:
        index: the packets so far.
        originals: where they can be read again.
        inputs: files that must not be written.
    """

    index: "PacketIndex"
    originals: "Originals"
    inputs: Sequence[str] = ()

    def copy(self, keys: NDArray[np.uint64], written: BinaryIO, tell: Tell) -> int:
        """Write packets as a capture.

        Args:
            keys: of the packets, see ``cutting.wanted_keys``.
            written: takes the capture.
            tell: hears how far it is.

        Returns:
            The number of packets.

        Raises:
            CaptureError: the capture cannot be read any more.
            OutputError: the new capture cannot be written.
        """
        from t2tui.core.extract import copy_packets

        return copy_packets(self.originals, self._told(keys, tell), written)

    def show(self, keys: NDArray[np.uint64], dumper: "PayloadDumper", tell: Tell) -> None:
        """Show packets to payloadDumper.

        Args:
            keys: of the packets, see ``cutting.wanted_keys``.
            dumper: see ``cutting.dump_payloads``.
            tell: hears how far it is.

        Raises:
            CaptureError: the capture cannot be read any more.
            OutputError: a file cannot be written.
        """
        from t2tui.cutting import replay

        replay(self.originals, self.index, keys, dumper, lambda done: tell(done, 0))

    def _told(self, keys: NDArray[np.uint64], tell: Tell) -> Iterator[NDArray[Any]]:
        """Yield the places of packets, and tell how many were handed out."""
        done = 0
        for positions, _ in self.index.positions(keys):
            tell(done, 0)
            yield positions
            done += len(positions)
        tell(done, 0)
