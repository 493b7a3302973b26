"""The kernel that gives every packet its flow."""

import numpy as np

from t2tui.core.flows.arrays import Arrays, Labels
from t2tui.core.flows.counters import FlowCounter, State
from t2tui.core.flows.create import create
from t2tui.core.flows.fragments import join_chain, open_chain
from t2tui.core.flows.lru import FAR, attach, clock, detach
from t2tui.core.flows.pairs import compare, home_place, next_place, take_key
from t2tui.core.flows.release import release_oldest, scan
from t2tui.core.flows.tcp import TCP, advance, changes_nothing
from t2tui.core.flowstat import (
    DUPIPID,
    FL_ALARM,
    IPV4_FRAG,
    IPV4_FRAG_ERR,
    IPV4_FRAG_HDSEQ_ERR,
    IPV4_FRAG_PENDING,
    L2_FLOW,
    L2_IPV4,
    L2_IPV6,
    L2_NO_ETH,
    L3FLOWINVERT,
    TIMEJUMP,
)
from t2tui.core.jit import Integer, Record, Records, inlined, kernel
from t2tui.core.layout import (
    FRAG_FIRST,
    FRAG_LATER,
    KIND_DROPPED,
    KIND_IPV4,
    KIND_IPV6,
    KIND_LAYER2,
    SHOW_ADDRESS,
    SHOW_MAC,
)
from t2tui.core.memory import prefetch_line

KEYS = 16
"""Keys held: those of the packets that are looked at ahead; a power of two."""

FAR_AHEAD = 12
"""Packets between asking the cache for a place of the pair table and looking at the packet itself."""

NEAR_AHEAD = 8
"""The same for the flow that the place names."""

NEXT_AHEAD = 5
"""The same for the flow that is the packet's."""

LAST_AHEAD = 2
"""The same for its neighbours in the list."""

CROWD = 1000
"""Number of flows from which it pays to ask for them ahead: they are no longer in the nearest caches."""

_U32 = 0xFFFFFFFF
_FRAGMENT_BITS = IPV4_FRAG | IPV4_FRAG_ERR | IPV4_FRAG_HDSEQ_ERR
_TOP = np.uint64(1 << 63)
_S63 = np.uint64(63)
_RING = np.uint64(KEYS - 1)


@inlined
def fetch_flow(packets: Records, i: Integer, a: Arrays) -> None:
    """Ask the cache for the flows of packets ahead, in three steps: one names the other."""
    near = i + NEAR_AHEAD
    if 0 <= near < len(packets):
        key = a.keys[np.uint64(near) & _RING]
        key.slot = (a.pairs[home_place(a.pairs, key.hash)] & _U32) - 1
        prefetch_line(a.records, max(key.slot, 0), 0)
    following = i + NEXT_AHEAD
    if 0 <= following < len(packets):
        key = a.keys[np.uint64(following) & _RING]
        slot = key.slot
        if slot >= 0:
            packet = packets[np.uint64(following)]
            flow = a.records[np.uint64(slot)]
            other = np.int64(flow.opposite)
            if other >= 0:
                turned = np.int64(flow.srcLo != packet.srcLo) | np.int64(flow.srcPort != packet.srcPort)
                slot += turned * (other - slot)
                prefetch_line(a.records, slot, 0)
            prefetch_line(a.records, slot, 64)
            key.slot = slot
    last = i + LAST_AHEAD
    if 0 <= last < len(packets):
        slot = a.keys[np.uint64(last) & _RING].slot
        if slot >= 0:
            prefetch_line(a.records, np.int64(a.records[np.uint64(slot)].newer), 64)
            prefetch_line(a.records, np.int64(a.records[np.uint64(slot)].older), 64)


@inlined
def find(a: Arrays, packet: Record, key: Record) -> tuple[Integer, Integer]:
    """Look up a packet's flow.

    Args:
        a: arrays of the flow table.
        packet: PACKET record.
        key: its KEY.

    Returns:
        Slot of the flow, and slot of the direction of its pair that came first; -1 without.
    """
    place = home_place(a.pairs, key.hash)
    while a.pairs[place] != 0:
        if a.pairs[place] >> 32 == key.hash:
            first = (a.pairs[place] & _U32) - 1
            flow = a.records[np.uint64(first)]
            forward, reverse = compare(flow, packet, key)
            if (forward | reverse) >= _TOP:  # one branch: directions are hard to predict
                return first + np.int64(reverse >> _S63) * (np.int64(flow.opposite) - first), first
        place = next_place(a.pairs, place)
    return -1, -1


@inlined
def measure(times: Record, a: Arrays, flow: Record, old_sec: Integer, old_frac: Integer) -> bool:
    """Write the times of a packet line (docs/flows.md, "Times of a packet").

    Args:
        times: PACKET_TIMES record.
        a: arrays of the flow table.
        flow: flow of the packet, its last-seen time is the packet's.
        old_sec: its last-seen time before.
        old_frac: its last-seen time before.

    Returns:
        Whether time ran backwards within a second.
    """
    times.iat = np.float64((flow.lastSec - old_sec) & _U32) + np.float64(flow.lastFrac - old_frac) / 1e9
    times.trip = 0.0
    if flow.opposite >= 0:
        other = a.records[np.int64(flow.opposite)]
        fraction = np.float32(np.float32(flow.lastFrac) - np.float32(other.lastFrac))
        times.trip = np.float64(flow.lastSec - other.lastSec) + np.float64(fraction) / 1e9
    fraction_of_duration = np.float64(flow.lastFrac - flow.firstFrac) / 1e9
    times.duration = np.float64((flow.lastSec - flow.firstSec) & _U32) + fraction_of_duration
    return bool(times.iat < 0.0)


@inlined
def has_tcp_header(packet: Record, kind: Integer, frag: Integer) -> bool:
    """Return whether the state machine looks at a packet of protocol TCP."""
    return bool(kind != KIND_LAYER2 and not frag & FRAG_LATER and packet.snapL4Len >= 13)


@inlined
def leave_without_flow(packet: Record) -> None:
    """Fill the flow part of a packet that has no flow."""
    packet.flow = -1
    packet.flowInd = 0
    packet.flowStat = 0
    packet.alarm = 0
    packet.isNew = 0
    packet.tcpStatesAFlags = 0


@kernel
def assign(packets: Records, row: Integer, a: Arrays, labels: Labels, capacity: Integer) -> None:
    """Give every packet its flow; release the flows that ended before it.

    Args:
        packets: PACKET records with the dissection part filled; the flow part is written.
        row: place of the first packet in ``a.times``.
        a: arrays of the flow table.
        labels: address ranges.
        capacity: number of flows that may be held.
    """
    records = a.records
    state = a.state
    counters = a.counters
    head = records[len(records) - 2]
    states = state[State.TCP_STATES] != 0
    crowded = counters[FlowCounter.ACTIVE] > CROWD
    status = np.int64(0)
    of_layer2 = of_ipv4 = of_ipv6 = np.int64(0)
    packets_with_flow = packets_of_b = bytes_with_flow = bytes_of_b = np.int64(0)
    for i in range(-FAR_AHEAD, len(packets)):
        if i + FAR_AHEAD < len(packets):
            key = a.keys[np.uint64(i + FAR_AHEAD) & _RING]
            take_key(packets[np.uint64(i + FAR_AHEAD)], key)
            prefetch_line(a.pairs, np.int64(home_place(a.pairs, key.hash)), 0)
        if crowded:
            fetch_flow(packets, i, a)
        if i < 0:
            continue
        p = packets[np.uint64(i)]
        sec = p.sec
        frac = p.frac
        now = clock(sec, frac, FAR)
        if now >= state[State.NEXT_DUE]:
            scan(a, sec, frac, now, i)
        kind = np.int64(p.kind)
        seen = np.int64(p.status)
        caplen = np.int64(p.caplen)
        if caplen == 0 or kind == KIND_DROPPED:
            if caplen > 0:
                status |= seen
            leave_without_flow(p)
            continue

        frag = np.int64(p.frag) if kind != KIND_LAYER2 else np.int64(0)
        opens = 0  # flow bits of a packet that begins a chain of fragments
        slot: Integer = -1
        if frag & (FRAG_LATER | FRAG_FIRST):
            opens = IPV4_FRAG
            if frag & FRAG_LATER:
                opens = IPV4_FRAG | IPV4_FRAG_HDSEQ_ERR
                slot = join_chain(a, p, kind)
            counters[FlowCounter.V4_FRAGMENTS + kind - KIND_IPV4] += 1
        attached = slot >= 0
        is_new = 0
        if not attached:
            key = a.keys[np.uint64(i) & _RING]
            slot, mate = find(a, p, key)
            if slot < 0:
                if counters[FlowCounter.ACTIVE] >= capacity:
                    release_oldest(a, i, np.int64(p.pktNo))
                    if mate >= 0 and not records[np.uint64(mate)].alive:
                        mate = -1
                slot = create(a, labels, p, key.hash, mate)
                is_new = 1
            # FDURLIMIT: a flow found here would end by its duration

        flow = records[np.uint64(slot)]
        flow_status = np.int64(flow.flowStat)
        old_sec = flow.lastSec
        old_frac = flow.lastFrac
        flow.lastSec = sec
        flow.lastFrac = frac
        if sec < old_sec or (sec == old_sec and frac < old_frac) or now == FAR:
            state[State.NEXT_DUE] = -FAR
            state[State.STIRRED] = 1
        if not is_new and not attached:
            if head.older != slot or head.marks:  # unless it is directly behind the head
                detach(a, flow)
                attach(a, flow, slot)
            if kind == KIND_IPV4:
                ip_id = np.int64(p.ipId)
                if ip_id != 0 and ip_id == np.int64(flow.lastIpId):
                    flow_status |= DUPIPID
                    status |= DUPIPID
                flow.lastIpId = ip_id

        show = np.int64(p.show)
        proto = np.int64(p.l4Proto)
        if kind == KIND_LAYER2:
            seen |= L2_FLOW
            of_layer2 += 1
        else:
            if opens and not attached:
                flow_status = open_chain(a, slot, np.int64(p.fragId), flow_status | opens)
                status |= flow_status & _FRAGMENT_BITS
                if kind == KIND_IPV4:
                    seen |= IPV4_FRAG
            elif flow_status & IPV4_FRAG_PENDING and not attached:
                flow_status |= IPV4_FRAG_ERR
                status |= IPV4_FRAG_ERR
            if kind == KIND_IPV6:
                seen |= L2_IPV6
                of_ipv6 += 1
            else:
                seen |= L2_IPV4
                of_ipv4 += 1
            a.proto_packets[p.l4Proto] += 1
            a.proto_bytes[p.l4Proto] += caplen
            show |= SHOW_ADDRESS
        a.eth_packets[p.ethType] += 1
        padding = np.int64(p.padLen)
        if padding != 0:
            flow.padBytes += padding
            counters[FlowCounter.PAD_BYTES] += padding

        flow_status |= seen
        status |= seen
        if len(a.times) > 0 and measure(a.times[row + i], a, flow, old_sec, old_frac):
            flow_status |= TIMEJUMP
            status |= TIMEJUMP
        flow.flowStat = flow_status
        inverted = flow_status & L3FLOWINVERT
        packets_with_flow += 1
        packets_of_b += inverted
        bytes_with_flow += caplen
        bytes_of_b += inverted * caplen
        anomalies = np.int64(0)
        if states and proto == TCP and has_tcp_header(p, kind, frag):
            flags = np.int64(p.tcpFlags)
            if not changes_nothing(flow, flags):
                it = records[np.uint64(max(flow.opposite, 0))]
                advance(flow, it, flow.opposite >= 0, flags, np.int64(p.seq), np.int64(p.ack))
            anomalies = np.int64(flow.anomalies)
        if not flow_status & L2_NO_ETH:
            show |= SHOW_MAC
        p.status = seen
        p.show = show
        p.flow = slot
        p.flowInd = flow.flowInd
        p.flowStat = flow_status
        p.alarm = flow_status & FL_ALARM != 0
        p.isNew = is_new
        p.tcpStatesAFlags = anomalies
    state[State.STATUS] |= status
    counters[FlowCounter.A_PACKETS] += packets_with_flow - packets_of_b
    counters[FlowCounter.B_PACKETS] += packets_of_b
    counters[FlowCounter.A_BYTES] += bytes_with_flow - bytes_of_b
    counters[FlowCounter.B_BYTES] += bytes_of_b
    counters[FlowCounter.L2_PACKETS] += of_layer2
    counters[FlowCounter.IPV4_PACKETS] += of_ipv4
    counters[FlowCounter.IPV6_PACKETS] += of_ipv6
