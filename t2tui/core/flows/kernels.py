"""The kernels of the flow table: assign packets to flows, flush, reclaim."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flows.counters import FlowCounter, State
from t2tui.core.flows.fragments import drop_chain, enter_chain, find_chain
from t2tui.core.flows.lru import FAR, age, attach, clock, detach, place_behind
from t2tui.core.flows.pairs import drop_pair, free_place, pair_hash
from t2tui.core.flows.tcp import advance, clear, conclude
from t2tui.core.flowstat import (
    DUPIPID,
    IPV4_FRAG,
    IPV4_FRAG_ERR,
    IPV4_FRAG_HDSEQ_ERR,
    IPV4_FRAG_PENDING,
    L2_FLOW,
    L2_IPV4,
    L2_IPV6,
    L2_NO_ETH,
    L3FLOWINVERT,
    LANDATTACK,
    RMFLOW_HFULL,
    TIMEJUMP,
)
from t2tui.core.jit import Record, inlined, kernel
from t2tui.core.layout import (
    FRAG_FIRST,
    FRAG_LATER,
    FRAG_MORE,
    KIND_DROPPED,
    KIND_IPV4,
    KIND_IPV6,
    KIND_LAYER2,
    SHOW_ADDRESS,
    SHOW_MAC,
)

TCP = 6
FLOW_TIMEOUT = 182.0
"""Time-out of a new flow, seconds."""

_SYN_ACK = 0x12
_U32 = 0xFFFFFFFF
_BILLION = 1_000_000_000


class Arrays(NamedTuple):
    """The arrays of a flow table; kernels get them as one argument."""

    records: NDArray[np.void]  # FLOW: slots, then head, tail and markers (lru.py)
    tcp: NDArray[np.void]  # TCP_STATE per slot; one record without the state machine
    times: NDArray[np.void]  # PACKET_TIMES per packet; empty without packet mode
    pairs: NDArray[np.int64]  # pairs.py
    fragments: NDArray[np.int64]  # fragments.py
    released: NDArray[np.void]  # RELEASED since the last reclaim
    counters: NDArray[np.int64]  # FlowCounter
    state: NDArray[np.int64]  # State
    proto_packets: NDArray[np.int64]
    proto_bytes: NDArray[np.int64]
    eth_packets: NDArray[np.int64]
    timeouts: NDArray[np.float32]  # seconds, largest first
    young: NDArray[np.int64]  # ns, lru.young_ages()
    due: NDArray[np.int64]  # ns per marker: nothing to do before


class Labels(NamedTuple):
    """Sorted starts of address ranges and their rows in the label table."""

    v4_start: NDArray[np.uint32]
    v4_row: NDArray[np.uint32]
    v6_start_hi: NDArray[np.uint64]
    v6_start_lo: NDArray[np.uint64]
    v6_row: NDArray[np.uint32]


@inlined
def label_row(labels: Labels, kind: int, high: np.uint64, low: np.uint64) -> int:
    """Return the row of the range that holds an address; 0 for unspecified and layer-2 addresses."""
    if kind == KIND_LAYER2 or (high == np.uint64(0) and low == np.uint64(0)):
        return 0
    first = 0  # the last start <= address is before `end`, at or behind `first - 1`
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
def write_out(a: Arrays, slot: int, other: int, direction: int, packet: int) -> None:
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
            drop_chain(a.fragments, place)
            a.state[State.FRAGMENTS] -= 1
    if flow.l4Proto == TCP and len(a.tcp) > 1:
        a.state[State.TCP_AGGREGATE] |= conclude(a.tcp, slot, other)
    count = a.state[State.RELEASED]
    a.released[count].slot = slot
    a.released[count].packet = packet
    a.state[State.RELEASED] = count + 1
    a.counters[FlowCounter.ACTIVE] -= 1


@kernel
def release(a: Arrays, head: int, slot: int, packet: int) -> None:
    """Release a flow and its opposite: the direction without bit 0 first."""
    flow = a.records[slot]
    other = np.int64(flow.opposite)
    inverted = np.int64(flow.flowStat) & L3FLOWINVERT
    drop_pair(a.pairs, np.int64(flow.hash), slot, other)
    a.state[State.PAIRS] -= 1
    detach(a.records, a.state, a.young, head, slot)
    if other < 0:
        a.counters[FlowCounter.CORRECTED_REPLIES] += inverted
        write_out(a, slot, -1, 0, packet)
    else:
        detach(a.records, a.state, a.young, head, other)
        first, second = (other, slot) if inverted else (slot, other)
        write_out(a, first, second, 0, packet)
        write_out(a, second, first, 1, packet)


@inlined
def walk(a: Arrays, head: int, marker: int, timeout: np.float32, sec: int, frac: int, packet: int) -> None:
    """Let one marker look at the flows in front of it, towards the head, until one is too young."""
    records = a.records
    node = np.int64(records[marker].newer)
    while node != head:
        flow = records[node]
        newer = np.int64(flow.newer)
        if node < head:
            seen = age(sec, frac, flow)
            if seen < timeout:
                break
            if seen >= flow.timeout:
                other = np.int64(flow.opposite)
                if other < 0 or age(sec, frac, records[other]) >= records[other].timeout:
                    if newer == other:
                        newer = np.int64(records[other].newer)
                    release(a, head, node, packet)
        node = newer
    if records[marker].newer != node:
        place_behind(records, marker, node)


@kernel
def scan(a: Arrays, head: int, sec: int, frac: int, now: int, packet: int) -> None:
    """Release what the time-outs ask for before a packet, and note when to look again."""
    records = a.records
    for k in range(len(a.timeouts)):
        if now >= a.due[k] or a.state[State.STIRRED]:
            walk(a, head, head + 2 + k, a.timeouts[k], sec, frac, packet)
    next_due = FAR
    for k in range(len(a.timeouts)):
        node = np.int64(records[head + 2 + k].newer)
        while node > head:
            node = np.int64(records[node].newer)
        a.due[k] = FAR
        if node != head:
            a.due[k] = clock(records[node].lastSec, records[node].lastFrac, -FAR) + a.young[k]
        next_due = min(next_due, a.due[k])
    a.state[State.STIRRED] = 0
    a.state[State.NEXT_DUE] = next_due


@kernel
def release_oldest(a: Arrays, head: int, packet: int, number: int) -> None:
    """Make room in a full table: release the least recently touched flow and its opposite."""
    node = np.int64(a.records[head + 1].newer)
    while node > head:
        node = np.int64(a.records[node].newer)
    a.records[node].flowStat |= np.uint64(RMFLOW_HFULL)
    a.state[State.STATUS] |= RMFLOW_HFULL
    a.counters[FlowCounter.AUTOPILOT] += 1
    if a.state[State.AUTOPILOT_AT] == 0:
        a.state[State.AUTOPILOT_AT] = number
    release(a, head, node, packet)


@kernel
def create(a: Arrays, labels: Labels, head: int, packet: Record, hashed: int, mate: int, last: int) -> int:
    """Make the flow of a packet.

    Args:
        a: arrays of the flow table.
        labels: address ranges.
        head: position of the head of the list.
        packet: PACKET record.
        hashed: its pair_hash().
        mate: slot of the opposite flow, -1 without.
        last: packet time in ns, ``-FAR`` if that has no meaning.

    Returns:
        The new slot.
    """
    state = a.state
    counters = a.counters
    slot = state[State.FREE]
    if slot >= 0:
        state[State.FREE] = np.int64(a.records[slot].older)
    else:
        slot = state[State.USED]
        state[State.USED] = slot + 1
    kind = np.int64(packet.kind)
    proto = np.int64(packet.l4Proto)
    flow = a.records[slot]
    flow.srcHi = packet.srcHi
    flow.srcLo = packet.srcLo
    flow.dstHi = packet.dstHi
    flow.dstLo = packet.dstLo
    flow.srcPort = packet.srcPort
    flow.dstPort = packet.dstPort
    flow.vlan = packet.vlan
    flow.ethType = packet.ethType
    flow.l4Proto = proto
    flow.kind = kind
    flow.dir = 0
    flow.alive = 1
    flow.hash = hashed
    flow.opposite = mate
    flow.timeout = FLOW_TIMEOUT
    flow.lastIpId = _U32
    flow.lastFragId = 0
    flow.firstSec = packet.sec
    flow.firstFrac = packet.frac
    flow.lastSec = packet.sec
    flow.lastFrac = packet.frac
    flow.durSec = 0
    flow.durFrac = 0
    flow.padBytes = 0
    flow.srcLabel = label_row(labels, kind, packet.srcHi, packet.srcLo)
    flow.dstLabel = label_row(labels, kind, packet.dstHi, packet.dstLo)
    attach(a.records, state, a.young, head, slot, last)
    if len(a.tcp) > 1:
        clear(a.tcp, slot)

    if kind == KIND_LAYER2:
        counters[FlowCounter.FLOWS_L2] += 1
        status = L2_FLOW
    elif kind == KIND_IPV4:
        counters[FlowCounter.FLOWS_IPV4] += 1
        status = L2_IPV4
    else:
        counters[FlowCounter.FLOWS_IPV6] += 1
        status = L2_IPV6
    source_port = np.int64(packet.srcPort)
    destination_port = np.int64(packet.dstPort)
    if mate >= 0:
        a.records[mate].opposite = slot
        flow.flowInd = a.records[mate].flowInd
        counters[FlowCounter.FLOWS_B] += 1
        status |= ~np.int64(a.records[mate].flowStat) & L3FLOWINVERT
    else:
        counters[FlowCounter.NEXT_INDEX] += 1
        flow.flowInd = counters[FlowCounter.NEXT_INDEX]
        counters[FlowCounter.FLOWS_A] += 1
        a.pairs[free_place(a.pairs, hashed)] = hashed << 32 | (slot + 1)
        state[State.PAIRS] += 1
        if (
            flow.srcLo == flow.dstLo and flow.srcHi == flow.dstHi and source_port == destination_port
        ):  # its own reverse
            if proto == TCP:
                status |= LANDATTACK
        elif kind != KIND_LAYER2 and (
            (source_port < 1024 and source_port < destination_port)
            or source_port & 0xFFF6 == 8080
            or (proto == TCP and np.int64(packet.tcpFlags) & _SYN_ACK == _SYN_ACK)
        ):
            status |= L3FLOWINVERT
    flow.flowStat = status
    state[State.STATUS] |= status & ~L3FLOWINVERT
    counters[FlowCounter.ACTIVE] += 1
    counters[FlowCounter.MAX_ACTIVE] = max(counters[FlowCounter.MAX_ACTIVE], counters[FlowCounter.ACTIVE])
    return slot


@inlined
def open_chain(a: Arrays, slot: int, fragment_id: int, status: int) -> int:
    """Enter the flow of a first or headless fragment into the fragment table.

    Returns:
        The flow's status with the bits that change.
    """
    flow = a.records[slot]
    proto = np.int64(flow.l4Proto)
    if status & IPV4_FRAG_PENDING:
        place = find_chain(a.fragments, a.records, flow, np.int64(flow.lastFragId), proto)
        if place >= 0:
            drop_chain(a.fragments, place)
            a.state[State.FRAGMENTS] -= 1
        if place < 0 or flow.lastFragId != fragment_id:
            status |= IPV4_FRAG_ERR
        place = find_chain(a.fragments, a.records, flow, fragment_id, proto)
    else:
        place = find_chain(a.fragments, a.records, flow, fragment_id, proto)
        if place >= 0:
            former = (a.fragments[place] & _U32) - 1
            a.records[former].flowStat &= np.uint64(0xFFFFFFFFFFFFFFFF ^ IPV4_FRAG_PENDING)
    if place >= 0:
        drop_chain(a.fragments, place)
        a.state[State.FRAGMENTS] -= 1
    flow.lastFragId = fragment_id
    enter_chain(a.fragments, flow, slot)
    a.state[State.FRAGMENTS] += 1
    return status | IPV4_FRAG_PENDING


@inlined
def measure(times: NDArray[np.void], i: int, a: Arrays, slot: int, old_sec: int, old_frac: int) -> bool:
    """Write the times of a packet line (docs/flows.md, "Times of a packet").

    Returns:
        Whether the packet's time is before that of the flow's previous packet.
    """
    flow = a.records[slot]
    iat = np.float64((flow.lastSec - old_sec) & _U32) + np.float64(flow.lastFrac - old_frac) / 1e9
    times[i].iat = iat
    times[i].trip = 0.0
    if flow.opposite >= 0:
        other = a.records[np.int64(flow.opposite)]
        fraction = np.float32(np.float32(flow.lastFrac) - np.float32(other.lastFrac))
        times[i].trip = np.float64(flow.lastSec - other.lastSec) + np.float64(fraction) / 1e9
    times[i].duration = (
        np.float64((flow.lastSec - flow.firstSec) & _U32) + np.float64(flow.lastFrac - flow.firstFrac) / 1e9
    )
    return iat < 0.0


@kernel
def assign(packets: NDArray[np.void], a: Arrays, labels: Labels, capacity: int) -> None:
    """Give every packet its flow; release the flows that ended before it.

    Args:
        packets: PACKET records with the dissection part filled; the flow part is written.
        a: arrays of the flow table.
        labels: address ranges.
        capacity: number of flows that may be held.
    """
    records = a.records
    state = a.state
    counters = a.counters
    pairs = a.pairs
    mask = len(pairs) - 1
    head = len(records) - 2 - len(a.timeouts)
    states = len(a.tcp) > 1
    timed = len(a.times) > 0
    status = 0
    for i in range(len(packets)):
        p = packets[i]
        sec = p.sec
        frac = p.frac
        now = clock(sec, frac, FAR)
        if now >= state[State.NEXT_DUE]:
            scan(a, head, sec, frac, now, i)
        kind = np.int64(p.kind)
        seen = np.int64(p.status)
        if p.caplen == 0 or kind == KIND_DROPPED:
            if p.caplen > 0:
                status |= seen
            p.flow = -1
            p.flowInd = 0
            p.flowStat = 0
            p.isNew = 0
            p.tcpStatesAFlags = 0
            continue

        proto = np.int64(p.l4Proto)
        frag = np.int64(p.frag) if kind != KIND_LAYER2 else 0
        fragment_id = np.int64(p.fragId)
        slot = -1
        is_new = 0
        opens = 0  # flow bits of a packet that starts a chain of fragments
        attached = False
        if frag & FRAG_LATER:
            place = find_chain(a.fragments, records, p, fragment_id, proto if kind == KIND_IPV4 else 0)
            if place >= 0:
                slot = (a.fragments[place] & _U32) - 1
                attached = True
                counters[FlowCounter.V4_FRAGMENTS + kind - KIND_IPV4] += 1
                if not frag & FRAG_MORE:
                    drop_chain(a.fragments, place)
                    state[State.FRAGMENTS] -= 1
                    records[slot].flowStat &= np.uint64(0xFFFFFFFFFFFFFFFF ^ IPV4_FRAG_PENDING)
            else:
                opens = IPV4_FRAG | IPV4_FRAG_HDSEQ_ERR
        elif frag & FRAG_FIRST:
            opens = IPV4_FRAG

        if not attached:
            hashed = pair_hash(p)
            place = hashed & mask
            mate = -1
            while pairs[place] != 0:
                if pairs[place] >> 32 == hashed:
                    candidate = (pairs[place] & _U32) - 1
                    r = records[candidate]
                    if (
                        r.l4Proto == p.l4Proto
                        and r.ethType == p.ethType
                        and r.vlan == p.vlan
                        and r.kind == p.kind
                    ):
                        if (
                            r.srcLo == p.srcLo
                            and r.dstLo == p.dstLo
                            and r.srcPort == p.srcPort
                            and r.dstPort == p.dstPort
                            and r.srcHi == p.srcHi
                            and r.dstHi == p.dstHi
                        ):
                            slot = candidate
                            break
                        if (
                            r.srcLo == p.dstLo
                            and r.dstLo == p.srcLo
                            and r.srcPort == p.dstPort
                            and r.dstPort == p.srcPort
                            and r.srcHi == p.dstHi
                            and r.dstHi == p.srcHi
                        ):
                            mate = candidate
                            slot = np.int64(r.opposite)
                            break
                place = (place + 1) & mask
            if slot < 0:
                if counters[FlowCounter.ACTIVE] >= capacity:
                    release_oldest(a, head, i, np.int64(p.pktNo))
                    if mate >= 0 and not records[mate].alive:
                        mate = -1
                slot = create(a, labels, head, p, hashed, mate, clock(sec, frac, -FAR))
                is_new = 1
            else:
                # FDURLIMIT: here the flow would end by its duration
                if np.int64(records[head].older) != slot:
                    detach(records, state, a.young, head, slot)
                    attach(records, state, a.young, head, slot, clock(sec, frac, -FAR))
                if kind == KIND_IPV4:
                    ip_id = np.int64(p.ipId)
                    if ip_id != 0 and ip_id == np.int64(records[slot].lastIpId):
                        records[slot].flowStat |= np.uint64(DUPIPID)
                        status |= DUPIPID
                    records[slot].lastIpId = ip_id

        flow = records[slot]
        flow_status = np.int64(flow.flowStat)
        show = np.int64(p.show)
        if kind == KIND_LAYER2:
            seen |= L2_FLOW
            counters[FlowCounter.L2_PACKETS] += 1
        else:
            if opens:
                counters[FlowCounter.V4_FRAGMENTS + kind - KIND_IPV4] += 1
                flow_status = open_chain(a, slot, fragment_id, flow_status | opens)
                status |= flow_status & (IPV4_FRAG | IPV4_FRAG_ERR | IPV4_FRAG_HDSEQ_ERR)
                if kind == KIND_IPV4:
                    seen |= IPV4_FRAG
            elif flow_status & IPV4_FRAG_PENDING and not attached:
                flow_status |= IPV4_FRAG_ERR
                status |= IPV4_FRAG_ERR
            if kind == KIND_IPV6:
                seen |= L2_IPV6
                counters[FlowCounter.IPV6_PACKETS] += 1
            else:
                seen |= L2_IPV4
                counters[FlowCounter.IPV4_PACKETS] += 1
            a.proto_packets[proto] += 1
            a.proto_bytes[proto] += np.int64(p.caplen)
            show |= SHOW_ADDRESS
        a.eth_packets[np.int64(p.ethType)] += 1
        padding = np.int64(p.padLen)
        if padding != 0:
            flow.padBytes += padding
            counters[FlowCounter.PAD_BYTES] += padding

        flow_status |= seen
        status |= seen
        old_sec = flow.lastSec
        old_frac = flow.lastFrac
        flow.lastSec = sec
        flow.lastFrac = frac
        if sec < old_sec or (sec == old_sec and frac < old_frac) or now == FAR:
            state[State.NEXT_DUE] = -FAR
            state[State.STIRRED] = 1
        if timed and measure(a.times, i, a, slot, old_sec, old_frac):
            flow_status |= TIMEJUMP
            status |= TIMEJUMP
        flow.flowStat = flow_status
        if flow_status & L3FLOWINVERT:
            counters[FlowCounter.B_PACKETS] += 1
            counters[FlowCounter.B_BYTES] += np.int64(p.caplen)
        else:
            counters[FlowCounter.A_PACKETS] += 1
            counters[FlowCounter.A_BYTES] += np.int64(p.caplen)
        anomalies = 0
        if states and kind != KIND_LAYER2 and proto == TCP and not frag & FRAG_LATER and p.snapL4Len >= 13:
            anomalies = advance(
                records,
                a.tcp,
                slot,
                np.int64(flow.opposite),
                np.int64(p.tcpFlags),
                np.int64(p.seq),
                np.int64(p.ack),
            )
        if not flow_status & L2_NO_ETH:
            show |= SHOW_MAC
        p.status = seen
        p.show = show
        p.flow = slot
        p.flowInd = flow.flowInd
        p.flowStat = flow_status
        p.isNew = is_new
        p.tcpStatesAFlags = anomalies
    state[State.STATUS] |= status


@kernel
def flush(a: Arrays) -> None:
    """Release all flows, least recently touched first (end of the capture)."""
    head = len(a.records) - 2 - len(a.timeouts)
    node = np.int64(a.records[head + 1].newer)
    while node != head:
        newer = np.int64(a.records[node].newer)
        if node < head:
            if newer == a.records[node].opposite:
                newer = np.int64(a.records[newer].newer)
            release(a, head, node, -1)
        node = newer


@kernel
def reclaim(a: Arrays) -> None:
    """Put the slots released since the last call into the chain of free slots."""
    for k in range(a.state[State.RELEASED]):
        slot = np.int64(a.released[k].slot)
        a.records[slot].older = a.state[State.FREE]
        a.state[State.FREE] = slot
    a.state[State.RELEASED] = 0
