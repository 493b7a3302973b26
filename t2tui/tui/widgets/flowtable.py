"""The flow table: draws the rows that are on screen, however many there are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from t2tui.core.columns import Column
from t2tui.core.store import ColumnStore
from t2tui.tui import cells
from t2tui.tui.actions import bindings, flows
from t2tui.tui.arrangement import Arranged, Sorting
from t2tui.tui.cellfilter import condition
from t2tui.tui.messages import FilterWanted, PacketsWanted, ScopeChanged
from t2tui.tui.safe import safe_cells, safe_text
from t2tui.tui.widgets.columnlayout import ColumnLayout

HEADER_LINES = 1
EMPTY_LINE = 2
"""Line that says why there is nothing."""
STATUS = "flowStat"
ALERTS = {"!": "alarm", "^": "warning"}
"""Sign of a row -> its colour."""


class FlowTable(ScrollView, can_focus=True):
    """Rows of a table, one cell of which is under the cursor.

    Attributes:
        layout_of_columns: which columns are shown, and how wide.
    """

    ALLOW_SELECT = False
    PLACE = flows.PLACE
    BINDINGS = bindings(flows.ACTIONS)
    COMPONENT_CLASSES = {
        f"flow-table--{name}"
        for name in (
            "header",
            "sorted",
            "row",
            "cursor",
            "cell",
            "a",
            "b",
            "alarm",
            "warning",
            "mark",
            "empty",
        )
    }
    DEFAULT_CSS = """
    FlowTable { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """

    @dataclass
    class Moved(Message):
        """The cursor stands on another cell, or the cell shows something else."""

        table: "FlowTable"

    @dataclass
    class SortAsked(Message):
        """The rows are to be sorted."""

        sorting: Sorting

    @dataclass
    class DetailAsked(Message):
        """The pane with bits and values is to be shown or hidden."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.layout_of_columns = ColumnLayout()
        self._arranged: Arranged | None = None
        self._place = 0
        self._column = 0
        self._has_moved = False
        self._time_style = 0
        self._marks: NDArray[np.bool_] = np.zeros(0, bool)
        self._page: list[list[str]] = []
        self._page_at: tuple[object, ...] = ()
        self._empty_text = ""

    # ------------------------------------------------------------------ what is shown

    def show(self, arranged: Arranged) -> None:
        """Show rows; the cursor stays on its flow and on its line of the screen."""
        if self._arranged is None or self._arranged.table.names != arranged.table.names:
            self._begin(arranged.table)
        before, row = self._place, self.row
        if len(self._marks) < len(arranged.table):
            more = max(len(arranged.table) * 3 // 2, 1024) - len(self._marks)
            self._marks = np.concatenate([self._marks, np.zeros(more, bool)])
        is_refiltered = self._arranged is not None and arranged.filter_text != self._arranged.filter_text
        self._arranged = arranged
        self._set_height(len(arranged) + HEADER_LINES)
        place = arranged.place(row) if row is not None and (self._has_moved or is_refiltered) else None
        if place is None:
            place = before if self._has_moved else 0
        self._place = max(0, min(place, len(arranged) - 1))
        self._has_moved = self._has_moved or self._place > 0
        if self._place != before:
            self.scroll_to(y=max(0, round(self.scroll_y) + self._place - before), animate=False, force=True)
            self._follow()
        self.refresh()
        self.post_message(self.Moved(self))

    def _begin(self, table: ColumnStore) -> None:
        """Show another table: other columns, other rows."""
        self._arranged = None
        self._place = self._column = 0
        self._has_moved = False
        self._marks = np.zeros(0, bool)
        self.layout_of_columns.choose(table)
        self.scroll_to(y=0, animate=False, force=True)

    def _set_height(self, height: int) -> None:
        """Tell the scroll bar how much there is; setting virtual_size would lay out the whole screen anew."""
        if height == self.virtual_size.height:
            return
        self.set_reactive(Widget.virtual_size, Size(0, height))
        self.vertical_scrollbar.window_virtual_size = height
        if self.scroll_y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def explain(self, text: str) -> None:
        """Say why there is nothing to show, and what to press."""
        if text != self._empty_text:
            self._empty_text = safe_text(text)
            self.refresh()

    @property
    def arranged(self) -> Arranged | None:
        """What is shown."""
        return self._arranged

    @property
    def row(self) -> int | None:
        """Number of the row of the table that is under the cursor, None if there is none."""
        if self._arranged is None or not len(self._arranged):
            return None
        return int(self._arranged.rows[self._place])

    @property
    def column(self) -> Column | None:
        """The column under the cursor."""
        layout = self.layout_of_columns
        return layout.columns[self._column] if self._column < len(layout.columns) else None

    @property
    def cell(self) -> str:
        """The cell under the cursor as in the flow file."""
        if self._arranged is None or self.row is None or self.column is None:
            return ""
        return self._arranged.table.rows([self.column.name], self.row, 1)[0]

    @property
    def line(self) -> str:
        """The row under the cursor as in the flow file."""
        if self._arranged is None or self.row is None:
            return ""
        return self._arranged.table.rows(self._arranged.table.names, self.row, 1)[0]

    @property
    def marked(self) -> NDArray[np.int64]:
        """Numbers of the marked rows."""
        return np.flatnonzero(self._marks)

    def mark(self, rows: NDArray[np.int32], marked: NDArray[np.bool_] | bool) -> None:
        """Mark or unmark rows."""
        self._marks[rows] = marked
        self.refresh()
        self.post_message(ScopeChanged())

    def go_to(self, place: int) -> None:
        """Move the cursor to a shown row."""
        if self._arranged is None or not len(self._arranged):
            return
        self._place = max(0, min(place, len(self._arranged) - 1))
        self._has_moved = True
        self._follow()
        self.refresh()
        self.post_message(self.Moved(self))

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
        rows = self._rows_on_screen()
        if y < HEADER_LINES:
            segments = self._header()
        elif y - HEADER_LINES < len(rows):
            segments = self._row(y - HEADER_LINES, round(self.scroll_y) + y - HEADER_LINES)
        else:
            return Strip.blank(width, base)
        style = self._style("header") if y < HEADER_LINES else segments[-1].style or base
        return Strip(segments).adjust_cell_length(width, style)

    def _rows_on_screen(self) -> list[list[str]]:
        """Return the cells of the rows on screen; made once per page."""
        arranged = self._arranged
        assert arranged is not None
        layout = self.layout_of_columns
        first = round(self.scroll_y)
        at = (id(arranged), first, self._lines, self._time_style, layout.version)
        if at != self._page_at:
            rows = arranged.rows[first : first + self._lines]
            names = [column.name for column in layout.columns]
            extra = [STATUS] if STATUS in arranged.table else []
            page = []
            lines = arranged.table.lines([*names, *extra], rows.astype(np.int64)) if len(rows) else []
            for line in lines:
                row = safe_cells(line)
                style = cells.TIME_STYLES[self._time_style]
                row[: len(names)] = map(cells.shown, layout.columns, row, [style] * len(names))
                page.append(row if extra else [*row, ""])
            self._page, self._page_at = page, at
            layout.measure(page)
        return self._page

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
            segments.append(Segment(" ", style))
        if visible and visible[-1] < len(layout.columns) - 1:
            segments.append(Segment("›", style))
        return segments

    def _row(self, line: int, place: int) -> list[Segment]:
        layout = self.layout_of_columns
        assert self._arranged is not None
        row = self._page[line]
        look = cells.look(row[-1])
        is_cursor = place == self._place
        style = self._style("cursor" if is_cursor else "row")
        side = style + self._part("b" if look.is_reply else "a")
        alert = style + self._part(ALERTS[look.mark]) if look.mark in ALERTS else style
        is_marked = bool(self._marks[self._arranged.rows[place]])
        segments = [
            Segment("●" if is_marked else " ", style + self._part("mark")),
            Segment(look.mark, alert),
            Segment("▌" if is_cursor else " ", style),
        ]
        for number in layout.visible(self.size.width):
            column, width, cell = layout.columns[number], layout.width(number), row[number]
            chosen = side if column.name in cells.FIXED else alert if column.name == STATUS else style
            if is_cursor and number == self._column and self.has_focus:
                chosen = self._style("cell")
            segments.append(Segment(fitted(cell, width, cells.is_right(column)), chosen))
            segments.append(Segment(" ", style))
        return segments

    # ------------------------------------------------------------------ moving

    def _follow(self) -> None:
        """Scroll so far that the cursor is on screen."""
        top, lines = round(self.scroll_y), self._lines
        if self._place < top:
            self.scroll_to(y=self._place, animate=False, force=True)
        elif self._place >= top + lines:
            self.scroll_to(y=self._place - lines + 1, animate=False, force=True)

    def _move_column(self, number: int) -> None:
        layout = self.layout_of_columns
        if not layout.columns:
            return
        self._column = max(0, min(number, len(layout.columns) - 1))
        layout.reveal(self._column, self.size.width)
        self.refresh()
        self.post_message(self.Moved(self))

    def action_up(self) -> None:
        """Move the cursor one row up."""
        self.go_to(self._place - 1)

    def action_down(self) -> None:
        """Move the cursor one row down."""
        self.go_to(self._place + 1)

    def action_left(self) -> None:
        """Move the cursor one column to the left."""
        self._move_column(self._column - 1)

    def action_right(self) -> None:
        """Move the cursor one column to the right."""
        self._move_column(self._column + 1)

    def action_page_up(self) -> None:
        """Move the cursor one page up."""
        self.go_to(self._place - self._lines)

    def action_page_down(self) -> None:
        """Move the cursor one page down."""
        self.go_to(self._place + self._lines)

    def action_top(self) -> None:
        """Move the cursor to the first row."""
        self.go_to(0)

    def action_bottom(self) -> None:
        """Move the cursor to the last row."""
        self.go_to(len(self._arranged) if self._arranged else 0)

    def action_first_column(self) -> None:
        """Move the cursor to the first column."""
        self._move_column(0)

    def action_last_column(self) -> None:
        """Move the cursor to the last column."""
        self._move_column(len(self.layout_of_columns.columns))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the cell under the mouse, or sort by the header's column."""
        place = event.get_content_offset(self)
        if place is None or self._arranged is None:
            return
        number = self.layout_of_columns.at(place.x, self.size.width)
        if place.y < HEADER_LINES:
            if number is not None:
                self._column = number
                self._sort_by_click()
            return
        line = place.y - HEADER_LINES
        if line < len(self._page):
            if number is not None:
                self._column = number
            self.go_to(round(self.scroll_y) + line)

    def _sort_by_click(self) -> None:
        assert self._arranged is not None
        now, column = self._arranged.sorting, self.column
        is_again = column is not None and now.column == column.name and not now.is_descending
        (self.action_sort_descending if is_again else self.action_sort)()

    # ------------------------------------------------------------------ doing

    def action_sort(self) -> None:
        """Sort by the column under the cursor."""
        if self.column is not None:
            self.post_message(self.SortAsked(Sorting(self.column.name)))

    def action_sort_descending(self) -> None:
        """Sort by the column under the cursor, the largest first."""
        if self.column is not None:
            self.post_message(self.SortAsked(Sorting(self.column.name, True)))

    def action_unsort(self) -> None:
        """Show the rows in the order of the table."""
        self.post_message(self.SortAsked(Sorting()))

    def action_hide_column(self) -> None:
        """Do not show the column under the cursor."""
        if self.column is not None:
            self.layout_of_columns.hide(self._column)
            self._move_column(self._column)

    def action_all_columns(self) -> None:
        """Show all columns in the usual order; the cursor stays on its column."""
        if self._arranged is not None and self.column is not None:
            name = self.column.name
            self.layout_of_columns.choose(self._arranged.table)
            names = [column.name for column in self.layout_of_columns.columns]
            self._move_column(names.index(name))

    def action_column_left(self) -> None:
        """Move the column under the cursor to the left."""
        self._move_column(self.layout_of_columns.move(self._column, -1))

    def action_column_right(self) -> None:
        """Move the column under the cursor to the right."""
        self._move_column(self.layout_of_columns.move(self._column, 1))

    def action_times(self) -> None:
        """Show times in the next style."""
        self._time_style = (self._time_style + 1) % len(cells.TIME_STYLES)
        self.layout_of_columns.forget_widths()
        self.refresh()

    def action_detail(self) -> None:
        """Show or hide the pane beside the table."""
        self.post_message(self.DetailAsked())

    def action_packets(self) -> None:
        """List the packets of the flow under the cursor."""
        if self._arranged is not None and self.row is not None:
            self.post_message(PacketsWanted(int(self._arranged.table["flowInd"][self.row])))

    def action_keep_cell(self) -> None:
        """Keep the flows with the value under the cursor."""
        self._filter(True)

    def action_drop_cell(self) -> None:
        """Keep the flows without the value under the cursor."""
        self._filter(False)

    def _filter(self, is_kept: bool) -> None:
        if self.column is not None and self.row is not None:
            self.post_message(FilterWanted(condition(self.column, self.cell, is_kept), is_added=True))

    def action_mark(self) -> None:
        """Mark or unmark the row under the cursor, and go to the next."""
        if self.row is not None:
            rows = np.array([self.row], np.int32)
            self.mark(rows, ~self._marks[rows])
            self.action_down()

    def action_mark_shown(self) -> None:
        """Mark all rows that are shown."""
        if self._arranged is not None:
            self.mark(self._arranged.rows, True)

    def action_invert_marks(self) -> None:
        """Invert the marks of the rows that are shown."""
        if self._arranged is not None:
            self.mark(self._arranged.rows, ~self._marks[self._arranged.rows])

    def action_unmark(self) -> None:
        """Unmark all rows."""
        self._marks[:] = False
        self.mark(np.zeros(0, np.int32), False)

    def action_copy_cell(self) -> None:
        """Copy the cell under the cursor."""
        self.app.copy_to_clipboard(safe_text(self.cell))

    def action_copy_row(self) -> None:
        """Copy the row under the cursor."""
        self.app.copy_to_clipboard("\t".join(map(safe_text, self.line.split("\t"))))


def fitted(cell: str, width: int, is_right: bool) -> str:
    """Return a cell in a width: padded, or cut and marked as cut."""
    length = cell_len(cell)
    if length > width:
        return set_cell_size(cell, width - 1) + "…"
    return " " * (width - length) + cell if is_right else cell + " " * (width - length)
