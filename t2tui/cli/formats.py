"""Rows as an aligned table beside the formats of files; for terminals without what could steer them."""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice

from t2tui.cli.terminal import printable
from t2tui.core import formats
from t2tui.core.formats import RIGHT, Row
from t2tui.core.query.vectors import kind_of

__all__ = ["FORMATS", "LINES", "Row", "shown_on_terminal", "table_lines", "width"]

FORMATS = ("text", "csv", "json", "table")

LOOKED_AT = 5000
"""Rows by which the widths of a table's columns are chosen; later cells that are wider push theirs aside."""


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


LINES = {**formats.LINES, "table": table_lines}
"""Format -> how lines are made of names, types, rows, and whether the names are shown."""


def shown_on_terminal(text: str) -> str:
    """Return lines with everything but tabs and line feeds escaped that could steer a terminal."""
    lines = text.split("\n")
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in lines)
