"""What ``t2tui filter`` does: selects, sorts, groups and shows rows."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from t2tui.cli.differing import HEADING, Comparison
from t2tui.cli.exits import DONE, FAILED, USAGE, Failure
from t2tui.cli.formats import LINES, Row, shown_on_terminal
from t2tui.cli.splitting import split_rows
from t2tui.cli.tables import How, Input, Piece, open_input
from t2tui.cli.terminal import abandon, printable
from t2tui.core.outputs import OutputError
from t2tui.core.query import QueryError, compile_expression, compile_filter
from t2tui.core.query.figures import Figure, figures
from t2tui.core.query.grouping import Groups
from t2tui.core.query.selection import Shown, select
from t2tui.core.query.sorting import Order, SortedRows
from t2tui.core.query.textfile import TextFileError

T = TypeVar("T")

FOUND, NOTHING = DONE, FAILED
"""Exit codes, as those of grep; errors are USAGE."""

LINES_AT_ONCE = 2000


@dataclass(frozen=True)
class Request:
    """What was asked for; see the options of ``t2tui filter``."""

    expression: str
    path: str
    cols: str = ""
    to: str = "text"
    sort: Sequence[str] = ()
    top: int | None = None
    aggr: str = ""
    unique: str = ""
    each: bool = False
    other: str | None = None
    split: str | None = None
    count: bool = False
    header: bool = True
    csv: bool = False
    how: How | None = None


def run(request: Request) -> int:
    """Do what was asked for.

    Returns:
        0 if rows were found, 1 if none was; of a comparison 0 if nothing differs, 1 if something does.

    Raises:
        Failure: an expression or an input is wrong, or an output cannot be written.
    """
    source = open_input(request.path, is_csv=request.csv, how=request.how)
    work = Work(request, source)
    try:
        found = work.run()
        sys.stdout.flush()
    except BrokenPipeError:
        abandon(sys.stdout.buffer)
        return FOUND  # rows were found, their reader has enough
    except OSError as wrong:  # 1 would say that no row was found
        abandon(sys.stdout.buffer)
        text = str(wrong) if isinstance(wrong, OutputError) else f"standard output: {wrong.strerror or wrong}"
        raise Failure(text, USAGE) from None
    except (TextFileError, QueryError) as wrong:  # QueryError: a search that takes too long
        sys.stdout.flush()
        raise Failure(str(wrong), USAGE) from None
    return FOUND if found else NOTHING


def table_of(request: Request) -> Iterator[str]:
    """Return the lines of the aligned table that was asked for.

    Raises:
        Failure: an expression or an input is wrong; the latter can also come with the lines.
    """
    source = open_input(request.path, is_csv=request.csv, how=request.how)
    return _told(Work(request, source).table())


def _told(lines: Iterator[str]) -> Iterator[str]:
    """Hand lines on; an input that is found wrong on the way is an expected error."""
    try:
        yield from lines
    except (TextFileError, QueryError) as wrong:
        raise Failure(str(wrong), USAGE) from None


def wrong_expression(error: QueryError, text: str, option: str = "") -> Failure:
    """Return the error with the place below the expression."""
    line, _, marks = error.pointing(text).partition("\n")
    where = f"{option}: " if option else ""
    sys.stderr.write(f"{printable(line)}\n{marks}\n")
    return Failure(f"{where}{error}", USAGE)


class Work:
    """One run of the command."""

    def __init__(self, request: Request, source: Input) -> None:
        """Check all expressions.

        Raises:
            Failure: one of them is wrong.
        """
        self._request, self._source = request, source
        self._terminal = sys.stdout.isatty()
        columns = source.columns
        self._filter = self._compiled(request.expression, "", lambda text: compile_filter(text, columns))
        self._shown: list[Shown] = self._compiled(
            request.cols or "*", "--cols", lambda text: select(text, columns)
        )
        self._orders = [self._order(text) for text in request.sort]
        self._left = request.top if not self._orders and not request.aggr else None

    @staticmethod
    def _compiled(text: str, option: str, compile_: Callable[[str], T]) -> T:
        try:
            return compile_(text)
        except QueryError as wrong:
            raise wrong_expression(wrong, text, option) from None

    def _order(self, text: str) -> Order:
        name, _, direction = text.rpartition(",")
        if direction.strip() not in ("asc", "desc"):
            name, direction = text, ""
        columns = self._source.columns
        expression = self._compiled(name, "--sort", lambda text: compile_expression(text, columns))
        return Order(expression, direction.strip() == "desc")

    def run(self) -> bool:
        """Read, select and write; return whether rows were found."""
        request = self._request
        if request.count:
            count = sum(len(rows) for _, rows in self._selected())
            self._write(f"{count}\n")
            return count > 0
        if request.aggr:
            return self._grouped()
        if request.unique:
            return self._different()
        if request.other is not None:
            return self._compared(request.other)
        if request.split is not None:
            return split_rows(
                request.split, request.path, self._source, self._selected(), header=request.header
            )
        if self._is_unchanged():
            return self._unchanged()
        return self._lines(
            [each.name for each in self._shown], [each.type for each in self._shown], self._rows()
        )

    def table(self) -> Iterator[str]:
        """Yield the lines of an aligned table."""
        names, types = [each.name for each in self._shown], [each.type for each in self._shown]
        return LINES["table"](names, types, self._rows(), True)

    def _selected(self) -> "Iterator[tuple[Piece, NDArray[np.int64]]]":
        """Yield tables and the rows of them that fulfil the condition."""
        for table in self._source.tables():
            rows = self._filter.indices(table)
            if self._left is not None:
                rows = rows[: self._left]
                self._left -= len(rows)
            if len(rows):
                yield table, rows
            if self._left == 0:
                return

    def _is_unchanged(self) -> bool:
        return not self._request.cols and self._request.to == "text" and self._source.separator == "\t"

    def _unchanged(self) -> bool:
        """Write lines as they stand in the input."""
        if self._request.header:
            self._write_bytes(self._source.header)
        found = False
        if not self._orders:
            for table, rows in self._selected():
                self._write_bytes(table.lines(rows))
                found = True
            return found
        collected = SortedRows(self._orders, self._request.top)
        for table, rows in self._selected():
            collected.add(table, rows, table.lines(rows).splitlines(keepends=True))
        for line in collected.ordered():
            self._write_bytes(line)
            found = True
        return found

    def _rows(self) -> Iterator[Row]:
        """Yield the cells of the rows in their order."""
        if not self._orders:
            for table, rows in self._selected():
                yield from cells(table, rows, self._shown)
            return
        collected = SortedRows(self._orders, self._request.top)
        for table, rows in self._selected():
            collected.add(table, rows, list(cells(table, rows, self._shown)))
        yield from collected.ordered()

    def _different(self) -> bool:
        """Write each combination of values once."""
        columns = self._source.columns
        shown: list[Shown] = self._compiled(
            self._request.unique, "--unique", lambda text: select(text, columns)
        )

        def rows() -> Iterator[Row]:
            seen: set[Row] = set()
            for table, chosen in self._selected():
                for row in cells(table, chosen, shown):
                    if row not in seen:
                        seen.add(row)
                        yield row

        return self._lines([each.name for each in shown], [each.type for each in shown], rows())

    def _grouped(self) -> bool:
        """Write groups of rows and their sums."""
        columns = self._source.columns
        fields, _, values = self._request.aggr.partition(":")
        shown: list[Shown] = []
        if fields.strip():
            shown = self._compiled(fields, "--aggr", lambda text: select(text, columns))
        wanted: list[Figure] = []
        if values.strip():
            wanted = self._compiled(values, "--aggr", lambda text: figures(text, columns))
        groups = Groups(shown, wanted, each=self._request.each)
        for table, rows in self._selected():
            groups.add(table, rows)
        counted = "Packets" if any(column.name == "pktNo" for column in columns) else "Flows"
        names = [figure.name for figure in wanted] or [counted]
        types = [_type_of_key(each, self._request.each) for each in shown] + ["I64"] * len(names)
        rows_ = ((*key, *totals) for key, totals in groups.ordered(self._request.top))
        return self._lines([*(each.name for each in shown), *names], types, rows_)

    def _compared(self, path: str) -> bool:
        """Write how the rows differ from those of another file; return whether they do not."""
        request = self._request
        other = Work(replace(request, path=path), open_input(path, is_csv=request.csv, how=request.how))
        comparison = Comparison(self._shown, other._shown)
        if not comparison.columns:
            raise Failure(f"--diff: '{request.path}' and '{path}' have no column in common", USAGE)
        self._shown = [mine for mine, _ in comparison.columns]
        other._shown = [theirs for _, theirs in comparison.columns]
        comparison.compare(self._rows(), other._rows())
        self._lines(HEADING, ("SC", "I64", "SC"), comparison.rows())
        return not comparison.differs

    def _lines(self, names: Sequence[str], types: Sequence[str], rows: Iterator[Row]) -> bool:
        """Write rows in the wanted format; return whether there are any."""
        counted = Counted(rows)
        buffer: list[str] = []
        for line in LINES[self._request.to](names, types, counted, self._request.header):
            buffer.append(line)
            if len(buffer) >= LINES_AT_ONCE:
                self._write("\n".join(buffer) + "\n")
                buffer.clear()
        if buffer:
            self._write("\n".join(buffer) + "\n")
        return counted.count > 0

    def _write(self, text: str) -> None:
        self._write_bytes(text.encode("utf-8", "backslashreplace"))

    def _write_bytes(self, data: bytes) -> None:
        if self._terminal:
            data = shown_on_terminal(data.decode("utf-8", "replace")).encode("utf-8", "backslashreplace")
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _type_of_key(shown: Shown, each: bool) -> str:
    return shown.type.removesuffix(":R") if each else shown.type


class Counted(Iterator[Row]):
    """Rows that are counted on the way."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self.count = 0

    def __next__(self) -> Row:
        row = next(self._rows)
        self.count += 1
        return row


def cells(table: Piece, rows: NDArray[np.int64], shown: Sequence[Shown]) -> Iterator[tuple[str, ...]]:
    """Yield the cells of rows."""
    return zip(*(column.cells(table, rows) for column in shown), strict=True)
