"""sqliteSink: flows as rows of a table of an SQLite database (docs/sinks.md)."""

from typing import Any

from numpy.typing import NDArray

from t2tui.core.settings import Flag
from t2tui.plugins.base import Plugin, Run
from t2tui.plugins.cells import (
    FLOAT,
    HEX,
    INTEGER,
    Cell,
    Cells,
    Numbers,
    is_list,
    kind_of,
    parts_of,
    pieces,
    read_selection,
    strings,
)
from t2tui.plugins.database import APPEND, REFUSE, REPLACE, Database

AFFINITIES = {INTEGER: "INTEGER", FLOAT: "REAL", HEX: "TEXT"}
"""Types of the table's columns by kind of value; all others are TEXT."""


class SqliteSink(Plugin):
    """Writes flows into a database."""

    name = "sqliteSink"
    number = 924
    summary = "flows as a table of an SQLite database: PREFIX.db"
    flags = (
        Flag(
            "SQLITE_OVERWRITE",
            APPEND,
            help="if the table exists: 0 end the run, 1 replace the table, 2 append to it",
            choices=(REFUSE, REPLACE, APPEND),
        ),
        Flag("SQLITE_HEX_AS_INT", 0, help="1: hexadecimal columns as integers", choices=(0, 1)),
        Flag(
            "SQLITE_TRANSACTION_NFLOWS",
            40000,
            help="flows per transaction while a new database is written; 0: one transaction",
            minimum=0,
        ),
        Flag("T2_SQLITE_SELECT", 0, help="1: only the columns that SQLITE_SELECT_FILE names", choices=(0, 1)),
        Flag("SQLITE_SELECT_FILE", "sqlite-columns.txt", help="file with a column name per line"),
        Flag("SQLITE_DB_SUFFIX", ".db", help="suffix of the database", runtime=True),
        Flag("SQLITE_TABLE_NAME", "flow", help="name of the table", runtime=True),
    )

    _database: Database | None = None

    def start(self, run: Run) -> None:
        """Open the database; one that exists is locked against other writers from now on."""
        super().start(run)
        s = self.settings
        self._cells: Cells | None = None
        self._database = Database(
            run.outputs,
            s.SQLITE_DB_SUFFIX,
            s.SQLITE_TABLE_NAME,
            s.SQLITE_OVERWRITE,
            s.SQLITE_TRANSACTION_NFLOWS,
        )

    def _begin(self) -> Cells:
        """Make the table, or look whether the flows fit into the one that exists."""
        assert self._database is not None
        s = self.settings
        select = read_selection(self.name, s.SQLITE_SELECT_FILE, self.run) if s.T2_SQLITE_SELECT else None
        plain = frozenset((INTEGER, FLOAT, HEX) if s.SQLITE_HEX_AS_INT else (INTEGER, FLOAT))
        cells = Cells(self.run, select, exact=False, plain=plain)
        types = (self._affinity(column.type) for column in cells.columns)
        self._database.begin(dict(zip(cells.names, types, strict=True)))
        return cells

    def _affinity(self, type_: str) -> str:
        if is_list(type_) or len(parts_of(type_)) > 1:
            return "TEXT"
        if self.settings.SQLITE_HEX_AS_INT and kind_of(type_) == HEX:
            return "INTEGER"
        return AFFINITIES.get(kind_of(type_), "TEXT")

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Find out at the first packets whether the flows fit into the table, not when they end."""
        if self._cells is None:
            self._cells = self._begin()

    def on_rows(self, slots: NDArray[Any]) -> None:
        """Write the flows."""
        assert self._database is not None
        if self._cells is None:
            self._cells = self._begin()
        cells = self._cells
        for piece in pieces(slots):
            texts, numbers = iter(cells.read(piece)), iter(cells.numbers(piece))
            columns = [
                _numbers(next(numbers)) if plain else self._values(column.type, next(texts))
                for column, plain in zip(cells.columns, cells.is_plain, strict=True)
            ]
            self._database.insert(zip(*columns, strict=True), len(piece))

    def _values(self, type_: str, cells: Cell) -> list[Any]:
        """Return what is stored for cells; an empty one is NULL."""
        if is_list(type_) or len(parts_of(type_)) > 1:
            return [cell or None for cell in cells]
        if type_ == "S":
            return [text if cell else None for cell, text in zip(cells, strings("S", cells), strict=True)]
        kind = kind_of(type_)
        if kind == HEX and self.settings.SQLITE_HEX_AS_INT:
            return [_signed(int(cell, 16)) if cell else None for cell in cells]
        if kind == INTEGER:
            return [_signed(int(cell)) if cell else None for cell in cells]
        if kind == FLOAT:
            return [float(cell) if cell else None for cell in cells]
        return [text or None for text in (strings(type_, cells) if kind != HEX else cells)]

    def finish(self) -> None:
        """Close a new database; flows of an existing one become visible with the other files of the run."""
        if self._database is not None:
            if self._cells is None:
                self._cells = self._begin()
            self._database.finish()

    def abandon(self) -> None:
        """Close a new database."""
        if self._database is not None:
            self._database.abandon()


def _numbers(column: Numbers) -> list[Any]:
    """Return numbers as SQLite has them: signed 64 bits, doubles."""
    values = column.values
    if values.dtype.kind == "f":
        values = values.astype("f8")
    elif values.dtype == "u8":  # keeps its bits
        values = values.view("i8")
    found: list[Any] = values.tolist()
    if column.shown is None:
        return found
    return [value if shown else None for value, shown in zip(found, column.shown.tolist(), strict=True)]


def _signed(value: int) -> int:
    """Return the signed number with the 64 bits of an unsigned one."""
    return value - (1 << 64) if value >= 1 << 63 else value
