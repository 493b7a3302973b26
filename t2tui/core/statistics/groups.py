"""Sums of equal keys: whole columns at once, exact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Keys = Sequence[NDArray[Any]]
"""Columns of unsigned integers; rows are equal if they are in all of them."""

DIGIT = 16
"""Bits of the integers that numpy sorts by radix."""


class Packed:
    """One number per row that orders rows as their keys do; the first key counts most.

    Attributes:
        codes: uint64, the numbers.
    """

    def __init__(self, keys: Keys) -> None:
        self.codes = np.zeros(len(keys[0]), np.uint64)
        self._fields: list[tuple[int, int, np.dtype[Any]]] | None = []  # width, lowest value, type
        width = 0
        for key in keys:
            lowest = key.min() if len(key) else key.dtype.type(0)
            values = (key if not lowest else key - lowest).astype(np.uint64)
            bits = _bits(values)
            if width + bits > 64:
                self._fields = None
                self.codes, values = _numbered(self.codes), _numbered(values)
                width, bits = _bits(self.codes), _bits(values)
            if bits:
                self.codes = self.codes << np.uint64(bits) | values if width else values
            width += bits
            if self._fields is not None:
                self._fields.append((bits, int(lowest), key.dtype))

    def keys(self, codes: NDArray[np.uint64]) -> Keys | None:
        """Return the keys of some codes; None where codes do not hold them."""
        if self._fields is None:
            return None
        found = []
        for bits, lowest, dtype in reversed(self._fields):
            values = codes & np.uint64((1 << bits) - 1)
            found.append(values.astype(dtype) + dtype.type(lowest))
            codes = codes >> np.uint64(bits) if bits < 64 else np.zeros_like(codes)
        return found[::-1]


def _bits(values: NDArray[np.uint64]) -> int:
    return int(values.max()).bit_length() if len(values) else 0


def _numbered(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the rank of each value among the distinct ones."""
    order = _sorted_rows(values)
    ordered = values[order]
    ranks = np.empty(len(values), np.uint64)
    ranks[order] = np.cumsum(np.concatenate([[False], ordered[1:] != ordered[:-1]]))
    return ranks


def _sorted_rows(codes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the rows in the order of their codes: by radix, the lowest digit first."""
    order = np.argsort(codes.astype(np.uint16), kind="stable")
    for shift in range(DIGIT, _bits(codes), DIGIT):
        digits = (codes >> np.uint64(shift)).astype(np.uint16)[order]
        order = order[np.argsort(digits, kind="stable")]
    return order


@dataclass(frozen=True, eq=False)
class Groups:
    """Distinct keys, ascending, and what belongs to each.

    Attributes:
        keys: columns of the distinct keys.
        sums: int64 by name, one per key.
    """

    keys: Keys
    sums: Mapping[str, NDArray[np.int64]]

    @classmethod
    def of(cls, keys: Keys, sums: Mapping[str, NDArray[np.int64]]) -> "Groups":
        """Add rows of equal keys up.

        Args:
            keys: of the rows, in any order.
            sums: int64 by name, one per row.
        """
        if not len(keys[0]):
            return cls(keys, sums)
        packed = Packed(keys)
        order = _sorted_rows(packed.codes)
        codes = packed.codes[order]
        first = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
        added: dict[int, NDArray[np.int64]] = {}  # the same array can have several names
        for values in sums.values():
            if id(values) not in added:
                ordered = values[order]
                added[id(values)] = ordered if len(first) == len(order) else np.add.reduceat(ordered, first)
        distinct = packed.keys(codes[first]) or [key[order[first]] for key in keys]
        return cls(distinct, {name: added[id(values)] for name, values in sums.items()})

    @classmethod
    def merged(cls, parts: Sequence["Groups"]) -> "Groups":
        """Add groups of the same kind up; a sum that a part lacks is 0 there."""
        if len(parts) == 1:
            return parts[0]
        keys = [np.concatenate(columns) for columns in zip(*(part.keys for part in parts), strict=True)]
        names = dict.fromkeys(name for part in parts for name in part.sums)
        sums = {
            name: np.concatenate([part.sums.get(name, np.zeros(len(part), np.int64)) for part in parts])
            for name in names
        }
        return cls.of(keys, sums)

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self.keys[0])


def largest(values: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return the places of the largest values, the largest first; of equal ones the first places."""
    places = np.arange(len(values))
    if most < 1:
        return places[:0]
    if most < len(values):
        least = np.partition(values, len(values) - most)[len(values) - most]
        above = np.flatnonzero(values > least)
        places = np.sort(np.concatenate([above, np.flatnonzero(values == least)[: most - len(above)]]))
    return places[np.argsort(-values[places], kind="stable")]
