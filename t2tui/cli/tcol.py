"""``t2tui tcol``: a flow or packet file as an aligned table, in a pager."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import click

from t2tui.cli.exits import DONE, USAGE, Failure
from t2tui.cli.options import CONTEXT, common_options
from t2tui.cli.terminal import abandon

EXAMPLES = """\b
Examples:
  t2tui tcol out_flows.txt
  t2tui filter 'tcp()' out_flows.txt | t2tui tcol
  t2tui tcol out_flows.txt --cols 'flowInd,dir,src*,dst*'
"""

LESS = ("less", "--chop-long-lines", "--quit-if-one-screen")
"""Pager without wrapping."""
FIXED_HEADER = 600
"""First version of less that can keep the first line in sight."""


@click.command("tcol", context_settings=CONTEXT, epilog=EXAMPLES)
@click.argument("path", metavar="[FILE]", default="-")
@click.option(
    "-c", "--cols", metavar="LIST", default="", help="Columns, patterns (src*, !*Mac), expressions."
)
@click.option("-n", "--top", metavar="N", type=click.IntRange(min=0), help="Only the first N rows.")
@click.option("--csv", is_flag=True, help="FILE is CSV with names in its first line (known for .csv).")
@click.option("--packets", is_flag=True, help="Of a capture: its packets instead of its flows.")
@click.option("--no-pager", is_flag=True, help="Print, even on a terminal.")
@common_options
def command(path: str, cols: str, top: int | None, csv: bool, packets: bool, no_pager: bool) -> int:
    """Show FILE as an aligned table, on a terminal in a pager; '-' is standard input.

    Control characters and those that turn the direction of text are shown as escapes. The pager is that of
    the variable PAGER; without, less, whose first line stays in sight where it can do that.
    """
    from t2tui.cli.filtering import Request, table_of
    from t2tui.cli.tables import How

    lines = table_of(Request("", path, cols=cols, to="table", top=top, csv=csv, how=How(packets)))
    pager = None if no_pager or not sys.stdout.isatty() else pager_command()
    if pager is None:
        return _print(lines)
    return _page(lines, pager)


def _print(lines: Iterator[str]) -> int:
    try:
        for line in lines:
            sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        abandon(sys.stdout.buffer)  # who reads has seen enough
    return DONE


def _page(lines: Iterator[str], pager: list[str]) -> int:
    try:
        process = subprocess.Popen(pager, stdin=subprocess.PIPE, env={**os.environ, "LESSSECURE": "1"})
    except OSError as wrong:
        raise Failure(
            f"The pager '{pager[0]}' does not start: {wrong.strerror}; --no-pager prints", USAGE
        ) from None
    assert process.stdin is not None
    try:
        for line in lines:
            process.stdin.write(line.encode("utf-8", "backslashreplace") + b"\n")
        process.stdin.close()
    except BrokenPipeError:
        pass  # who pages has seen enough
    finally:
        process.wait()
    return DONE


def pager_command() -> list[str] | None:
    """Return the pager's words, None where there is no pager."""
    if chosen := os.environ.get("PAGER", "").split():
        return chosen if chosen != ["cat"] else None
    if shutil.which(LESS[0]) is None:
        return None
    version = subprocess.run([LESS[0], "--version"], capture_output=True, text=True, check=False)
    words = version.stdout.split()
    number = words[1].split(".")[0] if len(words) > 1 else ""
    has_header = number.isdecimal() and int(number) >= FIXED_HEADER
    return [*LESS, "--header=1"] if has_header else list(LESS)
