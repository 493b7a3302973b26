"""One opened capture: top line, tabs, filter bar, the views below the tabs, buttons."""

import time
from contextlib import suppress
from functools import partial

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.widgets import ContentSwitcher, Input

from t2tui.core.query import QueryError, compile_filter
from t2tui.core.store import ColumnStore
from t2tui.tui.actions import bindings, capture, program
from t2tui.tui.arrangement import Arranged, Sorting
from t2tui.tui.carried import Carried, Result
from t2tui.tui.dialogs import outputs
from t2tui.tui.dialogs.number import AskNumber
from t2tui.tui.dialogs.question import Question
from t2tui.tui.figures import amount
from t2tui.tui.memory import Memory, NotRememberedError
from t2tui.tui.messages import (
    FlowWanted,
    FollowWanted,
    NotesChanged,
    PacketsWanted,
    PacketWanted,
    ScopeChanged,
    WriteWanted,
)
from t2tui.tui.notes import Notebook
from t2tui.tui.opening import Opening
from t2tui.tui.profiles import Profiles
from t2tui.tui.recent import Recent
from t2tui.tui.screens.filtering import FilteringScreen
from t2tui.tui.session import Session, Snapshot
from t2tui.tui.views.faults import FaultsView
from t2tui.tui.views.flows import FlowsView
from t2tui.tui.views.packets import PacketsView
from t2tui.tui.views.plugins import PluginsView
from t2tui.tui.views.report import ReportView
from t2tui.tui.views.statistics import StatisticsView
from t2tui.tui.views.view import KeysOfView, View
from t2tui.tui.widgets import filterbar
from t2tui.tui.widgets.actionline import ActionLine
from t2tui.tui.widgets.filterbar import FilterBar
from t2tui.tui.widgets.tabline import Tab, TabLine
from t2tui.tui.widgets.topline import TopLine

TICK_SECONDS = 0.2
"""How often the session is asked for a snapshot, and the top line drawn."""
FIRST_SECONDS = 0.05
"""The same until there are rows."""
ROWS_SECONDS = 1.0
"""How often everything else is drawn while many rows come: the engine needs the processors, too."""
FEW_ROWS = 1_000
"""As long as there are no more, they are shown at once."""
KEEP_SECONDS = 5.0
"""How often marks are written, if they have changed."""
NARROW = 140
"""Below this width the pane beside the table is folded."""

VIEWS: dict[str, type[View]] = {
    "flows": FlowsView,
    "packets": PacketsView,
    "statistics": StatisticsView,
    "faults": FaultsView,
    "report": ReportView,
    "plugins": PluginsView,
}
"""Classes of the views; keys and titles are in ``capture.TABS``."""


class CaptureScreen(FilteringScreen):
    """The screen of one opened capture.

    Attributes:
        opening: what is opened.
    """

    PLACE = capture.PLACE
    BINDINGS = bindings(capture.ACTIONS)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]

    def __init__(
        self,
        opening: Opening,
        session: Session | None = None,
        memory: Memory | None = None,
        carried: Carried | None = None,
    ) -> None:
        """Prepare.

        Args:
            opening: what to open.
            session: its session; made without.
            memory: what is remembered between runs; the user's without.
            carried: from a run before.
        """
        super().__init__(session or Session(opening), memory or Memory(), carried or Carried())
        self.opening = opening
        self._notebook = Notebook(self.memory, opening)
        self._was_busy = False
        self._is_behind = False  # something is not shown yet
        self._shown_at = 0.0
        self._has_rows = False
        self._is_compared = self.carried.before is None

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
        self.table.profiles = Profiles(self.memory)
        self.table.notes = self._notebook.load()
        self.part(FilterBar).apply = self.filter_by
        self.part(FilterBar).remember(self.filters.history())
        if self._pending:
            self.part(FilterBar).set(self._pending)
        self.action_view(self.carried.view)
        self.capture.start()
        if self.opening.files:
            self.remember(partial(Recent(self.memory).opened, self.opening.files))
        self._ticks = self.set_interval(FIRST_SECONDS, self._tick)
        self.set_interval(KEEP_SECONDS, self._keep_notes)
        self.call_after_refresh(self._tell_warnings)

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

    def carry(self, lit: str, changes: tuple[str, ...]) -> Carried:
        """Return what the next run of the capture takes over.

        Args:
            lit: plugin that is lit in the list of plugins.
            changes: what is other in the next run, in words.
        """
        filter_text = self.filter_text or self._pending
        before = Result.of(self.now)
        return Carried(filter_text, self._sorting, self._is_paired, self.view, lit, changes, before)

    def close(self) -> None:
        """Remember what is to be remembered, and let go of the capture; nobody waits for it."""
        if self.is_mounted:
            write = self._notebook.save(self.table.notes) if self.table.notes.is_changed else None
            with suppress(NotRememberedError, ValueError):  # said before; nobody reads it now
                self.table.keep_layout()
                if write:
                    write()
        self._arranger.close()
        self.capture.abandon()

    # ------------------------------------------------------------------ what is remembered

    def _tell_warnings(self) -> None:
        for warning in self.memory.warnings:
            self.tell(warning, "warning")

    @on(NotesChanged)
    def _keep_notes(self) -> None:
        """Write marks and comments, if they have changed."""
        if self.table.notes.is_changed and (write := self._notebook.save(self.table.notes)):
            self.remember(write)

    # ------------------------------------------------------------------ the session

    def _tick(self) -> None:
        """Show the latest snapshot."""
        now = self.capture.ask()
        is_busy = self._arranger.is_busy and self.now.table is not None
        if is_busy and self._was_busy:
            self.part(FilterBar).show_hits("sorting …" if self._sorting.column else "filtering …")
        self._was_busy = is_busy
        if now is not self.now:
            self.now = now
            self._is_behind = True
            self.part(TopLine).show(now)
        moment = time.monotonic()
        is_first = not self._has_rows and (now.rows > 0 or now.open_flows is not None or now.has_ended)
        if is_first:
            self._has_rows = True
            self._ticks.stop()
            self._ticks = self.set_interval(TICK_SECONDS, self._tick)
        is_due = is_first or now.has_ended or moment - self._shown_at >= ROWS_SECONDS
        if self._is_behind and (is_due or 0 < now.rows <= FEW_ROWS):
            self._is_behind, self._shown_at = False, moment
            self._show(now)

    def _show(self, now: Snapshot) -> None:
        """Show rows and counts of a snapshot."""
        if now.table is not None and self._arranged_table is not now.table:
            if self._arranged_table is None:
                self.part(FilterBar).know([now.table.column(name) for name in now.table.names])
                if self._sorting.column not in now.table.names:
                    self._sorting = Sorting()
            if self._pending:
                text, self._pending = self._pending, ""
                self._try_filter(text)
            self._arrange()
        elif now.table is None and now.open_flows is not None:
            self._show_open(now.open_flows)
        self.part(TabLine).note("flows", amount(now.rows) if now.rows else "")
        self.part(TabLine).note("packets", amount(now.packets) if now.packets else "")
        self.open_view.show(now)
        self.show_scope()
        if now.has_ended and not self._is_compared:
            self._is_compared = True
            self.tell(self.carried.compared(now), "information")

    def _show_open(self, flows: ColumnStore) -> None:
        """Show flows that are open: none has ended yet."""
        self.table.show(Arranged(flows, np.arange(len(flows), dtype=np.int32), is_final=False))
        bar = self.part(FilterBar)
        if not bar.columns:
            bar.know([flows.column(name) for name in flows.names])
        if not self._pending:
            bar.show_hits(f"{amount(len(flows))} of {amount(self.now.flows)} open flows")

    # ------------------------------------------------------------------ views and actions

    @on(ScopeChanged)
    def show_scope(self) -> None:
        """Show what actions would act on, and which cannot be done."""
        line = self.part(ActionLine)
        line.show_scope(outputs.scope_note(self.table, self.now) if self.view == "flows" else "")
        line.show_obstacles({**outputs.obstacles(self.capture, self.now), **self.open_view.obstacles()})

    @on(WriteWanted)
    def _write_wanted(self, message: WriteWanted) -> None:
        outputs.ask(self, message.action)

    @on(Tab.Chosen)
    def _tab(self, message: Tab.Chosen) -> None:
        self.action_view(message.view)

    @on(TopLine.FaultsWanted)
    def _faults_wanted(self) -> None:
        self.action_view("report")
        self.part(ReportView).action_next_fault()

    def action_view(self, view: str) -> None:
        """Open a view."""
        self.part(ContentSwitcher).current = view
        self.part(TabLine).choose(view)
        self.part(ActionLine).show_in(self.places)
        self.open_view.show(self.now)
        self.open_view.take_focus()
        self.show_scope()

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
        elif self.filter_text or self._pending or self._live:
            self.filter_by("")

    def action_go_to(self) -> None:
        """Ask for a flow and go there."""
        self.app.push_screen(AskNumber("Go to flow (flowInd):"), self._go_to_flow)

    @on(FollowWanted)
    def _follow_wanted(self, message: FollowWanted) -> None:
        why = self.capture.packets_obstacle()
        if why:
            self.tell(f"Nothing to follow: {why}", "warning")
        else:
            from t2tui.tui.screens.follow import FollowScreen

            screen = FollowScreen(self.capture, message.flow, self.table.next_flow)
            self.app.push_screen(screen, self._followed)

    def _followed(self, wanted: PacketWanted | None) -> None:
        """Show the packet that was asked for in a stream."""
        if wanted is not None:
            self.post_message(wanted)

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
