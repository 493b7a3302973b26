"""Keys, mouse and states of the screen, on the exercise capture read to its end."""

import asyncio
from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Input

from t2tui.tui import session
from t2tui.tui.actions import ACTIONS
from t2tui.tui.actions.capture import TABS
from t2tui.tui.app import FlowApp
from t2tui.tui.arrangement import Sorting
from t2tui.tui.dialogs.help import HelpScreen
from t2tui.tui.dialogs.question import Question
from t2tui.tui.openflows import COLUMNS
from t2tui.tui.opening import Opening
from t2tui.tui.session import Snapshot
from t2tui.tui.views.detail import DetailPane
from t2tui.tui.views.report import ReportView
from t2tui.tui.widgets.actionline import ActionButton
from t2tui.tui.widgets.filterbar import FilterBar
from t2tui.tui.widgets.tabline import Tab
from t2tui.tui.widgets.topline import TopLine
from tests.tui.conftest import EXERCISE, opening_of
from tests.tui.screens import wait_for, wait_for_end
from tests.tui.still import Still, finished

Steps = Callable[[FlowApp, Pilot[int]], Awaitable[None]]


def run(steps: Steps, moment: Snapshot | None = None, size: tuple[int, int] = (160, 48)) -> FlowApp:
    """Open a screen on a moment, and do steps."""
    opening = opening_of(EXERCISE)
    app = FlowApp(opening, Still(opening, moment or finished()))

    async def main() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            if app.main.capture.ask().table is not None:
                await wait_for(pilot, lambda: app.main.table.arranged is not None, "rows")
            await steps(app, pilot)

    asyncio.run(main())
    return app


def shown(app: FlowApp) -> list[str]:
    """The flows that are shown: index and direction."""
    arranged = app.main.table.arranged
    assert arranged is not None
    cells = [line.split("\t") for line in arranged.table.rows(["flowInd", "dir"])]
    return ["".join(cells[row]) for row in arranged.rows]


def hits(app: FlowApp, count: int) -> Callable[[], bool]:
    return lambda: app.main.table.arranged is not None and len(app.main.table.arranged) == count


def sorting(app: FlowApp) -> Sorting | None:
    return app.main.table.arranged and app.main.table.arranged.sorting


def line(app: FlowApp, y: int) -> str:
    return app.main.table.render_line(y).text


def test_a_capture_is_read_and_filtered(exercise: Opening) -> None:
    app = FlowApp(exercise)

    async def main() -> None:
        async with app.run_test(size=(160, 48), notifications=True) as pilot:
            await wait_for_end(pilot, app)
            await pilot.press("slash", *"$dstPort==21", "enter")
            await wait_for(pilot, hits(app, 1))
            assert app.main.table.line.startswith("A\t35\t")
            await pilot.press("escape")
            await wait_for(pilot, hits(app, 72))
            assert app.main.table.line.startswith("A\t35\t")

    asyncio.run(main())


def test_keys_move_the_cursor() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        rows = shown(app)
        for keys, place in (
            (["down", "j"], 2),
            (["up", "k"], 0),
            (["up"], 0),
            (["G"], 71),
            (["down"], 71),
            (["g"], 0),
            (["end"], 71),
            (["home"], 0),
            (["pagedown"], app.main.table.size.height - 1),
            (["pageup"], 0),
        ):
            await pilot.press(*keys)
            index, direction = app.main.table.line.split("\t")[1::-1]
            assert index + direction == rows[place]
            assert any("▌" in line(app, y) for y in range(app.main.table.size.height)), keys
        columns = [column.name for column in app.main.table.layout_of_columns.columns]
        for key, number in (("right", 1), ("l", 2), ("left", 1), ("h", 0), ("dollar_sign", -1), ("0", 0)):
            await pilot.press(key)
            assert app.main.table.column is not None
            assert app.main.table.column.name == columns[number]
            assert app.main.table.column.name in line(app, 0)

    run(steps, size=(80, 24))


def test_keys_sort_and_the_header_shows_it() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("G", *["right"] * 4, "S")
        await wait_for(pilot, lambda: app.main.table.arranged and app.main.table.arranged.sorting.column)
        assert app.main.table.arranged is not None
        assert app.main.table.arranged.sorting == Sorting("duration", True)
        assert "duration ▼" in line(app, 0)
        durations = [float(cell) for cell in app.main.table.arranged.table.text("duration")]
        order = sorted(range(72), key=lambda row: (-durations[row], row))
        assert app.main.table.arranged.rows.tolist() == order
        assert app.main.table.row == 71, "the cursor stays on its flow"
        await pilot.press("z")
        await wait_for(pilot, lambda: app.main.table.arranged and not app.main.table.arranged.sorting.column)
        assert app.main.table.row == 71

    run(steps)


def test_which_flow_moved_most_is_seen_at_once() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        app.main.table.layout_of_columns.choose(app.main.table.arranged.table, ["l7BytesSnt", "flowInd"])  # type: ignore[union-attr]
        await pilot.press("S")
        await wait_for(pilot, lambda: app.main.table.arranged and app.main.table.arranged.sorting.column)
        assert app.main.table.row == app.main.table.arranged.rows[0]  # type: ignore[union-attr]
        assert app.main.table.cell == "4255056" or int(app.main.table.cell) > 4_000_000

    run(steps)


def test_a_click_on_the_header_sorts_and_on_a_cell_moves() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        x = line(app, 0).index("duration") + 2
        await pilot.click("#flow-table", offset=(x, 0))
        await wait_for(
            pilot, lambda: app.main.table.arranged and app.main.table.arranged.sorting.column == "duration"
        )
        await pilot.click("#flow-table", offset=(x, 0))
        await wait_for(
            pilot, lambda: app.main.table.arranged and app.main.table.arranged.sorting.is_descending
        )
        await pilot.click("#flow-table", offset=(line(app, 0).index("srcIP"), 5))
        assert app.main.table.arranged is not None
        assert app.main.table.column is not None
        assert (app.main.table.column.name, app.main.table.row) == ("srcIP", app.main.table.arranged.rows[4])

    run(steps)


def test_filters_from_cells() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press(*["right"] * 8, "equals_sign")
        await wait_for(pilot, lambda: app.main.table.arranged and len(app.main.table.arranged) < 72)
        assert app.main.part(FilterBar).input.value == "$dstPort == 80"
        before = len(shown(app))
        await pilot.press("left", "exclamation_mark")
        await wait_for(pilot, lambda: app.main.table.arranged and len(app.main.table.arranged) < before)
        assert app.main.part(FilterBar).input.value == "$dstPort == 80 && $dstIP != 198.51.100.44"

    run(steps)


def test_the_filter_completes_tells_errors_and_remembers() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        bar = app.main.part(FilterBar)
        await pilot.press("slash", *"$dstPo", "tab", *"== 2x", "enter")
        await pilot.pause()
        assert bar.input.value == "$dstPort == 2x"
        error = bar.query_one("#filter-error")
        assert error.display
        await pilot.press("backspace", "1", "enter")
        await wait_for(pilot, hits(app, 1))
        assert not error.display
        assert app.focused is app.main.table
        await pilot.press("escape")
        await wait_for(pilot, hits(app, 72))
        await pilot.press("slash", "up")
        assert bar.input.value == "$dstPort == 21"
        await pilot.press("escape")
        assert bar.input.value == ""
        assert app.focused is app.main.table
        assert len(shown(app)) == 72

    run(steps)


def test_nothing_that_hides_or_controls_can_be_pasted_into_the_filter() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("slash")
        box = app.main.part(FilterBar).query_one(Input)
        for text in ("a\x1b[31m", "b\u202e", "c\x9b"):
            box.insert_text_at_cursor(text)
            assert box.value == ""

    run(steps)


def test_marks() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("space", "space")
        assert app.main.table.marked.tolist() == [0, 1]
        assert "●" in line(app, 1)
        await pilot.press("up", "space")
        assert app.main.table.marked.tolist() == [0]
        await pilot.press("tilde")
        assert app.main.table.marked.tolist() == list(range(1, 72))
        await pilot.press("u")
        assert not len(app.main.table.marked)
        await pilot.press("slash", *"$dstPort==21", "enter")
        await wait_for(pilot, hits(app, 1))
        await pilot.press("asterisk", "escape")
        await wait_for(pilot, hits(app, 72))
        assert len(app.main.table.marked) == 1

    run(steps)


def test_the_pane_explains_the_cell_and_folds() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        pane = app.main.part(DetailPane)
        await pilot.press("right", "right")
        await pilot.pause()
        text = str(pane.query_one("#detail-text").render())
        assert "14 L2_IPV4" in text
        assert "Flow 7 A" in text
        assert pane.display
        await pilot.press("enter")
        await pilot.pause()
        assert not pane.display
        await pilot.press("enter")
        await pilot.pause()
        assert pane.display

    run(steps)


def test_a_narrow_screen_folds_the_pane_until_enter() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        pane = app.main.part(DetailPane)
        assert not pane.display
        await pilot.press("enter")
        await pilot.pause()
        assert pane.display
        assert "Flow 7 A" in str(pane.query_one("#detail-text").render())

    run(steps, size=(80, 24))


def test_what_is_wrong_leads_to_the_flows() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("4")
        table = app.main.query_one(DataTable)
        await wait_for(pilot, lambda: table.row_count, "the bits")
        first = [str(cell) for cell in table.get_row_at(0)]
        assert first[0] == "warning"
        await pilot.press("enter")
        await wait_for(pilot, hits(app, int(first[1])))
        assert app.main.view == "flows"
        assert app.main.part(FilterBar).input.value.startswith("bitsanyset($")

    run(steps)


def test_the_report_shows_the_log() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("5")
        await pilot.pause()
        texts = [strip.text.rstrip() for strip in app.main.part(ReportView).log_lines.lines]
        assert texts == ["[INF] a line", "[WRN] a warning"]
        await pilot.press("escape")
        assert app.main.view == "flows"
        await pilot.click("#tab-report")
        assert app.main.view == "report"

    run(steps)


def test_warnings_of_the_report_are_shown_whole_one_after_the_other() -> None:
    lines = tuple(f"[INF] line {number}" if number % 3 else "" for number in range(300))
    lines = (*lines[:100], "[WRN] " + "long " * 40, *lines[100:200], "[ERR] \x1b[2Jbad", *lines[200:])
    moment = replace(finished(), log=lines, faults=2)

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        view = app.main.part(ReportView)

        def fault() -> str:
            return " ".join(str(view.fault.render()).split())

        await pilot.click("#top")
        assert app.main.view == "report"
        assert fault() == "1 of 2: [WRN] " + " ".join(["long"] * 40)
        await wait_for(pilot, lambda: view.log_lines.scroll_y == 100)
        await pilot.press("n")
        assert fault() == "2 of 2: [ERR] ␛[2Jbad"
        await wait_for(pilot, lambda: view.log_lines.scroll_y == 201)
        await pilot.press("n")
        assert fault().startswith("1 of 2")
        await pilot.press("N")
        assert fault().startswith("2 of 2")
        await pilot.press("G")
        await pilot.pause()
        assert view.log_lines.scroll_y == view.log_lines.max_scroll_y > 201
        await pilot.press("k", "g", "j")
        await wait_for(pilot, lambda: view.log_lines.scroll_y == 1)
        await pilot.press("y")
        assert app.clipboard.split("\n")[201] == "[ERR] ␛[2Jbad"

    run(steps, moment)


def test_a_report_without_warnings_says_so() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("5", "n", "N")
        assert not app.main.part(ReportView).fault.display
        buttons = {button.action.name: button for button in app.main.query(ActionButton)}
        assert buttons["next_fault"].has_class("-disabled")

    run(steps, replace(finished(), log=("[INF] a line",), faults=0))


def test_go_to_a_flow() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("ctrl+g", *"35", "enter")
        await wait_for(pilot, lambda: app.main.table.line.startswith("A\t35\t"))
        await pilot.press("ctrl+g", *"99", "enter")
        await pilot.pause()
        assert app.main.table.line.startswith("A\t35\t")

    run(steps)


def test_help_names_every_action_of_the_view() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        text = str(app.screen.query_one("#help > Static").render())
        for action in ACTIONS:
            assert (action.title in text) or action.place not in app.main.places
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, HelpScreen)

    run(steps)


def test_every_action_of_a_view_is_a_method_and_in_the_palette() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        for view in TABS:
            app.main.action_view(view)
            commands = {command.title for command in app.get_system_commands(app.screen)}
            for action in ACTIONS:
                if action.place in app.main.places and action.name != "command_palette":
                    owner = app.performer(action.place, app.screen)
                    assert hasattr(owner, f"action_{action.name.partition('(')[0]}"), action
                    assert action.title in commands

    run(steps)


def test_buttons_do_what_their_keys_do() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        mark = next(button for button in app.main.query(ActionButton) if "Mark" in str(button.render()))
        await pilot.click(mark)
        await wait_for(pilot, lambda: len(app.main.table.marked) == 1)
        await pilot.click(app.main.query(Tab).last())
        assert not mark.display

    run(steps, size=(220, 48))


@pytest.mark.parametrize("width", [60, 80, 160, 220])
def test_buttons_and_tabs_have_room_and_help_is_there(width: int) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        for view in TABS:
            app.main.action_view(view)
            await pilot.pause()
            shown = [button for button in app.main.query(ActionButton) if button.display]
            assert all(button.region.right <= width and button.size.width == button.cells for button in shown)
            assert "help" in [button.action.name for button in shown]
        if width >= 80:
            assert all(tab.region.right <= width for tab in app.main.query(Tab))

    run(steps, size=(width, 24))


def reading(**more: Any) -> Snapshot:
    return replace(finished(), **{"state": session.READING, "size": 240_000, "bytes_read": 60_000, **more})


def test_pause_and_stop() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("P")
        await pilot.press("P")
        await pilot.press("ctrl+x")
        await pilot.pause()
        assert isinstance(app.screen, Question)
        await pilot.press("n")
        await pilot.pause()
        assert app.main.capture.calls == ["pause", "resume"]  # type: ignore[attr-defined]
        await pilot.press("ctrl+x")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert app.main.capture.calls == ["pause", "resume", "cancel"]  # type: ignore[attr-defined]

    run(steps, reading())


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (Snapshot(detail="compiling kernels"), ["compiling kernels"]),
        (Snapshot(state=session.WAITING), ["waiting"]),
        (reading(elapsed=2.0), ["reading", "25 %", "5,902 packets", "6.0 s left"]),
        (reading(faults=3), ["3 warnings"]),
        (reading(state=session.PAUSED), ["paused", "25 %"]),
        (reading(state=session.PARTIAL, bytes_read=120_000), ["partial: stopped at 50 %"]),
        (Snapshot(state=session.FAILED, detail="[/x] it\x1b is broken"), ["failed: [/x] it␛"]),
        (replace(finished(), alarms=4), ["complete", "4 alarms"]),
    ],
    ids=["compiling", "waiting", "reading", "warnings", "paused", "partial", "failed", "complete"],
)
def test_the_top_line_has_words_for_every_state(moment: Snapshot, words: list[str]) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await wait_for(pilot, lambda: app.main.now is app.main.capture.ask())
        text = str(app.main.part(TopLine).render())
        for word in words:
            assert word in text, text
        assert len(text) <= 160

    run(steps, moment)


def test_an_empty_table_says_why() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("slash", *"$dstPort==1", "enter")
        await wait_for(pilot, hits(app, 0))
        await pilot.pause()
        assert "Esc shows all flows" in line(app, 2)
        for action in ACTIONS:
            if action.place == "flows":
                await app.do(action)
        await pilot.pause()

    run(steps)


def test_the_theme_changes() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        assert app.current_theme.dark
        await pilot.press("t")
        assert not app.current_theme.dark

    run(steps)


def test_open_flows_give_way_to_those_that_ended() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await wait_for(pilot, lambda: app.main.table.arranged is not None, "open flows")
        assert app.main.table.arranged is not None
        assert "duration" not in app.main.table.arranged.table
        await pilot.press("down", "right", "space", "equals_sign")
        await pilot.pause()
        assert "when the first flow has ended" in str(
            app.main.part(FilterBar).query_one("#filter-hits").render()
        )
        assert app.main.part(FilterBar).input.value == "$flowStat == 0x0400000000004000"
        app.main.capture.moment = finished()  # type: ignore[attr-defined]
        await wait_for(pilot, lambda: app.main.table.arranged and "dir" in app.main.table.arranged.table)
        await wait_for(pilot, hits(app, 36))
        assert app.main.table.marked.tolist() == [1], "the mark stays on its flow"
        assert app.main.table.column is not None
        assert app.main.table.column.name == "dir"

    flows = finished().table
    assert flows is not None
    few = copy(flows)
    few._pairs = {name: pair for name, pair in flows._pairs.items() if name in COLUMNS}
    few._columns = lambda: list(few._pairs.values())
    run(steps, Snapshot(state=session.READING, flows=72, packets=9, open_flows=few))


def test_columns_are_hidden_moved_and_brought_back() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        def names() -> list[str]:
            return [column.name for column in app.main.table.layout_of_columns.columns]

        usual = names()
        await pilot.press("right", "right", "minus")
        assert names() == [name for name in usual if name != "flowStat"]
        assert app.main.table.column is not None
        assert app.main.table.column.name == "timeFirst"
        assert "flowStat" not in line(app, 0)
        await pilot.press("greater_than_sign")
        assert names()[2:4] == ["duration", "timeFirst"]
        assert app.main.table.column.name == "timeFirst"
        assert line(app, 0).index("duration") < line(app, 0).index("timeFirst")
        await pilot.press("less_than_sign", "less_than_sign")
        assert names()[:3] == ["dir", "flowInd", "timeFirst"], "columns that stay are beside each other"
        await pilot.press("left", "minus", "minus", *["minus"] * len(usual))
        assert len(names()) == 1
        assert line(app, 1).strip()
        await pilot.press("plus")
        assert names() == usual

    run(steps, size=(100, 30))
