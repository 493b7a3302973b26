"""Plugins and their flags as they are to be: a working copy that can be run and written to a file.

The file of settings is changed as ``t2tui conf`` and ``t2tui plugin enable`` change it: only what was changed
here is written, all else stays as it is.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import ndiff

from t2tui import plugins
from t2tui.core.configfile import PROGRAM, ConfigFile
from t2tui.core.settings import (
    CORE,
    CORE_FLAGS,
    Flag,
    Settings,
    SettingsError,
    Source,
    Value,
    format_value,
    load_settings,
)
from t2tui.plugins.activation import Activation, read_activation
from t2tui.tui.opening import Opening, writes_files

SOURCES: dict[str, str] = {
    "default": "",
    "file": "set in the file of settings",
    "environment": "set by the environment variable of its name",
    "option": "set by -D",
    "here": "changed here",
}
"""Where a value that is not the default comes from, in words."""

LEFT_OUT = "writes files: left out here; 't2tui run' writes them"
NO_FILE = "There is no file of settings"


@dataclass(frozen=True)
class Known:
    """A plugin, or the engine.

    Attributes:
        name: of the plugin; ``core`` is the engine.
        number: None of the engine, and of plugins whose number is not known.
        version: empty of one that cannot be used.
        summary: one line.
        origin: ``built-in``, path of a file, or name of a package.
        requires: names of the plugins that it needs.
        flags: what can be set.
        problem: why it cannot be used; nothing if it can.
        fault: what is wrong with its flags in the file of settings; they have their defaults then.
    """

    name: str
    number: int | None = None
    version: str = ""
    summary: str = ""
    origin: str = ""
    requires: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    problem: str = ""
    fault: str = ""

    @property
    def is_engine(self) -> bool:
        """Whether it is no plugin."""
        return self.name == CORE

    @property
    def writes_files(self) -> bool:
        """Whether it does not run here, because it writes files."""
        return self.number is not None and writes_files(self.name, self.number)


@dataclass(frozen=True)
class Change:
    """Something that was changed.

    Attributes:
        plugin: whose.
        flag: name of the flag; empty: the plugin was switched on or off.
        before: value as text; ``on`` or ``off``.
        after: the same now.
    """

    plugin: str
    flag: str
    before: str
    after: str

    def __str__(self) -> str:
        name = f"{self.plugin}.{self.flag}" if self.flag else self.plugin
        return f"{name} {self.before} → {self.after}"


class PluginSettings:
    """The working copy. Making one imports all plugins, which takes time.

    Attributes:
        opened: what runs, or ran.
        known: the engine, then all plugins in the order in which they run.
    """

    def __init__(self, opened: Opening, environ: Mapping[str, str] | None = None) -> None:
        """Look at what runs, at the file of settings and at all plugins.

        Args:
            opened: what runs; its values count, also if the file says something else by now.
            environ: environment variables; those of the process without.
        """
        self.opened = opened
        self._environ = os.environ if environ is None else environ
        self._base: dict[str, Settings] = {}
        self._drafts: dict[tuple[str, str], Value] = {}
        self._chosen = dict.fromkeys(opened.plugins)
        self._switches = dict(opened.switched)
        try:
            tables = self._activation().tables if opened.config else ()
        except (SettingsError, plugins.UnusablePluginError):
            tables = ()  # saving says what is wrong with the file
        self.known = [self._with_values(each, tables) for each in (_engine(), *_plugins())]
        self._by_name = {each.name: each for each in self.known}

    def _with_values(self, known: Known, tables: Sequence[str]) -> Known:
        """Find out what the values of a plugin were before anything was changed here."""
        opened = self.opened.settings.get(known.name)
        others = [PROGRAM, *(name for name in tables if name != known.name)]
        flags = {} if known.is_engine else {known.name: known.flags}
        fault = ""
        try:
            path = self.opened.config if tables else None
            base = load_settings(flags, path, (), self._environ, others)[known.name]
        except SettingsError as wrong:
            base = load_settings(flags)[known.name]
            fault = "" if opened else str(wrong)
        values, sources = dict(base), {name: base.source(name) for name in base}
        for name in values:
            if opened is None or name not in opened:
                continue
            if opened.source(name) == "here":
                self._drafts[known.name, name] = opened[name]
            else:
                values[name], sources[name] = opened[name], opened.source(name)
        self._base[known.name] = Settings(values, sources)
        return replace(known, fault=fault)

    def _activation(self) -> Activation:
        """Read the file.

        Raises:
            SettingsError: it is wrong.
        """
        assert self.opened.config is not None
        return read_activation(self.opened.config)

    # ------------------------------------------------------------------ what there is

    def __getitem__(self, name: str) -> Known:
        """Return a plugin, or the engine.

        Raises:
            KeyError: there is none of this name.
        """
        return self._by_name[name]

    @property
    def chosen(self) -> tuple[str, ...]:
        """Names of the plugins that are switched on."""
        return tuple(self._chosen)

    def is_on(self, name: str) -> bool:
        """Tell whether a plugin is switched on; the engine always is."""
        return name == CORE or name in self._chosen

    def missing(self, name: str) -> tuple[str, ...]:
        """Return the plugins that a plugin needs and that do not run before it."""
        running: set[str] = set()
        for each in self.known:
            absent = tuple(needed for needed in each.requires if needed not in running)
            if each.name == name:
                return absent
            if self.is_on(each.name) and not (absent or each.problem or each.writes_files):
                running.add(each.name)
        return ()

    def remark(self, name: str) -> str:
        """Return why a plugin cannot be used, or does not run although it is on; nothing if all is right."""
        known = self[name]
        if known.problem:
            return known.problem
        if known.fault:
            return f"{known.fault}; the defaults count"
        if known.writes_files:
            return LEFT_OUT
        missing = self.missing(name)
        if missing and self.is_on(name):
            return f"does not run: it needs {', '.join(missing)}, which does not run"
        return ""

    def _flag(self, plugin: str, name: str) -> Flag:
        return next(flag for flag in self[plugin].flags if flag.name == name)

    def value(self, plugin: str, flag: str) -> Value:
        """Return the value of a flag."""
        drafted = self._drafts.get((plugin, flag))
        return self._base[plugin][flag] if drafted is None else drafted

    def source(self, plugin: str, flag: str) -> Source:
        """Return where the value of a flag comes from."""
        return "here" if (plugin, flag) in self._drafts else self._base[plugin].source(flag)

    # ------------------------------------------------------------------ changes

    def switch(self, name: str) -> None:
        """Switch a plugin on or off.

        Raises:
            ValueError: it cannot be switched; the text says why.
        """
        known, is_on = self[name], self.is_on(name)
        if known.is_engine:
            raise ValueError("The engine always runs")
        if known.problem and not is_on:
            raise ValueError(known.problem)
        if is_on:
            del self._chosen[name]
        else:
            self._chosen[name] = None
        if self._switches.pop(name, None) is None:  # else it is as it was
            self._switches[name] = not is_on

    def set(self, plugin: str, flag: str, value: object) -> None:
        """Set a flag.

        Raises:
            SettingsError: the flag cannot have this value.
        """
        declared = self._flag(plugin, flag)
        checked = declared.check(value)
        base = self._base[plugin]
        if checked == base[flag] and base.source(flag) in ("default", "file"):
            self._drafts.pop((plugin, flag), None)
        else:
            self._drafts[plugin, flag] = checked

    def forget(self, plugin: str, flag: str) -> None:
        """Give a flag the value that it had before it was changed here."""
        self._drafts.pop((plugin, flag), None)

    def reset(self, plugin: str, flag: str) -> Value:
        """Give a flag its default, and return that."""
        default = self._flag(plugin, flag).default
        self.set(plugin, flag, default)
        return default

    def unsaved(self) -> list[Change]:
        """Return what was changed here and is not in the file."""
        found = []
        for name, is_on in self._switches.items():
            words = ("off", "on") if is_on else ("on", "off")
            found.append(Change(name, "", *words))
        for (plugin, flag), value in self._drafts.items():
            found.append(Change(plugin, flag, format_value(self._base[plugin][flag]), format_value(value)))
        return found

    def not_run(self) -> list[Change]:
        """Return what is other than in the run that is shown."""
        before, now = set(self.opened.plugins), set(self.chosen)
        found = [
            Change(each.name, "", *(("off", "on") if each.name in now else ("on", "off")))
            for each in self.known
            if (each.name in before) != (each.name in now)
        ]
        for each in self.known:
            if not (each.is_engine or each.name in now):
                continue
            ran = self.opened.settings.get(each.name) or self._base[each.name]
            for flag in each.flags:
                value = self.value(each.name, flag.name)
                if value != ran[flag.name]:
                    found.append(
                        Change(each.name, flag.name, format_value(ran[flag.name]), format_value(value))
                    )
        return found

    # ------------------------------------------------------------------ what becomes of them

    def opening(self) -> Opening:
        """Return what is to be opened with these plugins and values."""
        settings = {}
        for name in (CORE, *self.chosen):
            flags = self[name].flags if name in self._by_name else ()
            values = {flag.name: self.value(name, flag.name) for flag in flags}
            settings[name] = Settings(values, {flag.name: self.source(name, flag.name) for flag in flags})
        return replace(self.opened, plugins=self.chosen, settings=settings, switched=dict(self._switches))

    def _file(self) -> tuple[ConfigFile, str]:
        """Return the file with the changes, and its text without them."""
        if self.opened.config is None:
            raise SettingsError(NO_FILE)
        file = ConfigFile(self.opened.config)
        before = file.text()
        for (plugin, name), value in self._drafts.items():
            flag = self._flag(plugin, name)
            if value == flag.default:
                file.remove(plugin, [name])
            else:
                file.set(plugin, name, value)
        activation = self._activation()
        active = activation.switched(self._switches)
        if active != activation.active:
            file.set_active(active)
        return file, before

    def text(self) -> str:
        """Return what the file will hold.

        Raises:
            SettingsError: there is no file to write, or it is wrong.
        """
        return self._file()[0].text()

    def difference(self) -> list[str]:
        """Return the lines of the file that will change: ``- `` before those that go, ``+ `` before new ones.

        Raises:
            SettingsError: there is no file to write, or it is wrong.
        """
        file, before = self._file()
        lines = ndiff(before.splitlines(), file.text().splitlines())
        return [line for line in lines if line[:2] in ("- ", "+ ") and line[2:].strip()]

    def file_obstacle(self) -> str:
        """Return why the file cannot be written; nothing if it can, as far as one can tell before.

        Raises:
            SettingsError: there is no file to write, or it is wrong.
        """
        return self._file()[0].obstacle()

    def save_obstacle(self) -> str:
        """Return why nothing can be written; nothing if it can."""
        if self.opened.config is None:
            return NO_FILE
        if not self.unsaved():
            return "nothing was changed here that is not in the file"
        return ""

    def save(self) -> list[str]:
        """Write the changes to the file of settings.

        Returns:
            What keeps them from having an effect in other runs.

        Raises:
            SettingsError: there is no file to write, or it is wrong.
            ConfigFileError: it cannot be written.
        """
        file, _ = self._file()
        warnings = self._warnings()
        file.save()
        ran = {name: self._as_saved(name, settings) for name, settings in self.opened.settings.items()}
        self.opened = replace(self.opened, settings=ran, switched={})
        self._base = {
            name: self._as_saved(name, {flag: self.value(name, flag) for flag in base})
            for name, base in self._base.items()
        }
        self._switches.clear()
        self._drafts.clear()
        return warnings

    def _as_saved(self, plugin: str, values: Mapping[str, Value]) -> Settings:
        """Return values of a plugin's flags that come from the file where they were changed here."""
        sources: dict[str, Source] = {}
        for name in values:
            sources[name] = self.source(plugin, name)
            if sources[name] == "here":
                is_default = self.value(plugin, name) == self._flag(plugin, name).default
                sources[name] = "default" if is_default else "file"
        return Settings(values, sources)

    def _warnings(self) -> list[str]:
        activation = self._activation()
        named = dict.fromkeys([plugin for plugin, _ in self._drafts if plugin != CORE])
        named |= dict.fromkeys(name for name, is_on in self._switches.items() if is_on)
        found = [advice for name in named if (advice := activation.astray(name))]
        for plugin, name in self._drafts:
            flag = self._flag(plugin, name)
            if flag.runtime and name in self._environ:
                found.append(f"{name}: the environment variable of this name counts more than the file")
        return found


def _engine() -> Known:
    return Known(CORE, summary="the engine: alarm mode, address labels", flags=CORE_FLAGS)


def _plugins() -> list[Known]:
    """Import all plugins."""
    found = []
    for entry in plugins.entries():
        known = Known(entry.name, entry.number, origin=entry.origin, problem=entry.problem)
        if entry.plugin is not None:
            plugin = entry.plugin
            known = replace(
                known,
                version=plugin.version,
                summary=plugin.summary,
                requires=tuple(plugin.requires),
                flags=tuple(plugin.flags),
            )
        found.append(known)
    return found
