"""The folder of payload files: nothing in it is removed or overwritten that was not written here before.

A hidden file in the folder lists what runs made in it; a name is listed before its file is made, so a
run that was killed leaves no file unlisted (docs/payloaddumper.md).
"""

import errno
import fcntl
import os
import stat
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path

from t2tui.core.outputs import OutputError

MARKER = ".t2tui-payloads"
"""The list of what was made in a folder. No payload file has this name: theirs hold numbers."""

TITLE = b"# Made here by payloadDumper of t2tui, which removes these files and folders, and no others.\n"

FOLDER_MODE, FILE_MODE = 0o700, 0o600

SHOWN = 3
"""Names of foreign files that an error message lists."""

ELSEWHERE = "choose another folder with PLDUMP_FOLDER"

ADVICE = {
    errno.ENOSPC: f"free some space or {ELSEWHERE}",
    errno.EDQUOT: f"free some space or {ELSEWHERE}",
    errno.EFBIG: "files may not be that large here (ulimit -f, or the file system): see PLDUMP_MAX_BYTES and "
    f"PLDUMP_MAX_HOLE, or {ELSEWHERE}",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "the system has too many open files",
    errno.ENOENT: "something removed it during the run",
}

_claimed: dict[tuple[int, int], set[str]] = {}
"""Folders that runs of this process used, by device and inode; the folders that later runs made in them."""


def payload_error(path: Path, error: OSError) -> OutputError:
    """Make the error of a system error."""
    advice = ADVICE.get(error.errno or 0, ELSEWHERE)
    return OutputError(f"'{path}'", f"{error.strerror or error}; {advice}", error.errno)


def _refusal(path: Path, reason: str) -> OutputError:
    return OutputError(f"payloads to '{path}'", reason)


class Folder:
    """A folder of payload files, locked against other runs until it is closed.

    Attributes:
        path: where it is.
        is_nested: it was made inside of the folder that was asked for.
    """

    def __init__(self, path: Path, descriptor: int, marker: int, foreign: frozenset[str]) -> None:
        self.path = path
        self.is_nested = False
        self._descriptor = descriptor
        self._marker = marker
        self._foreign = foreign
        self._open = ExitStack()

    @classmethod
    def claim(cls, path: Path, run: str, *, empty: bool, shared: bool) -> "Folder":
        """Make or take over a folder for one run.

        The first run of a process gets the folder itself. Later ones must not destroy what the first
        one wrote: they get a folder in it, named after the run.

        Args:
            path: the folder; missing parents are made.
            run: name of the run.
            empty: remove what earlier processes wrote into the folder.
            shared: let files stay that were not written here; otherwise they are a reason to refuse.

        Raises:
            OutputError: the folder is a symbolic link, belongs to somebody else, holds foreign files, is
                in use by another run, or cannot be made.
        """
        with ExitStack() as stack:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                descriptor, is_new = _enter(stack, path, str(path), None)
                identity = _identity(descriptor)
                if is_new:
                    _claimed.pop(identity, None)
                is_first = identity not in _claimed
                folder = cls._take(stack, path, descriptor, empty=empty and is_first, shared=shared)
                if not is_first:
                    folder = folder._nested(stack, run, shared=shared)
                _claimed.setdefault(identity, set())
            except (OSError, ValueError) as error:
                if isinstance(error, OutputError):
                    raise
                system = error if isinstance(error, OSError) else OSError(str(error))
                raise payload_error(path, system) from error
            folder._open = stack.pop_all()
        return folder

    @classmethod
    def _take(cls, stack: ExitStack, path: Path, descriptor: int, *, empty: bool, shared: bool) -> "Folder":
        """Check the contents of an open folder, lock it, and remove what was made in it before."""
        entries = os.listdir(descriptor)
        if MARKER not in entries and entries and not shared:
            raise _holding_foreign(path, entries)
        marker = _open_marker(stack, path, descriptor, is_new=MARKER not in entries)
        listed = _listed(path, marker)
        foreign = _foreign(path, descriptor, listed)
        if foreign and not shared:
            raise _holding_foreign(path, foreign)
        if empty:
            _remove(path, descriptor, listed)
            os.ftruncate(marker, len(TITLE))
        if not shared:
            os.fchmod(descriptor, FOLDER_MODE)
        return cls(path, descriptor, marker, frozenset(foreign))

    def _nested(self, stack: ExitStack, run: str, *, shared: bool) -> "Folder":
        """Make a folder in this one."""
        taken = _claimed[_identity(self._descriptor)]
        listed = _listed(self.path, self._marker)
        for number in count(1):
            name = f"{run}_payloads" if number == 1 else f"{run}_payloads-{number}"
            if name not in taken and name not in self._foreign:
                break
        if f"{name}/" not in listed:
            self.declare([f"{name}/"])
        descriptor, _ = _enter(stack, self.path / name, name, self._descriptor)
        folder = self._take(stack, self.path / name, descriptor, empty=False, shared=shared)
        folder.is_nested = True
        taken.add(name)
        return folder

    def declare(self, names: Iterable[str]) -> None:
        """List files that are about to be made."""
        text = b"".join(os.fsencode(name) + b"\n" for name in names)
        try:
            while text:
                text = text[os.write(self._marker, text) :]
        except OSError as error:
            raise payload_error(self.path / MARKER, error) from error

    def is_foreign(self, name: str) -> bool:
        """Return whether a file of this name was there that was not written here."""
        return name in self._foreign

    def open_file(self, name: str, flags: int) -> int:
        """Open a file in the folder; symbolic links are not followed.

        Returns:
            The descriptor.

        Raises:
            OSError: it cannot be opened.
        """
        if "/" in name:
            raise OSError(errno.EINVAL, "a name of a payload file must not hold '/'")
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE, dir_fd=self._descriptor)

    def longest_name(self) -> int:
        """Return how many bytes a name may have here."""
        return os.fpathconf(self._descriptor, "PC_NAME_MAX")

    def close(self) -> None:
        """Unlock it. Closing twice is allowed."""
        self._open.close()


def _identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _opened(stack: ExitStack, name: str, flags: int, parent: int | None) -> int:
    descriptor = os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE, dir_fd=parent)
    stack.callback(os.close, descriptor)
    return descriptor


def _enter(stack: ExitStack, path: Path, name: str, parent: int | None) -> tuple[int, bool]:
    """Open a folder, made if it is missing; also return whether it was made."""
    is_new = True
    try:
        os.mkdir(name, FOLDER_MODE, dir_fd=parent)
    except FileExistsError:
        is_new = False
    if path.is_symlink():
        raise _refusal(path, "it is a symbolic link; set PLDUMP_FOLDER to the folder that it points to")
    descriptor = _opened(stack, name, os.O_RDONLY | os.O_DIRECTORY, parent)
    owner = os.fstat(descriptor).st_uid
    if owner != os.geteuid():
        raise _refusal(path, f"it belongs to another user (number {owner}); {ELSEWHERE}")
    return descriptor, is_new


def _open_marker(stack: ExitStack, path: Path, folder: int, *, is_new: bool) -> int:
    flags = os.O_RDWR | os.O_APPEND | os.O_NONBLOCK
    marker = _opened(stack, MARKER, flags | (os.O_CREAT | os.O_EXCL if is_new else 0), folder)
    status = os.fstat(marker)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
        raise _refusal(path / MARKER, f"it was not made by this program; remove it or {ELSEWHERE}")
    try:
        fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _refusal(path, f"another run is writing there; wait for its end or {ELSEWHERE}") from None
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP):  # a file system without locks
            raise
    if is_new:
        os.write(marker, TITLE)
    return marker


def _listed(path: Path, marker: int) -> list[str]:
    """Return the names in a marker. The last line is unfinished if a run was killed while it wrote."""
    size = os.fstat(marker).st_size
    text = os.pread(marker, size, 0)
    while len(text) < size and (more := os.pread(marker, size - len(text), len(text))):
        text += more
    if not text.startswith(TITLE):
        raise _refusal(path / MARKER, f"it was not made by this program; remove it or {ELSEWHERE}")
    return [os.fsdecode(line) for line in text[len(TITLE) :].split(b"\n")[:-1]]


def _inside(stack: ExitStack, path: Path, folder: int, name: str) -> tuple[int, list[str]] | None:
    """Open a folder that an earlier run made in this one; also return what its marker lists."""
    try:
        inner = _opened(stack, name, os.O_RDONLY | os.O_DIRECTORY, folder)
    except FileNotFoundError:
        return None
    try:
        marker = _opened(stack, MARKER, os.O_RDONLY | os.O_NONBLOCK, inner)
    except FileNotFoundError:  # killed before it was written
        return inner, []
    return inner, _listed(path / name, marker)


def _foreign(path: Path, folder: int, listed: list[str]) -> list[str]:
    """Return what is in a folder although no marker lists it."""
    known = {MARKER, *(name.removesuffix("/") for name in listed)}
    found = sorted(entry for entry in os.listdir(folder) if entry not in known)
    for name in dict.fromkeys(name[:-1] for name in listed if name.endswith("/")):
        with ExitStack() as stack:
            if inner := _inside(stack, path, folder, name):
                found += [f"{name}/{entry}" for entry in _foreign(path / name, *inner)]
    return found


def _remove(path: Path, folder: int, listed: list[str]) -> None:
    """Remove what a marker lists; folders only if nothing else is left in them."""
    for name in dict.fromkeys(listed):
        if "/" in name[:-1] or name in ("", ".", "..", "./", "../"):
            raise _refusal(path / MARKER, f"it was not made by this program; remove it or {ELSEWHERE}")
        try:
            if not name.endswith("/"):
                os.unlink(name, dir_fd=folder)
                continue
            with ExitStack() as stack:
                if inner := _inside(stack, path, folder, name[:-1]):
                    descriptor, inner_names = inner
                    _remove(path / name, descriptor, inner_names)
                    if os.listdir(descriptor) == [MARKER]:  # noqa: PTH208
                        os.unlink(MARKER, dir_fd=descriptor)
                    with suppress(OSError):  # foreign files are left in it
                        os.rmdir(name[:-1], dir_fd=folder)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise payload_error(path / name, error) from error


def _holding_foreign(path: Path, names: list[str]) -> OutputError:
    shown = ", ".join(sorted(names)[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    return _refusal(
        path,
        f"it holds files that this program did not write ({shown}); move them away, choose another folder "
        "with -D payloadDumper.PLDUMP_FOLDER=DIR, or let them stay with -D payloadDumper.PLDUMP_FOREIGN=1",
    )
