"""Packets over time, and their lengths, counted while a capture is read (docs/statistics.md)."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from t2tui.core.statistics.counting import LONGEST, PROTOCOLS, count_packets

NANOSECONDS = 1_000_000_000
BINS = 2048
"""Bins of a timeline; when they do not reach, they get twice as wide."""
FIRST_SHIFT = 20
"""Bins begin with 2^20 ns, about a millisecond."""
FAR = 1 << 46
"""Packets farther away than this (19.5 hours, ns) begin a timeline of their own."""
RHYTHM = 64 * FAR
"""Timelines that are no farther apart than this (52 days) are put together when there are too many."""
TIMELINES = 32
"""That many are kept; then the smallest is given up."""
LEAST_SHARE = 20
"""A timeline belongs to the capture if it has one packet of so many, and two at least."""

SIZES = (0, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120)
"""The smallest length of each class of packets, as tshark prints them."""


def size_name(number: int) -> str:
    """Return the text of a class of packet lengths: ``40-79``, ``5120+``."""
    return f"{SIZES[number]}-{SIZES[number + 1] - 1}" if number + 1 < len(SIZES) else f"{SIZES[number]}+"


@dataclass(frozen=True, eq=False)
class TrafficView:
    """What was counted up to a moment; nothing in it changes any more.

    Attributes:
        begin: where the first bin begins, ns since 1970.
        width: of a bin, ns; a power of two.
        packets: int64 (bins, protocols), protocols in the order of PROTOCOLS.
        bytes: int64 (bins, protocols), lengths of the packets on the wire.
        sizes: int64 by class of SIZES, packets of all times.
        strays: packets whose time is so far from all others that the bins leave them out.
        stray_bytes: their bytes.
    """

    begin: int
    width: int
    packets: NDArray[np.int64]
    bytes: NDArray[np.int64]
    sizes: NDArray[np.int64]
    strays: int
    stray_bytes: int

    @property
    def end(self) -> int:
        """Where the last bin ends, ns since 1970."""
        return self.begin + len(self.packets) * self.width

    @property
    def count(self) -> int:
        """Number of packets, with the strays."""
        return int(self.packets.sum()) + self.strays

    @property
    def byte_count(self) -> int:
        """Number of bytes, with the strays."""
        return int(self.bytes.sum()) + self.stray_bytes

    @cached_property
    def _sums(self) -> NDArray[np.float64]:
        """What comes before each edge of a bin: (bins + 1, 2 * protocols)."""
        both = np.concatenate([self.packets, self.bytes], axis=1)
        return np.concatenate([np.zeros((1, both.shape[1])), np.cumsum(both, axis=0, dtype=np.float64)])

    def columns(
        self, count: int, begin: int | None = None, end: int | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return packets and bytes by column of a plot.

        A bin that reaches into several columns is split among them by time.

        Args:
            count: number of columns.
            begin: where the first one begins, ns since 1970; None: with the bins.
            end: where the last one ends.

        Returns:
            Packets and bytes, each (count, protocols).

        Raises:
            ValueError: no column, or no time to show.
        """
        begin = self.begin if begin is None else begin
        end = self.end if end is None else end
        if not len(self.packets):
            return np.zeros((count, len(PROTOCOLS))), np.zeros((count, len(PROTOCOLS)))
        if count < 1 or end <= begin:
            raise ValueError("a plot needs a column and an end behind its begin")
        edges = (begin - self.begin + np.arange(count + 1) * ((end - begin) / count)) / self.width
        places = np.arange(len(self._sums))
        found = np.diff([np.interp(edges, places, column) for column in self._sums.T], axis=1).T
        return found[:, : len(PROTOCOLS)], found[:, len(PROTOCOLS) :]


class _Timeline:
    """Bins side by side; their numbers count from 1970, so that wider ones hold whole narrower ones."""

    def __init__(self, time: int) -> None:
        self.shift = FIRST_SHIFT
        self.first = time >> FIRST_SHIFT
        self.bins = np.zeros((BINS, len(PROTOCOLS), 2), np.int64)

    @property
    def packets(self) -> int:
        return int(self.bins[..., 0].sum())

    @property
    def bytes(self) -> int:
        return int(self.bins[..., 1].sum())

    def used(self) -> tuple[int, int]:
        """Return numbers of the first and the last bin that hold something."""
        places = np.flatnonzero(self.bins[..., 0].any(axis=1))
        low, high = (int(places[0]), int(places[-1])) if len(places) else (0, 0)
        return self.first + low, self.first + high

    def span(self) -> tuple[int, int]:
        """Return from when to when it holds something, ns; the end belongs to it."""
        low, high = self.used()
        return low << self.shift, (high + 1 << self.shift) - 1

    def cover(self, low: int, high: int, shift: int = 0) -> None:
        """Widen the bins until they reach from one time to another, and hold what they held.

        Args:
            low: from when, ns.
            high: to when; belongs to it.
            shift: bins get at least 2^shift ns wide.
        """
        first, last = self.used()
        held = self.bins[first - self.first : last - self.first + 1]
        if not held.any():
            first = last = low >> self.shift
        begin, end = first << self.shift, last << self.shift
        low, high, shift = min(low, begin), max(high, end), max(self.shift, shift)
        while (high >> shift) - (low >> shift) >= BINS:
            shift += 1
        bins = np.zeros_like(self.bins)
        places = (first + np.arange(len(held)) >> shift - self.shift) - (low >> shift)
        np.add.at(bins, places, held)
        self.shift, self.first, self.bins = shift, low >> shift, bins

    def absorb(self, other: "_Timeline") -> None:
        """Add what another one holds."""
        first, last = other.used()
        self.cover(first << other.shift, (last + 1 << other.shift) - 1, other.shift)
        held = other.bins[first - other.first : last - other.first + 1]
        places = (first + np.arange(len(held)) >> self.shift - other.shift) - self.first
        np.add.at(self.bins, places, held)


class Traffic:
    """Packets and bytes over time.

    The thread that reads calls append() and view(); a view may be read by any.
    """

    def __init__(self) -> None:
        self._timelines: list[_Timeline] = []
        self._current: _Timeline | None = None
        self._lengths = np.zeros(LONGEST + 1, np.int64)
        self._outside = np.zeros(0, np.int64)
        self._strays = self._stray_bytes = 0

    def append(self, packets: NDArray[np.void], units: int = NANOSECONDS) -> None:
        """Count packets.

        Args:
            packets: PACKET records, dissected.
            units: how many units of ``frac`` a second has.
        """
        if not len(packets):
            return
        if len(self._outside) < len(packets):
            self._outside = np.zeros(len(packets), np.int64)
        factor = NANOSECONDS // units
        line = self._current
        rows = np.arange(len(packets)) if line is None else self._count(line, packets, factor)
        if len(rows):
            largest = self._place(packets[rows], factor)
            if line not in self._timelines or len(rows) * 2 > len(packets):
                self._current = largest

    def _count(self, line: _Timeline, packets: NDArray[np.void], factor: int) -> NDArray[np.int64]:
        """Count packets in a timeline, and return the rows of those beside it."""
        missed = count_packets(
            packets, factor, line.shift, line.first, line.bins, self._lengths, self._outside
        )
        return self._outside[:missed].copy()

    def _place(self, packets: NDArray[np.void], factor: int) -> _Timeline:
        """Count packets in timelines that reach to them, those that lie close together at once.

        Returns:
            The timeline of most of them.
        """
        times = packets["sec"] * NANOSECONDS + packets["frac"] * factor  # wraps as in the kernel
        order = np.argsort(times, kind="stable")
        distances = np.diff(times[order].view(np.uint64))  # of signed ones: exact, however far
        groups = np.split(order, np.flatnonzero(distances > FAR) + 1)
        groups.sort(key=len)
        for rows in groups[:-TIMELINES]:  # nothing but damage is scattered like that
            self._drop(packets[rows])
        for rows in groups[-TIMELINES:]:
            line = self._timeline(int(times[rows[0]]), int(times[rows[-1]]))
            self._count(line, packets[rows], factor)
        return line

    def _drop(self, packets: NDArray[np.void]) -> None:
        lengths = packets["len"].astype(np.int64)
        self._strays += len(lengths)
        self._stray_bytes += int(lengths.sum())
        np.add.at(self._lengths, np.minimum(lengths, LONGEST), 1)

    def _timeline(self, low: int, high: int) -> _Timeline:
        """Return a timeline that reaches from one time to another."""
        near = [
            line for line in self._timelines if line.span()[0] - high <= FAR and low - line.span()[1] <= FAR
        ]
        if not near:
            if len(self._timelines) == TIMELINES:
                self._make_room()
            near = [_Timeline(low)]
            self._timelines += near
        first = near[0]
        for other in near[1:]:  # the packets close the gap between them
            first.absorb(other)
            self._timelines.remove(other)
        first.cover(low, high)
        return first

    def _make_room(self) -> None:
        """Put the two nearest timelines together; if they are far apart, give the smallest one up."""
        lines = sorted(self._timelines, key=lambda line: line.first << line.shift)
        spans = [line.span() for line in lines]
        gaps = [after[0] - before[1] for before, after in pairwise(spans)]
        nearest = int(np.argmin(gaps))
        if gaps[nearest] <= RHYTHM:
            lines[nearest].absorb(lines[nearest + 1])
            self._timelines.remove(lines[nearest + 1])
            return
        smallest = min(self._timelines, key=lambda line: line.packets)
        self._strays += smallest.packets
        self._stray_bytes += smallest.bytes
        self._timelines.remove(smallest)

    def _shown(self, most: _Timeline) -> list[_Timeline]:
        """Return the timelines that are shown beside the one with most packets."""
        others = [line for line in self._timelines if line is not most]
        total = sum(line.packets for line in self._timelines) + self._strays

        def are_enough(lines: list[_Timeline]) -> bool:
            count = sum(line.packets for line in lines)
            return count > 1 and count * LEAST_SHARE >= total

        low, high = most.span()
        together: list[_Timeline] = []
        for line in sorted(
            others, key=lambda line: min(abs(line.span()[0] - high), abs(line.span()[1] - low))
        ):
            begin, end = line.span()
            if begin - high <= RHYTHM and low - end <= RHYTHM:
                low, high = min(low, begin), max(high, end)
                together.append(line)
        if not are_enough(together):
            together = []
        return [line for line in others if line in together or are_enough([line])]

    def view(self) -> TrafficView:
        """Return what was counted so far: a copy that any thread may read."""
        sizes = np.add.reduceat(self._lengths, SIZES)
        if not self._timelines:
            nothing = np.zeros((0, len(PROTOCOLS)), np.int64)
            return TrafficView(0, 1 << FIRST_SHIFT, nothing, nothing, sizes, 0, 0)
        most = max(self._timelines, key=lambda line: line.packets)
        line = _Timeline(0)
        line.shift, line.first, line.bins = most.shift, most.first, most.bins.copy()
        strays, stray_bytes = self._strays, self._stray_bytes
        shown = self._shown(most)
        for other in self._timelines:
            if other in shown:
                line.absorb(other)
            elif other is not most:
                strays += other.packets
                stray_bytes += other.bytes
        first, last = line.used()
        held = line.bins[first - line.first : last - line.first + 1]
        return TrafficView(
            first << line.shift,
            1 << line.shift,
            held[..., 0].copy(),
            held[..., 1].copy(),
            sizes,
            strays,
            stray_bytes,
        )
