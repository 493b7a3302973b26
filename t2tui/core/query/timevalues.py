"""Functions of times, and numbers that people can read."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from t2tui.core.query import numbers
from t2tui.core.query.codes import Code
from t2tui.core.query.functions import Arguments, define
from t2tui.core.query.vectors import NANOSECONDS, Kind, Vector, as_text

TIMES = "times"
NUMBERS = "numbers"
COST = 30

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_SECOND = 253_402_300_799
"""End of year 9999."""

_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII
)


def _by_value(arguments: Arguments, change: Callable[[int], str]) -> Code:
    """Return a text for each distinct number of nanoseconds."""

    def evaluate(vector: Vector) -> Vector:
        if vector.kind is Kind.FLOAT and vector.exact is None:
            floats = np.nan_to_num(numbers.as_floats(vector) * NANOSECONDS, posinf=0, neginf=0)
            nanoseconds: Any = np.clip(np.rint(floats), -(2.0**62), 2.0**62).astype(np.int64)
        else:
            nanoseconds = numbers.as_nanoseconds(vector)
        values, codes = np.unique(nanoseconds, return_inverse=True)
        words = [change(int(value)) if not isinstance(value, float) else "" for value in values.tolist()]
        return Vector(
            Kind.TEXT,
            codes,
            words=words or [""],
            empty=vector.empty,
            counts=vector.counts,
            is_constant=vector.is_constant,
        )

    return arguments.make(Kind.TEXT, evaluate, [arguments.number(0)], COST)


def date_text(nanoseconds: int, is_local: bool = False) -> str:
    """Return date and time of nanoseconds since 1970; empty outside of the years 1 to 9999."""
    seconds, fraction = divmod(nanoseconds, NANOSECONDS)
    if not -62_135_596_800 <= seconds <= LAST_SECOND:
        return ""
    moment = EPOCH + timedelta(seconds=seconds)
    if not is_local:
        return f"{moment:%Y-%m-%d %H:%M:%S}.{fraction:09d}Z"
    try:
        moment = moment.astimezone()
    except (OverflowError, OSError, ValueError):
        return ""
    return f"{moment:%Y-%m-%d %H:%M:%S}.{fraction:09d}{moment:%z}"


@define(TIMES, "utc", "t", "date and time: YYYY-MM-DD HH:MM:SS.FFFFFFFFFZ")
def _utc(arguments: Arguments) -> Code:
    return _by_value(arguments, date_text)


@define(TIMES, "localtime", "t", "date and time of this machine's zone, with its offset")
def _localtime(arguments: Arguments) -> Code:
    return _by_value(arguments, partial(date_text, is_local=True))


def parse_date(text: str) -> int | None:
    """Return the nanoseconds since 1970 of a date, or None; without offset it is UTC."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    *fields, fraction, offset = match.groups()
    year, month, day, hour, minute, second = (int(field or 0) for field in fields)
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    seconds = (moment - EPOCH) // timedelta(seconds=1)
    if offset and offset != "Z":
        sign = -1 if offset[0] == "-" else 1
        digits = offset[1:].replace(":", "")
        seconds -= sign * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)
    return seconds * NANOSECONDS + int((fraction or "").ljust(9, "0"))


@define(
    TIMES,
    "timestamp",
    "date",
    "the time that a date is: '2009-11-18 11:36:55', also with fraction and offset",
)
def _timestamp(arguments: Arguments) -> Code:
    constant = arguments.codes[0].text
    if constant is not None and parse_date(constant) is None:
        raise arguments.wrong(0, f"'{constant}' is no date", "'2009-11-18 11:36:55'")

    def evaluate(vector: Vector) -> Vector:
        shown = as_text(vector)
        found = [parse_date(word) for word in shown.words]
        limited = [0 if t is None or not -(1 << 63) <= t < 1 << 63 else t for t in found]
        is_none = np.array([t is None for t in found], bool)[shown.values]
        return Vector(
            Kind.SECONDS,
            np.array(limited, np.int64)[shown.values],
            empty=is_none if is_none.any() else None,
            counts=shown.counts,
            exact=Fraction(limited[0], NANOSECONDS) if shown.is_constant else None,
            is_constant=shown.is_constant,
        )

    return arguments.make(Kind.SECONDS, evaluate, [arguments.text(0)], COST)


# ------------------------------------------------------------------ for people

DECIMAL = ("", "K", "M", "G", "T", "P", "E", "Z", "Y")
BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
SPANS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def readable(nanounits: int, base: int = 1000, names: Sequence[str] = DECIMAL) -> str:
    """Return a number given in thousand-millionths with at most three decimals and a letter: ``1.5M``."""
    value = Fraction(nanounits, NANOSECONDS)
    place = 0
    while abs(value) >= base and place + 1 < len(names):
        value /= base
        place += 1
    text = f"{float(value):.3f}".rstrip("0").rstrip(".")
    return f"{text}{' ' if place or names[0] else ''}{names[place]}".strip()


@define(NUMBERS, "hrnum", "n[, mode, suffix]", "n for people: 1.5 M; mode 1: powers of 1024: 1.431 Mi")
def _hrnum(arguments: Arguments) -> Code:
    is_binary = arguments.flag(1)
    suffix = arguments.constant_text(2, "")
    base, names = (1024, BINARY) if is_binary else (1000, DECIMAL)

    def shown(number: int) -> str:
        text = readable(number, base, names)
        return text + (" " if suffix and " " not in text else "") + suffix

    return _by_value(arguments, shown)


def span_text(nanoseconds: int) -> str:
    """Return a duration: ``1d 2h 3m 4.5s``."""
    left = abs(nanoseconds)
    parts: list[str] = []
    for name, seconds in SPANS[:-1]:
        count, left = divmod(left, seconds * NANOSECONDS)
        if count or parts:
            parts.append(f"{count}{name}")
    whole, fraction = divmod(left, NANOSECONDS)
    digits = f".{fraction:09d}".rstrip("0") if fraction else ""
    parts.append(f"{whole}{digits}s")
    return ("-" if nanoseconds < 0 else "") + " ".join(parts)


@define(TIMES, "hrtime", "seconds", "a duration for people: 1d 2h 3m 4.5s")
def _hrtime(arguments: Arguments) -> Code:
    return _by_value(arguments, span_text)
