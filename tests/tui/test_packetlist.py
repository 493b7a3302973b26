"""Cells of the packet list are those of the packet file; pages; deltas."""

import lzma
import tarfile
from pathlib import Path

import numpy as np
import pytest

from t2tui.api import analyze
from t2tui.core.capture import CaptureError
from t2tui.core.extract import originals_of
from t2tui.core.labels import Labels
from t2tui.core.reread import read_window
from t2tui.tui.packetlist import (
    LONGEST_CONTENT,
    SHOWN,
    Packet,
    PacketReader,
    cells_of,
    columns,
    content,
    difference,
    read_packets,
)
from t2tui.tui.packetpages import KEPT, PAGE, AllPackets, PacketPages
from tests.core.captures import GOLDEN, ODD
from tests.tui.conftest import EXERCISE

CLIPPED = "srcPort", "dstPort", "udpLen", "l7Len", "srcIP", "vlanID"
"""Cells that show memory behind the captured bytes where a packet is clipped (docs/dissection.md)."""

WINDOW = 40


def reader_of(path: Path) -> PacketReader:
    analysis = analyze(path, index=True)
    assert analysis.index is not None
    return PacketReader(
        analysis.index, lambda rows: read_window(originals_of(path), rows), Labels.builtin().lookup
    )


def differences(path: Path, lines: list[str]) -> tuple[int, list[tuple[str, int, str, str, str]]]:
    """Compare windows of a capture with the packet file; return packets compared, and what differs."""
    reader = reader_of(path)
    names = lines[0].removeprefix("%").split("\t")
    wanted = {
        int(line.split("\t", 1)[0]): dict(zip(names, line.split("\t"), strict=True))
        for line in lines[1:]
        if line
    }
    count, found, total = 0, [], len(reader.index)
    for first in sorted({1, max(1, total // 2), max(1, total - WINDOW + 1)}):
        for packet in read_packets(reader, np.arange(first, min(first + WINDOW, total + 1))):
            row = wanted.get(packet.number)
            assert (row is None) == (packet.flow == 0), (path.name, packet.number)
            if row is None:
                continue
            count += 1
            is_clipped = len(packet.data) < packet.length or int(row["snapL3Len"]) < int(row["l3Len"])
            for name in SHOWN:
                if name not in row or (is_clipped and name in CLIPPED):
                    continue
                here, there = packet.cells[name], row[name]
                if name == "l7Content":  # long ones are cut, and bytes that the capture lacks are not shown
                    here = here.removesuffix("…")
                    there = there[: len(here)]
                if here != there:
                    found.append((path.name, packet.number, name, here[:80], there[:80]))
    return count, found  # fmt: skip


def test_cells_are_those_of_the_packet_file(tmp_path: Path) -> None:
    """The made captures with odd headers, and what Tranalyzer2 wrote for them."""
    with lzma.open(ODD) as unpacked, tarfile.open(fileobj=unpacked) as archive:
        archive.extractall(tmp_path, filter="data")
    compared, found = 0, []
    for path in sorted(tmp_path.rglob("captures/*.pcap*")):
        expected = next(iter(tmp_path.rglob(f"full/{path.name}/packets.txt")), None)
        if expected is None:
            continue
        try:
            count, different = differences(path, expected.read_text("utf-8", "surrogateescape").split("\n"))
        except CaptureError:
            continue  # a link type that no run knows
        compared += count
        found += different
    assert compared > 1000
    assert found == []


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="no real captures (../shared/golden)")
@pytest.mark.parametrize("group", range(3))
def test_cells_of_real_captures_are_those_of_the_packet_file(group: int) -> None:
    compared, found = 0, []
    folders = [
        each for each in sorted((GOLDEN / "expected" / "full").iterdir()) if not each.name.startswith("odd_")
    ]
    for folder in folders[group * 7 :: 24]:
        path = GOLDEN / "captures" / folder.name
        try:
            lines = (folder / "packets.txt").read_text("utf-8", "surrogateescape").split("\n")
            count, different = differences(path, lines)
        except (CaptureError, FileNotFoundError):
            continue
        compared += count
        found += different
    assert compared > 300
    assert found == []  # fmt: skip


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="no real captures (../shared/golden)")
def test_sequence_numbers_and_flags_are_those_of_tcpflags() -> None:
    compared, found = 0, []
    for folder in sorted((GOLDEN / "expected" / "tcpflags").iterdir())[::25]:
        path = GOLDEN / "captures" / folder.name
        if not path.exists() or not (folder / "packets.txt").exists():
            continue
        lines = (folder / "packets.txt").read_text("utf-8", "surrogateescape").split("\n")
        names = lines[0].removeprefix("%").split("\t")
        wanted = {
            int(line.split("\t", 1)[0]): dict(zip(names, line.split("\t"), strict=True))
            for line in lines[1:]
            if line
        }
        try:
            reader = reader_of(path)
        except CaptureError:
            continue
        for packet in read_packets(reader, np.arange(1, min(200, len(reader.index)) + 1)):
            if packet.number in wanted and len(packet.data) == packet.length:
                compared += 1
                row, here = wanted[packet.number], packet.cells
                names_here = [name for name in ("seq", "ack", "tcpFlags") if here[name] != row[name]]
                found += [(path.name, packet.number, name, here[name], row[name]) for name in names_here]
    assert compared > 300
    assert found == []  # fmt: skip


def test_every_column_is_one_of_the_packet_file_or_a_delta() -> None:
    assert [column.name for column in columns()] == list(SHOWN)
    assert all(column.description for column in columns())


def test_long_payload_is_cut() -> None:
    assert content(b"a\\\x08\t\n\x0b\x0c\r\x00\x7f\xff") == r"a\\\b\t\n\v\f\r..."
    assert content(b"x" * (LONGEST_CONTENT + 1)) == "x" * LONGEST_CONTENT + "…"


def test_differences_are_exact() -> None:
    assert difference(1_700_000_000_000_000_001, 1_700_000_000_000_000_000) == "0.000000001"
    assert difference(5, 3_000_000_007) == "-3.000000002"
    assert difference(1, None) == ""


@pytest.fixture(scope="module")
def exercise(tmp_path_factory: pytest.TempPathFactory) -> PacketReader:
    import gzip

    path = tmp_path_factory.mktemp("packets") / "exercise.pcap"
    path.write_bytes(gzip.decompress(EXERCISE.read_bytes()))
    return reader_of(path)


def test_pages_hold_what_was_read_for_a_while(exercise: PacketReader) -> None:
    pages = PacketPages(AllPackets(len(exercise.index)))
    assert pages.line(0) is None
    assert pages.missing(60, 10) == [0, 1]
    for number in range(KEPT + 1):
        pages.put(number, pages.load(exercise, number))
    assert pages.line(0) is None  # the first page was dropped
    assert pages.missing(PAGE, PAGE * KEPT) == []
    line = pages.line(PAGE)
    assert line is not None
    assert line.packet.number == PAGE + 1
    assert line.previous == read_packets(exercise, np.array([PAGE]))[0].time


def test_a_page_that_grew_is_read_again(exercise: PacketReader) -> None:
    scope = AllPackets(10)
    pages = PacketPages(scope)
    pages.put(0, pages.load(exercise, 0))
    assert pages.missing(0, 50) == []
    scope.count = 20
    assert pages.missing(0, 50) == [0]
    pages.put(0, pages.load(exercise, 0))
    line = pages.line(19)
    assert line is not None
    assert line.packet.number == 20


def test_deltas_count_from_the_packet_before_the_flow_and_the_reference(exercise: PacketReader) -> None:
    packets = read_packets(exercise, np.arange(1, 200))
    begins: dict[int, Packet] = {}
    before = None
    for packet in packets:
        first = begins.setdefault(packet.flow, packet)
        cells = cells_of(packet, ("sincePrev", "sinceFirst", "sinceRef"), before, packets[10].time)
        since = [packet.time - each for each in (before or 0, first.time, packets[10].time)]
        assert [float(cell) for cell in cells[1:]] == [each / 1e9 for each in since[1:]]
        assert cells[0] == ("" if before is None else f"{since[0] / 1e9:.9f}")
        before = packet.time
