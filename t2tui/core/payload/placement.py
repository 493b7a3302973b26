"""Which bytes of a packet go where in the file of its flow (docs/payloaddumper.md).

Payload is not written packet by packet: the packets of a batch are sorted by file, and what lies side by
side in a file is copied together to one run, which one system call writes.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.batch import READ_BYTES
from t2tui.core.jit import inlined, kernel, routine
from t2tui.core.layout import FRAG_LATER, KIND_LAYER2
from t2tui.core.memory import copy_bytes

MATCH, DUMP, TCP_GAP, OPEN_ERR = 0x01, 0x02, 0x10, 0x80
"""Bits of pldStat (bits.tsv)."""

LARGEST_PAYLOAD = 0xFFFF

STAGED_BYTES = READ_BYTES
"""Payload that is sorted at once: that of a batch, unless packets were rebuilt."""

TCP, UDP, SCTP = 6, 17, 132
SYN_FIN_RST = 0x07
UNLIMITED = 1 << 62


class Kind(IntEnum):
    """Rows of the table of wanted flows."""

    LAYER2 = 0
    """By ethertype."""
    TCP = 1
    """By source or destination port."""
    UDP = 2
    """By source or destination port."""


KIND_LAYER2_ROW, KIND_TCP_ROW, KIND_UDP_ROW = int(Kind.LAYER2), int(Kind.TCP), int(Kind.UDP)

PAYLOAD = np.dtype(
    [
        ("file", "i8"),  # number of the file, 0 without
        ("end", "i8"),  # layer 2 and UDP: where the next payload goes; TCP: end of the file
        ("seqInit", "u4"),  # TCP sequence number of the file's first byte
        ("seqNext", "u4"),  # sequence number that is expected next
        ("firstPiece", "i4"),  # chain of the pieces that are not written yet
        ("lastPiece", "i4"),
        ("stat", "u1"),  # pldStat of the flow
    ],
    align=True,
)
"""What is known about the payload of a flow, one record per slot."""

PIECE = np.dtype([("offset", "i8"), ("position", "i4"), ("length", "i4"), ("next", "i4")], align=True)
"""Payload of one packet: where it goes, where it is in the data; the next piece of its file, or -1."""

RUN = np.dtype([("file", "i8"), ("offset", "i8"), ("position", "i8"), ("length", "i8")], align=True)
"""Bytes to write: file, where in it, and where they are staged."""

PROGRESS = np.dtype(
    [
        ("files", "i8"),  # files begun so far; the number of the last one
        ("begun", "i8"),  # of the last call: entries of opened, pieces, touched, runs, staged
        ("pieces", "i8"),
        ("touched", "i8"),
        ("runs", "i8"),
        ("bytes", "i8"),
        ("beyond", "i8"),  # payloads left out because of Limits.hole
    ],
    align=True,
)


class Work(NamedTuple):
    """Arrays that the kernels fill.

    Attributes:
        opened: int32, packets that began a file.
        pieces: PIECE.
        touched: int32, slots that have pieces, in the order of their first.
        runs: RUN.
        staged: uint8, the bytes of the runs.
        progress: one PROGRESS.
    """

    opened: NDArray[np.int32]
    pieces: NDArray[Any]
    touched: NDArray[np.int32]
    runs: NDArray[Any]
    staged: NDArray[np.uint8]
    progress: NDArray[Any]


LIMITS = np.dtype([("bytes", "i8"), ("skip", "i8"), ("hole", "i8")], align=True)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is left out.

    Attributes:
        bytes: payload of a flow behind this many bytes; 0: nothing.
        skip: bytes at the start of each payload of layer-2 and UDP flows.
        hole: TCP payload that would leave a larger hole behind the end of its file; 0: nothing.
    """

    bytes: int = 0
    skip: int = 0
    hole: int = 0


@inlined
def _wanted(wanted: Any, only: Any, packet: Any) -> Any:
    """Return the match bit of a new flow."""
    if len(only) > 0:
        place = np.searchsorted(only, packet.flowInd)
        if place == len(only) or only[place] != packet.flowInd:
            return np.int64(0)
    if packet.kind == KIND_LAYER2:
        return np.int64(wanted[KIND_LAYER2_ROW, packet.ethType])
    row = KIND_TCP_ROW if packet.l4Proto == TCP else KIND_UDP_ROW
    if packet.l4Proto != TCP and packet.l4Proto != UDP:
        return np.int64(0)
    return np.int64(wanted[row, packet.srcPort] | wanted[row, packet.dstPort])


@inlined
def _add(payload: Any, slot: Any, offset: Any, position: Any, length: Any, work: Any, p: Any) -> Any:
    """Put a piece at the end of the chain of its file."""
    number = np.int64(p.pieces)
    p.pieces += 1
    p.bytes += length
    piece = work.pieces[number]
    piece.offset = offset
    piece.position = position
    piece.length = length
    piece.next = -1
    if payload.firstPiece < 0:
        payload.firstPiece = number
        work.touched[p.touched] = slot
        p.touched += 1
    else:
        work.pieces[payload.lastPiece].next = number
    payload.lastPiece = number


@inlined
def _dump(packet: Any, row: Any, payload: Any, work: Any, p: Any, limits: Any) -> Any:
    """Find the place of the payload of a packet of a wanted flow; return its pldStat."""
    stat = np.int64(payload.stat) & MATCH
    is_layer2 = packet.kind == KIND_LAYER2
    is_tcp = not is_layer2 and packet.l4Proto == TCP
    if not is_layer2 and packet.frag & FRAG_LATER:
        return stat
    position = np.int64(packet.base) + np.int64(packet.l7)
    captured, length = np.int64(packet.snapL7Len), np.int64(packet.l7Len)
    if not is_tcp and limits.skip > 0:
        if captured <= limits.skip or length <= limits.skip:
            return stat
        position += limits.skip
        captured -= limits.skip
        length -= limits.skip
    if captured == 0:
        return stat
    stat |= np.int64(payload.stat) & DUMP
    sequence = np.int64(packet.seq)
    if payload.file == 0:
        p.files += 1
        payload.file = p.files
        payload.end = 0
        payload.seqInit = sequence
        payload.seqNext = sequence
        work.opened[p.begun] = row
        p.begun += 1
        stat |= DUMP
    if is_tcp:
        offset = sequence - np.int64(payload.seqInit)
        if offset < 0:
            return stat | TCP_GAP
        is_probe = length <= 1 and packet.tcpFlags & SYN_FIN_RST == 0
        if is_probe and sequence == (np.int64(payload.seqNext) - 1) & 0xFFFFFFFF:
            return stat | TCP_GAP
    else:
        offset = np.int64(payload.end)
        payload.end += length
    if offset >= limits.bytes:
        return stat
    captured = min(captured, np.int64(limits.bytes) - offset)
    if is_tcp:
        if offset - np.int64(payload.end) > limits.hole:
            p.beyond += 1
            return stat | TCP_GAP
        payload.end = max(np.int64(payload.end), offset + captured)
    _add(payload, np.int64(packet.flow), offset, position, captured, work, p)
    return stat


@routine
def _gather(data: Any, payloads: Any, work: Any, p: Any) -> Any:
    """Copy the pieces file by file, those that follow each other in a file to one run."""
    run = work.runs[0]
    position = np.int64(0)
    for touched in range(p.touched):
        payload = payloads[work.touched[touched]]
        number = np.int64(payload.firstPiece)
        payload.firstPiece = -1
        end = np.int64(-1)
        while number >= 0:
            piece = work.pieces[number]
            length = np.int64(piece.length)
            if piece.offset != end:
                run = work.runs[p.runs]
                run.file = payload.file
                run.offset = piece.offset
                run.position = position
                run.length = 0
                p.runs += 1
            copy_bytes(work.staged, position, data, piece.position, length)
            position += length
            run.length += length
            end = piece.offset + length
            number = np.int64(piece.next)


@kernel
def _place(
    packets: Any,
    first: Any,
    data: Any,
    wanted: Any,
    only: Any,
    payloads: Any,
    stats: Any,
    work: Any,
    limits: Any,
) -> Any:
    """Sort the payload of packets by file until no more fits; return the first packet that is left."""
    p = work.progress[0]
    p.begun = p.pieces = p.touched = p.runs = p.bytes = 0
    behind = np.int64(len(packets))
    for row in range(first, len(packets)):
        if p.bytes + LARGEST_PAYLOAD > len(work.staged):
            behind = np.int64(row)
            break
        packet = packets[row]
        slot = np.int64(packet.flow)
        stats[row] = 0
        if slot < 0:
            continue
        payload = payloads[slot]
        if packet.isNew:
            payload.file = 0
            payload.firstPiece = -1
            payload.stat = _wanted(wanted, only, packet)
        if payload.stat == 0 or (packet.kind != KIND_LAYER2 and packet.l4Proto == SCTP):  # see sctp.py
            continue
        stat = _dump(packet, row, payload, work, p, limits[0])
        if packet.l4Proto == TCP:
            payload.seqNext = (np.int64(packet.seq) + np.int64(packet.l7Len)) & 0xFFFFFFFF
        payload.stat |= stat
        stats[row] = stat
    _gather(data, payloads, work, p)
    return behind


def wanted_flows(
    layer2: tuple[int, ...] | None, tcp: tuple[int, ...] | None, udp: tuple[int, ...] | None
) -> NDArray[np.uint8]:
    """Return the table of wanted flows.

    Args:
        layer2: ethertypes; empty: all, None: no layer-2 flows.
        tcp: ports; empty: all, None: no TCP flows.
        udp: ports; empty: all, None: no UDP flows.

    Returns:
        uint8 of shape (3, 65536), 1 where wanted, by Kind and ethertype or port.
    """
    table = np.zeros((len(Kind), 1 << 16), np.uint8)
    for row, numbers in ((Kind.LAYER2, layer2), (Kind.TCP, tcp), (Kind.UDP, udp)):
        if numbers is not None:
            table[row, list(numbers) if numbers else slice(None)] = MATCH
    return table


def wanted_ports(ports: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return a row of that table: uint8[65536], 1 for the ports; for all if there are none."""
    row: NDArray[np.uint8] = wanted_flows(None, ports, None)[Kind.TCP]
    return row


@dataclass
class Placement:
    """Finds where the payload of packets goes.

    Attributes:
        wanted: see wanted_flows.
        only: uint64, ascending indices of the flows that are wanted; all if it is empty.
        limits: what is left out.
        slots: number of flow slots.
        batch_packets: number of packets of a full batch.
        staged_bytes: payload that is sorted at once.
        payloads: PAYLOAD by slot.
        stats: uint8, pldStat of the packets of the batch by row.
    """

    wanted: NDArray[np.uint8]
    only: NDArray[np.uint64]
    limits: Limits
    slots: int
    batch_packets: int
    staged_bytes: int = STAGED_BYTES
    payloads: NDArray[Any] = field(init=False)
    stats: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        self.payloads = np.zeros(self.slots, PAYLOAD)
        self.stats = np.zeros(self.batch_packets, np.uint8)
        self._work = Work(
            np.zeros(self.batch_packets, np.int32),
            np.zeros(self.batch_packets, PIECE),
            np.zeros(self.batch_packets, np.int32),
            np.zeros(self.batch_packets, RUN),
            np.zeros(self.staged_bytes + LARGEST_PAYLOAD, np.uint8),
            np.zeros(1, PROGRESS),
        )
        self._limits = np.zeros(1, LIMITS)
        self._limits["bytes"] = min(self.limits.bytes or UNLIMITED, UNLIMITED)
        self._limits["skip"] = min(self.limits.skip, UNLIMITED)
        self._limits["hole"] = min(self.limits.hole or UNLIMITED, UNLIMITED)

    def place(self, packets: NDArray[Any], first: int, row: int, data: NDArray[np.uint8]) -> int:
        """Sort the payload of packets from ``first`` on, as much as is staged at once.

        Args:
            packets: PACKET records.
            first: where to begin.
            row: row of the batch at which ``packets`` begins.
            data: bytes of the batch.

        Returns:
            The first packet that was not looked at; ``len(packets)`` at the end.
        """
        stats = self.stats[row:]
        behind: int = _place(
            packets,
            first,
            data,
            self.wanted,
            self.only,
            self.payloads,
            stats,
            self._work,
            self._limits,
        )
        return behind

    @property
    def opened(self) -> NDArray[np.int32]:
        """The packets of the last call that began a file; their numbers follow each other."""
        return self._work.opened[: self._count("begun")]

    @property
    def first_opened(self) -> int:
        """Number of the file that the first packet of ``opened`` began."""
        return self._count("files") - self._count("begun") + 1

    @property
    def runs(self) -> NDArray[Any]:
        """RUN records of the last call, in the order in which they have to be written."""
        return self._work.runs[: self._count("runs")]

    @property
    def staged(self) -> NDArray[np.uint8]:
        """The bytes of the runs."""
        return self._work.staged

    @property
    def beyond(self) -> int:
        """Number of payloads that were left out because of Limits.hole."""
        return self._count("beyond")

    @property
    def next_file(self) -> int:
        """Number of the file that begins next; set when others have begun files."""
        return self._count("files") + 1

    @next_file.setter
    def next_file(self, number: int) -> None:
        self._work.progress["files"] = number - 1

    def _count(self, name: str) -> int:
        return int(self._work.progress[name][0])

    def refuse(self, packets: NDArray[Any], first: int, behind: int, row: int) -> None:
        """Take back what packets put into a file that could not be opened.

        The reference tries again with every packet; here the first packet of the next call does.

        Args:
            packets: PACKET records.
            first: the packet that began the file.
            behind: end of what ``place`` looked at.
            row: row of the batch at which ``packets`` begins.
        """
        flow = packets["flow"][first:behind]
        stats = self.stats[row + first : row + behind]
        stats[(flow == flow[0]) & (stats & DUMP != 0)] = MATCH | OPEN_ERR
        self.payloads["file"][flow[0]] = 0
        self.payloads["stat"][flow[0]] = MATCH | OPEN_ERR
