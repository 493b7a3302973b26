"""Dump, extract and export from the flow table: the command line's bytes, at the place named, or nothing."""

import asyncio
import gzip
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import dpkt
import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from t2tui.tui import jobs, session
from t2tui.tui.app import FlowApp
from t2tui.tui.dialogs import outputs
from t2tui.tui.dialogs.dump import DumpDialog
from t2tui.tui.dialogs.export import ExportDialog
from t2tui.tui.dialogs.question import Question
from t2tui.tui.dialogs.writing import WritingDialog
from t2tui.tui.jobs import Job
from t2tui.tui.opening import Opening
from t2tui.tui.scopes import Scope
from t2tui.tui.tasks import Dump, Extract
from t2tui.tui.widgets.actionline import ActionButton
from t2tui.tui.widgets.choice import PushButton
from t2tui.tui.widgets.fields import ChoiceField, TextField
from tests.conftest import ENVIRONMENT
from tests.tui.conftest import EXERCISE, opening_of
from tests.tui.screens import wait_for
from tests.tui.still import Still, finished, read

Steps = Callable[[FlowApp, Pilot[int]], Awaitable[None]]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(steps: Steps, opening: Opening | None = None, size: tuple[int, int] = (100, 40)) -> FlowApp:
    """Open a screen on the exercise capture read to its end, and do steps."""
    opening = opening or opening_of(EXERCISE)
    return run_on(Still(opening, finished()), steps, size)


def run_on(capture: Still, steps: Steps, size: tuple[int, int] = (100, 40)) -> FlowApp:
    """Open a screen on a session that has rows, and do steps."""
    app = FlowApp(capture.opening, capture)

    async def main() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await wait_for(
                pilot, lambda: app.main.query("#flow-table") and app.main.table.arranged is not None, "rows"
            )
            await steps(app, pilot)

    asyncio.run(main())
    return app


def t2tui(*words: str | Path) -> bytes:
    """What the command line prints."""
    done = subprocess.run(
        [sys.executable, "-m", "t2tui", *map(str, words)], capture_output=True, env=ENVIRONMENT, check=True
    )
    return done.stdout


def files(folder: Path) -> dict[str, bytes]:
    """All visible files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


async def filtered(app: FlowApp, pilot: Pilot[int], text: str, count: int) -> None:
    app.main.filter_by(text)
    await wait_for(pilot, lambda: len(app.main.table.arranged or ()) == count, text)


async def dialog(app: FlowApp, pilot: Pilot[int], key: str) -> WritingDialog:
    await pilot.press(key)
    await wait_for(pilot, lambda: isinstance(app.screen, WritingDialog) and app.screen.query("#ok"), "dialog")
    found = app.screen
    assert isinstance(found, WritingDialog)
    return found


def choose(asked: WritingDialog, field: str, value: object) -> None:
    asked.query_one(f"#{field}-field", ChoiceField).choice.choose(value)


def write_to(asked: WritingDialog, place: str) -> None:
    asked.query_one("#place-field", TextField).set(place)


def said(asked: WritingDialog, part: str) -> str:
    return str(asked.query_one(part).render())


async def done(asked: WritingDialog, pilot: Pilot[int]) -> Job:
    """Press OK and wait for the result."""
    await pilot.pause()
    asked.action_go()
    await wait_for(pilot, lambda: asked.job and asked.query_one("#result").display, "the result")
    assert asked.job is not None
    return asked.job


def test_marked_flows_become_one_pcap(tmp_path: Path) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await filtered(app, pilot, 'flow("4;5;35;36") && $dir == "A"', 4)
        await pilot.press("asterisk")
        asked = await dialog(app, pilot, "x")
        await wait_for(pilot, lambda: "4 flows" in said(asked, "#summary"), "the number of flows")
        write_to(asked, "marked.pcap")
        job = await done(asked, pilot)
        assert job.state == jobs.DONE, job.text
        assert "4 flows" in said(asked, "#result")
        assert "marked.pcap" in said(asked, "#result")

    run(steps)
    t2tui("extract", 'flow("4;5;35;36")', EXERCISE, "-w", tmp_path / "line.pcap")
    assert (tmp_path / "marked.pcap").read_bytes() == (tmp_path / "line.pcap").read_bytes()
    with (tmp_path / "marked.pcap").open("rb") as file:
        new = dpkt.pcap.Reader(file)
        assert new.datalink() == dpkt.pcap.DLT_EN10MB
        packets = list(new)
    with gzip.open(EXERCISE) as old:
        known = {(round(time * 1_000_000), frame) for time, frame in dpkt.pcap.Reader(old)}
    assert packets
    assert {(round(time * 1_000_000), frame) for time, frame in packets} <= known
    assert [time for time, _ in packets] == sorted(time for time, _ in packets)


@pytest.mark.parametrize("side", ["A", "B"])
def test_a_direction_of_the_flow_under_the_cursor(tmp_path: Path, side: str) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await filtered(app, pilot, '$flowInd == 35 && $dir == "B"', 1)
        asked = await dialog(app, pilot, "x")
        assert asked.query_one("#place-field", TextField).input.value == "./exercise_flow_35.pcap"
        choose(asked, "direction", side)
        assert (await done(asked, pilot)).state == jobs.DONE

    run(steps)
    t2tui("extract", "flow(35)", EXERCISE, "-d", side, "-w", tmp_path / "line.pcap")
    assert (tmp_path / "exercise_flow_35.pcap").read_bytes() == (tmp_path / "line.pcap").read_bytes()


def test_payload_of_a_port_named_by_address(tmp_path: Path) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        app.main.filter_by("port(25)")
        await wait_for(pilot, lambda: app.main.filter_text and len(app.main.table.arranged or ()) < 72)
        asked = await dialog(app, pilot, "d")
        choose(asked, "scope", "shown")
        choose(asked, "PLDUMP_NAMES", 1)
        write_to(asked, "new/mail")
        assert isinstance(asked, DumpDialog)
        job = await done(asked, pilot)
        assert job.state == jobs.DONE, job.text

    run(steps)
    t2tui("dump", "port(25)", EXERCISE, "-n", "1", "-w", tmp_path / "line")
    assert files(tmp_path / "new" / "mail") == files(tmp_path / "line")
    assert all("25" in name for name in files(tmp_path / "line"))


@pytest.mark.parametrize("format_", ["text", "csv", "json"])
def test_export_is_what_filter_prints(tmp_path: Path, format_: str) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await filtered(app, pilot, "port(21)", 2)
        asked = await dialog(app, pilot, "e")
        choose(asked, "scope", "shown")
        choose(asked, "format", format_)
        if format_ != "text":
            choose(asked, "columns", "chosen")
            asked.query_one("#chosen-field", TextField).set("flowInd,src*,$pktsSnt + 1")
        write_to(asked, "out")
        assert (await done(asked, pilot)).state == jobs.DONE

    run(steps)
    columns = [] if format_ == "text" else ["--cols", "flowInd,src*,$pktsSnt + 1"]
    assert (tmp_path / "out").read_bytes() == t2tui("filter", "port(21)", EXERCISE, "--to", format_, *columns)


def test_rows_go_into_the_clipboard_in_the_order_shown() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await filtered(app, pilot, "port(21)", 2)
        await pilot.press(*["right"] * 4, "S")
        await wait_for(pilot, lambda: app.main.table.arranged and app.main.table.arranged.sorting.column)
        asked = await dialog(app, pilot, "e")
        assert isinstance(asked, ExportDialog)
        choose(asked, "scope", "shown")
        choose(asked, "into", "clipboard")
        await pilot.pause()
        assert not asked.query_one("#place-field").display
        job = await done(asked, pilot)
        assert job.state == jobs.DONE, job.text
        arranged = app.main.table.arranged
        assert arranged is not None
        await wait_for(pilot, lambda: app.clipboard, "the clipboard")
        lines = arranged.table.lines(arranged.table.names, arranged.rows.astype(np.int64))
        assert app.clipboard.splitlines()[1:] == lines

    run(steps)


def test_undo_removes_what_was_written_and_nothing_else(tmp_path: Path) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        for key, place in (("x", "a/b/new.pcap"), ("d", "a/c/files"), ("e", "a/rows.txt")):
            await filtered(app, pilot, "$flowInd == 35", 2)
            asked = await dialog(app, pilot, key)
            write_to(asked, place)
            job = await done(asked, pilot)
            assert job.state == jobs.DONE, job.text
            assert (tmp_path / place).exists()
            await pilot.press("u")
            await wait_for(pilot, lambda job=job: job.state == jobs.UNDONE, key)
            assert list(tmp_path.iterdir()) == []
            await pilot.press("escape")

    run(steps)


def test_what_was_changed_since_stays(tmp_path: Path) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        asked = await dialog(app, pilot, "e")
        write_to(asked, "rows.txt")
        await done(asked, pilot)
        (tmp_path / "rows.txt").write_text("mine now")
        await pilot.press("u")
        await wait_for(pilot, lambda: "stays" in said(asked, "#result"), "why")
        assert (tmp_path / "rows.txt").read_text() == "mine now"

    run(steps)


def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    (tmp_path / "rows.txt").write_text("old")

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        asked = await dialog(app, pilot, "e")
        write_to(asked, "rows.txt")
        await pilot.pause()
        assert asked.query_one("#replace-field").display
        asked.action_go()
        await pilot.pause()
        assert asked.job is None
        assert (tmp_path / "rows.txt").read_text() == "old"
        choose(asked, "replace", True)
        assert (await done(asked, pilot)).state == jobs.DONE
        assert (tmp_path / "rows.txt").read_text().startswith("%dir\t")

    run(steps)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "full").symlink_to("/dev/full")

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        for key in ("x", "e"):
            asked = await dialog(app, pilot, key)
            choose(asked, "scope", "all")
            write_to(asked, "full")
            job = await done(asked, pilot)
            assert job.state == jobs.FAILED
            assert "No space left" in said(asked, "#result")
            assert "-w" not in said(asked, "#result")
            assert not job.can_undo
            await pilot.press("escape")

    run(steps)
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def test_a_hostile_name_of_a_capture_names_no_file(tmp_path: Path) -> None:
    capture = tmp_path / "a\x1b]0;x\x07[x]\u202e.pcap.gz"
    capture.write_bytes(EXERCISE.read_bytes())

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        asked = await dialog(app, pilot, "x")
        place = asked.query_one("#place-field", TextField).input.value
        assert place.isprintable()
        assert place.startswith("./a_]0;x_[x]_")
        job = await done(asked, pilot)
        assert job.state == jobs.DONE, job.text
        assert (tmp_path / place).exists()

    run(steps, opening_of(capture))


def test_the_capture_itself_is_never_written(tmp_path: Path) -> None:
    capture = tmp_path / "in.pcap.gz"
    capture.write_bytes(EXERCISE.read_bytes())

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        asked = await dialog(app, pilot, "x")
        write_to(asked, str(capture))
        await pilot.pause()
        asked.action_go()
        assert asked.job is None
        assert "the capture that is read" in asked.query_one("#place-field", TextField).error

    run(steps, opening_of(capture))


class NotKept(Still):
    """A pipe of which not everything could be copied."""

    def packets_obstacle(self) -> str:
        return "not all of the pipe was kept: no space left on device"


def test_packets_that_were_not_kept_say_why_not() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        for key in ("d", "x"):
            await pilot.press(key)
            await pilot.pause()
            assert app.screen is app.main
        told = [str(each.message) for each in app._notifications]
        assert len(told) == 2
        assert all("no space left" in text for text in told)
        buttons = {button.action.name: button for button in app.main.query(ActionButton)}
        assert "no space left" in str(buttons["extract"].tooltip)
        assert buttons["extract"].has_class("-disabled")
        assert not buttons["export"].has_class("-disabled")

    run_on(NotKept(replace(opening_of(EXERCISE), sources=["-"]), finished()), steps)


def test_before_the_first_flow_has_ended_each_says_why_not() -> None:
    capture = Still(opening_of(EXERCISE), session.Snapshot(state=session.READING))
    capture._loaded = read()._loaded
    found = outputs.obstacles(capture, capture.moment)
    assert set(found) == {"dump", "extract", "export"}
    assert all("ended" in why for why in found.values())


def test_before_anything_is_read_each_says_why_not() -> None:
    capture = Still(opening_of(EXERCISE), session.Snapshot(state=session.READING))
    found = outputs.obstacles(capture, capture.moment)
    assert set(found) == {"follow", "packets", "dump", "extract", "export"}
    assert all("nothing has been read yet" in found[action] for action in ("follow", "packets"))


def test_flags_are_checked_beside_their_field() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        asked = await dialog(app, pilot, "d")
        ports = asked.query_one("#PLDUMP_TCP_PORTS-field", TextField)
        ports.set("21; 70000")
        await pilot.pause()
        assert "65535" in ports.error
        asked.action_go()
        assert asked.job is None
        ports.set("21; 0x19")
        await pilot.pause()
        assert not ports.error
        assert asked.planned().flags["PLDUMP_TCP_PORTS"] == (21, 25)  # type: ignore[attr-defined]

    run(steps)


def test_everything_can_be_done_with_the_keyboard(tmp_path: Path) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await dialog(app, pilot, "x")
        await pilot.press("tab", "right", "tab")  # direction A, then the place
        assert isinstance(app.focused, Input)
        await pilot.press("home", *["delete"] * 40, *"k.pcap", "enter")
        await wait_for(pilot, lambda: (tmp_path / "k.pcap").exists(), "the capture")
        await wait_for(pilot, lambda: app.screen.query_one("#result").display, "the result")
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.screen is app.main, "the flows")

    run(steps)


def test_a_click_presses_the_button(tmp_path: Path) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        button = next(each for each in app.main.query(ActionButton) if each.action.name == "export")
        await pilot.click(button)
        await wait_for(pilot, lambda: isinstance(app.screen, ExportDialog) and app.screen.query("#ok"))
        await pilot.pause()
        await pilot.click(app.screen.query_one("#ok", PushButton))
        await wait_for(pilot, lambda: list(tmp_path.glob("*.txt")), "the file")

    run(steps)


class Slow:
    """A task that goes on until it is cancelled."""

    title = "Slow"

    def __init__(self, target: Path) -> None:
        self.target = target

    def run(self, tell: Callable[[int, int], None]) -> str:
        """Never end."""
        import time

        self.target.parent.mkdir(parents=True)
        while True:
            tell(1, 2)
            time.sleep(0.01)


def test_quitting_asks_while_something_is_written(tmp_path: Path) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        job = app.jobs.start(Slow(tmp_path / "new" / "file"))
        await wait_for(pilot, lambda: job.fraction == 0.5)
        await pilot.press("ctrl+q")
        await wait_for(pilot, lambda: isinstance(app.screen, Question), "the question")
        await pilot.press("n")
        await pilot.pause()
        assert job.state == jobs.RUNNING
        await pilot.press("ctrl+q")
        await wait_for(pilot, lambda: isinstance(app.screen, Question), "the question")
        await pilot.press("y")
        await wait_for(pilot, lambda: job.state == jobs.CANCELLED, "the end")

    run(steps)
    assert list(tmp_path.iterdir()) == []


def test_a_job_that_nobody_watches_tells_of_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    is_left, extract = threading.Event(), Extract.run

    def wait_and_extract(task: Extract, step: Callable[[int, int], None]) -> str:
        assert is_left.wait(60)
        return extract(task, step)

    monkeypatch.setattr(Extract, "run", wait_and_extract)

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        asked = await dialog(app, pilot, "x")
        write_to(asked, "later.pcap")
        await pilot.pause()
        asked.action_go()
        await pilot.press("escape")
        assert app.screen is app.main
        is_left.set()
        await wait_for(pilot, lambda: (tmp_path / "later.pcap").exists(), "the capture")
        await wait_for(
            pilot, lambda: any("later.pcap" in str(each.message) for each in app._notifications), "the notice"
        )
        await pilot.press("U")
        await wait_for(pilot, lambda: not (tmp_path / "later.pcap").exists(), "undo")

    run(steps)


@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "compressed"])
def test_packets_and_payload_are_those_of_the_command_line(tmp_path: Path, is_packed: bool) -> None:
    capture = tmp_path / "in.pcap"
    capture.write_bytes(EXERCISE.read_bytes() if is_packed else gzip.decompress(EXERCISE.read_bytes()))
    opened = session.Session(opening_of(capture))
    opened.start()
    opened._thread.join()
    table = opened.ask().table
    assert table is not None
    packets = opened.packets()
    rows = np.flatnonzero(np.isin(table["flowInd"], [4, 35, 36]))
    scope = Scope("marked", table, rows)
    for task in (
        Extract(packets, scope, "both", tmp_path / "new.pcap"),
        Dump(packets, scope, "B", tmp_path / "new"),
    ):
        task.run(lambda done, total: None)
    t2tui("extract", 'flow("4;35;36")', capture, "-w", tmp_path / "line.pcap")
    t2tui("dump", 'flow("4;35;36")', capture, "-d", "B", "-w", tmp_path / "line")
    assert (tmp_path / "new.pcap").read_bytes() == (tmp_path / "line.pcap").read_bytes()
    assert files(tmp_path / "new") == files(tmp_path / "line")
