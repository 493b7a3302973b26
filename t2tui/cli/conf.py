"""``t2tui conf``: show and set flags."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from t2tui.cli.exits import USAGE, Failure
from t2tui.cli.options import CONTEXT, common_options, complete_plugin, plugin_options
from t2tui.cli.table import aligned
from t2tui.cli.terminal import printable
from t2tui.core.configfile import PROGRAM, ConfigFile, ConfigFileError
from t2tui.core.nearest import did_you_mean, nearest_names
from t2tui.core.settings import CORE, CORE_FLAGS, Flag, Settings, SettingsError, format_value, load_settings

if TYPE_CHECKING:
    from t2tui.cli.activation import Setup

EXAMPLES = """\b
Examples:
  t2tui conf basicStats                      flags: value, default, where it was set
  t2tui conf basicStats -D BS_VAR=1 -D BS_SK=1
  t2tui conf basicStats -D BS_VAR=default    back to the default
  t2tui conf basicStats -G BS_VAR
  t2tui conf core -D ALARM_MODE=1            flags of the engine (Tranalyzer2: tranalyzer2)
  t2tui conf basicStats --reset              all defaults; -a --reset: of all plugins
  t2tui conf -g > mine.toml                  everything, to be used with --config

\b
What wins, last first: default, t2tui.toml, an environment variable of the flag's name (some flags),
-D of 't2tui run'.
"""


@click.command("conf", context_settings=CONTEXT, epilog=EXAMPLES, no_args_is_help=True)
@click.argument("plugin", required=False, shell_complete=complete_plugin)
@click.option("-D", "assignments", metavar="FLAG=VALUE", multiple=True, help="Set a flag; may be repeated.")
@click.option("-G", "shown", metavar="FLAG", multiple=True, help="Print a flag; may be repeated.")
@click.option("--reset", is_flag=True, help="Set all flags of the plugin to their defaults.")
@click.option("-a", "--all", "everything", is_flag=True, help="All plugins, and core.")
@click.option("-g", "as_toml", is_flag=True, help="Print the values as TOML.")
@plugin_options
@common_options
def command(
    plugin: str | None,
    assignments: tuple[str, ...],
    shown: tuple[str, ...],
    reset: bool,
    everything: bool,
    as_toml: bool,
    config: Path | None,
    plugin_dirs: tuple[Path, ...],
) -> None:
    """Show or set the flags of a PLUGIN, or of the engine ('core'); kept in t2tui.toml.

    Without an option the flags are listed. Comments and order of the file are kept.
    """
    if plugin is None and not everything and not as_toml:
        raise click.UsageError("Name a plugin, or give -a for all of them.")
    if plugin is not None and everything:
        raise click.UsageError("Name a plugin or give -a, not both.")
    if plugin is None and (assignments or shown):
        raise click.UsageError("-D and -G are for the flags of one plugin; name it.")
    if sum(map(bool, (assignments, shown, reset, as_toml))) > 1:
        raise click.UsageError("Give one of -D, -G, --reset and -g.")
    from t2tui.cli.activation import setup

    known = setup(config, plugin_dirs, is_written=bool(assignments))
    if reset:
        _reset(known, plugin)
        return
    flags = _flags(known, plugin)
    if assignments:
        assert plugin is not None
        _set(known, plugin, flags[plugin], assignments)
        return
    settings = _settings(known, flags)
    if shown:
        assert plugin is not None
        for name in shown:
            click.echo(f"{name} = {format_value(settings[plugin][_flag(plugin, name, flags[plugin]).name])}")
    elif as_toml:
        click.echo(_toml(known, flags, settings))
    else:
        _list(flags, settings)


def _flags(known: "Setup", plugin: str | None) -> dict[str, Sequence[Flag]]:
    """Return the flags of a plugin, or of core and all plugins that can be used."""
    from t2tui import plugins

    if plugin == CORE:
        return {CORE: CORE_FLAGS}
    if plugin is not None:
        return {plugin: known.find(plugin, "conf").flags}
    entries = {entry.name: entry.plugin.flags for entry in plugins.entries() if entry.plugin is not None}
    return {CORE: CORE_FLAGS, **entries}


def _flag(plugin: str, name: str, flags: Sequence[Flag]) -> Flag:
    for flag in flags:
        if flag.name == name:
            return flag
    known = [flag.name for flag in flags]
    near = did_you_mean(nearest_names(name, known))
    has = f"; there are {', '.join(known)}" if known else "; it has none"
    raise Failure(f"conf: unknown flag of {plugin} {name!r}{near or has}", USAGE)


def _settings(known: "Setup", flags: Mapping[str, Sequence[Flag]]) -> dict[str, Settings]:
    others = [PROGRAM, *(name for name in known.tables if name not in {*flags, CORE})]
    declared = {name: of_plugin for name, of_plugin in flags.items() if name != CORE}
    try:
        return load_settings(declared, known.config, (), os.environ, others)
    except SettingsError as wrong:
        raise Failure(str(wrong), USAGE) from None


def _set(known: "Setup", plugin: str, flags: Sequence[Flag], assignments: Sequence[str]) -> None:
    """Check all values, then write them."""
    try:
        file = ConfigFile(known.path)
        lines = []
        for assignment in assignments:
            name, equals, text = assignment.partition("=")
            if not equals:
                raise Failure(f"conf: -D {assignment}: expected FLAG=VALUE", USAGE)
            flag = _flag(plugin, name.strip(), flags)
            value = flag.parse(text)
            if text.strip() == "default":
                file.remove(plugin, [flag.name])
            else:
                file.set(plugin, flag.name, value)
            lines.append(f"{flag.name} = {format_value(value)}")
    except SettingsError as wrong:
        raise Failure(f"conf: {wrong}", USAGE) from None
    try:
        file.save()
    except ConfigFileError as wrong:
        raise Failure(str(wrong)) from None
    click.echo("\n".join(lines))
    known.warn_of_folder(plugin)


def _reset(known: "Setup", plugin: str | None) -> None:
    """Remove the tables from the file; one of a plugin that is gone, too."""
    try:
        file = ConfigFile(known.path)
        if plugin is not None and plugin != CORE and plugin not in file.tables():
            known.find(plugin, "conf")
        for table in file.tables() if plugin is None else [plugin]:
            file.remove(table)
        if known.path.exists():
            file.save()
    except SettingsError as wrong:
        raise Failure(str(wrong), USAGE) from None
    except ConfigFileError as wrong:
        raise Failure(str(wrong)) from None


def _list(flags: Mapping[str, Sequence[Flag]], settings: Mapping[str, Settings]) -> None:

    rows = [("Flag", "Value", "Default", "Set by", "Help")]
    for plugin, declared in flags.items():
        for flag in declared:
            name = flag.name if len(flags) == 1 else f"{plugin}.{flag.name}"
            value, default = format_value(settings[plugin][flag.name]), format_value(flag.default)
            source = settings[plugin].source(flag.name)
            rows.append((name, value, default, "-" if source == "default" else source, flag.help))
    if len(rows) == 1:
        click.echo(f"{next(iter(flags))} has no flags")
        return
    click.echo(aligned([tuple(map(printable, row)) for row in rows]))


def _toml(known: "Setup", flags: Mapping[str, Sequence[Flag]], settings: Mapping[str, Settings]) -> str:
    """Return the values as a file of settings, each with its meaning as comment."""
    import tomlkit

    document = tomlkit.document()
    if len(flags) > 1:
        own = tomlkit.table()
        own.add("plugins", list(known.active))
        if known.preferences.plugin_dirs:
            own.add("plugin_dirs", [str(folder) for folder in known.preferences.plugin_dirs])
        document.add("t2tui", own)
    for plugin, declared in flags.items():
        table = tomlkit.table()
        for flag in declared:
            value = settings[plugin][flag.name]
            table.add(tomlkit.comment(f"{flag.help}; must be {flag.expected()}"))
            table.add(flag.name, list(value) if isinstance(value, tuple) else value)
        if declared:
            document.add(plugin, table)
    return tomlkit.dumps(document).rstrip("\n")
