"""Regular expressions of filters: Python's ``re``, without those that can run for ever."""

import re
import warnings
from functools import cache
from importlib import import_module
from typing import Any

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
"""A part that can repeat more often counts as one without limit."""

_CLASS = re.compile(r"\[:(\w+):\]")


class PatternError(ValueError):
    """A regular expression that is none, or that is refused.

    Attributes:
        place: index of the character at fault, None where it is not known.
    """

    def __init__(self, message: str, place: int | None = None) -> None:
        super().__init__(message)
        self.place = place


def compile_pattern(pattern: str, ignores_case: bool = False) -> re.Pattern[str]:
    """Compile a regular expression.

    Raises:
        PatternError: it is not valid; or a repeated part holds a repeated part, as in ``(a+)+``, whose search
            takes time that doubles with every character.
    """
    translated = _CLASS.sub(lambda match: CLASSES.get(match[1], match[0]), pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = re.compile(translated, re.IGNORECASE if ignores_case else 0)
            if _repeats_repeats(_parsed(translated), False):
                raise PatternError("repeats a part that repeats without limit, which can take for ever")
    except re.error as wrong:
        place = wrong.pos if translated == pattern else None
        raise PatternError(wrong.msg, place) from None
    except (OverflowError, RecursionError):
        raise PatternError("is too large") from None
    return compiled


@cache
def _parser() -> Any:
    """The parser of ``re``, which shows the parts of an expression."""
    return import_module("re._parser")


def _parsed(pattern: str) -> Any:
    return _parser().parse(pattern)


def _repeats_repeats(parts: Any, is_repeated: bool) -> bool:
    """Return whether a part that repeats without limit stands within another one."""
    for name, argument in parts:
        word = str(name)
        if word in ("MAX_REPEAT", "MIN_REPEAT"):
            most = argument[1]
            if most > MANY and (is_repeated or _repeats_repeats(argument[2], True)):
                return True
            if most <= MANY and _repeats_repeats(argument[2], is_repeated):
                return True
        elif word == "BRANCH":
            if any(_repeats_repeats(branch, is_repeated) for branch in argument[1]):
                return True
        elif word == "SUBPATTERN":
            if _repeats_repeats(argument[3], is_repeated):
                return True
        elif word in ("ASSERT", "ASSERT_NOT"):
            if _repeats_repeats(argument[1], is_repeated):
                return True
        elif word == "ATOMIC_GROUP" and _repeats_repeats(argument, is_repeated):
            return True
    return False
