"""The kernels of tcpFlags: packets in order, flows at their end (docs/tcpflags.md)."""

import numpy as np

from t2tui.core.flowstat import IPV4_FRAG_ERR, L3FLOWINVERT, TIMEJUMP
from t2tui.core.jit import inlined, kernel
from t2tui.core.layout import KIND_LAYER2
from t2tui.core.memory import prefetch
from t2tui.core.text.memory import store8
from t2tui.core.text.numbers import put_padded, put_uint
from t2tui.plugins.tcpflags_ip import identification_of, ip_header, ip_part, ttl_of
from t2tui.plugins.tcpflags_records import (
    BACK_IN_TIME,
    DISTANCES,
    FRAGMENTS_WRONG,
    KEPT,
    NO_TRIP,
    RTT_ACK,
    RTT_SYN_ACK,
    SCALED,
    SCAN,
    SCAN_ANSWERED,
    SCAN_FLAGS,
    SHOW_IP,
    SHOW_TCP,
    STAMP_INIT,
    SYN,
    SYN_PAYLOAD,
    SYN_RETRY,
)
from t2tui.plugins.tcpflags_tcp import scaled, tcp_part

TCP = 6

AHEAD = 8
"""So many packets before its turn the record of a flow is fetched from memory."""

SCAN_PACKETS = 4
"""A flow of fewer TCP packets may be a scan."""

_LINE = np.uint64(ord("_"))
_DASH = np.uint64(ord("-"))


@inlined
def begin(state, slot, p, flows, data):  # type: ignore[no-untyped-def]
    """Begin the record of a flow with its first packet; ties the two directions together."""
    state[slot] = state[len(state) - 1]  # never used, all zero
    s = state[slot]
    s.flowInd = p.flowInd
    s.lastSec = p.sec
    s.lastFrac = p.frac
    s.minId = 0xFFFF
    s.rttMin = NO_TRIP
    s.opposite = -1
    o = np.int64(flows[slot].opposite)
    if o >= 0 and state[o].flowInd == p.flowInd:
        s.opposite = o
        state[o].opposite = slot
    if p.kind == KIND_LAYER2:
        return
    ip = ip_header(p, data)
    s.ttl = ttl_of(p, data, ip)
    s.minTTL = s.ttl
    s.maxTTL = s.ttl
    s.ipId = identification_of(p, data, ip)
    if p.l4Proto == TCP:
        s.firstSeq = p.seq
        s.lastSeq = p.seq
        s.nextSeq = p.seq
        s.highSeq = p.seq
        s.lastAck = p.ack
        if p.tcpFlags == SYN and p.snapL7Len > 0:
            s.anomaly = SYN_PAYLOAD


@kernel
def follow(packets, data, flows, state, rows, first, step, wanted, totals):  # type: ignore[no-untyped-def]
    """Work on packets in order.

    Args:
        packets: PACKET records.
        data: the batch's bytes.
        flows: FLOW records by slot.
        state: FLOW_STATE records by slot, and one behind them that is zero.
        rows: PACKET_STATE records.
        first: row of the first packet.
        step: 1, or 0 where all packets share the first of the rows.
        wanted: smallest window, kinds of options kept, whether packets are counted by flag.
        totals: TOTALS record.
    """
    for i in range(len(packets)):
        prefetch(state, np.int64(packets[min(i + AHEAD, len(packets) - 1)].flow))
        p = packets[i]
        slot = np.int64(p.flow)
        if slot < 0:
            continue
        if p.isNew:
            begin(state, slot, p, flows, data)
        row = rows[(first + i) * step]
        row.show = 0
        if p.kind == KIND_LAYER2:
            continue
        s = state[slot]
        row.show = SHOW_IP
        status = np.int64(s.status) & KEPT
        gap, starts, bits = ip_part(s, row, p, data, ip_header(p, data), state)
        status |= bits
        if s.ipFlags & BACK_IN_TIME:
            flows[slot].flowStat |= np.uint64(TIMEJUMP)
            packets[i].flowStat |= np.uint64(TIMEJUMP)
            totals.flowStat |= np.uint64(TIMEJUMP)
        if starts and p.l4Proto == TCP:
            row.show = SHOW_IP | SHOW_TCP
            status = tcp_part(s, row, p, data, state, gap, status, wanted, totals)
            row.status = status
            s.lastStatus = status | DISTANCES
        else:
            row.status = 0
            row.tcpOptLen = 0
            if s.packets == 1:
                s.rtt = RTT_SYN_ACK
            elif s.rtt == RTT_SYN_ACK:
                s.rtt = RTT_ACK
        s.status |= status | DISTANCES


@inlined
def find_scan(s, state, totals):  # type: ignore[no-untyped-def]
    """Judge whether a flow that ended is a scan, or one that was answered."""
    if s.anomaly & SYN_RETRY or not s.flags & SCAN_FLAGS:
        return
    if s.scanned < SCAN_PACKETS and not s.anomaly & (SCAN | SCAN_ANSWERED):
        s.anomaly |= SCAN
        totals.scans += np.uint64(1)
    if s.opposite < 0:
        return
    other = state[s.opposite]
    mine = s.anomaly & SCAN and not s.anomaly & SCAN_ANSWERED
    few = s.scanned < SCAN_PACKETS and other.scanned < SCAN_PACKETS
    if mine or (other.anomaly & SCAN and not other.anomaly & SCAN_ANSWERED and few):
        s.anomaly |= SCAN_ANSWERED
        other.anomaly |= SCAN_ANSWERED
        totals.answeredScans += np.uint64(1)


@inlined
def counter_step(s, span):  # type: ignore[no-untyped-def]
    """Estimate the step of the sender's time stamps, s; without change from its TTL."""
    steps = np.int64(s.stamp) - np.int64(s.firstStamp)
    if steps != 0:
        step = np.float32(span / np.float32(steps))
        if step < 0.002:
            return np.float32(0.001)
        if step < 0.005:
            return np.float32(0.004)
        if step < 0.02:
            return np.float32(0.01)
        return np.float32(0.1) if step < 0.7 else np.float32(1.0)
    if s.minTTL >= 128:
        return np.float32(0.1)
    if s.minTTL >= 64:
        return np.float32(0.004)
    return np.float32(0.01) if s.minTTL > 32 else np.float32(0.001)


@inlined
def minus(sec, frac, less_sec, less_frac):  # type: ignore[no-untyped-def]
    """Subtract two times; the reference borrows a million, as if they had microseconds."""
    sec -= less_sec
    frac -= less_frac
    if frac < 0:
        sec -= 1
        frac += 1_000_000
    return sec, frac


@inlined
def up_time(s, out):  # type: ignore[no-untyped-def]
    """Estimate since when the sender runs, from its time stamps."""
    out.counter = 0
    out.upTime = 0
    out.bootSec = 0
    out.bootFrac = 0
    if not s.status & STAMP_INIT:
        return
    sec, frac = minus(s.stampSec, s.stampFrac, s.firstStampSec, s.firstStampFrac)
    out.counter = counter_step(s, np.float32(np.float64(sec) + np.float64(frac) / 1e9))
    out.upTime = np.float64(np.int64(s.stamp)) * np.float64(out.counter)
    whole = np.int64(out.upTime)
    fraction = np.int64((out.upTime - np.float64(whole)) * 1e9)
    out.bootSec, out.bootFrac = minus(s.stampSec, s.stampFrac, whole, fraction)


@inlined
def fingerprint(s, out, is_scaled):  # type: ignore[no-untyped-def]
    """Write tcpJA4T."""
    text = out.text
    p = put_uint(text, 0, np.uint64(s.initWindow))
    store8(text, p, _LINE)
    p += 1
    count = np.int64(s.kindCount)
    for i in range(count):
        if i:
            store8(text, p, _DASH)
            p += 1
        p = put_uint(text, p, np.uint64(s.kinds[i]))
    if count == 0:
        p = put_padded(text, p, np.uint64(0), 2)
        store8(text, p, _LINE)
        p += 1
    p = put_padded(text, p, np.uint64(s.mss), 2)
    store8(text, p, _LINE)
    p += 1
    out.textLen = put_uint(text, p, np.uint64(s.shift)) if is_scaled else put_padded(text, p, np.uint64(0), 2)


@kernel
def summarise(slots, flows, state, summaries, totals):  # type: ignore[no-untyped-def]
    """Compute what is written about flows that ended, in the order in which they ended."""
    for slot in slots:
        s = state[slot]
        out = summaries[slot]
        totals.ipFlags |= s.ipFlags
        totals.status |= s.status
        totals.flags |= s.flags
        totals.anomaly |= s.anomaly
        totals.tos |= s.tos
        totals.mpTypes |= s.mpTypes
        totals.mpFlags |= s.mpFlags
        find_scan(s, state, totals)
        flow_stat = np.int64(flows[slot].flowStat)
        if flow_stat & IPV4_FRAG_ERR:
            s.ipFlags |= FRAGMENTS_WRONG
        out.ipFlags = s.ipFlags
        out.anomaly = s.anomaly
        is_scaled = totals.status & SCALED
        out.scale = scaled(1, s) if is_scaled else 0
        fingerprint(s, out, is_scaled)
        up_time(s, out)
        out.tinyRatio = 0
        if s.tcpPackets:
            out.tinyRatio = np.float32(s.tinyWindows) / np.float32(s.tcpPackets)
        out.rttJitter = np.float32(np.sqrt(np.float64(s.rttJit)))
        out.roundTrip = 0
        out.roundTripJitter = 0
        if s.opposite >= 0:
            other = state[s.opposite]
            if flow_stat & L3FLOWINVERT:
                out.roundTrip = s.rttAvg + other.rttAvg
                out.roundTripJitter = np.float32(np.sqrt(np.float64(np.float32(s.rttJit + other.rttJit))))
            else:
                out.roundTrip = s.trip + other.trip
