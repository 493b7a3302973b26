"""Compiled filters and expressions, and how they are applied to tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import Column
from t2tui.core.query.checking import Checker
from t2tui.core.query.codes import Batch, Code
from t2tui.core.query.nodes import ColumnName, Node
from t2tui.core.query.parser import parse, parse_list
from t2tui.core.query.vectors import Flags, Kind, Table, Vector

Columns = Iterable[Column] | Table


def columns_of(columns: Columns) -> Sequence[Column]:
    """Return the columns of a table, or those given."""
    if isinstance(columns, Table):
        return [columns.column(name) for name in columns.names]
    return list(columns)


@dataclass(frozen=True)
class Expression:
    """An expression whose names and kinds are known.

    Attributes:
        text: as written.
        kind: of its values.
        is_list: whether a row can have several.
        columns: names of the columns that it reads.
    """

    text: str
    kind: Kind
    is_list: bool
    columns: frozenset[str]
    _code: Code

    @property
    def column(self) -> str:
        """The name of the column that the expression is, empty for others."""
        return next(iter(self.columns)) if isinstance(self._code.node, ColumnName) else ""

    def of(self, batch: Batch) -> Vector:
        """Return the values for the rows of a batch, one for each."""
        with np.errstate(all="ignore"):
            vector = self._code.evaluate(batch)
        return vector.pick(np.zeros(len(batch), np.int64)) if vector.is_constant else vector

    def values(self, table: Table, first: int = 0, behind: int | None = None) -> Vector:
        """Return the values for rows of a table.

        Args:
            table: has the columns for which the expression was compiled.
            first: first row.
            behind: row behind the last one; all that follow without.
        """
        behind = len(table) if behind is None else min(behind, len(table))
        first = min(first, behind)
        return self.of(Batch(table, slice(first, behind), behind - first))


@dataclass(frozen=True)
class Filter:
    """A condition that rows fulfil or not.

    Attributes:
        text: as written; empty: every row fulfils it.
        columns: names of the columns that it reads.
    """

    text: str
    columns: frozenset[str]
    _code: Code | None

    def rows(self, table: Table, first: int = 0, behind: int | None = None) -> Flags:
        """Return for each row whether it fulfils the condition.

        Args:
            table: has the columns for which the filter was compiled.
            first: first row: rows that were appended to a table can be looked at alone.
            behind: row behind the last one; all that follow without.

        Returns:
            bool, one per row from ``first`` on.
        """
        behind = len(table) if behind is None else min(behind, len(table))
        first = min(first, behind)
        if self._code is None:
            return np.ones(behind - first, bool)
        with np.errstate(all="ignore"):
            return self._code.flags(Batch(table, slice(first, behind), behind - first)).copy()

    def indices(self, table: Table, first: int = 0, behind: int | None = None) -> NDArray[np.int64]:
        """Return the numbers of the rows that fulfil the condition, ascending."""
        return np.flatnonzero(self.rows(table, first, behind)) + first


def compile_filter(text: str, columns: Columns) -> Filter:
    """Return a filter (docs/filter.md).

    Args:
        text: the condition; blank: every row.
        columns: those of the table, or the table.

    Raises:
        QueryError: the text is no condition for these columns; has message and place.
    """
    if not text.strip():
        return Filter(text, frozenset(), None)
    code = _checked(parse(text), columns)[0]
    return Filter(text, code.columns, code)


def compile_expression(text: str, columns: Columns) -> Expression:
    """Return an expression for its values.

    Args:
        text: the expression.
        columns: those of the table, or the table.

    Raises:
        QueryError: the text is no expression for these columns; has message and place.
    """
    return _expression(text, _checked(parse(text), columns)[0])


def compile_expressions(text: str, columns: Columns) -> list[Expression]:
    """Return the expressions of a list separated by commas; ``text`` of each is its part.

    Raises:
        QueryError: one of them is no expression for these columns; has message and place.
    """
    codes = _checked(parse_list(text), columns)
    return [_expression(text[code.node.start : code.node.end], code) for code in codes]


def _checked(nodes: Node | Sequence[Node], columns: Columns) -> list[Code]:
    """Check expressions; what is constant is computed here."""
    checker = Checker(columns_of(columns))
    with np.errstate(all="ignore"):
        return [checker.check(node) for node in ([nodes] if isinstance(nodes, Node) else nodes)]


def _expression(text: str, code: Code) -> Expression:
    return Expression(text, code.kind, code.is_list, code.columns, code)
