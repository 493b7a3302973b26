"""The reference's reports on 848 captures, and dpkt as a second reader."""

import re
from pathlib import Path

import dpkt
import pytest

from t2tui.core.batch import PacketBatch
from t2tui.core.capture import CaptureError, open_capture
from t2tui.core.linktypes import SUPPORTED, describe
from tests.core.capture.reading import Reading, read_with_package

GOLDEN = Path(__file__).resolve().parents[4] / "shared" / "golden"
NAMES = sorted(path.name for path in (GOLDEN / "captures").glob("*"))

pytestmark = pytest.mark.skipif(not NAMES, reason=f"no reference captures in {GOLDEN}")


def lines_after(report: str, label: str) -> list[str]:
    return re.findall(rf"^{re.escape(label)}(.*)$", report, re.MULTILINE)


def number_after(report: str, label: str) -> int:
    found = re.search(rf"^{label}: (\d+)", report, re.MULTILINE)
    return int(found[1]) if found else 0


@pytest.mark.golden
@pytest.mark.parametrize("part", range(8))
def test_reports(part: int) -> None:
    batch = PacketBatch()
    for name in NAMES[part::8]:
        report = (GOLDEN / "expected" / "full" / name / "report.txt").read_text()
        with open_capture(GOLDEN / "captures" / name) as capture:
            assert lines_after(report, "Link layer type: ") == [describe(capture.link_type)], name
            assert number_after(report, "Snapshot length") == capture.snap_length, name
            assert ("[WRN] PCAP-NG" in report) == (capture.format == "pcapng"), name
            if capture.link_type not in SUPPORTED:
                assert f"[ERR] Unsupported link-layer type: {describe(capture.link_type)}" in report, name
                continue
            packets = captured = wire = 0
            while count := capture.read(batch):
                packets += count
                captured += int(batch.packets["caplen"][:count].sum(dtype=int))
                wire += int(batch.packets["len"][:count].sum(dtype=int))
            assert lines_after(report, "[WRN] pcap_dispatch failed") == [
                text.removeprefix("pcap_dispatch failed") for text in capture.take_warnings()
            ], name
            assert number_after(report, "Number of processed packets") == packets, name
            assert number_after(report, "Number of processed bytes") == captured, name
            assert number_after(report, "Number of raw bytes") == wire, name
            assert number_after(report, "Number of pcap bytes") == capture.size, name


def small(names: list[str]) -> list[str]:
    """Every eighth capture, without the large ones; dpkt is slow."""
    return [name for name in names if (GOLDEN / "captures" / name).stat().st_size < 60_000][::8]


@pytest.mark.parametrize("name", small(NAMES))
def test_dpkt_reads_the_same(name: str) -> None:
    path = GOLDEN / "captures" / name
    reading = read_with_package(path)
    assert isinstance(reading, Reading)
    if reading.faults:
        pytest.skip("the capture is damaged; dpkt has its own way with it")
    with path.open("rb") as file:
        packets = list(dpkt.pcap.UniversalReader(file))
    snap = reading.snap_length  # dpkt gives what is beyond it, too
    assert [packet.inside for packet in reading.packets] == [data[:snap] for _, data in packets]
    for packet, (time, _) in zip(reading.packets, packets, strict=True):
        assert abs(packet.sec + packet.frac / 1e9 - float(time)) < 2e-6  # dpkt's times are floats


def test_dpkt_reads_what_the_filter_lets_pass() -> None:
    name = next(name for name in NAMES if name.startswith("bittorrent"))
    with (GOLDEN / "captures" / name).open("rb") as file:
        packets = [data for _, data in dpkt.pcap.UniversalReader(file)]
    tcp = [
        data
        for data in packets
        if isinstance(getattr(dpkt.ethernet.Ethernet(data).data, "data", 0), dpkt.tcp.TCP)
    ]
    reading = read_with_package(GOLDEN / "captures" / name, bpf="tcp")
    assert isinstance(reading, Reading)
    assert [packet.inside for packet in reading.packets] == tcp


def test_no_capture_is_refused() -> None:
    refused = []
    for name in NAMES:
        try:
            open_capture(GOLDEN / "captures" / name).close()
        except CaptureError as error:
            refused.append((name, error.message))
    assert refused == []
