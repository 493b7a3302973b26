import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.query import compile_filter
from t2tui.core.statistics import SUBJECTS, Breakdown, Subject, count, during, missing, subject
from t2tui.core.statistics.groups import Groups, largest
from t2tui.core.store import ColumnStore
from tests.core.captures import EXERCISE, GOLDEN, NO_GOLDEN
from tests.core.statistics.reading import read

CAPTURES = (
    "",
    "arp-leak.pcap",
    "bittorrent__tracker.pcap",
    "communityid__icmp6.pcap",
    "communityid__ipv6.pcap",
    "communityid__sctp.pcap",
    "communityid__udp.pcap",
    "conn-size.pcap",
    "dhcp__dhcp_flood.pcap",
    "chksums__ip6-hoa-udp-bad-chksum.pcap",
    "cdp-v1.pcap",
)
"""Layer 2, both families, tunnels, ICMP, SCTP, many flows; the first one is the exercise."""

EVERYTHING = 1 << 30


def path_of(name: str) -> Path:
    path = GOLDEN / "captures" / name if name else EXERCISE
    if not path.exists():
        pytest.skip(NO_GOLDEN)
    return path


def flows_of(name: str) -> ColumnStore:
    return read(path_of(name))[0]


# ------------------------------------------------------------------ the same over the texts of the rows

Figures = dict[str, int]


def rows_of(table: ColumnStore) -> list[dict[str, str]]:
    names = table.names
    return [dict(zip(names, line.split("\t"), strict=True)) for line in table.rows(names)]


def sums(row: dict[str, str], *sides: str) -> Figures:
    packets, octets = int(row["pktsSnt"]), int(row["l7BytesSnt"])
    figures = {"flows": 1, "packets": packets, "bytes": octets}
    if sides:
        for side in ("there", "back"):
            figures[f"packets_{side}"] = packets if side in sides else 0
            figures[f"bytes_{side}"] = octets if side in sides else 0
    return figures


def order(address: str) -> tuple[int, ...]:
    import ipaddress

    if address == "-":
        return (0, 0)
    parsed = ipaddress.ip_address(address)
    return parsed.version, int(parsed)


def two_sided(row: dict[str, str], source: str, target: str) -> list[tuple[Any, Figures]]:
    if row[source] == row[target]:
        return [((row[source],), sums(row, "there", "back"))]
    return [((row[source],), sums(row, "there")), ((row[target],), sums(row, "back"))]


def by_python(name: str, row: dict[str, str]) -> list[tuple[Any, Figures]]:
    """The keys under which a flow counts, and what it adds."""
    protocol, is_layer2 = int(row["l4Proto"]), bool(int(row["flowStat"], 16) & 4)
    match name:
        case "protocols":
            return [((int(is_layer2), int(row["ethType"], 16) if is_layer2 else protocol), sums(row))]
        case "ethertypes":
            return [((int(row["ethType"], 16),), sums(row))]
        case "headers":
            return [((text,), sums(row)) for text in set(row["hdrDesc"].split(";"))]
        case "addresses":
            return two_sided(row, "srcIP", "dstIP")
        case "countries":
            return two_sided(row, "srcIPCC", "dstIPCC")
        case "conversations":
            pair = (row["srcIP"], row["dstIP"])
            ordered = tuple(sorted(pair, key=order))
            return [(ordered, sums(row, "there" if pair == ordered else "back"))]
        case "ports":
            if row["dir"] != "A" or protocol not in (6, 17, 132, 136):
                return []
            there, back = sums(row, "there"), (int(row["pktsRcvd"]), int(row["l7BytesRcvd"]))
            there["packets"] += back[0]
            there["bytes"] += back[1]
            there["packets_back"], there["bytes_back"] = back
            return [((protocol, int(row["dstPort"])), there)]
    raise AssertionError(f"no model of {name}")


def expected(name: str, rows: list[dict[str, str]]) -> dict[Any, Figures]:
    found: dict[Any, Figures] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        for key, figures in by_python(name, row):
            for measure, value in figures.items():
                found[key][measure] += value
    return found


def figures_of(breakdown: Breakdown) -> dict[Any, Figures]:
    return {entry.key: dict(entry.figures) for entry in breakdown.ranking(most=EVERYTHING)}


@pytest.mark.parametrize("each", SUBJECTS, ids=lambda each: each.name)
@pytest.mark.parametrize("name", CAPTURES)
def test_figures_are_those_of_the_rows_one_by_one(name: str, each: Subject) -> None:
    table = flows_of(name)
    wanted = expected(each.name, rows_of(table))
    assert figures_of(count(each, table)) == wanted
    growing = Breakdown(each)
    for behind in (0, len(table) // 3, len(table) // 3, len(table)):
        growing.update(Part(table, behind))
        growing.ranking()
    assert figures_of(growing) == wanted


@pytest.mark.parametrize("each", SUBJECTS, ids=lambda each: each.name)
@pytest.mark.parametrize("name", CAPTURES)
def test_the_condition_selects_exactly_the_flows_of_a_row(name: str, each: Subject) -> None:
    table = flows_of(name)
    rows = rows_of(table)
    for entry in count(each, table).ranking(most=40):
        hits = compile_filter(entry.condition, table).indices(table).tolist()
        wanted = [
            number
            for number, row in enumerate(rows)
            if entry.key in [key for key, _ in by_python(each.name, row)]
        ]
        assert hits == wanted
        assert len(hits) == entry.figures["flows"]


@pytest.mark.parametrize("each", SUBJECTS, ids=lambda each: each.name)
def test_chosen_rows_alone_are_counted(each: Subject) -> None:
    table = flows_of("")
    rows = table.filter("$pktsSnt > 5")
    texts = rows_of(table)
    assert 0 < len(rows) < len(table)
    assert figures_of(count(each, table, rows)) == expected(each.name, [texts[row] for row in rows])


@pytest.mark.parametrize("by", ["flows", "packets", "bytes", "packets_back"])
def test_the_largest_come_first_and_no_more_than_asked_for(by: str) -> None:
    breakdown = count(subject("addresses"), flows_of(""))
    everything = breakdown.ranking(by, EVERYTHING)
    values = [entry.figures[by] for entry in everything]
    assert values == sorted(values, reverse=True)
    assert len(everything) == len(breakdown)
    for most in (0, 1, 3, len(everything)):
        assert breakdown.ranking(by, most) == everything[:most]


def test_shares_are_parts_of_all_flows() -> None:
    table = flows_of("")
    packets = int(table["pktsSnt"].sum())
    breakdown = count(subject("addresses"), table)
    assert breakdown.totals == {
        "flows": len(table),
        "packets": packets,
        "bytes": int(table["l7BytesSnt"].sum()),
    }
    for entry in breakdown.ranking():
        assert entry.shares["packets"] == entry.figures["packets"] / packets <= 1
        assert entry.shares["flows"] == entry.figures["flows"] / len(table)


def test_rows_have_names() -> None:
    table = flows_of("")
    assert [entry.words for entry in count(subject("protocols"), table).ranking()] == [("6", "TCP")]
    assert ("21", "TCP", "ftp") in [entry.words for entry in count(subject("ports"), table).ranking()]
    layer2 = count(subject("protocols"), flows_of("arp-leak.pcap")).ranking()
    assert ("0x0806", "ARP") in [entry.words for entry in layer2]


def test_a_missing_column_names_the_plugin_that_gives_it() -> None:
    table, _ = read(EXERCISE, ("basicFlow",))
    each = subject("ports")
    assert missing(each, table) == dict.fromkeys(
        ("pktsSnt", "pktsRcvd", "l7BytesSnt", "l7BytesRcvd"), "basicStats"
    )
    breakdown = count(each, table)
    assert set(breakdown.totals) == {"flows"}
    assert {name for entry in breakdown.ranking("bytes") for name in entry.figures} == {"flows"}
    bare, _ = read(EXERCISE, ("basicStats",))
    with pytest.raises(ValueError, match="no column l4Proto; plugin basicFlow gives it"):
        count(each, bare)


def test_counting_goes_on_where_it_was_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    from t2tui.core.statistics import breakdown as module

    monkeypatch.setattr(module, "CHUNK", 10)
    table = flows_of("")
    breakdown = Breakdown(subject("conversations"))
    calls = 0

    def go_on() -> None:
        nonlocal calls
        calls += 1
        if calls % 3 == 0:
            raise InterruptedError

    while True:
        try:
            breakdown.update(table, go_on)
        except InterruptedError:
            continue
        break
    assert calls > 3
    assert figures_of(breakdown) == expected("conversations", rows_of(table))


def test_flows_of_a_span_of_time() -> None:
    table = flows_of("")
    first = table["timeFirst"].astype(np.int64)
    last = table["timeLast"].astype(np.int64)
    moments = np.unique(np.concatenate([first, last]))
    for begin in moments[::7].tolist():
        for end in (begin + 1, begin + 10**6, begin + 10**12):
            hits = table.filter(during(begin, end)).tolist()
            assert hits == np.flatnonzero((first < end) & (last >= begin)).tolist()
    assert len(table.filter(during(-5, 1 << 62))) == len(table)
    assert len(table.filter(during(-(10**12), -5))) == 0


class Part:
    """The first rows of a table."""

    def __init__(self, table: ColumnStore, behind: int) -> None:
        self._table, self._behind = table, behind
        self.names, self.column, self.vector = table.names, table.column, table.vector

    def __len__(self) -> int:
        return self._behind


# ------------------------------------------------------------------ groups

WIDE = st.integers(0, 2**64 - 1) | st.integers(0, 5)
ROWS = st.lists(
    st.tuples(WIDE, st.integers(4, 6), WIDE, st.integers(-(2**40), 2**40)), min_size=1, max_size=40
)


@given(st.lists(ROWS, min_size=1, max_size=3))
def test_groups_are_sums_of_equal_keys_in_order(parts: list[list[tuple[int, int, int, int]]]) -> None:
    made = []
    wanted: dict[tuple[int, ...], int] = defaultdict(int)
    for rows in parts:
        types = (np.uint64, np.uint8, np.uint64, np.int64)
        *keys, values = (
            np.array(column, dtype) for column, dtype in zip(zip(*rows, strict=True), types, strict=True)
        )
        made.append(Groups.of(keys, {"sum": values}))
        for *key, value in rows:
            wanted[tuple(key)] += value
    groups = Groups.merged(made)
    found = list(zip(*(key.tolist() for key in groups.keys), strict=True))
    assert found == sorted(wanted)
    assert groups.sums["sum"].tolist() == [wanted[key] for key in found]


@given(st.lists(st.integers(-5, 5), max_size=30), st.integers(0, 40))
def test_largest_are_a_stable_sort(values: list[int], most: int) -> None:
    wanted = sorted(range(len(values)), key=lambda place: (-values[place], place))[:most]
    assert largest(np.array(values, np.int64), most).tolist() == wanted


# ------------------------------------------------------------------ tshark

PLAIN = ("", "conn-size.pcap", "communityid__udp.pcap", "communityid__tcp.pcap", "communityid__ipv6.pcap")
"""Without tunnels and fragments both programs mean the same packets."""


def tshark(path: Path, statistics: str) -> list[list[str]]:
    command = ["tshark", "-n", "-r", str(path), "-q", "-z", statistics]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    except FileNotFoundError:
        pytest.skip("tshark is not installed")
    return [line.split() for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", PLAIN)
def test_packets_of_addresses_are_those_of_tshark(name: str) -> None:
    table = flows_of(name)
    wanted = {}
    for family in ("ip", "ipv6"):
        for words in tshark(path_of(name), f"endpoints,{family}"):
            if len(words) >= 7 and words[1].isdigit():
                wanted[words[0]] = tuple(int(words[place]) for place in (1, 3, 5))
    found = {
        entry.words[0]: tuple(
            entry.figures[figure] for figure in ("packets", "packets_there", "packets_back")
        )
        for entry in count(subject("addresses"), table).ranking(most=EVERYTHING)
        if entry.words[0] != "-"
    }
    assert found == wanted


@pytest.mark.parametrize("name", PLAIN)
def test_packets_and_their_lengths_are_those_of_tshark(name: str) -> None:
    _, view = read(path_of(name))
    counts = [
        int(words[3] if words[0] == "5120" else words[1])  # "5120 and greater"
        for words in tshark(path_of(name), "plen,tree")
        if words and words[0][0].isdigit()
    ]
    assert view.sizes.tolist() == counts
    protocols = {"tcp": 0, "udp": 1}
    for words in tshark(path_of(name), "io,phs"):
        if words and words[0] in protocols and not view.strays:  # whose protocol nobody counts
            place = protocols[words[0]]
            assert words[1:] == [
                f"frames:{view.packets[:, place].sum()}",
                f"bytes:{view.bytes[:, place].sum()}",
            ]
