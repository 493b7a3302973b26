"""payloadDumper against a model that looks at one packet at a time, and against the reference's files."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.engine import Engine, RunOptions, UnsupportedLinkTypeError
from t2tui.core.labels import Labels
from t2tui.core.layout import FLOW, FRAG_LATER, KIND_IPV4, KIND_LAYER2, PACKET
from t2tui.core.outputs import OutputError
from t2tui.core.payload import folder as folder_module
from t2tui.core.payload.marker import MARKER
from t2tui.core.settings import Flag, SettingsError, load_settings
from t2tui.plugins.base import Run
from t2tui.plugins.payloaddumper import PayloadDumper, dump
from tests.golden.runs import GOLDEN, GROUPS, members, needs_golden

FLAGS = {flag.name: flag for flag in PayloadDumper.flags}

TCP, UDP, UDP_LITE = 6, 17, 136
FIN, SYN, RST, ACK = 1, 2, 4, 16
SLOTS = 8
ROWS = 64


@pytest.fixture(autouse=True)
def _new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is the first run of its process."""
    monkeypatch.setattr(folder_module, "_claimed", {})


def settings(folder: Path, **flags: Any) -> SimpleNamespace:
    values = {name: flag.check(flags.get(name, flag.default)) for name, flag in FLAGS.items()}
    assert flags.keys() <= values.keys()
    return SimpleNamespace(**values | {"PLDUMP_FOLDER": str(folder)})


@dataclass
class Packet:
    """A packet of a flow; ``length`` is what its headers say, by default what was captured."""

    slot: int
    payload: bytes = b""
    seq: int = 0
    flags: int = ACK
    length: int | None = None
    is_later_fragment: bool = False
    proto: int = TCP
    ports: tuple[int, int] = (50000, 80)
    ether_type: int = 0x0800
    kind: int = KIND_IPV4
    reply: bool = False

    @property
    def header_length(self) -> int:
        return (len(self.payload) if self.length is None else self.length) & 0xFFFF


@dataclass
class Dumped:
    """A plugin that is fed by hand."""

    folder: Path
    flags: dict[str, Any] = field(default_factory=dict)
    only: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        self.plugin = PayloadDumper(settings(self.folder, **self.flags), self.only)
        records = np.zeros(SLOTS, FLOW)
        outputs = SimpleNamespace(prefix="results/capture")
        flows = SimpleNamespace(records=records)
        self.run = Run(flows, None, Labels.builtin(), outputs, SLOTS, ROWS, packet_mode=True)
        self.plugin.start(self.run)
        self._alive: dict[int, int] = {}
        self.run.flow_count = 0

    def feed(self, *packets: Packet, row: int = 0) -> list[int]:
        """Give packets as a part of a batch that begins at a row; return their pldStat."""
        records = np.zeros(len(packets), PACKET)
        data = bytearray(b"\xaa" * 7)
        for record, packet in zip(records, packets, strict=True):
            record["isNew"] = packet.slot not in self._alive
            if packet.slot not in self._alive:
                self.run.flow_count += 1
                self._alive[packet.slot] = self.run.flow_count
            record["flow"], record["flowInd"] = packet.slot, self._alive[packet.slot]
            record["flowStat"] = int(packet.reply)
            record["kind"], record["l4Proto"], record["ethType"] = (
                packet.kind,
                packet.proto,
                packet.ether_type,
            )
            record["srcPort"], record["dstPort"] = packet.ports
            record["seq"], record["tcpFlags"] = packet.seq, packet.flags
            record["frag"] = FRAG_LATER if packet.is_later_fragment else 0
            record["base"], record["l7"] = len(data), 40
            record["snapL7Len"], record["l7Len"] = len(packet.payload), packet.header_length
            data += b"\xbb" * 40 + packet.payload + b"\xcc" * 5
        self.run.row = row
        self.plugin.on_packets(records, np.frombuffer(bytes(data), np.uint8))
        ((_, stats),) = self.plugin.packet_fields(records)
        return stats.values[row : row + len(packets)].tolist()

    def release(self, *slots: int) -> list[int]:
        """End flows; return their pldStat."""
        self.plugin.on_released(np.array(slots, np.int32))
        for slot in slots:
            del self._alive[slot]
        ((_, stats),) = self.plugin.flow_fields()
        return [int(stats.values[slot]) for slot in slots]

    def end(self, *, read: bool = True) -> dict[str, bytes]:
        """End all flows and the run; return the files."""
        self.release(*list(self._alive))
        self.report = list(self.plugin.report())
        self.plugin.finish()
        return contents(self.folder) if read else {}


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MARKER}


Sparse = tuple[int, dict[int, int]]
"""Size of a file, and its bytes that are not zero, by offset."""


def sparse_contents(folder: Path) -> dict[str, Sparse]:
    """Return the files of a folder, of which some are gigabytes of nothing."""
    return {path.name: sparse_content(path) for path in folder.iterdir() if path.name != MARKER}


def sparse_content(path: Path) -> Sparse:
    size = path.stat().st_size
    found: dict[int, int] = {}
    with path.open("rb", buffering=0) as file:
        end = 0
        while end < size:
            begin = file.seek(end, os.SEEK_DATA)
            end = file.seek(begin, os.SEEK_HOLE)
            file.seek(begin)
            found |= {begin + n: byte for n, byte in enumerate(file.read(end - begin)) if byte}
    return size, found


# ------------------------------------------------------------------ the model


@dataclass
class Model:
    """One flow direction, packet by packet, as docs/payloaddumper.md says."""

    max_bytes: int = 0
    start_off: int = 0
    max_hole: int = 0
    stat: int = 1
    is_open: bool = False
    seq_init: int = 0
    seq_next: int = 0
    last_off: int = 0
    size: int = 0
    beyond: int = 0
    written: dict[int, int] = field(default_factory=dict)

    def packet(self, packet: Packet) -> int:
        value = self._value(packet)
        if packet.proto == TCP:
            self.seq_next = (packet.seq + packet.header_length) % 2**32
        self.stat |= value
        return value

    def _value(self, packet: Packet) -> int:
        payload, length = packet.payload, packet.header_length
        if packet.is_later_fragment:
            return 1
        if self.start_off and packet.proto != TCP:
            if len(payload) <= self.start_off or length <= self.start_off:
                return 1
            payload, length = payload[self.start_off :], length - self.start_off
        if not payload:
            return 1
        if not self.is_open:
            self.is_open = True
            self.seq_init = self.seq_next = packet.seq
        if packet.proto == TCP:
            if packet.seq < self.seq_init:
                return 0x13
            keeps_alive = packet.seq == (self.seq_next - 1) % 2**32
            if keeps_alive and length <= 1 and not packet.flags & (SYN | FIN | RST):
                return 0x13
            offset = packet.seq - self.seq_init
        else:
            offset = self.last_off
            self.last_off += length
        if self.max_bytes:
            if offset >= self.max_bytes:
                return 3
            payload = payload[: self.max_bytes - offset]
        if self.max_hole and packet.proto == TCP and offset - self.size > self.max_hole:
            self.beyond += 1
            return 0x13
        self.size = max(self.size, offset + len(payload))
        self.written.update(enumerate(payload, offset))
        return 3

    def content(self) -> Sparse:
        return self.size, {offset: byte for offset, byte in self.written.items() if byte}


BASES = (0, 77, 2**31, 2**32 - 60)

tcp_packets = st.builds(
    lambda slot, step, payload, more, flags, later: Packet(
        slot,
        payload,
        (BASES[slot] + step) % 2**32,
        flags,
        len(payload) + more,
        later,
    ),
    st.integers(0, len(BASES) - 1),
    st.one_of(st.integers(-5, 150), st.sampled_from([400, 401, 5000, -70])),
    st.one_of(st.binary(max_size=40), st.binary(max_size=1)),
    st.sampled_from([0, 0, 0, 1, 9, -1]),
    st.sampled_from([ACK, ACK, ACK, ACK | FIN, SYN, RST]),
    st.sampled_from([False] * 9 + [True]),
)
udp_packets = st.builds(
    lambda slot, payload, more, later: Packet(
        slot, payload, 0x00500035, 0, max(0, len(payload) + more), later, UDP
    ),
    st.integers(len(BASES), len(BASES) + 1),
    st.binary(max_size=30),
    st.sampled_from([0, 0, 5, 100, -2]),
    st.sampled_from([False] * 9 + [True]),
)
parts = st.lists(
    st.tuples(
        st.lists(st.one_of(tcp_packets, udp_packets), min_size=1, max_size=12),
        st.sets(st.integers(0, len(BASES) + 1), max_size=2),
    ),
    max_size=8,
)


@given(
    parts,
    st.sampled_from([0, 0, 1, 60, 300]),
    st.sampled_from([0, 0, 1, 3]),
    st.sampled_from([0, 1, 100, 1 << 30]),
    st.sampled_from([0, 1, 2]),
    st.integers(0, 20),
)
def test_payload_goes_where_the_model_puts_it(
    parts: list[tuple[list[Packet], set[int]]],
    max_bytes: int,
    start_off: int,
    max_hole: int,
    max_files: int,
    row: int,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        flags = {
            "PLDUMP_MAX_BYTES": max_bytes,
            "PLDUMP_START_OFF": start_off,
            "PLDUMP_MAX_HOLE": max_hole,
            "PLDUMP_MAX_FILES": max_files,
        }
        dumped = Dumped(Path(folder) / "p", flags)
        models: dict[int, Model] = {}
        expected: dict[str, Sparse] = {}
        count = 0
        names: dict[int, str] = {}
        aggregate = beyond = 0

        def end(slots: list[int]) -> None:
            nonlocal aggregate, beyond
            assert dumped.release(*slots) == [models[slot].stat for slot in slots]
            for slot in slots:
                model = models.pop(slot)
                aggregate |= model.stat
                beyond += model.beyond
                if model.is_open:
                    expected[names[slot]] = model.content()

        for packets, released in parts:
            values = []
            for packet in packets:
                if packet.slot not in models:
                    models[packet.slot] = Model(max_bytes, start_off, max_hole)
                    count += 1
                    names[packet.slot] = f"{count}_A"
                values.append(models[packet.slot].packet(packet))
            assert dumped.feed(*packets, row=row) == values
            end(sorted(released & models.keys()))
        end(list(models))
        dumped.end(read=False)
        assert sparse_contents(dumped.folder) == expected
        lines = [f"Aggregated pldStat=0x{aggregate:02x}"] if aggregate else []
        if expected:
            share = f"{len(expected)} [{100 * len(expected) / count:.2f}%]"
            lines.append(f"Number of non zero content dumped flows: {share}")
        if beyond:
            lines.append(
                f"[WRN] {beyond} TCP payloads left out, more than {max_hole} bytes behind the end "
                "of their file (PLDUMP_MAX_HOLE)"
            )
        assert dumped.report == lines


# ------------------------------------------------------------------ single rules


def test_a_large_batch_of_payload_is_written_in_parts(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p")
    texts = [bytes([number]) * 65535 for number in range(64)]
    for slot in (0, 1):
        udp = [Packet(slot, text, proto=UDP, ports=(53, 53)) for text in texts]
        assert dumped.feed(*udp) == [3] * 64
    assert dumped.end() == {"1_A": b"".join(texts), "2_A": b"".join(texts)}


def test_a_hole_takes_no_disk_blocks(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p")
    dumped.feed(Packet(0, b"begin", 1000), Packet(0, b"end", 1000 + 400_000_000))
    dumped.release(0)
    dumped.plugin.finish()
    status = (tmp_path / "p" / "1_A").stat()
    assert status.st_size == 400_000_003
    assert status.st_blocks * 512 <= 1 << 18


def test_a_hole_larger_than_a_tcp_window_is_not_made_unless_asked_for(tmp_path: Path) -> None:
    far = [Packet(0, b"begin", 5), Packet(0, b"x", 5 + 5 + (1 << 30)), Packet(0, b"y", 5 + 6 + (1 << 30))]
    dumped = Dumped(tmp_path / "p")
    assert dumped.feed(*far) == [3, 3, 3]
    assert dumped.feed(Packet(1, b"begin", 5), Packet(1, b"y", 5 + 6 + (1 << 30)), Packet(1, b"!", 10)) == [
        3,
        0x13,
        3,
    ]
    dumped.release(0, 1)
    assert list(dumped.plugin.report())[2:] == [
        "[WRN] 1 TCP payloads left out, more than 1073741824 bytes behind the end "
        "of their file (PLDUMP_MAX_HOLE)"
    ]
    dumped.plugin.finish()
    assert (tmp_path / "p" / "1_A").stat().st_size == (1 << 30) + 7
    assert (tmp_path / "p" / "2_A").read_bytes() == b"begin!"
    dumped = Dumped(tmp_path / "q", {"PLDUMP_MAX_HOLE": 0})
    assert dumped.feed(Packet(0, b"a", 0), Packet(0, b"z", 2**32 - 1)) == [3, 3]
    dumped.plugin.finish()
    assert (tmp_path / "q" / "1_A").stat().st_size == 2**32


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        ({}, {"1_A", "2_A"}),
        ({"PLDUMP_TCP": 0}, {"2_A"}),
        ({"PLDUMP_UDP": 0}, {"1_A"}),
        ({"PLDUMP_L2": 1}, {"1_A", "2_A", "3_A"}),
        ({"PLDUMP_L2": 1, "PLDUMP_ETHERTYPES": (0x2000, 0x88CC)}, {"1_A", "2_A", "3_A"}),
        ({"PLDUMP_L2": 1, "PLDUMP_ETHERTYPES": (0x2003,)}, {"1_A", "2_A"}),
        ({"PLDUMP_TCP_PORTS": (80,)}, {"1_A", "2_A"}),
        ({"PLDUMP_TCP_PORTS": (25, 50000)}, {"1_A", "2_A"}),
        ({"PLDUMP_TCP_PORTS": (53,)}, {"2_A"}),
        ({"PLDUMP_UDP_PORTS": (53,)}, {"1_A", "2_A"}),
        ({"PLDUMP_UDP_PORTS": (80,)}, {"1_A"}),
        ({"PLDUMP_TCP": 0, "PLDUMP_TCP_PORTS": (80,), "PLDUMP_UDP": 0}, set()),
    ],
)
def test_filters_choose_flows(tmp_path: Path, flags: dict[str, Any], wanted: set[str]) -> None:
    dumped = Dumped(tmp_path / "p", flags)
    packets = [
        Packet(0, b"tcp"),
        Packet(1, b"udp", proto=UDP, ports=(40000, 53)),
        Packet(2, b"cdp", proto=0, ports=(0, 0), kind=KIND_LAYER2, ether_type=0x2000),
        Packet(3, b"lite", proto=UDP_LITE, ports=(53, 80)),
    ]
    values = dumped.feed(*packets)
    assert values == [3 if f"{number}_A" in wanted else 0 for number in range(1, 5)]
    assert dumped.release(0, 1, 2, 3) == values
    assert dumped.end().keys() == wanted
    assert bool(dumped.report) == bool(wanted)


def test_chosen_flows_alone_are_dumped(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p", only=(5, 2))
    assert dumped.feed(*(Packet(slot, b"x") for slot in range(6))) == [0, 3, 0, 0, 3, 0]
    assert dumped.end().keys() == {"2_A", "5_A"}


def test_no_flow_no_status(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p")
    assert dumped.feed(Packet(0, b"x"), row=5) == [3]
    records = np.zeros(1, PACKET)
    records["flow"] = -1
    dumped.run.row = 5
    dumped.plugin.on_packets(records, np.zeros(8, np.uint8))
    ((_, stats),) = dumped.plugin.packet_fields(records)
    assert stats.values[5] == 0
    dumped.end()


def test_the_reply_is_b(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p")
    dumped.feed(Packet(0, b"x", reply=True), Packet(1, b"y"))
    assert dumped.end() == {"1_B": b"x", "2_A": b"y"}


def test_a_name_has_a_prefix_and_a_suffix(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p", {"PLDUMP_PREFIX": "flow-", "PLDUMP_SUFFIX": ".bin"})
    dumped.feed(Packet(0, b"x"))
    assert dumped.end() == {"flow-1_A.bin": b"x"}


def test_the_same_addresses_again_truncate_the_file_or_get_their_own(tmp_path: Path) -> None:
    for naming, count in ((1, 1), (2, 2)):
        dumped = Dumped(tmp_path / f"p{naming}", {"PLDUMP_NAMES": naming})
        dumped.run.flows.records["firstSec"] = 100
        dumped.feed(Packet(0, b"long first flow"))
        dumped.release(0)
        dumped.run.flows.records["firstSec"] = 900
        dumped.feed(Packet(0, b"second"))
        files = dumped.end()
        assert len(files) == count
        assert sorted(files.values()) == sorted([b"second", b"long first flow"][:count])
        names = {0: "", 1: "", 2: "900.000000T"}
        assert f"{names[naming]}000.000.000.000.50000-000.000.000.000.00080-6" in files


def test_the_same_addresses_again_in_one_batch(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p", {"PLDUMP_NAMES": 1})
    dumped.feed(Packet(0, b"long first flow"), Packet(1, b"second"))
    assert list(dumped.end().values()) == [b"second"]


@pytest.mark.parametrize("name", ["PLDUMP_PREFIX", "PLDUMP_SUFFIX"])
@pytest.mark.parametrize("text", ["/", "../x", "a/b", "..", "a..b", "a\nb", "\x1b[1m", "\x7f"])
def test_parts_of_names_that_lead_elsewhere_are_refused(name: str, text: str) -> None:
    with pytest.raises(
        SettingsError, match=f"{name} must be a text without '/', '..' and control characters"
    ):
        load_settings({"payloadDumper": PayloadDumper.flags}, None, [f"payloadDumper.{name}={text}"], {})
    flag: Flag = FLAGS[name]
    with pytest.raises(SettingsError):
        flag.check(text)


def test_parts_of_names_that_do_not_fit_are_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="shorten PLDUMP_PREFIX and PLDUMP_SUFFIX"):
        Dumped(tmp_path / "p", {"PLDUMP_PREFIX": "x" * 240})


def test_an_empty_folder_name_is_refused(tmp_path: Path) -> None:
    plugin = PayloadDumper(settings(tmp_path))
    plugin.settings.PLDUMP_FOLDER = ""
    outputs = SimpleNamespace(prefix="capture")
    flows = SimpleNamespace(records=np.zeros(1, FLOW))
    with pytest.raises(OutputError, match="PLDUMP_FOLDER is empty"):
        plugin.start(Run(flows, None, Labels.builtin(), outputs, 1, 1))


def test_a_file_that_cannot_be_opened_is_marked_and_tried_again(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p")
    place = tmp_path / "p" / "1_A"
    place.mkdir()
    tries = [Packet(0, b"", 4), Packet(0, b"a", 5), Packet(1, b"b", 5), Packet(0, b"", 6), Packet(0, b"c", 6)]
    assert dumped.feed(*tries, row=3) == [1, 0x81, 3, 1, 0x81]
    place.rmdir()
    assert dumped.feed(Packet(0, b"d", 7)) == [3]
    assert dumped.release(0, 1) == [0x83, 3]
    assert dumped.end() == {"1_A": b"d", "2_A": b"b"}
    assert dumped.report[0] == "Aggregated pldStat=0x83"
    assert dumped.report[1] == "Number of non zero content dumped flows: 2 [100.00%]"
    assert dumped.report[2].startswith(f"[WRN] 1 attempts to open a file failed, first '{place}': ")


# ------------------------------------------------------------------ whole runs

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data" / "exercise.pcap.gz"


def test_captures_of_one_call_do_not_destroy_each_others_files(
    t2tui: Callable[..., Any], tmp_path: Path
) -> None:
    for name in ("first", "second"):
        (tmp_path / f"{name}.pcap.gz").write_bytes(SAMPLE.read_bytes())
    words = ["run", "first.pcap.gz", "second.pcap.gz", "-p", "payloadDumper"]
    words += ["-D", "payloadDumper.PLDUMP_FOLDER=p", "-D", "payloadDumper.PLDUMP_TCP_PORTS={21}"]
    for _ in range(2):
        ran = t2tui(*words)
        assert ran.returncode == 0, ran.stderr
        assert "payloadDumper: Files of this run: 'p/second_payloads'" in ran.stdout.splitlines()
        names = {str(path.relative_to(tmp_path / "p")) for path in (tmp_path / "p").rglob("*_[AB]")}
        assert names == {"35_A", "35_B", "second_payloads/35_A", "second_payloads/35_B"}


def test_a_refused_folder_ends_the_run(t2tui: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "notes").write_text("mine")
    ran = t2tui(
        "run", SAMPLE, "-w", "out", "-p", "payloadDumper,txtSink", "-D", "payloadDumper.PLDUMP_FOLDER=p"
    )
    assert ran.returncode == 1
    assert "it holds files that this program did not write (notes)" in ran.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p"]
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == ["notes"]


def test_a_run_that_fails_gives_the_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = PayloadDumper(settings(tmp_path / "p"))

    def broken(*words: object) -> int:
        raise OSError(28, os.strerror(28))

    before = sorted(Path("/dev/fd").iterdir())
    engine = Engine(str(SAMPLE), RunOptions(), SimpleNamespace(prefix="x"), [plugin])
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", broken)
        with pytest.raises(OutputError, match="free some space"):
            engine.run()
    engine.close()
    assert sorted(Path("/dev/fd").iterdir()) == before
    again = PayloadDumper(settings(tmp_path / "p"))
    engine = Engine(str(SAMPLE), RunOptions(), SimpleNamespace(prefix="x"), [again])
    engine.run()
    engine.close()
    assert again.file_count > 50


def test_dump_gives_the_files_of_chosen_flows(tmp_path: Path) -> None:
    count = dump(str(SAMPLE), (), tmp_path / "all", tcp_states=False, PLDUMP_TCP_PORTS=(25, 21))
    assert count == 44
    assert dump(str(SAMPLE), [35, 12], tmp_path / "some", tcp_states=False) == 4
    everything, some = contents(tmp_path / "all"), contents(tmp_path / "some")
    assert some == {name: everything[name] for name in ("12_A", "12_B", "35_A", "35_B")}
    with pytest.raises(SettingsError, match="PLDUMP_TPC"):
        dump(str(SAMPLE), [1], tmp_path / "none", PLDUMP_TPC=1)


# ------------------------------------------------------------------ the reference

BEYOND_THE_PACKET = {
    "odd_006.pcap": {"63_A"},
    "odd_010.pcap": {"29_A"},
    "odd_033.pcap": {"65_A"},
    "odd_044.pcap": {"11_A"},
}
"""Payloads of 65 kB of packets of some hundred bytes: the reference writes what its memory holds there."""

LARGEST_ON_DISK = 1 << 21
"""Bytes that the blocks of the largest file take; one file has 380 MB, nearly all of them a hole."""

Listed = dict[str, list[str]]
"""Size and SHA-256 of files by name."""


def dumped_files(folder: Path) -> Listed:
    """Return what was dumped."""
    found = {}
    for path in folder.iterdir():
        if path.name != MARKER:
            with path.open("rb") as file:
                found[path.name] = [str(path.stat().st_size), hashlib.file_digest(file, "sha256").hexdigest()]
    return found


def files_of_the_reference(name: str) -> Listed:
    """Return what the reference dumped; a capture without payload has no list."""
    path = GOLDEN / "expected" / "full" / name / "payloads.tsv"
    lines = path.read_text().splitlines() if path.exists() else []
    return {file: rest for file, *rest in (line.split("\t") for line in lines)}


@needs_golden
@pytest.mark.golden
@pytest.mark.parametrize("group", range(GROUPS))
def test_files_are_those_of_the_reference(group: int, tmp_path: Path) -> None:
    """The columns and report lines of the same captures are compared in tests/golden/test_parity.py."""
    compared = 0
    for name in members(sorted(path.name for path in (GOLDEN / "expected" / "full").iterdir()), group):
        folder = tmp_path / name
        try:
            dump(str(GOLDEN / "captures" / name), (), folder, PLDUMP_L2=0)
        except UnsupportedLinkTypeError:
            assert contents(folder) == {}
            continue
        got, expected = dumped_files(folder), files_of_the_reference(name)
        for file in BEYOND_THE_PACKET.get(name, ()):
            assert got[file][0] == expected[file][0], f"{name}: size of {file}"
            got[file] = expected[file]
        assert got == expected, name
        for path in folder.iterdir():
            assert path.stat().st_blocks * 512 < LARGEST_ON_DISK, path
            path.unlink()
        compared += len(expected)
    assert compared > 50
