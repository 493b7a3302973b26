"""Columns of whole numbers in as few bytes as their values need."""

import sys
from bisect import bisect_left
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.jit import kernel

TYPES = tuple(np.dtype(f"u{size}") for size in (1, 2, 4, 8))
"""What may be stored, smallest first."""

LIMITS = tuple(int(np.iinfo(dtype).max) for dtype in TYPES)
"""The largest value of each."""

ALIGNED = 8
"""Columns begin at multiples of it."""

TABLE = 1 << 20
"""Most values that a table by value is made for."""


def chosen_rows(keys: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.int64]:
    """Return the rows whose key is wanted.

    Args:
        keys: any.
        wanted: keys of the same type, ascending.
    """
    if not len(wanted):
        return np.zeros(0, np.int64)
    found = np.minimum(np.searchsorted(wanted, keys), len(wanted) - 1)
    return np.flatnonzero(wanted[found] == keys)


@kernel
def pack(values: Any, count: Any, bounds: Any, u1: Any, u2: Any, u4: Any, u8: Any) -> Any:
    """Write columns as distances from their least value, each in the smallest type that holds them.

    Args:
        values: int64, a row per column, each with at least one value.
        count: values of each.
        bounds: int64 (columns, 2), gets the least and the largest value.
        u1: uint8, room for all values as they are.
        u2: the same bytes as larger numbers.
        u4: likewise.
        u8: likewise.

    Returns:
        Bytes written.
    """
    at = 0
    for column in range(len(values)):
        row = values[column]
        least = most = row[0]
        for i in range(count):
            least = min(least, row[i])
            most = max(most, row[i])
        bounds[column, 0], bounds[column, 1] = least, most
        reach = np.uint64(most) - np.uint64(least)
        if reach == np.uint64(0):
            continue
        if reach <= np.uint64(0xFF):
            packed1 = u1[at:]
            for i in range(count):
                packed1[i] = row[i] - least
            size = count
        elif reach <= np.uint64(0xFFFF):
            packed2 = u2[at >> 1 :]
            for i in range(count):
                packed2[i] = row[i] - least
            size = 2 * count
        elif reach <= np.uint64(0xFFFFFFFF):
            packed4 = u4[at >> 2 :]
            for i in range(count):
                packed4[i] = row[i] - least
            size = 4 * count
        else:
            packed8 = u8[at >> 3 :]
            for i in range(count):
                packed8[i] = row[i] - least
            size = 8 * count
        at += (size + 7) & ~7
    return at


class PackedColumns:
    """Columns of the same length, packed one behind another."""

    __slots__ = ("_bounds", "_bytes", "count")

    def __init__(self, values: NDArray[np.int64], count: int, room: NDArray[np.uint64]) -> None:
        """Pack values.

        Args:
            values: a row per column.
            count: how many of each row; 1 at least.
            room: as large as the values; used meanwhile.
        """
        bounds = np.empty((len(values), 2), np.int64)
        used = pack(values, count, bounds, *(room.view(dtype) for dtype in TYPES))
        self.count = count
        self._bytes = room.view(np.uint8)[:used].copy()
        self._bounds: list[list[int]] = bounds.tolist()

    @property
    def nbytes(self) -> int:
        """Memory taken, with what numpy adds to an array."""
        return sys.getsizeof(self._bytes)

    def column(self, number: int) -> "PackedColumn":
        """Return a column."""
        at, dtype = 0, None
        for least, most in self._bounds[: number + 1]:
            at += -(-self.count * dtype.itemsize // ALIGNED) * ALIGNED if dtype else 0
            dtype = TYPES[bisect_left(LIMITS, most - least)] if most > least else None
        distances = None
        if dtype:
            distances = self._bytes[at : at + self.count * dtype.itemsize].view(dtype)
        return PackedColumn(distances, *self._bounds[number])


class PackedColumn:
    """Whole numbers as distances from the least one, in the smallest type that holds them.

    Where all are the same, nothing is stored.

    Attributes:
        least, most: of the values.
    """

    __slots__ = ("_distances", "least", "most")

    def __init__(self, distances: NDArray[Any] | None, least: int, most: int) -> None:
        """Take distances over.

        Args:
            distances: of the values from the least one.
            least: value.
            most: largest value.
        """
        self._distances, self.least, self.most = distances, least, most

    def read(self, rows: "NDArray[np.int64] | slice", count: int) -> NDArray[np.int64]:
        """Return the values of rows.

        Args:
            rows: which.
            count: how many these are: a column in which nothing is stored does not know.
        """
        if self._distances is None:
            return np.full(count, self.least, np.int64)
        return self._distances[rows].astype(np.int64) + self.least

    def between(self, first: int, last: int, count: int) -> NDArray[np.int64]:
        """Return the rows whose value is in a range.

        Args:
            first: lowest value.
            last: highest value, in the range as well.
            count: rows of the column.
        """
        first, last = max(first, self.least), min(last, self.most)
        if first > last:
            return np.zeros(0, np.int64)
        if self._distances is None:
            return np.arange(count)
        dtype = self._distances.dtype.type
        above = self._distances - dtype(first - self.least)  # wraps below the range, far above its length
        return np.flatnonzero(above <= dtype(last - first))

    def among(self, wanted: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        """Return the rows whose value is wanted.

        Args:
            wanted: values, ascending.
            count: rows of the column.
        """
        first = np.searchsorted(wanted, self.least)
        wanted = wanted[first : np.searchsorted(wanted, self.most, side="right")]
        if not len(wanted):
            return np.zeros(0, np.int64)
        if self._distances is None:
            return np.arange(count)
        if self.most - self.least >= TABLE:
            return chosen_rows(self.read(slice(None), count), wanted)
        is_wanted = np.zeros(self.most - self.least + 1, bool)
        is_wanted[wanted - self.least] = True
        return np.flatnonzero(is_wanted[self._distances])
