"""How the screens look: fixed sizes, no clock. ``pytest --snapshot-update`` after looking at each."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

import t2tui
from t2tui.core.statistics import TrafficView
from t2tui.core.streams import Stream
from t2tui.tui import session
from t2tui.tui.app import FlowApp
from t2tui.tui.screens.follow import FollowScreen
from t2tui.tui.session import Snapshot
from t2tui.tui.views.plugins import PluginsView
from t2tui.tui.widgets.packettable import PacketTable
from t2tui.tui.widgets.rankingtable import RankingTable
from t2tui.tui.widgets.streamview import StreamView
from tests.tui.conftest import EXERCISE, opening_of
from tests.tui.screens import wait_for
from tests.tui.still import Still, finished
from tests.tui.withpackets import WithPackets, reader_of_exercise

Compare = Callable[..., bool]


@pytest.mark.parametrize(
    ("size", "keys", "theme"),
    [
        ((160, 48), ["2", "j", "j", "j", "tab", "j", "j", "j", "right", "j", "j"], "textual-dark"),
        ((80, 24), ["2", "j", "enter", "tab", "j", "j", "enter", "j"], "textual-light"),
    ],
    ids=["packets", "packets-narrow"],
)
def test_look_of_packets(
    snap_compare: Compare, tmp_path: Path, size: tuple[int, int], keys: list[str], theme: str
) -> None:
    app = FlowApp(opening_of(EXERCISE), WithPackets(finished(), reader_of_exercise(tmp_path)))

    async def prepare(pilot: Pilot[int]) -> None:
        await wait_for(pilot, lambda: app.main.query("#flow-table"), "the parts")
        app.theme = theme
        await wait_for(pilot, lambda: app.main.table.arranged is not None, "rows")
        for key in keys:
            await pilot.press(key)
            await wait_for(pilot, lambda: app.main.view == "flows" or app.main.query_one(PacketTable).line)
        app.main.query_one("#filter-input").cursor_blink = False  # type: ignore[attr-defined]
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=prepare)


def app_of(moment: Snapshot) -> FlowApp:
    return FlowApp(opening_of(EXERCISE), Still(opening_of(EXERCISE), moment))


class Following(Still):
    """Opens the streams of the exercise capture."""

    def packets_obstacle(self) -> str:
        return ""

    def open_stream(self, flow: int) -> Stream:
        return t2tui.analyze(EXERCISE).follow(flow)


@pytest.mark.parametrize(
    ("size", "theme"),
    [((120, 36), "textual-dark"), ((80, 24), "textual-light")],
    ids=["plugins", "plugins-narrow"],
)
def test_look_of_plugins(snap_compare: Compare, size: tuple[int, int], theme: str) -> None:
    app = app_of(finished())
    app.main.opening = replace(app.main.opening, config=Path("t2tui.toml"))

    async def prepare(pilot: Pilot[int]) -> None:
        await wait_for(pilot, lambda: app.main.query("#plugins-list"), "the parts")
        app.theme = theme
        await pilot.press("6")
        view = app.main.part(PluginsView)
        await wait_for(pilot, lambda: view.lit, "the plugins")
        await pilot.press(*["down"] * 5, "space", "enter", "end", "9")
        await wait_for(pilot, lambda: len(view.settings.unsaved()) == 2)  # type: ignore[union-attr]
        for line in view.query(Input):
            line.cursor_blink = False
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=prepare)


@pytest.mark.parametrize(
    ("size", "keys", "theme"),
    [
        ((120, 36), ["slash", *"RETR", "enter"], "textual-light"),
        ((80, 24), ["2"], "textual-dark"),
    ],
    ids=["text", "hexdump"],
)
def test_look_of_streams(snap_compare: Compare, size: tuple[int, int], keys: list[str], theme: str) -> None:
    app = FlowApp(opening_of(EXERCISE), Following(opening_of(EXERCISE), finished()))

    async def prepare(pilot: Pilot[int]) -> None:
        await wait_for(pilot, lambda: app.main.query("#flow-table"), "the parts")
        app.theme = theme
        await wait_for(pilot, lambda: app.main.table.arranged is not None, "rows")
        app.main._go_to_flow(35)
        await pilot.press("f")
        await wait_for(pilot, lambda: isinstance(app.screen, FollowScreen), "the screen")
        stream = app.screen.query_one(StreamView)
        await wait_for(pilot, lambda: stream.line is not None, "lines")
        await pilot.press(*keys)
        await app.workers.wait_for_complete()
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=prepare)


def traffic() -> TrafficView:
    """TCP, UDP and others that come and go, and two strays."""
    waves = [(50, 40, 90), (30, 20, 150), (12, 12, 40)]
    columns = [mean + swing * np.sin(np.arange(500) / length * 2 * np.pi) for mean, swing, length in waves]
    packets = np.stack(columns, axis=1).astype(np.int64)
    sizes = np.array([0, 0, 4000, 2500, 800, 700, 900, 37_000, 0, 3], np.int64)
    return TrafficView(
        1_700_000_000_000_000_000, 1 << 26, packets, packets * np.array([900, 200, 80]), sizes, 2, 120
    )


LOOKS = (
    ("flows", (160, 48), ["down", "right", "right"], "textual-dark"),
    ("light", (160, 48), ["space", "space", *["right"] * 4, "S"], "textual-light"),
    ("narrow", (80, 24), ["down", *["right"] * 8], "textual-dark"),
    ("filter", (80, 24), ["slash", *"$srcI"], "textual-dark"),
    ("faults", (100, 30), ["4", "down"], "textual-dark"),
    ("help", (80, 24), ["question_mark"], "textual-light"),
    ("columns", (100, 30), ["right", "right", "c", *"port"], "textual-dark"),
    ("decoder", (160, 48), ["right", "right", "b"], "textual-dark"),
    ("paired", (100, 30), ["v", "down", "space", "V", "down"], "textual-light"),
    ("extract", (80, 24), [*["space"] * 4, "x"], "textual-dark"),
    ("dump", (160, 48), ["d"], "textual-light"),
    ("traffic", (160, 48), ["3", "tab", *["L"] * 30], "textual-dark"),
    ("ports", (80, 24), ["3", *["n"] * 7, "tab", "s", "j"], "textual-light"),
)
"""Name, size, keys, theme."""


@pytest.mark.parametrize(("name", "size", "keys", "theme"), LOOKS, ids=[name for name, *_ in LOOKS])
def test_look(snap_compare: Compare, name: str, size: tuple[int, int], keys: list[str], theme: str) -> None:
    moment = finished()
    if name == "traffic":
        moment = replace(moment, traffic=traffic())
    if name == "narrow":
        moment = replace(moment, state=session.READING, size=240_000, bytes_read=150_000)
    app = app_of(moment)

    async def prepare(pilot: Pilot[int]) -> None:
        await wait_for(pilot, lambda: app.main.query("#flow-table"), "the parts")
        app.theme = theme
        await wait_for(pilot, lambda: app.main.table.arranged is not None, "rows")
        for key in keys:
            await pilot.press(key)
            if key == "v":  # a range ends when other rows are shown
                await wait_for(pilot, lambda: app.main.table.arranged and app.main.table.arranged.is_paired)
        if name in ("extract", "dump"):
            found = {"extract": "2 flows", "dump": "1 flow"}[name]
            await wait_for(pilot, lambda: app.screen.query("#summary"), "the dialog")
            await wait_for(pilot, lambda: found in str(app.screen.query_one("#summary").render()))
        if name == "ports":
            table = app.main.query_one(RankingTable)
            await wait_for(pilot, lambda: table.listing and table.listing.by == "packets", "figures")
        if name == "faults":
            await wait_for(pilot, lambda: app.main.query_one("#faults-table").row_count)  # type: ignore[attr-defined]
        if name == "light":
            await wait_for(pilot, lambda: app.main.table.arranged and app.main.table.arranged.sorting.column)
        for box in app.screen.query(Input):
            box.cursor_blink = False
        app.main.query_one("#filter-input").cursor_blink = False  # type: ignore[attr-defined]
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=prepare)
