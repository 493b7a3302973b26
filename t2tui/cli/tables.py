"""Tables that commands read: flow and packet files, CSV, and captures that are analysed on the way."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from t2tui.cli.activation import Setup
from t2tui.cli.exits import USAGE, Failure
from t2tui.core.capture.errors import CaptureError
from t2tui.core.capture.opening import CHECKED_BYTES, recognise
from t2tui.core.capture.source import open_source, read_fully
from t2tui.core.columns import Column
from t2tui.core.query.selection import CellTable
from t2tui.core.query.textfile import TextFile, TextFileError
from t2tui.core.query.vectors import Rows, Vector
from t2tui.core.store import ColumnStore

STANDARD = "-"


@dataclass(frozen=True)
class How:
    """How a capture is analysed; see the options of ``t2tui filter``.

    Attributes:
        packets: its packets are wanted instead of its flows.
        plugins: names; none: the active ones.
        settings: flags as ``PLUGIN.FLAG=VALUE``.
        known: file of settings and folders of plugins; the user's own without.
    """

    packets: bool = False
    plugins: Sequence[str] = ()
    settings: Sequence[str] = ()
    known: Setup | None = None


class Piece(CellTable, Protocol):
    """Rows of an input."""

    def lines(self, rows: NDArray[np.int64]) -> bytes:
        """Return lines as a flow file has them."""


class Input(Protocol):
    """Rows that are read piece by piece.

    Attributes:
        header: line of column names, with its end.
        separator: between the cells of its lines.
    """

    header: bytes
    separator: str

    @property
    def columns(self) -> Sequence[Column]:
        """The columns in their order."""

    def tables(self) -> Iterator[Piece]:
        """Yield the rows."""


class StorePiece:
    """Rows that an analysis has made."""

    def __init__(self, store: ColumnStore) -> None:
        self._store = store

    def __len__(self) -> int:
        return len(self._store)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self._store.names

    def column(self, name: str) -> Column:
        """Return type and meaning of a column."""
        return self._store.column(name)

    def vector(self, name: str, rows: Rows) -> Vector:
        """Return values of a column."""
        return self._store.vector(name, rows)

    def cells(self, name: str, rows: NDArray[np.int64]) -> list[str]:
        """Return cells of a column."""
        return self._store.lines([name], rows)

    def lines(self, rows: NDArray[np.int64]) -> bytes:
        """Return lines as a flow file has them."""
        return "".join(f"{line}\n" for line in self._store.lines(self.names, rows)).encode()


class CaptureInput:
    """A capture: its flows, or its packets that have a flow."""

    separator = "\t"

    def __init__(self, path: str, how: How | None) -> None:
        from t2tui.cli.captures import capture_stores

        self._stores = capture_stores(path, how or How())
        self._first = first = next(self._stores)
        self.columns: Sequence[Column] = [first.column(name) for name in first.names]
        self.header = ("%" + "\t".join(first.names) + "\n").encode()

    def tables(self) -> Iterator[Piece]:
        """Yield the rows as flows end."""
        with closing(self._stores):
            for store in chain([self._first], self._stores):
                yield StorePiece(store)


def open_input(path: str, *, is_csv: bool = False, how: How | None = None) -> Input:
    """Open a file and tell by its first bytes what it is.

    Args:
        path: ``-`` for standard input, which is no capture.
        is_csv: comma-separated values; files named ``.csv`` are without being asked.
        how: a capture is analysed.

    Raises:
        Failure: the file cannot be opened, or is neither capture nor table.
    """
    try:
        if path != STANDARD and is_capture(path):
            return CaptureInput(path, how)
        if is_csv or Path(path).suffixes[-1:] == [".csv"] or Path(path).suffixes[-2:-1] == [".csv"]:
            return TextFile(path, ",", "")
        return TextFile(path)
    except (TextFileError, Failure) as wrong:  # 1 would say that no row was found
        raise Failure(str(wrong), USAGE) from None
    except CaptureError as wrong:
        raise Failure(f"{wrong.message}. {wrong.hint}", USAGE) from None


def is_capture(path: str) -> bool:
    """Return whether the first bytes of a file, decompressed, are those of a capture.

    Raises:
        CaptureError: the file cannot be opened.
    """
    if not Path(path).is_file():
        return False
    try:
        source = open_source(path)
    except CaptureError as wrong:
        raise TextFileError(wrong.message.removeprefix("PCAP ")) from None
    try:
        recognise(read_fully(source, CHECKED_BYTES), path)
    except CaptureError:
        return False
    finally:
        source.close()
    return True
