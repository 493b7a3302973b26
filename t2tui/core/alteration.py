"""Changes to extracted packets: times, addresses, VLANs, TTL, checksum (docs/pcapd.md).

They are made in the copies that are written. A field that is not captured as a whole stays as it is.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.layout import KIND_IPV4, KIND_IPV6, SHOW_MAC
from t2tui.core.savefile import RECORD_BYTES, SECOND, Records

TAGS = (0x8100, 0x88A8, 0x9100, 0x9200)
"""Ethertypes in front of a VLAN tag."""

VLAN_ID = 0x0FFF

SUBTRACT, SUBTRACT_RANDOM = 1, 2
"""How the TTL changes."""

SHORTEST_HEADER, LONGEST_HEADER = 20, 60
"""IPv4 header lengths (RFC 791)."""

CHECKSUM = 10
"""Where the checksum is in it."""


@dataclass(frozen=True)
class Alterations:
    """What is changed; 0 leaves a field as it is. Sums wrap within their field.

    Attributes:
        seconds: added to the time.
        nanoseconds: added to the time.
        source_mac: added to the last byte of the source address.
        destination_mac: added to the last byte of the destination address.
        vlan: added to the id of the second tag of the innermost VLAN header, or of its only one.
        ipv4: added to both addresses.
        ipv6: added to the lower halves of both addresses.
        ttl_mode: 0, SUBTRACT or SUBTRACT_RANDOM.
        ttl: subtracted from TTL or hop limit, or the bound of the random number.
        ttl_modulus: the new TTL is taken modulo this.
        checksum: compute the IPv4 header's checksum anew.
    """

    seconds: int = 0
    nanoseconds: int = 0
    source_mac: int = 0
    destination_mac: int = 0
    vlan: int = 0
    ipv4: int = 0
    ipv6: int = 0
    ttl_mode: int = 0
    ttl: int = 0
    ttl_modulus: int = 256
    checksum: bool = False

    def shift_times(
        self, sec: NDArray[np.int64], frac: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return shifted seconds and nanoseconds."""
        if not self.seconds and not self.nanoseconds:
            return sec, frac
        total = frac + self.nanoseconds
        return sec + self.seconds + total // SECOND, total % SECOND

    @property
    def concern_bytes(self) -> bool:
        """Whether there is more to change than times."""
        return any((self.source_mac, self.destination_mac, self.vlan, self.ipv4, self.ipv6,
                    self.ttl_mode, self.checksum))  # fmt: skip

    def apply(self, packets: NDArray[Any], records: Records) -> None:
        """Change packets in place.

        Args:
            packets: PACKET records.
            records: their copies.
        """
        frames = _Frames(records.bytes, records.starts[:-1] + RECORD_BYTES, records.starts[1:])
        has_mac = packets["show"] & SHOW_MAC != 0
        l2, l3, tag = (packets[name].astype(np.int64) for name in ("l2", "l3", "vlanPos"))
        is_v4 = (packets["kind"] == KIND_IPV4) & (l3 >= 0)
        is_v6 = (packets["kind"] == KIND_IPV6) & (l3 >= 0)
        frames.add(self.source_mac, 1, l2 + 11, has_mac)
        frames.add(self.destination_mac, 1, l2 + 5, has_mac)
        if self.vlan:
            self._shift_vlan(frames, tag)
        for at in (12, 16):
            frames.add(self.ipv4, 4, l3 + at, is_v4)
        for at in (16, 32):
            frames.add(self.ipv6, 8, l3 + at, is_v6)
        if self.ttl_mode:
            less = np.full(len(packets), self.ttl, np.int64)
            if self.ttl_mode == SUBTRACT_RANDOM:
                less = random_numbers(packets["pktNo"], self.ttl)
            for place, wanted in ((l3 + 8, is_v4), (l3 + 7, is_v6)):
                rows, old = frames.get(1, place, wanted)
                frames.put(rows, 1, place, (old.astype(np.int64) - less[rows]) % self.ttl_modulus)
        if self.checksum:
            self._sum_up(frames, l3, is_v4)

    def _shift_vlan(self, frames: "_Frames", tag: NDArray[np.int64]) -> None:
        has_tag = tag >= 0
        rows, kinds = frames.get(2, tag + 2, has_tag)
        at = tag.copy()
        at[rows[np.isin(kinds, TAGS)]] += 4
        rows, old = frames.get(2, at, has_tag)
        new = old.astype(np.int64) + self.vlan
        frames.put(rows, 2, at, old.astype(np.int64) & ~VLAN_ID | new & VLAN_ID)

    def _sum_up(self, frames: "_Frames", l3: NDArray[np.int64], is_v4: NDArray[np.bool_]) -> None:
        """Compute IPv4 header checksums (RFC 1071)."""
        rows, first = frames.get(1, l3, is_v4)
        sizes = np.zeros(len(l3), np.int64)
        sizes[rows] = (first.astype(np.int64) & 15) * 4
        whole = is_v4 & (sizes >= SHORTEST_HEADER) & frames.hold(l3, sizes)
        rows = np.flatnonzero(whole)
        sums = np.zeros(len(l3), np.int64)
        for at in range(0, LONGEST_HEADER, 2):
            if at != CHECKSUM:
                rows, words = frames.get(2, l3 + at, whole & (at < sizes))
                sums[rows] += words.astype(np.int64)
        for _ in range(2):
            sums = (sums & 0xFFFF) + (sums >> 16)
        frames.put(np.flatnonzero(whole), 2, l3 + CHECKSUM, ~sums[whole] & 0xFFFF)


@dataclass(frozen=True)
class _Frames:
    """Numbers in packets that stand one behind another.

    Attributes:
        bytes: uint8.
        begins: int64, position of the first byte of each packet.
        ends: int64, position behind the last one.
    """

    bytes: NDArray[np.uint8]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]

    def hold(self, at: NDArray[np.int64], size: "int | NDArray[np.int64]") -> NDArray[np.bool_]:
        """Tell which packets hold ``size`` bytes at these positions (from their first byte on)."""
        held: NDArray[np.bool_] = (at >= 0) & (self.begins + at + size <= self.ends)
        return held

    def _index(self, rows: NDArray[np.intp], width: int, at: NDArray[np.int64]) -> NDArray[np.int64]:
        return (self.begins[rows] + at[rows])[:, None] + np.arange(width)

    def get(
        self, width: int, at: NDArray[np.int64], wanted: NDArray[np.bool_]
    ) -> tuple[NDArray[np.intp], NDArray[np.uint64]]:
        """Return the wanted packets that hold a number, and the numbers, big-endian."""
        rows = np.flatnonzero(wanted & self.hold(at, width))
        numbers = self.bytes[self._index(rows, width, at)].view(f">u{width}")
        return rows, numbers.reshape(-1).astype(np.uint64)

    def put(self, rows: NDArray[np.intp], width: int, at: NDArray[np.int64], numbers: NDArray[Any]) -> None:
        """Write numbers modulo their width; ``get`` told which packets hold them."""
        values = numbers.astype(f">u{width}").reshape(-1, 1)
        self.bytes[self._index(rows, width, at)] = values.view(np.uint8)

    def add(self, number: int, width: int, at: NDArray[np.int64], wanted: NDArray[np.bool_]) -> None:
        """Add to numbers."""
        if number:
            rows, old = self.get(width, at, wanted)
            self.put(rows, width, at, old + np.uint64(number % 2**64))


def random_numbers(packet_numbers: NDArray[np.uint64], bound: int) -> NDArray[np.int64]:
    """Return a number below a bound for each packet, the same in every run (SplitMix64).

    Args:
        packet_numbers: uint64.
        bound: at least 1.
    """
    bits = packet_numbers * np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((bits ^ (bits >> np.uint64(31))) % np.uint64(bound)).astype(np.int64)
