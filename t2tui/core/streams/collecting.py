"""Packets on their way through the engine -> what streams need of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.layout import FRAG_FIRST, FRAG_LATER, KIND_IPV4, KIND_LAYER2
from t2tui.core.streams.records import ACK, SEGMENT, SYN, TCP

SECOND = 10**9

POSITION = np.dtype(
    [
        ("place", "i8"),
        ("time", "i8"),
        ("seq", "u4"),
        ("captured", "u2"),
        ("length", "u2"),
        ("flags", "u1"),
        ("protocol", "u1"),  # LATER of a later IP fragment
    ]
)
"""What the index of all packets keeps of each, beside its flow; the number of the packet is its row."""

FRAGMENT_FIELD = 6
"""Place of flags and fragment offset in the IPv4 header."""

DATAGRAMS = 1 << 16
"""Datagrams in fragments that are remembered; an address pair has no more identifications."""

LATER = 0xFF
"""Protocol of packets that are later IP fragments (255 is reserved by IANA)."""


def lengths_of(packets: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return payload bytes captured and announced, by packet.

    A length that wrapped below zero (docs/dissection.md, "Lengths") counts as none, padding and what was
    rebuilt from older bytes as not captured.

    Args:
        packets: PACKET records.
    """
    announced = packets["l7Len"].astype(np.int64)
    is_layer2 = packets["kind"] == KIND_LAYER2
    announced[~is_layer2 & (announced > packets["l3Len"])] = 0
    left = packets["caplen"].astype(np.int64) - packets["l7"]
    captured = np.minimum(announced, np.where(is_layer2, left, np.minimum(packets["snapL7Len"], left)))
    return np.maximum(captured, 0), announced


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
                segment["flags"], segment["later"] = ACK, 0


class PacketIndex:
    """Where the payload of every packet is, so that any stream can be opened without reading again.

    30 bytes per packet. One thread appends; others may ask at the same time.
    """

    def __init__(self) -> None:
        self._parts: list[tuple[NDArray[np.uint32], NDArray[np.void]]] = []
        self._fragments = Fragments()

    def __len__(self) -> int:
        """Return the number of packets."""
        return sum(len(flows) for flows, _ in self._parts[:])

    def append(self, packets: NDArray[Any], data: NDArray[np.uint8], units: int = SECOND) -> None:
        """Take in the next packets of the capture, with and without flow.

        Args:
            packets: PACKET records, the flow part filled.
            data: bytes of their batch.
            units: parts of a second that ``frac`` counts.
        """
        part, segments = np.zeros(len(packets), POSITION), segments_of(packets, units)
        self._fragments.place(packets, segments, data)
        for name in ("place", "time", "seq", "captured", "length", "flags"):
            part[name] = segments[name]
        part["protocol"] = np.where(segments["later"], LATER, segments["protocol"])
        flows = packets["flowInd"].astype(np.uint32) << 1 | segments["direction"]
        self._parts.append((np.where(packets["flow"] >= 0, flows, 0).astype(np.uint32), part))

    def segments(self, flow: int) -> NDArray[np.void]:
        """Return the SEGMENT records of both directions of a flow.

        Args:
            flow: its index (``flowInd``), from 1.
        """
        found = []
        first = 1
        for flows, part in self._parts[:]:
            rows = np.flatnonzero(flows >> 1 == flow)
            if len(rows):
                found.append(_taken(part[rows], flows[rows], rows + first))
            first += len(flows)
        return np.concatenate(found) if found else np.zeros(0, SEGMENT)


def _taken(part: NDArray[np.void], flows: NDArray[np.uint32], numbers: NDArray[np.int64]) -> NDArray[np.void]:
    segments = np.zeros(len(part), SEGMENT)
    for name in ("place", "time", "seq", "captured", "length", "flags", "protocol"):
        segments[name] = part[name]
    segments["packet"] = numbers
    segments["direction"] = flows & 1
    segments["later"] = part["protocol"] == LATER
    return segments
