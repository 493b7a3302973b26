"""dnsDecode: well-formed messages against dpkt, anything else against its own bounds."""

import ipaddress
import struct
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import dpkt
import numpy as np
import pytest
from dpkt.dns import DNS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from t2tui.core.flowstat import FL_ALARM
from t2tui.core.layout import FRAG_LATER
from t2tui.core.text.escape import quote_string
from t2tui.plugins.base import Run
from t2tui.plugins.dnsdecode import DnsDecode
from t2tui.plugins.dnsdecode_memory import UNIT
from tests.plugins.conftest import BATCH, SLOTS

TCP, UDP = 6, 17
FACTORIES = [HealthCheck.function_scoped_fixture]  # fixtures that make something new at each call
LABELS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=20)
NAMES = st.lists(LABELS, min_size=1, max_size=6).map(".".join)
SHORT = st.integers(0, 0xFFFF)
LONG = st.integers(0, 0xFFFFFFFF)


class Decoder:
    """A plugin in a run without capture; one packet after the other."""

    def __init__(self, make_run: Callable[..., Run], **changed: Any) -> None:
        run_options = {name: changed.pop(name) for name in ("packet_mode", "force_mode") if name in changed}
        self.plugin = DnsDecode()
        for name, value in changed.items():
            assert hasattr(self.plugin.settings, name)
            setattr(self.plugin.settings, name, value)
        self.run = make_run(self.plugin, **run_options)

    def batch(self, packets: NDArray[Any], messages: list[bytes]) -> NDArray[Any]:
        """Decode packets that hold messages; ``snapL7Len`` may be smaller than what is there."""
        lengths = [len(message) for message in messages]
        packets["base"] = np.cumsum([7, *lengths])[:-1]
        for name in ("snapL7Len", "l7Len"):
            packets[name] = np.where(packets[name] > 0, packets[name], lengths)
        data = np.frombuffer(bytearray(bytes(7) + b"".join(messages) + b"\xff" * 64), np.uint8)
        self.run.row = 0
        self.plugin.on_packets(packets, data)
        return packets

    def end(self, *slots: int) -> None:
        self.plugin.on_released(np.array(slots, np.int32))


@pytest.fixture
def decoder(make_run: Callable[..., Run]) -> Callable[..., Decoder]:
    return lambda **changed: Decoder(make_run, **changed)


@pytest.fixture
def flow_of(
    decoder: Callable[..., Decoder], make_packets: Callable[..., Any], lines_of: Callable[..., Any]
) -> Callable[..., dict[str, str]]:
    """Columns of a flow made of messages."""

    def flow(*messages: bytes, port: int = 53, proto: int = UDP, **more: Any) -> dict[str, str]:
        changed = {name: more.pop(name) for name in list(more) if name.startswith("DNS_")}
        made = decoder(**changed)
        packets = make_packets([5] * len(messages), srcPort=port, dstPort=40000, l4Proto=proto, **more)
        made.batch(packets, list(messages))
        made.end(5)
        (line,) = lines_of(made.plugin.flow_fields(), [5])
        return line

    return flow


def name_bytes(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def message(
    *sections: bytes, counts: tuple[int, int, int, int] = (1, 0, 0, 0), header: int = 0x8180
) -> bytes:
    return struct.pack(">6H", 0x0707, header, *counts) + b"".join(sections)


def question(name: str, kind: int = 1) -> bytes:
    return name_bytes(name) + struct.pack(">HH", kind, 1)


def record(name: bytes, kind: int, data: bytes, ttl: int = 60) -> bytes:
    return name + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


@st.composite
def rrs(draw: Any) -> DNS.RR:
    kinds = {
        dpkt.dns.DNS_A: {"ip": st.binary(min_size=4, max_size=4)},
        dpkt.dns.DNS_AAAA: {"ip6": st.binary(min_size=16, max_size=16)},
        dpkt.dns.DNS_NS: {"nsname": NAMES},
        dpkt.dns.DNS_CNAME: {"cname": NAMES},
        dpkt.dns.DNS_PTR: {"ptrname": NAMES},
        dpkt.dns.DNS_MX: {"preference": SHORT, "mxname": NAMES},
        dpkt.dns.DNS_SRV: {"priority": SHORT, "weight": SHORT, "port": SHORT, "srvname": NAMES},
        dpkt.dns.DNS_TXT: {
            "text": st.lists(st.text("abc =", max_size=99).map(str.encode), min_size=1, max_size=1)
        },
    }
    kind = draw(st.sampled_from(list(kinds)))
    parts = {name: draw(strategy) for name, strategy in kinds[kind].items()}
    return DNS.RR(name=draw(NAMES), type=kind, cls=1, ttl=draw(st.integers(0, 0xFFFF)), **parts)


LAST = DNS.RR(name="last", ttl=1, ip=bytes(4))
"""The reference does not read records whose data have less than four bytes up to the end of the message."""

RESPONSES = st.builds(
    lambda queries, an, ns, ar: DNS(
        op=0x8180, qd=[DNS.Q(name=name, type=kind) for name, kind in queries], an=an, ns=ns, ar=[*ar, LAST]
    ),
    st.lists(st.tuples(NAMES, SHORT), min_size=1, max_size=4),
    *[st.lists(rrs(), max_size=5)] * 3,
)

POINTED = {"nsname", "cname", "ptrname", "mxname", "srvname"}


def pointed(rr: DNS.RR) -> str:
    """The name or text that a record's data hold."""
    found = [getattr(rr, attribute) for attribute in POINTED if hasattr(rr, attribute)]
    return found[0] if found else rr.text[0] if rr.type == dpkt.dns.DNS_TXT else ""


def joined(values: Iterator[Any]) -> str:
    return ";".join(map(str, values))


@given(response=RESPONSES)
@settings(max_examples=60, suppress_health_check=FACTORIES)
def test_a_response_is_read_as_dpkt_reads_it(flow_of: Callable[..., dict[str, str]], response: DNS) -> None:
    octets = bytes(response)
    line = flow_of(octets)
    read = DNS(octets)
    records = [*read.an, *read.ns, *read.ar]
    kinds = {rr.type for rr in records} | {q.type for q in read.qd}
    long = 0x0100 if len(octets) > 548 else 0
    special = {252: 0x80, 251: 0x40, 255: 0x20}
    status = 1 | long | sum(special.get(kind, 0) for kind in {q.type for q in read.qd})
    wanted = {
        "dnsStat": f"0x{status:04x}",
        "dnsHdrOPField": "0x8180",
        "dnsHFlg_OpC_RetC": "0x98_0x0001_0x0001",
        "dnsCntQu_Asw_Aux_Add": f"{len(read.qd)}_{len(read.an)}_{len(read.ns)}_{len(read.ar)}",
        "dnsQname": joined(f'"{q.name}"' for q in read.qd),
        "dnsQType": joined(q.type for q in read.qd),
        "dnsQClass": joined(q.cls & 0x7FFF for q in read.qd),
        "dnsAname": joined(f'"{rr.name}"' for rr in records),
        "dnsAPname": joined(f'"{pointed(rr)}"' for rr in records),
        "dnsAType": joined(rr.type for rr in records),
        "dnsAClass": joined(rr.cls for rr in records),
        "dnsATTL": joined(rr.ttl for rr in records),
        "dnsMXpref": joined(rr.preference[0] if rr.type == dpkt.dns.DNS_MX else 0 for rr in records),
    }
    for column, attribute in {"prio": "priority", "wgt": "weight", "prt": "port"}.items():
        wanted[f"dnsSRV{column}"] = joined(getattr(rr, attribute, 0) for rr in records)
    if 1 in kinds:
        wanted["dns4Aaddress"] = joined(ipaddress.ip_address(getattr(rr, "ip", bytes(4))) for rr in records)
    if {1, 28} <= kinds:
        v6 = (getattr(rr, "ip6", bytes(16)) for rr in records)
        mine = line.pop("dns6Aaddress")
        assert [ipaddress.ip_address(text) for text in mine.split(";") if text] == list(
            map(ipaddress.ip_address, v6)
        )
    assert {name: line[name] for name in wanted} == wanted


# ---------------------------------------------------------------------- hostile messages


@st.composite
def mutated(draw: Any) -> bytes:
    """A response with some bytes changed, cut, or pieces put elsewhere."""
    octets = bytearray(bytes(draw(RESPONSES)))
    for _ in range(draw(st.integers(0, 8))):
        at = draw(st.integers(0, len(octets) - 1))
        octets[at] = draw(st.sampled_from([0, 1, 12, 0x3F, 0x40, 0xC0, 0xFF]) | st.integers(0, 255))
    if draw(st.booleans()):
        del octets[draw(st.integers(0, len(octets) - 1)) :]
    return bytes(octets)


MESSAGES = st.lists(mutated() | st.binary(max_size=80), min_size=1, max_size=6)


def free_units(plugin: DnsDecode) -> int:
    """Units of the pool in blocks that nobody uses, found by walking the chains."""
    pool = plugin._work.pool
    total = 0
    for size, unit in enumerate(pool.free.tolist()):
        seen = set()
        while unit >= 0:
            assert unit not in seen
            seen.add(unit)
            total += 1 << (size - 1)
            unit = int(pool.links[unit * (UNIT // 8)])
    return total


@given(
    flows=st.lists(
        st.tuples(MESSAGES, st.sampled_from([53, 137, 5353]), st.sampled_from([TCP, UDP])),
        min_size=1,
        max_size=5,
    ),
    snap=st.integers(0, 200),
)
@settings(max_examples=80, suppress_health_check=FACTORIES)
def test_whatever_is_sent_memory_is_given_back(
    make_run: Callable[..., Run],
    make_packets: Callable[..., Any],
    lines_of: Callable[..., Any],
    flows: list[tuple[list[bytes], int, int]],
    snap: int,
) -> None:
    made = Decoder(make_run, packet_mode=True)
    for slot, (messages, port, proto) in enumerate(flows):
        packets = make_packets([slot] * len(messages), srcPort=port, dstPort=port, l4Proto=proto)
        packets["tcpFlags"] = 2
        captured = [len(each) if snap < 20 else min(len(each), snap) for each in messages]
        packets["snapL7Len"] = packets["l7Len"] = captured
        packets["seq"] = np.cumsum([0, *captured])[:-1]
        made.batch(packets, messages)
        assert len(lines_of(made.plugin.packet_fields(packets), [slot] * len(messages), range(len(messages))))
    slots = list(range(len(flows)))
    made.end(*slots)
    for line in lines_of(made.plugin.flow_fields(), slots):
        assert line["dnsAname"].count('";"') < 20
        assert line["dnsAType"].count(";") < 20
        assert line["dnsQType"].count(";") < 15
    made.batch(make_packets(slots, srcPort=1, dstPort=2, l4Proto=UDP), [b""] * len(slots))
    assert free_units(made.plugin) == int(made.plugin._work.pool.used[0])
    assert not made.plugin.stats.any()


@pytest.mark.parametrize(
    ("name", "status"),
    [
        (b"\xc0\x0c", 0x3001),  # itself
        (b"\xc0\xff", 0x3001),  # ahead
        (b"\x40a\0", 0x3001),  # reserved kind of label
        (b"\xc0\x00", 0x1001),  # the header
        (b"\x3f" + b"a" * 20, 0x1001),  # cut
        (b"".join(b"\x3f" + b"a" * 63 for _ in range(4)) + b"\0", 0x1001),  # 255 characters
    ],
)
def test_wrong_names_end_the_decoding_of_a_message(
    flow_of: Callable[..., dict[str, str]], name: bytes, status: int
) -> None:
    line = flow_of(message(name + b"\0\1\0\1\0\0\0\0"))
    assert line["dnsStat"] == f"0x{status:04x}"
    assert (line["dnsQname"], line["dnsQType"]) == ("", "")


def test_a_name_of_253_characters_is_whole(flow_of: Callable[..., dict[str, str]]) -> None:
    name = ".".join(["a" * 63] * 3 + ["b" * 61])
    assert flow_of(message(question(name)))["dnsQname"] == f'"{name}"'


def test_a_name_follows_so_many_pointers(flow_of: Callable[..., dict[str, str]]) -> None:
    for pointers, status in ((128, "0x0301"), (129, "0x3301")):
        # one record of a type that is not decoded holds the chain, the next one's name begins at its end
        first = record(b"\1x\0", 99, b"\1y\0" + b"".join(struct.pack(">H", 0xC000 | at) for at in ()))
        start = 12 + len(question("q")) + len(first) - 3
        chain = b"\1y\0"
        for k in range(pointers - 1):
            chain += struct.pack(">H", 0xC000 | (start if k == 0 else start + 3 + 2 * (k - 1)))
        head = record(b"\1x\0", 99, chain + bytes(600))
        last = struct.pack(">H", 0xC000 | (start + 3 + 2 * (pointers - 2)))
        sections = question("q") + head + record(last, 1, b"\1\2\3\4")
        line = flow_of(message(sections, counts=(1, 2, 0, 0)))
        assert line["dnsStat"] == status
        assert line["dnsAname"] == ('"x";"y"' if status == "0x0301" else "")


def test_a_header_that_announces_more_than_fits_ends_the_decoding(
    flow_of: Callable[..., dict[str, str]],
) -> None:
    for answers, status in ((3, "0x0001"), (4, "0x8001")):
        octets = message(question("a.b"), counts=(1, answers, 0, 0)) + bytes(8)
        assert 5 + 13 * answers - 16 <= len(octets) or status == "0x8001"
        assert flow_of(octets)["dnsStat"] == status


# ---------------------------------------------------------------------- what a flow keeps


def test_records_go_on_through_messages_and_queries_begin_anew(
    flow_of: Callable[..., dict[str, str]],
) -> None:
    answers = [
        message(question(f"q{k}"), record(b"\xc0\x0c", 1, bytes([10, 0, 0, k])), counts=(1, 1, 0, 0))
        for k in range(25)
    ]
    line = flow_of(*answers)
    assert line["dnsQname"] == '"q24"'
    assert line["dnsStat"] == "0x0801"
    assert line["dns4Aaddress"].split(";") == [f"10.0.0.{k}" for k in [*range(19), 24]]
    assert line["dnsCntQu_Asw_Aux_Add"] == "25_25_0_0"


def test_queries_beyond_the_slots_are_not_kept(flow_of: Callable[..., dict[str, str]]) -> None:
    octets = message(*(question(f"q{k}") for k in range(20)), counts=(20, 0, 0, 0))
    line = flow_of(octets)
    assert line["dnsStat"] == "0x0401"
    assert line["dnsQname"] == ";".join(f'"q{k}"' for k in range(15))
    few = flow_of(octets, DNS_QRECMAX=4)
    assert few["dnsQname"] == '"q0";"q1";"q2";"q3"'


@pytest.mark.parametrize(("mode", "shown"), [(0, ""), (1, ""), (2, "an"), (3, "an ns"), (4, "an ns ar")])
def test_mode_says_which_sections_are_decoded(
    flow_of: Callable[..., dict[str, str]], mode: int, shown: str
) -> None:
    sections = [record(name_bytes(name), 1, bytes(4)) for name in ("an", "ns", "ar")]
    line = flow_of(message(question("q"), *sections, counts=(1, 1, 1, 1)), DNS_MODE=mode)
    assert line["dnsQname"] == ('"q"' if mode else "")
    assert line["dnsAname"] == ";".join(f'"{name}"' for name in shown.split())


def test_ratio_of_bytes(flow_of: Callable[..., dict[str, str]]) -> None:
    octets = message(question("q"), record(b"\xc0\x0c", 16, b"\x07payload"), counts=(1, 1, 0, 0))
    wanted = np.float32(len(octets)) / np.float32(12 + len(question("q")))
    assert flow_of(octets)["dnsAAAqF"] == f"{float(wanted):.7g}"
    assert flow_of(message(question("q"), header=0x0100))["dnsAAAqF"] == "0"


@given(text=st.binary(max_size=255))
@settings(max_examples=40, suppress_health_check=FACTORIES)
def test_texts_are_escaped(flow_of: Callable[..., dict[str, str]], text: bytes) -> None:
    texts = record(b"\xc0\x0c", 16, bytes([len(text)]) + text)
    line = flow_of(message(question("q"), texts, record(b"\0", 1, bytes(4)), counts=(1, 2, 0, 0)))
    assert line["dnsAPname"] == quote_string(text).decode() + ';""'


def test_long_texts_survive_a_larger_pool(
    monkeypatch: pytest.MonkeyPatch,
    decoder: Callable[..., Decoder],
    make_packets: Callable[..., Any],
    lines_of: Callable[..., Any],
) -> None:
    monkeypatch.setattr("t2tui.plugins.dnsdecode.FIRST_UNITS", 64)
    made = decoder()
    texts = {slot: bytes([97 + slot % 26]) * 40000 for slot in range(SLOTS)}
    octets = [
        message(question("q"), record(b"\xc0\x0c", 16, text), counts=(1, 1, 0, 0)) for text in texts.values()
    ]
    made.batch(make_packets(list(texts), srcPort=53, dstPort=9, l4Proto=UDP), octets)
    assert made.run.columns_changed
    made.end(*texts)
    lines = lines_of(made.plugin.flow_fields(), list(texts))
    assert [line["dnsAPname"] for line in lines] == [f'"{text.decode()}"' for text in texts.values()]


def test_a_slot_is_taken_again_without_remains(
    decoder: Callable[..., Decoder], make_packets: Callable[..., Any], lines_of: Callable[..., Any]
) -> None:
    made = decoder()
    full = message(question("q", 1), record(b"\xc0\x0c", 1, bytes(4)), counts=(1, 1, 0, 0))
    made.batch(make_packets([3], srcPort=53, dstPort=9, l4Proto=UDP), [full])
    made.end(3)
    made.batch(make_packets([3], srcPort=53, dstPort=9, l4Proto=UDP), [bytes(20)])
    made.end(3)
    (line,) = lines_of(made.plugin.flow_fields(), [3])
    zeros = {"dnsStat": "0x0001", "dnsHdrOPField": "0x0000", "dnsHFlg_OpC_RetC": "0x00_0x0001_0x0001"}
    zeros |= {"dnsCntQu_Asw_Aux_Add": "0_0_0_0", "dnsAAAqF": "0"}
    assert line == dict.fromkeys(line, "") | zeros


# ---------------------------------------------------------------------- ports, fragments, TCP


@pytest.mark.parametrize(
    ("port", "status"), [(53, 1), (5353, 1), (5355, 1), (137, 3), (54, 0), (123, 0), (0, 0)]
)
def test_ports(flow_of: Callable[..., dict[str, str]], port: int, status: int) -> None:
    assert flow_of(message(question("q")), port=port)["dnsStat"] == f"0x{status:04x}"


def test_short_datagrams_and_later_fragments(flow_of: Callable[..., dict[str, str]]) -> None:
    assert flow_of(bytes(16))["dnsStat"] == "0xc001"
    assert flow_of(message(question("q")), frag=FRAG_LATER)["dnsQname"] == ""


def segments(octets: bytes, cuts: list[int]) -> list[bytes]:
    stream = struct.pack(">H", len(octets)) + octets
    edges = [0, *cuts, len(stream)]
    return [b"", *(stream[a:b] for a, b in pairwise(edges))]


def test_a_message_in_a_segment(flow_of: Callable[..., dict[str, str]]) -> None:
    parts = segments(message(question("www.q")), [])
    line = flow_of(*parts, proto=TCP, tcpFlags=2, seq=[9, 9])
    assert (line["dnsStat"], line["dnsQname"]) == ("0x0001", '"www.q"')


def test_a_gap_in_the_stream_ends_the_decoding(flow_of: Callable[..., dict[str, str]]) -> None:
    parts = segments(message(question("www.q")), [])
    assert flow_of(*parts, proto=TCP, tcpFlags=2, seq=[9, 10])["dnsStat"] == "0x8001"
    assert flow_of(*parts, proto=TCP, tcpFlags=0x18, seq=[9, 9])["dnsStat"] == "0x8001"


def test_a_message_in_two_segments_counts_once(flow_of: Callable[..., dict[str, str]]) -> None:
    octets = message(
        question("www.q"), record(b"\xc0\x0c", 16, bytes([200]) + b"x" * 200), counts=(1, 1, 0, 0)
    )
    parts = segments(octets, [150])
    line = flow_of(*parts, proto=TCP, tcpFlags=2, seq=[9, 9, 159])
    assert int(line["dnsStat"], 16) & 0x000C == 0x0004
    assert line["dnsCntQu_Asw_Aux_Add"] == "1_1_0_0"


# ---------------------------------------------------------------------- NetBIOS


def netbios(name: str, kind: int) -> str:
    octets = name.ljust(15).encode() + bytes([kind])
    return "".join(chr(0x41 + (byte >> 4)) + chr(0x41 + (byte & 15)) for byte in octets)


@given(
    name=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=1, max_size=15),
    kind=st.integers(0, 255),
)
@settings(max_examples=30, suppress_health_check=FACTORIES)
def test_netbios_names_are_decoded(flow_of: Callable[..., dict[str, str]], name: str, kind: int) -> None:
    line = flow_of(message(question(netbios(name, kind), 32)), port=137)
    assert line["dnsQname"] == f'"{name}<{"ffffff" if kind > 127 else ""}{kind:02x}>"'


# ---------------------------------------------------------------------- packets, alarms, report


def test_columns_of_packets(
    decoder: Callable[..., Decoder], make_packets: Callable[..., Any], lines_of: Callable[..., Any]
) -> None:
    made = decoder(packet_mode=True)
    records = [
        record(b"\xc0\x0c", 1, bytes([192, 0, 2, 1])),
        record(b"\xc0\x0c", 28, ipaddress.ip_address("2001:db8::1").packed),
        record(b"\xc0\x0c", 1, bytes([192, 0, 2, 2])),
    ]
    octets = [
        message(question("q"), header=0x0100),
        message(question("q"), *records, counts=(1, 3, 0, 0)),
        b"no DNS",
        b"",
    ]
    packets = make_packets([1, 2, 3, -1], srcPort=[9, 53, 80, 53], dstPort=[53, 9, 9, 9], l4Proto=UDP)
    made.batch(packets, octets)
    lines = lines_of(made.plugin.packet_fields(packets), [1, 2, 3], [0, 1, 2])
    assert [list(line.values()) for line in lines] == [
        ["", "0x0001", "0x0100", "1_0_0_0"],
        ["192.0.2.1;2001:db8::1;192.0.2.2;", "0x0001", "0x8180", "1_3_0_0"],
        ["", "0x0000", "", "0_0_0_0"],
    ]


@pytest.fixture
def domains(tmp_path: Any) -> str:
    path = tmp_path / "list.txt"
    path.write_text(
        "# list\nbad.example\t7\tMalware\n\nworse.example\t12\tBot net\na.bad.example\t3\tPhishing\n"
    )
    return str(path)


@pytest.mark.parametrize(("test", "count"), [(1, 2), (2, 3)])
def test_malicious_domains_raise_alarms(
    decoder: Callable[..., Decoder],
    make_packets: Callable[..., Any],
    lines_of: Callable[..., Any],
    domains: str,
    test: int,
    count: int,
) -> None:
    made = decoder(DNS_MAL_TEST=test, DNS_MAL_FILE=domains)
    first = message(question("worse.example"))
    second = message(*map(question, ("good.example", "bad.example", "worse.example")), counts=(3, 0, 0, 0))
    packets = make_packets([1, 1, 2, 1], srcPort=9, dstPort=53, l4Proto=UDP)
    made.batch(packets, [first, second, message(question("ba")), second[:-1] + b"\2"])
    made.end(1, 2)
    bad, good = lines_of(made.plugin.flow_fields(), [1, 2])
    assert bad["dnsMalType"] == '"";"Malware";"Bot net"'
    assert good["dnsMalType"] == '""'
    assert (bad["dnsMalCnt"], good["dnsMalCnt"]) == (str(count + 2 if test == 2 else count), "0")
    assert (made.run.alarms.count, made.run.alarms.flows) == (int(bad["dnsMalCnt"]), 1)
    assert made.plugin.status == FL_ALARM
    in_packet = [False, True, False, True] if test == 2 else [False] * 4
    assert [bool(stat & FL_ALARM) for stat in packets["flowStat"].tolist()] == in_packet
    assert bool(made.run.flows.records["flowStat"][1] & np.uint64(FL_ALARM)) == (test == 2)
    codes = decoder(DNS_MAL_TEST=test, DNS_MAL_FILE=domains, DNS_MAL_TYPE=0)
    codes.batch(make_packets([1], srcPort=9, dstPort=53, l4Proto=UDP), [second])
    codes.end(1)
    (line,) = lines_of(codes.plugin.flow_fields(), [1])
    assert line["dnsMalCode"] == "0;7;12"


@pytest.mark.parametrize("text", ["bad.example\n", "bad.example\tx\ty\n", "\t1\ty\n", "a\t99999999999\tb\n"])
def test_a_wrong_line_in_the_list_is_an_error_that_names_it(
    decoder: Callable[..., Decoder], tmp_path: Any, text: str
) -> None:
    path = tmp_path / "list.txt"
    path.write_text("good\t1\tx\n" + text)
    with pytest.raises(OSError, match=r"line 2: expected a domain.*list\.txt"):
        decoder(DNS_MAL_TEST=1, DNS_MAL_FILE=str(path))


def test_full_flows_are_ended_in_force_mode(
    decoder: Callable[..., Decoder], make_packets: Callable[..., Any]
) -> None:
    made = decoder(force_mode=True)
    many = message(*(question(f"q{k}") for k in range(20)), counts=(20, 0, 0, 0))
    made.batch(
        make_packets([1, 2, 3], srcPort=9, dstPort=53, l4Proto=UDP), [many, message(question("q")), many]
    )
    assert made.run.removals == [1, 3]


def test_report(decoder: Callable[..., Decoder], make_packets: Callable[..., Any]) -> None:
    made = decoder()
    assert list(made.plugin.report()) == []
    octets = [message(question("q"), header=0x0100), message(question("q")), message(question("q"))]
    made.batch(make_packets([1, 2, 2], srcPort=9, dstPort=53, l4Proto=UDP), octets)
    made.end(1, 2)
    made.run.packets = 4
    assert list(made.plugin.report()) == [
        "Aggregated dnsStat=0x0001",
        "Aggregated dnsHFlg=0x98",
        "Aggregated dnsOpC=0x0001",
        "Aggregated dnsRetC=0x0001",
        "Number of DNS packets: 3 [75.00%]",
        "Number of DNS Q packets: 1 [33.33%]",
        "Number of DNS R packets: 2 [66.67%]",
    ]


def test_batches_of_any_size_are_decoded(
    decoder: Callable[..., Decoder], make_packets: Callable[..., Any]
) -> None:
    made = decoder()
    packets = make_packets([k % SLOTS for k in range(BATCH)], srcPort=9, dstPort=53, l4Proto=UDP)
    made.batch(packets, [message(question("q"))] * BATCH)
    made.end(*range(SLOTS))
    assert f"Number of DNS packets: {BATCH}" in "\n".join(made.plugin.report())
