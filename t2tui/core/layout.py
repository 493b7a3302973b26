"""Record layouts that the kernels share: packets, flows, released flows.

Every array of records is a numpy structured array, so kernels see C structs and Python sees columns
(``packets["srcPort"]``). Positions inside a packet count from its first captured byte.
"""

from typing import Any

import numpy as np

PACKET = np.dtype(
    [
        # capture
        (
            "base",
            "i8",
        ),  # first captured byte: index into PacketBatch.data (dissection may move it, see there)
        ("sec", "i8"),  # packet time
        ("frac", "i8"),  # ns (us for lists of files); never normalised
        ("offset", "i8"),  # of the first captured byte in the capture (uncompressed)
        ("pktNo", "u8"),  # from 1; dissection fills it
        ("caplen", "u4"),
        ("len", "u4"),
        (
            "block",
            "u4",
        ),  # bytes of the capture block before base (28 for an Enhanced Packet Block, 0 for pcap)
        ("blockLen", "u4"),  # bytes that pass through libpcap's buffer for this record (= caplen for pcap)
        # dissection
        ("status", "u8"),  # packet status word, bits of flowStat
        ("srcHi", "u8"),  # flow key: IPv6 upper half
        ("srcLo", "u8"),  # IPv6 lower half, IPv4 address, or source MAC of a layer-2 flow
        ("dstHi", "u8"),
        ("dstLo", "u8"),
        ("srcMac", "u8"),  # bytes 6..11 at l2
        ("dstMac", "u8"),  # bytes 0..5 at l2
        ("seq", "u4"),  # TCP sequence number (u32 at l4+4) and acknowledgement (l4+8)
        ("ack", "u4"),
        ("l2", "i4"),
        ("l3", "i4"),  # -1: no IP header position was reached (address columns of the packet line are empty)
        ("l4", "i4"),
        ("l7", "i4"),  # payload start
        ("vlanPos", "i4"),  # first TCI of the last VLAN run, -1 without tags
        ("hdrDesc", "u4"),  # id of the header description (dissect.descriptions)
        ("snapL3Len", "u4"),
        ("fragId", "u4"),  # IPv4 identification, or that of the IPv6 fragment header
        ("padLen", "i4"),
        ("kind", "u1"),  # one of KIND_* below
        ("frag", "u1"),  # FRAG_* bits
        ("l4Proto", "u1"),
        ("tcpFlags", "u1"),  # byte at l4+13, read for every IP packet
        ("numHdrs", "u2"),
        ("ethType", "u2"),  # innermost; part of the flow key
        ("vlan", "u2"),  # 12 bits of the last tag; part of the flow key
        ("srcPort", "u2"),
        ("dstPort", "u2"),
        ("ipId", "u2"),
        ("snapL4Len", "u2"),
        ("snapL7Len", "u2"),
        ("l3Len", "u2"),
        ("l7Len", "u2"),  # u16 layer-7 length, wraps when negative
        ("pktLen", "u2"),  # "packet length" of the statistics: layer-7 length, 0 when negative (IPv4)
        ("udpLen", "u2"),
        ("window", "u2"),
        ("ttl", "u1"),
        ("show", "u1"),  # SHOW_* bits: which parts of the packet line exist
        # flows
        ("flow", "i4"),  # slot of the flow, -1 without flow
        ("flowInd", "u8"),
        ("flowStat", "u8"),  # status of the flow after this packet
        ("isNew", "u1"),  # 1: this packet created its flow (plugins clear their record)
        ("tcpStatesAFlags", "u1"),
        ("alarm", "u1"),  # 1: the flow has FL_ALARM when all plugins have seen this packet
    ],
    align=True,
)

KIND_DROPPED, KIND_LAYER2, KIND_IPV4, KIND_IPV6 = 0, 1, 2, 3
"""How the dissection of a packet ended: without flow, layer-2 packet, IPv4 packet, IPv6 packet."""

FRAG_FIRST = 1  # first fragment of several
FRAG_LATER = 2  # offset != 0
FRAG_MORE = 4  # more fragments follow
FRAG_HEADER = 8  # IPv6 fragment header present

SHOW_MAC = 1  # flow has Ethernet addresses; set by the flow kernel
SHOW_L3 = 2  # an IP header position was reached: address columns
SHOW_PORTS = 4  # TCP, UDP, UDP-Lite or SCTP: port columns
SHOW_VLAN = 8  # this packet has VLAN tags
SHOW_ADDRESS = 16  # the flow is an IP flow: srcIP and dstIP have a text

_FLOW_FIELDS = np.dtype(
    [
        # key (as in PACKET)
        ("srcHi", "u8"),
        ("srcLo", "u8"),
        ("dstHi", "u8"),
        ("dstLo", "u8"),
        ("srcPort", "u2"),
        ("dstPort", "u2"),
        ("vlan", "u2"),
        ("ethType", "u2"),
        ("l4Proto", "u1"),
        ("kind", "u1"),  # KIND_*
        ("dir", "u1"),  # at release: 0 = A, 1 = B (position in the written pair)
        ("alive", "u1"),
        ("hash", "u4"),
        ("opposite", "i4"),  # slot of the opposite flow, -1 without
        ("lastIpId", "u4"),  # 0xffffffff: none yet
        ("lastFragId", "u4"),
        # what packets change; begins at byte 64
        ("flowInd", "u8"),
        ("flowStat", "u8"),
        ("lastSec", "i8"),
        ("lastFrac", "i8"),
        ("newer", "u4"),  # place in the list of flows (flows/lru.py)
        ("older", "u4"),
        ("timeout", "f4"),  # s
        ("marks", "u4"),
        ("synSeq", "u4"),  # TCP state machine (flows/tcp.py)
        ("finSeq", "u4"),
        ("anomalies", "u1"),  # tcpStatesAFlags
        ("state", "u1"),
        ("synSeen", "u1"),
        ("synAckd", "u1"),
        ("finSeen", "u1"),
        ("finAckd", "u1"),
        ("finScan", "u1"),
        # the rest; begins at byte 128
        ("firstSec", "i8"),
        ("firstFrac", "i8"),
        ("durSec", "u8"),  # set at release
        ("durFrac", "i8"),
        ("padBytes", "i8"),
        ("srcLabel", "u4"),  # rows of the label table
        ("dstLabel", "u4"),
    ],
    align=True,
)

_places: dict[str, Any] = dict(_FLOW_FIELDS.fields or {})
FLOW = np.dtype(
    {
        "names": list(_places),
        "formats": [place[0] for place in _places.values()],
        "offsets": [place[1] for place in _places.values()],
        "itemsize": 192,  # three cache lines, of which a packet needs the first two
    },
    align=True,
)
"""One direction of a conversation. Its number in the array is its slot, valid until it is reclaimed."""

PACKET_TIMES = np.dtype([("iat", "f8"), ("trip", "f8"), ("duration", "f8")])
"""pktIAT, pktTrip and flowDuration of a packet line, seconds; filled in packet mode only."""

RELEASED = np.dtype([("slot", "i4"), ("packet", "i4")], align=True)
"""A released flow in the order of output; ``packet``: it ended before this packet of the batch."""
