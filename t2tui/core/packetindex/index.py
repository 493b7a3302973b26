"""The packets of a capture, packed: by number, by flow, as positions, as segments of streams."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.extract import POSITION
from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.layout import FRAG_FIRST, FRAG_LATER
from t2tui.core.packetindex.columns import COLUMNS, FLAGS, PROTOCOL, SEQ, fill_columns
from t2tui.core.packetindex.packed import PackedColumn, PackedColumns
from t2tui.core.streams.collecting import Fragments, segments_of
from t2tui.core.streams.records import SEGMENT

SECOND = 10**9

ROW = np.dtype([*POSITION.descr, ("packet", "u8"), ("flow", "u8"), ("direction", "u1")])
"""POSITION of a packet with its number in the capture, from 1, its flow (0 without), and 0 = A, 1 = B."""

LATER = 0xFF
"""Protocol of packets that are later IP fragments (255 is reserved by IANA)."""

SMALL = 1 << 10
"""Packets of parts that are put together: a slow pipe brings few at a time."""

APART = 24
"""Numbers between two columns; without, those of 8,192 packets fall on the same lines of the cache."""

AT_ONCE = 1 << 16
"""About how many positions are handed out at once."""


def keys_of(packets: NDArray[Any]) -> NDArray[np.uint64]:
    """Return whose packets they are: ``flowInd << 1``, 1 added for the reply side.

    Args:
        packets: PACKET records; those without flow get 0.
    """
    keys = packets["flowInd"] << np.uint64(1) | packets["flowStat"] & np.uint64(L3FLOWINVERT)
    keys[packets["flow"] < 0] = 0
    return keys


class _Part:
    """Packets that follow each other, packed.

    Attributes:
        first: number of the first packet, from 1.
        count: packets.
        units: parts of a second that times count.
        before: where the packet before them ended, and when it came.
        packed: columns in the order of COLUMNS.
    """

    __slots__ = ("before", "count", "first", "packed", "units")

    def __init__(self, first: int, units: int, before: tuple[int, int], packed: PackedColumns) -> None:
        self.first, self.units, self.before, self.packed = first, units, before, packed
        self.count = packed.count

    @property
    def nbytes(self) -> int:
        return self.packed.nbytes

    def column(self, name: str) -> PackedColumn:
        """Return a column."""
        return self.packed.column(COLUMNS.index(name))

    def joined(self, following: "_Part") -> "_Part":
        """Return these packets and those of the next part as one."""
        values = [np.concatenate([self._all(name), following._all(name)]) for name in COLUMNS]
        together = np.stack(values)
        packed = PackedColumns(together, together.shape[1], np.empty(together.size, np.uint64))
        return _Part(self.first, self.units, self.before, packed)

    def _all(self, name: str) -> NDArray[np.int64]:
        return self.column(name).read(slice(None), self.count)

    def value(self, name: str, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return a column as it is stored."""
        return self.column(name).read(rows, len(rows))

    def offsets(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where packets begin."""
        sizes = self._all("caplen")
        return (np.cumsum(self._all("gap") + sizes) - sizes)[rows] + self.before[0]

    def times(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return when packets came, in the capture's units."""
        return np.cumsum(self._all("step"))[rows] + self.before[1]

    def positions(self, rows: NDArray[np.int64], dtype: np.dtype[Any] = POSITION) -> NDArray[np.void]:
        """Return POSITION records, or others that begin like them."""
        found = np.zeros(len(rows), dtype)
        times = self.times(rows)
        found["offset"] = self.offsets(rows)
        found["caplen"] = caplens = self.value("caplen", rows)
        found["len"] = caplens + self.value("cut", rows)
        found["sec"] = seconds = times // self.units + self.value("carry", rows)
        found["frac"] = (times - seconds * self.units) * (SECOND // self.units)
        return found

    def rows(self, rows: NDArray[np.int64]) -> NDArray[np.void]:
        """Return ROW records."""
        found, keys = self.positions(rows, ROW), self.value("key", rows)
        found["packet"], found["flow"], found["direction"] = rows + self.first, keys >> 1, keys & 1
        return found

    def segments(self, rows: NDArray[np.int64]) -> NDArray[np.void]:
        """Return SEGMENT records."""
        found = np.zeros(len(rows), SEGMENT)
        behind = self.value("caplen", rows) - self.value("l7", rows)
        length = behind + self.value("cut", rows) - self.value("tail", rows)
        found["place"] = self.offsets(rows) + self.value("l7", rows)
        found["time"] = self.times(rows) * (SECOND // self.units)
        found["packet"] = rows + self.first
        found["length"] = length
        found["captured"] = np.minimum(length, behind) - self.value("lack", rows)
        found["direction"] = self.value("key", rows) & 1
        for name in ("seq", "flags", "protocol"):
            found[name] = self.value(name, rows)
        found["later"] = found["protocol"] == LATER
        return found


class PacketIndex:
    """All packets of a capture: where they are, whose they are, and what streams need of them.

    13 to 18 bytes per packet in ordinary captures, below 24; what has no pattern takes more. One thread
    appends; others may ask at the same time. Offsets are places of Originals: of the first capture of a run
    offsets in it, uncompressed; others begin at their origin.

    Attributes:
        nbytes: memory of the packets so far.
    """

    def __init__(self) -> None:
        self.nbytes = 0
        self._parts: list[_Part] = []
        self._fragments = Fragments()
        self._room = np.empty((len(COLUMNS), 0), np.int64)
        self._packing = np.empty(0, np.uint64)
        self._end, self._time, self._units = 0, 0, SECOND  # of the last packet

    def __len__(self) -> int:
        """Return the number of packets."""
        last = self._parts[-1:]
        return last[0].first + last[0].count - 1 if last else 0

    def append(
        self, packets: NDArray[Any], data: NDArray[np.uint8], units: int = SECOND, origin: int = 0
    ) -> None:
        """Take in the next packets of the capture, with and without flow.

        Args:
            packets: PACKET records, the flow part filled.
            data: bytes of their batch.
            units: parts of a second that ``frac`` counts.
            origin: place of the first byte of their capture (``Originals.origin``).
        """
        if not len(packets):
            return
        if units != self._units:
            self._time, self._units = 0, units
        before = self._end, self._time
        packed = PackedColumns(self._values(packets, data, origin), len(packets), self._packing)
        part = _Part(len(self) + 1, units, before, packed)
        at = len(self._parts)
        while at and self._is_small(self._parts[at - 1], part):
            at -= 1
            self.nbytes -= self._parts[at].nbytes
            part = self._parts[at].joined(part)
        self.nbytes += part.nbytes
        self._parts[at:] = [part]

    @staticmethod
    def _is_small(part: _Part, following: _Part) -> bool:
        """Whether the two become one, so that the sizes of small parts fall and they are few."""
        is_even = part.count <= following.count and part.count + following.count <= SMALL
        return is_even and part.units == following.units

    def _values(self, packets: NDArray[Any], data: NDArray[np.uint8], origin: int) -> NDArray[np.int64]:
        """Return what is stored of packets, a row per column, and room behind them."""
        if self._room.shape[1] < len(packets):
            self._room = np.empty((len(COLUMNS), len(packets) + APART), np.int64)
            self._packing = np.empty(self._room.size, np.uint64)
        room = self._room
        self._end, self._time, count = fill_columns(packets, origin, self._end, self._time, self._units, room)
        if count:
            rows = np.flatnonzero((packets["frag"] & (FRAG_FIRST | FRAG_LATER) != 0) & (packets["flow"] >= 0))
            fragments = segments_of(packets[rows], self._units)
            self._fragments.place(packets[rows], fragments, data)
            room[SEQ, rows], room[FLAGS, rows] = fragments["seq"], fragments["flags"]
            room[PROTOCOL, rows] = np.where(fragments["later"], LATER, fragments["protocol"])
        return room

    def rows(self, first: int, count: int) -> NDArray[np.void]:
        """Return ROW records of packets that follow each other.

        Args:
            first: number of the first one, from 1.
            count: how many; fewer are returned where there are no more.
        """
        return self.at(np.arange(max(first, 1), min(first + count, len(self) + 1)))

    def at(self, numbers: NDArray[Any]) -> NDArray[np.void]:
        """Return ROW records of packets, in the order of their numbers in the argument.

        Args:
            numbers: of packets, from 1.

        Raises:
            IndexError: there is no such packet.
        """
        parts, order = self._parts[:], np.argsort(numbers)
        ascending = np.asarray(numbers)[order].astype(np.int64)
        found = np.zeros(len(ascending), ROW)
        done = 0
        while done < len(ascending):
            number = int(ascending[done])
            part = parts[bisect_right(parts, number, key=lambda part: part.first) - 1] if parts else None
            if part is None or not part.first <= number < part.first + part.count:
                raise IndexError(f"there is no packet {number} among {len(self)}")
            behind = int(np.searchsorted(ascending, part.first + part.count))
            found[order[done:behind]] = part.rows(ascending[done:behind] - part.first)
            done = behind
        return found

    def packets_of(self, flow: int, direction: int | None = None) -> NDArray[np.int64]:
        """Return the numbers of the packets of a flow, ascending.

        Args:
            flow: its index (``flowInd``), from 1; 0 for packets without flow.
            direction: 0 or 1 for one side alone.
        """
        found = [rows + part.first for part, rows in self._rows_of(flow, direction)]
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def segments(self, flow: int) -> NDArray[np.void]:
        """Return the SEGMENT records of both directions of a flow.

        Args:
            flow: its index (``flowInd``), from 1.
        """
        found = [part.segments(rows) for part, rows in self._rows_of(flow, None)]
        return np.concatenate(found) if found else np.zeros(0, SEGMENT)

    def _rows_of(self, flow: int, direction: int | None) -> Iterator[tuple[_Part, NDArray[np.int64]]]:
        first, last = (2 * flow, 2 * flow + 1) if direction is None else (2 * flow + direction,) * 2
        for part in self._parts[:]:
            rows = part.column("key").between(first, last, part.count)
            if len(rows):
                yield part, rows

    def positions(self, wanted: NDArray[np.uint64]) -> Iterator[tuple[NDArray[np.void], NDArray[np.uint64]]]:
        """Yield POSITION records of packets in the order of the capture, and the key of each.

        Args:
            wanted: keys (see keys_of), ascending.
        """
        held: list[tuple[NDArray[np.void], NDArray[np.uint64]]] = []
        count = 0
        for part in self._parts[:]:
            rows = part.column("key").among(wanted.view(np.int64), part.count)
            if not len(rows):
                continue
            held.append((part.positions(rows), part.value("key", rows).view(np.uint64)))
            count += len(rows)
            if count >= AT_ONCE:
                yield _together(held)
                held, count = [], 0
        if count:
            yield _together(held)


def _together(
    held: list[tuple[NDArray[np.void], NDArray[np.uint64]]],
) -> tuple[NDArray[np.void], NDArray[np.uint64]]:
    return np.concatenate([each for each, _ in held]), np.concatenate([keys for _, keys in held])
