"""Rows of T2 text from columns: one compiled writer for the flow file and the packet file.

A cell is described by a Field: where its values lie (any numpy column, strided or not) and how they are
printed. The kernel reads through a table of addresses, so it is compiled once for all sets of columns.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from t2tui.core.jit import inlined, kernel
from t2tui.core.layout import KIND_IPV4, KIND_IPV6
from t2tui.core.text.addresses import put_ip4, put_ip6, put_mac
from t2tui.core.text.escape import CONTENT_GROWTH, STRING_GROWTH, put_content, put_string
from t2tui.core.text.fields import (
    ADDRESS,
    ADDRESS2,
    BY_SLOT,
    CAPACITY,
    CODE,
    COUNT_ADDRESS,
    COUNT_STRIDE,
    FIRST_ADDRESS,
    FIRST_STRIDE,
    KIND_ADDRESS,
    KIND_STRIDE,
    LOAD,
    LOAD2,
    PARTS,
    SIZE,
    STEP,
    STEP2,
    STRIDE,
    STRIDE2,
    TEXT_LENGTH,
    TEXT_START,
    TEXTS,
    VALUES,
    WHEN_ADDRESS,
    WHEN_MASK,
    WHEN_SLOT,
    WHEN_STRIDE,
    WORDS,
    Code,
    Field,
    Words,
    describe,
)
from t2tui.core.text.memory import SLACK_BYTES, at8, at32, at64, double, load, single, store8, store64
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

__all__ = ["Code", "Field", "RowWriter", "Rows", "Words"]

OCTET_GROWTH = 5
"""A byte of OCTETS and BYTES becomes at most this many bytes of text."""
NO_LIMIT = 1 << 31
NO_DATA = np.zeros(0, np.uint8)
CHUNK_BYTES = 1 << 20
"""Size of the buffer that a writer fills before it hands it out; it grows where one row needs more."""

Rows: TypeAlias = NDArray[np.int32] | tuple[int, int]
"""Numbers of rows in the order of the lines, or (first, count)."""


CELL_END, LINE_END, ELEMENT_END, PART_END, BLANK = (U64(ord(c)) for c in "\t\n;_ ")
DASH = U64(ord("-"))
QUOTE = U64(ord('"'))
FRACTION = U64(0xFFFFFFFF)

DONE, FULL, BAD_ROW, BAD_SLOT, BAD_WORD, BAD_CONTENT, BAD_TEXT, BAD_FIRST = range(8)
"""How the kernel ended."""
FAULTS = {
    BAD_ROW: "there is no such row",
    BAD_SLOT: "there is no such slot",
    BAD_WORD: "field {column} ({name}): there is no word of this number",
    BAD_CONTENT: "field {column} ({name}): content outside of the data",
    BAD_TEXT: "field {column} ({name}): text outside of its pool",
    BAD_FIRST: "field {column} ({name}): there are no values of this number",
}


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


@inlined
def _put_octets(out: Any, p: Any, address: Any, length: Any, between: Any) -> Any:
    for i in range(length):
        p = put_hex(out, p, at8(address + i), 2)
        store8(out, p, between)
        p += 1
    return p - 1 if length > 0 else p


@inlined
def _put_text(out: Any, p: Any, address: Any, step: Any, length: Any) -> Any:
    for i in range(length):
        store8(out, p + i, at8(address + i * step))
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
        table: int64 (fields, 28), descriptors.
        first: number of the first row where ``rows`` is 0.
        rows: address of int32 row numbers, or 0.
        slots: address of int32 slots, or 0.
        begin: index of the first line.
        end: index behind the last line.
        row_limit: rows from here on do not exist.
        slot_limit: slots from here on do not exist.
        data: address of the batch's bytes.
        data_size: number of those bytes.
        row_bytes: the longest line without its words, contents and strings, and slack.
        out: address of the buffer.
        out_size: bytes of the buffer.

    Returns:
        Index of the next line, bytes written, how it ended, field at fault.
    """
    p = 0
    slot: Any = 0
    for i in range(begin, end):
        line = p
        room = out_size - p - row_bytes  # for words, contents and strings
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
                    if table[c, FIRST_ADDRESS] != 0:
                        place = table[c, FIRST_ADDRESS] + record * table[c, FIRST_STRIDE]
                        record = np.int64(at64(place)) + element
                        if record < 0 or record >= table[c, VALUES]:
                            return i, line, BAD_FIRST, c
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
                        if code == Code.CONTENT or code == Code.OCTETS or code == Code.BYTES:
                            length = np.int64(second)
                            start = np.int64(v)
                            if start < 0 or length < 0 or length > data_size or start > data_size - length:
                                return i, line, BAD_CONTENT, c
                            room -= length * (CONTENT_GROWTH if code == Code.CONTENT else OCTET_GROWTH)
                            if room < 0:
                                return i, line, FULL, 0
                            if code == Code.CONTENT:
                                p = put_content(out, p, data + start, length)
                            else:
                                between = BLANK if code == Code.BYTES else ELEMENT_END
                                p = _put_octets(out, p, data + start, length, between)
                        elif code == Code.TEXT:
                            place = table[c, ADDRESS] + record * table[c, STRIDE]
                            length = min(np.int64(second), table[c, CAPACITY])
                            p = _put_text(out, p, place, table[c, STEP], length)
                        elif code == Code.STRING or code == Code.BARE:
                            length = np.int64(second)
                            start = np.int64(v)
                            size = table[c, WORDS]
                            if start < 0 or length < 0 or length > size or start > size - length:
                                return i, line, BAD_TEXT, c
                            room -= STRING_GROWTH * length
                            if room < 0:
                                return i, line, FULL, 0
                            if code == Code.STRING:
                                store8(out, p, QUOTE)
                                p = put_string(out, p + 1, table[c, TEXTS] + start, length)
                                store8(out, p, QUOTE)
                                p += 1
                            else:
                                p = put_string(out, p, table[c, TEXTS] + start, length)
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


class RowWriter:
    """Writes rows of text from columns.

    Args:
        fields: the columns in their order.

    Raises:
        ValueError: A field cannot be printed: type, shape, or a part that its code needs.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        if not fields:
            raise ValueError("no columns to write")
        fields = self._fields = tuple(part for field in fields for part in field.parts)
        self._table = np.array([describe(field) for field in fields], np.int64)
        self._row_bytes = SLACK_BYTES  # of the longest line without words, contents and strings
        limits = {"row": NO_LIMIT, "slot": NO_LIMIT}
        first = 0
        for i, field in enumerate(fields):
            if not field.joined:
                first = i
            elif i == 0 or field.capacity < fields[first].capacity:
                raise ValueError(f"field {i} ({field.code.name}): cannot be joined to the field before")
            else:
                self._table[first, PARTS] += 1
            self._row_bytes += fields[first].capacity * (field.width + 1) + 1
            per_record = (field.values, field.kind) if field.first is None else (field.first,)
            for values in (*per_record, field.count):
                if values is not None:
                    limits[field.by] = min(limits[field.by], len(values))
            if field.when is not None:
                limits[field.when_by] = min(limits[field.when_by], len(field.when[0]))
        self._row_limit, self._slot_limit = limits["row"], limits["slot"]
        self._out = np.empty(CHUNK_BYTES + self._row_bytes, np.uint8)

    def chunks(
        self,
        rows: NDArray[np.int32] | tuple[int, int],
        slots: NDArray[np.int32] | None = None,
        data: NDArray[np.uint8] = NO_DATA,
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
        if self._slot_limit < NO_LIMIT:
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
        slots: NDArray[np.int32] | None = None,
        data: NDArray[np.uint8] = NO_DATA,
    ) -> bytes:
        """Return all lines at once, see `chunks`."""
        return b"".join(map(bytes, self.chunks(rows, slots, data)))
