"""Packets of a list page by page: those that were read are kept for a while."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from t2tui.tui.packetlist import Packet, PacketReader, read_packets

PAGE = 64
"""Packets that are read at once."""
KEPT = 32
"""Pages that are kept."""


class Scope(Protocol):
    """Which packets are listed."""

    def __len__(self) -> int:
        """Return how many."""

    def numbers(self, first: int, count: int) -> NDArray[np.int64]:
        """Return the numbers of packets that follow each other in the list, from place 0."""

    def place(self, packet: int) -> int | None:
        """Return the place of a packet in the list, None if it is not there."""


class AllPackets:
    """All packets of the capture, as many as there are now.

    Attributes:
        count: of the packets.
    """

    def __init__(self, count: int = 0) -> None:
        self.count = count

    def __len__(self) -> int:
        """Return how many."""
        return self.count

    def numbers(self, first: int, count: int) -> NDArray[np.int64]:
        """Return numbers of packets."""
        return np.arange(first, min(first + count, self.count), dtype=np.int64) + 1

    def place(self, packet: int) -> int | None:
        """Return the place of a packet."""
        return packet - 1 if 1 <= packet <= self.count else None


@dataclass(frozen=True, slots=True)
class Line:
    """A packet of the list.

    Attributes:
        packet: what was read of it.
        previous: time of the one shown before it, nanoseconds; None of the first.
    """

    packet: Packet
    previous: int | None


class PacketPages:
    """A small cache over a list of packets. ``load`` may run in any thread, all else in one."""

    def __init__(self, scope: Scope) -> None:
        """Begin.

        Args:
            scope: which packets are listed.
        """
        self.scope = scope
        self._pages: OrderedDict[int, list[Line]] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of packets in the list."""
        return len(self.scope)

    def line(self, place: int) -> Line | None:
        """Return what stands at a place of the list, None if it was not read yet."""
        page = self._pages.get(place // PAGE)
        row = place % PAGE
        return page[row] if page is not None and row < len(page) else None

    def missing(self, first: int, count: int) -> list[int]:
        """Return the pages of places that were not read, or not to their end."""
        behind = min(first + count, len(self))
        if behind <= first:
            return []
        numbers = range(first // PAGE, (behind - 1) // PAGE + 1)
        return [
            number
            for number in numbers
            if len(self._pages.get(number, ())) < min(PAGE, behind - number * PAGE)
        ]

    def load(self, reader: PacketReader, number: int) -> list[Line]:
        """Read a page.

        Args:
            reader: of the capture.
            number: of the page, from 0.

        Raises:
            CaptureError: it cannot be read.
        """
        first = number * PAGE
        before = int(first > 0)
        numbers = self.scope.numbers(first - before, PAGE + before)
        packets = read_packets(reader, numbers)
        times = [None, *(packet.time for packet in packets)]
        return [Line(packet, time) for packet, time in zip(packets, times, strict=False)][before:]

    def put(self, number: int, lines: list[Line]) -> None:
        """Keep a page that was read."""
        self._pages[number] = lines
        self._pages.move_to_end(number)
        while len(self._pages) > KEPT:
            self._pages.popitem(last=False)
