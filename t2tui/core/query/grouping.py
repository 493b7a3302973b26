"""Groups of rows with equal values: their number, and figures of what they have."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from t2tui.core.query.cells import split_list
from t2tui.core.query.figures import FIGURES, Figure, Number, Rows, Totals
from t2tui.core.query.selection import CellTable, Shown
from t2tui.core.query.vectors import factorized, is_list

Key = tuple[str, ...]


class Groups:
    """Figures by group, over as many tables as are added."""

    def __init__(self, fields: Sequence[Shown], figures: Sequence[Figure], *, each: bool = False) -> None:
        """Say what is grouped.

        Args:
            fields: rows in which their cells are the same belong together; none: all rows do.
            figures: what is computed; none: rows are counted.
            each: a row belongs to the group of each different element of its lists.
        """
        self._fields = fields
        self._is_list = [each and is_list(field.type) for field in fields]
        self._totals: list[Totals] = [FIGURES[figure.what](figure.expression) for figure in figures] or [
            Rows()
        ]
        self._groups: dict[Key, int] = {}

    def add(self, table: CellTable, rows: NDArray[np.int64]) -> None:
        """Add rows of a table."""
        if not len(rows):
            return
        columns = [field.cells(table, rows) for field in self._fields]
        for place, is_list_ in enumerate(self._is_list):
            if is_list_:
                columns, rows = _each(columns, rows, place)
        group = self._numbers([factorized(cells) for cells in columns], len(rows))
        for totals in self._totals:
            totals.add(table, rows, group, len(self._groups))

    def _numbers(
        self, columns: "Sequence[tuple[NDArray[np.int64], list[str]]]", count: int
    ) -> NDArray[np.int64]:
        """Return the group of each row; new ones get the next numbers."""
        combined = np.zeros(count, np.int64)
        for codes, words in columns:
            _, combined = np.unique(combined, return_inverse=True)
            combined = combined * len(words) + codes
        _, first, local = np.unique(combined, return_index=True, return_inverse=True)
        known = self._groups
        keys = [tuple(words[codes[row]] for codes, words in columns) for row in first.tolist()]
        return np.array([known.setdefault(key, len(known)) for key in keys], np.int64)[local]

    def ordered(self, most: int | None = None) -> list[tuple[Key, list[str]]]:
        """Return groups and the texts of their figures, the largest first figure first.

        Args:
            most: number of groups; negative: the smallest ones; None: all.
        """
        leading = self._totals[0]
        found = [(key, number, leading.value(number)) for key, number in self._groups.items()]
        found.sort(key=lambda item: (*_rank(item[2]), item[0]))
        if most is not None:
            found = found[:most] if most >= 0 else found[most:][::-1]
        return [
            (key, [totals.text(totals.value(number)) for totals in self._totals]) for key, number, _ in found
        ]


def _rank(value: Number | None) -> tuple[bool, bool, Number]:
    """Return what sorts figures: the largest first, then what is no number, then groups without."""
    if value is None or value != value:
        return value is None, True, 0
    return False, False, -value


def _each(
    columns: Sequence[list[str]], rows: NDArray[np.int64], place: int
) -> tuple[list[list[str]], NDArray[np.int64]]:
    """Repeat rows for each different element of the lists of a column."""
    parts = [list(dict.fromkeys(split_list(cell))) or [""] for cell in columns[place]]
    counts = [len(part) for part in parts]
    repeated = [
        [cell for cell, count in zip(cells, counts, strict=True) for _ in range(count)] for cells in columns
    ]
    repeated[place] = [element for part in parts for element in part]
    return repeated, np.repeat(rows, counts)
