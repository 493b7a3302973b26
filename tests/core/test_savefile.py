"""pcap files as they are written."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.outputs import Outputs
from t2tui.core.savefile import (
    CapturePerFlow,
    Place,
    RecordMaker,
    Records,
    SingleCapture,
    file_header,
    record_headers,
)
from tests.saved import SECOND, Packet, parse, read

HEADER = file_header(1, 100)

FRAMES = st.lists(st.binary(max_size=90), max_size=30)


def make(frames: list[bytes]) -> Records:
    """Records of frames that stand in the data in reverse; the time is their number."""
    data = np.frombuffer(b"-".join(reversed(frames)), np.uint8)
    ends = np.cumsum([len(frame) + 1 for frame in reversed(frames)]) - 1
    sizes = np.array([len(frame) for frame in frames], np.int64)
    numbers = np.arange(len(frames))
    return RecordMaker().make(
        record_headers(numbers, numbers * 1000, sizes, sizes + 3), data, ends[::-1].astype(np.int64) - sizes
    )


@given(FRAMES)
def test_records_are_headers_and_packets(frames: list[bytes]) -> None:
    records = make(frames)
    assert parse(HEADER + records.bytes.tobytes()).packets == [
        Packet(number * SECOND + number * 1000, len(frame) + 3, frame) for number, frame in enumerate(frames)
    ]


def test_packets_beyond_the_data_are_refused() -> None:
    headers = record_headers(np.zeros(1, np.int64), np.zeros(1, np.int64), np.array([5]), np.array([5]))
    for base in (-1, 6):
        with pytest.raises(IndexError):
            RecordMaker().make(headers, np.zeros(10, np.uint8), np.array([base]))


@given(st.integers(-(2**40), 2**40), st.integers(-(2**62), 2**62))
def test_no_time_is_lost(sec: int, frac: int) -> None:
    header = record_headers(np.array([sec]), np.array([frac]), np.array([0]), np.array([0]))[0]
    written = int(header["frac"])
    signed = written - 2**32 if written >= 2**31 else written
    assert ((int(header["sec"]) - sec) * SECOND + signed - frac) % (2**32 * SECOND) == 0
    if -(2**31) <= frac < 2**31:
        assert signed == frac, "what fits is written as it is"


@pytest.mark.parametrize(
    ("dlt", "linktype"), [(1, 1), (12, 101), (11, 100), (127, 127), (228, 228), (19, 106)]
)
def test_the_header_has_the_link_types_number_in_files(dlt: int, linktype: int) -> None:
    assert parse(file_header(dlt, 1234))[:2] == (linktype, 1234)


@given(st.lists(FRAMES, max_size=4), st.integers(1, 500), st.integers(0, 5))
def test_a_file_that_has_reached_the_limit_is_followed_by_a_next_one(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[bytes]], limit: int, number: int
) -> None:
    folder = tmp_path_factory.mktemp("split")
    with Outputs(str(folder / "a")) as outputs:
        capture = SingleCapture(Place(outputs, ".pcap"), HEADER, limit, number)
        for frames in parts:
            capture.write(make(frames), np.zeros(len(frames), np.uint64))
        capture.close()
    wanted = [bytearray(HEADER)]
    for frames in parts:
        records = make(frames)
        for begin, end in zip(records.starts[:-1], records.starts[1:], strict=True):
            wanted[-1] += records.bytes[begin:end].tobytes()
            if len(wanted[-1]) >= limit:
                wanted.append(bytearray(HEADER))
    names = ["a.pcap"] + [f"a.pcap{number + 1 + i}" for i in range(len(wanted) - 1)]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == dict(
        zip(names, wanted, strict=True)
    )


@given(st.lists(st.lists(st.tuples(st.integers(1, 9), st.binary(max_size=50)), max_size=20), max_size=5))
def test_a_capture_for_each_flow(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[tuple[int, bytes]]]
) -> None:
    folder = tmp_path_factory.mktemp("flows")
    with Outputs("unused") as outputs:
        captures = CapturePerFlow(Place(outputs, "_x", str(folder / "list")), HEADER, 1)
        for part in parts:
            ordered = sorted(part, key=lambda pair: pair[0])
            if part:
                flows = np.array([flow for flow, _ in ordered], np.uint64)
                captures.write(make([frame for _, frame in ordered]), flows)
        captures.close()
    wanted: dict[str, list[bytes]] = {}
    for part in parts:
        for flow, frame in part:
            wanted.setdefault(f"list_x{flow}", []).append(frame)
    found = {path.name: [packet.frame for packet in read(path).packets] for path in folder.iterdir()}
    assert found == wanted


def test_few_files_are_open_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("t2tui.core.savefile.WAITING_BYTES", 100)
    before = len([*Path("/dev/fd").iterdir()])
    most = 0
    with Outputs(str(tmp_path / "a")) as outputs:
        captures = CapturePerFlow(Place(outputs, "_"), HEADER, 3)
        for turn in range(4):
            for flow in range(20):
                frame = bytes([turn, flow]) * 40
                captures.write(make([frame]), np.array([flow], np.uint64))
                most = max(most, len([*Path("/dev/fd").iterdir()]) - before)
        captures.close()
    assert most == 3
    for flow in range(20):
        frames = [packet.frame for packet in read(tmp_path / f"a_{flow}").packets]
        assert frames == [bytes([turn, flow]) * 40 for turn in range(4)]
