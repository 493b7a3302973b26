"""Flows as arrays of Apache Arrow: types, and values out of the text of cells (docs/sinks.md).

Needs pyarrow (extra ``arrow``). Works on whole columns; Python looks at single values only where a string
has escapes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from t2tui.core.columns import Column
from t2tui.core.outputs import OutputError
from t2tui.core.store import DURATIONS, NANOSECONDS
from t2tui.plugins.cells import (
    FLOAT,
    HEX,
    INTEGER,
    Cells,
    Numbers,
    StoredCells,
    elements,
    is_list,
    kind_of,
    parts_of,
    strings,
)

ENOUGH_FLOWS, ENOUGH_CHARACTERS = 8192, 8 << 20
"""So many flows, or so much text of them, become arrays at once."""

PLAIN = frozenset((INTEGER, HEX, FLOAT))
"""Kinds of values that are taken as numbers."""

TIME = "U64.U32"

LARGEST_FRACTION = (1 << 31) - 1
"""A larger fraction of a second is a negative one, of which 32 bits are shown (tcpBtm)."""


def scalar_type(type_: str, name: str) -> Any:
    """Return the Arrow type of a value, or of a part of one.

    Args:
        type_: T2's type code.
        name: of the column: tells times from durations.
    """
    kind = kind_of(type_)
    if kind in (INTEGER, HEX):
        return getattr(pa, f"{'int' if type_[0] == 'I' else 'uint'}{type_[1:]}")()
    if kind == FLOAT:
        return pa.float32() if type_ == "F" else pa.float64()
    if type_ == TIME:
        return pa.duration("ns") if name in DURATIONS else pa.timestamp("ns", "UTC")
    return pa.string()


def part_names(column: Column) -> list[str]:
    """Return the names of the parts of a compound column: those joined in its own name, or numbers from 1."""
    count = len(parts_of(column.type))
    names = column.name.split("_")
    if len(set(names)) == count == len(names):
        return names
    return [str(number) for number in range(1, count + 1)]


def arrow_type(column: Column) -> Any:
    """Return the Arrow type of a column."""
    types = [scalar_type(part, column.name) for part in parts_of(column.type)]
    fields = zip(part_names(column), types, strict=True)
    type_ = types[0] if len(types) == 1 else pa.struct(list(fields))
    return pa.list_(type_) if is_list(column.type) else type_


def schema(cells: Cells | StoredCells) -> Any:
    """Return the Arrow schema of flows; T2's type, unit and description of a column are its metadata."""
    return pa.schema(
        [
            pa.field(
                name,
                arrow_type(column),
                metadata={"type": column.type, "unit": column.unit, "description": column.header},
            )
            for name, column in zip(cells.names, cells.columns, strict=True)
        ]
    )


class Flows:
    """Flows that wait until they are enough for the work on whole columns to pay.

    Attributes:
        schema: of their record batches.
        count: how many wait.
    """

    def __init__(self, cells: Cells | StoredCells) -> None:
        """Take flows as ``cells`` show them, which were made with ``plain=PLAIN``."""
        self.schema = schema(cells)
        self.count = 0
        self._cells = cells
        self._texts: list[str] = []
        self._characters = 0
        self._numbers: list[list[Numbers]] = []

    @property
    def is_enough(self) -> bool:
        """It is time to take them."""
        return self.count >= ENOUGH_FLOWS or self._characters >= ENOUGH_CHARACTERS

    def add(self, slots: NDArray[Any]) -> None:
        """Keep what is known about flows now."""
        self._texts.append(self._cells.text(slots))
        self._characters += len(self._texts[-1])
        self._numbers.append(self._cells.numbers(slots))
        self.count += len(slots)

    def take(self) -> Any:
        """Return the flows as a record batch; after it none wait.

        Raises:
            OutputError: a plugin shows a value that the type of its column does not have.
        """
        cells = self._cells
        texts = iter(self._split(cells.is_plain.count(False)))
        numbers = iter(zip(*self._numbers, strict=True))
        arrays = []
        for name, column, plain in zip(cells.names, cells.columns, cells.is_plain, strict=True):
            type_ = self.schema.field(name).type
            try:
                arrays.append(_numbers(next(numbers), type_) if plain else _array(column, next(texts), type_))
            except pa.ArrowInvalid as error:
                where = f"column {name} of {column.plugin}"
                raise OutputError(where, f"no {column.type}: {error}") from error
        self.count = self._characters = 0
        self._texts.clear()
        self._numbers.clear()
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _split(self, count: int) -> list[Any]:
        """Return the columns of text: one array of strings each."""
        text = "".join(self._texts)[:-1].replace("\n", "\t")
        found = pc.split_pattern(pa.array([text], pa.large_string()), "\t")[0].values.cast(pa.string())
        return [found[place::count] for place in range(count)]


def _numbers(parts: Sequence[Numbers], type_: Any) -> Any:
    mask = None
    if any(part.shown is not None for part in parts):
        shown = (np.ones(len(part.values), bool) if part.shown is None else part.shown for part in parts)
        mask = ~np.concatenate(list(shown))
    return pa.array(np.concatenate([part.values for part in parts]), mask=mask).cast(type_)


def _array(column: Column, texts: Any, type_: Any) -> Any:
    """Return a column of text as values: an empty cell is an empty list, or null."""
    filled = pc.not_equal(texts, "").to_numpy(zero_copy_only=False)
    present = texts if filled.all() else texts.filter(pa.array(filled))
    if is_list(column.type):
        lists = _lists(column.type, present)
        counts = np.zeros(len(texts), np.int32)
        counts[filled] = pc.list_value_length(lists).to_numpy()
        offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        values = _values(column, lists.flatten(), type_.value_type)
        return pa.ListArray.from_arrays(pa.array(offsets), values).cast(type_)
    values = _values(column, present, type_)
    if len(present) == len(texts):
        return values
    return values.take(pa.array(np.cumsum(filled) - 1, mask=~filled))


def _lists(type_: str, texts: Any) -> Any:
    if "S" in parts_of(type_):  # a semicolon may stand in a string
        return pa.array([elements(text) for text in texts.to_pylist()], pa.list_(pa.string()))
    return pc.split_pattern(texts, ";")


def _values(column: Column, texts: Any, type_: Any) -> Any:
    """Return values, or structs of their parts; no text is empty."""
    types = parts_of(column.type)
    if len(types) == 1:
        return _scalars(types[0], texts, type_)
    parts = pc.split_pattern(texts, "_", max_splits=len(types) - 1).flatten()
    arrays = [
        _scalars(part, parts[place :: len(types)], type_.field(place).type)
        for place, part in enumerate(types)
    ]
    return pa.StructArray.from_arrays(arrays, fields=list(type_))


def _scalars(type_: str, texts: Any, target: Any) -> Any:
    kind = kind_of(type_)
    if kind in (INTEGER, HEX):
        return pc.cast(texts, target)
    if kind == FLOAT:  # their bits
        size = 4 if type_ == "F" else 8
        bits = pc.cast(texts, pa.uint32() if size == 4 else pa.uint64())
        return pa.array(bits.to_numpy().view(f"f{size}"))
    if type_ == TIME:
        parts = pc.cast(pc.split_pattern(texts, ".").flatten(), pa.int64()).to_numpy()
        seconds, fraction = parts[0::2], parts[1::2]
        fraction = np.where(fraction > LARGEST_FRACTION, fraction - (1 << 32), fraction)
        return pa.array(seconds * NANOSECONDS + fraction).cast(target)
    return _strings(type_, texts)


def _strings(type_: str, texts: Any) -> Any:
    """Return strings without quotes and escapes."""
    if pc.any(pc.match_substring(texts, "\\")).as_py():
        return pa.array(strings(type_, texts.to_pylist()), pa.string())
    return pc.utf8_slice_codeunits(texts, 1, -1) if type_ == "S" else texts
