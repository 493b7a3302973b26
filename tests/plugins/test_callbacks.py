"""Plugins that are called per packet and per flow: order of the calls, values, failures."""

import csv
import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2tui.core.columns import Column
from t2tui.core.engine import Engine, RunOptions
from t2tui.core.flowstat import FL_ALARM
from t2tui.core.outputs import Outputs
from t2tui.core.store import ColumnStore
from t2tui.core.text.rows import RowWriter
from t2tui.plugins import STANDARD, load
from t2tui.plugins.base import Plugin
from t2tui.plugins.callbacks import CallbackPlugin, Flow, Packet, RowSink
from t2tui.plugins.values import ColumnValues
from tests.core.captures import EXERCISE
from tests.core.dissect.dissecting import Record, pcap
from tests.core.test_engine import captures

ZERO_WINDOWS = 36
"""The flow of the sample capture with zero windows."""


@dataclass
class Result:
    """What a run wrote."""

    flows: list[dict[str, str]]
    packets: list[dict[str, str]]
    report: list[str]
    engine: Engine


def table(path: Path) -> list[dict[str, str]]:
    """Lines of a flow or packet file by column."""
    header, *lines = path.read_text("utf-8", "surrogateescape").split("\n")[:-1]
    names = header.removeprefix("%").split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


def run(
    capture: Path, folder: Path, *own: Plugin, standard: tuple[str, ...] = STANDARD, **options: Any
) -> Result:
    """Run plugins of a test beside others."""
    lines: list[str] = []
    plugins = sorted([*load(standard), *own], key=lambda plugin: plugin.number)
    with Outputs(f"{folder}/out", [capture]) as outputs:
        engine = Engine(
            str(capture), RunOptions(report=lines.append, packet_mode=True, **options), outputs, plugins
        )
        engine.run()
        assert engine.snapshot().state == "complete"
    return Result(table(folder / "out_flows.txt"), table(folder / "out_packets.txt"), lines, engine)


# ---------------------------------------------------------------------- order


class Diary(CallbackPlugin):
    """Writes down its calls."""

    name = "diary"
    number = 150

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, ...]] = []

    def on_new_flow(self, packet: Packet, flow: Flow) -> None:
        self.calls.append(("new", packet.number, flow.index, flow.direction))
        flow.data = 0

    def on_layer2(self, packet: Packet, flow: Flow | None) -> None:
        self.calls.append(("layer 2", packet.number, flow and flow.index, packet.length, packet.time))
        if flow is not None:
            flow.data += 1

    def on_layer4(self, packet: Packet, flow: Flow) -> None:
        self.calls.append(("layer 4", packet.number, flow.index, packet.payload, packet.status))
        flow.data += 1

    def on_flow_terminate(self, flow: Flow) -> None:
        other = flow.opposite
        self.calls.append(("end", flow.index, flow.direction, flow.data, other and other.data, flow.duration))


class Lockstep(Diary):
    """The same, in step with the other plugins."""

    lockstep = True


@settings(max_examples=25, deadline=None)
@given(capture=captures())
def test_calls_depend_neither_on_batches_nor_on_lockstep(
    tmp_path_factory: pytest.TempPathFactory, capture: tuple[int, list[Record]]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    path = folder / "capture.pcap"
    path.write_bytes(pcap(capture[1], capture[0]))
    diaries = []
    for kind, batch_packets in ((Diary, 1), (Diary, 7), (Diary, 30_000), (Lockstep, 30_000)):
        diary = kind()
        run(path, folder, diary, batch_packets=batch_packets)
        diaries.append(diary.calls)
    assert diaries[1:] == diaries[:1] * 3


def test_calls_follow_the_life_cycle(tmp_path: Path) -> None:
    diary = Diary()
    result = run(EXERCISE, tmp_path, diary)
    alive: dict[tuple[int, str], int] = {}
    last = 0
    for kind, *values in diary.calls:
        if kind == "new":
            alive[values[1], values[2]] = 0
        elif kind == "layer 2":
            assert values[0] > last
            last = values[0]
        elif kind == "layer 4":
            assert values[0] == last, "layer 2 comes first"
        elif kind == "end":
            index, direction, packets, opposite, _ = values
            del alive[index, direction]
            row = next(row for row in result.flows if (row["flowInd"], row["dir"]) == (str(index), direction))
            assert (str(packets), str(opposite or 0)) == (row["pktsSnt"], row["pktsRcvd"])
    assert alive == {}
    ends = [str(call[1]) for call in diary.calls if call[0] == "end"]
    assert ends == [row["flowInd"] for row in result.flows], "in the order of the flow file"


def test_flows_end_before_the_packet_that_shows_it(tmp_path: Path) -> None:
    """A flow times out when a later packet comes: its end is announced between the packets around."""

    def packet(port: int, gap: int) -> Record:
        udp = port.to_bytes(2) + b"\0\x35\0\x08\0\0"
        ip = bytes.fromhex("4500001c00000000401100000a0000010a000002")
        return Record(bytes(12) + b"\x08\0" + ip + udp, 42, gap, 0)

    path = tmp_path / "capture.pcap"
    times = (1000, 1001, 1100, 1184, 1185)
    path.write_bytes(pcap([packet(port, t) for port, t in zip((1, 2, 2, 2, 3), times, strict=True)]))
    diary = Diary()
    run(path, tmp_path, diary)
    shown = [(call[0], call[1]) for call in diary.calls if call[0] != "layer 2"]
    assert shown == [
        *(("new", 1), ("layer 4", 1), ("new", 2), ("layer 4", 2), ("layer 4", 3)),
        *(("end", 1), ("layer 4", 4), ("new", 5), ("layer 4", 5), ("end", 2), ("end", 3)),
    ]


# ---------------------------------------------------------------------- the same as a kernel


@dataclass
class Windows:
    """What the plugin below keeps about a flow."""

    packets: int = 0
    below: int = 0
    first: int = 0
    ttl: int = 0


class PythonWin(CallbackPlugin):
    """tcpWin once more, in plain Python."""

    name = "pythonWin"
    number = 141
    flow_columns = (
        Column("status", "H8"),
        Column("ttl", "U8"),
        Column("window", "U32"),
        Column("count", "U32"),
        Column("ratio", "F"),
    )
    packet_columns = (Column("size", "U32"), Column("below", "U32"))

    def on_new_flow(self, packet: Packet, flow: Flow) -> None:
        flow.data = Windows()

    def on_layer4(self, packet: Packet, flow: Flow) -> tuple[int, int] | None:
        mine: Windows = flow.data
        if packet.protocol != 6 or packet.is_later_fragment or packet.captured_l4 < 16:
            return None
        if not mine.packets:
            mine.first, mine.ttl = packet.window, packet.ttl
        mine.packets += 1
        if packet.window < 1:
            mine.below += 1
            flow.set_status(FL_ALARM)
            if mine.below == 2:
                flow.request_removal()
        return packet.window, mine.below

    def on_flow_terminate(self, flow: Flow) -> tuple[Any, ...]:
        mine: Windows = flow.data
        if mine.below:
            flow.report_alarms(mine.below)
        ratio = mine.below / mine.packets if mine.packets else 0
        return bool(mine.below), mine.ttl, mine.first, mine.below, ratio


NAMES = {
    "status": "tcpWinStat",
    "ttl": "tcpWinIpTTL",
    "window": "tcpInitWinSz",
    "count": "tcpWinThCnt",
    "ratio": "tcpWinSzThRt",
    "size": "tcpWinSize",
    "below": "tcpWinThPktCnt",
}
MODES: tuple[dict[str, Any], ...] = (
    {},
    {"alarm_rule": "or"},
    {"force_mode": True},
    {"batch_packets": 100},
)


@pytest.mark.parametrize("options", MODES, ids=("default", "alarm mode", "force mode", "small batches"))
def test_plain_python_writes_what_the_kernel_writes(tmp_path: Path, options: dict[str, Any]) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    mine = run(EXERCISE, tmp_path / "a", PythonWin(), **options)
    kernel = run(EXERCISE, tmp_path / "b", standard=(*STANDARD, "tcpWin"), **options)
    for ours, theirs in ((mine.flows, kernel.flows), (mine.packets, kernel.packets)):
        renamed = [{NAMES.get(name, name): value for name, value in row.items()} for row in ours]
        assert renamed == theirs
    wanted = "[WRN] 4 alarms in 1 flows" if not options.get("force_mode") else "[WRN]"
    assert any(line.startswith(wanted) for line in mine.report)
    alarms = [[line for line in result.report if "alarms in" in line] for result in (mine, kernel)]
    assert alarms[0][-1] == alarms[1][-1]


# ---------------------------------------------------------------------- what a plugin sees


class Reader(CallbackPlugin):
    """Compares what it sees with what dpkt sees."""

    name = "reader"
    number = 150
    seen = 0

    def on_layer4(self, packet: Packet, flow: Flow) -> None:
        import dpkt

        frame = dpkt.ethernet.Ethernet(packet.data)
        ip = frame.data
        assert packet.data[packet.l3 :][: ip.__hdr_len__] == bytes(ip)[: ip.__hdr_len__]
        assert (packet.src, packet.dst) == (ipaddress.ip_address(ip.src), ipaddress.ip_address(ip.dst))
        assert (packet.src, packet.dst_port) == (flow.src, flow.dst_port)
        assert (packet.protocol, packet.ttl, packet.ether_type) == (ip.p, ip.ttl, frame.type)
        if isinstance(ip.data, dpkt.tcp.TCP):
            tcp = ip.data
            assert (packet.seq, packet.ack, packet.window) == (tcp.seq, tcp.ack, tcp.win)
            assert (packet.src_port, packet.dst_port) == (tcp.sport, tcp.dport)
            assert packet.tcp_flags == tcp.flags & 0xFF
            assert packet.payload == tcp.data
            assert packet.payload_length == len(tcp.data)
            self.seen += 1


def test_packets_are_what_dpkt_sees(tmp_path: Path) -> None:
    reader = Reader()
    result = run(EXERCISE, tmp_path, reader)
    assert result.engine.breakdowns == []
    assert reader.seen > 5000


class Patient(CallbackPlugin):
    """Gives UDP flows a time-out of its own."""

    name = "patient"
    number = 150
    lockstep = True
    timeouts: ClassVar = (7.5,)

    def on_new_flow(self, packet: Packet, flow: Flow) -> None:
        if flow.protocol == 17:
            flow.timeout = 7.5


def test_a_plugin_gives_a_timeout(tmp_path: Path) -> None:
    def packet(seconds: int) -> Record:
        ip = bytes.fromhex("4500001c00000000401100000a0000010a000002")
        return Record(bytes(12) + b"\x08\0" + ip + bytes.fromhex("0001003500080000"), 42, seconds, 0)

    path = tmp_path / "capture.pcap"
    path.write_bytes(pcap([packet(seconds) for seconds in (1000, 1005, 1012, 1020)]))
    result = run(path, tmp_path, Patient())
    assert result.engine.breakdowns == []
    assert [row["pktsSnt"] for row in result.flows] == ["3", "1"]


# ---------------------------------------------------------------------- values

TEXT = st.text(st.characters(codec="utf-8", exclude_characters='\t\n\r\\"\0;_', exclude_categories=("C",)))


def hexadecimal(width: int) -> Callable[[int], str]:
    return lambda value: f"0x{value:0{width // 4}x}"


def single(value: float) -> str:
    return f"{np.float32(value):.7g}"


def moment(value: int) -> str:
    return f"{value // 10**9}.{value % 10**9:09}"


TYPES: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], str]]] = {
    "U8": (st.integers(0, 255), str),
    "U64": (st.integers(0, 2**64 - 1), str),
    "I16": (st.integers(-(2**15), 2**15 - 1), str),
    "H8": (st.integers(0, 255), hexadecimal(8)),
    "H32": (st.integers(0, 2**32 - 1), hexadecimal(32)),
    "F": (st.floats(width=32, allow_nan=False, allow_infinity=False), single),
    "D": (st.floats(-1e15, 1e15), "{:f}".format),
    "C": (st.sampled_from("ABz"), str),
    "S": (TEXT, '"{}"'.format),
    "SC": (TEXT, str),
    "MAC": (st.binary(min_size=6, max_size=6), lambda value: value.hex(":")),
    "IP4": (st.ip_addresses(v=4), str),
    "IPX": (st.ip_addresses(v=4), str),
    "U64.U32": (st.integers(0, 2**62), moment),
}


@st.composite
def typed_values(draw: Any) -> tuple[str, list[Any], list[str]]:
    """A column type, values of a few records, and their texts."""
    names = draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=3))
    is_list = draw(st.booleans())
    one = st.tuples(*(TYPES[name][0] for name in names))

    def text(value: tuple[Any, ...]) -> str:
        return "_".join(TYPES[name][1](each) for name, each in zip(names, value, strict=True))

    def shown(value: tuple[Any, ...]) -> Any:
        return value if len(names) > 1 else value[0]

    cell = st.lists(one, max_size=4) if is_list else one
    cells = draw(st.lists(st.none() | cell, min_size=1, max_size=5))
    values, texts = [], []
    for each in cells:
        if each is None:
            values.append(None)
            texts.append("")
        elif is_list:
            values.append([shown(value) for value in each])
            texts.append(";".join(map(text, each)))
        else:
            values.append(shown(each))
            texts.append(text(each))
    return "_".join(names) + (":R" if is_list else ""), values, texts


@settings(deadline=None)
@given(typed_values())
def test_values_are_written_as_their_type_says(case: tuple[str, list[Any], list[str]]) -> None:
    type_, values, texts = case
    column = ColumnValues(Column("column", type_), len(values), "slot")
    for record, value in enumerate(values):
        column.put(record, value)
    slots = np.arange(len(values), dtype=np.int32)
    writer = RowWriter([column.field()])
    written = writer.write((0, len(values)), slots, np.zeros(0, np.uint8)).decode("utf-8")
    assert written.split("\n")[:-1] == texts
    store = ColumnStore(lambda: [(column.column, column.field())])
    store.append(np.zeros(0, np.int64), slots)
    assert store.text("column") == texts


def test_long_lists_and_texts_find_room() -> None:
    column = ColumnValues(Column("column", "S:R"), 50, "slot")
    before = column.arrays
    lists = [[f"{record}-{i}" * 100 for i in range(record * 5)] for record in range(50)]
    for record, texts in enumerate(lists):
        column.put(record, texts)
    assert column.arrays != before
    written = RowWriter([column.field()]).write((0, 50), np.arange(50, dtype=np.int32), np.zeros(0, np.uint8))
    expected = [";".join(f'"{text}"' for text in texts) for texts in lists]
    assert written.decode().split("\n")[:-1] == expected


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("U8", 256),
        ("U8", -1),
        ("U8", "one"),
        ("I8", 128),
        ("F", "x"),
        ("C", "AB"),
        ("S", 5),
        ("IP4", "10.0.0.300"),
        ("U8:R", 5),
        ("U8:R", [1] * 256),
        ("U8_U8", (1,)),
        ("U8_U8", (1, 2, 3)),
    ],
)
def test_a_wrong_value_is_named(type_: str, value: Any) -> None:
    column = ColumnValues(Column("rate", type_), 1, "slot")
    with pytest.raises(ValueError, match=f"rate is of type {type_} and cannot be"):
        column.put(0, value)


def test_a_wrong_type_is_named() -> None:
    with pytest.raises(ValueError, match="column rate: no type 'U9'; there are"):
        ColumnValues(Column("rate", "U9"), 1, "slot")


# ---------------------------------------------------------------------- failures

PLACES = ("start", "on_new_flow", "on_layer2", "on_layer4", "on_flow_terminate", "report", "finish")


@dataclass
class Trap:
    """Raises at the n-th call."""

    countdown: int = 1
    calls: list[str] = field(default_factory=list)

    def __call__(self, *arguments: Any) -> Any:
        self.countdown -= 1
        if self.countdown == 0:
            raise LookupError("lost")
        return None


def broken(place: str, at: int = 1) -> CallbackPlugin:
    """A plugin that raises."""

    class Broken(CallbackPlugin):
        name = "broken"
        number = 150
        flow_columns = (Column("mine", "U8"),)
        packet_columns = (Column("own", "U8"),)

        def on_layer4(self, packet: Packet, flow: Flow) -> Any:
            return (1,)

        def on_flow_terminate(self, flow: Flow) -> Any:
            return (2,)

    setattr(Broken, place, trap := Trap(at))
    Broken.watches_layer2 |= place == "on_layer2"
    trap.calls.append(place)
    return Broken()


class Needy(CallbackPlugin):
    """Needs the plugin above."""

    name = "needy"
    number = 160
    requires = ("broken",)
    flow_columns = (Column("hers", "U8"),)

    def on_flow_terminate(self, flow: Flow) -> tuple[int]:
        return (3,)


@pytest.mark.parametrize("place", PLACES)
def test_a_plugin_that_raises_is_switched_off_and_the_run_goes_on(tmp_path: Path, place: str) -> None:
    (tmp_path / "a").mkdir()
    result = run(EXERCISE, tmp_path, broken(place), Needy())
    plain = run(EXERCISE, tmp_path / "a")
    own = ("mine", "own", "hers")
    for ours, theirs in ((result.flows, plain.flows), (result.packets, plain.packets)):
        assert [{name: row[name] for name in row if name not in own} for row in ours] == theirs
    assert [breakdown.plugin for breakdown in result.engine.breakdowns] == ["broken", "needy"]
    told = [line for line in result.report if line.startswith("[ERR]")]
    assert "broken: switched off" in told[0] and "LookupError: lost (test_callbacks.py, line" in told[0]
    assert told[1] == "[ERR] needy: switched off with broken, which it needs; the run goes on without it"
    if place == "start":
        assert "mine" not in result.flows[0]
    if place.startswith("on_layer4"):
        assert "switched off at packet 1: LookupError" in told[0]
        assert {row["mine"] for row in result.flows} == {""}
        assert {row["hers"] for row in result.flows} == {""}
        assert {row["own"] for row in result.packets} == {""}


class Homeless(CallbackPlugin):
    """Cannot open what it needs."""

    name = "homeless"
    number = 150

    def start(self, run: Any) -> None:
        super().start(run)
        Path("no-such-file").read_text()


def test_a_file_that_is_missing_at_the_start_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-file"):
        run(EXERCISE, tmp_path, Homeless())
    assert list(tmp_path.iterdir()) == []


def test_the_packet_at_fault_is_named_and_earlier_flows_keep_their_values(tmp_path: Path) -> None:
    result = run(EXERCISE, tmp_path, broken("on_layer4", at=5000))
    (breakdown,) = result.engine.breakdowns
    number = int(result.packets[4999]["pktNo"])
    assert breakdown.text.startswith(f"at packet {number}: LookupError")
    values = [row["mine"] for row in result.flows]
    assert values == sorted(values, reverse=True)
    assert set(values) == {"2", ""}


class BrokenKernel(Plugin):
    """A plugin for batches that raises in its second one."""

    name = "brokenKernel"
    number = 150
    batches = 0

    def on_packets(self, packets: Any, data: Any) -> None:
        self.batches += 1
        if self.batches == 2:
            raise IndexError


def test_a_plugin_for_batches_is_switched_off_too(tmp_path: Path) -> None:
    result = run(EXERCISE, tmp_path, BrokenKernel(), batch_packets=1000)
    assert any(
        line.startswith("[ERR] brokenKernel: switched off in packets 1001 to 2000: IndexError (")
        for line in result.report
    )
    assert len(result.packets) == 5902


# ---------------------------------------------------------------------- sinks


class Memory(RowSink):
    """Keeps what it gets."""

    name = "memory"
    number = 990

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []

    def on_row(self, row: dict[str, Any]) -> None:
        self.rows.append(row)


def test_a_row_sink_gets_the_flows_as_typed_values(tmp_path: Path) -> None:
    sink = Memory()
    run(EXERCISE, tmp_path, sink)
    with (tmp_path / "out_flows.txt").open() as file:
        lines = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [list(row) for row in sink.rows] == [[name.lstrip("%") for name in line] for line in lines]
    for row, line in zip(sink.rows, lines, strict=True):
        assert str(row["flowInd"]) == line["flowInd"]
        assert row["flowStat"] == line["flowStat"]
        assert f"{row['duration']}" == line["duration"]
        assert math.isclose(row["avgL7PktSz"], float(line["avgL7PktSz"]), rel_tol=1e-6)
        assert ";".join(row["hdrDesc"]) == line["hdrDesc"]
        assert f'"{row["srcIPOrg"]}"' == line["srcIPOrg"]
