"""``t2tui extract``: the packets of selected flows as a capture."""

from pathlib import Path
from typing import Any

import click

from t2tui.cli.options import CONTEXT, common_options, flow_options, plugin_options

EXAMPLES = """\b
Examples:
  t2tui extract 'host("10.0.0.1") && port(80)' capture.pcap -w web.pcap
  t2tui extract 'flow("4;6;29")' capture.pcap -w three.pcap
  t2tui extract 'bitsanyset($dnsStat, 0xf000)' capture.pcap -w broken_dns.pcap
  t2tui extract '$l7BytesSnt > 1e6' capture.pcap.gz -w large.pcap -d A
  t2tui extract 'tcp()' capture.pcap -w - | tshark -r -

\b
Exit codes:
  0    done                        130  ended by SIGINT (Ctrl-C); nothing is written
  1    no flow matches, or an input or output is at fault          143  the same by SIGTERM
  2    wrong usage
"""


@click.command("extract", context_settings=CONTEXT, epilog=EXAMPLES, no_args_is_help=True)
@click.argument("expression", metavar="EXPR")
@click.argument("captures", metavar="CAPTURE", nargs=-1, required=True)
@click.option("-w", "where", metavar="FILE", required=True, help="The new capture; '-' is standard output.")
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
    """Write the packets of the flows for which EXPR is true into a new capture.

    A flow is taken if EXPR is true for one of its directions. Packets stay as they are, in their order.
    docs/filter.md has the language, docs/extract.md more.
    """
    if len(captures) > 1:
        raise click.UsageError("Give one capture; for flows through several 't2tui run -R LIST -e FLOWS'.")
    from t2tui.cli.cutting import Wanted, cut

    return cut(
        Wanted(
            "extract",
            source=captures[0],
            direction=direction,
            names=0,
            config=config,
            plugin_dirs=plugin_dirs,
            **others,
        )
    )
