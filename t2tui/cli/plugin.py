"""``t2tui plugin``: which plugins there are, and what one of them writes."""

import click

from t2tui.cli.exits import USAGE, Failure
from t2tui.cli.options import CONTEXT, common_options
from t2tui.cli.table import aligned


@click.group("plugin", context_settings=CONTEXT)
@common_options
def command() -> None:
    """List the plugins, or explain one: flags, columns, bits."""


@command.command("list", context_settings=CONTEXT)
@common_options
def list_plugins() -> None:
    """List all plugins in the order in which they run."""
    from t2tui import plugins

    rows = [("No", "Name", "Version", "Default", "Summary")]
    for name, plugin in plugins.available().items():
        default = "yes" if name in plugins.STANDARD else "no"
        rows.append((f"{plugin.number:03}", name, plugin.version, default, plugin.summary))
    click.echo(aligned(rows))


@command.command("info", context_settings=CONTEXT)
@click.argument("name")
@common_options
def info(name: str) -> None:
    """Show what a plugin writes and what can be set: flags, columns, bits."""
    from t2tui import plugins
    from t2tui.core import bits, columns
    from t2tui.core.settings import format_value

    try:
        plugin = plugins.find(name)
    except plugins.UnknownPluginError as wrong:
        raise Failure(str(wrong), USAGE) from None
    click.echo(f"{plugin.name} {plugin.version}: {plugin.summary}")
    if plugin.requires:
        click.echo(f"Needs: {', '.join(plugin.requires)}")
    sections: list[tuple[str, list[tuple[str, ...]]]] = []
    flags = [(flag.name, format_value(flag.default), flag.help) for flag in plugin.flags]
    sections.append(("Flags (set with -D PLUGIN.FLAG=VALUE or in t2tui.toml)", list(flags)))
    bit_columns = []
    for file in ("flows", "packets"):
        written = columns.plugin_columns(plugin.name, file)
        described = [(c.name, c.type, c.unit, c.header or c.description) for c in written]
        sections.append((f"Columns of the {file.removesuffix('s')} file", list(described)))
        bit_columns += [column.bits for column in written if column.bits]
    for column in dict.fromkeys(bit_columns):
        known = bits.table(column)
        named = [(known.format(bit.mask), bit.name, bit.description) for bit in known.bits if bit.name]
        sections.append((f"Bits of {column}", list(named)))
    for title, rows in sections:
        if rows:
            click.echo(f"\n{title}:\n{aligned(rows, indent='  ')}")
