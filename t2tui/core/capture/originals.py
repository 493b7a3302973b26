"""Where the bytes of a run's captures can be read again while it goes on and afterwards.

Plain files stay where they are. What comes from a pipe, or is compressed, is copied as it is read into a
temporary file without a name, which vanishes with this object or with the process.
"""

import os
import tempfile
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.capture.errors import CaptureError
from t2tui.core.capture.parts import read_parts
from t2tui.core.capture.source import Source

NUMBER_SHIFT = 48
"""A place is the number of its capture, shifted by these bits, and an offset in that capture."""

OFFSET = (1 << NUMBER_SHIFT) - 1

ROOM = 256 << 20
"""Bytes that copies leave free on their disk."""

LOOKED_AFTER = 16 << 20
"""Bytes after which the free space is looked at again."""

Identity = tuple[int, int, int]


class Copy:
    """Bytes that cannot be read again where they came from.

    Attributes:
        size: bytes that were kept.
        fault: why nothing more is kept; empty while all is.
    """

    def __init__(self, folder: str | None = None) -> None:
        """Make the file, without a name.

        Args:
            folder: where; the system's folder for temporary files without (``TMPDIR``).
        """
        self.size = 0
        self.fault = ""
        self._looked_at = 0
        self._file: IO[bytes] | None = None
        try:
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
            weakref.finalize(self, self._file.close)
        except OSError as error:
            self.fault = f"no temporary file can be made: {error.strerror}"

    def append(self, data: memoryview) -> None:
        """Keep bytes, if there is room; what is kept has no gaps."""
        if self.fault or self._file is None:
            return
        try:
            if self.size >= self._looked_at:
                free = os.fstatvfs(self._file.fileno())
                if free.f_bavail * free.f_frsize < ROOM:
                    raise OSError(0, "the disk of temporary files is almost full")
                self._looked_at = self.size + LOOKED_AFTER
            while data:
                written = self._file.write(data)
                self.size += written
                data = data[written:]
        except OSError as error:
            self.fault = f"{error.strerror} (set TMPDIR to another folder)"

    def fileno(self) -> int:
        """Return the descriptor, for os.pread.

        Raises:
            CaptureError: there is no file.
        """
        if self._file is None:
            raise CaptureError("Nothing can be read again", self.fault)
        return self._file.fileno()

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            self._file.close()


class CopiedSource:
    """A source whose bytes are copied as they are read."""

    def __init__(self, source: Source, copy: Copy) -> None:
        """Begin.

        Args:
            source: nothing was read of it.
            copy: takes the bytes.
        """
        self._source = source
        self._copy = copy
        self.disk_size = source.disk_size
        self.compression: Literal["gzip", "zstd"] | None = source.compression

    @property
    def fault(self) -> str | None:
        """See Source."""
        return self._source.fault

    @property
    def patience(self) -> Callable[[], None]:
        """See Source."""
        return self._source.patience

    @patience.setter
    def patience(self, patience: Callable[[], None]) -> None:
        self._source.patience = patience

    @property
    def position(self) -> int:
        """See Source."""
        return self._source.position

    def read_into(self, view: memoryview, timeout: float | None) -> int:
        """See Source."""
        got = self._source.read_into(view, timeout)
        if got > 0:
            self._copy.append(view[:got])
        return got

    def fileno(self) -> int:
        """See Source."""
        return self._source.fileno()

    def close(self) -> None:
        """See Source; the copy stays."""
        self._source.close()


@dataclass(slots=True)
class _Original:
    """A capture of the run.

    Attributes:
        path: of the capture.
        identity: of the file, to know it again; None of a copy.
        copy: the copy; None of a file.
        link_type: DLT number.
        snap_length: most captured bytes of a packet.
    """

    path: str
    identity: Identity | None = None
    copy: Copy | None = None
    link_type: int = 1
    snap_length: int = 0


class Stretch(NamedTuple):
    """Places that follow each other in a request and lie in one capture, which is open.

    Attributes:
        rows: which of the places.
        offsets: of these places, in the capture.
        descriptor: the capture, or its copy.
        name: of the capture, for messages.
        size: bytes that it has.
        link_type: DLT number.
        snap_length: most captured bytes of a packet.
    """

    rows: slice
    offsets: NDArray[np.int64]
    descriptor: int
    name: str
    size: int
    link_type: int
    snap_length: int


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino, status.st_size


def _is_same(now: Identity, before: Identity | None) -> bool:
    """Tell whether it is the same file; it may have grown."""
    return before is not None and now[:2] == before[:2] and now[2] >= before[2]


class Originals:
    """The bytes of the captures of one run. Any thread may read; the engine's adds captures."""

    def __init__(self, folder: str | None = None) -> None:
        """Begin without captures.

        Args:
            folder: for copies; see Copy.
        """
        self._folder = folder
        self._captures: list[_Original] = []

    def add(self, path: str, source: Source) -> Source:
        """Take in the next capture of the run.

        Args:
            path: as it was given.
            source: nothing was read of it.

        Returns:
            What is to be read in its place.
        """
        if source.disk_size is not None and source.compression is None:
            self._captures.append(_Original(path, _identity(os.fstat(source.fileno()))))
            return source
        copy = Copy(self._folder)
        self._captures.append(_Original(path, copy=copy))
        return CopiedSource(source, copy)

    def describe(self, link_type: int, snap_length: int) -> None:
        """Note what the header of the capture that was added last says."""
        self._captures[-1].link_type, self._captures[-1].snap_length = link_type, snap_length

    def link_type(self, place: int) -> int:
        """Return the link type (DLT number) of the capture in which a place lies."""
        return self._captures[place >> NUMBER_SHIFT].link_type

    @property
    def header(self) -> tuple[int, int]:
        """Link type and snap length of the first capture."""
        return self._captures[0].link_type, self._captures[0].snap_length

    @property
    def origin(self) -> int:
        """Place of the first byte of the capture that was added last."""
        return max(len(self._captures) - 1, 0) << NUMBER_SHIFT

    @property
    def fault(self) -> str:
        """Why some bytes cannot be read again; empty if all can."""
        return next((each.copy.fault for each in self._captures if each.copy and each.copy.fault), "")

    @property
    def copied(self) -> int:
        """Bytes of all copies."""
        return sum(each.copy.size for each in self._captures if each.copy)

    def stretches(self, places: NDArray[np.int64]) -> Iterator[Stretch]:
        """Yield the captures in which places lie, one after another.

        Args:
            places: as PacketIndex has them.

        Raises:
            CaptureError: a capture cannot be read again.
        """
        numbers = places >> NUMBER_SHIFT
        bounds = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
        for first, behind in zip([0, *bounds.tolist()], [*bounds.tolist(), len(places)], strict=True):
            if first == behind:
                return
            number = int(numbers[first])
            if not 0 <= number < len(self._captures):
                raise CaptureError(
                    f"There is no capture {number} in this run", "This is a bug; please report it."
                )
            original = self._captures[number]
            rows = slice(first, behind)
            with _Opened(original) as (descriptor, name, size):
                yield Stretch(
                    rows,
                    places[rows] & OFFSET,
                    descriptor,
                    name,
                    size,
                    original.link_type,
                    original.snap_length,
                )

    def read(self, places: NDArray[np.int64], counts: NDArray[np.int64]) -> Iterator[bytes]:
        """Yield bytes; see ByteSource.

        Raises:
            CaptureError: they cannot be read again.
        """
        for stretch in self.stretches(places):
            yield from read_parts(stretch.descriptor, stretch.name, stretch.offsets, counts[stretch.rows])

    def close(self) -> None:
        """See ByteSource: nothing is open. Copies stay until discard()."""

    def discard(self) -> None:
        """Give the copies back; nothing can be read after that."""
        for each in self._captures:
            if each.copy is not None:
                each.copy.close()


class _Opened:
    """A capture, open for reading while it is used."""

    def __init__(self, original: _Original) -> None:
        self._original = original
        self._descriptor: int | None = None

    def __enter__(self) -> tuple[int, str, int]:
        original = self._original
        if original.copy is not None:
            if original.copy.fault:
                raise CaptureError(
                    f"Not all of '{original.path}' was kept: {original.copy.fault}",
                    "What came from a pipe or is compressed is copied to be read again.",
                )
            return original.copy.fileno(), f"the copy of {original.path}", original.copy.size
        try:
            self._descriptor = os.open(original.path, os.O_RDONLY)
        except OSError as error:
            raise CaptureError(
                f"Failed to open file '{original.path}' for reading: {error.strerror}",
                "The capture has been moved or deleted since it was analysed.",
            ) from error
        status = os.fstat(self._descriptor)
        if not _is_same(_identity(status), original.identity):
            os.close(self._descriptor)
            raise CaptureError(
                f"'{original.path}' is not the file that was analysed",
                "Its packets are elsewhere now; analyse it again.",
            )
        return self._descriptor, original.path, status.st_size

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
