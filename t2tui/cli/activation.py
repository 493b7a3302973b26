"""Which plugins there are and which are active: the file of settings, the folders, the standard ones."""

from collections.abc import Collection, Sequence
from pathlib import Path

import click

from t2tui import plugins
from t2tui.cli.exits import USAGE, Failure
from t2tui.cli.terminal import say
from t2tui.core import columns
from t2tui.core.configfile import ConfigFile, ConfigFileError, config_path
from t2tui.core.settings import CORE, SettingsError
from t2tui.plugins.activation import Activation, read_activation
from t2tui.plugins.base import Plugin

ENGINE = "tranalyzer2"
"""What the reference calls the engine where plugins are named."""


class Setup(Activation):
    """What the file of settings says, when the folders of plugins are known to the registry."""

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

    def warn_of_folder(self, name: str) -> None:
        """Say it if a plugin is found with this ``--plugin-dir`` alone, but the file names it."""
        advice = self.astray(name)
        if advice:
            say("WRN", advice)

    def other_tables(self, read: Collection[str]) -> Sequence[str]:
        """Return the tables that are not for these plugins; report those that are for nobody.

        Args:
            read: plugins whose flags are read.

        Raises:
            Failure: the name of a table is nearly that of a known plugin.
        """
        try:
            others, unknown = self.tables_apart(read)
        except SettingsError as wrong:
            raise Failure(str(wrong), USAGE) from None
        for name in unknown:
            say("WRN", f"{self.path}: no plugin {name!r}; its table is not used")
        return others


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
    try:
        read = read_activation(path, is_needed=not (config is None or is_written), folders=folders)
    except (SettingsError, plugins.UnusablePluginError) as wrong:
        raise Failure(str(wrong), USAGE) from None
    return Setup(read.path, read.config, read.preferences, read.tables)
