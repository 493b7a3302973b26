"""Names of bits and numbers -> values and filters."""

import struct
from pathlib import Path

import dpkt
import numpy as np
import pytest

from t2tui.api import analyze
from t2tui.core.bitnames import choose
from t2tui.core.bits import tables
from t2tui.core.decode import COMPOUNDS, DecodeError, decode
from t2tui.core.enumerations import enumerations
from tests.core.captures import EXERCISE


@pytest.mark.parametrize("column", sorted(tables()))
def test_every_name_of_a_bit_leads_back_to_it(column: str) -> None:
    for bit in tables()[column].bits:
        if bit.name:
            chosen = choose(column, [bit.name.swapcase()])
            assert int(chosen.value, 16) == bit.mask
            assert decode(column, chosen.value).rows == chosen.rows


@pytest.mark.parametrize("column", sorted(enumerations()))
def test_every_name_of_a_number_leads_to_one_with_that_name(column: str) -> None:
    for number, value in enumerations()[column].values.items():
        same = [n for n, other in enumerations()[column].values.items() if other.name == value.name]
        if value.name and len(same) == 1:
            assert choose(column, [value.name]).value == enumerations()[column].format(number)


def test_parts_of_names_and_words_of_descriptions_find_a_bit() -> None:
    chosen = choose("flowStat", ["IPv4", "alarm"])
    assert (chosen.value, chosen.filter) == ("0x0002000000004000", "bitsallset($flowStat, 0x2000000004000)")
    assert choose("flowStat", ["tor network"]).value == "0x0100000000000000"
    assert choose("tcpStatesAFlags", ["reset sent"]).value == "0x40"
    assert choose("flowStat", ["teredo"]).value == choose("flowStat", ["L3_TRDO"]).value
    assert choose("flowStat", ["vxla"]).value == choose("flowStat", ["VXLAN"]).value


def test_names_that_fit_several_or_none_are_errors() -> None:
    with pytest.raises(DecodeError, match=r"'scan' fits 2 of tcpAnomaly: SCAN_DET .*, SCAN_SU_DET"):
        choose("tcpAnomaly", ["scan"])
    with pytest.raises(DecodeError, match="flowStat has no 'FL_ALRM'; did you mean FL_ALARM"):
        choose("flowStat", ["FL_ALRM"])
    for nothing in ("", " ", "unused", "__"):
        with pytest.raises(DecodeError, match="flowStat has no"):
            choose("flowStat", [nothing])
    with pytest.raises(DecodeError, match="nothing is known"):
        choose("flowStatt", ["x"])


def test_filters_find_the_flows_that_have_the_bits() -> None:
    plugins = ["basicFlow", "tcpStates"]
    flows = analyze(EXERCISE, plugins=plugins).flows
    found = flows.filter(choose("tcpStatesAFlags", ["RESET"]).filter)
    assert found.tolist() == np.flatnonzero(flows["tcpStatesAFlags"] & 0x40).tolist()
    assert 0 < len(found) < len(flows)
    assert len(flows.filter(choose("flowStat", ["IPv4", "FS_IPV4_PKT"]).filter)) == len(flows)
    assert len(flows.filter(choose("l4Proto", ["tcp", "udp"]).filter)) == len(flows)
    assert len(flows.filter(choose("ethType", ["ipv4"]).filter)) == len(flows)


def dns(flags: int, is_response: bool) -> bytes:
    """A frame with a DNS message: a query for a name, or its answer."""
    message = struct.pack(">6H", 1, flags, 1, 0, 0, 0) + b"\4name\0" + struct.pack(">HH", 1, 1)
    ports, ends = ((53, 4000), (2, 1)) if is_response else ((4000, 53), (1, 2))
    datagram = dpkt.udp.UDP(sport=ports[0], dport=ports[1], data=message)
    datagram.ulen = len(datagram)
    packet = dpkt.ip.IP(src=bytes([10, 0, 0, ends[0]]), dst=bytes([10, 0, 0, ends[1]]), p=17, data=datagram)
    packet.len = len(packet)
    return bytes(dpkt.ethernet.Ethernet(data=packet))


def test_filters_find_the_bits_of_parts(tmp_path: Path) -> None:
    path = tmp_path / "dns.pcap"
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        writer.writepkt(dns(0x0100, False), 1.0)
        writer.writepkt(dns(0x8183, True), 1.1)
    flows = analyze(path, plugins=["basicFlow", "dnsDecode"]).flows
    values = [cell.split("_") for cell in flows["dnsHFlg_OpC_RetC"].tolist()]
    assert values == [["0x10", "0x0001", "0x0001"], ["0x98", "0x0001", "0x0008"]]
    for number, part in enumerate(COMPOUNDS["dnsHFlg_OpC_RetC"]):
        for bit in tables()[part].bits:
            if bit.name:
                expected = [row for row, parts in enumerate(values) if int(parts[number], 16) & bit.mask]
                assert flows.filter(choose(part, [bit.name]).filter).tolist() == expected


def test_numbers_without_column_have_no_filter() -> None:
    assert choose("dnsType", ["AAAA"]).filter == ""
    assert choose("dnsQType", ["AAAA"]).filter == "$dnsQType == 28"
    assert choose("icmpCode", ["port"]).filter == "($icmpType == 3 && $icmpCode == 3)"
