"""Which columns of a table are shown, how wide they are, and which have place on screen."""

from collections.abc import Sequence

from rich.cells import cell_len

from t2tui.core.columns import Column
from t2tui.core.query import Table
from t2tui.tui.cells import FIXED, ordered

MARGIN = 3
"""Marks in front of the columns."""
WIDEST = 40
"""Longest part of a cell that is shown: an IPv6 address fits."""
SORT_MARK = 2


class ColumnLayout:
    """Columns in their order; the first ones stay when the others are scrolled.

    Attributes:
        columns: those that are shown.
        fixed: number of columns that stay.
        first: first column behind these.
        version: changes whenever other columns are shown.
    """

    def __init__(self) -> None:
        self.columns: list[Column] = []
        self.fixed = 0
        self.first = 0
        self.version = 0
        self._widths: list[int] = []

    def choose(self, table: Table, names: Sequence[str] | None = None) -> None:
        """Show columns of a table.

        Args:
            table: has them.
            names: which, in this order; all in the usual order without.
        """
        self.columns = [table.column(name) for name in (names or ordered(table.names))]
        self.fixed = 0
        while self.fixed < len(self.columns) and self.columns[self.fixed].name in FIXED:
            self.fixed += 1
        self.first = self.fixed
        self.version += 1
        self.forget_widths()

    def hide(self, number: int) -> None:
        """Do not show a column; the last one stays."""
        if len(self.columns) > 1:
            del self.columns[number], self._widths[number]
            self.fixed -= number < self.fixed
            self.first = max(self.fixed, min(self.first, len(self.columns) - 1))
            self.version += 1

    def move(self, number: int, by: int) -> int:
        """Move a column beside others that stay or scroll as it does; return its new number."""
        target = number + by
        if not 0 <= target < len(self.columns) or (number < self.fixed) != (target < self.fixed):
            return number
        self.columns.insert(target, self.columns.pop(number))
        self._widths.insert(target, self._widths.pop(number))
        self.version += 1
        return target

    def forget_widths(self) -> None:
        """Measure anew; widths only grow otherwise, so that columns do not jump."""
        self._widths = [cell_len(column.name) + SORT_MARK for column in self.columns]

    def measure(self, page: Sequence[Sequence[str]]) -> None:
        """Make columns as wide as the cells of a page need."""
        for row in page:
            for number, cell in enumerate(row[: len(self._widths)]):
                if len(cell) > self._widths[number] - cell.isascii():
                    self._widths[number] = min(WIDEST, max(self._widths[number], cell_len(cell)))

    def width(self, number: int) -> int:
        """Return the cells that a column takes."""
        return self._widths[number]

    def visible(self, width: int) -> list[int]:
        """Return the numbers of the columns that have place, the last one perhaps in part."""
        left, found = width - MARGIN, []
        for number in (*range(self.fixed), *range(self.first, len(self.columns))):
            if left <= 0:
                break
            found.append(number)
            left -= self._widths[number] + 1
        return found

    def reveal(self, number: int, width: int) -> None:
        """Scroll so far that a column is seen whole."""
        if number < self.fixed:
            return
        self.first = min(self.first, number)
        room = width - MARGIN - sum(each + 1 for each in self._widths[: self.fixed])
        while self.first < number and sum(each + 1 for each in self._widths[self.first : number + 1]) > room:
            self.first += 1

    def at(self, x: int, width: int) -> int | None:
        """Return the number of the column at a place of the screen, None beside them."""
        left = MARGIN
        for number in self.visible(width):
            if left <= x < left + self._widths[number] + 1:
                return number
            left += self._widths[number] + 1
        return None
