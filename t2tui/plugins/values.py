"""Columns whose values Python code gives one by one: kept in typed arrays that the row writer reads."""

import ipaddress
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import Column
from t2tui.core.layout import KIND_IPV4, KIND_IPV6
from t2tui.core.text.fields import MOST, Code, Field
from t2tui.plugins.cells import is_list, parts_of

FIRST_ELEMENTS = 1024
FIRST_BYTES = 1 << 14
NANOSECONDS = 1_000_000_000

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

CODES = {"U": Code.UINT, "I": Code.INT, "H": Code.HEX}
DTYPES = {"U": "u", "I": "i", "H": "u"}
OTHERS: dict[str, tuple[Code, str]] = {
    "C": (Code.CHAR, "u1"),
    "F": (Code.FLOAT, "f4"),
    "D": (Code.DOUBLE, "f8"),
    "D9": (Code.SECONDS, "f8"),
    "S": (Code.STRING, "i8"),
    "SC": (Code.BARE, "i8"),
    "MAC": (Code.MAC, "u8"),
    "IP4": (Code.IP4, "u4"),
    "IP6": (Code.IP6, "u8"),
    "IPX": (Code.IPX, "u8"),
    "U64.U32": (Code.TIME, "u8"),
}
"""Type -> how it is printed and kept; those of integers follow from their letter and width."""


def kept_as(type_: str) -> tuple[Code, np.dtype[Any]]:
    """Return how a type without ``:R``, of one part, is printed and kept.

    Raises:
        ValueError: there is no such type, or plugins cannot write it.
    """
    if type_ in OTHERS:
        code, dtype = OTHERS[type_]
        return code, np.dtype(dtype)
    letter, width = type_[:1], type_[1:]
    if letter in CODES and width in ("8", "16", "32", "64"):
        return CODES[letter], np.dtype(f"{DTYPES[letter]}{int(width) // 8}")
    known = ", ".join([*(f"{letter}8 to {letter}64" for letter in CODES), *OTHERS])
    raise ValueError(f"no type {type_!r}; there are {known}, T1_T2 for several parts and T:R for lists")


class Part:
    """Values of one type, at numbered places."""

    def __init__(self, type_: str, places: int) -> None:
        self.code, dtype = kept_as(type_)
        self._values = np.zeros(places, dtype)
        self._second: NDArray[Any] | None = None
        self._kind: NDArray[np.uint8] | None = None
        self._pool: NDArray[np.uint8] | None = None
        self._used = 0
        put: dict[Code, Callable[[int, Any], None]] = {
            Code.CHAR: self._put_char,
            Code.MAC: self._put_mac,
            Code.IP4: self._put_address,
            Code.IP6: self._put_address,
            Code.IPX: self._put_address,
            Code.TIME: self._put_time,
            Code.STRING: self._put_text,
            Code.BARE: self._put_text,
        }
        self.put = put.get(self.code, self._put_number)
        if self.code in (Code.IP6, Code.IPX):
            self._second = np.zeros(places, np.uint64)
        if self.code in (Code.TIME, Code.STRING, Code.BARE):
            self._second = np.zeros(places, np.uint32)
        if self.code is Code.IPX:
            self._kind = np.zeros(places, np.uint8)
        if self.code in (Code.STRING, Code.BARE):
            self._pool = np.zeros(FIRST_BYTES, np.uint8)

    def _put_number(self, place: int, value: Any) -> None:
        self._values[place] = value

    def _put_char(self, place: int, value: str) -> None:
        self._values[place] = ord(value)

    def _put_mac(self, place: int, value: int | bytes) -> None:
        self._values[place] = int.from_bytes(value, "big") if isinstance(value, bytes) else value

    def _put_time(self, place: int, value: int) -> None:
        assert self._second is not None
        self._values[place], self._second[place] = divmod(value, NANOSECONDS)

    def _put_address(self, place: int, value: Address | str | int) -> None:
        address = value if isinstance(value, Address) else ipaddress.ip_address(value)
        number = int(address)
        if self._second is None:
            self._values[place] = number
            return
        self._values[place], self._second[place] = divmod(number, 1 << 64)
        if self._kind is not None:
            self._kind[place] = KIND_IPV4 if address.version == 4 else KIND_IPV6

    def _put_text(self, place: int, value: str | bytes) -> None:
        assert self._second is not None and self._pool is not None
        octets = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
        end = self._used + len(octets)
        if end > len(self._pool):
            self._pool = np.resize(self._pool, max(end, 2 * len(self._pool)))
        self._pool[self._used : end] = np.frombuffer(octets, np.uint8)
        self._values[place], self._second[place] = self._used, len(octets)
        self._used = end

    def clear(self) -> None:
        """Give up the bytes of all texts."""
        self._used = 0

    def grow(self, places: int) -> None:
        """Make room for more values."""
        self._values = np.resize(self._values, places)
        if self._second is not None:
            self._second = np.resize(self._second, places)
        if self._kind is not None:
            self._kind = np.resize(self._kind, places)

    def field(self, joined: bool = False, **others: Any) -> Field:
        """Return where the values are."""
        return Field(
            self.code,
            self._values,
            second=self._second,
            kind=self._kind,
            pool=self._pool,
            joined=joined,
            **others,
        )

    @property
    def arrays(self) -> tuple[int, ...]:
        """What changes when arrays take the place of others."""
        return id(self._values), id(self._pool)


class ColumnValues:
    """Values of a column, by record: flow slot or row of a batch.

    A value is what the type says: int, float, str or bytes, an address (or its text), nanoseconds since 1970
    for ``U64.U32``; a sequence of them for a list; a sequence of the parts for a value of several
    parts; None leaves the cell empty.
    """

    def __init__(self, column: Column, records: int, by: Literal["row", "slot"]) -> None:
        """Allocate.

        Args:
            column: its type decides which values are accepted.
            records: how many there are.
            by: what numbers them.

        Raises:
            ValueError: the column's type is unknown.
        """
        self.column = column
        self._by = by
        self._is_list = is_list(column.type)
        try:
            types = parts_of(column.type)
            self._parts = [Part(type_, FIRST_ELEMENTS if self._is_list else records) for type_ in types]
        except ValueError as error:
            raise ValueError(f"column {column.name}: {error}") from None
        self._when = np.zeros(records, np.uint8)
        self._first = np.zeros(records if self._is_list else 0, np.int64)
        self._count = np.zeros(records if self._is_list else 0, np.uint8)
        self._room = FIRST_ELEMENTS
        self._used = 0

    def clear(self) -> None:
        """Give up the texts and lists of all records: they are written."""
        self._used = 0
        for part in self._parts:
            part.clear()

    def empty(self, first: int, behind: int) -> None:
        """Empty the cells of records."""
        self._when[first:behind] = 0

    def put(self, record: int, value: Any) -> None:
        """Set the value of a record.

        Raises:
            ValueError: the value is none of the column's type, or out of its range.
        """
        try:
            self._when[record] = value is not None
            if value is None:
                return
            if self._is_list:
                self._put_list(record, value)
            else:
                self._put(record, value)
        except (TypeError, ValueError, OverflowError, AttributeError) as error:
            raise ValueError(
                f"{self.column.name} is of type {self.column.type} and cannot be {value!r}: {error}"
            ) from error

    def _put(self, place: int, value: Any) -> None:
        if len(self._parts) == 1:
            self._parts[0].put(place, value)
            return
        for part, each in zip(self._parts, value, strict=True):
            part.put(place, each)

    def _put_list(self, record: int, values: Sequence[Any]) -> None:
        if len(values) > MOST:
            raise ValueError(f"a list has at most {MOST} elements, not {len(values)}")
        needed = self._used + len(values)
        if needed > self._room:
            self._room = 1 << math.ceil(math.log2(needed))
            for part in self._parts:
                part.grow(self._room)
        self._first[record], self._count[record] = self._used, len(values)
        for place, value in enumerate(values, self._used):
            self._put(place, value)
        self._used = needed

    @property
    def arrays(self) -> tuple[int, ...]:
        """What changes when arrays take the place of others."""
        return tuple(number for part in self._parts for number in part.arrays)

    def field(self) -> Field:
        """Return where the values are now."""
        head, *rest = self._parts
        first = self._first if self._is_list else None
        return head.field(
            by=self._by,
            count=self._count if self._is_list else None,
            first=first,
            when=(self._when, 1),
            when_by=self._by,
            rest=tuple(part.field(joined=True, by=self._by, first=first) for part in rest),
        )
