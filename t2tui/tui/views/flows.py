"""The flow table, and beside it what the cell under the cursor means."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from t2tui.tui import figures
from t2tui.tui.actions import flows
from t2tui.tui.session import Snapshot
from t2tui.tui.views.detail import DetailPane
from t2tui.tui.views.view import KeysOfView, View
from t2tui.tui.widgets.flowtable import FlowTable


class FlowsView(View):
    """Table and pane."""

    PLACE = flows.PLACE
    EXPLAINED: ClassVar[KeysOfView] = (
        (
            "Signs",
            (
                ("●", "marked"),
                ("○ ◉", "with a comment; marked and with a comment"),
                ("!", "alarm"),
                ("^", "warning in flowStat"),
                ("×", "this side sent a TCP reset (tcpStatesAFlags)"),
                ("╭ ╰", "A and B of one flow: shown if one of them fulfils the filter"),
                ("+", "about to be marked"),
                ("‹ ›", "more columns on this side"),
                ("▲ ▼", "sorted by this column"),
                ("│", "columns to the left of it stay"),
            ),
        ),
        (
            "Mouse",
            (
                ("header", "sort; again: the other way round; right: menu of the column"),
                ("border", "drag: width of the column; double click: fits"),
                ("row", "go there; drag or shift+click: mark all in between; right: menu"),
            ),
        ),
    )

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield FlowTable(id="flow-table")
        yield DetailPane(id="detail")

    def on_mount(self) -> None:
        """Begin without a flow."""
        self.pane.clear("no flow under the cursor")

    @property
    def table(self) -> FlowTable:
        """The flow table."""
        return self.query_one(FlowTable)

    @property
    def pane(self) -> DetailPane:
        """The pane beside it."""
        return self.query_one(DetailPane)

    def show(self, now: Snapshot) -> None:
        """Say why there is no flow, if there is none; rows come with the arrangement."""
        main = self.main
        self.table.explain(figures.nothing(now, main.shown_filter, main.opening.is_pipe))

    def take_focus(self) -> None:
        """Let keys go to the table."""
        self.screen.set_focus(self.table)

    @on(FlowTable.Moved)
    def _show_detail(self) -> None:
        pane, table = self.pane, self.table
        if not pane.display:
            return
        arranged, row, column = table.arranged, table.row, table.column
        if arranged is None or row is None or column is None:
            pane.clear("no flow under the cursor")
        else:
            comment = table.notes.comments.get(table.flow, "")
            pane.show(arranged.table, row, column, is_open=self.main.now.table is None, comment=comment)

    @on(FlowTable.DetailAsked)
    def _fold_detail(self) -> None:
        pane = self.pane
        is_shown = pane.display
        pane.set_class(is_shown, "-folded").set_class(not is_shown, "-unfolded")
        self.call_after_refresh(self._show_detail)

    def on_resize(self) -> None:
        """Fill the pane when there is room for it."""
        self.call_after_refresh(self._show_detail)
