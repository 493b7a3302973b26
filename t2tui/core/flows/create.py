"""New flows: key, labels, direction, index."""

import numpy as np

from t2tui.core.flows.arrays import Arrays, Labels
from t2tui.core.flows.counters import FlowCounter, State
from t2tui.core.flows.dns import dns_role
from t2tui.core.flows.lru import NO_SLOT, attach
from t2tui.core.flows.pairs import free_place
from t2tui.core.flows.tcp import TCP, clear
from t2tui.core.flowstat import L2_FLOW, L2_IPV4, L2_IPV6, L3FLOWINVERT, LANDATTACK
from t2tui.core.jit import Integer, Record, inlined
from t2tui.core.layout import KIND_IPV4, KIND_LAYER2

FLOW_TIMEOUT = 182.0
"""Time-out of a new flow, seconds."""

NO_ID = 0xFFFFFFFF
"""FLOW.lastIpId of a flow that has none."""

_SYN_ACK = 0x12
_ZERO = np.uint64(0)


@inlined
def label_row(labels: Labels, kind: Integer, high: np.uint64, low: np.uint64) -> Integer:
    """Return the row of the range that holds an address; 0 for unspecified and layer-2 addresses."""
    if kind == KIND_LAYER2 or (high == _ZERO and low == _ZERO):
        return 0
    first = 0  # the range looked for begins at first - 1 or behind, and before end
    if kind == KIND_IPV4:
        end = len(labels.v4_start)
        while first < end:
            middle = (first + end) >> 1
            if np.uint64(labels.v4_start[middle]) <= low:
                first = middle + 1
            else:
                end = middle
        return np.int64(labels.v4_row[first - 1]) if first > 0 else 0
    end = len(labels.v6_start_hi)
    while first < end:
        middle = (first + end) >> 1
        start = labels.v6_start_hi[middle]
        if start < high or (start == high and labels.v6_start_lo[middle] <= low):
            first = middle + 1
        else:
            end = middle
    return np.int64(labels.v6_row[first - 1]) if first > 0 else 0


@inlined
def looks_like_reply(packet: Record) -> bool:
    """Guess from the first packet of an IP flow whether it is the reply side."""
    source = np.int64(packet.srcPort)
    return bool(
        (source < 1024 and source < np.int64(packet.dstPort))
        or source & 0xFFF6 == 8080
        or (packet.l4Proto == TCP and np.int64(packet.tcpFlags) & _SYN_ACK == _SYN_ACK)
    )


@inlined
def create(a: Arrays, labels: Labels, packet: Record, hashed: Integer, mate: Integer) -> Integer:
    """Make the flow of a packet.

    Args:
        a: arrays of the flow table.
        labels: address ranges.
        packet: PACKET record.
        hashed: its hash (pairs.py).
        mate: slot of the opposite flow, -1 without.

    Returns:
        The new slot.
    """
    state = a.state
    counters = a.counters
    slot = state[State.FREE]
    if slot != NO_SLOT:
        state[State.FREE] = np.int64(a.records[np.uint64(slot)].older)
    else:
        slot = state[State.USED]
        state[State.USED] = slot + 1
    kind = np.int64(packet.kind)
    status: Integer
    flow = a.records[np.uint64(slot)]
    flow.srcHi = packet.srcHi
    flow.srcLo = packet.srcLo
    flow.dstHi = packet.dstHi
    flow.dstLo = packet.dstLo
    flow.srcPort = packet.srcPort
    flow.dstPort = packet.dstPort
    flow.vlan = packet.vlan
    flow.ethType = packet.ethType
    flow.l4Proto = packet.l4Proto
    flow.kind = kind
    flow.dir = 0
    flow.alive = 1
    flow.hash = hashed
    flow.opposite = mate
    flow.lastIpId = NO_ID
    flow.lastFragId = 0
    flow.firstSec = packet.sec
    flow.firstFrac = packet.frac
    flow.lastSec = packet.sec
    flow.lastFrac = packet.frac
    flow.padBytes = 0
    flow.srcLabel = label_row(labels, kind, packet.srcHi, packet.srcLo)
    flow.dstLabel = label_row(labels, kind, packet.dstHi, packet.dstLo)
    flow.timeout = FLOW_TIMEOUT
    attach(a, flow, slot)
    clear(flow)

    if kind == KIND_LAYER2:
        counters[FlowCounter.FLOWS_L2] += 1
        status = L2_FLOW
    elif kind == KIND_IPV4:
        counters[FlowCounter.FLOWS_IPV4] += 1
        status = L2_IPV4
    else:
        counters[FlowCounter.FLOWS_IPV6] += 1
        status = L2_IPV6
    if mate >= 0:
        a.records[np.uint64(mate)].opposite = slot
        flow.flowInd = a.records[np.uint64(mate)].flowInd
        counters[FlowCounter.FLOWS_B] += 1
        status |= ~np.int64(a.records[np.uint64(mate)].flowStat) & L3FLOWINVERT
    else:
        counters[FlowCounter.NEXT_INDEX] += 1
        flow.flowInd = counters[FlowCounter.NEXT_INDEX]
        counters[FlowCounter.FLOWS_A] += 1
        a.pairs[free_place(a.pairs, hashed)] = hashed << 32 | (slot + 1)
        state[State.PAIRS] += 1
        its_own_reverse = (
            flow.srcLo == flow.dstLo and flow.srcHi == flow.dstHi and flow.srcPort == flow.dstPort
        )
        if its_own_reverse:
            if flow.l4Proto == TCP:
                status |= LANDATTACK
        elif kind != KIND_LAYER2 and looks_like_reply(packet):
            status |= L3FLOWINVERT
        if len(a.data) > 0:
            status = dns_role(a.data, packet, status)
    flow.flowStat = status
    state[State.STATUS] |= status & ~L3FLOWINVERT
    counters[FlowCounter.ACTIVE] += 1
    counters[FlowCounter.MAX_ACTIVE] = max(counters[FlowCounter.MAX_ACTIVE], counters[FlowCounter.ACTIVE])
    return slot
