"""Which plugins there are and which are active: the file of settings, the folders, the standard ones."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from t2tui import plugins
from t2tui.cli.exits import USAGE, Failure
from t2tui.cli.terminal import say
from t2tui.core import columns
from t2tui.core.configfile import (
    PROGRAM,
    ConfigFile,
    ConfigFileError,
    Preferences,
    config_path,
    read_preferences,
)
from t2tui.core.nearest import did_you_mean, nearest_names
from t2tui.core.settings import CORE, SettingsError
from t2tui.plugins.base import Plugin
from t2tui.plugins.files import default_folder, plugin_files

ENGINE = "tranalyzer2"
"""What the reference calls the engine where plugins are named."""


@dataclass(frozen=True)
class Setup:
    """What the file of settings says, when the folders of plugins are known to the registry.

    Attributes:
        path: the file of settings; the user's own need not exist.
        config: the same, None if there is none.
        preferences: its table for the program.
        tables: its other tables, without that of the program: plugins whose flags are set.
    """

    path: Path
    config: Path | None
    preferences: Preferences
    tables: tuple[str, ...]

    @property
    def active(self) -> tuple[str, ...]:
        """Names of the plugins that run when no others are asked for."""
        chosen = self.preferences.plugins
        return plugins.STANDARD if chosen is None else tuple(dict.fromkeys(chosen))

    def usable(self) -> tuple[str, ...]:
        """Return the active plugins; those that cannot be used are reported and left out."""
        names = []
        for name in self.active:
            try:
                plugins.find(name)
            except (plugins.UnknownPluginError, plugins.UnusablePluginError) as wrong:
                say("ERR", f"{wrong}; active in {self.path}, left out")
            else:
                names.append(name)
        return tuple(names)

    def find(self, name: str, where: str) -> type[Plugin]:
        """Import a plugin that was asked for.

        Args:
            name: of the plugin.
            where: option or command that named it.

        Raises:
            Failure: there is no such plugin, or it cannot be used.
        """
        try:
            return plugins.find(name)
        except plugins.UnknownPluginError as wrong:
            if name == ENGINE or (name == CORE and where == "info"):
                raise Failure(
                    f"{where}: the engine is no plugin; its flags: 't2tui conf core'", USAGE
                ) from None
            raise Failure(f"{where}: {wrong}", USAGE) from None
        except plugins.UnusablePluginError as wrong:
            raise Failure(f"{where}: {wrong}") from wrong

    def activate(self, names: Sequence[str] | None) -> None:
        """Keep which plugins are active, in the file, and say so.

        Args:
            names: all of them; None: the standard ones.

        Raises:
            Failure: the file cannot be read or written.
        """
        try:
            file = ConfigFile(self.path)
            file.set_active(names)
            file.save()
        except (SettingsError, ConfigFileError) as wrong:
            raise Failure(str(wrong)) from None
        active = plugins.STANDARD if names is None else names
        click.echo(f"Active plugins: {', '.join(active) or 'none'}")

    def searches(self, folder: Path) -> bool:
        """Tell whether a folder is searched without ``--plugin-dir``."""
        searched = (*self.preferences.plugin_dirs, default_folder())
        return folder.resolve() in {each.resolve() for each in searched}

    def warn_of_folder(self, name: str) -> None:
        """Say it if a plugin is found with this ``--plugin-dir`` alone, but the file names it."""
        file = plugin_files().get(name)
        if file is not None and not self.searches(file.path.parent):
            say(
                "WRN", f"{name} is found with --plugin-dir only; add its folder to plugin_dirs in {self.path}"
            )

    def other_tables(self, read: Collection[str]) -> Sequence[str]:
        """Return the tables that are not for these plugins.

        A table for a plugin that is not there is one, too, and reported: its folder may be a --plugin-dir of
        other runs. One whose name is nearly that of a known plugin is not: it has to be an error.

        Args:
            read: plugins whose flags are read.
        """
        others = [name for name in self.tables if name not in {*read, CORE}]
        known = set(plugins.known_names(with_packages=False))
        if not known.issuperset(others):
            known.update(plugins.known_names())
        kept = [name for name in others if name in known or not self._is_mistaken(name, known)]
        return [PROGRAM, *kept]

    def _is_mistaken(self, name: str, known: Iterable[str]) -> bool:
        near = nearest_names(name, {*known, CORE})
        if near:
            raise Failure(f"{self.path}: unknown plugin {name!r}{did_you_mean(near)}", USAGE)
        say("WRN", f"{self.path}: no plugin {name!r}; its table is not used")
        return False


def offer_columns(config: Path | None, folders: Sequence[Path]) -> Setup:
    """Let the columns and bit tables of all plugins be found, also of those that nobody has imported yet.

    Args:
        config: see setup().
        folders: see setup().
    """
    known = setup(config, folders)

    def import_all() -> None:
        for entry in plugins.entries():
            if entry.problem:
                say("WRN", entry.problem)

    columns.add_source(import_all)
    return known


def setup(config: Path | None, folders: Sequence[Path], *, is_written: bool = False) -> Setup:
    """Read the file of settings, and tell the registry in which folders plugins are.

    Args:
        config: option ``--config``; None: the user's own file, if there is one.
        folders: option ``--plugin-dir``.
        is_written: the file is written in the end, so it need not exist.

    Raises:
        Failure: the file is wrong or missing, or a folder cannot be read.
    """
    path = config_path(config)
    read = path if path.exists() or not (config is None or is_written) else None
    try:
        preferences, tables = read_preferences(read)
        plugins.search_in((*folders, *preferences.plugin_dirs))
        plugins.known_names(with_packages=False)
    except (SettingsError, plugins.UnusablePluginError) as wrong:
        raise Failure(str(wrong), USAGE) from None
    return Setup(path, read, preferences, tables)
