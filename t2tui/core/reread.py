"""Packets whose places are known, read and dissected once more without the rest of the capture."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.batch import BATCH_PACKETS, READ_BYTES, PacketBatch
from t2tui.core.capture import open_capture
from t2tui.core.dissect.dissector import Dissector
from t2tui.core.extract import NEAR, check_positions, read_packets
from t2tui.core.layout import FLOW


class Reread(NamedTuple):
    """Packets that follow each other.

    Attributes:
        packets: PACKET records as the engine hands them to plugins; ``flow`` is the place of the packet's key
            among the keys, ``flowStat`` has the packet's own bits and bit 0 of the flow.
        data: bytes of the batch.
        row: row of the batch at which they begin.
    """

    packets: NDArray[Any]
    data: NDArray[np.uint8]
    row: int


def reread(
    path: str | Path, positions: NDArray[Any], keys: NDArray[np.uint64], flows: NDArray[Any]
) -> Iterator[Reread]:
    """Yield packets in the order of their positions.

    Args:
        path: a capture that is not compressed.
        positions: POSITION records (extract.py).
        keys: of each packet, ``flowInd << 1``, 1 added for the reply side.
        flows: FLOW records by place of a key among the different ones; gets the times of first packets.

    Raises:
        CaptureError: the capture cannot be read, is compressed, or is not the one that the positions are of.
    """
    slots = np.unique(keys)
    with open_capture(path) as capture, Path(path).open("rb") as file:
        check_positions(capture, positions)
        dissector, batch = Dissector(capture.link_type), PacketBatch()
        seen = np.zeros(len(slots), bool)
        first = 0
        while first < len(positions):
            sizes = positions["caplen"][first : first + BATCH_PACKETS].astype(np.int64)
            ends = np.cumsum(sizes + NEAR)  # bytes between packets may be read with them
            behind = first + int(np.searchsorted(ends, READ_BYTES, side="right"))
            _fill(batch, str(capture.path), file.fileno(), positions[first:behind])
            mine = keys[first:behind]
            numbers = np.searchsorted(slots, mine).astype(np.int32)
            is_new = np.zeros(len(mine), bool)
            different, places = np.unique(numbers, return_index=True)
            is_new[places[~seen[different]]] = True
            seen[different] = True
            row = 0
            while row < batch.count:
                until = dissector.dissect(batch, row)
                packets = batch.packets[row:until]
                packets["flow"], packets["flowInd"] = numbers[row:until], mine[row:until] >> np.uint64(1)
                packets["flowStat"] = packets["status"] | mine[row:until] & np.uint64(1)
                packets["isNew"], packets["alarm"] = is_new[row:until], 0
                begun = np.flatnonzero(is_new[row:until])
                for name, of_packet in (("firstSec", "sec"), ("firstFrac", "frac")):
                    flows[name][packets["flow"][begun]] = packets[of_packet][begun]
                yield Reread(packets, batch.data, row)
                row = until
            first = behind


def new_flows(keys: NDArray[np.uint64]) -> NDArray[Any]:
    """Return empty FLOW records for the different keys of packets."""
    return np.zeros(len(np.unique(keys)), FLOW)


def _fill(batch: PacketBatch, path: str, descriptor: int, positions: NDArray[Any]) -> None:
    """Read packets into a batch, one behind the other."""
    data, starts = read_packets(path, descriptor, positions)
    batch.data[: len(data)] = data
    batch.count, batch.other_count = len(positions), 0
    packets = batch.packets[: batch.count]
    for name in ("offset", "caplen", "len", "sec", "frac"):
        packets[name] = positions[name]
    packets["base"], packets["block"], packets["blockLen"] = starts, 0, positions["caplen"]
