"""Read pcap files with the struct module alone, and make them in other formats."""

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

SECOND = 10**9
ORDERS = {b"\xd4\xc3\xb2\xa1": ("<", 1000), b"\xa1\xb2\xc3\xd4": (">", 1000), b"M<\xb2\xa1": ("<", 1)}


class Packet(NamedTuple):
    """A packet: its time in nanoseconds, bytes on the wire, captured bytes."""

    time: int
    length: int
    frame: bytes


class Saved(NamedTuple):
    """A pcap file."""

    link_type: int
    snap_length: int
    packets: list[Packet]


def parse(content: bytes) -> Saved:
    """Parse a pcap file of version 2.4, from its first byte to its last."""
    order, unit = ORDERS[content[:4]]
    *version, zone, figures, snap_length, link_type = struct.unpack_from(f"{order}HHiIII", content, 4)
    assert (*version, zone, figures) == (2, 4, 0, 0)
    packets, at = [], 24
    while at < len(content):
        seconds, fraction, caplen, length = struct.unpack_from(f"{order}4I", content, at)
        frame = content[at + 16 : at + 16 + caplen]
        assert len(frame) == caplen <= snap_length
        packets.append(Packet(seconds * SECOND + fraction * unit, length, frame))
        at += 16 + caplen
    return Saved(link_type, snap_length, packets)


def read(path: str | Path) -> Saved:
    """Read a pcap file."""
    return parse(Path(path).read_bytes())


def pcap(packets: Iterable[Packet], link_type: int = 1, order: str = "<") -> bytes:
    """Make a pcap file with microseconds."""
    parts = [struct.pack(f"{order}IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type)]
    for time, length, frame in packets:
        header = (time // SECOND, time % SECOND // 1000, len(frame), length)
        parts += struct.pack(f"{order}4I", *header), frame
    return b"".join(parts)


def block(order: str, kind: int, body: bytes) -> bytes:
    """Make a pcapng block."""
    body += bytes(-len(body) % 4)
    length = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + length + body + length


def pcapng(packets: Iterable[Packet], link_type: int = 1, order: str = "<") -> bytes:
    """Make a pcapng file with nanoseconds."""
    resolution = struct.pack(f"{order}HHBxxxI", 9, 1, 9, 0)
    parts = [
        block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1)),
        block(order, 1, struct.pack(f"{order}HHI", link_type, 0, 65535) + resolution),
    ]
    for time, length, frame in packets:
        head = struct.pack(f"{order}5I", 0, time >> 32, time & 0xFFFFFFFF, len(frame), length)
        parts.append(block(order, 6, head + frame))
    return b"".join(parts)
