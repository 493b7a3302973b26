"""Random expressions over random rows, beside an evaluator of one row in plain Python."""

import ipaddress
import operator
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from t2tui.core.columns import Column
from t2tui.core.query import compile_filter
from t2tui.core.query.textfile import TextTable

TYPES = {
    "n": "I64",
    "u": "U64",
    "small": "U8",
    "h": "H16",
    "t": "U64.U32",
    "f": "F",
    "s": "SC",
    "ip": "IPX",
    "list": "U16:R",
}
Row = dict[str, list[Any]]
"""Elements of each cell; None: an empty one."""
Part = tuple[str, Callable[[Row], list[Any]]]
"""An expression, and its elements for a row."""

ADDRESSES = ["10.0.0.1", "10.0.0.2", "192.168.7.7", "fe80::1", "::", "255.255.255.255"]
WORDS = ["", "a", "b", "ab", "tcp", "eth:ipv4:tcp", "10", "é"]

CELLS = {
    "n": st.one_of(st.just(""), st.integers(-5, 5).map(str), st.integers(-(2**63), 2**63 - 1).map(str)),
    "u": st.one_of(st.integers(0, 3).map(str), st.integers(2**63 - 2, 2**64 - 1).map(str)),
    "small": st.one_of(st.just(""), st.integers(0, 255).map(str)),
    "h": st.integers(0, 2**16 - 1).map(lambda n: f"0x{n:04x}"),
    "t": st.tuples(st.integers(0, 3), st.sampled_from([0, 1, 500_000_000, 999_999_999])).map(
        lambda t: f"{t[0]}.{t[1]:09d}"
    ),
    "f": st.one_of(
        st.just(""), st.sampled_from([0.1, 0.3, 1 / 3, 1e7, 123456.7, -2.5]).map(lambda x: f"{x:.7g}")
    ),
    "s": st.sampled_from(WORDS),
    "ip": st.sampled_from(["", "-", *ADDRESSES]),
    "list": st.lists(st.integers(0, 6).map(str), max_size=4).map(";".join),
}


def elements(name: str, cell: str) -> list[Any]:
    """Values of a cell."""
    if name == "s":
        return [cell]
    if name == "ip":
        return [None if cell == "" else "-" if cell == "-" else ipaddress.ip_address(cell)]
    if name == "h":
        return [int(cell, 16)]
    return [Fraction(each) if each else None for each in cell.split(";")]


def column(name: str) -> Part:
    return f"${name}", lambda row: row[name]


def number(value: int | Fraction) -> Part:
    return str(value), lambda row: [value]


WHOLE_NUMBERS = st.one_of(st.integers(0, 6), st.integers(2**62, 2**64 + 1), st.sampled_from([80, 255, 256]))
ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "&": lambda a, b: a & b & (2**64 - 1),
    "|": lambda a, b: (a | b) & (2**64 - 1),
}


def calculated(sign: str, a: Part, b: Part) -> Part:
    """Arithmetic of integers; empty cells count as 0."""

    def evaluate(row: Row) -> list[Any]:
        left, right = a[1](row), b[1](row)
        return [ARITHMETIC[sign](int(x or 0), int(y or 0)) for x in left for y in right]

    return f"({a[0]} {sign} {b[0]})", evaluate


INTEGER_PARTS = st.one_of(
    st.sampled_from(["n", "u", "small", "h"]).map(column),
    WHOLE_NUMBERS.map(number),
)
INTEGERS = st.recursive(
    INTEGER_PARTS,
    lambda inner: st.builds(calculated, st.sampled_from(list(ARITHMETIC)), inner, inner),
    max_leaves=4,
)
NUMBERS = st.one_of(INTEGERS, st.sampled_from(["t", "f", "list"]).map(column))
DECIMALS = st.sampled_from(["0.5", "0.1", "0.3", "1e7", ".000000001", "1.999999999", "2.", "0.3333333"]).map(
    lambda text: (text, lambda row: [Fraction(text)])
)

SIGNS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
BOTH_EMPTY, LEFT_EMPTY, RIGHT_EMPTY = ("==", "<=", ">="), ("<", "<=", "!="), (">", ">=", "!=")


def compared(sign: str, a: Any, b: Any) -> bool:
    """Compare elements as docs/filter.md says."""
    if a is None or b is None:
        return sign in (BOTH_EMPTY if a is None and b is None else LEFT_EMPTY if a is None else RIGHT_EMPTY)
    if isinstance(a, str) or isinstance(b, str):  # "-": no address
        return (a == b) == (sign in ("==", "<=", ">=")) if sign in ("==", "!=") else a == b and "=" in sign
    if not isinstance(a, int | Fraction):
        a, b = (a.version, int(a)), (b.version, int(b))
    return bool(SIGNS[sign](a, b))


def comparison(sign: str, a: Part, b: Part) -> Part:
    def evaluate(row: Row) -> list[Any]:
        if sign == "!=":
            return [not any(compared("==", x, y) for x in a[1](row) for y in b[1](row))]
        return [any(compared(sign, x, y) for x in a[1](row) for y in b[1](row))]

    return f"{a[0]} {sign} {b[0]}", evaluate


def texts(sign: str, word: str) -> Part:
    return f'$s {sign} "{word}"', lambda row: [SIGNS[sign](row["s"][0], word)]


def matching(pattern: str, is_not: bool) -> Part:
    sign = "!~" if is_not else "~"
    return f"$s {sign} /{pattern}/", lambda row: [(re.search(pattern, row["s"][0]) is None) == is_not]


def member(name: str, low: int, more: int, other: int) -> Part:
    def evaluate(row: Row) -> list[Any]:
        return [any(x is not None and (low <= x <= low + more or x == other) for x in row[name])]

    return f"${name} in ({low}..{low + more}, {other})", evaluate


def within(network: str) -> Part:
    def evaluate(row: Row) -> list[Any]:
        address = row["ip"][0]
        return [address is not None and address != "-" and address in ipaddress.ip_network(network)]

    return f'$ip in "{network}"', evaluate


SIGN = st.sampled_from(list(SIGNS))
TESTS = st.one_of(
    st.builds(comparison, SIGN, NUMBERS, INTEGERS),
    st.builds(comparison, SIGN, DECIMALS, NUMBERS),
    st.builds(comparison, SIGN, NUMBERS, DECIMALS),
    st.builds(comparison, SIGN, st.just(column("ip")), st.sampled_from(ADDRESSES).map(
        lambda text: (text, lambda row: [ipaddress.ip_address(text)])
    )),
    st.builds(texts, SIGN, st.sampled_from(WORDS)),
    st.builds(matching, st.sampled_from(["a", "^t", "b$", "[0-9]+", "(a|b)", "^$"]), st.booleans()),
    st.builds(member, st.sampled_from(["n", "list", "h"]), *map(st.integers, (0, 0, 0), (4, 3, 99))),
    st.builds(within, st.sampled_from(["10.0.0.0/8", "fe80::/10", "0.0.0.0/0", "10.0.0.2"])),
)  # fmt: skip


def both(sign: str, a: Part, b: Part) -> Part:
    join = all if sign in ("&&", "and") else any
    return f"({a[0]}) {sign} ({b[0]})", lambda row: [join([a[1](row)[0], b[1](row)[0]])]


def negated(sign: str, a: Part) -> Part:
    return f"{sign}({a[0]})", lambda row: [not a[1](row)[0]]


def choice(a: Part, b: Part, c: Part) -> Part:
    return f"(({a[0]}) ? ({b[0]}) : ({c[0]}))", lambda row: (b if a[1](row)[0] else c)[1](row)


CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds(both, st.sampled_from(["&&", "and", "||", "or"]), inner, inner),
        st.builds(negated, st.sampled_from(["!", "not ", "not"]), inner),
        st.builds(choice, inner, inner, inner),
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(CONDITIONS, st.lists(st.fixed_dictionaries(CELLS), max_size=12))
def test_random_expressions(condition: Part, cells: list[dict[str, str]]) -> None:
    text, evaluate = condition
    columns = [Column(name, type_) for name, type_ in TYPES.items()]
    lines = "".join("\t".join(row[name] for name in TYPES) + "\n" for row in cells)
    table = TextTable("rows", columns, lines.encode(), "\t", 2)
    rows = [{name: elements(name, row[name]) for name in TYPES} for row in cells]
    wanted = [bool(evaluate(row)[0]) for row in rows]
    found = compile_filter(text, columns).rows(table)
    assert found.dtype == np.bool_ and found.tolist() == wanted
