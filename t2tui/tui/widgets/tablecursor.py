"""The cursor of the flow table: one cell, moved by keys; it stays on its flow whatever is shown around it."""

from dataclasses import dataclass

from textual.message import Message

from t2tui.core.columns import Column
from t2tui.core.store import ColumnStore
from t2tui.tui.arrangement import Arranged
from t2tui.tui.widgets.tablerows import HEADER_LINES, TableRows


class TableCursor(TableRows):
    """Rows, one cell of which is under the cursor."""

    @dataclass
    class Moved(Message):
        """The cursor stands on another cell, or the cell shows something else."""

        table: "TableCursor"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._has_moved = False

    def show(self, arranged: Arranged) -> None:
        """Show rows; the cursor stays on its flow and on its line of the screen."""
        before_it = self._arranged
        if before_it is None or before_it.table.names != arranged.table.names:
            self._begin(arranged.table)
        before, row = self._place, self.row
        self.notes.grow(arranged.table)
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
        is_as_before = before_it is not None and before_it.sorting == arranged.sorting
        if not is_as_before or self._place != before or self._page_key(arranged) != self._page_at:
            self.refresh()  # rows that come behind those on screen draw nothing
        self.post_message(self.Moved(self))

    def _begin(self, table: ColumnStore) -> None:
        """Show another table: other columns, other rows."""
        self._arranged = None
        self._place = self._column = 0
        self._has_moved = False
        self.notes.begin()
        self.scroll_to(y=0, animate=False, force=True)

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
        return "" if self.column is None else self.cell_of(self.column.name)

    def cell_of(self, name: str) -> str:
        """Return a cell of the row under the cursor; empty where there is none."""
        if self._arranged is None or self.row is None or name not in self._arranged.table:
            return ""
        return self._arranged.table.rows([name], self.row, 1)[0]

    @property
    def line(self) -> str:
        """The row under the cursor as in the flow file."""
        if self._arranged is None or self.row is None:
            return ""
        return self._arranged.table.rows(self._arranged.table.names, self.row, 1)[0]

    @property
    def flow_index(self) -> int | None:
        """Index of the flow under the cursor; None if there is none."""
        cell = self.cell_of("flowInd")
        return int(cell) if cell else None

    def next_flow(self, step: int) -> int | None:
        """Move the cursor to the next row of another flow, and return its index; None if there is none.

        Args:
            step: 1 down, -1 up.
        """
        arranged, flow, place = self._arranged, self.flow_index, self._place + step
        while arranged is not None and flow is not None and 0 <= place < len(arranged):
            other = int(arranged.table.text("flowInd", int(arranged.rows[place]), 1)[0])
            if other != flow:
                self.go_to(place)
                return other
            place += step
        return None

    def go_to(self, place: int) -> None:
        """Move the cursor to a shown row."""
        if self._arranged is None or not len(self._arranged):
            return
        self._place = max(0, min(place, len(self._arranged) - 1))
        self._has_moved = True
        self._follow()
        self.refresh()
        self.post_message(self.Moved(self))

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
