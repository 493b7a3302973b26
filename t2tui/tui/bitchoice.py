"""A value of a status column while it is being put together: bits or numbers switched on and off."""

from collections.abc import Collection
from dataclasses import dataclass, field

from t2tui.core.bitnames import filter_of
from t2tui.core.bits import BitTable
from t2tui.core.decode import COMPOUNDS, Decoded, DecodeError, Row, decode_parts, names
from t2tui.core.decodetable import table_text
from t2tui.core.enumerations import Enumeration


@dataclass
class Part:
    """One part of a value; most values have one.

    Attributes:
        column: its name.
        table: its bits or numbers.
        rows: all of them.
        chosen: numbers of the rows that are switched on.
        unknown: bits without meaning, or numbers, that the value has besides.
    """

    column: str
    table: BitTable | Enumeration
    rows: tuple[Row, ...]
    chosen: set[int] = field(default_factory=set)
    unknown: int = 0

    @classmethod
    def of(cls, everything: Decoded, decoded: Decoded | None) -> "Part":
        """Begin with the rows that a value has."""
        has = set() if decoded is None else set(decoded.rows)
        chosen = {number for number, row in enumerate(everything.rows) if row in has}
        unknown = decoded.unknown or 0 if decoded is not None else 0
        return cls(everything.column, everything.table, everything.rows, chosen, unknown)

    @property
    def on(self) -> list[Row]:
        """The rows that are switched on."""
        return [self.rows[number] for number in sorted(self.chosen)]

    @property
    def value(self) -> str:
        """What they make, as the flow file shows it; empty where nothing is switched on."""
        if isinstance(self.table, BitTable):
            return self.table.format(sum(row.mask for row in self.on) | self.unknown)
        return ";".join(row.hex for row in self.on)


class BitChoice:
    """A column, and a value of it.

    Attributes:
        column: its name.
        parts: those of the column.
        is_any: one of the bits is enough for the filter.
    """

    def __init__(self, typed: str) -> None:
        """Begin with ``name`` or ``name=value``.

        Raises:
            DecodeError: the name has no table, or the column cannot have the value.
        """
        name, equals, value = typed.partition("=")
        self.column = name.strip()
        if not self.column:
            raise DecodeError("type the name of a column, such as flowStat, or flowStat=0x4000")
        self.is_any = False
        self._typed: str | None = typed  # as long as nothing was switched
        self._has_value = bool(equals)
        everything = decode_parts(self.column)
        decoded = decode_parts(self.column, value) if equals else [None] * len(everything)
        self.parts = [Part.of(*pair) for pair in zip(everything, decoded, strict=True)]

    @property
    def rows(self) -> list[tuple[Part, int]]:
        """All rows of all parts."""
        return [(part, number) for part in self.parts for number in range(len(part.rows))]

    def toggle(self, place: int) -> None:
        """Switch a row on or off; a number of an enumeration is switched on besides the others."""
        part, number = self.rows[place]
        part.chosen ^= {number}
        self._typed, self._has_value = None, True

    @property
    def value(self) -> str:
        """The value as the flow file shows it; empty where a part has none."""
        values = [part.value for part in self.parts]
        return "_".join(values) if self._has_value and all(values) else ""

    @property
    def typed(self) -> str:
        """The value as it was typed, or can be: ``name=value``."""
        if self._typed is not None:
            return self._typed
        return f"{self.column}={self.value}" if self.value else self.column

    @property
    def text(self) -> str:
        """The tables, as ``t2tui decode`` prints them."""
        return decoded_text(self.typed)

    def filter(self, columns: Collection[str] = ()) -> str:
        """Return the condition that flows with these bits fulfil.

        Args:
            columns: names of the columns that a filter can use; all without.

        Raises:
            DecodeError: there is none; the text says why.
        """
        if not any(part.on for part in self.parts):
            raise DecodeError("nothing is switched on: Space switches the line that is lit")
        texts = [filter_of(part.column, part.on, self.is_any) for part in self.parts if part.on]
        if not all(texts):
            raise DecodeError(f"{self.column} is no column of its own: a filter cannot ask for it")
        whole = [name for name, parts in COMPOUNDS.items() if self.column in parts]
        name = {"icmpCode": "icmpType", "icmp6Type": "icmpType"}.get(self.column, (whole or [self.column])[0])
        if columns and name not in columns:
            raise DecodeError(f"the flows have no column {name}: its plugin is not active")
        if len(texts) == 1:
            return texts[0]
        return " && ".join(f"({text})" if "||" in text else text for text in texts)


def decoded_text(typed: str) -> str:
    """Return what ``t2tui decode`` prints for ``name`` or ``name=value``.

    Raises:
        DecodeError: as of ``decode``.
    """
    name, equals, value = typed.partition("=")
    return "".join(table_text(each) for each in decode_parts(name.strip(), value if equals else None))


def completions(typed: str) -> list[str]:
    """Return the names that what is typed can become, those that begin with it first."""
    if "=" in typed:
        return []
    word = typed.strip().casefold()
    known = names()
    first = [name for name in known if name.casefold().startswith(word)]
    return first + [name for name in known if word in name.casefold() and name not in first]
