"""The list of flows, most recently touched first, with one marker per time-out value.

Flows and markers are records of one array, linked through ``newer`` and ``older``. Behind the flows
follow the head, the tail and the markers, largest time-out first:

    slot 0 ... head-1 | head | tail | marker of the largest time-out | ... | marker of the smallest

A marker stands behind the flows that are younger than its time-out and were not looked at by it
since they were last touched. Most packets move no marker. To know this without looking, the kernels
keep the earliest time at which a marker could have something to do (State.NEXT_DUE, integer ns). It
may be too early, never too late:

* A walk notes, for its marker, when the flow in front of the marker comes of age.
* Whoever takes the flow in front of a marker away, or puts one between head and marker, brings
  NEXT_DUE forward to the earliest time the new neighbour could be due, and sets State.STIRRED.
* A flow whose last-seen time becomes smaller (time ran backwards) makes the next packet look.
"""

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flows.counters import State
from t2tui.core.jit import Record, inlined

FAR = 1 << 62
"""A time beyond all times, ns."""

_BILLION = 1_000_000_000
_MIN_SEC = -(1 << 33)
_MAX_SEC = 1 << 33  # 2**33 s in ns still fit in 63 bits


def young_ages(timeouts: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return ages in ns at which no time-out can have passed yet, whatever the rounding of ages.

    Ages are single precision (relative error 2**-24) of a sum whose seconds are exact below 2**24.

    Args:
        timeouts: float32, seconds.

    Returns:
        int64, ns; smaller than each time-out by a part in 2**20 and 1 us.
    """
    ns = (np.minimum(timeouts.astype(np.float64), 2.0**23) * 1e9).astype(np.int64)
    return ns - (ns >> 20) - 1000


@inlined
def clock(sec: int, frac: int, odd: int) -> int:
    """Return a time in ns, or ``odd`` when the fraction or the seconds are out of their range."""
    if 0 <= frac < _BILLION and _MIN_SEC <= sec < _MAX_SEC:
        return sec * _BILLION + frac
    return odd


@inlined
def age(sec: int, frac: int, flow: Record) -> np.float32:
    """Return the time since a flow was last seen in the reference's arithmetic: single precision."""
    seconds = np.float32(sec - flow.lastSec)
    return np.float32(np.float64(seconds) + np.float64(frac - flow.lastFrac) / 1e9)


@inlined
def detach(
    records: NDArray[np.void], state: NDArray[np.int64], young: NDArray[np.int64], head: int, slot: int
) -> None:
    """Take a flow out of the list."""
    newer = np.int64(records[slot].newer)
    older = np.int64(records[slot].older)
    records[newer].older = older
    records[older].newer = newer
    if older > head + 1:  # a marker: its neighbour is another flow now
        while newer > head:
            newer = np.int64(records[newer].newer)
        if newer != head:
            last = clock(records[newer].lastSec, records[newer].lastFrac, -FAR)
            state[State.NEXT_DUE] = min(state[State.NEXT_DUE], last + young[-1])
        state[State.STIRRED] = 1


@inlined
def attach(
    records: NDArray[np.void],
    state: NDArray[np.int64],
    young: NDArray[np.int64],
    head: int,
    slot: int,
    last: int,
) -> None:
    """Put a flow behind the head.

    Args:
        records: FLOW records.
        state: State vector.
        young: young_ages() of the time-outs, int64, ns, largest first.
        head: position of the head.
        slot: the flow.
        last: its last-seen time in ns, ``-FAR`` if that has no meaning.
    """
    older = np.int64(records[head].older)
    records[slot].newer = head
    records[slot].older = older
    records[head].older = slot
    records[older].newer = slot
    if older > head + 1:
        state[State.NEXT_DUE] = min(state[State.NEXT_DUE], last + young[-1])
        state[State.STIRRED] = 1


@inlined
def place_behind(records: NDArray[np.void], marker: int, node: int) -> None:
    """Move a marker directly behind a node."""
    newer = records[marker].newer
    older = records[marker].older
    records[newer].older = older
    records[older].newer = newer
    older = records[node].older
    records[marker].newer = node
    records[marker].older = older
    records[node].older = marker
    records[older].newer = marker
