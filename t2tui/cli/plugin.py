"""``t2tui plugin``: which plugins there are, what one of them writes, and which of them run."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from t2tui.cli.exits import DONE, FAILED, USAGE, Failure
from t2tui.cli.options import CONTEXT, common_options, complete_plugin, plugin_options
from t2tui.cli.table import aligned
from t2tui.cli.terminal import printable, say

EXAMPLES = """\b
Examples:
  t2tui plugin list
  t2tui plugin info basicStats
  t2tui plugin enable tcpFlags dnsDecode     from now on 't2tui run' uses them, too
  t2tui plugin disable basicStats
  t2tui plugin reset                         the standard plugins again
  t2tui plugin new quicTimes                 begin a plugin, with its test
"""

plugin_names = click.argument(
    "names", metavar="NAME...", nargs=-1, required=True, shell_complete=complete_plugin
)


@click.group("plugin", context_settings=CONTEXT, epilog=EXAMPLES)
@common_options
def command() -> None:
    """List, explain, activate and begin plugins.

    Plugins of your own are files NNN_name.py in the folder 'plugins' beside your t2tui.toml, in folders
    that its table [t2tui] lists as plugin_dirs, or in those of --plugin-dir.
    """


def _subcommand(name: str, epilog: str | None = None) -> Callable[[Callable[..., Any]], click.Command]:
    """Add a subcommand with the options that all of them have."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        return command.command(name, context_settings=CONTEXT, epilog=epilog)(
            plugin_options(common_options(function))
        )

    return decorate


@_subcommand("list")
def list_plugins(config: Path | None, plugin_dirs: tuple[Path, ...]) -> None:
    """List all plugins in the order in which they run.

    Active are those that run when 't2tui run' is called without -p.
    """
    from t2tui import plugins
    from t2tui.cli.activation import setup

    known = setup(config, plugin_dirs)
    rows = [("No", "Name", "Version", "Active", "Origin", "Summary")]
    problems = []
    for entry in plugins.entries():
        number = "-" if entry.number is None else f"{entry.number:03}"
        active = "yes" if entry.name in known.active and not entry.problem else "no"
        version, summary = "-", "cannot be used, see below"
        if entry.plugin is not None:
            version, summary = entry.plugin.version, entry.plugin.summary
        else:
            problems.append(entry.problem)
        rows.append((number, entry.name, version, active, entry.origin, summary))
    click.echo(aligned([tuple(map(printable, row)) for row in rows]))
    for problem in problems:
        say("ERR", problem)
    for name in sorted(set(known.active) - {row[1] for row in rows}):
        say("ERR", f"no plugin {name!r}; active in {known.path}")


@_subcommand("info")
@click.argument("name", shell_complete=complete_plugin)
def info(name: str, config: Path | None, plugin_dirs: tuple[Path, ...]) -> None:
    """Show a plugin's flags, columns and bits.

    Flags are shown with their defaults; 't2tui conf NAME' shows what is set.
    """
    from t2tui.cli.activation import setup
    from t2tui.core import bits, columns
    from t2tui.core.settings import format_value

    plugin = setup(config, plugin_dirs).find(name, "info")
    click.echo(f"{plugin.name} {plugin.version}: {plugin.summary}")
    if plugin.requires:
        click.echo(f"Needs: {', '.join(plugin.requires)}")
    sections: list[tuple[str, list[tuple[str, ...]]]] = []
    flags = [(flag.name, format_value(flag.default), flag.help) for flag in plugin.flags]
    sections.append((f"Flags (set with 't2tui conf {name} -D FLAG=VALUE')", list(flags)))
    bit_columns = []
    for file in ("flows", "packets"):
        written = columns.plugin_columns(plugin.name, file)
        described = [(c.name, c.type, c.unit, c.header or c.description) for c in written]
        sections.append((f"Columns of the {file.removesuffix('s')} file", list(described)))
        bit_columns += [column.bits for column in written if column.bits]
    for column in dict.fromkeys(bit_columns):
        table = bits.table(column)
        meaningful = [bit for bit in table.bits if bit.name or bit.description != "unused"]
        named = [(table.format(bit.mask), bit.name, bit.description) for bit in meaningful]
        sections.append((f"Bits of {column}", list(named)))
    for title, rows in sections:
        if rows:
            click.echo(f"\n{title}:\n{aligned(rows, indent='  ')}")


@_subcommand("enable")
@plugin_names
def enable(names: tuple[str, ...], config: Path | None, plugin_dirs: tuple[Path, ...]) -> None:
    """Let plugins run from now on; kept in t2tui.toml."""
    from t2tui.cli.activation import setup

    known = setup(config, plugin_dirs, is_written=True)
    wanted = {name: known.find(name, "enable") for name in names}
    active = known.switched(dict.fromkeys(names, True))
    known.activate(active)
    for name, plugin in wanted.items():
        for needed in plugin.requires:
            if needed not in active:
                say("WRN", f"{name} needs {needed}, which is not active")
        known.warn_of_folder(name)


@_subcommand("disable")
@plugin_names
def disable(names: tuple[str, ...], config: Path | None, plugin_dirs: tuple[Path, ...]) -> int:
    """Let plugins run no more; kept in t2tui.toml."""
    from t2tui.cli.activation import setup

    known = setup(config, plugin_dirs, is_written=True)
    unknown = [name for name in names if name not in known.active]
    for name in unknown:
        say("ERR", f"{name} is not active; active are {', '.join(known.active) or 'none'}")
    if unknown:
        return FAILED
    known.activate(known.switched(dict.fromkeys(names, False)))
    return DONE


@_subcommand("reset")
def reset(config: Path | None, plugin_dirs: tuple[Path, ...]) -> None:
    """Let the standard plugins run again.

    They are basicFlow, basicStats, tcpStates and txtSink. Flags keep their values.
    """
    from t2tui.cli.activation import setup

    setup(config, plugin_dirs, is_written=True).activate(None)


NEW_EXAMPLES = """\b
Examples:
  t2tui plugin new quicTimes                 in the user's folder of plugins
  t2tui plugin new quicTimes --dir .         here; runs find it with --plugin-dir .
  t2tui plugin new -n 260 --kernel dnsSizes
  t2tui plugin new --sink toSyslog


docs/writing_plugins.md builds one step by step.
"""


@_subcommand("new", epilog=NEW_EXAMPLES)
@click.argument("name")
@click.option(
    "-n",
    "number",
    metavar="NUMBER",
    type=click.IntRange(0, 999),
    help="Its place among the plugins [default: the first free one from 500 on, of sinks from 970].",
)
@click.option("-s", "--sink", is_flag=True, help="It writes flows: a class derived from RowSink.")
@click.option("--kernel", is_flag=True, help="It is called per batch of packets, and compiled.")
@click.option(
    "--dir",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where [default: 'plugins' in the user's configuration folder]; made if it is not there.",
)
def new(
    name: str,
    number: int | None,
    sink: bool,
    kernel: bool,
    folder: Path | None,
    config: Path | None,
    plugin_dirs: tuple[Path, ...],
) -> None:
    """Begin a plugin: a file that works, and its test.

    They are NNN_NAME.py and test_NAME.py. Without --sink and --kernel it is called for each packet and each
    flow, in plain Python.
    """
    if sink and kernel:
        raise click.UsageError("Give --sink or --kernel, not both.")
    from t2tui import plugins
    from t2tui.cli.activation import setup
    from t2tui.core.outputs import OutputError
    from t2tui.plugins import skeletons
    from t2tui.plugins.files import NAME, default_folder

    known = setup(config, plugin_dirs)
    place = default_folder() if folder is None else folder
    if not NAME.fullmatch(name):
        rule = "a small letter, then letters, digits and _, at most 31 characters"
        raise Failure(f"new: {name!r} cannot be the name of a plugin: {rule}", USAGE)
    if name in plugins.RESERVED:
        raise Failure(f"new: no plugin can have the name {name!r}", USAGE)
    for entry in plugins.entries():
        if entry.name == name:
            raise Failure(
                f"new: there is a plugin {name!r} ({entry.origin}); give this one another name", USAGE
            )
    taken = {entry.number for entry in plugins.entries() if entry.number is not None}
    kind: skeletons.Kind = "sink" if sink else "kernel" if kernel else "callbacks"
    try:
        chosen = skeletons.free_number(taken, kind) if number is None else number
        files = skeletons.write_plugin(place, name, chosen, kind)
    except OutputError as wrong:
        raise Failure(f"new: {str(wrong).replace(' with -w', ' with --dir')}") from None
    except (OSError, ValueError) as wrong:
        reason = wrong.strerror if isinstance(wrong, OSError) else str(wrong)
        raise Failure(f"new: {wrong.filename if isinstance(wrong, OSError) else place}: {reason}") from wrong
    found = "" if known.searches(place) else f" --plugin-dir {shlex.quote(str(place))}"
    selected = f"basicFlow,{name}" if sink else f"basicFlow,{name},txtSink"
    click.echo(
        "\n".join(
            (
                *map(str, files),
                "",
                "Next:",
                f"  python -m pytest {shlex.quote(str(files[1]))}",
                f"  t2tui plugin info {name}{found}",
                f"  t2tui run capture.pcap -p {selected}{found}",
                f"  t2tui plugin enable {name}{found}",
            )
        )
    )
