"""What the plugins of one run share: tables, totals, and the columns that all of them write together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from t2tui.core.alarms import Alarms
from t2tui.core.columns import Column
from t2tui.core.layout import RELEASED
from t2tui.core.linktypes import MAX_SNAP_LENGTH

if TYPE_CHECKING:
    from t2tui.core.batch import PacketBatch
    from t2tui.core.labels import Labels
    from t2tui.core.outputs import Outputs
    from t2tui.core.text.rows import Field

Columns: TypeAlias = "Sequence[tuple[Column, Field]]"
"""What a plugin writes: pairs of a column (its name, type and texts) and where its values are."""


def printed_name(column: "Column") -> str:
    """Return the name of a column as T2 0.9.3 prints it."""
    return column.name


@dataclass
class Run:
    """What all plugins of one run share. The engine makes it, fills the totals and keeps it current.

    Attributes:
        flows: the flow table (``records``: FLOW by slot, ``tcp``: state of TCP by slot, ``times``:
            PACKET_TIMES by row of the batch).
        descriptions: header descriptions; ``words`` are the texts by ``PACKET.hdrDesc``.
        labels: address labels; ``codes`` and ``texts`` by ``FLOW.srcLabel`` and ``FLOW.dstLabel``.
        outputs: opens the files of this run under its prefix.
        slots: number of flow slots; records of plugins have this length.
        batch_packets: number of packets of a full batch.
        packet_mode: the packet file is written.
        alarms: what plugins reported, and the rule of alarm mode.
        force_mode: plugins may ask for the end of a flow.
        sensor: number of the sensor (option ``-x``).
        split: option ``-W``; None without.
        index_file: list of flow indices, option ``-e``; None without.
        tell: writes a line of the report now: messages of ``start``. Others belong into ``report``.
        link_type: DLT number of the capture that is read; the captures of a list may differ.
        snap_length: most captured bytes of a packet.
        origin: place of the first byte of the capture that is read (``Originals``); 0 of the first one.
        units: parts of a second that ``PACKET.frac`` counts.
        names: gives the printed name of a column (other versions of T2 had other names).
        command: the program's arguments as called.
        started: wall clock at the start of the run, nanoseconds since 1970.
        plugins: all plugins of the run by name, in order of their numbers.
        batch: the batch that is worked on.
        row: row of its batch at which the packets given to ``on_packets`` begin; arrays of a plugin that
            are read ``by="row"`` are indexed from there.
        behind: row behind the last packet of the batch that has its flow: those from ``row`` up to here are
            those that are shown now, and those that follow them.
        packets: packets read so far; current whenever ``report`` or ``monitor`` is called, like the
            other totals.
        bytes: captured bytes of all packets.
        flow_bytes: captured bytes of the packets that belong to a flow (A and B).
        flow_count: flows created so far (A and B).
        released: RELEASED entries of the flows that ``on_released`` gets next, already valid in
            ``on_packets``: ``packet`` says before which of the packets given there each of them ended.
        ended: int64, whole seconds of capture time at which each of the flows that ``on_released`` gets
            ended: that of the packet before which it ended, at the end that of the last packet.
        removals: flows that end before the next packet (force mode).
        columns_changed: how often a plugin has put other arrays in the place of those that its fields read;
            who keeps fields asks for them again when it has changed.
    """

    flows: Any
    descriptions: Any
    labels: "Labels"
    outputs: "Outputs | Any"
    slots: int
    batch_packets: int
    packet_mode: bool = False
    alarms: Alarms = field(default_factory=Alarms)
    force_mode: bool = False
    sensor: int = 666
    split: "Split | None" = None
    index_file: str | None = None
    tell: Callable[[str], None] = field(default=lambda line: None)
    link_type: int = 1
    snap_length: int = MAX_SNAP_LENGTH
    origin: int = 0
    units: int = 10**9
    names: "Callable[[Column], str]" = printed_name
    command: Sequence[str] = ()
    started: int = 0
    plugins: dict[str, Any] = field(default_factory=dict)
    batch: "PacketBatch | None" = None
    row: int = 0
    behind: int = 0
    packets: int = 0
    bytes: int = 0
    flow_bytes: int = 0
    flow_count: int = 0
    released: NDArray[Any] = field(default_factory=lambda: np.zeros(0, RELEASED))
    ended: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    removals: list[int] = field(default_factory=list)
    columns_changed: int = 0

    @property
    def alarm_mode(self) -> bool:
        """Flows are written only if a plugin reported an alarm."""
        return self.alarms.rule is not None

    def report_alarms(self, flows: NDArray[Any], numbers: NDArray[Any]) -> None:
        """Report alarms of flows that ended; see ``Alarms.report``."""
        self.alarms.report(flows, numbers)

    def request_removal(self, slots: NDArray[Any]) -> None:
        """Ask for the end of flows before the next packet; without force mode nothing happens.

        Called in on_packets, which sees packets one by one in force mode.

        Args:
            slots: flows, in order of request.
        """
        if self.force_mode:
            self.removals.extend(int(slot) for slot in slots)

    def flow_columns(self) -> "list[tuple[Column, Field]]":
        """Return the columns of the flow file: those of the core, then those of every plugin."""
        from t2tui.core import core_columns  # brings the compiler, which the registry does without

        columns = [*core_columns.flow_fields(self)]
        for plugin in self.plugins.values():
            columns += plugin.flow_fields()
        return columns

    def packet_columns(self, packets: NDArray[Any]) -> "list[tuple[Column, Field]]":
        """Return the columns of the packet file without the content, which is the core's and last.

        Args:
            packets: the whole array of PACKET records of a batch.
        """
        from t2tui.core import core_columns

        columns = [*core_columns.packet_fields(packets)]
        for plugin in self.plugins.values():
            columns += plugin.packet_fields(packets)
        return columns


@dataclass(frozen=True)
class Split:
    """Option ``-W``: the flow file is continued in a next one.

    Attributes:
        size: bytes, or flows where ``by_flows`` is set, after which the next file begins.
        by_flows: count flows instead of bytes.
        first: number of the first file.
    """

    size: int
    by_flows: bool = False
    first: int = 0
