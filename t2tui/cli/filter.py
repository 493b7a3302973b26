"""``t2tui filter``: rows of flow files, packet files and captures by a condition."""

import sys
from pathlib import Path
from typing import Any

import click

from t2tui.cli.options import CONTEXT, common_options, plugin_options, plugins_option, settings_option

EXAMPLES = """\b
Examples:
  t2tui filter '$dstPort == 80 && $pktsSnt > 10' out_flows.txt
  t2tui filter 'host("10.0.0.0/8") && !tcp()' capture.pcap
  t2tui filter 'packet("10-20")' out_packets.txt --cols 'pktNo,tuple4(),l7Content'
  t2tui filter '' out_flows.txt --cols '!*Mac,!hdrDesc' --to table --sort duration,desc --top 10
  t2tui filter 'tcp()' out_flows.txt --aggr srcIP,dstIP:l7BytesSnt,pktsSnt --top 5
  t2tui filter '' out_flows.txt --aggr 'l4Proto:max(duration),mean(pktsSnt),ientropy(dstPort)'
  t2tui filter '' out_flows.txt --unique dstPortClass
  t2tui filter '' out_flows.txt --cols 'wildcard(^tcp)' --diff older_flows.txt
  zcat out_flows.txt.gz | t2tui filter '$srcIP ~ /^10\\./' | t2tui tcol

\b
Exit codes, as grep:
  0  rows were found          2  wrong expression or input
  1  none was found              With --diff: 0 the same, 1 different
"""


def _list_functions(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from t2tui.cli.table import aligned
    from t2tui.core.query.functions import GROUPS, functions

    known = functions().values()
    parts = []
    for group, heading in GROUPS.items():
        rows = [(function.signature, function.summary) for function in known if function.group == group]
        parts.append(f"{heading}\n{aligned(rows, indent='  ')}")
    click.echo("\n\n".join(parts))
    ctx.exit(0)


@click.command("filter", context_settings=CONTEXT, epilog=EXAMPLES, no_args_is_help=True)
@click.argument("expression", metavar="EXPR")
@click.argument("path", metavar="[FILE]", default="-")
@click.option(
    "-c",
    "--cols",
    metavar="LIST",
    default="",
    help="Columns, patterns (src*, !*Mac, wildcard(^tcp)) and expressions.",
)
@click.option(
    "-t",
    "--to",
    type=click.Choice(["text", "csv", "json", "table"]),
    default="text",
    help="T2's text (default), CSV, one JSON object per line, or an aligned table.",
)
@click.option(
    "-s", "--sort", metavar="EXPR[,desc]", multiple=True, help="Order of the rows; the first counts most."
)
@click.option(
    "-n", "--top", metavar="N", type=int, help="Only the first N rows or groups; -N: the N smallest groups."
)
@click.option(
    "-a",
    "--aggr",
    metavar="FIELDS[:SUMS]",
    default="",
    help="Group rows by fields; sum values, or count the rows; also min(c), max(c), mean(c), ientropy(c).",
)
@click.option("--each", is_flag=True, help="With --aggr: each element of a list is a group of its own.")
@click.option("-u", "--unique", metavar="LIST", default="", help="Each combination of these columns once.")
@click.option(
    "--diff", "other", metavar="FILE", help="Compare with the rows of another file, column by column."
)
@click.option(
    "--split",
    metavar="PREFIX",
    help="Write PREFIX_dnsStat.txt and so on: the rows in which a status column is not 0.",
)
@click.option("--count", is_flag=True, help="Only the number of rows.")
@click.option("-H", "--no-header", "header", flag_value=False, default=True, help="Without column names.")
@click.option("-l", "--list", "list_columns", is_flag=True, help="List the columns of FILE and end.")
@click.option(
    "--functions",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_functions,
    help="List the functions of expressions and end.",
)
@click.option("--csv", is_flag=True, help="FILE is CSV with names in its first line (known for .csv).")
@click.option("--packets", is_flag=True, help="Of a capture: its packets instead of its flows.")
@plugins_option("Plugins that analyse a capture.")
@settings_option("Flags for that.")
@plugin_options
@common_options
def command(
    expression: str,
    path: str,
    list_columns: bool,
    config: Path | None,
    plugin_dirs: tuple[Path, ...],
    packets: bool,
    plugins: tuple[str, ...],
    settings: tuple[str, ...],
    **options: Any,
) -> int:
    """Show the rows of FILE for which EXPR is true.

    FILE is a flow or packet file, CSV, or a capture, plain or compressed; '-' is standard input. Empty EXPR
    takes all rows. Lines are handed on as they stand, the header first. docs/filter.md has the language.
    """
    if (options["top"] or 0) < 0 and not options["aggr"]:
        raise click.UsageError("--top: a negative number is for groups (--aggr).")
    if options["each"] and not options["aggr"]:
        raise click.UsageError("--each is for --aggr.")
    made = [name for name in ("aggr", "unique", "count", "other", "split") if options[name]]
    if len(made) > 1:
        first, second = (f"--{'diff' if name == 'other' else name}" for name in made[:2])
        raise click.UsageError(f"Give {first} or {second}, not both.")
    from t2tui.cli.activation import offer_columns
    from t2tui.cli.filtering import Request, run
    from t2tui.cli.tables import How

    how = How(packets, plugins, settings, offer_columns(config, plugin_dirs))
    if list_columns:
        from t2tui.cli.columnlist import list_of

        sys.stdout.write(list_of(path if path != "-" else expression, options["csv"], how))
        return 0
    return run(Request(expression, path, how=how, **options))
