"""The packet file (option ``-s``): one line per packet that has a flow (docs/files.md)."""

import numpy as np
from numpy.typing import NDArray

from t2tui.core.batch import PacketBatch
from t2tui.core.columns import Column, plugin_columns
from t2tui.core.layout import PACKET
from t2tui.core.lines import Lines
from t2tui.core.run import Run
from t2tui.core.text.rows import Code, Field

SUFFIX = "_packets.txt"


class PacketLines:
    """Writes the packet file batch by batch."""

    def __init__(self, run: Run, *, has_hex: bool = False) -> None:
        """Open the file and write the line of column names.

        Args:
            run: its plugins have started.
            has_hex: payload is written as hexadecimal bytes, too.
        """
        self._run = run
        self._has_hex = has_hex
        self._writers: dict[int, tuple[Lines, NDArray[np.int64]]] = {}  # by batch
        self._file = run.outputs.open(SUFFIX)
        columns = self._columns(np.zeros(1, PACKET), np.zeros(1, np.int64))
        names = "\t".join(run.names(column) for column, _ in columns)
        self._file.write(f"%{names}\n".encode())

    def _columns(self, packets: NDArray[np.void], content: NDArray[np.int64]) -> list[tuple[Column, Field]]:
        as_hex, as_text = plugin_columns("core", "packets")[-2:]
        columns = [*self._run.packet_columns(packets)]
        if self._has_hex:
            columns.append((as_hex, Field(Code.BYTES, content, second=packets["snapL7Len"])))
        return [*columns, (as_text, Field(Code.CONTENT, content, second=packets["snapL7Len"]))]

    def _writer(self, batch: PacketBatch) -> tuple[Lines, NDArray[np.int64]]:
        """Return the writer of a batch's rows, and where it finds the begin of each payload."""
        if id(batch) not in self._writers:
            content = np.zeros(len(batch.packets), np.int64)
            lines = Lines(self._run, lambda: [field for _, field in self._columns(batch.packets, content)])
            self._writers[id(batch)] = lines, content
        return self._writers[id(batch)]

    def write(self, batch: PacketBatch, first: int, behind: int) -> None:
        """Write packets of a batch, after all plugins have seen them.

        Args:
            batch: one of the few batches that go round.
            first: row of the first packet.
            behind: row behind the last packet.
        """
        lines, content = self._writer(batch)
        packets = batch.packets[first:behind]
        np.add(packets["base"], packets["l7"], out=content[first:behind])
        rows = np.flatnonzero(packets["flow"] >= 0).astype(np.int32)
        slots = packets["flow"][rows]
        for text in lines.writer().chunks(rows + first, slots, batch.data):
            self._file.write(text)

    def close(self) -> None:
        """Close the file, which gives it its name."""
        self._writers.clear()
        self._file.close()
