"""Searching streams window by window finds what a search of the whole would."""

import re
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from t2tui.core.streams import SEGMENT, Stream, StreamIndex
from t2tui.core.streams import search as searching
from t2tui.core.streams.search import Match, PatternError, compile_bytes, search
from tests.core.streams.making import Sent, stream


def found(of: Stream, pattern: str, direction: str = "both", ignores_case: bool = False) -> list[Match]:
    size = of.size(direction)  # type: ignore[arg-type]
    windows = list(search(of, compile_bytes(pattern, ignores_case), direction, 0, size))  # type: ignore[arg-type]
    assert [window.first for window in windows] == list(range(0, size, searching.CHUNK))
    return [match for window in windows for match in window.matches]


PATTERNS = ["a", "ab", "a.b", "[ab]{2,3}", "^b", "a$", r"\x00", "(?<=a)b", "(?s)b.a", "é", "a|ab"]
turns = st.lists(
    st.tuples(st.sampled_from("AB"), st.text("ab\n\x00é", min_size=1, max_size=9).map(str.encode)),
    max_size=30,
)


@given(turns, st.sampled_from(PATTERNS), st.booleans())
@settings(max_examples=300)
def test_windows_find_what_the_whole_has(turns: list[tuple[str, bytes]], pattern: str, big: bool) -> None:
    sent, numbers = [], {"A": 0, "B": 0}
    for direction, data in turns:
        sent.append(Sent(numbers[direction], data, direction=direction))
        numbers[direction] += len(data)
    of = stream(*sent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "CHUNK", 50 if big else 3)
        both = found(of, pattern)
        for side in ("A", "B"):
            whole = of.bytes(side)  # type: ignore[arg-type]
            spans = [match.span() for match in re.finditer(pattern.encode(), whole, re.MULTILINE)]
            assert [(match.begin, match.end) for match in found(of, pattern, side)] == spans
            assert sorted((match.begin, match.end) for match in both if match.direction == side) == spans
    assert both == sorted(both)
    shown = of.bytes()
    for match in both:
        first = of.bytes(match.direction)[match.begin]  # type: ignore[arg-type]
        assert shown[match.place] == first


def test_a_match_spans_packets_and_answers_but_no_gap() -> None:
    of = stream(
        Sent(0, b"RE"), Sent(0, b"200\n", direction="B"), Sent(2, b"TR"), Sent(10, b"RE"), Sent(14, b"TR")
    )
    assert found(of, "RETR") == [Match(0, "A", 0, 4)]
    assert found(of, "retr", ignores_case=True) == [Match(0, "A", 0, 4)]
    assert found(of, "retr") == []


@pytest.mark.parametrize("pattern", ["(", "a{3,1}", "*", "[b-a]", "(?P<a>b)(?P<a>c)"])
def test_wrong_expressions_are_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_bytes(pattern)


def test_braces_that_repeat_nothing_are_braces() -> None:
    assert found(stream(Sent(0, b"a{e}ab{i<=1}")), r"a{e}|b{i<=1}") == [
        Match(0, "A", 0, 4),
        Match(5, "A", 5, 12),
    ]


def test_an_expression_that_explodes_ends_and_lets_other_threads_run() -> None:
    of = stream(*(Sent(at * 60_000, b"a" * 60_000) for at in range(2)))
    ticks, is_over = [0], threading.Event()

    def tick() -> None:
        while not is_over.is_set():
            ticks[0] += 1
            time.sleep(0.005)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        with pytest.raises(PatternError, match="too many ways"):
            found(of, "(a+)+b")
    finally:
        is_over.set()
        thread.join()
    assert ticks[0] > 3


class Endless:
    """A gigabyte that is nowhere; counts what is read of it, on a slow disk if wanted."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.read_bytes = 0
        self._seconds = seconds

    def read(self, places: NDArray[np.int64], counts: NDArray[np.int64]) -> Iterator[bytes]:
        for place, count in zip(places.tolist(), counts.tolist(), strict=True):
            self.read_bytes += count
            time.sleep(self._seconds)
            yield (b"%015d\n" % (place // 16)).ljust(count, b".")[:count]

    def close(self) -> None:
        """Nothing is open."""


def test_the_first_match_of_a_long_stream_is_found_without_reading_the_rest() -> None:
    segments = np.zeros(16_384, SEGMENT)
    segments["captured"] = segments["length"] = 65_535
    segments["place"] = segments["seq"] = np.arange(len(segments)) * 65_535
    segments["protocol"] = 6
    source = Endless()
    of = Stream(StreamIndex.build(segments), source)
    assert of.size() > 10**9
    windows = search(of, compile_bytes("0{7}"), "both", of.size() // 2, of.size())
    assert next(window for window in windows if window.matches).matches[0].begin >= of.size() // 2
    assert source.read_bytes < 3 * (searching.CHUNK + searching.LONGEST + searching.LEAD)
