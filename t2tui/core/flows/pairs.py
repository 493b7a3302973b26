"""The table of flow pairs: one entry for both directions of a conversation.

Open addressing with linear probing; an entry is ``hash << 32 | slot + 1`` where slot is the direction
that came first, 0 is empty. A deletion moves the entries behind it back, so there are no tombstones.
The table is never more than half full.

The hash does not depend on the direction. It is a fixed function (output never depends on it, and
the same input costs the same time in every run). Both end points go through a multiply-xorshift mix
in full width before they are combined, so addresses or ports that differ in a few bits, as in scans
and floods, spread over the table; long chains need a search for collisions made for this function.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.jit import Integer, Record, inlined, kernel
from t2tui.core.layout import FLOW, KIND_IPV6

KEY = np.dtype(
    [
        ("hash", "i8"),
        ("forward", "u8"),  # source port, destination port, VLAN, EtherType: 16 bits each, lowest first
        ("reverse", "u8"),  # the same with the ports exchanged
        ("protocol", "u8"),  # protocol, kind: 8 bits each
        ("slot", "i8"),  # flow that is probably the packet's, or its opposite
    ]
)
"""Key of a packet next to its addresses."""

_places: dict[str, Any] = dict(FLOW.fields or {})
_places["ports"] = (np.dtype("<u8"), _places["srcPort"][1])
_places["protocol"] = (np.dtype("<u2"), _places["l4Proto"][1])
KEYED_FLOW = np.dtype(
    {
        "names": list(_places),
        "formats": [place[0] for place in _places.values()],
        "offsets": [place[1] for place in _places.values()],
        "itemsize": FLOW.itemsize,
    },
    align=True,
)
"""FLOW with two more names for the parts of its key that are compared at once, as in KEY."""

_ODD1 = np.uint64(0x9E3779B97F4A7C15)
_ODD2 = np.uint64(0xD6E8FEB86659FD93)
_ODD3 = np.uint64(0xC2B2AE3D27D4EB4F)
_ONE = np.uint64(1)
_S8 = np.uint64(8)
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
def take_key(packet: Record, key: Record) -> None:
    """Write the key of a packet as it is compared: in words, with its hash.

    Args:
        packet: PACKET record.
        key: KEY record to fill. The hash has 31 bits and is equal for both directions.
    """
    source = np.uint64(packet.srcPort)
    destination = np.uint64(packet.dstPort)
    rest = np.uint64(packet.vlan) << _S32 | np.uint64(packet.ethType) << _S48
    protocol = np.uint64(packet.l4Proto) | np.uint64(packet.kind) << _S8
    a = packet.srcLo ^ source << _S48
    b = packet.dstLo ^ destination << _S48
    if packet.kind == KIND_IPV6:
        a ^= mix(packet.srcHi) * _ODD3
        b ^= mix(packet.dstHi) * _ODD3
    key.forward = rest | source | destination << _S16
    key.reverse = rest | destination | source << _S16
    key.protocol = protocol
    key.hash = np.int64((mix(a) + mix(b) + (rest ^ protocol) * _ODD3) >> _S33)


@inlined
def compare(flow: Record, packet: Record, key: Record) -> tuple[np.uint64, np.uint64]:
    """Compare a flow's key with a packet's.

    Args:
        flow: record of type KEYED_FLOW.
        packet: PACKET record.
        key: its KEY.

    Returns:
        Two words: the top bit of the first is set if they are equal, that of the second if the packet's key
        is the flow's reversed and differs from it.
    """
    protocol = np.uint64(flow.protocol) ^ key.protocol
    forward = (
        (flow.srcLo ^ packet.srcLo)
        | (flow.dstLo ^ packet.dstLo)
        | (flow.srcHi ^ packet.srcHi)
        | (flow.dstHi ^ packet.dstHi)
        | (flow.ports ^ key.forward)
    )
    reverse = (
        (flow.srcLo ^ packet.dstLo)
        | (flow.dstLo ^ packet.srcLo)
        | (flow.srcHi ^ packet.dstHi)
        | (flow.dstHi ^ packet.srcHi)
        | (flow.ports ^ key.reverse)
    )
    forward |= protocol
    reverse |= protocol
    forward = (forward - _ONE) & ~forward
    return forward, (reverse - _ONE) & ~reverse & ~forward


@inlined
def home_place(table: NDArray[np.int64], hashed: Integer) -> np.uint64:
    """Return the place where an entry belongs; unsigned, so that no index is tested for being negative."""
    return np.uint64(hashed) & np.uint64(len(table) - 1)


@inlined
def next_place(table: NDArray[np.int64], place: np.uint64) -> np.uint64:
    """Return the place behind a place."""
    return (place + _ONE) & np.uint64(len(table) - 1)


@inlined
def free_place(table: NDArray[np.int64], hashed: Integer) -> np.uint64:
    """Return the empty place for a new entry."""
    place: np.uint64 = home_place(table, hashed)
    while table[place] != 0:
        place = next_place(table, place)
    return place


@inlined
def close_gap(table: NDArray[np.int64], place: np.uint64) -> None:
    """Empty a place and move the entries behind it back where that brings them nearer home."""
    mask = np.uint64(len(table) - 1)
    behind = place
    while True:
        behind = next_place(table, behind)
        entry = table[behind]
        if entry == 0:
            break
        home = home_place(table, entry >> 32)
        if ((behind - home) & mask) >= ((behind - place) & mask):
            table[place] = entry
            place = behind
    table[place] = 0


@inlined
def drop_pair(table: NDArray[np.int64], hashed: Integer, slot: Integer, opposite: Integer) -> None:
    """Remove the entry that names one of two slots; there is one."""
    place = home_place(table, hashed)
    one = hashed << 32 | (slot + 1)
    other = hashed << 32 | (opposite + 1)
    while table[place] != one and (opposite < 0 or table[place] != other):
        place = next_place(table, place)
    close_gap(table, place)


@kernel
def rehash(old: NDArray[np.int64], table: NDArray[np.int64]) -> None:
    """Move all entries of a table of pairs or of fragments into a larger, empty one."""
    for entry in old:
        if entry != 0:
            table[free_place(table, entry >> 32)] = entry
