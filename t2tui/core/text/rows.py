"""Rows of T2 text from columns: one compiled writer for the flow file and the packet file.

A cell is described by a Field: where its values lie (any numpy column, strided or not) and how they are
printed. The kernel reads through a table of addresses, so it is compiled once for all sets of columns.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from t2tui.core.jit import inlined, kernel
from t2tui.core.layout import KIND_IPV4, KIND_IPV6
from t2tui.core.text.addresses import put_ip4, put_ip6, put_mac
from t2tui.core.text.escape import CONTENT_GROWTH, put_content
from t2tui.core.text.memory import LOADS, SLACK_BYTES, at8, at32, at64, double, load, single, store8, store64
from t2tui.core.text.numbers import (
    U64,
    put_fixed,
    put_g7,
    put_hex,
    put_int,
    put_padded,
    put_padded_int,
    put_uint,
)

CHUNK_BYTES = 1 << 20
"""Size of the buffer that a writer fills before it hands it out; it grows where one row needs more."""

Rows: TypeAlias = NDArray[np.int32] | tuple[int, int]
"""Numbers of rows in the order of the lines, or (first, count)."""


class Code(IntEnum):
    """How the values of a column are printed."""

    UINT = 0
    """Unsigned decimal."""
    INT = 1
    """Signed decimal."""
    HEX = 2
    """``0x`` and two hex digits per byte of the type."""
    FLOAT = 3
    """``%.7g`` of a single."""
    DOUBLE = 4
    """``%f``."""
    SECONDS = 5
    """``%.9f``."""
    CHAR = 6
    """One byte as it is."""
    TIME = 7
    """Seconds and fraction (``second``), both modulo 2^32: ``%u.%09u``."""
    SIGNED_TIME = 8
    """Seconds modulo 2^32 and signed fraction (``second``): ``%u.%09ld``."""
    MAC = 9
    """The lowest 48 bits."""
    IP4 = 10
    """The lowest 32 bits."""
    IP6 = 11
    """Upper 64 bits; ``second``: lower 64 bits."""
    IPX = 12
    """As IP6, or an IPv4 address in the lower 64 bits, or ``-``, by ``kind``."""
    WORD = 13
    """Number of a text in ``words``."""
    CONTENT = 14
    """Payload: start in the batch's bytes; ``second``: length."""


WIDTHS = {
    Code.UINT: 20,
    Code.INT: 20,
    Code.HEX: 18,
    Code.FLOAT: 13,
    Code.DOUBLE: 320,
    Code.SECONDS: 320,
    Code.CHAR: 1,
    Code.TIME: 21,
    Code.SIGNED_TIME: 31,
    Code.MAC: 17,
    Code.IP4: 15,
    Code.IP6: 45,
    Code.IPX: 45,
    Code.WORD: 0,
    Code.CONTENT: 0,
}
"""Longest text of one value; words and contents are added when their lengths are known."""


@dataclass(frozen=True, eq=False)
class Words:
    """Texts addressed by number.

    Attributes:
        data: uint8, the bytes of all texts. Padded by SLACK_BYTES where they are missing.
        start: int64, position of each text in ``data``.
        length: int32, bytes of each text.

    Raises:
        ValueError: A text lies outside of ``data``, or the arrays have other types.
    """

    data: NDArray[np.uint8]
    start: NDArray[np.int64]
    length: NDArray[np.int32]

    def __post_init__(self) -> None:
        if self.data.dtype != np.uint8 or self.start.dtype != np.int64 or self.length.dtype != np.int32:
            raise ValueError("words need data of uint8, start of int64 and length of int32")
        if self.start.shape != self.length.shape or self.start.ndim != 1 or self.data.ndim != 1:
            raise ValueError("words need three flat arrays, start and length of one size")
        end = int((self.start + self.length).max(initial=0))
        if self.start.min(initial=0) < 0 or self.length.min(initial=0) < 0 or end > self.data.size:
            raise ValueError(f"a word lies outside of the {self.data.size} bytes of data")
        missing = max(0, end + SLACK_BYTES - self.data.size)
        object.__setattr__(self, "data", np.pad(self.data, (0, missing)))
        object.__setattr__(self, "start", np.ascontiguousarray(self.start))
        object.__setattr__(self, "length", np.ascontiguousarray(self.length))

    @classmethod
    def from_texts(cls, texts: Iterable[bytes]) -> "Words":
        """Return the texts, numbered from 0 in their order."""
        texts = list(texts)
        ends = list(accumulate(map(len, texts), initial=0))
        data = np.frombuffer(b"".join(texts) + bytes(SLACK_BYTES), np.uint8)
        return cls(data, np.array(ends[:-1], np.int64), np.diff(np.array(ends, np.int64)).astype(np.int32))

    @cached_property
    def places(self) -> tuple[int, int, int, int]:
        """Addresses of data, start and length, and the number of words."""
        return self.data.ctypes.data, self.start.ctypes.data, self.length.ctypes.data, len(self.start)


@dataclass(frozen=True, eq=False)
class Field:
    """Where the writer finds the values of one column, and how it prints them.

    The arrays are read when rows are written; they must not be resized as long as a writer uses the field.

    Attributes:
        code: how a value is printed.
        values: one value per record, any stride; or one row of values per record (records, capacity).
        by: which number addresses the record: that of the row, or its slot.
        second: the other half of the value, see Code; same shape as ``values``.
        kind: u1 per record, layout.KIND_* (IPX).
        count: u1 per record: number of repeated values, joined by ``;``.
        when: u1 per record and a mask: the cell is empty where they have no bit in common.
        when_by: which number addresses the record of ``when``.
        words: the texts (WORD).
        joined: the value continues the cell of the field before, behind ``_`` (compound columns). The cell
            is repeated and left out as its first field says.
    """

    code: Code
    values: NDArray[Any]
    by: Literal["row", "slot"] = "row"
    second: NDArray[Any] | None = None
    kind: NDArray[np.uint8] | None = None
    count: NDArray[np.uint8] | None = None
    when: tuple[NDArray[np.uint8], int] | None = None
    when_by: Literal["row", "slot"] = "row"
    words: Words | None = None
    joined: bool = False


# columns of the table of descriptors
(
    CODE,
    LOAD,
    SIZE,
    BY_SLOT,
    ADDRESS,
    STRIDE,
    STEP,
    LOAD2,
    ADDRESS2,
    STRIDE2,
    STEP2,
    KIND_ADDRESS,
    KIND_STRIDE,
    COUNT_ADDRESS,
    COUNT_STRIDE,
    CAPACITY,
    WHEN_ADDRESS,
    WHEN_STRIDE,
    WHEN_MASK,
    WHEN_SLOT,
    TEXTS,
    TEXT_START,
    TEXT_LENGTH,
    WORDS,
    PARTS,
) = range(25)

CELL_END, LINE_END, ELEMENT_END, PART_END = (U64(ord(c)) for c in "\t\n;_")
DASH = U64(ord("-"))
FRACTION = U64(0xFFFFFFFF)

DONE, FULL, BAD_ROW, BAD_SLOT, BAD_WORD, BAD_CONTENT = range(6)
"""How the kernel ended."""
FAULTS = {
    BAD_ROW: "there is no such row",
    BAD_SLOT: "there is no such slot",
    BAD_WORD: "field {column} ({name}): there is no word of this number",
    BAD_CONTENT: "field {column} ({name}): content outside of the data",
}
ALWAYS_IPV6 = np.full(1, KIND_IPV6, np.uint8)


@inlined
def _put_number(out: Any, p: Any, code: Any, v: Any, size: Any) -> Any:
    if code == Code.UINT:
        return put_uint(out, p, v)
    if code == Code.HEX:
        return put_hex(out, p, v, 2 * size)
    if code == Code.FLOAT:
        return put_g7(out, p, single(v))
    if code == Code.INT:
        return put_int(out, p, v)
    if code == Code.MAC:
        return put_mac(out, p, v)
    if code == Code.SECONDS or code == Code.DOUBLE:
        x = double(v) if size == 8 else single(v)
        return put_fixed(out, p, x, 9 if code == Code.SECONDS else 6)
    if code == Code.IP4:
        return put_ip4(out, p, v)
    store8(out, p, v)  # CHAR
    return p + 1


@inlined
def _put_pair(out: Any, p: Any, code: Any, v: Any, second: Any, kind: Any) -> Any:
    if code == Code.TIME or code == Code.SIGNED_TIME:
        p = put_uint(out, p, v & FRACTION)
        store8(out, p, U64(ord(".")))
        if code == Code.TIME:
            return put_padded(out, p + 1, second & FRACTION, 9)
        return put_padded_int(out, p + 1, second, 9)
    if code == Code.IP6 or kind == KIND_IPV6:
        return put_ip6(out, p, v, second)
    if kind == KIND_IPV4:
        return put_ip4(out, p, second)
    store8(out, p, DASH)
    return p + 1


@inlined
def _put_word(out: Any, p: Any, address: Any, length: Any) -> Any:
    for i in range(0, length, 8):
        store64(out, p + i, at64(address + i))
    return p + length


@kernel
def _write(
    table: Any,
    first: Any,
    rows: Any,
    slots: Any,
    begin: Any,
    end: Any,
    row_limit: Any,
    slot_limit: Any,
    data: Any,
    data_size: Any,
    row_bytes: Any,
    out: Any,
    out_size: Any,
) -> Any:
    """Write lines until all are done, or the buffer could be too small for another one.

    Args:
        table: int64 (fields, 25), descriptors.
        first: number of the first row where ``rows`` is 0.
        rows: address of int32 row numbers, or 0.
        slots: address of int32 slots, or 0.
        begin: index of the first line.
        end: index behind the last line.
        row_limit: rows from here on do not exist.
        slot_limit: slots from here on do not exist.
        data: address of the batch's bytes.
        data_size: number of those bytes.
        row_bytes: the longest line without its words and contents, and slack.
        out: address of the buffer.
        out_size: bytes of the buffer.

    Returns:
        Index of the next line, bytes written, how it ended, field at fault.
    """
    p = 0
    slot: Any = 0
    for i in range(begin, end):
        line = p
        room = out_size - p - row_bytes  # for words and contents
        if room < 0:
            return i, line, FULL, 0
        row = first + i
        if rows != 0:
            row = np.int64(at32(rows + 4 * i))
        if row < 0 or row >= row_limit:
            return i, line, BAD_ROW, 0
        if slots != 0:
            slot = np.int64(at32(slots + 4 * i))
            if slot < 0 or slot >= slot_limit:
                return i, line, BAD_SLOT, 0
        cell = 0
        while cell < len(table):
            parts = table[cell, PARTS]
            count: Any = 1
            if table[cell, WHEN_ADDRESS] != 0:
                record = slot if table[cell, WHEN_SLOT] else row
                flags = np.int64(at8(table[cell, WHEN_ADDRESS] + record * table[cell, WHEN_STRIDE]))
                if flags & table[cell, WHEN_MASK] == 0:
                    count = 0
            if count and table[cell, COUNT_ADDRESS] != 0:
                record = slot if table[cell, BY_SLOT] else row
                count = np.int64(at8(table[cell, COUNT_ADDRESS] + record * table[cell, COUNT_STRIDE]))
                count = min(count, table[cell, CAPACITY])
            for element in range(count):
                for c in range(cell, cell + parts):
                    code = table[c, CODE]
                    record = slot if table[c, BY_SLOT] else row
                    place = table[c, ADDRESS] + record * table[c, STRIDE] + element * table[c, STEP]
                    v = load(place, table[c, LOAD])
                    if code == Code.WORD:
                        if v >= U64(table[c, WORDS]):
                            return i, line, BAD_WORD, c
                        length = np.int64(at32(table[c, TEXT_LENGTH] + 4 * np.int64(v)))
                        room -= length
                        if room < 0:
                            return i, line, FULL, 0
                        start = table[c, TEXTS] + np.int64(at64(table[c, TEXT_START] + 8 * np.int64(v)))
                        p = _put_word(out, p, start, length)
                    elif table[c, ADDRESS2] != 0:
                        place = table[c, ADDRESS2] + record * table[c, STRIDE2] + element * table[c, STEP2]
                        second = load(place, table[c, LOAD2])
                        if code == Code.CONTENT:
                            length = np.int64(second)
                            start = np.int64(v)
                            if start < 0 or length < 0 or length > data_size or start > data_size - length:
                                return i, line, BAD_CONTENT, c
                            room -= CONTENT_GROWTH * length
                            if room < 0:
                                return i, line, FULL, 0
                            p = put_content(out, p, data + start, length)
                        else:
                            kind: Any = 0
                            if table[c, KIND_ADDRESS] != 0:
                                kind = np.int64(at8(table[c, KIND_ADDRESS] + record * table[c, KIND_STRIDE]))
                            p = _put_pair(out, p, code, v, second, kind)
                    else:
                        p = _put_number(out, p, code, v, table[c, SIZE])
                    store8(out, p, PART_END)
                    p += 1
                store8(out, p - 1, ELEMENT_END)
            if count > 0:
                p -= 1
            store8(out, p, CELL_END)
            p += 1
            cell += parts
        store8(out, p - 1, LINE_END)
    return end, p, DONE, 0


NEEDS = {
    Code.TIME: "second",
    Code.SIGNED_TIME: "second",
    Code.IP6: "second",
    Code.IPX: "second",
    Code.CONTENT: "second",
    Code.WORD: "words",
}
"""The part of a Field without which its values cannot be printed."""


def _column(values: NDArray[Any], name: str) -> tuple[int, int, int, int]:
    """Return load, address, stride and step of an array of values."""
    load_kind = LOADS.get(values.dtype)
    if load_kind is None or not 1 <= values.ndim <= 2:
        raise ValueError(f"{name}: cannot print {values.ndim}-dimensional {values.dtype}")
    strides = values.strides
    return load_kind, values.ctypes.data, strides[0], strides[1] if len(strides) == 2 else 0


def _flags(values: NDArray[np.uint8], name: str) -> tuple[int, int]:
    """Return address and stride of an array of bytes."""
    if values.dtype.itemsize != 1 or values.ndim != 1:
        raise ValueError(f"{name}: need one u1 per record, not {values.ndim}-dimensional {values.dtype}")
    return values.ctypes.data, values.strides[0]


def _describe(field: Field) -> list[int]:
    """Return the row of a field in the table of descriptors."""
    code, values = field.code, field.values
    need = NEEDS.get(code)
    if need is not None and getattr(field, need) is None:
        raise ValueError(f"{code.name}: needs `{need}`")
    if (values.dtype.kind == "f") != (code in (Code.FLOAT, Code.DOUBLE, Code.SECONDS)):
        raise ValueError(f"{code.name}: cannot print {values.dtype}")
    if code is Code.FLOAT and values.dtype.itemsize != 4:
        raise ValueError(f"FLOAT prints singles, not {values.dtype}")
    row = [0] * (PARTS + 1)
    row[CODE] = code
    row[SIZE] = values.dtype.itemsize
    row[BY_SLOT] = field.by == "slot"
    row[LOAD], row[ADDRESS], row[STRIDE], row[STEP] = _column(values, code.name)
    if field.second is not None:
        if field.second.shape != values.shape:
            raise ValueError(f"{code.name}: shapes {values.shape} and {field.second.shape} differ")
        row[LOAD2], row[ADDRESS2], row[STRIDE2], row[STEP2] = _column(field.second, code.name)
    if code is Code.IPX:
        if field.kind is None:
            raise ValueError("IPX: needs `kind`")
        row[KIND_ADDRESS], row[KIND_STRIDE] = _flags(field.kind, "kind")
    elif code is Code.IP6:
        row[KIND_ADDRESS], row[KIND_STRIDE] = ALWAYS_IPV6.ctypes.data, 0
    if field.count is not None:
        if values.ndim != 2:
            raise ValueError(f"{code.name}: repeated values need two dimensions")
        row[COUNT_ADDRESS], row[COUNT_STRIDE] = _flags(field.count, "count")
        row[CAPACITY] = values.shape[1]
    elif values.ndim != 1:
        raise ValueError(f"{code.name}: values of two dimensions need `count`")
    if field.when is not None:
        row[WHEN_ADDRESS], row[WHEN_STRIDE] = _flags(field.when[0], "when")
        row[WHEN_MASK] = field.when[1]
        row[WHEN_SLOT] = field.when_by == "slot"
    if field.words is not None:
        row[TEXTS], row[TEXT_START], row[TEXT_LENGTH], row[WORDS] = field.words.places
    row[PARTS] = 1
    return row


class RowWriter:
    """Writes rows of text from columns.

    Args:
        fields: the columns in their order.

    Raises:
        ValueError: A field cannot be printed: type, shape, or a part that its code needs.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = tuple(fields)
        if not fields:
            raise ValueError("no columns to write")
        self._table = np.array([_describe(field) for field in fields], np.int64)
        self._row_bytes = SLACK_BYTES
        self._row_limit = self._slot_limit = 1 << 31
        first = 0
        capacity = 1
        for i, field in enumerate(fields):
            if not (field.joined and i):
                first = i
                capacity = 1 if field.count is None else field.values.shape[1]
            elif len(field.values.shape) == 2 and field.values.shape[1] < capacity:
                raise ValueError(f"{field.code.name}: fewer values than the field before")
            else:
                self._table[first, PARTS] += 1
            self._row_bytes += max(1, capacity) * (WIDTHS[field.code] + 1)
            self._limit(field.by, len(field.values))
            for flags in (field.kind, field.count):
                if flags is not None:
                    self._limit(field.by, len(flags))
            if field.when is not None:
                self._limit(field.when_by, len(field.when[0]))
        self._uses_slots = any("slot" in (f.by, f.when and f.when_by) for f in fields)
        self._out = np.empty(CHUNK_BYTES + self._row_bytes, np.uint8)

    def _limit(self, by: str, size: int) -> None:
        if by == "slot":
            self._slot_limit = min(self._slot_limit, size)
        else:
            self._row_limit = min(self._row_limit, size)

    def chunks(
        self,
        rows: NDArray[np.int32] | tuple[int, int],
        slots: NDArray[np.int32] | None,
        data: NDArray[np.uint8],
    ) -> Iterator[memoryview]:
        """Write lines and hand them out in pieces of about 1 MB.

        Args:
            rows: numbers of the rows in the order of the lines, or (first, count).
            slots: int32 parallel to the lines; needed where a field reads by slot.
            data: uint8, the bytes that CONTENT fields refer to.

        Yields:
            Whole lines. A piece is valid until the next one is asked for.

        Raises:
            ValueError: ``slots`` are missing or not as many as lines.
            IndexError: A row, slot or word does not exist, or a content lies outside of ``data``.
        """
        if isinstance(rows, tuple):
            first, end, row_address = rows[0], rows[1], 0
        else:
            rows = np.ascontiguousarray(rows, np.int32)
            first, end, row_address = 0, len(rows), rows.ctypes.data
        slot_address = 0
        if self._uses_slots:
            if slots is None or len(slots) != end:
                raise ValueError(f"{end} lines need as many slots")
            slots = np.ascontiguousarray(slots, np.int32)
            slot_address = slots.ctypes.data
        data = np.ascontiguousarray(data)
        begin = 0
        while begin < end:
            begin, size, ended, column = _write(
                self._table,
                first,
                row_address,
                slot_address,
                begin,
                end,
                self._row_limit,
                self._slot_limit,
                data.ctypes.data,
                len(data),
                self._row_bytes,
                self._out.ctypes.data,
                len(self._out),
            )
            if ended > FULL:
                name = self._fields[column].code.name
                raise IndexError(f"line {begin}: {FAULTS[ended].format(name=name, column=column)}")
            if ended == FULL and size == 0:
                self._out = np.empty(2 * len(self._out), np.uint8)
            elif size:
                yield self._out[:size].data

    def write(
        self,
        rows: NDArray[np.int32] | tuple[int, int],
        slots: NDArray[np.int32] | None,
        data: NDArray[np.uint8],
    ) -> bytes:
        """Return all lines at once, see `chunks`."""
        return b"".join(map(bytes, self.chunks(rows, slots, data)))
