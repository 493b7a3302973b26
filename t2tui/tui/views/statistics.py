"""What the capture consists of: traffic over time, lengths of packets, flows by subject."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.worker import Worker, WorkerState, get_current_worker

from t2tui.core.statistics import SUBJECTS, during, subject
from t2tui.core.store import ColumnStore
from t2tui.tui import ranking, session, trafficwords
from t2tui.tui.actions import bindings, statistics
from t2tui.tui.arrangement import Arranged
from t2tui.tui.figures import amount
from t2tui.tui.messages import FilterWanted
from t2tui.tui.ranking import Listing, Tally
from t2tui.tui.safe import safe_content, safe_text
from t2tui.tui.session import Snapshot
from t2tui.tui.trafficplot import UNITS
from t2tui.tui.views.view import KeysOfView, View
from t2tui.tui.widgets.note import Note
from t2tui.tui.widgets.pane import Pane
from t2tui.tui.widgets.rankingtable import RankingTable
from t2tui.tui.widgets.subjectlist import SubjectList
from t2tui.tui.widgets.trafficchart import SIGNS, TrafficChart

TRAFFIC, LENGTHS, ALARMS = "traffic", "lengths", "alarms"
TOPICS = (
    (TRAFFIC, "Traffic over time"),
    (LENGTHS, "Packet lengths"),
    *((each.name, each.title) for each in SUBJECTS),
    (ALARMS, "Alarms"),
)
"""What is offered: names and titles."""
REST = 4
"""While flows come, counting rests that many times as long as it took."""
PAGE = 10
"""Columns of the plot by which PgUp and PgDn move."""


class _StoppedError(Exception):
    """Nobody wants to know any more."""


@dataclass(frozen=True, eq=False)
class Wish:
    """What is to be counted.

    Attributes:
        topic: name of it.
        by: measure by which rows are sorted.
        table: the flows.
        arranged: those of them that count; None: all.
    """

    topic: str
    by: str
    table: ColumnStore
    arranged: Arranged | None

    @property
    def manner(self) -> tuple[str, str | None]:
        """What a tally has to be the same in to be gone on with."""
        return self.topic, self.arranged.filter_text if self.arranged else None

    def is_answered_by(self, other: "Wish | None") -> bool:
        """Tell whether nothing is different."""
        return (
            other is not None
            and (self.topic, self.by, len(self.table)) == (other.topic, other.by, len(other.table))
            and self.arranged is other.arranged
        )

    @property
    def count(self) -> int:
        """Number of flows that count."""
        return len(self.table) if self.arranged is None else len(self.arranged)


class StatisticsView(View):
    """Subjects at the left; figures or a plot of the chosen one beside them."""

    PLACE = statistics.PLACE
    BINDINGS = bindings(statistics.ACTIONS)
    EXPLAINED: ClassVar[KeysOfView] = (
        (
            "Signs",
            (
                (" ".join(SIGNS), "TCP, UDP, other packets of the plot"),
                ("▲", "cursor of the plot"),
                ("[━━]", "span of time that is chosen"),
                ("▼", "rows are sorted by this figure, shares are of it"),
                ("›", "right shows further figures"),
            ),
        ),
    )

    @dataclass
    class Counted(Message):
        """Flows were counted."""

        wish: Wish
        listing: Listing
        seconds: float

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._is_of_filter = False
        self._by = "flows"
        self._tally: Tally | None = None
        self._manner: tuple[str, str | None] | None = None  # of the tally
        self._worker: Worker[None] | None = None
        self._shown: Wish | None = None
        self._rests_until = 0.0
        self._timer: Timer | None = None
        self._fault = ""

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield SubjectList(TOPICS, id="statistics-subjects")
        with Vertical(id="statistics-parts"):
            yield Note(markup=False, id="statistics-head")
            yield TrafficChart(id="statistics-chart")
            yield RankingTable(id="statistics-ranking")
            yield Note(markup=False, id="statistics-foot")

    @property
    def subjects(self) -> SubjectList:
        """The list of subjects."""
        return self.query_one(SubjectList)

    @property
    def chart(self) -> TrafficChart:
        """The plot."""
        return self.query_one(TrafficChart)

    @property
    def table(self) -> RankingTable:
        """The figures."""
        return self.query_one(RankingTable)

    @property
    def topic(self) -> str:
        """Name of what is shown."""
        return self.subjects.chosen

    @property
    def shown(self) -> Pane:
        """The plot or the figures."""
        return self.chart if self.topic == TRAFFIC else self.table

    @property
    def pane(self) -> Pane:
        """The pane that keys go to."""
        focused = self.screen.focused
        return focused if isinstance(focused, Pane) else self.subjects

    def take_focus(self) -> None:
        """Let keys go to the subjects."""
        self._to_subjects()

    # ------------------------------------------------------------------ what is shown

    @on(SubjectList.Chosen)
    def _choose(self) -> None:
        """Show another subject."""
        self._fault = ""
        self.table.show(None, is_same=False)
        self._shown = None
        self.show(self.main.now)

    def show(self, now: Snapshot) -> None:
        """Bring what is shown up to date."""
        self.chart.set_class(self.topic != TRAFFIC, "-hidden")
        self.table.set_class(self.topic == TRAFFIC, "-hidden")
        if self.topic in (TRAFFIC, LENGTHS):
            self._stop_counting()
            self._show_packets(now)
        else:
            self._show_flows(now)

    def _show_packets(self, now: Snapshot) -> None:
        why = "There is no packet in what was read." if now.has_ended else "No packet was read so far ..."
        self.chart.explain(why)
        self.table.explain(why)
        if self.topic == TRAFFIC:
            self.chart.show(now.traffic)
            self._tell_traffic()
        elif now.traffic is None:
            self._tell()
        else:
            self.table.show(ranking.lengths(now.traffic))
            count, octets = amount(now.traffic.count), now.traffic.byte_count
            self._tell(
                [
                    f"Lengths of {count} packets, {amount(octets)} bytes on the wire",
                    ranking.about_lengths(now.traffic),
                ],
                ["Flows cannot be filtered by the lengths of single packets."],
            )

    @on(TrafficChart.Changed)
    def _tell_traffic(self) -> None:
        """Say what the plot shows, and what lies at its cursor."""
        if self.topic != TRAFFIC:
            return
        plot, chart = self.chart.plot, self.chart
        if plot is None:
            view = self.main.now.traffic
            self._tell((), [trafficwords.strays(view)] if view is not None else ())
            return
        self._tell(
            trafficwords.head(plot, chart.unit, chart.window.is_zoomed, SIGNS),
            trafficwords.foot(plot, chart.unit, chart.window),
        )

    def _tell(self, head: Sequence[str] = (), foot: Sequence[str] = ()) -> None:
        """Say something above and below, line by line."""
        for name, lines in (("#statistics-head", head), ("#statistics-foot", foot)):
            self.query_one(name, Note).show(Content("\n").join(map(safe_content, lines)))

    # ------------------------------------------------------------------ flows

    def _show_flows(self, now: Snapshot) -> None:
        """Show figures of flows; have them counted if they are not those of now."""
        if self._fault:
            return
        wish = self._wish(now)
        if wish is None:
            why = "There is no flow in what was read." if now.has_ended else "No flow has ended yet ..."
            self._refuse(why)
            return
        if self.topic != ALARMS:
            lack, is_needed = ranking.lacking(subject(self.topic), wish.table)
            if is_needed:
                self._refuse(f"Nothing can be counted: {lack}")
                return
        self._tell_flows()
        if wish.is_answered_by(self._shown):
            return
        if self._manner != wish.manner:
            self._stop_counting()
            self._tally = Tally(subject(wish.topic)) if wish.topic != ALARMS else None
            self._manner = wish.manner
        elif self._worker is not None and not self._worker.is_finished:
            return  # looks here again when it is done
        elif self._shown is not None and self._shown.by == wish.by and not now.has_ended:
            left = self._rests_until - time.monotonic()
            if left > 0:
                self._wait(left)
                return
        self._worker = self._count(wish, self._tally)

    def _refuse(self, why: str) -> None:
        """Show nothing, and say why."""
        self._stop_counting()
        self.table.explain(why)
        self.table.show(None)
        self._shown = None
        self._tell()

    def _wish(self, now: Snapshot) -> Wish | None:
        """Return what is to be counted; None before the first flow has ended."""
        if now.table is None:
            return None
        if not self._is_of_filter:
            return Wish(self.topic, self._by, now.table, None)
        arranged = self.main.table.arranged
        if arranged is None or arranged.table.names != now.table.names:  # flows that are open
            return None
        return Wish(self.topic, self._by, arranged.table, arranged)

    def _wait(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = self.set_timer(seconds, self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        if self.main.open_view is self:
            self.show(self.main.now)

    def _stop_counting(self) -> None:
        """Let a thread that counts end, and forget what it has counted."""
        if self._worker is not None:
            self._worker.cancel()
        self._worker = self._tally = self._manner = None

    @work(thread=True, group="statistics", exit_on_error=False)
    def _count(self, wish: Wish, tally: Tally | None) -> None:
        worker, begin = get_current_worker(), time.monotonic()

        def go_on() -> None:
            if worker.is_cancelled:
                raise _StoppedError

        try:
            listing = _counted(wish, tally, go_on)
            go_on()
        except _StoppedError:
            return
        self.post_message(self.Counted(wish, listing, time.monotonic() - begin))

    @on(Counted)
    def _was_counted(self, message: Counted) -> None:
        wish = message.wish
        if wish.manner != self._manner:
            return
        is_same = self._shown is not None and self._shown.manner == wish.manner
        self._shown = wish
        self._rests_until = time.monotonic() + REST * message.seconds
        self.table.explain(self._why_none(wish))
        self.table.show(message.listing, is_same=is_same)

    def _why_none(self, wish: Wish) -> str:
        if not wish.count:
            return "No flow fulfils the filter. a counts all flows."
        return "None of the flows counts here."

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Look whether there is more; say in place what went wrong."""
        event.stop()
        if event.state is WorkerState.SUCCESS and event.worker is self._worker:
            self._go_on()
        elif event.state is WorkerState.ERROR and event.worker is self._worker:
            error = event.worker.error
            self._fault = safe_text(" ".join(session.words(error))) if error is not None else ""
            self._refuse(f"Nothing was counted: {self._fault}")

    @on(RankingTable.Moved)
    def _tell_flows(self) -> None:
        """Say what is counted, and what Enter would do."""
        now = self.main.now
        if self.topic in (TRAFFIC, LENGTHS) or now.table is None:
            return
        wish, listing, line = self._shown, self.table.listing, self.table.line
        if wish is None or listing is None:
            self._tell(["counting ..."])
            return
        every = f"all {amount(wish.count)} flows" if wish.arranged is None else _of_filter(wish.arranged)
        so_far = "" if now.has_ended else " so far"
        if self.topic == ALARMS:
            head = f"Alarms: {amount(now.alarms)} of plugins; counted: {every}{so_far}"
            about = "Plugins raise alarms, regex_pcre by its rules, say; the flows have a bit in flowStat."
        else:
            each = subject(self.topic)
            count = amount(len(listing.lines) + listing.more)
            head = f"{each.title}: {count} of {every}{so_far}, by {heading_of(listing)}"
            lack = ranking.lacking(each, wish.table)[0]
            about = f"Only flows are counted: {lack}." if lack else each.about
        self._tell([head, about], [f"Enter: {line.condition}"] if line and line.condition else [])

    # ------------------------------------------------------------------ actions: move

    def action_up(self) -> None:
        """One line up."""
        self.pane.move(-1)

    def action_down(self) -> None:
        """One line down."""
        self.pane.move(1)

    def action_left(self) -> None:
        """To the left."""
        self.pane.move_aside(-1)

    def action_right(self) -> None:
        """To the right."""
        self.pane.move_aside(1)

    def action_page_up(self) -> None:
        """One page up, or some columns back."""
        self._page(-1)

    def action_page_down(self) -> None:
        """One page down, or some columns on."""
        self._page(1)

    def _page(self, by: int) -> None:
        pane = self.pane
        if isinstance(pane, TrafficChart):
            pane.move_aside(by * PAGE, is_extending=False)
        else:
            pane.move(by * pane.lines_on_screen)

    def action_top(self) -> None:
        """To the begin."""
        self.pane.move_to_end(is_last=False)

    def action_bottom(self) -> None:
        """To the end."""
        self.pane.move_to_end(is_last=True)

    @on(RankingTable.Left)
    @on(TrafficChart.Left)
    def _to_subjects(self) -> None:
        """Let keys go to the subjects."""
        self.subjects.remove_class("-folded")
        self.screen.set_focus(self.subjects)

    @on(SubjectList.Left)
    def _to_shown(self) -> None:
        """Let keys go to what is shown; it gets the whole width if there is little."""
        self.screen.set_focus(self.shown)
        self.subjects.add_class("-folded")

    def action_next_pane(self) -> None:
        """Let keys go to the subjects, or to what is shown."""
        if self.pane is self.subjects:
            self._to_shown()
        else:
            self._to_subjects()

    def action_next_subject(self) -> None:
        """Show the next subject."""
        self._other_subject(1)

    def action_previous_subject(self) -> None:
        """Show the subject before."""
        self._other_subject(-1)

    def _other_subject(self, by: int) -> None:
        is_inside = self.pane is not self.subjects
        self.subjects.move(by)
        if is_inside:
            self.chart.set_class(self.topic != TRAFFIC, "-hidden")
            self.table.set_class(self.topic == TRAFFIC, "-hidden")
            self.screen.set_focus(self.shown)

    # ------------------------------------------------------------------ actions: show

    def action_scope(self) -> None:
        """Count all flows, or those that the filter lets through."""
        if self.topic in (TRAFFIC, LENGTHS):
            self.main.tell(
                "Packets are counted as they are read: a filter of flows chooses none", "information"
            )
            return
        self._is_of_filter, self._fault = not self._is_of_filter, ""
        self.show(self.main.now)

    def action_sort(self) -> None:
        """Sort by the next figure."""
        if self.topic in (TRAFFIC, LENGTHS, ALARMS):
            self.main.tell("There is nothing to sort by", "information")
            return
        listing = self.table.listing
        if listing is None:  # not counted yet
            names, by = [measure.name for measure in subject(self.topic).measures], self._by
        else:
            names, by = [heading.measure for heading in listing.headings], listing.by
        self._sort_by(names[(names.index(by) + 1) % len(names)])

    @on(RankingTable.SortAsked)
    def _sort_asked(self, message: RankingTable.SortAsked) -> None:
        self._sort_by(message.measure)

    def _sort_by(self, measure: str) -> None:
        self._by = measure
        self.show(self.main.now)

    # ------------------------------------------------------------------ actions: filter

    @property
    def condition(self) -> str:
        """The filter of what is under the cursor; empty where there is none, which is told."""
        if self.topic == TRAFFIC and self.chart.plot is not None:
            return during(*self.chart.window.span(self.chart.plot))
        line = self.table.line if self.topic != TRAFFIC else None
        if line is None or not line.condition:
            why = "Flows cannot be filtered by the lengths of single packets"
            self.main.tell(why if self.topic == LENGTHS else "There is nothing to filter by", "information")
            return ""
        return line.condition

    def action_enter(self) -> None:
        """Show flows; among the subjects, go into what is shown."""
        self.pane.enter()

    @on(RankingTable.Entered)
    @on(TrafficChart.Entered)
    def _filter(self) -> None:
        if condition := self.condition:
            self.post_message(FilterWanted(condition))

    def action_keep_row(self) -> None:
        """Add the condition to the filter."""
        if condition := self.condition:
            self.post_message(FilterWanted(_joined(condition), is_added=True))

    def action_drop_row(self) -> None:
        """Add the opposite of the condition to the filter."""
        if condition := self.condition:
            self.post_message(FilterWanted(f"!({condition})", is_added=True))

    def action_or_row(self) -> None:
        """Let its flows be shown, too."""
        if condition := self.condition:
            self.post_message(FilterWanted(f"({condition})", is_added=True, is_choice=True))

    def action_copy_row(self) -> None:
        """Copy the row under the cursor; of the plot the condition of its span."""
        text = self.table.value if self.topic != TRAFFIC else self.condition
        if text:
            self.app.copy_to_clipboard("\t".join(map(safe_text, text.split("\t"))))

    # ------------------------------------------------------------------ actions: traffic

    def _with_plot(self, act: Callable[[], object]) -> bool:
        """Do something with the plot; say that there is none where there is none."""
        if self.topic == TRAFFIC and self.chart.plot is not None:
            act()
            return True
        self.main.tell("That is for Traffic over time, when there are packets", "information")
        return False

    def action_unit(self) -> None:
        """Show bits or packets per second."""
        self._with_plot(lambda: self.chart.show_unit(UNITS[1 - UNITS.index(self.chart.unit)]))

    def action_begin_here(self) -> None:
        """Begin a span."""
        self._with_plot(self.chart.set_begin)

    def action_end_here(self) -> None:
        """End a span."""
        self._with_plot(self.chart.set_end)

    def action_extend_left(self) -> None:
        """Extend the span."""
        self._with_plot(lambda: self.chart.move_aside(-1, is_extending=True))

    def action_extend_right(self) -> None:
        """Extend the span."""
        self._with_plot(lambda: self.chart.move_aside(1, is_extending=True))

    def action_zoom_in(self) -> None:
        """Show less."""
        if self.topic == TRAFFIC and self.chart.plot is not None and not self.chart.zoom_in():
            self.main.tell("Packets were not counted in finer steps", "information")

    def action_zoom_out(self) -> None:
        """Show more."""
        if self.topic == TRAFFIC and not self.chart.zoom_out():
            self.main.tell("All times are shown", "information")

    def action_drop_span(self) -> None:
        """Forget the span, then show all times; then go back to the flows."""
        if self.topic != TRAFFIC or not self.chart.clear():
            self.main.action_clear()


def _counted(wish: Wish, tally: Tally | None, go_on: Callable[[], None]) -> Listing:
    """Count what was added, and return the rows."""
    rows = None if wish.arranged is None else wish.arranged.rows
    if tally is None:
        return ranking.alarms(wish.table, rows)
    tally.update(wish.table, rows, go_on)
    return tally.listing(wish.by)


def heading_of(listing: Listing) -> str:
    """Return what rows are sorted by, in words."""
    return next(each.text for each in listing.headings if each.measure == listing.by)


def _of_filter(arranged: Arranged) -> str:
    flows = f"{amount(len(arranged))} of {amount(len(arranged.table))} flows"
    return f"{flows}: those of the filter" if arranged.filter_text else f"{flows}; there is no filter"


def _joined(condition: str) -> str:
    """Return a condition that can be joined with others by ``&&``."""
    return f"({condition})" if "||" in condition else condition
