"""The user's t2tui.toml: where it is, what it says about the program itself, and how it is changed.

A table per plugin holds flags (settings.py reads them); the table ``t2tui`` says which plugins are active
and where further ones are. Changes keep comments and order; the file appears whole or stays as it was.
"""

import os
import tomllib
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from t2tui.core.nearest import did_you_mean, nearest_names
from t2tui.core.settings import SettingsError, Value, read_toml

CONFIG = "t2tui.toml"
PROGRAM = "t2tui"
"""Table of the program itself."""

NEW_FILE_MODE = 0o644
WRITABLE = 0o222


class ConfigFileError(OSError):
    """The file cannot be read or written; the text says which and why."""


def config_folder() -> Path:
    """Return the user's folder of configurations.

    A file beside a capture is not read: it may have come with the capture from somebody else, and flags name
    folders that plugins empty.
    """
    return platformdirs.user_config_path("t2tui")


def config_path(given: Path | None = None) -> Path:
    """Return the file that is asked for, or else the user's, which need not exist."""
    return config_folder() / CONFIG if given is None else given


@dataclass(frozen=True)
class Preferences:
    """The table ``t2tui`` of the file.

    Attributes:
        plugins: names of the active plugins; None: the standard ones.
        plugin_dirs: folders with plugins of the user.
        theme: of the terminal UI; empty: its own, or the one that was chosen last.
        keys: of the terminal UI: id of an action -> keys, separated by commas (docs/tui.md).
    """

    plugins: tuple[str, ...] | None = None
    plugin_dirs: tuple[Path, ...] = ()
    theme: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)


PREFERENCES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "plugins": (lambda value: _is_texts(value), "a list of texts"),
    "plugin_dirs": (lambda value: _is_texts(value), "a list of texts"),
    "theme": (lambda value: isinstance(value, str), "a text"),
    "keys": (lambda value: isinstance(value, dict) and _is_texts([*value.values()]), "a table of texts"),
}
"""Names in the table of the program: whether a value is allowed, and what is."""


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def read_preferences(path: Path | None) -> tuple[Preferences, tuple[str, ...]]:
    """Read what the file says about the program.

    Args:
        path: the file; None: there is none.

    Returns:
        The preferences, and the names of the other tables: plugins whose flags are set.

    Raises:
        SettingsError: unreadable file, unknown name, or a value of another type.
    """
    if path is None:
        return Preferences(), ()
    tables = read_toml(path)
    own = tables.pop(PROGRAM, {})
    where = f"{path}: [{PROGRAM}]"
    if not isinstance(own, dict):
        raise SettingsError(f"{path}: {PROGRAM} must be a table: [{PROGRAM}]")
    for name, value in own.items():
        if name not in PREFERENCES:
            near = did_you_mean(nearest_names(name, PREFERENCES))
            raise SettingsError(f"{where}: unknown name {name!r}{near}")
        is_allowed, words = PREFERENCES[name]
        if not is_allowed(value):
            raise SettingsError(f"{where}: {name} must be {words}, not {value!r}")
    names = own.get("plugins")
    folders = tuple(path.absolute().parent / Path(each).expanduser() for each in own.get("plugin_dirs", ()))
    chosen = None if names is None else tuple(names)
    return Preferences(chosen, folders, own.get("theme", ""), own.get("keys", {})), tuple(tables)


class ConfigFile:
    """The file, to be changed.

    Attributes:
        path: where it is, also if it does not exist yet.
    """

    def __init__(self, path: Path) -> None:
        """Read the file, if there is one.

        Raises:
            SettingsError: it cannot be read, or is no TOML file.
        """
        import tomlkit

        self.path = path
        text = ""
        if path.exists():
            read_toml(path)
            text = path.read_text("utf-8")
        self._document = tomlkit.parse(text)

    def tables(self) -> list[str]:
        """Return the names of the tables that hold flags."""
        return [name for name in self._document if name != PROGRAM]

    def set(self, table: str, name: str, value: Value) -> None:
        """Set a value, in a new table if need be.

        Raises:
            SettingsError: the file has something else than a table of this name.
        """
        import tomlkit

        if table not in self._document:
            text = self._document.as_string()
            if text and not text.endswith("\n\n"):
                self._document.add(tomlkit.nl())
            self._document.add(table, tomlkit.table())
        self._table(table)[name] = list(value) if isinstance(value, tuple) else value

    def remove(self, table: str, names: Iterable[str] | None = None) -> None:
        """Remove values, by default all of a table; the table goes when it is empty.

        Raises:
            SettingsError: the file has something else than a table of this name.
        """
        if table not in self._document:
            return
        values = self._table(table)
        for name in list(values) if names is None else names:
            values.pop(name, None)
        if not values:
            self._document.remove(table)

    def set_active(self, names: Iterable[str] | None) -> None:
        """Set the active plugins; None: the standard ones, whatever they are."""
        if names is None:
            self.remove(PROGRAM, ["plugins"])
        else:
            self.set(PROGRAM, "plugins", list(names))  # type: ignore[arg-type]

    def _table(self, name: str) -> MutableMapping[str, Any]:
        table = self._document[name]
        if not isinstance(table, MutableMapping):
            raise SettingsError(f"{self.path}: {name} must be a table: [{name}]")
        return table

    def text(self) -> str:
        """Return the text that save() writes."""
        return self._document.as_string().rstrip("\n") + "\n"

    def obstacle(self) -> str:
        """Return why the file cannot be written; nothing if it can, as far as one can tell before."""
        target = self.path.resolve()
        if not target.exists():
            return ""
        is_writable = target.stat().st_mode & WRITABLE and os.access(target, os.W_OK)
        return "" if is_writable else f"{self.path}: cannot be written: it is read-only"

    def save(self) -> None:
        """Write the file: whole, or not at all.

        Raises:
            ConfigFileError: it cannot be written.
        """
        text = self.text()
        tomllib.loads(text)
        target = self.path.resolve()  # a link stays one
        try:
            mode = target.stat().st_mode & 0o777 if target.exists() else NEW_FILE_MODE
            if why := self.obstacle():
                raise ConfigFileError(why)
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, text, mode)
        except ConfigFileError:
            raise
        except OSError as error:
            raise ConfigFileError(f"{self.path}: cannot be written: {error.strerror}") from error


def write_whole(target: Path, text: str, mode: int) -> None:
    """Write a file so that it is there whole, or stays as it was."""
    from tempfile import NamedTemporaryFile  # takes time, and few programs write here

    with NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, prefix=".t2tui-", delete=False) as file:
        try:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
            Path(file.name).replace(target)
        except BaseException:
            with suppress(OSError):
                Path(file.name).unlink()
            raise
