"""Numbers are written as C's printf writes them; Python's % is the judge."""

import math
import struct
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from t2tui.core.jit import kernel
from t2tui.core.text.numbers import put_fixed, put_hex, put_padded, put_padded_int
from t2tui.core.text.rows import Code, Field, RowWriter

U64 = st.integers(0, 2**64 - 1) | st.integers(0, 64).map(lambda bits: 2**bits - 1)
U64 |= st.integers(0, 19).flatmap(lambda k: st.sampled_from([10**k - 1, 10**k]))
SINGLES = st.integers(0, 2**32 - 1).map(lambda bits: np.array([bits], np.uint32).view(np.float32)[0])
DOUBLES = st.floats() | st.floats(-1e10, 1e10) | st.floats(-1, 1)


def lines(code: Code, values: np.ndarray) -> list[str]:
    text = RowWriter([Field(code, values)]).write((0, len(values)))
    return text.decode().split("\n")[:-1]


def printf(form: str, value: float) -> str:
    """Python's % hides the sign of nan, C shows it."""
    if math.isnan(value):
        return "-nan" if math.copysign(1, value) < 0 else "nan"
    return form % value


def check(code: Code, form: str, values: np.ndarray) -> None:
    wanted = [printf(form, value) for value in values.tolist()]
    assert lines(code, values) == wanted


@kernel
def padded(value: np.uint64, digits: int, out: np.ndarray) -> int:
    return put_padded(out, 0, value, digits)


@kernel
def padded_int(value: np.uint64, digits: int, out: np.ndarray) -> int:
    return put_padded_int(out, 0, value, digits)


@kernel
def fixed(value: float, decimals: int, out: np.ndarray) -> int:
    return put_fixed(out, 0, value, decimals)


@kernel
def hexadecimal(value: np.uint64, digits: int, out: np.ndarray) -> int:
    return put_hex(out, 0, value, digits)


def written(put, value: object, argument: int) -> str:
    out = np.full(400, ord("#"), np.uint8)
    return out[: put(value, argument, out)].tobytes().decode()


@given(st.lists(U64, min_size=1))
def test_unsigned_decimal(values: list[int]):
    check(Code.UINT, "%d", np.array(values, np.uint64))


@given(st.lists(U64, min_size=1))
def test_signed_decimal(values: list[int]):
    check(Code.INT, "%d", np.array(values, np.uint64).view(np.int64))


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"])
def test_limits_of_every_integer_type(dtype: str):
    limits = np.iinfo(dtype)
    values = np.array([limits.min, limits.min + 1, 0, 1, 9, 10, 99, 100, limits.max - 1, limits.max], dtype)
    check(Code.INT if dtype[0] == "i" else Code.UINT, "%d", values)
    check(Code.HEX, f"0x%0{2 * values.itemsize}x", values.view(f"u{values.itemsize}"))


@given(U64, st.integers(1, 8) | st.just(16))
@example(0x0123456789ABCDEF, 16)
def test_hexadecimal_digits(value: int, digits: int):
    assert written(hexadecimal, np.uint64(value), digits) == f"0x{value % 16**digits:0{digits}x}"


@given(U64, st.integers(1, 19))
def test_zero_padded(value: int, digits: int):
    assert written(padded, np.uint64(value), digits) == f"{value:0{digits}d}"


@given(U64, st.integers(2, 19))
@example(2**64 - 1, 9)
@example(2**63, 19)
def test_sign_counts_as_a_place_of_a_padded_number(value: int, width: int):
    signed = value - 2**64 if value >= 2**63 else value
    assert written(padded_int, np.uint64(value), width) == f"{signed:0{width}d}"


@given(st.lists(SINGLES, min_size=1))
def test_seven_significant_digits(values: list[np.float32]):
    check(Code.FLOAT, "%.7g", np.array(values, np.float32))


def singles(bits: Iterable[int]) -> np.ndarray:
    return np.array(list(bits), np.uint64).astype(np.uint32).view(np.float32)


def test_seven_significant_digits_over_all_exponents():
    mantissas = [0, 1, 2, 0x3FFFFF, 0x400000, 0x400001, 0x7FFFFE, 0x7FFFFF, *range(12345, 0x7FFFFF, 99991)]
    check(Code.FLOAT, "%.7g", singles(e << 23 | m for e in range(256) for m in mantissas))


def test_seven_significant_digits_of_powers_of_ten_and_their_neighbours():
    powers = np.array([float(f"{digit}e{e}") for e in range(-45, 39) for digit in (1, 2, 3)], np.float32)
    below, above = np.nextafter(powers, np.float32(0)), np.nextafter(powers, np.float32(math.inf))
    check(Code.FLOAT, "%.7g", np.concatenate([powers, below, above]))


def test_halves_go_to_the_even_seventh_digit():
    eight_digits = np.arange(10000005, 16777216, 1230, dtype=np.int64)  # end in 5
    halves = eight_digits.astype(np.float32)
    assert (halves == eight_digits).all()
    check(
        Code.FLOAT, "%.7g", np.concatenate([halves, -halves, np.arange(1e6 + 0.5, 1.2e6, 321).astype("f4")])
    )


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        (0x00000000, "0"),
        (0x80000000, "-0"),
        (0x7F800000, "inf"),
        (0xFF800000, "-inf"),
        (0x7FC00000, "nan"),
        (0xFFC00000, "-nan"),
        (0x00000001, "1.401298e-45"),
        (0x7F7FFFFF, "3.402823e+38"),
        (0x4B189680, "1e+07"),
        (0x38D1B717, "0.0001"),
        (0x38D1B716, "9.999999e-05"),
    ],
)
def test_special_singles(bits: int, text: str):
    assert lines(Code.FLOAT, singles([bits])) == [text]


@given(st.lists(DOUBLES, min_size=1))
def test_doubles_with_nine_and_six_decimals(values: list[float]):
    check(Code.SECONDS, "%.9f", np.array(values))
    check(Code.DOUBLE, "%f", np.array(values))


@given(st.lists(SINGLES, min_size=1))
def test_singles_with_decimals(values: list[np.float32]):
    check(Code.SECONDS, "%.9f", np.array(values, np.float32))


@given(DOUBLES, st.integers(1, 15))
@example(0.5, 1)
@example(0.25, 1)
@example(0.75, 1)
@example(0.9999999999999999, 15)
@example(-0.0, 9)
@example(-1e-300, 9)
@example(2.0**53 - 1, 9)
@example(2.0**53, 9)
@example(1.7976931348623157e308, 15)
def test_fixed_decimals(value: float, decimals: int):
    assert written(fixed, value, decimals) == printf(f"%.{decimals}f", value)


@given(st.integers(0, 2**52 - 1), st.integers(1, 15))
def test_halves_of_the_last_decimal_go_to_the_even_one(number: int, decimals: int):
    half = (2 * number + 1) / 2 ** (decimals + 1)
    assert written(fixed, half, decimals) == printf(f"%.{decimals}f", half)


def test_every_power_of_two_as_double():
    values = np.array([struct.unpack("<d", struct.pack("<Q", e << 52))[0] for e in range(2047)])
    check(Code.DOUBLE, "%f", np.concatenate([values, -values]))
