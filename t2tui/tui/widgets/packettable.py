"""The list of packets: draws the rows that are on screen, and asks for those that were not read yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from t2tui.core.columns import Column
from t2tui.tui import cells
from t2tui.tui.packetlist import cells_of, columns
from t2tui.tui.packetpages import Line, PacketPages
from t2tui.tui.safe import safe_text
from t2tui.tui.widgets.columnlayout import ColumnLayout
from t2tui.tui.widgets.pane import Pane
from t2tui.tui.widgets.tablerows import ALERTS, fitted

EMPTY_LINE = 2
"""Line that says why there is nothing."""
SIDED = ("pktNo", "flowInd")
"""Columns in the colour of their side."""


class _Columns:
    """The columns of the list, as a table has them."""

    def __init__(self) -> None:
        self._columns = {column.name: column for column in columns()}
        self.names = tuple(self._columns)

    def column(self, name: str) -> Column:
        return self._columns[name]


class PacketTable(Pane):
    """Packets, one cell of which is under the cursor.

    Attributes:
        pages: what is shown.
        place: of the packet under the cursor.
        reference: time of the reference packet and its number.
    """

    HEADER_LINES = 1
    COMPONENT = "packet-table"
    COMPONENT_CLASSES = {
        f"packet-table--{name}"
        for name in ("header", "row", "cursor", "cell", "a", "b", "alarm", "warning", "waiting", "empty")
    }

    class Moved(Message):
        """The cursor stands on another packet, or the packet was read."""

    class Wanted(Message):
        """Packets on screen were not read yet."""

    class Entered(Message):
        """Enter was pressed."""

    @dataclass
    class Scrolled(Message):
        """Other rows are on screen."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.pages: PacketPages | None = None
        self.place = 0
        self.reference: tuple[int, int] | None = None
        self._layout = ColumnLayout()
        names = _Columns()
        self._layout.choose(names, names.names)  # type: ignore[arg-type]
        self._layout.fixed = self._layout.first = 1
        self._column = 0
        self._time_style = 0
        self._empty_text = ""

    # ------------------------------------------------------------------ what is shown

    def show(self, pages: PacketPages, place: int = 0) -> None:
        """Show a list, the cursor at a place."""
        self.pages, self.place = pages, place
        self.grow()
        self.reveal(place)
        self.refresh()

    def grow(self) -> None:
        """Look how many packets there are now."""
        if self.pages is not None:
            self.set_height(len(self.pages))
            self.refresh()

    def explain(self, text: str) -> None:
        """Say why there is nothing to show, and what to press."""
        if text != self._empty_text:
            self._empty_text = safe_text(text)
            self.refresh()

    @property
    def line(self) -> Line | None:
        """The packet under the cursor; None if there is none, or it was not read yet."""
        return self.pages.line(self.place) if self.pages is not None else None

    @property
    def column(self) -> Column:
        """The column under the cursor."""
        return self._layout.columns[self._column]

    @property
    def value(self) -> str:
        """The cell under the cursor."""
        line = self.line
        return self._cells(line)[self._column] if line else ""

    def go_to(self, place: int) -> None:
        """Move the cursor to a place of the list."""
        if self.pages is None or not len(self.pages):
            return
        self.place = max(0, min(place, len(self.pages) - 1))
        self.reveal(self.place)
        self.refresh()
        self.post_message(self.Moved())

    def _cells(self, line: Line) -> list[str]:
        reference = self.reference[0] if self.reference else None
        names = [column.name for column in self._layout.columns]
        return cells_of(line.packet, names, line.previous, reference)

    # ------------------------------------------------------------------ drawing

    def render_line(self, y: int) -> Strip:
        """Draw a line: the header, or a packet."""
        width, base = self.size.width, self.style_of("row")
        if self.pages is None or not len(self.pages):
            text = f"   {self._empty_text}" if y == EMPTY_LINE else ""
            return Strip([Segment(text, self.style_of("empty"))]).adjust_cell_length(width, base)
        if y == 0:
            self._measure()
            return Strip(self._header()).adjust_cell_length(width, self.style_of("header"))
        place = self.top + y - self.HEADER_LINES
        if place >= len(self.pages):
            return Strip.blank(width, base)
        line = self.pages.line(place)
        segments = self._row(line, place) if line else self._waiting(place)
        return Strip(segments).adjust_cell_length(width, segments[-1].style or base)

    def _measure(self) -> None:
        """Make columns wide enough for what is on screen; ask for what is missing."""
        assert self.pages is not None
        found = [self.pages.line(self.top + row) for row in range(self.lines_on_screen)]
        self._layout.measure([self._shown(line) for line in found if line])
        if self.pages.missing(self.top, self.lines_on_screen):
            self.post_message(self.Wanted())

    def _shown(self, line: Line) -> list[str]:
        """Return cells as they are shown."""
        style = cells.TIME_STYLES[self._time_style]
        return [
            cells.shown(column, safe_text(cell), style)
            for column, cell in zip(self._layout.columns, self._cells(line), strict=True)
        ]

    def _header(self) -> list[Segment]:
        layout, style = self._layout, self.style_of("header")
        segments = [Segment(" ‹ " if layout.first > layout.fixed else "   ", style)]
        visible = layout.visible(self.size.width)
        for number in visible:
            column, width = layout.columns[number], layout.width(number)
            segments.append(Segment(fitted(column.name, width, cells.is_right(column)) + " ", style))
        if visible and visible[-1] < len(layout.columns) - 1:
            segments.append(Segment("›", style))
        return segments

    def _row(self, line: Line, place: int) -> list[Segment]:
        packet, layout = line.packet, self._layout
        is_cursor = place == self.place
        style = self.style_of("cursor" if is_cursor else "row")
        side = style + self.part_of("b" if packet.is_reply else "a") if packet.flow else style
        mark = cells.look(packet.status).mark
        alert = style + self.part_of(ALERTS[mark]) if mark in ALERTS else style
        is_reference = self.reference is not None and self.reference[1] == packet.number
        sign = "R" if is_reference else ("B" if packet.is_reply else "A") if packet.flow else " "
        segments = [
            Segment(sign, side),
            Segment(mark, alert),
            Segment("▌" if is_cursor else " ", style),
        ]
        row = self._shown(line)
        for number in layout.visible(self.size.width):
            column, width = layout.columns[number], layout.width(number)
            chosen = side if column.name in SIDED else style
            if is_cursor and number == self._column and self.has_focus:
                chosen = self.style_of("cell")
            segments.append(Segment(fitted(row[number], width, cells.is_right(column)), chosen))
            segments.append(Segment(" ", style))
        return segments

    def _waiting(self, place: int) -> Sequence[Segment]:
        """Draw a packet that was not read yet: its number where that is known without reading."""
        is_cursor = place == self.place
        style = self.style_of("cursor" if is_cursor else "row")
        return [Segment("  ▌" if is_cursor else "   ", style), Segment("…", style + self.part_of("waiting"))]

    # ------------------------------------------------------------------ what keys do

    def move(self, lines: int) -> None:
        """Move the cursor up or down."""
        self.go_to(self.place + lines)

    def move_to_end(self, *, is_last: bool) -> None:
        """Move the cursor to the first or last packet."""
        self.go_to(len(self.pages or ()) if is_last else 0)

    def move_aside(self, by: int) -> None:
        """Move the cursor to another column."""
        self._column = max(0, min(self._column + by, len(self._layout.columns) - 1))
        self._layout.reveal(self._column, self.size.width)
        self.refresh()

    def enter(self) -> None:
        """Ask for the panes below."""
        self.post_message(self.Entered())

    def next_time_style(self) -> None:
        """Show times in the next style."""
        self._time_style = (self._time_style + 1) % len(cells.TIME_STYLES)
        self._layout.forget_widths()
        self.refresh()

    def toggle_reference(self) -> None:
        """Set the packet under the cursor as time reference, or drop it."""
        if self.line is not None:
            packet = self.line.packet
            is_same = self.reference is not None and self.reference[1] == packet.number
            self.reference = None if is_same else (packet.time, packet.number)
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the cell under the mouse."""
        place = event.get_content_offset(self)
        if place is None or self.pages is None or place.y < self.HEADER_LINES:
            return
        number = self._layout.at(place.x, self.size.width)
        if number is not None:
            self._column = number
        line = self.top + place.y - self.HEADER_LINES
        if line < len(self.pages):
            self.go_to(line)
