"""``t2tui serve``: the terminal UI in a browser."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from t2tui.cli.exits import USAGE, Failure
from t2tui.cli.open import check_files, chosen
from t2tui.cli.options import CONTEXT, common_options, plugin_options, plugins_option, settings_option

EXAMPLES = """\b
Examples:
  t2tui serve capture.pcap                http://127.0.0.1:8000/
  t2tui serve capture.pcap --port 0       any free port
  ssh -t -L 8000:127.0.0.1:8000 probe t2tui serve capture.pcap
"""

HOST = "127.0.0.1"
PORT = 8000


@click.command("serve", context_settings=CONTEXT, epilog=EXAMPLES)
@click.argument("captures", metavar="[CAPTURE...]", nargs=-1)
@click.option("--host", metavar="ADDRESS", default=HOST, show_default=True, help="Where to listen.")
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port; 0 takes a free one.",
)
@plugins_option("As of 't2tui CAPTURE'.")
@settings_option("As of 't2tui CAPTURE'; may be repeated.")
@click.option("--bpf", metavar="EXPR", help="As of 't2tui CAPTURE'.")
@plugin_options
@common_options
def command(
    captures: tuple[str, ...],
    host: str,
    port: int,
    plugins: tuple[str, ...],
    settings: tuple[str, ...],
    bpf: str | None,
    config: Path | None,
    plugin_dirs: tuple[Path, ...],
) -> int:
    """Look at a capture in a browser, in the same terminal UI; Ctrl-C ends it.

    Each page is a program of its own that opens the captures anew, or asks for one, and ends with the page.
    """
    if "-" in captures:
        raise Failure("Standard input can be read only once, but each page reads anew: name a file", USAGE)
    check_files(captures)
    from t2tui.cli.activation import setup
    from t2tui.cli.analysis import Request

    request = Request(captures, plugins=plugins, settings=settings, bpf=bpf, config=config)
    chosen(request, setup(config, plugin_dirs))  # wrong ones are errors here, not in the page
    try:
        from t2tui.cli.serving import listen, serve
    except ModuleNotFoundError as missing:
        package = str(missing.name).partition(".")[0].replace("_", "-")
        advice = "pip install 't2tui[serve]'"
        raise Failure(f"'t2tui serve' needs the Python package {package}: {advice}") from None

    served = served_command(captures, plugins, settings, bpf, config, plugin_dirs)
    title = " – ".join([*(Path(capture).name for capture in captures), "t2tui"])
    return serve(served, title, listen(host, port), host)


def served_command(
    captures: Sequence[str],
    plugins: Sequence[str] = (),
    settings: Sequence[str] = (),
    bpf: str | None = None,
    config: Path | None = None,
    plugin_dirs: Sequence[Path] = (),
) -> str:
    """Return the command behind a page, quoted for a shell.

    The parameters are the options of ``t2tui CAPTURE``.
    """
    words = [sys.executable, "-P", "-m", "t2tui", "open"]  # -P: nothing is imported from the current folder
    if plugins:
        words += ["-p", ",".join(plugins)]
    for assignment in settings:
        words += ["-D", assignment]
    if bpf is not None:
        words += ["--bpf", bpf]
    if config is not None:
        words += ["--config", str(config)]
    for folder in plugin_dirs:
        words += ["--plugin-dir", str(folder)]
    return shlex.join([*words, "--", *captures] if captures else words)
