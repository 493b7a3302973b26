"""Which columns of a table are shown, how wide they are, and which have place on screen."""

from collections.abc import Sequence

from rich.cells import cell_len

from t2tui.core.columns import Column
from t2tui.core.query import Table
from t2tui.tui.cells import FIXED
from t2tui.tui.profiles import BUILT_IN, NARROWEST, Profile
from t2tui.tui.profiles import WIDEST as WIDEST_CHOSEN

MARGIN = 3
"""Marks in front of the columns."""
WIDEST = 40
"""Longest part of a cell that is shown where no width was chosen: an IPv6 address fits."""
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
        self._wanted = BUILT_IN["all"]
        self._names: tuple[str, ...] = ()
        self._widths: list[int] = []
        self._chosen: dict[str, int] = {}

    def choose(self, table: Table, names: Sequence[str] | None = None) -> None:
        """Show columns of a table.

        Args:
            table: has them.
            names: which, in this order; all in the usual order without.
        """
        self.apply(table, BUILT_IN["all"] if names is None else Profile(tuple(names), has_rest=False))

    def apply(self, table: Table, profile: Profile) -> None:
        """Show columns as a profile says."""
        self._wanted, self._names = profile, table.names
        self._chosen = dict(profile.widths)
        self.columns = [table.column(name) for name in profile.shown(table.names)]
        names = [column.name for column in self.columns]
        self.fixed = names.index(profile.frozen) + 1 if profile.frozen in names else self._usually_fixed
        self.first = self.fixed
        self.version += 1
        self.forget_widths()

    @property
    def profile(self) -> Profile:
        """What is shown, as a profile; columns that the table lacks keep their state."""
        shown = [column.name for column in self.columns]
        absent = [name for name in self._wanted.columns if name not in self._names]
        hidden = [name for name in self._names if name not in shown]
        hidden += [name for name in self._wanted.hidden if name not in self._names]
        frozen = shown[self.fixed - 1] if self.fixed and self.is_frozen else ""
        return Profile((*shown, *absent), tuple(hidden), self._wanted.has_rest, frozen, dict(self._chosen))

    @property
    def is_frozen(self) -> bool:
        """Whether other columns stay than those that usually do."""
        return self.fixed != self._usually_fixed

    @property
    def _usually_fixed(self) -> int:
        count = 0
        while count < len(self.columns) and self.columns[count].name in FIXED:
            count += 1
        return count

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

    def freeze(self, number: int, width: int) -> bool:
        """Let the columns up to this one stay; once more: those that usually do.

        Args:
            number: of the column.
            width: of the screen.

        Returns:
            Whether the columns that stay leave enough room for the others.
        """
        fixed = self._usually_fixed if self.fixed == number + 1 else number + 1
        if (
            fixed > self._usually_fixed
            and MARGIN + sum(each + 1 for each in self._widths[:fixed]) > width * 3 // 4
        ):
            return False
        self.fixed = self.first = fixed
        self.version += 1
        return True

    # ------------------------------------------------------------------ widths

    def resize(self, number: int, width: int) -> None:
        """Give a column a width, whatever its cells are."""
        width = min(max(width, NARROWEST), WIDEST_CHOSEN)
        self._chosen[self.columns[number].name] = self._widths[number] = width

    def fit(self, number: int, page: Sequence[Sequence[str]]) -> None:
        """Make a column as wide as its name and the cells of a page need."""
        name = self.columns[number].name
        needed = [cell_len(name) + SORT_MARK, *(cell_len(row[number]) for row in page)]
        self._chosen[name] = self._widths[number] = min(max(needed), WIDEST_CHOSEN)

    def forget_widths(self) -> None:
        """Measure anew; widths only grow otherwise, so that columns do not jump."""
        self._widths = [
            self._chosen.get(column.name, cell_len(column.name) + SORT_MARK) for column in self.columns
        ]

    def measure(self, page: Sequence[Sequence[str]]) -> None:
        """Make columns as wide as the cells of a page need, but those whose width was chosen."""
        growing = [number for number, column in enumerate(self.columns) if column.name not in self._chosen]
        for row in page:
            for number in growing:
                cell = row[number]
                if len(cell) > self._widths[number] - cell.isascii():
                    self._widths[number] = min(WIDEST, max(self._widths[number], cell_len(cell)))

    def width(self, number: int) -> int:
        """Return the cells that a column takes."""
        return self._widths[number]

    # ------------------------------------------------------------------ places on screen

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

    def left_of(self, number: int, width: int) -> int:
        """Return where a column begins on screen."""
        before = self.visible(width)
        return MARGIN + sum(self._widths[each] + 1 for each in before[: before.index(number)])

    def border_at(self, x: int, width: int) -> int | None:
        """Return the number of the column whose right border is at a place of the screen."""
        number = self.at(x, width)
        if number is None or x != self.left_of(number, width) + self._widths[number]:
            return None
        return number
