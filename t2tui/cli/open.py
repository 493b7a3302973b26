"""``t2tui CAPTURE``: the terminal UI."""

import click

from t2tui.cli.exits import USAGE, Failure
from t2tui.cli.options import CONTEXT, common_options


@click.command("open", context_settings=CONTEXT)
@click.argument("capture", required=False)
@common_options
def command(capture: str | None) -> None:
    """Look at a capture in the terminal; 't2tui CAPTURE' is the same."""
    raise Failure(
        f"The terminal UI is not there yet; 't2tui run {capture or 'CAPTURE'}' writes flow files", USAGE
    )
