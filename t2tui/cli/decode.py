"""``t2tui decode``: what the bits of a value mean, and which value bits make."""

from pathlib import Path
from typing import Any

import click

from t2tui.cli.options import CONTEXT, common_options, plugin_options

EXAMPLES = """\b
Examples:
  t2tui decode flowStat=0x0402000000004000
  t2tui decode tcpStatesAFlags=0x42 tcpFlags=27 l4Proto=132
  t2tui decode tcpAnomaly                     all bits of a column
  t2tui decode dnsHFlg_OpC_RetC=0x91_0x0001_0x0008
  t2tui decode icmpCode=3/1                   type and code
  t2tui decode -L capture_log.txt             all values in a log or report
  t2tui run capture.pcap | t2tui decode -
  t2tui decode --set flowStat IPv4,alarm      a number, and a filter that finds it
  t2tui decode --list                         what can be decoded

\b
Exit codes:
  0  decoded                    2  wrong name or value
  1  a log holds no value that can be decoded, or cannot be read
"""


@click.command("decode", context_settings=CONTEXT, epilog=EXAMPLES, no_args_is_help=True)
@click.argument("words", metavar="[NAME[=VALUE]]...", nargs=-1)
@click.option(
    "-L",
    "--log",
    "logs",
    metavar="FILE",
    multiple=True,
    help="Decode all NAME=VALUE in FILE; '-': standard input.",
)
@click.option(
    "-s",
    "--set",
    "chosen",
    metavar="NAME BIT,BIT",
    nargs=2,
    multiple=True,
    help="The number that has these bits, and a filter. Bits by name, or by words that fit one alone.",
)
@click.option("-l", "--list", "is_list", is_flag=True, help="List what can be decoded and end.")
@click.option("--json", "is_json", is_flag=True, help="One JSON object per value.")
@plugin_options
@common_options
def command(
    words: tuple[str, ...],
    logs: tuple[str, ...],
    chosen: tuple[tuple[str, str], ...],
    is_list: bool,
    is_json: bool,
    config: Path | None,
    plugin_dirs: tuple[Path, ...],
    **_: Any,
) -> int:
    """Say what the bits of status columns, and numbers of protocols and types, mean.

    VALUE is decimal, or 0x and hexadecimal digits; without VALUE everything that is known is shown. The word
    '-' reads standard input as -L does. docs/decode.md tells more.
    """
    from t2tui.cli.decoding import Work

    work = Work(is_json, config, plugin_dirs)
    if is_list:
        return work.list()
    return work.run(words, logs, chosen)
