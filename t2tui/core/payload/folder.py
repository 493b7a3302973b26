"""The folder of payload files: nothing in it is overwritten or removed that was not written here before.

Files of earlier runs are emptied at the start, used again where a new file has their name, and removed at
the end otherwise. Removing thousands of files to make them again is slow: ext4 searches its inodes past
all that were removed within the last minutes.
"""

import errno
import os
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path

from t2tui.core.outputs import OutputError
from t2tui.core.payload.errors import ELSEWHERE, holding_foreign, payload_error, refusal
from t2tui.core.payload.leftovers import empty_files, foreign_files
from t2tui.core.payload.marker import MARKER, Marker

FOLDER_MODE, FILE_MODE = 0o700, 0o600

_claimed: dict[tuple[int, int], set[str]] = {}
"""Folders that runs of this process used, by device and inode; the folders that later runs made in them."""


class Folder:
    """A folder of payload files, locked against other runs until it is closed.

    Attributes:
        path: where it is.
        is_nested: it was made inside of the folder that was asked for.
    """

    def __init__(self, stack: ExitStack, path: Path, descriptor: int, *, empty: bool, shared: bool) -> None:
        """Check the contents of an open folder, lock it, and empty what was made in it before.

        Args:
            stack: removes what is left over, and unlocks it.
            path: where it is.
            descriptor: of the folder.
            empty: see claim.
            shared: see claim.
        """
        self.path = path
        self.is_nested = False
        self._descriptor = descriptor
        entries = os.listdir(descriptor)
        is_new = MARKER not in entries
        if is_new and entries and not shared:
            raise holding_foreign(path, entries)
        self._marker = Marker(stack, path, descriptor, is_new=is_new)
        self._foreign = frozenset(foreign_files(path, descriptor, self._marker.names))
        if self._foreign and not shared:
            raise holding_foreign(path, list(self._foreign))
        if not shared:
            os.fchmod(descriptor, FOLDER_MODE)
        self._emptied: set[str] = set()
        if empty:
            self._marker.keep(empty_files(path, descriptor, self._marker.names))
            self._emptied.update(self._marker.names)
            stack.callback(self._sweep)
        self._listed = frozenset(self._marker.names)
        self._open = ExitStack()

    @classmethod
    def claim(cls, path: Path, run: str, *, empty: bool, shared: bool) -> "Folder":
        """Make or take over a folder for one run.

        The first run of a process gets the folder itself. Later ones must not destroy what the first
        one wrote: they get a folder in it, named after the run.

        Args:
            path: the folder; missing parents are made.
            run: name of the run.
            empty: empty or remove what earlier processes wrote into the folder.
            shared: let files stay that were not written here; otherwise they are a reason to refuse.

        Raises:
            OutputError: the folder is a symbolic link, belongs to somebody else, holds foreign files, is
                in use by another run, or cannot be made.
        """
        try:
            with ExitStack() as stack:
                path.parent.mkdir(parents=True, exist_ok=True)
                descriptor, is_new = _enter(stack, path, str(path), None)
                identity = _identity(descriptor)
                if is_new:
                    _claimed.pop(identity, None)
                is_first = identity not in _claimed
                folder = cls(stack, path, descriptor, empty=empty and is_first, shared=shared)
                if not is_first:
                    folder = folder._nested(stack, run, shared=shared)
                _claimed.setdefault(identity, set())
                folder._open = stack.pop_all()
        except OutputError:
            raise
        except (OSError, ValueError) as error:  # ValueError: the path holds a zero byte
            system = error if isinstance(error, OSError) else OSError(str(error))
            raise payload_error(path, system) from error
        return folder

    def _nested(self, stack: ExitStack, run: str, *, shared: bool) -> "Folder":
        """Make a folder in this one."""
        taken = _claimed[_identity(self._descriptor)]
        names = (f"{run}_payloads" + (f"-{number}" if number > 1 else "") for number in count(1))
        name = next(name for name in names if name not in taken and name not in self._foreign)
        self.declare([f"{name}/"])
        descriptor, _ = _enter(stack, self.path / name, name, self._descriptor)
        folder = Folder(stack, self.path / name, descriptor, empty=False, shared=shared)
        folder.is_nested = True
        taken.add(name)
        return folder

    def declare(self, names: Iterable[str]) -> None:
        """List files that are about to be made.

        Raises:
            OutputError: they cannot be listed.
        """
        self._marker.append(name for name in names if name not in self._listed)

    def reuse(self, name: str) -> bool:
        """Return whether an emptied file of this name waits for its use; true once."""
        if name not in self._emptied:
            return False
        self._emptied.remove(name)
        return True

    def _sweep(self) -> None:
        """Remove files of earlier runs that were not used again."""
        for name in self._emptied:
            with suppress(OSError):  # it is empty, and stays listed for the next run
                os.unlink(name, dir_fd=self._descriptor)
        self._emptied.clear()

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
        """Remove what earlier runs left, and unlock it. Closing twice is allowed."""
        self._open.close()


def _identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _enter(stack: ExitStack, path: Path, name: str, parent: int | None) -> tuple[int, bool]:
    """Open a folder, made if it is missing; also return whether it was made."""
    is_new = True
    try:
        os.mkdir(name, FOLDER_MODE, dir_fd=parent)
    except FileExistsError:
        is_new = False
    if path.is_symlink():
        raise refusal(path, "it is a symbolic link; set PLDUMP_FOLDER to the folder that it points to")
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    stack.callback(os.close, descriptor)
    owner = os.fstat(descriptor).st_uid
    if owner != os.geteuid():
        raise refusal(path, f"it belongs to another user (number {owner}); {ELSEWHERE}")
    return descriptor, is_new
