"""Databases in the MaxMind DB format: which record belongs to an address, and what it says.

The search tree is walked here, for all addresses of a batch at once. maxminddb checks the file and decodes
the records, each of them once (https://maxmind.github.io/MaxMind-DB/).
"""

import ipaddress
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from t2tui.core.labels.ranges import LabelError

Kind: TypeAlias = Literal["country", "organisation"]

LAYOUTS: dict[Kind, tuple[tuple[str, ...], ...]] = {
    "country": (("country", "iso_code"), ("registered_country", "iso_code")),
    "organisation": (("autonomous_system_organization",),),
}
"""Where a record holds what is wanted; the first place that is filled counts."""

PRODUCTS: dict[Kind, str] = {
    "country": "GeoLite2-Country or GeoLite2-City",
    "organisation": "GeoLite2-ASN",
}
"""Databases of these layouts, for messages."""

SAMPLE = 100
"""Records that are read when a database is opened: one of them must hold what is wanted."""

RECORD_BITS = (24, 28, 32)

LAST_SECOND = 253_402_300_799
"""End of the year 9999, since 1970: no database is newer."""


def _shown(text: str) -> str:
    """Return a text in which what cannot be shown is a point."""
    return "".join(character if character.isprintable() else "." for character in text)


def _open(path: Path, kind: Kind) -> tuple[Any, Any]:
    """Return maxminddb's reader of a file, and what it says about itself."""
    where = f"{kind} database '{path}'"
    try:
        import maxminddb
    except ImportError as error:
        raise LabelError(
            f"{where}: MaxMind databases need the Python package maxminddb; pip install 't2tui[geo]'"
        ) from error
    try:
        # Read by Python: the C extension of maxminddb 3.2 corrupts memory on some damaged files.
        reader = maxminddb.open_database(path, maxminddb.MODE_MMAP)
        return reader, reader.metadata()
    except OSError as error:
        raise LabelError(f"{where}: cannot be read: {error.strerror or error}") from error
    except Exception as error:  # whatever damaged bytes lead maxminddb to
        raise LabelError(f"{where}: not a MaxMind database, or a damaged one: {error}") from error


class Database:
    """A MaxMind database, asked for one thing.

    The answers are kept by record, so memory grows with the records of the database, not with the addresses.

    Attributes:
        note: name and date of the database, for the report.
        faults: messages about records that cannot be read, until somebody takes them: at most one.
    """

    def __init__(self, path: Path, kind: Kind) -> None:
        """Open a database.

        Args:
            path: the file; it is mapped into memory.
            kind: what is wanted.

        Raises:
            LabelError: maxminddb is not installed; the file is missing, damaged or of another layout.
        """
        self._where, self._kind = f"{kind} database '{path}'", kind
        self._reader, about = _open(path, kind)
        numbers = about.node_count, about.record_size, about.ip_version, about.build_epoch
        if not all(type(number) is int for number in numbers) or not isinstance(about.database_type, str):
            raise LabelError(f"{self._where}: damaged: {about}")
        self._nodes, self._bits, self._version, built = numbers
        size = self._nodes * self._bits // 4
        if self._bits not in RECORD_BITS or self._version not in (4, 6) or size > path.stat().st_size:
            raise LabelError(
                f"{self._where}: damaged: {self._nodes} nodes of 2 records of {self._bits} bits, "
                f"IP version {self._version}"
            )
        tree = np.memmap(path, np.uint8, "r", shape=(max(size, 1),))
        self._tree: NDArray[np.uint8] = tree[:size].reshape(self._nodes, self._bits // 4)
        self._root4 = 0 if self._version == 4 else self._ipv4_root()
        self._values: dict[int, str | None] = {}
        self._is_sound = True
        self.faults: list[str] = []
        day = np.datetime64(min(built, LAST_SECOND), "s").astype("M8[D]")
        self.note = f"{_shown(about.database_type)} of {day}"
        self._check()

    def _check(self) -> None:
        try:
            if any(self._wanted(record) for _, record in islice(self._reader, SAMPLE)):
                return
        except Exception as error:  # whatever damaged bytes lead maxminddb to
            raise LabelError(f"{self._where}: damaged: {error}") from error
        raise LabelError(
            f"{self._where}: no {self._kind} in its first {SAMPLE} records; the layout of "
            f"{PRODUCTS[self._kind]} is expected, this is {self.note}"
        )

    def _wanted(self, record: Any) -> str | None:
        """Return what is wanted of a record, in a form that can be shown; None without."""
        for path in LAYOUTS[self._kind]:
            value = record
            for name in path:
                value = value.get(name) if isinstance(value, dict) else None
            if isinstance(value, str) and value:
                return _shown(value).lower() if self._kind == "country" else _shown(value)
        return None

    # ------------------------------------------------------------------ the search tree

    def find(
        self, is_ipv4: NDArray[np.bool_], high: NDArray[np.uint64], low: NDArray[np.uint64]
    ) -> NDArray[np.int64]:
        """Return the number of each address's record; that of an address without record means none.

        Args:
            is_ipv4: the address is the lower 32 bits.
            high: upper halves.
            low: lower halves.
        """
        records = np.full(len(low), self._nodes)
        four, six = np.flatnonzero(is_ipv4), np.flatnonzero(~is_ipv4)
        records[four] = self._walk(np.full(len(four), self._root4), ((low[four], 32),))
        if self._version == 6:
            halves = (high[six], 64), (low[six], 64)
            records[six] = self._walk(np.zeros(len(six), np.int64), halves)
        return records

    def _ipv4_root(self) -> int:
        """Return the node, or record, behind 96 bits of 0."""
        zero = np.zeros(1, np.uint64)
        return int(self._walk(np.zeros(1, np.int64), ((zero, 64), (zero, 32)))[0])

    def _walk(
        self, node: NDArray[np.int64], words: Sequence[tuple[NDArray[np.uint64], int]]
    ) -> NDArray[np.int64]:
        """Follow the bits of words, the highest first; numbers from the number of nodes on are records."""
        for word, width in words:
            for shift in range(width - 1, -1, -1):
                inside = np.flatnonzero(node < self._nodes)
                if len(inside) == 0:
                    return node
                bit = (word[inside] >> np.uint64(shift)).astype(np.int64) & 1
                node[inside] = self._child(node[inside], bit)
        return node

    def _child(self, node: NDArray[np.int64], bit: NDArray[np.int64]) -> NDArray[np.int64]:
        whole, shared = divmod(self._bits, 8)
        bytes_of = self._tree[node]
        at, first = np.arange(len(node)), bit * (whole + bool(shared))
        child = np.zeros(len(node), np.int64)
        if shared:  # the middle byte: upper half for the left record, lower half for the right one
            child = bytes_of[:, whole].astype(np.int64) >> 4 * (1 - bit) & 15
        for place in range(whole):
            child = child << 8 | bytes_of[at, first + place]
        return child

    def value(self, record: int, is_ipv4: bool, high: int, low: int) -> str | None:
        """Return what a record says; None if that is nothing.

        Args:
            record: as found.
            is_ipv4: family of an address that has this record.
            high: its upper half.
            low: its lower half.
        """
        if record == self._nodes:
            return None
        if record not in self._values:
            address = ipaddress.IPv4Address(low) if is_ipv4 else ipaddress.IPv6Address(high << 64 | low)
            try:
                self._values[record] = self._wanted(self._reader.get(address))
            except Exception as error:  # whatever damaged bytes lead maxminddb to; told once
                self._values[record] = None
                if self._is_sound:
                    self.faults.append(f"{self._where}: damaged, no label for {address}: {error}")
                self._is_sound = False
        return self._values[record]
