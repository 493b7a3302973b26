"""Marks of the flow table, one by one and in ranges, and comments on its flows."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from textual import work

from t2tui.core.store import ColumnStore
from t2tui.tui.arrangement import Arranged
from t2tui.tui.dialogs.text import AskText
from t2tui.tui.messages import FilterWanted, NotesChanged, ScopeChanged
from t2tui.tui.notes import INDEX, LONGEST, STATUS, condition
from t2tui.tui.safe import safe_text
from t2tui.tui.widgets.tablecursor import TableCursor
from t2tui.tui.widgets.tablerows import no_rows


class TableNotes(TableCursor):
    """Rows that can be marked and commented.

    While a range is chosen, moving extends it.
    """

    _anchor: int | None = None
    """Place at which the range begins."""

    @property
    def marked(self) -> NDArray[np.int64]:
        """Numbers of the marked rows."""
        return self.notes.marked

    def mark(self, rows: NDArray[np.int32], marked: NDArray[np.bool_] | bool) -> None:
        """Mark or unmark rows."""
        self.notes.mark(rows, marked)
        self.refresh()
        self.post_message(ScopeChanged())

    def show(self, arranged: Arranged) -> None:
        """Show rows; a range ends when they are others."""
        now = self._arranged
        if now is None or (now.filter_text, now.sorting, now.is_paired) != (
            arranged.filter_text,
            arranged.sorting,
            arranged.is_paired,
        ):
            self._end_range()
        super().show(arranged)

    def go_to(self, place: int) -> None:
        """Move the cursor to a shown row, and the end of the range with it."""
        super().go_to(place)
        if self._anchor is not None:
            self._chosen = min(self._anchor, self._place), max(self._anchor, self._place)

    def _end_range(self) -> None:
        self._anchor = self._chosen = None
        self.refresh()

    def begin_range(self) -> None:
        """Begin a range at the cursor."""
        if self.row is not None:
            self._anchor = self._place
            self.go_to(self._place)

    def mark_range(self) -> None:
        """Mark the range, which ends."""
        if self._chosen is not None and self._arranged is not None:
            first, last = self._chosen
            self.mark(self._arranged.rows[first : last + 1], True)
        self._end_range()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the key that drops a range to others where there is none."""
        return self._chosen is not None if action == "drop_range" else True

    def action_range(self) -> None:
        """Begin a range of rows, or mark the one that was begun."""
        (self.begin_range if self._chosen is None else self.mark_range)()

    def action_drop_range(self) -> None:
        """Forget the range."""
        self._end_range()

    def action_mark(self) -> None:
        """Mark or unmark the row under the cursor, and go to the next; mark the range if there is one."""
        if self._chosen is not None:
            self.mark_range()
        elif self.row is not None:
            rows = np.array([self.row], np.int32)
            self.mark(rows, ~self.notes.marks[rows])
            self.action_down()

    def action_mark_shown(self) -> None:
        """Mark all rows that are shown."""
        if self._arranged is not None:
            self.mark(self._arranged.rows, True)

    def action_invert_marks(self) -> None:
        """Invert the marks of the rows that are shown."""
        if self._arranged is not None:
            self.mark(self._arranged.rows, ~self.notes.marks[self._arranged.rows])

    def action_unmark(self) -> None:
        """Unmark all rows."""
        self.notes.forget_marks()
        self.mark(no_rows(), False)

    def action_next_mark(self) -> None:
        """Go to the next marked row."""
        self._go_to_mark(1)

    def action_previous_mark(self) -> None:
        """Go to the marked row before."""
        self._go_to_mark(-1)

    def _go_to_mark(self, direction: int) -> None:
        if self._arranged is None:
            return
        places = np.flatnonzero(self.notes.marks[self._arranged.rows])
        if not len(places):
            marked = len(self.marked)
            why = (
                f"None of the {marked:,} marked flows is shown"
                if marked
                else "No flow is marked: Space marks"
            )
            self.notify(safe_text(why), markup=False)
            return
        if direction > 0:
            found = np.searchsorted(places, self._place, side="right") % len(places)
        else:
            found = np.searchsorted(places, self._place, side="left") - 1
        self.go_to(int(places[found]))

    # ------------------------------------------------------------------ comments, and filters of notes

    @property
    def flow(self) -> str:
        """Index and direction of the flow under the cursor: ``35A``; empty where there is none."""
        index = self.cell_of(INDEX)
        status = self.cell_of(STATUS)
        return f"{index}{'B' if int(status, 16) & 1 else 'A'}" if index and status else ""

    def action_comment(self) -> None:
        """Ask for a comment on the flow under the cursor."""
        flow = self.flow
        if not flow:
            self.notify(
                f"A comment needs a flow with the columns {INDEX} and {STATUS}",
                severity="warning",
                markup=False,
            )
            return

        def given(text: str | None) -> None:
            if text is not None:
                self.notes.comment(flow, text)
                self.refresh()
                self.post_message(NotesChanged())
                self.post_message(self.Moved(self))

        before = self.notes.comments.get(flow, "")
        self.app.push_screen(AskText(f"Comment on flow {flow}:", before, LONGEST), given)

    def action_only_marked(self) -> None:
        """Show the marked rows only."""
        marked = self.marked
        self._only(lambda table: marked)

    def action_only_commented(self) -> None:
        """Show the rows with a comment only."""
        self._only(self.notes.commented)

    @work(thread=True, exclusive=True, exit_on_error=False, group="only")
    def _only(self, which: Callable[[ColumnStore], NDArray[np.int64]]) -> None:
        if self._arranged is None:
            return
        table = self._arranged.table
        try:
            self.post_message(FilterWanted(condition(table, which(table))))
        except ValueError as error:
            self.notify(safe_text(str(error)), severity="warning", markup=False)
