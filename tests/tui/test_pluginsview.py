"""The plugins and their flags on screen: switched, changed, run with, written."""

import asyncio
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

from textual.pilot import Pilot
from textual.widgets import Input

from t2tui.core.roster import Breakdown
from t2tui.tui.actions import ACTIONS
from t2tui.tui.app import FlowApp
from t2tui.tui.dialogs.help import HelpScreen
from t2tui.tui.dialogs.question import Question
from t2tui.tui.opening import Opening
from t2tui.tui.pluginsettings import PluginSettings
from t2tui.tui.session import Snapshot
from t2tui.tui.views.plugins import PluginsView
from t2tui.tui.widgets.actionline import ActionButton
from t2tui.tui.widgets.fields import TextField
from tests.tui.conftest import EXERCISE, opening_of
from tests.tui.hostile import plugin_folder
from tests.tui.screens import wait_for, wait_for_end
from tests.tui.still import Still, finished

__all__ = ["plugin_folder"]

NAMES = ("basicFlow", "basicStats", "tcpStates", "tcpWin")
Steps = Callable[[FlowApp, Pilot[int], PluginsView], Awaitable[None]]


def run(
    steps: Steps,
    opening: Opening | None = None,
    moment: Snapshot | None = None,
    size: tuple[int, int] = (120, 40),
) -> None:
    """Open the plugins of a capture that stands still, and do steps."""
    opening = opening or opening_of(EXERCISE, names=NAMES)
    app = FlowApp(opening, Still(opening, moment or finished()))

    async def main() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.press("6")
            await steps(app, pilot, await looked(app, pilot))

    asyncio.run(main())


async def looked(app: FlowApp, pilot: Pilot[int]) -> PluginsView:
    """Wait until the plugins are listed."""
    await wait_for(pilot, lambda: app.main.query(PluginsView), "the view")
    view = app.main.part(PluginsView)
    await wait_for(pilot, lambda: view.settings is not None, "the plugins")
    await wait_for(pilot, lambda: view.lit and view.form.query("#plugin-facts"), "the form")
    return view


async def light(pilot: Pilot[int], view: PluginsView, name: str) -> None:
    """Light a plugin, by keys."""
    settings = settings_of(view)
    names = [known.name for known in settings.known]
    assert view.lit is not None
    steps = names.index(name) - names.index(view.lit.name)
    await pilot.press(*["down" if steps > 0 else "up"] * abs(steps))
    await wait_for(pilot, lambda: facts(view).startswith(name), f"the form of {name}")


def settings_of(view: PluginsView) -> PluginSettings:
    assert view.settings is not None
    return view.settings


def line(view: PluginsView, name: str) -> str:
    """The line of a plugin in the list."""
    names = [known.name for known in settings_of(view).known]
    return str(view.listed.get_option_at_index(names.index(name)).prompt)


def facts(view: PluginsView) -> str:
    return str(view.form.query_one("#plugin-facts").render())


def head(view: PluginsView) -> str:
    return str(view.query_one("#plugins-head").render())


def field(view: PluginsView, flag: str) -> TextField:
    for found in view.form.query(TextField):
        declared = view.form.flag_of(found)
        if declared is not None and declared.name == flag:
            return found
    raise AssertionError(flag)


def notes(app: FlowApp) -> list[str]:
    return [note.message for note in app._notifications]


def test_keys_switch_plugins_and_change_flags() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int], view: PluginsView) -> None:
        assert view.lit is not None
        assert view.lit.name == "basicFlow"
        await light(pilot, view, "connStat")
        assert line(view, "connStat").startswith("○  500 connStat")
        await pilot.press("space")
        assert line(view, "connStat").startswith("●* 500 connStat")
        assert "connStat off → on" in head(view)
        await pilot.press("space")
        assert line(view, "connStat").startswith("○  500")
        await light(pilot, view, "tcpWin")
        await pilot.press("enter", "end", *["backspace"] * 5, *"70000")
        thres = field(view, "TCPWIN_THRES")
        await wait_for(pilot, lambda: thres.error, "the error")
        assert "must be an integer from 0 to 65536" in str(thres.query_one(".field-note").render())
        assert settings_of(view).value("tcpWin", "TCPWIN_THRES") == 1
        await pilot.press("escape", "R")
        await wait_for(pilot, lambda: any("TCPWIN_THRES must be" in text for text in notes(app)))
        assert app.focused is thres.input, "the wrong field is shown"
        await pilot.press("end", "backspace")
        await wait_for(pilot, lambda: settings_of(view).value("tcpWin", "TCPWIN_THRES") == 7000)
        note = str(thres.query_one(".field-note").render())
        assert "count packets with a window below this" in note
        assert "default 1" in note
        assert "changed here" in note
        assert "Not saved: tcpWin.TCPWIN_THRES 1 → 7000" in head(view)
        await pilot.press("tab")
        assert app.focused is field(view, "TCPWIN_FLWPRG").input
        await pilot.press("shift+tab", "escape", "D")
        await wait_for(pilot, lambda: thres.value == 1)
        assert settings_of(view).unsaved() == []
        assert app.focused is view.listed
        await pilot.press("escape")
        assert app.main.view == "flows"

    run(steps, size=(80, 24))


def test_changes_are_saved_after_a_question(
    tmp_path: Path, t2tui: Callable[..., CompletedProcess[str]]
) -> None:
    config = tmp_path / "mine [x].toml"
    config.write_text("# mine\n")

    async def steps(app: FlowApp, pilot: Pilot[int], view: PluginsView) -> None:
        save = next(
            button for button in app.main.query(ActionButton) if button.action.name == "save_settings"
        )
        assert save.has_class("-disabled")
        await light(pilot, view, "tcpWin")
        await pilot.press("enter", "end", "backspace", "9", "ctrl+s")
        await wait_for(pilot, lambda: isinstance(app.screen, Question), "the question")
        text = "\n".join(str(part.render()) for part in app.screen.query("Static"))
        assert str(config) in text
        assert "+ TCPWIN_THRES = 9" in text
        await pilot.press("n")
        await pilot.pause()
        assert config.read_text() == "# mine\n"
        await pilot.press("escape")
        assert not save.has_class("-disabled")
        await pilot.click(save)
        await wait_for(pilot, lambda: isinstance(app.screen, Question), "the question")
        await pilot.press("y")
        await wait_for(pilot, lambda: any("Written to" in text for text in notes(app)))
        assert save.has_class("-disabled")
        assert "Not saved" not in head(view)

    run(steps, opening_of(EXERCISE, names=NAMES, config=config))
    assert config.read_text().startswith("# mine\n")
    assert tomllib.loads(config.read_text()) == {"tcpWin": {"TCPWIN_THRES": 9}}
    shown = t2tui("conf", "tcpWin", "-G", "TCPWIN_THRES", "--config", config)
    assert shown.stdout == "TCPWIN_THRES = 9\n"


def test_a_read_only_file_is_said_before_the_question(tmp_path: Path) -> None:
    config = tmp_path / "mine.toml"
    config.write_text("")
    config.chmod(0o444)

    async def steps(app: FlowApp, pilot: Pilot[int], view: PluginsView) -> None:
        await pilot.press("space", "w")
        await wait_for(pilot, lambda: any("it is read-only" in text for text in notes(app)))
        assert app.screen is app.main

    run(steps, opening_of(EXERCISE, names=NAMES, config=config))


def test_run_again_shows_what_changed_and_keeps_filter_order_and_columns() -> None:
    async def main() -> None:
        app = FlowApp(opening_of(EXERCISE, names=NAMES))
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await wait_for_end(pilot, app)
            first = app.main
            await pilot.press("slash", *"$l4Proto == 6", "enter")
            await wait_for(pilot, lambda: first.filter_text)
            await pilot.press("right", "right", "minus", "S")
            await wait_for(pilot, lambda: first.table.arranged and first.table.arranged.sorting.column)
            assert first.table.arranged is not None
            sorting, shown = first.table.arranged.sorting, len(first.table.arranged)
            columns = [column.name for column in first.table.layout_of_columns.columns]
            await pilot.press("6")
            view = await looked(app, pilot)
            await light(pilot, view, "tcpWin")
            await pilot.press("enter", "end", *"0000", "ctrl+r")
            await wait_for(pilot, lambda: app.main is not first, "the next run")
            await wait_for_end(pilot, app)
            view = await looked(app, pilot)
            assert app.main.opening.settings["tcpWin"].TCPWIN_THRES == 10000
            assert app.main.view == "plugins"
            assert view.lit is not None
            assert view.lit.name == "tcpWin"
            assert app.main.now.alarms > first.now.alarms == 4
            expected = f"With tcpWin.TCPWIN_THRES 1 → 10000: alarms 4 → {app.main.now.alarms:,}; "
            expected += "the same packets, flows, rows, columns"
            assert head(view).startswith(expected)
            assert expected in notes(app)
            assert "Not saved: tcpWin.TCPWIN_THRES 1 → 10000" in head(view)
            table = app.main.table
            await wait_for(pilot, lambda: table.arranged and len(table.arranged) == shown)
            assert table.arranged is not None
            assert (table.arranged.filter_text, table.arranged.sorting) == ("$l4Proto == 6", sorting)
            assert [column.name for column in table.layout_of_columns.columns] == columns
            # without the plugin its columns go, and the filter that reads them says so
            await pilot.press("1", "slash", *["backspace"] * 20, *"$tcpWinThCnt > 0", "enter")
            await wait_for(pilot, lambda: app.main.filter_text == "$tcpWinThCnt > 0")
            second = app.main
            await pilot.press("6", "space", "R")
            await wait_for(pilot, lambda: app.main is not second, "the third run")
            await wait_for(pilot, lambda: app.main.now.has_ended)
            view = await looked(app, pilot)
            assert "-tcpWinThCnt" in head(view)
            assert app.main.filter_text == ""
            assert "tcpWinThCnt" in str(app.main.query_one("#filter-error").render())

    asyncio.run(main())


def test_a_pipe_cannot_be_run_again_and_the_button_says_why() -> None:
    opening = opening_of("-", names=NAMES)

    async def steps(app: FlowApp, pilot: Pilot[int], view: PluginsView) -> None:
        again = next(button for button in app.main.query(ActionButton) if button.action.name == "run_again")
        assert again.has_class("-disabled")
        assert "a pipe cannot be read again" in str(again.tooltip)
        await pilot.press("R")
        await wait_for(pilot, lambda: any("a pipe cannot be read again" in text for text in notes(app)))

    run(steps, opening)


def test_what_strangers_say_is_shown_and_not_obeyed(plugin_folder: Path) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int], view: PluginsView) -> None:
        assert "␛[2J[/x] [bold]loud[@click=app.quit]\\u202eabc" in line(view, "loud")
        assert line(view, "bad").startswith("!  530 bad")
        await light(pilot, view, "loud")
        assert "plugins [red]" in facts(view)
        note = field(view, "IT_TEXT").query_one(".field-note")
        assert "␛]0;owned" in str(note.render())
        await light(pilot, view, "needy")
        await pilot.press("space")
        assert "it needs connStat, which does not run" in facts(view)
        await light(pilot, view, "bad")
        assert "530_bad.py" in facts(view)
        await pilot.press("space")
        await wait_for(pilot, lambda: any("530_bad.py" in text for text in notes(app)))
        assert not settings_of(view).is_on("bad")
        for text in (facts(view), head(view), *notes(app), *(line(view, name) for name in ("loud", "bad"))):
            assert "\x1b" not in text

    run(steps)


def test_a_plugin_that_broke_down_says_so_in_its_place() -> None:
    broken = Breakdown("tcpWin", "in packets 1 to 9: ValueError: \x1b[2J[/x]", ValueError("x"))
    moment = replace(finished(), breakdowns=(broken,))

    async def steps(app: FlowApp, pilot: Pilot[int], view: PluginsView) -> None:
        assert line(view, "tcpWin").startswith("!")
        assert "switched off in packets 1 to 9" in line(view, "tcpWin")
        await light(pilot, view, "tcpWin")
        assert "switched off in packets 1 to 9: ValueError: ␛[2J[/x]" in facts(view)

    run(steps, moment=moment)


def test_what_writes_files_is_left_out_with_its_reason() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int], view: PluginsView) -> None:
        assert line(view, "txtSink").startswith("-  901 txtSink")
        await light(pilot, view, "txtSink")
        assert "left out here; 't2tui run' writes them" in facts(view)

    run(steps, opening_of(EXERCISE, names=(*NAMES, "txtSink")))


def test_the_help_shows_the_ids_by_which_keys_are_changed() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int], view: PluginsView) -> None:
        await pilot.press("question_mark")
        await wait_for(pilot, lambda: isinstance(app.screen, HelpScreen), "the help")
        table = app.screen.query_one("#help > Static")
        assert "plugins.switch" not in str(table.render())
        await pilot.press("i")
        await pilot.pause()
        for action in ACTIONS:
            assert (f"[{action.id}]" in str(table.render())) == (action.place in app.main.places)

    run(steps)


def test_fields_do_not_take_what_hides(plugin_folder: Path) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int], view: PluginsView) -> None:
        await light(pilot, view, "tcpWin")
        box = field(view, "TCPWIN_SUFFIX").query_one(Input)
        box.insert_text_at_cursor("\x1b[31m\u202e")
        await pilot.pause()
        assert settings_of(view).unsaved() == []

    run(steps)
