"""What a value of a status column says, bit by bit, and which number bits or names make (docs/decode.md).

>>> for row in decode("flowStat", 0x0402000000004000):
...     print(row.bit, row.hex, row.name)
14 0x0000000000004000 L2_IPV4
49 0x0002000000000000 FL_ALARM
58 0x0400000000000000 FS_IPV4_PKT
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import index
from typing import SupportsIndex

from t2tui.core import bits, columns
from t2tui.core.bits import BitTable, Level
from t2tui.core.enumerations import COLUMNS, PAIRS, Enumeration, enumerations
from t2tui.core.nearest import did_you_mean, nearest_names

Table = BitTable | Enumeration

COMPOUNDS = {"dnsHFlg_OpC_RetC": ("dnsHFlg", "dnsOpC", "dnsRetC")}
"""Columns of several parts, and the table of each."""

UNUSED = "unused"
"""Description of a bit that is listed and says nothing."""

_HEX = re.compile(r"0[xX]([0-9a-fA-F]+)")
_DECIMAL = re.compile(r"[0-9]+")
_PAIR = re.compile(r"([0-9]{1,3})/([0-9]{1,3})")


class DecodeError(ValueError):
    """A name that has no table, or a value that its column cannot have; the message says which."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: a bit, or a value of an enumeration.

    Attributes:
        bit: its number, from 0; None of enumerations.
        mask: value of the bit alone, or the number that is meant (of a range the first one).
        hex: the same as text: all digits of the column, or a number as registries write it.
        level: class of the row: ``none``, ``inf``, ``wrn``, ``err``.
        name: short name; empty for those without.
        text: what it says.
    """

    bit: int | None
    mask: int
    hex: str
    level: Level
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """A value, or all values, of a column. Iterating yields the rows.

    Attributes:
        column: name of the column, as asked for.
        value: None where the whole table was asked for, and for a list of numbers.
        typed: the value as it was written; empty without.
        table: the table of the column.
        rows: those that the value has, ascending.
        unknown: of bits: those of the value that mean nothing; of enumerations: a number without meaning,
            or None.
    """

    column: str
    value: int | None
    typed: str
    table: Table
    rows: tuple[Row, ...]
    unknown: int | None = None

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        from t2tui.core.decodetable import table_text

        return table_text(self).removesuffix("\n")


def find_table(name: str) -> Table:
    """Return the table of a column, a part of a column, or an enumeration.

    Args:
        name: today's or an older name of a column, or that of a table.

    Raises:
        DecodeError: there is none; the message says why, or carries the nearest names.
    """
    if found := _table(name):
        return found
    if name in COMPOUNDS:
        raise DecodeError(f"{name} has the parts {', '.join(COMPOUNDS[name])}: decode them one by one")
    try:
        column = columns.find(name)
    except columns.UnknownColumn:
        near = did_you_mean(nearest_names(name, names()))
        raise DecodeError(f"nothing is known of {name!r}{near}") from None
    found = _table(column.bits) or _table(column.name)
    if found is None:
        raise DecodeError(f"{name} ({column.description}) has neither bits nor numbers with names")
    return found


def _table(name: str) -> Table | None:
    """Return the table with a name."""
    return bits.tables().get(name) or enumerations().get(COLUMNS.get(name, name))


def names() -> list[str]:
    """Return all names that can be decoded: columns, parts of columns, enumerations."""
    return list(dict.fromkeys([*bits.tables(), *COMPOUNDS, *enumerations(), *COLUMNS]))


def is_known(name: str) -> bool:
    """Tell whether a name can be decoded."""
    try:
        return name in COMPOUNDS or bool(find_table(name))
    except DecodeError:
        return False


def decode(name: str, value: SupportsIndex | str | None = None) -> Decoded:
    """Say what a value of a column means.

    Args:
        name: of a column, such as ``flowStat`` or ``l4Proto``, or of a part (``dnsRetC``).
        value: a number, or a text: decimal, ``0x`` and hexadecimal digits, ``3/1`` of type and code; of
            enumerations also numbers separated by ``;``, as the flow file lists them. None: everything
            that is known.

    Raises:
        DecodeError: the name has no table, or the column cannot have this value.
    """
    table = find_table(name)
    if value is None:
        return Decoded(name, None, "", table, tuple(_rows(table)))
    typed = value.strip() if isinstance(value, str) else ""
    if isinstance(table, Enumeration):
        return _numbered(name, table, value, typed)
    number = parse(name, table, value)
    rows = tuple(row for row in _rows(table) if row.mask & number)
    known = sum(row.mask for row in rows)
    return Decoded(name, number, typed or table.format(number), table, rows, number & ~known)


def decode_parts(name: str, value: str | None = None) -> list[Decoded]:
    """Do what ``decode`` does, for columns of several parts too: one result per part.

    Args:
        name: of a column.
        value: parts joined by ``_``, as the flow file has them.

    Raises:
        DecodeError: as of ``decode``, or the value has not the parts of its column.
    """
    parts = COMPOUNDS.get(name)
    if parts is None:
        return [decode(name, value)]
    if value is None:
        return [decode(part) for part in parts]
    values = value.split("_")
    if len(values) != len(parts):
        raise DecodeError(f"{name}={value}: expected {len(parts)} values joined by _ ({', '.join(parts)})")
    return [decode(part, each) for part, each in zip(parts, values, strict=True)]


def parse(name: str, table: Table, value: SupportsIndex | str) -> int:
    """Return a value as a number.

    Args:
        name: of the column, for the message.
        table: of the column.
        value: number or text.

    Raises:
        DecodeError: it is no number, or the column cannot have it.
    """
    if not isinstance(value, str):
        return _checked(name, table, index(value), str(value))
    text = "".join(value.split())  # the table writes hexadecimal digits in groups
    pair = _PAIR.fullmatch(text)
    if pair and isinstance(table, Enumeration) and table.column in PAIRS:
        kind, code = int(pair[1]), int(pair[2])
        return _checked(name, table, kind << 8 | code if code < 256 else -1, text)
    if match := _HEX.fullmatch(text):
        digits = match[1].lstrip("0") or "0"
        return _checked(name, table, int(digits, 16) if len(digits) <= 16 else 1 << 64, text)
    if _DECIMAL.fullmatch(text):
        digits = text.lstrip("0") or "0"
        return _checked(name, table, int(digits) if len(digits) <= 20 else 1 << 64, text)
    if text.startswith("-") and (_HEX.fullmatch(text[1:]) or _DECIMAL.fullmatch(text[1:])):
        return _checked(name, table, -1, text)
    hint = "decimal, 0x and hexadecimal digits" + (", or TYPE/CODE" if _is_pair(table) else "")
    raise DecodeError(f"{name}={value}: {'a value is missing' if not text else 'not a number'} ({hint})")


def _is_pair(table: Table) -> bool:
    return isinstance(table, Enumeration) and table.column in PAIRS


def _checked(name: str, table: Table, number: int, typed: str) -> int:
    if 0 <= number < 1 << table.width:
        return number
    if number < 0 and typed.startswith("-"):
        raise DecodeError(f"{name}={typed}: a value cannot be negative")
    if _is_pair(table):
        raise DecodeError(f"{name}={typed}: types and codes end at 255")
    limit = table.format((1 << table.width) - 1)
    raise DecodeError(f"{name}={_shortened(typed)}: too large for {table.width} bits, at most {limit}")


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:30]}..."


def _rows(table: Table) -> Iterator[Row]:
    """Yield all rows of a table."""
    if isinstance(table, BitTable):
        for bit in table.bits:
            yield Row(
                bit.number,
                bit.mask,
                table.format(bit.mask),
                bit.decoder,
                bit.name,
                bit.description or bit.name,
            )
        return
    for first, last, meaning in table.entries():
        written = table.format(first) if first == last else f"{table.format(first)}-{table.format(last)}"
        yield Row(None, first, written, "none", meaning.name, meaning.description)


def _numbered(name: str, table: Enumeration, value: SupportsIndex | str, typed: str) -> Decoded:
    """Decode a number, or a list of numbers, of an enumeration."""
    each: Sequence[SupportsIndex | str] = typed.split(";") if typed else [value]
    numbers = [parse(name, table, part) for part in each]
    rows: list[Row] = []
    for row, (first, last, _) in zip(_rows(table), table.entries(), strict=True):
        if any(first <= number <= last for number in numbers):
            rows.append(row)
    unknown = [n for n in numbers if not any(first <= n <= last for first, last, _ in table.entries())]
    single = numbers[0] if len(numbers) == 1 else None
    return Decoded(
        name, single, typed or table.format(numbers[0]), table, tuple(rows), unknown[0] if unknown else None
    )
