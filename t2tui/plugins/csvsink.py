"""csvSink: flows as comma-separated values (RFC 4180; docs/sinks.md)."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from numpy.typing import NDArray

from t2tui.core.formats import NUMBERS, unformulated
from t2tui.core.settings import Flag
from t2tui.plugins.base import Plugin, Run
from t2tui.plugins.cells import Cell, Cells, pieces
from t2tui.plugins.txtsink import FlowFile

EVERY_FILE = 2
"""Value of CSV_HEADER."""


class CsvSink(Plugin):
    """Writes flows as CSV."""

    name = "csvSink"
    number = 902
    summary = "flows as comma-separated values: PREFIX_flows.csv"
    flags = (
        Flag(
            "CSV_HEADER",
            1,
            help="1: column names in the first line; 2: in every file of -W",
            choices=(0, 1, 2),
        ),
        Flag(
            "CSV_SEPARATOR",
            ",",
            help="character between two cells",
            pattern=r"[^\"\r\n]",
            meaning="one character, neither a double quote nor the end of a line",
        ),
        Flag("CSV_SPLIT", 1, help="honour option -W", choices=(0, 1)),
        Flag(
            "CSV_SAFE", 0, help="1: an apostrophe before texts that a spreadsheet calculates", choices=(0, 1)
        ),
        Flag("CSV_SUFFIX", "_flows.csv", help="suffix of the file", runtime=True),
    )

    def start(self, run: Run) -> None:
        """Open the file."""
        super().start(run)
        self._cells: Cells | None = None
        split = run.split if self.settings.CSV_SPLIT else None
        self._file = FlowFile(run.outputs, self.settings.CSV_SUFFIX, split, compress=False)

    def _begin(self) -> Cells:
        cells = Cells(self.run, exact=False)
        if self.settings.CSV_HEADER:
            self._file.begin(self._lines([cells.names]), every=self.settings.CSV_HEADER == EVERY_FILE)
        return cells

    def _lines(self, rows: Iterable[Sequence[str]]) -> bytes:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=self.settings.CSV_SEPARATOR).writerows(rows)
        return text.getvalue().encode()

    def on_rows(self, slots: NDArray[Any]) -> None:
        """Write the flows."""
        if self._cells is None:
            self._cells = self._begin()
        for piece in pieces(slots):
            columns = zip(self._cells.columns, self._cells.read(piece), strict=True)
            rows = zip(*(self._column(column.type, cells) for column, cells in columns), strict=True)
            self._file.write(memoryview(self._lines(rows)))

    def _column(self, type_: str, cells: Cell) -> Cell:
        """Return cells without the quotes of a string, and safe ones if they are wanted."""
        if type_ == "S":
            cells = [cell[1:-1] for cell in cells]
        if self.settings.CSV_SAFE and not type_.startswith(NUMBERS):
            cells = list(map(unformulated, cells))
        return cells

    def finish(self) -> None:
        """Close the file; a run without flows has one, too."""
        if self._cells is None:
            self._cells = self._begin()
        self._file.close()
