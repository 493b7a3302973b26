"""One opened capture: top line, tabs, filter bar, the views below the tabs, buttons."""

from typing import Any, TypeVar

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Input

from t2tui.core.query import QueryError, compile_filter
from t2tui.core.store import ColumnStore
from t2tui.tui.actions import bindings, capture, program
from t2tui.tui.arrangement import Arranged, Sorting
from t2tui.tui.arranger import Arranger, Refused
from t2tui.tui.cellfilter import narrowed
from t2tui.tui.dialogs.number import AskNumber
from t2tui.tui.dialogs.question import Question
from t2tui.tui.figures import amount
from t2tui.tui.messages import FilterWanted, FlowWanted, PacketsWanted, PacketWanted, ScopeChanged
from t2tui.tui.opening import Opening
from t2tui.tui.safe import safe_text
from t2tui.tui.session import Session, Snapshot
from t2tui.tui.views.faults import FaultsView
from t2tui.tui.views.flows import FlowsView
from t2tui.tui.views.packets import PacketsView
from t2tui.tui.views.report import ReportView
from t2tui.tui.views.view import KeysOfView, View
from t2tui.tui.widgets import filterbar
from t2tui.tui.widgets.actionline import ActionLine
from t2tui.tui.widgets.filterbar import FilterBar
from t2tui.tui.widgets.flowtable import FlowTable
from t2tui.tui.widgets.tabline import Tab, TabLine
from t2tui.tui.widgets.topline import TopLine

TICK_SECONDS = 0.15
"""How often the session is asked for a snapshot."""
NARROW = 140
"""Below this width the pane beside the table is folded."""

VIEWS: dict[str, type[View]] = {
    "flows": FlowsView,
    "packets": PacketsView,
    "faults": FaultsView,
    "report": ReportView,
}
"""Classes of the views; keys and titles are in ``capture.TABS``."""

Part = TypeVar("Part", bound=Widget)


class CaptureScreen(Screen[None]):
    """The screen of one opened capture.

    Attributes:
        opening: what is opened.
        capture: its session.
        now: the latest snapshot of it.
        filter_text: the condition that the flow table applies.
    """

    PLACE = capture.PLACE
    BINDINGS = bindings(capture.ACTIONS)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]

    class ArrangementDone(Message):
        """Rows were filtered and sorted."""

        def __init__(self, result: Arranged | Refused) -> None:
            super().__init__()
            self.result = result

    def __init__(self, opening: Opening, session: Session | None = None) -> None:
        """Prepare.

        Args:
            opening: what to open.
            session: its session; made without.
        """
        super().__init__()
        self.opening = opening
        self.capture = session or Session(opening)
        self.now = Snapshot()
        self.filter_text = ""
        self._sorting = Sorting()
        self._arranger = Arranger(lambda result: self.post_message(self.ArrangementDone(result)))
        self._arranged_table: ColumnStore | None = None
        self._was_busy = False
        self._pending = ""

    def compose(self) -> ComposeResult:
        """Make the parts of the screen."""
        yield TopLine(self.opening, id="top")
        yield TabLine(capture.TABS, id="tabs")
        yield FilterBar(id="filter")
        with ContentSwitcher(initial="flows", id="views"):
            for name, kind in VIEWS.items():
                yield kind(id=name)
        yield ActionLine(id="actions")

    def on_mount(self) -> None:
        """Begin to read."""
        self.action_view("flows")
        self.capture.start()
        self.set_interval(TICK_SECONDS, self._tick)

    def part(self, kind: type[Part]) -> Part:
        """Return the one part of this kind."""
        return self.query_one(kind)

    @property
    def table(self) -> FlowTable:
        """The flow table."""
        return self.part(FlowTable)

    @property
    def view(self) -> str:
        """Name of the view that is open."""
        return self.part(ContentSwitcher).current or "flows"

    @property
    def open_view(self) -> View:
        """The view that is open."""
        return self.part(VIEWS[self.view])

    @property
    def places(self) -> tuple[str, ...]:
        """Places whose actions can be done now."""
        return self.open_view.PLACE, capture.PLACE, program.PLACE

    @property
    def explained(self) -> KeysOfView:
        """What the help says besides the actions."""
        return ("In the filter bar", filterbar.KEYS), *self.open_view.EXPLAINED

    def tell(self, text: str, severity: Any) -> None:
        """Show a short message for some seconds."""
        self.notify(safe_text(text), severity=severity, markup=False)

    def close(self) -> None:
        """Let go of the capture; nobody waits for it."""
        self._arranger.close()
        self.capture.abandon()

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
        self.part(TabLine).note("packets", amount(now.packets) if now.packets else "")
        self.open_view.show(now)
        self._show_scope()

    def _show_open(self, flows: ColumnStore) -> None:
        """Show flows that are open: none has ended yet."""
        self.table.show(Arranged(flows, np.arange(len(flows), dtype=np.int32)))
        bar = self.part(FilterBar)
        if not bar.columns:
            bar.know([flows.column(name) for name in flows.names])
        if not self._pending:
            bar.show_hits(f"{amount(len(flows))} of {amount(self.now.flows)} open flows")

    # ------------------------------------------------------------------ filter and order

    def _arrange(self) -> None:
        """Have the rows of now filtered and sorted."""
        if self.now.table is not None:
            self._arranged_table = self.now.table
            self._arranger.ask(self.now.table, self.filter_text, self._sorting)

    def on_capture_screen_arrangement_done(self, message: ArrangementDone) -> None:
        """Show rows."""
        result = message.result
        if isinstance(result, Refused):
            if result.filter_text == self.filter_text:
                self.filter_text = ""
                self.part(FilterBar).show_error(result.error)
            return
        if (result.filter_text, result.sorting) == (self.filter_text, self._sorting):
            self.table.show(result)
            total = len(result.table)
            hits = f"{amount(len(result))} of {amount(total)}" if result.filter_text else amount(total)
            self.part(FilterBar).show_hits(f"{hits} flows")
            self.open_view.show(self.now)
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
        self.filter_text = text
        bar.set(text)
        self._arrange()
        self.action_view("flows")

    @on(FilterBar.Applied)
    def _filter_applied(self, message: FilterBar.Applied) -> None:
        self.filter_by(message.text)

    @on(FilterBar.Left)
    def _filter_left(self) -> None:
        self.open_view.take_focus()

    @on(FilterWanted)
    def _filter_wanted(self, message: FilterWanted) -> None:
        text = message.condition
        self.filter_by(narrowed(self.filter_text, text) if message.is_added else text)

    @on(FlowTable.SortAsked)
    def _sort(self, message: FlowTable.SortAsked) -> None:
        self._sorting = message.sorting
        self._arrange()

    # ------------------------------------------------------------------ views and actions

    @on(ScopeChanged)
    def _show_scope(self) -> None:
        marked = len(self.table.marked)
        self.part(ActionLine).show_scope(f"{amount(marked)} marked" if marked else "")
        why = self.capture.packets_obstacle()
        self.part(ActionLine).show_obstacles({"packets": f"No packets: {why}"} if why else {})

    @on(Tab.Chosen)
    def _tab(self, message: Tab.Chosen) -> None:
        self.action_view(message.view)

    def action_view(self, view: str) -> None:
        """Open a view."""
        self.part(ContentSwitcher).current = view
        self.part(TabLine).choose(view)
        self.part(ActionLine).show_in(self.places)
        self.open_view.show(self.now)
        self.open_view.take_focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the key of the filter to those who are typed in."""
        if action == "filter":
            return self.is_current and not isinstance(self.focused, Input)
        return True

    def action_filter(self) -> None:
        """Type a condition."""
        self.part(FilterBar).begin()

    def action_clear(self) -> None:
        """Show all flows; from another view go back to them."""
        if self.view != "flows":
            self.action_view("flows")
        elif self.filter_text or self._pending:
            self.filter_by("")

    def action_go_to(self) -> None:
        """Ask for a flow and go there."""
        self.app.push_screen(AskNumber("Go to flow (flowInd):"), self._go_to_flow)

    @on(PacketsWanted)
    def _packets_wanted(self, message: PacketsWanted) -> None:
        self.part(PacketsView).list_flow(message.flow)
        self.action_view("packets")

    @on(PacketWanted)
    def _packet_wanted(self, message: PacketWanted) -> None:
        self.part(PacketsView).go_to(message.packet, message.flow)
        self.action_view("packets")

    @on(FlowWanted)
    def _flow_wanted(self, message: FlowWanted) -> None:
        self._go_to_flow(message.flow)

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
            self.app.push_screen(Question(question), self._stop)

    def _stop(self, answer: bool | None) -> None:
        if answer:
            self.capture.cancel()
