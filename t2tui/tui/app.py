"""The program on screen: puts the parts together and hands messages from one to the other."""

from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar, TypeVar

import numpy as np
from textual import on, work
from textual.app import App, ComposeResult, SystemCommand
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import ContentSwitcher, DataTable, Input
from textual.worker import Worker, WorkerState

from t2tui.core.query import QueryError, compile_filter
from t2tui.core.store import ColumnStore
from t2tui.tui import figures, session
from t2tui.tui.actions import ACTIONS, FLOWS, PROGRAM, Action, bindings
from t2tui.tui.arrangement import Arranged, Sorting
from t2tui.tui.arranger import Arranger, Refused
from t2tui.tui.cellfilter import condition, narrowed
from t2tui.tui.faults import BitCounts, Finding
from t2tui.tui.figures import amount
from t2tui.tui.opening import Opening
from t2tui.tui.safe import safe_text
from t2tui.tui.session import Session, Snapshot
from t2tui.tui.widgets.actionline import ActionButton, ActionLine
from t2tui.tui.widgets.detail import DetailPane
from t2tui.tui.widgets.dialogs import AskNumber, HelpScreen, Question
from t2tui.tui.widgets.faultsview import FaultsView
from t2tui.tui.widgets.filterbar import FilterBar
from t2tui.tui.widgets.flowtable import FlowTable
from t2tui.tui.widgets.reportview import ReportView
from t2tui.tui.widgets.tabline import Tab, TabLine
from t2tui.tui.widgets.topline import TopLine

TICK_SECONDS = 0.15
"""How often the session is asked for a snapshot."""
NARROW = 140
"""Below this width the pane beside the table is folded."""
TABS = {"flows": ("1", "Flows"), "faults": ("4", "What is wrong"), "report": ("5", "Report")}

Part = TypeVar("Part", bound=Widget)


class FlowApp(App[int]):
    """The terminal UI of one opened capture."""

    TITLE = "t2tui"
    CSS_PATH: ClassVar = ["styles/app.tcss"]
    BINDINGS = bindings(PROGRAM)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]

    class ArrangementDone(Message):
        """Rows were filtered and sorted."""

        def __init__(self, result: Arranged | Refused) -> None:
            super().__init__()
            self.result = result

    def __init__(self, opening: Opening, capture: Session | None = None) -> None:
        """Prepare.

        Args:
            opening: what to open.
            capture: its session; made without.
        """
        super().__init__()
        self.opening = opening
        self.capture = capture or Session(opening)
        self.now = Snapshot()
        self._arranger = Arranger(lambda result: self.post_message(self.ArrangementDone(result)))
        self._filter_text, self._sorting = "", Sorting()
        self._bits = BitCounts()
        self._arranged_table: ColumnStore | None = None
        self._counted_rows = -1
        self._is_counting = False
        self._was_busy = False
        self._pending = ""

    def compose(self) -> ComposeResult:
        """Make the parts of the screen."""
        yield TopLine(self.opening, id="top")
        yield TabLine(TABS, id="tabs")
        yield FilterBar(id="filter")
        with ContentSwitcher(initial="flows", id="views"):
            with Horizontal(id="flows"):
                yield FlowTable(id="flow-table")
                yield DetailPane(id="detail")
            yield FaultsView(id="faults")
            yield ReportView(id="report")
        yield ActionLine(id="actions")

    def on_mount(self) -> None:
        """Begin to read."""
        self.part(TabLine).choose("flows")
        self.part(DetailPane).clear("no flow under the cursor")
        self.table.focus()
        self.capture.start()
        self.set_interval(TICK_SECONDS, self._tick)

    def part(self, kind: type[Part]) -> Part:
        """Return the one part of this kind, also below a dialog."""
        return self.screen_stack[0].query_one(kind)

    @property
    def table(self) -> FlowTable:
        """The flow table."""
        return self.part(FlowTable)

    @property
    def view(self) -> str:
        """Name of the view that is open."""
        return self.part(ContentSwitcher).current or "flows"

    # ------------------------------------------------------------------ the session

    def _tick(self) -> None:
        """Show the latest snapshot."""
        now = self.capture.ask()
        is_busy = self._arranger.is_busy and self.now.table is not None
        if is_busy and self._was_busy:
            self.part(FilterBar).show_hits("sorting …" if self._sorting.column else "filtering …")
        self._was_busy = is_busy
        if now is self.now:
            return
        self.now = now
        self.part(TopLine).show(now)
        if now.table is not None and self._arranged_table is not now.table:
            if self._arranged_table is None:
                self.part(FilterBar).know([now.table.column(name) for name in now.table.names])
            if self._pending:
                text, self._pending = self._pending, ""
                self.filter_by(text)
            self._arrange()
        elif now.table is None and now.open_flows is not None:
            self._show_open(now.open_flows)
        self.part(TabLine).note("flows", amount(now.rows) if now.rows else "")
        self.table.explain(figures.nothing(now, self._filter_text, self.opening.is_pipe))
        self._show_view()
        self._show_scope()

    def _show_open(self, flows: ColumnStore) -> None:
        """Show flows that are open: none has ended yet."""
        self.table.show(Arranged(flows, np.arange(len(flows), dtype=np.int32)))
        bar = self.part(FilterBar)
        if not bar.columns:
            bar.know([flows.column(name) for name in flows.names])
        if not self._pending:
            bar.show_hits(f"{amount(len(flows))} of {amount(self.now.flows)} open flows")

    def _show_view(self) -> None:
        """Bring the open view up to date; the others wait until they are opened."""
        if self.view == "report":
            self.part(ReportView).show(self.now.log)
        elif self.view == "faults" and self.now.table is None:
            self.part(FaultsView).show([], 0)
        elif (
            self.view == "faults"
            and self.now.table is not None
            and not self._is_counting
            and self._counted_rows != self.now.rows
        ):
            self._is_counting = True
            self._count_bits(self.now.table)

    @work(thread=True, group="bits", exit_on_error=False)
    def _count_bits(self, table: ColumnStore) -> tuple[int, list[Finding]]:
        return len(table), self._bits.update(table)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what was counted."""
        if event.worker.group != "bits" or event.state not in (WorkerState.SUCCESS, WorkerState.ERROR):
            return
        self._is_counting = False
        if event.state is WorkerState.SUCCESS and event.worker.result is not None:
            self._counted_rows, findings = event.worker.result
            self.part(FaultsView).show(findings, self._counted_rows)
        elif event.worker.error is not None:
            self.tell(" ".join(session.words(event.worker.error)), "error")

    # ------------------------------------------------------------------ filter and order

    def _arrange(self) -> None:
        """Have the rows of now filtered and sorted."""
        if self.now.table is not None:
            self._arranged_table = self.now.table
            self._arranger.ask(self.now.table, self._filter_text, self._sorting)

    def on_flow_app_arrangement_done(self, message: ArrangementDone) -> None:
        """Show rows."""
        result = message.result
        if isinstance(result, Refused):
            if result.filter_text == self._filter_text:
                self._filter_text = ""
                self.part(FilterBar).show_error(result.error)
            return
        if (result.filter_text, result.sorting) == (self._filter_text, self._sorting):
            self.table.show(result)
            total = len(result.table)
            hits = f"{amount(len(result))} of {amount(total)}" if result.filter_text else amount(total)
            self.part(FilterBar).show_hits(f"{hits} flows")
            self.table.explain(figures.nothing(self.now, self._filter_text, self.opening.is_pipe))
            self._show_scope()

    def filter_by(self, text: str) -> None:
        """Show the flows that fulfil a condition; say what is wrong with it if it cannot be applied."""
        text = text.strip()
        bar = self.part(FilterBar)
        if self.now.table is None:
            self._pending = text
            bar.set(text)
            bar.show_hits("applies when the first flow has ended")
            self.action_view("flows")
            return
        try:
            compile_filter(text, self.now.table)
        except QueryError as error:
            bar.show_error(error)
            return
        self._filter_text = text
        bar.set(text)
        self._arrange()
        self.action_view("flows")

    @on(FilterBar.Applied)
    def _filter_applied(self, message: FilterBar.Applied) -> None:
        self.filter_by(message.text)

    @on(FilterBar.Left)
    def _filter_left(self) -> None:
        self._focus_view()

    @on(FlowTable.FilterAsked)
    def _cell_filter(self, message: FlowTable.FilterAsked) -> None:
        self.filter_by(narrowed(self._filter_text, condition(message.column, message.cell, message.is_kept)))

    @on(FaultsView.Chosen)
    def _bit_chosen(self, message: FaultsView.Chosen) -> None:
        self.filter_by(message.finding.condition)

    @on(FlowTable.SortAsked)
    def _sort(self, message: FlowTable.SortAsked) -> None:
        self._sorting = message.sorting
        self._arrange()

    # ------------------------------------------------------------------ what belongs to the cursor

    @on(FlowTable.Moved)
    def _show_detail(self) -> None:
        pane, table = self.part(DetailPane), self.table
        if not pane.display:
            return
        arranged, row, column = table.arranged, table.row, table.column
        if arranged is None or row is None or column is None:
            pane.clear("no flow under the cursor")
        else:
            pane.show(arranged.table, row, column, is_open=self.now.table is None)

    @on(FlowTable.Marked)
    def _show_scope(self) -> None:
        marked = len(self.table.marked)
        self.part(ActionLine).show_scope(f"{amount(marked)} marked" if marked else "")

    @on(FlowTable.DetailAsked)
    def _fold_detail(self) -> None:
        pane = self.part(DetailPane)
        is_shown = pane.display
        pane.set_class(is_shown, "-folded").set_class(not is_shown, "-unfolded")
        self.call_after_refresh(self._show_detail)

    def on_resize(self) -> None:
        """Fill the pane when there is room for it."""
        self.call_after_refresh(self._show_detail)

    # ------------------------------------------------------------------ actions

    @on(ActionButton.Pressed)
    async def _button(self, message: ActionButton.Pressed) -> None:
        await self.do(message.action)

    async def do(self, action: Action) -> None:
        """Do what the key of an action does."""
        await (self.table if action.place == FLOWS else self).run_action(action.name)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Yield the actions for the palette."""
        for action in ACTIONS:
            if action.name != "command_palette":
                yield SystemCommand(action.title, action.label, partial(self.do, action))

    @on(Tab.Chosen)
    def _tab(self, message: Tab.Chosen) -> None:
        self.action_view(message.view)

    def action_view(self, view: str) -> None:
        """Open a view."""
        self.part(ContentSwitcher).current = view
        self.part(TabLine).choose(view)
        self.part(ActionLine).show_in(view)
        self._show_view()
        self._focus_view()

    def _focus_view(self) -> None:
        focused: Widget = {
            "flows": self.table,
            "faults": self.part(FaultsView).query_one(DataTable),
            "report": self.part(ReportView),
        }[self.view]
        self.screen_stack[0].set_focus(focused)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the key of the filter to those who are typed in."""
        if action == "filter":
            return len(self.screen_stack) == 1 and not isinstance(self.focused, Input)
        return True

    def action_filter(self) -> None:
        """Type a condition."""
        self.part(FilterBar).begin()

    def action_clear(self) -> None:
        """Show all flows; from another view go back to them."""
        if self.view != "flows":
            self.action_view("flows")
        elif self._filter_text or self._pending:
            self.filter_by("")

    def action_go_to(self) -> None:
        """Ask for a flow and go there."""
        self.push_screen(AskNumber("Go to flow (flowInd):"), self._go_to_flow)

    def _go_to_flow(self, flow: int | None) -> None:
        arranged = self.table.arranged
        if flow is None or arranged is None:
            return
        try:
            found = compile_filter(f"$flowInd == {flow}", arranged.table).indices(arranged.table)
        except QueryError as error:
            self.tell(str(error), "error")
            return
        places = [place for row in found.tolist() if (place := arranged.place(row)) is not None]
        if places:
            self.action_view("flows")
            self.table.go_to(min(places))
        elif len(found):
            self.tell(f"Flow {flow} does not fulfil the filter: Esc shows all flows", "warning")
        else:
            more = "" if self.now.has_ended else " so far: it may not have ended"
            self.tell(f"There is no flow {flow}{more}", "warning")

    def action_pause(self) -> None:
        """Pause, or go on."""
        if self.now.has_ended:
            self.tell(f"Nothing to pause: the capture is {self.now.state}", "information")
        elif self.capture.is_paused:
            self.capture.resume()
        else:
            self.capture.pause()

    def action_stop(self) -> None:
        """Ask, then stop reading."""
        if self.now.has_ended:
            self.tell(f"Nothing to stop: the capture is {self.now.state}", "information")
        else:
            question = "Stop reading? The flows that are still open end here; what was read stays."
            self.push_screen(Question(question), self._stop)

    def _stop(self, answer: bool | None) -> None:
        if answer:
            self.capture.cancel()

    def action_theme(self) -> None:
        """Change between dark and light."""
        self.theme = "textual-light" if self.current_theme.dark else "textual-dark"

    def action_help(self) -> None:
        """Show the keys of the view."""
        self.push_screen(HelpScreen(self.view))

    async def action_quit(self) -> None:
        """End the program."""
        self._arranger.close()
        self.capture.abandon()
        self.exit(0)

    def tell(self, text: str, severity: Any) -> None:
        """Show a short message for some seconds."""
        self.notify(safe_text(text), severity=severity, markup=False)
