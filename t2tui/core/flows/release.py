"""The end of flows: time-outs, a full table, the end of the capture."""

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flows.arrays import Arrays
from t2tui.core.flows.counters import FlowCounter, State
from t2tui.core.flows.fragments import find_chain
from t2tui.core.flows.lru import FAR, age, detach, due_time
from t2tui.core.flows.pairs import close_gap, drop_pair
from t2tui.core.flows.tcp import TCP, conclude
from t2tui.core.flowstat import IPV4_FRAG_PENDING, L3FLOWINVERT, RMFLOW_HFULL
from t2tui.core.jit import Integer, inlined, kernel, routine

_U32 = 0xFFFFFFFF
_BILLION = 1_000_000_000
_NS_SURELY_YOUNGER = 0.999_999e9


@routine
def write_out(a: Arrays, slot: Integer, other: Integer, direction: Integer, packet: Integer) -> None:
    """Release one direction: last changes to its record, entry in the released vector."""
    flow = a.records[slot]
    flow.dir = direction
    flow.alive = 0
    seconds = flow.lastSec - flow.firstSec
    fraction = flow.lastFrac - flow.firstFrac
    if fraction < 0:
        fraction += _BILLION
        seconds -= 1
    flow.durSec = seconds & _U32
    flow.durFrac = fraction
    if np.int64(flow.flowStat) & IPV4_FRAG_PENDING:
        a.state[State.STATUS] |= IPV4_FRAG_PENDING
        place = find_chain(a.fragments, a.records, flow, np.int64(flow.lastFragId), np.int64(flow.l4Proto))
        if place >= 0:
            close_gap(a.fragments, np.uint64(place))
            a.state[State.FRAGMENTS] -= 1
    if flow.l4Proto == TCP and len(a.tcp) > 0:
        a.state[State.TCP_AGGREGATE] |= conclude(a.tcp, slot, other)
    count = a.state[State.RELEASED]
    a.released[count].slot = slot
    a.released[count].packet = packet
    a.state[State.RELEASED] = count + 1
    a.counters[FlowCounter.ACTIVE] -= 1
    detach(a.nodes, a.fronts, a.due, a.younger, a.state, slot)


@routine
def release(a: Arrays, slot: Integer, packet: Integer) -> None:
    """Release a flow and its opposite: the direction without bit 0 first."""
    flow = a.records[slot]
    other = np.int64(flow.opposite)
    inverted = np.int64(flow.flowStat) & L3FLOWINVERT
    drop_pair(a.pairs, np.int64(flow.hash), slot, other)
    a.state[State.PAIRS] -= 1
    if other < 0:
        a.counters[FlowCounter.CORRECTED_REPLIES] += inverted
        write_out(a, slot, -1, 0, packet)
    else:
        first, second = (other, slot) if inverted else (slot, other)
        write_out(a, first, second, 0, packet)
        write_out(a, second, first, 1, packet)


@inlined
def walk(a: Arrays, marker: Integer, sec: Integer, frac: Integer, now: Integer, packet: Integer) -> None:
    """Let a marker look at the flows in front of it, towards the head, until one is too young for it."""
    nodes = a.nodes
    head = len(nodes) - 2
    node = a.fronts[marker]
    while node != head:
        place = nodes[np.uint64(node)]
        newer = np.int64(place.newer)
        elapsed = now - place.last
        certain = now != FAR and place.last != -FAR
        if certain and elapsed < a.younger[marker]:
            break
        own = np.float64(place.timeout) * _NS_SURELY_YOUNGER - 1000.0
        if not certain or elapsed <= a.older[marker] or np.float64(elapsed) >= own:
            seen = age(sec, frac, a.records[node])
            if seen < a.timeouts[marker]:
                break
            if seen >= place.timeout:
                other = np.int64(a.records[node].opposite)
                if other < 0 or age(sec, frac, a.records[other]) >= nodes[other].timeout:
                    if newer == other:
                        newer = np.int64(nodes[other].newer)
                    release(a, node, packet)
        node = newer
    front = a.fronts[marker]
    if front != node:
        nodes[front].marks ^= 1 << marker
        nodes[node].marks |= 1 << marker
        a.fronts[marker] = node
    a.due[marker] = due_time(nodes, node, a.younger[marker])


@inlined
def scan(a: Arrays, sec: Integer, frac: Integer, now: Integer, packet: Integer) -> None:
    """Release what the time-outs ask for before a packet, and note when to look again.

    Args:
        a: arrays of the flow table.
        sec: packet time.
        frac: packet time.
        now: packet time in ns, FAR if that has no meaning.
        packet: index of the packet.
    """
    stirred = a.state[State.STIRRED]
    a.state[State.STIRRED] = 0
    for marker in range(len(a.timeouts)):
        if stirred or now >= a.due[marker]:
            walk(a, marker, sec, frac, now, packet)
    next_due = FAR
    for due in a.due:
        next_due = min(next_due, due)
    a.state[State.NEXT_DUE] = next_due


@routine
def release_oldest(a: Arrays, packet: Integer, number: Integer) -> None:
    """Make room in a full table: release the least recently touched flow and its opposite.

    Args:
        a: arrays of the flow table.
        packet: index of the packet that needs room.
        number: its number.
    """
    node = np.int64(a.nodes[-1].newer)
    a.records[node].flowStat |= np.uint64(RMFLOW_HFULL)
    a.state[State.STATUS] |= RMFLOW_HFULL
    a.counters[FlowCounter.AUTOPILOT] += 1
    if a.state[State.AUTOPILOT_AT] == 0:
        a.state[State.AUTOPILOT_AT] = number
    release(a, node, packet)


@kernel
def flush(a: Arrays) -> None:
    """Release all flows, least recently touched first (end of the capture)."""
    head = len(a.nodes) - 2
    tail = head + 1
    while a.nodes[tail].newer != head:
        release(a, np.int64(a.nodes[tail].newer), -1)


@kernel
def remove(a: Arrays, slots: NDArray[np.int32]) -> None:
    """Release flows on request, the last request first; one that ended with another one is passed over."""
    for k in range(len(slots) - 1, -1, -1):
        slot = np.int64(slots[k])
        if a.records[slot].alive:
            release(a, slot, 0)


@kernel
def reclaim(a: Arrays) -> None:
    """Put the slots released since the last call into the chain of free slots."""
    for k in range(a.state[State.RELEASED]):
        slot = np.int64(a.released[k].slot)
        a.nodes[slot].older = a.state[State.FREE]
        a.state[State.FREE] = slot
    a.state[State.RELEASED] = 0
