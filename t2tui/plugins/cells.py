"""Flows for sinks that are not the flow file: cells by column, and the values that they stand for.

The compiled row writer makes the text, here it is taken apart again, a column at a time. Floating-point
numbers travel as the integer of their bits, so that all digits arrive.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import Column, unique_names
from t2tui.core.lines import Lines
from t2tui.core.nearest import did_you_mean, nearest_names
from t2tui.core.outputs import OutputError
from t2tui.core.store import ColumnStore
from t2tui.core.text.fields import FLOATS, Code, Field
from t2tui.core.text.rows import RowWriter
from t2tui.plugins.base import Run

Cell: TypeAlias = Sequence[str]

INTEGER, HEX, FLOAT, TEXT = range(4)
"""Kinds of values."""

NO_PAYLOAD = np.zeros(0, np.uint8)

PIECE = 1024
"""Most flows that are taken out of the tables at once: the end of a run writes up to all of them."""

PLAIN = {Code.UINT: "u", Code.INT: "i", Code.FLOAT: "f", Code.DOUBLE: "f", Code.SECONDS: "f"}
"""Numbers that need not become text, and how their bits are read."""

ELEMENT = re.compile(r'(?:[^;"\\]|\\.|"(?:[^"\\]|\\.)*")+', re.DOTALL)
"""An element of a list that has strings, in which a semicolon may stand."""

ESCAPE = re.compile(r"\\(?:u([0-9A-F]{4})|(.))", re.DOTALL)
LETTERS = {"b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}


@dataclass(frozen=True)
class Numbers:
    """A column that did not become text.

    Attributes:
        values: integers or floating-point numbers, one per flow.
        shown: bool, which flows have a value; None: all.
    """

    values: NDArray[Any]
    shown: NDArray[np.bool_] | None = None


def pieces(slots: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield flows, not too many at once."""
    for first in range(0, len(slots), PIECE):
        yield slots[first : first + PIECE]


def column_names(run: Run) -> list[str]:
    """Return the names of the columns, no two alike (docs/sinks.md); every plugin has started."""
    return unique_names((column for column, _ in run.flow_columns()), run.names)


class Cells:
    """The columns of the flows of a run, all of them or some.

    Attributes:
        names: of the columns, no two alike.
        columns: their types and descriptions.
    """

    def __init__(
        self,
        run: Run,
        select: Sequence[str] | None = None,
        *,
        exact: bool = True,
        plain: frozenset[int] = frozenset(),
    ) -> None:
        """Ask for the columns; every plugin has started.

        Args:
            run: whose flows.
            select: names of the columns wanted, in the order of the flow file; None: all.
            exact: floating-point numbers are their bits; False: the flow file's text.
            plain: kinds of values that ``values`` gives as numbers instead of cells.
        """
        self._run, self._exact = run, exact
        names, pairs = column_names(run), run.flow_columns()
        self._places = [place for place, name in enumerate(names) if select is None or name in select]
        self.names = [names[place] for place in self._places]
        self.columns: list[Column] = [pairs[place][0] for place in self._places]
        self.is_plain = [
            kind_of(pairs[place][0].type) in plain and _is_plain(pairs[place][1]) for place in self._places
        ]
        self._fields: list[Field] = []  # of all columns, as the writer was made with
        self._lines = Lines(run, self._text_fields)

    def _text_fields(self) -> list[Field]:
        pairs = self._run.flow_columns()
        self._fields = [pairs[place][1] for place in self._places]
        fields = [field for field, plain in zip(self._fields, self.is_plain, strict=True) if not plain]
        fields = fields or self._fields[:1]  # a line needs a cell
        return [_as_bits(field) for field in fields] if self._exact else fields

    def text(self, slots: NDArray[Any]) -> str:
        """Return one line per flow: the cells of the columns that are not plain numbers."""
        text = self._lines.writer().write((0, len(slots)), slots, NO_PAYLOAD)
        return text.decode("utf-8", "replace")

    def read(self, slots: NDArray[Any]) -> list[Cell]:
        """Return the cells of flows: one sequence per column; floating-point numbers are their bits."""
        if len(slots) == 0 or all(self.is_plain):
            return [()] * self.is_plain.count(False)
        lines = self.text(slots).split("\n")[:-1]
        return list(zip(*(line.split("\t") for line in lines), strict=True))

    def numbers(self, slots: NDArray[Any]) -> list[Numbers]:
        """Return the columns of flows that are plain numbers."""
        self._lines.writer()  # asks for the fields where they have changed
        found = []
        for field, plain in zip(self._fields, self.is_plain, strict=True):
            if not plain:
                continue
            first = slice(0, len(slots))
            by_row = slots if field.by == "slot" else first
            found.append(_numbers(field, by_row, slots if field.when_by == "slot" else first))
        return found


class StoredCells:
    """The columns of flows that are kept in memory; takes the place of Cells.

    Attributes:
        names, columns, is_plain: see Cells.
    """

    def __init__(
        self, store: ColumnStore, names: Sequence[str], *, plain: frozenset[int] = frozenset()
    ) -> None:
        """Choose columns.

        Args:
            store: whose rows; no more may be appended.
            names: of the columns.
            plain: see Cells.
        """
        self.names = list(names)
        self.columns = [store.column(name) for name in names]
        self._fields = store.fields(names)
        pairs = zip(self.columns, self._fields, strict=True)
        self.is_plain = [kind_of(column.type) in plain and _is_plain(field) for column, field in pairs]
        texts = [field for field, plain in zip(self._fields, self.is_plain, strict=True) if not plain]
        self._writer = RowWriter(list(map(_as_bits, texts or self._fields[:1])))
        self._content = store.content

    def text(self, rows: NDArray[Any]) -> str:
        """Return one line per row: the cells of the columns that are not plain numbers."""
        chunks = self._writer.chunks(np.asarray(rows, np.int32), None, self._content)
        return b"".join(map(bytes, chunks)).decode("utf-8", "replace")

    def numbers(self, rows: NDArray[Any]) -> list[Numbers]:
        """Return the columns of rows that are plain numbers."""
        pairs = zip(self._fields, self.is_plain, strict=True)
        return [_numbers(field, rows, rows) for field, plain in pairs if plain]


def _numbers(field: Field, records: Any, flagged: Any) -> Numbers:
    """Return a plain column.

    Args:
        field: of the column.
        records: which of its values.
        flagged: which of the flags that tell whether there is a value.
    """
    values = np.ascontiguousarray(field.values[records])
    shown = None if field.when is None else field.when[0][flagged] & field.when[1] != 0
    return Numbers(values.view(f"{PLAIN.get(field.code, 'u')}{values.itemsize}").copy(), shown)


def _is_plain(field: Field) -> bool:
    """Return whether a field shows one number per flow, or none."""
    is_single = field.count is None and not field.rest and field.values.ndim == 1
    return is_single and (field.code in PLAIN or field.code is Code.HEX)


def _as_bits(field: Field) -> Field:
    """Return a field that prints floating-point numbers as the integers of their bits."""
    rest = tuple(map(_as_bits, field.rest))
    if field.code not in FLOATS:
        return replace(field, rest=rest) if rest else field
    bits = field.values.view(f"u{field.values.dtype.itemsize}")
    return replace(field, code=Code.UINT, values=bits, rest=rest)


def read_selection(sink: str, path: str, run: Run) -> list[str]:
    """Return the column names of a file, one per line; empty lines and ``#`` lines count for nothing.

    Raises:
        OutputError: the file cannot be read, or names a column that this run does not have.
    """
    where = f"the columns that {sink} reads from '{path}'"
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise OutputError.of(where, error) from error
    wanted = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    known = column_names(run)
    for name in wanted:
        if name not in known:
            near = did_you_mean(nearest_names(name, known))
            raise OutputError(where, f"this run has no column {name!r}{near}")
    return wanted


def kind_of(type_: str) -> int:
    """Return the kind of the values of a type without ``:R``, of one part."""
    if "." in type_ or not type_[1:].isdigit():
        return FLOAT if type_ in ("F", "D") else TEXT
    return {"U": INTEGER, "I": INTEGER, "H": HEX, "D": FLOAT}.get(type_[0], TEXT)


def is_list(type_: str) -> bool:
    """Return whether the values of a column are lists."""
    return type_.endswith(":R")


def parts_of(type_: str) -> list[str]:
    """Return the types of the parts of a compound type; of another one itself."""
    return type_.removesuffix(":R").split("_")


Scalars: TypeAlias = Callable[[str, Sequence[str]], list[Any]]
"""Turns texts of a type into values."""


def convert(
    type_: str,
    cells: Cell,
    scalars: Scalars,
    group: Callable[[list[Any]], Any],
    compound: Callable[[list[Any]], Any] | None = None,
) -> list[Any]:
    """Turn the cells of a column into values; an empty cell is None.

    Args:
        type_: of the column.
        cells: their texts.
        scalars: makes the values of one type.
        group: joins the elements of a list.
        compound: joins the parts of a compound value; ``group`` without.
    """
    compound = compound or group
    types = parts_of(type_)
    if not is_list(type_) and len(types) == 1:
        if "" not in cells:
            return scalars(types[0], cells)
        found = iter(scalars(types[0], [cell for cell in cells if cell]))
        return [next(found) if cell else None for cell in cells]
    lists = [elements(cell) if is_list(type_) else [cell] for cell in cells if cell]
    flat = [element for found in lists for element in found]
    if len(types) == 1:
        values = scalars(types[0], flat)
    else:
        columns = zip(*(element.split("_", len(types) - 1) for element in flat), strict=True)
        parts = (scalars(part, column) for part, column in zip(types, columns, strict=False))
        values = [compound(list(value)) for value in zip(*parts, strict=True)]
    rest = iter(values)
    if not is_list(type_):
        return [next(rest) if cell else None for cell in cells]
    grouped = (group([next(rest) for _ in found]) for found in lists)
    return [next(grouped) if cell else None for cell in cells]


def elements(cell: str) -> list[str]:
    """Return the texts of the elements of a list."""
    return ELEMENT.findall(cell) if '"' in cell else cell.split(";")


def floats(type_: str, bits: Sequence[str]) -> list[float]:
    """Return floating-point numbers from their bits; singles are widened."""
    size = "4" if type_ == "F" else "8"
    values: list[float] = np.array(bits, f"u{size}").view(f"f{size}").astype(np.float64).tolist()
    return values


def strings(type_: str, texts: Sequence[str]) -> list[str]:
    """Return texts without quotes and escapes."""
    if type_ == "S":
        texts = [text[1:-1] for text in texts]
    return [ESCAPE.sub(_unescaped, text) if "\\" in text else text for text in texts]


def _unescaped(match: re.Match[str]) -> str:
    code, letter = match.groups()
    return chr(int(code, 16)) if code else LETTERS.get(letter, letter)


def python_values(type_: str, texts: Sequence[str]) -> list[Any]:
    """Return int, float or str; hexadecimal numbers stay texts."""
    kind = kind_of(type_)
    if kind == INTEGER:
        return list(map(int, texts))
    if kind == FLOAT:
        return floats(type_, texts)
    return list(texts) if kind == HEX else strings(type_, texts)
