"""The IP part of tcpFlags: options, TTL, checksums, fragments, trip times (docs/tcpflags.md)."""

import numpy as np

from t2tui.core.jit import inlined, routine
from t2tui.core.layout import KIND_IPV4
from t2tui.core.memory import be16, le16, le32
from t2tui.plugins.tcpflags_records import (
    BACK_IN_TIME,
    DISTANCES,
    FRAGMENT_BEYOND,
    FRAGMENT_BITS,
    FRAGMENT_MISPLACED,
    FRAGMENT_SMALL,
    IP_ID_ROLLED,
    IP_OPTIONS_BROKEN,
    IP_SUM_WRONG,
    L4_SUM_WRONG,
    LENGTH_WRONG,
    RTT_ACK,
    RTT_STOP,
    SAME_TIME,
    SNAPPED,
    SUM_PENDING,
)

HOP_BY_HOP, TCP, UDP, ROUTING, FRAGMENT, GRE, AUTHENTICATION = 0, 6, 17, 43, 44, 47, 51
ICMP, IGMP, ICMPV6, DESTINATION, OSPF, UDP_LITE = 1, 2, 58, 60, 89, 136

ETHERTYPE_IPV4 = 0x0800

SMALL_FRAGMENT = 48
"""Layer-3 length below which a fragment that is not the last one is odd."""

NO_SUM = -1
"""The protocol has no checksum at a known place."""
NO_GRE_SUM = 0
"""GRE without checksum: the reference compares its first word with a sum that never sees the data."""


@inlined
def shown(data, start, length):  # type: ignore[no-untyped-def]
    """Start of bytes that are printed, moved into the data where a length leads out of it."""
    return max(min(start, len(data) - length), 0)


@inlined
def byte_of(data, position):  # type: ignore[no-untyped-def]
    """Byte at a position, 0 outside of the data."""
    return np.int64(data[position]) if 0 <= position < len(data) else np.int64(0)


@inlined
def word_of(data, position):  # type: ignore[no-untyped-def]
    """Big-endian 16 bits at a position, 0 outside of the data."""
    return be16(data, position) if 0 <= position <= len(data) - 2 else np.int64(0)


@inlined
def folded(total):  # type: ignore[no-untyped-def]
    """Fold a sum of words into 16 bits: one's complement addition (RFC 1071)."""
    total = (total & 0xFFFFFFFF) + (total >> 32)
    total = (total & 0xFFFFFFFF) + (total >> 32)
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return (total & 0xFFFF) + (total >> 16)


@inlined
def summed(data, start, length):  # type: ignore[no-untyped-def]
    """Sum little-endian words, zero padded; the range lies inside the data."""
    total = np.int64(0)
    whole = length & -4
    for at in range(start, start + whole, 4):
        total += le32(data, at)
    at = start + whole
    if length & 2:
        total += le16(data, at)
        at += 2
    if length & 1:
        total += np.int64(data[at])
    return total


@inlined
def swapped(word):  # type: ignore[no-untyped-def]
    """Exchange the bytes of a word."""
    return (word >> 8) | ((word & 0xFF) << 8)


@inlined
def complement(total):  # type: ignore[no-untyped-def]
    """Checksum in byte order of the network of a folded little-endian sum; 0xffff stays as it is."""
    return swapped(total if total == 0xFFFF else ~total & 0xFFFF)


@routine
def ipv4_options(s, data, ip, header):  # type: ignore[no-untyped-def]
    """Walk the options of an IPv4 header; returns bits of ipFlags."""
    position = ip + 20
    while position < ip + header:
        option = byte_of(data, position)
        if option == 0:
            break
        s.ipOptClasses |= option & 0xE0
        s.ipOptions |= 1 << (option & 31)
        s.ipOptCount += 1
        if option == 1:
            position += 1
            continue
        length = byte_of(data, position + 1)
        if length == 0:
            return IP_OPTIONS_BROKEN
        position += length
    return 0


@routine
def ipv6_options(data, start, length):  # type: ignore[no-untyped-def]
    """Walk the options of an extension header; returns their number and kinds."""
    count = 0
    kinds = 0
    position = start
    while position < start + length:
        kind = byte_of(data, position)
        if kind == 0:
            break
        count += 1
        kinds |= 1 << (kind & 31)
        position += byte_of(data, position + 1) + 2
    return count, kinds


@routine
def extension_headers(row, data, ip, l4):  # type: ignore[no-untyped-def]
    """Find options between the base header and layer 4; returns the position of the fragment header or 0."""
    fragment = 0
    proto = byte_of(data, ip + 6)
    position = ip + 40
    while position < l4:
        size = 8
        if proto in (HOP_BY_HOP, DESTINATION, ROUTING):
            size = 8 * (byte_of(data, position + 1) + 1)
            if proto == HOP_BY_HOP:
                row.hopLen = size - 2
                row.hopStart = shown(data, position + 2, size - 2)
            elif proto == DESTINATION:
                row.dstLen = size - 2
                row.dstStart = shown(data, position + 2, size - 2)
        elif proto == AUTHENTICATION:
            size = 4 * (byte_of(data, position + 1) + 2)
        elif proto == FRAGMENT:
            fragment = position
        else:
            break
        proto = byte_of(data, position)
        position += size
    return fragment


@inlined
def hops_and_service(s, ttl, tos):  # type: ignore[no-untyped-def]
    """Keep range and changes of the TTL, and the bits of the type of service."""
    if ttl != np.int64(s.ttl):
        s.ttlChanges += 1
        s.ttl = ttl
    s.minTTL = min(ttl, np.int64(s.minTTL))
    s.maxTTL = max(ttl, np.int64(s.maxTTL))
    s.tos |= tos


@inlined
def identification(s, row, ip_id):  # type: ignore[no-untyped-def]
    """Keep the range of steps of the IPv4 identification; returns bits of ipFlags."""
    row.ipIdDiff = 0
    if not s.status & DISTANCES:
        return 0
    step = ip_id - np.int64(s.ipId)
    row.ipIdDiff = step
    s.minId = min(step, np.int64(s.minId))
    s.maxId = max(step, np.int64(s.maxId))
    return IP_ID_ROLLED if step < 0 else 0


@inlined
def ipv4_checksum(row, data, ip, header, captured):  # type: ignore[no-untyped-def]
    """Check the header's sum; returns bits of ipFlags."""
    word = word_of(data, ip + 10)
    row.ipSum = word
    row.ipSumHere = 0
    if captured < header or ip + header > len(data):
        return IP_SUM_WRONG | SNAPPED
    total = summed(data, ip, header) - swapped(word)
    row.ipSumHere = complement(folded(total))
    return IP_SUM_WRONG if np.int64(row.ipSumHere) != word else 0


@inlined
def checksum_word(data, l4, proto):  # type: ignore[no-untyped-def]
    """Position of the checksum from layer 4 on, NO_SUM without."""
    if proto == TCP:
        return np.int64(16)
    if proto in (UDP, UDP_LITE):
        return np.int64(6)
    if proto in (ICMP, IGMP, ICMPV6):
        return np.int64(2)
    if proto == GRE:
        return np.int64(4 if byte_of(data, l4) & 0x80 else NO_GRE_SUM)
    if proto == OSPF:
        return np.int64(12)
    return np.int64(NO_SUM)


@routine
def l4_checksum(s, row, p, data, ip, offset, more):  # type: ignore[no-untyped-def]
    """Check the sum of layer 4 over a datagram; returns bits of ipFlags and of tcpFStat.

    The data of later fragments never reaches the sum, as in the reference.
    """
    row.l4Sum = 0
    row.l4SumHere = 0
    l4 = np.int64(p.base) + np.int64(p.l4)
    proto = np.int64(p.l4Proto)
    is_v4 = p.kind == KIND_IPV4
    l3_len = np.int64(p.l3Len)
    flags = 0
    place = checksum_word(data, l4, proto)
    if place == NO_SUM:
        return L4_SUM_WRONG | SNAPPED if np.int64(p.snapL3Len) < l3_len else 0, 0
    if proto in (UDP, UDP_LITE) and offset == 0 and np.int64(p.snapL4Len) != np.int64(p.udpLen):
        flags |= LENGTH_WRONG
    word = np.int64(s.l4Word)
    if offset == 0:
        word = word_of(data, l4 + place)
        s.l4Word = word
        s.l4Len = 0
    length = l3_len - (np.int64(p.l4) - np.int64(p.l3))
    s.l4Len = (np.int64(s.l4Len) + length) & 0xFFFFFFFF
    if np.int64(p.snapL3Len) < l3_len or np.int64(p.snapL4Len) < length & 0xFFFF:
        flags |= L4_SUM_WRONG | SNAPPED
    elif offset == 0 and place != NO_GRE_SUM:
        total = np.int64(0)
        if 0 < length <= len(data) - l4:
            total = summed(data, l4, length)
            if length >= place + 2:
                total -= swapped(word)
        s.l4Sum = folded(total)
    if offset == 0 or not more:
        row.l4Sum = word
    if more:
        return flags, SUM_PENDING if offset == 0 else 0
    total = np.int64(s.l4Sum)
    if proto not in (ICMP, IGMP) and not (proto == OSPF and is_v4):
        if ip + 40 <= len(data):  # longer than an address pair needs, and the data has slack behind it
            total += summed(data, ip + 12, 8) if is_v4 else summed(data, ip + 8, 32)
        datagram = np.int64(s.l4Len)
        total += swapped(proto) + swapped(datagram & 0xFFFF) + swapped(datagram >> 16)
        total = folded(total)
        s.l4Sum = total
    row.l4SumHere = complement(total)
    if np.int64(row.l4SumHere) != word:
        flags |= L4_SUM_WRONG
    return flags, 0


@inlined
def passed_time(s, sec, frac):  # type: ignore[no-untyped-def]
    """Gap to the packet before in s, single; the difference of seconds is unsigned. Bits of ipFlags."""
    seconds = (sec - s.lastSec) & 0xFFFFFFFF
    gap = np.float32(np.float64(seconds) + np.float64(frac - s.lastFrac) / 1e9)
    flags = 0
    if s.status & DISTANCES:
        if gap == 0:
            flags = SAME_TIME
        elif gap < 0:
            flags = BACK_IN_TIME
    s.lastSec = sec
    s.lastFrac = frac
    return gap, flags


@routine
def fragments(s, l3_len, header, offset, more):  # type: ignore[no-untyped-def]
    """Judge size and position of a fragment; returns bits of ipFlags."""
    flags = 0
    length = (l3_len - header) & 0xFFFF
    if more and l3_len < SMALL_FRAGMENT:
        flags |= FRAGMENT_SMALL
    if offset + length > 0xFFFF:
        flags |= FRAGMENT_BEYOND
    if offset > 0 and offset != np.int64(s.expected):
        flags |= FRAGMENT_MISPLACED
    s.expected = offset + length if more else offset
    return flags


@inlined
def trip_time(s, other):  # type: ignore[no-untyped-def]
    """Measure the time since the opposite flow's last packet; its record keeps it."""
    fraction = np.float32(np.float32(s.lastFrac) - np.float32(other.lastFrac))
    trip = np.float32(abs(np.float64(s.lastSec - other.lastSec) + np.float64(fraction) / 1e9))
    other.rttMin = min(trip, other.rttMin)
    other.rttMax = max(trip, other.rttMax)
    if other.rtt & 3 and other.packets == 1:
        other.trip = trip
        other.rttAvg = trip
        return
    d = np.float32(trip - other.rttAvg)
    other.rttAvg = other.rttAvg + d / s.packets
    other.rttJit = other.rttJit + (d * d - other.rttJit) / s.packets
    other.rtt = RTT_ACK


@inlined
def ip_header(p, data):  # type: ignore[no-untyped-def]
    """Position of the IP header that is looked at.

    It is the flow's; but where GRE with an IPv4 packet stands in the place of layer 4, the inner one.
    """
    l4 = np.int64(p.base) + np.int64(p.l4)
    if p.kind == KIND_IPV4 and p.l4Proto == GRE and word_of(data, l4 + 2) == ETHERTYPE_IPV4:
        flags = word_of(data, l4)
        length = 4
        for bit in (0x8000, 0x4000, 0x2000, 0x1000, 0x0800, 0x0080):
            if flags & bit:
                length += 4
        return l4 + length
    return np.int64(p.base) + np.int64(p.l3)


@inlined
def ttl_of(p, data, ip):  # type: ignore[no-untyped-def]
    """TTL or hop limit."""
    return byte_of(data, ip + (8 if p.kind == KIND_IPV4 else 7))


@inlined
def identification_of(p, data, ip):  # type: ignore[no-untyped-def]
    """Identification of an IPv4 header, 0 for IPv6."""
    return word_of(data, ip + 4) if p.kind == KIND_IPV4 else np.int64(0)


@inlined
def ip_part(s, row, p, data, ip, state):  # type: ignore[no-untyped-def]
    """Work on an IP packet; returns gap (s), whether layer 4 begins here, and bits of tcpFStat."""
    base = np.int64(p.base)
    header = np.int64(p.l4) - np.int64(p.l3)
    captured = np.int64(p.snapL3Len)
    l3_len = np.int64(p.l3Len)
    s.packets = s.packets + np.float32(1)
    row.hopLen = 0
    row.dstLen = 0
    row.ipOptLen = 0
    row.ipFrag = 0
    row.hopStart = base
    row.dstStart = base
    row.ipOptStart = base
    flags = 0
    offset = 0
    more = 0
    ip_id = identification_of(p, data, ip)
    ttl = ttl_of(p, data, ip)
    row.ipId = ip_id
    row.ttl = ttl
    if p.kind == KIND_IPV4:
        word = word_of(data, ip + 6)
        row.ipFrag = word
        offset = 8 * (word & 0x1FFF)
        more = word & 0x2000
        flags = (word >> 8) & FRAGMENT_BITS
        if header > 20:
            row.ipOptLen = header - 20
            row.ipOptStart = shown(data, ip + 20, header - 20)
            if captured < header or l3_len < header:
                flags |= IP_OPTIONS_BROKEN
            else:
                flags |= ipv4_options(s, data, ip, header)
        tos = byte_of(data, ip + 1)
        hops_and_service(s, ttl, tos)
        flags |= identification(s, row, ip_id)
        flags |= ipv4_checksum(row, data, ip, header, captured)
    else:
        if header > 40:
            fragment = extension_headers(row, data, ip, ip + header)
            if fragment:
                word = word_of(data, fragment + 2)
                row.ipFrag = word
                offset = word & 0xFFF8
                more = word & 1
                flags = (word >> 8 << 1) & FRAGMENT_BITS
            if row.hopLen or row.dstLen:
                if captured < header or l3_len < header:
                    flags |= IP_OPTIONS_BROKEN
                else:
                    count, kinds = ipv6_options(data, np.int64(row.hopStart), np.int64(row.hopLen))
                    s.hopCount += count
                    s.hopOptions |= kinds
                    count, kinds = ipv6_options(data, np.int64(row.dstStart), np.int64(row.dstLen))
                    s.dstCount += count
                    s.dstOptions |= kinds
        tos = (word_of(data, ip) >> 4) & 0xFF
        hops_and_service(s, ttl, tos)
        row.ipIdDiff = 0
        row.ipSum = 0
        row.ipSumHere = 0
    row.tos = tos
    bits, status = l4_checksum(s, row, p, data, ip, offset, more)
    flags |= bits
    gap, bits = passed_time(s, p.sec, p.frac)
    flags |= bits
    if offset or more:
        flags |= fragments(s, l3_len, header, offset, more)
    s.ipFlags |= flags
    s.ipId = ip_id
    row.ipFlags = flags
    if s.opposite >= 0 and s.rtt != RTT_STOP:
        trip_time(s, state[s.opposite])
    return gap, offset == 0, status
