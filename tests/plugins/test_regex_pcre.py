"""Rules select packets, search them, and depend on each other, as a plain model says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from t2tui.core.alarms import OR, Alarms
from t2tui.core.flowstat import FL_ALARM
from t2tui.core.layout import KIND_IPV4, KIND_LAYER2
from t2tui.core.settings import load_settings
from t2tui.plugins.regex_pcre import RegexPcre

L7 = 0x80000000
HEADERS = 60
"""Bytes of each made packet before its payload: 14, 20 and 26."""


@dataclass(frozen=True)
class Rule:
    """A line of a rule file."""

    regex: bytes
    id: int = 1
    predecessors: tuple[int, ...] = ()
    flags: int = 0x10
    kind: int = 2
    severity: int = 3
    selection: int = L7
    mode: int = 0
    status: int = 0
    proto: int = 0
    src_port: int = 0
    dst_port: int = 0
    offset: int = 0

    def line(self) -> bytes:
        numbers = (
            *(
                f"{self.id}",
                ",".join(map(str, self.predecessors)) or "0",
                f"0x{self.flags:02x}",
                f"{self.kind}",
            ),
            *(f"{self.severity}", f"0x{self.selection:08x}", f"0x{self.mode:08x}", f"0x{self.status:08x}"),
            *(f"{self.proto}", f"{self.src_port}", f"{self.dst_port}", f"{self.offset}"),
        )
        return "\t".join(numbers).encode() + b"\t" + self.regex + b"\n"


@dataclass(frozen=True)
class Packet:
    """A packet and its flow."""

    payload: bytes
    flow: int = 0
    proto: int = 6
    src_port: int = 1000
    dst_port: int = 80
    status: int = 0


@dataclass
class Outcome:
    """What the plugin wrote."""

    flows: dict[int, str]
    packets: list[tuple[str, str]]
    plugin: RegexPcre
    run: Any
    records: Any = field(repr=False, default=None)


@pytest.fixture
def search(
    tmp_path: Path,
    make_run: Callable[..., Any],
    make_packets: Callable[..., Any],
    lines_of: Callable[..., Any],
) -> Callable[..., Outcome]:
    def run_rules(rules: Sequence[Rule] | bytes, packets: Sequence[Packet], **flags: Any) -> Outcome:
        path = tmp_path / "rules.txt"
        path.write_bytes(rules if isinstance(rules, bytes) else b"".join(rule.line() for rule in rules))
        flags = {"RGX_POSIX_FILE": path, **flags}
        assignments = [f"regex_pcre.{name}={value}" for name, value in flags.items()]
        chosen = load_settings({"regex_pcre": RegexPcre.flags}, None, assignments, {})["regex_pcre"]
        plugin = RegexPcre(chosen)
        run = make_run(plugin, packet_mode=True, alarms=Alarms(OR))
        ends = np.cumsum([HEADERS + len(packet.payload) for packet in packets])
        data = np.frombuffer(b"".join(b"." * HEADERS + packet.payload for packet in packets), np.uint8)
        lengths = np.array([len(packet.payload) for packet in packets])
        records = make_packets(
            [packet.flow for packet in packets],
            pktNo=np.arange(1, len(packets) + 1),
            base=ends - lengths - HEADERS,
            caplen=HEADERS + lengths,
            l3=14,
            l4=34,
            l7=HEADERS,
            snapL3Len=lengths + 46,
            snapL4Len=lengths + 26,
            snapL7Len=lengths,
            kind=KIND_IPV4,
            l4Proto=[packet.proto for packet in packets],
            srcPort=[packet.src_port for packet in packets],
            dstPort=[packet.dst_port for packet in packets],
            flowStat=[packet.status for packet in packets],
        )
        plugin.on_packets(records, data)
        rows = list(range(len(packets)))
        cells = lines_of(plugin.packet_fields(records), [packet.flow for packet in packets], rows)
        slots = sorted({packet.flow for packet in packets})
        run.alarms.begin(len(slots))
        plugin.on_released(np.array(slots, np.int32))
        flows = lines_of(plugin.flow_fields(), slots)
        lists = {slot: list(cell.values())[1] for slot, cell in zip(slots, flows, strict=True)}
        for cell in (*flows, *cells):
            count, listed = cell.values()
            assert int(count) == len(listed.split(";") if listed else [])
        return Outcome(lists, [tuple(cell.values()) for cell in cells], plugin, run, records)  # type: ignore[misc]

    return run_rules


class Model:
    """The rules in plain words."""

    def __init__(self, rules: Sequence[Rule], most: int) -> None:
        self.rules, self.most = rules, most
        self.matched = [False] * len(rules)
        self.stored: dict[int, list[Rule]] = {}

    def packet(self, packet: Packet) -> list[Rule]:
        found = []
        for number, rule in enumerate(self.rules):
            kept = self.stored.setdefault(packet.flow, [])
            if len(kept) < self.most and self.fits(rule, packet) and self.allowed(rule):
                self.mark(number)
                kept.append(rule)
                found.append(rule)
        return found

    def fits(self, rule: Rule, packet: Packet) -> bool:
        selection = rule.selection
        wrong = [
            selection & 1 and packet.dst_port != rule.dst_port,
            selection & 2 and packet.src_port != rule.src_port,
            selection & 4 and packet.proto != rule.proto,
            selection & 8 and packet.status & rule.status != rule.status,
            not selection & L7,
        ]
        return not any(wrong) and len(packet.payload) > 0 and rule.regex in packet.payload[rule.offset :]

    def allowed(self, rule: Rule) -> bool:
        marks = [self.matched[number - 1] for number in rule.predecessors]
        if not marks:
            return True
        return {0: True, 1: all(marks), 2: any(marks), 3: not any(marks)}[rule.flags & 3]

    def mark(self, number: int) -> None:
        if self.rules[number].flags & 0x44 != 0x44:
            self.matched[number] = True
            return
        pending, seen = [number], set()
        while pending:
            at = pending.pop()
            if at not in seen:
                seen.add(at)
                self.matched[at] = False
                pending += [before - 1 for before in self.rules[at].predecessors]


def text(rules: Sequence[Rule]) -> str:
    return ";".join(f"{rule.id}_{rule.kind}_{rule.severity}" for rule in rules)


@st.composite
def rule_files(draw: Any) -> list[Rule]:
    count = draw(st.integers(1, 5))
    small = st.integers(0, 1)
    return [
        Rule(
            draw(st.sampled_from([b"a", b"b", b"ab", b"ba"])),
            id=number + 1,
            predecessors=tuple(draw(st.lists(st.integers(1, count), max_size=4))),
            flags=draw(st.sampled_from([0, 0x10]))
            | draw(st.integers(0, 7))
            | draw(st.sampled_from([0, 0x40])),
            kind=draw(st.integers(0, 255)),
            severity=draw(st.integers(0, 255)),
            selection=draw(st.integers(0, 15)) | draw(st.sampled_from([L7, L7, 0])),
            status=draw(st.integers(0, 3)),
            proto=6 + draw(small),
            src_port=1000 + draw(small),
            dst_port=80 + draw(small),
            offset=draw(st.integers(0, 3)),
        )
        for number in range(count)
    ]


packet_lists = st.lists(
    st.builds(
        Packet,
        st.text("ab.", max_size=6).map(str.encode),
        st.integers(0, 2),
        st.integers(6, 7),
        st.integers(1000, 1001),
        st.integers(80, 81),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=rule_files(), packets=packet_lists, most=st.integers(1, 6))
def test_matches_are_those_of_the_model(
    search: Callable[..., Outcome], rules: list[Rule], packets: list[Packet], most: int
) -> None:
    model = Model(rules, most)
    expected = [model.packet(packet) for packet in packets]
    outcome = search(rules, packets, MAXREGPOS=most)
    assert [listed for _, listed in outcome.packets] == [text(found) for found in expected]
    for slot, listed in outcome.flows.items():
        assert listed == text([rule for rule in model.stored.get(slot, []) if rule.flags & 0x10])
    counts = [sum(bool(rule.flags & 0x10) for rule in found) for found in model.stored.values()]
    assert (outcome.run.alarms.count, outcome.run.alarms.flows) == (sum(counts), sum(map(bool, counts)))
    report = list(outcome.plugin.report())
    if sum(counts):
        worst = max(rule.severity for found in model.stored.values() for rule in found)
        assert report[0].startswith(f"{sum(counts)} alarms in {sum(map(bool, counts))} flows [")
        assert report[0].endswith(f"with max severity {worst}")
    else:
        assert report == []


@pytest.mark.parametrize(
    ("selection", "offset", "regex", "position"),
    [
        (1 << 28, 58, rb"^\.\.x", 0),
        (1 << 29, 44, rb"x", 2),
        (1 << 30, 0, rb"x", 26),
        (1 << 31, 1, rb"^y$", 0),
    ],
)
def test_the_search_begins_at_a_layer_and_an_offset(
    search: Callable[..., Outcome], selection: int, offset: int, regex: bytes, position: int
) -> None:
    rule = Rule(regex, selection=selection, offset=offset)
    outcome = search([rule], [Packet(b"xy")], EXPERTMODE=1)
    assert outcome.flows[0] == f"1_2_3_1_{position}"


def test_an_offset_behind_the_packet_finds_nothing(search: Callable[..., Outcome]) -> None:
    assert search([Rule(b"^", offset=2), Rule(b".*", offset=9)], [Packet(b"xy")]).flows[0] == ""


def test_an_empty_match_is_none(search: Callable[..., Outcome]) -> None:
    assert search([Rule(b"x*"), Rule(b"b*$", id=2)], [Packet(b"ab")]).flows[0] == "2_2_3"


def test_modes_are_those_of_the_rule_only_where_it_says_so(search: Callable[..., Outcome]) -> None:
    own = Rule(b"a.B", id=2, mode=1, selection=L7 | 1 << 27)
    assert search([Rule(b"a.b", mode=1), own], [Packet(b"A\nB a\nb")]).flows[0] == "1_2_3"
    assert search([Rule(b"a.b", mode=1), own], [Packet(b"AxB")]).flows[0] == "2_2_3"
    assert search([Rule(b"a.b")], [Packet(b"AxB")], REGEX_MODE=1).flows[0] == "1_2_3"


def test_with_aggr_a_rule_counts_once_per_flow(search: Callable[..., Outcome]) -> None:
    packets = [Packet(b"a"), Packet(b"a", flow=1), Packet(b"ab"), Packet(b"a", flow=1)]
    assert search([Rule(b"a"), Rule(b"b", id=2)], packets, AGGR=1).flows == {0: "1_2_3;2_2_3", 1: "1_2_3"}


def test_the_alarm_bit_is_seen_from_the_next_packet_of_the_flow_on(search: Callable[..., Outcome]) -> None:
    packets = [Packet(b"x"), Packet(b"a"), Packet(b"a", flow=1), Packet(b"x"), Packet(b"x", flow=2)]
    outcome = search([Rule(b"a", flags=0)], packets, SALRMFLG=1)
    alarmed = outcome.records["flowStat"] & np.uint64(FL_ALARM) != 0
    assert alarmed.tolist() == [False, False, False, True, False]
    assert outcome.records["alarm"].tolist() == [0, 1, 1, 1, 0]
    flows = outcome.run.flows.records["flowStat"] & np.uint64(FL_ALARM) != 0
    assert flows[:3].tolist() == [True, True, False]
    assert outcome.plugin.status == FL_ALARM
    assert search([Rule(b"a")], packets).plugin.status == 0


def test_layer_2_and_packets_without_flow_are_not_searched(
    search: Callable[..., Outcome], make_packets: Callable[..., Any]
) -> None:
    outcome = search([Rule(b"a")], [Packet(b"a")])
    for columns in ({"kind": KIND_LAYER2}, {"kind": KIND_IPV4, "flow": -1}):
        records = outcome.records.copy()
        records["isNew"] = 0
        for name, value in columns.items():
            records[name] = value
        outcome.plugin.on_packets(records, np.frombuffer(b"." * HEADERS + b"a", np.uint8))
        assert outcome.plugin.records["stored"].tolist() == [1] + [0] * 63


def test_a_new_flow_in_a_slot_begins_without_matches(search: Callable[..., Outcome]) -> None:
    outcome = search([Rule(b"a")], [Packet(b"a")])
    outcome.plugin.on_packets(outcome.records, np.frombuffer(b"." * HEADERS + b"a", np.uint8))
    assert outcome.plugin.records["count"][0] == 1


def test_comments_blanks_and_line_ends_of_windows(search: Callable[..., Outcome]) -> None:
    line = Rule(b"^a$").line().replace(b"\n", b"\r\n")
    assert search(b"# x\n\n 1\t2\n\t\n" + line, [Packet(b"a")]).flows[0] == "1_2_3"


GOOD = Rule(b"a").line()


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (b"1\t0\n", "line 1: expected 13 fields"),
        (GOOD + Rule(b"").line(), "line 2: expected 13 fields"),
        (GOOD.replace(b"1", b"x", 1), "line 1: ID must be a number, not 'x'"),
        (GOOD.replace(b"1", b"70000", 1), "line 1: ID must be from 0 to 65535"),
        (GOOD + Rule(b"(a", id=7).line(), "line 2: ID 7: missing ) at position 0"),
        (Rule(b"a", predecessors=(2,)).line(), "line 1: ID 1: there is no rule 2"),
        (Rule(b"a", predecessors=(1,) * 5).line(), "line 1: 5 predecessors, 4 are allowed"),
        (Rule(b"a" * 500).line(), "line 1: regex has 500 bytes"),
        (Rule(b"(a").line() + b"1\n", "line 1: ID 1: missing ) at position 0 (2 faults in all)"),
    ],
)
def test_a_file_with_faults_is_refused_with_file_and_line(
    search: Callable[..., Outcome], tmp_path: Path, rules: bytes, message: str
) -> None:
    with pytest.raises(OSError, match="RGX_POSIX_FILE") as refused:
        search(rules, [Packet(b"a")])
    assert message in str(refused.value.strerror)
    assert refused.value.filename == str(tmp_path / "rules.txt")


def test_rules_that_do_not_compile_are_named_in_the_report(
    tmp_path: Path, make_run: Callable[..., Any]
) -> None:
    path = tmp_path / "rules.txt"
    path.write_bytes(GOOD + Rule(b"ab(?R)", id=9).line())
    assignments = [f"regex_pcre.RGX_POSIX_FILE={path}"]
    plugin = RegexPcre(load_settings({"regex_pcre": RegexPcre.flags}, None, assignments, {})["regex_pcre"])
    told: list[str] = []
    with pytest.raises(OSError):
        make_run(plugin, tell=told.append)
    assert told == ["[WRN] regex_pcre: PCRE ignored - # 2, ID 9, @ 2: (?R) is not supported"]


def test_a_missing_file_is_an_error(make_run: Callable[..., Any], monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError) as error:
        make_run(RegexPcre())
    assert error.value.filename == "regexfile.txt"
    assert str(error.value.strerror).startswith("No such file or directory; regex_pcre reads its rules from")
    assert "-D regex_pcre.RGX_POSIX_FILE=FILE" in str(error.value.strerror)


def test_expert_columns_name_packet_position_and_time(search: Callable[..., Outcome]) -> None:
    outcome = search([Rule(b"b")], [Packet(b"x"), Packet(b"ab")], EXPERTMODE=1, PKTTIME=1)
    names = [column.name for column, _ in outcome.plugin.flow_fields()]
    assert names == ["rgxCnt", "rgxRID_cType_sev_pktN_bPos_time"]
    assert outcome.flows[0] == "1_2_3_2_1_0.000000000"
