"""Functions that give values: numbers, texts, times, addresses, parts of cells."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from t2tui.core.query import numbers
from t2tui.core.query.codes import Batch, Code
from t2tui.core.query.functions import Arguments, define
from t2tui.core.query.vectors import Kind, Vector, as_text, integers, texts

NUMBERS = "numbers"


@define(NUMBERS, "abs", "x", "x without its sign")
def _abs(arguments: Arguments) -> Code:
    code = arguments.number(0)
    if code.kind is Kind.FLOAT:
        return arguments.make(
            Kind.FLOAT, lambda v: _like(v, Kind.FLOAT, np.abs(numbers.as_floats(v))), [code]
        )

    def evaluate(vector: Vector) -> Vector:
        values = vector.values if vector.kind is Kind.SECONDS else numbers.as_integers(vector)
        negative = numbers.subtracted(integers([0]), values)
        return _like(vector, vector.kind, np.where(values < 0, negative, values))

    return arguments.make(Kind.INT if code.kind is Kind.BOOL else code.kind, evaluate, [code])


def _like(vector: Vector, kind: Kind, values: Any) -> Vector:
    return Vector(kind, values, counts=vector.counts, is_constant=vector.is_constant)


@define(NUMBERS, "log2", "x", "logarithm to base 2; no number for x <= 0")
def _log2(arguments: Arguments) -> Code:
    def evaluate(vector: Vector) -> Vector:
        floats = numbers.as_floats(vector)
        with np.errstate(all="ignore"):
            return _like(vector, Kind.FLOAT, np.where(floats > 0, np.log2(floats), np.nan))

    return arguments.make(Kind.FLOAT, evaluate, [arguments.number(0)])


def _extreme(arguments: Arguments, choose: Any) -> Code:
    codes = [arguments.number(place) for place in range(len(arguments))]
    kinds = {code.kind for code in codes}
    kind = kinds.pop() if len(kinds) == 1 else Kind.INT if kinds <= {Kind.INT, Kind.BOOL} else Kind.FLOAT
    if kind is Kind.BOOL:
        kind = Kind.INT

    def evaluate(*vectors: Vector) -> Vector:
        read = {Kind.INT: numbers.as_integers, Kind.SECONDS: numbers.as_nanoseconds}.get(
            kind, numbers.as_floats
        )
        arrays = [read(vector) for vector in vectors]
        if kind is Kind.INT and len({array.dtype for array in arrays}) > 1:
            arrays = [array.astype(object) for array in arrays]
        result = arrays[0]
        for array in arrays[1:]:
            result = choose(result, array)
        counts = next((vector.counts for vector in vectors if vector.counts is not None), None)
        return Vector(kind, result, counts=counts, is_constant=all(vector.is_constant for vector in vectors))

    return arguments.make(kind, evaluate, codes)


for _count, _parameters in ((2, "a, b"), (3, "a, b, c")):
    define(NUMBERS, f"min{_count}", _parameters, "the smallest")(partial(_extreme, choose=np.minimum))
    define(NUMBERS, f"max{_count}", _parameters, "the largest")(partial(_extreme, choose=np.maximum))


@define(NUMBERS, "xor", "a, b", "bits that are set in one of the two")
def _xor(arguments: Arguments) -> Code:
    def evaluate(a: Vector, b: Vector) -> Vector:
        counts = a.counts if a.counts is not None else b.counts
        constant = a.is_constant and b.is_constant
        values = numbers.bits(a) ^ numbers.bits(b)
        return Vector(Kind.INT, values, counts=counts, is_constant=constant, digits=max(a.digits, b.digits))

    return arguments.make(Kind.INT, evaluate, [arguments.integer(0), arguments.integer(1)])


@define(NUMBERS, "strtonum", "v", "the number that a text looks like, hexadecimal ones too; 0 for others")
def _strtonum(arguments: Arguments) -> Code:
    return arguments.number(0)


# ------------------------------------------------------------------ rows

COLUMNS = "columns"

TUPLES = {
    "tuple2": ("srcIP", "dstIP"),
    "tuple3": ("srcIP", "dstIP", "dstPort"),
    "tuple4": ("srcIP", "srcPort", "dstIP", "dstPort"),
    "tuple5": ("srcIP", "srcPort", "dstIP", "dstPort", "l4Proto"),
    "tuple6": ("srcIP", "srcPort", "dstIP", "dstPort", "l4Proto", "vlanID"),
}
"""Function -> columns whose texts it joins."""


def cell_texts(vector: Vector) -> list[str]:
    """Return the text of each row; elements of lists are joined by ``;``."""
    shown = as_text(vector)
    found = [shown.words[code] for code in shown.values.tolist()]
    if shown.counts is None:
        return found
    behind = np.cumsum(shown.counts).tolist()
    return [";".join(found[end - n : end]) for end, n in zip(behind, shown.counts.tolist(), strict=True)]


def _tuple(arguments: Arguments, names: Sequence[str]) -> Code:
    columns = [arguments.column(name) for name in names]

    def evaluate(batch: Batch) -> Vector:
        cells = [cell_texts(column.evaluate(batch)) for column in columns]
        return texts(list(map("\t".join, zip(*cells, strict=True))))

    read = frozenset(name for column in columns for name in column.columns)
    return Code(arguments.node, Kind.TEXT, False, 100 * len(columns), evaluate, read)


for _name, _columns in TUPLES.items():
    define(COLUMNS, _name, "", f"{', '.join(_columns)}: their texts, tabs between them")(
        partial(_tuple, names=_columns)
    )
