"""Regular expressions of filters: those of Python's ``re``, but no search runs for ever.

A search with ``re`` cannot be stopped and keeps all other threads waiting. So it gets those expressions and
texts only that it must be done with soon. For all others there is ``regex``: it searches the same
expressions, lets other threads run, and gives up in time.
"""

import math
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import regex

CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "blank": r" \t",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9A-Fa-f",
}
"""Classes of POSIX expressions, as T2's users write them, and what Python calls them."""

MANY = 16
"""A character that can repeat more often counts as one without limit."""

STEPS = 10**6
"""Most steps of a search that is not watched: some milliseconds."""

FEW = 100
"""Most ways to match, from one place on, of an expression that is never watched."""

PATIENCE = 0.5
"""Seconds that the search in one text may take."""

_CLASS = re.compile(r"\[:(\w+):\]")
_BRACE = re.compile(r"(\\.)|\{(?!\d*(?:,\d*)?\})", re.DOTALL)
"""A brace that repeats nothing; ``regex`` would take some for inexact matching."""

Search = Callable[[str], object]
"""Looks for an expression anywhere in a text; None if it is not there."""


class PatternError(ValueError):
    """A regular expression that is none, or one whose search takes too long.

    Attributes:
        place: index of the character at fault, None where it is not known.
    """

    def __init__(self, message: str, place: int | None = None) -> None:
        super().__init__(message)
        self.place = place


class Stopped(Exception):  # noqa: N818  (nothing went wrong)
    """A search that nobody waits for any more."""


_is_wanted: ContextVar[Callable[[], bool]] = ContextVar("is_wanted", default=lambda: True)


@contextmanager
def searching_while(is_wanted: Callable[[], bool]) -> Iterator[None]:
    """Let searches that take long end with Stopped as soon as nobody wants them, PATIENCE later at most."""
    token = _is_wanted.set(is_wanted)
    try:
        yield
    finally:
        _is_wanted.reset(token)


def compile_pattern(pattern: str, ignores_case: bool = False) -> Search:
    """Return what looks for a regular expression in a text.

    The search raises PatternError where a text takes longer than PATIENCE, and Stopped as
    ``searching_while`` says.

    Raises:
        PatternError: the expression is not valid.
    """
    translated = _CLASS.sub(lambda match: CLASSES.get(match[1], match[0]), pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            quick = re.compile(translated, re.IGNORECASE if ignores_case else 0).search
            ways, repeats = _cost(_parsed(translated))
            if ways <= FEW and not repeats:
                return quick
            exact = _BRACE.sub(lambda match: match[1] or r"\{", translated)
            watched = regex.compile(exact, regex.IGNORECASE if ignores_case else 0).search
    except re.error as wrong:
        place = wrong.pos if translated == pattern else None
        raise PatternError(wrong.msg, place) from None
    except regex.error as wrong:
        raise PatternError(str(wrong)) from None
    except (OverflowError, RecursionError):
        raise PatternError("is too large") from None
    longest = int((STEPS / ways) ** (1 / (repeats + 1)))

    def search(text: str) -> object:
        if len(text) <= longest:
            return quick(text)
        if not _is_wanted.get()():
            raise Stopped
        try:
            return watched(text, timeout=PATIENCE)
        except TimeoutError:
            raise PatternError(
                f"takes more than {PATIENCE} seconds for a text of {len(text):,} characters; "
                "its parts can match in too many ways"
            ) from None

    return search


@cache
def _parser() -> Any:
    """The parser of ``re``, which shows the parts of an expression."""
    return import_module("re._parser")


def _parsed(pattern: str) -> Any:
    return _parser().parse(pattern)


class Cost(NamedTuple):
    """How many ways there are to match: ``ways`` times the length of the text to the power of ``repeats``."""

    ways: float
    repeats: int


ENDLESS = Cost(math.inf, 0)
"""Something else than a character repeats: no useful bound is known."""


def _cost(parts: Any) -> Cost:
    """Return in how many ways an expression can match from one place on."""
    ways, repeats = 1.0, 0
    for name, argument in parts:
        inner: list[Any] = []
        match str(name):
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                least, most, repeated = argument
                if most == 1:
                    inner = [repeated]
                elif len(repeated) != 1 or str(repeated[0][0]) not in CHARACTERS:
                    return ENDLESS
                if most > MANY:
                    repeats += 1
                else:
                    ways *= most - least + 1
            case "BRANCH":
                inner = argument[1]
                ways *= len(inner)
            case "SUBPATTERN":
                inner = [argument[3]]
            case "ASSERT" | "ASSERT_NOT":
                inner = [argument[1]]
            case "ATOMIC_GROUP":
                inner = [argument]
            case word if word not in (*CHARACTERS, "AT"):
                return ENDLESS
        for part in inner:
            cost = _cost(part)
            ways, repeats = ways * cost.ways, repeats + cost.repeats
    return Cost(ways, repeats)


CHARACTERS = ("LITERAL", "NOT_LITERAL", "ANY", "IN", "CATEGORY", "RANGE")
"""Parts of an expression that take one character."""
