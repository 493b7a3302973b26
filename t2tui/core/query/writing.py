"""Conditions of the filter language (docs/filter.md) that select a text."""

import re

from t2tui.core.query.lexer import quoted


def is_text(name: str, text: str, *, is_kept: bool = True) -> str:
    """Return the condition that a column has a text, or has not.

    A filter is shown and edited, so no character may hide in it: a text with others than printable ones
    is written as a regular expression that it alone fulfils.

    Args:
        name: of the column.
        text: what it has; of a list one element suffices.
        is_kept: flows that have it fulfil the condition; else those that do not.
    """
    if text.isprintable():
        return f"${name} {'==' if is_kept else '!='} {quoted(text)}"
    return f"${name} {'~' if is_kept else '!~'} /^{_pattern(text)}$/"


def _pattern(text: str) -> str:
    """Return a regular expression that a text alone fulfils, in printable characters."""
    return "".join(
        re.escape(character).replace("/", "\\/")
        if character.isprintable()
        else f"\\u{ord(character):04x}"
        if ord(character) < 0x10000
        else f"\\U{ord(character):08x}"
        for character in text
    )
