"""Arithmetic and comparison of numbers.

Integers are exact: where a result could leave 64 bits, Python's integers take over (slow, and rare). Times
count nanoseconds. A number of single precision means the seven digits that its cell shows.
"""

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.query.vectors import NANOSECONDS, Flags, Kind, Vector, integers, nearest_float

Array = NDArray[Any]

MOST_BITS = 4096
"""Integers beyond this many bits become floating-point numbers."""

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

NEAR = 1e-6
"""Singles that differ less from a number, relative to it, could be equal to it in seven digits."""

EXACT_POWERS = 22
"""10^22 is the largest power of ten that a double holds exactly."""


# ------------------------------------------------------------------ conversions


def shown_floats(values: Array) -> NDArray[np.float64]:
    """Return floating-point numbers as doubles; singles as the digits that a cell shows (C ``%.7g``)."""
    wide = values.astype(np.float64)
    if values.dtype.itemsize != 4:
        return wide
    with np.errstate(all="ignore"):
        size = np.abs(wide)
        exponent = np.floor(np.log10(size))
        power = np.where(np.isfinite(exponent), 6 - exponent, 0)
        scale = 10.0 ** np.abs(power)
        scaled = np.where(power >= 0, wide * scale, wide / scale)
        whole = np.rint(scaled)
        rounded = np.where(power >= 0, whole / scale, whole * scale)
        odd = (np.abs(power) > EXACT_POWERS) | (np.abs(scaled - whole) == 0.5) | (np.abs(whole) >= 10**7)
        odd |= np.abs(whole) < 10**6
        odd &= np.isfinite(wide) & (wide != 0)
    rounded = np.where(np.isfinite(wide), rounded, wide)
    rounded[odd] = [float("%.7g" % value) for value in wide[odd]]  # noqa: UP031
    result: NDArray[np.float64] = rounded
    return result


def as_integers(vector: Vector) -> Array:
    """Return the integers of BOOL and INT as int64, uint64 or Python's integers; empty cells count as 0."""
    values = vector.values
    if values.dtype != object:
        values = values.astype(np.uint64 if values.dtype == np.uint64 else np.int64)
    return _without_empty(values, vector)


def as_nanoseconds(vector: Vector) -> Array:
    """Return SECONDS, BOOL, INT, or an exact number of nanoseconds, as integers."""
    if vector.kind is Kind.SECONDS:
        return _without_empty(vector.values, vector)
    if vector.exact is not None:
        return integers([int(vector.exact * NANOSECONDS)])
    return multiplied(as_integers(vector), integers([NANOSECONDS]))


def as_floats(vector: Vector) -> NDArray[np.float64]:
    """Return numbers as doubles; empty cells count as 0."""
    if vector.kind is Kind.FLOAT:
        floats = shown_floats(vector.values)
    elif vector.values.dtype == object:
        floats = np.array([_float(value) for value in vector.values], np.float64)
    else:
        floats = vector.values.astype(np.float64)
    if vector.kind is Kind.SECONDS:
        floats = floats / NANOSECONDS
    return _without_empty(floats, vector)


def _float(value: Any) -> float:
    return value if isinstance(value, float) else nearest_float(value)


def _without_empty(values: Array, vector: Vector) -> Array:
    return values if vector.empty is None else np.where(vector.empty, values.dtype.type(0), values)


def is_whole(vector: Vector) -> bool:
    """Return whether a vector counts nanoseconds: times, integers, constants with up to nine decimals."""
    if vector.kind in (Kind.SECONDS, Kind.INT, Kind.BOOL):
        return vector.values.dtype != object
    return vector.exact is not None and (vector.exact * NANOSECONDS).denominator == 1


# ------------------------------------------------------------------ integers


def bounds(values: Array) -> tuple[int, int]:
    """Return the smallest and the largest integer."""
    return (int(values.min()), int(values.max())) if values.size else (0, 0)


def _dtype_for(lowest: int, highest: int) -> Any:
    """Return the type that holds a range of integers."""
    if lowest >= -(1 << 63) and highest < 1 << 63:
        return np.int64
    return np.uint64 if lowest >= 0 and highest < 1 << 64 else object


def _exactly(function: Any, a: Array, b: Array, lowest: int, highest: int) -> Array:
    """Apply a function of integers in a type that holds its results and operands."""
    if a.dtype == object or b.dtype == object:
        return _narrowed(function(a.astype(object), b.astype(object)))
    low_a, high_a = bounds(a)
    low_b, high_b = bounds(b)
    dtype = _dtype_for(min(lowest, low_a, low_b), max(highest, high_a, high_b))
    result: Array = function(a.astype(dtype), b.astype(dtype))
    return result


def _narrowed(values: Array) -> Array:
    """Return Python's integers as 64-bit ones where all of them fit."""
    if any(isinstance(value, float) for value in values):
        return values
    return integers(values)


def added(a: Array, b: Array) -> Array:
    """Return sums of integers."""
    if a.dtype == object or b.dtype == object:
        return _exactly(np.add, a, b, 0, 0)
    (low_a, high_a), (low_b, high_b) = bounds(a), bounds(b)
    return _exactly(np.add, a, b, low_a + low_b, high_a + high_b)


def subtracted(a: Array, b: Array) -> Array:
    """Return differences of integers."""
    if a.dtype == object or b.dtype == object:
        return _exactly(np.subtract, a, b, 0, 0)
    (low_a, high_a), (low_b, high_b) = bounds(a), bounds(b)
    return _exactly(np.subtract, a, b, low_a - high_b, high_a - low_b)


def multiplied(a: Array, b: Array) -> Array:
    """Return products of integers."""
    if a.dtype == object or b.dtype == object:
        products = a.astype(object) * b.astype(object)
        return _narrowed(np.array([_bounded(value) for value in products], object))
    edges = [x * y for x in bounds(a) for y in bounds(b)]
    return _exactly(np.multiply, a, b, min(edges), max(edges))


def _bounded(value: Any) -> Any:
    """Return a number, as a double if it is an integer with too many bits."""
    return nearest_float(value) if isinstance(value, int) and value.bit_length() > MOST_BITS else value


def remainders(a: Array, b: Array) -> Array:
    """Return remainders with the sign of the dividend, as C and AWK; no number where the divisor is 0."""
    if a.dtype != object and b.dtype != object and not (b == 0).any():
        low_a, high_a = bounds(a)
        return _exactly(np.fmod, a, b, low_a, high_a)
    pairs = zip(*np.broadcast_arrays(a.astype(object), b.astype(object)), strict=True)
    results = np.array([_remainder(x, y) for x, y in pairs], object)
    return _narrowed(results)


def _remainder(a: Any, b: Any) -> Any:
    if isinstance(a, float) or isinstance(b, float) or b == 0:
        return float("nan")
    return abs(a) % abs(b) * (-1 if a < 0 else 1)


def bits(vector: Vector) -> NDArray[np.uint64]:
    """Return the lowest 64 bits of integers; negative ones in two's complement."""
    values = as_integers(vector)
    if values.dtype == object:
        whole = [0 if isinstance(value, float) else value & (2**64 - 1) for value in values]
        return np.array(whole, np.uint64)
    return values.view(np.uint64)


def shifted(vector: Vector, by: Vector, to_left: bool) -> NDArray[np.uint64]:
    """Return 64 bits shifted; by 64 or more, or by a negative number, nothing is left."""
    values, places = bits(vector), as_integers(by)
    is_far = (places < 0) | (places > 63)
    near = np.where(is_far, 0, places).astype(np.uint64)
    moved = values << near if to_left else values >> near
    return np.where(is_far, np.uint64(0), moved)


# ------------------------------------------------------------------ comparison


def compared(sign: str, a: Vector, b: Vector) -> Flags:
    """Compare numbers by element; emptiness is not looked at."""
    if a.exact is not None and b.exact is None:
        return against(MIRRORED[sign], b, a.exact)
    if b.exact is not None:
        return against(sign, a, b.exact)
    compare = COMPARE[sign]
    if Kind.FLOAT in (a.kind, b.kind):
        return _with_floats(sign, a, b)
    if Kind.SECONDS in (a.kind, b.kind):
        return np.asarray(compare(as_nanoseconds(a), as_nanoseconds(b)), bool)
    return np.asarray(compare(as_integers(a), as_integers(b)), bool)


def _with_floats(sign: str, a: Vector, b: Vector) -> Flags:
    """Compare with floating-point numbers; integers that a double cannot hold one by one."""
    result = np.asarray(COMPARE[sign](as_floats(a), as_floats(b)), bool)
    x, y = (as_floats(v) if v.kind is Kind.FLOAT else as_integers(v) for v in (a, b))
    large = np.zeros(result.shape, bool)
    for vector, values in ((a, x), (b, y)):
        if vector.kind is Kind.INT:
            large = large | (values > 1 << 53) | (values < -(1 << 53))
    if large.any():
        x, y = np.broadcast_arrays(x, y)
        pairs = zip(x[large].tolist(), y[large].tolist(), strict=True)
        result[large] = [COMPARE[sign](p, q) for p, q in pairs]
    return result


def against(sign: str, a: Vector, number: int | Fraction) -> Flags:
    """Compare with a constant, exactly."""
    values = a.values
    if a.kind is Kind.FLOAT:
        return _floats_against(sign, values, nearest_float(number))
    if a.kind is Kind.SECONDS:
        number = number * NANOSECONDS
    if values.dtype == bool:
        values = values.view(np.uint8)
    if isinstance(number, Fraction) and number.denominator != 1:
        if sign in ("==", "!="):
            return np.full(len(values), sign == "!=")
        below = number.numerator // number.denominator
        number, sign = (below, "<=") if sign in ("<", "<=") else (below, ">")
    number = int(number)
    if values.dtype != object:
        limits = np.iinfo(values.dtype)
        if number > limits.max or number < limits.min:
            is_above = number > limits.max
            return np.full(
                len(values), sign == "!=" or (sign in ("<", "<=") if is_above else sign in (">", ">="))
            )
        return np.asarray(COMPARE[sign](values, values.dtype.type(number)), bool)
    return np.asarray(COMPARE[sign](values, number), bool)


def _floats_against(sign: str, values: Array, number: float) -> Flags:
    result = np.asarray(COMPARE[sign](values, np.float64(number)), bool)
    if values.dtype.itemsize == 4 and number != 0:
        with np.errstate(all="ignore"):
            near = np.flatnonzero(np.abs(values - np.float64(number)) <= NEAR * abs(number))
        result[near] = COMPARE[sign](shown_floats(values[near]), number)
    return result
