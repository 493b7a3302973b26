"""What happens at the edges of TCP connections, and what is not stream although it looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.packetindex.index import LATER
from t2tui.core.streams import (
    CUT,
    DATA,
    FRAGMENT,
    KEEP_ALIVE,
    MISSING,
    OUT_OF_ORDER,
    OUTSIDE,
    OVERLAP,
    RESET,
    RESTART,
    RETRANSMISSION,
    describe_marks,
)
from tests.core.streams.making import ACK, FIN, RST, SYN, TURN, UDP, Sent, stream

FIRSTS = st.sampled_from([0, 1, 1000, TURN - 3, TURN - 1])


@given(FIRSTS)
def test_payload_of_a_syn_begins_behind_it(first: int) -> None:
    """RFC 7413: data in the SYN; the server may not take it, and it is sent again."""
    found = stream(Sent(first, b"GET", SYN), Sent(first + 1, b"GET /"), Sent(first + 6, b"!", ACK | FIN))
    assert found.bytes("A") == b"GET /!"
    assert found.missing() == 0
    assert found.index.marks.tolist() == [0, OVERLAP, 0]


@given(FIRSTS)
def test_a_late_start_begins_with_the_lowest_payload(first: int) -> None:
    found = stream(Sent(first + 4, b"world"), Sent(first, b"the "), Sent(first + 9))
    assert found.bytes("A") == b"the world"
    assert found.index.marks.tolist() == [0, OUT_OF_ORDER, 0]
    assert found.index.offsets.tolist()[:2] == [4, 0]


@given(FIRSTS, st.binary(max_size=1))
def test_keep_alives_are_no_data(first: int, garbage: bytes) -> None:
    """RFC 9293, 3.8.4: one garbage byte, or none, at the last number sent."""
    before = stream(
        Sent(first - 1, garbage), Sent(first, b"ab"), Sent(first + 1, garbage), Sent(first + 2, b"c")
    )
    assert before.bytes("A") == (garbage + b"abc")
    assert before.index.marks[2] == KEEP_ALIVE
    synchronised = stream(Sent(first - 1, flags=SYN), Sent(first - 1, garbage), Sent(first, b"ab"))
    assert synchronised.bytes("A") == b"ab"
    assert synchronised.index.marks[1] == KEEP_ALIVE


def test_a_lost_byte_before_a_keep_alive_stays_lost() -> None:
    found = stream(Sent(10, b"ab"), Sent(14, b"ef"), Sent(15, b"\0"), Sent(14, b"e"))
    assert [(part.kind, part.data) for part in found.parts("A")] == [
        (DATA, b"ab"),
        (MISSING, b""),
        (DATA, b"ef"),
    ]
    assert found.index.marks.tolist() == [0, 0, KEEP_ALIVE, RETRANSMISSION]


@pytest.mark.parametrize("before", [[], [Sent(9, flags=SYN)], [Sent(10, b"ab")]])
def test_a_byte_that_an_acknowledgement_overtook_is_payload(before: list[Sent]) -> None:
    """Nobody has sent it before, though it is one behind the largest number."""
    first = 12 if before and before[0].data else 10
    found = stream(*before, Sent(first + 1), Sent(first, b"c"), Sent(first, b"c"))
    assert found.bytes("A").endswith(b"c")
    assert found.missing() == 0
    assert found.index.marks.tolist()[-1] == KEEP_ALIVE


def test_a_probe_of_a_closed_window_brings_its_byte() -> None:
    """RFC 9293, 3.8.6.1: the byte is the next one, and is sent again with those behind it."""
    found = stream(Sent(0, b"ab"), Sent(2, b"c"), Sent(2, b"c"), Sent(2, b"cde"))
    assert found.bytes("A") == b"abcde"
    assert found.index.marks.tolist() == [0, 0, KEEP_ALIVE, OVERLAP]


def test_payload_of_a_reset_is_not_in_the_stream() -> None:
    found = stream(Sent(0, b"ab"), Sent(2, b"go away", RST), Sent(2, b"", RST), Sent(2, b"cd"))
    assert found.bytes("A") == b"abcd"
    assert found.index.marks.tolist() == [0, RESET, 0, 0]


@given(st.integers(0, TURN - 1), st.integers(0, TURN - 1))
def test_a_new_connection_on_the_same_ports_follows_the_old_one(old: int, new: int) -> None:
    if min((new - old) % TURN, (old - new) % TURN) < 1 << 21:
        new = (old + (1 << 31)) % TURN
    found = stream(
        *(Sent(old - 1, flags=SYN), Sent(old, b"old"), Sent(old + 3, b"end", ACK | FIN)),
        *(Sent(new - 1, flags=SYN), Sent(new - 1, flags=SYN), Sent(new, b"new"), Sent(new, b"new")),
    )
    assert found.bytes("A") == b"oldendnew"
    assert found.missing() == 0
    assert found.index.marks.tolist() == [0, 0, 0, RESTART, 0, 0, RETRANSMISSION]
    assert found.index.offsets[5] == 6


@given(st.integers(0, TURN - 1), st.integers(1 << 21, TURN - (1 << 21)))
def test_a_forged_syn_changes_nothing(first: int, step: int) -> None:
    """RFC 5961, 4.2: a SYN within a connection is answered and ignored."""
    found = stream(
        *(Sent(first - 1, flags=SYN), Sent(first, b"ab"), Sent(first + step, flags=SYN)),
        *(Sent(first + 2, b"cd"), Sent(first + 4)),
    )
    assert found.bytes("A") == b"abcd"
    assert found.missing() == 0
    assert found.index.marks.tolist() == [0, 0, OUTSIDE, 0, 0]


@given(st.integers(0, TURN - 1), st.integers((1 << 30) + 100, TURN - (1 << 30) - 100))
def test_a_segment_outside_the_window_is_left_out(first: int, step: int) -> None:
    found = stream(
        Sent(first, b"ab"), Sent(first + step, b"??"), Sent(first + 2, b"cd"), Sent(first + 4, b"ef")
    )
    assert found.bytes("A") == b"abcdef"
    assert found.missing() == 0
    assert found.index.marks.tolist() == [0, OUTSIDE, 0, 0]


@given(st.integers(0, TURN - 1), st.integers((1 << 30) + 100, TURN - (1 << 30) - 100))
def test_two_that_agree_outside_the_window_are_a_new_beginning(first: int, step: int) -> None:
    found = stream(
        Sent(first, b"ab"), Sent(first + step, b"cd"), Sent(first + step + 2, b"ef"), Sent(first + step + 4)
    )
    assert found.bytes("A") == b"abcdef"
    assert found.index.marks.tolist() == [0, RESTART, 0, 0]


def test_forged_jumps_within_the_window_lose_no_byte() -> None:
    forged = [Sent(number * (1 << 30) - 5, b"x") for number in (1, 2, 3, 2, 1)]
    sent = [Sent(0, b"a"), *forged, Sent(1, b"b"), Sent(2, b"c")]
    found = stream(*sent)
    assert found.bytes("A").replace(b"x", b"") == b"abc"


def test_gaps_of_a_capture_and_of_its_snap_length_are_told_apart() -> None:
    found = stream(
        Sent(0, b"abcdef", captured=2), Sent(10, b"klmn", captured=0), Sent(3, b"de"), Sent(20, b"u")
    )
    shown = [(part.kind, part.offset, part.length, part.data) for part in found.parts()]
    assert shown == [
        (DATA, 0, 2, b"ab"),
        (CUT, 2, 1, b""),
        (DATA, 3, 2, b"de"),
        (CUT, 5, 1, b""),
        (MISSING, 6, 4, b""),
        (CUT, 10, 4, b""),
        (MISSING, 14, 6, b""),
        (DATA, 20, 1, b"u"),
    ]
    assert (found.size(), found.missing()) == (5, 16)


def test_later_fragments_are_marked_and_missing() -> None:
    found = stream(Sent(0, b"ab"), Sent(77, b"cd", later=True), Sent(4, b"ef"))
    assert [(part.kind, part.data) for part in found.parts()] == [
        (DATA, b"ab"),
        (MISSING, b""),
        (DATA, b"ef"),
    ]
    assert found.index.marks.tolist() == [0, FRAGMENT, 0]


def test_fragments_of_another_protocol_number_do_not_make_datagrams() -> None:
    """The index of all packets keeps that a packet is a later fragment in place of its protocol."""
    found = stream(Sent(2, b"cd"), Sent(9, b"??", later=True, protocol=LATER), Sent(0, b"ab"))
    assert found.bytes("A") == b"abcd"


@pytest.mark.parametrize("protocol", [UDP, 1, 0])
@given(st.lists(st.tuples(st.sampled_from("AB"), st.binary(max_size=4), st.integers(0, 4)), max_size=12))
def test_datagrams_stay_in_the_order_of_the_capture(
    protocol: int, made: list[tuple[str, bytes, int]]
) -> None:
    sent = [
        Sent(5, data, direction=name, captured=min(cut, len(data)), protocol=protocol)
        for name, data, cut in made
    ]
    found = stream(*sent)
    expected = [(each.direction, each.data[: each.captured]) for each in sent if each.captured]
    assert [(part.direction, part.data) for part in found.parts() if part.kind == DATA] == expected
    assert found.missing() == sum(len(each.data) - (each.captured or 0) for each in sent)
    unordered = stream(
        *(Sent(each.seq, each.data, direction=each.direction) for each in sent), sequence=False
    )
    for name in ("A", "B"):
        assert unordered.bytes(name) == b"".join(each.data for each in sent if each.direction == name)


def test_marks_have_names() -> None:
    assert describe_marks(RETRANSMISSION | RESTART) == "retransmission, sequence numbers begin anew"
    assert describe_marks(0) == ""
