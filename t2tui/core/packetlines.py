"""The packet file (option ``-s``): one line per packet that has a flow (docs/files.md)."""

import numpy as np

from t2tui.core.batch import PacketBatch
from t2tui.core.columns import Column, plugin_columns
from t2tui.core.lines import Lines
from t2tui.core.run import Run
from t2tui.core.text.rows import Code, Field

SUFFIX = "_packets.txt"


class PacketLines:
    """Writes the packet file batch by batch."""

    def __init__(self, run: Run, batch: PacketBatch) -> None:
        """Open the file and write the line of column names.

        Args:
            run: its plugins have started.
            batch: the batch that the engine fills again and again.
        """
        self._run = run
        self._batch = batch
        self._content = np.zeros(len(batch.packets), np.int64)  # where payload begins in the batch's bytes
        self._lines = Lines(run, lambda: [field for _, field in self._columns()])
        self._file = run.outputs.open(SUFFIX)
        names = "\t".join(run.names(column) for column, _ in self._columns())
        self._file.write(f"%{names}\n".encode())

    def _columns(self) -> list[tuple[Column, Field]]:
        packets = self._batch.packets
        payload = Field(Code.CONTENT, self._content, second=packets["snapL7Len"])
        content = plugin_columns("core", "packets")[-1]
        return [*self._run.packet_columns(packets), (content, payload)]

    def write(self, first: int = 0, last: int | None = None) -> None:
        """Write packets of the batch, after all plugins have seen them.

        Args:
            first: row of the first packet.
            last: row behind the last packet; the whole batch without.
        """
        batch = self._batch
        part = slice(first, batch.count if last is None else last)
        packets = batch.packets[part]
        np.add(packets["base"], packets["l7"], out=self._content[part])
        rows = np.flatnonzero(packets["flow"] >= 0).astype(np.int32)
        slots = packets["flow"][rows]
        for text in self._lines.writer().chunks(rows + first, slots, batch.data):
            self._file.write(text)

    def close(self) -> None:
        """Close the file, which gives it its name."""
        self._file.close()
