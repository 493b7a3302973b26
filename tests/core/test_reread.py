"""Packets read and dissected once more are those that the engine saw."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from t2tui.api import Origin
from t2tui.core.capture import CaptureError
from t2tui.core.extract import originals_of
from t2tui.core.layout import PACKET
from t2tui.core.packetindex import PacketIndex
from t2tui.core.reread import read_window
from t2tui.plugins.base import Plugin
from tests.core.captures import GOLDEN, NO_GOLDEN
from tests.saved import Packet, pcap

FLOWS_MAKE = ("base", "pktNo", "block", "blockLen", "hdrDesc", "flow", "isNew", "flowStat", "alarm")
FLOWS_MAKE += ("tcpStatesAFlags", "show", "udpLen", "window", "flowInd", "ipId", "seq", "ack", "status")
"""Fields of PACKET that depend on the run, or are left as they were where a packet does not have them."""

COMPARED = tuple(name for name in PACKET.names if name not in FLOWS_MAKE)


class Watcher(Plugin):
    """Keeps all packets of a run, their bytes and their descriptions."""

    name = "watcher"
    number = 997
    summary = "keeps packets"
    vital = True

    def __init__(self) -> None:
        super().__init__()
        self.index = PacketIndex()
        self.packets: list[np.ndarray] = []
        self.contents: list[bytes] = []
        self.texts: list[str] = []

    def on_packets(self, packets: np.ndarray, data: np.ndarray) -> None:
        self.index.append(packets, data, self.run.units)
        self.packets.append(packets.copy())
        for packet in packets:
            base = int(packet["base"])
            self.contents.append(data[base : base + int(packet["caplen"])].tobytes())
            self.texts.append(self.run.descriptions.text(int(packet["hdrDesc"])).decode())


def watched(path: Path) -> Watcher:
    watcher = Watcher()
    with closing(Origin(str(path), ("basicFlow",), None, {}).engine(str(path), [watcher])) as engine:
        engine.run()
    return watcher


def plain_captures() -> list[Path]:
    """Some of the real captures, of several link types and formats; odd ones read behind their packets."""
    captures = sorted((GOLDEN / "captures").iterdir()) if (GOLDEN / "captures").is_dir() else []
    return [path for path in captures if not path.name.startswith("odd_")][::12]


@pytest.mark.skipif(not plain_captures(), reason=NO_GOLDEN)
def test_windows_are_dissected_as_by_the_engine() -> None:
    random = np.random.default_rng(1)
    compared = 0
    for path in plain_captures():
        try:
            seen = watched(path)
            count = len(seen.index)
            numbers = np.unique(random.integers(1, count + 1, 200)) if count else np.zeros(0, np.int64)
            window = read_window(originals_of(path), seen.index.at(numbers))
        except CaptureError:
            continue
        packets = np.concatenate([np.zeros(0, PACKET), *seen.packets])[numbers - 1]
        reach = np.maximum(packets["l7"] + packets["snapL7Len"].astype(np.int64), packets["l7"])
        is_whole = (
            (reach <= packets["caplen"]) & (packets["caplen"] > 0) & (packets["l4"] + 20 <= packets["caplen"])
        )
        for row in np.flatnonzero(is_whole).tolist():
            where = f"{path.name}, packet {numbers[row]}"
            number = int(numbers[row]) - 1
            assert window.packets["pktNo"][row] == numbers[row]
            assert window.contents[row] == seen.contents[number], where
            assert window.descriptions[row] == seen.texts[number], where
            for name in COMPARED:
                assert window.packets[name][row] == packets[name][row], f"{where}: {name}"
            status = int(window.packets["status"][row])
            assert status & int(packets["status"][row]) == status, (
                where
            )  # the flow table adds bits of its own
            has_flow = packets["flow"][row] >= 0
            assert window.packets["flowInd"][row] == (packets["flowInd"][row] if has_flow else 0)
        compared += int(is_whole.sum())
    assert compared > 500


def test_packets_in_any_order_also_empty_ones(tmp_path: Path) -> None:
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    packets = [Packet(10**9 * i, 60, (arp + bytes([i])) if i % 3 else b"") for i in range(30)]
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(packets))
    index = watched(path).index
    chosen = [7, 1, 30, 7, 16]
    window = read_window(originals_of(path), index.at(np.array(chosen)))
    assert window.packets["flowInd"].tolist() == [0, 0, 1, 0, 0]
    assert window.contents == [packets[number - 1].frame for number in chosen]
    assert window.packets["pktNo"].tolist() == chosen
    assert window.descriptions == ["" if (number - 1) % 3 == 0 else "eth:arp" for number in chosen]
    assert read_window(originals_of(path), index.rows(1, 0)).contents == []


def test_another_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([Packet(0, 60, bytes(60))] * 5))
    rows = watched(path).index.rows(1, 5)
    path.write_bytes(pcap([Packet(0, 60, bytes(60))]))
    with pytest.raises(CaptureError, match="has no packet of 60 bytes"):
        read_window(originals_of(path), rows)
