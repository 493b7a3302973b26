"""Conditions from cells: what ``=`` and ``!`` add to the filter."""

import re

from t2tui.core.columns import Column
from t2tui.core.query import quoted
from t2tui.core.query.cells import split_list
from t2tui.core.query.vectors import NUMBERS, Kind, is_list, kind_of


def condition(column: Column, cell: str, is_kept: bool) -> str:
    """Return the condition that a column has, or has not, the value of a cell.

    Args:
        column: whose value.
        cell: text as in the flow file; of a list all elements count.
        is_kept: flows that have the value fulfil the condition; else those that do not.
    """
    if is_list(column.type) and ";" in cell:
        each = " && ".join(_single(column, element, True) for element in dict.fromkeys(split_list(cell)))
        return each if is_kept else f"!({each})"
    return _single(column, cell, is_kept)


def _single(column: Column, cell: str, is_kept: bool) -> str:
    value = cell
    if column.type.removesuffix(":R") == "S" and len(cell) > 1 and cell[0] == '"' == cell[-1]:
        value = cell[1:-1]
    if not value.isprintable():  # the filter bar shows it: no character may hide there
        return f"${column.name} {'~' if is_kept else '!~'} /^{_pattern(value)}$/"
    kind = kind_of(column.type)
    is_plain = value and (kind in NUMBERS or (kind in (Kind.ADDRESS, Kind.MAC) and value != "-"))
    return f"${column.name} {'==' if is_kept else '!='} {value if is_plain else quoted(value)}"


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


def narrowed(filter_text: str, more: str) -> str:
    """Return a filter with one more condition."""
    if not filter_text.strip():
        return more
    if more in filter_text.split(" && "):
        return filter_text
    is_choice = "||" in filter_text or " or " in filter_text.casefold() or "?" in filter_text
    return f"({filter_text}) && {more}" if is_choice else f"{filter_text} && {more}"


def widened(filter_text: str, more: str) -> str:
    """Return a filter that flows with one more condition fulfil, too."""
    if not filter_text.strip():
        return more
    if more in filter_text.split(" || "):
        return filter_text
    return f"({filter_text}) || {more}" if "?" in filter_text else f"{filter_text} || {more}"
