"""Conversations: the A and B flows of one index beside each other, wherever their A flow stands."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.query import Table, compile_filter
from t2tui.core.query.vectors import elements
from t2tui.core.store import GrowingArray
from t2tui.tui.arrangement import Arranged, Arrangement, Rows, Sorting

if TYPE_CHECKING:
    from t2tui.core.store import ColumnStore

INDEX, STATUS = "flowInd", "flowStat"
DENSE = 4
"""Indices that are spread over more than this many times their number are numbered anew."""


@dataclass(frozen=True)
class Conversations:
    """Which rows belong together.

    Attributes:
        rows: all rows, those of a conversation behind one another, A before B, else in their order.
        first: place in ``rows`` of the first row of each conversation.
        counts: number of rows of each conversation.
    """

    rows: NDArray[np.int64]
    first: NDArray[np.int64]
    counts: NDArray[np.int64]

    def arrange(self, order: Rows, hits: NDArray[np.bool_]) -> tuple[Rows, int]:
        """Return rows in conversations, in the order of their first rows.

        Args:
            order: all rows, as they would be sorted alone.
            hits: for each row whether it fulfils the filter: one of a conversation shows all of it.

        Returns:
            The rows, and the number of conversations.
        """
        if not len(order):
            return order, 0
        leads = np.full(len(order), -1, np.int32)  # row -> the conversation whose first row it is
        wanted = np.flatnonzero(np.logical_or.reduceat(hits[self.rows], self.first))
        leads[self.rows[self.first[wanted]]] = wanted
        led = leads[order]
        numbers: NDArray[np.int64] = led[led >= 0].astype(np.int64)
        return self.rows[elements(self.first, self.counts, numbers)].astype(np.int32), len(numbers)


def conversations(indices: NDArray[Any], is_reply: NDArray[np.bool_]) -> Conversations:
    """Put the rows of each index together.

    Args:
        indices: index of the flow of each row.
        is_reply: whether it is a B flow.
    """
    if len(indices):
        least, most = int(indices.min()), int(indices.max())
        is_dense = most - least <= DENSE * len(indices)
        indices = indices - indices.min() if is_dense else np.unique(indices, return_inverse=True)[1]
    keys = indices.astype(np.int64) << 1 | is_reply
    rows = np.argsort(keys, kind="stable")
    first = np.flatnonzero(np.diff(keys[rows] >> 1, prepend=-1))
    counts: NDArray[np.int64] = np.diff(first, append=len(rows))
    return Conversations(rows, first, counts)


class Pairing:
    """What all paired arrangements of a growing table have in common; computed only when it has grown."""

    def __init__(self) -> None:
        self._indices = GrowingArray(np.zeros(0, np.uint64))
        self._is_reply = GrowingArray(np.zeros(0, bool))
        self._found: Conversations | None = None
        self._order: Arrangement | None = None

    def order(self, table: "ColumnStore", sorting: Sorting) -> Rows:
        """Return all rows in an order; another filter goes on with the one of before."""
        if self._order is None or self._order.sorting != sorting:
            self._order = Arrangement(table, "", sorting)
        return self._order.update(table).rows

    def of(self, table: "ColumnStore") -> Conversations:
        """Return the conversations of the rows so far.

        Args:
            table: the same one each time, grown or not.
        """
        fresh = slice(len(self._indices.values), len(table))
        if fresh.start < fresh.stop or self._found is None:
            indices, status = (table.vector(name, fresh).values.astype(np.uint64) for name in (INDEX, STATUS))
            self._indices.append(indices)
            self._is_reply.append(status & np.uint64(L3FLOWINVERT) != 0)
            self._found = conversations(self._indices.values, self._is_reply.values)
        return self._found


class PairedArrangement:
    """Filters and sorts conversations of a table that grows. Used by one thread at a time."""

    def __init__(
        self,
        table: Table,
        filter_text: str = "",
        sorting: Sorting | None = None,
        pairing: Pairing | None = None,
    ) -> None:
        """Begin without rows, as ``Arrangement`` does.

        Args:
            table: has the columns.
            filter_text: condition; a conversation is shown if one of its flows fulfils it.
            sorting: order of the conversations: that of their first flows.
            pairing: that of the table, which another arrangement has used.

        Raises:
            QueryError: the text is no condition for these columns.
            ValueError: the table does not say which flows belong together.
        """
        if not {INDEX, STATUS} <= set(table.names):
            raise ValueError(f"A and B cannot be paired without the columns {INDEX} and {STATUS}")
        self.filter_text = filter_text
        self.sorting = sorting or Sorting()
        self._filter = compile_filter(filter_text, table)
        self._pairing = pairing or Pairing()
        self._hits = GrowingArray(np.zeros(0, bool))

    def update(self, table: "ColumnStore") -> Arranged:
        """Take in the rows that were appended since the last time."""
        seen = len(self._hits.values)
        if seen < len(table):
            self._hits.append(self._filter.rows(table, seen, len(table)))
        order = self._pairing.order(table, self.sorting)
        rows, count = self._pairing.of(table).arrange(order, self._hits.values)
        return Arranged(table, rows, self.filter_text, self.sorting, count)
