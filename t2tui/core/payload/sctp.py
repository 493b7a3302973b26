"""Payload of SCTP streams: which bytes of the DATA chunks of a packet go where (RFC 9260, section 3.3.1).

A flow is an association; its streams become files of their own. SCTP is rare, so this is plain Python.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.layout import FRAG_LATER, KIND_LAYER2
from t2tui.core.payload.placement import DUMP, MATCH, OPEN_ERR, RUN, SCTP, UNLIMITED

TSN_STORED, CUT, NOT_CONSECUTIVE = 0x04, 0x08, 0x20
"""Bits of pldStat (bits.tsv)."""

COMMON_HEADER, CHUNK_HEADER, DATA_HEADER = 12, 4, 16
DATA = 0
REMEMBERED = 4096
"""Transmission sequence numbers that are remembered to recognise retransmissions."""

HALF = 1 << 31
WHOLE = 1 << 32


class Chunk(NamedTuple):
    """A DATA chunk with payload.

    Attributes:
        tsn: transmission sequence number.
        stream: stream identifier.
        position: of the first byte of payload, from the start of the bytes.
        length: of the payload.
        captured: bytes of it that are there.
    """

    tsn: int
    stream: int
    position: int
    length: int
    captured: int


def data_chunks(segment: bytes) -> Iterator[Chunk]:
    """Yield the DATA chunks of an SCTP packet, as far as their headers were captured.

    Args:
        segment: captured bytes from the common header on.
    """
    position = COMMON_HEADER
    while position + CHUNK_HEADER <= len(segment):
        length = int.from_bytes(segment[position + 2 : position + 4])
        if length < CHUNK_HEADER:
            return
        if segment[position] == DATA and length > DATA_HEADER and position + DATA_HEADER <= len(segment):
            tsn = int.from_bytes(segment[position + 4 : position + 8])
            stream = int.from_bytes(segment[position + 8 : position + 10])
            start, end = position + DATA_HEADER, position + length
            yield Chunk(tsn, stream, start, end - start, max(min(end, len(segment)) - start, 0))
        position += length + -length % 4


@dataclass
class Stream:
    """The file of a stream.

    Attributes:
        file: its number, 0 if it could not be opened.
        end: where the next payload goes.
    """

    file: int
    end: int = 0


@dataclass
class Association:
    """One direction of an association.

    Attributes:
        first: transmission sequence number of its first chunk.
        last: that of its last one.
        seen: the numbers of late.
        streams: by stream identifier.
    """

    first: int
    last: int
    seen: dict[int, None] = field(default_factory=dict)
    streams: dict[int, Stream] = field(default_factory=dict)

    def is_new(self, tsn: int) -> bool:
        """Return whether a number was not seen lately, and remember it."""
        if tsn in self.seen:
            return False
        self.seen[tsn] = None
        if len(self.seen) > REMEMBERED:
            del self.seen[next(iter(self.seen))]
        return True


class Begun(NamedTuple):
    """A file that a packet begins.

    Attributes:
        packet: its place.
        stream: stream identifier.
        file: number of the file.
    """

    packet: int
    stream: int
    file: int


class SctpPlacement:
    """Finds where the payload of SCTP packets goes.

    Attributes:
        runs: RUN records of the last call; positions count in the bytes of the batch.
        begun: files that begin with it.
    """

    def __init__(self, wanted: NDArray[np.uint8], only: NDArray[np.uint64], limit: int) -> None:
        """Begin without associations.

        Args:
            wanted: uint8[65536], not 0 for the ports whose flows are dumped.
            only: indices of the flows that are wanted; all if it is empty.
            limit: most bytes of a stream; 0: all.
        """
        self._wanted, self._only, self._limit = wanted, only, limit or UNLIMITED
        self._associations: dict[int, Association] = {}
        self.runs = np.zeros(0, RUN)
        self.begun: list[Begun] = []

    def place(
        self,
        packets: NDArray[Any],
        data: NDArray[np.uint8],
        flow_stats: NDArray[np.uint8],
        stats: NDArray[np.uint8],
        next_file: int,
    ) -> int:
        """Sort the payload of the SCTP packets among others.

        Args:
            packets: PACKET records.
            data: bytes of the batch.
            flow_stats: pldStat by slot.
            stats: pldStat by packet.
            next_file: number of the next file.

        Returns:
            The number of the file after the last one that begins.
        """
        self.begun, runs = [], []
        is_sctp = (packets["l4Proto"] == SCTP) & (packets["kind"] > KIND_LAYER2) & (packets["flow"] >= 0)
        for row in np.flatnonzero(is_sctp).tolist():
            packet = packets[row]
            slot = int(packet["flow"])
            if packet["isNew"]:
                self._associations.pop(slot, None)
                flow_stats[slot] = self._match(packet)
            if flow_stats[slot] & MATCH:
                stats[row] = MATCH
                if not packet["frag"] & FRAG_LATER:
                    runs += self._chunks(packet, row, slot, data, stats, next_file + len(self.begun))
                flow_stats[slot] |= stats[row]
        self.runs = np.array(runs, RUN)
        return next_file + len(self.begun)

    def _match(self, packet: Any) -> int:
        """Return the match bit of a new flow."""
        is_chosen = not len(self._only) or bool(np.isin(packet["flowInd"], self._only))
        has_port = self._wanted[packet["srcPort"]] or self._wanted[packet["dstPort"]]
        return MATCH if is_chosen and has_port else 0

    def _chunks(
        self, packet: Any, row: int, slot: int, data: Any, stats: Any, next_file: int
    ) -> list[tuple[int, int, int, int]]:
        """Find the places of the chunks of a packet."""
        start = int(packet["base"]) + int(packet["l4"])
        runs = []
        for chunk in data_chunks(data[start : start + int(packet["snapL4Len"])].tobytes()):
            found = self._associations.setdefault(slot, Association(chunk.tsn, (chunk.tsn - 1) % WHOLE))
            stats[row] |= DUMP | (CUT if chunk.captured < chunk.length else 0)
            stats[row] |= NOT_CONSECUTIVE if (chunk.tsn - found.last) % WHOLE != 1 else 0
            stats[row] |= 0 if found.seen else TSN_STORED
            if (chunk.tsn - found.first) % WHOLE >= HALF or not found.is_new(chunk.tsn):
                continue
            found.last = chunk.tsn
            if chunk.stream not in found.streams:
                found.streams[chunk.stream] = Stream(next_file)
                self.begun.append(Begun(row, chunk.stream, next_file))
                next_file += 1
            stream = found.streams[chunk.stream]
            offset, stream.end = stream.end, stream.end + chunk.length
            length = min(chunk.captured, self._limit - offset)
            if stream.file and length > 0:
                runs.append((stream.file, offset, start + chunk.position, length))
        return runs

    def refuse(self, packets: NDArray[Any], begun: Begun, flow_stats: Any, stats: Any) -> None:
        """Take note that a file could not be opened."""
        slot = int(packets["flow"][begun.packet])
        self._associations[slot].streams[begun.stream].file = 0
        stats[begun.packet] |= OPEN_ERR
        flow_stats[slot] |= OPEN_ERR

    def end(self, slots: NDArray[Any]) -> list[int]:
        """Return the numbers of the files of flows that ended."""
        if not self._associations:
            return []
        ended = (self._associations.pop(slot, None) for slot in slots.tolist())
        return [stream.file for each in ended if each for stream in each.streams.values() if stream.file]
