"""Rows of two files beside each other, column by column."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from t2tui.cli.formats import Row
from t2tui.core.query.selection import Shown

SHOWN = 5
"""Rows that are named of each column."""

HEADING = ("column", "different", "rows")
"""Columns of what is shown."""

ROWS = "(rows)"
"""Stands for the numbers of rows."""


class Comparison:
    """Counts, by column, in how many rows two tables differ.

    Attributes:
        differs: whether anything does.
    """

    def __init__(self, ours: Sequence[Shown], theirs: Sequence[Shown]) -> None:
        """Say which columns there are; those of one name are compared."""
        names = {shown.name: shown for shown in theirs}
        own = {shown.name for shown in ours}
        self._pairs = [(shown, names[shown.name]) for shown in ours if shown.name in names]
        self._alone = [(shown.name, "only in the first") for shown in ours if shown.name not in names]
        self._alone += [(shown.name, "only in the second") for shown in theirs if shown.name not in own]
        self._counts = [0] * len(self._pairs)
        self._first: list[list[int]] = [[] for _ in self._pairs]
        self._lengths = (0, 0)

    @property
    def columns(self) -> list[tuple[Shown, Shown]]:
        """The columns that both tables have."""
        return self._pairs

    def compare(self, ours: Iterable[Row], theirs: Iterable[Row]) -> None:
        """Compare rows in their order: the first with the first and so on.

        Args:
            ours: cells of ``columns``.
            theirs: those of the other table.
        """
        left = right = 0
        for number, (mine, other) in enumerate(zip_longest(ours, theirs), 1):
            left += mine is not None
            right += other is not None
            if mine is not None and other is not None and mine != other:
                self._note(number, mine, other)
        self._lengths = left, right

    def _note(self, number: int, mine: Row, other: Row) -> None:
        for place, (a, b) in enumerate(zip(mine, other, strict=True)):
            if a != b:
                self._counts[place] += 1
                if len(self._first[place]) < SHOWN:
                    self._first[place].append(number)

    @property
    def differs(self) -> bool:
        """Whether columns, cells or the numbers of rows differ."""
        return bool(self._alone) or any(self._counts) or self._lengths[0] != self._lengths[1]

    def rows(self) -> Iterator[Row]:
        """Yield the columns that differ: name, in how many rows, the first of these, counted from 1."""
        if self._lengths[0] != self._lengths[1]:
            less, more = sorted(self._lengths)
            yield ROWS, str(more - less), f"{self._lengths[0]} and {self._lengths[1]}"
        for name, where in self._alone:
            yield name, "", where
        for (shown, _), count, first in zip(self._pairs, self._counts, self._first, strict=True):
            if count:
                more_ = ", ..." if count > len(first) else ""
                yield shown.name, str(count), ", ".join(map(str, first)) + more_
