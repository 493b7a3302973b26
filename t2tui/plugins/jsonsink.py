"""jsonSink: one JSON object per flow, into a file or over TCP (docs/sinks.md)."""

from typing import Any

from numpy.typing import NDArray

from t2tui.core.settings import Flag
from t2tui.plugins.base import Plugin, Run
from t2tui.plugins.cells import pieces, read_selection
from t2tui.plugins.connection import TCP, Connection
from t2tui.plugins.jsonlines import JsonLines
from t2tui.plugins.txtsink import FlowFile


class JsonSink(Plugin):
    """Writes flows as JSON."""

    name = "jsonSink"
    number = 903
    summary = "flows as JSON objects: PREFIX_flows.json, or over TCP"
    flags = (
        Flag("JSON_SOCKET_ON", 0, help="1: send to a server instead of writing a file", choices=(0, 1)),
        Flag("JSON_GZ_COMPRESS", 0, help="compress", choices=(0, 1)),
        Flag("JSON_SPLIT", 1, help="honour option -W", choices=(0, 1)),
        Flag("JSON_ROOT_NODE", 0, help="1: one array of all objects", choices=(0, 1)),
        Flag("JSON_SUPPRESS_EMPTY_ARRAY", 1, help="leave out columns without value", choices=(0, 1)),
        Flag("JSON_NO_SPACES", 1, help="no blanks behind colons and commas", choices=(0, 1)),
        Flag("JSON_SELECT", 0, help="1: only the columns that JSON_SELECT_FILE names", choices=(0, 1)),
        Flag("JSON_SELECT_FILE", "json-columns.txt", help="file with a column name per line"),
        Flag(
            "JSON_BUFFER_SIZE",
            1 << 20,
            help="bytes of objects that are written or sent at once",
            minimum=1,
            maximum=1 << 30,
            runtime=True,
        ),
        Flag("JSON_SOCKET_ADDR", "127.0.0.1", help="address of the server", runtime=True),
        Flag("JSON_SOCKET_PORT", 5000, help="port of the server", minimum=1, maximum=65535, runtime=True),
        Flag("JSON_SUFFIX", "_flows.json", help="suffix of the file", runtime=True),
    )

    _server: Connection | None = None
    _file: FlowFile | None = None

    def start(self, run: Run) -> None:
        """Open the file, or connect."""
        super().start(run)
        s = self.settings
        self._lines: JsonLines | None = None
        self._is_first = True
        self._pending = bytearray()
        compress = bool(s.JSON_GZ_COMPRESS)
        if s.JSON_SOCKET_ON:
            address, port = s.JSON_SOCKET_ADDR, s.JSON_SOCKET_PORT
            self._server = Connection(self.name, run.tell, address, port, TCP, compress)
        else:
            split = run.split if s.JSON_SPLIT and not s.JSON_ROOT_NODE else None
            self._file = FlowFile(run.outputs, s.JSON_SUFFIX, split, compress)

    def _begin(self) -> JsonLines:
        s = self.settings
        select = read_selection(self.name, s.JSON_SELECT_FILE, self.run) if s.JSON_SELECT else None
        return JsonLines(self.run, select, spaces=not s.JSON_NO_SPACES, empty=not s.JSON_SUPPRESS_EMPTY_ARRAY)

    def _put(self, text: str) -> None:
        self._pending += text.encode()
        if len(self._pending) >= self.settings.JSON_BUFFER_SIZE:
            self._flush()

    def _flush(self) -> None:
        pending, self._pending = memoryview(self._pending), bytearray()
        if self._server is not None:
            self._server.send(pending)
        elif self._file is not None:
            self._file.write(pending)

    def on_rows(self, slots: NDArray[Any]) -> None:
        """Write the flows."""
        if len(slots) == 0 or (self._server is not None and not self._server.is_open):
            return
        if self._lines is None:
            self._lines = self._begin()
        for piece in pieces(slots):
            for line in self._lines.rows(piece):
                if not self.settings.JSON_ROOT_NODE:
                    self._put(f"{line}\n")
                else:
                    self._put(f"[\n{line}" if self._is_first else f",\n{line}")
                    self._is_first = False
        self._flush()

    def finish(self) -> None:
        """End the array, close file or connection."""
        if self.settings.JSON_ROOT_NODE:
            self._put("[]\n" if self._is_first else "\n]\n")
        self._flush()
        if self._file is not None:
            self._file.close()
        if self._server is not None:
            self._server.finish()

    def abandon(self) -> None:
        """Close the connection."""
        if self._server is not None:
            self._server.close()
