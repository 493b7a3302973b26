"""What was sent twice, compared with what is in the stream."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from t2tui.core.streams.index import NOWHERE, StreamIndex
from t2tui.core.streams.records import DATA, OVERLAP, RETRANSMISSION
from t2tui.core.streams.sources import ByteSource

AT_ONCE = 1 << 12
"""Pieces and segments that are looked at together; each has at most 65,535 bytes, most have 1,460."""

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Difference:
    """A segment that repeats bytes of the stream with other values.

    Attributes:
        direction: ``A`` or ``B``.
        offset: place of the first byte that differs, in the stream.
        packet: number of the packet that came later.
        before: bytes of the stream there, as the first packets had them.
        after: what the later packet has instead.
    """

    direction: str
    offset: int
    packet: int
    before: bytes
    after: bytes


def differences(
    index: StreamIndex, source: ByteSource, chosen: Integers | None = None
) -> Iterator[Difference]:
    """Compare retransmissions and overlaps with the bytes that came first; yield those that differ.

    All of A, then all of B, each in the order of the capture.

    Args:
        index: the index.
        source: of the bytes.
        chosen: rows of the segments that are compared, in order; all without.

    Raises:
        CaptureError: the bytes cannot be read any more.
    """
    segments = index.segments
    doubtful = np.arange(len(segments)) if chosen is None else chosen
    doubtful = doubtful[index.marks[doubtful] & (RETRANSMISSION | OVERLAP) != 0]
    doubtful = doubtful[index.offsets[doubtful] != NOWHERE]
    for direction in (0, 1):
        rows = doubtful[segments["direction"][doubtful] == direction]
        if not len(rows):
            continue
        counts = np.minimum(segments["captured"][rows], segments["length"][rows]).astype(np.int64)
        begins = np.maximum(index.offsets[rows], 0)  # what is before the stream is not compared
        ends = index.offsets[rows] + counts
        rows, begins, ends = (part[ends > begins] for part in (rows, begins, ends))
        pieces = index.pieces[(index.pieces["direction"] == direction) & (index.pieces["kind"] == DATA)]
        low = np.searchsorted(pieces["offset"], begins, side="right") - 1
        high = np.searchsorted(pieces["offset"], ends, side="left")
        load = np.cumsum(high - low + 1)
        at = 0
        while at < len(rows):
            limit = (int(load[at - 1]) if at else 0) + AT_ONCE
            to = max(at + 1, int(np.searchsorted(load, limit, side="right")))
            part = slice(at, to)
            yield from _compared(
                index, source, pieces, rows[part], begins[part], ends[part], low[part], high[part]
            )
            at = to


def _compared(
    index: StreamIndex,
    source: ByteSource,
    pieces: NDArray[np.void],
    rows: Integers,
    begins: Integers,
    ends: Integers,
    low: Integers,
    high: Integers,
) -> Iterator[Difference]:
    """Compare some segments.

    Args:
        index: the index.
        source: of the bytes.
        pieces: those of the direction that have bytes, in order.
        rows: of the segments.
        begins: first byte of the stream that each repeats.
        ends: the byte behind the last.
        low: first of the pieces there.
        high: the piece behind the last.
    """
    segments = index.segments
    counts = high - low
    owners = np.repeat(np.arange(len(rows)), counts)
    numbers = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(low, counts)
    first = pieces[numbers]
    starts = np.maximum(first["offset"], begins[owners])
    lengths = np.minimum(first["offset"] + first["length"], ends[owners]) - starts
    places = segments["place"][first["segment"]] + first["skip"] + starts - first["offset"]
    stored = source.read(places, lengths)
    again = source.read(segments["place"][rows] + begins - index.offsets[rows], ends - begins)
    columns = zip(rows.tolist(), begins.tolist(), counts.tolist(), again, strict=True)
    for row, begin, count, after in columns:
        before = b"".join(next(stored) for _ in range(count))
        if before != after:
            at = next(at for at, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1])
            segment = segments[row]
            direction, packet = "AB"[segment["direction"]], int(segment["packet"])
            yield Difference(direction, begin + at, packet, before[at:], after[at:])
