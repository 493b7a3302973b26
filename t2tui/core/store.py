"""Flows and packets kept as columns: what the Python API returns and the flow table on screen shows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import Column, unique_names
from t2tui.core.gather import address, can_gather, gather, plan
from t2tui.core.run import Columns
from t2tui.core.text.fields import OF_BATCH, STRINGS, Code, Field
from t2tui.core.text.rows import RowWriter, Words

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from t2tui.core.query.vectors import Rows, Vector
    from t2tui.core.streams import Stream

NO_BYTES = np.zeros(0, np.uint8)
NO_STARTS = np.zeros(0, np.int64)
NANOSECONDS = 1_000_000_000
FIRST_ROWS = 1024
GROWTH = 4
"""How many times larger arrays become: copying takes time, room that was never written to no memory."""

NUMERIC = {Code.UINT, Code.INT, Code.HEX, Code.FLOAT, Code.DOUBLE, Code.SECONDS}
DURATIONS = {"duration"}
"""Columns of type U64.U32 that are spans; all others are times since 1970."""


class GrowingArray:
    """A numpy array with room at its end."""

    def __init__(self, like: NDArray[Any]) -> None:
        self._data = np.zeros((FIRST_ROWS, *like.shape[1:]), like.dtype)
        self._count = 0

    def append(self, values: NDArray[Any]) -> None:
        """Append rows."""
        self.extend(len(values))[:] = values

    def is_like(self, values: NDArray[Any]) -> bool:
        """Tell whether values are of the same type and shape."""
        return bool(values.dtype == self._data.dtype and values.shape[1:] == self._data.shape[1:])

    def extend(self, count: int) -> NDArray[Any]:
        """Append rows that are to be written to, and return them."""
        needed = self._count + count
        if needed > len(self._data):
            grown = np.zeros((max(needed, GROWTH * len(self._data)), *self._data.shape[1:]), self._data.dtype)
            grown[: self._count] = self._data[: self._count]
            self._data = grown
        begin, self._count = self._count, needed
        return self._data[begin:needed]

    @property
    def values(self) -> NDArray[Any]:
        """The rows so far, without a copy."""
        return self._data[: self._count]


@dataclass(frozen=True)
class FixedArray:
    """The rows that a GrowingArray had at one moment.

    Attributes:
        values: the rows, without a copy: rows that are there are never written again.
    """

    values: NDArray[Any]


@dataclass(frozen=True)
class Part:
    """An array that a field reads.

    Attributes:
        name: ``values``, ``second`` ...; of further parts of a compound column ``0.values`` and so on.
        source: the array.
        by: which number addresses its records.
        lengths: where the values are starts of bytes: how many bytes belong to each.
        pool: where these bytes are; None: in the batch.
        lists: where the source holds the lists of all records one behind another: place of the first value
            and number of values of each record.
    """

    name: str
    source: NDArray[Any]
    by: str
    lengths: NDArray[Any] | None = None
    pool: NDArray[np.uint8] | None = None
    lists: tuple[NDArray[Any], NDArray[Any]] | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """What the parts of different columns that read the same have in common."""
        arrays = (self.source, *(self.lists or ()))
        return tuple(
            (array.__array_interface__["data"][0], array.dtype.str, array.shape, array.strides)
            for array in arrays
        )

    @property
    def is_plain(self) -> bool:
        """Whether each record has one value, which is copied as it is."""
        return self.lists is None and self.lengths is None and can_gather(self.source)

    def take(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Return the indices into the source that belong to the records with these numbers."""
        if self.lists is None:
            return numbers
        first, count = (array[numbers].astype(np.int64) for array in self.lists)
        places = np.repeat(first - (np.cumsum(count) - count), count)
        indices: NDArray[np.int64] = places + np.arange(len(places))
        return indices


def parts(field: Field, prefix: str = "", count: "NDArray[Any] | None" = None) -> Iterator[Part]:
    """Yield the arrays that a field reads.

    Args:
        field: whose arrays.
        prefix: put in front of their names.
        count: number of values of the first part of the compound column that the field is a further part of.
    """
    count = field.count if count is None else count
    lists = None if field.first is None or count is None else (field.first, count)
    for name, source in (("values", field.values), ("second", field.second), ("kind", field.kind)):
        if source is not None:
            is_start = name == "values" and (field.code in OF_BATCH or field.code in STRINGS)
            lengths = field.second if is_start else None
            yield Part(prefix + name, source, field.by, lengths, field.pool, lists)
    if field.count is not None:
        yield Part(f"{prefix}count", field.count, field.by)
    if field.when is not None:
        yield Part(f"{prefix}when", field.when[0], field.when_by)
    for number, rest in enumerate(field.rest):
        yield from parts(rest, f"{prefix}{number}.", count)


def _named(columns: "Iterable[tuple[Column, Field]]") -> "dict[str, tuple[Column, Field]]":
    """Return columns by name, of which two plugins may have the same."""
    pairs = list(columns)
    names = unique_names((column for column, _ in pairs), lambda column: column.name)
    return dict(zip(names, pairs, strict=True))


class ColumnStore:
    """Rows of typed columns, appended batch by batch.

    ``store["pktsSnt"]`` gives a numpy array: integers and floats as they are, times as datetime64[ns],
    durations as timedelta64[ns], everything else (addresses, labels, lists) as the text that the flow
    file would show.

    Attributes:
        follower: opens the streams of a flow; None where the capture cannot be read once more.
    """

    def __init__(self, columns: Callable[[], Columns]) -> None:
        """Take the columns over.

        Args:
            columns: gives columns and fields; asked again when texts are needed, since fields hold the
                header descriptions known when they were made.
        """
        self._columns = columns
        self.follower: Callable[[ColumnStore, int, bool], Stream] | None = None
        self._is_sealed = False
        self._pairs = _named(columns())
        self._rows = 0
        self._arrays: list[Any] = []  # GrowingArray, or FixedArray in a view
        self._places: dict[tuple[str, str], int] = {}  # (column, part of its field) -> array
        self._plan: list[tuple[str, str]] = []  # which column and part fills each array
        self._bytes: Any = GrowingArray(NO_BYTES)  # those of the batches that columns show
        self._known: Columns | None = None  # those given last
        self._filled_from: list[Part] = []
        self._copied: list[int] = []  # arrays that are filled by gather(), and the others
        self._taken: list[int] = []
        self._lines = plan([], [])
        seen: dict[tuple[Any, ...], int] = {}
        for name, (_, field) in self._pairs.items():
            for part in parts(field):
                if part.key not in seen:
                    seen[part.key] = len(self._arrays)
                    self._arrays.append(GrowingArray(part.source if part.lengths is None else NO_STARTS))
                    self._plan.append((name, part.name))
                self._places[name, part.name] = seen[part.key]

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._rows

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns in order of output."""
        return tuple(self._pairs)

    def column(self, name: str) -> Column:
        """Return type, unit and description of a column."""
        return self._pairs[name][0]

    def append(
        self,
        rows: NDArray[np.int64],
        slots: NDArray[np.int32],
        columns: "Columns | None" = None,
        data: NDArray[np.uint8] = NO_BYTES,
    ) -> None:
        """Append rows.

        Args:
            rows: rows of the batch, for fields read by row; may be empty when there are none.
            slots: flow slots, one per row, for fields read by slot.
            columns: the columns again where their arrays are others than those given first.
            data: the batch's bytes, for columns that show some of them.

        Raises:
            ValueError: the store is sealed.
        """
        if self._is_sealed:
            raise ValueError("rows cannot be appended to a sealed store")
        sources = self._sources(columns)
        for number in self._taken:
            part = sources[number]
            indices = part.take(slots if part.by == "slot" else rows)
            values = part.source[indices]
            if part.lengths is not None:
                pool = data if part.pool is None else part.pool
                values = self._keep(pool, values.astype(np.int64), part.lengths[indices])
            self._arrays[number].append(values)
        targets = [address(self._arrays[number].extend(len(slots))) for number in self._copied]
        places = np.ascontiguousarray(rows, np.int64), np.ascontiguousarray(slots, np.int32)
        gather(self._lines, np.array(targets, np.int64), *places)
        self._rows += len(slots)

    def _sources(self, columns: "Columns | None") -> list[Part]:
        """Return what fills each array; found once for columns that are given again."""
        if columns is None or columns is not self._known:
            named = _named(columns or self._pairs.values())
            fields = {name: {part.name: part for part in parts(field)} for name, (_, field) in named.items()}
            self._known = columns
            self._filled_from = [fields[name][wanted] for name, wanted in self._plan]
            self._copied, self._taken = [], []
            for number, (array, part) in enumerate(zip(self._arrays, self._filled_from, strict=True)):
                is_alike = part.is_plain and array.is_like(part.source)
                (self._copied if is_alike else self._taken).append(number)
            copied = [self._filled_from[number] for number in self._copied]
            self._lines = plan([part.source for part in copied], [part.by == "slot" for part in copied])
        return self._filled_from

    def seal(self) -> None:
        """Keep the texts of now and let go of the engine: no more rows can come."""
        self._pairs = {
            name: (column, self._stored(name, field))
            for name, (column, field) in _named(self._columns()).items()
        }
        self._columns = lambda: list(self._pairs.values())
        self._known, self._filled_from = None, []  # they hold the engine's arrays
        self._is_sealed = True

    def view(self) -> "ColumnStore":
        """Return a sealed store of the rows of now; nothing is copied, and rows may be appended to this one.

        Only the thread that appends may call it; the view may be read by any.
        """
        pairs = list(self._columns())
        view = copy(self)
        view._pairs = _named(pairs)
        view._columns = lambda: pairs
        view._arrays = [FixedArray(array.values) for array in self._arrays]
        view._bytes = FixedArray(self._bytes.values)
        view._known, view._filled_from = None, []
        view._is_sealed = True
        return view

    def numbers(self, words: Words) -> NDArray[Any]:
        """Return the numbers of words that the rows show."""
        shown = [
            self._stored(name, field).values.ravel()
            for name, (_, field) in _named(self._columns()).items()
            if field.words is words
        ]
        return np.concatenate(shown) if shown else np.zeros(0, np.uint32)

    def _keep(
        self, data: NDArray[np.uint8], starts: NDArray[Any], lengths: NDArray[Any]
    ) -> NDArray[np.int64]:
        """Copy bytes of a batch or pool and return where they begin now."""
        behind = np.cumsum(lengths, dtype=np.int64)
        begins = behind - lengths
        first = len(self._bytes.values)
        places = np.repeat(starts - begins, lengths)
        self._bytes.append(data[places + np.arange(len(places))])
        moved: NDArray[np.int64] = first + begins
        return moved

    def _stored(
        self, name: str, field: Field, prefix: str = "", count: "NDArray[np.uint8] | None" = None
    ) -> Field:
        """Return a column's field with this store's arrays in place of the engine's."""

        def mine(part: str) -> NDArray[Any]:
            values: NDArray[Any] = self._arrays[self._places[name, prefix + part]].values
            return values

        if field.count is not None:
            count = mine("count")
        first = None
        if field.first is not None and count is not None:
            first = np.cumsum(count, dtype=np.int64) - count
        return Field(
            field.code,
            mine("values"),
            second=None if field.second is None else mine("second"),
            kind=None if field.kind is None else mine("kind"),
            count=None if field.count is None else count,
            first=first,
            when=None if field.when is None else (mine("when"), field.when[1]),
            words=field.words,
            pool=None if field.pool is None else self._bytes.values,
            rest=tuple(self._stored(name, part, f"{prefix}{n}.", count) for n, part in enumerate(field.rest)),
            joined=field.joined,
        )

    def fields(self, names: Sequence[str]) -> list[Field]:
        """Return fields over the rows stored so far, for a RowWriter."""
        fresh = {name: field for name, (_, field) in _named(self._columns()).items()}
        return [self._stored(name, fresh[name]) for name in names]

    @property
    def content(self) -> NDArray[np.uint8]:
        """The bytes that columns show, for a RowWriter over fields()."""
        content: NDArray[np.uint8] = self._bytes.values
        return content

    def text(self, name: str, first: int = 0, count: int | None = None) -> list[str]:
        """Return the cells of a column as the flow file prints them.

        Raises:
            KeyError: there is no such column.
        """
        return self.rows([name], first, count)

    def rows(self, names: Sequence[str], first: int = 0, count: int | None = None) -> list[str]:
        """Return lines of cells joined by TAB.

        Args:
            names: columns.
            first: first row.
            count: number of rows; all that follow without.
        """
        left = self._rows - first
        count = left if count is None else min(count, left)
        if count <= 0:
            return []
        writer = RowWriter(self.fields(names))
        text = b"".join(bytes(chunk) for chunk in writer.chunks((first, count), None, self._bytes.values))
        return text.decode("utf-8", "replace").split("\n")[:-1]

    def vector(self, name: str, rows: "Rows") -> "Vector":
        """Return values of a column for expressions (``t2tui.core.query``).

        Raises:
            KeyError: there is no such column.
        """
        from t2tui.core.query.stored import field_vector

        field = self.fields([name])[0]
        count = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        return field_vector(self.column(name), field, rows, count, lambda: self.lines([name], rows))

    def lines(self, names: Sequence[str], rows: "Rows") -> list[str]:
        """Return lines of cells joined by TAB, for any rows.

        Args:
            names: columns.
            rows: a range, or row numbers.
        """
        if isinstance(rows, slice):
            return self.rows(names, rows.start, rows.stop - rows.start)
        writer = RowWriter(self.fields(names))
        chunks = writer.chunks(np.asarray(rows, np.int32), None, self._bytes.values)
        return b"".join(map(bytes, chunks)).decode("utf-8", "replace").split("\n")[:-1]

    def cells(self, name: str, rows: "Rows") -> list[str]:
        """Return the cells of a column as the flow file prints them, for any rows."""
        return self.lines([name], rows)

    def filter(self, text: str) -> NDArray[np.int64]:
        """Return the numbers of the rows that fulfil a condition (docs/filter.md), ascending.

        Raises:
            QueryError: the text is no condition for these columns; has message and place.
        """
        from t2tui.core.query import compile_filter

        return compile_filter(text, self).indices(self)

    def follow(self, flow: int, *, sequence: bool = True) -> "Stream":
        """Return the streams of a flow.

        Where the analysis kept an index this reads nothing but what is asked of the stream; without, the
        capture is analysed once more, up to the end of the flow.

        Args:
            flow: its index (``flowInd``).
            sequence: use the sequence numbers of TCP; without, payloads follow each other as they came.

        Raises:
            UnknownFlowError: there is no such flow.
            CaptureError: the capture cannot be read any more.
            ValueError: the capture was standard input, or is still coming in (stream()).
        """
        if self.follower is None:
            raise ValueError("the capture cannot be read once more; follow flows of a file")
        return self.follower(self, flow, sequence)

    def __contains__(self, name: object) -> bool:
        return name in self._pairs

    def __getitem__(self, name: str) -> NDArray[Any]:
        column, engine_field = self._pairs[name]
        field = self._stored(name, engine_field)
        if field.code in (Code.TIME, Code.SIGNED_TIME) and field.count is None and not field.rest:
            assert field.second is not None
            nanoseconds = field.values.astype(np.int64) * NANOSECONDS + field.second.astype(np.int64)
            return nanoseconds.view("m8[ns]" if column.name in DURATIONS else "M8[ns]")
        if field.code in NUMERIC and field.count is None and not field.rest:
            return field.values.copy()
        texts = self.text(name)
        if column.type == "S":  # quoted in files, so that an empty text can be told from none
            texts = [text[1:-1] for text in texts]
        return np.array(texts, object)

    def to_arrow(self) -> "pyarrow.Table":
        """Return a pyarrow table (extra ``arrow``)."""
        import pyarrow

        return pyarrow.table({name: self[name] for name in self._pairs})

    def to_pandas(self) -> "pandas.DataFrame":
        """Return a pandas data frame (extra ``pandas``)."""
        import pandas

        return pandas.DataFrame({name: self[name] for name in self._pairs})
