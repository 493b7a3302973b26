"""Plugins that are called for each packet and each flow, in plain Python (docs/writing_plugins.md).

The built-in plugins work on whole batches in compiled kernels. A subclass of CallbackPlugin is called as a
plugin of the reference is, and needs neither numpy nor numba; it costs some microseconds per packet.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from t2tui.core.layout import KIND_LAYER2
from t2tui.core.roster import PlacedError
from t2tui.plugins.base import Plugin, Run
from t2tui.plugins.cells import Cells, convert, python_values
from t2tui.plugins.values import ColumnValues
from t2tui.plugins.views import Flow, Packet, Segment

if TYPE_CHECKING:
    from t2tui.core.columns import Column
    from t2tui.plugins.base import Columns

__all__ = ["CallbackPlugin", "Flow", "Packet", "RowSink"]

Values = Sequence[Any] | None


class CallbackPlugin(Plugin):
    """Base of plugins that are called for each packet and each flow.

    A plugin declares ``flow_columns`` and ``packet_columns`` and returns their values. What it keeps about a
    flow it puts into ``flow.data``.

    Attributes:
        lockstep: see Plugin. A plugin that reads, at a packet, what another one keeps per flow sets it.
        current_row: row of the batch of the packet that is shown, None outside of the packet callbacks.
    """

    in_order = True
    watches_layer2: ClassVar[bool]
    watches_layer4: ClassVar[bool]

    def __init_subclass__(cls, **others: Any) -> None:
        """Find out which callbacks there are: others cost nothing."""
        super().__init_subclass__(**others)
        cls.watches_layer2 = cls.on_layer2 is not CallbackPlugin.on_layer2
        cls.watches_layer4 = cls.on_layer4 is not CallbackPlugin.on_layer4

    # ------------------------------------------------------------------ callbacks

    def on_new_flow(self, packet: Packet, flow: Flow) -> None:
        """A packet created a flow (one direction). The packet's own callback follows.

        Args:
            packet: valid during the call.
            flow: valid until its end was announced; put what you keep about it into ``flow.data``.
        """

    def on_layer2(self, packet: Packet, flow: Flow | None) -> Values:
        """A packet came.

        Args:
            packet: valid during the call.
            flow: of a layer-2 packet; None for packets that go to ``on_layer4`` next.

        Returns:
            Values of ``packet_columns``, or None for empty cells; of no effect without flow.
        """
        return None

    def on_layer4(self, packet: Packet, flow: Flow) -> Values:
        """A packet of an IP flow came.

        Args:
            packet: valid during the call.
            flow: its flow.

        Returns:
            Values of ``packet_columns``, or None for empty cells.
        """
        return None

    def on_flow_terminate(self, flow: Flow) -> Values:
        """A flow ended: A first, then its B, whose data is still there.

        Returns:
            Values of ``flow_columns``, or None for empty cells.
        """
        return None

    # ------------------------------------------------------------------ what the engine calls

    def start(self, run: Run) -> None:
        """Prepare. A subclass that overrides this calls it first."""
        super().start(run)
        self.current_row: int | None = None
        self._flows: dict[int, Flow] = {}
        self._flow_values = [ColumnValues(column, run.slots, "slot") for column in self.flow_columns]
        self._packet_values = [
            ColumnValues(column, run.batch_packets, "row") for column in self.packet_columns
        ]
        self._writes_packets = run.packet_mode and bool(self._packet_values)
        self._last_row = -1

    def flow(self, slot: int) -> Flow:
        """Return a flow as this plugin sees it; for plugins that depend on this one.

        Args:
            slot: ``flow.slot`` of theirs.
        """
        return self._flows[slot]

    def flow_fields(self) -> "Columns":
        """Return the columns of the flow file."""
        return [(values.column, values.field()) for values in self._flow_values]

    def packet_fields(self, packets: NDArray[Any]) -> "Columns":
        """Return the columns of the packet file."""
        return [(values.column, values.field()) for values in self._packet_values]

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Call the packet callbacks."""
        run, first = self.run, self.run.row
        if self._writes_packets:
            self._begin_packets(first, len(packets))
        segment = Segment(packets, data)
        row, before = 0, _arrays(self._packet_values)
        try:
            for row in np.flatnonzero(packets["flow"] >= 0).tolist():
                self.current_row = first + row
                values = self._see(Packet(run, segment, row), segment.flow[row], row)
                if self._writes_packets:
                    _put(self._packet_values, first + row, values)
        except Exception as error:
            raise PlacedError(f"at packet {segment.pktNo[row]}") from error
        finally:
            self.current_row = None
        run.columns_changed += before != _arrays(self._packet_values)

    def _begin_packets(self, first: int, count: int) -> None:
        for values in self._packet_values:
            if first <= self._last_row:  # another batch: the packets of the last one are written
                values.clear()
            values.empty(first, first + count)
        self._last_row = first

    def _see(self, packet: Packet, slot: int, row: int) -> Values:
        """Show one packet; return the values of its columns."""
        of = packet.of
        if of.isNew[row]:
            flow = self._flows[slot] = Flow(self.run, self, slot)
            self.on_new_flow(packet, flow)
        if of.kind[row] == KIND_LAYER2:
            return self.on_layer2(packet, self._flows[slot]) if self.watches_layer2 else None
        if self.watches_layer2:
            self.on_layer2(packet, None)
        return self.on_layer4(packet, self._flows[slot]) if self.watches_layer4 else None

    def on_released(self, slots: NDArray[Any]) -> None:
        """Call ``on_flow_terminate``, report alarms."""
        before = _arrays(self._flow_values)
        for values in self._flow_values:
            values.clear()
        alarms: list[tuple[int, int]] = []
        for place, slot in enumerate(slots.tolist()):
            flow = self._flows[slot]
            flow.alarms = 0
            try:
                _put(self._flow_values, slot, self.on_flow_terminate(flow))
            except Exception as error:
                raise PlacedError(f"at the end of flow {flow.index}") from error
            if flow.alarms:
                alarms.append((place, flow.alarms))
        self.run.columns_changed += before != _arrays(self._flow_values)
        if alarms:
            places, numbers = np.array(alarms, np.int64).T
            self.run.report_alarms(places, numbers)


def _put(columns: Sequence[ColumnValues], record: int, values: Values) -> None:
    """Set the cells of a record."""
    if values is None:
        values = (None,) * len(columns)
    elif len(values) != len(columns):
        names = ", ".join(column.column.name for column in columns)
        raise ValueError(f"{len(values)} values for {len(columns)} columns ({names or 'none'})")
    for column, value in zip(columns, values, strict=True):
        column.put(record, value)


def _arrays(columns: Iterable[ColumnValues]) -> list[tuple[int, ...]]:
    return [column.arrays for column in columns]


class RowSink(Plugin):
    """Base of sinks that get each flow as a dictionary.

    Attributes:
        columns: those that the flows have, in order of output; from the first flow on.
    """

    def start(self, run: Run) -> None:
        """Prepare. A subclass that overrides this calls it first."""
        super().start(run)
        self._cells: Cells | None = None

    @property
    def columns(self) -> "list[Column]":
        """Columns of the flows in order of output."""
        if self._cells is None:  # not before all plugins have started
            self._cells = Cells(self.run)
        return self._cells.columns

    def on_row(self, row: dict[str, Any]) -> None:
        """Write a flow.

        Args:
            row: values by printed name of the column: int, float, str; hexadecimal numbers, times and
                addresses as their text, lists as lists, None for an empty cell.
        """

    def on_rows(self, slots: NDArray[Any]) -> None:
        """Call ``on_row`` for each flow."""
        columns = self.columns
        assert self._cells is not None
        names = self._cells.names
        typed = [
            convert(column.type, cells, python_values, list)
            for column, cells in zip(columns, self._cells.read(slots), strict=True)
        ]
        for values in zip(*typed, strict=True):
            self.on_row(dict(zip(names, values, strict=True)))
