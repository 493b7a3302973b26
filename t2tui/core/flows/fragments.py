"""The table of pending fragments: which flow the later fragments of a datagram belong to.

Key: source, destination, EtherType, VLAN, fragment id, protocol. Open addressing as in pairs.py; an
entry is ``hash << 32 | slot + 1``. The key itself is not stored: an entry always names a flow whose own
addresses and ``lastFragId`` are the key, because a flow's entry goes before the flow takes a new id.

IPv6 fragments are searched with protocol 0 but entered with their real protocol, so they are found
only where the protocol is 0: the reference's behaviour (docs/flows.md, "Fragments").
"""

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flows.arrays import Arrays
from t2tui.core.flows.counters import State
from t2tui.core.flows.pairs import close_gap, free_place, home_place, mix, next_place
from t2tui.core.flowstat import IPV4_FRAG_ERR, IPV4_FRAG_PENDING
from t2tui.core.jit import Integer, Record, inlined, routine
from t2tui.core.layout import FRAG_MORE, KIND_IPV4

_ODD = np.uint64(0x9E3779B97F4A7C15)
_S1 = np.uint64(1)
_S16 = np.uint64(16)
_S32 = np.uint64(32)
_S33 = np.uint64(33)
_U32 = 0xFFFFFFFF
_NOT_PENDING = np.uint64(0xFFFFFFFFFFFFFFFF ^ IPV4_FRAG_PENDING)


@inlined
def chain_hash(key: Record, fragment_id: Integer, protocol: Integer) -> Integer:
    """Return the hash of a fragment key, 31 bits.

    Args:
        key: PACKET or FLOW record: addresses, EtherType and VLAN.
        fragment_id: IPv4 identification or that of the IPv6 fragment header.
        protocol: IP protocol number.
    """
    source = mix(key.srcLo ^ mix(key.srcHi ^ _ODD))
    destination = mix(key.dstLo ^ mix(key.dstHi ^ _ODD))
    rest = np.uint64(fragment_id) << _S32 | np.uint64(key.ethType) << _S16 | np.uint64(key.vlan)
    return np.int64(mix(mix(source + (destination << _S1)) ^ rest ^ np.uint64(protocol) * _ODD) >> _S33)


@inlined
def find_chain(a: Arrays, key: Record, fragment_id: Integer, protocol: Integer) -> Integer:
    """Return the place of a key's entry, -1 without."""
    table: NDArray[np.int64] = a.fragments
    hashed = chain_hash(key, fragment_id, protocol)
    place = home_place(table, hashed)
    while table[place] != 0:
        if table[place] >> 32 == hashed:
            flow = a.records[(table[place] & _U32) - 1]
            if (
                flow.srcLo == key.srcLo
                and flow.dstLo == key.dstLo
                and flow.srcHi == key.srcHi
                and flow.dstHi == key.dstHi
                and flow.lastFragId == fragment_id
                and flow.l4Proto == protocol
                and flow.ethType == key.ethType
                and flow.vlan == key.vlan
            ):
                return np.int64(place)
        place = next_place(table, place)
    return -1


@inlined
def drop_chain(a: Arrays, place: Integer) -> None:
    """Remove an entry; nothing happens for -1."""
    if place >= 0:
        close_gap(a.fragments, np.uint64(place))
        a.state[State.FRAGMENTS] -= 1


@inlined
def drop_chain_of(a: Arrays, flow: Record) -> bool:
    """Remove the entry with a flow's addresses and last fragment id; return whether there was one."""
    place = find_chain(a, flow, np.int64(flow.lastFragId), np.int64(flow.l4Proto))
    drop_chain(a, place)
    return bool(place >= 0)


@routine
def open_chain(a: Arrays, slot: Integer, fragment_id: Integer, status: Integer) -> Integer:
    """Enter the flow of a first or headless fragment.

    Returns:
        The flow's status with the bits that change.
    """
    flow = a.records[slot]
    pending = status & IPV4_FRAG_PENDING
    if pending and (not drop_chain_of(a, flow) or flow.lastFragId != fragment_id):
        status |= IPV4_FRAG_ERR
    flow.lastFragId = fragment_id
    place = find_chain(a, flow, fragment_id, np.int64(flow.l4Proto))
    if place >= 0 and not pending:
        former = (a.fragments[place] & _U32) - 1
        a.records[former].flowStat &= _NOT_PENDING
    drop_chain(a, place)
    hashed = chain_hash(flow, fragment_id, np.int64(flow.l4Proto))
    a.fragments[free_place(a.fragments, hashed)] = hashed << 32 | (slot + 1)
    a.state[State.FRAGMENTS] += 1
    return status | IPV4_FRAG_PENDING


@routine
def join_chain(a: Arrays, packet: Record, kind: Integer) -> Integer:
    """Find the flow of a later fragment; the last fragment ends its chain.

    Returns:
        The slot, -1 if the first fragment is missing.
    """
    protocol = np.int64(packet.l4Proto) if kind == KIND_IPV4 else 0
    place = find_chain(a, packet, np.int64(packet.fragId), protocol)
    if place < 0:
        return -1
    slot = (a.fragments[place] & _U32) - 1
    if not np.int64(packet.frag) & FRAG_MORE:
        drop_chain(a, place)
        a.records[slot].flowStat &= _NOT_PENDING
    return slot
