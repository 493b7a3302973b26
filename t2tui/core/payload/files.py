"""The payload files of a run: many files, few of them open at a time (docs/payloaddumper.md)."""

import errno
import os
import resource
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.payload.errors import payload_error
from t2tui.core.payload.folder import Folder

RESERVED_FILES = 100
"""Open files left to the rest of the process, as in the reference."""

MOST_FILES = 65_536
"""Most open files where the system sets no limit."""

FULL_TABLE = (errno.EMFILE, errno.ENFILE)

OF_THE_NAME = (
    errno.EACCES,
    errno.EPERM,
    errno.EISDIR,
    errno.ELOOP,
    errno.EEXIST,
    errno.ENXIO,
    errno.ETXTBSY,
    errno.EINVAL,
)
"""Errors that concern one name; after others no file could be opened."""


def open_file_limit() -> int:
    """Return how many files may be open at once: the process's limit less RESERVED_FILES, or half of it."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return MOST_FILES
    return min(max(limit - RESERVED_FILES, limit // 2, 1), MOST_FILES)


class PayloadFiles:
    """Files by number. The least recently used ones are closed when too many are open, and reopened.

    Attributes:
        opened: number of files that were made.
        refused: number of attempts to open a file that failed.
        first_refused: name and reason of the first of them.
    """

    def __init__(self, folder: Folder, limit: int = 0) -> None:
        """Begin without files.

        Args:
            folder: where they are.
            limit: most files open at a time; 0: see open_file_limit.
        """
        self._folder = folder
        self._limit = limit or open_file_limit()
        self._names: dict[int, str] = {}
        self._descriptors: dict[int, int] = {}  # the least recently used first
        self._older: set[int] = set()  # files that hold something older, until they are written
        self.opened = 0
        self.refused = 0
        self.first_refused = ""

    def open(self, first: int, names: Sequence[str]) -> list[int]:
        """Make the files of new flows.

        Args:
            first: number of the first; the others follow.
            names: their names.

        Returns:
            Numbers of those that could not be opened.

        Raises:
            OutputError: no file can be made any more.
        """
        self._folder.declare(names)
        failed = []
        for number, name in enumerate(names, first):
            try:
                descriptor, is_empty = self._create(name)
            except OSError as error:
                if error.errno not in OF_THE_NAME:
                    raise payload_error(self._folder.path / name, error) from error
                self.refused += 1
                self.first_refused = self.first_refused or f"'{self._folder.path / name}': {error.strerror}"
                failed.append(number)
                continue
            self._descriptors[number] = descriptor
            self._names[number] = name
            if not is_empty:
                self._older.add(number)
            self.opened += 1
        return failed

    def _create(self, name: str) -> tuple[int, bool]:
        """Open a file, made if needed; also return whether it is empty."""
        if self._folder.reuse(name):
            with suppress(FileNotFoundError):
                return self._descriptor(name, 0), True
        try:
            return self._descriptor(name, os.O_CREAT | os.O_EXCL), True
        except FileExistsError:
            if self._folder.is_foreign(name):
                raise
        descriptor = self._descriptor(name, 0)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EEXIST, "not a regular file")
        return descriptor, False

    def _descriptor(self, name: str, flags: int) -> int:
        while len(self._descriptors) >= self._limit:
            self._close_oldest()
        while True:
            try:
                return self._folder.open_file(name, os.O_WRONLY | os.O_NONBLOCK | flags)
            except OSError as error:
                if error.errno not in FULL_TABLE or not self._descriptors:
                    raise
                self._close_oldest()

    def _close_oldest(self) -> None:
        number = next(iter(self._descriptors))
        self._close(number)

    def _close(self, number: int) -> None:
        descriptor = self._descriptors.pop(number, None)
        if descriptor is not None:
            try:
                os.close(descriptor)
            except OSError as error:  # a network's file system tells here that the disk is full
                raise payload_error(self._folder.path / self._names[number], error) from error

    def write(self, runs: NDArray[Any], staged: NDArray[np.uint8]) -> None:
        """Write bytes into files.

        Args:
            runs: RUN records, in the order in which they are written.
            staged: their bytes.

        Raises:
            OutputError: the system refused.
        """
        memory = memoryview(staged.data)
        columns = (runs[name].tolist() for name in ("file", "offset", "position", "length"))
        for number, offset, position, length in zip(*columns, strict=True):
            name = self._names.get(number)
            if name is None:  # it could not be opened
                continue
            try:
                descriptor = self._descriptors.pop(number, None)
                if descriptor is None:
                    descriptor = self._descriptor(name, 0)
                self._descriptors[number] = descriptor
                if number in self._older:
                    self._older.remove(number)
                    os.ftruncate(descriptor, 0)
                end = position + length
                while position < end:  # more than once when the disk is about to be full
                    written = os.pwrite(descriptor, memory[position:end], offset)
                    position += written
                    offset += written
            except OSError as error:
                raise payload_error(self._folder.path / name, error) from error

    def end(self, numbers: Iterable[int]) -> None:
        """Close the files of flows that ended."""
        for number in numbers:
            self._close(number)
            self._names.pop(number, None)

    def close(self) -> None:
        """Close all files."""
        for number in list(self._descriptors):
            self._close(number)
        self._names.clear()

    def abandon(self) -> None:
        """Close all files whatever happens; what is not written yet is lost."""
        for descriptor in self._descriptors.values():
            try:
                os.close(descriptor)
            except OSError:  # the run has failed with an error of its own
                continue
        self._descriptors.clear()
