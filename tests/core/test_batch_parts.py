"""A batch that dissection hands on in parts gives the same files as a whole one."""

import socket
import struct
from pathlib import Path

import dpkt
import pytest

from t2tui.core.batch import PacketBatch
from t2tui.core.dissect.dissector import Dissector
from t2tui.core.engine import Engine, RunOptions
from t2tui.core.outputs import Outputs
from t2tui.plugins import STANDARD, load


def conversation(path: Path, packets: int) -> None:
    """Write UDP datagrams in both directions between two hosts, 1.5 s apart."""
    hosts = [socket.inet_aton("10.0.0.1"), socket.inet_aton("10.0.0.2")]
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i in range(packets):
            turn = 1 if i % 3 else -1
            source, target = hosts[::turn]
            datagram = dpkt.udp.UDP(sport=1000 + turn, dport=1000 - turn, data=b"x" * i, ulen=8 + i)
            packet = dpkt.ip.IP(src=source, dst=target, p=17, data=datagram, len=28 + i)
            frame = bytes(dpkt.ethernet.Ethernet(data=packet))
            file.write(struct.pack("<IIII", i * 3 // 2, i % 2 * 500_000, len(frame), len(frame)) + frame)


def files(capture: Path, prefix: Path) -> dict[str, str]:
    with Outputs(str(prefix), [capture]) as outputs:
        Engine(str(capture), RunOptions(packet_mode=True), outputs, load(STANDARD)).run()
    return {name: Path(f"{prefix}_{name}.txt").read_text() for name in ("packets", "flows")}


@pytest.mark.parametrize("size", [1, 7])
def test_parts_of_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    capture = tmp_path / "capture.pcap"
    conversation(capture, 40)
    wanted = files(capture, tmp_path / "whole")
    dissect = Dissector.dissect

    def in_parts(self: Dissector, batch: PacketBatch, first: int = 0) -> int:
        count = batch.count
        batch.count = min(count, first + size)
        try:
            return dissect(self, batch, first)
        finally:
            batch.count = count

    monkeypatch.setattr(Dissector, "dissect", in_parts)
    assert wanted["packets"].count("\n") == 41
    assert files(capture, tmp_path / "parts") == wanted
