"""Packets of the index by their flows: those of chosen flows, those that came before others in theirs."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from t2tui.core.packetindex.index import PacketIndex
from t2tui.core.packetindex.packed import chosen_rows

EARLIER = np.dtype([("first", "u8"), ("previous", "u8"), ("reply", "u8"), ("begin", "u8")])
"""Numbers of packets, 0 for none: the first one of the same flow and direction, the one before there, the
last one of the opposite direction, and the first one of both."""

NONE = np.iinfo(np.int64).max


def key_parts(index: PacketIndex, first: int = 1) -> Iterator[tuple[int, NDArray[np.uint64]]]:
    """Yield whose packets they are (see keys_of), from one on.

    Args:
        index: may grow meanwhile.
        first: number of a packet.

    Yields:
        Number of a packet, and the keys of it and those that follow.
    """
    for part in index._parts[:]:
        skipped = max(first - part.first, 0)
        if skipped < part.count:
            keys = part.column("key").read(slice(None), part.count).view(np.uint64)
            yield part.first + skipped, keys[skipped:]


def earlier_packets(index: PacketIndex, rows: NDArray[np.void]) -> NDArray[np.void]:
    """Return which packets came before others in their flows.

    Args:
        index: has them.
        rows: ROW records.

    Returns:
        EARLIER records; all 0 of packets without flow.
    """
    found = np.zeros(len(rows), EARLIER)
    keys = rows["flow"] << np.uint64(1) | rows["direction"]
    keys[rows["flow"] == 0] = 0
    wanted = np.unique(np.concatenate([keys, keys ^ np.uint64(1)]))
    wanted = wanted[wanted > 1]
    if not len(wanted):
        return found
    lowest, highest = int(rows["packet"].min()), int(rows["packet"].max())
    first = np.full(len(wanted), NONE)
    latest = np.zeros(len(wanted), np.int64)  # of those in front of all rows
    between: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for number, mine in key_parts(index):
        if number > highest:
            break
        at = chosen_rows(mine, wanted)
        if not len(at):
            continue
        places, numbers = np.searchsorted(wanted, mine[at]), at + number
        np.minimum.at(first, places, numbers)
        front = int(np.searchsorted(numbers, lowest))
        np.maximum.at(latest, places[:front], numbers[:front])
        behind = int(np.searchsorted(numbers, highest))
        if front < behind:
            between.append((places[front:behind], numbers[front:behind]))
    places = np.concatenate([each for each, _ in between] or [np.zeros(0, np.int64)])
    numbers = np.concatenate([each for _, each in between] or [np.zeros(0, np.int64)])
    order = np.argsort(places, kind="stable")
    places, numbers = places[order], numbers[order]
    begins = np.searchsorted(places, np.arange(len(wanted) + 1))

    def before(place: int, packet: int) -> int:
        mine = numbers[begins[place] : begins[place + 1]]
        count = int(np.searchsorted(mine, packet))
        return int(mine[count - 1]) if count else int(latest[place])

    for row, key, packet in zip(found, keys.tolist(), rows["packet"].tolist(), strict=True):
        if key:
            mine, other = np.searchsorted(wanted, [key, key ^ 1]).tolist()
            row["first"] = first[mine]
            row["begin"] = min(first[mine], first[other])
            row["previous"], row["reply"] = before(mine, packet), before(other, packet)
    return found


class ChosenPackets:
    """Packets of chosen flows, a bit for each packet of the capture; grows with the index.

    Attributes:
        looked: number of the last packet that was looked at.
    """

    def __init__(self, wanted: NDArray[np.uint64]) -> None:
        """Choose.

        Args:
            wanted: keys (see keys_of), ascending.
        """
        self._wanted = wanted
        self._bits: list[tuple[int, int, NDArray[np.uint8]]] = []  # first packet, packets, bits
        self._ends: list[int] = []  # chosen packets so far
        self.looked = 0

    def __len__(self) -> int:
        """Return how many packets are chosen."""
        return self._ends[-1] if self._ends else 0

    def update(self, index: PacketIndex) -> Iterator[None]:
        """Look at the packets that are new in the index; yields on the way, so that it can be given up."""
        for number, keys in key_parts(index, self.looked + 1):
            is_chosen = np.zeros(len(keys), bool)
            rows = chosen_rows(keys, self._wanted)
            is_chosen[rows] = True
            if len(rows):
                self._bits.append((number, len(keys), np.packbits(is_chosen)))
                self._ends.append(len(self) + len(rows))
            self.looked = number + len(keys) - 1
            yield

    def numbers(self, first: int, count: int) -> NDArray[np.int64]:
        """Return the numbers of chosen packets.

        Args:
            first: place of the first one among them, from 0.
            count: how many; fewer are returned where there are no more.
        """
        found: list[NDArray[np.int64]] = []
        ends = self._ends[:]
        at = int(np.searchsorted(ends, first, side="right"))
        while count > 0 and at < len(ends):
            number, size, bits = self._bits[at]
            mine = np.flatnonzero(np.unpackbits(bits, count=size))
            skipped = first - (ends[at - 1] if at else 0)
            mine = mine[skipped : skipped + count] + number
            found.append(mine)
            first, count, at = first + len(mine), count - len(mine), at + 1
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def place(self, packet: int) -> int | None:
        """Return the place of a packet among the chosen ones, None if it is none."""
        for at, (number, size, bits) in enumerate(self._bits):
            if number <= packet < number + size:
                is_chosen = np.unpackbits(bits, count=size)
                if not is_chosen[packet - number]:
                    return None
                return (self._ends[at - 1] if at else 0) + int(is_chosen[: packet - number].sum())
        return None
