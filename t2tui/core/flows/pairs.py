"""The table of flow pairs: one entry for both directions of a conversation.

Open addressing with linear probing; an entry is ``hash << 32 | slot + 1`` where slot is the direction
that came first, 0 is empty. A deletion moves the entries behind it back, so there are no tombstones.
The table is never more than half full.

The hash does not depend on the direction. It is a fixed function (output never depends on it, and
the same input costs the same time in every run). Both end points go through a multiply-xorshift mix
in full width before they are combined, so addresses or ports that differ in a few bits, as in scans
and floods, spread over the table; long chains need a search for collisions made for this function.
"""

import numpy as np
from numpy.typing import NDArray

from t2tui.core.jit import Integer, Record, inlined, kernel
from t2tui.core.layout import KIND_IPV6

_ODD1 = np.uint64(0x9E3779B97F4A7C15)
_ODD2 = np.uint64(0xD6E8FEB86659FD93)
_ODD3 = np.uint64(0xC2B2AE3D27D4EB4F)
_S16 = np.uint64(16)
_S29 = np.uint64(29)
_S32 = np.uint64(32)
_S33 = np.uint64(33)
_S48 = np.uint64(48)


@inlined
def mix(x: np.uint64) -> np.uint64:
    """Return 64 bits of which each depends on all bits of x."""
    x = (x ^ (x >> _S32)) * _ODD2
    x = (x ^ (x >> _S29)) * _ODD1
    return x ^ (x >> _S32)


@inlined
def pair_hash(packet: Record) -> Integer:
    """Return the hash of a PACKET's flow key, 31 bits, equal for both directions."""
    a = packet.srcLo ^ np.uint64(packet.srcPort) << _S48
    b = packet.dstLo ^ np.uint64(packet.dstPort) << _S48
    if packet.kind == KIND_IPV6:
        a ^= mix(packet.srcHi) * _ODD3
        b ^= mix(packet.dstHi) * _ODD3
    rest = (
        np.uint64(packet.ethType)
        | np.uint64(packet.vlan) << _S16
        | np.uint64(packet.l4Proto) << _S32
        | np.uint64(packet.kind) << _S48
    )
    return np.int64(mix((mix(a) + mix(b)) ^ rest * _ODD3) >> _S33)


@inlined
def free_place(table: NDArray[np.int64], hashed: Integer) -> Integer:
    """Return the empty place for a new entry."""
    mask = len(table) - 1
    place = hashed & mask
    while table[place] != 0:
        place = (place + 1) & mask
    return place


@inlined
def close_gap(table: NDArray[np.int64], place: Integer) -> None:
    """Empty a place and move the entries behind it back where that brings them nearer home."""
    mask = len(table) - 1
    behind = place
    while True:
        behind = (behind + 1) & mask
        entry = table[behind]
        if entry == 0:
            break
        home = (entry >> 32) & mask
        if ((behind - home) & mask) >= ((behind - place) & mask):
            table[place] = entry
            place = behind
    table[place] = 0


@inlined
def drop_pair(table: NDArray[np.int64], hashed: Integer, slot: Integer, opposite: Integer) -> None:
    """Remove the entry that names one of two slots; there is one."""
    mask = len(table) - 1
    place = hashed & mask
    one = hashed << 32 | (slot + 1)
    other = hashed << 32 | (opposite + 1)
    while table[place] != one and (opposite < 0 or table[place] != other):
        place = (place + 1) & mask
    close_gap(table, place)


@kernel
def rehash(old: NDArray[np.int64], table: NDArray[np.int64]) -> None:
    """Move all entries of a table of pairs or of fragments into a larger, empty one."""
    for entry in old:
        if entry != 0:
            table[free_place(table, entry >> 32)] = entry
