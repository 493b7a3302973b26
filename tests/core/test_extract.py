"""Extraction of packets whose positions are known."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.batch import PacketBatch
from t2tui.core.capture import CaptureError, open_capture
from t2tui.core.dissect.dissector import Dissector
from t2tui.core.extract import POSITION, extract
from t2tui.core.outputs import OutputError
from tests.saved import Packet, Saved, pcap, pcapng, read

FORMATS = [
    pytest.param(make, order, id=f"{make.__name__}{order}") for make in (pcap, pcapng) for order in "<>"
]

PACKETS = [Packet(10**9 * (7 * i + 1) + 1000 * i, i + 40, bytes([i]) * (i % 60 + 14)) for i in range(100)]


def positions(path: Path, batch: PacketBatch | None = None) -> np.ndarray:
    """PACKET records of a whole capture."""
    batch = batch or PacketBatch()
    with open_capture(path) as capture:
        capture.read(batch)
        return batch.packets[: batch.count].copy()


@pytest.mark.parametrize(("make", "order"), FORMATS)
def test_packets_in_any_order_from_any_format(tmp_path: Path, make: Callable[..., bytes], order: str) -> None:
    source, target = tmp_path / "a", tmp_path / "new" / "b.pcap"
    source.write_bytes(make(PACKETS, 101, order))
    chosen = np.array([5, 99, 0, 7, 7])
    assert extract(source, positions(source)[chosen], target) == 5
    assert read(target) == Saved(101, 65535, [PACKETS[i] for i in chosen])


@given(st.lists(st.integers(0, 99)))
def test_positions_may_be_tuples(tmp_path_factory: pytest.TempPathFactory, chosen: list[int]) -> None:
    folder = tmp_path_factory.mktemp("tuples")
    source = folder / "a.pcap"
    source.write_bytes(pcap(PACKETS))
    found = [tuple(int(value) for value in row) for row in positions(source)[list(POSITION.names)]]
    assert extract(source, (found[i] for i in chosen), folder / "b.pcap") == len(chosen)
    assert read(folder / "b.pcap").packets == [PACKETS[i] for i in chosen]


def test_positions_hold_after_dissection_of_clipped_packets(tmp_path: Path) -> None:
    """Dissection moves packets that are shown farther than they were captured."""
    tagged = bytes(12) + bytes.fromhex("8100 0005 88b5")
    clipped = [Packet(10**9 * i, 200, tagged + bytes([i])) for i in range(10)]
    source = tmp_path / "a.pcap"
    source.write_bytes(pcap(clipped))
    batch = PacketBatch()
    positions(source, batch)
    moved = batch.packets["base"][:10].copy()
    assert Dissector(1).dissect(batch) == 10
    assert (batch.packets["base"][:10] != moved).all()
    extract(source, batch.packets[:10], tmp_path / "b.pcap")
    assert read(tmp_path / "b.pcap").packets == clipped


def test_nothing_is_a_capture_too(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(pcap(PACKETS))
    assert extract(tmp_path / "a.pcap", [], tmp_path / "b.pcap") == 0
    assert read(tmp_path / "b.pcap").packets == []


def test_compressed_captures_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "a.pcap.gz"
    source.write_bytes(gzip.compress(pcap(PACKETS)))
    with pytest.raises(CaptureError, match="cannot be found by their positions") as refused:
        extract(source, positions(source), tmp_path / "b.pcap")
    assert "extract_flows" in refused.value.hint
    assert not (tmp_path / "b.pcap").exists()


@pytest.mark.parametrize("position", [(-1, 4, 4, 0, 0), (24, 10**6, 4, 0, 0), (2**62, 4, 4, 0, 0)])
def test_a_capture_that_changed_is_named_and_the_target_stays(
    tmp_path: Path, position: tuple[int, ...]
) -> None:
    source, target = tmp_path / "a.pcap", tmp_path / "b.pcap"
    source.write_bytes(pcap(PACKETS))
    target.write_bytes(b"old")
    found = [tuple(int(value) for value in row) for row in positions(source)[list(POSITION.names)]]
    with pytest.raises(CaptureError, match=f"no packet .*at offset {position[0]}"):
        extract(source, [*found, position], target)
    assert [path.name for path in tmp_path.iterdir()] in (["a.pcap", "b.pcap"], ["b.pcap", "a.pcap"])
    assert target.read_bytes() == b"old"


def test_the_capture_itself_is_no_target(tmp_path: Path) -> None:
    source = tmp_path / "a.pcap"
    source.write_bytes(pcap(PACKETS))
    with pytest.raises(OutputError, match="input of this run"):
        extract(source, positions(source), source)
    assert source.read_bytes() == pcap(PACKETS)
