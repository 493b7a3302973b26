"""Rows of flows as files, as ``t2tui filter --to`` and parquetSink write them."""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from t2tui.core.formats import LINES, Row, csv_lines
from t2tui.core.outputs import OutputError
from t2tui.core.query.selection import Shown
from t2tui.core.store import ColumnStore
from t2tui.core.text.rows import RowWriter

TEXT, CSV, JSON, PARQUET = "text", "csv", "json", "parquet"

ENDINGS = {TEXT: ".txt", CSV: ".csv", JSON: ".json", PARQUET: ".parquet"}
"""Format -> how the names of its files end."""

ROWS_AT_ONCE = 1 << 13
"""Rows that are in memory as text at a time."""

COMPRESSION = "zstd"
GROUP_ROWS = 1 << 16
"""Of Parquet files, as parquetSink has them by default."""

Tell = Callable[[int, int], None]


def obstacle(format_: str) -> str:
    """Return why a format cannot be written here; nothing if it can."""
    if format_ == PARQUET and importlib.util.find_spec("pyarrow") is None:
        return "pyarrow is not installed: pip install 't2tui[arrow]'"
    return ""


@dataclass(frozen=True, eq=False)
class Export:
    """Rows and columns of a table in a format.

    Attributes:
        store: the table; no more rows may be appended to it.
        rows: numbers of the rows, in their order.
        shown: the columns.
        format: one of ENDINGS.
        is_guarded: CSV: put an apostrophe before texts that spreadsheets would calculate.
    """

    store: ColumnStore
    rows: NDArray[Any]
    shown: Sequence[Shown]
    format: str = TEXT
    is_guarded: bool = False

    def write(self, written: BinaryIO, tell: Tell = lambda done, total: None) -> None:
        """Write all rows, some at a time.

        Args:
            written: takes them.
            tell: called on the way with the number of rows so far, and of all; an exception that it raises
                ends the export.

        Raises:
            OutputError: the file cannot be written, or the format has no such columns.
        """
        if self.format == PARQUET:
            self._write_parquet(written, tell)
        elif self.format == TEXT and self._is_plain:
            written.write(("%" + "\t".join(self._names) + "\n").encode())
            writer = self._writer()
            for part in self._parts(tell):
                for chunk in writer.chunks(part, None, self.store.content):
                    written.write(chunk)
        else:
            make = (
                partial(csv_lines, is_guarded=self.is_guarded) if self.format == CSV else LINES[self.format]
            )
            for line in make(self._names, [each.type for each in self.shown], self._cells(tell), True):
                written.write(f"{line}\n".encode("utf-8", "backslashreplace"))

    @property
    def _names(self) -> list[str]:
        return [each.name for each in self.shown]

    @property
    def _is_plain(self) -> bool:
        """Whether all that is shown are columns."""
        return all(each.expression is None for each in self.shown)

    def _parts(self, tell: Tell) -> Iterator[NDArray[np.int32]]:
        """Yield row numbers, not too many at once."""
        total = len(self.rows)
        for first in range(0, total, ROWS_AT_ONCE):
            tell(first, total)
            yield self.rows[first : first + ROWS_AT_ONCE].astype(np.int32)
        tell(total, total)

    def _writer(self) -> RowWriter:
        """Make what writes lines of a flow file."""
        return RowWriter(self.store.fields([each.column for each in self.shown]))

    def _cells(self, tell: Tell) -> Iterator[Row]:
        """Yield the cells of the rows."""
        writer = self._writer() if self._is_plain else None
        for rows in self._parts(tell):
            if writer is not None:
                chunks = writer.chunks(rows, None, self.store.content)
                text = b"".join(map(bytes, chunks)).decode("utf-8", "replace")
                yield from (line.split("\t") for line in text.split("\n")[:-1])
            else:
                numbers = rows.astype(np.int64)
                yield from zip(*(each.cells(self.store, numbers) for each in self.shown), strict=True)

    def _write_parquet(self, written: BinaryIO, tell: Tell) -> None:
        """Write typed columns."""
        if why := obstacle(PARQUET):
            raise OutputError("Parquet", why)
        if not self._is_plain:
            computed = next(each.name for each in self.shown if each.expression is not None)
            raise OutputError("Parquet", f"{computed} is no column; choose columns, or another format")
        import pyarrow
        from pyarrow import parquet

        from t2tui.plugins.arrowvalues import PLAIN, Flows
        from t2tui.plugins.cells import StoredCells
        from t2tui.plugins.parquetsink import PositionedFile

        flows = Flows(StoredCells(self.store, [each.column for each in self.shown], plain=PLAIN))
        waiting: list[Any] = []
        file = PositionedFile(written)
        with parquet.ParquetWriter(file, flows.schema, compression=COMPRESSION) as writer:
            try:
                for rows in self._parts(tell):
                    flows.add(rows)
                    waiting.append(flows.take())
                    if sum(map(len, waiting)) >= GROUP_ROWS:
                        writer.write_table(pyarrow.Table.from_batches(waiting, flows.schema).combine_chunks())
                        waiting.clear()
                if waiting:
                    writer.write_table(pyarrow.Table.from_batches(waiting, flows.schema).combine_chunks())
            except BaseException:
                file.is_deaf = True  # the writer closes without writing
                raise
