"""The walk through DNS messages: header, TCP streams, packets and flows (docs/dnsdecode.md)."""

from typing import Any

import numpy as np

from t2tui.core.flows.dns import NETBIOS, UDP, is_dns_port
from t2tui.core.flows.tcp import TCP
from t2tui.core.flowstat import FL_ALARM
from t2tui.core.jit import inlined, kernel, routine
from t2tui.core.layout import FRAG_LATER
from t2tui.core.memory import be16
from t2tui.core.text.memory import SLACK_BYTES
from t2tui.plugins.dnsdecode_layout import (
    AAAA,
    ALARM_FLOWS,
    ALARMS,
    CODES,
    ERRCRPT,
    FIN_SYN_RST,
    FLAGS,
    FRAGA,
    FRAGS,
    HAS_IP4,
    HAS_IP6,
    LONGEST_UDP,
    NBIOS,
    NOWHERE,
    OPCODES,
    PACKETS,
    PRTDT,
    QUERY_PACKETS,
    REQUESTS,
    RESPONSE,
    RESPONSE_PACKETS,
    SHORTEST,
    STATUS,
    SYN,
    TEXT_USED,
    WRNAEX,
    WRNDEX,
    WRNMLN,
    WRNULN,
    A,
)
from t2tui.plugins.dnsdecode_memory import (
    drop_lists,
)
from t2tui.plugins.dnsdecode_names import (
    Message,
    word,
)
from t2tui.plugins.dnsdecode_records import walk_queries, walk_records


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
