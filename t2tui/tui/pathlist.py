"""Files that a path that is being typed can become: folders, captures, other files."""

import os
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CAPTURES = (".pcap", ".pcapng", ".cap", ".dump", ".dmp", ".ntar")
PACKED = (".gz", ".zst")
MOST = 500
"""Entries that are listed."""
MOST_READ = 20_000
"""Entries of a folder that are looked at."""

FOLDER, CAPTURE, OTHER = "folder", "capture", "file"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be opened, or a folder on the way to it.

    Attributes:
        path: as it would stand in the line that is typed.
        kind: FOLDER, CAPTURE or OTHER.
        size: bytes; 0 of a folder.
        time: of the last change, seconds since 1970.
    """

    path: str
    kind: str
    size: int = 0
    time: float = 0.0

    @property
    def name(self) -> str:
        """The last part of the path; that of a folder ends with a slash."""
        return Path(self.path).name + "/" * (self.kind == FOLDER)

    @property
    def day(self) -> str:
        """When it was changed, in local time."""
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(self.time)) if self.time else ""


def is_capture(name: str) -> bool:
    """Tell by its name whether a file is likely to be a capture."""
    lowered = name.casefold()
    for ending in PACKED:
        lowered = lowered.removesuffix(ending)
    stem, dot, digits = lowered.rpartition(".pcap")
    return lowered.endswith(CAPTURES) or bool(dot and stem and digits.isdecimal())  # tcpdump -C: x.pcap12


def entry(path: str) -> Entry | None:
    """Return what stands at a path; None if nothing does, or nobody may look."""
    try:
        status = Path(path).expanduser().stat()
    except (OSError, ValueError, RuntimeError):
        return None
    if stat.S_ISDIR(status.st_mode):
        return Entry(path.rstrip("/") + "/", FOLDER, time=status.st_mtime)
    return Entry(path, CAPTURE if is_capture(path) else OTHER, status.st_size, status.st_mtime)


def candidates(typed: str) -> list[Entry]:
    """Return what a typed path can become: folders first, then captures, then other files, each by name.

    Args:
        typed: a path, complete or not; ``~`` is the home folder. Names of hidden files are listed only when
            the dot is typed.

    Raises:
        OSError: the folder cannot be read.
    """
    folder, _, begin = typed.rpartition("/")
    prefix = f"{folder}/" if "/" in typed else ""
    try:
        place = Path(prefix or ".").expanduser()
    except RuntimeError as error:  # ~ of nobody
        raise FileNotFoundError(2, str(error)) from None
    found = []
    with os.scandir(place) as scanned:
        for number, each in enumerate(scanned):
            if number >= MOST_READ:
                break
            is_hidden = each.name.startswith(".") and not begin.startswith(".")
            if each.name.casefold().startswith(begin.casefold()) and not is_hidden:
                found.append(each.name)
    entries = [known for name in found if (known := entry(prefix + name)) is not None]
    ranks = {FOLDER: 0, CAPTURE: 1, OTHER: 2}
    return sorted(entries, key=lambda each: (ranks[each.kind], each.path.casefold(), each.path))[:MOST]


def common_begin(entries: Sequence[Entry]) -> str:
    """Return the longest text with which all paths begin, as a shell completes it."""
    first, last = (choose((each.path for each in entries), default="") for choose in (min, max))
    same = next((n for n, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), None)
    return first[:same] if same is not None else first
