"""Segments of a flow -> the pieces of its streams."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from t2tui.core.streams.intervals import Won, first_wins
from t2tui.core.streams.records import (
    CUT,
    DATA,
    FIN,
    FRAGMENT,
    KEEP_ALIVE,
    MISSING,
    OUT_OF_ORDER,
    OUTSIDE,
    OVERLAP,
    PIECE,
    RESET,
    RESTART,
    RETRANSMISSION,
    RST,
    SYN,
    TCP,
)
from t2tui.core.streams.sequence import EPOCH, keep_alives, positions

NOWHERE = -(1 << 62)
"""Offset of segments that have no place in the stream; a segment that begins before it has a negative one."""


@dataclass(frozen=True)
class StreamIndex:
    """Where every byte of a flow's two streams is.

    Attributes:
        segments: SEGMENT records in the order of the capture.
        marks: uint16 by segment, what was found about it (RETRANSMISSION ...).
        offsets: int64 by segment, place of its first byte in the stream of its direction, NOWHERE without.
        pieces: PIECE records in the order in which a receiver gets them: a segment that came too early when
            the gap before it was closed, one behind a gap that never closes when it came.
    """

    segments: NDArray[np.void]
    marks: NDArray[np.uint16]
    offsets: NDArray[np.int64]
    pieces: NDArray[np.void]

    @classmethod
    def build(cls, segments: NDArray[np.void], *, sequence: bool = True) -> "StreamIndex":
        """Put the packets of one flow together.

        Where segments overlap, the one that came first wins.

        Args:
            segments: SEGMENT records of both directions, in the order of the capture.
            sequence: use the sequence numbers of TCP; without, payloads follow each other as they came.
        """
        marks = np.zeros(len(segments), np.uint16)
        offsets = np.full(len(segments), NOWHERE, np.int64)
        found = []
        for direction in (0, 1):
            rows = np.flatnonzero(segments["direction"] == direction)
            place = _tcp if sequence and _is_tcp(segments, rows) else _datagrams
            found.append(place(segments, rows, direction, marks, offsets))
        pieces = np.concatenate([pieces for pieces, _ in found])
        moments = np.concatenate([moments for _, moments in found])
        if (moments[1:] < moments[:-1]).any():
            pieces = pieces[np.argsort(moments, kind="stable")]
        return cls(segments, marks, offsets, pieces)

    def __len__(self) -> int:
        """Return the number of pieces."""
        return len(self.pieces)


Found = tuple[NDArray[np.void], NDArray[np.int64]]
"""PIECE records of a direction in order, and when each is delivered, as row of a segment."""


def _is_tcp(segments: NDArray[np.void], rows: NDArray[np.int64]) -> bool:
    """Tell whether packets have sequence numbers; later fragments have none, whatever the protocol."""
    protocols = segments["protocol"][rows][segments["later"][rows] == 0]
    return len(protocols) > 0 and bool((protocols == TCP).all())


def _datagrams(
    segments: NDArray[np.void],
    rows: NDArray[np.int64],
    direction: int,
    marks: NDArray[np.uint16],
    offsets: NDArray[np.int64],
) -> Found:
    """Let payloads follow each other in the order of the capture."""
    rows = rows[segments["length"][rows] > 0]
    lengths = segments["length"][rows].astype(np.int64)
    captured = np.minimum(segments["captured"][rows], lengths)
    ends = np.cumsum(lengths)
    offsets[rows] = ends - lengths
    starts = np.column_stack([ends - lengths, ends - lengths + captured]).ravel()
    sizes = np.column_stack([captured, lengths - captured]).ravel()
    pieces = np.zeros(len(sizes), PIECE)
    pieces["offset"], pieces["length"] = starts, sizes
    pieces["segment"] = np.repeat(rows, 2)
    pieces["skip"][1::2], pieces["kind"][1::2] = captured, CUT
    pieces["direction"] = direction
    pieces = pieces[sizes > 0]
    return pieces, pieces["segment"].astype(np.int64)


def _tcp(
    segments: NDArray[np.void],
    rows: NDArray[np.int64],
    direction: int,
    marks: NDArray[np.uint16],
    offsets: NDArray[np.int64],
) -> Found:
    """Put the segments of a direction in the order of their sequence numbers."""
    later = segments["later"][rows] != 0
    marks[rows[later]] |= FRAGMENT
    rows = rows[~later]
    mine = segments if len(rows) == len(segments) else segments[rows]  # copying records takes time
    where = positions(mine)
    lengths = mine["length"].astype(np.int64)
    marks[rows[~where.placed]] |= np.where(
        mine["flags"][~where.placed] & RST, np.where(lengths[~where.placed] > 0, RESET, 0), OUTSIDE
    ).astype(np.uint16)
    marks[rows[where.begins]] |= RESTART
    idle = keep_alives(mine, where)
    marks[rows[idle]] |= KEEP_ALIVE
    usable = where.placed & ~idle
    starts, tops, synchronised = where.starts, where.tops, where.synchronised
    if not usable.all():
        rows, mine, lengths, synchronised = rows[usable], mine[usable], lengths[usable], synchronised[usable]
        starts, tops = starts[usable], tops[usable]
    if not len(rows):
        return np.zeros(0, PIECE), np.zeros(0, np.int64)

    bounds = _Bounds(starts, lengths, mine["flags"], synchronised)
    early = np.clip(bounds.bases[bounds.epochs] - starts, 0, lengths)  # before the stream begins
    marks[rows[(early == lengths) & (lengths > 0)]] |= OUTSIDE
    captured = np.minimum(mine["captured"], lengths)
    won = first_wins(
        np.concatenate([starts + early, starts + np.maximum(captured, early)]),
        np.concatenate([starts + captured, starts + lengths]),
    )
    _mark(rows, starts, tops, lengths, captured, early, won, marks)

    pieces = np.zeros(len(won.rows), PIECE)
    local = won.rows % len(rows)
    pieces["kind"] = np.where(won.rows >= len(rows), CUT, DATA)
    pieces["segment"] = rows[local]
    pieces["skip"] = won.starts - starts[local]
    pieces, begins = _with_gaps(pieces, won, bounds)
    shift = bounds.shift
    pieces["offset"] = begins - shift[_epochs(begins)]
    pieces["direction"] = direction
    reaches = early < lengths
    offsets[rows[reaches]] = starts[reaches] - shift[bounds.epochs[reaches]]
    moments = pieces["segment"].astype(np.int64)
    gap = pieces["kind"] == MISSING
    if gap.any():  # a gap is told with the piece behind it
        behind = np.where(gap, np.iinfo(np.int64).max, np.arange(len(pieces)))
        behind = np.minimum.accumulate(behind[::-1])[::-1]
        moments[gap] = np.where(
            behind[gap] < len(pieces), moments[np.minimum(behind[gap], len(pieces) - 1)], rows[-1]
        )
    return pieces, np.maximum.accumulate(moments)


def _epochs(starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the epochs of positions; those before the first segment of an epoch belong to it, too."""
    epochs: NDArray[np.int64] = starts + EPOCH // 2 >> EPOCH.bit_length() - 1
    return epochs


class _Bounds:
    """Where the epochs of a direction begin and end.

    Attributes:
        epochs: by segment.
        bases: first position by epoch.
        ends: position behind the last byte that was sent, by epoch.
        shift: what turns positions into offsets of the stream, by epoch.
    """

    def __init__(
        self,
        starts: NDArray[np.int64],
        lengths: NDArray[np.int64],
        flags: NDArray[np.uint8],
        synchronised: NDArray[np.bool_],
    ) -> None:
        self.epochs = epochs = _epochs(starts)
        count = int(epochs.max()) + 1
        origins = np.arange(count) * EPOCH
        far = np.iinfo(np.int64).max
        lowest = np.full(count, far)
        filled = lengths > 0
        np.minimum.at(lowest, epochs[filled], starts[filled])
        first = np.full(count, far)  # that of a SYN is known, others begin where data do
        is_syn = synchronised & (flags & SYN != 0)
        np.minimum.at(first, epochs[is_syn], starts[is_syn])
        self.bases = np.where(first < far, first, np.where(lowest < far, lowest, origins))
        final = np.full(count, far)
        is_fin = flags & FIN != 0
        np.minimum.at(final, epochs[is_fin], (starts + lengths)[is_fin])
        sent = np.where(filled, starts + lengths, np.minimum(starts, final[epochs]))
        self.ends = self.bases.copy()
        has_begin = ((first < far) | (lowest < far))[epochs]
        np.maximum.at(self.ends, epochs[has_begin], sent[has_begin])
        sizes = self.ends - self.bases
        self.shift = self.bases - (np.cumsum(sizes) - sizes)


def _with_gaps(
    pieces: NDArray[np.void], won: Won, bounds: _Bounds
) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """Put pieces for missing bytes between the others; return the pieces and their positions."""
    left = np.sort(np.concatenate([won.ends, bounds.bases]))  # what is in front of a gap
    right = np.sort(np.concatenate([won.starts, bounds.ends]))  # what follows one
    gaps = np.flatnonzero(right > left)
    pieces["length"] = won.ends - won.starts
    if not len(gaps):
        return pieces, won.starts
    missing = np.zeros(len(gaps), PIECE)
    missing["length"] = right[gaps] - left[gaps]
    missing["segment"], missing["kind"] = -1, MISSING
    begins = np.concatenate([won.starts, left[gaps]])
    order = np.argsort(begins, kind="stable")
    return np.concatenate([pieces, missing])[order], begins[order]


def _mark(
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    tops: NDArray[np.int64],
    lengths: NDArray[np.int64],
    captured: NDArray[np.int64],
    early: NDArray[np.int64],
    won: Won,
    marks: NDArray[np.uint16],
) -> None:
    """Mark retransmissions, overlaps and what came out of order."""
    count = len(rows)
    got = np.zeros(2 * count, np.int64)
    np.add.at(got, won.rows, won.ends - won.starts)
    kept, rest = got[:count], got[count:]
    has_bytes = captured > 0
    lost = np.where(has_bytes, kept == 0, rest == 0) & (lengths > early)
    marks[rows[lost]] |= RETRANSMISSION
    marks[rows[has_bytes & ~lost & (kept < captured - early)]] |= OVERLAP
    marks[rows[~lost & (lengths > early) & (starts + lengths <= tops)]] |= OUT_OF_ORDER
