"""The dissection kernel: fills the dissection part of PACKET for a batch."""

from enum import IntEnum, auto
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core import flowstat as fs
from t2tui.core.batch import READ_BYTES, SLACK_BYTES, PacketBatch
from t2tui.core.dissect import context as k
from t2tui.core.dissect.context import BUFFER_BYTES, BUFFER_SLACK, CONTEXT, u8, u16, u32, u64
from t2tui.core.dissect.descriptions import MISSED, Descriptions
from t2tui.core.dissect.ether import ether_type_at, type_or_length
from t2tui.core.dissect.ipv4 import ipv4
from t2tui.core.dissect.ipv6 import ipv6
from t2tui.core.dissect.link import link_layer
from t2tui.core.dissect.names import token_table
from t2tui.core.jit import inlined, kernel, routine
from t2tui.core.layout import (
    FRAG_LATER,
    KIND_DROPPED,
    KIND_IPV4,
    KIND_IPV6,
    KIND_LAYER2,
    SHOW_L3,
    SHOW_PORTS,
    SHOW_VLAN,
)
from t2tui.core.memory import copy_bytes


class DissectCounter(IntEnum):
    """Rows of Dissector.counters."""

    PACKETS = 0
    """All packets, also those without captured bytes."""
    BYTES = auto()
    """Captured bytes."""
    RAW_BYTES = auto()
    """Bytes on the wire by the record's length."""
    HEADERS_MIN = auto()
    HEADERS_MAX = auto()
    VLAN_MAX = auto()
    MPLS_MAX = auto()
    LLC = auto()
    GRE = auto()
    TEREDO = auto()
    AYIYA = auto()
    IPVX = auto()
    DTLS = auto()
    """DTLS records."""
    FRAGMENTS6 = auto()
    """IPv6 fragment headers (first and headless fragments count once more with their flow)."""
    WIRE_BYTES = auto()
    """Bytes on wire: layer-2 header and IP length of IPv4, record length of IPv6 packets."""
    SPILL = auto()
    """Position behind the last rebuilt packet in the batch."""
    OTHER = auto()
    """Next row of PacketBatch.other_blocks."""
    EVENTS = auto()
    SNAP_WARNED = auto()
    LENGTH = auto()


_C = DissectCounter
_BYTES, _RAW_BYTES = int(_C.BYTES), int(_C.RAW_BYTES)
_PACKETS, _HEADERS_MIN, _HEADERS_MAX = int(_C.PACKETS), int(_C.HEADERS_MIN), int(_C.HEADERS_MAX)
_VLAN_MAX, _MPLS_MAX, _LLC, _GRE = int(_C.VLAN_MAX), int(_C.MPLS_MAX), int(_C.LLC), int(_C.GRE)
_TEREDO, _AYIYA, _IPVX, _DTLS = int(_C.TEREDO), int(_C.AYIYA), int(_C.IPVX), int(_C.DTLS)
_FRAGMENTS6, _WIRE_BYTES, _SPILL, _OTHER = (
    int(_C.FRAGMENTS6),
    int(_C.WIRE_BYTES),
    int(_C.SPILL),
    int(_C.OTHER),
)
_EVENTS, _SNAP_WARNED = int(_C.EVENTS), int(_C.SNAP_WARNED)

COMPLETE, MISS, SPILL_FULL = range(3)
"""Why the kernel returned."""

TCP = 6

PADDED_PACKET = 64
"""Only packets up to this wire length can have padding."""


@routine
def begin(c: Any, packet: Any, link: Any) -> Any:
    """Reset the context for a packet whose bytes begin at ``packet.block`` of the buffer."""
    c.raw = packet.block
    c.end = c.raw + packet.caplen
    c.len = packet.len
    c.link = link
    c.snapL2 = packet.caplen
    c.l2 = c.raw
    c.l3 = -1
    c.l4 = c.raw
    c.l7 = c.raw
    c.position = c.raw
    c.status = 0
    c.node = 0
    c.text = 0
    c.numHdrs = 0
    c.ethType = 0
    c.vlan = 0
    c.vlanPos = -1
    c.vlanHeaders = 0
    c.mplsHeaders = 0
    c.llc = 0
    c.lengthField = 0
    c.proto = 0
    c.srcPort = 0
    c.dstPort = 0
    c.pad = 0
    c.wireBytes = 0
    c.ipvx = 0
    c.dtls = 0
    c.fragments6 = 0
    c.frag = 0
    c.fragId = 0
    c.beyond = 0
    c.event = k.EVENT_NONE


@routine
def walk_headers(c: Any) -> Any:
    """Go from header to header until a flow key is known or the packet is dropped."""
    step = link_layer(c)
    if step == k.ETHER_OR_LLC:
        step = type_or_length(c, c.position)
    elif step == k.ETHER:
        step = ether_type_at(c, c.position)
    while step == k.IPV4 or step == k.IPV6:
        if k.runs_away(c, c.position):
            return k.DROP
        step = ipv4(c) if step == k.IPV4 else ipv6(c)
    return step


@routine
def mac(c: Any, position: Any) -> Any:
    """Six bytes as a number."""
    return u64(c, position) >> np.uint64(16)


@routine
def store_layer2(c: Any, packet: Any) -> Any:
    """Lengths and key of a packet that ended as layer-2 packet."""
    packet.kind = KIND_LAYER2
    c.status |= fs.L2_FLOW
    c.l7Len = (c.len - (c.l7 - c.raw)) & 0xFFFF
    c.pktLen = c.l7Len
    c.snapL3 = (c.snapL2 - (c.l7 - c.l2)) & 0xFFFFFFFF
    c.snapL4 = c.snapL3 & 0xFFFF
    c.snapL7 = c.snapL4
    c.l3Len = 0
    c.l4 = c.l7
    c.proto = 0
    packet.srcHi = 0
    packet.srcLo = packet.srcMac
    packet.dstHi = 0
    packet.dstLo = packet.dstMac
    packet.tcpFlags = 0
    packet.udpLen = 0
    packet.ttl = 0


@routine
def store_ip(c: Any, packet: Any, is_v4: Any) -> Any:
    """Key and transport fields of an IP packet."""
    if is_v4:
        packet.kind = KIND_IPV4
        packet.srcHi = 0
        packet.dstHi = 0
        packet.srcLo = u32(c, c.ip + 12)
        packet.dstLo = u32(c, c.ip + 16)
        packet.ipId = u16(c, c.ip + 4)
        packet.ttl = u8(c, c.ip + 8)
    else:
        packet.kind = KIND_IPV6
        packet.srcHi = u64(c, c.ip + 8)
        packet.srcLo = u64(c, c.ip + 16)
        packet.dstHi = u64(c, c.ip + 24)
        packet.dstLo = u64(c, c.ip + 32)
        packet.ipId = 0
        packet.ttl = u8(c, c.ip + 7)
    packet.seq = u32(c, c.l4 + 4)
    packet.ack = u32(c, c.l4 + 8)
    packet.tcpFlags = u8(c, c.l4 + 13)
    packet.window = u16(c, c.l4 + 14)
    is_udp = c.proto == 17 or c.proto == 136
    packet.udpLen = u16(c, c.l4 + 4) if is_udp and not c.frag & FRAG_LATER else 0
    if c.len <= PADDED_PACKET:
        c.pad = max(0, c.len - c.l3Len - (c.ip - c.raw))


@routine
def store(c: Any, packet: Any, step: Any) -> Any:
    """Write the outcome into the PACKET record."""
    packet.flow = -1
    packet.isNew = 0
    packet.kind = KIND_DROPPED
    packet.show = 0
    packet.srcMac = mac(c, c.l2 + 6)
    packet.dstMac = mac(c, c.l2)
    if step == k.LAYER2:
        store_layer2(c, packet)
    elif step == k.DONE4 or step == k.DONE6:
        store_ip(c, packet, step == k.DONE4)
        if c.proto == 6 or c.proto == 17 or c.proto == 136 or c.proto == 132:
            packet.show |= SHOW_PORTS
    if c.l3 >= 0:
        packet.show |= SHOW_L3
    if c.status & fs.L2_VLAN:
        packet.show |= SHOW_VLAN
    packet.status = c.status
    packet.hdrDesc = c.text
    packet.numHdrs = c.numHdrs
    packet.ethType = c.ethType
    packet.vlan = c.vlan
    packet.vlanPos = c.vlanPos - c.raw if c.vlanPos >= 0 else -1
    packet.l2 = c.l2 - c.raw
    packet.l3 = c.l3 - c.raw if c.l3 >= 0 else -1
    packet.l4 = c.l4 - c.raw
    packet.l7 = c.l7 - c.raw
    packet.l4Proto = c.proto
    packet.srcPort = c.srcPort
    packet.dstPort = c.dstPort
    packet.frag = c.frag
    packet.fragId = c.fragId
    packet.snapL3Len = c.snapL3
    packet.snapL4Len = c.snapL4
    packet.snapL7Len = c.snapL7
    packet.l3Len = c.l3Len
    packet.l7Len = c.l7Len
    packet.pktLen = c.pktLen
    packet.padLen = c.pad


@inlined
def count(c: Any, packet: Any, counters: Any, average: Any, events: Any) -> Any:
    """Bookkeeping at the end of a packet."""
    headers = c.numHdrs
    counters[_HEADERS_MIN] = min(counters[_HEADERS_MIN], headers)
    counters[_HEADERS_MAX] = max(counters[_HEADERS_MAX], headers)
    # The running mean of the reference: single precision weights, sum in double.
    weight = np.float32(1.0 / np.float64(packet.pktNo))
    share = np.float32(weight * np.float32(headers))
    average[0] = np.float32((1.0 - np.float64(weight)) * np.float64(average[0]) + np.float64(share))
    counters[_VLAN_MAX] = max(counters[_VLAN_MAX], c.vlanHeaders)
    counters[_MPLS_MAX] = max(counters[_MPLS_MAX], c.mplsHeaders)
    counters[_LLC] += c.llc
    counters[_GRE] += c.status & fs.L2_GRE != 0
    counters[_TEREDO] += c.status & fs.L3_TRDO != 0
    counters[_AYIYA] += c.status & fs.L3_AYIYA != 0
    counters[_IPVX] += c.ipvx + (c.status & fs.L3_IPVX != 0)
    counters[_DTLS] += c.dtls
    counters[_FRAGMENTS6] += c.fragments6
    counters[_WIRE_BYTES] += c.wireBytes
    if c.event != k.EVENT_NONE:
        if c.event >= k.EVENT_SNAP:
            if counters[_SNAP_WARNED]:
                return
            counters[_SNAP_WARNED] = 1
        note(counters, events, c.event, packet.pktNo, c.a, c.b, c.c)


@routine
def note(counters: Any, events: Any, event: Any, number: Any, a: Any, b: Any, c: Any) -> Any:
    """Keep an event for the engine's warning lines."""
    row = events[counters[_EVENTS]]
    row[0] = event
    row[1] = number
    row[2] = a
    row[3] = b
    row[4] = c
    counters[_EVENTS] += 1


@inlined
def header_end(c: Any) -> Any:
    """Position behind the fixed part of layer 4 and TCP's options, which plugins read though clipped."""
    if c.frag & FRAG_LATER:
        return c.l4
    if c.proto != TCP:
        return c.l4 + 8
    return c.l4 + max(20, 4 * (u8(c, c.l4 + 12) >> 4))


@inlined
def rebuild(b: Any, c: Any, packet: Any, data: Any, spill: Any) -> Any:
    """Copy a packet whose headers, payload or tags reach beyond its captured bytes behind the batch's data.

    Returns the position behind the copy, or -1 if there is no room left in this batch.
    """
    reach = c.l7 - c.raw + c.snapL7
    if packet.vlanPos >= 0:
        reach = max(reach, packet.vlanPos + 12)
    if packet.kind != KIND_LAYER2:
        reach = max(reach, header_end(c) - c.raw)
    if reach <= packet.caplen:
        return spill
    if c.raw + reach > BUFFER_BYTES:
        packet.snapL7Len = 0
        reach = BUFFER_BYTES - c.raw
        packet.l7 = min(c.l7 - c.raw, reach)
    if spill + reach > len(data) - SLACK_BYTES:
        return -1
    copy_bytes(data, spill, b, c.raw, reach)
    packet.base = spill
    return spill + reach


@inlined
def pass_blocks(b: Any, data: Any, others: Any, other_count: Any, counters: Any, packet: Any) -> Any:
    """Let the blocks without packets that stand before a packet pass through the buffer."""
    while counters[_OTHER] < other_count and others[counters[_OTHER], 0] <= packet:
        row = others[counters[_OTHER]]
        copy_bytes(b, 0, data, row[1], min(row[2], BUFFER_BYTES))
        counters[_OTHER] += 1


@kernel
def dissect_batch(
    b: Any,
    contexts: Any,
    data: Any,
    packets: Any,
    first: Any,
    last: Any,
    others: Any,
    other_count: Any,
    link: Any,
    counters: Any,
    average: Any,
    events: Any,
) -> Any:
    """Dissect packets[first:last]; return (index of the packet to go on with, why)."""
    c = contexts[0]
    for i in range(first, last):
        packet = packets[i]
        pass_blocks(b, data, others, other_count, counters, i)
        block = packet.base - packet.block
        copy_bytes(b, 0, data, block, min(np.int64(packet.blockLen), BUFFER_BYTES))
        packet.pktNo = counters[_PACKETS] + 1
        if packet.caplen == 0:
            counters[_PACKETS] += 1
            counters[_RAW_BYTES] += packet.len
            packet.flow = -1
            packet.kind = KIND_DROPPED
            packet.status = 0
            packet.show = 0
            packet.isNew = 0
            note(counters, events, k.EVENT_NO_DATA, packet.pktNo, 0, 0, 0)
            continue
        begin(c, packet, link)
        step = walk_headers(c)
        if c.node == MISSED:
            return i, MISS
        store(c, packet, step)
        if packet.kind != KIND_DROPPED:
            spill = rebuild(b, c, packet, data, counters[_SPILL])
            if spill < 0:
                return i, SPILL_FULL
            counters[_SPILL] = spill
        counters[_PACKETS] += 1
        counters[_BYTES] += packet.caplen
        counters[_RAW_BYTES] += packet.len
        count(c, packet, counters, average, events)
    pass_blocks(b, data, others, other_count, counters, last)
    return last, COMPLETE


class Event(NamedTuple):
    """Something to warn of, at a packet.

    Attributes:
        kind: one of ``context.EVENT_*``.
        packet: packet number.
        a: address family, version, protocol number, or layer-2 snap length.
        b: layer-3 snap length.
        c: length in the IP header.
    """

    kind: int
    packet: int
    a: int
    b: int
    c: int


class DissectTotals(NamedTuple):
    """What dissection counted up to a packet.

    Attributes:
        counters: int64 by DissectCounter.
        header_average: running mean of the header count, in single precision.
    """

    counters: NDArray[np.int64]
    header_average: float


class Dissector:
    """Dissects the packets of one run; the files of a list share it.

    Attributes:
        link_type: DLT of the packets, see linktypes.SUPPORTED.
        descriptions: all header descriptions met so far.
        counters: int64 by DissectCounter.
    """

    def __init__(self, link_type: int) -> None:
        self.link_type = link_type
        self.descriptions = Descriptions()
        self.counters: NDArray[np.int64] = np.zeros(_C.LENGTH, np.int64)
        self.counters[_C.HEADERS_MIN] = 65535
        self._average: NDArray[np.float32] = np.zeros(1, np.float32)
        self._buffer: NDArray[np.uint8] = np.zeros(BUFFER_BYTES + BUFFER_SLACK, np.uint8)
        self._context: NDArray[np.void] = np.zeros(1, CONTEXT)
        self._tokens = token_table()
        self._events: NDArray[np.int64] = np.zeros((0, 5), np.int64)

    def totals(self) -> DissectTotals:
        """Return the totals of all packets so far."""
        return DissectTotals(self.counters.copy(), float(self._average[0]))

    def clear_buffer(self) -> None:
        """Begin with a fresh reused buffer: a new capture file was opened."""
        self._buffer[:] = 0

    def dissect(self, batch: PacketBatch, first: int = 0) -> int:
        """Dissect a batch from packet ``first`` on.

        Returns:
            Index behind the last packet dissected. It is below ``batch.count`` when the room for
            rebuilt packets or for header descriptions is used up: the caller waits until all packets so
            far have been worked on, and calls again.
        """
        counters = self.counters
        if self.descriptions.is_full:
            self.descriptions.forget()
        if first == 0:
            counters[_C.OTHER] = 0
        counters[_C.SPILL] = READ_BYTES
        counters[_C.EVENTS] = 0
        if len(self._events) < batch.count:
            self._events = np.zeros((len(batch.packets), 5), np.int64)
        context = self._context[0]
        context["buffer"] = self._buffer.ctypes.data
        context["tokens"] = self._tokens.ctypes.data
        position = first
        while True:
            self.descriptions.lend(context)
            position, why = dissect_batch(
                self._buffer, self._context, batch.data, batch.packets,
                position, batch.count, batch.other_blocks, batch.other_count, self.link_type, counters,
                self._average, self._events,
            )  # fmt: skip
            self.descriptions.take_back(context)
            if why != MISS or not self.descriptions.settle(context):
                return int(position)

    def events(self) -> list[Event]:
        """Return what the last call of dissect() has to warn of, in packet order."""
        return [Event(*(int(v) for v in row)) for row in self._events[: self.counters[_C.EVENTS]]]
