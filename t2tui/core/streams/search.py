"""Regular expressions in streams: window by window, across packets, in one direction or in both."""

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import regex

from t2tui.core.streams.records import DATA
from t2tui.core.streams.stream import Direction, Stream

CHUNK = 1 << 16
"""Bytes that are searched at a time."""
LEAD = 64
"""Bytes before them that are looked at: by ``^``, ``\\b`` and what must stand before a match."""
LONGEST = 1 << 12
"""Bytes up to which a match is found wherever it begins."""
PATIENCE = 0.2
"""Seconds that the search in one window may take."""

_BRACE = re.compile(rb"(\\.)|\{(?!\d*(?:,\d*)?\})", re.DOTALL)
"""A brace that repeats nothing; ``regex`` would take some for inexact matching."""


class PatternError(ValueError):
    """A regular expression that is none, or whose search takes too long; the message says which."""


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """Bytes that match.

    Attributes:
        place: number of the first byte in what was searched.
        direction: ``A`` or ``B``: who sent it.
        begin, end: numbers of the first byte and of the one behind the last, counted over that direction.
    """

    place: int
    direction: str
    begin: int
    end: int


@dataclass(frozen=True)
class Searched:
    """A window that was searched.

    Attributes:
        first, behind: its first byte and the one behind the last.
        matches: those that begin in it, in order.
    """

    first: int
    behind: int
    matches: Sequence[Match] = field(default=())


def compile_bytes(pattern: str, ignores_case: bool = False) -> "regex.Pattern[bytes]":
    r"""Compile a regular expression of Python's ``re`` for bytes; characters stand for their bytes in UTF-8.

    ``^`` and ``$`` match at lines, ``\xff`` is a byte.

    Raises:
        PatternError: it is not valid.
    """
    text = pattern.encode("utf-8", "surrogateescape")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(text)
            exact = _BRACE.sub(lambda match: match[1] or rb"\{", text)
            flags = regex.MULTILINE | (regex.IGNORECASE if ignores_case else 0)
            return regex.compile(exact, flags)
    except (re.error, regex.error) as wrong:
        raise PatternError(str(wrong)) from None
    except (OverflowError, RecursionError):
        raise PatternError("the expression is too large") from None


def search(
    stream: Stream, pattern: "regex.Pattern[bytes]", direction: Direction, first: int, behind: int
) -> Iterator[Searched]:
    """Search a part of what is shown, and yield window after window.

    A match lies in one direction and never goes across a gap. Other threads run meanwhile.

    Args:
        stream: the stream.
        pattern: see compile_bytes().
        direction: what is searched.
        first: byte from which on matches begin, counted over ``direction``.
        behind: byte before which they begin.

    Raises:
        PatternError: a window takes longer than PATIENCE.
        CaptureError: the capture cannot be read any more.
    """
    sides: tuple[Direction, ...] = ("A", "B") if direction == "both" else (direction,)
    done = dict.fromkeys(sides, 0)  # behind the last match
    for at in range(first, min(behind, stream.size(direction)), CHUNK):
        to = min(at + CHUNK, behind)
        matches: list[Match] = []
        for side in sides:
            begin, end = (stream.place(number, direction, side) for number in (at, to))
            for match in _matches(stream, pattern, side, max(begin, done[side]), end):
                done[side] = match[1]
                matches.append(Match(stream.place(match[0], side, direction), side, *match))
        yield Searched(at, to, sorted(matches))


def _matches(
    stream: Stream, pattern: "regex.Pattern[bytes]", side: Direction, first: int, behind: int
) -> Iterator[tuple[int, int]]:
    """Yield where matches begin and end that begin in a window of one direction."""
    if first >= behind:
        return
    for start, data in _stretches(stream, side, max(first - LEAD, 0), behind + LONGEST):
        if start >= behind or start + len(data) <= first:
            continue
        try:
            found = pattern.finditer(data, max(first - start, 0), timeout=PATIENCE, concurrent=True)
            for match in found:
                begin, end = match.span()
                if start + begin >= behind:
                    break
                if begin < end:
                    yield start + begin, start + end
        except TimeoutError:
            raise PatternError(
                f"the search takes more than {PATIENCE} seconds for {len(data):,} bytes at {start:,} of "
                f"{side}: the parts of the expression can match in too many ways"
            ) from None


def _stretches(stream: Stream, side: Direction, first: int, behind: int) -> Iterator[tuple[int, bytes]]:
    """Yield what lies in a window between gaps: number of the first byte, and the bytes."""
    at, parts, expected = first, list[bytes](), -1
    for part in stream.read(first, behind - first, side):
        if part.kind != DATA or part.offset != expected:
            if parts:
                data = b"".join(parts)
                yield at, data
                at, parts = at + len(data), []
            if part.kind != DATA:
                expected = -1
                continue
        parts.append(part.data)
        expected = part.offset + part.length
    if parts:
        yield at, b"".join(parts)
