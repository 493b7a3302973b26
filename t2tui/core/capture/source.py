"""Where the bytes of a capture come from: files, pipes, standard input, gzip and zstd."""

import os
import select
import stat
import sys
import zlib
from collections.abc import Callable
from typing import Literal, Protocol

import zstandard

from t2tui.core.capture.errors import CaptureError

NOTHING_YET = -1
"""Nothing came within the time-out, and the source has not ended."""

PATIENCE_SECONDS = 0.2
"""Time between two questions whether somebody still wants to wait."""

COMPRESSED_CHUNK = 1 << 16
ZSTD_CHUNK = 1 << 12
"""Bytes fed to zstd at once, because it expands without a limit: these become 128 MB at worst."""

GZIP_MAGIC = b"\x1f\x8b\x08"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZSTD_SKIPPABLE = b"\x2a\x4d\x18"
"""Last bytes of the magic of a frame without data, which may come first (RFC 8878, 3.1.2)."""

HINTS: dict[type[OSError | ValueError], str] = {
    FileNotFoundError: "Check the path; it is relative to the current folder.",
    PermissionError: "Ask for read permission, or copy the capture to a place of your own.",
    IsADirectoryError: "Name a capture inside the folder.",
}


class Source(Protocol):
    """A stream of bytes.

    Attributes:
        disk_size: bytes of a regular file, None for anything else.
        compression: of the file.
        patience: called about five times a second while somebody waits for bytes that must come; what it
            raises ends the waiting.
    """

    disk_size: int | None
    compression: Literal["gzip", "zstd"] | None
    patience: Callable[[], None]

    @property
    def fault(self) -> str | None:
        """Why the bytes ended, if it was not the end of the file."""

    @property
    def position(self) -> int:
        """Bytes taken from the file so far, compressed bytes if it is compressed."""

    def read_into(self, view: memoryview, timeout: float | None) -> int:
        """Read what is there into a view.

        Args:
            view: of uint8.
            timeout: seconds to wait, None for as long as it takes.

        Returns:
            Bytes read, 0 at the end, NOTHING_YET if none came within the time-out.
        """

    def fileno(self) -> int:
        """Return the file descriptor, for select and poll."""

    def close(self) -> None:
        """Close the file; standard input stays open."""


def wait_on() -> None:
    """Wait for as long as it takes."""


def _open_at_once(path: str, flags: int) -> int:
    """Open a named pipe without waiting for its writer, where poll() then tells an end from a beginning."""
    return os.open(path, flags | (os.O_NONBLOCK if sys.platform == "linux" else 0))


class FileSource:
    """A file, a named pipe or standard input (``-``)."""

    compression: Literal["gzip", "zstd"] | None = None

    def __init__(self, path: str, patience: Callable[[], None] = wait_on) -> None:
        """Open a file.

        Raises:
            OSError, ValueError: it cannot be opened.
        """
        self.fault: str | None = None
        self.patience = patience
        self._unread = _taken_back() if path == "-" else b""
        self._position = len(self._unread)
        self._file = (
            open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115
            if path == "-"
            else open(path, "rb", buffering=0, opener=_open_at_once)  # noqa: SIM115
        )
        status = os.fstat(self.fileno())
        regular = stat.S_ISREG(status.st_mode) and path != "-"
        self.disk_size = status.st_size if regular else None
        self._poll: select.poll | None = None
        if not regular:
            self._poll = select.poll()
            self._poll.register(self.fileno(), select.POLLIN)

    @property
    def position(self) -> int:
        """See Source."""
        return self._position - len(self._unread)

    def peek(self, count: int) -> bytes:
        """Return the next bytes, fewer only at the end, and leave them to be read."""
        self._unread = read_fully(self, count)
        return self._unread

    def read_into(self, view: memoryview, timeout: float | None) -> int:
        """See Source."""
        if self._unread:
            count = min(len(self._unread), len(view))
            view[:count] = self._unread[:count]
            self._unread = self._unread[count:]
            return count
        if self._poll and not self._poll.poll(None if timeout is None else timeout * 1000):
            return NOTHING_YET
        try:
            got = self._file.readinto(view)
        except OSError as error:
            self.fault = f"reading failed at byte {self._position}: {error.strerror}"
            return 0
        if got is None:
            return NOTHING_YET
        self._position += got
        return got

    def fileno(self) -> int:
        """See Source."""
        return self._file.fileno()

    def close(self) -> None:
        """See Source."""
        self._file.close()
        self.patience = wait_on  # the other one belongs to an engine, which need not wait for this object


_peeked = b""
"""What somebody has looked at of standard input; it belongs to the source that is opened next."""


def peek_standard_input() -> bytes:
    """Return the first byte of standard input, none if it is empty; the next source of ``-`` begins with it.

    Raises:
        CaptureError: standard input is closed.
    """
    global _peeked
    try:
        source = FileSource("-")
    except OSError as error:
        raise cannot_open("-", error) from error
    _peeked = source.peek(1)
    source.close()
    return _peeked


def _taken_back() -> bytes:
    global _peeked
    taken, _peeked = _peeked, b""
    return taken


class Decoder(Protocol):
    """Decompresses one member of a compressed file, with the interface of zlib.decompressobj."""

    @property
    def eof(self) -> bool:
        """Whether the member has ended."""

    @property
    def unused_data(self) -> bytes:
        """Input behind its end."""

    @property
    def unconsumed_tail(self) -> bytes:
        """Input that was left over because the output was long enough."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Return up to ``max_length`` bytes, as far as the input goes."""


class ZstdDecoder:
    """A zstd frame."""

    def __init__(self) -> None:
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self.unused_data = b""
        self.unconsumed_tail = b""

    @property
    def eof(self) -> bool:
        """Whether the frame has ended."""
        return self._frame.eof

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """See Decoder, but the output can be longer."""
        output = self._frame.decompress(data[:ZSTD_CHUNK])
        rest = data[ZSTD_CHUNK:]
        if self.eof:
            self.unused_data = self._frame.unused_data + rest
        else:
            self.unconsumed_tail = rest
        return output


class CompressedSource:
    """A gzip or zstd file, of one member or several."""

    def __init__(self, raw: FileSource, compression: Literal["gzip", "zstd"]) -> None:
        """Read compressed data from an open source."""
        self.disk_size = raw.disk_size
        self.compression: Literal["gzip", "zstd"] | None = compression
        self.fault: str | None = None
        self.patience = raw.patience
        self._raw = raw
        self._chunk = memoryview(bytearray(COMPRESSED_CHUNK))
        self._input = b""
        self._output = memoryview(b"")
        self._decoder: Decoder | None = None
        self._has_more = False

    @property
    def position(self) -> int:
        """See Source."""
        return self._raw.position

    def read_into(self, view: memoryview, timeout: float | None) -> int:
        """See Source."""
        while not self._output:
            if self.fault:
                return 0
            if self._input or self._has_more:
                self._expand(len(view))
                continue
            got = self._raw.read_into(self._chunk, timeout)
            if got == NOTHING_YET:
                return NOTHING_YET
            if got == 0:
                if self._raw.fault or self._decoder:
                    self.fault = (
                        self._raw.fault or f"{self.compression} data end early, at byte {self.position}"
                    )
                return 0
            self._input = bytes(self._chunk[:got])
        count = min(len(self._output), len(view))
        view[:count] = self._output[:count]
        self._output = self._output[count:]
        return count

    def _expand(self, room: int) -> None:
        """Decompress some of the input into the output."""
        decoder: Decoder | None = self._decoder
        if not decoder:
            self._input = self._input.lstrip(b"\0")  # padding behind a member
            if not self._input:
                return
            decoder = ZstdDecoder() if self.compression == "zstd" else zlib.decompressobj(wbits=31)
        try:
            output = decoder.decompress(self._input, room)
        except (zlib.error, zstandard.ZstdError) as error:
            self.fault = f"{self.compression} data are damaged before byte {self.position}: {error}"
            return
        self._output = memoryview(output)
        self._decoder = None if decoder.eof else decoder
        self._input = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
        self._has_more = len(output) == room and not decoder.eof

    def fileno(self) -> int:
        """See Source."""
        return self._raw.fileno()

    def close(self) -> None:
        """See Source."""
        self._raw.close()
        self.patience = wait_on


def open_source(path: str, patience: Callable[[], None] = wait_on) -> Source:
    """Open a file and see by its first bytes whether it is compressed.

    Args:
        path: ``-`` for standard input.
        patience: see Source.

    Raises:
        CaptureError: it cannot be opened, or is empty.
    """
    try:
        raw = FileSource(path, patience)
    except (OSError, ValueError) as error:
        raise cannot_open(path, error) from error
    try:
        magic = raw.peek(4)
    except BaseException:  # who waited has no more patience
        raw.close()
        raise
    if not magic:
        raw.close()
        if raw.fault:
            raise CaptureError(f"Failed to open file '{path}' for reading: {raw.fault}", "Check the disk.")
        raise CaptureError(f"PCAP file '{path}' is empty", "The file holds no bytes at all; capture again.")
    if magic.startswith(GZIP_MAGIC):
        return CompressedSource(raw, "gzip")
    if magic == ZSTD_MAGIC or (magic.endswith(ZSTD_SKIPPABLE) and magic[0] & 0xF0 == 0x50):
        return CompressedSource(raw, "zstd")
    return raw


def read_fully(source: Source, count: int) -> bytes:
    """Wait for bytes of a source; fewer than ``count`` come only at its end."""
    buffer = memoryview(bytearray(count))
    have = 0
    while have < count:
        got = source.read_into(buffer[have:], PATIENCE_SECONDS)
        if got == 0:
            break
        if got == NOTHING_YET:
            source.patience()
        have += max(got, 0)
    return bytes(buffer[:have])


def cannot_open(path: str, error: OSError | ValueError) -> CaptureError:
    """Word why a file cannot be opened, as the reference does."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    hint = HINTS.get(type(error), "Check the path and the disk.")
    return CaptureError(f"Failed to open file '{path}' for reading: {reason}", hint)
