"""Columns of a table as integers that can be grouped."""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.query.vectors import Kind, Rows, Table, Vector, as_text


class Reading:
    """Some rows of a table.

    Attributes:
        count: number of rows.
    """

    def __init__(self, table: Table, rows: Rows, texts: dict[str, int]) -> None:
        """Say what is read.

        Args:
            table: the flows.
            rows: which of them.
            texts: numbers of the texts that were read before; new ones are added.
        """
        self.count = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        self._table, self._rows, self._texts = table, rows, texts

    def _vector(self, name: str) -> Vector:
        return self._table.vector(name, self._rows)

    def integers(self, name: str) -> NDArray[Any]:
        """Return a column of integers; empty cells are 0."""
        vector = self._vector(name)
        return vector.values if vector.empty is None else np.where(vector.empty, 0, vector.values)

    def address(self, name: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return a column of addresses as families (0 for none), upper and lower halves."""
        vector = self._vector(name)
        assert vector.kind is Kind.ADDRESS and vector.family is not None and vector.lower is not None
        return vector.family, vector.values, vector.lower

    def texts(self, name: str) -> NDArray[np.int64]:
        """Return the numbers of the texts of a column that is no list."""
        return self.listed(name)[1]

    def listed(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return a column of lists of texts: each text that a row has, once.

        Returns:
            Rows, counted from the first one that is read, and numbers of the texts.
        """
        vector = as_text(self._vector(name))
        numbers = np.array(
            [self._texts.setdefault(word, len(self._texts)) for word in vector.words], np.int64
        )
        codes = numbers[vector.values]
        rows = np.arange(self.count)
        if vector.empty is not None:
            codes = np.where(vector.empty, self._texts.setdefault("", len(self._texts)), codes)
        if vector.counts is None:
            return rows, codes
        both = np.unique(np.repeat(rows, vector.counts) * len(self._texts) + codes)
        return both // len(self._texts), both % len(self._texts)

    def number(self, text: str) -> int:
        """Return the number of a text, whether or not a row has it."""
        return self._texts.setdefault(text, len(self._texts))

    def measured(self, name: str) -> "NDArray[np.int64] | None":
        """Return a column of numbers that are added up; None if the table lacks it."""
        if name not in self._table.names:
            return None
        return self.integers(name).astype(np.int64)

    @cached_property
    def packets(self) -> "NDArray[np.int64] | None":
        """Packets that each flow sent."""
        return self.measured("pktsSnt")

    @cached_property
    def bytes(self) -> "NDArray[np.int64] | None":
        """Bytes of layer 7 that each flow sent."""
        return self.measured("l7BytesSnt")
