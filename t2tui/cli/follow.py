"""``t2tui follow``: what the two sides of a flow sent each other."""

from pathlib import Path
from typing import Any

import click

from t2tui.cli.options import (
    CONTEXT,
    analysis_options,
    common_options,
    plugin_options,
    plugins_option,
    settings_option,
)

EXAMPLES = """\b
Examples:
  t2tui follow capture.pcap --flow 35                    the dialogue as text
  t2tui follow capture.pcap --flow 35 -d B -f hexdump    what B sent
  t2tui follow capture.pcap --flow 36 -d B --save setup.exe
  t2tui follow capture.pcap --filter 'host("10.0.0.7") && port(25)' -o info
  t2tui follow capture.pcap --flow 35 -o json | jq -r .payload
  t2tui follow capture_packets.txt --flow 35             from a packet file
  t2tui follow monday.pcap tuesday.pcap --flow 7         a flow that runs on

\b
Flows are numbered as 't2tui run' numbers them (flowInd), with the same -p, -D, --bpf and -f.

\b
Exit codes:
  0    done                        130  ended by SIGINT (Ctrl-C); what was read is shown
  1    the input or an output is at fault, or there is no such flow       143  the same by SIGTERM
  2    wrong usage
"""


@click.command("follow", context_settings=CONTEXT, epilog=EXAMPLES, no_args_is_help=True)
@click.argument("captures", metavar="CAPTURE...", nargs=-1)
@click.option("-R", "list_file", metavar="LIST", help="Captures named in a text file, as of 't2tui run -R'.")
@click.option("--flow", metavar="N", type=click.IntRange(0), help="Index of the flow (flowInd).")
@click.option("--filter", "expression", metavar="EXPR", help="The one flow that matches (docs/filter.md).")
@click.option(
    "-d",
    "--direction",
    type=click.Choice(["A", "B", "both"]),
    default="both",
    show_default=True,
    help="Side whose payload is shown.",
)
@click.option(
    "-o",
    "--output",
    "layout",
    type=click.Choice(["payload", "info", "json", "reconstruct"]),
    default="payload",
    show_default=True,
    help="Payload alone, with a block of information each, one JSON object per packet, or the stream as "
    "hex digits with zeros in its gaps (-d A or B).",
)
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["text", "hexdump", "hex", "base64"]),
    default="text",
    show_default=True,
    help="How payload is shown.",
)
@click.option("--raw", is_flag=True, help="Payload as it is, not made safe; not on a terminal.")
@click.option("--marks", is_flag=True, help="Tell gaps, retransmissions, overlaps, what came out of order.")
@click.option("--no-seq", "no_seq", is_flag=True, help="TCP in the order of the capture, repetitions too.")
@click.option(
    "--save",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the bytes of one side to FILE, of both to FILE_A and FILE_B, and show nothing.",
)
@click.option("--force", is_flag=True, help="--save replaces files that exist.")
@plugins_option("As of 't2tui run'.")
@settings_option("As of 't2tui run'; may be repeated.")
@analysis_options
@click.option("-q", "--quiet", is_flag=True, help="No progress, and no remarks about gaps.")
@plugin_options
@common_options
def command(
    captures: tuple[str, ...], list_file: str | None, flow: int | None, expression: str | None, **others: Any
) -> int:
    """Show what the two sides of a flow sent each other: TCP put together, datagrams in order.

    CAPTURE is a pcap or pcapng file, plain or compressed, '-' for standard input, or a packet file of
    't2tui run -s'. Flows run on through several captures, in the order in which they are given. Text is
    made safe for terminals: control characters are shown as pictures.
    """
    if bool(captures) == bool(list_file):
        raise click.UsageError("Give a capture, or a list of them with -R.")
    if len(captures) > 1 and "-" in captures:
        raise click.UsageError("Standard input (-) goes with no other capture.")
    if (flow is None) == (expression is None):
        raise click.UsageError("Give --flow or --filter.")
    layout, form, direction = others["layout"], others["form"], others["direction"]
    if layout == "reconstruct" and direction == "both":
        raise click.UsageError("-o reconstruct needs -d A or -d B.")
    if others["raw"] and (layout != "payload" or form != "text"):
        raise click.UsageError("--raw goes with neither -o nor -f.")
    if others["force"] and others["save"] is None:
        raise click.UsageError("--force is for --save.")
    from t2tui.cli.dialogue import Wanted, follow

    return follow(Wanted(captures=captures, list_file=list_file, flow=flow, expression=expression, **others))
