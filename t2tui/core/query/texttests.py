"""Functions that test texts and what a text looks like."""

import re
from collections.abc import Callable
from functools import partial

import numpy as np

from t2tui.core.query.addresses import parse_address
from t2tui.core.query.codes import MATCHING, Code
from t2tui.core.query.functions import Arguments, define
from t2tui.core.query.vectors import Kind, Vector, by_word, compact, emptiness, truths

TEXTS = "texts"

QUOTES = "\"'"


def unquoted(text: str) -> str:
    """Return a text without the quotes around it."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in QUOTES:
        return text[1:-1]
    return text


Pair = Callable[[str, str], bool]


def tested(arguments: Arguments, test: Pair, is_folded: bool) -> Code:
    """Return a test of two texts; one that is constant is tested once for every distinct other one."""
    first, second = arguments.text(0), arguments.text(1)

    def fold(text: str) -> str:
        return text.casefold() if is_folded else text

    def evaluate(a: Vector, b: Vector) -> Vector:
        if b.is_constant:
            other = fold(b.words[int(b.values[0])])
            return truths(by_word(a, lambda word: test(fold(word), other)), a)
        (words, codes), (others, other_codes) = compact(a), compact(b)
        pairs = zip(*(x.tolist() for x in np.broadcast_arrays(codes, other_codes)), strict=True)
        known: dict[tuple[int, int], bool] = {}
        flags = [
            known[pair]
            if pair in known
            else known.setdefault(pair, test(fold(words[pair[0]]), fold(others[pair[1]])))
            for pair in pairs
        ]
        return truths(np.array(flags, bool), b if a.is_constant else a)

    return arguments.make(Kind.BOOL, evaluate, [first, second], MATCHING)


PAIRS: dict[str, tuple[Pair, str]] = {
    "contains": (lambda value, part: part in value, "txt stands in value"),
    "hasprefix": (lambda value, part: unquoted(value).startswith(part), "value begins with txt"),
    "hassuffix": (lambda value, part: unquoted(value).endswith(part), "value ends with txt"),
    "streq": (lambda value, part: unquoted(value) == unquoted(part), "the texts are equal, quotes aside"),
    "strneq": (lambda value, part: unquoted(value) != unquoted(part), "the texts differ, quotes aside"),
}
"""Function -> test of two texts and its description."""


def _pair(arguments: Arguments, test: Pair, ignores_case: bool) -> Code:
    return tested(arguments, test, ignores_case or arguments.flag(2))


for _name, (_test, _what) in PAIRS.items():
    define(TEXTS, _name, "value, txt[, ign]", f"{_what}; ign = 1: case does not matter")(
        partial(_pair, test=_test, ignores_case=False)
    )
    define(TEXTS, f"{_name}i", "value, txt", f"{_what}; case does not matter")(
        partial(_pair, test=_test, ignores_case=True)
    )


@define(TEXTS, "strisempty", "value", "the cell is empty")
def _strisempty(arguments: Arguments) -> Code:
    return arguments.make(Kind.BOOL, lambda v: truths(emptiness(v), v), [arguments.codes[0]])


@define(TEXTS, "isset", "value", "the cell is not empty")
def _isset(arguments: Arguments) -> Code:
    return arguments.make(Kind.BOOL, lambda v: truths(~emptiness(v), v), [arguments.codes[0]])


def _parts(arguments: Arguments, separator: str | None, ignores_case: bool) -> Code:
    places = (0, 1, 2) if separator is None else (0, None, 1)
    between = arguments.constant_text(1) if separator is None else separator
    if not between:
        raise arguments.wrong(1, "the separator is empty", "a text")
    wanted = arguments.constant_text(places[2])
    folded = ignores_case or arguments.flag(places[2] + 1)
    wanted = wanted.casefold() if folded else wanted

    def has(word: str) -> bool:
        return wanted in (word.casefold() if folded else word).split(between)

    return arguments.make(Kind.BOOL, lambda v: truths(by_word(v, has), v), [arguments.text(0)], MATCHING)


for _name, _separator in (("valcontains", None), ("rvalcontains", ";"), ("cvalcontains", "_")):
    _parameters = "value, sep, item" if _separator is None else "value, item"
    _what = f"one of the parts of value between {_separator or 'sep'} equals item"
    define(TEXTS, _name, f"{_parameters}[, ign]", f"{_what}; ign = 1: case does not matter")(
        partial(_parts, separator=_separator, ignores_case=False)
    )
    define(TEXTS, f"{_name}i", _parameters, f"{_what}; case does not matter")(
        partial(_parts, separator=_separator, ignores_case=True)
    )


def _is_ip(text: str, versions: tuple[int, ...]) -> bool:
    address = parse_address(text)
    return address is not None and address.version in versions


_HEX_IP = re.compile(r"0[xX][0-9a-fA-F]{8}")
_INT = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

LOOKS: dict[str, tuple[Callable[[str], bool], str]] = {
    "isip": (
        lambda text: _is_ip(text, (4,)) or bool(_HEX_IP.fullmatch(text)),
        "an IPv4 address, or one in hexadecimal",
    ),
    "isip6": (lambda text: _is_ip(text, (6,)), "an IPv6 address"),
    "isipstr": (lambda text: _is_ip(text, (4,)), "an IPv4 address such as 1.2.3.4"),
    "isiphex": (
        lambda text: bool(_HEX_IP.fullmatch(text)),
        "an IPv4 address in hexadecimal: 0x and 8 digits",
    ),
    "isipnum": (
        lambda text: text.isascii() and text.isdigit() and len(text) < 11 and int(text) < 1 << 32,
        "a number below 2^32",
    ),
    "isnum": (lambda text: bool(_FLOAT.fullmatch(text)), "a number"),
    "isint": (lambda text: bool(_INT.fullmatch(text)), "an integer"),
    "isuint": (lambda text: text.isascii() and text.isdigit(), "an integer without sign"),
    "isfloat": (
        lambda text: bool(_FLOAT.fullmatch(text)) and not _INT.fullmatch(text),
        "a number with point or exponent",
    ),
}
"""Function -> test of the text of a cell and what it looks for."""


def _looks(arguments: Arguments, test: Callable[[str], bool]) -> Code:
    return arguments.make(Kind.BOOL, lambda v: truths(by_word(v, test), v), [arguments.text(0)], MATCHING)


for _name, (_look, _what) in LOOKS.items():
    define(TEXTS, _name, "value", f"the text of the cell is {_what}")(partial(_looks, test=_look))
