"""Functions that give values, beside what Python's own modules make of the same."""

import base64
import ipaddress
import json
import time
import urllib.parse
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.columns import Column
from t2tui.core.query import QueryError, compile_expression, compile_filter
from t2tui.core.query.display import translated
from t2tui.core.query.textfile import TextTable
from t2tui.core.query.values import cell_texts

TYPES = {
    "t": "U64.U32",
    "n": "I64",
    "u": "U64",
    "h": "H16",
    "h64": "H64",
    "f": "F",
    "ip": "IPX",
    "s": "S",
    "bare": "SC",
    "list": "U16:R",
    "pair": "U16_SC:R",
    "srcIP": "IPX",
    "dstIP": "IPX",
    "srcPort": "U16",
    "dstPort": "U16",
    "l4Proto": "U8",
    "tcpFlags": "H16",
    "pktNo": "U64",
    "srcMac": "MAC:R",
    "dstMac": "MAC:R",
}


def table(**cells: str) -> TextTable:
    """A table of one row; columns without cell are empty."""
    columns = [Column(name, type_) for name, type_ in TYPES.items()]
    line = "\t".join(cells.get(name, "") for name in TYPES) + "\n"
    return TextTable("row", columns, line.encode(), "\t", 2)


def shown(text: str, **cells: str) -> str:
    """The text of an expression's value for a row."""
    row = table(**cells)
    (found,) = cell_texts(compile_expression(text, row).values(row))
    return found


def holds(text: str, **cells: str) -> bool:
    row = table(**cells)
    return bool(compile_filter(text, row).rows(row)[0])


@pytest.mark.parametrize(
    ("text", "cells", "wanted"),
    [
        ("proto2str($l4Proto)", {"l4Proto": "6"}, "TCP"),
        ("proto2str(17)", {}, "UDP"),
        ("proto2str($l4Proto)", {"l4Proto": ""}, ""),
        ("utc($t)", {"t": "1258544215.037210000"}, "2009-11-18 11:36:55.037210000Z"),
        ("timestamp('2009-11-18 11:36:55.03721') == $t", {"t": "1258544215.037210000"}, "1"),
        ("timestamp('2009-11-18T12:36:55+01:00')", {}, "1258544215.000000000"),
        ("hrnum(1500000)", {}, "1.5 M"),
        ("hrnum($n, 1, 'B')", {"n": "1500000"}, "1.431 MiB"),
        ("hrnum($n, 0, 'B')", {"n": "15"}, "15 B"),
        ("hrtime($t)", {"t": "93784.500000000"}, "1d 2h 3m 4.5s"),
        ("hrtime(0 - 60)", {}, "-1m 0s"),
        ("splitr($list, 2)", {"list": "1;20;3"}, "20"),
        ("splitr($list, -1)", {"list": "1;20;3"}, "3"),
        ("splitr($list, 9)", {"list": "1;20;3"}, ""),
        ("splitr($list)", {"list": "1;20;3"}, "1;20;3"),
        ("splitc('80_http', 1) + 1", {}, "81"),
        ("t2split($bare, ':', -1)", {"bare": "eth:ipv4:tcp"}, "tcp"),
        ("$list * 2", {"list": "1;20;3"}, "2;40;6"),
        ("ip2num($ip)", {"ip": "10.0.0.1"}, str(int(ipaddress.ip_address("10.0.0.1")))),
        ("ip2hex($ip)", {"ip": "10.0.0.1"}, "0x0a000001"),
        ("ip2hex(fe80::1)", {}, f"0x{int(ipaddress.ip_address('fe80::1')):032x}"),
        ("ip2str(0x0a000001)", {}, "10.0.0.1"),
        ("ip2str('0x0a000001')", {}, "10.0.0.1"),
        ("ip62str('0xfe800000000000000000000000000001')", {}, "fe80::1"),
        ("ip6expand($ip)", {"ip": "fe80::1"}, "fe80:0000:0000:0000:0000:0000:0000:0001"),
        ("ip6compress('fe80:0000:0000:0000:0000:0000:0000:0001')", {}, "fe80::1"),
        ("ip2mask(255.255.255.0)", {}, "24"),
        ("mask2ip(24)", {}, "0xffffff00"),
        ("mask2ipstr(24)", {}, "255.255.255.0"),
        ("mask2ip6str(64)", {}, "ffff:ffff:ffff:ffff::"),
        ("t2whois($ip)", {"ip": "192.168.1.1"}, "Private network"),
        ("quote(unquote($bare))", {"bare": "'x y'"}, '"x y"'),
        ("strip('  x ')", {}, "x"),
        ("length($s)", {"s": '"abc"'}, "3"),
        ("substr('abcdef', 2, 3)", {}, "bcd"),
        ("join('-', $n, 'x', $list)", {"n": "5", "list": "1;2"}, "5-x-1;2"),
        ("tobits(5)", {}, "101"),
        ("tobits($h)", {"h": "0x0005"}, "0000000000000101"),
        ("bitshift(1, 4) + bitshift(256, -4)", {}, "32"),
        ("nibble_swap($h)", {"h": "0x4f12"}, "0xf421"),
        ("log2(8) + abs(-3) + min2(1, 2) + max3(1, 2, 3)", {}, "10"),
        ("texscape('50% & #1')", {}, r"50\% \& \#1"),
        ("$f", {"f": "1e+07"}, "10000000"),
        ("$u + 1", {"u": "18446744073709551615"}, "18446744073709551616"),
        ("$u - 1 - $u", {"u": "18446744073709551615"}, "-1"),
        ("-$n", {"n": "-9223372036854775808"}, "9223372036854775808"),
        ("-7 % 3", {}, "-1"),
        ("7 / 2", {}, "3.5"),
        ("$t - 0.5", {"t": "1.000000000"}, "0.500000000"),
        ("$n ? 'yes' : 'no'", {"n": "0"}, "no"),
        ("strtonum('0x10') + strtonum($bare)", {"bare": "x"}, "16"),
    ],
)
def test_values(text: str, cells: dict[str, str], wanted: str) -> None:
    assert shown(text, **cells) == wanted


@given(st.integers(0, 2**32 - 1), st.integers(0, 10**9 - 1))
def test_dates_there_and_back(seconds: int, fraction: int) -> None:
    cell = f"{seconds}.{fraction:09d}"
    moment = datetime.fromtimestamp(seconds, UTC)
    assert shown("utc($t)", t=cell) == f"{moment:%Y-%m-%d %H:%M:%S}.{fraction:09d}Z"
    assert shown("timestamp(utc($t))", t=cell) == cell
    assert shown("timestamp(localtime($t))", t=cell) == cell
    assert shown("localtime($t)", t=cell).startswith(
        time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    )


PLAIN = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), max_size=20)


@given(PLAIN)
def test_texts_as_other_modules_change_them(text: str) -> None:
    assert shown("base64($bare)", bare=text) == base64.b64encode(text.encode()).decode()
    assert shown("base64d(base64($bare))", bare=text) == text
    assert shown("urldecode($bare)", bare=urllib.parse.quote(text)) == text
    assert json.loads(shown("json($bare)", bare=text)) == text
    assert shown("toupper($bare)", bare=text) == text.upper()


@given(st.integers(0, 2**128 - 1))
def test_addresses_there_and_back(number: int) -> None:
    address = ipaddress.IPv6Address(number)
    assert shown("ip2num($ip)", ip=str(address)) == str(number)
    assert ipaddress.ip_address(shown("ip6expand($ip)", ip=str(address))) == address
    assert shown("ip62str(ip2hex($ip))", ip=str(address)) == str(address)


ROW: dict[str, Any] = {
    "srcIP": "10.0.0.1",
    "dstIP": "192.168.1.9",
    "srcPort": "1024",
    "dstPort": "443",
    "l4Proto": "6",
    "tcpFlags": "0x0012",
    "pktNo": "7",
    "srcMac": "00:00:00:00:00:01",
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ip.addr == 10.0.0.1 && tcp.port == 443", True),
        ("ip.addr==192.168.0.0/16 and !udp", True),
        ("udp.port == 443", False),
        ("not (ip.src == 10.0.0.1)", False),
        ("ip.addr != 10.0.0.1", False),
        ("ip.dst ne 10.0.0.1", True),
        ("tcp.dstport in {80 443}", True),
        ("tcp.dstport in {80, 8000..9000}", False),
        ("tcp.flags.syn == 1 && tcp.flags.fin == 0 && tcp.flags == 0x12", True),
        ("frame.number >= 7 or icmp", True),
        ("eth.addr == 00:00:00:00:00:01", True),
        ("eth.dst == 00:00:00:00:00:01", False),
        ('tcp && ip.src matches "^10"', True),
        ("vlan.id", True),
    ],
)
def test_display_filters(text: str, wanted: bool) -> None:
    if "vlan" in text:
        with pytest.raises(QueryError, match="vlanID"):
            holds(f"shark('{text}')", **ROW)
        return
    assert holds(f"shark('{text}')", **ROW) is wanted


@pytest.mark.parametrize(
    "text", ["ip.adr == 1", "tcp.port ==", "ip.addr == 10.0.0.1 &&", "§", "foo", "tcp.port == x"]
)
def test_wrong_display_filters_have_a_place(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        compile_filter(f"shark('{text}')", table())
    assert (caught.value.start, caught.value.end) == (6, 8 + len(text))


@given(st.text(max_size=20))
def test_any_text_is_translated_or_refused(text: str) -> None:
    try:
        assert isinstance(translated(text), str)
    except ValueError as wrong:
        assert str(wrong)


def test_values_have_a_type_that_can_be_shown() -> None:
    row = table(n="5")
    assert compile_expression("$n + 0.5", row).values(row).values.dtype == np.float64
