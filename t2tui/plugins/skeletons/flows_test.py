"""Tests of skeleton: python -m pytest test_skeleton.py."""

from pathlib import Path

import dpkt
import pytest

import t2tui
from t2tui import plugins

plugins.search_in([Path(__file__).parent])


def datagram(source_port: int, payload: bytes) -> bytes:
    """Return an Ethernet frame from 10.0.0.1 to port 53 of 10.0.0.2."""
    udp = dpkt.udp.UDP(sport=source_port, dport=53, data=payload)
    udp.ulen = len(udp)
    ip = dpkt.ip.IP(src=bytes([10, 0, 0, 1]), dst=bytes([10, 0, 0, 2]), p=dpkt.ip.IP_PROTO_UDP, data=udp)
    ip.len = len(ip)
    return bytes(dpkt.ethernet.Ethernet(src=b"\2\0\0\0\0\1", dst=b"\2\0\0\0\0\2", data=ip))


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Two flows: one of three packets, one with a large packet."""
    frames = [
        datagram(1000, b"one"),
        datagram(1000, b""),
        datagram(1000, b"two"),
        datagram(2000, bytes(1200)),
    ]
    path = tmp_path / "capture.pcap"
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        for second, frame in enumerate(frames):
            writer.writepkt(frame, 1_000_000_000 + second)
    return path


def test_packets_with_payload_are_counted(capture: Path) -> None:
    """Flow columns have the values of the whole flow."""
    flows = t2tui.analyze(capture, plugins=["basicFlow", "skeleton"]).flows
    assert flows["srcPort"].tolist() == [1000, 2000]
    assert flows["skeletonPkts"].tolist() == [2, 1]
    assert flows["skeletonStat"].tolist() == [0, 1]


def test_packets_show_the_count_so_far(capture: Path) -> None:
    """Packets without payload have an empty cell."""
    packets = t2tui.analyze(capture, plugins=["basicFlow", "skeleton"], packets=True).packets
    assert packets is not None
    assert packets.text("skeletonPkts") == ["1", "", "2", "1"]


def test_what_is_large_can_be_set(capture: Path) -> None:
    """Flags are given by their full name."""
    analysis = t2tui.analyze(
        capture, plugins=["basicFlow", "skeleton"], settings={"skeleton.SKELETON_LARGE": 3}
    )
    assert analysis.flows["skeletonStat"].tolist() == [1, 1]
    assert "skeleton: Aggregated skeletonStat=0x01" in analysis.report
