"""Flows as JSON objects (RFC 8259), one line each; jsonSink and socketSink write them (docs/sinks.md)."""

import json
import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from numpy.typing import NDArray

from t2tui.plugins.base import Run
from t2tui.plugins.cells import FLOAT, HEX, INTEGER, Cells, convert, floats, is_list, kind_of, strings

quoted = json.JSONEncoder(ensure_ascii=False).encode
"""Writes a string as JSON; ``json.dumps`` makes an encoder for each."""


class JsonLines:
    """Makes one object per flow."""

    def __init__(
        self, run: Run, select: Sequence[str] | None = None, *, spaces: bool = False, empty: bool = False
    ) -> None:
        """Ask for the columns; every plugin has started.

        Args:
            run: whose flows.
            select: see Cells.
            spaces: put blanks behind colons and commas.
            empty: keep columns without value: ``[]`` for lists, ``null`` for others.
        """
        self._cells = Cells(run, select)
        self._comma, self._colon = (", ", ": ") if spaces else (",", ":")
        self._empty = empty

    def rows(self, slots: NDArray[Any]) -> list[str]:
        """Return the objects of flows."""
        pattern, columns = [], []
        for column, name, cells in zip(
            self._cells.columns, self._cells.names, self._cells.read(slots), strict=True
        ):
            key = json.dumps(name) + self._colon
            values = convert(column.type, cells, json_values, partial(array, self._comma))
            if None not in values:
                pattern.append(key.replace("%", "%%") + "%s" + self._comma)
            elif self._empty:
                nothing = "[]" if is_list(column.type) else "null"
                values = [nothing if value is None else value for value in values]
                pattern.append(key.replace("%", "%%") + "%s" + self._comma)
            else:
                values = ["" if value is None else f"{key}{value}{self._comma}" for value in values]
                pattern.append("%s")
            columns.append(values)
        row, cut = "".join(pattern), len(self._comma)
        return [f"{{{(row % values)[:-cut]}}}" for values in zip(*columns, strict=True)]


def array(comma: str, values: list[str]) -> str:
    """Return an array."""
    return f"[{comma.join(values)}]"


def json_values(type_: str, texts: Sequence[str]) -> list[str]:
    """Return the texts of values in JSON: numbers, and strings for everything else."""
    kind = kind_of(type_)
    if kind == INTEGER:
        return list(texts)
    if kind == FLOAT:
        return list(map(number, floats(type_, texts)))
    if kind == HEX:
        return [f'"{text}"' for text in texts]
    return list(map(quoted, strings(type_, texts)))


def number(value: float) -> str:
    """Return a floating-point number with 17 significant digits, null for one that JSON does not have."""
    if not math.isfinite(value):
        return "null"
    text = f"{value:.17g}"
    digits, e, exponent = text.partition("e")
    if e:
        return f"{digits}e{exponent[0]}{exponent[1:].lstrip('0')}"
    return text if "." in text else f"{text}.0"
