"""Keys, dialogs and mouse of the flow table, on the exercise capture."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from t2tui.tui.app import FlowApp
from t2tui.tui.arrangement import Sorting
from t2tui.tui.dialogs.columns import ColumnsDialog
from t2tui.tui.dialogs.menu import Menu
from t2tui.tui.dialogs.named import NamedDialog
from t2tui.tui.dialogs.text import AskText
from t2tui.tui.memory import Memory
from t2tui.tui.profiles import BUILT_IN
from t2tui.tui.views.detail import DetailPane
from t2tui.tui.widgets.filterbar import FilterBar
from tests.tui.screens import wait_for
from tests.tui.test_app import hits, line, run, shown, sorting


def names(app: FlowApp) -> list[str]:
    return [column.name for column in app.main.table.layout_of_columns.columns]


def column(app: FlowApp) -> str:
    assert app.main.table.column is not None
    return app.main.table.column.name


def width(app: FlowApp) -> int:
    table = app.main.table
    return table.layout_of_columns.width(table._column)


def test_columns_are_resized_by_keys_and_fit() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("right", "right")
        usual = width(app)
        await pilot.press("right_curly_bracket", "ctrl+right")
        assert width(app) == usual + 4
        assert line(app, 0).index("timeFirst") - line(app, 0).index("flowStat") == usual + 5
        await pilot.press("left_curly_bracket", *["ctrl+left"] * 20)
        assert width(app) == 3
        assert "…" in line(app, 1)
        await pilot.press("W")
        assert width(app) == len("0x0400000000004000")

    run(steps)


def test_the_border_of_a_header_is_dragged_and_fits_by_a_double_click() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        border = line(app, 0).index("timeFirst") - 1
        await pilot.mouse_down("#flow-table", offset=(border, 0))
        await pilot.hover("#flow-table", offset=(border + 6, 3))
        await pilot.mouse_up("#flow-table", offset=(border + 6, 3))
        assert line(app, 0).index("timeFirst") == border + 7
        assert sorting(app) == Sorting(), "a drag does not sort"
        await pilot.double_click("#flow-table", offset=(border + 6, 0))
        assert line(app, 0).index("timeFirst") == border + 1
        assert sorting(app) == Sorting()

    run(steps)


def test_frozen_columns_stay() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("right", "right", "F", "dollar_sign")
        assert "flowStat" in line(app, 0)
        assert "timeFirst" not in line(app, 0)
        await pilot.press("0", "right", "right", "F", "dollar_sign")
        assert "flowStat" not in line(app, 0)
        await pilot.press("0", *["right"] * 12, "F")
        assert app.main.table.layout_of_columns.fixed == 2, "too many to leave room"

    run(steps, size=(80, 24))


def test_the_layout_is_remembered_and_columns_are_chosen_in_a_dialog(tmp_path: Path) -> None:
    async def choose(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("right", "right", "c")
        await wait_for(pilot, lambda: isinstance(app.screen, ColumnsDialog))
        dialog = app.screen
        assert isinstance(dialog, ColumnsDialog)
        assert dialog.lit is not None
        assert dialog.lit.name == "flowStat"
        await pilot.press("space", "shift+up", "alt+up")
        assert [each.name for each in dialog._listed[:3]] == ["flowStat", "dir", "flowInd"]
        await pilot.press(*"srcport")
        assert dialog.lit.name == "srcPort"
        assert "source" in str(dialog.query_one(".about").render()).casefold()
        await pilot.press("space", "enter")
        await wait_for(pilot, lambda: app.screen is app.main)
        assert names(app)[:2] == ["dir", "flowInd"]
        assert {"flowStat", "srcPort"}.isdisjoint(names(app))
        await pilot.press("greater_than_sign", "right_curly_bracket")
        await app.action_quit()

    async def again(app: FlowApp, pilot: Pilot[int]) -> None:
        assert {"flowStat", "srcPort"}.isdisjoint(names(app))
        assert app.main.table.layout_of_columns.profile.widths
        await pilot.press("c", "ctrl+r", "enter")
        await wait_for(pilot, lambda: app.screen is app.main)
        assert names(app) == BUILT_IN["all"].shown(app.main.table.arranged.table.names)  # type: ignore[union-attr]
        await pilot.press("c", "space", "escape")
        await wait_for(pilot, lambda: app.screen is app.main)
        assert "dir" in names(app)

    run(choose)
    run(again)


def test_layouts_are_taken_saved_and_deleted() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        async def opened() -> NamedDialog:
            await pilot.press("C")
            await wait_for(pilot, lambda: isinstance(app.screen, NamedDialog))
            assert isinstance(app.screen, NamedDialog)
            return app.screen

        await opened()
        await pilot.press(*"addr", "enter")
        await wait_for(pilot, lambda: names(app)[:3] == ["dir", "flowInd", "srcMac"])
        await pilot.press("minus")
        mine = names(app)
        await opened()
        await pilot.press(*"mine", "ctrl+s")
        await wait_for(pilot, lambda: app.screen is app.main)
        await pilot.press("plus")
        assert names(app) != mine
        await opened()
        await pilot.press(*"mine", "enter")
        await wait_for(pilot, lambda: names(app) == mine)
        dialog = await opened()
        await pilot.press("delete")
        assert "stays" in str(dialog.query_one(".about").render())
        await pilot.press(*"mine", "delete")
        await wait_for(pilot, lambda: isinstance(app.screen, NamedDialog) and app.screen is not dialog)
        assert not app.main.table.profiles.own()

    run(steps)


def test_a_and_b_are_kept_together() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("v")
        await wait_for(pilot, lambda: app.main.table.arranged and app.main.table.arranged.is_paired)
        flows = shown(app)
        assert len(flows) == 72
        assert all(
            flows[place + 1] == f"{flow[:-1]}B"
            for place, flow in enumerate(flows)
            if flow[-1] == "A" and f"{flow[:-1]}B" in flows
        )
        assert "╭" in line(app, flows.index("35A") + 1) or app.main.table.row is not None
        drawn = "".join(line(app, y)[2] for y in range(1, 48))
        assert drawn.count("╭") + drawn.count("╰") > 10
        await pilot.press("slash", *"$dstPort==21", "enter")
        await wait_for(pilot, hits(app, 2))
        assert shown(app) == ["35A", "35B"], "B does not fulfil it, but belongs to A"
        assert "1 conversations" in str(app.main.part(FilterBar).query_one("#filter-hits").render())
        await pilot.press("v")
        await wait_for(pilot, hits(app, 1))

    run(steps)


def test_sorting_once_more_reverses() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press(*["right"] * 4)
        for key, is_descending in (("s", False), ("s", True), ("s", False), ("S", True), ("S", False)):
            await pilot.press(key)
            await wait_for(
                pilot, lambda wanted=is_descending: sorting(app) == Sorting("duration", wanted), key
            )
        await pilot.press("z")
        await wait_for(pilot, lambda: sorting(app) == Sorting())
        await pilot.press("S")
        await wait_for(pilot, lambda: sorting(app) == Sorting("duration", True))

    run(steps)


def test_ranges_are_marked_by_keys() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        table = app.main.table
        await pilot.press("down", "V", "down", "down")
        assert [line(app, y)[0] for y in range(1, 6)] == [" ", "+", "+", "+", " "]
        await pilot.press("escape")
        assert not len(table.marked)
        assert line(app, 2)[0] == " "
        for confirm in ("space", "enter", "V"):
            await pilot.press("g", "down", "V", "down", "down", confirm)
            assert table.marked.tolist() == [1, 2, 3], confirm
            await pilot.press("u")
        await pilot.press("G", "V", "up", "up", "space", "g", "right_square_bracket")
        assert table.row == 69
        await pilot.press("right_square_bracket", "right_square_bracket", "right_square_bracket")
        assert table.row == 69, "round and round"
        await pilot.press("left_square_bracket")
        assert table.row == 71
        await pilot.press("at")
        await wait_for(pilot, hits(app, 3))
        assert shown(app) == [flow for flow in shown(app) if flow]
        assert table.notes.marks[table.arranged.rows].all()  # type: ignore[union-attr]

    run(steps)


def test_ranges_are_marked_by_the_mouse() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        table = app.main.table
        await pilot.mouse_down("#flow-table", offset=(20, 2))
        await pilot.hover("#flow-table", offset=(20, 5))
        await pilot.mouse_up("#flow-table", offset=(20, 5))
        assert table.marked.tolist() == [1, 2, 3, 4]
        await pilot.press("u")
        await pilot.click("#flow-table", offset=(20, 8))
        assert not len(table.marked)
        await pilot.click("#flow-table", offset=(20, 10), shift=True)
        assert table.marked.tolist() == [7, 8, 9]

    run(steps)


def test_comments_and_marks_are_there_in_the_next_run() -> None:
    async def first(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("down", "semicolon")
        await wait_for(pilot, lambda: isinstance(app.screen, AskText))
        await pilot.press(*"[/x] odd", "enter")
        await wait_for(pilot, lambda: app.screen is app.main)
        assert line(app, 2)[0] == "○"
        assert "[/x] odd" in str(app.main.part(DetailPane).query_one("#detail-text").render())
        await pilot.press("space", "space")
        assert [line(app, y)[0] for y in (1, 2, 3)] == [" ", "◉", "●"]
        await app.action_quit()

    async def second(app: FlowApp, pilot: Pilot[int]) -> None:
        assert [line(app, y)[0] for y in (1, 2, 3, 4)] == [" ", "◉", "●", " "]
        await pilot.press("quotation_mark")
        await wait_for(pilot, hits(app, 1))
        assert app.main.table.notes.comments == {shown(app)[0]: "[/x] odd"}
        await pilot.press("g", "semicolon")
        await wait_for(pilot, lambda: isinstance(app.screen, AskText))
        assert app.screen.query_one(Input).value == "[/x] odd"
        app.screen.query_one(Input).value = ""
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.screen is app.main)
        assert line(app, 1)[0] == "●"

    run(first)
    run(second)


def test_what_cannot_be_kept_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T2TUI_STATE", str(tmp_path / "state"))
    (tmp_path / "state").touch()

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("semicolon")
        await wait_for(pilot, lambda: isinstance(app.screen, AskText))
        await pilot.press("x", "enter")
        await wait_for(pilot, lambda: any("T2TUI_STATE" in note.message for note in app._notifications))
        assert line(app, 1)[0] == "○", "it is there as long as the program runs"

    run(steps)


def test_damaged_files_are_told_and_do_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T2TUI_STATE", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    for name in ("columns", "filters"):
        (tmp_path / "state" / f"{name}.toml").write_text("x = [", "utf-8")

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        assert len(shown(app)) == 72
        await wait_for(pilot, lambda: any("filters.toml" in note.message for note in app._notifications))
        await pilot.press("minus")
        await app.action_quit()

    run(steps)
    assert (tmp_path / "state" / "columns.damaged.txt").read_text("utf-8") == "x = ["
    assert "hidden" in Memory(tmp_path / "state").load("columns")["last"]


def test_a_menu_does_what_keys_do() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.click("#flow-table", offset=(line(app, 0).index("dstPort") + 1, 5), button=3)
        await wait_for(pilot, lambda: isinstance(app.screen, Menu))
        menu = app.screen
        assert isinstance(menu, Menu)
        titles = [action.name for action in menu._actions]
        assert titles[:4] == ["keep_cell", "drop_cell", "or_cell", "copy_cell"]
        assert menu.query_one(OptionList).region.bottom <= 48
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.main.filter_text.startswith("$dstPort == "))
        await pilot.press("m")
        await wait_for(pilot, lambda: isinstance(app.screen, Menu))
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.main)
        await pilot.click("#flow-table", offset=(line(app, 0).index("duration"), 0), button=3)
        await wait_for(pilot, lambda: isinstance(app.screen, Menu))
        await pilot.press("end", "escape")
        assert sorting(app) == Sorting()
        await wait_for(pilot, lambda: app.screen is app.main)
        await pilot.click("#flow-table", offset=(60, 1), button=3)
        await wait_for(pilot, lambda: isinstance(app.screen, Menu))
        await pilot.click(offset=(2, 40))
        await wait_for(pilot, lambda: app.screen is app.main)

    run(steps)


def test_or_and_copy_of_the_filter() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("ctrl+y")
        assert app.clipboard == ""
        await pilot.press(*["right"] * 8, "equals_sign")
        await wait_for(pilot, lambda: app.main.filter_text == "$dstPort == 80")
        before = len(shown(app))
        await pilot.press("escape")
        await wait_for(pilot, hits(app, 72))
        app.main.filter_by("$dstPort == 21")
        await wait_for(pilot, hits(app, 1))
        await pilot.press("escape", "g", "vertical_line")
        await wait_for(pilot, hits(app, before))
        app.main.filter_by('$dstPort == 80 && $dir == "A"')
        await wait_for(
            pilot, lambda: app.main.table.arranged and '"A"' in app.main.table.arranged.filter_text
        )
        await pilot.press("0", "right", "vertical_line")
        await wait_for(pilot, lambda: "|| $flowInd == " in app.main.filter_text)
        await pilot.press("ctrl+y")
        assert app.clipboard == app.main.filter_text

    run(steps)


def test_a_row_of_a_reset_has_a_sign() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        app.main.filter_by(
            "bitsanyset($tcpStatesAFlags, 0x40) && not(bitsanyset($flowStat, 0x2000100000000))"
        )
        await wait_for(pilot, lambda: app.main.table.arranged and app.main.table.arranged.filter_text)
        signs = {line(app, y + 1)[1] for y in range(len(shown(app)))}
        assert "×" in signs
        assert signs <= {"×", "!", "^"}

    run(steps)
