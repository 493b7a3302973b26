import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.cli.progress import Line, clock, progress_line, short
from t2tui.core.engine import Snapshot


def snapshot(
    bytes_read: int, size: int | None, flows: int = 0, elapsed: float = 1.0, packets_per_second: float = 0.0
) -> Snapshot:
    return Snapshot("reading", bytes_read, size, 0, flows, elapsed, packets_per_second)


snapshots = st.builds(
    snapshot,
    bytes_read=st.integers(0, 2**62),
    size=st.none() | st.integers(0, 2**62),
    flows=st.integers(0, 2**62),
    elapsed=st.floats(0, 1e9),
    packets_per_second=st.floats(0, 1e12),
)


@given(snapshots, st.integers(1, 300), st.text(max_size=30))
def test_a_line_always_fits_the_terminal(state: Snapshot, width: int, name: str) -> None:
    assert len(progress_line(state, width, name)) < width


@given(st.floats(0, 9.99e20))
def test_short_numbers_keep_three_digits(number: float) -> None:
    text = short(number)
    digits, _, prefix = text.partition(" ")
    value = float(digits) * 1000.0 ** ("", "k", "M", "G", "T", "P", "E").index(prefix)
    assert abs(value - number) <= max(0.5, 0.005 * number)
    assert len(digits.replace(".", "")) <= 3


@given(st.integers(0, 10**7))
def test_the_clock_can_be_read_back(seconds: int) -> None:
    *hours, minutes, rest = map(int, clock(seconds + 0.5).split(":"))
    assert sum(hours) * 3600 + minutes * 60 + rest == seconds
    assert rest < 60
    assert minutes < 60


def test_a_file_shows_bar_percent_bytes_rate_flows_and_time_left() -> None:
    line = progress_line(snapshot(250, 1000, flows=12345, elapsed=20, packets_per_second=1.5e6), 200)
    assert line == "[#####---------------]  25%  250 B of 1 kB  1.5 M packets/s  12,345 flows  1:00 left"


def test_a_pipe_shows_bytes_rate_flows_and_running_time() -> None:
    line = progress_line(snapshot(250, None, flows=7, elapsed=61, packets_per_second=10), 200)
    assert line == "250 B  10 packets/s  7 flows  1:01"


@pytest.mark.parametrize("width", [30, 50, 70])
def test_percent_and_time_left_stay_on_narrow_terminals(width: int) -> None:
    line = progress_line(snapshot(1, 2, flows=10**6, packets_per_second=1e6), width, "capture.pcap")
    assert "50%" in line
    assert line.endswith("left")


def test_the_line_is_redrawn_in_place_and_cleared_once() -> None:
    stream = io.StringIO()
    line = Line(stream)
    line.clear()
    assert stream.getvalue() == ""
    line.show("10%")
    line.show("9%")
    line.clear()
    line.clear()
    assert "\n" not in stream.getvalue()
    assert re.split(r"\r", stream.getvalue()) == ["", "10%\x1b[K", "9%\x1b[K", "\x1b[K"]


def test_a_closed_terminal_does_not_end_the_run() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    Line(Closed()).show("10%")
