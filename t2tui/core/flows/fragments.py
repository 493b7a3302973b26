"""The table of pending fragments: which flow the later fragments of a datagram belong to.

Key: source, destination, EtherType, VLAN, fragment id, protocol. Open addressing as in pairs.py; an
entry is ``hash << 32 | slot + 1``. The key itself is not stored: an entry always names a flow whose own
addresses and ``lastFragId`` are the key, because a flow leaves the table before it takes a new id.

IPv6 fragments are searched with protocol 0 but entered with their real protocol, so they are found
only where the protocol is 0: the reference's behaviour (docs/flows.md, "Fragments").
"""

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flows.pairs import free_place, home_place, mix, next_place
from t2tui.core.jit import Integer, Record, Records, inlined

_ODD = np.uint64(0x9E3779B97F4A7C15)
_S1 = np.uint64(1)
_S16 = np.uint64(16)
_S32 = np.uint64(32)
_S33 = np.uint64(33)


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
def find_chain(
    table: NDArray[np.int64],
    records: Records,
    key: Record,
    fragment_id: Integer,
    protocol: Integer,
) -> Integer:
    """Return the place of a key's entry, -1 without."""
    hashed = chain_hash(key, fragment_id, protocol)
    place = home_place(table, hashed)
    while table[place] != 0:
        if table[place] >> 32 == hashed:
            flow = records[(table[place] & 0xFFFFFFFF) - 1]
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
def enter_chain(table: NDArray[np.int64], flow: Record, slot: Integer) -> None:
    """Enter a flow under its own addresses and ``lastFragId``; the key is not in the table."""
    hashed = chain_hash(flow, np.int64(flow.lastFragId), np.int64(flow.l4Proto))
    table[free_place(table, hashed)] = hashed << 32 | (slot + 1)
