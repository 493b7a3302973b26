"""What a plugin is: the API of the built-in plugins and of the user's own.

A plugin keeps one record per flow slot and works on whole batches. The engine calls, each time for all
plugins in the order of their numbers:

1. ``start`` once, before the first packet; whoever writes columns then asks for ``flow_fields`` and
   ``packet_fields``, and asks again when header descriptions were added;
2. per batch ``on_packets``, then ``on_released``, then ``on_rows`` for the flows that are written;
3. ``monitor`` at any time between two batches, ``report`` at the end, then ``finish``; ``abandon`` if the
   run fails at any point.

A plugin that is called per object (new flow, layer-2 packet, layer-4 packet, end of flow) is a subclass
whose ``on_packets`` and ``on_released`` walk the batch for its author.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

from numpy.typing import NDArray

from t2tui.core.columns import Column, File, plugin_columns
from t2tui.core.run import Columns, Run, Split

if TYPE_CHECKING:
    from t2tui.core.bits import BitTable
    from t2tui.core.settings import Flag
    from t2tui.core.text.rows import Field

__all__ = ["FIRST_SINK", "Columns", "Plugin", "Run", "Split"]

FIRST_SINK = 900
"""Numbers from here on are those of sinks: plugins that write flows."""


class Plugin:
    """Base of all plugins. A method that is not overridden does nothing.

    Attributes:
        name: as T2 names it; also the section of its flags.
        number: three digits that order callbacks, columns and report lines; sinks are 9xx.
        version: version of T2 whose behaviour it has.
        summary: one line for lists and help.
        requires: names of plugins with a lower number whose records it reads.
        flags: what can be set; available as ``self.settings.NAME``.
        flow_columns: columns of the flow file that the plugin declares in its own module (those of most
            built-in plugins stand in core/columns.tsv).
        packet_columns: the same of the packet file.
        bit_tables: what the bits of its columns mean.
        in_order: packets and ends of flows come in the order in which they follow each other, so batches come
            in parts; without, a batch's packets come first, then the flows that ended in it.
        lockstep: all plugins see a packet before any sees the next one (about fifty times slower): for one
            that reads, at a packet, what other plugins keep per flow, or changes time-outs.
        timeouts: seconds that the plugin gives to flows in place of the time-out that they have.
        vital: an error of the plugin ends the run; other plugins are switched off.
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
    flow_columns: ClassVar[tuple[Column, ...]] = ()
    packet_columns: ClassVar[tuple[Column, ...]] = ()
    bit_tables: ClassVar[tuple["BitTable", ...]] = ()
    in_order: ClassVar[bool] = False
    lockstep: ClassVar[bool] = False
    vital: ClassVar[bool] = False
    timeouts: ClassVar[tuple[float, ...]] = ()

    def __init_subclass__(cls, **others: Any) -> None:
        """Tell the declared columns whose they are."""
        super().__init_subclass__(**others)
        declared: tuple[tuple[File, tuple[Column, ...]], ...] = (
            ("flows", cls.flow_columns),
            ("packets", cls.packet_columns),
        )
        cls.flow_columns, cls.packet_columns = (
            tuple(replace(column, plugin=cls.name, order=cls.number, file=file) for column in columns)
            for file, columns in declared
        )

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

    def abandon(self) -> None:
        """Give back what is held outside of the run's outputs: the run has failed.

        May be called before ``start`` and after ``finish``; must not raise.
        """
