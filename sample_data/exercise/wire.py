"""TCP segments, the hosts that send them, and their bytes in a pcap file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from socket import inet_aton

import dpkt

ACK, FIN, PSH, RST, SYN = dpkt.tcp.TH_ACK, dpkt.tcp.TH_FIN, dpkt.tcp.TH_PUSH, dpkt.tcp.TH_RST, dpkt.tcp.TH_SYN

SECOND = 1_000_000  # times are whole microseconds since the epoch
SNAP_LENGTH = 65535


@dataclass(frozen=True)
class Host:
    """A station with its network stack's habits.

    Attributes:
        ip: IPv4 address.
        mac: address of the Ethernet frames that carry its packets.
        ttl: time to live at the place of the capture.
        first_id: IP identification of its first packet; each further packet adds one.
        syn_window: window of its SYN or SYN-ACK.
        window: window afterwards.
        options: TCP options of its SYN or SYN-ACK, a multiple of four bytes.
        shortest_frame: shorter frames are padded with zeros, to 60 bytes in Ethernet (without checksum).
    """

    ip: str
    mac: str
    ttl: int
    first_id: int
    syn_window: int
    window: int
    options: bytes
    shortest_frame: int = 60


@dataclass(frozen=True)
class Endpoint:
    """A host and a TCP port."""

    host: Host
    port: int


@dataclass(frozen=True)
class Segment:
    """One TCP segment at a point in time (microseconds since the epoch)."""

    time: int
    source: Endpoint
    target: Endpoint
    seq: int
    ack: int
    flags: int
    window: int
    payload: bytes = b""


def microseconds(text: str) -> int:
    """Return ``SECONDS.FRACTION`` with up to six fraction digits as whole microseconds."""
    seconds, _, fraction = text.partition(".")
    return int(seconds) * SECOND + int(fraction.ljust(6, "0"))


def frame(segment: Segment, ip_id: int) -> bytes:
    """Return the Ethernet frame of a segment; dpkt fills in lengths and checksums (RFC 791, RFC 9293)."""
    sender, receiver = segment.source.host, segment.target.host
    options = sender.options if segment.flags & SYN else b""
    tcp = dpkt.tcp.TCP(
        sport=segment.source.port,
        dport=segment.target.port,
        seq=segment.seq,
        ack=segment.ack,
        off=(20 + len(options)) // 4,
        flags=segment.flags,
        win=segment.window,
        opts=options,
        data=segment.payload,
    )
    packet = dpkt.ip.IP(
        src=inet_aton(sender.ip),
        dst=inet_aton(receiver.ip),
        id=ip_id,
        df=1,
        ttl=sender.ttl,
        p=dpkt.ip.IP_PROTO_TCP,
        data=tcp,
    )
    ethernet = dpkt.ethernet.Ethernet(
        src=bytes.fromhex(sender.mac.replace(":", "")),
        dst=bytes.fromhex(receiver.mac.replace(":", "")),
        type=dpkt.ethernet.ETH_TYPE_IP,
        data=packet,
    )
    return bytes(ethernet).ljust(sender.shortest_frame, b"\0")


def capture(segments: Iterable[Segment]) -> bytes:
    """Return a little-endian microsecond pcap file that holds the segments in order of time.

    Segments of equal time keep the order in which they come. Each host counts its IP identifications over all
    its connections, so no two packets in a row of one flow carry the same one.
    """
    header = dpkt.pcap.LEFileHdr(snaplen=SNAP_LENGTH, linktype=dpkt.pcap.DLT_EN10MB)
    parts = [bytes(header)]
    next_id: dict[str, int] = {}
    for segment in sorted(segments, key=lambda s: s.time):
        sender = segment.source.host
        ip_id = next_id.get(sender.ip, sender.first_id)
        next_id[sender.ip] = ip_id % 0xFFFF + 1
        data = frame(segment, ip_id)
        seconds, fraction = divmod(segment.time, SECOND)
        record = dpkt.pcap.LEPktHdr(tv_sec=seconds, tv_usec=fraction, caplen=len(data), len=len(data))
        parts += (bytes(record), data)
    return b"".join(parts)
