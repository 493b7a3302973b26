"""The end of flows: time-outs, a full table, the end of the capture."""

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flows.arrays import Arrays
from t2tui.core.flows.counters import FlowCounter, State
from t2tui.core.flows.fragments import drop_chain_of
from t2tui.core.flows.lru import FAR, age, clock, detach, due_time
from t2tui.core.flows.pairs import drop_pair, home_place
from t2tui.core.flows.tcp import TCP, conclude
from t2tui.core.flowstat import IPV4_FRAG_PENDING, L3FLOWINVERT, RMFLOW_HFULL
from t2tui.core.jit import Integer, Record, inlined, kernel, routine
from t2tui.core.memory import prefetch_line

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
        drop_chain_of(a, flow)
    if flow.l4Proto == TCP and a.state[State.TCP_STATES]:
        it = a.records[np.uint64(max(other, 0))]
        a.state[State.TCP_AGGREGATE] |= conclude(flow, it, other >= 0)
    count = a.state[State.RELEASED]
    a.released[count].slot = slot
    a.released[count].packet = packet
    a.state[State.RELEASED] = count + 1
    a.counters[FlowCounter.ACTIVE] -= 1
    detach(a, flow)


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
def is_over(sec: Integer, frac: Integer, flow: Record) -> bool:
    """Return whether a flow's own time-out has passed."""
    return bool(age(sec, frac, flow) >= flow.timeout)


@inlined
def walk(a: Arrays, marker: Integer, sec: Integer, frac: Integer, now: Integer, packet: Integer) -> None:
    """Let a marker look at the flows in front of it, towards the head, until one is too young for it."""
    head = len(a.records) - 2
    node: Integer = a.fronts[marker]
    while node != head:
        flow = a.records[np.uint64(node)]
        newer = np.int64(flow.newer)
        last = clock(flow.lastSec, flow.lastFrac, -FAR)
        elapsed = now - last
        certain = now != FAR and last != -FAR
        if certain and elapsed < a.younger[marker]:
            break
        own = np.float64(flow.timeout) * _NS_SURELY_YOUNGER - 1000.0
        if not certain or elapsed <= a.older[marker] or np.float64(elapsed) >= own:
            seen = age(sec, frac, flow)
            if seen < a.timeouts[marker]:
                break
            if seen >= flow.timeout:
                other = np.int64(a.records[node].opposite)
                if other < 0 or is_over(sec, frac, a.records[np.uint64(other)]):
                    if newer == other:
                        newer = np.int64(a.records[np.uint64(other)].newer)
                    release(a, node, packet)
        node = newer
    front = a.fronts[marker]
    if front != node:
        a.records[np.uint64(front)].marks ^= 1 << marker
        a.records[np.uint64(node)].marks |= 1 << marker
        a.fronts[marker] = node
    a.due[marker] = due_time(a, node, marker)
    prefetch_line(a.records, np.int64(a.records[np.uint64(node)].newer), 64)


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
    a.state[State.NEXT_DUE] = FAR
    for marker in range(len(a.timeouts)):
        if stirred or now >= a.due[marker]:
            walk(a, marker, sec, frac, now, packet)
        a.state[State.NEXT_DUE] = min(a.state[State.NEXT_DUE], a.due[marker])


@routine
def release_oldest(a: Arrays, packet: Integer, number: Integer) -> None:
    """Make room in a full table: release the least recently touched flow and its opposite.

    Args:
        a: arrays of the flow table.
        packet: index of the packet that needs room.
        number: its number.
    """
    node = np.int64(a.records[len(a.records) - 1].newer)
    a.records[node].flowStat |= np.uint64(RMFLOW_HFULL)
    a.state[State.STATUS] |= RMFLOW_HFULL
    a.counters[FlowCounter.AUTOPILOT] += 1
    if a.state[State.AUTOPILOT_AT] == 0:
        a.state[State.AUTOPILOT_AT] = number
    release(a, node, packet)
    oldest = a.records[a.records[len(a.records) - 1].newer]  # the next one; ask for what its end touches
    prefetch_line(a.pairs, np.int64(home_place(a.pairs, np.int64(oldest.hash))), 0)
    for line in (0, 64, 128):
        prefetch_line(a.records, np.int64(oldest.newer), line)


@kernel
def flush(a: Arrays) -> None:
    """Release all flows, least recently touched first (end of the capture)."""
    head = len(a.records) - 2
    tail = head + 1
    while a.records[tail].newer != head:
        release(a, np.int64(a.records[tail].newer), -1)


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
        a.records[slot].older = a.state[State.FREE]
        a.state[State.FREE] = slot
    a.state[State.RELEASED] = 0
