"""Decoded values as text for people: the table, plain or with ANSI colours (docs/decode.md)."""

from collections.abc import Iterator

from t2tui.core.bits import BitTable
from t2tui.core.decode import Decoded, Row

RULER = "   " + "=" * 77

NAME, BOLD, RESET = "\x1b[1;33m", "\x1b[1m", "\x1b[0m"

COLOURS = {"head": BOLD, "none": RESET, "inf": "\x1b[0;34m", "wrn": "\x1b[0;33m", "err": "\x1b[0;31m"}
"""Colours of the head of a table, and of a row by its class."""

GROUP = 4
"""Bits in a group of rows, and hexadecimal digits in a group of a 64-bit value."""


def grouped(text: str) -> str:
    """Write a 64-bit value with blanks: ``0x0402 0000 0000 4000``; shorter ones as they are."""
    digits = text.removeprefix("0x")
    if len(digits) < 4 * GROUP:
        return text
    return "0x" + " ".join(digits[at : at + GROUP] for at in range(0, len(digits), GROUP))


def table_text(decoded: Decoded, colour: bool = False) -> str:
    """Return a decoded value as a table.

    Args:
        decoded: what is shown.
        colour: with ANSI colours.

    Returns:
        Lines, each with its end; the first and the last one are empty.
    """
    name, value = decoded.column, decoded.typed
    if colour:
        name, value = f"{NAME}{name}{RESET}", f"{BOLD}{value}{RESET}"
    with_value = f" with value {value}" if decoded.typed else ""
    sentence = f"The {name} column{with_value} is to be interpreted as follows:"
    lines = ["", f"{sentence}{RESET}" if colour else sentence, ""]
    body = _bits(decoded) if isinstance(decoded.table, BitTable) else _numbers(decoded)
    lines += [f"{COLOURS[level]}{line}{RESET}" if colour and line else line for line, level in body]
    return "\n".join([*lines, "", ""])


def _bits(decoded: Decoded) -> Iterator[tuple[str, str]]:
    """Yield the lines of a table of bits with their classes."""
    width = max(len(decoded.column), len(grouped(decoded.table.format(0))))
    yield f"   bit | {decoded.column:<{width}} | Description", "head"
    yield RULER, "head"
    group = 0
    for number, row in enumerate(decoded):
        assert row.bit is not None
        if number and not decoded.typed and row.bit // GROUP != group:
            yield "", "none"
        group = row.bit // GROUP
        yield f"{row.bit:>6} | {grouped(row.hex):<{width}} | {row.text}", row.level


def _numbers(decoded: Decoded) -> Iterator[tuple[str, str]]:
    """Yield the lines of a table of numbers with their classes."""
    width = max([len(decoded.column), *(len(row.hex) for row in decoded)])
    yield f"   {decoded.column:>{width}} | Description", "head"
    yield RULER, "head"
    for row in decoded:
        yield f"   {row.hex:>{width}} | {meaning(row)}", row.level


def meaning(row: Row) -> str:
    """Return name and description of a number."""
    return f"{row.name}: {row.text}" if row.name and row.name != row.text else row.text
