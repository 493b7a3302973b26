"""What is printed for people: error lines, marks in colour, and text that cannot steer a terminal."""

import os
import re
import sys
from contextlib import suppress
from typing import BinaryIO, TextIO

MARK_COLOURS = {"INF": 34, "WRN": 33, "ERR": 31, "OK": 32}
"""ANSI colour of each mark; the mark itself is bold."""

_MARK = re.compile(r"\[(INF|WRN|ERR|OK)\] (.*)")


def printable(text: str) -> str:
    """Return text with control characters escaped as in Python literals; for names of files."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def use_colour(when: str) -> None:
    """Choose colour for this process and those that it starts: ``always``, ``never`` or ``auto``."""
    if when == "never":
        os.environ["NO_COLOR"] = "1"
    elif when == "always":
        os.environ.pop("NO_COLOR", None)
        os.environ["CLICOLOR_FORCE"] = "1"


def has_colour(stream: TextIO) -> bool:
    """Tell whether a stream gets coloured marks: terminals do, unless ``NO_COLOR`` is set (no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("CLICOLOR_FORCE"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def coloured(line: str) -> str:
    """Return a report line with its mark in colour, as the reference prints it; other lines unchanged."""
    match = _MARK.fullmatch(line)
    if match is None:
        return line
    mark, text = match.groups()
    colour = MARK_COLOURS[mark]
    return f"\x1b[1;{colour}m[{mark}]\x1b[0m \x1b[0;{colour}m{text}\x1b[0m"


def say(mark: str, text: str) -> None:
    """Print ``[MARK] text`` on standard error.

    Args:
        mark: ``INF``, ``WRN``, ``ERR`` or ``OK``.
        text: one line; what went wrong, where, and what to do. Control characters are escaped.
    """
    line = f"[{mark}] {printable(text)}"
    put(sys.stderr, f"{coloured(line) if has_colour(sys.stderr) else line}\n")


def has_streams() -> bool:
    """Tell whether standard output is there; without, say so on standard error.

    Streams that are closed are opened on /dev/null: otherwise the next file that is opened would take their
    number, and get what is meant for them.
    """
    is_closed: list[bool] = []
    for number, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)):
        is_closed.append(stream is None)
        if stream is None:
            null = os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
            if null != number:
                os.dup2(null, number)
                os.close(null)
    if is_closed[2]:
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    if is_closed[1]:
        sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        say("ERR", "Standard output is closed; send it somewhere, to /dev/null if it is not wanted")
    return not is_closed[1]


def put(stream: TextIO, text: str) -> None:
    """Write at once, past Python's buffer, whose writes a signal handler must not interrupt with its own.

    A stream that nobody reads any more is no error: the exit code still tells.
    """
    with suppress(OSError):
        try:
            descriptor = stream.fileno()
        except OSError:  # not a file
            stream.write(text)
        else:
            os.write(descriptor, text.encode("utf-8", "backslashreplace"))


def abandon(stream: BinaryIO) -> None:
    """Let what a failed stream still holds go to /dev/null: the interpreter flushes it at exit."""
    with suppress(OSError):  # it has no file, so nothing is flushed
        target = stream.fileno()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, target)
        os.close(null)
