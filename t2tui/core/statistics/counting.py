"""The kernel that counts packets over time."""

import numpy as np

from t2tui.core.jit import Integer, Records, kernel

LONGEST = 5120
"""Longer packets are counted with those of this length."""

TCP, UDP = 6, 17

PROTOCOLS = ("TCP", "UDP", "other")
"""What the packets of a bin are told apart by."""


@kernel
def count_packets(
    packets: Records,
    factor: Integer,
    shift: Integer,
    first: Integer,
    bins: Records,
    lengths: Records,
    outside: Records,
) -> Integer:
    """Count packets that lie in the bins, and list the others.

    Args:
        packets: PACKET records.
        factor: nanoseconds of a unit of ``frac``.
        shift: a bin is 2^shift nanoseconds wide.
        first: number of the first bin, counted from 1970.
        bins: int64 (bins, protocols, 2): packets and bytes.
        lengths: int64 (LONGEST + 1,): packets by length.
        outside: int64, room for one per packet: rows of packets that lie in no bin.

    Returns:
        How many lie in none; they are not counted.
    """
    missed = 0
    for row in range(len(packets)):
        packet = packets[row]
        place = ((packet.sec * 1_000_000_000 + packet.frac * factor) >> shift) - first
        if place < 0 or place >= len(bins):
            outside[missed] = row
            missed += 1
            continue
        protocol = 2
        if packet.l4Proto == TCP:
            protocol = 0
        elif packet.l4Proto == UDP:
            protocol = 1
        bins[place, protocol, 0] += 1
        bins[place, protocol, 1] += packet.len
        lengths[min(np.int64(packet.len), LONGEST)] += 1
    return missed
