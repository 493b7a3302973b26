"""Read an Ethernet/IPv4/TCP pcap file with the struct module alone; dpkt wrote it, so dpkt is no witness."""

from socket import inet_ntoa
from struct import iter_unpack, unpack_from
from typing import NamedTuple

ETHERNET, IPV4 = 14, 20
FIN, SYN, RST, ACK = 1, 2, 4, 16


class Packet(NamedTuple):
    """A packet; ``time`` in microseconds, ``source`` and ``target`` as address and port."""

    number: int
    time: int
    frame: bytes
    source: tuple[str, int]
    target: tuple[str, int]
    ip_id: int
    ttl: int
    seq: int
    ack: int
    flags: int
    window: int
    payload: bytes
    padding: int


def read(pcap: bytes) -> list[Packet]:
    """Return the packets of a little-endian microsecond pcap file."""
    magic, *_, snap_length, link_type = unpack_from("<IHHiIII", pcap)
    assert (magic, snap_length, link_type) == (0xA1B2C3D4, 65535, 1)
    packets = []
    at = 24
    while at < len(pcap):
        seconds, fraction, captured, length = unpack_from("<4I", pcap, at)
        assert captured == length
        frame = pcap[at + 16 : at + 16 + captured]
        at += 16 + captured
        packets.append(parse(len(packets) + 1, seconds * 1_000_000 + fraction, frame))
    return packets


def parse(number: int, time: int, frame: bytes) -> Packet:
    """Return a packet from a frame that must be Ethernet, IPv4 without options, TCP."""
    ether_type, version, length, ip_id, fragment, ttl, protocol = unpack_from(">12xHBxHHHBB", frame)
    assert (ether_type, version, fragment, protocol) == (0x0800, 0x45, 0x4000, 6)
    source, target = (inet_ntoa(frame[i : i + 4]) for i in (26, 30))
    sport, dport, seq, ack, offset, flags, window = unpack_from(">HHIIBBH", frame, ETHERNET + IPV4)
    end = ETHERNET + length
    payload = frame[ETHERNET + IPV4 + (offset >> 4) * 4 : end]
    return Packet(
        number,
        time,
        frame,
        (source, sport),
        (target, dport),
        ip_id,
        ttl,
        seq,
        ack,
        flags,
        window,
        payload,
        len(frame) - end,
    )


def ones_complement_sum(data: bytes) -> int:
    """Return the Internet checksum's sum; 0xffff over data that contains its checksum (RFC 1071)."""
    total = sum(word for (word,) in iter_unpack(">H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
