"""Captures and theme of earlier runs come back."""

import asyncio
from pathlib import Path

import pytest
from textual.widgets import OptionList

from t2tui.tui.app import FlowApp
from t2tui.tui.dialogs.openfile import OpenDialog
from t2tui.tui.memory import Memory
from t2tui.tui.recent import MOST, Recent
from tests.cli.conftest import pcap, udp
from tests.tui.conftest import opening_of
from tests.tui.screens import wait_for, wait_for_end


def test_the_latest_captures_come_first_and_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recent = Recent(Memory(tmp_path / "state"))
    for number in range(MOST + 5):
        recent.opened([f"{number}.pcap"])
    recent.opened(["7.pcap", "/elsewhere/x.pcap"])
    found = Recent(Memory(tmp_path / "state")).captures()
    assert found[:3] == [f"{tmp_path}/7.pcap", "/elsewhere/x.pcap", f"{tmp_path}/{MOST + 4}.pcap"]
    assert len(found) == len(set(found)) == MOST


def test_what_somebody_else_has_written_does_no_harm(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.path("program").write_text('captures = 3\ntheme = ["x"]\n')
    recent = Recent(memory)
    assert recent.captures() == []
    assert recent.theme() == ""
    recent.opened(["/a.pcap"])
    recent.chosen("nord")
    assert (recent.captures(), recent.theme()) == (["/a.pcap"], "nord")


def test_the_next_run_knows_captures_and_theme(tmp_path: Path) -> None:
    path = tmp_path / "one.pcap"
    path.write_bytes(pcap([udp(1)]))

    async def main() -> None:
        app = FlowApp(opening_of(path), memory=Memory(tmp_path / "state"))
        async with app.run_test(size=(100, 30)) as pilot:
            await wait_for_end(pilot, app)
            await pilot.press("t")
            await wait_for(pilot, lambda: Recent(Memory(tmp_path / "state")).theme() == "textual-light")
            await wait_for(pilot, lambda: Recent(Memory(tmp_path / "state")).captures())
        app = FlowApp(opening_of(), memory=Memory(tmp_path / "state"))
        async with app.run_test(size=(100, 30)) as pilot:
            await wait_for(pilot, lambda: isinstance(app.screen, OpenDialog))
            assert app.theme == "textual-light"
            listed = app.screen.query_one(OptionList)
            await wait_for(pilot, lambda: listed.option_count)
            await pilot.press("down", "enter")
            await wait_for(pilot, lambda: app.main.opening.sources == [str(path)])
            await wait_for_end(pilot, app)

    asyncio.run(main())
