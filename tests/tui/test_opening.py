"""Captures are opened from within the program, one in the place of another."""

import asyncio
import tomllib
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from t2tui.core.configfile import Preferences
from t2tui.tui import session
from t2tui.tui.app import FlowApp
from t2tui.tui.dialogs.openfile import OpenDialog
from t2tui.tui.memory import Memory
from t2tui.tui.preferences import faults
from t2tui.tui.recent import Recent
from tests.cli.conftest import pcap, udp
from tests.conftest import REPOSITORY
from tests.tui.conftest import EXERCISE, opening_of
from tests.tui.screens import wait_for, wait_for_end
from tests.tui.still import Still, finished


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, ports in (("one.pcap", (1, 2, 3)), ("two.pcap", (3, 4))):
        (tmp_path / name).write_bytes(pcap([udp(port) for port in ports]))
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "[red]x.pcap").write_bytes(pcap([udp(9)]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def listed(pilot: Pilot[int], app: FlowApp, count: int) -> None:
    await wait_for(pilot, lambda: isinstance(app.screen, OpenDialog), "the dialog")
    await wait_for(pilot, lambda: app.screen.query_one(OptionList).option_count == count, "the entries")


def test_without_a_capture_the_program_asks_for_one() -> None:
    async def main() -> None:
        app = FlowApp(opening_of())
        async with app.run_test(size=(100, 30), notifications=True) as pilot:
            await listed(pilot, app, 3)
            assert app.main.now.state in (session.PREPARING, session.NOTHING)
            await pilot.press(*"one", "enter")
            await wait_for(pilot, lambda: app.main.opening.sources == ["one.pcap"])
            await wait_for_end(pilot, app)
            assert app.main.now.rows == 3
            assert app.focused is app.main.table

    asyncio.run(main())


def test_a_dialog_that_is_left_leaves_a_screen_that_says_what_to_press() -> None:
    async def main() -> None:
        app = FlowApp(opening_of())
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await listed(pilot, app, 3)
            await pilot.press("escape")
            await wait_for(pilot, lambda: app.main.now.state == session.NOTHING)
            assert "o opens one" in app.main.table.render_line(2).text
            await pilot.press("o")
            await listed(pilot, app, 3)

    asyncio.run(main())


def test_another_capture_takes_the_place_of_the_one_that_is_open() -> None:
    async def main() -> None:
        opening = opening_of(EXERCISE)
        app = FlowApp(opening, Still(opening, finished()))
        async with app.run_test(size=(100, 30), notifications=True) as pilot:
            await wait_for(pilot, lambda: app.main.table.arranged)
            before = app.main
            await wait_for(pilot, Recent(Memory()).captures, "the capture among those that were open")
            await pilot.press("o")
            await listed(pilot, app, 4)
            await pilot.press(*"more/")
            await listed(pilot, app, 1)
            await pilot.press("down", "enter")
            await wait_for(pilot, lambda: app.main is not before)
            await wait_for_end(pilot, app)
            assert app.main.opening.name == "[red]x.pcap"
            assert "cancel" in before.capture.calls  # type: ignore[attr-defined]
            assert app.screen is app.main
            await pilot.press("slash", *"$dstPort == 9", "enter")
            await wait_for(pilot, lambda: app.main.filter_text)

    asyncio.run(main())


def test_several_captures_are_opened_as_one() -> None:
    async def main() -> None:
        app = FlowApp(opening_of())
        async with app.run_test(size=(100, 30), notifications=True) as pilot:
            await listed(pilot, app, 3)
            await pilot.press(*"one.pcap")
            await listed(pilot, app, 1)
            await pilot.press("ctrl+t", *["backspace"] * 8, *"two")
            await listed(pilot, app, 1)
            await pilot.press("enter")
            await wait_for(pilot, lambda: app.main.opening.sources == ["one.pcap", "two.pcap"])
            await wait_for_end(pilot, app)
            assert app.main.now.packets == 5

    asyncio.run(main())


def test_what_is_not_there_is_said_in_place() -> None:
    async def main() -> None:
        app = FlowApp(opening_of())
        async with app.run_test(size=(100, 30), notifications=True) as pilot:
            await listed(pilot, app, 3)
            await pilot.press(*"x\\[/y]", "enter")
            await listed(pilot, app, 0)
            await pilot.press("enter")
            note = app.screen.query_one("#open-note")
            await wait_for(pilot, lambda: "There is no file" in str(note.render()))
            app.screen.query_one(Input).value = "nowhere/"
            await wait_for(pilot, lambda: "No such file" in str(note.render()))

    asyncio.run(main())


def test_theme_and_keys_are_the_users() -> None:
    async def main() -> None:
        opening = opening_of(EXERCISE)
        wanted = Preferences(theme="nord", keys={"flows.mark": "m", "flows.bark": "b"})
        app = FlowApp(opening, Still(opening, finished()), wanted)
        told: list[str] = []
        async with app.run_test(size=(100, 30), notifications=True) as pilot:
            await wait_for(pilot, lambda: app.main.table.arranged)
            told += [note.message for note in app._notifications]
            assert app.theme == "nord"
            await pilot.press("m")
            await wait_for(pilot, lambda: len(app.main.table.marked) == 1)
            await pilot.press("space")
            assert len(app.main.table.marked) == 1
        assert any("no action 'flows.bark'" in text and "flows.mark" in text for text in told)

    asyncio.run(main())


def test_the_documented_theme_and_keys_exist() -> None:
    page = (REPOSITORY / "docs" / "settings.md").read_text("utf-8")
    (example,) = [block for block in page.split("```toml\n")[1:] if block.startswith("[t2tui]\ntheme")]
    own = tomllib.loads(example.partition("```")[0])["t2tui"]
    wanted = Preferences(theme=own["theme"], keys=own["keys"])
    assert len(wanted.keys) > 1
    assert faults(wanted, FlowApp(opening_of()).available_themes) == []
