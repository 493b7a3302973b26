"""What a cell of text shows: where its values lie and how they are printed (docs/text.md)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from t2tui.core.text.memory import LOADS, SLACK_BYTES, UNSIGNED


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
    OCTETS = 15
    """Bytes as ``0x00;0xff``: start in the batch's bytes; ``second``: length."""
    TEXT = 16
    """Characters as they are: ``values`` (records, capacity) of bytes; ``second``: length, one per record.
    Not in repeated cells."""
    STRING = 17
    """Escaped string in double quotes: start in ``pool``; ``second``: length."""
    BARE = 18
    """Escaped string without quotes: start in ``pool``; ``second``: length."""
    BYTES = 19
    """Bytes as ``0x00 0xff``: start in the batch's bytes; ``second``: length."""

    __hash__ = int.__hash__  # that of Enum runs in Python


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
    Code.OCTETS: 0,
    Code.STRING: 2,
    Code.BARE: 0,
    Code.BYTES: 0,
}
"""Longest text of one value; words, strings and bytes of the batch are added when their lengths are known.
That of TEXT is its capacity."""

STRINGS = {Code.STRING, Code.BARE}
"""Texts that a plugin keeps in a pool of bytes."""
PAIRS = {
    Code.TIME,
    Code.SIGNED_TIME,
    Code.IP6,
    Code.IPX,
    Code.CONTENT,
    Code.OCTETS,
    Code.TEXT,
    Code.STRING,
    Code.BARE,
    Code.BYTES,
}
"""Values of two halves."""
OF_BATCH = {Code.CONTENT, Code.OCTETS, Code.BYTES}
"""Values that lie in the batch's bytes."""
FLOATS = {Code.FLOAT, Code.DOUBLE, Code.SECONDS}
SIGNED = {Code.INT, Code.SIGNED_TIME}
"""Numbers that are read with their sign; all others are the bits of an unsigned number of their width."""


@dataclass(frozen=True, eq=False)
class Words:
    """Texts addressed by number.

    Attributes:
        data: uint8, the bytes of all texts; copied, with SLACK_BYTES behind them, where these are missing.
        start: int64, position of each text in ``data``.
        length: int32, bytes of each text.

    Raises:
        ValueError: A text lies outside of ``data``, or the arrays have other types or shapes.
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
        missing = end + SLACK_BYTES - self.data.size
        data = np.pad(self.data, (0, missing)) if missing > 0 else np.ascontiguousarray(self.data)
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "start", np.ascontiguousarray(self.start))
        object.__setattr__(self, "length", np.ascontiguousarray(self.length))

    @classmethod
    def from_texts(cls, texts: Iterable[bytes]) -> "Words":
        """Return the texts, numbered from 0 in their order."""
        texts = list(texts)
        ends = np.fromiter(accumulate(map(len, texts), initial=0), np.int64)
        data = np.frombuffer(b"".join(texts) + bytes(SLACK_BYTES), np.uint8)
        return cls(data, ends[:-1], np.diff(ends).astype(np.int32))

    @cached_property
    def places(self) -> tuple[int, int, int, int]:
        """Addresses of data, start and length, and the number of words."""
        return self.data.ctypes.data, self.start.ctypes.data, self.length.ctypes.data, len(self.start)


MOST = 255
"""Largest number of values in a cell: ``Field.count`` is one byte."""


@dataclass(frozen=True, eq=False)
class Field:
    """Where the writer finds the values of one column, and how it prints them.

    The arrays are read when rows are written; they must not be resized as long as a writer uses the field
    (a plugin that puts others in their place says so with ``Run.columns_changed``).

    Attributes:
        code: how a value is printed.
        values: one value per record, any stride; or one row of values per record (records, capacity); or,
            with ``first``, the values of all records in one flat array.
        by: which number addresses the record: that of the row, or its slot.
        second: the other half of the value, see Code; same shape as ``values`` (not for TEXT).
        kind: u1 per record (with ``first``: per value), layout.KIND_* (IPX).
        count: u1 per record: number of repeated values, joined by ``;``.
        first: i8 per record: place of its first value in ``values``; its others stand behind. For lists of
            which few flows have long ones.
        when: u1 per record and a mask: the cell is empty where they have no bit in common.
        when_by: which number addresses the record of ``when``.
        words: the texts (WORD).
        pool: uint8, the bytes of texts (STRING, BARE).
        rest: further parts of a compound column, each behind ``_``. The cell is repeated and left out as
            the first part says.
        joined: the value continues the cell of the field before: true of the parts in ``rest``.
    """

    code: Code
    values: NDArray[Any]
    by: Literal["row", "slot"] = "row"
    second: NDArray[Any] | None = None
    kind: NDArray[np.uint8] | None = None
    count: NDArray[np.uint8] | None = None
    first: NDArray[np.int64] | None = None
    when: tuple[NDArray[np.uint8], int] | None = None
    when_by: Literal["row", "slot"] = "row"
    words: Words | None = None
    pool: NDArray[np.uint8] | None = None
    rest: "tuple[Field, ...]" = ()
    joined: bool = False

    @property
    def capacity(self) -> int:
        """Number of values that a record has room for."""
        if self.first is not None:
            return MOST
        return int(self.values.shape[1]) if self.values.ndim == 2 and self.code is not Code.TEXT else 1

    @property
    def width(self) -> int:
        """Longest text of one value, without words and bytes of the batch."""
        return int(self.values.shape[1]) if self.code is Code.TEXT else WIDTHS[self.code]

    @property
    def parts(self) -> "Iterator[Field]":
        """The parts of a compound column in their order; of others the field itself."""
        yield self
        for part in self.rest:
            yield part if part.joined else replace(part, joined=True)


def _zeros(like: NDArray[Any]) -> NDArray[Any]:
    return np.broadcast_to(np.zeros((), like.dtype), like.shape)


def blank(field: Field) -> Field:
    """Return a field of the same kind for as many records, whose cells are all empty."""
    records = len(field.values if field.first is None else field.first)
    return replace(
        field,
        values=_zeros(field.values),
        second=None if field.second is None else _zeros(field.second),
        kind=None if field.kind is None else _zeros(field.kind),
        count=None if field.count is None else _zeros(field.count),
        first=None if field.first is None else _zeros(field.first),
        when=(np.broadcast_to(np.uint8(0), records), 1),
        when_by=field.by,
        pool=None if field.pool is None else np.zeros(SLACK_BYTES, np.uint8),
        rest=tuple(map(blank, field.rest)),
    )


(
    CODE,
    SIZE,
    BY_SLOT,
    LOAD,
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
    FIRST_ADDRESS,
    FIRST_STRIDE,
    VALUES,
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
) = range(28)
"""Columns of the table of descriptors. Addresses are 0 where a field has no such array.

VALUES is the length of an array that FIRST points into. For texts in a pool TEXTS and WORDS are its address
and size.
"""


def describe(field: Field) -> tuple[int, ...]:
    """Return the row of a field in the table of descriptors.

    Raises:
        ValueError: The field cannot be printed: type, shape, or a part that its code needs.
    """
    code, values, second, count = field.code, field.values, field.second, field.count
    if (values.dtype.kind == "f") != (code in FLOATS) or (code is Code.FLOAT and values.dtype.itemsize != 4):
        raise ValueError(f"{code.name}: cannot print {values.dtype}")
    if (second is None) == (code in PAIRS) or (field.words is None) == (code is Code.WORD):
        raise ValueError(f"{code.name}: `second` or `words` missing or in vain")
    shape = values.shape[:1] if code is Code.TEXT else values.shape
    if second is not None and (second.shape != shape or second.dtype.kind == "f"):
        raise ValueError(f"{code.name}: {values.shape} values, but second is {second.dtype} {second.shape}")
    if (field.kind is None) == (code is Code.IPX):
        raise ValueError(f"{code.name}: `kind` missing or in vain")
    if (field.pool is None) == (code in STRINGS):
        raise ValueError(f"{code.name}: `pool` missing or in vain")
    kind, when, first = field.kind, field.when, field.first
    if first is not None and (first.dtype != np.int64 or first.ndim != 1 or values.ndim != 1):
        raise ValueError(f"{code.name}: `first` must be int64 per record and `values` flat")
    if kind is not None and first is not None and len(kind) != len(values):
        raise ValueError(f"{code.name}: {len(values)} values, but kinds of {len(kind)}")
    if code is Code.TEXT:
        if values.ndim != 2 or values.dtype.itemsize != 1 or count is not None:
            raise ValueError(f"TEXT: need (records, capacity) bytes without `count`, not {values.shape}")
    elif (values.ndim == 2 or first is not None) != (count is not None) and not field.joined:
        raise ValueError(
            f"{code.name}: {'one value' if count is not None else 'several values'} per record "
            f"with{'' if count is not None else 'out'} `count`"
        )
    return (
        code,
        values.dtype.itemsize,
        field.by == "slot",
        *_column(values, code in SIGNED),
        *((0, 0, 0, 0) if second is None else _column(second, code in SIGNED)),
        *((0, 0) if kind is None else _bytes(kind)),
        *((0, 0) if count is None else _bytes(count)),
        *((0, 0, 0) if first is None else (first.ctypes.data, first.strides[0], len(values))),
        MOST if first is not None else values.shape[-1] if values.ndim == 2 else 1,
        *((0, 0, 0, 0) if when is None else (*_bytes(when[0]), when[1], field.when_by == "slot")),
        *_texts(field),
        1,
    )


def _texts(field: Field) -> tuple[int, int, int, int]:
    """Return address, starts, lengths and number of a field's words, or address and size of its pool."""
    if field.words is not None:
        return field.words.places
    if field.pool is None:
        return 0, 0, 0, 0
    if field.pool.dtype != np.uint8 or not field.pool.flags.c_contiguous:
        raise ValueError(f"{field.code.name}: a pool is contiguous bytes, not {field.pool.dtype}")
    return field.pool.ctypes.data, 0, 0, field.pool.size


def _column(values: NDArray[Any], signed: bool) -> tuple[int, int, int, int]:
    """Return load, address, stride and step of an array of values."""
    load = LOADS.get(values.dtype)
    if load is None or not 1 <= values.ndim <= 2:
        raise ValueError(f"cannot print {values.ndim}-dimensional {values.dtype}")
    step = values.strides[1] if values.ndim == 2 else 0
    return load if signed else load & UNSIGNED, values.ctypes.data, values.strides[0], step


def _bytes(values: NDArray[np.uint8]) -> tuple[int, int]:
    """Return address and stride of an array of bytes."""
    if values.dtype.itemsize != 1 or values.ndim != 1:
        raise ValueError(f"need one byte per record, not {values.ndim}-dimensional {values.dtype}")
    return values.ctypes.data, values.strides[0]
