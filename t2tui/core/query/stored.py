"""Columns in memory as values for expressions: what a cell would show, read from the numbers behind it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import Column
from t2tui.core.layout import KIND_IPV4, KIND_IPV6
from t2tui.core.query.cells import cells_vector
from t2tui.core.query.vectors import NANOSECONDS, Kind, Rows, Vector, digits_of, elements, kind_of
from t2tui.core.text.fields import Code, Field

LOW_32 = 0xFFFFFFFF
LARGE = float(1 << 33)
"""From here on a double has no six decimals, and seconds are no time."""
LOW_48 = np.uint64((1 << 48) - 1)

READS = {
    Code.UINT: Kind.INT,
    Code.INT: Kind.INT,
    Code.HEX: Kind.INT,
    Code.FLOAT: Kind.FLOAT,
    Code.DOUBLE: Kind.FLOAT,
    Code.SECONDS: Kind.SECONDS,
    Code.TIME: Kind.SECONDS,
    Code.SIGNED_TIME: Kind.SECONDS,
    Code.MAC: Kind.MAC,
    Code.IP4: Kind.ADDRESS,
    Code.IP6: Kind.ADDRESS,
    Code.IPX: Kind.ADDRESS,
    Code.WORD: Kind.TEXT,
}
"""How values are printed -> the kind that they are read as; all others are read as their text."""


def field_vector(
    column: Column, field: Field, rows: Rows, count: int, cells: Callable[[], list[str]]
) -> Vector:
    """Return values of a column.

    Args:
        column: whose values.
        field: where they are; records are numbered by row.
        rows: wanted rows.
        count: number of wanted rows.
        cells: gives the text of the wanted rows' cells, for columns without numbers.
    """
    kind = kind_of(column.type)
    if field.rest or READS.get(field.code) is not kind:
        return cells_vector(column.type, cells())
    empty = None
    if field.when is not None:
        flags, mask = field.when
        empty = flags[rows] & flags.dtype.type(mask) == 0
        if not empty.any():
            empty = None
    if field.count is None:
        return _read(column, field, rows, empty)
    counts = np.minimum(field.count[rows].astype(np.int64), field.capacity)
    if empty is not None:
        counts = np.where(empty, 0, counts)
    return _lists(column, field, rows, counts)


def _lists(column: Column, field: Field, rows: Rows, counts: NDArray[np.int64]) -> Vector:
    """Return lists; each row without value has one empty element."""
    shown = np.maximum(counts, 1)
    if field.first is not None:
        wanted = np.arange(len(counts))
        first = np.where(counts > 0, field.first[rows], 0)
        places: Any = elements(first, shown, wanted)
        vector = _read(column, field, places, None) if len(field.values) else None
    else:
        if isinstance(rows, slice):
            rows = np.arange(rows.start, rows.stop)
        capacity = field.values.shape[1]
        record = np.repeat(rows, shown)
        element = np.arange(len(record)) - np.repeat(np.cumsum(shown) - shown, shown)
        vector = _read(column, field, (record, element), None) if capacity else None
    has_none = bool((counts == 0).any())
    empty = np.repeat(counts == 0, shown) if has_none else None
    if vector is None:  # no record has a value
        vector = cells_vector(column.type, [""] * len(counts))
    elif empty is not None:
        vector = replace(vector, empty=empty)
    return vector if (shown == 1).all() else replace(vector, counts=shown)


def _read(column: Column, field: Field, where: Any, empty: NDArray[np.bool_] | None) -> Vector:
    """Return the values at places of the arrays of a field."""
    values = field.values[where]
    second = None if field.second is None else field.second[where]
    size = values.dtype.itemsize
    match field.code:
        case Code.UINT | Code.HEX:
            return Vector(Kind.INT, _as(values, f"u{size}"), empty=empty, digits=digits_of(column.type))
        case Code.INT:
            return Vector(Kind.INT, _as(values, f"i{size}"), empty=empty)
        case Code.FLOAT:
            return Vector(Kind.FLOAT, values, empty=empty)
        case Code.DOUBLE:
            with np.errstate(all="ignore"):
                rounded = np.where(np.abs(values) < LARGE, np.round(values, 6), values)
            return Vector(Kind.FLOAT, rounded, empty=empty)
        case Code.SECONDS:
            limited = np.clip(np.nan_to_num(values), -LARGE, LARGE)
            whole = np.floor(limited)
            fraction = np.rint((limited - whole) * NANOSECONDS).astype(np.int64)
            return Vector(Kind.SECONDS, whole.astype(np.int64) * NANOSECONDS + fraction, empty=empty)
        case Code.TIME | Code.SIGNED_TIME:
            assert second is not None
            fraction = second.astype(np.int64)
            if field.code is Code.TIME:
                fraction &= LOW_32
            seconds = values.astype(np.int64) & LOW_32
            return Vector(Kind.SECONDS, seconds * NANOSECONDS + fraction, empty=empty)
        case Code.MAC:
            return Vector(Kind.MAC, _as(values, f"u{size}").astype(np.uint64) & LOW_48, empty=empty)
        case Code.WORD:
            return _words(column, field, values, empty)
    return _addresses(field, values, second, where, empty)


def _as(values: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Return integers read as another type of the same width."""
    return values if values.dtype == np.dtype(dtype) else np.ascontiguousarray(values).view(dtype)


def _addresses(
    field: Field, values: NDArray[Any], second: Any, where: Any, empty: NDArray[np.bool_] | None
) -> Vector:
    upper = _as(values, f"u{values.dtype.itemsize}").astype(np.uint64)
    if field.code is Code.IP4:
        lower = upper & np.uint64(LOW_32)
        family = np.full(len(lower), 4, np.uint8)
        return Vector(Kind.ADDRESS, np.zeros_like(lower), lower=lower, family=family, empty=empty)
    lower = _as(second, f"u{second.dtype.itemsize}").astype(np.uint64)
    if field.code is Code.IP6:
        family = np.full(len(lower), 6, np.uint8)
        return Vector(Kind.ADDRESS, upper, lower=lower, family=family, empty=empty)
    assert field.kind is not None
    kinds = field.kind[where]
    is_v4, is_v6 = kinds == KIND_IPV4, kinds == KIND_IPV6
    family = np.where(is_v4, 4, np.where(is_v6, 6, 0)).astype(np.uint8)
    upper = np.where(is_v6, upper, np.uint64(0))
    lower = np.where(is_v6, lower, np.where(is_v4, lower & np.uint64(LOW_32), np.uint64(0)))
    return Vector(Kind.ADDRESS, upper, lower=lower, family=family, empty=empty)


def _words(column: Column, field: Field, values: NDArray[Any], empty: NDArray[np.bool_] | None) -> Vector:
    """Return texts; only those that occur are decoded."""
    words = field.words
    assert words is not None
    numbers = values.astype(np.int64)
    used = np.flatnonzero(np.bincount(numbers, minlength=1))
    place = np.zeros(int(used[-1]) + 1 if len(used) else 1, np.int64)
    place[used] = np.arange(len(used))
    texts = []
    for number in used.tolist():
        start, length = int(words.start[number]), int(words.length[number])
        text = words.data[start : start + length].tobytes().decode("utf-8", "replace")
        if column.type.removesuffix(":R") == "S" and text[:1] == '"' == text[-1:] and len(text) > 1:
            text = text[1:-1]
        texts.append(text)
    return Vector(Kind.TEXT, place[numbers], words=texts or [""], empty=empty)
