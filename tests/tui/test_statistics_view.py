"""Statistics on screen: figures, plot, keys, mouse; what is said where something is missing."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

import t2tui
from t2tui.core.statistics import SUBJECTS, Traffic, count, during, subject
from t2tui.tui import ranking, session
from t2tui.tui.app import FlowApp
from t2tui.tui.session import Session, Snapshot
from t2tui.tui.trafficplot import PACKETS
from t2tui.tui.views import statistics
from t2tui.tui.views.statistics import StatisticsView
from t2tui.tui.widgets.filterbar import FilterBar
from t2tui.tui.widgets.rankingtable import RankingTable
from t2tui.tui.widgets.subjectlist import SubjectList
from t2tui.tui.widgets.trafficchart import AXIS, BELOW, TrafficChart
from tests.core.statistics.reading import read as read_flows
from tests.tui.conftest import EXERCISE, opening_of
from tests.tui.screens import wait_for, wait_for_end
from tests.tui.still import Still, finished
from tests.tui.test_trafficplot import START, view_of

Steps = Callable[[FlowApp, Pilot[int]], Awaitable[None]]
FLOWS = 72


def run(steps: Steps, moment: Snapshot | None = None, size: tuple[int, int] = (160, 48)) -> None:
    """Open the statistics of a moment, and do steps."""
    app = FlowApp(opening_of(EXERCISE), Still(opening_of(EXERCISE), moment or finished()))

    async def main() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            if app.main.capture.ask().table is not None:
                await wait_for(pilot, lambda: app.main.table.arranged is not None, "rows")
            await pilot.press("3")
            await pilot.pause()
            await steps(app, pilot)

    asyncio.run(main())


def view(app: FlowApp) -> StatisticsView:
    return app.main.query_one(StatisticsView)


def table(app: FlowApp) -> RankingTable:
    return app.main.query_one(RankingTable)


def chart(app: FlowApp) -> TrafficChart:
    return app.main.query_one(TrafficChart)


def text(widget: RankingTable | TrafficChart | SubjectList) -> str:
    return "\n".join(widget.render_line(y).text for y in range(widget.size.height))


def said(app: FlowApp, part: str = "head") -> str:
    content = app.main.query_one(f"#statistics-{part}")._content  # type: ignore[attr-defined]
    return content.plain if content is not None else ""


def names(app: FlowApp) -> list[tuple[str, ...]]:
    listing = table(app).listing
    return [line.names for line in listing.lines] if listing else []


def bar_text(app: FlowApp) -> str:
    return app.main.part(FilterBar).input.value


async def show(app: FlowApp, pilot: Pilot[int], topic: str) -> None:
    """Choose a subject and wait for its figures."""
    places = [name for name, _ in statistics.TOPICS]
    app.main.query_one(SubjectList).go_to(places.index(topic))
    await pilot.pause()
    if topic != statistics.TRAFFIC:
        await wait_for(pilot, lambda: table(app).listing is not None, topic)
    await pilot.pause()


def hits(app: FlowApp, condition: str) -> Callable[[], bool]:
    def are_there() -> bool:
        arranged = app.main.table.arranged
        return arranged is not None and arranged.filter_text == condition

    return are_there


# ------------------------------------------------------------------ figures


@pytest.mark.parametrize("each", SUBJECTS, ids=lambda each: each.name)
def test_the_table_shows_what_is_counted(each: Any) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await show(app, pilot, each.name)
        flows = app.main.now.table
        assert flows is not None
        for by in ("flows", "packets", "bytes"):
            await wait_for(pilot, lambda by=by: table(app).listing.by == by, by)  # type: ignore
            listing = table(app).listing
            assert listing is not None
            wanted = count(each, flows).ranking(by)
            for line, entry in zip(listing.lines, wanted, strict=True):
                figures = (ranking.figure(measure, entry.figures[measure.name]) for measure in each.measures)
                assert (line.names, line.figures) == (entry.words, tuple(figures))
            drawn = text(table(app)).splitlines()
            for entry, row in zip(wanted, drawn[1:], strict=False):
                assert entry.words[0][:15] in row and ranking.percent(entry.shares[by]) in row
            assert f"{each.title}: {len(wanted)} of all {FLOWS} flows" in said(app)
            await pilot.press("s")

    run(steps)


def by_hand() -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """Flows by protocol, A flows by port and protocol: from the lines of the flow file."""
    flows = t2tui.analyze(EXERCISE).flows
    rows = [line.split("\t") for line in flows.rows(["l4Proto", "dir", "dstPort"])]
    ports = Counter((port, number) for number, side, port in rows if side == "A" and number in ("6", "17"))
    return Counter(row[0] for row in rows), ports


def test_protocols_and_ports_are_those_of_the_flow_file() -> None:
    protocols, ports = by_hand()
    numbers = {"TCP": "6", "UDP": "17"}

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await show(app, pilot, "protocols")
        listing = table(app).listing
        assert listing is not None
        assert {line.names[0]: int(line.figures[0]) for line in listing.lines} == protocols
        await show(app, pilot, "ports")
        listing = table(app).listing
        assert listing is not None
        found = {(line.names[0], numbers[line.names[1]]): int(line.figures[0]) for line in listing.lines}
        assert found == ports

    run(steps)


def test_flows_of_the_filter_are_counted_when_asked_for() -> None:
    condition = "$dstPort == 25"

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        app.main.filter_by(condition)
        await wait_for(pilot, hits(app, condition))
        await pilot.press("3")
        await show(app, pilot, "addresses")
        assert f"of all {FLOWS} flows" in said(app)
        everything = names(app)
        await pilot.press("a")
        await wait_for(pilot, lambda: "those of the filter" in said(app) and names(app) != everything)
        arranged = app.main.table.arranged
        assert arranged is not None
        wanted = count(subject("addresses"), arranged.table, np.sort(arranged.rows).astype(np.int64))
        assert names(app) == [entry.words for entry in wanted.ranking("flows")]
        app.main.filter_by("$dstPort == 4711")
        await pilot.press("3")
        await wait_for(pilot, lambda: "No flow fulfils the filter. a counts all" in text(table(app)))
        await pilot.press("a")
        await wait_for(pilot, lambda: names(app) == everything)
        for topic in ("traffic", "lengths"):
            await show(app, pilot, topic)
            await pilot.press("a")
            assert not any("those of the filter" in said(app, part) for part in ("head", "foot"))

    run(steps)


def test_a_row_becomes_the_filter_or_part_of_it() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await show(app, pilot, "ports")
        await pilot.press("right", "j")
        line = table(app).line
        assert line is not None and said(app, "foot") == f"Enter: {line.condition}"
        await pilot.press("y")
        assert app.clipboard == "\t".join(ranking.copied(table(app).listing, line))  # type: ignore[arg-type]
        await pilot.press("enter")
        await wait_for(pilot, hits(app, line.condition))
        assert app.main.view == "flows" and bar_text(app) == line.condition
        assert f"{len(app.main.table.arranged)}" == line.figures[0]  # type: ignore[arg-type]
        before = line.condition
        await pilot.press("3")
        await show(app, pilot, "countries")
        country = table(app).line
        assert country is not None and "||" in country.condition
        await pilot.press("equals_sign")
        await wait_for(pilot, hits(app, f"{before} && ({country.condition})"))
        await pilot.press("escape", "3")
        await pilot.pause()
        await pilot.press("exclamation_mark")
        await wait_for(pilot, hits(app, f"!({country.condition})"))
        await pilot.press("3", "vertical_line")
        await wait_for(pilot, hits(app, f"!({country.condition}) || ({country.condition})"))
        assert len(app.main.table.arranged) == FLOWS  # type: ignore[arg-type]

    run(steps)


def test_mouse_chooses_sorts_and_filters() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        places = [name for name, _ in statistics.TOPICS]
        await pilot.click(SubjectList, offset=(3, places.index("addresses")))
        await wait_for(pilot, lambda: table(app).listing is not None)
        header = text(table(app)).splitlines()[0]
        await pilot.click(RankingTable, offset=(header.index("Packets") + 2, 0))
        await wait_for(pilot, lambda: table(app).listing.by == "packets")  # type: ignore[union-attr]
        assert "Packets▼" in text(table(app)).splitlines()[0]
        await pilot.click(RankingTable, offset=(5, 3))
        line = table(app).line
        assert line is not None and names(app).index(line.names) == 2 and app.main.view == "statistics"
        await pilot.click(RankingTable, offset=(5, 3))
        await wait_for(pilot, hits(app, line.condition))
        await pilot.click("#tab-statistics")
        assert app.main.view == "statistics" and table(app).line == line

    run(steps)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_keys_move_and_the_figure_that_counts_is_seen(size: tuple[int, int]) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await show(app, pilot, "conversations")
        subjects = app.main.query_one(SubjectList)
        assert app.screen.focused is subjects
        await pilot.press("tab", "j", "j", "k")
        assert table(app).line is not None and names(app).index(table(app).line.names) == 1  # type: ignore
        assert subjects.display is (size[0] > 140)
        await pilot.press("G")
        assert table(app).line.names == names(app)[-1]  # type: ignore[union-attr]
        await pilot.press("g", "pagedown", "pageup")
        assert table(app).line.names == names(app)[0]  # type: ignore[union-attr]
        for measure in subject("conversations").measures[1:]:
            await pilot.press("s")
            await wait_for(pilot, lambda m=measure: table(app).listing.by == m.name)  # type: ignore
            assert f"{measure.title}▼" in text(table(app)).splitlines()[0]
        await pilot.press(*["left"] * 8)
        assert app.screen.focused is subjects and subjects.display
        await pilot.press("up", "enter", "n", "N")
        assert view(app).topic == "addresses" and app.screen.focused is table(app)
        await pilot.press("home", "escape")
        assert app.main.view == "flows"

    run(steps, size=size)


def test_only_the_largest_are_listed_and_the_rest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "MOST", 4)

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await show(app, pilot, "addresses")
        total = len(count(subject("addresses"), app.main.now.table))  # type: ignore[arg-type]
        assert text(table(app)).splitlines()[5].strip() == f"and {total - 4} more"

    run(steps)


def test_packet_lengths_are_listed_with_their_mean() -> None:
    _, traffic = read_flows(EXERCISE)

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await show(app, pilot, "lengths")
        assert f"mean {traffic.byte_count / traffic.count:.1f} bytes" in said(app)
        assert [line.figures[0] for line in table(app).listing.lines] == [  # type: ignore[union-attr]
            f"{number:,}" for number in traffic.sizes.tolist() if number
        ]
        await pilot.press("right", "enter", "equals_sign")
        assert app.main.view == "statistics"

    run(steps)


def test_alarms_lead_to_their_flows() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await show(app, pilot, "alarms")
        assert said(app).startswith("Alarms: 7 of plugins")
        await pilot.press("enter", "enter")
        await wait_for(pilot, hits(app, ranking.ALARMS))

    run(steps, replace(finished(), alarms=7))


# ------------------------------------------------------------------ traffic


def test_the_plot_tells_what_lies_at_its_cursor() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        plot = chart(app).plot
        assert plot is not None and plot.columns == chart(app).size.width - AXIS
        assert "5,902 packets" in said(app)
        await pilot.press("right")
        for keys, column in (([], 0), (["right", "right", "l"], 3), (["left"], 2), (["G"], plot.columns - 1)):
            await pilot.press(*keys)
            packets = round(plot.packets[column].sum())
            assert f": {packets:,} packets" in said(app, "foot").splitlines()[0]
            axis = text(chart(app)).splitlines()[-BELOW]
            assert axis[AXIS + column] == "▲"
        assert "█" in text(chart(app)) and "bit/s" in said(app)
        await pilot.press("b")
        assert chart(app).unit == PACKETS and "packets/s" in said(app)
        await pilot.press("home", "left")
        assert app.screen.focused is app.main.query_one(SubjectList)

    run(steps)


def test_a_span_is_chosen_by_keys_and_becomes_the_filter() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        plot = chart(app).plot
        assert plot is not None
        await pilot.press("right", "pagedown", "left_square_bracket", "pagedown", "right_square_bracket")
        assert chart(app).window.chosen == (plot.edge(10), plot.edge(21))
        assert said(app, "foot").splitlines()[1].startswith("[ ] ")
        axis = text(chart(app)).splitlines()[-BELOW]
        assert axis[AXIS + 10] == "[" and axis[AXIS + 20] == "▲"
        await pilot.press("enter")
        condition = during(plot.edge(10), plot.edge(21))
        await wait_for(pilot, hits(app, condition))
        await pilot.press("escape", "3", "plus")
        inside = chart(app).plot
        assert inside is not None and (inside.begin, inside.end) == (plot.edge(10), plot.edge(21))
        assert " of 5,902 packets" in said(app)
        await pilot.press("minus", "right", "L", "shift+right", "H")
        assert chart(app).window.chosen is not None
        await pilot.press("escape")
        assert chart(app).window.chosen is None and app.main.view == "statistics"
        await pilot.press("plus", "plus", "escape")
        assert chart(app).plot.begin == plot.begin and app.main.view == "statistics"  # type: ignore[union-attr]
        await pilot.press("escape")
        assert app.main.view == "flows"

    run(steps)


def test_a_span_is_chosen_by_dragging() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        plot = chart(app).plot
        assert plot is not None
        await pilot.mouse_down(TrafficChart, offset=(AXIS + 30, 5))
        await pilot.hover(TrafficChart, offset=(AXIS + 25, 6))
        await pilot.hover(TrafficChart, offset=(AXIS + 20, 6))
        await pilot.mouse_up(TrafficChart, offset=(AXIS + 20, 6))
        assert chart(app).window.chosen == (plot.edge(20), plot.edge(31))
        await pilot.hover(TrafficChart, offset=(AXIS + 50, 6))
        assert chart(app).window.chosen == (plot.edge(20), plot.edge(31))
        await pilot.click(TrafficChart, offset=(AXIS + 40, 6))
        assert chart(app).window.column(plot) == 40

    run(steps)


@pytest.mark.parametrize("size", [(80, 24), (160, 48), (40, 12)])
def test_one_bin_strays_and_all_protocols_are_drawn(size: tuple[int, int]) -> None:
    sent = [(START, number * 1000, 100, protocol) for number, protocol in enumerate([6, 6, 17, 1, 6, 17])]
    one = view_of([*sent * 10, (17, 0, 60, 6)])
    assert len(one.packets) == 1 and one.strays == 1

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        assert "60 packets; 1 strays" in said(app)
        assert "1 packets are left out" in said(app, "foot")
        drawn = text(chart(app))
        assert all(sign in drawn for sign in "█▒░") or size[1] < 24
        await pilot.press("plus", "right", "plus")
        assert not chart(app).window.is_zoomed

    run(steps, replace(finished(), traffic=one), size)


def test_the_plot_grows_while_packets_come_and_a_zoomed_one_stays() -> None:
    moments = [
        replace(finished(), traffic=view_of([(START + second, 0, 100, 6) for second in range(behind)]))
        for behind in (10, 100)
    ]

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        still = app.main.capture
        assert isinstance(still, Still)
        assert "10 packets" in said(app)
        still.moment = moments[1]
        await wait_for(pilot, lambda: "100 packets" in said(app))
        await pilot.press("plus")
        plot = chart(app).plot
        assert plot is not None
        still.moment = moments[0]
        await wait_for(pilot, lambda: "of 10 packets" in said(app))
        assert chart(app).plot.begin == plot.begin  # type: ignore[union-attr]

    run(steps, moments[0])


# ------------------------------------------------------------------ what is missing, what is hostile


def test_nothing_that_was_read_is_said() -> None:
    empty = Snapshot(state=session.COMPLETE)

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        assert "There is no packet in what was read." in text(chart(app))
        await pilot.press(
            "plus", "minus", "left_square_bracket", "b", "enter", "right", "l", "L", "enter", "y"
        )
        for topic, _ in statistics.TOPICS[1:]:
            places = [name for name, _ in statistics.TOPICS]
            app.main.query_one(SubjectList).go_to(places.index(topic))
            await pilot.pause()
            assert "There is no" in text(table(app)), topic
            await pilot.press("s", "a", "a", "y", "equals_sign")
        assert app.main.view == "statistics"

    run(steps, empty)
    run(steps, replace(empty, traffic=Traffic().view()))


def test_flows_that_have_not_ended_are_waited_for() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        places = [name for name, _ in statistics.TOPICS]
        app.main.query_one(SubjectList).go_to(places.index("ports"))
        await pilot.pause()
        assert "No flow has ended yet ..." in text(table(app))
        still = app.main.capture
        assert isinstance(still, Still)
        still.moment = finished()
        await wait_for(pilot, lambda: bool(names(app)))

    run(steps, Snapshot(state=session.READING, packets=10))


@pytest.mark.parametrize("plugins", [("basicFlow",), ("basicStats",)])
def test_the_plugin_that_would_give_figures_is_named(plugins: tuple[str, ...]) -> None:
    flows, traffic = read_flows(EXERCISE, plugins)
    moment = replace(finished(), table=flows, traffic=traffic)

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        places = [name for name, _ in statistics.TOPICS]
        app.main.query_one(SubjectList).go_to(places.index("ports"))
        if plugins == ("basicFlow",):
            await wait_for(pilot, lambda: bool(names(app)))
            assert "Only flows are counted: there is no column pktsSnt" in said(app)
            assert "basicStats would give it" in said(app)
            await pilot.press("s")
        else:
            await wait_for(pilot, lambda: "Nothing can be counted: there is no column" in text(table(app)))
            assert "basicFlow would give it" in text(table(app))

    run(steps, moment)


HOSTILE = '\x1b[2J\x9b31m\u202e[bold]"\\\n'


@pytest.mark.parametrize(("topic", "column"), [("headers", "hdrDesc"), ("countries", "srcIPCC")])
def test_hostile_texts_are_shown_as_what_they_are(topic: str, column: str) -> None:
    each = subject(topic)
    line = ranking.Line((HOSTILE,), ("1", "2", "3 bytes"), 0.5, each.condition(HOSTILE))
    headings = tuple(ranking.Heading(name, name) for name in ("flows", "packets", "bytes"))

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await show(app, pilot, topic)
        table(app).show(ranking.Listing(each.headings, headings, (line,), "flows"))
        await pilot.pause()
        drawn = text(table(app))
        assert "␛[2J\\x9b31m\\u202e[bold]" in drawn
        assert drawn.replace("\n", "").isprintable()
        await pilot.press("y")
        assert app.clipboard.replace("\t", "").isprintable()
        assert line.condition.isprintable() and column in line.condition
        await pilot.press("tab", "enter")
        await wait_for(pilot, hits(app, line.condition))
        assert len(app.main.table.arranged) == 0  # type: ignore[arg-type]

    run(steps)


def test_what_goes_wrong_is_said_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(statistics, "_counted", fail)

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        places = [name for name, _ in statistics.TOPICS]
        app.main.query_one(SubjectList).go_to(places.index("ports"))
        await wait_for(pilot, lambda: "Nothing was counted: out of memory" in text(table(app)))
        monkeypatch.undo()
        await pilot.press("k", "j")
        await wait_for(pilot, lambda: bool(names(app)))

    run(steps)


# ------------------------------------------------------------------ a capture that is read


def test_figures_follow_a_capture_that_is_read() -> None:
    opening = opening_of(EXERCISE)
    app = FlowApp(opening, Session(opening))

    async def main() -> None:
        async with app.run_test(size=(160, 48), notifications=True) as pilot:
            await pilot.press("3")
            app.main.query_one(SubjectList).go_to(7)
            await wait_for_end(pilot, app)
            await wait_for(pilot, lambda: f"of all {FLOWS} flows, by" in said(app))
            wanted = count(subject("ports"), app.main.now.table).ranking("flows")  # type: ignore[arg-type]
            assert names(app) == [entry.words for entry in wanted]
            app.main.query_one(SubjectList).go_to(0)
            await wait_for(pilot, lambda: "5,902 packets" in said(app))

    asyncio.run(main())


def test_figures_grow_with_the_flows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flows come in parts; the last part is counted although nothing is new behind it."""
    whole = finished()
    assert whole.table is not None
    parts = [replace(whole, state=session.READING, table=grown(whole.table, rows)) for rows in (5, 30, FLOWS)]
    monkeypatch.setattr(statistics, "REST", 0.5)

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await show(app, pilot, "addresses")
        still = app.main.capture
        assert isinstance(still, Still)
        for moment in parts[1:]:
            still.moment = moment
            await pilot.pause(0.2)
        await wait_for(pilot, lambda: f"all {FLOWS} flows so far" in said(app))
        wanted = count(subject("addresses"), parts[-1].table).ranking("flows")  # type: ignore[arg-type]
        assert names(app) == [entry.words for entry in wanted]

    run(steps, parts[0])


def grown(table: Any, rows: int) -> Any:
    """The first rows of a table."""
    part = copy(table)
    part._rows = rows
    return part
