"""Comparison of values of all kinds, truth of a value, membership in sets."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from t2tui.core.query import addresses, numbers
from t2tui.core.query.vectors import (
    NUMBERS,
    Flags,
    Kind,
    Vector,
    as_text,
    by_word,
    compact,
    emptiness,
)

NUMERIC_TEXT = re.compile(
    r"\s*[+-]?(?:0[xX][0-9a-fA-F]{1,64}|(?:[0-9]{1,99}\.?[0-9]{0,99}|\.[0-9]{1,99})(?:[eE][+-]?[0-9]{1,3})?)\s*"
)

LESS = {"<": True, "<=": True, "!=": True}
"""Signs that hold between an empty cell and one that is not, as an empty text comes before all others."""
GREATER = {">": True, ">=": True, "!=": True}
EQUAL = {"==": True, "<=": True, ">=": True}


def number_in(text: str) -> int | Fraction | None:
    """Return the number that a text looks like, or None."""
    if NUMERIC_TEXT.fullmatch(text) is None:
        return None
    text = text.strip()
    if "x" in text or "X" in text:
        return int(text, 16)
    value = Fraction(text)
    return int(value) if value.denominator == 1 else value


def compare(sign: str, a: Vector, b: Vector) -> Flags:
    """Compare by element.

    An empty cell comes before everything that is not empty, as an empty text does in AWK; two are equal.

    Args:
        sign: ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``.
        a: left side.
        b: right side, aligned with the left one; of a kind that can be compared with it.
    """
    result = np.broadcast_to(_compare_values(sign, a, b), np.broadcast_shapes(a.values.shape, b.values.shape))
    if a.empty is None and b.empty is None:
        return result
    empty_a, empty_b = (np.broadcast_to(emptiness(vector), result.shape) for vector in (a, b))
    return np.select(
        [empty_a & empty_b, empty_a, empty_b],
        [np.full(result.shape, sign in which) for which in (EQUAL, LESS, GREATER)],
        result,
    )


def _compare_values(sign: str, a: Vector, b: Vector) -> Flags:
    if a.kind in NUMBERS and b.kind in NUMBERS:
        return numbers.compared(sign, a, b)
    if a.kind is Kind.ADDRESS and b.kind is Kind.ADDRESS:
        return _compare_addresses(sign, a, b)
    if a.kind is Kind.MAC and b.kind is Kind.MAC:
        return np.asarray(numbers.COMPARE[sign](a.values, b.values), bool)
    if a.kind in NUMBERS and b.kind is Kind.TEXT:
        return _compare_texts(numbers.MIRRORED[sign], b, a)
    return _compare_texts(sign, as_text(a), b)


def _compare_addresses(sign: str, a: Vector, b: Vector) -> Flags:
    match sign:
        case "==":
            return addresses.equal(a, b)
        case "!=":
            return ~addresses.equal(a, b)
        case "<":
            return addresses.less(a, b)
        case ">":
            return addresses.less(b, a)
        case "<=":
            return addresses.less(a, b) | addresses.equal(a, b)
    return addresses.less(b, a) | addresses.equal(a, b)


def _compare_texts(sign: str, texts: Vector, other: Vector) -> Flags:
    """Compare texts with texts by code point, or with numbers: as numbers where they look like one."""
    test = numbers.COMPARE[sign]
    if other.kind is Kind.TEXT and other.is_constant:
        constant = other.words[int(other.values[0])]
        return by_word(texts, lambda word: test(word, constant))
    shown = as_text(other)
    words, codes = compact(texts)
    others, other_codes = compact(shown)
    if other.kind is Kind.TEXT:
        left: Sequence[Any] = words
        right: Sequence[Any] = others
    else:
        left, right = [number_in(word) for word in words], [number_in(word) for word in others]
    codes, other_codes = np.broadcast_arrays(codes, other_codes)
    pairs: dict[tuple[int, int], bool] = {}
    result = []
    for pair in zip(codes.tolist(), other_codes.tolist(), strict=True):
        if pair not in pairs:
            x, y = left[pair[0]], right[pair[1]]
            pairs[pair] = test(words[pair[0]], others[pair[1]]) if x is None or y is None else test(x, y)
        result.append(pairs[pair])
    return np.array(result, bool)


def truth(vector: Vector) -> Flags:
    """Return which elements are true: numbers other than 0, texts that are neither empty nor 0, addresses."""
    values = vector.values
    match vector.kind:
        case Kind.BOOL:
            result: Flags = values
        case Kind.TEXT:
            result = by_word(vector, lambda word: word != "" and number_in(word) != 0)
        case Kind.ADDRESS:
            assert vector.family is not None
            result = vector.family != 0
        case _:
            result = np.asarray(values != 0, bool)
    return result if vector.empty is None else result & ~vector.empty


@dataclass(frozen=True)
class NumberSet:
    """Numbers and ranges of numbers: ``80;443;6000-6008``.

    Attributes:
        ranges: first and last of each.
    """

    ranges: tuple[tuple[int | Fraction, int | Fraction], ...]

    def contains(self, vector: Vector) -> Flags:
        """Return which numbers belong to the set; empty cells do not."""
        result = np.zeros(len(vector.values), bool)
        if vector.kind in (Kind.INT, Kind.BOOL) and len(self.ranges) > 8 and vector.values.dtype != object:
            result = self._searched(vector)
        else:
            for first, last in self.ranges:
                if first == last:
                    result |= numbers.against("==", vector, first)
                else:
                    result |= numbers.against(">=", vector, first) & numbers.against("<=", vector, last)
        return result if vector.empty is None else result & ~vector.empty

    def _searched(self, vector: Vector) -> Flags:
        values = numbers.as_integers(vector)
        limits = np.iinfo(values.dtype)
        merged: list[tuple[int, int]] = []
        for low, high in sorted(self.ranges):
            first, last = max(-(-low // 1), limits.min), min(high // 1, limits.max)
            if first > last:
                continue
            if merged and first <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        if not merged:
            return np.zeros(len(values), bool)
        firsts, lasts = (np.array(edge, values.dtype) for edge in zip(*merged, strict=True))
        place = np.searchsorted(firsts, values, "right") - 1
        result: Flags = (place >= 0) & (values <= lasts[np.maximum(place, 0)])
        return result


def parse_numbers(text: str) -> NumberSet | None:
    """Return the set that ``80;443;6000-6008`` describes (also with commas), or None."""
    ranges = []
    for part in re.split("[;,]", text):
        first, dash, last = part.strip().partition("-")
        low, high = number_in(first), number_in(last if dash else first)
        if low is None or high is None or low > high:
            return None
        ranges.append((low, high))
    return NumberSet(tuple(ranges))
