"""Expressions select the rows that plain Python selects from the text of the file."""

import ipaddress
import re
from collections.abc import Callable
from decimal import Decimal

import pytest

from t2tui.core.query import compile_filter
from t2tui.core.store import ColumnStore
from tests.core.query.rows import Row

Pair = tuple[ColumnStore, list[Row]]
Test = Callable[[Row], bool]

address = ipaddress.ip_address
LOCAL = ipaddress.ip_network("192.168.0.0/16")
PRIVATE = [LOCAL, ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("172.16.0.0/12")]
FIRST_NET = ipaddress.ip_network("192.168.1.0/24")
V4 = 0x0400000000004000


def is_local(row: Row) -> bool:
    """Whether one of the addresses is in LOCAL."""
    return row["srcIP"] in LOCAL or row["dstIP"] in LOCAL


FLOWS: list[tuple[str, Test]] = [
    ("$dstPort == 80 && $pktsSnt > 10", lambda r: r["dstPort"] == 80 and r["pktsSnt"] > 10),
    ("dstPort == 80 and pktsSnt > 10", lambda r: r["dstPort"] == 80 and r["pktsSnt"] > 10),
    ("$dstPort == 21 || $srcPort == 21", lambda r: 21 in (r["dstPort"], r["srcPort"])),
    ("not $dstPort == 80", lambda r: r["dstPort"] != 80),
    ("!tcp()", lambda r: r["l4Proto"] != 6),
    ("not(tcp())", lambda r: r["l4Proto"] != 6),
    ("udp() || icmp()", lambda r: r["l4Proto"] in (17, 1)),
    ("hdr() || $l4Proto == 6", lambda r: r["l4Proto"] == 6),
    ("flow(35)", lambda r: r["flowInd"] == 35),
    ('flow("8;10-12,20")', lambda r: r["flowInd"] in (8, 10, 11, 12, 20)),
    ("flow() > 30", lambda r: r["flowInd"] > 30),
    ('port("80;443")', lambda r: bool({80, 443} & {r["srcPort"], r["dstPort"]})),
    ("port() == 80", lambda r: 80 in (r["srcPort"], r["dstPort"])),
    ("sport(80)", lambda r: r["srcPort"] == 80),
    ('dport("0x50")', lambda r: r["dstPort"] == 80),
    ("proto(6)", lambda r: r["l4Proto"] == 6),
    ('host("143.166.11.10")', lambda r: "143.166.11.10" in (str(r["srcIP"]), str(r["dstIP"]))),
    ('shost("192.168.0.0/16")', lambda r: r["srcIP"] in LOCAL),
    ('dnet("192.168.0.0/16")', lambda r: r["dstIP"] in LOCAL),
    ("host(192.168.0.0/16) && !port(80)", lambda r: is_local(r) and 80 not in (r["srcPort"], r["dstPort"])),
    ("privip($srcIP)", lambda r: any(r["srcIP"] in network for network in PRIVATE)),
    (
        "ipinrange($dstIP, 192.168.1.0, 192.168.1.104)",
        lambda r: address("192.168.1.0") <= r["dstIP"] <= address("192.168.1.104"),
    ),
    ('ipinnet($dstIP, "192.168.1.0", 0xffffff00)', lambda r: r["dstIP"] in FIRST_NET),
    ("$srcIP == 192.168.1.105", lambda r: str(r["srcIP"]) == "192.168.1.105"),
    ('$srcIP > "192.168.1.0"', lambda r: r["srcIP"] > ipaddress.ip_address("192.168.1.0")),
    ("$srcIP < $dstIP", lambda r: r["srcIP"] < r["dstIP"]),
    (
        "$srcIP in (192.168.1.105, 143.0.0.0/8)",
        lambda r: str(r["srcIP"]).startswith(("192.168.1.105", "143.")),
    ),
    (r"$srcIP ~ /^192\.168\./", lambda r: str(r["srcIP"]).startswith("192.168.")),
    ('$srcIP !~ "^192"', lambda r: not str(r["srcIP"]).startswith("192")),
    ("bitsanyset($flowStat, 0x1)", lambda r: r["flowStat"] & 1 != 0),
    ("bitsallset($flowStat, 0x0400000000004001)", lambda r: r["flowStat"] & (V4 | 1) == V4 | 1),
    ("$flowStat & 1", lambda r: r["flowStat"] & 1 != 0),
    ("$flowStat >> 58 & 1 == 1 && $flowStat == 0x0400000000004000", lambda r: r["flowStat"] == V4),
    ("ipv4() && !ipv6()", lambda r: r["flowStat"] & 0x4000 != 0),
    ("$duration > 20.5", lambda r: r["duration"] > Decimal("20.5")),
    ("$timeLast - $timeFirst == $duration", lambda r: r["timeLast"] - r["timeFirst"] == r["duration"]),
    ("$timeFirst < 1258587000", lambda r: r["timeFirst"] < 1258587000),
    ("$timeFirst + 20 < $timeLast", lambda r: r["timeFirst"] + 20 < r["timeLast"]),
    ("$duration * 2 > 40.000000001", lambda r: r["duration"] * 2 > Decimal("40.000000001")),
    ("$l7BytesSnt > 1e3", lambda r: r["l7BytesSnt"] > 1000),
    ("$avgL7PktSz >= 0.5", lambda r: r["avgL7PktSz"] >= Decimal("0.5")),
    ("$pktAsm < 0", lambda r: r["pktAsm"] < 0),
    ("abs($pktAsm) > 0.1", lambda r: abs(r["pktAsm"]) > Decimal("0.1")),
    ("max2($pktsSnt, $pktsRcvd) > 100", lambda r: max(r["pktsSnt"], r["pktsRcvd"]) > 100),
    ("$pktsSnt - $pktsRcvd < -10", lambda r: r["pktsSnt"] - r["pktsRcvd"] < -10),
    ("$pktsSnt % 2 == 1", lambda r: r["pktsSnt"] % 2 == 1),
    ("$pktsSnt * 18446744073709551615 > 18446744073709551615 * 9", lambda r: r["pktsSnt"] > 9),
    ("$l7BytesSnt / $pktsSnt > 100.5", lambda r: r["l7BytesSnt"] / r["pktsSnt"] > 100.5),
    ("$dstPort in (21..25, 80)", lambda r: r["dstPort"] in (21, 22, 23, 24, 25, 80)),
    ("$dstPort not in (80)", lambda r: r["dstPort"] != 80),
    ('$dstPort in "80;1024-65535"', lambda r: r["dstPort"] == 80 or r["dstPort"] >= 1024),
    ("$dir == 'A'", lambda r: r["dir"] == "A"),
    ('$dir > "A"', lambda r: r["dir"] > "A"),
    ("$hdrDesc ~ /udp|tcp/i", lambda r: any(re.search("udp|tcp", d) for d in r["hdrDesc"])),
    ('$hdrDesc == "eth:ipv4:tcp"', lambda r: "eth:ipv4:tcp" in r["hdrDesc"]),
    ('$hdrDesc != "eth:ipv4:tcp"', lambda r: "eth:ipv4:tcp" not in r["hdrDesc"]),
    ("$srcMac == 00:08:74:38:01:b4", lambda r: "00:08:74:38:01:b4" in r["srcMac"]),
    ('smac("^00:08")', lambda r: any(m.startswith("00:08") for m in r["srcMac"])),
    ('mac("b4$")', lambda r: any(m.endswith("b4") for m in r["srcMac"] + r["dstMac"])),
    ("$vlanID == 5", lambda r: 5 in r["vlanID"]),
    ("strisempty($vlanID)", lambda r: r["vlanID:text"] == ""),
    ('$vlanID == ""', lambda r: r["vlanID:text"] == ""),
    ("isset($vlanID)", lambda r: r["vlanID:text"] != ""),
    ('$srcIPOrg ~ "Private"', lambda r: "Private" in r["srcIPOrg"]),
    ('containsi($srcIPOrg, "PRIVATE")', lambda r: "private" in r["srcIPOrg"].lower()),
    ('contains($srcIPOrg, "PRIVATE", 1)', lambda r: "private" in r["srcIPOrg"].lower()),
    ('hasprefix($srcIPOrg, "Priv")', lambda r: r["srcIPOrg"].startswith("Priv")),
    ('hassuffixi($srcIPOrg, "NETWORK")', lambda r: r["srcIPOrg"].lower().endswith("network")),
    ('streq($srcIPCC, "07")', lambda r: r["srcIPCC"] == "07"),
    ("strneq($dstIPCC, $srcIPCC)", lambda r: r["srcIPCC"] != r["dstIPCC"]),
    ('valcontains($hdrDesc, ":", "tcp")', lambda r: any("tcp" in d.split(":") for d in r["hdrDesc"])),
    ("bfeq($ethType, 2048)", lambda r: r["ethType"] == 2048),
    ('$ethType == "0x0800"', lambda r: r["ethType"] == 2048),
    ("$ethType ~ /^0x08/", lambda r: r["ethType:text"].startswith("0x08")),
    ('tcpflags("S!A")', lambda r: r["tcpFlags"] & 0x12 == 0x02),
    ('tcpflags("FS")', lambda r: r["tcpFlags"] & 0x03 == 0x03),
    ("tcpflags() ~ /^...A/", lambda r: r["tcpFlags"] & 0x10 != 0),
    (
        "tcp() ? $dstPort == 80 : $srcPort > 1000",
        lambda r: r["dstPort"] == 80 if r["l4Proto"] == 6 else r["srcPort"] > 1000,
    ),
    ("$pktsSnt", lambda r: r["pktsSnt"] != 0),
    ("$l7BytesSnt ** 2 > 1e12", lambda r: r["l7BytesSnt"] ** 2 > 10**12),
    ("2 ** 63 == 9223372036854775808 && -2 ** 2 == -4", lambda r: True),
    ("1 / 0 == 1 / 0 || 5 % 0 > 0", lambda r: False),
    ("$dstPort / 0 != 1", lambda r: True),
    ("log2($pktsSnt) >= 3", lambda r: r["pktsSnt"] >= 8),
    ("isip($srcIP) && isint($dstPort) && !isfloat($dstPort)", lambda r: True),
    ("$2 == 35", lambda r: r["flowInd"] == 35),
    ("unixTimeFirst < 1258587000", lambda r: r["timeFirst"] < 1258587000),
    ("$tcpRTTAckTripAvg > 0.0009", lambda r: r["tcpRTTAckTripAvg"] > Decimal("0.0009")),
    ("xor($flowStat, 0x4000) & 0xffff == 1", lambda r: (r["flowStat"] ^ 0x4000) & 0xFFFF == 1),
    ("1", lambda r: True),
    ("", lambda r: True),
]

PACKETS: list[tuple[str, Test]] = [
    ('packet("10-20")', lambda r: 10 <= r["pktNo"] <= 20),
    ("$time > 1258544215.5", lambda r: r["time"] > Decimal("1258544215.5")),
    ("$pktIAT > 0.5", lambda r: r["pktIAT"] > Decimal("0.5")),
    ("$pktIAT == 0.000120000", lambda r: r["pktIAT"] == Decimal("0.00012")),
    ("$hdrDesc ~ /tcp$/ && $l7Len > 0", lambda r: r["hdrDesc"].endswith("tcp") and r["l7Len"] > 0),
    ("$padLen != 0", lambda r: r["padLen"] != 0),
    ("$flowStat & 1 && $pktLen >= 1000", lambda r: r["flowStat"] & 1 and r["pktLen"] >= 1000),
    ("$seqDiff < 0", lambda r: r["seqDiff"] < 0 if r["seqDiff"] is not None else True),
    ("$seqDiff == 0", lambda r: r["seqDiff"] == 0),
    ("$srcIPOrg ~ /net/i", lambda r: "net" in r["srcIPOrg"].lower()),
]


@pytest.mark.parametrize(("text", "test"), FLOWS, ids=[text for text, _ in FLOWS])
def test_flows(flows: Pair, text: str, test: Test) -> None:
    store, rows = flows
    wanted = [number for number, row in enumerate(rows) if test(row)]
    assert store.filter(text).tolist() == wanted


@pytest.mark.parametrize(("text", "test"), PACKETS, ids=[text for text, _ in PACKETS])
def test_packets(packets: Pair, text: str, test: Test) -> None:
    store, rows = packets
    wanted = [number for number, row in enumerate(rows) if test(row)]
    assert store.filter(text).tolist() == wanted


def test_most_expressions_of_the_table_select_some_rows_and_not_others(flows: Pair) -> None:
    counts = [len(flows[0].filter(text)) for text, _ in FLOWS]
    assert sum(0 < count < len(flows[1]) for count in counts) > 0.6 * len(counts)


def test_rows_can_be_looked_at_from_any_one_on(flows: Pair) -> None:
    store, _ = flows
    condition = compile_filter("$hdrDesc ~ /tcp/ && $dstPort == 80", store)
    whole = condition.rows(store)
    assert condition.rows(store, 10).tolist() == whole[10:].tolist()
    assert condition.rows(store, 10, 20).tolist() == whole[10:20].tolist()
    assert condition.rows(store, 10**6).tolist() == []
    assert condition.indices(store, 10).tolist() == [n for n in whole.nonzero()[0] if n >= 10]
    assert condition.columns == {"hdrDesc", "dstPort"}
