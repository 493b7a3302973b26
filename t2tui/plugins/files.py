"""Plugins of users: files ``NNN_name.py`` in folders, and entry points of installed packages.

The user's configuration folder has a folder ``plugins``; others are named with ``search_in``. The current
folder is never searched by itself: captures and what lies beside them may come from anybody. Number and name
are those of the file, so nothing is imported to know which plugins there are.
"""

import re
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from t2tui.core.bits import BitTable
from t2tui.core.columns import Column
from t2tui.core.configfile import config_folder
from t2tui.core.settings import Flag
from t2tui.plugins.base import Plugin

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

NAME = re.compile(r"[a-z][A-Za-z0-9_]{0,30}")
"""Names of plugins."""

_FILE = re.compile(rf"(?P<number>[0-9]{{3}})_(?P<name>{NAME.pattern})\.py")

GROUP = "t2tui.plugins"
"""Entry points of packages that bring plugins: ``name = "package.module:Class"``."""

MODULES = "t2tui.plugins.user"
"""Begins the names of the modules, which nothing else has."""


class UnusablePluginError(ValueError):
    """A plugin cannot be used; the text says which, where, and why."""


@dataclass(frozen=True, slots=True)
class PluginFile:
    """A file with a plugin.

    Attributes:
        number: from the file's name.
        name: from the file's name.
        path: absolute.
        twin: another file of the same name in the same folder, which makes both useless.
    """

    number: int
    name: str
    path: Path
    twin: Path | None = None


_folders: tuple[Path, ...] = ()


def default_folder() -> Path:
    """Return the folder ``plugins`` in the user's folder of configurations; it need not exist."""
    return config_folder() / "plugins"


def search_in(folders: Iterable[Path]) -> None:
    """Search these folders, in this order, before the user's own; the first file of a name counts."""
    global _folders
    _folders = tuple(dict.fromkeys(folder.absolute() for folder in folders))
    plugin_files.cache_clear()


def searched() -> str:
    """Return the folders that are searched, for messages."""
    return ", ".join(f"'{folder}'" for folder in (*_folders, default_folder()))


@cache
def plugin_files() -> dict[str, PluginFile]:
    """Return the plugin files by name; other files in the folders are ignored.

    Raises:
        UnusablePluginError: a folder cannot be read. The user's own need not exist.
    """
    found: dict[str, PluginFile] = {}
    for folder in (*_folders, default_folder()):
        here: dict[str, PluginFile] = {}
        for path in _entries(folder):
            parts = _FILE.fullmatch(path.name)
            if parts and path.is_file():
                name = parts["name"]
                other = here.get(name)
                here[name] = PluginFile(int(parts["number"]), name, path, other.path if other else None)
        found = {**here, **found}
    return found


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        if folder == default_folder() and isinstance(error, FileNotFoundError | NotADirectoryError):
            return []
        raise UnusablePluginError(f"folder of plugins '{folder}': {error.strerror}") from error


@cache
def plugin_entries() -> "dict[str, EntryPoint]":
    """Return the entry points of installed packages by name of the plugin.

    This looks at every installed package: only done when a name is not found elsewhere, and for lists.
    """
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def package(entry: "EntryPoint") -> str:
    """Say which package an entry point belongs to."""
    return f"package {entry.dist.name}" if entry.dist else "a package"


def place(entry: "EntryPoint") -> str:
    """Say where an entry point is, for messages."""
    return f"{package(entry)}, entry point {entry.name} = {entry.value}"


def import_file(file: PluginFile) -> ModuleType:
    """Import the module of a plugin file, once.

    The text is compiled anew each time: nothing is written beside the file, nothing stale is run.

    Raises:
        UnusablePluginError: it cannot be read or compiled, or raises an exception; file and line are named.
    """
    module_name = f"{MODULES}.{file.name}"
    known = sys.modules.get(module_name)
    if known is not None and known.__file__ == str(file.path):
        return known
    if file.twin is not None:
        raise UnusablePluginError(
            f"{file.path}: '{file.twin.name}' beside it has the same name; keep one of them"
        )
    spec = spec_from_file_location(module_name, file.path)
    if spec is None:
        raise UnusablePluginError(f"{file.path}: Python cannot import such a file")
    module = module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        exec(compile(file.path.read_bytes(), file.path, "exec", dont_inherit=True), module.__dict__)
    except (Exception, SystemExit) as error:
        del sys.modules[module_name]
        raise UnusablePluginError(_failure(file.path, error)) from error
    return module


def _failure(path: Path, error: BaseException) -> str:
    """Say in which line of the file an import failed, and why."""
    if isinstance(error, OSError) and error.filename == str(path):
        return f"{path}: cannot be read: {error.strerror}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    line = f", line {lines[-1]}" if lines else ""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        line, text = f", line {error.lineno}", f"{type(error).__name__}: {error.msg}"
    elif isinstance(error, UnusablePluginError):
        text = str(error)
    else:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"{path}{line}: {text}"


def plugin_of_file(file: PluginFile) -> type[Plugin]:
    """Import the plugin of a file.

    Raises:
        UnusablePluginError: the file cannot be imported, or the class in it has another name or number.
    """
    module = import_file(file)
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Plugin) and value.__module__ == module.__name__
    ]
    named = [found for found in classes if getattr(found, "name", None) == file.name]
    if len(named) != 1:
        others = ", ".join(f"{found.__name__} (name {getattr(found, 'name', None)!r})" for found in classes)
        what = (
            "several plugins are"
            if named
            else f"its plugins are {others}, none is"
            if others
            else "nothing is"
        )
        raise UnusablePluginError(
            f"{file.path}: {what} named {file.name!r}; the file needs one class derived from Plugin with "
            f"name = {file.name!r} and number = {file.number}"
        )
    _check(named[0], file.name, str(file.path))
    if named[0].number != file.number:
        raise UnusablePluginError(
            f"{file.path}: the plugin in it has number {named[0].number}; make both the same"
        )
    return named[0]


def plugin_of_entry(entry: "EntryPoint") -> type[Plugin]:
    """Import the plugin of an installed package.

    Raises:
        UnusablePluginError: it cannot be imported, or is no plugin of this name.
    """
    where = place(entry)
    try:
        found = entry.load()
    except (Exception, SystemExit) as error:
        raise UnusablePluginError(f"{where}: {type(error).__name__}: {error}") from error
    if not isinstance(found, type) or not issubclass(found, Plugin):
        raise UnusablePluginError(f"{where}: this is no class derived from Plugin")
    _check(found, entry.name, where)
    return found


def _check(plugin: type[Plugin], name: str, where: str) -> None:
    """Refuse a plugin whose declarations are wrong, before a run trips over them."""
    if getattr(plugin, "name", None) != name or not NAME.fullmatch(name):
        raise UnusablePluginError(
            f"{where}: the plugin has the name {getattr(plugin, 'name', None)!r}, not {name!r}"
        )
    number = getattr(plugin, "number", None)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 999:
        raise UnusablePluginError(f"{where}: the plugin has number {number!r}; it must be one from 0 to 999")
    declared = (
        ("requires", str),
        ("flags", Flag),
        ("flow_columns", Column),
        ("packet_columns", Column),
        ("bit_tables", BitTable),
    )
    for attribute in ("version", "summary"):
        if not isinstance(getattr(plugin, attribute), str):
            raise UnusablePluginError(
                f"{where}: {attribute} must be a text, not {getattr(plugin, attribute)!r}"
            )
    for attribute, kind in declared:
        values = getattr(plugin, attribute)
        if not isinstance(values, tuple) or not all(isinstance(value, kind) for value in values):
            raise UnusablePluginError(
                f"{where}: {attribute} must be a tuple of {kind.__name__}, not {values!r}"
            )
    names = [flag.name for flag in plugin.flags]
    if len(names) > len(set(names)):
        raise UnusablePluginError(f"{where}: a flag is declared twice: {', '.join(names)}")
