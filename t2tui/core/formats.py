"""Rows as T2 text, CSV (RFC 4180) and JSON lines; what files of tables have in common with the terminal."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence

from t2tui.core.query.cells import split_list
from t2tui.core.query.vectors import Kind, digits_of, is_list, kind_of

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters of a cell that spreadsheets calculate."""

NUMBERS = ("U", "I", "F", "D")
"""First letters of the types whose cells are numbers, which a minus may begin."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")

Row = Sequence[str]
RIGHT = (Kind.INT, Kind.FLOAT, Kind.SECONDS)
Lines = Callable[[Sequence[str], Sequence[str], Iterator[Row], bool], Iterator[str]]


def unformulated(cell: str) -> str:
    """Return a cell with an apostrophe before it if a spreadsheet would calculate it."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def text_lines(
    names: Sequence[str], types: Sequence[str], rows: Iterator[Row], header: bool
) -> Iterator[str]:
    """Yield lines of cells with tabs between them; the first one begins with ``%``."""
    if header:
        yield "%" + "\t".join(names)
    for row in rows:
        yield "\t".join(row)


def csv_lines(
    names: Sequence[str],
    types: Sequence[str],
    rows: Iterator[Row],
    header: bool,
    *,
    is_guarded: bool = False,
) -> Iterator[str]:
    """Yield lines of comma-separated values; strings without the quotes of flow files.

    Args:
        names: of the columns.
        types: of their cells.
        rows: cells.
        header: whether the names are shown.
        is_guarded: put an apostrophe before texts that spreadsheets would calculate.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="")
    places = [place for place, type_ in enumerate(types) if type_ == "S"]
    guarded = [place for place, type_ in enumerate(types) if is_guarded and not type_.startswith(NUMBERS)]

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
        for place in guarded:
            cells[place] = unformulated(cells[place])
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


LINES: dict[str, Lines] = {"text": text_lines, "csv": csv_lines, "json": json_lines}
"""Format -> how lines are made of names, types, rows, and whether the names are shown."""
