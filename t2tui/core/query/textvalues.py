"""Functions that change texts and take cells apart."""

import base64
import binascii
import json
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from t2tui.core.query.cells import split_list
from t2tui.core.query.codes import Batch, Code
from t2tui.core.query.functions import Arguments, define
from t2tui.core.query.texttests import unquoted
from t2tui.core.query.values import cell_texts
from t2tui.core.query.vectors import Kind, Vector, as_text, by_word, by_words, texts

STRINGS = "strings"
PARTS = "parts"
COST = 30


def changed(arguments: Arguments, change: Callable[[str], str], place: int = 0) -> Code:
    """Return an argument's texts, each distinct one changed once."""
    return arguments.make(
        Kind.TEXT, lambda v: replace(by_words(as_text(v), change), exact=None), [arguments.codes[place]], COST
    )


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


_TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{character: f"\\{character}" for character in "&%$#_{}"},
    }
)

CHANGES: dict[str, tuple[Callable[[str], str], str]] = {
    "quote": (lambda text: f'"{text}"', "v in double quotes"),
    "unquote": (unquoted, "v without the quotes around it"),
    "chomp": (lambda text: text.rstrip("\r\n"), "v without line ends behind it"),
    "strip": (lambda text: text.strip(), "v without blanks around it"),
    "lstrip": (lambda text: text.lstrip(), "v without blanks before it"),
    "rstrip": (lambda text: text.rstrip(), "v without blanks behind it"),
    "tolower": (lambda text: text.lower(), "v in small letters"),
    "toupper": (lambda text: text.upper(), "v in capital letters"),
    "urldecode": (lambda text: urllib.parse.unquote_plus(text), "v with %20 and + of URLs decoded"),
    "base64": (lambda text: base64.b64encode(text.encode()).decode(), "v encoded as base64 (RFC 4648)"),
    "base64d": (_decoded, "v decoded from base64; empty where it is none"),
    "texscape": (lambda text: text.translate(_TEX), "v with the characters escaped that TeX obeys"),
    "json": (json.dumps, "v as a JSON text (RFC 8259)"),
}
"""Function -> how a text is changed, and its description."""

for _name, (_change, _what) in CHANGES.items():
    define(STRINGS, _name, "v", _what)(partial(changed, change=_change))


@define(STRINGS, "length", "v", "number of characters of v")
def _length(arguments: Arguments) -> Code:
    def evaluate(vector: Vector) -> Vector:
        shown = as_text(vector)
        return Vector(
            Kind.INT, by_word(shown, len, np.int64), counts=shown.counts, is_constant=shown.is_constant
        )

    return arguments.make(Kind.INT, evaluate, [arguments.codes[0]], COST)


@define(STRINGS, "substr", "v, first[, length]", "characters of v from the first one on, counted from 1")
def _substr(arguments: Arguments) -> Code:
    first = arguments.constant_int(1)
    behind = None if len(arguments) < 3 else first + arguments.constant_int(2) - 1
    begin = max(first - 1, 0)
    return changed(arguments, lambda text: text[begin : None if behind is None else max(behind, begin)])


@define(STRINGS, "join", "sep, a[, ...]", "the texts of the cells with sep between them")
def _join(arguments: Arguments) -> Code:
    separator = arguments.constant_text(0)
    columns = arguments.codes[1:]

    def evaluate(batch: Batch) -> Vector:
        cells = []
        for column in columns:
            shown = cell_texts(column.evaluate(batch))
            cells.append(shown * len(batch) if column.value is not None else shown)
        return texts([separator.join(row) for row in zip(*cells, strict=True)])

    read = frozenset(name for column in columns for name in column.columns)
    return Code(arguments.node, Kind.TEXT, False, COST * len(columns) + COST, evaluate, read)


# ------------------------------------------------------------------ parts


def _split(arguments: Arguments, cut: Callable[[str], Sequence[str]], number_place: int) -> Code:
    """Return all parts of a cell as a list, or one of them."""
    code = arguments.codes[0]
    number = arguments.constant_int(number_place, 0)
    columns = code.columns

    def evaluate(batch: Batch) -> Vector:
        cells = cell_texts(code.evaluate(batch))
        if code.value is not None:
            cells = cells * len(batch)
        parts = [cut(cell) for cell in cells]
        if number:
            return texts([_part(each, number) for each in parts])
        counts = np.fromiter(map(len, parts), np.int64, len(parts))
        return replace(texts([part for each in parts for part in each]), counts=counts)

    shape = f"parts at {arguments.node.start}"
    return Code(arguments.node, Kind.TEXT, number == 0, 2 * COST, evaluate, columns, shape=shape)


def _part(parts: Sequence[str], number: int) -> str:
    """Return a part counted from 1, or from -1 backwards; empty where there is none."""
    place = number - 1 if number > 0 else len(parts) + number
    return parts[place] if 0 <= place < len(parts) else ""


@define(PARTS, "splitr", "v[, n]", "the elements of a list (;), or the n-th one, -1 the last")
def _splitr(arguments: Arguments) -> Code:
    return _split(arguments, split_list, 1)


@define(PARTS, "splitc", "v[, n]", "the parts of a compound value (_), or the n-th one, -1 the last")
def _splitc(arguments: Arguments) -> Code:
    return _split(arguments, lambda cell: cell.split("_"), 1)


@define(PARTS, "t2split", "v, sep[, n]", "the parts of v between sep, or the n-th one, -1 the last")
def _t2split(arguments: Arguments) -> Code:
    separator = arguments.constant_text(1)
    if not separator:
        raise arguments.wrong(1, "the separator is empty", "a text")
    return _split(arguments, lambda cell: cell.split(separator), 2)
