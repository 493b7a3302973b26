"""Where the bytes of streams are read from: the capture itself, or a file that a pass left."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

import numpy as np
from numpy.typing import NDArray

from t2tui.core.capture.parts import read_parts


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
