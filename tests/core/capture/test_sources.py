"""Compressed captures, pipes, batches of any size: always the same packets."""

import gzip
import os
import struct
import subprocess
import sys
import threading
import zlib
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from t2tui.core.batch import PacketBatch
from t2tui.core.capture import NOTHING_YET, open_capture, reader
from tests.core.capture.files import (
    CAPTURES,
    block,
    broken_files,
    interface,
    pcap_files,
    pcapng_files,
    section,
)
from tests.core.capture.reading import Reading, assert_same, read_with_package

COMPRESSORS = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("captures") / "a.pcap"


def compress(content: bytes, cuts: list[int], kind: str) -> bytes:
    """Compress into members that end at the cuts."""
    cuts = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    members = [content[begin:end] for begin, end in pairwise(cuts)]
    return b"".join(COMPRESSORS[kind](member) for member in members)


@given(broken_files(), st.integers(1, 3))
@settings(max_examples=150)
def test_any_file_ends_and_batches_of_any_size_are_the_same(path: Path, content: bytes, size: int) -> None:
    path.write_bytes(content)
    assert read_with_package(path) == read_with_package(path, batch_packets=size)


@given(CAPTURES, st.lists(st.integers(0, 500), max_size=3), st.sampled_from(["gzip", "zstd"]), st.booleans())
def test_compressed_is_as_plain(path: Path, content: bytes, cuts: list[int], kind: str, padded: bool) -> None:
    path.write_bytes(content)
    plain = read_with_package(path)
    assert isinstance(plain, Reading)
    path.write_bytes(compress(content, cuts, kind) + bytes(padded * 512))
    assert read_with_package(path) == plain
    with open_capture(path) as capture:
        while capture.read(BATCH):
            pass
        assert (capture.compression, capture.size) == (kind, len(content))
        assert capture.bytes_read == capture.disk_size == path.stat().st_size
    assert len(capture.warnings) == len(plain.faults)


@given(CAPTURES, st.sampled_from(["gzip", "zstd"]), st.data())
def test_compression_cut_off_keeps_what_was_read(
    path: Path, content: bytes, kind: str, data: st.DataObject
) -> None:
    path.write_bytes(content)
    plain = read_with_package(path)
    assert isinstance(plain, Reading)
    packed = compress(content, [], kind)
    path.write_bytes(packed[: data.draw(st.integers(4, len(packed) - 1))])
    reading = read_with_package(path)
    if isinstance(reading, str):
        assert "not a valid PCAP" in reading or f"{kind} data end early" in reading
    else:
        assert reading.packets == plain.packets[: len(reading.packets)]
        assert f"{kind} data end early" in "".join(text for _, text in reading.faults)


@given(CAPTURES, st.data())
def test_damaged_gzip_is_noticed(path: Path, content: bytes, data: st.DataObject) -> None:
    path.write_bytes(content)
    plain = read_with_package(path)
    packed = bytearray(gzip.compress(content))
    packed[data.draw(st.integers(10, len(packed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(packed)
    reading = read_with_package(path)
    if reading != plain:
        assert isinstance(reading, str) or "gzip data" in "".join(text for _, text in reading.faults)


@given(CAPTURES, st.data())
def test_damaged_zstd_ends(path: Path, content: bytes, data: st.DataObject) -> None:
    packed = bytearray(compress(content, [len(content) // 2], "zstd"))
    packed[data.draw(st.integers(4, len(packed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(packed)
    assert read_with_package(path) == read_with_package(path, batch_packets=1)


@given(st.one_of(pcap_files(max_records=3), pcapng_files(max_blocks=3)), st.sampled_from([1, 1, 7, 100]))
@settings(max_examples=15)
def test_a_pipe_that_gives_a_few_bytes_at_a_time(path: Path, content: bytes, step: int) -> None:
    path.write_bytes(content)
    plain = read_with_package(path)
    outlet, writer = os.pipe()

    def write() -> None:
        for at in range(0, len(content), step):
            os.write(writer, content[at : at + step])
        os.close(writer)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert read_with_package(f"/dev/fd/{outlet}") == plain
    finally:
        thread.join()
        os.close(outlet)


@pytest.mark.parametrize("kind", [None, "gzip"])
def test_a_live_pipe_shows_packets_at_once(kind: str | None) -> None:
    packer = zlib.compressobj(wbits=31) if kind else None
    outlet, writer = os.pipe()

    def send(content: bytes) -> None:
        if packer:
            content = packer.compress(content) + packer.flush(zlib.Z_SYNC_FLUSH)
        os.write(writer, content)

    record = struct.pack("<IIII", 5, 6, 4, 60) + b"abcd"
    send(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    with open_capture(f"/dev/fd/{outlet}") as capture:
        assert (capture.size, capture.disk_size) == (None, None)
        assert capture.read(BATCH, timeout=0) == NOTHING_YET
        send(record)
        assert capture.read(BATCH, timeout=60) == 1
        send(record + record[:7])
        assert capture.read(BATCH) == 1
        assert capture.read(BATCH, timeout=0.001) == NOTHING_YET
        send(record[7:])
        assert capture.read(BATCH) == 1
        assert (int(BATCH.packets["frac"][0]), BATCH.data[BATCH.packets["base"][0]]) == (6000, ord("a"))
        if packer:
            os.write(writer, packer.flush())
        os.close(writer)
        assert capture.read(BATCH) == 0
        assert capture.read(BATCH) == 0
        assert not capture.take_warnings()
    os.close(outlet)


def test_standard_input(path: Path) -> None:
    path.write_bytes(section("<") + interface("<", 1, 0) + block("<", 6, bytes(20)))
    code = (
        "from t2tui.core.batch import PacketBatch\n"
        "from t2tui.core.capture import open_capture\n"
        "with open_capture('-') as capture:\n"
        "    print(capture.read(PacketBatch()), capture.size, capture.format)\n"
    )
    command = [sys.executable, "-c", code]
    with path.open("rb") as file:
        done = subprocess.run(command, stdin=file, capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout == "1 None pcapng\n"


@pytest.mark.parametrize("size", [3 << 20, 5 << 20])
@pytest.mark.parametrize("cut", [0, 100])
def test_blocks_larger_than_a_batch(path: Path, size: int, cut: int) -> None:
    packet = block("<", 6, bytes(12) + b"\x04\0\0\0\x04\0\0\0" + b"abcd")
    small = block("<", 5, b"z" * 100)
    large = block("<", 0xBAD, b"y" * size)
    content = (
        section("<") + interface("<", 1, 0) + packet + small + large + large + (packet if not cut else b"")
    )
    path.write_bytes(content[: len(content) - cut])
    ours = assert_same(path, behind=False)
    assert isinstance(ours, Reading)
    assert len(ours.packets) == (1 if cut else 2)
    if not cut:
        behind = read_with_package(path)
        assert isinstance(behind, Reading)
        assert behind.packets[1].behind[4:1000] == b"y" * 996


@st.composite
def long_files(draw):
    """pcapng with packets up to 6 kB and other blocks up to 30 kB."""
    parts = [section("<"), interface("<", 1, 0)]
    for number in range(draw(st.integers(1, 25))):
        size = draw(st.integers(0, 6000))
        if draw(st.booleans()):
            head = struct.pack("<IIIII", 0, 0, number, size, size)
            parts.append(block("<", 6, head + bytes([number]) * size))
        else:
            size *= draw(st.sampled_from([0, 1, 5]))
            parts.append(block("<", 5, bytes([100 + number]) * size))
    return b"".join(parts)


@given(
    long_files(), st.sampled_from([None, "greater 3000", "less 3000"]), st.sampled_from([500, 5000, 1 << 18])
)
@settings(max_examples=50)
def test_batches_of_few_bytes(path: Path, content: bytes, bpf: str | None, chunk: int) -> None:
    path.write_bytes(content)
    whole = read_with_package(path, bpf=bpf)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "READ_BYTES", 1 << 15)
        patch.setattr(reader, "OVERLAY_BYTES", 1 << 14)
        patch.setattr(reader, "READ_CHUNK", chunk)
        parts = read_with_package(path, bpf=bpf)
    assert isinstance(whole, Reading)
    assert isinstance(parts, Reading)
    assert parts.without(behind=b"") == whole.without(behind=b"")
    for ours, theirs in zip(parts.packets, whole.packets, strict=True):
        assert ours.behind[:10_000] == theirs.behind[:10_000]


BATCH = PacketBatch()
