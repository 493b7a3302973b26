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
from t2tui.core.query.patterns import PatternError, compile_pattern
from t2tui.core.query.values import TUPLES, cell_texts
from t2tui.core.query.vectors import Kind, Table

_PATTERN = re.compile(r"(?P<but>!?)\$?(?P<name>[\w*?]+)")
_WILDCARD = re.compile(r"(?P<but>!?)\s*wildcard\((?P<pattern>.*)\)", re.DOTALL)
_WILDCARDS = re.compile(
    r"(?:(?<=,)|^)\s*!?\s*wildcard\((?P<pattern>(?:[^\\\[()]|\\.|\[\^?\]?[^\]]*\]|\([^()]*\))*)\)", re.DOTALL
)
"""``wildcard(PATTERN)`` at the begin of an item; parentheses in it may be one deep."""
_STANDS_FOR_MANY = re.compile(r"[*?]|^wildcard\(")


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
    hidden = _WILDCARDS.sub(_without_pattern, text)  # regular expressions are no tokens
    for lexeme in lexemes(hidden):
        if lexeme.is_("("):
            depth += 1
        elif lexeme.is_(")"):
            depth -= 1
        elif lexeme.is_(",") and depth <= 0:
            items.append((first, text[first : lexeme.start]))
            first = lexeme.end
    items.append((first, text[first:]))
    return items


def _without_pattern(match: re.Match[str]) -> str:
    """Return an item with its pattern replaced by as many digits."""
    begin, end = match.span("pattern")
    whole = match[0]
    return whole[: begin - match.start()] + "0" * (end - begin) + whole[end - match.start() :]


def _chosen(item: str, start: int, names: Sequence[str]) -> list[str] | None:
    """Return the columns that a name, a pattern or ``wildcard()`` stands for; None: it is an expression.

    Raises:
        QueryError: the regular expression of ``wildcard()`` is not valid.
    """
    if match := _PATTERN.fullmatch(item.strip()):
        return [name for name in names if fnmatchcase(name, match["name"])]
    if not (match := _WILDCARD.fullmatch(item.strip())):
        return None
    pattern = match["pattern"].strip()
    if len(pattern) > 1 and pattern[0] in "\"'" and pattern[-1] == pattern[0]:
        pattern = pattern[1:-1]
    but = pattern.startswith("!")
    try:
        search = compile_pattern(pattern.removeprefix("!"))
        return [name for name in names if (search(name) is None) == but]
    except PatternError as wrong:
        raise QueryError(f"wildcard(): {wrong}", start, start + len(item)) from None


def select(text: str, columns: Sequence[Column]) -> list[Shown]:
    """Return what a list of columns, patterns and expressions shows.

    ``*`` and ``?`` in names stand for any characters and any one; ``wildcard(x)`` are the columns whose names
    match the regular expression x, ``wildcard(!x)`` those that do not. ``!`` in front leaves columns out; a
    list that begins with it leaves them out of all. ``tuple2()`` to ``tuple6()`` are the columns that they
    join.

    Raises:
        QueryError: an item is neither column nor pattern nor expression; has the place.
    """
    names = [column.name for column in columns]
    types = {column.name: column.type for column in columns}
    shown: list[Shown] = []
    for number, (start, item) in enumerate(split_items(text)):
        word = item.strip()
        chosen = _chosen(item, start, names)
        if word.startswith("!") and chosen is not None:
            if not chosen:
                raise _like_nothing(word, start, item)
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
                if chosen is None or not _STANDS_FOR_MANY.search(word):
                    raise
                raise _like_nothing(word, start, item) from None
    return shown


def _like_nothing(word: str, start: int, item: str) -> QueryError:
    return QueryError(f"no column is like '{word.lstrip('!$')}'", start, start + len(item))


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
