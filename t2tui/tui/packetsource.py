"""The packets of the flows of a session, read once more."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from t2tui.tui.opening import WRITERS, Opening

if TYPE_CHECKING:
    from t2tui.core.engine import Engine, Snapshot
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
    """

    opening: Opening
    most: int | None = None

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
        from t2tui.cutting import Cutter

        cutter = Cutter(keys, written, self.most)
        self._run(cutter, tell)
        return cutter.count

    def show(self, dumper: "PayloadDumper", tell: Tell) -> None:
        """Show packets to payloadDumper, which chooses among them.

        Args:
            dumper: see ``cutting.dump_payloads``.
            tell: hears how far it is.

        Raises:
            CaptureError: the capture cannot be read any more.
            OutputError: a file cannot be written.
        """
        self._run(dumper, tell)

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
