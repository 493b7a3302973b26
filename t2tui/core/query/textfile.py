"""Flow and packet files as tables, read piece by piece; only the columns that are asked for are parsed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from t2tui.core.capture.errors import CaptureError
from t2tui.core.capture.source import NOTHING_YET, Source, open_source
from t2tui.core.columns import Column, File, UnknownColumn, find
from t2tui.core.query.cells import cells_vector
from t2tui.core.query.parsing import parse_column
from t2tui.core.query.vectors import Rows, Vector, factorized

PIECE = 8 << 20
"""Bytes that are looked at together."""
LONGEST_LINE = 16 << 20
"""Bytes of a line beyond which a file is taken for another one."""
PATIENCE = 0.2
"""Seconds after which lines that a pipe has given so far are handed on."""
SAMPLE = 2000
"""Rows by which columns without known name get their type."""

NEWLINE, QUOTE, RETURN = 10, 34, 13


class TextFileError(Exception):
    """A file that cannot be read as a table; the text says which, where, and what to do."""


class TextFile:
    """A file of lines with a row of column names: T2's text (tabs) or CSV.

    Attributes:
        path: as given; ``-``: standard input.
        separator: between cells.
        header: the first line, with its end.
        columns: in their order; their names are those of the file as words of expressions.
    """

    def __init__(self, path: str, separator: str = "\t", mark: str = "%") -> None:
        """Open a file, plain or compressed (gzip, zstd), and read its header.

        Args:
            path: ``-`` for standard input.
            separator: between cells; ``,``: CSV, where a cell can be in double quotes (RFC 4180).
            mark: first character of the header; empty: the first line is the header, whatever it begins with.

        Raises:
            TextFileError: the file cannot be opened, or has no header.
        """
        self.path = path
        self.separator = separator
        try:
            self._source: Source = open_source(path)
        except CaptureError as wrong:
            raise TextFileError(wrong.message.removeprefix("PCAP ")) from None
        self._lines = _Lines(self._source, path, separator == ",")
        try:
            self.header = self._read_header(mark)
            names = self._names(self.header.decode("utf-8", "replace"), mark)
            first = self._lines.next()
            self.columns: Sequence[Column] = self._typed(names, first)
        except BaseException:
            self.close()
            raise
        self._first = first

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def __enter__(self) -> "TextFile":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def bytes_read(self) -> int:
        """Bytes read of the file as it lies on disk."""
        return self._source.position

    def _read_header(self, mark: str) -> bytes:
        while True:
            line = self._lines.line()
            if not line.strip():
                raise TextFileError(f"'{self.path}' holds no table: no line with column names")
            if line.startswith(b"#") and mark != "#":
                continue
            if mark and not line.startswith(mark.encode()):
                raise TextFileError(
                    f"'{self.path}' has no row of column names: its first line does not begin with '{mark}'. "
                    "For CSV use --csv; of numbered files (-W) the first one has the names"
                )
            return line

    def _names(self, line: str, mark: str) -> list[str]:
        shown = line.rstrip("\r\n")
        if mark:
            shown = shown[len(mark) :]
        cells = split_csv(shown) if self.separator == "," else shown.split(self.separator)
        names: list[str] = []
        for cell in cells:
            name = re.sub(r"\W", "_", cell) or "_"
            name = f"_{name}" if name[0].isdigit() else name
            while name in names:
                name += "_"
            names.append(name)
        return names

    def _typed(self, names: Sequence[str], first: "bytes | None") -> list[Column]:
        """Return the columns: known ones with the type of today's, others by their first cells."""
        file: File = "packets" if "pktNo" in names else "flows"
        columns = []
        unknown = []
        for name in names:
            try:
                columns.append(replace(known_column(name, file), name=name))
            except UnknownColumn:
                unknown.append(len(columns))
                columns.append(Column(name, "SC", file=file))
        if unknown and first is not None:
            table = TextTable(self.path, columns, first, self.separator, self._lines.number)
            for place in unknown:
                cells = table.cells(columns[place].name, slice(0, min(SAMPLE, len(table))))
                columns[place] = replace(columns[place], type=type_of(cells))
        return columns

    def tables(self) -> "Iterator[TextTable]":
        """Yield the rows in pieces.

        Raises:
            TextFileError: a line has another number of cells than there are columns, or the file is damaged.
        """
        piece = self._first
        while piece is not None:
            table = TextTable(self.path, self.columns, piece, self.separator, self._lines.number)
            yield table
            self._lines.number += len(table)
            piece = self._lines.next()
        if self._source.fault:
            raise TextFileError(
                f"'{self.path}' is damaged behind line {self._lines.number - 1}: {self._source.fault}"
            )


def known_column(name: str, file: File) -> Column:
    """Return the column of the registry, that of the given file first.

    Raises:
        UnknownColumn: there is none.
    """
    try:
        return find(name, file)
    except UnknownColumn:
        return find(name)


INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
HEX = re.compile(r"0x[0-9a-fA-F]{1,16}")
DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
MAC = re.compile(r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}")
ADDRESS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F.]*|-")


def type_of(cells: Sequence[str]) -> str:
    """Return the type that all cells have, those that are empty aside; text if there are none."""
    shown = {cell for cell in cells if cell}
    for type_, pattern in (("I64", INTEGER), ("H64", HEX), ("D", DECIMAL), ("MAC", MAC), ("IPX", ADDRESS)):
        if shown and shown != {"-"} and all(pattern.fullmatch(cell) for cell in shown):
            return type_
    return "SC"


def split_csv(line: str) -> list[str]:
    """Return the cells of a line of CSV without its end."""
    cells, place = [], 0
    for match in re.finditer(r'(?:"(?:[^"]|"")*"|[^,])*', line):
        if match.start() >= place:
            cells.append(unquoted(match[0]))
            place = match.end() + 1
    return cells


def unquoted(cell: str) -> str:
    """Return the text of a cell of CSV."""
    if len(cell) > 1 and cell[0] == '"' == cell[-1]:
        return cell[1:-1].replace('""', '"')
    return cell


class _Lines:
    """Whole lines of a source.

    Attributes:
        number: of the line that comes next, from 1.
    """

    def __init__(self, source: Source, path: str, is_csv: bool) -> None:
        self._source, self._path, self._is_csv = source, path, is_csv
        self._kept = bytearray()
        self._buffer = memoryview(bytearray(PIECE))
        self._has_ended = False
        self.number = 1

    def _fill(self, room: int) -> bool:
        """Read more; return whether the source paused."""
        buffer = self._buffer[:room]
        got = self._source.read_into(buffer, PATIENCE)
        if got == NOTHING_YET:
            self._source.patience()
            return True
        self._has_ended = got == 0
        self._kept += buffer[: max(got, 0)]
        return False

    def line(self) -> bytes:
        """Return one line, empty at the end."""
        while (behind := self._kept.find(b"\n") + 1) == 0 and not self._has_ended:
            self._check()
            self._fill(1 << 16)
        behind = behind or len(self._kept)
        self.number += 1
        return self._take(behind)

    def _take(self, count: int) -> bytes:
        """Return the first bytes and forget them."""
        with memoryview(self._kept) as view:
            taken = bytes(view[:count])
        del self._kept[:count]
        return taken

    def next(self) -> bytes | None:
        """Return lines that end with a line feed, None at the end."""
        while not self._has_ended:
            has_paused = self._fill(max(1 << 16, PIECE - len(self._kept)))
            self._check()
            if len(self._kept) >= PIECE or (has_paused and self._kept):
                behind = self._whole()
                if behind:
                    return self._take(behind)
        piece = bytes(self._kept)
        self._kept.clear()
        if piece and not piece.endswith(b"\n"):
            piece += b"\n"
        return piece or None

    def _whole(self) -> int:
        """Return the number of bytes of whole lines; line feeds in quotes of CSV end none."""
        if not self._is_csv:
            return self._kept.rfind(b"\n") + 1
        data = np.frombuffer(bytes(self._kept), np.uint8)
        feeds = np.flatnonzero((data == NEWLINE) & (np.cumsum(data == QUOTE) % 2 == 0))
        return int(feeds[-1]) + 1 if len(feeds) else 0

    def _check(self) -> None:
        if len(self._kept) > LONGEST_LINE:
            raise TextFileError(
                f"'{self._path}', line {self.number}: longer than {LONGEST_LINE:,} bytes; no flow file"
            )


class TextTable:
    """Some rows of a file; a Table for expressions."""

    def __init__(self, path: str, columns: Sequence[Column], data: bytes, separator: str, first: int) -> None:
        """Find the cells.

        Args:
            path: of the file, for errors.
            columns: as many as there are cells in each line.
            data: whole lines.
            separator: between cells.
            first: number of the first line in the file.

        Raises:
            TextFileError: a line has another number of cells.
        """
        self._columns = {column.name: column for column in columns}
        self._places = {column.name: place for place, column in enumerate(columns)}
        self._bytes = data
        self._data = np.frombuffer(data, np.uint8)
        self._is_csv = separator == ","
        is_cut = self._data == ord(separator)
        is_feed = self._data == NEWLINE
        if self._is_csv and (is_quote := self._data == QUOTE).any():
            outside = np.cumsum(is_quote) % 2 == 0
            is_cut &= outside
            is_feed &= outside
        cuts = np.flatnonzero(is_cut | is_feed)
        width = len(columns)
        lines = int(np.count_nonzero(is_feed))
        if len(cuts) != lines * width or not is_feed[cuts[width - 1 :: width]].all():
            raise _wrong_line(path, is_feed[cuts], width, first)
        self._ends = cuts.reshape(lines, width)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._ends)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self._columns)

    def column(self, name: str) -> Column:
        """Return type and meaning of a column."""
        return self._columns[name]

    @cached_property
    def _starts_of_lines(self) -> NDArray[np.int64]:
        starts = np.zeros(len(self._ends), np.int64)
        starts[1:] = self._ends[:-1, -1] + 1
        return starts

    def _bounds(self, name: str, rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return first bytes of cells and the bytes behind them."""
        place = self._places[name]
        ends = self._ends[rows, place]
        starts = self._ends[rows, place - 1] + 1 if place else self._starts_of_lines[rows]
        if self._is_csv:
            has_return = (self._data[np.maximum(ends - 1, 0)] == RETURN) & (ends > starts)
            ends = ends - (has_return & (self._data[ends] == NEWLINE))
        return starts, ends

    def raw(self, name: str, rows: Rows) -> list[bytes]:
        """Return cells as they stand in the file."""
        starts, ends = self._bounds(name, rows)
        data = self._bytes
        return [data[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def cells(self, name: str, rows: Rows) -> list[str]:
        """Return cells as text; of CSV without quotes."""
        cells = [cell.decode("utf-8", "replace") for cell in self.raw(name, rows)]
        return [unquoted(cell) for cell in cells] if self._is_csv else cells

    def vector(self, name: str, rows: Rows) -> Vector:
        """Return values of a column."""
        type_ = self._columns[name].type
        starts, ends = self._bounds(name, rows)
        if (parsed := parse_column(type_, self._data, starts, ends)) is not None:
            return parsed
        data = self._bytes
        cells = [data[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        codes, words = factorized(cells)
        texts = [word.decode("utf-8", "replace") for word in words]
        if self._is_csv:
            texts = [unquoted(text) for text in texts]
        return cells_vector(type_, texts).take(codes)

    def lines(self, rows: NDArray[np.int64]) -> bytes:
        """Return whole lines as they stand in the file."""
        if len(rows) == len(self):
            return self._bytes
        if len(rows) == 0:
            return b""
        firsts = np.flatnonzero(np.concatenate([[True], rows[1:] != rows[:-1] + 1]))
        lasts = np.append(firsts[1:], len(rows)) - 1
        starts = self._starts_of_lines[rows[firsts]].tolist()
        ends = (self._ends[rows[lasts], -1] + 1).tolist()
        return b"".join([self._bytes[start:end] for start, end in zip(starts, ends, strict=True)])


def _wrong_line(path: str, is_feed: NDArray[np.bool_], width: int, first: int) -> TextFileError:
    """Return the error that names the first line with a wrong number of cells."""
    last = np.flatnonzero(is_feed)
    cells = last - np.concatenate([[-1], last[:-1]])
    wrong = int(np.argmax(cells != width)) if (cells != width).any() else len(cells)
    found = int(cells[wrong]) if wrong < len(cells) else 0
    return TextFileError(
        f"'{path}', line {first + wrong}: {found} cells, but there are {width} columns; "
        "the file is cut, damaged, or has another separator"
    )
