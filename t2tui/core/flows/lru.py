"""The list of flows, most recently touched first, and one marker per time-out value in it.

Records are linked by ``newer`` and ``older``. Behind the slots follow the records of head and tail.

A marker stands behind the flows that are younger than its time-out and that it did not look at since
they were last touched. Instead of being a member of the list, it is a bit (``marks``) in the record in
front of it, the *front*: a flow, or the head when there is no flow in front of the marker.

Most packets move no marker. To know this without looking, ``due`` holds for each marker a time in ns
at which the flow in front of it is surely still too young, and State.NEXT_DUE the smallest of these.
Both may be too early, never too late: they are written whenever the front changes, and when a
flow's last-seen time becomes smaller (time ran backwards), State.STIRRED makes the next packet look
at all markers.
"""

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flows.arrays import Arrays
from t2tui.core.flows.counters import State
from t2tui.core.jit import Integer, Record, inlined

FAR = 1 << 62
"""A time beyond all times, ns."""

NO_SLOT = 0xFFFFFFFF
"""End of a chain of free slots, which goes through ``older``."""

_BILLION = 1_000_000_000
_SECONDS = 1 << 32  # in ns less than FAR


def surely_younger(timeouts: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return ages in ns below which the reference's age is less than the time-out, whatever it rounds.

    Its ages are sums in single precision: the error is below 2**-22 of the seconds.

    Args:
        timeouts: float32, seconds.
    """
    ns = (timeouts.astype(np.float64) * 1e9).astype(np.int64)
    return ns - (ns >> 20) - 1000


def surely_older(timeouts: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return ages in ns above which the reference's age is at least the time-out."""
    ns = (timeouts.astype(np.float64) * 1e9).astype(np.int64)
    return ns + (ns >> 20) + 1000


@inlined
def clock(sec: Integer, frac: Integer, odd: Integer) -> Integer:
    """Return a time in ns, or ``odd`` when seconds or fraction are out of their range."""
    if 0 <= frac < _BILLION and 0 <= sec < _SECONDS:
        return sec * _BILLION + frac
    return odd


@inlined
def age(sec: Integer, frac: Integer, flow: Record) -> np.float32:
    """Return the time since a flow was last seen in the reference's arithmetic: single precision."""
    seconds = np.float32(sec - flow.lastSec)
    return np.float32(np.float64(seconds) + np.float64(frac - flow.lastFrac) / 1e9)


@inlined
def due_time(a: Arrays, front: Integer, marker: Integer) -> Integer:
    """Return the time in ns before which a marker has nothing to do."""
    if front >= len(a.records) - 2:
        return FAR
    flow = a.records[np.uint64(front)]
    return clock(flow.lastSec, flow.lastFrac, -FAR) + a.younger[marker]


@inlined
def hand_marks(a: Arrays, marks: Integer, front: Integer) -> None:
    """Put markers (bits) behind another flow or the head."""
    a.records[np.uint64(front)].marks |= marks
    for marker in range(len(a.fronts)):
        if marks >> marker & 1:
            a.fronts[marker] = front
            a.due[marker] = due_time(a, front, marker)
            a.state[State.NEXT_DUE] = min(a.state[State.NEXT_DUE], a.due[marker])


@inlined
def detach(a: Arrays, flow: Record) -> None:
    """Take a flow out of the list."""
    a.records[flow.newer].older = flow.older
    a.records[flow.older].newer = flow.newer
    if flow.marks:
        hand_marks(a, np.int64(flow.marks), np.int64(flow.newer))


@inlined
def attach(a: Arrays, flow: Record, slot: Integer) -> None:
    """Put a flow behind the head; its last-seen time is set."""
    head = a.records[len(a.records) - 2]
    flow.newer = len(a.records) - 2
    flow.older = head.older
    flow.marks = 0
    a.records[head.older].newer = slot
    head.older = slot
    if head.marks:
        marks = np.int64(head.marks)
        head.marks = 0
        hand_marks(a, marks, slot)
