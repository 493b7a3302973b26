"""Streams are put together whatever happened to their segments; a model byte by byte says what is right."""

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.streams import CUT, DATA, MISSING, Stream
from tests.core.streams.making import ACK, FIN, SYN, TURN, Sent, stream

NUMBERS = st.one_of(st.integers(0, TURN - 1), st.integers(TURN - 300, TURN - 1), st.integers(0, 2))


@st.composite
def segmented(draw: st.DrawFn, repeats: bool = True) -> tuple[int, bytes, list[Sent]]:
    """A first sequence number, what is sent from there, and segments that bring all of it, in any order."""
    first, data = draw(NUMBERS), draw(st.binary(min_size=2, max_size=200))
    cuts = sorted({0, len(data), *draw(st.lists(st.integers(0, len(data)), max_size=12))})
    spans = list(pairwise(cuts))
    if repeats:
        places = st.integers(0, len(data))
        spans += [(min(pair), max(pair)) for pair in draw(st.lists(st.tuples(places, places), max_size=8))]
    spans = draw(st.permutations(spans))
    return first, data, [Sent(first + begin, data[begin:end]) for begin, end in spans]


def check(found: Stream) -> None:
    """What holds for every stream: pieces follow each other, windows show the same as the whole."""
    for direction in ("A", "B"):
        pieces = found.pieces[found.pieces["direction"] == (direction == "B")]
        ends = np.cumsum(pieces["length"], dtype=np.int64)
        assert (pieces["offset"] == ends - pieces["length"]).all()
        assert (pieces["length"] > 0).all()
        assert found.size(direction) + found.missing(direction) == (ends[-1] if len(ends) else 0)


@given(segmented())
def test_shuffled_repeated_and_overlapping_segments_give_the_stream_back(
    made: tuple[int, bytes, list[Sent]],
) -> None:
    first, data, segments = made
    found = stream(Sent(first - 1, flags=SYN), *segments)
    check(found)
    assert found.bytes("A") == data
    assert found.missing() == 0
    assert list(found.differences()) == []


@given(segmented(), st.integers(0, 4))
def test_a_syn_that_comes_late_changes_nothing(made: tuple[int, bytes, list[Sent]], late: int) -> None:
    first, data, segments = made
    segments.insert(min(late, len(segments)), Sent(first - 1, flags=SYN))
    found = stream(*segments)
    check(found)
    assert found.bytes("A") == data


@given(st.lists(segmented(repeats=False), min_size=2, max_size=2), st.data())
def test_directions_do_not_mix(made: list[tuple[int, bytes, list[Sent]]], data: Any) -> None:
    both = [
        [Sent(first - 1, flags=SYN, direction=name)]
        + [Sent(each.seq, each.data, direction=name) for each in segments]
        for name, (first, _, segments) in zip("AB", made, strict=True)
    ]
    turns = data.draw(st.permutations([0] * len(both[0]) + [1] * len(both[1])))
    found = stream(*(both[turn].pop(0) for turn in turns))
    check(found)
    for name, (_, content, _) in zip("AB", made, strict=True):
        assert found.bytes(name) == content


@st.composite
def hostile(draw: st.DrawFn) -> tuple[int, list[Sent]]:
    """Segments that contradict each other, cut by the snap length, with holes."""
    first = draw(NUMBERS)
    segments = []
    for _ in range(draw(st.integers(1, 12))):
        payload = draw(st.binary(min_size=2, max_size=30))
        captured = draw(st.one_of(st.none(), st.integers(0, len(payload))))
        segments.append(Sent(first + draw(st.integers(0, 100)), payload, captured=captured))
    return first, segments


@given(hostile())
def test_the_first_segment_wins_every_byte(made: tuple[int, list[Sent]]) -> None:
    first, segments = made
    model: dict[int, int | None] = {}
    for each in segments:
        at = (each.seq - first) % TURN
        for position, value in enumerate(each.data[: each.captured], at):
            model.setdefault(position, value)
    sent: set[int] = set()
    for each in segments:
        at = (each.seq - first) % TURN
        sent |= set(range(at, at + len(each.data)))
    found = stream(Sent(first - 1, flags=SYN), *segments)
    check(found)
    content: dict[int, int] = {}
    kinds: dict[int, int] = {}
    for part in found.parts("A"):
        content |= dict(enumerate(part.data, part.offset))
        kinds |= dict.fromkeys(range(part.offset, part.offset + part.length), part.kind)
    assert content == model
    for position, kind in kinds.items():
        assert kind == (DATA if position in model else CUT if position in sent else MISSING)
    assert max(kinds) == max(sent)
    differs = {
        number
        for number, each in enumerate(segments, 2)
        for position, value in enumerate(each.data[: each.captured], (each.seq - first) % TURN)
        if model[position] != value
    }
    assert {difference.packet for difference in found.differences()} == differs


@given(hostile(), st.integers(0, 60), st.integers(0, 60))
def test_windows_show_what_the_whole_shows(made: tuple[int, list[Sent]], first: int, count: int) -> None:
    base, segments = made
    sides = [Sent(e.seq, e.data, direction="AB"[n % 2], captured=e.captured) for n, e in enumerate(segments)]
    found = stream(Sent(base - 1, flags=SYN), Sent(base - 1, flags=SYN, direction="B"), *sides)
    for direction in ("both", "A", "B"):
        whole = found.bytes(direction)
        parts = found.read(first, count, direction)
        assert b"".join(part.data for part in parts) == whole[first : first + count]
        halves = found.read(0, first, direction) + found.read(first, 1 + len(whole), direction)
        gaps = [part for part in halves if part.kind != DATA]
        assert gaps == [part for part in found.parts(direction) if part.kind != DATA]


@given(st.lists(st.tuples(NUMBERS, st.binary(max_size=5), st.integers(0, 63)), max_size=30))
def test_any_numbers_and_flags_are_taken(made: list[tuple[int, bytes, int]]) -> None:
    found = stream(*(Sent(seq, data, flags) for seq, data, flags in made))
    check(found)
    assert found.size() <= sum(len(data) for _, data, _ in made)
    found.bytes()
    list(found.differences())


def test_a_stream_of_ten_gigabytes_keeps_its_places() -> None:
    step = 60_000
    count = 10 * 10**9 // step
    sent = [Sent(TURN - 100 + number * step, bytes(step), captured=0) for number in range(3)]
    index = stream(*sent).index
    segments = np.repeat(index.segments[:1], count)
    segments["seq"] = (TURN - 100 + np.arange(count) * step) % TURN
    segments["length"] = step
    pieces = type(index).build(segments).pieces
    assert len(pieces) == count
    assert int(pieces["offset"][-1]) == (count - 1) * step
    assert (pieces["kind"] == CUT).all()


def test_delivery_waits_for_a_gap_that_closes_and_not_for_one_that_stays() -> None:
    found = stream(
        Sent(1, b"ab"),
        Sent(5, b"ef"),
        Sent(1, b"1", direction="B"),
        Sent(3, b"cd"),
        Sent(9, b"ij"),
        Sent(2, b"2", direction="B"),
    )
    shown = [(part.direction, part.data, part.length) for part in found.parts()]
    assert shown == [
        ("A", b"ab", 2),
        ("B", b"1", 1),
        ("A", b"cd", 2),
        ("A", b"ef", 2),
        ("A", b"", 2),
        ("A", b"ij", 2),
        ("B", b"2", 1),
    ]


def test_bytes_that_the_end_of_the_connection_counts_are_missing() -> None:
    assert stream(Sent(9, flags=SYN), Sent(15, flags=FIN), Sent(16)).missing("A") == 5
    assert stream(Sent(9, flags=SYN), Sent(10, b"hello", ACK | FIN), Sent(16)).missing("A") == 0
