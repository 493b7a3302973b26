"""Frames and captures that tests make, layer by layer with dpkt."""

import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dpkt

MACS = b"\2\0\0\0\0\1", b"\2\0\0\0\0\2"
TCP, UDP, SCTP, UDP_LITE = 6, 17, 132, 136
SYN, ACK, PSH, FIN = 2, 16, 8, 1


def ethernet(payload: bytes, ethertype: int) -> bytes:
    """An Ethernet frame."""
    return MACS[1] + MACS[0] + ethertype.to_bytes(2, "big") + payload


def ip(source: str, target: str, proto: int, payload: bytes) -> bytes:
    """A frame with an IPv4 or IPv6 packet."""
    if ":" in source:
        addresses = (socket.inet_pton(socket.AF_INET6, address) for address in (source, target))
        head = b"\x60\0\0\0" + len(payload).to_bytes(2, "big") + bytes([proto, 64])
        return ethernet(head + b"".join(addresses) + payload, 0x86DD)
    packet = dpkt.ip.IP(
        src=socket.inet_aton(source), dst=socket.inet_aton(target), p=proto, ttl=64, data=payload
    )
    packet.len = 20 + len(payload)
    return ethernet(bytes(packet), 0x0800)


def tcp(
    ends: tuple[str, int, str, int], flags: int = ACK, seq: int = 1, ack: int = 1, payload: bytes = b""
) -> bytes:
    """A frame with a TCP segment; ``ends``: source, its port, target, its port."""
    segment = dpkt.tcp.TCP(sport=ends[1], dport=ends[3], seq=seq, ack=ack, flags=flags, data=payload)
    return ip(ends[0], ends[2], TCP, bytes(segment))


def datagram(ends: tuple[str, int, str, int], payload: bytes = b"", proto: int = UDP) -> bytes:
    """A frame with a datagram of UDP, or one whose header begins with two ports as UDP's does."""
    head = ends[1].to_bytes(2, "big") + ends[3].to_bytes(2, "big") + (8 + len(payload)).to_bytes(2, "big")
    return ip(ends[0], ends[2], proto, head + b"\0\0" + payload)


def save(path: Path, frames: Iterable[tuple[float, bytes] | bytes]) -> Path:
    """Write a capture; frames without time follow each other by a millisecond."""
    with path.open("wb") as file:
        writer: Any = dpkt.pcap.Writer(file, snaplen=262144)
        for number, frame in enumerate(frames):
            time, octets = frame if isinstance(frame, tuple) else (1000 + number / 1000, frame)
            writer.writepkt(octets, time)
    return path
