"""Hypothesis strategies for capture files: valid, odd and damaged."""

import struct

from hypothesis import strategies as st

U16 = st.integers(0, 0xFFFF)
U32 = st.integers(0, 0xFFFFFFFF)
TIMES = st.integers(0, 2**31 - 1)
"""Libraries differ beyond: up to libpcap 1.10.4 times are signed in files of the machine's byte order."""
U64 = st.integers(0, 2**64 - 1)
LINK_TYPES = st.sampled_from([0, 1, 9, 101, 105, 113, 127, 204, 228, 250])
SNAP_LENGTHS = st.sampled_from([0, 1, 20, 96, 65535, 262144, 300000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
ORDERS = st.sampled_from("<>")


@st.composite
def pcap_files(draw, max_records=8, damaged=False):
    """Classic pcap in either byte order, of any version that libpcap reads; perhaps with wrong lengths."""
    order = draw(ORDERS)
    major, minor = draw(st.sampled_from([(2, 4), (2, 4), (2, 4), (2, 3), (2, 2), (2, 0), (543, 0)]))
    magic = draw(st.sampled_from([0xA1B2C3D4, 0xA1B23C4D]))
    link = draw(LINK_TYPES) | draw(st.sampled_from([0, 0, 0xF4000000]))
    parts = [struct.pack(f"{order}IHHIIII", magic, major, minor, 0, 0, draw(SNAP_LENGTHS), link)]
    for _ in range(draw(st.integers(0, max_records))):
        body = draw(st.binary(max_size=80))
        caplen = len(body)
        length = draw(st.one_of(st.just(caplen), st.integers(caplen, 1500)))
        if damaged:
            caplen = draw(
                st.one_of(st.just(caplen), st.integers(0, 100), st.sampled_from([262144, 262145, 2**31]))
            )
        lengths = (caplen, length)
        if major == 543 or minor < 3 or (minor == 3 and draw(st.booleans())):
            lengths = (length, caplen)
        parts.append(struct.pack(f"{order}IIII", draw(TIMES), draw(TIMES), *lengths) + body)
    return b"".join(parts)


def block(order: str, kind: int, body: bytes, lengths: tuple[int, int] | None = None) -> bytes:
    """A pcapng block; ``lengths``: other numbers than the right ones before and behind the body."""
    body += bytes(-len(body) % 4)
    first, last = lengths or (len(body) + 12, len(body) + 12)
    return struct.pack(f"{order}II", kind, first) + body + struct.pack(f"{order}I", last)


def section(order: str, options: bytes = b"") -> bytes:
    return block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1) + options)


def interface(order: str, link: int, snap: int, options: bytes = b"") -> bytes:
    return block(order, 1, struct.pack(f"{order}HHI", link, 0, snap) + options)


def option(order: str, code: int, value: bytes) -> bytes:
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


@st.composite
def time_options(draw, order):
    """Options of an interface that set its clock, among others that do not."""
    options = []
    if draw(st.booleans()):
        exponent = draw(
            st.one_of(st.integers(0, 19), st.integers(0x80, 0x80 + 63), st.sampled_from([3, 6, 9, 12]))
        )
        options.append(option(order, 9, bytes([exponent])))
    if draw(st.booleans()):
        offset = draw(st.one_of(st.integers(-(2**40), 2**40), st.integers(-(2**63), 2**63 - 1)))
        options.append(option(order, 14, struct.pack(f"{order}q", offset)))
    options.append(option(order, 2, draw(st.binary(max_size=9))))
    options = draw(st.permutations(options))
    return b"".join(options) + (option(order, 0, b"") if draw(st.booleans()) else b"")


@st.composite
def pcapng_files(draw, max_blocks=10, damaged=False, order=None):
    """pcapng in either byte order: sections, interfaces, packets of three kinds, other blocks.

    Damaged ones have wrong lengths, unknown interfaces, interfaces of other types; all options are valid.
    """
    order = order or draw(ORDERS)
    link, snap = draw(LINK_TYPES), draw(SNAP_LENGTHS)
    parts = [section(order, option(order, 4, draw(st.binary(max_size=20))))]
    if draw(st.booleans()):
        parts.append(block(order, 4, draw(st.binary(max_size=60))))
    parts.append(interface(order, link, snap, draw(time_options(order))))
    kinds = ["epb", "epb", "epb", "spb", "pb", "other", "idb"] + (
        ["shb", "bad", "idb?", "cut"] if damaged else []
    )
    known = 1
    for _ in range(draw(st.integers(0, max_blocks))):
        kind = draw(st.sampled_from(kinds))
        body = draw(st.binary(max_size=90))
        caplen = len(body)
        if damaged and draw(st.integers(0, 3)) == 0:
            caplen = draw(st.one_of(st.integers(0, 100), st.sampled_from([262144, 262145, 2**31])))
        wire = draw(st.one_of(st.just(caplen), U32))
        number = draw(st.integers(0, known - 1 + damaged)) if known else 0
        high, low = divmod(draw(st.one_of(st.integers(0, 2**55), U64)), 2**32)
        extra = option(order, 1, b"note") if draw(st.booleans()) else b""
        padded = body + bytes(-len(body) % 4) + extra
        if kind == "epb":
            parts.append(
                block(order, 6, struct.pack(f"{order}IIIII", number, high, low, caplen, wire) + padded)
            )
        elif kind == "pb":
            parts.append(
                block(order, 2, struct.pack(f"{order}HHIIII", number, 0, high, low, caplen, wire) + padded)
            )
        elif kind == "spb":
            parts.append(block(order, 3, struct.pack(f"{order}I", len(body)) + padded))
        elif kind == "other":
            parts.append(block(order, draw(st.sampled_from([4, 5, 10, 0xBAD, 0x80000001])), body))
        elif kind == "idb":
            parts.append(interface(order, link, snap, draw(time_options(order))))
            known += 1
        elif kind == "idb?":
            parts.append(interface(order, draw(LINK_TYPES), draw(SNAP_LENGTHS), draw(time_options(order))))
        elif kind == "shb":
            parts.append(section(draw(ORDERS)))
            known = 0
        elif kind == "bad":
            lengths = (len(body) + 12 + draw(st.integers(-12, 8)), draw(U32))
            parts.append(block(order, draw(st.sampled_from([2, 3, 5, 6])), body, lengths))
        else:
            parts.append(block(order, draw(st.sampled_from([1, 2, 3, 6])), body[:8]))
    return b"".join(parts)


CAPTURES = st.one_of(pcap_files(), pcapng_files())
DAMAGED = st.one_of(pcap_files(damaged=True), pcapng_files(damaged=True))


@st.composite
def broken_files(draw):
    """Any capture with bytes changed, cut out or put in, or cut off."""
    content = bytearray(draw(st.one_of(CAPTURES, DAMAGED)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        end = at + draw(st.sampled_from([0, 1, 1, 4, 20]))
        content[at:end] = draw(
            st.one_of(st.binary(max_size=6), st.just(b"\xff\xff\xff\xff"), st.just(bytes(4)))
        )
    return bytes(content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content)
