"""Lines of text over the columns of a run."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from t2tui.core.text.rows import Field, RowWriter

if TYPE_CHECKING:
    from t2tui.core.run import Run


class Lines:
    """A row writer that knows all header descriptions and the arrays of all plugins.

    Descriptions are added while the capture is read, plugins enlarge their arrays, and a writer keeps what it
    was made with.
    """

    def __init__(self, run: "Run", fields: Callable[[], list[Field]]) -> None:
        """Ask for the columns when they are first needed.

        Args:
            run: whose descriptions the columns show.
            fields: makes the fields of the columns.
        """
        self._run = run
        self._fields = fields
        self._made_with: tuple[object, int] = None, 0

    def writer(self) -> RowWriter:
        """Return a writer for everything that was read so far."""
        now = self._run.descriptions.words, self._run.columns_changed
        if now != self._made_with:
            self._writer = RowWriter(self._fields())
            self._made_with = now
        return self._writer
