"""What a plugin is: the API of the built-in plugins and of the user's own.

A plugin keeps one record per flow slot and works on whole batches. The engine calls, each time for all
plugins in the order of their numbers:

1. ``start`` once, before the first packet; then it asks for ``flow_fields`` once and for
   ``packet_fields`` once per array of packets (arrays are reused, so their fields stay valid);
2. per batch ``on_packets``, then ``on_released``, then ``on_rows`` for the flows that are written;
3. ``monitor`` at any time between two batches, ``report`` at the end, then ``finish``.

A plugin that is called per object (new flow, layer-2 packet, layer-4 packet, end of flow) is a subclass
whose ``on_packets`` and ``on_released`` walk the batch for its author.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from numpy.typing import NDArray

from t2tui.core.columns import Column, File, plugin_columns

if TYPE_CHECKING:
    from t2tui.core.outputs import Outputs
    from t2tui.core.settings import Flag
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
        flows: the flow table (``records``: FLOW by slot, ``tcp``: TCP_STATE by slot, ``times``:
            PACKET_TIMES by row of the batch).
        descriptions: header descriptions; ``words`` are the texts by ``PACKET.hdrDesc``.
        labels: address labels; ``codes`` and ``texts`` by ``FLOW.srcLabel`` and ``FLOW.dstLabel``.
        outputs: opens the files of this run under its prefix.
        slots: number of flow slots; records of plugins have this length.
        batch_packets: number of packets of a full batch.
        packet_mode: the packet file is written.
        sensor: number of the sensor (option ``-x``).
        split: option ``-W``; None without.
        names: gives the printed name of a column (other versions of T2 had other names).
        command: the program's arguments as called.
        started: wall clock at the start of the run, nanoseconds since 1970.
        plugins: all plugins of the run by name, in order of their numbers.
        row: row of its batch at which the packets given to ``on_packets`` begin; arrays of a plugin that
            are read ``by="row"`` are indexed from there.
        packets: packets read so far; current whenever ``report`` or ``monitor`` is called, like the
            other totals.
        bytes: captured bytes of all packets.
        flow_bytes: captured bytes of the packets that belong to a flow (A and B).
        flow_count: flows created so far (A and B).
    """

    flows: Any
    descriptions: Any
    labels: Any
    outputs: "Outputs | Any"
    slots: int
    batch_packets: int
    packet_mode: bool = False
    sensor: int = 666
    split: "Split | None" = None
    names: "Callable[[Column], str]" = printed_name
    command: Sequence[str] = ()
    started: int = 0
    plugins: "dict[str, Plugin]" = field(default_factory=dict)
    row: int = 0
    packets: int = 0
    bytes: int = 0
    flow_bytes: int = 0
    flow_count: int = 0

    def flow_columns(self) -> "list[tuple[Column, Field]]":
        """Return the columns of the flow file: those of the core, then those of every plugin."""
        from t2tui.plugins import core_columns

        columns = [*core_columns.flow_fields(self)]
        for plugin in self.plugins.values():
            columns += plugin.flow_fields()
        return columns

    def packet_columns(self, packets: NDArray[Any]) -> "list[tuple[Column, Field]]":
        """Return the columns of the packet file without the content, which is the core's and last.

        Args:
            packets: the whole array of PACKET records of a batch.
        """
        from t2tui.plugins import core_columns

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


class Plugin:
    """Base of all plugins. A method that is not overridden does nothing.

    Attributes:
        name: as T2 names it; also the section of its flags.
        number: three digits that order callbacks, columns and report lines; sinks are 9xx.
        version: version of T2 whose behaviour it has.
        summary: one line for lists and help.
        requires: names of plugins with a lower number whose records it reads.
        flags: what can be set; available as ``self.settings.NAME``.
        settings: values of the flags, defaults until the engine gives others.
        run: what all plugins share; valid from ``start`` on.
        status: bits of flowStat that the plugin set in any flow; the end report includes them.
    """

    name: ClassVar[str]
    number: ClassVar[int]
    version: ClassVar[str] = "0.9.3"
    summary: ClassVar[str] = ""
    requires: ClassVar[tuple[str, ...]] = ()
    flags: ClassVar[tuple["Flag", ...]] = ()

    def __init__(self, settings: Any = None) -> None:
        self.settings = settings or SimpleNamespace(**{flag.name: flag.default for flag in self.flags})
        self.run: Run
        self.status = 0

    def start(self, run: Run) -> None:
        """Allocate records and open files. A subclass calls this first."""
        self.run = run

    def flow_fields(self) -> Columns:
        """Return the columns of the flow file, read through the slot (``by="slot"``)."""
        return ()

    def packet_fields(self, packets: NDArray[Any]) -> Columns:
        """Return the columns of the packet file.

        Args:
            packets: the whole array of PACKET records of a batch; fields are ``by="row"`` of it or
                ``by="slot"`` of the packet's flow.
        """
        return ()

    def paired(self, file: "File", fields: "Mapping[str, Field]") -> "list[tuple[Column, Field]]":
        """Return the plugin's registered columns of a file with their fields, in order of output.

        Args:
            file: ``flows`` or ``packets``.
            fields: by column name; columns without a field are left out.
        """
        columns = plugin_columns(self.name, file)
        return [(column, fields[column.name]) for column in columns if column.name in fields]

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """See a batch, or a part of it, in the order of the capture.

        Args:
            packets: PACKET records. ``flow`` is -1 for packets without flow; a packet with ``isNew``
                created its flow, whose record in the plugin is still that of an earlier flow.
            data: uint8, the bytes; a packet begins at ``base`` and has ``caplen`` bytes. Positions
                that come from headers may lie beyond: check them.
        """

    def on_released(self, slots: NDArray[Any]) -> None:
        """See flows that ended, after their last packet.

        Everything that is written about a flow is computed here into the plugin's own records. The
        record of the opposite flow is valid, and so are those of plugins with lower numbers.

        Args:
            slots: int32, in the order in which the flows are written (A before its B).
        """

    def on_rows(self, slots: NDArray[Any]) -> None:
        """Write flows; for sinks. Called when all plugins have seen the flows released.

        Args:
            slots: int32, in order of output, without the flows that are not written (alarm mode).
        """

    def report(self) -> Iterator[str]:
        """Yield the lines of the end report, without the label."""
        return iter(())

    def monitor(self) -> Iterator[str]:
        """Yield the lines of a report while the run goes on; those of the end report by default."""
        return self.report()

    def finish(self) -> None:
        """Close what is open. Called once, also when the run ends early."""
