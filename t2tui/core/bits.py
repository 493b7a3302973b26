"""What the bits of status columns mean: one table for decoder, filter, help and end report.

The tables stand in ``bits.tsv`` beside this module: one line per bit; unused bits have
no name. Names of tcpStatesAFlags and pldStat are our own, those of the other columns Tranalyzer2's.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from t2tui.core.columns import load_more
from t2tui.core.nearest import did_you_mean, nearest_names

Level = Literal["none", "inf", "wrn", "err"]

WARNING_ORDER = (
    (32,),
    (33,),
    (34,),
    (35,),
    (50,),
    (51,),
    (44,),
    (63,),
    (48,),
    (16,),
    (46,),
    (47,),
    (38,),
    (39,),
)
"""flowStat bits in the order of the warnings of the end report; any bit of a group gives the group's line."""

INFORMATION_ORDER = (
    *(
        (43,),
        (2,),
        (60,),
        (14, 58),
        (15, 59),
        (24,),
        (1,),
        (6,),
        (7,),
        (5,),
        (18,),
        (8,),
        (57,),
        (36,),
        (17,),
    ),
    *(
        (22,),
        (29,),
        (9, 10),
        (11,),
        (13,),
        (12,),
        (26,),
        (27,),
        (20,),
        (21,),
        (19,),
        (23,),
        (30,),
        (31,),
        (25,),
    ),
    *((28,), (61,), (56,), (49,)),
)
"""flowStat bits in the order of the informations of the end report."""


@dataclass(frozen=True, slots=True)
class Bit:
    """One bit of a status column.

    Attributes:
        number: from 0, the least significant.
        name: short name, empty for unused bits.
        level: class of its line in the end report (``none``: no line).
        decoder: class in the decoder's table.
        description: what it says about a flow or packet.
        report: text of its line in the end report.
    """

    number: int
    name: str
    level: Level
    decoder: Level
    description: str
    report: str

    @property
    def mask(self) -> int:
        """The value with this bit alone."""
        return 1 << self.number


@dataclass(frozen=True, slots=True)
class BitTable:
    """The bits of one column.

    Attributes:
        column: name of the column.
        width: number of bits of the column: 8, 16, 32 or 64.
        bits: the bits that have a meaning and the listed unused ones, ascending.
    """

    column: str
    width: int
    bits: tuple[Bit, ...]

    def set_bits(self, value: int) -> tuple[Bit, ...]:
        """Return the bits of the table that are set in a value, ascending."""
        return tuple(bit for bit in self.bits if value & bit.mask)

    def bit(self, name: str) -> Bit:
        """Return the bit with a name; case does not matter.

        Raises:
            UnknownBit: no such bit; the message carries the nearest names.
        """
        for bit in self.bits:
            if bit.name and bit.name.casefold() == name.casefold():
                return bit
        raise UnknownBit(f"bit of {self.column}", name, [bit.name for bit in self.bits if bit.name])

    def format(self, value: int) -> str:
        """Write a value as the files do: ``0x`` and lower-case hexadecimal digits in full width."""
        return f"0x{value:0{self.width // 4}x}"


def bit_table(column: str, width: int, meanings: Mapping[int, str | tuple[str, str]]) -> BitTable:
    """Make the table of a column that a plugin declares.

    Args:
        column: its name.
        width: number of bits: 8, 16, 32 or 64.
        meanings: by number of the bit: its description, or short name and description.

    Raises:
        ValueError: the width is none of these, or a bit lies outside of it.
    """
    if width not in (8, 16, 32, 64) or not all(0 <= number < width for number in meanings):
        raise ValueError(f"bit table of {column}: bits {sorted(meanings)} do not fit in {width} bits")
    named = {n: ("", text) if isinstance(text, str) else text for n, text in sorted(meanings.items())}
    bits = (Bit(number, name, "none", "none", text, "") for number, (name, text) in named.items())
    return BitTable(column, width, tuple(bits))


class UnknownBit(LookupError):  # noqa: N818 (reads as what it says)
    """A column without bit table, or a bit that its table has not."""

    def __init__(self, kind: str, name: str, known: list[str]):
        super().__init__(f"unknown {kind} {name!r}{did_you_mean(nearest_names(name, known))}")


class BitTableError(ValueError):
    """A bit table that a plugin declares cannot be."""


WIDTHS = (8, 16, 32, 64)


_registered: dict[str, BitTable] = {}


def register(tables: Iterable[BitTable]) -> None:
    """Make bit tables of a user's plugin known.

    Raises:
        BitTableError: a table cannot be, or another one has its name; nothing is registered then.
    """
    added = {table.column: table for table in tables}
    for table in added.values():
        _check(table)
    _registered.update(added)


def _check(table: BitTable) -> None:
    what = f"bit table {table.column!r}"
    other = tables().get(table.column, table)
    if other != table:
        raise BitTableError(f"{what}: there is another one of this name")
    if table.width not in WIDTHS:
        raise BitTableError(f"{what}: a column has 8, 16, 32 or 64 bits, not {table.width}")
    numbers = [bit.number for bit in table.bits]
    if numbers != sorted(set(numbers)) or not all(0 <= number < table.width for number in numbers):
        raise BitTableError(f"{what}: bits must ascend from 0 to {table.width - 1}, each once")
    names = [bit.name.casefold() for bit in table.bits if bit.name]
    if len(names) > len(set(names)):
        raise BitTableError(f"{what}: two bits have the same name (case does not matter)")


def tables() -> dict[str, BitTable]:
    """Return all bit tables by column name, the built-in ones first."""
    return {**_builtin(), **_registered}


@cache
def _builtin() -> dict[str, BitTable]:
    rows: dict[tuple[str, int], list[Bit]] = {}
    for line in Path(__file__).with_name("bits.tsv").read_text("utf-8").splitlines()[1:]:
        column, width, number, name, level, decoder, description, report = line.split("\t")
        bit = Bit(int(number), name, _level(level), _level(decoder), description, report)
        rows.setdefault((column, int(width)), []).append(bit)
    return {column: BitTable(column, width, tuple(bits)) for (column, width), bits in rows.items()}


def table(column: str) -> BitTable:
    """Return the bit table of a column.

    Raises:
        UnknownBit: the column has none; the message carries the nearest columns that have one.
    """
    found = _builtin().get(column) or _registered.get(column)
    if found is None and load_more():
        return table(column)
    if found is None:
        raise UnknownBit("bit field", column, list(tables()))
    return found


def report_lines(flow_stat: int) -> Iterator[tuple[Level, str]]:
    """Yield class and text of the end report's lines for an aggregated flowStat, warnings first."""
    bits = {bit.number: bit for bit in table("flowStat").bits}
    for order in (WARNING_ORDER, INFORMATION_ORDER):
        for group in order:
            if any(flow_stat & bits[number].mask for number in group):
                yield bits[group[0]].level, bits[group[0]].report


def _level(text: str) -> Level:
    match text:
        case "none" | "inf" | "wrn" | "err":
            return text
    raise ValueError(f"bits.tsv: unknown class {text!r}")
