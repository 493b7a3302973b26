"""Queries and records of a DNS message: from its bytes into the lists of its flow (docs/dnsdecode.md)."""

from typing import Any

import numpy as np

from t2tui.core.jit import inlined, routine
from t2tui.core.memory import byte
from t2tui.core.text.addresses import put_ip4, put_ip6
from t2tui.plugins.dnsdecode_layout import (
    AAAA,
    ANY,
    ANY_TYPE,
    AXFR,
    CLASS,
    CNAME,
    ERRLEN,
    ERRPTR,
    IXFR,
    IZTRANS,
    MX,
    NB,
    NBIOS,
    NOWHERE,
    NS,
    OPT,
    PTR,
    RESPONSE,
    RRSIG,
    SOA,
    SRV,
    TEXT_USED,
    TXT,
    WRNAEX,
    WRNDEX,
    WRNIGN,
    ZTRANS,
    A,
)
from t2tui.plugins.dnsdecode_memory import (
    make_room,
    put_text,
)
from t2tui.plugins.dnsdecode_names import (
    BAD_POINTER,
    HEADER,
    long,
    netbios_name,
    octet,
    read_name,
    word,
)


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
