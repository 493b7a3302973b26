"""``t2tui dump``: the payload of selected flows as files."""

from pathlib import Path
from typing import Any

import click

from t2tui.cli.options import CONTEXT, common_options, flow_options, plugin_options

EXAMPLES = """\b
Examples:
  t2tui dump 'port("21;25")' capture.pcap -w payload/
  t2tui dump 'host("10.0.0.7") && tcp()' capture.pcap -w sent/ -d A --names 1
  t2tui dump '$l7BytesSnt > 1e6' capture.pcap -w large/ -D payloadDumper.PLDUMP_MAX_BYTES=4096

\b
Exit codes:
  0    done                        130  ended by SIGINT (Ctrl-C); nothing is written
  1    no flow matches, or an input or output is at fault          143  the same by SIGTERM
  2    wrong usage
"""


@click.command("dump", context_settings=CONTEXT, epilog=EXAMPLES, no_args_is_help=True)
@click.argument("expression", metavar="EXPR")
@click.argument("captures", metavar="CAPTURE", nargs=-1, required=True)
@click.option("-w", "where", metavar="FOLDER", required=True, help="The folder of the files; it is made.")
@click.option(
    "-n",
    "--names",
    type=click.IntRange(0, 2),
    default=0,
    show_default=True,
    help="Names of files: 0 flow index and direction, 1 addresses and ports, 2 the same behind the time.",
)
@flow_options
@plugin_options
@common_options
def command(
    captures: tuple[str, ...],
    direction: Any,
    config: Path | None,
    plugin_dirs: tuple[Path, ...],
    **others: Any,
) -> int:
    """Write the payload of the flows for which EXPR is true into a folder, one file per direction.

    A flow is taken if EXPR is true for one of its directions. TCP payload is in the order of its sequence
    numbers. docs/filter.md has the language, docs/extract.md more.
    """
    if len(captures) > 1:
        raise click.UsageError("Give one capture; for several there is payloadDumper of 't2tui run -R LIST'.")
    from t2tui.cli.cutting import Wanted, cut

    return cut(
        Wanted(
            "dump", source=captures[0], direction=direction, config=config, plugin_dirs=plugin_dirs, **others
        )
    )
