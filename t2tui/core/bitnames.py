"""The other way round: names of bits or numbers -> a value, and a filter that finds it (docs/decode.md)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from t2tui.core.bits import BitTable
from t2tui.core.decode import COMPOUNDS, UNUSED, DecodeError, Row, decode
from t2tui.core.enumerations import PAIRS
from t2tui.core.nearest import did_you_mean, nearest_names

NO_COLUMNS = ("dnsType", "dnsClass", "dnsOpCode", "dnsRetCode")
"""Enumerations that are no column of their own."""

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Chosen:
    """A value made of names.

    Attributes:
        column: name of the column.
        rows: bits or numbers that were named, ascending.
        value: all digits of the bits together; of numbers, joined by ``;``.
        filter: condition of the filter language that flows or packets with them fulfil; empty where no column
            has these numbers.
    """

    column: str
    rows: tuple[Row, ...]
    value: str
    filter: str


def choose(column: str, names: Iterable[str]) -> Chosen:
    """Return the value that has the named bits, or the numbers with these names.

    Args:
        column: name of a column, of a part of one, or of an enumeration.
        names: as of ``find_row``.

    Raises:
        DecodeError: nothing is known of the column, or a name fits no row or several.
    """
    everything = decode(column)
    wanted = [find_row(column, everything.rows, name) for name in names]
    rows = tuple(row for row in everything if row in wanted)
    if not rows:
        raise DecodeError(f"{column}: no names are given")
    condition = filter_of(column, rows)
    if isinstance(everything.table, BitTable):
        return Chosen(column, rows, everything.table.format(sum(row.mask for row in rows)), condition)
    return Chosen(column, rows, ";".join(row.hex for row in rows), condition)


def filter_of(column: str, rows: Iterable[Row], is_any: bool = False) -> str:
    """Return the condition that flows or packets with bits or numbers fulfil; empty where there is none.

    Args:
        column: name of a column, of a part of one, or of an enumeration.
        rows: of its table.
        is_any: one of the bits is enough; of numbers it always is.
    """
    rows = list(rows)
    if rows and rows[0].bit is not None:
        number = sum(row.mask for row in rows)
        return f"{'bitsanyset' if is_any else 'bitsallset'}({_value_of(column)}, {number:#x})"
    return "" if column in NO_COLUMNS else " || ".join(_test(column, row) for row in rows)


def _value_of(column: str) -> str:
    """Return how a filter names a column, or a part of one."""
    for whole, parts in COMPOUNDS.items():
        if column in parts:
            return f"splitc(${whole}, {parts.index(column) + 1})"
    return f"${column}"


def _test(column: str, row: Row) -> str:
    """Return the condition that a column has a number."""
    if column in PAIRS:
        return f"($icmpType == {row.mask >> 8} && $icmpCode == {row.mask & 0xFF})"
    if column == "ethType":
        return f"bfeq($ethType, {row.hex})"
    return f"${'icmpType' if column == 'icmp6Type' else column} == {row.mask}"


def find_row(column: str, rows: Iterable[Row], wanted: str) -> Row:
    """Return the one row that a name means; case does not matter.

    In this order: the whole name (``FL_ALARM``); the name without its first part (``alarm``); the whole
    description; all words of the name among those of name and description; a part of either. The first of
    these that fits any row decides.

    Args:
        column: for messages.
        rows: of its table.
        wanted: the name.

    Raises:
        DecodeError: it fits several rows, which the message lists, or none.
    """
    rows = [row for row in rows if row.name or row.text != UNUSED]
    text = wanted.strip().casefold()
    words = set(_WORD.findall(text))
    fits: list[Callable[[Row], bool]] = [
        lambda row: text == row.name.casefold(),
        lambda row: text == row.name.casefold().partition("_")[2],
        lambda row: text == row.text.casefold(),
        lambda row: words <= set(_WORD.findall(f"{row.name} {row.text}".casefold())),
        lambda row: text in row.name.casefold() or text in row.text.casefold(),
    ]
    for fit in fits if words else ():
        found = [row for row in rows if fit(row)]
        if len(found) == 1:
            return found[0]
        if found:
            raise DecodeError(
                f"{wanted!r} fits {len(found)} of {column}: {', '.join(map(_described, found))}"
            )
    near = did_you_mean(nearest_names(wanted, [row.name for row in rows if row.name]))
    raise DecodeError(f"{column} has no {wanted!r}{near}")


def _described(row: Row) -> str:
    return f"{row.name or row.hex} ({row.text})"
