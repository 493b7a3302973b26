"""Streams from packet files: the lines of a run, and lines that were made up."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import t2tui
from t2tui.core.engine import Engine, RunOptions
from t2tui.core.outputs import Outputs
from t2tui.core.streams.packetfile import Gap, PacketFile, PacketFileError, is_packet_file
from t2tui.core.streams.show import Payload, unescaped
from t2tui.core.text.escape import escape_content
from t2tui.plugins import load
from tests.core.captures import EXERCISE
from tests.core.streams.making import TURN, Sent
from tests.core.streams.test_reassembly import segmented

NAMES = ("pktNo", "flowInd", "flowStat", "time", "vlanID", "srcIP", "srcPort", "dstIP", "dstPort", "l4Proto")
TCP_NAMES = ("l7Len", "seq", "tcpFlags", "l7HexContent", "l7Content")


def row(number: int, sent: Sent, flow: int = 1) -> list[str]:
    """A line of a packet file."""
    ends = ["10.0.0.1", "1000", "10.0.0.2", "80"]
    if sent.direction == "B":
        ends = ends[2:] + ends[:2]
    stat = 0x0400000000004000 | (sent.direction == "B")
    cells = [str(number), str(flow), f"0x{stat:016x}", f"1.{number:09}", "", *ends, str(sent.protocol)]
    cells += [str(len(sent.data)), str(sent.seq % TURN), f"0x{sent.flags:04x}"]
    captured = sent.data[: sent.captured]
    return [*cells, " ".join(f"0x{byte:02x}" for byte in captured), escape_content(captured).decode()]


def written(path: Path, rows: Sequence[list[str]], names: Sequence[str] = NAMES + TCP_NAMES) -> PacketFile:
    path.write_text("\n".join(["%" + "\t".join(names), *("\t".join(each) for each in rows)]) + "\n")
    return PacketFile(str(path))


@pytest.fixture(scope="module")
def exercise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packet file of the exercise."""
    prefix = tmp_path_factory.mktemp("exercise") / "x"
    with Outputs(str(prefix), [EXERCISE]) as outputs:
        plugins = load(["basicFlow", "basicStats", "tcpFlags", "tcpStates"])
        engine = Engine(str(EXERCISE), RunOptions(packet_mode=True), outputs, plugins)
        engine.run()
        engine.close()
    return Path(f"{prefix}_packets.txt")


@pytest.mark.parametrize("flow", [1, 2, 35, 36])
def test_lines_of_a_run_give_the_stream_of_the_capture(exercise: Path, flow: int) -> None:
    assert is_packet_file(str(exercise))
    assert not is_packet_file(str(EXERCISE))
    file = PacketFile(str(exercise))
    with t2tui.analyze(EXERCISE).follow(flow) as stream:
        for direction in ("A", "B"):
            parts = list(file.payloads(flow, direction))
            assert not [part for part in parts if isinstance(part, Gap)]
            text = "".join(part.text or "" for part in parts if isinstance(part, Payload))
            assert text == unescaped(escape_content(stream.bytes(direction)).decode())


@given(segmented())
def test_shuffled_and_repeated_lines_give_the_stream_back(
    tmp_path_factory: pytest.TempPathFactory, made: tuple[int, bytes, list[Sent]]
) -> None:
    first, data, segments = made
    rows = [row(number, sent) for number, sent in enumerate([Sent(first - 1, flags=2), *segments], 1)]
    file = written(tmp_path_factory.mktemp("shuffled") / "p.txt", rows)
    for as_hex in (False, True):
        parts = [part for part in file.payloads(1, as_hex=as_hex) if isinstance(part, Payload)]
        if as_hex:
            assert b"".join(part.data for part in parts) == data
        else:
            text = "".join(part.text or "" for part in parts)
            assert text == unescaped(escape_content(data).decode())
        ends = [part.offset + len(part.data or part.text or "") for part in parts]
        assert [part.offset for part in parts] == [0, *ends[:-1]]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9, unique=True))
def test_what_waits_comes_at_the_end_with_its_gaps(
    tmp_path_factory: pytest.TempPathFactory, places: list[int]
) -> None:
    rows = [row(1, Sent(100, b"00"))]
    rows += [row(n, Sent(100 + 4 * place, b"%02d" % place)) for n, place in enumerate(places, 2)]
    rows.append(row(99, Sent(7, b"reply", direction="B")))
    parts = list(written(tmp_path_factory.mktemp("gaps") / "p.txt", rows).payloads(1, as_hex=True))
    shown = [part.length if isinstance(part, Gap) else part.data for part in parts]
    expected: list[object] = [b"00", b"reply"]
    end = 2
    for place in sorted(places):
        expected += [4 * place - end, b"%02d" % place]
        end = 4 * place + 2
    assert shown == expected


def test_order_of_the_file_where_numbers_do_not_count(tmp_path: Path) -> None:
    sent = [Sent(9, b"late"), Sent(5, b"soon"), Sent(5, b"soon"), Sent(5, b"")]
    file = written(tmp_path / "p.txt", [row(n, each) for n, each in enumerate(sent, 1)])
    assert [part.text for part in file.payloads(1, sequence=False)] == ["late", "soon", "soon"]  # type: ignore[union-attr]
    datagrams = [row(n, Sent(each.seq, each.data, protocol=17)) for n, each in enumerate(sent, 1)]
    file = written(tmp_path / "u.txt", datagrams)
    (first, *_) = file.payloads(1)
    assert isinstance(first, Payload)
    assert (first.seq, first.length, first.packet, first.time) == (None, 4, 1, "1.000000001")
    assert (first.ends.source, first.ends.source_port) == ("10.0.0.1", 1000)


@pytest.mark.parametrize(
    ("names", "line", "told"),
    [
        (("pktNo", "flowInd"), ["1", "1"], "no column flowStat"),
        (("pktNo",), ["1"], "no column flowInd"),
        (NAMES, row(1, Sent(1))[: len(NAMES)], "no column l7Content"),
        ((*NAMES, "l7Content"), [*row(1, Sent(1))[: len(NAMES)], "x"], "no column seq: run with -p"),
        (NAMES + TCP_NAMES, ["1", "1"], "line 2: 2 cells for 15 columns"),
        (NAMES + TCP_NAMES, ["1", "\x1b", *row(1, Sent(1))[2:]], "line 2: flowInd is"),
        (NAMES + TCP_NAMES, row(1, Sent(1), flow=4), "no flow 1: its packets belong to flows up to 4"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, names: Sequence[str], line: list[str], told: str) -> None:
    with pytest.raises(PacketFileError, match=told):
        list(written(tmp_path / "p.txt", [line], names).payloads(1))


def test_what_is_no_packet_file(tmp_path: Path) -> None:
    for content in (b"", b"%", b"pktNo\tflowInd\n"):
        (tmp_path / "p.txt").write_bytes(content)
        with pytest.raises(PacketFileError, match="column names"):
            PacketFile(str(tmp_path / "p.txt"))
    assert not is_packet_file(str(tmp_path))
    assert not is_packet_file("no\0name")
    (tmp_path / "p.txt").write_bytes(b"%pktNo\n" + b"x" * (1 << 22))
    with pytest.raises(PacketFileError):
        list(PacketFile(str(tmp_path / "p.txt")).payloads(1))
