"""Figures of groups of rows: sums, extremes, means, entropies; over as many tables as are added."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import Column
from t2tui.core.query import numbers
from t2tui.core.query.codes import Batch
from t2tui.core.query.errors import QueryError
from t2tui.core.query.filters import Expression, compile_expression
from t2tui.core.query.lexer import Token, lexemes
from t2tui.core.query.selection import CellTable, Shown, select, split_items
from t2tui.core.query.values import cell_texts
from t2tui.core.query.vectors import NANOSECONDS, NUMBERS, Kind, Vector, emptiness, factorized

Number = int | float
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Figure:
    """What is computed of the values that a group's rows have.

    Attributes:
        what: one of FIGURES.
        expression: gives the values.
        name: heading.
    """

    what: str
    expression: Expression
    name: str


class Totals(Protocol):
    """A figure of many groups. Groups are numbers, given in the order in which they come up."""

    def add(self, table: CellTable, rows: Integers, group: Integers, groups: int) -> None:
        """Add rows of a table.

        Args:
            table: the table.
            rows: of it.
            group: of each row.
            groups: how many there are by now.
        """

    def value(self, group: int) -> Number | None:
        """Return the figure of a group, None where no cell counts."""

    def text(self, value: Number | None) -> str:
        """Return a figure as files show numbers of its kind."""


class Rows:
    """How many rows a group has."""

    def __init__(self) -> None:
        self._counts: list[int] = []

    def add(self, table: CellTable, rows: Integers, group: Integers, groups: int) -> None:
        """See Totals."""
        counts = np.bincount(group, minlength=groups).tolist()
        self._counts += [0] * (groups - len(self._counts))
        for place in np.unique(group).tolist():
            self._counts[place] += counts[place]

    def value(self, group: int) -> Number | None:
        """See Totals."""
        return self._counts[group]

    def text(self, value: Number | None) -> str:
        """See Totals."""
        return str(value)


class _Numbers:
    """A figure of numbers; integers and times (in nanoseconds) are exact."""

    skips_empty = True

    def __init__(self, expression: Expression) -> None:
        self._expression = expression
        self.kind = expression.kind
        self._values: list[Number | None] = []

    def add(self, table: CellTable, rows: Integers, group: Integers, groups: int) -> None:
        """See Totals."""
        vector = self._expression.of(Batch(table, rows, len(rows)))
        if vector.counts is not None:
            group = np.repeat(group, vector.counts)
        values = _numbers_of(vector)
        if self.skips_empty:
            keep = ~emptiness(vector)
            if self.kind is Kind.FLOAT:
                keep &= ~np.isnan(values)
            values, group = values[keep], group[keep]
        self._values += [None] * (groups - len(self._values))
        present, local = np.unique(group, return_inverse=True)
        if len(present):
            self._merge(present.tolist(), values, local)

    def _merge(self, present: list[int], values: NDArray[np.generic], local: Integers) -> None:
        """Take in values.

        Args:
            present: groups that have some.
            values: all of them.
            local: to which of ``present`` each belongs.
        """
        raise NotImplementedError

    def value(self, group: int) -> Number | None:
        """See Totals."""
        return self._values[group]

    def text(self, value: Number | None) -> str:
        """See Totals."""
        return number_text(value, self.kind)


class Sum(_Numbers):
    """The sum; empty cells count as 0."""

    skips_empty = False

    def _merge(self, present: list[int], values: NDArray[np.generic], local: Integers) -> None:
        for group, total in zip(present, _sums(values, local, len(present)), strict=True):
            self._values[group] = (self._values[group] or 0) + total


class Extreme(_Numbers):
    """The smallest or the largest value; empty cells do not count."""

    def __init__(self, expression: Expression, choose: np.ufunc) -> None:
        super().__init__(expression)
        self._choose = choose
        self._of_two: Callable[[Number, Number], Number] = min if choose is np.minimum else max

    def _merge(self, present: list[int], values: NDArray[np.generic], local: Integers) -> None:
        order = np.argsort(local, kind="stable")
        first = np.searchsorted(local[order], np.arange(len(present)))
        for group, found in zip(present, self._choose.reduceat(values[order], first).tolist(), strict=True):
            old = self._values[group]
            self._values[group] = found if old is None else self._of_two(old, found)


class Mean(_Numbers):
    """The mean; empty cells do not count. Exact until it is shown: of times in whole nanoseconds."""

    def __init__(self, expression: Expression) -> None:
        super().__init__(expression)
        self._counts: list[int] = []

    def _merge(self, present: list[int], values: NDArray[np.generic], local: Integers) -> None:
        counts = np.bincount(local, minlength=len(present)).tolist()
        self._counts += [0] * (len(self._values) - len(self._counts))
        for group, total, count in zip(present, _sums(values, local, len(present)), counts, strict=True):
            self._values[group] = (self._values[group] or 0) + total
            self._counts[group] += count

    def value(self, group: int) -> Number | None:
        """See Totals."""
        total = self._values[group]
        if total is None:
            return None
        if isinstance(total, float):
            return total / self._counts[group]
        mean = Fraction(total, self._counts[group])
        return round(mean) if self.kind is Kind.SECONDS else float(mean)


class Entropy:
    """How evenly the different cells of a column are spread, in bits (Shannon); lists count as a whole."""

    def __init__(self, expression: Expression) -> None:
        self._expression = expression
        self._counts: list[Counter[str]] = []

    def add(self, table: CellTable, rows: Integers, group: Integers, groups: int) -> None:
        """See Totals."""
        self._counts += [Counter() for _ in range(groups - len(self._counts))]
        codes, words = factorized(cell_texts(self._expression.of(Batch(table, rows, len(rows)))))
        pairs, counts = np.unique(group * max(len(words), 1) + codes, return_counts=True)
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
            place, code = divmod(pair, len(words))
            self._counts[place][words[code]] += count

    def value(self, group: int) -> Number | None:
        """See Totals."""
        counts = self._counts[group].values()
        total = sum(counts)
        return math.fsum(-n / total * math.log2(n / total) for n in counts) + 0.0  # no -0

    def text(self, value: Number | None) -> str:
        """See Totals."""
        return number_text(value, Kind.FLOAT)


FIGURES: dict[str, Callable[[Expression], Totals]] = {
    "sum": Sum,
    "min": lambda expression: Extreme(expression, np.minimum),
    "max": lambda expression: Extreme(expression, np.maximum),
    "mean": Mean,
    "ientropy": Entropy,
}
"""Name of a figure -> what computes it."""


def figures(text: str, columns: Sequence[Column]) -> list[Figure]:
    """Return the figures of a list: columns, patterns and expressions are summed; ``min(c)`` and so on.

    Raises:
        QueryError: an item is no figure, or is not made of numbers; has the place.
    """
    found = []
    for start, item in split_items(text):
        what, begin, end = _call(item)
        inside = item[begin:end]
        try:
            chosen = select(inside, columns) if inside.strip() else []
        except QueryError as wrong:
            raise QueryError(
                wrong.message,
                start + begin + wrong.start,
                start + begin + wrong.end,
                wrong.expected,
                wrong.suggestions,
            ) from None
        if not chosen:
            raise QueryError("here a figure is missing", start, start + len(item), ["a column"])
        for shown in chosen:
            expression = _expression_of(shown, columns)
            if what != "ientropy" and expression.kind not in NUMBERS:
                raise QueryError(
                    f"'{shown.name}' is {expression.kind.value}", start + begin, start + end, ["a number"]
                )
            found.append(Figure(what or "sum", expression, f"{what}({shown.name})" if what else shown.name))
    return found


def _call(item: str) -> tuple[str, int, int]:
    """Return the figure that an item names, empty for a plain value, and where its argument is."""
    tokens = list(lexemes(item))
    if len(tokens) > 3 and tokens[0].token is Token.NAME and tokens[0].text in FIGURES and tokens[1].is_("("):
        depth = 0
        for number, token in enumerate(tokens):
            depth += token.is_("(") - token.is_(")")
            if depth == 0 and number and number == len(tokens) - 2:
                return tokens[0].text, tokens[1].end, token.start
            if depth == 0 and number:
                break
    return "", 0, len(item)


def _expression_of(shown: Shown, columns: Sequence[Column]) -> Expression:
    if shown.expression is not None:
        return shown.expression
    return compile_expression(f'$"{shown.column}"', columns)


def _numbers_of(vector: Vector) -> NDArray[np.generic]:
    if vector.kind is Kind.FLOAT:
        return numbers.as_floats(vector)
    if vector.kind is Kind.SECONDS:
        return numbers.as_nanoseconds(vector)
    return numbers.as_integers(vector)


def _sums(values: NDArray[np.generic], group: Integers, count: int) -> list[Number]:
    """Return the sum of each group; integers exactly."""
    if values.dtype.kind == "f":
        floats: list[Number] = np.bincount(group, values, count).tolist()
        return floats
    if values.dtype != object and max(map(abs, numbers.bounds(values))) * len(values) < 1 << 63:
        sums = np.zeros(count, np.int64)
        np.add.at(sums, group, values.astype(np.int64))
        return [*sums.tolist()]
    exact: list[Number] = [0] * count
    for place, value in zip(group.tolist(), values.tolist(), strict=True):
        exact[place] += value
    return exact


def number_text(value: Number | None, kind: Kind) -> str:
    """Return a figure as files show numbers of its kind; nothing for None."""
    if value is None:
        return ""
    if kind is Kind.SECONDS:
        seconds, fraction = divmod(abs(int(value)), NANOSECONDS)
        return f"{'-' if value < 0 else ''}{seconds}.{fraction:09d}"
    return f"{value:.15g}" if isinstance(value, float) else str(value)
