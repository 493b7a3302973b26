"""Which columns are shown: names, patterns, expressions; and their cells as text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import Column
from t2tui.core.query.codes import Batch
from t2tui.core.query.errors import QueryError
from t2tui.core.query.filters import Expression, compile_expression
from t2tui.core.query.lexer import lexemes
from t2tui.core.query.values import TUPLES, cell_texts
from t2tui.core.query.vectors import Kind, Table

_PATTERN = re.compile(r"(?P<but>!?)\$?(?P<name>[\w*?]+)")


class CellTable(Table, Protocol):
    """A table that also has its cells as text."""

    def cells(self, name: str, rows: NDArray[np.int64]) -> list[str]:
        """Return the cells of a column as the file shows them."""


@dataclass(frozen=True)
class Shown:
    """A column of the output.

    Attributes:
        name: heading.
        type: of its cells, see ``t2tui.core.columns``.
        column: name of the column, empty for an expression.
        expression: what is computed; None for a column.
    """

    name: str
    type: str
    column: str = ""
    expression: Expression | None = None

    def cells(self, table: CellTable, rows: NDArray[np.int64]) -> list[str]:
        """Return the cells of rows."""
        if self.expression is None:
            return table.cells(self.column, rows)
        return cell_texts(self.expression.of(Batch(table, rows, len(rows))))


TYPES = {
    Kind.BOOL: "U8",
    Kind.INT: "I64",
    Kind.FLOAT: "D",
    Kind.SECONDS: "U64.U32",
    Kind.ADDRESS: "IPX",
    Kind.MAC: "MAC",
    Kind.TEXT: "SC",
}
"""Kind of an expression -> type of its cells."""


def split_items(text: str) -> list[tuple[int, str]]:
    """Split a list at the commas that are in no parenthesis and no text; return places and items.

    Raises:
        QueryError: a character belongs to no token.
    """
    items, depth, first = [], 0, 0
    for lexeme in lexemes(text):
        if lexeme.is_("("):
            depth += 1
        elif lexeme.is_(")"):
            depth -= 1
        elif lexeme.is_(",") and depth <= 0:
            items.append((first, text[first : lexeme.start]))
            first = lexeme.end
    items.append((first, text[first:]))
    return items


def select(text: str, columns: Sequence[Column]) -> list[Shown]:
    """Return what a list of columns, patterns and expressions shows.

    ``*`` and ``?`` in names stand for any characters and any one. ``!name`` leaves columns out; a list that
    begins with one leaves them out of all. ``tuple2()`` to ``tuple6()`` are the columns that they join.

    Raises:
        QueryError: an item is neither column nor pattern nor expression; has the place.
    """
    names = [column.name for column in columns]
    types = {column.name: column.type for column in columns}
    shown: list[Shown] = []
    for number, (start, item) in enumerate(split_items(text)):
        match = _PATTERN.fullmatch(item.strip())
        chosen = [name for name in names if fnmatchcase(name, match["name"])] if match else []
        if match and match["but"]:
            if not chosen:
                raise QueryError(f"no column is like '{match['name']}'", start, start + len(item))
            if number == 0:
                shown = [Shown(name, types[name], name) for name in names]
            shown = [column for column in shown if column.name not in chosen]
        elif chosen:
            shown += [Shown(name, types[name], name) for name in chosen]
        elif parts := TUPLES.get(item.strip().removesuffix("()")):
            found = [_expression(part, start, columns) for part in parts]
            shown += [Shown(each.column, types[each.column], each.column) for each in found]
        else:
            try:
                shown.append(_expression(item, start, columns))
            except QueryError:
                if match is None or not {"*", "?"} & set(item):
                    raise
                wrong = f"no column is like '{match['name']}'"
                raise QueryError(wrong, start, start + len(item)) from None
    return shown


def _expression(item: str, start: int, columns: Sequence[Column]) -> Shown:
    try:
        expression = compile_expression(item, columns)
    except QueryError as wrong:
        raise QueryError(
            wrong.message, start + wrong.start, start + wrong.end, wrong.expected, wrong.suggestions
        ) from None
    types = {column.name: column.type for column in columns}
    if expression.column:
        return Shown(expression.column, types[expression.column], expression.column)
    ending = ":R" if expression.is_list else ""
    return Shown(" ".join(item.split()), TYPES[expression.kind] + ending, "", expression)
