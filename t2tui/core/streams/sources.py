"""Where the bytes of streams are read from: the capture itself, or a file that a pass left."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

import numpy as np
from numpy.typing import NDArray

from t2tui.core.capture import CaptureError

NEAR = 512
"""Bytes between two payloads up to which both are read at once."""

AT_ONCE = 1 << 20
"""Most bytes that one system call reads."""


class ByteSource(Protocol):
    """Gives bytes by their place."""

    def read(self, places: NDArray[np.int64], counts: NDArray[np.int64]) -> Iterator[bytes]:
        """Yield bytes.

        Args:
            places: of the first byte of each part.
            counts: how many.

        Raises:
            CaptureError: they are not there any more.
        """

    def close(self) -> None:
        """Let go of the file."""


def read_parts(
    descriptor: int, name: str, places: NDArray[np.int64], counts: NDArray[np.int64]
) -> Iterator[bytes]:
    """Yield parts of a file; those that lie close together in it are read at once."""
    if not len(places):
        return
    ends = places + counts
    apart = np.zeros(len(places), bool)
    step = places[1:] - ends[:-1]
    apart[1:] = (step < 0) | (step > NEAR)
    first = np.flatnonzero(np.concatenate([[True], apart[1:]]))
    behind = np.append(first[1:], len(places))
    for run, stop in zip(first.tolist(), behind.tolist(), strict=True):
        begin = run
        while begin < stop:
            limit = int(places[begin]) + AT_ONCE
            end = max(begin + 1, int(np.searchsorted(ends[begin:stop], limit, side="right")) + begin)
            base, size = int(places[begin]), int(ends[end - 1] - places[begin])
            data = os.pread(descriptor, size, base)
            if len(data) < size:
                raise CaptureError(
                    f"'{name}' has no {size} bytes at offset {base}",
                    "The capture has changed since its packets were found; analyse it again.",
                )
            if end == begin + 1:
                yield data
            else:
                for at, to in zip(
                    (places[begin:end] - base).tolist(), (ends[begin:end] - base).tolist(), strict=True
                ):
                    yield data[at:to]
            begin = end


class CaptureBytes:
    """Bytes of a capture that is not compressed. The file is open only while it is read."""

    def __init__(self, path: str | Path) -> None:
        """Remember the file as it is now.

        Raises:
            OSError: it is not there.
        """
        self._path = Path(path)
        self._identity = self._seen(self._path.stat())

    @staticmethod
    def _seen(status: os.stat_result) -> tuple[int, int, int]:
        return status.st_dev, status.st_ino, status.st_size

    def read(self, places: NDArray[np.int64], counts: NDArray[np.int64]) -> Iterator[bytes]:
        """See ByteSource."""
        with self._path.open("rb", buffering=0) as file:
            now = self._seen(os.fstat(file.fileno()))
            if now[:2] != self._identity[:2] or now[2] < self._identity[2]:
                raise CaptureError(
                    f"'{self._path}' is not the file that was analysed",
                    "Its packets are elsewhere now; analyse it again.",
                )
            yield from read_parts(file.fileno(), str(self._path), places, counts)

    def close(self) -> None:
        """Nothing is open."""


class SpillBytes:
    """Payload kept in a temporary file, for captures that cannot be read again at a place.

    The file has no name: it vanishes with this object, or with the process.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        """Make the file.

        Args:
            folder: where; the system's folder for temporary files without (``TMPDIR``).

        Raises:
            OSError: it cannot be made.
        """
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        self.size = 0

    def append(self, data: "bytes | memoryview") -> int:
        """Keep bytes and return their place.

        Raises:
            OSError: there is no space left.
        """
        place = self.size
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self.size = place + len(data)
        return place

    def read(self, places: NDArray[np.int64], counts: NDArray[np.int64]) -> Iterator[bytes]:
        """See ByteSource."""
        yield from read_parts(self._file.fileno(), "temporary file", places, counts)

    def close(self) -> None:
        """See ByteSource; the bytes are gone then."""
        self._file.close()
