"""A table of an SQLite database that a run writes: whole or not at all (docs/sinks.md)."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from t2tui.core.outputs import OutputError, Outputs

REFUSE, REPLACE, APPEND = range(3)
"""What happens to a table that exists: values of SQLITE_OVERWRITE."""

LOCK_SECONDS = 5.0
"""Longest wait for another program that writes the database."""

REASONS = {
    "SQLITE_FULL": "the disk is full; free some space or choose another place with -w",
    "SQLITE_BUSY": "another program is using the database; end it, or choose another place with -w",
    "SQLITE_LOCKED": "another program is using the database; end it, or choose another place with -w",
    "SQLITE_NOTADB": "it is no SQLite database; remove it, or choose another place with -w",
    "SQLITE_CORRUPT": "the database is damaged; repair or remove it, or choose another place with -w",
    "SQLITE_READONLY": "the database is read-only; choose another place with -w",
    "SQLITE_PERM": "the system allows no access; choose another place with -w",
    "SQLITE_CANTOPEN": "it cannot be opened; choose another place with -w",
    "SQLITE_IOERR": "the system refused to read or write it; is the disk full?",
    "SQLITE_TOOBIG": "a value is too long for SQLite",
}
"""What the primary result codes of SQLite mean."""


class Database:
    """One table of a database.

    A new database is written under a temporary name, like the other files of a run. In an existing one
    everything is one transaction, which the outputs of the run commit.
    """

    def __init__(self, outputs: Outputs, suffix: str, table: str, mode: int, flows_per_commit: int) -> None:
        """Open the database.

        Args:
            outputs: of the run.
            suffix: of the database's file.
            table: name of the table.
            mode: REFUSE, REPLACE or APPEND.
            flows_per_commit: rows of a transaction in a new database; 0: all.

        Raises:
            OutputError: it cannot be opened or is locked, or the table exists and may not be written.
        """
        path = outputs.path(suffix)
        self._where = f"the table {table!r} in '{path}'"
        self._table, self._mode = table, mode
        self._per_commit, self._waiting = flows_per_commit, 0
        self._insert = ""
        self._path: Path | None = None
        self._connection: sqlite3.Connection | None = None
        self._is_new = not path.exists()
        if self._is_new:
            file: Any = outputs.open(suffix)
            file.rest()
            self._open(file.temporary)
        else:
            if not path.is_file():
                raise OutputError(self._where, "a database cannot be a folder, pipe or device")
            outputs.join(suffix, self._join)

    def _join(self, path: Path) -> "Database":
        self._path = path
        try:
            self._open(path)
            if self._mode == REFUSE and self._columns():
                advice = "replace it with SQLITE_OVERWRITE=1, append to it with 2, or set SQLITE_TABLE_NAME"
                raise OutputError(self._where, f"it exists; {advice}")
        except OutputError:
            self.rollback()
            raise
        return self

    def _open(self, path: Path) -> None:
        with self._named_errors():
            connection = sqlite3.connect(path, LOCK_SECONDS, isolation_level=None, check_same_thread=False)
            self._connection = connection
            if self._is_new:  # a run that fails removes the file
                connection.execute("PRAGMA journal_mode = OFF")
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN IMMEDIATE")

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        """Turn SQLite's errors into those of outputs."""
        try:
            yield
        except sqlite3.Error as error:
            code = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
            raise OutputError(self._where, REASONS.get(code, str(error))) from error

    def _execute(self, statement: str) -> list[Any]:
        assert self._connection is not None
        return self._connection.execute(statement).fetchall()

    def _columns(self) -> dict[str, str]:
        """Return the affinity of the columns of the table by name; empty: there is none."""
        with self._named_errors():
            rows = self._execute(f"PRAGMA table_info({_quoted(self._table)})")
        return {name: affinity(type_) for _, name, type_, *_ in rows}

    def begin(self, columns: Mapping[str, str]) -> None:
        """Make the table, or look whether one that exists has the same columns, in any order.

        Args:
            columns: INTEGER, REAL or TEXT by name.

        Raises:
            OutputError: it has other ones.
        """
        present = self._columns()
        with self._named_errors():
            if present and self._mode == REPLACE:
                self._execute(f"DROP TABLE {_quoted(self._table)}")
                present = {}
            if present:
                self._compare(columns, present)
            else:
                declared = ", ".join(f"{_quoted(name)} {type_}" for name, type_ in columns.items())
                self._execute(f"CREATE TABLE {_quoted(self._table)} ({declared})")
        names, values = ", ".join(map(_quoted, columns)), ", ".join("?" * len(columns))
        self._insert = f"INSERT INTO {_quoted(self._table)} ({names}) VALUES ({values})"

    def _compare(self, columns: Mapping[str, str], present: Mapping[str, str]) -> None:
        differences = []
        if missing := [name for name in columns if name not in present]:
            differences.append(f"it has no column {', '.join(missing)}")
        if more := [name for name in present if name not in columns]:
            differences.append(f"this run has no column {', '.join(more)}")
        differences += [
            f"its column {name} is {present[name]}, not {type_}"
            for name, type_ in columns.items()
            if name in present and present[name] != type_
        ]
        if differences:
            advice = "replace it with SQLITE_OVERWRITE=1, or name another SQLITE_TABLE_NAME"
            raise OutputError(self._where, f"other columns: {'; '.join(differences)}. {advice}")

    def insert(self, rows: Iterable[Sequence[Any]], count: int) -> None:
        """Write rows.

        Args:
            rows: values in the order of the columns given to ``begin``.
            count: how many rows these are.
        """
        assert self._connection is not None
        with self._named_errors():
            self._connection.executemany(self._insert, rows)
            self._waiting += count
            if self._is_new and 0 < self._per_commit <= self._waiting:
                self._waiting = 0
                self._execute("COMMIT")
                self._execute("BEGIN")

    def finish(self) -> None:
        """Complete a new database."""
        if self._is_new and self._connection is not None:
            with self._named_errors():
                self._execute("COMMIT")
            self._close()

    def commit(self) -> None:
        """Make the rows visible in an existing database."""
        if self._connection is not None:
            with self._named_errors():
                self._execute("COMMIT")
            self._close()

    def rollback(self) -> None:
        """Leave an existing database as it was; after ``commit`` nothing happens."""
        self._close()  # rolls back
        if self._path is not None and Path(f"{self._path}-journal").exists():
            # A full disk keeps SQLite from rolling back at once; the next one that reads the database does.
            with suppress(sqlite3.Error), closing(sqlite3.connect(self._path, LOCK_SECONDS)) as connection:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchall()

    def abandon(self) -> None:
        """Close a new database, whose file the outputs remove; an existing one is rolled back by them."""
        if self._is_new:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with suppress(sqlite3.Error):  # what had to be written is committed
                connection.close()


def _quoted(name: str) -> str:
    """Return a name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def affinity(declared: str) -> str:
    """Return what SQLite makes of a declared type (sqlite.org/datatype3.html, section 3.1)."""
    declared = declared.upper()
    if "INT" in declared:
        return "INTEGER"
    if any(part in declared for part in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if not declared or "BLOB" in declared:
        return "BLOB"
    return "REAL" if any(part in declared for part in ("REAL", "FLOA", "DOUB")) else "NUMERIC"
