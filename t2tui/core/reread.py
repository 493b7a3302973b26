"""Packets whose places are known, read and dissected once more without the rest of the capture."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.batch import BATCH_PACKETS, READ_BYTES, PacketBatch
from t2tui.core.capture import Originals
from t2tui.core.capture.originals import Stretch
from t2tui.core.dissect.dissector import Dissector
from t2tui.core.extract import NEAR, check_positions, read_packets
from t2tui.core.layout import FLOW, PACKET


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
    originals: Originals,
    chosen: Iterable[tuple[NDArray[Any], NDArray[np.uint64]]],
    wanted: NDArray[np.uint64],
    flows: NDArray[Any],
) -> Iterator[Reread]:
    """Yield packets of flows in the order of their positions.

    Args:
        originals: where the packets are.
        chosen: POSITION records (extract.py) and keys, as PacketIndex.positions() yields them.
        wanted: all keys, ascending.
        flows: FLOW records by place of a key among those wanted; gets the times of first packets.

    Raises:
        CaptureError: the captures cannot be read again, or are not those that the positions are of.
    """
    seen = np.zeros(len(wanted), bool)
    reader = _Reader(originals)
    for positions, keys in chosen:
        for batch, begin, rows in reader.dissected(positions):
            packets, mine = batch.packets[rows], keys[begin + rows.start : begin + rows.stop]
            places = np.searchsorted(wanted, mine).astype(np.int32)
            different, first = np.unique(places, return_index=True)
            begun = first[~seen[different]]
            seen[different] = True
            packets["flow"], packets["flowInd"] = places, mine >> np.uint64(1)
            packets["flowStat"] = packets["status"] | mine & np.uint64(1)
            packets["isNew"], packets["alarm"] = 0, 0
            packets["isNew"][begun] = 1
            for name, of_packet in (("firstSec", "sec"), ("firstFrac", "frac")):
                flows[name][places[begun]] = packets[of_packet][begun]
            yield Reread(packets, batch.data, rows.start)


def new_flows(wanted: NDArray[np.uint64]) -> NDArray[Any]:
    """Return empty FLOW records for keys."""
    return np.zeros(len(wanted), FLOW)


class Window(NamedTuple):
    """Packets to be looked at.

    Attributes:
        packets: PACKET records: what dissection finds, number and ``flowInd`` as in the index (0 without
            flow), no slot of a flow. Positions (``l2`` ... ``l7``) count in ``contents``; ``base`` is 0.
        contents: captured bytes of each packet.
        descriptions: header description of each packet, as ``hdrDesc`` of the packet file.
    """

    packets: NDArray[Any]
    contents: list[bytes]
    descriptions: list[str]


def read_window(originals: Originals, rows: NDArray[Any]) -> Window:
    """Read some packets, in any order, with or without flow, and dissect them.

    Headers and payload that packets announce and the capture does not have are those of the packets before
    them in the window (docs/dissection.md).

    Args:
        originals: where the packets are.
        rows: ROW records, as PacketIndex.rows() and at() return them.

    Raises:
        CaptureError: the captures cannot be read again, or are not those that the index is of.
    """
    packets = np.zeros(len(rows), PACKET)
    contents: list[bytes] = []
    descriptions: list[str] = []
    reader = _Reader(originals)
    for batch, begin, part in reader.dissected(rows):
        found = batch.packets[part]
        packets[begin + part.start : begin + part.stop] = found
        texts = reader.dissector.descriptions
        descriptions += [texts.text(number).decode() for number in found["hdrDesc"].tolist()]
        starts, sizes = reader.starts[part].tolist(), found["caplen"].tolist()
        contents += [
            batch.data[start : start + size].tobytes() for start, size in zip(starts, sizes, strict=True)
        ]
    packets["pktNo"], packets["flowInd"], packets["flow"] = rows["packet"], rows["flow"], -1
    packets["flowStat"] = packets["status"] | rows["direction"]
    packets["base"] = 0
    return Window(packets, contents, descriptions)


class _Reader:
    """Fills batches with packets of captures and dissects them.

    Attributes:
        dissector: the dissector.
        starts: where in the batch the packets begin, as they were captured.
    """

    def __init__(self, originals: Originals) -> None:
        self._originals = originals
        self._batch = PacketBatch()
        self.dissector = Dissector(1)
        self.starts = np.zeros(0, np.int64)

    def dissected(self, positions: NDArray[Any]) -> Iterator[tuple[PacketBatch, int, slice]]:
        """Yield a batch again and again.

        Yields:
            The batch, which of the packets is in its first row, and the rows that are ready.
        """
        for stretch in self._originals.stretches(positions["offset"]):
            self.dissector.link_type = stretch.link_type
            packets = positions[stretch.rows]
            check_positions(stretch, packets)
            first = 0
            while first < len(packets):
                sizes = packets["caplen"][first : first + BATCH_PACKETS].astype(np.int64)
                ends = np.cumsum(sizes + NEAR)  # bytes between packets may be read with them
                behind = first + int(np.searchsorted(ends, READ_BYTES, side="right"))
                self._fill(stretch, slice(first, behind), packets[first:behind])
                row = 0
                while row < self._batch.count:
                    until = self.dissector.dissect(self._batch, row)
                    yield self._batch, stretch.rows.start + first, slice(row, until)
                    row = until
                first = behind

    def _fill(self, stretch: Stretch, rows: slice, positions: NDArray[Any]) -> None:
        """Read packets into the batch, one behind the other."""
        data, self.starts = read_packets(stretch, rows, positions["caplen"])
        batch = self._batch
        batch.data[: len(data)] = data
        batch.count, batch.other_count = len(positions), 0
        packets = batch.packets[: batch.count]
        packets[:] = np.zeros((), PACKET)  # dissection leaves fields of packets without bytes as they are
        packets["offset"] = stretch.offsets[rows]
        for name in ("caplen", "len", "sec", "frac"):
            packets[name] = positions[name]
        packets["base"], packets["block"], packets["blockLen"] = self.starts, 0, positions["caplen"]
