"""What an action has written, so that it can be taken back: exactly that, and only as it was written."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

Look = tuple[int, int, int]
"""Number, size and time of change of a file."""


class ChangedError(Exception):
    """What was written has changed since; it stays."""


def missing_folders(target: Path) -> list[Path]:
    """Return the folders above a place that are not there yet, the innermost first."""
    return [folder for folder in target.absolute().parents if not folder.exists()]


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders as far as they are empty, the innermost first."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


@dataclass(frozen=True)
class Trace:
    """Files that were written.

    Attributes:
        path: a file, or a folder of files.
        files: how each looked; a file has the name ``""``, those of a folder their names.
        made: folders above it that were made, the innermost first.
    """

    path: Path
    files: dict[str, Look]
    made: Sequence[Path] = ()

    @classmethod
    def of(cls, target: Path, made: Sequence[Path] = ()) -> "Trace | None":
        """Look at what stands at a place; None of a device or pipe, which nothing can be taken back from.

        Args:
            target: the place; symbolic links are followed.
            made: folders that were made for it.
        """
        path = Path(os.path.realpath(target))
        if path.is_dir():
            return cls(path, _looks(path), made)
        return cls(path, {"": _look(path.stat())}, made) if path.is_file() else None

    def remove(self) -> None:
        """Remove the files.

        Raises:
            ChangedError: something has changed; everything stays.
            OSError: a file cannot be removed.
        """
        try:
            is_folder = "" not in self.files
            now = _looks(self.path) if is_folder else {"": _look(self.path.lstat())}
        except OSError as error:
            raise ChangedError(f"'{self.path}' is not there any more") from error
        if now != self.files:
            what = "files in it were added, changed or removed" if is_folder else "it was changed"
            raise ChangedError(f"'{self.path}' stays: {what} since")
        for name in self.files:
            (self.path / name if name else self.path).unlink()
        if is_folder:
            self.path.rmdir()
        remove_empty(self.made)


def _look(status: os.stat_result) -> Look:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _looks(folder: Path) -> dict[str, Look]:
    """Return how the entries of a folder look."""
    with os.scandir(folder) as entries:
        return {entry.name: _look(entry.stat(follow_symlinks=False)) for entry in entries}
