"""Which bytes of a packet go where in the file of its flow, collected in blocks (docs/payloaddumper.md).

Payload is not written packet by packet: each file has a block that takes what follows on what it holds
already, so that one system call writes many packets. When the blocks are used up, all are written.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.jit import inlined, kernel
from t2tui.core.layout import FRAG_LATER, KIND_LAYER2
from t2tui.core.memory import copy_bytes

MATCH, DUMP, TCP_GAP, OPEN_ERR = 0x01, 0x02, 0x10, 0x80
"""Bits of pldStat (bits.tsv)."""

BLOCK_BYTES = 1 << 14
"""Bytes of a file that one block takes."""

BLOCKS = 1024
"""Blocks in memory: 16 MB of payload."""

MOST_BLOCKS = 0xFFFF // BLOCK_BYTES + 2
"""Blocks that the payload of one packet can begin."""

TCP, UDP = 6, 17
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
        ("block", "i8"),  # number of the block that was filled last, counted through the whole run
        ("end", "i8"),  # layer 2 and UDP: where the next payload goes; TCP: end of the file
        ("seqInit", "u4"),  # TCP sequence number of the file's first byte
        ("seqNext", "u4"),  # sequence number that is expected next
        ("stat", "u1"),  # pldStat of the flow
    ],
    align=True,
)
"""What is known about the payload of a flow, one record per slot."""

BLOCK = np.dtype([("file", "i8"), ("offset", "i8"), ("length", "i8")], align=True)
"""What a block holds: ``length`` bytes of a file from ``offset`` on."""

PROGRESS = np.dtype(
    [
        ("files", "i8"),  # files begun so far; the number of the last one
        ("begun", "i8"),  # entries of Placement.opened of the last call
        ("used", "i8"),  # blocks in use
        ("firstBlock", "i8"),  # number of the first of them
        ("beyond", "i8"),  # payloads left out because of Limits.hole
    ],
    align=True,
)

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
def _wanted(wanted: Any, packet: Any) -> Any:
    """Return the match bit of a new flow."""
    if packet.kind == KIND_LAYER2:
        return np.int64(wanted[KIND_LAYER2_ROW, packet.ethType])
    row = KIND_TCP_ROW if packet.l4Proto == TCP else KIND_UDP_ROW
    if packet.l4Proto != TCP and packet.l4Proto != UDP:
        return np.int64(0)
    return np.int64(wanted[row, packet.srcPort] | wanted[row, packet.dstPort])


@inlined
def _collect(
    payload: Any, offset: Any, data: Any, position: Any, length: Any, blocks: Any, pool: Any, p: Any
) -> Any:
    """Copy bytes into blocks. Only the block that was filled last is ever changed: later bytes win."""
    while length > 0:
        index = np.int64(payload.block - p.firstBlock)
        at = np.int64(-1)
        if index >= 0:
            at = offset - np.int64(blocks[index].offset)
            if at > np.int64(blocks[index].length):
                at = np.int64(-1)
        if at < 0 or at >= BLOCK_BYTES:
            index = np.int64(p.used)
            p.used += 1
            payload.block = p.firstBlock + index
            blocks[index].file = payload.file
            blocks[index].offset = offset
            blocks[index].length = 0
            at = np.int64(0)
        part = min(length, BLOCK_BYTES - at)
        copy_bytes(pool, index * BLOCK_BYTES + at, data, position, part)
        blocks[index].length = max(np.int64(blocks[index].length), at + part)
        offset += part
        position += part
        length -= part


@inlined
def _dump(
    packet: Any, row: Any, data: Any, payload: Any, opened: Any, blocks: Any, pool: Any, p: Any, limits: Any
) -> Any:
    """Collect the payload of a packet of a wanted flow; return its pldStat."""
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
        payload.block = -1
        payload.end = 0
        payload.seqInit = sequence
        payload.seqNext = sequence
        opened[p.begun] = row
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
    _collect(payload, offset, data, position, captured, blocks, pool, p)
    return stat


@kernel
def _place(
    packets: Any,
    first: Any,
    data: Any,
    wanted: Any,
    payloads: Any,
    stats: Any,
    opened: Any,
    blocks: Any,
    pool: Any,
    progress: Any,
    limits: Any,
) -> Any:
    """Place the payload of packets until the blocks are used up; return the first packet not looked at."""
    p = progress[0]
    p.begun = 0
    for row in range(first, len(packets)):
        packet = packets[row]
        slot = np.int64(packet.flow)
        stats[row] = 0
        if slot < 0:
            continue
        if p.used + MOST_BLOCKS > len(blocks):
            return row
        payload = payloads[slot]
        if packet.isNew:
            payload.file = 0
            payload.stat = _wanted(wanted, packet)
        if payload.stat == 0:
            continue
        stat = _dump(packet, row, data, payload, opened, blocks, pool, p, limits[0])
        if packet.l4Proto == TCP:
            payload.seqNext = (np.int64(packet.seq) + np.int64(packet.l7Len)) & 0xFFFFFFFF
        payload.stat |= stat
        stats[row] = stat
    return len(packets)


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


@dataclass
class Placement:
    """Takes the payload of packets into blocks.

    Attributes:
        wanted: see wanted_flows.
        limits: what is left out.
        payloads: PAYLOAD by slot.
        stats: uint8, pldStat of the packets of the batch by row.
        blocks: BLOCK records; ``used`` of them are in use.
        pool: uint8, the bytes of the blocks, BLOCK_BYTES each.
        opened: int32, packets of the last call that began a file.
    """

    wanted: NDArray[np.uint8]
    limits: Limits
    slots: int
    batch_packets: int
    block_count: int = BLOCKS
    payloads: NDArray[Any] = field(init=False)
    stats: NDArray[np.uint8] = field(init=False)
    blocks: NDArray[Any] = field(init=False)
    pool: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        self.payloads = np.zeros(self.slots, PAYLOAD)
        self.stats = np.zeros(self.batch_packets, np.uint8)
        self.blocks = np.zeros(max(self.block_count, MOST_BLOCKS), BLOCK)
        self.pool = np.empty(len(self.blocks) * BLOCK_BYTES, np.uint8)
        self._opened = np.zeros(self.batch_packets, np.int32)
        self._progress = np.zeros(1, PROGRESS)
        self._limits = np.zeros(1, LIMITS)
        self._limits["bytes"] = min(self.limits.bytes or UNLIMITED, UNLIMITED)
        self._limits["skip"] = min(self.limits.skip, UNLIMITED)
        self._limits["hole"] = min(self.limits.hole or UNLIMITED, UNLIMITED)

    def place(self, packets: NDArray[Any], first: int, row: int, data: NDArray[np.uint8]) -> int:
        """Take the payload of packets from ``first`` on until the blocks are used up.

        Args:
            packets: PACKET records.
            first: where to begin.
            row: row of the batch at which ``packets`` begins.
            data: bytes of the batch.

        Returns:
            The first packet that was not looked at; ``len(packets)`` at the end. The blocks have to be
            released before the next call if it is less.
        """
        behind: int = _place(
            packets,
            first,
            data,
            self.wanted,
            self.payloads,
            self.stats[row:],
            self._opened,
            self.blocks,
            self.pool,
            self._progress,
            self._limits,
        )
        return behind

    @property
    def opened(self) -> NDArray[np.int32]:
        """The packets of the last call that began a file; their numbers follow each other."""
        return self._opened[: self._progress["begun"][0]]

    @property
    def first_opened(self) -> int:
        """Number of the file that the first packet of ``opened`` began."""
        return int(self._progress["files"][0] - self._progress["begun"][0]) + 1

    @property
    def used(self) -> int:
        """Number of blocks in use."""
        return int(self._progress["used"][0])

    @property
    def beyond(self) -> int:
        """Number of payloads that were left out because of Limits.hole."""
        return int(self._progress["beyond"][0])

    def release(self) -> None:
        """Forget all blocks; they were written."""
        self._progress["firstBlock"] += self._progress["used"]
        self._progress["used"] = 0

    def refuse(self, packets: NDArray[Any], first: int, behind: int, row: int) -> None:
        """Take back what packets put into a file that could not be opened.

        The reference tries again with every packet; here the first packet of the next part does.

        Args:
            packets: PACKET records.
            first: the packet that began the file.
            behind: end of the part, as ``place`` returned it.
            row: row of the batch at which ``packets`` begins.
        """
        slot = packets["flow"][first]
        stats = self.stats[row + first : row + behind]
        stats[(packets["flow"][first:behind] == slot) & (stats & DUMP != 0)] = MATCH | OPEN_ERR
        self.payloads["file"][slot] = 0
        self.payloads["stat"][slot] = MATCH | OPEN_ERR
