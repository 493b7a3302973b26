"""Saves what a stream holds, as bytes or as it is shown, and takes it back."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from t2tui.core.outputs import OutputError
from t2tui.core.streams import Stream
from t2tui.core.streams.saving import save
from t2tui.core.streams.stream import Direction
from t2tui.tui.streamlines import StreamLines

LINES_AT_ONCE = 256


@dataclass(frozen=True)
class SavedFile:
    """A file that was written.

    Attributes:
        path: its place.
        written: bytes of the stream that are in it.
        replaced: another one was there.
    """

    path: Path
    written: int
    replaced: bool
    _identity: tuple[int, int, int]

    def undo(self) -> str:
        """Delete the file; return what happened."""
        try:
            if _identity(self.path) != self._identity:
                return f"'{self.path}' has changed since, and stays"
            self.path.unlink()
        except OSError as error:
            return f"'{self.path}' cannot be deleted: {error.strerror}"
        return f"'{self.path}' is deleted"


def obstacle(path: Path, inputs: Iterable[str | Path]) -> str:
    """Return why a file cannot be written there; empty if it may be possible."""
    try:
        if path.is_dir():
            return f"'{path}' is a folder: name a file in it"
        if not path.parent.is_dir():
            return f"There is no folder '{path.parent}'"
        if path.exists() and any(Path(source).exists() and path.samefile(source) for source in inputs):
            return f"'{path}' is the capture that is open: name another file"
        if not os.access(path.parent, os.W_OK):
            return f"In '{path.parent}' no file can be made: name another folder"
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def save_bytes(
    stream: Stream, direction: Direction, path: Path, inputs: Iterable[str], tell: Callable[[float], None]
) -> SavedFile:
    """Save bytes as they are; the same as ``t2tui follow --save``.

    Args:
        stream: the stream.
        direction: whose bytes; both in the order of delivery.
        path: of the file.
        inputs: files that are read.
        tell: hears which part is done; what it raises ends the saving, and no file appears.

    Raises:
        OutputError: the file cannot be written.
        CaptureError: the capture cannot be read any more.
    """
    size = max(stream.size(direction), 1)
    return _save(
        path, partial(stream.write, direction=direction), inputs, lambda written: tell(written / size)
    )


def save_lines(
    lines: StreamLines, path: Path, inputs: Iterable[str], tell: Callable[[float], None]
) -> SavedFile:
    """Save lines as they are shown, each with the sign of who sent it, in UTF-8; else like save_bytes()."""

    def write(file: BinaryIO) -> int:
        at = done = 0
        while found := lines.window(at, LINES_AT_ONCE):
            at += len(found)
            done = found[-1].end
            text = "".join(f"{line.direction} {line.text}\n" for line in found)
            file.write(text.encode())
            tell(done / max(lines.size, 1))
        return done

    return _save(path, write, inputs, lambda written: None)


def _save(
    path: Path, write: Callable[[BinaryIO], int], inputs: Iterable[str], tell: Callable[[int], None]
) -> SavedFile:
    replaced = path.exists()
    written = save(path, write, inputs, tell)
    try:
        return SavedFile(path, written, replaced, _identity(path))
    except OSError as error:
        raise OutputError.of(f"'{path}'", error) from error


def _identity(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns
