"""connStat's counters: who talks to whom, in tables of fixed size (docs/connstat.md).

Addresses, pairs of addresses, and pairs of address and port have entries whose numbers stay the same as long
as they are in use, so a flow knows its entries and a packet needs no search. A table is a list of entries,
chained from buckets; numbers are stored plus one, so that memory that was never written means "none".
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flows.pairs import mix
from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.jit import inlined, kernel, routine
from t2tui.core.layout import KIND_LAYER2
from t2tui.core.memory import prefetch_line

ADDRESS = np.dtype(
    [
        ("hi", "u8"),  # address as in FLOW
        ("lo", "u8"),
        ("next", "i4"),  # of the same bucket, or of the free entries
        ("counter", "i4"),  # its packets and bytes as a sender: place in the counters, -1 without
        ("flows", "u4"),  # living flows of the address, on either side
        ("asSource", "u4"),  # different addresses that it asks
        ("asTarget", "u4"),  # different addresses that ask it
        ("label", "u4"),  # row of the label table
        ("kind", "u1"),  # KIND_*
    ],
    align=True,
)

PAIR = np.dtype([("key", "u8"), ("next", "i4"), ("count", "u4")], align=True)
"""Two addresses, or address and port, and their flows."""

COUNTER = np.dtype([("packets", "u8"), ("bytes", "u8")])

CONNECTION = np.dtype(
    [
        ("connNumPCnt", "u8"),  # what is written, when the flow has ended
        ("connNumBCnt", "u8"),
        ("connSip", "u4"),
        ("connDip", "u4"),
        ("connSipDip", "u4"),
        ("connSipDprt", "u4"),
        ("connF", "f4"),
        ("connG", "f4"),
        ("source", "i4"),  # entries: who asks, who is asked, the pair, the source and the port
        ("target", "i4"),
        ("pair", "i4"),
        ("port", "i4"),
        ("own", "i4"),  # who sends the packets of this flow; -1: the flow is not counted
        ("isReply", "u1"),
    ],
    align=True,
)
"""A flow, by slot."""

HOST = np.dtype(
    [("count", "u8"), ("hi", "u8"), ("lo", "u8"), ("label", "u4"), ("kind", "u1")],
    align=True,
)
"""An address and what it is the largest of."""

SOURCE, TARGET, BY_PACKETS, BY_BYTES = range(4)
"""Places in TOTALS.largest."""

TOTALS = np.dtype(
    [
        ("sources", "i8"),  # now
        ("targets", "i8"),
        ("pairs", "i8"),
        ("ports", "i8"),
        ("mostSources", "i8"),  # at a time
        ("mostTargets", "i8"),
        ("mostPairs", "i8"),
        ("mostPorts", "i8"),
        ("counters", "i8"),  # ever used
        ("freeCounters", "i8"),
        ("kept", "i8"),  # addresses without flow whose packets stay counted
        ("forgotten", "i8"),  # addresses whose count was given up
        ("uncounted", "i8"),  # flows that found a table full
        ("largest", HOST, (4,)),
    ],
    align=True,
)


AHEAD = 8
"""Packets, and ends of flows, between asking the cache for memory and its use."""


class Table(NamedTuple):
    """Entries that are found by key; kernels get it as one argument."""

    entries: NDArray[np.void]  # ADDRESS or PAIR
    buckets: NDArray[np.int32]  # a power of two: first entry of each chain
    heads: NDArray[np.int64]  # first free entry, number of entries ever used


class Tables(NamedTuple):
    """All counters."""

    addresses: Table
    pairs: Table
    ports: Table
    counters: NDArray[np.void]  # COUNTER
    free: NDArray[np.int32]  # places of counters that were given back, the latest last
    totals: NDArray[np.void]  # one TOTALS


def _new_table(dtype: Any, size: int) -> Table:
    buckets = 1 << (size - 1).bit_length()
    return Table(np.zeros(size, dtype), np.zeros(buckets, np.int32), np.zeros(2, np.int64))


def new_tables(addresses: int, pairs: int) -> Tables:
    """Return empty tables for so many addresses, and pairs of either sort."""
    return Tables(
        addresses=_new_table(ADDRESS, addresses),
        pairs=_new_table(PAIR, pairs),
        ports=_new_table(PAIR, pairs),
        counters=np.zeros(addresses, COUNTER),
        free=np.zeros(addresses, np.int32),
        totals=np.zeros(1, TOTALS),
    )


@inlined
def _bucket(table: Any, hashed: Any) -> Any:
    return np.int64(hashed & np.uint64(len(table.buckets) - 1))


@inlined
def _bucket_of_address(table: Any, hi: Any, lo: Any, kind: Any) -> Any:
    return _bucket(table, mix(mix(np.uint64(hi) + np.uint64(kind)) ^ np.uint64(lo)))


@inlined
def _insert(table: Any, bucket: Any) -> Any:
    """Put an entry into a bucket; return its number, -1 if the table is full."""
    number = table.heads[0] - 1
    if number >= 0:
        table.heads[0] = np.int64(table.entries[number].next)
    else:
        number = table.heads[1]
        if number == len(table.entries):
            return np.int64(-1)
        table.heads[1] = number + 1
    table.entries[number].next = table.buckets[bucket]
    table.buckets[bucket] = number + 1
    return number


@inlined
def _remove(table: Any, bucket: Any, number: Any) -> None:
    """Take an entry out of its bucket."""
    entry = table.entries[number]
    before = np.int64(table.buckets[bucket]) - 1
    if before == number:
        table.buckets[bucket] = entry.next
    else:
        while np.int64(table.entries[before].next) - 1 != number:
            before = np.int64(table.entries[before].next) - 1
        table.entries[before].next = entry.next
    entry.next = table.heads[0]
    table.heads[0] = number + 1


@inlined
def _bucket_of_pair(table: Any, key: Any) -> Any:
    """Buckets of new sources lie side by side, as their numbers do: a flood of them stays in the cache."""
    return _bucket(table, (key >> np.uint64(32)) + mix(key & np.uint64(0xFFFFFFFF)))


@inlined
def _fetch(tables: Any, hi: Any, lo: Any, kind: Any) -> None:
    """Ask the cache for the bucket of an address that comes soon."""
    table = tables.addresses
    prefetch_line(table.buckets, _bucket_of_address(table, hi, lo, kind), 0)


@routine
def _address(tables: Any, hi: Any, lo: Any, kind: Any, label: Any) -> Any:
    """Return the entry of an address that gets one more flow, made if needed; -1 if the table is full."""
    table = tables.addresses
    bucket = _bucket_of_address(table, hi, lo, kind)
    number = np.int64(table.buckets[bucket]) - 1
    while number >= 0:
        entry = table.entries[number]
        if entry.lo == lo and entry.hi == hi and entry.kind == kind:
            if entry.flows == 0 and entry.asSource == 0 and entry.asTarget == 0:
                tables.totals[0].kept -= 1
            entry.flows += np.uint32(1)
            return number
        number = np.int64(entry.next) - 1
    number = _insert(table, bucket)
    if number >= 0:
        entry = table.entries[number]
        entry.hi = hi
        entry.lo = lo
        entry.kind = kind
        entry.label = label
        entry.counter = -1
        entry.flows = 1
        entry.asSource = 0
        entry.asTarget = 0
    return number


@routine
def _count_pair(table: Any, key: Any) -> Any:
    """Count a flow of a pair, whose entry is made if needed; return its number, -1 if the table is full."""
    bucket = _bucket_of_pair(table, key)
    number = np.int64(table.buckets[bucket]) - 1
    while number >= 0 and table.entries[number].key != key:
        number = np.int64(table.entries[number].next) - 1
    if number < 0:
        number = _insert(table, bucket)
        if number < 0:
            return number
        table.entries[number].key = key
        table.entries[number].count = 0
    table.entries[number].count += np.uint32(1)
    return number


@routine
def _uncount_pair(table: Any, number: Any) -> Any:
    """Forget a flow of a pair; return whether it was the last one, whose entry is gone then."""
    entry = table.entries[number]
    entry.count -= np.uint32(1)
    if entry.count > 0:
        return False
    _remove(table, _bucket_of_pair(table, entry.key), number)
    return True


@inlined
def _take_counter(tables: Any) -> Any:
    """Return the place of a counter, not cleared: the one given back last, or a fresh one."""
    totals = tables.totals[0]
    if totals.freeCounters > 0:
        totals.freeCounters -= 1
        return np.int64(tables.free[totals.freeCounters])
    totals.counters += 1
    return np.int64(totals.counters) - 1


@inlined
def _give_counter(tables: Any, address: Any) -> None:
    totals = tables.totals[0]
    tables.free[totals.freeCounters] = address.counter
    totals.freeCounters += 1
    address.counter = -1


@inlined
def _keep_largest(host: Any, address: Any, count: Any) -> None:
    if np.uint64(count) > host.count:
        host.count = count
        host.hi = address.hi
        host.lo = address.lo
        host.label = address.label
        host.kind = address.kind


@routine
def _settle(tables: Any, number: Any, most_kept: Any) -> None:
    """Remove an address that nothing refers to; some of those with a counter are kept."""
    totals = tables.totals[0]
    address = tables.addresses.entries[number]
    if address.flows > 0 or address.asSource > 0 or address.asTarget > 0:
        return
    if address.counter >= 0:
        if totals.kept < most_kept:
            totals.kept += 1
            return
        totals.forgotten += 1
        _give_counter(tables, address)
    _remove(
        tables.addresses, _bucket_of_address(tables.addresses, address.hi, address.lo, address.kind), number
    )


@routine
def _begin(tables: Any, flow: Any, mine: Any, most_kept: Any) -> None:
    """Count a new flow, in the orientation of its request."""
    totals = tables.totals[0]
    mine.connSip = mine.connDip = mine.connSipDip = mine.connSipDprt = 0
    mine.connF = mine.connG = 0
    mine.connNumPCnt = mine.connNumBCnt = 0
    mine.own = -1
    if flow.kind == KIND_LAYER2:
        return
    sender = _address(tables, flow.srcHi, flow.srcLo, flow.kind, flow.srcLabel)
    receiver = _address(tables, flow.dstHi, flow.dstLo, flow.kind, flow.dstLabel)
    entries = tables.addresses.entries
    is_reply = flow.flowStat & np.uint64(L3FLOWINVERT) != 0
    source, target, port = sender, receiver, np.int64(flow.dstPort)
    if is_reply:
        source, target, port = receiver, sender, np.int64(flow.srcPort)
    pair, of_port = np.int64(-1), np.int64(-1)
    if sender >= 0 and receiver >= 0:
        pair = _count_pair(tables.pairs, np.uint64(source) << np.uint64(32) | np.uint64(target))
        if pair >= 0:
            of_port = _count_pair(tables.ports, np.uint64(source) << np.uint64(32) | np.uint64(port))
            if of_port < 0 and _uncount_pair(tables.pairs, pair):
                pair = np.int64(-1)
    if of_port < 0:
        totals.uncounted += 1
        for number in (sender, receiver):
            if number >= 0:
                entries[number].flows -= np.uint32(1)
                _settle(tables, number, most_kept)
        return
    if tables.ports.entries[of_port].count == 1:
        totals.ports += 1
        totals.mostPorts = max(totals.ports, totals.mostPorts)
    if tables.pairs.entries[pair].count == 1:
        totals.pairs += 1
        totals.mostPairs = max(totals.pairs, totals.mostPairs)
        asking, asked = entries[source], entries[target]
        if asking.counter < 0:
            asking.counter = _take_counter(tables)
        if asking.asSource == 0:
            totals.sources += 1
            totals.mostSources = max(totals.sources, totals.mostSources)
        if asked.asTarget == 0:
            totals.targets += 1
            totals.mostTargets = max(totals.targets, totals.mostTargets)
        asking.asSource += np.uint32(1)
        asked.asTarget += np.uint32(1)
        _keep_largest(totals.largest[SOURCE], asking, asking.asSource)
        _keep_largest(totals.largest[TARGET], asked, asked.asTarget)
    mine.source = source
    mine.target = target
    mine.pair = pair
    mine.port = of_port
    mine.own = sender
    mine.isReply = is_reply


@routine
def _end(tables: Any, mine: Any, forget: Any, most_kept: Any) -> None:
    """Compute what is written about a flow; then its counts go down."""
    if mine.own < 0:
        return
    totals = tables.totals[0]
    entries = tables.addresses.entries
    asking, asked, own = entries[mine.source], entries[mine.target], entries[mine.own]
    sources, targets = np.int64(asking.asSource), np.int64(asked.asTarget)
    if mine.isReply:
        sources, targets = targets, sources
    pair = np.int64(tables.pairs.entries[mine.pair].count)
    port = np.int64(tables.ports.entries[mine.port].count)
    mine.connSip = sources
    mine.connDip = targets
    mine.connSipDip = pair
    mine.connSipDprt = port
    mine.connF = np.float32(port) / np.float32(sources)
    mine.connG = np.float32(port) / np.float32(pair)
    if own.counter >= 0:
        counter = tables.counters[own.counter]
        mine.connNumPCnt = counter.packets
        mine.connNumBCnt = counter.bytes
        _keep_largest(totals.largest[BY_PACKETS], own, counter.packets)
        _keep_largest(totals.largest[BY_BYTES], own, counter.bytes)
    asking.flows -= np.uint32(1)
    asked.flows -= np.uint32(1)
    if forget:
        if _uncount_pair(tables.ports, mine.port):
            totals.ports -= 1
        if _uncount_pair(tables.pairs, mine.pair):
            totals.pairs -= 1
            asking.asSource -= np.uint32(1)
            asked.asTarget -= np.uint32(1)
            if asking.asSource == 0:
                totals.sources -= 1
                _give_counter(tables, asking)
            if asked.asTarget == 0:
                totals.targets -= 1
    source, target = np.int64(mine.source), np.int64(mine.target)
    _settle(tables, source, most_kept)
    if target != source:
        _settle(tables, target, most_kept)


@inlined
def _end_next(released: Any, ended: Any, connections: Any, tables: Any, forget: Any, most_kept: Any) -> None:
    """End the flow of an entry; those behind it are asked for."""
    ahead = connections[released[min(ended + AHEAD, len(released) - 1)].slot]
    if ahead.own >= 0:
        address = tables.addresses.entries[ahead.own]
        _fetch(tables, address.hi, address.lo, address.kind)
    _end(tables, connections[released[ended].slot], forget, most_kept)


@kernel
def count(packets, released, flows, connections, tables, forget, most_kept):  # type: ignore[no-untyped-def]
    """Count packets and flows in the order in which they began, sent and ended.

    Args:
        packets: PACKET.
        released: RELEASED; ``packet`` counts in ``packets``. All are taken, whatever it is, in their order.
        flows: FLOW by slot.
        connections: CONNECTION by slot.
        tables: Tables.
        forget: flows that end count no longer.
        most_kept: addresses without flow that stay in the table.
    """
    ended = 0
    for row in range(len(packets)):
        while ended < len(released) and released[ended].packet <= row:
            _end_next(released, ended, connections, tables, forget, most_kept)
            ended += 1
        ahead = packets[min(row + AHEAD, len(packets) - 1)]
        if ahead.isNew and ahead.kind != KIND_LAYER2:
            _fetch(tables, ahead.srcHi, ahead.srcLo, ahead.kind)
        packet = packets[row]
        slot = np.int64(packet.flow)
        if slot < 0:
            continue
        mine = connections[slot]
        if packet.isNew:
            _begin(tables, flows[slot], mine, most_kept)
        if mine.own < 0:
            continue
        own = tables.addresses.entries[mine.own]
        if own.counter < 0:
            own.counter = _take_counter(tables)
            tables.counters[own.counter].packets = 0
            tables.counters[own.counter].bytes = 0
        counter = tables.counters[own.counter]
        counter.packets += np.uint64(1)
        counter.bytes += np.uint64(packet.pktLen)
    while ended < len(released):
        _end_next(released, ended, connections, tables, forget, most_kept)
        ended += 1
