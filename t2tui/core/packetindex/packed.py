"""A column of whole numbers in as few bytes as its values need."""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

TYPES = tuple(
    (int(np.iinfo(dtype).max), np.dtype(dtype)) for dtype in (np.uint8, np.uint16, np.uint32, np.uint64)
)
"""What may be stored, smallest first: the largest value, and the type."""


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


class PackedColumn:
    """Whole numbers as distances from the least one, in the smallest type that holds them.

    Where all are the same, nothing is stored.

    Attributes:
        least, most: of the values; 0 of an empty column.
    """

    __slots__ = ("_distances", "least", "most")

    def __init__(self, distances: NDArray[np.int64], least: int, most: int) -> None:
        """Pack values.

        Args:
            distances: of the values from the least one, modulo 2^64.
            least: value.
            most: largest value.
        """
        self.least, self.most = least, most
        self._distances: NDArray[Any] | None = None
        reach = most - least
        if reach:
            dtype = next(dtype for limit, dtype in TYPES if reach <= limit)
            self._distances = distances.astype(dtype)

    @property
    def nbytes(self) -> int:
        """Memory taken, with what numpy adds to an array."""
        return 0 if self._distances is None else sys.getsizeof(self._distances)

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
