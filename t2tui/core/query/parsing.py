"""Numbers in the bytes of many cells at once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.query.vectors import NANOSECONDS, Kind, Vector, digits_of, kind_of

LONGEST = 18
"""Digits of a decimal number that surely fits 64 bits."""
LONGEST_SECONDS = 10
LONGEST_HEX = 16
FRACTION = 9
"""Digits of the fraction of a second in T2's files."""

_HEX = np.full(256, 255, np.uint8)
for _digit in range(16):
    _HEX[ord(f"{_digit:x}")] = _HEX[ord(f"{_digit:X}")] = _digit
_DECIMAL = np.where(_HEX < 10, _HEX, 255).astype(np.uint8)
_DECIMAL[ord("a") :] = 255

Places = NDArray[np.int64]


def parse_column(type_: str, data: NDArray[np.uint8], starts: Places, ends: Places) -> Vector | None:
    """Return cells as numbers, or None where the type has none or a cell is written in another way.

    Args:
        type_: of the column.
        data: bytes.
        starts: first byte of each cell.
        ends: byte behind each cell.
    """
    kind = kind_of(type_)
    if type_.endswith(":R") or kind not in (Kind.INT, Kind.SECONDS) or not len(starts):
        return None
    lengths = ends - starts
    is_empty = lengths == 0
    empty = is_empty if is_empty.any() else None
    if kind is Kind.SECONDS:
        values = _seconds(data, starts, ends, is_empty)
        return None if values is None else Vector(kind, values, empty=empty)
    if digits := digits_of(type_):
        bits = _hexadecimal(data, starts, ends, is_empty)
        return None if bits is None else Vector(kind, bits, empty=empty, digits=digits)
    decimal = _integers(data, starts, ends)
    return None if decimal is None else Vector(kind, decimal, empty=empty)


def _integers(data: NDArray[np.uint8], starts: Places, ends: Places) -> NDArray[np.int64] | None:
    """Return decimal numbers; an empty cell is 0."""
    is_minus = (data[np.minimum(starts, len(data) - 1)] == ord("-")) & (ends - starts > 1)
    if is_minus.any():
        found = _digits(data, starts + is_minus, ends, _DECIMAL, 10, LONGEST)
        return None if found is None else np.where(is_minus, -found.astype(np.int64), found.astype(np.int64))
    found = _digits(data, starts, ends, _DECIMAL, 10, LONGEST)
    return None if found is None else found.astype(np.int64)


def _hexadecimal(
    data: NDArray[np.uint8], starts: Places, ends: Places, is_empty: Any
) -> NDArray[np.uint64] | None:
    last = len(data) - 1
    has_mark = (data[starts] == ord("0")) & (data[np.minimum(starts + 1, last)] | 0x20 == ord("x"))
    if not (has_mark & (ends - starts > 2) | is_empty).all():
        return None
    return _digits(data, np.where(is_empty, starts, starts + 2), ends, _HEX, 16, LONGEST_HEX)


def _seconds(
    data: NDArray[np.uint8], starts: Places, ends: Places, is_empty: Any
) -> NDArray[np.int64] | None:
    point = np.where(is_empty, starts, ends - FRACTION - 1)
    if not (is_empty | ((point > starts) & (data[np.maximum(point, 0)] == ord(".")))).all():
        return None
    whole = _digits(data, starts, point, _DECIMAL, 10, LONGEST_SECONDS)
    fraction = _digits(data, np.where(is_empty, starts, point + 1), ends, _DECIMAL, 10, FRACTION)
    if whole is None or fraction is None or (len(whole) and int(whole.max()) >= 1 << 33):
        return None
    return (whole * np.uint64(NANOSECONDS) + fraction).astype(np.int64)


def _digits(
    data: NDArray[np.uint8], starts: Places, ends: Places, values: NDArray[np.uint8], base: int, longest: int
) -> NDArray[np.uint64] | None:
    """Return numbers, all of digits alone and not too long, or None."""
    lengths = ends - starts
    width = int(lengths.max(initial=0))
    if width > longest:
        return None
    result = np.zeros(len(starts), np.uint64)
    for place in range(width):  # from the last digit on
        at = ends - 1 - place
        is_digit = at >= starts
        digit = values[data[np.maximum(at, 0)]]
        if (is_digit & (digit == 255)).any():
            return None
        result += np.where(is_digit, digit, np.uint8(0)).astype(np.uint64) * np.uint64(base**place)
    return result
