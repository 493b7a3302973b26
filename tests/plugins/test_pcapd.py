"""pcapd beside predictions from the packet file and captures read by other programs."""

import gzip
import struct
import subprocess
import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import dpkt
import numpy as np
import pytest
from numpy.typing import NDArray

from t2tui import extract_flows, plugins
from t2tui.core.engine import Engine, RunOptions
from t2tui.core.indexfile import IndexFileError
from t2tui.core.outputs import Outputs
from t2tui.core.run import Split
from t2tui.core.settings import load_settings
from t2tui.plugins.base import Plugin
from tests.saved import SECOND, Packet, Saved, parse, pcap, pcapng, read

REPOSITORY = Path(__file__).resolve().parents[2]
ODD = REPOSITORY / "tests" / "golden" / "odd.tar.xz"

STANDARD = ("basicFlow", "tcpStates")
INVERTED = 1
"""Bit of flowStat: the flow is a B flow."""


def run(
    source: str | Path | Sequence[str],
    prefix: Path,
    *flags: str,
    names: Sequence[str] = STANDARD,
    more: Sequence[Plugin] = (),
    **options: Any,
) -> list[str]:
    """Analyse a capture with pcapd; return the report."""
    names = [*names, "pcapd"]
    values = load_settings({name: plugins.find(name).flags for name in names}, None, flags, {})
    lines: list[str] = []
    capture = str(source) if isinstance(source, str | Path) else source
    with Outputs(str(prefix)) as outputs:
        loaded = [*plugins.load(names, values), *more]
        Engine(capture, RunOptions(report=lines.append, **options), outputs, loaded).run()
    return lines


def rows_of(path: Path) -> list[dict[str, str]]:
    """Lines of a packet file."""
    with path.open(encoding="latin-1", newline="\n") as file:
        header, *lines = file.read().split("\n")[:-1]
    names = header.removeprefix("%").split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


@pytest.fixture(scope="module")
def exercise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exercise") / "exercise.pcap"
    path.write_bytes(gzip.decompress((REPOSITORY / "sample_data" / "exercise.pcap.gz").read_bytes()))
    return path


@pytest.fixture(scope="module")
def packets(exercise: Path) -> list[Packet]:
    """Packets of the exercise capture."""
    return read(exercise).packets


@pytest.fixture(scope="module")
def rows(exercise: Path) -> list[dict[str, str]]:
    """Their lines in the packet file."""
    run(exercise, exercise.with_name("rows"), names=(*STANDARD, "tcpWin"), packet_mode=True)
    rows = rows_of(exercise.with_name("rows_packets.txt"))
    assert [int(row["pktNo"]) for row in rows] == list(range(1, 5903))
    return rows


def direction(row: dict[str, str]) -> str:
    return "B" if int(row["flowStat"], 16) & INVERTED else "A"


def of_flows(
    rows: list[dict[str, str]], packets: list[Packet], flows: set[int], directions: str = "AB"
) -> list[Packet]:
    """Packets of flows, in the order of the capture."""
    return [
        packet
        for row, packet in zip(rows, packets, strict=True)
        if int(row["flowInd"]) in flows and direction(row) in directions
    ]


# ---------------------------------------------------------------------- alarms


def alarmed(
    rows: list[dict[str, str]], packets: list[Packet], threshold: int, equal: int, opposite: int
) -> Iterator[Packet]:
    """Yield the packets that the marks of docs/pcapd.md let through."""
    seen: set[tuple[str, str]] = set()
    alarms: set[tuple[str, str]] = set()
    marks: set[tuple[str, str]] = set()
    for row, packet in zip(rows, packets, strict=True):
        flow = row["flowInd"], direction(row)
        seen.add(flow)
        if int(row["tcpWinSize"]) < threshold:
            alarms.add(flow)
        if (flow in alarms) == bool(equal):
            marks.add(flow)
            other = flow[0], "A" if flow[1] == "B" else "B"
            if opposite and other in seen:
                marks.add(other)
        if flow in marks:
            yield packet


@pytest.mark.parametrize("equal", [0, 1])
@pytest.mark.parametrize("opposite", [0, 1])
@pytest.mark.parametrize("threshold", [1, 6000, 64000])
def test_alarms_decide(
    exercise: Path,
    tmp_path: Path,
    rows: list[dict[str, str]],
    packets: list[Packet],
    equal: int,
    opposite: int,
    threshold: int,
) -> None:
    flags = [f"pcapd.PD_EQ={equal}", f"pcapd.PD_OPP={opposite}", f"tcpWin.TCPWIN_THRES={threshold}"]
    run(exercise, tmp_path / "x", *flags, names=(*STANDARD, "tcpWin"), batch_packets=500)
    wanted = list(alarmed(rows, packets, threshold, equal, opposite))
    assert read(tmp_path / "x_pcapd.pcap").packets == wanted
    assert 0 < len(wanted) <= len(packets)


def test_alarms_that_come_with_the_end_of_a_flow_extract_nothing(exercise: Path, tmp_path: Path) -> None:
    lines = run(exercise, tmp_path / "x", "tcpWin.TCPWIN_ALARM_BIT=1", names=(*STANDARD, "tcpWin"))
    assert "[INF] IPAlarm" in lines
    assert not any("extracted" in line for line in lines)
    assert (tmp_path / "x_pcapd.pcap").stat().st_size == 24


def test_a_flow_begins_without_mark_in_a_slot_used_before(
    make_run: Callable[..., Any], make_packets: Callable[..., NDArray[Any]]
) -> None:
    plugin = plugins.find("pcapd")()
    run = make_run(plugin)
    data = np.arange(100, dtype=np.uint8)
    common = {"caplen": 2, "len": 2}
    plugin.on_packets(make_packets([3, 3, -1], alarm=[0, 1, 1], base=[0, 2, 4], **common), data)
    plugin.on_packets(make_packets([3, 3], isNew=[0, 1], alarm=0, base=[6, 8], **common), data)
    plugin.finish()
    frames = [packet.frame for packet in parse(run.outputs.closed["_pcapd.pcap"]).packets]
    assert frames == [b"\2\3", b"\6\7"]


# ---------------------------------------------------------------------- lists of flows


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("equal", [0, 1])
@pytest.mark.parametrize(("selection", "directions"), [(0, "AB"), (2, "A"), (3, "B")])
def test_lists_decide(
    exercise: Path,
    tmp_path: Path,
    rows: list[dict[str, str]],
    packets: list[Packet],
    binary: bool,
    equal: int,
    selection: int,
    directions: str,
) -> None:
    flows = [35, 4, 12, 4, 1000]
    path = tmp_path / "list.txt"
    path.write_bytes(
        struct.pack("<6Q", 5, *flows) if binary else "".join(f"{flow}\tA\n" for flow in flows).encode()
    )
    lines = run(
        exercise,
        tmp_path / "x",
        f"pcapd.PD_EQ={equal}",
        f"pcapd.PD_DIRSEL={selection}",
        f"pcapd.PD_LBSRCH={int(binary)}",
        "tcpWin.TCPWIN_THRES=64000",  # its alarms do not matter
        names=(*STANDARD, "tcpWin"),
        index_file=str(path),
    )
    chosen = set(flows) if equal else {int(row["flowInd"]) for row in rows} - set(flows)
    wanted = of_flows(rows, packets, chosen, directions)
    assert read(tmp_path / "list.txt_pcapd.pcap").packets == wanted
    assert "[INF] pcapd: 5 flow indices" in lines
    assert any(line.startswith(f"pcapd: number of packets extracted: {len(wanted)}") for line in lines)
    names = {found.name for found in tmp_path.iterdir()}
    assert names == {"list.txt", "list.txt_pcapd.pcap", "x_tcpwin.txt"}


def test_a_short_binary_list_is_warned_of(
    exercise: Path, tmp_path: Path, rows: list[dict[str, str]], packets: list[Packet]
) -> None:
    path = tmp_path / "list"
    path.write_bytes(struct.pack("<3Q", 9, 35, 1))
    lines = run(exercise, tmp_path / "x", index_file=str(path))
    warning = lines.index(f"[WRN] Expected 9 records in file '{path}', but found 2")
    assert lines[warning + 1] == "[INF] pcapd: 9 flow indices"
    assert lines[warning + 2].startswith("Processing file: ")
    assert read(f"{path}_pcapd.pcap").packets == of_flows(rows, packets, {1, 35})


def test_a_useless_list_ends_the_run_and_older_files_stay(exercise: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("flowInd\n")
    (tmp_path / "list_pcapd.pcap").write_text("old")
    with pytest.raises(IndexFileError, match="No usable information"):
        run(exercise, tmp_path / "x", index_file=str(tmp_path / "list"))
    assert (tmp_path / "list_pcapd.pcap").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2


# ---------------------------------------------------------------------- packets


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [(1, 10, range(1, 11)), (0, 1, range(1, 2)), (5890, 0, range(5890, 5903)), (7, 6, range(0))],
)
def test_ranges_of_packets(
    exercise: Path, tmp_path: Path, packets: list[Packet], first: int, last: int, wanted: range
) -> None:
    flags = ["PD_MODE_IN=1", "PD_MODE_PKT=1", f"PD_STRTPKT={first}", f"PD_ENDPKT={last}"]
    run(exercise, tmp_path / "x", *(f"pcapd.{flag}" for flag in flags))
    assert read(tmp_path / "x_pcapd.pcap").packets == [packets[number - 1] for number in wanted]


def test_a_flow_that_began_before_the_range_is_extracted(
    exercise: Path, tmp_path: Path, rows: list[dict[str, str]], packets: list[Packet]
) -> None:
    (tmp_path / "list").write_text("36\n")
    flags = ["pcapd.PD_MODE_PKT=1", "pcapd.PD_STRTPKT=3000", "pcapd.PD_ENDPKT=3100"]
    run(exercise, tmp_path / "x", *flags, index_file=str(tmp_path / "list"))
    wanted = of_flows(rows[2999:3100], packets[2999:3100], {36})
    assert read(tmp_path / "list_pcapd.pcap").packets == wanted
    assert len(wanted) > 50


def odd_captures(folder: Path) -> list[Path]:
    """Made captures: nested tunnels, fragments, 19 link types, clipped packets."""
    with tarfile.open(ODD) as archive:
        archive.extractall(folder, filter="data")
    return sorted((folder / "captures").iterdir())


def test_whole_packets_of_all_link_types(tmp_path: Path) -> None:
    """Packets with a flow are those of the packet file."""
    link_types = set()
    for source in odd_captures(tmp_path):
        run(source, tmp_path / "x", "pcapd.PD_MODE_IN=1", packet_mode=True)
        numbers = [int(row["pktNo"]) for row in rows_of(tmp_path / "x_packets.txt")]
        given, saved = read(source), read(tmp_path / "x_pcapd.pcap")
        assert saved.packets == [given.packets[number - 1] for number in numbers], source.name
        assert (saved.link_type, saved.snap_length) == (given.link_type, given.snap_length or 262144)
        link_types.add(saved.link_type)
    assert link_types >= {0, 1, 9, 99, 101, 105, 113, 127, 192, 228, 229}


FORMATS = [
    pytest.param(make, order, id=f"{make.__name__}{order}") for make in (pcap, pcapng) for order in "<>"
]


@pytest.mark.parametrize(("make", "order"), FORMATS)
def test_formats_and_byte_orders(
    tmp_path: Path, packets: list[Packet], make: Callable[..., bytes], order: str
) -> None:
    unit = 1 if make is pcapng else 1000
    given = [Packet(time + unit, length + 1, frame) for time, length, frame in packets[:500]]
    (tmp_path / "a").write_bytes(make(given, 1, order))
    run(tmp_path / "a", tmp_path / "x", "pcapd.PD_MODE_IN=1")
    assert read(tmp_path / "x_pcapd.pcap") == Saved(1, 65535, given)


def test_other_programs_read_it(exercise: Path, tmp_path: Path, packets: list[Packet]) -> None:
    run(exercise, tmp_path / "x", "pcapd.PD_MODE_IN=1")
    with (tmp_path / "x_pcapd.pcap").open("rb") as file:
        reader = dpkt.pcap.Reader(file)
        assert (reader.datalink(), reader.snaplen) == (dpkt.pcap.DLT_EN10MB, 65535)
        found = [(round(float(time) * 10**6), frame) for time, frame in reader]
    assert found == [(packet.time // 1000, packet.frame) for packet in packets]


def test_lists_of_captures(tmp_path: Path, packets: list[Packet]) -> None:
    """Microseconds, a file for each link type, room for the longest packet."""
    raw = [Packet(time, length - 14, frame[14:]) for time, length, frame in packets[20:30]]
    parts = [(pcap(packets[:10]), "a"), (pcap(raw, 101), "b"), (pcap(packets[10:20]), "c")]
    for content, name in parts:
        (tmp_path / name).write_bytes(content)
    run([str(tmp_path / name) for _, name in parts], tmp_path / "x", "pcapd.PD_MODE_IN=1")
    assert read(tmp_path / "x_pcapd.pcap") == Saved(1, 262144, packets[:20])
    assert read(tmp_path / "x_raw_pcapd.pcap") == Saved(101, 262144, raw)


# ---------------------------------------------------------------------- files


@pytest.mark.parametrize("limit", [1, 128])
def test_one_capture_per_flow_index(
    exercise: Path, tmp_path: Path, rows: list[dict[str, str]], packets: list[Packet], limit: int
) -> None:
    flags = ["pcapd.PD_MODE_IN=1", "pcapd.PD_MODE_OUT=1", f"pcapd.PD_MAX_FD={limit}"]
    run(exercise, tmp_path / "x", *flags, batch_packets=700)
    wanted = defaultdict(list)
    for row, packet in zip(rows, packets, strict=True):
        wanted[f"x_pcapd.pcap{row['flowInd']}"].append(packet)
    assert {path.name: read(path).packets for path in tmp_path.iterdir()} == wanted


def test_split_captures(exercise: Path, tmp_path: Path, packets: list[Packet]) -> None:
    flags = ["pcapd.PD_MODE_IN=1", "pcapd.PD_SPLIT=1"]
    run(exercise, tmp_path / "x", *flags, split=Split(10**6, first=3))
    names = ["x_pcapd.pcap", *(f"x_pcapd.pcap{number}" for number in range(4, 9))]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    contents = [(tmp_path / name).read_bytes() for name in names]
    assert [packet for content in contents for packet in parse(content).packets] == packets
    for content in contents[:-1]:
        last = parse(content).packets[-1]
        assert len(content) - len(last.frame) - 16 < 10**6 <= len(content)
    assert len(contents[-1]) < 10**6


def test_without_the_flag_and_with_a_number_of_flows_nothing_is_split(
    exercise: Path, tmp_path: Path, packets: list[Packet]
) -> None:
    run(exercise, tmp_path / "x", "pcapd.PD_MODE_IN=1", split=Split(1000))
    run(exercise, tmp_path / "y", "pcapd.PD_MODE_IN=1", "pcapd.PD_SPLIT=1", split=Split(5, by_flows=True))
    for name in ("x_pcapd.pcap", "y_pcapd.pcap"):
        assert read(tmp_path / name).packets == packets
    assert len(list(tmp_path.iterdir())) == 2


class Broken(Plugin):
    """Fails with the second batch."""

    name = "broken"
    number = 999
    vital = True
    batches = 0

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        self.batches += 1
        if self.batches == 2:
            raise ArithmeticError


@pytest.mark.parametrize("mode", [0, 1])
def test_a_failed_run_leaves_older_files(exercise: Path, tmp_path: Path, mode: int) -> None:
    old = tmp_path / f"x_pcapd.pcap{36 if mode else ''}"
    old.write_text("old")
    with pytest.raises(ArithmeticError):
        run(
            exercise,
            tmp_path / "x",
            "pcapd.PD_MODE_IN=1",
            f"pcapd.PD_MODE_OUT={mode}",
            more=[Broken()],
            batch_packets=2000,
        )
    assert [path.name for path in tmp_path.iterdir()] == [old.name]
    assert old.read_text() == "old"


# ---------------------------------------------------------------------- changes


def made_frames() -> list[bytes]:
    """Frames of several kinds: IPv4 with options, two VLAN tags and IPv6, ARP, IPv4 in GRE."""
    udp = dpkt.udp.UDP(sport=1000, dport=2000, ulen=12, data=b"data")
    ip4 = dpkt.ip.IP(
        src=b"\x0a\0\0\xff", dst=b"\xff\xff\xff\xff", p=17, ttl=3, hl=6, opts=b"\1\1\1\0", data=udp
    )
    ip6 = dpkt.ip6.IP6(src=b"\x20\1" + bytes(6) + b"\xff" * 8, dst=b"\xfe" * 16, nxt=17, hlim=200, data=udp)
    ip6.plen = 12
    plain = dpkt.ip.IP(src=b"\x0a\0\0\1", dst=b"\x0a\0\0\2", p=17, ttl=64, data=udp)
    gre = dpkt.ip.IP(src=b"\xc0\0\2\1", dst=b"\xc0\0\2\2", p=47, ttl=9, data=b"\0\0\x08\0" + bytes(plain))
    macs = {"src": b"\2\0\0\0\0\xff", "dst": b"\2\0\0\0\1\7"}
    ether = dpkt.ethernet.Ethernet
    tags = b"\x88\xa8\xe0\x01\x81\x00\x2f\xff\x86\xdd"
    return [
        bytes(ether(**macs, type=0x0800, data=ip4)),
        macs["dst"] + macs["src"] + tags + bytes(ip6),
        bytes(ether(**macs, type=0x0806, data=dpkt.arp.ARP())),
        bytes(ether(**macs, type=0x0800, data=gre)),
    ]


def changed(tmp_path: Path, *flags: str) -> list[tuple[bytes, bytes]]:
    """Frames before and after."""
    frames = made_frames()
    given = [Packet(SECOND + 1000, len(frame), frame) for frame in frames]
    (tmp_path / "a.pcap").write_bytes(pcap(given))
    run(tmp_path / "a.pcap", tmp_path / "x", "pcapd.PD_MODE_IN=1", *(f"pcapd.{flag}" for flag in flags))
    saved = read(tmp_path / "x_pcapd.pcap").packets
    assert [packet.time for packet in saved] == [SECOND + 1000] * len(frames)
    return list(zip(frames, [packet.frame for packet in saved], strict=True))


def test_mac_addresses_are_shifted(tmp_path: Path) -> None:
    for before, after in changed(tmp_path, "PD_MACSHFT=1", "PD_MACDSHFT=-8"):
        assert after == before[:5] + b"\xff" + before[6:11] + b"\0" + before[12:]


def test_vlans_are_shifted(tmp_path: Path) -> None:
    for before, after in changed(tmp_path, "PD_VLNSHFT=1", "PD_VLNISHFT=3"):
        assert after == before.replace(b"\x2f\xff", b"\x20\x02", 1)


def test_addresses_are_shifted_and_checksums_computed(tmp_path: Path) -> None:
    (_, first), (two, second), (arp, third), (outer, fourth) = changed(
        tmp_path, "PD_IPSHFT=1", "PD_IP6SHFT=2", "PD_CHKSUML3=1"
    )
    ip = dpkt.ethernet.Ethernet(first).data
    assert (ip.src, ip.dst, ip.opts) == (b"\x0a\0\1\0", bytes(4), b"\1\1\1\0")
    assert dpkt.dpkt.in_cksum(first[14:38]) == 0
    assert second[:22] + second[30:38] == two[:22] + two[30:38]
    assert second[30:38] == b"\x20\1" + bytes(6)
    assert second[38:46] == bytes(7) + b"\1"
    assert second[46:62] == b"\xfe" * 14 + b"\xff\0"
    assert third == arp
    assert fourth[:38] == outer[:38], "the outer header stays"
    assert fourth[38:58] != outer[38:58]
    inner = dpkt.ip.IP(fourth[38:])
    assert (inner.src, inner.dst) == (b"\x0a\0\0\2", b"\x0a\0\0\3")
    assert dpkt.dpkt.in_cksum(fourth[38:58]) == 0


def test_ttls_are_shifted(tmp_path: Path) -> None:
    after = [frame for _, frame in changed(tmp_path, "PD_TTLSHFT=1", "PD_TTL=5", "PD_TTLMOD=128")]
    assert (after[0][22], after[1][22 + 7], after[3][38 + 8], after[3][22]) == (126, 67, 59, 9)


def test_times_are_shifted(exercise: Path, tmp_path: Path, packets: list[Packet]) -> None:
    flags = ["PD_MODE_IN=1", "PD_TSHFT=1", "PD_TTSFTS=-3600", "PD_TTSFTNMS=999999999"]
    run(exercise, tmp_path / "x", *(f"pcapd.{flag}" for flag in flags))
    shift = -3600 * SECOND + 999999999
    assert read(tmp_path / "x_pcapd.pcap").packets == [
        packet._replace(time=packet.time + shift) for packet in packets
    ]


def test_without_flag_nothing_changes(tmp_path: Path) -> None:
    values = ["PD_TTSFTS=5", "PD_MACSSHFT=5", "PD_VLNISHFT=5", "PD_IP4SHFT=5", "PD_TTL=5"]
    assert all(before == after for before, after in changed(tmp_path, *values))


# ---------------------------------------------------------------------- from Python and the command line


@pytest.mark.parametrize("direction", ["both", "A", "B"])
def test_extract_flows(
    exercise: Path, tmp_path: Path, rows: list[dict[str, str]], packets: list[Packet], direction: Any
) -> None:
    target = tmp_path / "new" / "some.pcap"
    wanted = of_flows(rows, packets, {36, 2}, "AB" if direction == "both" else direction)
    assert extract_flows(exercise, iter([36, 2, 36]), target, direction=direction) == len(wanted)
    assert read(target).packets == wanted
    assert [path.name for path in target.parent.iterdir()] == ["some.pcap"]


def test_extract_flows_ends_with_what_its_progress_raises(exercise: Path, tmp_path: Path) -> None:
    def progress(_: object) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        extract_flows(exercise, [36], tmp_path / "x.pcap", progress=progress)
    assert list(tmp_path.iterdir()) == []


def test_the_command_line(
    t2tui: Callable[..., subprocess.CompletedProcess[str]],
    exercise: Path,
    tmp_path: Path,
    rows: list[dict[str, str]],
    packets: list[Packet],
) -> None:
    (tmp_path / "list").write_text("%flowInd\n36\n")
    result = t2tui("run", exercise, "-e", "list", "-w", "x")
    assert result.returncode == 0, result.stderr
    wanted = of_flows(rows, packets, {36})
    assert f"pcapd: number of packets extracted: {len(wanted)} " in result.stdout
    assert read(tmp_path / "list_pcapd.pcap").packets == wanted
    assert (tmp_path / "x_flows.txt").exists()
    for words, text in (
        ((exercise, exercise.with_name("b"), "-e", "list"), "flow indices are those of one capture"),
        ((exercise, "-e", "list", "-p", "basicFlow"), "-e is for the plugin pcapd"),
    ):
        result = t2tui("run", *words)
        assert (result.returncode, text in result.stderr) == (2, True), result.stderr
    result = t2tui("run", exercise, "-e", "list", "-w", "x", "-D", "pcapd.PD_SUFFIX=")
    assert result.returncode == 1
    assert "input of this run" in result.stderr
    assert (tmp_path / "list").read_text() == "%flowInd\n36\n"
