"""socketSink: flows as text, JSON or binary records over TCP or UDP (docs/sinks.md)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.lines import Lines
from t2tui.core.settings import Flag
from t2tui.plugins.base import Plugin, Run
from t2tui.plugins.binaryrecords import Records, host_message
from t2tui.plugins.cells import pieces
from t2tui.plugins.connection import TCP, UDP, Connection
from t2tui.plugins.jsonlines import JsonLines

BINARY, TEXT, JSON = range(3)
"""Values of SKS_CONTENT_TYPE."""

NO_PAYLOAD = np.zeros(0, np.uint8)


class SocketSink(Plugin):
    """Sends flows to a server."""

    name = "socketSink"
    number = 910
    summary = "sends flows to a server, as text, JSON or binary records, over TCP or UDP"
    flags = (
        Flag("SKS_SOCKTYPE", TCP, help="0 UDP, 1 TCP", choices=(UDP, TCP)),
        Flag("SKS_CONTENT_TYPE", TEXT, help="0 binary, 1 text, 2 JSON", choices=(BINARY, TEXT, JSON)),
        Flag("SKS_HOST_INFO", 0, help="1: binary: begin with a message about the host", choices=(0, 1)),
        Flag("SKS_GZ_COMPRESS", 0, help="1: a gzip stream (TCP)", choices=(0, 1)),
        Flag("SKS_SERVADD", "127.0.0.1", help="address of the server", runtime=True),
        Flag("SKS_DPORT", 6666, help="port of the server", minimum=1, maximum=65535, runtime=True),
    )

    _server: Connection | None = None

    def start(self, run: Run) -> None:
        """Connect. Without server the run goes on, and nothing is sent."""
        super().start(run)
        s = self.settings
        self._lines: Lines | None = None
        self._objects: JsonLines | None = None
        self._records: Records | None = None
        self._server = Connection(
            self.name, run.tell, s.SKS_SERVADD, s.SKS_DPORT, s.SKS_SOCKTYPE, bool(s.SKS_GZ_COMPRESS)
        )

    def _begin(self) -> Lines:
        """Send the line of column names."""
        names = "\t".join(self.run.names(column) for column, _ in self.run.flow_columns())
        self._send(f"%{names}\n".encode())
        return Lines(self.run, lambda: [field for _, field in self.run.flow_columns()])

    def _send(self, lines: bytes | memoryview) -> None:
        """Send whole lines: as they are over TCP, each in a datagram over UDP."""
        if self._server is None:
            return
        if self.settings.SKS_SOCKTYPE == TCP:
            self._server.send(lines)
            return
        for line in bytes(lines).split(b"\n")[:-1]:
            self._server.send(line + b"\n")

    def _send_records(self, server: Connection, slots: NDArray[Any]) -> None:
        """Send binary messages, each in a datagram over UDP."""
        messages = []
        if self._records is None:
            self._records = Records(self.run)
            if self.settings.SKS_HOST_INFO:
                messages.append(host_message(self.run))
            messages.append(self._records.header())
        messages += self._records.rows(slots)
        for message in messages if self.settings.SKS_SOCKTYPE == UDP else [b"".join(messages)]:
            server.send(message)

    def on_rows(self, slots: NDArray[Any]) -> None:
        """Send the flows."""
        if self._server is None or not self._server.is_open:
            return
        if self.settings.SKS_CONTENT_TYPE == BINARY:
            for piece in pieces(slots):
                self._send_records(self._server, piece)
            return
        if self.settings.SKS_CONTENT_TYPE == JSON:
            if self._objects is None:
                self._objects = JsonLines(self.run)
            for piece in pieces(slots):
                self._send("".join(f"{line}\n" for line in self._objects.rows(piece)).encode())
            return
        if self._lines is None:
            self._lines = self._begin()
        for text in self._lines.writer().chunks((0, len(slots)), slots, NO_PAYLOAD):
            self._send(text)

    def finish(self) -> None:
        """Close the connection."""
        if self._server is not None:
            self._server.finish()

    def abandon(self) -> None:
        """Close the connection."""
        if self._server is not None:
            self._server.close()
