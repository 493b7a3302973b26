"""The screen of a flow's streams: every key, on the exercise capture; gaps, errors, long streams."""

import asyncio
import gzip
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList
from textual.worker import WorkerCancelled

import t2tui
from t2tui.api import Analysis
from t2tui.core.capture import CaptureError
from t2tui.core.streams import SEGMENT, Stream, StreamIndex
from t2tui.tui.actions import follow
from t2tui.tui.app import FlowApp
from t2tui.tui.dialogs.help import HelpScreen
from t2tui.tui.dialogs.question import Question
from t2tui.tui.dialogs.savestream import Saved, SaveStream
from t2tui.tui.messages import PacketWanted
from t2tui.tui.screens.follow import FollowScreen
from t2tui.tui.session import Session
from t2tui.tui.widgets.actionline import ActionButton
from t2tui.tui.widgets.streamhead import SearchBar, Words
from t2tui.tui.widgets.streamview import StreamView
from tests.core.streams.making import ACK, SYN, Sent, stream
from tests.core.streams.test_search import Endless
from tests.tui.conftest import EXERCISE, opening_of
from tests.tui.screens import wait_for, wait_for_end
from tests.tui.still import Still, finished

Steps = Callable[[FlowApp, Pilot[int]], Awaitable[None]]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plain") / "exercise.pcap"
    path.write_bytes(gzip.decompress(EXERCISE.read_bytes()))
    return path


@pytest.fixture(scope="module")
def analysis(plain: Path) -> Analysis:
    return t2tui.analyze(plain, index=True)


class Given(Still):
    """Stands still; opens the streams that a test gives it."""

    def __init__(self, given: Callable[[int], Stream]) -> None:
        super().__init__(opening_of(EXERCISE), finished())
        self.given = given

    def packets_obstacle(self) -> str:
        return ""

    def open_stream(self, flow: int) -> Stream:
        return self.given(flow)


def run(
    given: Callable[[int], Stream], steps: Steps, size: tuple[int, int] = (100, 30), flow: int = 35
) -> FlowApp:
    """Open the streams of a flow, and do steps."""
    capture = Given(given)
    app = FlowApp(capture.opening, capture)

    async def main() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await wait_for(pilot, lambda: app.main.table.arranged is not None, "rows")
            app.main._go_to_flow(flow)
            await pilot.press("f")
            await wait_for(pilot, lambda: isinstance(app.screen, FollowScreen), "the screen")
            await wait_for(pilot, lambda: "opening" not in text(app), "the stream")
            await steps(app, pilot)

    asyncio.run(main())
    return app


def view(app: FlowApp) -> StreamView:
    return app.screen.query_one(StreamView)


def lines(app: FlowApp) -> list[str]:
    return [view(app).render_line(y).text.rstrip() for y in range(view(app).size.height)]


def text(app: FlowApp) -> str:
    return "\n".join(lines(app))


def words(app: FlowApp, name: str = "stream-place") -> str:
    return str(app.screen.query_one(f"#{name}", Words).render())


def cursor(app: FlowApp) -> str:
    return next((line[1:] for line in lines(app) if line.startswith("▌")), "")


async def press(pilot: Pilot[int], *keys: str) -> None:
    await pilot.press(*keys)
    with suppress(WorkerCancelled):
        await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def test_the_dialogue_is_there_at_once_and_the_name_is_found(analysis: Analysis) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        assert "▌← 220 Microsoft FTP Service" in text(app)
        assert " → USER anonymous" in text(app)
        head = words(app, "stream-head")
        for word in ("Flow 35", "TCP", "192.168.1.105:49329 → 143.166.11.10:21", "A 92 B 1,190 bytes"):
            assert word in head
        assert "B offset 0 (0x0)  packet 1,269  2009-11-19 01:29:23.087792" in words(app)
        await press(pilot, "slash", *"RETR .*EXE", "enter")
        assert cursor(app) == "→ RETR /video/R79733.EXE"
        assert "/RETR .*EXE/ 1 of 1" in words(app)
        assert "packet 1,285" in words(app)

    run(analysis.follow, steps, (80, 24))


def test_keys_choose_form_and_direction(analysis: Analysis) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        def chosen() -> set[str]:
            return {
                button.action.keys for button in app.screen.query(ActionButton) if button.has_class("-chosen")
            }

        assert chosen() == {"1", "B", "m"}
        await press(pilot, "2")
        assert cursor(app).startswith(
            "← 00000000  32 32 30 20 4d 69 63 72  6f 73 6f 66 74 20 46 54  220 Microsoft FT"
        )
        await press(pilot, "3")
        assert cursor(app) == "← 323230204d6963726f736f6674204654502053657276696365".ljust(1) + "0d0a"
        await press(pilot, "4")
        assert cursor(app) == "← MjIwIE1pY3Jvc29mdCBGVFAgU2VydmljZQ0K"[: len(cursor(app))]
        await press(pilot, "5")
        assert cursor(app) == "← 220 Microsoft FTP Service␍␊"
        await press(pilot, "1", "a")
        assert [line[1:] for line in lines(app)[:3]] == ["→ USER anonymous", "→ PASS IEUser@", "→ TYPE I"]
        await press(pilot, "b")
        assert "→" not in "".join(line[1] for line in lines(app) if line)
        await press(pilot, "B")
        assert chosen() == {"1", "B", "m"}
        for button in app.screen.query_one("#stream-choices").query(ActionButton):
            await pilot.click(button)
            await press(pilot)
            assert button.action.keys in chosen()

    run(analysis.follow, steps)


def test_the_cursor_stays_on_its_bytes(analysis: Analysis) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await press(pilot, "slash", *"SIZE", "enter")
        for key in ("2", "3", "a", "1", "B", "5", "1"):
            await press(pilot, key)
            line = view(app).line
            assert line is not None
            assert b"SIZE" in line.data, key

    run(analysis.follow, steps)


def test_keys_move(analysis: Analysis) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        first = cursor(app)
        for keys, wanted in (
            (["down"], "→ USER anonymous"),
            (["j", "k"], "→ USER anonymous"),
            (["up"], first),
            (["up"], first),
            (["G"], "← 226 Transfer complete."),
            (["down"], "← 226 Transfer complete."),
            (["g"], first),
            (["end"], "← 226 Transfer complete."),
            (["home"], first),
            (["pagedown", "pagedown"], None),
            (["pageup", "pageup"], first),
        ):
            await pilot.press(*keys)
            if wanted:
                assert cursor(app) == wanted, keys
            else:
                assert cursor(app) not in ("", first)
        before = lines(app)[5]
        assert before.endswith("›")
        await pilot.press("right")
        assert lines(app)[5][3:20] == before[3 + 16 : 20 + 16]
        await pilot.press("left")
        assert lines(app)[5] == before
        await pilot.press("l", "l", "0")
        assert lines(app)[5] == before
        await pilot.click(StreamView, offset=(10, 3))
        assert lines(app)[3].startswith("▌")

    run(analysis.follow, steps, (60, 12))


def test_wrapped_lines_fit(analysis: Analysis) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        assert any(line.endswith("›") for line in lines(app))
        await press(pilot, "w")
        assert not any(line.endswith("›") for line in lines(app))
        await press(pilot, "w")
        assert any(line.endswith("›") for line in lines(app))

    run(analysis.follow, steps, (60, 24))


def broken(flow: int) -> Stream:
    """A stream in which bytes are missing and others were sent twice."""
    return stream(
        Sent(0, flags=SYN),
        Sent(1, b"GET /\n"),
        Sent(1, b"PUT /\n"),
        Sent(1007, b"late\n"),
        Sent(1, b"x" * 30, direction="B", flags=ACK, captured=10),
    )


def test_gaps_and_repeated_packets_are_notes() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        notes = [line[3:] for line in lines(app) if "[" in line]
        assert notes == [
            "[A: 1,000 bytes missing]",
            "[packet 3, A: retransmission, other bytes from 0 on]",
            "[B: 20 bytes not captured]",
        ]
        assert "1,020 missing" in words(app, "stream-head")
        await press(pilot, "m")
        assert "[" not in text(app)
        await press(pilot, "m")
        await pilot.press("down")
        assert "missing" in cursor(app)
        await pilot.press("p")
        await pilot.pause()
        assert isinstance(app.screen, FollowScreen), "no packet has the missing bytes"

    run(broken, steps)


def test_matches_are_gone_through_in_both_ways(analysis: Analysis) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await press(pilot, "slash", *"230", "enter")
        places = [cursor(app)]
        for key in ("n", "n", "N", "N", "N"):
            await press(pilot, key)
            places.append(cursor(app))
        first, second = places[:2]
        assert first.startswith("← 230-Welcome")
        assert second == "← 230 User logged in."
        assert places == [first, second, first, second, first, second]
        await press(pilot, "slash", *[*["backspace"] * 3, *"user"], "enter")
        count = int(words(app).split(" of ")[1].split()[0])
        await press(pilot, "i")
        assert "not found" in words(app) or int(words(app).split(" of ")[1].split()[0]) < count
        await press(pilot, "escape")
        assert "user" not in words(app)
        await press(pilot, "n")
        assert isinstance(app.screen, FollowScreen)
        await press(pilot, "slash", *"(", "enter")
        assert app.screen.query_one(SearchBar).display
        assert "missing )" in str(app.screen.query_one("#search-note").render())
        await press(pilot, "escape")
        assert not app.screen.query_one(SearchBar).display
        assert app.focused is view(app)
        await press(pilot, "escape")
        assert app.screen is app.main

    run(analysis.follow, steps)


def test_matches_are_shown_where_they_are_in_every_form(analysis: Analysis) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await press(pilot, "slash", *"video", "enter")
        for key, shown in (("1", "video"), ("2", "video"), ("3", b"video".hex()), ("5", "video")):
            await press(pilot, key)
            found = [
                segment.text
                for y in range(view(app).size.height)
                for segment in view(app).render_line(y)
                if segment.style is not None and (segment.style.underline or segment.style.reverse)
            ]
            assert shown in found, key

    run(analysis.follow, steps)


def test_an_expression_that_explodes_is_told_and_the_screen_goes_on() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await press(pilot, "slash", *"(a+)+b", "enter")
        await wait_for(
            pilot, lambda: any("too many ways" in str(note.message) for note in app._notifications)
        )
        assert "not found" in words(app)

    run(lambda flow: stream(Sent(0, b"a" * 60_000)), steps)


def endless(source: Endless) -> Stream:
    segments = np.zeros(16_384, SEGMENT)
    segments["captured"] = segments["length"] = 65_535
    segments["place"] = segments["seq"] = np.arange(len(segments)) * 65_535
    segments["protocol"] = 6
    return Stream(StreamIndex.build(segments), source)


def test_a_gigabyte_is_walked_through_and_its_search_stops() -> None:
    source = Endless(0.003)

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        assert "000000000000000" in text(app)
        await press(pilot, "G")
        assert view(app).line.end == 16_384 * 65_535  # type: ignore[union-attr]
        await press(pilot, "pageup", "pageup", "up", "2", "G", "pageup", "1", "g")
        assert "offset 0 " in words(app)
        assert source.read_bytes < 3_000_000
        await pilot.press("slash", *"never", "enter")
        await wait_for(pilot, lambda: "searching" in words(app))
        await pilot.press("escape")
        await press(pilot)
        before = source.read_bytes
        assert before < 10**9
        await pilot.pause(0.1)
        assert source.read_bytes == before
        assert isinstance(app.screen, FollowScreen)

    run(lambda flow: endless(source), steps)


def test_the_packet_of_a_line_leads_back(analysis: Analysis) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        asked: list[PacketWanted | None] = []
        await press(pilot, "slash", *"RETR", "enter")
        screen: Any = app.screen
        dismiss = screen.dismiss
        screen.dismiss = lambda packet: (asked.append(packet), dismiss(packet))[1]
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.screen is app.main and app.main.view == "packets")
        assert asked == [PacketWanted(1285, 35)]

    run(analysis.follow, steps)


def test_flows_of_the_table_follow_each_other(analysis: Analysis) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await press(pilot, "left_square_bracket")
        await press(pilot)
        other = app.screen._flow  # type: ignore[attr-defined]
        assert other != 35
        assert f"Flow {other}" in words(app, "stream-head")
        assert app.main.table.flow_index == other
        await press(pilot, "right_square_bracket")
        await press(pilot)
        assert "220 Microsoft FTP Service" in text(app)
        await press(pilot, "down", "r")
        await press(pilot)
        assert cursor(app) == "→ USER anonymous", "reading again leaves the cursor where it was"

    run(analysis.follow, steps)


def test_bytes_are_saved_and_taken_back(
    analysis: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        async def save(*keys: str) -> None:
            await pilot.press("s")
            await wait_for(pilot, lambda: isinstance(app.screen, SaveStream))
            await pilot.press(*keys, "enter")

        await press(pilot, "b")
        await save()
        await wait_for(pilot, lambda: isinstance(app.screen, Saved))
        written = tmp_path / "exercise_35_B.bin"
        assert written.read_bytes() == analysis.follow(35).bytes("B")
        await pilot.press("u")
        await pilot.pause()
        assert not written.exists()
        await save("up")
        await wait_for(pilot, lambda: isinstance(app.screen, Saved))
        assert (tmp_path / "exercise_35_A.bin").read_bytes() == analysis.follow(35).bytes("A")
        await pilot.press("enter")
        await pilot.pause()
        await save("up")
        await wait_for(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("n", "escape")
        await save("down")
        await wait_for(pilot, lambda: isinstance(app.screen, Saved))
        assert (tmp_path / "exercise_35_both.bin").read_bytes() == analysis.follow(35).bytes()
        await pilot.press("enter")
        await save("down", "down")
        await wait_for(pilot, lambda: isinstance(app.screen, Saved))
        shown = (tmp_path / "exercise_35_B.txt").read_text()
        assert shown.startswith("B 220 Microsoft FTP Service\nB 331 ")
        await pilot.press("enter")
        await save(*["backspace"] * 30, *"no/such/folder")
        await wait_for(
            pilot, lambda: "There is no folder" in str(app.screen.query_one("#save-error").render())
        )
        await pilot.press("escape")
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "exercise_35_A.bin",
            "exercise_35_B.txt",
            "exercise_35_both.bin",
        ]

    run(analysis.follow, steps)


def test_the_save_dialog_names_sizes_and_keeps_the_folder(analysis: Analysis) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await press(pilot, "s")
        options = app.screen.query_one(OptionList)
        titles = [str(options.get_option_at_index(number).prompt) for number in range(options.option_count)]
        assert titles == [
            "A: what A sent (92 bytes)",
            "B: what B sent (1,190 bytes)",
            "both, as they took turns (1,282 bytes)",
            "as shown: text",
        ]
        await pilot.press("home", *"/tmp/", "up")
        await pilot.pause()
        assert app.screen.query_one(Input).value == "/tmp/exercise_35_B.bin"

    run(analysis.follow, steps)


def test_saving_stops_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await press(pilot, "s")
        await pilot.press("enter")
        await wait_for(pilot, lambda: "saving" in words(app))
        await pilot.press("escape")
        await wait_for(
            pilot, lambda: any("nothing was saved" in str(note.message) for note in app._notifications)
        )
        assert list(tmp_path.iterdir()) == []
        assert isinstance(app.screen, FollowScreen)

    run(lambda flow: endless(Endless(0.003)), steps)


def test_lines_are_copied(analysis: Analysis) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("down", "y")
        assert app.clipboard == "USER anonymous"
        await pilot.press("Y")
        assert app.clipboard.startswith("220 Microsoft FTP Service\nUSER anonymous\n331 ")

    run(analysis.follow, steps)


def test_a_flow_without_payload_says_so() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        assert "Flow 35 has no payload in 2 packets. ] goes on to the next flow" in text(app)
        for action in follow.ACTIONS:
            if action.name not in ("back", "search", "next_flow", "previous_flow"):
                await app.do(action)
        await press(pilot)
        assert isinstance(app.screen, FollowScreen)

    run(lambda flow: stream(Sent(0, flags=SYN), Sent(5, flags=SYN, direction="B")), steps)


def test_a_side_that_is_silent_says_so() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await press(pilot, "b")
        assert "B sent nothing that was captured. B shows both" in text(app)

    run(lambda flow: stream(Sent(0, b"hello")), steps)


def test_errors_are_told_in_place() -> None:
    def gone(flow: int) -> Stream:
        raise CaptureError("'[/x]\x1b.pcap' is not the file that was analysed", "Analyse it again.")

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        said = " ".join(text(app).split())
        assert "'[/x]␛.pcap' is not the file that was analysed. Analyse it again. r reads again" in said
        await press(pilot, "escape")
        assert app.screen is app.main

    run(gone, steps)


def test_a_capture_that_vanishes_while_it_is_looked_at_is_told(plain: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.pcap"
    copy.write_bytes(plain.read_bytes())
    of = t2tui.analyze(copy, index=True)

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        assert "220 Microsoft" in text(app)
        copy.write_bytes(b"")
        await press(pilot, "2")
        assert "is not the file that was analysed" in " ".join(text(app).split())
        await press(pilot, "down", "G", "p", "slash", *"a", "enter")
        assert isinstance(app.screen, FollowScreen)

    run(of.follow, steps)


def test_hostile_payload_controls_nothing() -> None:
    payload = b"\x1b]0;x\x07\x1b[2J[/x][@click=app.quit]\x9b\xe2\x80\xae\n" * 30

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        for key in "12345w":
            await press(pilot, key)
            for strip in app.screen._compositor.render_strips():
                assert strip.text.isprintable(), key
        await press(pilot, "slash", *"[/x]", "enter", "y")
        assert app.clipboard.isprintable()

    run(lambda flow: stream(Sent(0, payload)), steps)


def test_the_help_names_every_action(analysis: Analysis) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        commands = {command.title for command in app.get_system_commands(app.screen)}
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        shown = str(app.screen.query_one("#help > Static").render())
        for action in follow.ACTIONS:
            assert action.title in shown
            assert action.title in commands

    run(analysis.follow, steps)


def test_a_session_opens_streams_of_plain_and_compressed_captures(plain: Path, analysis: Analysis) -> None:
    for path in (plain, EXERCISE):
        opened = Session(opening_of(path))
        assert opened.packets_obstacle()
        opened.start()
        opened._thread.join()
        assert opened.packets_obstacle() == ""
        for flow in (1, 35):
            with opened.open_stream(flow) as found:
                expected = analysis.follow(flow)
                assert found.conversation == expected.conversation
                assert [part.data for part in found.parts()] == [part.data for part in expected.parts()]
        with pytest.raises(LookupError, match="no flow 99"):
            opened.open_stream(99)
        opened.close()


def test_following_while_the_capture_is_read_shows_what_is_there(plain: Path) -> None:
    app = FlowApp(opening_of(plain))

    async def main() -> None:
        async with app.run_test(size=(100, 30), notifications=True) as pilot:
            await wait_for_end(pilot, app)
            app.main._go_to_flow(36)
            await pilot.press("f")
            await wait_for(pilot, lambda: isinstance(app.screen, FollowScreen))
            await wait_for(pilot, lambda: "MZ" in text(app))
            began = time.monotonic()
            await pilot.press("G")
            await pilot.pause()
            assert time.monotonic() - began < 60

    asyncio.run(main())
