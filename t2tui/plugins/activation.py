"""Which plugins are active: what the file of settings says, and how that changes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from t2tui import plugins
from t2tui.core.configfile import PROGRAM, Preferences, read_preferences
from t2tui.core.nearest import did_you_mean, nearest_names
from t2tui.core.settings import CORE, SettingsError
from t2tui.plugins.files import default_folder, plugin_files


@dataclass(frozen=True)
class Activation:
    """What the file of settings says.

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

    def switched(self, switches: Mapping[str, bool]) -> tuple[str, ...]:
        """Return the active plugins after some were switched on or off.

        Args:
            switches: names, and whether they are to be active.
        """
        kept = [name for name in self.active if switches.get(name, True)]
        added = [name for name, is_on in switches.items() if is_on]
        return tuple(dict.fromkeys((*kept, *added)))

    def searches(self, folder: Path) -> bool:
        """Tell whether a folder is searched without ``--plugin-dir``."""
        searched = (*self.preferences.plugin_dirs, default_folder())
        return folder.resolve() in {each.resolve() for each in searched}

    def astray(self, name: str) -> str:
        """Return what to do if the file names a plugin that it does not find; nothing if it finds it."""
        file = plugin_files().get(name)
        if file is None or self.searches(file.path.parent):
            return ""
        return f"{name} is found with --plugin-dir only; add its folder to plugin_dirs in {self.path}"

    def tables_apart(self, read: Collection[str]) -> tuple[list[str], list[str]]:
        """Return the tables that are not for these plugins, and those of them that are for nobody.

        A table for a plugin that is not there is allowed: its folder may be a ``--plugin-dir`` of other runs.

        Args:
            read: plugins whose flags are read.

        Raises:
            SettingsError: the name of a table is nearly that of a known plugin.
        """
        others = [name for name in self.tables if name not in {*read, CORE}]
        known = set(plugins.known_names(with_packages=False))
        if not known.issuperset(others):
            known.update(plugins.known_names())
        unknown = [name for name in others if name not in known]
        for name in unknown:
            near = nearest_names(name, {*known, CORE})
            if near:
                raise SettingsError(f"{self.path}: unknown plugin {name!r}{did_you_mean(near)}")
        return [PROGRAM, *others], unknown


def read_activation(
    path: Path, *, is_needed: bool = False, folders: Iterable[Path] | None = None
) -> Activation:
    """Read the file of settings.

    Args:
        path: where it is.
        is_needed: a file that does not exist is an error.
        folders: searched for plugins before those that the file names; None: search where plugins are
            searched already.

    Raises:
        SettingsError: the file is wrong or missing.
        UnusablePluginError: a folder cannot be read.
    """
    read = path if path.exists() or is_needed else None
    preferences, tables = read_preferences(read)
    if folders is not None:
        plugins.search_in((*folders, *preferences.plugin_dirs))
        plugins.known_names(with_packages=False)
    return Activation(path, read, preferences, tables)
