"""How much payload a packet has, in the capture and by its headers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.jit import kernel, routine
from t2tui.core.layout import KIND_LAYER2


@routine
def payload_lengths(packet: Any) -> Any:
    """Return payload bytes captured and announced of a PACKET record.

    A length that wrapped below zero (docs/dissection.md, "Lengths") counts as none, padding and what was
    rebuilt from older bytes as not captured.
    """
    announced = np.int64(packet.l7Len)
    captured = np.int64(packet.caplen) - np.int64(packet.l7)
    if packet.kind != KIND_LAYER2:
        if announced > packet.l3Len:
            announced = np.int64(0)
        captured = min(captured, np.int64(packet.snapL7Len))
    return max(min(announced, captured), 0), announced


@kernel
def fill_lengths(packets: Any, captured: Any, announced: Any) -> Any:
    """Note the lengths of all packets."""
    for i in range(len(packets)):
        captured[i], announced[i] = payload_lengths(packets[i])
    return 0


def lengths_of(packets: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return payload bytes captured and announced, by packet.

    Args:
        packets: PACKET records.
    """
    captured, announced = np.zeros(len(packets), np.int64), np.zeros(len(packets), np.int64)
    fill_lengths(packets, captured, announced)
    return captured, announced
