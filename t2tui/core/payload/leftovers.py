"""What earlier runs left in a folder of payload files, and what others put there (docs/payloaddumper.md)."""

import errno
import os
import stat
from contextlib import ExitStack, suppress
from pathlib import Path

from t2tui.core.payload.errors import holding_foreign, payload_error
from t2tui.core.payload.marker import MARKER, Marker

REPLACED = (errno.ELOOP, errno.EISDIR, errno.ENXIO)
"""Errors of opening what is no regular file any more."""


def foreign_files(path: Path, folder: int, listed: list[str]) -> list[str]:
    """Return what is in a folder although no marker lists it.

    Args:
        path: the folder, for messages.
        folder: its descriptor.
        listed: names that its marker lists; the folders among them are looked into.
    """
    known = {MARKER, *(name.removesuffix("/") for name in listed)}
    found = sorted(entry for entry in os.listdir(folder) if entry not in known)
    for name in listed:
        if name.endswith("/"):
            with ExitStack() as stack:
                inner = _inner_folder(stack, path, folder, name[:-1])
                if inner is not None:
                    found += [name + entry for entry in foreign_files(path / name, *inner)]
    return found


def empty_files(path: Path, folder: int, listed: list[str]) -> list[str]:
    """Empty the files that a marker lists, and remove the folders.

    Returns:
        The names of the files, which are left.

    Raises:
        OutputError: one of them was replaced by something else, or cannot be written.
    """
    left = []
    for name in listed:
        try:
            if name.endswith("/"):
                _remove_folder(path, folder, name[:-1])
            elif _empty(folder, name):
                left.append(name)
        except FileNotFoundError:
            continue
        except OSError as error:
            if error.errno in REPLACED:
                raise holding_foreign(path, [name]) from error
            raise payload_error(path / name, error) from error
    return left


def _empty(folder: int, name: str) -> bool:
    """Empty a file; one that has a second name elsewhere is removed here and kept there."""
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = os.open(name, flags, dir_fd=folder)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.ENXIO, "not a regular file")
        if status.st_nlink > 1:
            os.unlink(name, dir_fd=folder)
            return False
        os.ftruncate(file, 0)
    finally:
        os.close(file)
    return True


def _inner_folder(stack: ExitStack, path: Path, folder: int, name: str) -> tuple[int, list[str]] | None:
    """Open a folder that an earlier run made in this one; also return what its marker lists."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        inner = os.open(name, flags, dir_fd=folder)
    except FileNotFoundError:
        return None
    stack.callback(os.close, inner)
    try:
        return inner, Marker(stack, path / name, inner, is_new=False, locked=False).names
    except FileNotFoundError:  # the run was killed before it made it
        return inner, []


def _remove_folder(path: Path, folder: int, name: str) -> None:
    """Remove a folder that an earlier run made, unless foreign files are in it."""
    with ExitStack() as stack:
        opened = _inner_folder(stack, path, folder, name)
        if opened is None:
            return
        inner, listed = opened
        for file in empty_files(path / name, inner, listed):
            os.unlink(file, dir_fd=inner)
        if os.listdir(inner) == [MARKER]:  # noqa: PTH208 (of a descriptor)
            os.unlink(MARKER, dir_fd=inner)
        with suppress(OSError):  # foreign files are left in it
            os.rmdir(name, dir_fd=folder)
