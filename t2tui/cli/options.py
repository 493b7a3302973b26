"""Options that several subcommands share, and the types of their values."""

import os
from collections.abc import Callable
from typing import Any

import click

from t2tui.cli.exits import DEBUG
from t2tui.cli.terminal import use_colour

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
"""Settings of every command."""


def _debug(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        os.environ[DEBUG] = "1"


def _colour(ctx: click.Context, parameter: click.Parameter, value: str) -> None:
    use_colour(value)


def common_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--color`` and ``--debug``, which work before and behind a subcommand."""
    debug = click.option(
        "--debug",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_debug,
        help="Show tracebacks of errors.",
    )
    colour = click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        is_eager=True,
        expose_value=False,
        callback=_colour,
        help="Colour marks in reports; auto: on terminals, unless NO_COLOR is set.",
    )
    return colour(debug(function))
