"""Tests of skeleton: python -m pytest test_skeleton.py."""

import json
import subprocess
import sys
from pathlib import Path

import dpkt
import pytest


def datagram(source_port: int, payload: bytes) -> bytes:
    """Return an Ethernet frame from 10.0.0.1 to port 53 of 10.0.0.2."""
    udp = dpkt.udp.UDP(sport=source_port, dport=53, data=payload)
    udp.ulen = len(udp)
    ip = dpkt.ip.IP(src=bytes([10, 0, 0, 1]), dst=bytes([10, 0, 0, 2]), p=dpkt.ip.IP_PROTO_UDP, data=udp)
    ip.len = len(ip)
    return bytes(dpkt.ethernet.Ethernet(src=b"\2\0\0\0\0\1", dst=b"\2\0\0\0\0\2", data=ip))


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Three packets of two flows."""
    path = tmp_path / "capture.pcap"
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        for second, port in enumerate((1000, 1000, 2000)):
            writer.writepkt(datagram(port, b"payload"), 1_000_000_000 + second)
    return path


def test_each_flow_becomes_a_line(capture: Path) -> None:
    """The values have the types of Python."""
    options = ["--quiet", "--plugin-dir", str(Path(__file__).parent), "-p", "basicFlow,skeleton"]
    subprocess.run([sys.executable, "-m", "t2tui", "run", str(capture), *options], check=True)
    lines = capture.with_name("capture_skeleton.txt").read_text().splitlines()
    flows = [json.loads(line) for line in lines]
    assert [flow["srcPort"] for flow in flows] == [1000, 2000]
    assert {flow["dstIP"] for flow in flows} == {"10.0.0.2"}
