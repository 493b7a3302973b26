"""A TCP or UDP connection that a sink writes to (docs/sinks.md). Its failure ends the sink, not the run."""

import socket
import zlib
from collections.abc import Callable
from typing import Any, TypeAlias

UDP, TCP = range(2)
"""Values of the flags that choose the transport protocol."""

CONNECT_SECONDS = 10.0
"""Longest wait for a server that does not answer."""

GZIP = 31
"""zlib's number for the largest window in gzip's format."""

STALL_SECONDS = 60.0
"""Longest wait for a reader that takes nothing; one that is merely slow is waited for."""

Bytes: TypeAlias = bytes | memoryview


class Connection:
    """Sends what a sink hands over, and tells once when that is no longer possible.

    Attributes:
        is_open: messages are being sent; False after the first error and after ``close``.
    """

    def __init__(
        self,
        sink: str,
        tell: Callable[[str], None],
        address: str,
        port: int,
        protocol: int,
        compress: bool = False,
    ) -> None:
        """Connect.

        Args:
            sink: name of the plugin, for messages.
            tell: writes a line of the report.
            address: name or address of the server.
            port: of the server.
            protocol: TCP or UDP.
            compress: send a gzip stream (TCP).
        """
        self._sink, self._tell = sink, tell
        self._place = f"{address} on port {port}"
        self._socket: socket.socket | None = None
        self._protocol = protocol
        self._target: Any = None
        self._packer = zlib.compressobj(wbits=GZIP) if compress and protocol == TCP else None
        try:
            self._socket = self._connected(address, port)
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that cannot be looked up
            self._fail(
                f"Could not connect to socket: {reason(error)}, "
                f"check whether the server side is listening at {self._place}"
            )

    @property
    def is_open(self) -> bool:
        """Messages are being sent."""
        return self._socket is not None

    def _connected(self, address: str, port: int) -> socket.socket:
        if self._protocol == TCP:
            stream = socket.create_connection((address, port), CONNECT_SECONDS)
            stream.settimeout(STALL_SECONDS)
            return stream
        family, kind, number, _, self._target = socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM)[0]
        return socket.socket(family, kind, number)

    def _fail(self, text: str) -> None:
        self._tell(f"[ERR] {self._sink}: {text}; the run goes on without {self._sink}")
        self.close()

    def send(self, message: Bytes) -> None:
        """Send a message: part of the stream, or a datagram. Without connection nothing happens.

        A reader that is slower than the run is waited for.
        """
        if self._socket is None:
            return
        try:
            if self._protocol == UDP:
                self._socket.sendto(message, self._target)
                return
            self._send_all(self._socket, message if self._packer is None else self._packer.compress(message))
        except OSError as error:
            self._fail(f"Could not send message to socket: {reason(error)} ({self._place})")

    def _send_all(self, stream: socket.socket, message: Bytes) -> None:
        rest = memoryview(message)
        while rest:  # not sendall: its time-out is for the whole message
            rest = rest[stream.send(rest) :]

    def finish(self) -> None:
        """Send the end of a compressed stream, and close."""
        if self._socket is not None and self._packer is not None:
            try:
                self._send_all(self._socket, self._packer.flush())
            except OSError as error:
                self._fail(f"Could not send message to socket: {reason(error)} ({self._place})")
        self.close()

    def close(self) -> None:
        """Close the socket; closing twice is allowed."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def reason(error: Exception) -> str:
    """Return why a system call failed."""
    if isinstance(error, TimeoutError):
        return "the other side does not answer"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
