"""Groups of rows with equal values: their number, and sums of what they have."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from t2tui.core.query import numbers
from t2tui.core.query.codes import Batch
from t2tui.core.query.filters import Expression
from t2tui.core.query.selection import CellTable, Shown
from t2tui.core.query.vectors import NANOSECONDS, Kind, factorized

Number = int | float


class Groups:
    """Sums by group, over as many tables as are added."""

    def __init__(self, fields: Sequence[Shown], sums: Sequence[Expression]) -> None:
        """Say what is grouped.

        Args:
            fields: rows in which these show the same belong together.
            sums: numbers that are summed; none: rows are counted.
        """
        self._fields = fields
        self._sums = sums
        self._groups: dict[tuple[str, ...], list[Number]] = {}

    def add(self, table: CellTable, rows: NDArray[np.int64]) -> None:
        """Add rows of a table."""
        if not len(rows):
            return
        columns = [factorized(field.cells(table, rows)) for field in self._fields]
        combined = np.zeros(len(rows), np.int64)
        for codes, words in columns:
            _, combined = np.unique(combined, return_inverse=True)
            combined = combined * len(words) + codes
        _, first, group = np.unique(combined, return_index=True, return_inverse=True)
        totals = [_totals(expression, table, rows, group, len(first)) for expression in self._sums]
        if not totals:
            totals = [np.bincount(group, minlength=len(first)).tolist()]
        for number, row in enumerate(first.tolist()):
            key = tuple(words[codes[row]] for codes, words in columns)
            mine = self._groups.setdefault(key, [0] * len(totals))
            for place, total in enumerate(totals):
                mine[place] += total[number]

    def ordered(self, most: int | None = None) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return groups and the texts of their sums, the largest first sum first.

        Args:
            most: number of groups; negative: the smallest ones; None: all.
        """
        groups = sorted(self._groups.items(), key=lambda item: (-item[1][0], item[0]))
        if most is not None:
            groups = groups[:most] if most >= 0 else groups[most:][::-1]
        kinds = [expression.kind for expression in self._sums] or [Kind.INT]
        return [
            (key, [sum_text(total, kind) for total, kind in zip(totals, kinds, strict=True)])
            for key, totals in groups
        ]


def _totals(
    expression: Expression, table: CellTable, rows: NDArray[np.int64], group: NDArray[np.int64], count: int
) -> list[Number]:
    """Return the sum of each group; integers and times exactly."""
    vector = expression.of(Batch(table, rows, len(rows)))
    if vector.counts is not None:
        group = np.repeat(group, vector.counts)
    if vector.kind is Kind.FLOAT:
        floats: list[Number] = np.bincount(group, numbers.as_floats(vector), count).tolist()
        return floats
    values = numbers.as_nanoseconds(vector) if vector.kind is Kind.SECONDS else numbers.as_integers(vector)
    if values.dtype != object and max(map(abs, numbers.bounds(values))) * len(values) < 1 << 63:
        sums = np.zeros(count, np.int64)
        np.add.at(sums, group, values.astype(np.int64))
        return [*sums.tolist()]
    exact: list[Number] = [0] * count
    for place, value in zip(group.tolist(), values.tolist(), strict=True):
        exact[place] += value
    return exact


def sum_text(total: Number, kind: Kind) -> str:
    """Return a sum as files show numbers of its kind."""
    if kind is Kind.SECONDS:
        seconds, fraction = divmod(abs(int(total)), NANOSECONDS)
        return f"{'-' if total < 0 else ''}{seconds}.{fraction:09d}"
    return f"{total:.15g}" if isinstance(total, float) else str(total)
