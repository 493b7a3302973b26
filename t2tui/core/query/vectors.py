"""Values of many rows at once, and the tables that they come from."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import Column

T = TypeVar("T", str, bytes)

Flags: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = slice | NDArray[np.int64]
"""Rows of a table: a range, or their numbers in ascending order."""


class Kind(Enum):
    """What a value is; the texts are for error messages."""

    BOOL = "true or false"
    INT = "an integer"
    FLOAT = "a number"
    SECONDS = "a time"
    ADDRESS = "an IP address"
    MAC = "a MAC address"
    TEXT = "a text"


NUMBERS = (Kind.BOOL, Kind.INT, Kind.FLOAT, Kind.SECONDS)
NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """The values of an expression, one per row or, for lists, one per element; a constant is a single value.

    Attributes:
        kind: what they are.
        values: BOOL: bool. INT: integers of any width, or Python's integers where 64 bits are too few.
            FLOAT: float64, or float32 for values that are shown with seven digits and mean what is shown.
            SECONDS: int64, nanoseconds. ADDRESS: uint64, upper halves. MAC: uint64. TEXT: which of ``words``.
        lower: ADDRESS: uint64, lower halves; IPv4 addresses are 32 bits of these.
        family: ADDRESS: uint8, 4, 6, or 0 for none (shown as ``-``).
        words: TEXT: the texts, each at least once.
        empty: bool, parallel to ``values``: the cell shows nothing. None: no cell does.
        counts: int64, number of elements of each row, at least 1: an empty list is one empty element.
            None: one each.
        digits: INT: number of hexadecimal digits with which the value is shown; 0: decimal.
        exact: the value of a constant number.
        is_constant: one value for all rows.
    """

    kind: Kind
    values: NDArray[Any]
    lower: NDArray[np.uint64] | None = None
    family: NDArray[np.uint8] | None = None
    words: Sequence[str] = ()
    empty: Flags | None = None
    counts: NDArray[np.int64] | None = None
    digits: int = 0
    exact: int | Fraction | None = None
    is_constant: bool = False

    def pick(self, elements: Any) -> "Vector":
        """Return some elements (not rows), by number or mask."""
        return replace(
            self,
            values=self.values[elements],
            lower=None if self.lower is None else self.lower[elements],
            family=None if self.family is None else self.family[elements],
            empty=None if self.empty is None else self.empty[elements],
            counts=None,
        )

    def take(self, rows: NDArray[np.int64]) -> "Vector":
        """Return some rows."""
        if self.is_constant:
            return self
        if self.counts is None:
            return self.pick(rows)
        counts = self.counts[rows]
        return replace(
            self.pick(elements(np.cumsum(self.counts) - self.counts, self.counts, rows)), counts=counts
        )

    def repeat(self, counts: NDArray[np.int64]) -> "Vector":
        """Return values of rows as often as another vector's rows have elements."""
        if self.is_constant:
            return self
        return replace(self.pick(np.repeat(np.arange(len(self.values)), counts)), counts=counts)


def elements(
    first: NDArray[np.int64], counts: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the numbers of the elements of rows, given first element and number of elements of all rows."""
    wanted = counts[rows]
    behind = np.cumsum(wanted)
    places: NDArray[np.int64] = np.repeat(first[rows] - (behind - wanted), wanted)
    return places + np.arange(len(places))


@runtime_checkable
class Table(Protocol):
    """Rows of typed columns that expressions can be applied to."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns in their order."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def column(self, name: str) -> Column:
        """Return type, unit and description of a column."""

    def vector(self, name: str, rows: Rows) -> Vector:
        """Return values of a column; their kind is ``kind_of(column.type)``."""


def kind_of(type_: str) -> Kind:
    """Return what the values of a column of a type are (of a list: its elements)."""
    base = type_.removesuffix(":R")
    if base in ("U64.U32", "D9"):
        return Kind.SECONDS
    if base in ("F", "D", "LD"):
        return Kind.FLOAT
    if base in ("IP4", "IP6", "IPX"):
        return Kind.ADDRESS
    if base == "MAC":
        return Kind.MAC
    return Kind.INT if base[:1] in ("U", "I", "H") and base[1:].isdigit() else Kind.TEXT


def digits_of(type_: str) -> int:
    """Return the number of hexadecimal digits of a type; 0 for others."""
    base = type_.removesuffix(":R")
    return int(base[1:]) // 4 if base[:1] == "H" and base[1:].isdigit() else 0


def is_list(type_: str) -> bool:
    """Return whether a cell of this type is a list."""
    return type_.endswith(":R")


# ------------------------------------------------------------------ making vectors


def constant(value: "bool | int | Fraction | str") -> Vector:
    """Return one value for all rows."""
    if isinstance(value, str):
        return Vector(Kind.TEXT, np.zeros(1, np.int64), words=(value,), is_constant=True)
    if isinstance(value, bool):
        return Vector(Kind.BOOL, np.array([value]), is_constant=True)
    if isinstance(value, int):
        return Vector(Kind.INT, integers([value]), exact=value, is_constant=True)
    return Vector(Kind.FLOAT, np.array([nearest_float(value)]), exact=value, is_constant=True)


def nearest_float(value: int | Fraction) -> float:
    """Return the nearest double, infinity for what is too large."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def integers(values: Sequence[int] | NDArray[Any]) -> NDArray[Any]:
    """Return integers as int64, else as uint64, else as Python's integers."""
    found = np.array(values, object)
    lowest, highest = (min(found), max(found)) if found.size else (0, 0)
    if lowest >= -(1 << 63) and highest < 1 << 63:
        return found.astype(np.int64)
    if lowest >= 0 and highest < 1 << 64:
        return found.astype(np.uint64)
    return found


def truths(values: Flags, like: Vector | None = None) -> Vector:
    """Return true and false with the elements of another vector."""
    counts = None if like is None else like.counts
    return Vector(Kind.BOOL, values, counts=counts, is_constant=like is not None and like.is_constant)


def factorized(texts: Sequence[T]) -> tuple[NDArray[np.int64], list[T]]:
    """Return numbers of distinct texts, and these texts in the order of their first appearance."""
    numbers: dict[T, int] = {}
    codes = np.fromiter((numbers.setdefault(text, len(numbers)) for text in texts), np.int64, len(texts))
    return codes, list(numbers)


def texts(values: Sequence[str], empty: Flags | None = None) -> Vector:
    """Return texts as a vector."""
    codes, words = factorized(values)
    return Vector(Kind.TEXT, codes, words=words, empty=empty)


# ------------------------------------------------------------------ one value per row


def per_row(vector: Vector) -> Flags:
    """Return true and false per row: a list is true if any of its elements is."""
    flags: Flags = vector.values
    if vector.counts is None:
        return flags
    first = np.cumsum(vector.counts) - vector.counts
    return np.logical_or.reduceat(flags, first) if len(first) else np.zeros(0, bool)


def emptiness(vector: Vector) -> Flags:
    """Return which elements show nothing."""
    empty = np.zeros(len(vector.values), bool) if vector.empty is None else vector.empty
    if vector.kind is not Kind.TEXT or "" not in vector.words:
        return empty
    nothing: Flags = empty | by_word(vector, lambda word: not word)
    return nothing


def aligned(*vectors: Vector) -> tuple[Vector, ...]:
    """Repeat values of rows beside lists; vectors that are lists have the same counts."""
    counts = next((vector.counts for vector in vectors if vector.counts is not None), None)
    if counts is None:
        return vectors
    return tuple(vector if vector.counts is not None else vector.repeat(counts) for vector in vectors)


# ------------------------------------------------------------------ texts


def by_word(vector: Vector, test: Callable[[str], Any], dtype: Any = bool) -> NDArray[Any]:
    """Apply a function to every distinct text and return the results by element."""
    words, codes = compact(vector)
    results: NDArray[Any] = np.array([test(word) for word in words] or [test("")], dtype)
    by_element: NDArray[Any] = results[codes]
    return by_element


def compact(vector: Vector) -> tuple[Sequence[str], NDArray[Any]]:
    """Return texts of a TEXT vector, without those that no element has, and the elements' numbers."""
    words, codes = vector.words, vector.values
    if len(words) <= max(len(codes), 16):
        return words, codes
    used, codes = np.unique(codes, return_inverse=True)
    return [words[number] for number in used], codes


def by_words(vector: Vector, change: Callable[[str], str]) -> Vector:
    """Replace every distinct text by another."""
    words, codes = compact(vector)
    return replace(vector, values=codes, words=[change(word) for word in words])


def as_text(vector: Vector) -> Vector:
    """Return the texts that the cells show (strings: without quotes)."""
    if vector.kind is Kind.TEXT:
        return vector
    if vector.kind is Kind.ADDRESS:
        codes, words = _address_texts(vector)
    else:
        values, codes = np.unique(vector.values, return_inverse=True)
        words = [_shown(vector, value) for value in values.tolist()]
    if vector.empty is not None and vector.empty.any():
        codes = np.where(vector.empty, len(words), codes)
        words.append("")
    return replace(
        vector, kind=Kind.TEXT, values=codes, words=words, lower=None, family=None, digits=0, exact=None
    )


def _shown(vector: Vector, value: Any) -> str:
    match vector.kind:
        case Kind.INT if vector.digits:
            return f"0x{value:0{vector.digits}x}"
        case Kind.SECONDS:
            seconds, fraction = divmod(abs(value), NANOSECONDS)
            return f"{'-' if value < 0 else ''}{seconds}.{fraction:09d}"
        case Kind.MAC:
            return ":".join(f"{byte:02x}" for byte in value.to_bytes(6))
        case Kind.FLOAT:
            return "%.7g" % value if vector.values.dtype.itemsize == 4 else f"{value:.15g}"  # noqa: UP031
    return str(int(value))


def _address_texts(vector: Vector) -> tuple[NDArray[np.int64], list[str]]:
    assert vector.lower is not None and vector.family is not None
    if (vector.family == 4).all():
        values, codes = np.unique(vector.lower, return_inverse=True)
        return codes, [address_text(4, 0, value) for value in values.tolist()]
    records = np.zeros(len(vector.values), [("family", "u1"), ("upper", "u8"), ("lower", "u8")])
    records["family"], records["upper"], records["lower"] = vector.family, vector.values, vector.lower
    numbers: dict[tuple[int, int, int], int] = {}
    rows = records.tolist()
    codes = np.fromiter((numbers.setdefault(row, len(numbers)) for row in rows), np.int64, len(rows))
    return codes, [address_text(*address) for address in numbers]


def address_text(family: int, upper: int, lower: int) -> str:
    """Return an address as files show it, ``-`` for none."""
    if family == 4:
        return socket.inet_ntop(socket.AF_INET, (lower & 0xFFFFFFFF).to_bytes(4))
    return socket.inet_ntop(socket.AF_INET6, (upper << 64 | lower).to_bytes(16)) if family == 6 else "-"
