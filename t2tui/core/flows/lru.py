"""The list of flows, most recently touched first, and one marker per time-out value in it.

A marker stands behind the flows that are younger than its time-out and that it did not look at since
they were last touched. Instead of being a member of the list, it is a bit (``marks``) in the node in
front of it, the *front*: a flow, or the head when there is no flow in front of the marker.

Nodes are a compact array of their own, because a packet touches those of four flows. Node ``slot`` is
that of the flow with this number; behind the flows follow the nodes of head and tail.

Most packets move no marker. To know this without looking, ``due`` holds for each marker a time in ns
at which the flow in front of it is surely still too young, and State.NEXT_DUE the smallest of these.
Both may be too early, never too late: they are written whenever the front changes, and when a
flow's last-seen time becomes smaller (time ran backwards), State.STIRRED makes the next packet look
at all markers.
"""

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flows.counters import State
from t2tui.core.jit import Integer, Record, Records, inlined

NODE = np.dtype(
    [
        ("last", "i8"),  # last seen, ns; -FAR if the packet's time has no meaning in ns
        ("newer", "u4"),  # unsigned: an index that cannot be negative is not tested for it
        ("older", "u4"),
        ("timeout", "f4"),  # s
        ("marks", "u4"),  # bit k: marker k is directly behind this node
    ],
    align=True,
)
"""Place of a flow in the list and what the time-outs need of it."""

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
def due_time(nodes: Records, node: Integer, younger: Integer) -> Integer:
    """Return the time in ns before which a marker behind a node has nothing to do."""
    return FAR if node >= len(nodes) - 2 else nodes[node].last + younger


@inlined
def hand_marks(
    nodes: Records,
    fronts: NDArray[np.int64],
    due: NDArray[np.int64],
    younger: NDArray[np.int64],
    state: NDArray[np.int64],
    marks: Integer,
    node: Integer,
) -> None:
    """Put markers behind another node.

    Args:
        nodes: NODE records.
        fronts: int64, node in front of each marker.
        due: int64, ns, per marker.
        younger: surely_younger() of the time-outs.
        state: State vector.
        marks: bits of the markers.
        node: their new front, a flow or the head.
    """
    nodes[node].marks |= marks
    for k in range(len(fronts)):
        if marks >> k & 1:
            fronts[k] = node
            due[k] = due_time(nodes, node, younger[k])
            state[State.NEXT_DUE] = min(state[State.NEXT_DUE], due[k])


@inlined
def detach(
    nodes: Records,
    fronts: NDArray[np.int64],
    due: NDArray[np.int64],
    younger: NDArray[np.int64],
    state: NDArray[np.int64],
    slot: Integer,
) -> None:
    """Take a flow out of the list."""
    node = nodes[np.uint64(slot)]
    nodes[node.newer].older = node.older
    nodes[node.older].newer = node.newer
    if node.marks:
        hand_marks(nodes, fronts, due, younger, state, np.int64(node.marks), np.int64(node.newer))


@inlined
def attach(
    nodes: Records,
    fronts: NDArray[np.int64],
    due: NDArray[np.int64],
    younger: NDArray[np.int64],
    state: NDArray[np.int64],
    slot: Integer,
) -> None:
    """Put a flow behind the head."""
    node = nodes[np.uint64(slot)]
    head = nodes[len(nodes) - 2]
    node.newer = len(nodes) - 2
    node.older = head.older
    nodes[head.older].newer = slot
    head.older = slot
    node.marks = 0
    if head.marks:
        marks = np.int64(head.marks)
        head.marks = 0
        hand_marks(nodes, fronts, due, younger, state, marks, slot)
