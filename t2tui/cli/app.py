"""The command ``t2tui``: its subcommands by name, each imported when it is called."""

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module

import click

from t2tui import __version__
from t2tui.cli.exits import DONE, USAGE, exit_code
from t2tui.cli.options import CONTEXT, common_options
from t2tui.cli.terminal import has_streams

DEFAULT = "open"
"""The subcommand of ``t2tui CAPTURE``."""

SUMMARIES = {
    "open": "Look at a capture in the terminal; 't2tui CAPTURE' is the same.",
    "serve": "Look at a capture in a browser, in the same terminal UI.",
    "run": "Analyse captures and write their flows, packets and report to files.",
    "follow": "Show what the two sides of a flow sent each other; save it.",
    "filter": "Select, sort and group rows of flow and packet files, or of captures.",
    "tcol": "Show a flow or packet file as an aligned table, in a pager.",
    "extract": "Write the packets of flows that a filter selects into a new capture.",
    "dump": "Write the payload of flows that a filter selects into files.",
    "decode": "Say what the bits of a status column mean, and which number bits make.",
    "plugin": "List, explain, activate and begin plugins.",
    "conf": "Show and set the flags of plugins.",
    "bench": "Time the stages of an analysis on a capture.",
}
"""Subcommand -> its line in the help. Module ``t2tui.cli.NAME`` holds the function ``command``."""

REFERENCE_WORDS = {
    "t2": "t2tui run",
    "tranalyzer": "t2tui run",
    "t2build": "t2tui plugin enable",
    "build": "t2tui plugin enable",
    "t2conf": "t2tui conf",
    "t2plugin": "t2tui plugin",
    "tawk": "t2tui filter' or, for tawk -V, 't2tui decode",
    "follow_stream": "t2tui follow",
    "list": "t2tui plugin list",
    "info": "t2tui plugin info",
    "new": "t2tui plugin new",
}
"""What users of Tranalyzer2 type first -> what it is called here (docs/from_tranalyzer2.md)."""

EXAMPLES = """\b
Examples:
  t2tui run capture.pcap            capture_flows.txt, capture_headers.txt
  t2tui run *.pcap -w results/      one set of files per capture, in results/
  zcat big.pcap.gz | t2tui run - -w big
  t2tui plugin info basicStats
  t2tui conf basicStats -D BS_VAR=1

\b
Completion of commands and options:
  eval "$(_T2TUI_COMPLETE=bash_source t2tui)"    (also zsh_source, fish_source)
"""


class Commands(click.Group):
    """A group that knows its subcommands by name alone, and takes a path where a subcommand may stand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a subcommand."""
        if cmd_name not in SUMMARIES:
            return None
        found: click.Command = import_module(f"t2tui.cli.{cmd_name}").command
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options before the subcommand; point at ``run`` for those that stand behind it."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as wrong:
            raise click.UsageError(
                f"{wrong.format_message()} Options of an analysis follow 't2tui run'.", ctx
            ) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand; any other first word is a capture to open."""
        if args[0] in SUMMARIES:
            return super().resolve_command(ctx, args)
        if args[0] != "-" and not os.path.lexists(args[0]):
            near = get_close_matches(args[0], SUMMARIES, 1)
            meant = REFERENCE_WORDS.get(args[0]) or (near[0] if near else None)
            hint = f" Did you mean '{meant}'?" if meant else ""
            raise click.UsageError(f"'{args[0]}' is neither a file nor a subcommand.{hint}", ctx)
        return DEFAULT, self.get_command(ctx, DEFAULT), args

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write both forms of the call."""
        formatter.write_usage(ctx.command_path, "[CAPTURE]")
        formatter.write_usage(ctx.command_path, "COMMAND [OPTIONS] [ARGUMENTS]", prefix="       ")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of subcommands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))


@click.group(
    cls=Commands,
    invoke_without_command=True,
    epilog=EXAMPLES,
    context_settings=CONTEXT,
)
@common_options
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def program(ctx: click.Context) -> None:
    """Flow analysis of packet captures: Tranalyzer2's files, a report, and a terminal UI.

    CAPTURE is a pcap or pcapng file, plain or compressed (gzip, zstd); '-' is standard input.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(import_module(f"t2tui.cli.{DEFAULT}").command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: words after the program's name; ``sys.argv[1:]`` by default.

    Returns:
        The exit code, see ``t2tui.cli.exits``.
    """
    if not has_streams():
        return USAGE
    try:
        words = sys.argv[1:] if arguments is None else list(arguments)
        result = program.main(words, prog_name="t2tui", standalone_mode=False, obj=tuple(words))
        sys.stdout.flush()
        return result if isinstance(result, int) else DONE
    except click.UsageError as wrong:
        wrong.show()
        return USAGE
    except (Exception, KeyboardInterrupt) as exception:
        return exit_code(exception)
