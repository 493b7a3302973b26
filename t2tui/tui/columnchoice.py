"""Which columns are shown, while they are being chosen."""

from collections.abc import Iterable, Sequence

from t2tui.core.columns import Column


class ColumnChoice:
    """All columns of a table in an order, some of them with a check mark.

    Attributes:
        columns: in their order.
        shown: names of those with a check mark.
    """

    def __init__(self, usual: Sequence[Column], shown: Iterable[str]) -> None:
        """Begin with what is shown, in front of what is not.

        Args:
            usual: all columns in the usual order.
            shown: names of those that are shown, in order.
        """
        self._usual = list(usual)
        by_name = {column.name: column for column in usual}
        names = list(shown)
        self.shown = set(names)
        self.columns = [by_name[name] for name in names]
        self.columns += [column for column in usual if column.name not in self.shown]

    def matching(self, text: str) -> list[Column]:
        """Return the columns whose name, or whose description, has all words of a text; names first."""
        words = text.casefold().split()
        by_name = [c for c in self.columns if all(word in c.name.casefold() for word in words)]
        by_text = [
            c
            for c in self.columns
            if c not in by_name and all(word in f"{c.name} {c.description}".casefold() for word in words)
        ]
        return by_name + by_text

    def toggle(self, name: str) -> bool:
        """Show or hide a column; return False where it is the last one, which stays."""
        if name not in self.shown:
            self.shown.add(name)
        elif len(self.shown) > 1:
            self.shown.discard(name)
        else:
            return False
        return True

    def move(self, name: str, by: int) -> None:
        """Move a column up (negative) or down."""
        place = [column.name for column in self.columns].index(name)
        target = max(0, min(place + by, len(self.columns) - 1))
        self.columns.insert(target, self.columns.pop(place))

    def reset(self) -> None:
        """Show all columns in the usual order."""
        self.columns = list(self._usual)
        self.shown = {column.name for column in self._usual}

    @property
    def names(self) -> list[str]:
        """Names of the columns that are shown, in order."""
        return [column.name for column in self.columns if column.name in self.shown]
