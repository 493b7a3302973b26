"""Where the files of a run go, and how they get there: whole or not at all.

A file is written under a temporary name beside its place and renamed when the run has succeeded, so a
run that fails leaves older files as they were. Symbolic links are followed; pipes and devices are
written directly.
"""

import errno
import io
import os
import stat
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, TypeVar, cast

STANDARD = "-"
"""Standard input as input, standard output as place of the flow file."""

COMPRESSED = (".gz", ".zst")
"""Endings of compressed captures, which have another one before it."""

BUFFER_BYTES = 1 << 18
"""Small writes are collected up to this size."""

ADVICE = {
    errno.ENOSPC: "free some space or choose another place with -w",
    errno.EDQUOT: "free some space or choose another place with -w",
    errno.EACCES: "choose another place with -w",
    errno.EPERM: "choose another place with -w",
    errno.EROFS: "choose another place with -w",
    errno.EEXIST: "a file stands where a folder is needed, choose another place with -w",
    errno.ENOTDIR: "choose another place with -w",
    errno.EISDIR: "choose another prefix with -w",
    errno.ENAMETOOLONG: "choose a shorter prefix with -w",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.EPIPE: "its reader has gone",
}


class OutputError(OSError):
    """A file cannot be written; the message says which, why and what to do.

    Attributes:
        errno: the system's number of the reason, or None; ``errno.EPIPE``: nobody reads standard output.
    """

    def __init__(self, where: str, reason: str, number: int | None = None):
        super().__init__(f"cannot write {where}: {reason}")
        self.errno = number

    @classmethod
    def of(cls, where: str, error: OSError | ValueError) -> "OutputError":
        """Make the error of a system error (or of a path that the system does not accept)."""
        if isinstance(error, OutputError):
            return error
        number = error.errno if isinstance(error, OSError) else None
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        advice = ADVICE.get(number) if number is not None else None
        return cls(where, f"{reason}; {advice}" if advice else reason, number)


def output_prefix(source: str, where: str | None = None) -> str:
    """Return what the names of a run's files begin with.

    Args:
        source: path of the capture or of the list of captures, ``-`` for standard input.
        where: as given with ``-w``: a prefix; a folder (existing, or ending in ``/``) in which files are
            named after the capture; None or ``-``: beside the capture. Missing folders are made.

    Raises:
        OutputError: a folder cannot be made.
    """
    if where is None or where == STANDARD:
        return "stdin" if source == STANDARD else _without_extension(source)
    folder, slash, _ = where.rpartition("/")
    try:
        if slash:
            Path(folder or "/").mkdir(parents=True, exist_ok=True)
        is_folder = Path(where).is_dir()
    except (OSError, ValueError) as error:
        raise OutputError.of(f"to '{where}'", error) from error
    if not is_folder:
        return where
    name = "stdin" if source == STANDARD else _without_extension(source.rpartition("/")[2])
    return f"{where.removesuffix('/')}/{name}"


def _without_extension(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    for ending in COMPRESSED:
        if name.endswith(ending) and "." in name.removesuffix(ending):
            name = name.removesuffix(ending)
    return folder + slash + (name.rpartition(".")[0] if "." in name else name)


class Transaction(Protocol):
    """Changes of a file in its place, which become visible all at once; for databases."""

    def commit(self) -> None:
        """Make the changes visible.

        Raises:
            OutputError: they cannot be written; the file is as it was.
        """

    def rollback(self) -> None:
        """Undo the changes; after ``commit`` nothing happens. Must not raise."""


Begun = TypeVar("Begun", bound=Transaction)


class Outputs:
    """The files of one run. As a context manager it commits on success and discards on an exception.

    Attributes:
        prefix: what their names begin with.
        to_stdout: the flow file goes to standard output.
    """

    def __init__(self, prefix: str, inputs: Iterable[str | Path] = (), to_stdout: bool = False):
        """Remember the places; nothing is opened yet.

        Args:
            prefix: see ``output_prefix``.
            inputs: files that are read and must not be written.
            to_stdout: send the flow file to standard output.
        """
        self.prefix = prefix
        self.to_stdout = to_stdout
        self._inputs = [Path(path) for path in inputs]
        self._files: dict[Path, OutputFile] = {}
        self._transactions: dict[Path, Transaction] = {}

    def path(self, suffix: str) -> Path:
        """Return the final place of a file."""
        return Path(self.prefix + suffix)

    def open(self, suffix: str) -> BinaryIO:
        """Open ``PREFIX`` + suffix for writing. Closing it does not give it its name yet.

        Raises:
            OutputError: it cannot be made, is an input, or is already being written by this run. Writing and
                closing raise it, too.
        """
        return self.open_path(self.path(suffix))

    def open_flows(self, suffix: str) -> BinaryIO:
        """Open the flow file, which ``-w -`` sends to standard output; otherwise like ``open``."""
        if not self.to_stdout:
            return self.open(suffix)
        path = Path(STANDARD)
        if path in self._files:
            raise OutputError("standard output", "it is already in use by this run")
        self._files[path] = OutputFile("standard output", sys.stdout.buffer, owned=False)
        return cast(BinaryIO, self._files[path])

    def open_path(self, path: Path) -> BinaryIO:
        """Open a file at any place; otherwise like ``open``."""
        where = f"'{path}'"
        try:
            target = self._target(path, where)
            target.parent.mkdir(parents=True, exist_ok=True)
            self._files[target] = OutputFile.beside(target, where)
        except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a loop of symbolic links
            raise OutputError.of(
                where, OSError(str(error)) if isinstance(error, RuntimeError) else error
            ) from error
        return cast(BinaryIO, self._files[target])

    def _target(self, path: Path, where: str) -> Path:
        """Return where a path leads to, if this run may write there."""
        target = path.resolve()
        if target in self._files or target in self._transactions:
            raise OutputError(where, "it is already in use by this run")
        for source in self._inputs:
            if target.exists() and source.exists() and target.samefile(source):
                raise OutputError(where, "it is an input of this run; choose another prefix with -w")
        return target

    def join(self, suffix: str, begin: Callable[[Path], Begun]) -> Begun:
        """Change an existing file in its place, which is committed or rolled back with the other files.

        Args:
            suffix: of the file.
            begin: gets the path without symbolic links, and returns what is to be committed.

        Raises:
            OutputError: the file is an input, or is already being written by this run; and what ``begin``
                raises.
        """
        path = self.path(suffix)
        where = f"'{path}'"
        try:
            target = self._target(path, where)
            begun = begin(target)
        except (OSError, ValueError, RuntimeError) as error:
            raise OutputError.of(
                where, OSError(str(error)) if isinstance(error, RuntimeError) else error
            ) from error
        self._transactions[target] = begun
        return begun

    def commit_file(self, suffix: str) -> None:
        """Give one file its name now: a finished part of a split output."""
        self.commit_path(self.path(suffix))

    def commit_path(self, path: Path) -> None:
        """Give a file at any place its name now."""
        target = path.resolve()
        if target in self._files:
            file = self._files[target]
            file.close()
            file.publish()
            del self._files[target]

    def commit(self) -> None:
        """Close all files and give them their names.

        Raises:
            OutputError: a file could not be written to its end; then none was renamed, and all are discarded.
        """
        try:
            for file in self._files.values():
                file.close()
            for transaction in self._transactions.values():  # before the renaming, which hardly ever fails
                transaction.commit()
            for file in self._files.values():
                file.publish()
        finally:
            self.discard()

    def discard(self) -> None:
        """Remove all files that were not committed. Older files of these names stay."""
        for file in self._files.values():
            file.discard()
        self._files.clear()
        for transaction in self._transactions.values():
            transaction.rollback()
        self._transactions.clear()

    def __enter__(self) -> "Outputs":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.commit()
        else:
            self.discard()


class OutputFile(io.RawIOBase):
    """A file that collects small writes, names itself in errors, and can vanish.

    Attributes:
        where: the file in error messages.
    """

    def __init__(
        self,
        where: str,
        stream: BinaryIO,
        temporary: Path | None = None,
        target: Path | None = None,
        owned: bool = True,
    ):
        """Take over an open stream.

        Args:
            where: name for error messages.
            stream: unbuffered binary stream.
            temporary: the file behind it, if it has to be renamed.
            target: its final name.
            owned: close the stream in the end.
        """
        self.where = where
        self._owned = owned
        self._stream = stream
        self._temporary = temporary
        self._target = target
        self._pending = bytearray()

    @classmethod
    def beside(cls, target: Path, where: str) -> "OutputFile":
        """Open a temporary file beside the target, or the target itself if it is a pipe or a device."""
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            return cls(where, target.open("wb", buffering=0))
        number = 0
        while True:
            temporary = target.with_name(f".{target.name[:200]}.{os.getpid()}-{number}.part")
            try:
                return cls(where, temporary.open("xb", buffering=0), temporary, target)
            except FileExistsError:  # left by a killed run whose process had this number
                number += 1

    @property
    def temporary(self) -> Path | None:
        """The file that gets the name in the end, for writers that open it themselves; None: pipe or device.

        Such a writer calls ``rest`` first and has closed the file before it is committed.
        """
        return self._temporary

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: "bytes | bytearray | memoryview", /) -> int:  # type: ignore[override]
        """Write all bytes (contiguous).

        Raises:
            OutputError: the system refused; what was written before is lost unless the run goes on.
        """
        view = memoryview(data).cast("B")
        if len(self._pending) + len(view) > BUFFER_BYTES:
            self.flush()
        if len(view) > BUFFER_BYTES:
            self._put(view)
        else:
            self._pending += view
        return len(view)

    def flush(self) -> None:
        """Hand all bytes to the system."""
        if self._pending:
            pending, self._pending = self._pending, bytearray()
            self._put(memoryview(pending))

    def rest(self) -> None:
        """Hand all bytes to the system and the descriptor back; the next write opens the file again.

        Pipes and devices stay open.
        """
        if self._temporary is not None:
            self.flush()
            self._release()

    def _put(self, data: memoryview) -> None:
        try:
            if self._temporary is not None and self._stream.closed:
                self._stream = self._temporary.open("ab", buffering=0)
            while data:
                data = data[self._stream.write(data) :]
            if self._temporary is None:
                self._stream.flush()
        except (OSError, ValueError) as error:
            raise OutputError.of(self.where, error) from error

    def close(self) -> None:
        """Write what is left and close; the file has no name yet. Closing twice is allowed."""
        if self.closed:
            return
        try:
            self.flush()
        finally:
            super().close()
            self._release()

    def _release(self) -> None:
        if self._owned:
            try:
                self._stream.close()
            except OSError as error:
                raise OutputError.of(self.where, error) from error

    def publish(self) -> None:
        """Give the closed file its name."""
        if self._temporary is not None and self._target is not None:
            try:
                self._temporary.replace(self._target)
            except OSError as error:
                raise OutputError.of(self.where, error) from error
            self._temporary = None

    def discard(self) -> None:
        """Forget what is not written and remove the temporary file; after ``publish`` nothing happens."""
        self._pending.clear()
        with suppress(OutputError):  # the bytes are not wanted
            self.close()
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
            self._temporary = None
