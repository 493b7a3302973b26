"""``t2tui CAPTURE``: the terminal UI."""

import os
import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from t2tui.cli.exits import USAGE, Failure
from t2tui.cli.options import CONTEXT, common_options, complete_plugin, names, plugin_options

if TYPE_CHECKING:
    from t2tui.cli.activation import Setup
    from t2tui.cli.analysis import Request
    from t2tui.core.settings import Settings

EXAMPLES = """\b
Examples:
  t2tui                                   asks for a capture
  t2tui capture.pcap
  t2tui one.pcap two.pcap                 flows run on from the first to the second
  tcpdump -w - | t2tui -                  live; P pauses, ctrl+x stops and keeps what was read
  t2tui capture.pcap --bpf 'tcp port 443' -p basicFlow,basicStats,tcpStates
"""

TERMINAL = "/dev/tty"

PAGE_DRIVER = "t2tui.tui.webdriver:PageDriver"
"""What draws on a page of 't2tui serve'."""
WEB_DRIVERS = (PAGE_DRIVER, "textual.drivers.web_driver:WebDriver")
"""Values of TEXTUAL_DRIVER with which standard input and output lead to a browser."""


@click.command("open", context_settings=CONTEXT, epilog=EXAMPLES)
@click.argument("captures", metavar="CAPTURE...", nargs=-1)
@click.option(
    "-p",
    "plugins",
    metavar="NAME,NAME",
    callback=names,
    default="",
    shell_complete=complete_plugin,
    help="Plugins [default: the active ones of 't2tui plugin list']; those that write files are left out.",
)
@click.option(
    "-D", "settings", metavar="PLUGIN.FLAG=VALUE", multiple=True, help="Set a flag, as for 't2tui run'."
)
@click.option("--bpf", metavar="EXPR", help="Take only packets that match a BPF expression.")
@plugin_options
@common_options
def command(
    captures: tuple[str, ...],
    plugins: tuple[str, ...],
    settings: tuple[str, ...],
    bpf: str | None,
    config: Path | None,
    plugin_dirs: tuple[Path, ...],
) -> None:
    """Look at a capture in the terminal; 't2tui CAPTURE' is the same.

    CAPTURE is a pcap or pcapng file, plain or compressed (gzip, zstd); '-' is standard input. Without a
    capture the program asks for one.
    """
    if "-" in captures and len(captures) > 1:
        raise Failure("Standard input is opened alone: 't2tui -'", USAGE)
    descriptor = check_terminal(captures)
    from t2tui.tui import garbage

    garbage.postpone()
    from t2tui.cli.activation import setup
    from t2tui.cli.analysis import Request

    request = Request(captures, plugins=plugins, settings=settings, bpf=bpf, config=config)
    known = setup(config, plugin_dirs)
    selected, values = chosen(request, known)

    from t2tui.tui.opening import Opening
    from t2tui.tui.session import Session

    pipe = take_terminal() if descriptor else None
    opening = Opening(captures, selected, values, bpf, pipe, known.path)
    session = Session(opening)
    session.start()  # reads while the modules of the screen are imported
    from t2tui.tui.app import FlowApp

    garbage.keep()
    app = FlowApp(opening, session, known.preferences)
    code = app.run() or app.return_code or 0
    app.main.capture.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # gives memory back at once: the interpreter takes 0.2 s for it


def chosen(request: "Request", known: "Setup") -> "tuple[tuple[str, ...], dict[str, Settings]]":
    """Return the plugins that a request asks for, and the values of their flags.

    Raises:
        Failure: there is no such plugin, or a setting is wrong.
    """
    from t2tui.cli.analysis import chosen_plugins, settings_of

    selected = chosen_plugins(request, known)
    return selected, settings_of(replace(request, plugins=selected), known)


def check_terminal(captures: tuple[str, ...]) -> bool:
    """Refuse what cannot be shown or read; return whether the capture is standard input.

    Raises:
        Failure: there is no terminal to draw on or to read keys from.
    """
    if os.environ.get("TEXTUAL_DRIVER") in WEB_DRIVERS:
        if "-" in captures:
            raise Failure("Standard input is the browser: name a file", USAGE)
        check_files(captures)
        return False
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        name = captures[0] if captures else "CAPTURE"
        raise Failure(f"The terminal UI needs a terminal; 't2tui run {name}' writes flow files", USAGE)
    if captures != ("-",):
        check_files(captures)
        if not sys.stdin.isatty():
            raise Failure("Standard input is no terminal; 't2tui -' opens what comes from a pipe", USAGE)
        return False
    if sys.stdin.isatty():
        raise Failure("Standard input is the terminal; pipe a capture: tcpdump -w - | t2tui -", USAGE)
    return True


def check_files(captures: tuple[str, ...]) -> None:
    """Refuse captures that are not there.

    Raises:
        Failure: names the first of them.
    """
    for capture in captures:
        if not Path(capture).exists():
            raise Failure(f"There is no file '{capture}'")


def take_terminal() -> int:
    """Let keys come from the terminal, and return where standard input is now.

    Raises:
        Failure: the process has no terminal.
    """
    try:
        terminal = os.open(TERMINAL, os.O_RDWR)
    except OSError as error:
        raise Failure(f"No keys can be read: {TERMINAL}: {error.strerror}") from None
    pipe = os.dup(0)
    os.dup2(terminal, 0)
    os.close(terminal)
    if stat.S_ISDIR(os.fstat(pipe).st_mode):
        raise Failure("Standard input is a folder")
    return pipe
