"""Packets on their way through the engine -> what streams need of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.layout import FRAG_FIRST, FRAG_LATER, KIND_IPV4
from t2tui.core.streams.lengths import lengths_of
from t2tui.core.streams.records import SEGMENT, SYN, TCP

SECOND = 10**9

FRAGMENT_FIELD = 6
"""Place of flags and fragment offset in the IPv4 header."""

DATAGRAMS = 1 << 16
"""Datagrams in fragments that are remembered; an address pair has no more identifications."""


def segments_of(packets: NDArray[Any], units: int = SECOND) -> NDArray[np.void]:
    """Return packets as segments; ``place`` counts in the uncompressed capture.

    Args:
        packets: PACKET records that have a flow.
        units: parts of a second that ``frac`` counts.
    """
    segments = np.zeros(len(packets), SEGMENT)
    segments["captured"], segments["length"] = lengths_of(packets)
    segments["place"] = packets["offset"] + packets["l7"]
    segments["time"] = packets["sec"] * SECOND + packets["frac"] * (SECOND // units)
    segments["packet"] = packets["pktNo"]
    segments["seq"], segments["flags"] = packets["seq"], packets["tcpFlags"]
    segments["ack"] = packets["ack"]
    segments["direction"] = packets["flowStat"] & np.uint64(L3FLOWINVERT)
    segments["protocol"] = packets["l4Proto"]
    segments["later"] = packets["frag"] & FRAG_LATER != 0
    return segments


class Fragments:
    """Finds the sequence numbers of later IPv4 fragments of TCP segments (RFC 791, 3.2).

    A fragment says how far from the begin of the TCP header it lies; the first one, which the flow table has
    seen before, says which sequence number stands there.
    """

    def __init__(self) -> None:
        self._origins: dict[tuple[int, int, int], int] = {}

    def place(self, packets: NDArray[Any], segments: NDArray[np.void], data: NDArray[np.uint8]) -> None:
        """Make ordinary segments of later fragments.

        Args:
            packets: PACKET records that have a flow, in the order of the capture.
            segments: theirs, changed in place.
            data: bytes of the batch.
        """
        is_part = packets["frag"] & (FRAG_FIRST | FRAG_LATER) != 0
        is_part &= (packets["l4Proto"] == TCP) & (packets["kind"] == KIND_IPV4) & (packets["l3"] >= 0)
        for row in np.flatnonzero(is_part).tolist():
            packet, segment = packets[row], segments[row]
            key = int(packet["flowInd"]), int(segment["direction"]), int(packet["fragId"])
            if not segment["later"]:
                is_syn = int(segment["flags"]) & SYN != 0
                if len(self._origins) >= DATAGRAMS:
                    del self._origins[next(iter(self._origins))]
                self._origins[key] = int(packet["seq"]) + is_syn - int(packet["l7"] - packet["l4"])
            elif key in self._origins and packet["l3"] + FRAGMENT_FIELD + 2 <= packet["caplen"]:
                at = int(packet["base"] + packet["l3"]) + FRAGMENT_FIELD
                distance = (int(data[at]) << 8 | int(data[at + 1])) % (1 << 13) * 8
                segment["seq"] = self._origins[key] + distance & 0xFFFFFFFF
                segment["flags"], segment["later"] = 0, 0
