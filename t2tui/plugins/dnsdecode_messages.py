"""The walk through DNS messages: header, queries, records (docs/dnsdecode.md)."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flows.dns import NETBIOS, UDP, is_dns_port
from t2tui.core.flows.tcp import TCP
from t2tui.core.flowstat import FL_ALARM
from t2tui.core.jit import inlined, kernel, routine
from t2tui.core.layout import FRAG_LATER
from t2tui.core.memory import be16, byte
from t2tui.core.text.addresses import put_ip4, put_ip6
from t2tui.core.text.memory import SLACK_BYTES
from t2tui.plugins.dnsdecode_memory import (
    LIST,
    Pool,
    drop_lists,
    make_room,
    put_text,
)
from t2tui.plugins.dnsdecode_names import (
    BAD_POINTER,
    HEADER,
    Message,
    long,
    netbios_name,
    octet,
    read_name,
    word,
)

PRTDT = 0x0001
NBIOS = 0x0002
FRAGA = 0x0004
FRAGS = 0x0008
ANY = 0x0020
IZTRANS = 0x0040
ZTRANS = 0x0080
WRNULN = 0x0100
WRNIGN = 0x0200
WRNDEX = 0x0400
WRNAEX = 0x0800
ERRLEN = 0x1000
ERRPTR = 0x2000
WRNMLN = 0x4000
ERRCRPT = 0x8000
"""Bits of dnsStat; what they say stands in core/bits.tsv."""

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, NB, SRV, OPT, RRSIG = 1, 2, 5, 6, 12, 15, 16, 28, 32, 33, 41, 46
IXFR, AXFR, ANY_TYPE = 251, 252, 255
"""Types of records and queries (IANA, Domain Name System Parameters)."""

NOWHERE = -1
"""Position after an error."""

SHORTEST = 17
"""Bytes of the shortest message with a query: header, root, type, class."""

LONGEST_UDP = 548
"""More than RFC 1035 allows over UDP (512), header and padding included, as the reference counts."""

FIN_SYN_RST, SYN = 0x07, 0x02
RESPONSE = 0x8000
CLASS = 0x7FFF
"""Class without the top bit, which is a flag in multicast DNS (RFC 6762, sections 5.4 and 10.2)."""

HAS_IP4, HAS_IP6 = 1, 2
"""STATE.shows: which lists of addresses are written."""

STATE = np.dtype(
    [
        ("queries", LIST),
        ("records", LIST),
        ("types", "u8"),  # bit n: a query or record of type n was seen
        ("answerBytes", "i8"),  # of all responses
        ("queryBytes", "i8"),  # of the header and queries of all responses
        ("nextSeq", "u4"),  # TCP: where the next segment begins
        ("ratio", "f4"),  # dnsAAAqF
        ("hits", "u4"),  # queries for malicious domains
        ("totals", "u2", (4,)),  # of the four counts of the headers
        ("counts", "u2", (4,)),  # of the latest header
        ("remaining", "u2"),  # TCP: bytes that the message still has
        ("header", "u2"),  # second word of the latest header
        ("opcodes", "u2"),  # bit n: operation code n was seen
        ("codes", "u2"),  # bit n: response code n was seen
        ("flags", "u1"),  # bits of all headers
        ("numQueries", "u1"),
        ("numRecords", "u1"),
        ("shownQueries", "u1"),
        ("shownRecords", "u1"),
        ("shows", "u1"),  # HAS_*
    ]
)
"""What is known of a flow with a DNS port."""

LINE = np.dtype(
    [
        ("start", "i8"),  # its addresses as text in the lines' pool
        ("length", "i4"),
        ("status", "u2"),
        ("header", "u2"),
        ("counts", "u2", (4,)),
        ("show", "u1"),  # 1: flow with a DNS port
    ],
    align=True,
)
"""Columns of a packet."""

(
    PACKETS,
    QUERY_PACKETS,
    RESPONSE_PACKETS,
    STATUS,
    FLAGS,
    OPCODES,
    CODES,
    ALARMS,
    ALARM_FLOWS,
    REQUESTS,
    TEXT_USED,
) = range(11)
"""Positions in the vector of totals."""
TOTALS = 11


class Domains(NamedTuple):
    """The list of malicious domains, sorted by bytes; kernels get it as one argument."""

    octets: NDArray[np.uint8]
    start: NDArray[np.int64]
    length: NDArray[np.int32]


class Work(NamedTuple):
    """Arrays and limits of the plugin; kernels get them as one argument."""

    pool: Pool
    status: NDArray[np.uint16]  # dnsStat by slot
    states: NDArray[np.void]  # STATE by slot; valid where the status is not 0
    lines: NDArray[np.void]  # LINE by row; empty without packet mode
    texts: NDArray[np.uint8]  # pool of the lines
    domains: Domains
    name: int  # address of LONGEST_NAME bytes
    decoded: int  # address of LONGEST_DECODED bytes
    totals: NDArray[np.int64]
    requests: NDArray[np.int32]  # flows that are full
    mode: int  # DNS_MODE
    queries: int  # DNS_QRECMAX
    records: int  # DNS_ARECMAX
    alarms_in_packet: bool


@inlined
def _compare(domains: Any, number: Any, address: Any, length: Any) -> Any:
    """Compare a domain of the list with a name: -1 before, 0 equal, 1 behind it."""
    size = np.int64(domains.length[number])
    start = domains.start[number]
    for k in range(min(size, length)):
        a = np.int64(domains.octets[start + k])
        b = byte(address, k)
        if a != b:
            return -1 if a < b else 1
    return 0 if size == length else -1 if size < length else 1


@routine
def find_domain(domains: Any, address: Any, length: Any) -> Any:
    """Return the number of a name in the list, from 1; 0 if it is not there."""
    first, end = 0, len(domains.start)
    while first < end:
        middle = (first + end) >> 1
        order = _compare(domains, middle, address, length)
        if order == 0:
            return middle + 1
        if order < 0:
            first = middle + 1
        else:
            end = middle
    return 0


@inlined
def type_bits(kind: Any) -> Any:
    """Return the status bits of a type."""
    if kind == AXFR:
        return ZTRANS
    if kind == IXFR:
        return IZTRANS
    return ANY if kind == ANY_TYPE else 0


@inlined
def name_error(position: Any) -> Any:
    """Return the status bits of a name that could not be read."""
    return ERRLEN | ERRPTR if position == BAD_POINTER else ERRLEN


@inlined
def note_type(state: Any, kind: Any) -> None:
    """Remember that a type was seen."""
    if kind < 64:
        state.types |= np.uint64(1) << np.uint64(kind)


@routine
def put_name(work: Any, text: Any, length: Any, netbios: Any) -> None:
    """Store the name that was read last."""
    if netbios:
        put_text(work.pool, text, work.decoded, netbios_name(work.name, length, work.decoded))
    else:
        put_text(work.pool, text, work.name, length)


@routine
def walk_queries(work: Any, message: Any, state: Any, status: Any) -> Any:
    """Store the queries of a message; those of the message before are overwritten.

    Returns:
        Position behind them (behind the last that was stored if there are too many), NOWHERE after an error;
        status.
    """
    at = HEADER
    count = 0
    for _ in range(state.counts[0]):
        make_room(work.pool, state.queries, count + 1, 2)
        length = -1
        if octet(message, at) == 0:
            at = (at + 1) & 0xFFFF
        else:
            at, length = read_name(message, at, work.name)
        if at > message.captured:
            return NOWHERE, status | name_error(at)
        query = work.pool.queries[state.queries.first + count]
        if length >= 0:
            put_name(work, query.name, length, status & NBIOS)
            query.domain = find_domain(work.domains, work.name, length)
            if query.domain > 0 and work.alarms_in_packet:
                state.hits += np.uint32(1)
        kind = word(message, at)
        query.type = kind
        query["class"] = word(message, at + 2) & CLASS
        at = (at + 4) & 0xFFFF
        note_type(state, kind)
        status |= type_bits(kind)
        if count == work.queries - 1:
            status |= WRNDEX
            break
        count += 1
    state.numQueries = count
    state.shownQueries = count if count < work.queries - 1 else work.queries
    make_room(work.pool, state.queries, np.int64(state.shownQueries), 2)
    if state.header & RESPONSE:
        state.queryBytes += at
    return at, status


@inlined
def add_address(work: Any, row: Any, record: Any, kind: Any) -> None:
    """Add the address of a record to the packet's line."""
    if len(work.lines) == 0:
        return
    used = work.totals[TEXT_USED]
    if kind == A:
        end = put_ip4(work.texts, used, np.uint64(record.ip4))
    else:
        end = put_ip6(work.texts, used, record.ip6Hi, record.ip6Lo)
    work.texts[end] = ord(";")
    work.totals[TEXT_USED] = end + 1
    work.lines[row].length += end + 1 - used


@routine
def walk_records(work: Any, message: Any, state: Any, status: Any, row: Any, at: Any, section: Any) -> Any:
    """Store the records of a section behind those that the flow has.

    Returns:
        Position behind them, NOWHERE after an error; status.
    """
    last = work.records - 1
    count = np.int64(state.numRecords)
    if count >= last and section < 3:
        count = last
        status |= WRNAEX
    for _ in range(state.counts[section]):
        if at + 5 >= message.length:
            break
        make_room(work.pool, state.records, min(count + 2, last + 1), 1)
        length = -1
        if octet(message, at) == 0:
            at = (at + 1) & 0xFFFF
        else:
            at, length = read_name(message, at, work.name)
        if at > message.captured:
            return NOWHERE, status | name_error(at)
        record = work.pool.records[state.records.first + count]
        if length >= 0:
            put_name(work, record.name, length, status & NBIOS)
        kind = word(message, at)
        record.type = kind
        note_type(state, kind)
        status |= type_bits(kind)
        if kind == OPT:
            # The reference reads the data's length out of the TTL and does not pass the fixed part.
            record.option = long(message, at + 4)
            record["class"] = 0
            record.ttl = 0
            at = (at + word(message, at + 4)) & 0xFFFF
            count = min(count + 1, last)
            continue
        record["class"] = word(message, at + 2) & CLASS
        record.ttl = word(message, at + 6)
        size = word(message, at + 8)
        at = (at + 10) & 0xFFFF
        if at + 4 > message.length:
            count = min(count + 1, last)
            break
        names = 0  # that the data hold, and which the record keeps
        if kind == A:
            record.ip4 = long(message, at)
            add_address(work, row, record, A)
            at = (at + 4) & 0xFFFF
        elif kind == AAAA:
            record.ip6Hi = np.uint64(long(message, at)) << np.uint64(32) | np.uint64(long(message, at + 4))
            record.ip6Lo = np.uint64(long(message, at + 8)) << np.uint64(32) | np.uint64(
                long(message, at + 12)
            )
            add_address(work, row, record, AAAA)
            at = (at + 16) & 0xFFFF
        elif kind in (NS, CNAME, PTR):
            names = 1
        elif kind == SOA:
            names = 2
        elif kind == MX:
            record.preference = word(message, at)
            at = (at + 2) & 0xFFFF
            names = 1
        elif kind == SRV:
            record.priority = word(message, at)
            record.weight = word(message, at + 2)
            record.port = word(message, at + 4)
            at = (at + 6) & 0xFFFF
            names = 1
        elif kind == TXT:
            characters = octet(message, at)
            if size == characters + 1:
                at = (at + 1) & 0xFFFF
            else:
                characters = size
            start = message.start + at
            held = max(min(characters, message.behind - start), 0)
            put_text(work.pool, record.pointed, start, held)
            at = (at + characters) & 0xFFFF
            if at > message.captured:
                return NOWHERE, status | ERRLEN
        else:
            if kind != RRSIG and kind != NB:
                status |= WRNIGN
            at = (at + size) & 0xFFFF
        for k in range(names):
            at, length = read_name(message, at, work.name)
            if at > message.captured:
                return NOWHERE, status | name_error(at)
            if k == 1:
                count = min(count + 1, last)
            put_text(work.pool, work.pool.records[state.records.first + count].pointed, work.name, length)
        if kind == SOA:
            at = (at + 16) & 0xFFFF
            work.pool.records[state.records.first + count].ttl = long(message, at)
            at = (at + 4) & 0xFFFF
        count = min(count + 1, last)
    state.numRecords = count
    return at, status


@routine
def read_header(work: Any, message: Any, state: Any, status: Any) -> Any:
    """Read a message's header.

    Returns:
        Whether queries and records are read, too; status.
    """
    header = word(message, 2)
    state.header = header
    state.flags |= np.uint8((header & 0x07F0) >> 4 | (header & RESPONSE) >> 8)
    state.opcodes |= np.uint16(1 << (header >> 11 & 15))
    state.codes |= np.uint16(1 << (header & 15))
    work.totals[PACKETS] += 1
    if header & RESPONSE:
        work.totals[RESPONSE_PACKETS] += 1
        state.answerBytes += message.length
    else:
        work.totals[QUERY_PACKETS] += 1
    if message.length < SHORTEST:
        return False, status
    shortest = -16
    for k in range(4):
        count = word(message, 4 + 2 * k)
        state.counts[k] = count
        state.totals[k] += np.uint16(count)
        shortest += (13 if k else 5) * count
    implausible = header & 0x4040 or state.opcodes & 0xFF00 or state.codes & 0xF800
    if implausible or shortest > message.length:
        return False, status | ERRCRPT
    return True, status


@inlined
def follow_stream(packet: Any, message_word: Any, state: Any, status: Any) -> Any:
    """Take a TCP segment as part of the stream of messages.

    Returns:
        Length of the message in this segment, -1 if there is nothing to decode; status.
    """
    captured = np.int64(packet.snapL7Len)
    seq = np.int64(packet.seq)
    if captured < 6:
        state.nextSeq = seq
        return -1, status
    if seq != np.int64(state.nextSeq):
        return -1, status | ERRCRPT
    state.nextSeq = (seq + np.int64(packet.l7Len)) & 0xFFFFFFFF
    if not status & FRAGS:
        state.remaining = message_word
    length = np.int64(state.remaining)
    if length <= captured:
        return length, status & ~FRAGS
    state.remaining = length - captured
    return captured, status | FRAGA | FRAGS


@routine
def decode_packet(work: Any, packet: Any, begin: Any, end: Any, state: Any, status: Any, row: Any) -> Any:
    """Decode the message in a packet; returns the flow's status.

    Args:
        work: arrays and limits.
        packet: PACKET record.
        begin: address of the batch's bytes.
        end: address behind them.
        state: STATE of the flow.
        status: its dnsStat.
        row: of the packet.
    """
    captured: Any = np.int64(packet.snapL7Len)
    start: Any = begin + np.int64(packet.base) + np.int64(packet.l7)
    behind: Any = min(start + captured, end)
    if start < begin:
        return status
    continues = False
    if packet.l4Proto == UDP:
        length = captured
        if length < SHORTEST:
            return status | WRNMLN | ERRCRPT
        if length > LONGEST_UDP:
            status |= WRNULN
    else:
        continues = status & FRAGS
        first = be16(start, 0) if start + 2 <= behind else 0
        length, status = follow_stream(packet, first, state, status)
        if length < 0:
            return status
        start += 2
    if length < 4:
        return status | WRNMLN
    message = Message(start, behind, captured, length)
    if not continues:
        goes_on, status = read_header(work, message, state, status)
        if len(work.lines) > 0:
            work.lines[row].header = state.header
            if length >= SHORTEST:
                for k in range(4):
                    work.lines[row].counts[k] = state.counts[k]
        if not goes_on:
            return status
    if work.mode < 1:
        return status
    at, status = walk_queries(work, message, state, status)
    for section in range(1, work.mode):
        if at != NOWHERE:
            at, status = walk_records(work, message, state, status, row, at, section)
    return status


@inlined
def begin_flow(work: Any, packet: Any, slot: Any) -> None:
    """Forget the flow that had the slot before, and look at the ports of the new one."""
    state = work.states[slot]
    if work.status[slot] != 0:
        drop_lists(work.pool, state.queries, state.records)
        state.types = 0
        state.answerBytes = 0
        state.queryBytes = 0
        state.remaining = 0
        state.header = 0
        state.opcodes = 0
        state.codes = 0
        state.flags = 0
        state.ratio = 0
        state.numQueries = 0
        state.numRecords = 0
        state.shownQueries = 0
        state.shownRecords = 0
        state.shows = 0
        state.hits = 0
        for k in range(4):
            state.totals[k] = 0
            state.counts[k] = 0
    status = 0
    if is_dns_port(packet.srcPort) or is_dns_port(packet.dstPort):
        status = PRTDT
        if packet.srcPort == NETBIOS or packet.dstPort == NETBIOS:
            status |= NBIOS
        if packet.l4Proto == TCP:
            state.nextSeq = packet.seq
            if packet.tcpFlags & FIN_SYN_RST != SYN:
                status |= ERRCRPT
    work.status[slot] = status


@kernel
def decode(
    packets: Any,
    address: Any,
    size: Any,
    flows: Any,
    work: Any,
    begin: Any,
    first: Any,
    units: Any,
    text: Any,
) -> Any:
    """Decode the DNS messages of packets.

    Args:
        packets: PACKET records.
        address: of the batch's bytes.
        size: number of these bytes.
        flows: FLOW records.
        work: arrays and limits.
        begin: index of the first packet to look at.
        first: row of packet 0 in the batch.
        units: what a packet may take from the pool.
        text: what it may take from the pool of the lines, bytes.

    Returns:
        Index of the packet for which there is no room, or the number of packets.
    """
    lined = len(work.lines) > 0
    for i in range(begin, len(packets)):
        packet = packets[i]
        row = first + i
        slot = np.int64(packet.flow)
        if lined:
            work.lines[row].show = 0
            work.lines[row].status = 0
            work.lines[row].length = 0
            for k in range(4):
                work.lines[row].counts[k] = 0
        if slot < 0:
            continue
        if packet.isNew:
            begin_flow(work, packet, slot)
        elif (
            not lined
            and not work.alarms_in_packet
            and not (is_dns_port(packet.srcPort) or is_dns_port(packet.dstPort))
        ):
            continue
        status = np.int64(work.status[slot])
        if status == 0:
            continue
        state = work.states[slot]
        if state.hits > 0:
            packet.flowStat |= np.uint64(FL_ALARM)
            packet.alarm = 1
        if (
            not status & ERRCRPT
            and not packet.frag & FRAG_LATER
            and (packet.l4Proto == UDP or packet.l4Proto == TCP)
        ):
            if (work.pool.used[0] + units) * 64 > len(work.pool.octets):
                return i
            if lined:
                if work.totals[TEXT_USED] + text > len(work.texts) - SLACK_BYTES:
                    return i
                work.lines[row].start = work.totals[TEXT_USED]
                work.lines[row].header = 0
            status = decode_packet(work, packet, address, address + size, state, status, row)
            work.status[slot] = status
            if state.hits > 0:
                flows[slot].flowStat |= np.uint64(FL_ALARM)
                packet.alarm = 1
            if status & (WRNDEX | WRNAEX):
                work.requests[work.totals[REQUESTS]] = slot
                work.totals[REQUESTS] += 1
        if lined:
            work.lines[row].show = 1
            work.lines[row].status = status
    return len(packets)


@kernel
def conclude(slots: Any, work: Any, numbers: Any) -> None:
    """Compute what is written about flows that ended.

    Args:
        slots: int32, the flows.
        work: arrays and limits.
        numbers: int64 per flow; how many queries were for malicious domains is put there.
    """
    last = work.records - 1
    totals = work.totals
    for i in range(len(slots)):
        slot = np.int64(slots[i])
        numbers[i] = 0
        status = np.int64(work.status[slot])
        if status == 0:
            continue
        state = work.states[slot]
        totals[STATUS] |= status
        totals[FLAGS] |= np.int64(state.flags)
        totals[OPCODES] |= np.int64(state.opcodes)
        totals[CODES] |= np.int64(state.codes)
        if state.queryBytes != 0:
            state.ratio = np.float32(state.answerBytes) / np.float32(state.queryBytes)
        count = np.int64(state.numRecords)
        state.shownRecords = count if count < last else last + 1
        types = np.int64(state.types)
        state.shows = 0
        if types & 1 << A:
            state.shows = HAS_IP4 | HAS_IP6 if types & 1 << AAAA else HAS_IP4
        for k in range(state.shownRecords):
            record = work.pool.records[state.records.first + k]
            if record.type != A:
                record.ip4 = 0
            if record.type != AAAA:
                record.ip6Hi = 0
                record.ip6Lo = 0
        if not work.alarms_in_packet:
            for k in range(state.shownQueries):
                if work.pool.queries[state.queries.first + k].domain > 0:
                    state.hits += np.uint32(1)
        numbers[i] = state.hits
        totals[ALARMS] += np.int64(state.hits)
        totals[ALARM_FLOWS] += state.hits > 0
