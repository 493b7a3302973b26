"""What the numbers of ``ethType``, ``l4Proto`` and others mean: one table for decoder, filter and statistics.

The table stands in ``enumerations.tsv`` beside this module: facts from IANA's registries of protocol
numbers, IEEE 802 numbers, ICMP, ICMPv6 and DNS parameters, and from Debian's /etc/protocols and
/etc/ethertypes. Numbers are decimal, hexadecimal, ranges (``146-252``), or type and code (``3/1``). Names
of ports: services.py.
"""

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from t2tui.core.nearest import did_you_mean, nearest_names


class Value(NamedTuple):
    """What a number stands for.

    Attributes:
        name: short name; empty for numbers that have none.
        description: in words.
    """

    name: str
    description: str


PAIRS = ("icmpCode", "icmp6Code")
"""Enumerations of codes whose meaning depends on a type; their numbers are ``type << 8 | code``."""

WIDTHS = {"l4Proto": 8, "icmpType": 8, "icmp6Type": 8, "dnsOpCode": 4}
"""Bits of the numbers; 16 of the others."""

COLUMNS = {
    "dnsQType": "dnsType",
    "dnsAType": "dnsType",
    "dnsQClass": "dnsClass",
    "dnsAClass": "dnsClass",
}
"""Columns whose numbers are those of an enumeration of another name."""


@dataclass(frozen=True, slots=True)
class Enumeration:
    """The values of one column.

    Attributes:
        column: name of the column.
        values: by number, ascending.
        ranges: first number, last number and meaning of those that are registered as a whole, ascending.
    """

    column: str
    values: Mapping[int, Value]
    ranges: tuple[tuple[int, int, Value], ...] = ()

    @property
    def width(self) -> int:
        """Number of bits that a number has."""
        return WIDTHS.get(self.column, 16)

    def format(self, number: int) -> str:
        """Write a number as the registries do: ``0x0800``, ``3/1`` (type and code), ``17``."""
        if self.column == "ethType":
            return f"0x{number:04x}"
        return f"{number >> 8}/{number & 0xFF}" if self.column in PAIRS else str(number)

    def entries(self) -> list[tuple[int, int, Value]]:
        """Return first number, last number and meaning of everything that is known, ascending."""
        single = [(number, number, value) for number, value in self.values.items()]
        return sorted([*single, *self.ranges])

    def name(self, number: int) -> str:
        """Return the short name of a number; empty without."""
        value = self.values.get(number)
        return value.name if value else ""

    def number(self, name: str) -> int:
        """Return the number with a name; case does not matter, of several the lowest.

        Raises:
            UnknownValue: no such name; the message carries the nearest ones.
        """
        for number, value in self.values.items():
            if value.name and value.name.casefold() == name.casefold():
                return number
        raise UnknownValue(self.column, name, [value.name for value in self.values.values() if value.name])


class UnknownValue(LookupError):  # noqa: N818 (reads as what it says)
    """A column that is no enumeration, or a name that its table has not."""

    def __init__(self, kind: str, name: str, known: list[str]):
        super().__init__(f"unknown {kind} {name!r}{did_you_mean(nearest_names(name, known))}")


@cache
def enumerations() -> Mapping[str, Enumeration]:
    """Return all enumerations by name of their column."""
    values: dict[str, dict[int, Value]] = {}
    ranges: dict[str, list[tuple[int, int, Value]]] = {}
    for line in Path(__file__).with_name("enumerations.tsv").read_text("utf-8").splitlines()[1:]:
        column, number, name, description = line.split("\t")
        value = Value(name, description)
        known = values.setdefault(column, {})
        first, dash, last = number.partition("-")
        kind, slash, code = number.partition("/")
        if dash:
            ranges.setdefault(column, []).append((int(first), int(last), value))
        else:
            known[int(kind) << 8 | int(code) if slash else int(number, 0)] = value
    return {
        column: Enumeration(column, MappingProxyType(known), tuple(ranges.get(column, ())))
        for column, known in values.items()
    }


def enumeration(column: str) -> Enumeration:
    """Return the enumeration of a column.

    Raises:
        UnknownValue: the column has none; the message carries the nearest ones that have.
    """
    if column not in enumerations():
        raise UnknownValue("enumeration", column, list(enumerations()))
    return enumerations()[column]


def read_descriptions(path: Path, limit: int) -> dict[int, bytes]:
    """Read a user's file of descriptions.

    Lines are a number (decimal, or ``0x`` and hexadecimal digits), white space, and the description to the
    end of the line; the first line of a number counts. Empty lines and those that begin with ``#`` are
    passed over.

    Args:
        path: the file.
        limit: numbers are below.

    Raises:
        OSError: the file cannot be read, or has a line of another form.
    """
    descriptions: dict[int, bytes] = {}
    for place, line in enumerate(path.read_bytes().splitlines(), 1):
        if not line.strip() or line.startswith(b"#"):
            continue
        digits, *rest = line.split(None, 1)
        number = _number(digits)
        if not rest or number is None or number >= limit:
            raise OSError(
                errno.EINVAL, f"line {place}: expected a number below {limit} and a description", str(path)
            )
        descriptions.setdefault(number, rest[0].strip())
    return descriptions


def _number(digits: bytes) -> int | None:
    """Return an unsigned number of at most eight digits, with ``0x`` hexadecimal ones; None for others."""
    is_hex = digits[:2].lower() == b"0x"
    text = digits[2:] if is_hex else digits
    if not 0 < len(text) <= 8 or not text.isalnum():
        return None
    try:
        return int(text, 16 if is_hex else 10)
    except ValueError:
        return None
