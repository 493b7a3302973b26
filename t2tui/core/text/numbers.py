"""Numbers as C's printf writes them, for use inside kernels.

Every function writes at position ``p`` of ``out``, a uint8 array or the address of one, and returns the
position behind its text; it may touch SLACK_BYTES behind that. Integers are uint64 unless stated.
"""

from typing import Any

import numpy as np

from t2tui.core.jit import inlined, kernel, routine
from t2tui.core.text.memory import (
    at64,
    float_bits,
    fma,
    leading_zeros,
    scratch,
    store8,
    store16,
    store32,
    store64,
    trailing_zeros,
)

U64 = np.uint64
ZEROS = U64(0x3030303030303030)
"""Eight times the character ``0``."""
E8 = U64(10**8)
E9 = U64(10**9)
POWERS = np.array([10**k for k in range(20)], np.uint64)
TEN = np.array([float(f"1e{k}") for k in range(-46, 40)])
"""Powers of ten from 1e-46, correctly rounded; from 1e0 to 1e22 they are exact."""
ONE = 46
"""Index of 1e0 in TEN."""
EXACT = 22
"""The largest power of ten that is an exact double."""

MINUS, POINT, DIGIT = U64(ord("-")), U64(ord(".")), U64(ord("0"))
NAN = U64(int.from_bytes(b"nan", "little"))
INF = U64(int.from_bytes(b"inf", "little"))
ZERO_POINT = U64(int.from_bytes(b"0.000000", "little"))
E_PLUS, E_MINUS = U64(int.from_bytes(b"e+", "little")), U64(int.from_bytes(b"e-", "little"))
HEX_PREFIX = U64(int.from_bytes(b"0x", "little"))
INFINITY_BITS = 0x7FF0000000000000


@inlined
def digits8(v: Any) -> Any:
    """Return the eight decimal digits of v < 10^8, one per byte (0..9), the first one in the lowest byte."""
    high = v // U64(10000)
    x = high | (v - high * U64(10000)) << U64(32)
    q = (x * U64(10486)) >> U64(20) & U64(0x0000007F0000007F)  # each half / 100
    x = q | (x - q * U64(100)) << U64(16)
    q = (x * U64(103)) >> U64(10) & U64(0x000F000F000F000F)  # each quarter / 10
    return q | (x - q * U64(10)) << U64(8)


@inlined
def put_uint(out: Any, p: Any, v: Any) -> Any:
    """Write v as ``%lu``."""
    if v >= E8:
        high = v // E8
        if high >= E8:
            top = high // E8
            p = _put_below_e8(out, p, top)
            store64(out, p, digits8(high - top * E8) + ZEROS)
            p += 8
        else:
            p = _put_below_e8(out, p, high)
        store64(out, p, digits8(v - high * E8) + ZEROS)
        return p + 8
    return _put_below_e8(out, p, v)


@inlined
def _put_below_e8(out: Any, p: Any, v: Any) -> Any:
    if v < U64(10):
        store8(out, p, DIGIT + v)
        return p + 1
    d = digits8(v)
    zeros = trailing_zeros(d) & 56
    store64(out, p, (d + ZEROS) >> U64(zeros))
    return p + 8 - (zeros >> 3)


@inlined
def put_int(out: Any, p: Any, v: Any) -> Any:
    """Write v, the 64 bits of a signed number, as ``%ld``."""
    if np.int64(v) < 0:
        store8(out, p, MINUS)
        return put_uint(out, p + 1, U64(0) - v)
    return put_uint(out, p, v)


@inlined
def put_padded(out: Any, p: Any, v: Any, digits: Any) -> Any:
    """Write v with at least ``digits`` digits (1..19), as ``%0*lu``."""
    if v >= POWERS[digits]:
        return put_uint(out, p, v)
    q = p + digits
    while q - p >= 8:
        q -= 8
        high = v // E8
        store64(out, q, digits8(v - high * E8) + ZEROS)
        v = high
    if q > p:
        d = (digits8(v) + ZEROS) >> U64(8 * (8 - (q - p)))
        while q > p:  # byte by byte: the digits behind are there already
            q -= 1
            store8(out, q, d >> U64(8 * (q - p)))
    return p + digits


@inlined
def put_padded_int(out: Any, p: Any, v: Any, width: Any) -> Any:
    """Write v, the 64 bits of a signed number, as ``%0*ld``: the sign counts as one of ``width`` (2..19)."""
    if np.int64(v) < 0:
        store8(out, p, MINUS)
        return put_padded(out, p + 1, U64(0) - v, width - 1)
    return put_padded(out, p, v, width)


@inlined
def _hex8(v: Any) -> Any:
    """Return the characters of eight hex digits, the highest digit in the lowest byte."""
    x = (v & U64(0xFFFF)) << U64(32) | (v >> U64(16)) & U64(0xFFFF)
    x = (x & U64(0x000000FF000000FF)) << U64(16) | (x >> U64(8)) & U64(0x000000FF000000FF)
    x = (x & U64(0x000F000F000F000F)) << U64(8) | (x >> U64(4)) & U64(0x000F000F000F000F)
    letters = (x + U64(0x0606060606060606)) >> U64(4) & U64(0x0101010101010101)
    return x + ZEROS + letters * U64(ord("a") - ord("0") - 10)


@inlined
def put_hex(out: Any, p: Any, v: Any, digits: Any) -> Any:
    """Write ``0x`` and the lowest ``digits`` (1..8 or 16) hex digits of v, lower case."""
    store16(out, p, HEX_PREFIX)
    if digits == 16:
        store64(out, p + 2, _hex8(v >> U64(32)))
        store64(out, p + 10, _hex8(v))
    else:
        store64(out, p + 2, _hex8(v) >> U64(8 * (8 - digits)))
    return p + 2 + digits


@inlined
def _put_not_finite(out: Any, p: Any, x: Any) -> Any:
    store32(out, p, NAN if x != x else INF)
    return p + 3


@kernel
def _scaled(n: Any, fives: Any, twos: Any) -> Any:
    """Return n * 5^fives * 2^twos, below 2^180, as three limbs of 60 bits, the highest first."""
    mask = (1 << 60) - 1
    high, middle, low = 0, 0, n
    for i in range(fives + twos):
        factor = 5 if i < fives else 2
        low *= factor
        middle = middle * factor + (low >> 60)
        high = high * factor + (middle >> 60)
        low &= mask
        middle &= mask
    return high, middle, low


@kernel
def _above_half(x: Any, n: Any, k: Any) -> Any:
    """Tell whether x * 10^k rounds to n + 1 rather than to n, in exact integers.

    Args:
        x: value of single precision, > 0.
        n: x * 10^k rounded down, below 10^7; may be off by one where the result is not in doubt.
        k: -32..-23 or 23..51.
    """
    bits = float_bits(x)
    mantissa = ((bits & ((1 << 52) - 1)) | (1 << 52)) >> 29
    twos = (bits >> 52) - 1075 + 29 + 1 + k  # 2 * x * 10^k = mantissa * 5^k * 2^twos
    left = _scaled(mantissa, max(k, 0), max(twos, 0))
    right = _scaled(2 * n + 1, max(-k, 0), max(-twos, 0))
    return left > right  # never equal: 24 bits hold no factor 5^23 (k < -22) or 2^50 (k > 22)


@inlined
def _seven_digits(x: Any, e: Any) -> Any:
    """Return x * 10^(6-e) rounded half to even, for x of single precision in 10^e .. 10^(e+1)."""
    k = 6 - e
    if k > EXACT:
        n = np.int64(x * TEN[ONE + EXACT] * TEN[ONE + k - EXACT])
        return n + 1 if _above_half(x, n, k) else n
    if k < -EXACT:
        n = np.int64(x / TEN[ONE + EXACT] / TEN[ONE - k - EXACT])
        return n + 1 if _above_half(x, n, k) else n
    if k >= 0:
        r = x * TEN[ONE + k]
        error = fma(x, TEN[ONE + k], -r)
    else:
        r = x / TEN[ONE - k]
        error = fma(-r, TEN[ONE - k], x)
    n = np.int64(r)
    rest = r - np.float64(n)
    # one rounding was done so far; its error tells on which side of the half the exact value lies
    if rest > 0.5 or (rest == 0.5 and (error > 0.0 or (error == 0.0 and n & 1 == 1))):
        n += 1
    return n


@inlined
def put_g7(out: Any, p: Any, x: Any) -> Any:
    """Write x as ``%.7g``, exactly.

    Args:
        out: uint8 array or address.
        p: position.
        x: float64 that holds a value of single precision.
    """
    if float_bits(x) < 0:
        store8(out, p, MINUS)
        p += 1
        x = -x
    if float_bits(x) >= INFINITY_BITS:
        return _put_not_finite(out, p, x)
    if x < 1e7 and np.float64(np.int64(x)) == x:
        return put_uint(out, p, U64(np.int64(x)))
    e = (((float_bits(x) >> 52) - 1023) * 1233) >> 12  # log10(2) = 1233 / 4096
    if x >= TEN[ONE + e + 1]:
        e += 1
    n = _seven_digits(x, e)
    if n == 10000000:
        n = 1000000
        e += 1
    d = digits8(U64(n)) >> U64(8)
    count = 8 - (leading_zeros(d) >> 3)  # without trailing zeros
    d += ZEROS >> U64(8)
    if e < -4 or e >= 7:
        store8(out, p, d)
        if count > 1:
            store8(out, p + 1, POINT)
            store64(out, p + 2, d >> U64(8))
            p += 1
        p += count
        store16(out, p, E_MINUS if e < 0 else E_PLUS)
        e = abs(e)
        store8(out, p + 2, DIGIT + U64(e // 10))
        store8(out, p + 3, DIGIT + U64(e % 10))
        return p + 4
    if e < 0:
        store64(out, p, ZERO_POINT)
        store64(out, p + 1 - e, d)
        return p + 1 - e + count
    store64(out, p, d)
    if count <= e + 1:
        return p + e + 1
    store8(out, p + e + 1, POINT)
    store64(out, p + e + 2, d >> U64(8 * (e + 1)))
    return p + count + 1


@routine
def _put_huge(out: Any, p: Any, x: Any) -> Any:
    """Write a finite x >= 2^53 as an integer, at most 309 digits."""
    bits = float_bits(x)
    mantissa = U64((bits & ((1 << 52) - 1)) | (1 << 52))
    twos = (bits >> 52) - 1075
    limbs = scratch()  # to the base of 10^9, the lowest first
    store64(limbs, 0, mantissa % E9)
    store64(limbs, 8, mantissa // E9)
    used = 2
    while twos > 0:
        step = min(twos, 29)  # keeps a limb below 2^63 and the carry below 10^9
        twos -= step
        carry = U64(0)
        for i in range(used):
            carry += at64(limbs + 8 * i) << U64(step)
            store64(limbs, 8 * i, carry % E9)
            carry //= E9
        if carry:
            store64(limbs, 8 * used, carry)
            used += 1
    p = put_uint(out, p, at64(limbs + 8 * (used - 1)))
    for i in range(used - 2, -1, -1):
        p = put_padded(out, p, at64(limbs + 8 * i), 9)
    return p


@inlined
def put_fixed(out: Any, p: Any, x: Any, decimals: Any) -> Any:
    """Write x as ``%.*f`` with 1 to 15 decimals, exactly (half to even on the binary value).

    The text of the largest double has 311 characters more than ``decimals``.
    """
    if float_bits(x) < 0:
        store8(out, p, MINUS)
        p += 1
        x = -x
    if float_bits(x) >= INFINITY_BITS:
        return _put_not_finite(out, p, x)
    n: Any = 0
    if x >= 9007199254740992.0:  # 2^53: no fraction, and soon beyond 64 bits
        p = _put_huge(out, p, x)
    else:
        whole = np.int64(x)
        fraction = x - np.float64(whole)
        r = fraction * TEN[ONE + decimals]
        error = fma(fraction, TEN[ONE + decimals], -r)
        n = np.int64(r)
        rest = r - np.float64(n)
        if rest > 0.5 or (rest == 0.5 and (error > 0.0 or (error == 0.0 and n & 1 == 1))):
            n += 1
        if U64(n) == POWERS[decimals]:
            n = 0
            whole += 1
        p = put_uint(out, p, U64(whole))
    store8(out, p, POINT)
    return put_padded(out, p + 1, U64(n), decimals)
