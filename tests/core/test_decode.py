"""Decoded values: rows, tables in the layout of the reference's tutorials, errors."""

import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import t2tui
from t2tui.core.bits import BitTable, tables
from t2tui.core.decode import COMPOUNDS, DecodeError, decode, decode_parts, find_table, is_known, names
from t2tui.core.decodelog import pairs
from t2tui.core.decodetable import RULER, table_text
from t2tui.core.enumerations import Enumeration, enumerations

ALARM_MODE = """
The flowStat column with value 0x0402000000004000 is to be interpreted as follows:

   bit | flowStat              | Description
   =============================================================================
    14 | 0x0000 0000 0000 4000 | IPv4 flow
    49 | 0x0002 0000 0000 0000 | Alarm mode & pcapd dumps packets from this flow to new pcap if not -e option
    58 | 0x0400 0000 0000 0000 | IPv4 packet

"""

PAYLOADS = """
The pldStat column with value 0x03 is to be interpreted as follows:

   bit | pldStat | Description
   =============================================================================
     0 | 0x01    | Match for this flow
     1 | 0x02    | dump payload for this flow

"""

BIT_TABLES = [name for name in names() if is_known(name) and name in tables()]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("flowStat", "0x0402000000004000", ALARM_MODE), ("pldStat", "0x03", PAYLOADS)],
)
def test_tables_of_the_tutorials(name: str, value: str, text: str) -> None:
    assert table_text(decode(name, value)) == text
    assert f"{decode(name, value)}\n" == text


def test_a_table_in_colour_is_the_plain_one_with_codes() -> None:
    lines = table_text(decode("pldStat", "0x81"), colour=True).splitlines()
    assert lines[1] == (
        "The \x1b[1;33mpldStat\x1b[0m column with value \x1b[1m0x81\x1b[0m "
        "is to be interpreted as follows:\x1b[0m"
    )
    assert lines[3] == "\x1b[1m   bit | pldStat | Description\x1b[0m"
    assert lines[4] == f"\x1b[1m{RULER}\x1b[0m"
    assert lines[5] == "\x1b[0m     0 | 0x01    | Match for this flow\x1b[0m"
    assert lines[6] == "\x1b[0;31m     7 | 0x80    | Output file could not be opened\x1b[0m"
    assert "\x1b[0;34m    49 |" in table_text(decode("flowStat", 1 << 49), colour=True)
    assert "\x1b[0;33m     7 |" in table_text(decode("tcpStatesAFlags", 1 << 7), colour=True)


@given(st.data())
def test_rows_of_a_value_are_its_bits(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(BIT_TABLES))
    table = tables()[name]
    value = data.draw(st.integers(0, (1 << table.width) - 1))
    decoded = decode(name, value)
    assert [row.bit for row in decoded] == [bit.number for bit in table.bits if value >> bit.number & 1]
    assert sum(row.mask for row in decoded) + (decoded.unknown or 0) == value
    assert decode(name, str(value)).rows == decode(name, hex(value)).rows == decoded.rows
    text = table_text(decode(name, f"0x{value:0{table.width // 4}X}"))
    body = text.split("\n")[5:-2]
    assert [line.partition("|")[0].strip() for line in body] == [str(row.bit) for row in decoded]
    assert [int("".join(line.split("|")[1].split()), 16) for line in body] == [row.mask for row in decoded]


@pytest.mark.parametrize("name", BIT_TABLES)
def test_all_bits_stand_in_groups_of_four(name: str) -> None:
    table = tables()[name]
    head, _, body = table_text(decode(name)).partition(f"{RULER}\n")
    assert f"The {name} column is to be interpreted as follows:" in head
    groups = [[int(line[:6]) // 4 for line in part.split("\n")] for part in body.strip("\n").split("\n\n")]
    assert [set(group) for group in groups] == [
        {group} for group in sorted({b.number // 4 for b in table.bits})
    ]
    assert sum(map(len, groups)) == len(table.bits)
    assert body.endswith("\n\n") and not body.endswith("\n\n\n")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("flowStatt", "1", "nothing is known of 'flowStatt'; did you mean flowStat"),
        ("srcIP", "1", "srcIP .* has neither bits nor numbers"),
        ("flowStat", "-1", "flowStat=-1: a value cannot be negative"),
        ("flowStat", "-0x1", "cannot be negative"),
        ("flowStat", "0x10000000000000000", "too large for 64 bits, at most 0xffffffffffffffff"),
        ("flowStat", "9" * 10_000, "too large for 64 bits"),
        ("pldStat", "0x" + "f" * 10_000, "too large for 8 bits"),
        ("pldStat", "256", "pldStat=256: too large for 8 bits, at most 0xff"),
        ("l4Proto", "256", "too large for 8 bits, at most 255"),
        ("icmpCode", "3/256", "types and codes end at 255"),
        ("pldStat", "", "a value is missing"),
        ("pldStat", "0x", "not a number"),
        ("pldStat", "1e3", "not a number"),
        ("pldStat", "\u0663", "not a number"),
        ("dnsHFlg_OpC_RetC", "1", "has the parts dnsHFlg, dnsOpC, dnsRetC"),
    ],
)
def test_what_cannot_be_decoded_is_an_error_that_says_why(name: str, value: str, message: str) -> None:
    with pytest.raises(DecodeError, match=message) as caught:
        decode(name, value)
    assert len(str(caught.value)) < 250


def test_leading_zeros_and_groups_do_not_matter() -> None:
    expected = decode("flowStat", 0x0402000000004000).rows
    for text in (
        "0x0402 0000 0000 4000",
        "0X0402000000004000",
        "0x000000402000000004000",
        str(0x402000000004000),
    ):
        assert decode("flowStat", text).rows == expected


def test_columns_of_several_parts_are_decoded_part_by_part() -> None:
    parts = decode_parts("dnsHFlg_OpC_RetC", "0x91_0x0001_0x0008")
    assert [(part.column, [row.name for row in part]) for part in parts] == [
        ("dnsHFlg", ["CD", "RD", "QR"]),
        ("dnsOpC", ["QUERY"]),
        ("dnsRetC", ["NXDOMAIN"]),
    ]
    assert [len(part) for part in decode_parts("dnsHFlg_OpC_RetC")] == [
        len(tables()[name].bits) for name in COMPOUNDS["dnsHFlg_OpC_RetC"]
    ]
    with pytest.raises(DecodeError, match="expected 3 values joined by _"):
        decode_parts("dnsHFlg_OpC_RetC", "0x91_0x0001")


def test_numbers_lists_and_ranges_of_enumerations() -> None:
    assert [row.name for row in decode("l4Proto", "6;17")] == ["TCP", "UDP"]
    assert [row.hex for row in decode("l4Proto", 200)] == ["146-252"]
    assert [row.text for row in decode("icmpCode", "3/3")] == ["Port unreachable"]
    assert [row.name for row in decode("dnsQType", "0x1c")] == ["AAAA"]
    assert decode("dnsClass", 99).unknown == 99
    assert decode("ethType", "2048").rows == decode("ethType", "0x0800").rows
    assert "     6 | TCP: Transmission Control Protocol\n" in table_text(decode("l4Proto", 6))


@pytest.mark.parametrize("name", sorted(enumerations()))
def test_each_number_has_one_meaning(name: str) -> None:
    table = find_table(name)
    assert isinstance(table, Enumeration)
    entries = table.entries()
    assert all(first <= last < 1 << table.width for first, last, _ in entries)
    assert all(before[1] < behind[0] for before, behind in pairwise(entries))
    assert len(decode(name)) == len(entries)
    for first, last, value in entries:
        for number in {first, last}:
            assert [row.text for row in decode(name, number)] == [value.description]
            assert decode(name, table.format(number)).rows == decode(name, number).rows


def test_every_name_leads_to_a_table() -> None:
    for name in names():
        if name not in COMPOUNDS:
            assert isinstance(find_table(name), BitTable | Enumeration)


def test_pairs_are_found_in_reports_once() -> None:
    lines = [
        "\x1b[1;34m[INF]\x1b[0m \x1b[0;34mtcpStates: Aggregated tcpStatesAFlags=0x4a\x1b[0m",
        "tcpFlags: Aggregated MPTCP subtypes: tcpMPTBF=0x0001, flags: tcpMPF=0x01",
        "Aggregated flowStat=0x0400000000004000.",
        "Aggregated flowStat=0x0400000000004000",
        "dnsHFlg_OpC_RetC=0x91_0x0001_0x0008;  port=80 xflowStat=1 flowStat=12ab flowStat= 4",
        "  pldStat",
        "icmpCode=3/1",
    ]
    assert list(pairs(lines, is_known)) == [
        ("tcpStatesAFlags", "0x4a"),
        ("tcpMPTBF", "0x0001"),
        ("flowStat", "0x0400000000004000"),
        ("dnsHFlg_OpC_RetC", "0x91_0x0001_0x0008"),
        ("pldStat", None),
        ("icmpCode", "3/1"),
    ]


@given(st.lists(st.text(max_size=60), max_size=5))
def test_no_text_breaks_the_search_for_pairs(lines: list[str]) -> None:
    for name, _ in pairs([*lines, "l4Proto=6"], is_known):
        assert is_known(name)


def test_decoding_starts_without_numpy() -> None:
    code = "import sys, t2tui; t2tui.decode('flowStat', 4); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    assert t2tui.decode("flowStat", 4).rows[0].name == "L2_FLOW"
