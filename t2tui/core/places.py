"""Where the packets of flows are in a capture, kept while it is analysed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.extract import POSITION
from t2tui.core.flowstat import L3FLOWINVERT

SECOND = 10**9

MOST = 10_000_000
"""Packets whose places are kept, 40 bytes each; of more, none."""


def keys_of(packets: NDArray[Any]) -> NDArray[np.uint64]:
    """Return whose packets they are: ``flowInd << 1``, 1 added for the reply side.

    Args:
        packets: PACKET records; those without flow get 0.
    """
    keys = packets["flowInd"].astype(np.uint64) << np.uint64(1) | packets["flowStat"] & np.uint64(
        L3FLOWINVERT
    )
    return np.where(packets["flow"] >= 0, keys, np.uint64(0))


def chosen_rows(keys: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the rows whose key is wanted.

    Args:
        keys: see keys_of.
        wanted: keys, ascending.
    """
    if not len(wanted):
        return np.zeros(0, np.int64)
    found = np.minimum(np.searchsorted(wanted, keys), len(wanted) - 1)
    return np.flatnonzero(wanted[found] == keys)


class PacketPlaces:
    """Places of all packets that have a flow, up to a number.

    Attributes:
        is_full: there were more; none is kept.
    """

    def __init__(self, most: int = MOST) -> None:
        """Begin without packets.

        Args:
            most: packets that are kept.
        """
        self._most = most
        self._count = 0
        self._parts: list[tuple[NDArray[np.uint64], NDArray[np.void]]] = []
        self.is_full = False

    def append(self, packets: NDArray[Any], units: int = SECOND) -> None:
        """Take in the next packets of the capture.

        Args:
            packets: PACKET records, the flow part filled.
            units: parts of a second that ``frac`` counts.
        """
        keys = keys_of(packets)
        rows = np.flatnonzero(keys)
        self._count += len(rows)
        if self._count > self._most:
            self.is_full = True
            self._parts.clear()
            return
        part = np.zeros(len(rows), POSITION)
        for name in ("offset", "caplen", "len", "sec"):
            part[name] = packets[name][rows]
        part["frac"] = packets["frac"][rows].astype(np.int64) * (SECOND // units)
        self._parts.append((keys[rows], part))

    def of(self, wanted: NDArray[np.uint64]) -> NDArray[np.void]:
        """Return the POSITION records of packets in the order of the capture.

        Args:
            wanted: keys (see keys_of), ascending.
        """
        return self.with_keys(wanted)[0]

    def with_keys(self, wanted: NDArray[np.uint64]) -> tuple[NDArray[np.void], NDArray[np.uint64]]:
        """Return the POSITION records of packets, and the key of each.

        Args:
            wanted: see of().
        """
        chosen = [(part, keys, chosen_rows(keys, wanted)) for keys, part in self._parts]
        if not chosen:
            return np.zeros(0, POSITION), np.zeros(0, np.uint64)
        positions = np.concatenate([part[rows] for part, _, rows in chosen])
        return positions, np.concatenate([keys[rows] for _, keys, rows in chosen])
