"""Streams that are handed out while they come, beside those of all packets at once."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2tui.core.streams import Stream, delivery, sequence
from t2tui.core.streams.delivery import Delivery
from tests.core.streams.making import ACK, FIN, RST, SYN, TURN, UDP, Sent, stream


def shown(parts: Any) -> list[tuple[Any, ...]]:
    return [
        (part.direction, part.kind, part.offset, part.length, part.data, part.packet, part.seq, part.time)
        for part in parts
    ]


def delivered(found: Stream, sizes: list[int], direction: Any = "both", **more: Any) -> tuple[Any, Delivery]:
    """Hand the packets of a stream over in parts of some sizes, in turn."""
    segments = found.index.segments
    made = Delivery(found._source, direction, **more)
    parts, at, turn = [], 0, 0
    while at < len(segments):
        parts += made.add(segments[at : at + sizes[turn % len(sizes)]])
        at += sizes[turn % len(sizes)]
        turn += 1
    parts += made.finish()
    return shown(parts), made


@st.composite
def conversations(draw: st.DrawFn) -> list[Sent]:
    """Both sides begin with a SYN; segments of any length, somewhat out of order, repeated, lost, cut.

    Now and then a side acknowledges what the other one sent; what is lost until then does not come again.
    """
    firsts = [draw(st.integers(0, TURN - 1)), draw(st.integers(0, TURN - 1))]
    sent = [Sent(firsts[0], flags=SYN), Sent(firsts[1], flags=SYN | 0x10, direction="B")]
    tops, acknowledged = [0, 0], [0, 0]
    captured_bytes: tuple[set[int], set[int]] = set(), set()
    for _ in range(draw(st.integers(1, 60))):
        side = draw(st.integers(0, 1))
        step = draw(st.sampled_from([0, 0, 0, 0, 0, 0, 1, 5, -1, -1, -4, -9, -30]))
        data = draw(st.binary(max_size=9))
        begin = max(tops[side] + step, 0)
        flags = draw(st.sampled_from([16] * 12 + [16 | FIN, 16 | RST, SYN if not step else 16]))
        if flags == SYN:
            begin, data = -1, b""
        captured = draw(st.one_of(st.none(), st.integers(0, len(data))))
        count = len(data) if captured is None else captured
        places = range(begin, min(begin + len(data), acknowledged[side]))
        if flags != SYN and not captured_bytes[side].issuperset(places):
            begin = acknowledged[side]
        may_be_keep_alive = len(data) == 1 and begin == tops[side] - 1
        if not flags & RST and flags != SYN and not may_be_keep_alive:
            captured_bytes[side].update(range(begin, begin + count))
        other = 1 - side
        if draw(st.integers(0, 3)) == 0:
            acknowledged[other] = max(acknowledged[other], tops[other] - draw(st.integers(0, 5)))
        said = acknowledged[other] + draw(st.sampled_from([0, 0, 0, 3]))  # also more than was seen
        acknowledged[other] = max(acknowledged[other], min(said, tops[other]))
        ack = firsts[other] + 1 + said
        sent.append(Sent(firsts[side] + 1 + begin, data, flags, "AB"[side], captured, ack=ack))
        if not flags & RST and flags != SYN:
            tops[side] = max(tops[side], begin + len(data))
    return sent


@settings(max_examples=600)
@given(
    conversations(),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.integers(0, 12),
    st.sampled_from(["both", "A", "B"]),
    st.sampled_from([1 << 30, 40]),
)
def test_what_is_handed_out_is_what_the_whole_has(
    sent: list[Sent], sizes: list[int], horizon: int, direction: Any, window: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "HORIZON", horizon)
        patch.setattr(delivery, "WINDOW", window)
        patch.setattr(sequence, "WINDOW", window)
        patch.setattr(sequence, "RESYNC", window >> 10)
        if window < 1 << 30:  # a SYN that is sent again is outside the window then
            sent = sent[:2] + [segment for segment in sent[2:] if segment.flags != SYN]
        whole = stream(*sent)
        parts, made = delivered(whole, sizes, direction)
    assert parts == shown(whole.parts(direction))
    assert (made.size, made.missing) == (whole.size(direction), whole.missing(direction))


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.binary(max_size=4)), max_size=20),
    st.lists(st.integers(1, 5), min_size=1, max_size=3),
    st.sampled_from([UDP, 6]),
)
def test_datagrams_are_handed_out_at_once(
    made: list[tuple[str, bytes]], sizes: list[int], protocol: int
) -> None:
    sent = [Sent(n * 7, data, direction=side, protocol=protocol) for n, (side, data) in enumerate(made)]
    whole = stream(*sent, sequence=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "HORIZON", 0)
        parts, _ = delivered(whole, sizes, sequence=protocol == UDP)
    assert parts == shown(whole.parts())


class Zeros:
    """A source of bytes that are all the same."""

    def read(self, places: Any, counts: Any) -> Iterator[bytes]:
        yield from map(bytes, counts.tolist())

    def close(self) -> None:
        pass


def test_packets_are_forgotten_and_numbers_wrap() -> None:
    count, size = 500, 60_000
    segments = np.repeat(stream(Sent(TURN - 9, flags=SYN)).index.segments, count + 1)
    segments["flags"][1:], segments["length"][1:], segments["captured"][1:] = 16, size, size
    segments["seq"][1:] = (TURN - 8 + np.arange(count) * size) % TURN
    ends, waiting = [0], []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "HORIZON", 50)
        made = Delivery(Zeros())
        for first in range(0, len(segments), 20):
            ends += [part.offset + part.length for part in made.add(segments[first : first + 20])]
            waiting.append(sum(map(len, made._waiting)))
    assert max(waiting) < 100 and len(ends) > count - 100
    ends += [part.offset + part.length for part in made.finish()]
    assert ends == list(range(0, count * size + 1, size))
    assert (made.size, made.missing) == (count * size, 0)


COUNT, SIZE = 600, 1000


def long_one(is_acknowledged: bool = True) -> np.ndarray:
    """A sends segments; B answers each."""
    firsts = stream(Sent(0, flags=SYN), Sent(0, flags=SYN | ACK, direction="B", ack=1)).index.segments
    turns = np.repeat(firsts, COUNT)[np.arange(2 * COUNT).reshape(2, -1).T.ravel()]
    turns["packet"], turns["flags"] = 3 + np.arange(2 * COUNT), ACK
    sent = np.arange(COUNT) * SIZE + 1
    turns["seq"][::2], turns["length"][::2], turns["captured"][::2] = sent, SIZE, SIZE
    turns["seq"][1::2], turns["ack"][1::2] = 1, sent + SIZE if is_acknowledged else 1
    return np.concatenate([firsts, turns])


def followed(segments: np.ndarray) -> tuple[Delivery, int, int]:
    """What delivered them, the most packets that waited, and how far the stream came before the end."""
    waiting = behind = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "HORIZON", 50)
        patch.setattr(delivery, "PATIENCE", 400)
        patch.setattr(delivery, "AGREEMENT", 40)
        made = Delivery(Zeros())
        for first in range(0, len(segments), 20):
            behind = max([behind, *(part.offset + part.length for part in made.add(segments[first:][:20]))])
            waiting = max(waiting, sum(map(len, made._waiting)))
    return made, waiting, behind


@pytest.mark.parametrize("is_acknowledged", [True, False])
def test_a_packet_that_the_capture_lost_holds_nothing_up(is_acknowledged: bool) -> None:
    made, waiting, behind = followed(np.delete(long_one(is_acknowledged), 202))
    assert waiting < (150 if is_acknowledged else 500)
    assert behind > (COUNT - 100) * SIZE
    assert made.missing == SIZE


@pytest.mark.parametrize("forged", [1, 20])
def test_segments_outside_the_window_hold_nothing_up(forged: int) -> None:
    segments = long_one()
    strays = segments[202 : 202 + 40 * forged : 40].copy()
    strays["seq"] = (strays["seq"].astype(np.int64) + (1 << 31) + np.arange(forged) * (1 << 21)) % TURN
    segments = np.insert(segments, 203 + 40 * np.arange(forged), strays)
    segments["packet"] = 1 + np.arange(len(segments))
    made, waiting, behind = followed(segments)
    assert waiting < (200 if forged == 1 else 600)
    assert behind > (COUNT - 100) * SIZE
    list(made.finish())
    assert (made.size, made.missing) == (COUNT * SIZE, 0)


def test_a_gap_that_is_acknowledged_before_its_bytes_come_in_the_capture_closes() -> None:
    late = [Sent(1 + 10 * place, bytes([place]) * 10) for place in (0, 2, 3, 1, 4, 5)]
    sent = [Sent(0, flags=SYN), Sent(0, flags=SYN, direction="B"), *late]
    sent.insert(4, Sent(1, flags=ACK, direction="B", ack=41))
    whole = stream(*sent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "HORIZON", 3)
        parts, made = delivered(whole, [1])
    assert parts == shown(whole.parts())
    assert (made.size, made.missing) == (60, 0)


def test_a_gap_is_told_with_what_is_behind_it() -> None:
    sent = [Sent(0, flags=SYN), Sent(0, flags=SYN | ACK, direction="B", ack=1), Sent(2, ack=1)]
    sent += [Sent(1, flags=ACK, direction="B", ack=2), Sent(2, ack=1), Sent(2, ack=1)]
    sent += [Sent(1, b"reply", direction="B", ack=2), Sent(2, b"late", ack=6)]
    whole = stream(*sent)
    assert [part.direction for part in whole.parts()] == ["B", "A", "A"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "HORIZON", 0)
        parts, _ = delivered(whole, [1])
    assert parts == shown(whole.parts())


def test_a_syn_with_payload_and_fin_is_handed_out_once() -> None:
    sent = [Sent(0, b"first", SYN | FIN | ACK), *(Sent(6 + n, bytes([n]), ack=1) for n in range(9))]
    sent += [Sent(100, flags=SYN | ACK, direction="B", ack=1), Sent(101, b"reply", direction="B", ack=15)]
    whole = stream(*sent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "HORIZON", 2)
        parts, _ = delivered(whole, [1])
    assert parts == shown(whole.parts())


def test_a_fin_far_behind_ends_the_stream_still() -> None:
    sent = [
        Sent(0, flags=SYN),
        Sent(0, flags=SYN | ACK, direction="B", ack=1),
        Sent(1, b"ab", FIN | ACK, ack=1),
    ]
    sent += [Sent(3 + 9 * n, bytes(9), ack=1) for n in range(9)]
    sent += [Sent(90, ack=1)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "HORIZON", 0)
        patch.setattr(delivery, "WINDOW", 40)
        patch.setattr(sequence, "WINDOW", 40)
        whole = stream(*sent)
        parts, made = delivered(whole, [1])
    assert parts == shown(whole.parts())
    assert made.missing == whole.missing() == 0
