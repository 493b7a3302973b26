import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from t2tui.tui import session
from t2tui.tui.opening import Opening
from t2tui.tui.session import Session, Snapshot
from tests.cli.conftest import many_flows, pcap, udp
from tests.tui.conftest import EXERCISE

PATIENCE = 60


def until(opened: Session, test: Callable[[Snapshot], object]) -> Snapshot:
    """The first snapshot of which something is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        now = opened.ask()
        if test(now):
            return now
        time.sleep(0.01)
    raise AssertionError(f"never so: {opened.ask()}")


def ended(opened: Session) -> Snapshot:
    return until(opened, lambda now: now.has_ended)


def test_a_capture_is_read_to_its_end(exercise: Opening) -> None:
    opened = Session(exercise)
    opened.start()
    now = ended(opened)
    assert (now.state, now.packets, now.flows, now.rows) == (session.COMPLETE, 5902, 72, 72)
    assert now.fraction == 1.0
    assert now.size == EXERCISE.stat().st_size
    assert now.table is not None
    assert now.table.rows(["dir", "flowInd", "dstPort"], 0, 1) == ["A\t7\t80"]
    assert "Aggregated flowStat=0x0400000000004000" in now.log
    opened.close()


def test_the_last_snapshot_stays(exercise: Opening) -> None:
    opened = Session(exercise)
    opened.start()
    now = ended(opened)
    assert opened.ask() is now
    opened.pause()
    opened.cancel()
    opened.close()
    assert opened.ask() is now


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"no capture at all", "not a valid PCAP"), (pcap([b"x"], 999), "Unsupported link")],
)
def test_what_cannot_be_read_is_a_state_with_its_reason(
    tmp_path: Path, opened: Callable[..., Opening], content: bytes, words: str
) -> None:
    path = tmp_path / "broken.pcap"
    path.write_bytes(content)
    failed = Session(opened(path))
    failed.start()
    now = ended(failed)
    assert now.state == session.FAILED
    assert words in now.detail
    assert now.hint
    failed.close()


def test_a_missing_file_is_a_state(opened: Callable[..., Opening], tmp_path: Path) -> None:
    missing = Session(opened(tmp_path / "no\x1b[31m.pcap"))
    missing.start()
    now = ended(missing)
    assert now.state == session.FAILED
    assert "\x1b" not in now.detail + now.hint
    missing.close()


def test_a_capture_cut_in_the_middle_keeps_what_came_before(
    tmp_path: Path, opened: Callable[..., Opening]
) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap([udp(1000 + number) for number in range(10)])[:-5])
    cut = Session(opened(path))
    cut.start()
    now = ended(cut)
    assert now.packets == 9
    assert now.rows == 9
    assert now.faults >= 1
    cut.close()


class Pipe:
    """A pipe into which a capture is written step by step."""

    def __init__(self) -> None:
        self.end, self._begin = os.pipe()
        self.is_open = True

    def write(self, data: bytes) -> None:
        os.write(self._begin, data)

    def close(self) -> None:
        if self.is_open:
            os.close(self._begin)
            self.is_open = False


def piped(opened: Callable[..., Opening]) -> tuple[Session, Pipe]:
    pipe = Pipe()
    live = Session(opened("-", descriptor=pipe.end))
    live.start()
    return live, pipe


def test_a_pipe_is_waited_for_and_can_be_stopped(opened: Callable[..., Opening]) -> None:
    live, pipe = piped(opened)
    pipe.write(pcap([udp(1), udp(2)]))
    now = until(live, lambda now: now.packets == 2 and now.state == session.WAITING)
    assert now.fraction is None
    assert now.left is None
    live.cancel()
    now = ended(live)
    assert (now.state, now.packets, now.rows) == (session.PARTIAL, 2, 2)
    pipe.close()
    live.close()


def test_a_pipe_that_ends_is_complete(opened: Callable[..., Opening]) -> None:
    live, pipe = piped(opened)
    pipe.write(pcap([udp(1)]))
    pipe.close()
    assert ended(live).state == session.COMPLETE
    live.close()


@pytest.mark.parametrize("begun", [False, True])
def test_closing_does_not_wait_for_a_pipe(opened: Callable[..., Opening], begun: bool) -> None:
    live, pipe = piped(opened)
    if begun:
        pipe.write(pcap([udp(1)]))
        until(live, lambda now: now.packets == 1)
    else:
        until(live, lambda now: now.state != session.PREPARING)
    live.close()
    assert ended(live).state == session.PARTIAL
    pipe.close()


def test_paused_reading_goes_on_where_it_was(tmp_path: Path, opened: Callable[..., Opening]) -> None:
    path = tmp_path / "many.pcap"
    path.write_bytes(many_flows(50_000))
    held = Session(opened(path))
    held.pause()
    held.start()
    now = until(held, lambda now: now.state == session.PAUSED)
    assert now.packets < 50_000
    assert held.is_paused
    held.resume()
    now = ended(held)
    assert (now.state, now.rows) == (session.COMPLETE, 50_000)
    held.close()


def test_a_snapshot_does_not_change_when_rows_come(opened: Callable[..., Opening]) -> None:
    live, pipe = piped(opened)
    head = pcap([])
    packets = pcap([udp(number) for number in range(1, 400)])[len(head) :]
    pipe.write(head + packets)  # one per second: the first flows time out
    before = until(live, lambda now: now.packets == 399)
    count, names = before.rows, ["flowInd", "srcPort"]
    assert before.table is not None
    assert 0 < count < 399
    lines = before.table.rows(names)
    pipe.close()
    after = ended(live)
    assert after.table is not None
    assert (before.rows, after.rows) == (count, 399)
    assert before.table.rows(names) == lines == after.table.rows(names, 0, count)
    live.close()


def test_writers_are_left_out(opened: Callable[..., Opening]) -> None:
    names = ("basicFlow", "payloadDumper", "txtSink", "pcapd", "protoStats")
    shown = Session(opened(EXERCISE, names=names))
    shown.start()
    now = ended(shown)
    assert now.state == session.COMPLETE
    assert set(now.left_out) == {"payloadDumper", "txtSink", "pcapd"}
    assert any("is not written here" in line for line in now.log)
    shown.close()


def test_the_log_keeps_its_beginning_and_its_end() -> None:
    log = session._Log()
    for number in range(session.FIRST_LINES + session.LAST_LINES + 5):
        log(f"[WRN] {number}")
    lines = log.lines()
    assert lines[0] == "[WRN] 0"
    assert lines[session.FIRST_LINES] == "... 5 lines are left out here ..."
    assert lines[-1] == f"[WRN] {session.FIRST_LINES + session.LAST_LINES + 4}"
    assert log.faults == log.count


def test_no_thread_is_left_behind(exercise: Opening) -> None:
    opened = Session(exercise)
    opened.start()
    ended(opened)
    opened.close()
    assert "session" not in {thread.name for thread in threading.enumerate()}


def test_open_flows_are_shown_until_one_has_ended(opened: Callable[..., Opening]) -> None:
    live, pipe = piped(opened)
    pipe.write(pcap([udp(number) for number in (3, 2, 1)]))
    now = until(live, lambda now: now.open_flows is not None and len(now.open_flows) == 3)
    assert now.table is None
    assert now.open_flows is not None
    assert now.open_flows.text("srcPort") == ["3", "2", "1"]
    assert now.open_flows.text("timeFirst") == [f"100000000{second}.000000000" for second in range(3)]
    assert not {"dir", "duration"} & set(now.open_flows.names)
    pipe.close()
    last = ended(live)
    assert last.open_flows is None
    assert last.table is not None
    names = [name for name in now.open_flows.names if name not in ("timeLast",)]
    assert last.table.rows(names) == now.open_flows.rows(names)
    live.close()
