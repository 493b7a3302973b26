"""Rows in the order of some of their values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.query import numbers
from t2tui.core.query.codes import Batch
from t2tui.core.query.filters import Expression
from t2tui.core.query.vectors import Kind, Table, emptiness

PRUNED = 20_000
"""Rows beyond those wanted that are kept before the worst are dropped."""


@dataclass(frozen=True)
class Order:
    """By what rows are sorted.

    Attributes:
        expression: gives the value; of a list its first element.
        is_descending: the largest first.
    """

    expression: Expression
    is_descending: bool = False

    def keys(self, table: Table, rows: NDArray[np.int64]) -> list[Any]:
        """Return values that Python can sort; None where the cell is empty or no number."""
        vector = self.expression.of(Batch(table, rows, len(rows)))
        if vector.counts is not None:
            vector = vector.pick(np.cumsum(vector.counts) - vector.counts)
        empty = emptiness(vector)
        match vector.kind:
            case Kind.TEXT:
                values: list[Any] = [vector.words[code] for code in vector.values.tolist()]
            case Kind.ADDRESS:
                assert vector.family is not None and vector.lower is not None
                parts = (vector.family.tolist(), vector.values.tolist(), vector.lower.tolist())
                values = list(zip(*parts, strict=True))
            case Kind.FLOAT:
                floats = numbers.as_floats(vector)
                empty = empty | np.isnan(floats)
                values = floats.tolist()
            case _:
                values = vector.values.tolist()
        return [None if nothing else value for nothing, value in zip(empty.tolist(), values, strict=True)]


class SortedRows:
    """Rows that are collected and handed out in order; equal ones in the order in which they came."""

    def __init__(self, orders: Sequence[Order], most: int | None = None) -> None:
        """Say how rows are ordered.

        Args:
            orders: the first one counts most.
            most: how many of the first rows are wanted; None: all.
        """
        self._orders, self._most = orders, most
        self._keys: list[list[Any]] = [[] for _ in orders]
        self._rows: list[Any] = []

    def add(self, table: Table, rows: NDArray[np.int64], contents: Sequence[Any]) -> None:
        """Add rows of a table, and what is to be handed out for them."""
        for keys, order in zip(self._keys, self._orders, strict=True):
            keys += order.keys(table, rows)
        self._rows += contents
        if self._most is not None and len(self._rows) > self._most + PRUNED:
            self._keep(self._numbers()[: self._most])

    def _keep(self, chosen: Sequence[int]) -> None:
        self._keys = [[keys[number] for number in chosen] for keys in self._keys]
        self._rows = [self._rows[number] for number in chosen]

    def _numbers(self) -> list[int]:
        found = list(range(len(self._rows)))
        for keys, order in reversed(list(zip(self._keys, self._orders, strict=True))):
            shown = [number for number in found if keys[number] is not None]
            shown.sort(key=keys.__getitem__, reverse=order.is_descending)
            found = shown + [number for number in found if keys[number] is None]
        return found

    def ordered(self) -> list[Any]:
        """Return what was added, in order; empty cells come last."""
        return [self._rows[number] for number in self._numbers()[: self._most]]
