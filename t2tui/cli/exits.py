"""Exit codes, and how an exception becomes one line on standard error."""

import os
import sys
import traceback
from pathlib import Path

import click

from t2tui.cli.terminal import abandon, say

DONE = 0
FAILED = 1
"""A capture, an output file or a setting is at fault; a line on standard error says which."""
USAGE = 2
"""Wrong arguments."""
BUG = 70
"""An error that nobody foresaw (EX_SOFTWARE of sysexits.h)."""
INTERRUPTED = 130
"""Ended by SIGINT; what was finished by then is written."""
TERMINATED = 143
"""Ended by SIGTERM; what was finished by then is written."""

DEBUG = "T2TUI_DEBUG"
"""Environment variable that shows tracebacks; `--debug` sets it."""


class Failure(Exception):  # noqa: N818  (the word of the exit code)
    """An expected error: main prints its text as ``[ERR]`` line and exits with ``code``."""

    def __init__(self, text: str, code: int = FAILED) -> None:
        super().__init__(text)
        self.code = code


def foreseen(exception: BaseException) -> int | None:
    """Print the line of an error that can happen to everybody.

    Returns:
        The exit code, or None where the exception is none of these.
    """
    if isinstance(exception, KeyboardInterrupt | click.Abort):  # click's word for it
        return INTERRUPTED
    if isinstance(exception, Failure):
        say("ERR", str(exception))
        return exception.code
    from t2tui.core.settings import SettingsError

    if isinstance(exception, SettingsError):
        say("ERR", str(exception))
        return USAGE
    if isinstance(exception, BrokenPipeError):
        abandon(sys.stdout.buffer)
        say("ERR", "The reader of standard output is gone")
        return FAILED
    if isinstance(exception, MemoryError):
        say("ERR", "Out of memory")
        return FAILED
    if isinstance(exception, OSError):
        where = f"{exception.filename}: " if exception.filename else ""
        say("ERR", f"{where}{exception.strerror or exception}{'' if where else _place(exception)}")
        return FAILED
    return None


def unforeseen(exception: BaseException) -> int:
    """Print what happened and where.

    Returns:
        The exit code, ``BUG``.
    """
    what = f"{type(exception).__name__}{_place(exception)}: {exception}"
    say("ERR", f"{what}. This is a bug; --debug shows the traceback")
    return BUG


def _place(exception: BaseException) -> str:
    """Return where an exception came from, in the program's own source if it passed through it."""
    frames = traceback.extract_tb(exception.__traceback__)
    own = [frame for frame in frames if "t2tui" in Path(frame.filename).parts] or frames
    return f" at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""


def exit_code(exception: BaseException) -> int:
    """Report an exception on standard error, with its traceback when debugging.

    Returns:
        The exit code that belongs to it.
    """
    if os.environ.get(DEBUG):
        traceback.print_exception(exception)
    code = foreseen(exception)
    return unforeseen(exception) if code is None else code
