"""Gives the parts of an expression their kinds and refuses what cannot be meant."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from t2tui.core.columns import Column, UnknownColumn, find
from t2tui.core.nearest import nearest_names
from t2tui.core.query import numbers
from t2tui.core.query.codes import (
    MATCHING,
    Code,
    column_code,
    constant_code,
    elementwise,
    logical,
    negated,
    single,
)
from t2tui.core.query.comparing import NumberSet, parse_numbers
from t2tui.core.query.errors import QueryError
from t2tui.core.query.functions import Arguments, function
from t2tui.core.query.nodes import (
    Binary,
    Call,
    Choice,
    ColumnName,
    Membership,
    Node,
    Number,
    Range,
    Regex,
    Text,
    Unary,
)
from t2tui.core.query.operators import calculated, compared, in_networks, need_numbers
from t2tui.core.query.patterns import PatternError, compile_pattern
from t2tui.core.query.vectors import (
    NUMBERS,
    Kind,
    Vector,
    as_text,
    by_word,
    constant,
    is_list,
    kind_of,
    truths,
)

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


class Checker:
    """Checks expressions against the columns of a table."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = {column.name: column for column in columns}
        self._aliases = {alias: column.name for column in columns for alias in column.aliases}

    def resolve(self, name: str) -> str | None:
        """Return today's name of a column of the table, or None."""
        if name in self.columns:
            return name
        if name in self._aliases:
            return self._aliases[name]
        try:
            known = find(name)
        except UnknownColumn:
            return None
        return next((n for n in (known.name, *known.aliases) if n in self.columns), None)

    def column(self, node: Node, name: str, user: str = "") -> Code:
        """Return a column by name.

        Args:
            node: where it is named.
            name: of today or of an older version.
            user: the function that needs it.

        Raises:
            QueryError: the table has no such column.
        """
        found = self.resolve(name)
        if found is None:
            needs = (
                f"{user}() needs the column '{name}', which is not here"
                if user
                else f"unknown column '{name}'"
            )
            raise QueryError(
                needs, node.start, node.end, (), () if user else nearest_names(name, self.columns)
            )
        type_ = self.columns[found].type
        return column_code(node, found, kind_of(type_), is_list(type_))

    def check(self, node: Node) -> Code:
        """Return a node with its kind.

        Raises:
            QueryError: a name is unknown or kinds do not go together.
        """
        match node:
            case Number():
                return constant_code(node, constant(node.value))
            case Text():
                return constant_code(node, constant(node.value))
            case Regex():
                raise QueryError("a regular expression stands behind ~ or !~", node.start, node.end)
            case ColumnName():
                return self._column_name(node)
            case Call():
                return function(node).build(
                    Arguments(self, node, [self.check(part) for part in node.arguments])
                )
            case Unary(operator="!"):
                return negated(node, self.check(node.operand))
            case Unary():
                return self._sign(node)
            case Binary(operator="&&" | "||"):
                parts = [self.check(part) for part in _flat(node, node.operator)]
                return logical(node, parts, node.operator == "||")
            case Binary(operator="~" | "!~"):
                return self._match(node)
            case Binary():
                left, right = self.check(node.left), self.check(node.right)
                if node.operator in COMPARISONS:
                    return compared(node, node.operator, left, right)
                return calculated(node, node.operator, left, right)
            case Choice():
                return self._choice(node)
            case Membership():
                return self._membership(node)
        raise QueryError("a range stands in the list behind 'in' only", node.start, node.end)

    def _column_name(self, node: ColumnName) -> Code:
        if node.has_mark and node.name.isdecimal():
            names = list(self.columns)
            number = int(node.name[:9])
            if not 1 <= number <= len(names):
                raise QueryError(f"there are columns 1 to {len(names)}", node.start, node.end)
            return self.column(node, names[number - 1])
        try:
            return self.column(node, node.name)
        except QueryError as wrong:
            if not node.has_mark and function(node, or_none=True) is not None:
                raise QueryError(
                    f"'{node.name}' is a function", node.start, node.end, [f"{node.name}(...)"]
                ) from None
            raise wrong

    def _sign(self, node: Unary) -> Code:
        operand = self.check(node.operand)
        need_numbers(node.operator, operand)
        if operand.value is not None and operand.value.exact is not None:
            value = operand.value.exact
            return constant_code(node, constant(-value if node.operator == "-" else value))
        zero = constant_code(node, constant(0))
        return calculated(node, node.operator, zero, operand)

    def _match(self, node: Binary) -> Code:
        right = node.right
        left = self.check(node.left)
        if isinstance(right, Regex):
            pattern, ignores_case, inside = right.pattern, right.ignores_case, 1
        else:
            text = self.check(right).text
            if text is None:
                raise QueryError(
                    "the right side of ~ is not constant", right.start, right.end, ["/a regular expression/"]
                )
            pattern, ignores_case, inside = text, False, 1
        try:
            search = compile_pattern(pattern, ignores_case)
        except PatternError as wrong:
            start = right.start + inside + (wrong.place or 0)
            start = min(start, right.end - 1) if wrong.place is not None else right.start
            raise QueryError(f"the regular expression {_reason(wrong)}", start, right.end) from None

        def matches(vector: Vector) -> Vector:
            texts = as_text(vector)
            try:
                return truths(by_word(texts, lambda word: search(word) is not None), texts)
            except PatternError as wrong:
                raise QueryError(f"the regular expression {wrong}", right.start, right.end) from None

        code = elementwise(node, Kind.BOOL, matches, [left], MATCHING)
        return negated(node, code) if node.operator == "!~" else code

    def _choice(self, node: Choice) -> Code:
        condition = self.check(node.condition)
        chosen, other = self.check(node.chosen), self.check(node.other)
        kind = _common_kind(chosen.kind, other.kind)
        if kind is None:
            raise QueryError(
                f"{chosen.kind.value} or {other.kind.value}: both must be of one kind",
                chosen.node.start,
                other.node.end,
            )
        if kind is Kind.BOOL:
            chosen, other = single(chosen), single(other)
        if chosen.is_list or other.is_list:
            wrong = chosen.node if chosen.is_list else other.node
            raise QueryError("a choice cannot give a list", wrong.start, wrong.end)
        return elementwise(node, kind, partial(_chosen, kind), [single(condition), chosen, other])

    def _membership(self, node: Membership) -> Code:
        operand = self.check(node.operand)
        singles: list[tuple[Any, Any]] = []
        tests: list[Code] = []
        for item in node.items:
            if isinstance(item, Range):
                first, last = self.check(item.first), self.check(item.last)
                low, high = (code.value.exact if code.value is not None else None for code in (first, last))
                if operand.kind in NUMBERS and low is not None and high is not None:
                    if low > high:
                        raise QueryError("the range ends before it begins", item.start, item.end)
                    singles.append((low, high))
                else:
                    both = [compared(item, ">=", operand, first), compared(item, "<=", operand, last)]
                    if operand.is_list:
                        raise QueryError("ranges of lists need constant numbers", item.start, item.end)
                    tests.append(logical(item, both, False))
                continue
            code = self.check(item)
            if operand.kind in NUMBERS and code.value is not None and code.value.exact is not None:
                singles.append((code.value.exact, code.value.exact))
            elif operand.kind in NUMBERS and code.text is not None:
                found = parse_numbers(code.text)
                if found is None:
                    raise QueryError("not a list of numbers", item.start, item.end, ["'80;443;6000-6008'"])
                singles += found.ranges
            elif operand.kind is Kind.ADDRESS and code.text:
                tests.append(in_networks(item, operand, code))
            else:
                tests.append(compared(item, "==", operand, code))
        if singles:
            wanted = NumberSet(tuple(singles))
            tests.append(elementwise(node, Kind.BOOL, lambda v: truths(wanted.contains(v), v), [operand]))
        return tests[0] if len(tests) == 1 else logical(node, tests, True)


def _reason(wrong: PatternError) -> str:
    return str(wrong) if wrong.place is None and not str(wrong)[:1].isupper() else f"is not valid: {wrong}"


def _flat(node: Node, operator: str) -> list[Node]:
    """Return the parts of ``a && b && c``."""
    parts: list[Node] = []
    left = [node]
    while left:
        part = left.pop()
        if isinstance(part, Binary) and part.operator == operator:
            left += [part.right, part.left]
        else:
            parts.append(part)
    return parts


def _common_kind(a: Kind, b: Kind) -> Kind | None:
    if a is b:
        return a
    if a in NUMBERS and b in NUMBERS:
        return Kind.INT if {a, b} <= {Kind.INT, Kind.BOOL} else Kind.FLOAT
    return None


def _chosen(kind: Kind, condition: Vector, chosen: Vector, other: Vector) -> Vector:
    size = len(condition.values)
    flags = condition.values
    a, b = (_spread(vector, kind, size) for vector in (chosen, other))
    empty = None
    if a.empty is not None or b.empty is not None:
        none = np.zeros(size, bool)
        empty = np.where(flags, none if a.empty is None else a.empty, none if b.empty is None else b.empty)
    words = (*a.words, *b.words)
    first, second = a.values, b.values + len(a.words) if kind is Kind.TEXT else b.values
    if first.dtype != second.dtype and kind is Kind.INT:
        first, second = first.astype(object), second.astype(object)
    picked = np.where(flags, first, second)
    lower, family = a.lower, a.family
    if kind is Kind.ADDRESS:
        assert lower is not None and family is not None and b.lower is not None and b.family is not None
        lower, family = np.where(flags, lower, b.lower), np.where(flags, family, b.family)
    digits = a.digits if a.digits == b.digits else 0
    return Vector(kind, picked, lower=lower, family=family, words=words, empty=empty, digits=digits)


def _spread(vector: Vector, kind: Kind, size: int) -> Vector:
    """Return a vector of another kind of number, a constant as often as there are rows."""
    if kind is Kind.FLOAT and vector.kind in NUMBERS:
        vector = replace(vector, kind=kind, values=numbers.as_floats(vector))
    elif kind is Kind.INT:
        vector = replace(vector, kind=kind, values=numbers.as_integers(vector))
    return vector.pick(np.zeros(size, np.int64)) if vector.is_constant else vector
