"""Operators of expressions: comparison, arithmetic, operations on bits."""

from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from t2tui.core.query import addresses, numbers
from t2tui.core.query.codes import MATCHING, Code, constant_code, elementwise, negated
from t2tui.core.query.comparing import compare, number_in
from t2tui.core.query.errors import QueryError
from t2tui.core.query.nodes import Node
from t2tui.core.query.vectors import NUMBERS, Kind, Vector, by_word, constant, nearest_float, truths

BIT_OPERATORS = {"&": np.bitwise_and, "|": np.bitwise_or}
WHOLE = {"+": numbers.added, "-": numbers.subtracted, "*": numbers.multiplied, "%": numbers.remainders}
FLOATS = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.true_divide,
    "%": np.fmod,
    "**": np.float_power,
}


# ------------------------------------------------------------------ comparison


def compared(node: Node, sign: str, left: Code, right: Code) -> Code:
    """Return a comparison; constant texts become what the other side is.

    Raises:
        QueryError: the two sides cannot be compared.
    """
    left, right = _suited(left, right), _suited(right, left)
    kinds = {left.kind, right.kind}
    if len(kinds) > 1 and not kinds <= set(NUMBERS) and Kind.TEXT not in kinds:
        raise QueryError(
            f"{left.kind.value} cannot be compared with {right.kind.value}", node.start, node.end
        )
    if sign == "!=" and (left.is_list or right.is_list):
        return negated(node, compared(node, "==", left, right))

    def evaluate(a: Vector, b: Vector) -> Vector:
        counts = a.counts if a.counts is not None else b.counts
        is_constant = a.is_constant and b.is_constant
        return Vector(Kind.BOOL, compare(sign, a, b), counts=counts, is_constant=is_constant)

    cost = MATCHING // 2 if Kind.TEXT in kinds else 1
    return elementwise(node, Kind.BOOL, evaluate, [left, right], cost)


def _suited(code: Code, other: Code) -> Code:
    """Return a constant text as the address, MAC address or number with which it is compared."""
    text = code.text
    if text is None or other.kind is Kind.TEXT:
        return code
    value: Vector | None = None
    if text == "":
        zeros: Any = np.zeros(1, np.uint64)
        value = Vector(other.kind, zeros, lower=zeros, family=zeros.astype(np.uint8), empty=np.ones(1, bool))
    elif other.kind is Kind.ADDRESS:
        address = addresses.parse_address(text)
        if address is not None or text == "-":
            value = addresses.address_vector([address])
        elif addresses.parse_network(text) is not None:
            raise QueryError(
                "a network has many addresses", code.node.start, code.node.end, ["'in' before it"]
            )
    elif other.kind is Kind.MAC:
        mac = addresses.parse_mac(text)
        value = None if mac is None else Vector(Kind.MAC, np.array([mac], np.uint64))
    else:
        number = number_in(text)
        value = None if number is None else constant(number)
    if value is None:
        raise QueryError(
            f"'{text}' cannot be compared with {other.kind.value}",
            code.node.start,
            code.node.end,
            [other.kind.value],
        )
    return constant_code(code.node, replace(value, is_constant=True))


def in_networks(node: Node, operand: Code, networks: Code) -> Code:
    """Return whether addresses lie in one of the networks of a constant text.

    Raises:
        QueryError: it names none.
    """
    text = networks.text or ""
    found = [addresses.parse_network(part.strip()) for part in text.replace(",", ";").split(";")]
    wanted = [network for network in found if network is not None]
    if len(wanted) < len(found):
        raise QueryError(
            f"'{text}' is no address and no network", networks.node.start, networks.node.end, ["'10.0.0.0/8'"]
        )

    def evaluate(vector: Vector) -> Vector:
        result = addresses.inside(vector, wanted[0])
        for network in wanted[1:]:
            result = result | addresses.inside(vector, network)
        return truths(result, vector)

    return elementwise(node, Kind.BOOL, evaluate, [operand], len(wanted))


# ------------------------------------------------------------------ arithmetic


def need_numbers(operator: str, *codes: Code) -> None:
    """Refuse what is no number.

    Raises:
        QueryError: one of them is none.
    """
    for code in codes:
        if code.kind not in NUMBERS:
            raise QueryError(
                f"'{operator}' needs numbers, this is {code.kind.value}",
                code.node.start,
                code.node.end,
                ["a number"],
            )


def calculated(node: Node, operator: str, left: Code, right: Code) -> Code:
    """Return arithmetic or an operation on bits.

    Raises:
        QueryError: a side is no number, or no integer where bits are needed.
    """
    left, right = (number_of(code) for code in (left, right))
    need_numbers(operator, left, right)
    if operator in ("&", "|", "<<", ">>"):
        for code in (left, right):
            if code.kind not in (Kind.INT, Kind.BOOL):
                raise QueryError(
                    f"'{operator}' needs integers, this is {code.kind.value}",
                    code.node.start,
                    code.node.end,
                    ["an integer"],
                )
        return elementwise(node, Kind.INT, partial(_bitwise, operator), [left, right])
    kinds = {left.kind, right.kind}
    if operator in WHOLE and kinds <= {Kind.INT, Kind.BOOL}:
        return elementwise(node, Kind.INT, partial(_whole, operator), [left, right])
    if operator == "**" and kinds <= {Kind.INT, Kind.BOOL}:
        return elementwise(node, Kind.FLOAT, _power, [left, right], 3)
    exact = [code.value is not None and code.value.exact is not None for code in (left, right)]
    whole = all(
        code.value is None or code.value.exact is None or numbers.is_whole(code.value)
        for code in (left, right)
    )
    if operator in "+-" and whole and Kind.SECONDS in kinds and (Kind.FLOAT not in kinds or any(exact)):
        return elementwise(node, Kind.SECONDS, partial(_seconds, operator), [left, right])
    return elementwise(node, Kind.FLOAT, partial(_floating, operator), [left, right], 2)


def number_of(code: Code) -> Code:
    """Return texts as the numbers that they look like, others as 0, as AWK does."""
    if code.kind is not Kind.TEXT:
        return code

    def evaluate(vector: Vector) -> Vector:
        floats = by_word(vector, lambda word: nearest_float(number_in(word) or 0), np.float64)
        return Vector(Kind.FLOAT, floats, counts=vector.counts, is_constant=vector.is_constant)

    if code.text is not None:
        found = number_in(code.text)
        return code if found is None else constant_code(code.node, constant(found))
    return elementwise(code.node, Kind.FLOAT, evaluate, [code], 20)


def bits_of(code: Code) -> Code:
    """Return texts as the 64-bit integers that they are in decimal or hexadecimal digits, others as 0."""
    if code.kind is not Kind.TEXT or code.text is not None:
        return code

    def integer(word: str) -> int:
        found = number_in(word)
        return found & (2**64 - 1) if isinstance(found, int) else 0

    def evaluate(vector: Vector) -> Vector:
        return Vector(Kind.INT, by_word(vector, integer, np.uint64), counts=vector.counts)

    return elementwise(code.node, Kind.INT, evaluate, [code], 20)


def _result(kind: Kind, values: Any, a: Vector, b: Vector, digits: int = 0) -> Vector:
    counts = a.counts if a.counts is not None else b.counts
    is_constant = a.is_constant and b.is_constant
    exact = None
    if is_constant and kind is Kind.INT and isinstance(values[0], int | np.integer):
        exact = int(values[0])
    return Vector(kind, values, counts=counts, is_constant=is_constant, exact=exact, digits=digits)


def _bitwise(operator: str, a: Vector, b: Vector) -> Vector:
    if operator in BIT_OPERATORS:
        values = BIT_OPERATORS[operator](numbers.bits(a), numbers.bits(b))
    else:
        values = numbers.shifted(a, b, operator == "<<")
    return _result(Kind.INT, values, a, b, max(a.digits, b.digits))


def _whole(operator: str, a: Vector, b: Vector) -> Vector:
    return _result(Kind.INT, WHOLE[operator](numbers.as_integers(a), numbers.as_integers(b)), a, b)


def _seconds(operator: str, a: Vector, b: Vector) -> Vector:
    values = WHOLE[operator](numbers.as_nanoseconds(a), numbers.as_nanoseconds(b))
    return _result(Kind.SECONDS, values, a, b)


def _floating(operator: str, a: Vector, b: Vector) -> Vector:
    x, y = numbers.as_floats(a), numbers.as_floats(b)
    with np.errstate(all="ignore"):
        values = FLOATS[operator](x, y)
        if operator == "/":
            values = np.where(y == 0, np.nan, values)
    result = _result(Kind.FLOAT, values, a, b)
    if (
        a.exact is not None
        and b.exact is not None
        and operator in "+-*/"
        and not (operator == "/" and b.exact == 0)
    ):
        exact = {"+": a.exact + b.exact, "-": a.exact - b.exact, "*": a.exact * b.exact}
        return constant(exact[operator] if operator in exact else a.exact / Fraction(b.exact))
    return result


def _power(a: Vector, b: Vector) -> Vector:
    with np.errstate(all="ignore"):
        values = np.float_power(numbers.as_floats(a), numbers.as_floats(b))
    if a.exact is not None and b.exact is not None and 0 <= b.exact <= 64 and abs(values[0]) < 2**64:
        return constant(int(a.exact) ** int(b.exact))
    return _result(Kind.FLOAT, values, a, b)
