"""Names of payload files."""

import ipaddress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.layout import FLOW, KIND_IPV4, KIND_IPV6, KIND_LAYER2, PACKET
from t2tui.core.payload.names import LONGEST, Naming, file_names

ports = st.integers(0, 65535)


def name_of(naming: Naming, *, first: tuple[int, int] = (0, 0), **values: Any) -> str:
    packets, flows = np.zeros(1, PACKET), np.zeros(3, FLOW)
    packets["flow"] = 2
    for column, value in values.items():
        packets[column] = value
    flows["firstSec"][2], flows["firstFrac"][2] = first
    (name,) = file_names(naming, packets, flows)
    assert len(name) <= LONGEST[naming]
    return name


def address_of(version: int, text: str) -> tuple[int, int]:
    number = int(ipaddress.ip_address(text))
    assert ipaddress.ip_address(text).version == version
    return number >> 64, number & (2**64 - 1)


def ip_flow(
    source: str, source_port: int, destination: str, destination_port: int, proto: int
) -> dict[str, int]:
    version = ipaddress.ip_address(source).version
    (source_high, source_low), (high, low) = address_of(version, source), address_of(version, destination)
    return {
        "kind": KIND_IPV4 if version == 4 else KIND_IPV6,
        "srcHi": source_high, "srcLo": source_low, "dstHi": high, "dstLo": low,
        "srcPort": source_port, "dstPort": destination_port, "l4Proto": proto,
    }  # fmt: skip


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**63 - 1))
def test_index_and_direction(index: int, rest: int) -> None:
    assert name_of(Naming.INDEX, flowInd=index, flowStat=rest * 2) == f"{index}_A"
    assert name_of(Naming.INDEX, flowInd=index, flowStat=rest * 2 + 1) == f"{index}_B"


def test_addresses_as_the_reference_writes_them() -> None:
    v4 = ip_flow("10.16.1.11", 54684, "24.244.4.23", 443, 6)
    assert name_of(Naming.ADDRESSES, **v4) == "010.016.001.011.54684-024.244.004.023.00443-6"
    v6 = ip_flow("::1", 8000, "2001:db8::ff", 47356, 17)
    assert name_of(Naming.ADDRESSES, **v6) == (
        "0000:0000:0000:0000:0000:0000:0000:0001.08000-2001:0db8:0000:0000:0000:0000:0000:00ff.47356-17"
    )
    layer2 = {"kind": KIND_LAYER2, "srcLo": 0x00E01ED5D515, "dstLo": 0x01000CCCCCCC, "ethType": 0x2000}
    assert name_of(Naming.ADDRESSES, **layer2) == "00:e0:1e:d5:d5:15-01:00:0c:cc:cc:cc-0x2000"


@pytest.mark.parametrize(
    ("time", "text"),
    [
        ((1474298035, 437913000), "1474298035.437913000T"),
        ((1474298035, 37210000), "1474298035.37210000T"),
        ((1, 42), "1.000042T"),
    ],
)
def test_the_time_of_the_flow_comes_first(time: tuple[int, int], text: str) -> None:
    flow = ip_flow("10.0.0.1", 1, "10.0.0.2", 2, 17)
    assert name_of(Naming.TIME, first=time, **flow) == text + "010.000.000.001.00001-010.000.000.002.00002-17"


@given(st.ip_addresses(v=4), ports, st.ip_addresses(v=4), ports)
def test_ipv4_names_can_be_read_back(a: Any, a_port: int, b: Any, b_port: int) -> None:
    name = name_of(Naming.ADDRESSES, **ip_flow(str(a), a_port, str(b), b_port, 6))
    source, destination, proto = name.split("-")
    for text, address, port in ((source, a, a_port), (destination, b, b_port)):
        octets, _, digits = text.rpartition(".")
        assert (len(text), len(digits)) == (21, 5)
        assert bytes(int(octet) for octet in octets.split(".")) == address.packed
        assert int(digits) == port
    assert proto == "6"


@given(st.ip_addresses(v=6), ports, st.ip_addresses(v=6), ports)
def test_ipv6_names_hold_the_exploded_addresses(a: Any, a_port: int, b: Any, b_port: int) -> None:
    name = name_of(Naming.ADDRESSES, **ip_flow(str(a), a_port, str(b), b_port, 17))
    assert name == f"{a.exploded}.{a_port:05}-{b.exploded}.{b_port:05}-17"


@given(st.sampled_from(Naming), st.sampled_from([KIND_LAYER2, KIND_IPV4, KIND_IPV6]), st.data())
def test_names_hold_nothing_but_numbers(naming: Naming, kind: int, data: st.DataObject) -> None:
    wide = {"srcHi": 64, "dstHi": 64, "srcLo": 64, "dstLo": 64}
    if kind != KIND_IPV6:
        wide = dict.fromkeys(("srcLo", "dstLo"), 48 if kind == KIND_LAYER2 else 32)
    wide |= {"srcPort": 16, "dstPort": 16, "ethType": 16, "l4Proto": 8, "flowInd": 64, "flowStat": 64}
    values = {column: data.draw(st.integers(0, 2**bits - 1)) for column, bits in wide.items()}
    name = name_of(naming, kind=kind, **values)
    assert set(name) <= set("0123456789abcdefxABT.:-_")
    assert ".." not in name
