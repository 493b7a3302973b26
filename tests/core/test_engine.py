"""Whole runs over captures made of odd packets: what must hold for every capture."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import t2tui.core.engine
import t2tui.core.feeder
from t2tui.core.batch import READ_BYTES, SLACK_BYTES, PacketBatch
from t2tui.core.engine import Engine, RunOptions
from t2tui.core.outputs import Outputs
from t2tui.plugins import STANDARD, load
from tests.core.captures import pool
from tests.core.dissect.dissecting import Record, pcap
from tests.golden.comparison import report_lines

FLOWS = 24
"""Flows that the table holds here, so that it also runs over."""

BATCHES = (1, 8, 30_000)
ROOM = 150_000
"""Bytes for rebuilt packets in the tests; more than any one packet needs."""

LINKS = sorted({raw.link for raw in pool()})


@pytest.fixture(autouse=True, scope="module")
def small_table() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(t2tui.core.engine, "CAPACITY", FLOWS)
        yield


@st.composite
def mutated(draw: Any, of: tuple[int, ...]) -> Record:
    """A real packet, perhaps with some bytes changed, cut, and with other lengths and times."""
    raw = pool()[draw(st.sampled_from(of))]
    data = bytearray(raw.data)
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2, 8)))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        change = draw(
            st.one_of(st.binary(min_size=1, max_size=2), st.sampled_from((b"\xff\xff", b"\0\0", b"\x7f")))
        )
        data[at : at + len(change)] = change
    if draw(st.integers(0, 3)) == 0:
        data = data[: draw(st.integers(0, len(data)))]
    wire = draw(st.sampled_from((len(data), len(data), raw.length, 0, 60, 1500, 65535, 2**32 - 1)))
    step = draw(st.sampled_from((0, 0, 0, 1, 2, 9, 121, 700)))
    return Record(bytes(data), wire, step, draw(st.integers(0, 999_999)))


@st.composite
def captures(draw: Any) -> tuple[int, list[Record]]:
    """Link type and packets; packets of other link types among them. Time runs back now and then."""
    link = draw(st.sampled_from(LINKS))
    own = tuple(i for i, raw in enumerate(pool()) if raw.link == link)
    choice = draw(st.lists(st.sampled_from(own), min_size=1, max_size=12))
    other = draw(st.lists(st.integers(0, len(pool()) - 1), max_size=2))
    count = draw(st.integers(1, 40))
    packets = draw(st.lists(mutated((*choice, *other)), min_size=count, max_size=count))
    now, moved = 1000, []
    for packet in packets:
        now += packet.seconds if packet.microseconds % 17 else -3
        moved.append(packet._replace(seconds=now))
    return link, moved


class Files(NamedTuple):
    """What a run wrote."""

    flows: list[str]
    packets: list[str]
    report: list[str]

    def column(self, name: str, file: str = "flows") -> list[str]:
        header, *lines = getattr(self, file)
        place = header.removeprefix("%").split("\t").index(name)
        return [line.split("\t")[place] for line in lines]

    def figure(self, label: str) -> int:
        """A number of the report; 0 if its line is left out."""
        found = [re.match(rf"{label}: (\d+)", line) for line in self.report]
        return next((int(match[1]) for match in found if match), 0)


def run(content: bytes, batch_packets: int = 8192) -> Files:
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "capture.pcap")
        path.write_bytes(content)
        with Outputs(f"{folder}/out", [path]) as outputs:
            options = RunOptions(packet_mode=True, report=lines.append, batch_packets=batch_packets)
            engine = Engine(str(path), options, outputs, load(STANDARD))
            try:
                engine.run()
                assert engine.snapshot().state == "complete"
            finally:
                engine.close()
        texts = [
            Path(folder, f"out_{kind}.txt").read_bytes().decode("ascii") for kind in ("flows", "packets")
        ]
    # the payload column escapes line ends, so lines are records
    return Files(*(text.removesuffix("\n").split("\n") for text in texts), report_lines("\n".join(lines)))


@settings(max_examples=40)
@given(captures())
def test_packets_and_bytes_add_up(capture: tuple[int, list[Record]]) -> None:
    link, packets = capture
    files = run(pcap(packets, link))
    with_flow = len(files.packets) - 1
    assert sum(map(int, files.column("pktsSnt"))) == with_flow
    assert files.figure("Number of processed packets") == len(packets)
    assert files.figure("Number of processed bytes") == sum(len(packet.data) for packet in packets)
    assert files.figure("Number of raw bytes") == sum(packet.wire for packet in packets)
    if with_flow:  # the reference's report leaves the line out otherwise
        assert files.figure("Number of packets without flow") == len(packets) - with_flow
    assert files.figure("Number of A packets") + files.figure("Number of B packets") == with_flow
    numbers = [int(number) for number in files.column("pktNo", "packets")]
    assert numbers == sorted(set(numbers))
    assert not numbers or (numbers[0] >= 1 and numbers[-1] <= len(packets))
    sizes = [len(packets[number - 1].data) for number in numbers]
    assert files.figure("Number of A bytes") + files.figure("Number of B bytes") == sum(sizes)
    flows = {(index, side) for index, side in zip(files.column("flowInd"), files.column("dir"), strict=True)}
    assert len(flows) == len(files.flows) - 1
    kinds = ("L2  ", "IPv4", "IPv6")
    assert sum(files.figure(f"Number of processed {kind} flows") for kind in kinds) == len(flows)


@settings(max_examples=40)
@given(captures())
def test_files_do_not_depend_on_the_size_of_batches(capture: tuple[int, list[Record]]) -> None:
    link, packets = capture
    content = pcap(packets, link)
    one, few, many = (run(content, size) for size in BATCHES)
    assert one == many
    assert few == many


def clipped(count: int) -> list[Record]:
    """Frames that end within a SNAP header: the reference shows what is left in its buffer as payload."""
    packets = []
    for i in range(count):
        mac, llc = bytes(11) + bytes([i % 5]), b"\0\x40\xaa\xaa\3\0\0\0\x12\x34"
        leftovers = bytes([i % 251]) * (1400 - i)
        packets.append(Record(mac + (llc + leftovers if i % 3 == 0 else llc[: 4 + i % 5]), 1500, i // 10))
    return packets


def test_files_do_not_depend_on_the_room_for_rebuilt_packets(monkeypatch: pytest.MonkeyPatch) -> None:
    content = pcap(clipped(300))
    wanted = run(content)
    assert max(map(int, wanted.column("snapL7Len", "packets"))) > 60_000
    parts = []
    work_on = Engine._work_on

    def watched(self: Engine, portion: Any, capture: Any) -> None:
        parts.append(portion.is_last)
        work_on(self, portion, capture)

    monkeypatch.setattr(Engine, "_work_on", watched)
    monkeypatch.setattr(
        t2tui.core.feeder,
        "PacketBatch",
        lambda packets: PacketBatch(np.zeros(READ_BYTES + ROOM + SLACK_BYTES, np.uint8), packets),
    )
    for size in BATCHES:
        parts.clear()
        assert run(content, size) == wanted
        assert size == 1 or parts.count(False) > 10


def test_files_do_not_depend_on_how_many_descriptions_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    tag = b"\x81\x00\x00\x05"
    packets = [
        Record(
            bytes(11) + bytes([i % 5]) + tag * (2 + i // 50) + (0x9300 + i * 7 % 50).to_bytes(2) + bytes(40),
            -1,
            i // 9,
        )
        for i in range(1000)
    ]
    wanted = run(pcap(packets))
    assert len(set(wanted.column("hdrDesc", "packets"))) == 1000
    made = t2tui.core.dissect.dissector.Descriptions
    kept = []

    def few() -> Any:
        kept.append(made(256))
        return kept[-1]

    monkeypatch.setattr(t2tui.core.dissect.dissector, "Descriptions", few)
    for size in BATCHES:
        assert run(pcap(packets), size) == wanted
        assert len(kept[-1]) <= 256


def test_a_full_table_is_told_with_the_figures_of_that_packet() -> None:
    """The advice depends on what was read up to there, whatever the reading thread has done since."""
    packets = [
        Record(bytes(6) + i.to_bytes(6) + b"\x12\x34" + bytes(50), -1, 1) for i in range(2 * FLOWS + 300)
    ]
    content = pcap(packets)
    reports = [run(content, size).report for size in (*BATCHES, *BATCHES)]
    assert all(report == reports[0] for report in reports)
    # the flow that does not fit is that of packet FLOWS + 1
    times = len(content) // (24 + (FLOWS + 1) * (64 + 16))
    assert f"[INF] Hash Autopilot: Fix: Invoke Tranalyzer with '-f {times}'" in reports[0]


def test_a_capture_of_empty_packets() -> None:
    files = run(pcap([Record(b"", 60, second) for second in range(5)]))
    assert files.figure("Number of processed packets") == 5
    assert len(files.flows) == len(files.packets) == 1
