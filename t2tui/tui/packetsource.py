"""The packets of the flows of a session, read once more."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from t2tui.tui.opening import WRITERS, Opening

if TYPE_CHECKING:
    from t2tui.core.engine import Engine, Snapshot
    from t2tui.core.packetindex import PacketIndex
    from t2tui.plugins.base import Plugin
    from t2tui.plugins.payloaddumper import PayloadDumper

Tell = Callable[[int, int], None]
"""Gets how much is done, and how much there is; ends the work by raising."""


def engine_of(opening: Opening, added: "Plugin") -> "Engine":
    """Return an engine that numbers the flows of an opening as they are numbered on screen.

    Args:
        opening: what is opened.
        added: a plugin behind those that decide which packets are a flow.
    """
    from t2tui import plugins
    from t2tui.core.alarms import alarm_rule
    from t2tui.core.engine import Engine, RunOptions
    from t2tui.core.heldoutputs import HeldOutputs
    from t2tui.core.labels import chosen_labels
    from t2tui.core.settings import CORE
    from t2tui.plugins.base import FIRST_SINK

    core = opening.settings[CORE]
    readers = [
        name for name in opening.plugins if name not in WRITERS and plugins.find(name).number < FIRST_SINK
    ]
    deciders = [name for name in readers if core.FORCE_MODE or name in plugins.DECIDERS]
    options = RunOptions(bpf=opening.bpf, alarm_rule=alarm_rule(core), force_mode=bool(core.FORCE_MODE))
    loaded = plugins.load(deciders, opening.settings, lambda text: None)
    return Engine(
        opening.source,
        options,
        HeldOutputs(),
        [*loaded, added],
        labels=chosen_labels(core),
        write_packets=False,
    )


@dataclass(frozen=True)
class PacketSource:
    """Where the packets of flows come from.

    Attributes:
        opening: what is opened.
        most: packets of it that count: reading was stopped there; None: all.
        index: where its packets are, so far as they were read; None: it is analysed once more.
    """

    opening: Opening
    most: int | None = None
    index: "PacketIndex | None" = None

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
        from t2tui.cutting import Cutter

        index = self._usable_index()
        if index is not None:
            return copy_packets(self.opening.sources[0], _told(index, keys, tell), written)
        cutter = Cutter(keys, written, self.most)
        self._run(cutter, tell)
        return cutter.count

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

        index = self._usable_index()
        if index is not None:
            replay(self.opening.sources[0], index, keys, dumper, lambda done: tell(done, 0))
        else:
            self._run(dumper, tell)

    def _usable_index(self) -> "PacketIndex | None":
        """Return where packets can be read in the capture: not in compressed ones, and not in lists."""
        from t2tui.following import is_addressable

        return self.index if self.index is not None and is_addressable(self.opening.source) else None

    def _run(self, added: "Plugin", tell: Tell) -> None:
        """Analyse the capture once more."""
        from t2tui.core.outputs import OutputError

        with closing(engine_of(self.opening, added)) as engine:

            def progress(now: "Snapshot") -> None:
                tell(now.bytes_read, now.size or 0)
                if self.most is not None and now.packets >= self.most:
                    engine.cancel()

            engine.run(progress)
            for breakdown in engine.breakdowns:
                raise OutputError("the packets", f"{breakdown.plugin}: {breakdown.text}")


def _told(index: "PacketIndex", keys: NDArray[np.uint64], tell: Tell) -> Iterator[NDArray[Any]]:
    """Yield the places of packets, and tell how many were handed out."""
    done = 0
    for positions, _ in index.positions(keys):
        tell(done, 0)
        yield positions
        done += len(positions)
    tell(done, 0)
