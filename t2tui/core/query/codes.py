"""Checked parts of an expression: what they give, what they cost, how they are evaluated for many rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from t2tui.core.query.comparing import truth
from t2tui.core.query.errors import QueryError
from t2tui.core.query.nodes import Node
from t2tui.core.query.vectors import Flags, Kind, Rows, Table, Vector, aligned, per_row

COSTS = {Kind.TEXT: 20, Kind.ADDRESS: 3, Kind.FLOAT: 3}
"""What reading a column costs beside one of integers."""
MATCHING = 40
"""What looking into every text costs."""
EXPENSIVE = 10
"""Parts from here on are evaluated for those rows only that they matter for."""
FEW = 4
"""Cheap parts are, too, when at most one row of so many is left."""


class Batch:
    """Rows of a table for which an expression is evaluated; columns are read once."""

    def __init__(self, table: Table, rows: Rows, count: int) -> None:
        self._table, self._rows, self._count = table, rows, count
        self._columns: dict[str, Vector] = {}
        self._origin: tuple[Batch, NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._count

    def column(self, name: str) -> Vector:
        """Return the values of a column."""
        if name not in self._columns:
            self._columns[name] = self._read(name)
        return self._columns[name]

    def _read(self, name: str) -> Vector:
        if self._origin is not None:
            batch, picks = self._origin
            if name in batch._columns:
                return batch._columns[name].take(picks)
        return self._table.vector(name, self._rows)

    def narrowed(self, picks: NDArray[np.int64]) -> "Batch":
        """Return the batch of some rows, by their place in this one."""
        rows = picks + self._rows.start if isinstance(self._rows, slice) else self._rows[picks]
        batch = Batch(self._table, rows, len(picks))
        batch._origin = self, picks
        return batch


@dataclass(frozen=True)
class Code:
    """A checked part of an expression.

    Attributes:
        node: where it stands.
        kind: of its values.
        is_list: whether a row can have several.
        cost: compared with reading and comparing a column of integers.
        evaluate: gives the values for the rows of a batch.
        columns: names of the columns that it reads.
        value: of a constant.
        shape: of lists: those of one shape have as many elements in every row.
    """

    node: Node
    kind: Kind
    is_list: bool
    cost: int
    evaluate: Callable[[Batch], Vector]
    columns: frozenset[str] = field(default_factory=frozenset)
    value: Vector | None = None
    shape: str = ""

    @property
    def text(self) -> str | None:
        """The text of a constant text."""
        if self.value is None or self.kind is not Kind.TEXT:
            return None
        return self.value.words[int(self.value.values[0])]

    def flags(self, batch: Batch) -> Flags:
        """Return for which rows of a batch this is true."""
        vector = self.evaluate(batch)
        flags = per_row(vector if vector.kind is Kind.BOOL else _truths(vector))
        return np.broadcast_to(flags, (len(batch),))


def _truths(vector: Vector) -> Vector:
    return Vector(Kind.BOOL, truth(vector), counts=vector.counts, is_constant=vector.is_constant)


def constant_code(node: Node, value: Vector) -> Code:
    """Return a constant."""
    return Code(node, value.kind, False, 0, lambda batch: value, value=value)


def column_code(node: Node, name: str, kind: Kind, is_list: bool) -> Code:
    """Return a column."""
    cost = COSTS.get(kind, 1) + is_list
    return Code(node, kind, is_list, cost, lambda batch: batch.column(name), frozenset([name]), shape=name)


def elementwise(
    node: Node, kind: Kind, function: Callable[..., Vector], codes: Sequence[Code], cost: int = 1
) -> Code:
    """Return a function of the elements of other parts.

    Args:
        node: where it stands.
        kind: of the results.
        function: takes aligned vectors and returns one.
        codes: its arguments; lists among them are of one shape.
        cost: of the function itself.

    Raises:
        QueryError: two lists meet.
    """
    lists = [code for code in codes if code.is_list]
    if len({code.shape for code in lists}) > 1:
        wrong = lists[1].node
        raise QueryError(
            "a list meets another list here: which elements belong together?", wrong.start, wrong.end
        )

    def evaluate(batch: Batch) -> Vector:
        return function(*aligned(*(code.evaluate(batch) for code in codes)))

    columns = reduce(frozenset.union, (code.columns for code in codes), frozenset[str]())
    whole = cost + sum(code.cost for code in codes)
    if codes and all(code.value is not None for code in codes):
        value = function(*(code.value for code in codes))
        return Code(node, kind, False, 0, lambda batch: value, value=value)
    return Code(node, kind, bool(lists), whole, evaluate, columns, shape=lists[0].shape if lists else "")


def logical(node: Node, codes: Sequence[Code], deciding: bool) -> Code:
    """Return ``and`` (false decides) or ``or`` (true decides), cheap parts first.

    Parts that cost much are evaluated only for rows that are undecided.
    """
    ordered = sorted(codes, key=lambda code: code.cost)

    def evaluate(batch: Batch) -> Vector:
        undecided = np.ones(len(batch), bool)
        left = len(batch)
        for code in ordered:
            if left == 0:
                break
            if left * FEW <= len(batch) or (code.cost >= EXPENSIVE and left < len(batch)):
                picks = np.flatnonzero(undecided)
                undecided[picks[code.flags(batch.narrowed(picks)) == deciding]] = False
            else:
                flags = code.flags(batch)
                undecided &= ~flags if deciding else flags
            left = int(np.count_nonzero(undecided))
        return Vector(Kind.BOOL, ~undecided if deciding else undecided)

    columns = reduce(frozenset.union, (code.columns for code in codes))
    return Code(node, Kind.BOOL, False, sum(code.cost for code in codes), evaluate, columns)


def single(code: Code) -> Code:
    """Return whether a condition is true of a row: of a list, whether any of its elements is."""

    def evaluate(batch: Batch) -> Vector:
        return Vector(Kind.BOOL, code.flags(batch))

    return Code(code.node, Kind.BOOL, False, code.cost, evaluate, code.columns)


def negated(node: Node, code: Code) -> Code:
    """Return ``not``: of a list, whether none of its elements is true."""

    def evaluate(batch: Batch) -> Vector:
        return Vector(Kind.BOOL, ~code.flags(batch))

    return Code(node, Kind.BOOL, False, code.cost, evaluate, code.columns)
