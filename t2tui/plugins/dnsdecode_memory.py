"""Memory for what DNS flows hold: texts and lists of queries and records, in blocks of one pool.

Most flows hold one short name, some twenty long ones. A block has 1, 2, 4 ... units of 64 bytes; blocks
that are given back are taken again for the same size. Kernels cannot enlarge the pool: they stop in front of
a packet that could need more than is left, and the plugin enlarges it.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.jit import inlined, routine
from t2tui.core.memory import byte

UNIT = 64
"""Bytes of a unit. One record or two queries fit."""

SIZES = 24
"""Number of sizes of blocks; the largest has 2^23 units."""

FIRST_UNITS = 1 << 20
"""Units of a new pool. The system gives memory to those that are used alone."""

TEXT = np.dtype([("start", "i8"), ("length", "u2"), ("size", "u1")])
"""A text: place in the pool, bytes, and size of its block: 0 without, else 1 + log2 of its units."""

LIST = np.dtype([("first", "i8"), ("size", "u1")])
"""A list: number of its first element in the pool's view, and size of its block as in TEXT."""

QUERY = np.dtype(
    {
        "names": ["name", "domain", "type", "class"],
        "formats": [TEXT, "u4", "u2", "u2"],
        "offsets": [0, 12, 16, 18],
        "itemsize": UNIT // 2,
    }
)
"""A question (RFC 1035, section 4.1.2). ``domain``: number of its name in the list of malicious domains,
from 1; 0 if it is not there."""

RECORD = np.dtype(
    {
        "names": [
            "name",
            "pointed",
            "type",
            "ip6Hi",
            "ip6Lo",
            "ip4",
            "ttl",
            "option",
            "class",
            "preference",
            "priority",
            "weight",
            "port",
        ],
        "formats": [TEXT, TEXT, "u2", "u8", "u8", "u4", "u4", "u4", "u2", "u2", "u2", "u2", "u2"],
        "offsets": [0, 11, 22, 24, 32, 40, 44, 48, 52, 54, 56, 58, 60],
        "itemsize": UNIT,
    }
)
"""A resource record (RFC 1035, section 4.1.3). ``pointed``: the name, or the text, that its data hold;
``option``: the TTL field of an OPT record (RFC 6891)."""


class Pool(NamedTuple):
    """The pool and its views; kernels get it as one argument."""

    octets: NDArray[np.uint8]
    links: NDArray[np.int64]  # the first word of a free block: unit of the next one, -1 at the end
    queries: NDArray[np.void]  # QUERY
    records: NDArray[np.void]  # RECORD
    free: NDArray[np.int64]  # by size: unit of the first free block, -1 without
    used: NDArray[np.int64]  # one number: units that were ever taken


def new_pool(units: int) -> Pool:
    """Return an empty pool."""
    octets = np.zeros(units * UNIT, np.uint8)
    free = np.full(SIZES, -1, np.int64)
    return Pool(
        octets, octets.view(np.int64), octets.view(QUERY), octets.view(RECORD), free, np.zeros(1, np.int64)
    )


def enlarged(pool: Pool, units: int) -> Pool:
    """Return a pool of at least this many units with the contents of another one, which is used up then."""
    size = len(pool.octets) // UNIT
    while size < units:
        size *= 2
    larger = new_pool(size)._replace(free=pool.free, used=pool.used)
    used = int(pool.used[0]) * UNIT
    larger.octets[:used] = pool.octets[:used]
    return larger


@inlined
def size_of(units: Any) -> Any:
    """Return the size of a block, as in TEXT, for so many units."""
    size = 1
    while 1 << (size - 1) < units:
        size += 1
    return size


@inlined
def take_block(pool: Any, size: Any) -> Any:
    """Return the first unit of a block that nobody uses."""
    unit = pool.free[size]
    if unit >= 0:
        pool.free[size] = pool.links[unit * (UNIT // 8)]
    else:
        unit = pool.used[0]
        pool.used[0] = unit + (1 << (size - 1))
    return unit


@inlined
def give_block(pool: Any, unit: Any, size: Any) -> None:
    """Give a block back."""
    pool.links[unit * (UNIT // 8)] = pool.free[size]
    pool.free[size] = unit


@routine
def put_text(pool: Any, text: Any, address: Any, length: Any) -> None:
    """Store a text, which ends at its first NUL, in place of an earlier one.

    Args:
        pool: where it goes.
        text: TEXT record that names it.
        address: of its first byte now.
        length: bytes, at most 65535.
    """
    size = size_of((length + UNIT - 1) // UNIT)
    if text.size < size and length > 0:
        if text.size > 0:
            give_block(pool, text.start // UNIT, np.int64(text.size))
        text.start = take_block(pool, size) * UNIT
        text.size = size
    copied = 0
    while copied < length:
        character = byte(address, copied)
        if character == 0:
            break
        pool.octets[text.start + copied] = character
        copied += 1
    text.length = copied


@inlined
def drop_text(pool: Any, text: Any) -> None:
    """Give the block of a text back."""
    if text.size > 0:
        give_block(pool, text.start // UNIT, np.int64(text.size))


@routine
def make_room(pool: Any, elements: Any, count: Any, per_unit: Any) -> None:
    """Let a list have room for so many elements; new ones are zero.

    Args:
        pool: where it is.
        elements: LIST record.
        count: elements.
        per_unit: elements in a unit.
    """
    size = size_of((count + per_unit - 1) // per_unit)
    old: Any = np.int64(elements.size)
    if old >= size or count == 0:
        return
    unit = take_block(pool, size)
    kept: Any = 0
    if old > 0:
        before = elements.first // per_unit
        kept = UNIT << (old - 1)
        for k in range(kept):
            pool.octets[unit * UNIT + k] = pool.octets[before * UNIT + k]
        give_block(pool, before, old)
    for k in range(kept, UNIT << (size - 1)):
        pool.octets[unit * UNIT + k] = 0
    elements.first = unit * per_unit
    elements.size = size


@inlined
def room_of(elements: Any, per_unit: Any) -> Any:
    """Return for how many elements a list has room."""
    return per_unit << (np.int64(elements.size) - 1) if elements.size > 0 else 0


@routine
def drop_lists(pool: Any, queries: Any, records: Any) -> None:
    """Give back everything that a flow holds.

    Args:
        pool: where it is.
        queries: LIST record of its queries.
        records: LIST record of its records.
    """
    for k in range(room_of(queries, 2)):
        drop_text(pool, pool.queries[queries.first + k].name)
    for k in range(room_of(records, 1)):
        drop_text(pool, pool.records[records.first + k].name)
        drop_text(pool, pool.records[records.first + k].pointed)
    if queries.size > 0:
        give_block(pool, queries.first // 2, np.int64(queries.size))
        queries.size = 0
    if records.size > 0:
        give_block(pool, records.first, np.int64(records.size))
        records.size = 0
