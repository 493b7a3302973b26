"""Which rows of a growing table are shown, and in which order: filter and sorting as an array of row numbers.

Rows that are appended are looked at alone: they are merged into the order that is there.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.query import Filter, Kind, Table, compile_filter
from t2tui.core.query.vectors import Vector, emptiness

if TYPE_CHECKING:
    from t2tui.core.store import ColumnStore

Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Sorting:
    """By what rows are sorted; equal ones stay in the order of the table, empty cells come last.

    Attributes:
        column: its name; of a list its first element counts. Empty: the order in which flows ended.
        is_descending: the largest first.
    """

    column: str = ""
    is_descending: bool = False


@dataclass(frozen=True, eq=False)
class Arranged:
    """Rows of a table in an order.

    Attributes:
        table: whose rows.
        rows: numbers of the rows that are shown, in order.
        filter_text: the condition that they fulfil.
        sorting: how they are sorted.
        conversations: number of conversations that are kept together (pairing.py); None: rows stand alone.
        is_final: values of rows do not change any more: the flows have ended.
    """

    table: "ColumnStore"
    rows: Rows
    filter_text: str = ""
    sorting: Sorting = field(default_factory=Sorting)
    conversations: int | None = None
    is_final: bool = True

    @property
    def is_paired(self) -> bool:
        """Whether A and B flows of one index stand beside each other."""
        return self.conversations is not None

    def __len__(self) -> int:
        """Return the number of rows that are shown."""
        return len(self.rows)

    def place(self, row: int) -> int | None:
        """Return the place of a row of the table, None if it is not shown."""
        if 0 <= row < len(self.rows) and self.rows[row] == row:  # neither filtered nor sorted
            return row
        found = np.flatnonzero(self.rows == row)
        return int(found[0]) if len(found) else None


class _Keys:
    """What rows are sorted by, as arrays that numpy can sort: ascending, the largest first if descending."""

    def __init__(self, sorting: Sorting) -> None:
        self._sorting = sorting
        self._numbers: dict[str, int] = {}  # text -> its number
        self._ranks = np.zeros(0, np.int64)  # number of a text -> its place among the sorted texts

    def of(self, vector: Vector) -> tuple[list[NDArray[Any]], NDArray[np.bool_]]:
        """Return arrays, the most significant one first, and which rows show nothing."""
        if vector.counts is not None:
            vector = vector.pick(np.cumsum(vector.counts) - vector.counts)
        empty = emptiness(vector)
        match vector.kind:
            case Kind.TEXT:
                keys: list[NDArray[Any]] = [self._of_texts(vector)]
            case Kind.ADDRESS:
                assert vector.family is not None and vector.lower is not None
                empty = empty | (vector.family == 0)
                keys = [vector.family, vector.values, vector.lower]
            case Kind.FLOAT:
                values = np.asarray(vector.values, np.float64)
                empty = empty | np.isnan(values)
                keys = [np.where(empty, 0.0, values)]
            case _:
                keys = [vector.values]
        return keys, empty

    def _of_texts(self, vector: Vector) -> NDArray[np.int64]:
        """Return numbers of texts; rank() tells how they are ordered."""
        known = self._numbers
        numbers = np.array([known.setdefault(word, len(known)) for word in vector.words] or [0], np.int64)
        found: NDArray[np.int64] = numbers[vector.values]
        return found

    def ranked(self, keys: list[NDArray[Any]], is_text: bool) -> list[NDArray[Any]]:
        """Return keys that sort as they should: ranks of texts, and everything reversed if descending."""
        if is_text:
            if len(self._ranks) != len(self._numbers):
                words = list(self._numbers)
                self._ranks = np.zeros(len(words), np.int64)
                self._ranks[sorted(range(len(words)), key=words.__getitem__)] = np.arange(len(words))
            keys = [self._ranks[keys[0]] if len(self._ranks) else keys[0]]
        if self._sorting.is_descending:
            keys = [-key if key.dtype.kind == "f" else ~key for key in keys]
        return keys


class Arrangement:
    """Filters and sorts a table that grows. Used by one thread at a time."""

    def __init__(self, table: Table, filter_text: str = "", sorting: Sorting | None = None) -> None:
        """Begin without rows; update() takes those of the table in.

        Args:
            table: has the columns.
            filter_text: condition (docs/filter.md).
            sorting: order; that of the table without.

        Raises:
            QueryError: the text is no condition for these columns.
        """
        self.filter_text = filter_text
        self.sorting = sorting or Sorting()
        self._filter: Filter = compile_filter(filter_text, table)
        self._keys = _Keys(self.sorting)
        self._seen = 0
        self._rows = np.zeros(0, np.int32)  # those that are shown, sorted, without the empty ones
        self._last = np.zeros(0, np.int32)  # those that show nothing in the column
        self._sorted: list[NDArray[Any]] = []  # keys of self._rows; of texts their numbers

    def update(self, table: "ColumnStore") -> Arranged:
        """Take in the rows that were appended since the last time.

        Args:
            table: the same table, with the same columns, grown or not.
        """
        behind = len(table)
        if behind > self._seen:
            fresh = self._filter.indices(table, self._seen, behind).astype(np.int32)
            if self.sorting.column:
                self._merge(table, fresh, behind)
            else:
                self._rows = np.concatenate([self._rows, fresh])
            self._seen = behind
        rows = np.concatenate([self._rows, self._last]) if len(self._last) else self._rows
        return Arranged(table, rows, self.filter_text, self.sorting)

    def _merge(self, table: "ColumnStore", fresh: Rows, behind: int) -> None:
        """Put rows where they belong."""
        vector = table.vector(self.sorting.column, slice(self._seen, behind))
        is_text = vector.kind is Kind.TEXT
        keys, empty = self._keys.of(vector)
        places = fresh - self._seen
        shown = ~empty[places]
        self._last = np.concatenate([self._last, fresh[~shown]])
        fresh = fresh[shown]
        keys = [key[places[shown]] for key in keys]
        ranked = self._keys.ranked(keys, is_text)
        order = np.lexsort(ranked[::-1]) if len(ranked) > 1 else np.argsort(ranked[0], kind="stable")
        fresh, keys, ranked = fresh[order], [key[order] for key in keys], [key[order] for key in ranked]
        if not len(self._rows):
            self._rows, self._sorted = fresh, keys
        elif len(keys) > 1:
            self._sort_anew(fresh, keys)
        else:
            self._insert(fresh, keys[0], ranked[0], is_text)

    def _sort_anew(self, fresh: Rows, keys: list[NDArray[Any]]) -> None:
        """Sort all rows by several keys; nearly sorted parts make that fast."""
        rows = np.concatenate([self._rows, fresh])
        both = [np.concatenate(pair) for pair in zip(self._sorted, keys, strict=True)]
        order = np.lexsort(self._keys.ranked(both, False)[::-1])
        self._rows, self._sorted = rows[order], [key[order] for key in both]

    def _insert(self, fresh: Rows, key: NDArray[Any], ranked: NDArray[Any], is_text: bool) -> None:
        """Insert sorted rows into sorted rows; equal ones behind those that are there, which came earlier.

        New texts change the ranks of the old ones, but not their order.
        """
        there = self._keys.ranked([self._sorted[0]], is_text)[0]
        places = np.searchsorted(there, ranked, side="right")
        self._rows = np.insert(self._rows, places, fresh)
        self._sorted = [np.insert(self._sorted[0], places, key)]
