"""Where the bytes of a capture come from: files, pipes, gzip and zstd."""

import os
import select
import zlib
from pathlib import Path
from typing import Protocol

from t2tui.core.capture.errors import CaptureError

NOTHING_YET = -1
"""Nothing arrived within the time-out; the source has not ended."""

COMPRESSED_CHUNK = 1 << 16
ZSTD_CHUNK = 1 << 12
"""zstd expands without a limit: 4 kB become 128 MB at worst."""

GZIP_MAGIC = b"\x1f\x8b\x08"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
MAGIC_BYTES = 4


class Source(Protocol):
    """A stream of bytes.

    Attributes:
        position: bytes taken from the file or pipe so far (compressed bytes of a compressed one).
        fault: what is wrong with the data, once they ended because of it.
    """

    position: int
    fault: str | None

    def read_into(self, view: memoryview, timeout: float | None) -> int:
        """Read what is there, at most ``len(view)`` bytes.

        Returns:
            Bytes read, 0 at the end, NOTHING_YET after ``timeout`` seconds (None: wait).
        """

    def fileno(self) -> int:
        """Return the file descriptor, for select and poll."""

    def close(self) -> None:
        """Close the file; standard input stays open."""


class FileSource:
    """A file, a named pipe or standard input (``-``).

    Attributes:
        path: as it was given.
        size: bytes, None for anything but a regular file.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.position = 0
        self.fault: str | None = None
        self._unread = b""
        try:
            self._file = (
                open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115
                if path == "-"
                else Path(path).open("rb", buffering=0)
            )
        except OSError as error:
            raise _cannot_open(path, error) from error
        regular = Path(path).is_file() if path != "-" else False
        self.size = os.fstat(self._file.fileno()).st_size if regular else None
        self._poll: select.poll | None = None
        if self.size is None:
            self._poll = select.poll()
            self._poll.register(self._file.fileno(), select.POLLIN)

    def peek(self, count: int) -> bytes:
        """Return the next bytes, fewer only at the end of the file, without taking them."""
        while len(self._unread) < count:
            try:
                more = self._file.read(count - len(self._unread))
            except OSError as error:
                raise _cannot_open(self.path, error) from error
            if not more:
                break
            self._unread += more
        return self._unread[:count]

    def read_into(self, view: memoryview, timeout: float | None) -> int:
        """See Source."""
        if self._unread:
            count = min(len(self._unread), len(view))
            view[:count] = self._unread[:count]
            self._unread = self._unread[count:]
        else:
            if self._poll and timeout is not None and not self._poll.poll(timeout * 1000):
                return NOTHING_YET
            try:
                got = self._file.readinto(view)
            except OSError as error:
                self.fault = f"error reading dump file: {error.strerror}"
                return 0
            if got is None:
                return NOTHING_YET
            count = got
        self.position += count
        return count

    def fileno(self) -> int:
        """See Source."""
        return self._file.fileno()

    def close(self) -> None:
        """See Source."""
        self._file.close()


class CompressedSource:
    """A gzip or zstd stream, of one member or several."""

    def __init__(self, raw: FileSource, kind: str) -> None:
        self.fault: str | None = None
        self._raw = raw
        self._kind = kind
        self._buffer = bytearray(ZSTD_CHUNK if kind == "zstd" else COMPRESSED_CHUNK)
        self._input = b""
        self._output = memoryview(b"")
        self._member = self._new_member()
        self._begun = False
        self._more_output = False

    @property
    def position(self) -> int:
        """Compressed bytes read so far."""
        return self._raw.position

    def _new_member(self):  # type: ignore[no-untyped-def]
        if self._kind == "gzip":
            return zlib.decompressobj(wbits=31)
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj()

    def read_into(self, view: memoryview, timeout: float | None) -> int:
        """See Source."""
        while self.fault is None:
            if not self._output and (self._input or self._more_output):
                self._expand(len(view))
            if self._output:
                count = min(len(self._output), len(view))
                view[:count] = self._output[:count]
                self._output = self._output[count:]
                return count
            if self._input or self._more_output or self.fault:
                continue
            got = self._raw.read_into(memoryview(self._buffer), timeout)
            if got == NOTHING_YET:
                return NOTHING_YET
            if got == 0:
                if self._raw.fault:
                    self.fault = self._raw.fault
                elif self._begun:
                    self.fault = f"{self._kind} data ends early, at byte {self.position}"
                return 0
            self._input = bytes(self._buffer[:got])
        return 0

    def _expand(self, room: int) -> None:
        """Decompress the input, or as much of it as gives ``room`` bytes (gzip)."""
        import zstandard

        if not self._begun:
            self._input = self._input.lstrip(b"\0")  # padding between and after members
            if not self._input:
                return
            self._begun = True
        try:
            if self._kind == "gzip":
                output = self._member.decompress(self._input, room)
                self._more_output = len(output) == room
                self._input = self._member.unconsumed_tail
            else:
                output = self._member.decompress(self._input)
                self._input = b""
        except (zlib.error, zstandard.ZstdError) as error:
            self.fault = f"{self._kind} data are damaged before byte {self.position}: {error}"
            return
        self._output = memoryview(output)
        if self._member.eof:
            self._input = self._member.unused_data
            self._more_output = False
            self._begun = False
            self._member = self._new_member()

    def fileno(self) -> int:
        """See Source."""
        return self._raw.fileno()

    def close(self) -> None:
        """See Source."""
        self._raw.close()


def _cannot_open(path: str, error: OSError) -> CaptureError:
    hints = {
        "FileNotFoundError": "Check the path; it is relative to the current folder.",
        "PermissionError": "Ask for read permission, or copy the capture to a place of your own.",
        "IsADirectoryError": "Name the capture inside the folder.",
    }
    hint = hints.get(type(error).__name__, "Check the path and the disk.")
    return CaptureError(f"Failed to open file '{path}' for reading: {error.strerror}", hint)
