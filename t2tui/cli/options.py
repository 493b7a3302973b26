"""Options that several subcommands share, and the types of their values."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from t2tui.cli.exits import DEBUG
from t2tui.cli.terminal import use_colour

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
"""Settings of every command."""

DEFAULT_SPLIT = "500e6"
"""Bytes after which ``-W`` begins the next flow file, unless it says otherwise."""

MULTIPLES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}

_SPLIT = re.compile(
    r"(?P<prefix>.+?)(?::(?P<number>\d+(?:\.\d+)?(?:[eE]\d{1,2})?)(?P<multiple>[KMG]?)(?P<flows>f?))?"
    r"(?:,(?P<start>\d{1,9}))?"
)


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


def complete_plugin(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the plugins whose names begin with a word, or with what follows its last comma."""
    from t2tui import plugins

    before, comma, begun = incomplete.rpartition(",")
    plugins.search_in(ctx.params.get("plugin_dirs") or ())
    return [before + comma + name for name in plugins.known_names() if name.startswith(begun)]


def plugin_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--config`` and ``--plugin-dir``: parameters ``config`` and ``plugin_dirs``."""
    config = click.option(
        "--config",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="File of settings [default: t2tui.toml in the user's configuration folder].",
    )
    folder = click.option(
        "--plugin-dir",
        "plugin_dirs",
        metavar="DIR",
        multiple=True,
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Folder with plugins NNN_name.py, searched first; may be repeated.",
    )
    return config(folder(function))


def plugins_option(help_: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return ``-p``: parameter ``plugins``, a tuple of names."""
    return click.option(
        "-p",
        "plugins",
        metavar="NAME,NAME",
        callback=names,
        default="",
        shell_complete=complete_plugin,
        help=help_,
    )


def settings_option(help_: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return ``-D``: parameter ``settings``, a tuple of assignments."""
    return click.option("-D", "settings", metavar="PLUGIN.FLAG=VALUE", multiple=True, help=help_)


def analysis_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--bpf`` and ``--hash-factor``, for commands that analyse a capture on the way."""
    bpf = click.option("--bpf", metavar="EXPR", help="As of 't2tui run'.")
    factor = click.option(
        "--hash-factor",
        metavar="N",
        type=click.IntRange(1, 1024),
        default=1,
        help="As -f of 't2tui run'.",
    )
    return bpf(factor(function))


def flow_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what ``extract`` and ``dump`` have in common: direction, and the options of the analysis."""
    options = (
        click.option(
            "-d",
            "--direction",
            type=click.Choice(["A", "B", "both"]),
            default="both",
            show_default=True,
            help="Side of the flows that is written.",
        ),
        click.option("--force", is_flag=True, help="Replace what stands there."),
        plugins_option("As of 't2tui run'; those whose columns EXPR reads are added."),
        settings_option("As of 't2tui run'; may be repeated."),
        analysis_options,
        click.option("-q", "--quiet", is_flag=True, help="No progress, no word about what was written."),
    )
    for option in reversed(options):
        function = option(function)
    return function


class SplitType(click.ParamType):  # type: ignore[type-arg]
    """``PREFIX[:SIZE[K|M|G][f]][,START]`` of option ``-W``, as (prefix, size, by flows, start)."""

    name = "PREFIX:SIZE,START"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int, bool, int]:
        """Parse the words of the option."""
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        match = _SPLIT.fullmatch(value)
        if match is None:
            self.fail(f"'{value}' is not PREFIX[:SIZE[K|M|G][f]][,START], for example out:100M,0", param, ctx)
        size = int(float(match["number"] or DEFAULT_SPLIT) * MULTIPLES[match["multiple"] or ""])
        if size < 1:
            self.fail(f"the size in '{value}' must be at least 1", param, ctx)
        return match["prefix"], size, bool(match["flows"]), int(match["start"] or 0)


def names(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    """Take apart the value of an option that is a list of names."""
    return tuple(name.strip() for name in value.split(",") if name.strip())
