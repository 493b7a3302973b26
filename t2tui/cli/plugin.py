"""``t2tui plugin``: which plugins there are, and what one of them writes."""

from collections.abc import Iterable, Sequence

import click

from t2tui.cli.exits import USAGE, Failure
from t2tui.cli.options import CONTEXT, common_options


def table(rows: Iterable[Sequence[str]], indent: str = "") -> str:
    """Return rows as lines with aligned columns; the last column is not padded."""
    cells = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)][:-1]
    lines = []
    for row in cells:
        padded = [f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)]
        lines.append(indent + "  ".join([*padded, row[-1]]).rstrip())
    return "\n".join(lines)


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
    click.echo(table(rows))


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
    if plugin.flags:
        click.echo("\nFlags (set with -D PLUGIN.FLAG=VALUE or in t2tui.toml):")
        click.echo(table(((flag.name, format_value(flag.default), flag.help) for flag in plugin.flags), "  "))
    tables = []
    for file in ("flows", "packets"):
        written = columns.plugin_columns(name, file)
        if written:
            click.echo(f"\nColumns of the {file.removesuffix('s')} file:")
            click.echo(table(((c.name, c.type, c.unit, c.header or c.description) for c in written), "  "))
        tables += [column.bits for column in written if column.bits]
    for bit_table in dict.fromkeys(tables):
        click.echo(f"\nBits of {bit_table}:")
        described = bits.table(bit_table)
        rows = [(described.format(bit.mask), bit.name, bit.description) for bit in described.bits if bit.name]
        click.echo(table(rows, "  "))
