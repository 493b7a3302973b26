"""Places that are written to: looked at while they are typed."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Target:
    """A place as it was typed.

    Attributes:
        path: the place.
        error: why it cannot be written to; nothing if it can.
        note: what there is to know.
        is_taken: something stands there that would be replaced.
    """

    path: Path
    error: str = ""
    note: str = ""
    is_taken: bool = False


def file_target(text: str, inputs: Sequence[str] = ()) -> Target:
    """Look at the place of a file.

    Args:
        text: as typed; ``~`` is the user's own folder.
        inputs: files that must not be written.
    """
    if not text.strip():
        return Target(Path(), "name a file")
    path = Path(text).expanduser()
    try:
        if text.endswith("/") or path.is_dir():
            return Target(path, "this is a folder; name a file in it")
        if path.exists():
            if any(Path(source).exists() and path.samefile(source) for source in inputs):
                return Target(path, "this is the capture that is read; choose another name")
            if not path.is_file():
                return Target(path, note="no regular file: what is written there cannot be taken back")
            return _above(path, Target(path, note="exists", is_taken=True))
        return _above(path, Target(path))
    except (OSError, ValueError) as error:
        return Target(path, getattr(error, "strerror", None) or str(error))


def folder_target(text: str) -> Target:
    """Look at the place of a folder of files.

    Args:
        text: as typed; ``~`` is the user's own folder.
    """
    if not text.strip():
        return Target(Path(), "name a folder")
    path = Path(text).expanduser()
    try:
        if path.exists() and not path.is_dir():
            return Target(path, "this is a file; name a folder")
        if path.is_dir() and any(path.iterdir()):
            return _above(path, Target(path, note="holds files", is_taken=True))
        return _above(path, Target(path))
    except (OSError, ValueError) as error:
        return Target(path, getattr(error, "strerror", None) or str(error))


def _above(path: Path, target: Target) -> Target:
    """Look at the folder above a place: a new file or folder is made there, whole, and gets its name."""
    folder = Path(os.path.realpath(path)).parent
    standing = folder
    while not standing.exists():
        standing = standing.parent
    if not standing.is_dir():
        return Target(path, f"'{standing}' is no folder")
    if not os.access(standing, os.W_OK | os.X_OK):
        return Target(path, f"the folder '{standing}' may not be written to")
    if standing != folder and not target.note:
        return Target(path, note=f"the folder '{folder}' will be made")
    return target


def suggested(capture: str, what: str, ending: str) -> str:
    """Return a place in the working folder where nothing stands.

    Args:
        capture: name of the capture.
        what: is written.
        ending: of the name.
    """
    stem = "".join(c if c.isprintable() and c != "/" else "_" for c in capture)
    for ending_ in (".gz", ".zst"):
        stem = stem.removesuffix(ending_)
    stem = stem.rpartition(".")[0] or stem
    names = (f"./{stem[:100]}_{what}{f'-{number}' if number > 1 else ''}{ending}" for number in count(1))
    return next(name for name in names if not os.path.lexists(name))
