"""Lists of captures: one path per line."""

import os
from pathlib import Path
from typing import NamedTuple

from t2tui.core.capture.errors import CaptureError
from t2tui.core.capture.opening import check_capture
from t2tui.core.capture.source import cannot_open


class CaptureListEntry(NamedTuple):
    """A line of a list of captures.

    Attributes:
        path: as written, relative to the current folder.
        size: bytes on disk, 0 if there is an error.
        error: why the file is left out, None if it is read.
    """

    path: str
    size: int
    error: CaptureError | None


def read_list(path: str | Path) -> list[CaptureListEntry]:
    """Read a list of captures and look at the beginning of each.

    Lines that begin with ``#`` and empty lines do not count; LF and CR at the end of a line are cut.

    Raises:
        CaptureError: the list itself cannot be read.
    """
    try:
        lines = Path(path).read_bytes().split(b"\n")
    except (OSError, ValueError) as error:
        raise cannot_open(str(path), error) from error
    entries = []
    for line in lines:
        name = os.fsdecode(line.rstrip(b"\r"))
        if not name or name.startswith("#"):
            continue
        if name == "-":
            name = "./-"  # a file, not standard input
        try:
            entries.append(CaptureListEntry(name, check_capture(name), None))
        except CaptureError as error:
            entries.append(CaptureListEntry(name, 0, error))
    return entries


def total_size(entries: list[CaptureListEntry]) -> int:
    """Return the bytes on disk of all captures of a list that are read."""
    return sum(entry.size for entry in entries)
