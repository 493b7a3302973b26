"""Which status bits the flows of a capture have, and how many flows have each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from t2tui.core import bits
from t2tui.core.columns import Column
from t2tui.core.query import Kind
from t2tui.core.store import ColumnStore

RANKS = {"err": 0, "wrn": 1, "inf": 2, "none": 3}
"""What is worst comes first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A bit that is set in some flow.

    Attributes:
        column: where.
        bit: which, and what it says.
        flows: number of rows that have it.
        level: ``err``, ``wrn``, ``inf`` or ``none``.
    """

    column: str
    bit: bits.Bit
    flows: int
    level: str

    @property
    def condition(self) -> str:
        """The filter that shows the flows."""
        return f"bitsanyset(${self.column}, {self.bit.mask:#x})"


def level_of(column: str, bit: bits.Bit) -> str:
    """Return the worse of the classes that a bit has in report and decoder."""
    return min(bit.level, bit.decoder, key=RANKS.__getitem__)


class BitCounts:
    """Counts the bits of all status columns of a table that grows. Used by one thread at a time."""

    def __init__(self) -> None:
        self._seen = 0
        self._counts: dict[str, NDArray[np.int64]] = {}

    def update(self, table: ColumnStore) -> list[Finding]:
        """Count the rows that were appended, and return what was found so far, the worst first."""
        behind = len(table)
        columns = [table.column(name) for name in table.names if table.column(name).bits]
        for column in columns:
            self._count(table, column, behind)
        self._seen = behind
        return self._findings(columns)

    def _count(self, table: ColumnStore, column: Column, behind: int) -> None:
        if behind == self._seen:
            return
        vector = table.vector(column.name, slice(self._seen, behind))
        if vector.kind is not Kind.INT:  # part of a compound column
            return
        values = vector.values.astype(np.uint64)
        if vector.empty is not None:
            values = np.where(vector.empty, np.uint64(0), values)
        if vector.counts is not None:  # a list: a flow has what any element has
            values = np.bitwise_or.reduceat(values, np.cumsum(vector.counts) - vector.counts)
        distinct, times = np.unique(values, return_counts=True)
        places = np.arange(64, dtype=np.uint64)
        is_set = (distinct[:, None] >> places[None, :]) & np.uint64(1)
        counts = self._counts.setdefault(column.name, np.zeros(64, np.int64))
        counts += (is_set.astype(np.int64) * times[:, None]).sum(axis=0)

    def _findings(self, columns: Sequence[Column]) -> list[Finding]:
        found = []
        for column in columns:
            counts = self._counts.get(column.name)
            for bit in bits.table(column.bits).bits if counts is not None else ():
                if counts is not None and counts[bit.number]:
                    level = level_of(column.name, bit)
                    found.append(Finding(column.name, bit, int(counts[bit.number]), level))
        return sorted(found, key=lambda finding: (RANKS[finding.level], -finding.flows))
