"""The TCP part of tcpFlags: flags, options, windows, sequence numbers (docs/tcpflags.md)."""

import numpy as np

from t2tui.core.jit import inlined, routine
from t2tui.plugins.tcpflags_ip import byte_of, shown, word_of
from t2tui.plugins.tcpflags_records import (
    ACK,
    ACK_UNSEEN,
    DISTANCES,
    DUPLICATE_ACK,
    FIN,
    FIN_ACK,
    KEEP_ALIVE,
    KEEP_ALIVE_ACK,
    MAX_KINDS,
    MULTIPATH,
    NOT_CAPTURED,
    NOT_IN_SCANS,
    NULL,
    OPTIONS_BROKEN,
    OUT_OF_ORDER,
    PSH,
    RST,
    RST_ACK,
    RST_FIN,
    RTT_ACK,
    RTT_NONE,
    RTT_STOP,
    RTT_SYN,
    RTT_SYN_ACK,
    SACK,
    SCALED,
    SCAN,
    SEQ_FAST_RETRY,
    SEQ_RETRY,
    SPURIOUS,
    STAMP_DOWN,
    STAMP_INIT,
    SYN,
    SYN_ACK,
    SYN_FIN,
    SYN_FIN_RST,
    SYN_PAYLOAD,
    SYN_RETRY,
    URG,
    WINDOW_FULL,
    WINDOW_INIT,
    WINDOW_UP,
    WINDOW_UPDATE,
    XMAS,
    ZERO_PROBE,
    ZERO_PROBE_ACK,
    ZERO_WINDOW,
)

_U32 = 0xFFFFFFFF

OPT_END, OPT_NOP, OPT_MSS, OPT_SCALE, OPT_SACK, OPT_STAMP, OPT_MULTIPATH = 0, 1, 2, 3, 5, 8, 30

MP_CAPABLE, MP_JOIN, MP_DSS, MP_ADD, MP_REMOVE, MP_PRIORITY = range(6)
"""Sub types of the multipath option (RFC 8684)."""

SYN_RETRY_SECONDS = np.float32(0.9)
"""A SYN this much later than the one before is a retry; earlier ones are scans."""

MOST_SCANNED = 6
"""The detector of scans counts no further."""


@inlined
def signed(value):  # type: ignore[no-untyped-def]
    """The lowest 32 bits as a signed number."""
    return np.int64(np.int32(value & _U32))


@inlined
def dword_of(data, position):  # type: ignore[no-untyped-def]
    """Big-endian 32 bits at a position, 0 outside of the data."""
    return (word_of(data, position) << 16) | word_of(data, position + 2)


@inlined
def handshake(s, state, flags, gap, l7_len, totals):  # type: ignore[no-untyped-def]
    """Look at the flags; returns them with the bits of combinations, and the anomalies."""
    anomaly = 0
    if flags & 0x3F == 0:
        flags |= NULL
        anomaly = SCAN
    elif flags & 0x3F == FIN | PSH | URG:
        flags |= XMAS
        anomaly = SCAN
    combination = flags & (FIN | SYN | RST | ACK)
    if combination == ACK:
        if s.rtt == RTT_SYN_ACK:
            s.rtt = RTT_ACK
        if s.opposite >= 0:
            other = state[s.opposite]
            if other.rtt == RTT_NONE or other.rtt == RTT_SYN_ACK:
                other.rtt = RTT_ACK
            other.inFlight = 0
            s.inFlight = (np.int64(s.inFlight) + l7_len) & _U32
            s.maxInFlight = max(np.int64(s.inFlight), np.int64(s.maxInFlight))
    elif combination == SYN:
        if s.rtt == RTT_SYN:
            if gap > SYN_RETRY_SECONDS:
                anomaly |= SYN_RETRY
                totals.synRetries += np.uint64(1)
            else:
                anomaly |= SCAN
                totals.scans += np.uint64(1)
        if l7_len > 0:
            anomaly |= SYN_PAYLOAD
        s.rtt = RTT_SYN
    elif combination == SYN | ACK:
        flags |= SYN_ACK
        s.rtt = RTT_SYN_ACK
    else:
        if combination == FIN | ACK:
            flags |= FIN_ACK
        elif combination == RST | ACK:
            flags |= RST_ACK
        elif combination == SYN | FIN:
            flags |= SYN_FIN
        elif combination == SYN | FIN | RST:
            flags |= SYN_FIN_RST
        elif combination == RST | FIN:
            flags |= RST_FIN
        s.rtt = RTT_STOP
    return flags, anomaly


@inlined
def count_flags(s, flags):  # type: ignore[no-untyped-def]
    """Count the packet under each of its flags and combinations."""
    for bit in range(16):
        if flags & (1 << bit):
            s.counts[bit] += 1


@inlined
def time_stamp(s, data, position, status):  # type: ignore[no-untyped-def]
    """Keep a time stamp (RFC 7323); returns the status."""
    stamp = dword_of(data, position + 2)
    s.stamp = stamp
    s.echo = dword_of(data, position + 6)
    s.stampSec = s.lastSec
    s.stampFrac = s.lastFrac
    if stamp < np.int64(s.maxStamp):
        return status | STAMP_DOWN
    s.maxStamp = stamp
    if not status & STAMP_INIT:
        s.firstStamp = stamp
        s.firstStampSec = s.lastSec
        s.firstStampFrac = s.lastFrac
        status |= STAMP_INIT
    return status


@routine
def multipath(s, row, data, position, length):  # type: ignore[no-untyped-def]
    """Keep a multipath option (RFC 8684)."""
    first = byte_of(data, position + 2)
    kind = first >> 4
    third = byte_of(data, position + 3) if length > 3 else np.int64(0)
    row.mpType = kind
    s.mpTypes |= 1 << kind
    if kind == MP_CAPABLE:
        s.mpFlags |= third
        row.mpFlags = third
    elif kind == MP_DSS:
        s.mpSignal |= third & 0x1F
        row.mpSignal = third & 0x1F
    elif kind in (MP_JOIN, MP_ADD, MP_REMOVE, MP_PRIORITY):
        s.mpFlags |= first & 0x0F
        row.mpFlags = first & 0x0F
        s.mpAddress = third
        row.mpAddress = third


@routine
def options(s, row, state, data, start, end, flags, status, kinds, totals):  # type: ignore[no-untyped-def]
    """Walk TCP options; returns the status of the packet.

    Args:
        s: FLOW_STATE.
        row: PACKET_STATE.
        state: all FLOW_STATE.
        data: bytes up to the end of the packet; what an option lacks there is 0.
        start: position of the first option.
        end: position behind the last one.
        flags: of TCP.
        status: of the packet so far.
        kinds: so many kinds of options are kept.
        totals: TOTALS.
    """
    s.optPackets += 1
    position = start
    while position < end:
        kind = byte_of(data, position)
        if kind == OPT_END:
            break
        s.optCount += 1
        s.options |= 1 << min(kind, 31)
        if flags & SYN and s.kindCount < min(kinds, MAX_KINDS):
            s.kinds[s.kindCount] = kind
            s.kindCount += 1
        if kind == OPT_NOP:
            position += 1
            continue
        length = byte_of(data, position + 1)
        if length == 0:
            status |= OPTIONS_BROKEN
            break
        if kind == OPT_MSS:
            s.mss = word_of(data, position + 2)
        elif kind == OPT_SACK:
            status |= SACK
        elif kind == OPT_SCALE:
            if flags & SYN:
                s.shift = byte_of(data, position + 2)
                if flags & ACK:
                    s.status |= SCALED
                    if s.opposite >= 0:
                        state[s.opposite].status |= SCALED
        elif kind == OPT_STAMP:
            status = time_stamp(s, data, position, status)
        elif kind == OPT_MULTIPATH:
            status |= MULTIPATH
            multipath(s, row, data, position, length)
            totals.mpPackets += np.uint64(1)
        position += length
    return status


@inlined
def scaled(window, s):  # type: ignore[no-untyped-def]
    """Apply the window scale: 64 bits are shifted, as by the processor, and 32 are kept."""
    return (np.int64(window) << (np.int64(s.shift) & 63)) & _U32


@inlined
def window_part(s, window, flags, status, smallest, totals):  # type: ignore[no-untyped-def]
    """Follow the window; returns the status of the packet."""
    s.tcpPackets += 1
    totals.tcpPackets += np.uint64(1)
    if not flags & (SYN | FIN | RST) and window < smallest:
        s.tinyWindows += 1
        totals.tinyWindows += np.uint64(1)
        status |= ZERO_WINDOW
    if not status & WINDOW_INIT:
        s.minWindow = window
        s.maxWindow = window
        s.initWindow = window
        s.window = window
        s.avgWindow = np.float32(window)
        status |= WINDOW_INIT
    s.avgWindow = np.float32(np.float64(s.avgWindow) * 0.7 + np.float64(np.float32(window)) * 0.3)
    last = np.int64(s.window)
    if window > last:
        if not status & WINDOW_UP:
            s.windowTurns += 1
            status |= WINDOW_UP
        s.windowUp += 1
        s.maxWindow = max(window, np.int64(s.maxWindow))
    elif window < last:
        if status & WINDOW_UP:
            s.windowTurns += 1
            status &= ~WINDOW_UP
        s.windowDown += 1
        s.minWindow = min(window, np.int64(s.minWindow))
    return status


@inlined
def is_same_window(s, window):  # type: ignore[no-untyped-def]
    """Tell whether the window is that of the packet before, scaled or not."""
    last = np.int64(s.window)
    return window == last or window == scaled(last, s)


@routine
def sequence(s, row, p, state, window, gap, flags, anomaly, status, totals):  # type: ignore[no-untyped-def]
    """Judge sequence and acknowledgement numbers of a packet with ACK; returns anomalies and status."""
    seq = np.int64(p.seq)
    ack = np.int64(p.ack)
    l7_len = np.int64(p.l7Len)
    ends = flags & (SYN | FIN | RST)
    next_seq = np.int64(s.nextSeq)
    o = np.int64(s.opposite)
    has_other = o >= 0
    other = state[max(o, 0)]
    if l7_len <= 1 and not ends:
        if seq == np.int64(s.highSeq) - 1:
            anomaly |= KEEP_ALIVE
        elif has_other and np.int64(other.nextSeq) == ack - 1:
            anomaly |= KEEP_ALIVE_ACK
    if np.int64(s.lastAck) == ack and not anomaly & (KEEP_ALIVE | KEEP_ALIVE_ACK):
        if s.status & DISTANCES and not ends and l7_len == 0:
            if is_same_window(s, window):
                anomaly |= DUPLICATE_ACK
                s.ackFaults += 1
            elif seq == next_seq:
                status |= WINDOW_UPDATE
        if not ends and seq < np.int64(s.highSeq):
            anomaly |= OUT_OF_ORDER
        elif seq < next_seq and has_other:
            patience = np.float64(np.float32(other.rttAvg + s.rttAvg)) * 1.5
            if np.float64(gap) > patience and np.int64(s.window) == window:
                anomaly |= SEQ_RETRY
                totals.seqRetries += np.uint64(1)
                s.seqFaults += 1
        if has_other:
            if (
                other.lastAnomaly & DUPLICATE_ACK
                and seq == np.int64(other.lastAck)
                and (l7_len > 0 or flags & (SYN | FIN))
                and seq < next_seq
            ):
                anomaly |= SEQ_FAST_RETRY
                totals.seqRetries += np.uint64(1)
                s.seqFaults += 1
            if np.int64(other.lastAck) > seq:
                anomaly |= SPURIOUS
    if seq == next_seq:
        s.inOrder += 1
    if has_other and np.int64(other.highSeq) < ack:
        anomaly |= ACK_UNSEEN
        s.ackFaults += 1
    if not s.lastFlags & (SYN | FIN | RST) and seq > np.int64(s.highSeq):
        anomaly |= NOT_CAPTURED
    if s.lastSeq:
        step = signed(seq - np.int64(s.lastSeq))
        row.seqDiff = step
        if step > 0 and not (s.lastFlags & (SYN | FIN | RST) and step == 1):
            row.seqLen = step
            s.sentBytes += np.uint64(step)
    if s.lastAck:
        step = signed(ack - np.int64(s.lastAck))
        row.ackDiff = step
        ended = s.lastFlags & (SYN | FIN | RST) or (has_other and other.lastFlags & (SYN | FIN | RST))
        if step > 0 and not (ended and step == 1):
            row.ackLen = step
            s.ackedBytes += np.uint64(step)
    s.acks += 1
    return anomaly, status


@inlined
def tcp_part(s, row, p, data, state, gap, status, wanted, totals):  # type: ignore[no-untyped-def]
    """Work on a packet with TCP header; returns the status of the packet.

    Args:
        s: FLOW_STATE of the packet's flow.
        row: PACKET_STATE.
        p: PACKET.
        data: the batch's bytes.
        state: all FLOW_STATE.
        gap: time since the flow's last packet, s.
        status: bits of tcpFStat so far.
        wanted: smallest window, kinds of options kept, whether packets are counted by flag.
        totals: TOTALS.
    """
    smallest, kinds, by_flag = wanted
    l4 = np.int64(p.base) + np.int64(p.l4)
    header = 4 * (byte_of(data, l4 + 12) >> 4)
    l7_len = np.int64(p.l7Len)
    captured = np.int64(p.snapL3Len)
    flags, anomaly = handshake(s, state, np.int64(p.tcpFlags), gap, l7_len, totals)
    row.mpType = 0
    row.mpFlags = 0
    row.mpAddress = 0
    row.mpSignal = 0
    row.tcpOptLen = header - 20
    row.tcpOptBytes = 0
    row.tcpOptStart = np.int64(p.base)
    if header > 20:
        row.tcpOptBytes = header - 20
        row.tcpOptStart = shown(data, l4 + 20, header - 20)
        headers = np.int64(p.l4) - np.int64(p.l3) + header
        if captured < np.int64(p.l3Len) and captured < headers:
            status |= OPTIONS_BROKEN
        else:
            end = l4 + header
            own = data[: max(end, np.int64(p.base) + np.int64(p.caplen))]  # no byte of another packet
            status = options(s, row, state, own, l4 + 20, end, flags, status, kinds, totals)

    window = np.int64(p.window)
    row.scale = 0
    if status & SCALED:
        window = scaled(window, s)
        row.scale = scaled(1, s)
    status = window_part(s, window, flags, status, smallest, totals)

    ends = flags & (SYN | FIN | RST)
    o = np.int64(s.opposite)
    other = state[max(o, 0)]
    if o >= 0 and not ends:
        if other.window == 0 and l7_len == 1:
            status |= ZERO_PROBE
        elif other.lastStatus & ZERO_PROBE and window == 0 and l7_len == 0:
            status |= ZERO_PROBE_ACK
    row.seqDiff = 0
    row.ackDiff = 0
    row.seqLen = 0
    row.ackLen = 0
    probing = status & (ZERO_PROBE | ZERO_PROBE_ACK)
    if flags & ACK and not probing:
        anomaly, status = sequence(s, row, p, state, window, gap, flags, anomaly, status, totals)
    s.messageLen += np.uint64(l7_len)
    is_full = np.int64(s.inFlight) >= np.int64(other.window)
    if o >= 0 and not probing and is_full and not other.lastFlags & RST and s.flags & SYN:
        status |= WINDOW_FULL
    if (anomaly | np.int64(s.anomaly)) & SCAN:
        anomaly &= NOT_IN_SCANS

    seq = np.int64(p.seq)
    row.seq = seq
    row.ack = p.ack
    row.highSeq = s.highSeq
    row.seqFlowLen = s.sentBytes
    row.ackFlowLen = s.ackedBytes
    row.messageLen = s.messageLen
    row.inFlight = s.inFlight
    row.flags = flags
    row.anomaly = anomaly
    row.window = window
    row.mss = s.mss
    row.stamp = s.stamp
    row.echo = s.echo

    s.lastSeq = seq
    next_seq = seq + l7_len
    if ends:
        next_seq += 1
    elif status & ZERO_PROBE:
        next_seq -= 1
    next_seq &= _U32
    s.nextSeq = next_seq
    s.lastAck = p.ack
    s.highSeq = max(next_seq, np.int64(s.highSeq))
    s.window = window
    s.lastFlags = flags
    s.flags |= flags
    s.anomaly |= anomaly
    s.lastAnomaly = anomaly
    if s.scanned < MOST_SCANNED:
        s.scanned += 1
    if by_flag:
        count_flags(s, flags)
    return status
