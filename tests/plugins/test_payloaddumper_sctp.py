"""payloadDumper: streams of SCTP associations, against what dpkt reads out of the same packets."""

import struct
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dpkt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.engine import Engine, RunOptions
from t2tui.core.outputs import Outputs
from t2tui.core.payload import folder as folder_module
from t2tui.core.payload.marker import MARKER
from t2tui.core.payload.sctp import data_chunks
from t2tui.plugins import load
from t2tui.plugins.payloaddumper import PayloadDumper
from tests.golden.runs import GOLDEN, needs_golden
from tests.plugins.frames import SCTP, ip, save

FLAGS = {flag.name: flag.default for flag in PayloadDumper.flags}


@pytest.fixture(autouse=True)
def _new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is the first run of its process."""
    monkeypatch.setattr(folder_module, "_claimed", {})


def chunk(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBH", kind, 3, 4 + len(body)) + body + bytes(-len(body) % 4)


def data(tsn: int, stream: int, payload: bytes) -> bytes:
    return chunk(0, struct.pack(">IHHI", tsn, stream, 0, 0) + payload)


def segment(*chunks: bytes, ports: tuple[int, int] = (40000, 3868)) -> bytes:
    return struct.pack(">HHII", *ports, 1, 0) + b"".join(chunks)


def frame(*chunks: bytes, back: bool = False, ports: tuple[int, int] = (40000, 3868)) -> bytes:
    ends = ("10.0.0.1", "10.0.0.2")
    content = segment(*chunks, ports=ports[::-1] if back else ports)
    return ip(*(ends[::-1] if back else ends), SCTP, content)


def run(capture: Path, folder: Path, **flags: Any) -> tuple[dict[str, bytes], list[str]]:
    """Dump; return the files and pldStat of the flows."""
    values = SimpleNamespace(**FLAGS | {"PLDUMP_SCTP": 1, "PLDUMP_FOLDER": str(folder)} | flags)
    plugins = sorted([*load(("basicFlow", "txtSink")), PayloadDumper(values)], key=lambda each: each.number)
    with Outputs(f"{folder.parent}/out", [capture]) as outputs:
        Engine(str(capture), RunOptions(), outputs, plugins).run()
    header, *lines = (folder.parent / "out_flows.txt").read_text().split("\n")[:-1]
    place = header.split("\t").index("pldStat")
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MARKER}
    return files, [line.split("\t")[place] for line in lines]


def test_streams_are_files_and_retransmissions_are_dropped(tmp_path: Path) -> None:
    frames = [
        frame(chunk(1, bytes(16))),
        frame(data(2**32 - 1, 0, b"one "), data(0, 7, b"seven")),
        frame(data(100, 0, b"answer"), back=True),
        frame(data(2**32 - 1, 0, b"ONE ")),
        frame(data(1, 0, b"two"), chunk(3, bytes(12))),
        frame(data(3, 0, b" four")),
    ]
    files, stats = run(save(tmp_path / "x.pcap", frames), tmp_path / "dump")
    assert files == {"1_A_0": b"one two four", "1_A_7": b"seven", "1_B_0": b"answer"}
    assert stats == ["0x27", "0x07"]


def test_ports_names_and_limits(tmp_path: Path) -> None:
    frames = [frame(data(1, 2, b"0123456789")), frame(data(1, 0, b"x"), ports=(5, 6))]
    capture = save(tmp_path / "x.pcap", frames)
    flags = {"PLDUMP_SCTP_PORTS": (3868,), "PLDUMP_MAX_BYTES": 4, "PLDUMP_NAMES": 1, "PLDUMP_SUFFIX": ".bin"}
    files, stats = run(capture, tmp_path / "dump", **flags)
    assert files == {"010.000.000.001.40000-010.000.000.002.03868-132_2.bin": b"0123"}
    assert sorted(stats) == ["0x00", "0x07"]


def test_a_chunk_that_was_cut_is_marked(tmp_path: Path) -> None:
    whole = frame(data(1, 0, b"0123456789"))
    capture = tmp_path / "x.pcap"
    with capture.open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        writer.writepkt(whole[:-8], 1000)
    cut = bytearray(capture.read_bytes())
    struct.pack_into("<I", cut, 24 + 12, len(whole))
    capture.write_bytes(cut)
    files, stats = run(capture, tmp_path / "dump")
    assert files == {"1_A_0": b"0123456789"[: 10 + 2 - 8]}  # two bytes of padding follow the payload
    assert stats == ["0x0f"]


def test_without_the_flag_nothing_is_dumped(tmp_path: Path) -> None:
    capture = save(tmp_path / "x.pcap", [frame(data(1, 0, b"x"))])
    assert run(capture, tmp_path / "dump", PLDUMP_SCTP=0) == ({}, ["0x00"])


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_can_follow_the_header(content: bytes, is_data: bool) -> None:
    octets = bytes(12) + (data(5, 1, content[:20]) if is_data else b"") + content
    for found in data_chunks(octets):
        assert 0 < found.length < 2**16
        assert 0 <= found.captured <= found.length
        assert found.position + found.captured <= len(octets)


@needs_golden
def test_streams_of_a_real_capture_are_what_dpkt_reads(tmp_path: Path) -> None:
    capture = GOLDEN / "captures" / "communityid__sctp.pcap"
    expected: dict[tuple[bytes, int], bytes] = defaultdict(bytes)
    with capture.open("rb") as file:
        for _, octets in dpkt.pcap.Reader(file):
            address = dpkt.ethernet.Ethernet(octets).data
            packet = address.data
            if isinstance(packet, dpkt.sctp.SCTP):
                for each in packet.chunks:
                    if each.type == dpkt.sctp.DATA:
                        stream = struct.unpack(">H", each.data[4:6])[0]
                        expected[address.src, stream] += each.data[12 : each.len - 4]
    files, _ = run(capture, tmp_path / "dump")
    assert sorted(files.values()) == sorted(expected.values())
    assert len(files) > 0
    assert np.all([name.split("_")[1] in "AB" for name in files])
