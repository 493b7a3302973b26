"""Records of streams: packets of a flow as segments, the pieces that a stream is made of, their marks."""

import numpy as np

SEGMENT = np.dtype(
    [
        ("place", "i8"),  # of the first payload byte in the source of bytes
        ("time", "i8"),  # ns since 1970
        ("packet", "u8"),  # number in the capture, from 1
        ("seq", "u4"),
        ("captured", "u2"),  # payload bytes that the capture has
        ("length", "u2"),  # payload bytes that the headers announce
        ("direction", "u1"),  # 0 = A, 1 = B
        ("flags", "u1"),  # of TCP
        ("protocol", "u1"),  # number of the layer-4 protocol
        ("later", "u1"),  # 1: a later IP fragment whose place is not known
        ("ack", "u4"),  # what the sender has of the other side; 0 of segments from a PacketIndex
    ],
    align=True,
)
"""A packet of a flow, with or without payload, in the order of the capture."""

PIECE = np.dtype(
    [
        ("offset", "i8"),  # in the stream of its direction
        ("length", "u4"),
        ("segment", "i4"),  # row of the segment that brings it, -1 of a gap
        ("skip", "u2"),  # payload bytes of the segment before the piece
        ("direction", "u1"),
        ("kind", "u1"),  # DATA, MISSING or CUT
    ],
    align=True,
)
"""A part of a stream. The pieces of a direction follow each other without overlap."""

DATA = 0
"""Bytes that the capture has."""
MISSING = 1
"""Bytes that were sent, as the sequence numbers tell, in no packet of the capture."""
CUT = 2
"""Bytes of packets that were captured shorter than they were (snap length)."""

RETRANSMISSION = 1 << 0
OVERLAP = 1 << 1
OUT_OF_ORDER = 1 << 2
KEEP_ALIVE = 1 << 3
OUTSIDE = 1 << 4
RESET = 1 << 5
RESTART = 1 << 6
FRAGMENT = 1 << 7

MARKS = {
    RETRANSMISSION: "retransmission",
    OVERLAP: "overlap",
    OUT_OF_ORDER: "out of order",
    KEEP_ALIVE: "keep-alive",
    OUTSIDE: "outside the window",
    RESET: "payload of a reset",
    RESTART: "sequence numbers begin anew",
    FRAGMENT: "later IP fragment",
}
"""Bits of a segment's mark and their names (docs/follow.md)."""

LEFT_OUT = RETRANSMISSION | KEEP_ALIVE | OUTSIDE | RESET | FRAGMENT
"""Marks of segments of which nothing is in the stream."""

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
TCP = 6


def describe_marks(marks: int) -> str:
    """Return the names of marks, joined by commas."""
    return ", ".join(name for bit, name in MARKS.items() if marks & bit)
