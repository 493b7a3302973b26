"""Intervals that overlap: which of them has each byte."""

import heapq
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


class Won(NamedTuple):
    """Parts of intervals, sorted and without overlap.

    Attributes:
        starts: first position of each.
        ends: position behind each.
        rows: the interval that each is a part of.
    """

    starts: Integers
    ends: Integers
    rows: Integers


def first_wins(starts: Integers, ends: Integers) -> Won:
    """Give every position to the first interval that has it.

    Intervals that overlap no other one take no time beyond sorting; the others n log n, whatever they
    look like.

    Args:
        starts: int64, first positions, in order of rank.
        ends: int64, positions behind.
    """
    rows = np.flatnonzero(ends > starts)
    rows = rows[np.argsort(starts[rows], kind="stable")]
    rows = rows[~_is_repeated(starts[rows], ends[rows])]
    begins, behind = starts[rows], ends[rows]
    touches = begins[1:] < np.maximum.accumulate(behind)[:-1]  # overlaps one further left
    if not touches.any():
        return Won(begins, behind, rows)
    contested = np.zeros(len(rows), bool)
    contested[1:] |= touches
    contested[:-1] |= touches  # the first of each group; inner ones are contested already
    won = _sweep(begins[contested], behind[contested], rows[contested])
    alone = ~contested
    merged = Won(*(np.concatenate([a, b]) for a, b in zip((begins, behind, rows), won, strict=True)))
    keep = np.concatenate([alone, np.ones(len(won.starts), bool)])
    merged = Won(*(part[keep] for part in merged))
    order = np.argsort(merged.starts, kind="stable")
    return Won(*(part[order] for part in merged))


def _is_repeated(starts: Integers, ends: Integers) -> NDArray[np.bool_]:
    """Tell which sorted intervals begin like the one before them and do not reach further."""
    repeated = np.zeros(len(starts), bool)
    repeated[1:] = (starts[1:] == starts[:-1]) & (ends[1:] <= ends[:-1])
    return repeated


def _sweep(starts: Integers, ends: Integers, rows: Integers) -> Won:
    """Do what first_wins does, position by position; the intervals are sorted by their starts."""
    begins, behind, ranks = starts.tolist(), ends.tolist(), rows.tolist()
    parts: list[tuple[int, int, int]] = []
    open_: list[tuple[int, int]] = []  # (rank, end)
    following, at = 0, 0
    while following < len(begins) or open_:
        if not open_:
            at = begins[following]
        while following < len(begins) and begins[following] <= at:
            heapq.heappush(open_, (ranks[following], behind[following]))
            following += 1
        rank, end = open_[0]
        if end <= at:
            heapq.heappop(open_)
            continue
        to = min(end, begins[following]) if following < len(begins) else end
        if parts and parts[-1][2] == rank and parts[-1][1] == at:
            parts[-1] = parts[-1][0], to, rank
        else:
            parts.append((at, to, rank))
        at = to
    return Won(*np.array(parts, np.int64).reshape(-1, 3).T)
