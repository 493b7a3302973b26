"""parquetSink: flows as a Parquet or Arrow file of typed columns (docs/sinks.md)."""

import io
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from t2tui.core.outputs import OutputError
from t2tui.core.settings import Flag
from t2tui.plugins.base import Plugin, Run
from t2tui.plugins.cells import Cells, pieces, read_selection

if TYPE_CHECKING:
    from t2tui.plugins.arrowvalues import Flows

PARQUET, ARROW = range(2)
"""Values of PARQUET_FORMAT."""

ENDINGS = (".parquet", ".arrow")
"""Of the file's name by format."""

UNCOMPRESSED = "none"

ARROW_CODECS = ("zstd", "lz4", UNCOMPRESSED)
"""Values of PARQUET_COMPRESSION that Arrow files have."""

GROUP_BYTES = 64 << 20
"""Most memory of a row group that waits to be written."""


class ParquetSink(Plugin):
    """Writes flows as columns."""

    name = "parquetSink"
    number = 929
    summary = "flows as typed columns: PREFIX_flows.parquet (Apache Parquet or Arrow; needs pyarrow)"
    flags = (
        Flag("PARQUET_FORMAT", PARQUET, help="0 Parquet, 1 Arrow (Feather)", choices=(PARQUET, ARROW)),
        Flag(
            "PARQUET_COMPRESSION",
            "zstd",
            help="compression of the columns",
            choices=("zstd", "lz4", "snappy", "gzip", UNCOMPRESSED),
        ),
        Flag("PARQUET_ROW_GROUP", 65536, help="most flows of a row group", minimum=1, maximum=1 << 24),
        Flag("PARQUET_SELECT", 0, help="1: only the columns that PARQUET_SELECT_FILE names", choices=(0, 1)),
        Flag("PARQUET_SELECT_FILE", "parquet-columns.txt", help="file with a column name per line"),
        Flag("PARQUET_SUFFIX", "_flows", help="suffix of the file, before its ending", runtime=True),
    )

    _file: "PositionedFile | None" = None
    _writer: Any = None

    def start(self, run: Run) -> None:
        """Open the file.

        Raises:
            OutputError: pyarrow is not installed, or the compression is none of the format.
        """
        super().start(run)
        s = self.settings
        suffix = s.PARQUET_SUFFIX + ENDINGS[s.PARQUET_FORMAT]
        where = f"'{run.outputs.prefix}{suffix}'"
        try:
            import pyarrow  # noqa: F401
        except ImportError as error:
            advice = "pyarrow is not installed: pip install 't2tui[arrow]'"
            raise OutputError(where, f"{self.name}: {advice}") from error
        if s.PARQUET_FORMAT == ARROW and s.PARQUET_COMPRESSION not in ARROW_CODECS:
            wanted = ", ".join(ARROW_CODECS)
            raise OutputError(where, f"{self.name}: PARQUET_COMPRESSION of an Arrow file is one of {wanted}")
        self._pending: Flows | None = None
        self._waiting: list[Any] = []
        self._flows = self._bytes = 0
        self._file = PositionedFile(run.outputs.open(suffix))

    def _begin(self) -> "Flows":
        """Write what stands before the first flow."""
        import pyarrow
        from pyarrow import parquet

        from t2tui.plugins.arrowvalues import PLAIN, Flows

        s = self.settings
        select = read_selection(self.name, s.PARQUET_SELECT_FILE, self.run) if s.PARQUET_SELECT else None
        flows = Flows(Cells(self.run, select, plain=PLAIN))
        codec = None if s.PARQUET_COMPRESSION == UNCOMPRESSED else s.PARQUET_COMPRESSION
        if s.PARQUET_FORMAT == ARROW:
            options = pyarrow.ipc.IpcWriteOptions(compression=codec)
            self._writer = pyarrow.ipc.new_file(self._file, flows.schema, options=options)
        else:
            self._writer = parquet.ParquetWriter(self._file, flows.schema, compression=codec or "none")
        return flows

    def on_rows(self, slots: NDArray[Any]) -> None:
        """Keep the flows until they fill a row group."""
        if self._pending is None:
            self._pending = self._begin()
        for piece in pieces(slots):
            rest = piece
            while len(rest):
                part, rest = np.split(rest, [self.settings.PARQUET_ROW_GROUP - self._flows])
                self._pending.add(part)
                self._flows += len(part)
                is_full = self._flows == self.settings.PARQUET_ROW_GROUP
                if is_full or self._pending.is_enough:
                    self._convert(self._pending)
                if is_full or self._bytes >= GROUP_BYTES:
                    self._write(self._pending)

    def _convert(self, pending: "Flows") -> None:
        """Turn the flows that wait into arrays."""
        self._waiting.append(pending.take())
        self._bytes += self._waiting[-1].nbytes

    def _write(self, pending: "Flows") -> None:
        """Write a row group."""
        import pyarrow

        if pending.count:
            self._convert(pending)
        if self._waiting:
            table = pyarrow.Table.from_batches(self._waiting, pending.schema).combine_chunks()
            self._waiting.clear()
            self._flows = self._bytes = 0
            self._writer.write_table(table)

    def finish(self) -> None:
        """Write the rest and the description of the file; a run without flows has one, too."""
        if self._file is not None:
            if self._pending is None:
                self._pending = self._begin()
            self._write(self._pending)
            self._writer.close()
            self._file.close()

    def abandon(self) -> None:
        """Let the writer end without writing."""
        if self._file is not None:
            self._file.is_deaf = True
            if self._writer is not None:
                with suppress(Exception):  # whatever it still wants, nobody needs
                    self._writer.close()


class PositionedFile(io.RawIOBase):
    """An output as pyarrow wants it: it tells its position.

    Attributes:
        is_deaf: what is written goes nowhere.
    """

    def __init__(self, output: BinaryIO) -> None:
        """Take an output over.

        Args:
            output: takes the bytes.
        """
        super().__init__()
        self._output = output
        self._position = 0
        self.is_deaf = False

    def writable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._position

    def write(self, data: Any, /) -> int:
        """Write all bytes."""
        view = memoryview(data).cast("B")
        if not self.is_deaf:
            self._output.write(view)
        self._position += len(view)
        return len(view)

    def close(self) -> None:
        """Close the output; closing twice is allowed."""
        if not self.closed and not self.is_deaf:
            self._output.close()
        super().close()
