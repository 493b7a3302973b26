"""Changes to extracted packets, beside a plain model that takes one packet after the other."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from t2tui.core.alteration import SUBTRACT, SUBTRACT_RANDOM, Alterations, random_numbers
from t2tui.core.layout import KIND_IPV4, KIND_IPV6, KIND_LAYER2, PACKET, SHOW_MAC
from t2tui.core.savefile import RecordMaker, record_headers
from tests.saved import SECOND


class Frame(NamedTuple):
    """A frame with its headers at any place, also beyond its end."""

    content: bytes
    kind: int
    show: int
    l2: int
    l3: int
    vlan: int


PLACES = st.integers(-1, 120)
FRAMES = st.lists(
    st.builds(
        Frame,
        st.one_of(st.binary(max_size=120), st.just(bytes.fromhex("45ff8100") * 30), st.just(b"\x81\0" * 60)),
        st.sampled_from([KIND_LAYER2, KIND_IPV4, KIND_IPV6]),
        st.sampled_from([0, SHOW_MAC, 255]),
        st.integers(0, 120),
        PLACES,
        PLACES,
    ),
    max_size=6,
)
NUMBERS = st.one_of(st.just(0), st.integers(-(2**62), 2**62))


def alter(frames: list[Frame], alterations: Alterations) -> list[bytes]:
    """Frames after the changes."""
    packets = np.zeros(len(frames), PACKET)
    sizes = np.array([len(frame.content) for frame in frames], np.int64)
    for name, column in (("kind", 1), ("show", 2), ("l2", 3), ("l3", 4), ("vlanPos", 5)):
        packets[name] = [frame[column] for frame in frames]
    packets["pktNo"] = np.arange(len(frames)) + 1
    data = np.frombuffer(b"".join(frame.content for frame in frames), np.uint8)
    headers = record_headers(sizes * 0, sizes * 0, sizes, sizes)
    records = RecordMaker().make(headers, data, np.cumsum(sizes) - sizes)
    alterations.apply(packets, records)
    begins = (records.starts[:-1] + 16).tolist()
    ends = records.starts[1:].tolist()
    return [records.bytes[begin:end].tobytes() for begin, end in zip(begins, ends, strict=True)]


def change(content: bytearray, at: int, width: int, function: Callable[[int], int]) -> None:
    """Change a number, if the frame holds it."""
    if 0 <= at <= len(content) - width:
        number = function(int.from_bytes(content[at : at + width])) % 2 ** (8 * width)
        content[at : at + width] = number.to_bytes(width)


def model(frame: Frame, a: Alterations) -> bytes:
    """The same for a frame, without checksum and random numbers."""
    content = bytearray(frame.content)
    if frame.show & SHOW_MAC:
        change(content, frame.l2 + 11, 1, lambda old: old + a.source_mac)
        change(content, frame.l2 + 5, 1, lambda old: old + a.destination_mac)
    if frame.vlan >= 0 and a.vlan:
        behind = bytes(content[frame.vlan + 2 : frame.vlan + 4])
        at = frame.vlan + 4 * (behind in (b"\x81\x00", b"\x88\xa8", b"\x91\x00", b"\x92\x00"))
        change(content, at, 2, lambda old: old // 4096 * 4096 + (old + a.vlan) % 4096)
    if frame.l3 >= 0 and frame.kind == KIND_IPV4:
        for at in (12, 16):
            change(content, frame.l3 + at, 4, lambda old: old + a.ipv4)
    if frame.l3 >= 0 and frame.kind == KIND_IPV6:
        for at in (16, 32):
            change(content, frame.l3 + at, 8, lambda old: old + a.ipv6)
    if frame.l3 >= 0 and frame.kind in (KIND_IPV4, KIND_IPV6) and a.ttl_mode == SUBTRACT:
        at = frame.l3 + (8 if frame.kind == KIND_IPV4 else 7)
        change(content, at, 1, lambda old: (old - a.ttl) % a.ttl_modulus)
    return bytes(content)


@given(
    FRAMES,
    st.builds(
        Alterations,
        source_mac=NUMBERS,
        destination_mac=NUMBERS,
        vlan=NUMBERS,
        ipv4=NUMBERS,
        ipv6=NUMBERS,
        ttl_mode=st.sampled_from([0, SUBTRACT]),
        ttl=st.integers(1, 255),
        ttl_modulus=st.integers(1, 256),
    ),
)
@settings(max_examples=300)
def test_fields_change_as_the_model_says(frames: list[Frame], alterations: Alterations) -> None:
    """One field at a time: random places overlap, and then the order would matter."""
    for name in ("source_mac", "destination_mac", "vlan", "ipv4", "ipv6", "ttl_mode"):
        values = {name: getattr(alterations, name)}
        if name == "ttl_mode":
            values |= {"ttl": alterations.ttl, "ttl_modulus": alterations.ttl_modulus}
        one = Alterations(**values)
        assert one.concern_bytes == bool(values[name])
        assert alter(frames, one) == [model(frame, one) for frame in frames]


def folded_sum(header: bytes) -> int:
    """One's complement sum of 16-bit words (RFC 1071)."""
    total = sum(int.from_bytes(header[i : i + 2]) for i in range(0, len(header), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@given(FRAMES, st.integers(0, 15))
def test_checksums_are_right_in_whole_ipv4_headers(frames: list[Frame], words: int) -> None:
    frames = [
        frame._replace(
            content=frame.content[: frame.l3] + bytes([0x40 | words]) + frame.content[frame.l3 + 1 :]
        )
        if 0 <= frame.l3 < len(frame.content)
        else frame
        for frame in frames
    ]
    for frame, after in zip(frames, alter(frames, Alterations(checksum=True)), strict=True):
        header = slice(frame.l3, frame.l3 + 4 * words)
        is_whole = frame.l3 >= 0 and frame.l3 + 4 * words <= len(frame.content) and words >= 5
        if frame.kind == KIND_IPV4 and is_whole:
            assert folded_sum(after[header]) == 0xFFFF
            at = frame.l3 + 10
            assert after[:at] + after[at + 2 :] == frame.content[:at] + frame.content[at + 2 :]
        else:
            assert after == frame.content


def test_a_checksum_that_carries_twice() -> None:
    header = bytes.fromhex("4500 ffff bb00") + bytes(14)  # the words make 0x1ffff, then 0x10000, then 1
    frame = Frame(header, KIND_IPV4, 0, 0, 0, -1)
    assert alter([frame], Alterations(checksum=True)) == [header[:10] + b"\xff\xfe" + header[12:]]


@given(st.integers(1, 40))
def test_random_numbers_are_below_their_bound_and_all_occur(bound: int) -> None:
    numbers = np.arange(1, 5001, dtype=np.uint64)
    counts = Counter(random_numbers(numbers, bound).tolist())
    assert set(counts) == set(range(bound))
    assert min(counts.values()) > 5000 / bound / 2
    assert (
        random_numbers(numbers[100:200], bound).tolist() == random_numbers(numbers, bound)[100:200].tolist()
    )


def test_a_random_number_is_subtracted_from_the_ttl() -> None:
    frame = Frame(bytes([200] * 40), KIND_IPV4, 0, 0, 0, -1)
    after = alter([frame] * 300, Alterations(ttl_mode=SUBTRACT_RANDOM, ttl=8, ttl_modulus=256))
    assert {content[8] for content in after} == set(range(193, 201))
    assert {content[:8] + content[9:] for content in after} == {bytes([200] * 39)}


@given(
    st.integers(0, 2**33),
    st.integers(-(2**40), 2**40),
    st.integers(-(2**33), 2**33),
    st.integers(-(2**50), 2**50),
)
def test_times_are_shifted_and_carried(sec: int, frac: int, seconds: int, nanoseconds: int) -> None:
    shift = Alterations(seconds=seconds, nanoseconds=nanoseconds)
    assert not shift.concern_bytes
    new_sec, new_frac = shift.shift_times(np.array([sec]), np.array([frac]))
    total = (sec + seconds) * SECOND + frac + nanoseconds
    if seconds or nanoseconds:
        assert (int(new_sec[0]), int(new_frac[0])) == divmod(total, SECOND)
    else:
        assert (int(new_sec[0]), int(new_frac[0])) == (sec, frac), "an odd fraction stays as it is"
