"""Rows as T2 text, CSV, JSON lines or an aligned table; for terminals without what could steer them."""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from t2tui.cli.terminal import printable
from t2tui.core.query.cells import split_list
from t2tui.core.query.vectors import Kind, digits_of, is_list, kind_of

FORMATS = ("text", "csv", "json", "table")

LOOKED_AT = 5000
"""Rows by which the widths of a table's columns are chosen; later cells that are wider push theirs aside."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")

Row = Sequence[str]
RIGHT = (Kind.INT, Kind.FLOAT, Kind.SECONDS)


def text_lines(
    names: Sequence[str], types: Sequence[str], rows: Iterator[Row], header: bool
) -> Iterator[str]:
    """Yield lines of cells with tabs between them; the first one begins with ``%``."""
    if header:
        yield "%" + "\t".join(names)
    for row in rows:
        yield "\t".join(row)


def csv_lines(names: Sequence[str], types: Sequence[str], rows: Iterator[Row], header: bool) -> Iterator[str]:
    """Yield lines of comma-separated values (RFC 4180); strings without the quotes of flow files."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="")
    places = [place for place, type_ in enumerate(types) if type_ == "S"]

    def line(row: Row) -> str:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(row)
        return buffer.getvalue()

    if header:
        yield line(names)
    for row in rows:
        cells = list(row)
        for place in places:
            cells[place] = _unquoted(cells[place])
        yield line(cells)


def json_lines(
    names: Sequence[str], types: Sequence[str], rows: Iterator[Row], header: bool
) -> Iterator[str]:
    """Yield one JSON object per row: numbers as they stand, lists as arrays, empty cells as null."""
    keys = [json.dumps(name) for name in names]
    makers = [_json_maker(type_) for type_ in types]
    for row in rows:
        pairs = zip(keys, makers, row, strict=True)
        yield "{" + ", ".join(f"{key}: {make(cell)}" for key, make, cell in pairs) + "}"


def _json_maker(type_: str) -> Callable[[str], str]:
    base = type_.removesuffix(":R")
    is_number = kind_of(type_) in RIGHT and not digits_of(type_)

    def scalar(cell: str) -> str:
        if is_number and _NUMBER.fullmatch(cell):
            return cell
        if base == "S":
            return json.dumps(_unquoted(cell))
        return json.dumps(cell) if cell else "null"

    if not is_list(type_):
        return scalar
    return lambda cell: "[" + ", ".join(map(scalar, split_list(cell))) + "]" if cell else "[]"


def _unquoted(cell: str) -> str:
    return cell[1:-1] if len(cell) > 1 and cell[0] == '"' == cell[-1] else cell


def table_lines(
    names: Sequence[str], types: Sequence[str], rows: Iterator[Row], header: bool
) -> Iterator[str]:
    """Yield lines of aligned columns; characters that could steer a terminal are escaped."""
    looked_at = [[printable(cell) for cell in row] for row in islice(rows, LOOKED_AT)]
    heading = [printable(name) for name in names]
    first = [heading, *looked_at] if header else looked_at
    if not first:
        return
    widths = [max(map(width, column)) for column in zip(*first, strict=True)]
    right = [kind_of(type_) in RIGHT for type_ in types]

    def line(row: Row) -> str:
        cells = []
        for cell, wide, is_right in zip(row, widths, right, strict=True):
            blank = " " * (wide - width(cell))
            cells.append(blank + cell if is_right else cell + blank)
        return "  ".join(cells).rstrip()

    yield from map(line, first)
    for row in rows:
        yield line([printable(cell) for cell in row])


def width(text: str) -> int:
    """Return the number of places that a text takes on a terminal (Unicode Standard Annex 11)."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


LINES: dict[str, Callable[[Sequence[str], Sequence[str], Iterator[Row], bool], Iterator[str]]] = {
    "text": text_lines,
    "csv": csv_lines,
    "json": json_lines,
    "table": table_lines,
}
"""Format -> how lines are made of names, types, rows, and whether the names are shown."""


def shown_on_terminal(text: str) -> str:
    """Return lines with everything but tabs and line feeds escaped that could steer a terminal."""
    lines = text.split("\n")
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in lines)
