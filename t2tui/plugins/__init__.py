"""Registry of the plugins: which exist, in which order they run, what each depends on."""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from t2tui.core.nearest import did_you_mean, nearest_names
from t2tui.plugins.base import Plugin

if TYPE_CHECKING:
    from t2tui.core.settings import Settings

_BUILTIN = {
    "protoStats": "t2tui.plugins.protostats:ProtoStats",
    "basicFlow": "t2tui.plugins.basicflow:BasicFlow",
    "portClassifier": "t2tui.plugins.portclassifier:PortClassifier",
    "basicStats": "t2tui.plugins.basicstats:BasicStats",
    "tcpFlags": "t2tui.plugins.tcpflags:TcpFlags",
    "tcpStates": "t2tui.plugins.tcpstates:TcpStates",
    "dnsDecode": "t2tui.plugins.dnsdecode:DnsDecode",
    "regex_pcre": "t2tui.plugins.regex_pcre:RegexPcre",
    "payloadDumper": "t2tui.plugins.payloaddumper:PayloadDumper",
    "tcpWin": "t2tui.plugins.tcpwin:TcpWin",
    "pcapd": "t2tui.plugins.pcapd:Pcapd",
    "txtSink": "t2tui.plugins.txtsink:TxtSink",
    "csvSink": "t2tui.plugins.csvsink:CsvSink",
    "jsonSink": "t2tui.plugins.jsonsink:JsonSink",
    "socketSink": "t2tui.plugins.socketsink:SocketSink",
    "sqliteSink": "t2tui.plugins.sqlitesink:SqliteSink",
    "tcpWinSink": "t2tui.plugins.tcpwinsink:TcpWinSink",
}
"""Where each plugin is. Importing one imports numba, so that waits until the plugin is wanted."""

STANDARD = ("basicFlow", "basicStats", "tcpStates", "txtSink")
"""Plugins that run when nothing else is asked for."""


class UnknownPluginError(LookupError):
    """No plugin has this name."""


def names() -> tuple[str, ...]:
    """Return the names of all plugins without importing any."""
    return tuple(_BUILTIN)


def find(name: str) -> type[Plugin]:
    """Import a plugin.

    Raises:
        UnknownPluginError: there is none of this name; the message suggests the nearest.
    """
    place = _BUILTIN.get(name)
    if place is None:
        near = did_you_mean(nearest_names(name, _BUILTIN))
        raise UnknownPluginError(f"no plugin {name!r}{near or '; there are ' + ', '.join(_BUILTIN)}")
    module, _, attribute = place.partition(":")
    plugin: type[Plugin] = getattr(import_module(module), attribute)
    return plugin


def available() -> dict[str, type[Plugin]]:
    """Return all plugins by name in the order of their numbers (imports every one of them)."""
    return {plugin.name: plugin for plugin in sorted(map(find, _BUILTIN), key=lambda plugin: plugin.number)}


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
    """
    loaded: dict[str, Plugin] = {}
    for plugin in sorted(map(find, dict.fromkeys(wanted)), key=lambda plugin: plugin.number):
        missing = [name for name in plugin.requires if name not in loaded]
        if missing:
            if error is not None:
                error(f"{plugin.name}: missing dependencies: {', '.join(missing)}")
        else:
            loaded[plugin.name] = plugin(settings[plugin.name] if settings else None)
    return list(loaded.values())
