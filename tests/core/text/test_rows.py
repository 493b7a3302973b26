"""Tables are written as a plain Python formatter writes them, whatever lies where in memory."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from t2tui.core.layout import KIND_IPV4, KIND_IPV6
from t2tui.core.text import rows as rows_module
from t2tui.core.text.escape import escape_string, quote_string
from t2tui.core.text.fields import MOST, STRINGS
from t2tui.core.text.rows import Code, Field, RowWriter, Words

RECORDS, SLOTS, CAPACITY, SHARED = 7, 5, 4, 20
TEXTS = [b"", b"-", b"eth:ipv4:tcp", b'"Private network"', b"a" * 63, b"x" * 200]
DATA = bytes(range(256)) * 2
POOL = b'name\twith "quotes"\nends\0here' + bytes(range(255, 0, -1))


def ip6(upper: int, lower: int) -> str:
    return socket.inet_ntop(socket.AF_INET6, upper.to_bytes(8, "big") + lower.to_bytes(8, "big"))


def ip4(value: int) -> str:
    return socket.inet_ntop(socket.AF_INET, (value % 2**32).to_bytes(4, "big"))


def ipx(upper: int, lower: int, kind: int) -> str:
    return ip4(lower) if kind == KIND_IPV4 else ip6(upper, lower) if kind == KIND_IPV6 else "-"


PRINTED: dict[Code, Callable[..., str]] = {
    Code.INT: lambda v: f"{v}",
    Code.FLOAT: lambda v: f"{v:.7g}",
    Code.DOUBLE: lambda v: f"{v:.6f}",
    Code.SECONDS: lambda v: f"{v:.9f}",
    Code.CHAR: chr,
    Code.TIME: lambda v, second: f"{v % 2**32}.{second % 2**32:09d}",
    Code.SIGNED_TIME: lambda v, second: f"{v % 2**32}.{second:09d}",
    Code.MAC: lambda v: (v % 2**48).to_bytes(6, "big").hex(":"),
    Code.IP4: ip4,
    Code.IP6: ip6,
    Code.WORD: lambda v: TEXTS[v].decode(),
}

TYPES = {
    Code.UINT: ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "?"],
    Code.INT: ["u4", "i1", "i2", "i4", "i8"],
    Code.HEX: ["u1", "u2", "u4", "u8", "i8"],
    Code.FLOAT: ["f4"],
    Code.DOUBLE: ["f4", "f8"],
    Code.SECONDS: ["f8"],
    Code.CHAR: ["u1"],
    Code.TIME: ["i8", "u4", "u8"],
    Code.SIGNED_TIME: ["i8", "u4"],
    Code.MAC: ["u8"],
    Code.IP4: ["u4", "u8"],
    Code.IP6: ["u8"],
    Code.IPX: ["u8"],
    Code.WORD: ["u1", "u2", "i4", "u8"],
    Code.CONTENT: ["i8", "u2"],
    Code.OCTETS: ["i8", "u2"],
    Code.BYTES: ["i8", "u2"],
    Code.TEXT: ["u1", "i1"],
    Code.STRING: ["i8", "u2"],
    Code.BARE: ["u2", "i4"],
}
SECOND = {
    Code.TIME: "i8",
    Code.SIGNED_TIME: "i8",
    Code.IP6: "u8",
    Code.IPX: "u8",
    Code.CONTENT: "u1",
    Code.OCTETS: "u1",
    Code.BYTES: "u1",
    Code.TEXT: "u1",
    Code.STRING: "u1",
    Code.BARE: "u1",
}


@st.composite
def column(draw: Any, dtype: str, shape: tuple[int, ...], elements: Any = None) -> np.ndarray:
    """An array of values, contiguous or a field of records that are read forwards or backwards."""
    if elements is None and dtype[0] == "f":
        elements = st.floats(-(2.0**40), 2.0**40, width=8 * int(dtype[1]))
    values = draw(arrays.arrays(dtype, shape, elements=elements))
    layout = draw(st.sampled_from(["flat", "record", "reversed"]))
    if layout == "flat":
        return values
    records = np.zeros(shape[0], [("before", "u1"), ("values", dtype, shape[1:]), ("after", "u2")])
    view = records["values"] if layout == "record" else records["values"][::-1]
    view[...] = values
    return view


@st.composite
def fields(draw: Any, repeated: bool | None = None, flat: bool | None = None, joined: bool = False) -> Field:
    codes = [code for code in Code if not (joined and repeated and code is Code.TEXT)]
    code = draw(st.sampled_from(codes))
    by = draw(st.sampled_from(["row", "slot"]))
    size = RECORDS if by == "row" else SLOTS
    if repeated is None:
        repeated = draw(st.booleans())
    if flat is None:
        flat = code is not Code.TEXT and repeated and draw(st.booleans())
    shape = (SHARED,) if flat else (size, CAPACITY) if repeated else (size,)
    limits = {Code.CHAR: st.integers(33, 126), Code.WORD: st.integers(0, len(TEXTS) - 1)}
    limits |= dict.fromkeys((Code.CONTENT, Code.OCTETS, Code.BYTES), st.integers(0, 256))
    limits[Code.TEXT] = st.integers(33, 126)
    if code is Code.TEXT:
        shape = (size, draw(st.integers(CAPACITY, 9)))
    limits |= dict.fromkeys(STRINGS, st.integers(0, len(POOL)))
    when_by = draw(st.sampled_from(["row", "slot"]))
    flags = column("u1", (RECORDS if when_by == "row" else SLOTS,))
    values = draw(column(draw(st.sampled_from(TYPES[code])), shape, limits.get(code)))
    halves = shape[:1] if code is Code.TEXT else shape
    second = draw(column(SECOND[code], halves)) if code in SECOND else None
    if code in STRINGS:
        second = np.minimum(second, len(POOL) - values)
    kinds = shape if flat else (size,)
    return Field(
        code,
        values,
        by,
        second=second,
        kind=draw(column("u1", kinds, st.integers(0, 3))) if code is Code.IPX else None,
        first=draw(column("i8", (size,), st.integers(0, SHARED - CAPACITY - 2))) if flat else None,
        count=draw(column("u1", (size,), st.integers(0, CAPACITY + 2)))
        if repeated and not joined and code is not Code.TEXT
        else None,
        when=None if joined else draw(st.none() | st.tuples(flags, st.integers(0, 255))),
        when_by=when_by,
        words=Words.from_texts(TEXTS) if code is Code.WORD else None,
        pool=np.frombuffer(POOL, np.uint8) if code in STRINGS else None,
        joined=joined,
    )


@st.composite
def cells(draw: Any) -> list[Field]:
    """The fields of one cell: mostly one, sometimes a compound of several."""
    first = draw(fields())
    more = draw(st.integers(0, 2)) if draw(st.booleans()) else 0
    return [
        first,
        *(draw(fields(first.count is not None, first.first is not None, True)) for _ in range(more)),
    ]


def printed(field: Field, place: Any, record: int) -> str:
    if field.code is Code.TEXT:
        return bytes(field.values[record].tolist())[: field.second[record]].decode()
    value = field.values[place].item()
    size = field.values.itemsize
    if field.code is Code.HEX:
        return f"0x{value % 256**size:0{2 * size}x}"
    if field.code is Code.UINT:
        return f"{value % 256**size}"
    if field.code is Code.CONTENT:
        return content(DATA[value : value + field.second[place].item()])
    if field.code is Code.OCTETS:
        return ";".join(f"0x{byte:02x}" for byte in DATA[value : value + field.second[place].item()])
    if field.code is Code.BYTES:
        return " ".join(f"0x{byte:02x}" for byte in DATA[value : value + field.second[place].item()])
    if field.code in STRINGS:
        text = POOL[value : value + field.second[place].item()]
        return (quote_string if field.code is Code.STRING else escape_string)(text).decode("latin-1")
    if field.code is Code.IPX:
        return ipx(
            value, field.second[place].item(), field.kind[place if field.first is not None else record]
        )
    more = () if field.second is None else (field.second[place].item(),)
    return PRINTED[field.code](value, *more)


def place_of(field: Field, record: int, element: int) -> Any:
    return (record, element) if field.first is None else int(field.first[record]) + element


def content(payload: bytes) -> str:
    letters = dict(zip(b"\b\t\n\v\f\r\\", "btnvfr\\", strict=True))
    return "".join(f"\\{letters[b]}" if b in letters else chr(b) if 32 <= b < 127 else "." for b in payload)


def cell(parts: Sequence[Field], row: int, slot: int) -> str:
    numbers = {"row": row, "slot": slot}
    first = parts[0]
    if first.when is not None:
        flags, mask = first.when
        if not flags[numbers[first.when_by]] & mask:
            return ""
    records = [numbers[field.by] for field in parts]
    if first.count is None:
        return "_".join(map(printed, parts, records, records))
    count = min(int(first.count[records[0]]), CAPACITY if first.first is None else MOST)
    elements = [
        [place_of(field, record, i) for field, record in zip(parts, records, strict=True)]
        for i in range(count)
    ]
    return ";".join("_".join(map(printed, parts, places, records)) for places in elements)


@given(st.lists(cells(), min_size=1, max_size=6), st.data())
def test_tables(table: list[list[Field]], data: st.DataObject):
    rows = data.draw(arrays.arrays("i4", st.integers(0, 9), elements=st.integers(0, RECORDS - 1)))
    slots = data.draw(arrays.arrays("i4", len(rows), elements=st.integers(0, SLOTS - 1)))
    wanted = [
        "\t".join(cell(parts, row, slot) for parts in table) + "\n"
        for row, slot in zip(rows, slots, strict=True)
    ]
    compounds = [replace(parts[0], rest=tuple(parts[1:])) for parts in table]
    fields = compounds if data.draw(st.booleans()) else [field for parts in table for field in parts]
    writer = RowWriter(fields)
    payload = np.frombuffer(DATA, np.uint8)
    assert writer.write(rows, slots, payload).decode("latin-1") == "".join(wanted)


def test_first_and_count_stand_for_rows_in_sequence():
    writer = RowWriter([Field(Code.UINT, np.arange(10))])
    assert writer.write((3, 4)) == b"3\n4\n5\n6\n" == writer.write(np.arange(3, 7, dtype=np.int32))
    assert writer.write((3, 0)) == b""


def test_values_are_read_when_rows_are_written():
    values = np.zeros(2, np.uint32)
    writer = RowWriter([Field(Code.UINT, values)])
    assert writer.write((0, 2)) == b"0\n0\n"
    values[1] = 7
    assert writer.write((0, 2)) == b"0\n7\n"


def test_many_rows_come_in_pieces_of_whole_lines():
    count = 300_000
    writer = RowWriter(
        [Field(Code.UINT, np.arange(count)), Field(Code.HEX, np.arange(count, dtype=np.uint64))]
    )
    pieces = [bytes(piece) for piece in writer.chunks((0, count))]
    assert len(pieces) > 1
    assert all(piece.endswith(b"\n") and len(piece) <= 4 << 20 for piece in pieces)
    assert b"".join(pieces) == b"".join(b"%d\t0x%016x\n" % (i, i) for i in range(count))


def test_lines_larger_than_the_buffer(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rows_module, "CHUNK_BYTES", 100)
    lengths = np.array([0, 65535, 1, 40000, 65535])
    payload = np.full(65535, ord("\\"), np.uint8)
    words = Words.from_texts([b"w" * 5000, b""])
    writer = RowWriter(
        [
            Field(Code.WORD, np.array([0, 1, 0, 0, 1]), words=words),
            Field(Code.CONTENT, np.zeros(5, np.int64), second=lengths),
            Field(Code.UINT, lengths),
        ]
    )
    wanted = [
        b"w" * (0 if empty else 5000) + b"\t" + b"\\\\" * length + b"\t%d\n" % length
        for empty, length in zip([0, 1, 0, 0, 1], lengths.tolist(), strict=True)
    ]
    assert writer.write((0, 5), None, payload) == b"".join(wanted)


def test_octets_larger_than_the_buffer(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rows_module, "CHUNK_BYTES", 100)
    data = np.arange(4096).astype(np.uint8)
    writer = RowWriter([Field(Code.OCTETS, np.array([0, 9, 0]), second=np.array([4096, 0, 3]))])
    wanted = ";".join(f"0x{byte:02x}" for byte in data) + "\n\n0x00;0x01;0x02\n"
    assert writer.write((0, 3), None, data) == wanted.encode()


def test_content_up_to_the_last_byte_of_the_data():
    data = np.frombuffer(b"0123456789ab", np.uint8)
    for length in range(13):
        writer = RowWriter([Field(Code.CONTENT, np.array([12 - length]), second=np.array([length]))])
        assert writer.write((0, 1), None, data) == data[12 - length :].tobytes() + b"\n"


def test_words_from_arrays():
    words = Words(
        np.frombuffer(b"abcdef", np.uint8), np.array([0, 2, 6, 1]), np.array([2, 4, 0, 3], np.int32)
    )
    writer = RowWriter([Field(Code.WORD, np.arange(4), words=words)])
    assert writer.write((0, 4)) == b"ab\ncdef\n\nbcd\n"


def one(**more: Any) -> Field:
    return Field(Code.UINT, np.zeros(3, np.uint8), **more)


def string(start: list[int], length: list[int]) -> Field:
    return Field(Code.STRING, np.array(start), second=np.array(length), pool=np.zeros(10, np.uint8))


def listed(first: int) -> Field:
    """Two values, beginning at a place of three."""
    return one(first=np.array([first]), count=np.array([2], np.uint8))


WORD = Field(Code.WORD, np.array([0, 1]), words=Words.from_texts([b"only"]))


@pytest.mark.parametrize(
    ("field", "rows", "slots", "message"),
    [
        (one(), [0, 3], None, "line 1: there is no such row"),
        (one(), [-1], None, "line 0: there is no such row"),
        (one(by="slot"), [0], [3], "line 0: there is no such slot"),
        (one(by="slot"), [9, 9], [2, -1], "line 1: there is no such slot"),
        (one(when=(np.zeros(2, np.uint8), 1)), [2], None, "line 0: there is no such row"),
        (one(when=(np.zeros(2, np.uint8), 1), when_by="slot"), [0], [2], "line 0: there is no such slot"),
        (WORD, [0, 1], None, r"line 1: field 0 \(WORD\): there is no word"),
        (Field(Code.WORD, np.array([-1]), words=WORD.words), [0], None, "there is no word"),
        (Field(Code.CONTENT, np.array([5]), second=np.array([6])), [0], None, r"field 0 \(CONTENT\)"),
        (Field(Code.OCTETS, np.array([5]), second=np.array([8])), [0], None, r"field 0 \(OCTETS\)"),
        (Field(Code.CONTENT, np.array([-1]), second=np.array([1])), [0], None, "outside of the data"),
        (Field(Code.CONTENT, np.array([0]), second=np.array([-1])), [0], None, "outside of the data"),
        (string([5], [6]), [0], None, r"field 0 \(STRING\): text outside of its pool"),
        (string([-1], [1]), [0], None, "outside of its pool"),
        (string([0], [-1]), [0], None, "outside of its pool"),
        (string([2**62], [2**62]), [0], None, "outside of its pool"),
        (listed(2), [0], None, r"field 0 \(UINT\): there are no values of this number"),
        (listed(-1), [0], None, "there are no values"),
        (listed(-(2**63)), [0], None, "there are no values"),
        (Field(Code.CONTENT, np.array([2**62]), second=np.array([2**62])), [0], None, "outside of the data"),
    ],
)
def test_what_does_not_exist_is_not_read(
    field: Field, rows: list[int], slots: list[int] | None, message: str
):
    numbers = None if slots is None else np.array(slots, np.int32)
    with pytest.raises(IndexError, match=message):
        RowWriter([field]).write(np.array(rows, np.int32), numbers, np.zeros(10, np.uint8))


def test_rows_by_slot_need_slots():
    writer = RowWriter([one(by="slot")])
    for slots in (None, np.zeros(1, np.int32)):
        with pytest.raises(ValueError, match="2 lines need as many slots"):
            writer.write((0, 2), slots)


@pytest.mark.parametrize(
    "field",
    [
        Field(Code.UINT, np.zeros(3, np.float32)),
        Field(Code.FLOAT, np.zeros(3, np.float64)),
        Field(Code.FLOAT, np.zeros(3, np.uint32)),
        Field(Code.UINT, np.zeros(3, ">u4")),
        Field(Code.UINT, np.zeros(3, "S1")),
        Field(Code.UINT, np.zeros((3, 2), np.uint8)),
        Field(Code.UINT, np.zeros((3, 2, 2), np.uint8), count=np.zeros(3, np.uint8)),
        one(count=np.zeros(3, np.uint8)),
        one(second=np.zeros(3, np.uint8)),
        one(words=Words.from_texts([b""])),
        one(kind=np.zeros(3, np.uint8)),
        one(joined=True),
        one(first=np.zeros(3, np.int64)),
        one(first=np.zeros(3, np.int32), count=np.zeros(3, np.uint8)),
        one(pool=np.zeros(3, np.uint8)),
        Field(Code.STRING, np.zeros(3, np.int64), second=np.zeros(3, np.int64)),
        Field(Code.STRING, np.zeros(3, np.int64), pool=np.zeros(3, np.uint8)),
        Field(Code.STRING, np.zeros(3, np.int64), second=np.zeros(3, np.int64), pool=np.zeros(3, np.int8)),
        Field(
            Code.UINT,
            np.zeros((3, 2), np.uint8),
            first=np.zeros(3, np.int64),
            count=np.zeros(3, np.uint8),
        ),
        one(when=(np.zeros(3, np.uint16), 1)),
        Field(Code.TIME, np.zeros(3, np.int64)),
        Field(Code.TIME, np.zeros(3, np.int64), second=np.zeros(2, np.int64)),
        Field(Code.IPX, np.zeros(3, np.uint64), second=np.zeros(3, np.uint64)),
        Field(Code.WORD, np.zeros(3, np.uint8)),
        Field(Code.OCTETS, np.zeros(3, np.int64)),
        Field(Code.TEXT, np.zeros((3, 4), np.uint8)),
        Field(Code.TEXT, np.zeros((3, 4), np.uint8), second=np.zeros((3, 4), np.uint8)),
        Field(Code.TEXT, np.zeros(3, np.uint8), second=np.zeros(3, np.uint8)),
        Field(Code.TEXT, np.zeros((3, 4), np.uint16), second=np.zeros(3, np.uint8)),
    ],
)
def test_fields_that_cannot_be_printed(field: Field):
    with pytest.raises(ValueError):
        RowWriter([field])


def test_no_fields():
    with pytest.raises(ValueError, match="no columns"):
        RowWriter([])


@pytest.mark.parametrize(
    ("start", "length"), [([0], [7]), ([-1], [1]), ([3], [-1]), ([0, 1], [1]), ([[0]], [[1]]), ([2**62], [1])]
)
def test_words_outside_of_their_data(start: list[int], length: list[int]):
    with pytest.raises(ValueError):
        Words(np.zeros(6, np.uint8), np.array(start, np.int64), np.array(length, np.int32))
