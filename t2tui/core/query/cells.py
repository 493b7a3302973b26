"""Cells of text as values: for files, and for columns whose values are only known as text."""

import re
import socket
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from t2tui.core.query.addresses import parse_mac
from t2tui.core.query.vectors import (
    NANOSECONDS,
    Kind,
    Vector,
    digits_of,
    factorized,
    integers,
    is_list,
    kind_of,
)

_ELEMENT = re.compile(r'(?:[^;"\\]|\\.|"(?:[^"\\]|\\.)*"|["\\])+', re.DOTALL)
"""An element of a list with strings, in which a semicolon may stand."""
_SECONDS = re.compile(r"(-?)([0-9]{1,10})(?:\.(-?)([0-9]{1,10}))?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}|0[xX][0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:nan|inf)")


def split_list(cell: str) -> list[str]:
    """Return the elements of a list; those of an empty cell: one empty one."""
    if '"' not in cell:
        return cell.split(";")
    return _ELEMENT.findall(cell) or [""]


def cells_vector(type_: str, cells: Sequence[str]) -> Vector:
    """Return cells as values.

    A cell that shows no value of the type is taken as empty.

    Args:
        type_: of the column (see ``t2tui.core.columns``).
        cells: their text, one per row.
    """
    counts = None
    if is_list(type_) and any(";" in cell for cell in cells):
        lists = [split_list(cell) for cell in cells]
        counts = np.fromiter(map(len, lists), np.int64, len(lists))
        cells = [element for elements in lists for element in elements]
    codes, words = factorized(cells)
    base = type_.removesuffix(":R")
    if kind_of(type_) is Kind.TEXT:
        if base == "S":
            words = [word[1:-1] if word[:1] == '"' == word[-1:] and len(word) > 1 else word for word in words]
        return Vector(Kind.TEXT, codes, words=words, counts=counts)
    found = READ[kind_of(type_)](base, words)
    picked = found.pick(codes)
    return Vector(
        picked.kind,
        picked.values,
        lower=picked.lower,
        family=picked.family,
        empty=picked.empty if picked.empty is not None and picked.empty.any() else None,
        counts=counts,
        digits=digits_of(type_),
    )


def _integers(type_: str, words: Sequence[str]) -> Vector:
    found = [_integer(word) for word in words]
    return Vector(Kind.INT, integers([number or 0 for number in found]), empty=_none(found))


def _integer(word: str) -> int | None:
    if _INTEGER.fullmatch(word) is None:
        return None
    return int(word, 16) if "x" in word or "X" in word else int(word)


def _floats(type_: str, words: Sequence[str]) -> Vector:
    found = [float(word) if _FLOAT.fullmatch(word) else None for word in words]
    return Vector(Kind.FLOAT, np.array([number or 0.0 for number in found], np.float64), empty=_none(found))


def _seconds(type_: str, words: Sequence[str]) -> Vector:
    found = [nanoseconds(word) for word in words]
    return Vector(Kind.SECONDS, np.array([number or 0 for number in found], np.int64), empty=_none(found))


def nanoseconds(word: str) -> int | None:
    """Return the nanoseconds of a time in seconds, or None; the fraction counts nanoseconds as T2 prints it.

    A fraction of fewer than nine digits is one that another program has written: ``1.5``.
    """
    match = _SECONDS.fullmatch(word)
    if match is None:
        return None
    sign, whole, fraction_sign, digits = match.groups()
    width = 8 if fraction_sign else 9
    fraction = int(digits.ljust(width, "0")) if digits else 0
    value = int(whole) * NANOSECONDS + (-fraction if fraction_sign else fraction)
    return -value if sign else value


def _addresses(type_: str, words: Sequence[str]) -> Vector:
    packed = [_packed(word) for word in words]
    records = np.frombuffer(b"".join(packed), [("family", "u1"), ("upper", ">u8"), ("lower", ">u8")])
    empty = np.array(
        [word != "-" and record == NO_ADDRESS for word, record in zip(words, packed, strict=True)]
    )
    return Vector(
        Kind.ADDRESS,
        records["upper"].astype(np.uint64),
        lower=records["lower"].astype(np.uint64),
        family=records["family"].copy(),
        empty=empty.astype(bool),
    )


NO_ADDRESS = bytes(17)


def _packed(word: str) -> bytes:
    """Return family and the 16 bytes of an address, zeros for none."""
    try:
        if ":" in word:
            return b"\6" + socket.inet_pton(socket.AF_INET6, word)
        return b"\4" + bytes(12) + socket.inet_pton(socket.AF_INET, word)
    except (OSError, ValueError):
        return NO_ADDRESS


def _macs(type_: str, words: Sequence[str]) -> Vector:
    found = [parse_mac(word) for word in words]
    return Vector(Kind.MAC, np.array([mac or 0 for mac in found], np.uint64), empty=_none(found))


def _none(found: Sequence[Any]) -> Any:
    return np.array([value is None for value in found], bool)


READ: dict[Kind, Callable[[str, Sequence[str]], Vector]] = {
    Kind.INT: _integers,
    Kind.FLOAT: _floats,
    Kind.SECONDS: _seconds,
    Kind.ADDRESS: _addresses,
    Kind.MAC: _macs,
}
"""Kind -> how distinct texts become values."""
