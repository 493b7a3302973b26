"""What is remembered between runs: sections by name, each a TOML file in the user's folder of states.

A file that cannot be read is a warning, never an error: it is left where it is, and put aside when the
section is written the next time. Two programs may change the same section: each change reads what is there,
and the file appears whole or stays as it was.
"""

import fcntl
import os
import time
import tomllib
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import platformdirs

from t2tui.core.configfile import write_whole

FOLDER = "T2TUI_STATE"
"""Environment variable: the folder in place of the user's."""
MOST_BYTES = 8 << 20
"""A larger file was not written by this program."""
PATIENCE = 1.0
"""Seconds that a change waits for that of another program."""
FILE_MODE, FOLDER_MODE = 0o600, 0o700
"""Names of captures and comments concern nobody else."""

Section = MutableMapping[str, Any]


class NotRememberedError(OSError):
    """A section cannot be written; the text says where, why and what to do."""


class Memory:
    """The folder of what is remembered.

    Attributes:
        folder: where it is; made when something is written.
        warnings: about files that could not be read, in the order in which they were met.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Look at nothing yet.

        Args:
            folder: that of the environment variable ``T2TUI_STATE`` without, or else the user's.
        """
        given = os.environ.get(FOLDER)
        self.folder = folder or (Path(given) if given else platformdirs.user_state_path("t2tui"))
        self.warnings: list[str] = []

    def path(self, section: str) -> Path:
        """Return the file of a section; ``/`` in its name makes a folder."""
        return self.folder / f"{section}.toml"

    def load(self, section: str) -> dict[str, Any]:
        """Return a section; empty where nothing was remembered, or where the file is damaged."""
        try:
            return tomllib.loads(self._text(section))
        except (OSError, ValueError) as error:
            self._warn(f"{self.path(section)}: not read: {_reason(error)}")
            return {}

    def change(self, section: str, edit: Callable[[Section], None]) -> None:
        """Change a section; what is not touched stays, with its comments.

        Args:
            section: its name.
            edit: changes the values that are there at this moment.

        Raises:
            NotRememberedError: the file cannot be written.
        """
        import tomlkit  # takes time, and few keys write

        path = self.path(section)
        try:
            path.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
            with self._alone():
                try:
                    document = tomlkit.parse(self._text(section))
                except ValueError as error:
                    aside = _put_aside(path)
                    self._warn(f"{path}: {_reason(error)}; kept as {aside.name}")
                    document = tomlkit.document()
                edit(document)
                write_whole(path, document.as_string(), FILE_MODE)
        except OSError as error:
            raise NotRememberedError(
                f"{path} cannot be written: {_reason(error)}; ${FOLDER} names another folder"
            ) from error

    def keep_latest(self, folder: str, most: int) -> None:
        """Forget the sections of a folder that were written longest ago."""
        with suppress(OSError):
            files = sorted((self.folder / folder).glob("*.toml"), key=lambda path: path.stat().st_mtime)
            for path in files[: max(0, len(files) - most)]:
                path.unlink()

    def _text(self, section: str) -> str:
        path = self.path(section)
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ValueError(f"larger than {MOST_BYTES >> 20} MB")
            return path.read_text("utf-8")
        except FileNotFoundError:
            return ""

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other programs from writing; one that hangs does not keep this one for ever."""
        with (self.folder / ".lock").open("w") as lock:
            until = time.monotonic() + PATIENCE
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise OSError("another t2tui is writing") from None
                    time.sleep(0.01)
            yield


def _put_aside(path: Path) -> Path:
    """Give a damaged file a name that is free."""
    number = 0
    while (aside := path.with_name(f"{path.stem}.damaged{number or ''}.txt")).exists():
        number += 1
    return path.rename(aside)


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "no text"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
