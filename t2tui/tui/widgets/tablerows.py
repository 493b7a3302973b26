"""What the flow table shows, and how its lines are drawn: those on screen, however many rows there are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from t2tui.core.store import ColumnStore
from t2tui.tui import cells
from t2tui.tui.arrangement import Arranged
from t2tui.tui.cells import Look
from t2tui.tui.notes import Notes
from t2tui.tui.profiles import Profile
from t2tui.tui.safe import safe_cells, safe_text
from t2tui.tui.widgets.columnlayout import ColumnLayout

HEADER_LINES = 1
EMPTY_LINE = 2
"""Line that says why there is nothing."""
STATUS, STATES, INDEX = "flowStat", "tcpStatesAFlags", "flowInd"
RESET = "×"
ALERTS = {"!": "alarm", "^": "warning", RESET: "reset"}
"""Sign of a row -> its colour."""
NOTES = {(False, False): " ", (True, False): "●", (False, True): "○", (True, True): "◉"}
"""Marked, commented -> sign."""
CHOSEN = "+"
"""Sign of a row that is about to be marked."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row on screen.

    Attributes:
        cells: those of the columns that are shown.
        look: what its status words say about it.
        flow: index and direction: ``35A``; empty where they are not known.
        bracket: joins it to the other rows of its conversation.
    """

    cells: list[str]
    look: Look
    flow: str
    bracket: str


class TableRows(ScrollView, can_focus=True):
    """Draws rows of a table.

    Attributes:
        layout_of_columns: which columns are shown, and how wide.
        notes: marks and comments.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {
        f"flow-table--{name}"
        for name in (
            *("header", "sorted", "row", "range", "cursor", "cell", "a", "b"),
            *("alarm", "warning", "reset", "mark", "pair", "empty"),
        )
    }
    DEFAULT_CSS = """
    TableRows { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.layout_of_columns = ColumnLayout()
        self.notes = Notes()
        self._arranged: Arranged | None = None
        self._place = 0
        self._column = 0
        self._chosen: tuple[int, int] | None = None  # places of the rows that are about to be marked
        self._time_style = 0
        self._page: list[Line] = []
        self._page_at: tuple[object, ...] = ()
        self._empty_text = ""

    @property
    def arranged(self) -> Arranged | None:
        """What is shown."""
        return self._arranged

    def explain(self, text: str) -> None:
        """Say why there is nothing to show, and what to press."""
        if text != self._empty_text:
            self._empty_text = safe_text(text)
            if not self._arranged:
                self.refresh()

    def _set_height(self, height: int) -> None:
        """Tell the scroll bar how much there is; setting virtual_size would lay out the whole screen anew."""
        if height == self.virtual_size.height:
            return
        self.set_reactive(Widget.virtual_size, Size(0, height))
        if self._thumb(height) != self._thumb(self.vertical_scrollbar.window_virtual_size):
            self.vertical_scrollbar.window_virtual_size = height  # draws the whole table below it
        if self.scroll_y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def _thumb(self, height: float) -> tuple[int, int]:
        """Return place and size of the scroll bar's thumb in eighths of a line."""
        lines = max(self.size.height, 1)
        size = max(1.0, lines * min(lines / max(height, 1), 1))
        place = (lines - size) * self.scroll_y / max(height - lines, 1)
        return round(8 * place), round(8 * size)

    def _show_columns(self, table: ColumnStore, profile: Profile) -> None:
        """Show columns as a profile says."""
        self.layout_of_columns.apply(table, profile)
        self.refresh()

    # ------------------------------------------------------------------ drawing

    @property
    def _lines(self) -> int:
        """Number of rows that have place on screen."""
        return max(1, self.size.height - HEADER_LINES)

    def render_line(self, y: int) -> Strip:
        """Draw a line: the header, or a row."""
        width = self.size.width
        base = self._style("row")
        if self._arranged is None or (y == EMPTY_LINE and not len(self._arranged)):
            text = f"   {self._empty_text}" if y == EMPTY_LINE else ""
            return Strip([Segment(text, self._style("empty"))]).adjust_cell_length(width, base)
        page = self._rows_on_screen()
        if y < HEADER_LINES:
            segments = self._header()
        elif y - HEADER_LINES < len(page):
            segments = self._row(page[y - HEADER_LINES], round(self.scroll_y) + y - HEADER_LINES)
        else:
            return Strip.blank(width, base)
        style = self._style("header") if y < HEADER_LINES else segments[-1].style or base
        return Strip(segments).adjust_cell_length(width, style)

    def _page_key(self, arranged: Arranged) -> tuple[object, ...]:
        """Return what the cells on screen depend on."""
        first, version = round(self.scroll_y), self.layout_of_columns.version
        around = arranged.rows[max(first - 1, 0) : first + self._lines + 1].tobytes()  # signs join neighbours
        values = arranged.table.names if arranged.is_final else id(arranged)
        return values, arranged.is_paired, around, first, self._lines, self._time_style, version

    def _rows_on_screen(self) -> list[Line]:
        """Return the rows on screen; made once per page."""
        arranged, layout = self._arranged, self.layout_of_columns
        assert arranged is not None
        first = round(self.scroll_y)
        at = self._page_key(arranged)
        if at != self._page_at:
            rows = arranged.rows[first : first + self._lines].astype(np.int64)
            names = [column.name for column in layout.columns]
            extra = [name for name in (STATUS, STATES, INDEX) if name in arranged.table]
            brackets = self._brackets(arranged, first, len(rows))
            style = cells.TIME_STYLES[self._time_style]
            self._page = []
            lines = arranged.table.lines([*names, *extra], rows) if len(rows) else []
            for line, bracket in zip(lines, brackets, strict=True):
                row = safe_cells(line)
                more = dict(zip(extra, row[len(names) :], strict=True))
                shown = list(map(cells.shown, layout.columns, row, [style] * len(names)))
                look = cells.look(more.get(STATUS, ""), more.get(STATES, ""))
                flow = f"{more[INDEX]}{'B' if look.is_reply else 'A'}" if INDEX in more else ""
                self._page.append(Line(shown, look, flow, bracket))
            self._page_at = at
            layout.measure([line.cells for line in self._page])
        return self._page

    def _brackets(self, arranged: Arranged, first: int, count: int) -> list[str]:
        """Return the signs that join the rows of a conversation."""
        if not arranged.is_paired or not count:
            return [" "] * count
        begin = max(0, first - 1)
        indices = arranged.table.lines([INDEX], arranged.rows[begin : first + count + 1].astype(np.int64))
        around = ["", *indices] if begin == first else indices
        around = [*around, "", ""]
        signs = {(False, False): " ", (False, True): "╭", (True, True): "│", (True, False): "╰"}
        return [signs[around[n - 1] == around[n], around[n] == around[n + 1]] for n in range(1, count + 1)]

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"flow-table--{name}")

    def _part(self, name: str) -> Style:
        return self.get_component_rich_style(f"flow-table--{name}", partial=True)

    def _header(self) -> list[Segment]:
        layout, style = self.layout_of_columns, self._style("header")
        assert self._arranged is not None
        sorting = self._arranged.sorting
        visible = layout.visible(self.size.width)
        segments = [Segment(" ‹ " if layout.first > layout.fixed else "   ", style)]
        for number in visible:
            column, width = layout.columns[number], layout.width(number)
            is_sorted = column.name == sorting.column
            mark = (" ▼" if sorting.is_descending else " ▲") if is_sorted else "  "
            text = column.name + mark
            text = text.rjust(width) if cells.is_right(column) else text.ljust(width)
            segments.append(
                Segment(set_cell_size(text, width), self._style("sorted") if is_sorted else style)
            )
            segments.append(Segment("│" if layout.is_frozen and number == layout.fixed - 1 else " ", style))
        if visible and visible[-1] < len(layout.columns) - 1:
            segments.append(Segment("›", style))
        return segments

    def _row(self, line: Line, place: int) -> list[Segment]:
        layout, look = self.layout_of_columns, line.look
        assert self._arranged is not None
        is_cursor = place == self._place
        is_chosen = self._chosen is not None and self._chosen[0] <= place <= self._chosen[1]
        style = self._style("cursor" if is_cursor else "range" if is_chosen else "row")
        side = style + self._part("b" if look.is_reply else "a")
        alert = style + self._part(ALERTS[look.mark]) if look.mark in ALERTS else style
        said_by = STATES if look.mark == RESET else STATUS
        note = NOTES[bool(self.notes.marks[self._arranged.rows[place]]), line.flow in self.notes.comments]
        segments = [
            Segment(CHOSEN if is_chosen else note, style + self._part("mark")),
            Segment(look.mark, alert),
            Segment("▌", style) if is_cursor else Segment(line.bracket, style + self._part("pair")),
        ]
        for number in layout.visible(self.size.width):
            column, width, cell = layout.columns[number], layout.width(number), line.cells[number]
            chosen = side if column.name in cells.FIXED else alert if column.name == said_by else style
            if is_cursor and number == self._column and self.has_focus:
                chosen = self._style("cell")
            segments.append(Segment(fitted(cell, width, cells.is_right(column)), chosen))
            segments.append(Segment(" ", style))
        return segments

    def page_cells(self) -> list[list[str]]:
        """Return the cells on screen."""
        return [line.cells for line in self._page]


def fitted(cell: str, width: int, is_right: bool) -> str:
    """Return a cell in a width: padded, or cut and marked as cut."""
    length = cell_len(cell)
    if length > width:
        return set_cell_size(cell, width - 1) + "…"
    return " " * (width - length) + cell if is_right else cell + " " * (width - length)


def no_rows() -> NDArray[np.int32]:
    """Return no row numbers."""
    return np.zeros(0, np.int32)
