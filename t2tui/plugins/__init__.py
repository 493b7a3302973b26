"""Registry of the plugins: which exist, in which order they run, what each depends on.

Built-in plugins are known by a table, those of users by the names of their files (files.py); a plugin is
imported when it is wanted, and its columns and bit tables are registered then.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from t2tui.core import bits, columns
from t2tui.core.nearest import did_you_mean, nearest_names
from t2tui.plugins import files
from t2tui.plugins.base import Plugin
from t2tui.plugins.files import UnusablePluginError, search_in

if TYPE_CHECKING:
    from t2tui.core.settings import Settings

__all__ = [
    "DECIDERS",
    "RESERVED",
    "STANDARD",
    "Entry",
    "UnknownPluginError",
    "UnusablePluginError",
    "available",
    "entries",
    "find",
    "known_names",
    "load",
    "names",
    "search_in",
]

_BUILTIN = {
    "protoStats": "t2tui.plugins.protostats:ProtoStats",
    "basicFlow": "t2tui.plugins.basicflow:BasicFlow",
    "portClassifier": "t2tui.plugins.portclassifier:PortClassifier",
    "basicStats": "t2tui.plugins.basicstats:BasicStats",
    "tcpFlags": "t2tui.plugins.tcpflags:TcpFlags",
    "tcpStates": "t2tui.plugins.tcpstates:TcpStates",
    "dnsDecode": "t2tui.plugins.dnsdecode:DnsDecode",
    "ftpDecode": "t2tui.plugins.ftpdecode:FtpDecode",
    "regex_pcre": "t2tui.plugins.regex_pcre:RegexPcre",
    "connStat": "t2tui.plugins.connstat:ConnStat",
    "payloadDumper": "t2tui.plugins.payloaddumper:PayloadDumper",
    "tcpWin": "t2tui.plugins.tcpwin:TcpWin",
    "pcapd": "t2tui.plugins.pcapd:Pcapd",
    "txtSink": "t2tui.plugins.txtsink:TxtSink",
    "csvSink": "t2tui.plugins.csvsink:CsvSink",
    "jsonSink": "t2tui.plugins.jsonsink:JsonSink",
    "socketSink": "t2tui.plugins.socketsink:SocketSink",
    "sqliteSink": "t2tui.plugins.sqlitesink:SqliteSink",
    "parquetSink": "t2tui.plugins.parquetsink:ParquetSink",
    "tcpWinSink": "t2tui.plugins.tcpwinsink:TcpWinSink",
}
"""Where each plugin is. Importing one imports numba, so that waits until the plugin is wanted."""

DECIDERS = ("tcpStates", "dnsDecode")
"""Plugins that decide how long a flow lives, and which side is A."""

RESERVED = ("core", "t2tui")
"""Names that plugins cannot have: tables of the file of settings."""

STANDARD = ("basicFlow", "basicStats", "tcpStates", "txtSink")
"""Plugins that run when nothing else is asked for."""


class UnknownPluginError(LookupError):
    """No plugin has this name."""


@dataclass(frozen=True)
class Entry:
    """A plugin in a list.

    Attributes:
        name: of the plugin.
        number: None if it could not be imported and the number is not that of a file.
        origin: ``built-in``, the path of a file, or the name of a package.
        plugin: the class; None if it cannot be used.
        problem: why it cannot be used.
    """

    name: str
    number: int | None
    origin: str
    plugin: type[Plugin] | None
    problem: str = ""


def names() -> tuple[str, ...]:
    """Return the names of the built-in plugins without importing any."""
    return tuple(_BUILTIN)


def known_names(with_packages: bool = True) -> tuple[str, ...]:
    """Return the names of all plugins, those of users included, without importing any.

    Args:
        with_packages: look at all installed packages, too, which takes time.
    """
    packaged = files.plugin_entries() if with_packages else ()
    return tuple(dict.fromkeys((*_BUILTIN, *files.plugin_files(), *packaged)))


def find(name: str) -> type[Plugin]:
    """Import a plugin; its columns and bit tables are known from then on.

    Raises:
        UnknownPluginError: there is none of this name; the message suggests the nearest.
        UnusablePluginError: a user's plugin cannot be imported, or is wrong in some way.
    """
    file = files.plugin_files().get(name)
    packaged = None if file or name in _BUILTIN else files.plugin_entries().get(name)
    if file is not None:
        _check_name(name, str(file.path))
        plugin, where = files.plugin_of_file(file), str(file.path)
    elif packaged is not None:
        _check_name(name, files.place(packaged))
        plugin, where = files.plugin_of_entry(packaged), files.place(packaged)
    elif name in _BUILTIN:
        return _builtin(name)
    else:
        known = known_names()
        near = did_you_mean(nearest_names(name, known))
        raise UnknownPluginError(f"no plugin {name!r}{near or '; there are ' + ', '.join(known)}")
    _register(plugin, where)
    return plugin


def _builtin(name: str) -> type[Plugin]:
    module, _, attribute = _BUILTIN[name].partition(":")
    plugin: type[Plugin] = getattr(import_module(module), attribute)
    _register(plugin, module)
    return plugin


def _check_name(name: str, where: str) -> None:
    if name in _BUILTIN:
        raise UnusablePluginError(f"{where}: there is a built-in plugin {name!r}; give this one another name")
    if name in RESERVED:
        raise UnusablePluginError(f"{where}: no plugin can have the name {name!r}; give it another one")


_registered: dict[str, type[Plugin]] = {}


def _register(plugin: type[Plugin], where: str) -> None:
    """Make the columns and bit tables of a plugin known, all or none.

    Raises:
        UnusablePluginError: one of them cannot be.
    """
    if _registered.get(plugin.name) is plugin:
        return
    declared = (*plugin.flow_columns, *plugin.packet_columns)
    tables = {**{table.column: table for table in plugin.bit_tables}, **bits.tables()}
    try:
        columns.check(declared)
        for column in declared:
            table = tables.get(column.bits)
            if column.bits and table is None:
                near = did_you_mean(nearest_names(column.bits, tables))
                raise columns.ColumnError(f"column {column.name!r}: no bit table {column.bits!r}{near}")
            if table is not None and column.type.partition("_")[0] != f"H{table.width}":
                raise columns.ColumnError(
                    f"column {column.name!r} of {plugin.name}: type {column.type}, bit table H{table.width}"
                )
        bits.register(plugin.bit_tables)
        columns.register(declared)
    except (bits.BitTableError, columns.ColumnError) as error:
        raise UnusablePluginError(f"{where}: {error}") from error
    _registered[plugin.name] = plugin


def available() -> dict[str, type[Plugin]]:
    """Return the built-in plugins by name in the order of their numbers (imports every one of them)."""
    return {plugin.name: plugin for plugin in sorted(map(_builtin, _BUILTIN), key=_order)}


def entries() -> list[Entry]:
    """Return all plugins, also those that cannot be used, in the order in which they run (imports all)."""
    found = [Entry(name, plugin.number, "built-in", plugin) for name, plugin in available().items()]
    known = files.plugin_files()
    found += [_entry(file.name, file.number, str(file.path)) for file in known.values()]
    for name, packaged in files.plugin_entries().items():
        if name in _BUILTIN:
            problem = f"{files.place(packaged)}: there is a built-in plugin {name!r}"
            found.append(Entry(name, None, files.package(packaged), None, problem))
        elif name not in known:
            found.append(_entry(name, None, files.package(packaged)))
    return sorted(found, key=lambda entry: (1000 if entry.number is None else entry.number, entry.name))


def _entry(name: str, number: int | None, origin: str) -> Entry:
    try:
        plugin = find(name)
    except UnusablePluginError as wrong:
        return Entry(name, number, origin, None, str(wrong))
    return Entry(name, plugin.number, origin, plugin)


def load(
    wanted: Iterable[str],
    settings: "Mapping[str, Settings] | None" = None,
    error: Callable[[str], None] | None = None,
) -> list[Plugin]:
    """Make the plugins of a run.

    A plugin whose dependencies are not all loaded before it is left out and reported; the run goes on
    without it, as T2 does.

    Args:
        wanted: names; repetitions count once.
        settings: values of the flags by plugin; defaults without.
        error: gets one message per plugin that is left out.

    Returns:
        Plugins sorted by number.

    Raises:
        UnknownPluginError: one of the names is unknown.
        UnusablePluginError: a user's plugin cannot be used.
    """
    loaded: dict[str, Plugin] = {}
    for plugin in sorted(map(find, dict.fromkeys(wanted)), key=_order):
        missing = [name for name in plugin.requires if name not in loaded]
        if missing:
            if error is not None:
                error(f"{plugin.name}: missing dependencies: {', '.join(missing)}")
        else:
            loaded[plugin.name] = plugin(settings[plugin.name] if settings else None)
    return list(loaded.values())


def _order(plugin: type[Plugin]) -> tuple[int, str]:
    """Plugins run in the order of their file names: by number, then by name."""
    return plugin.number, plugin.name
