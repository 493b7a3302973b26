"""Names of EtherTypes and protocols, compared with other tables of the same facts."""

import socket

import dpkt
import pytest

from t2tui.core.dissect.names import ETHER_TYPES, IP_PROTOCOLS
from t2tui.core.enumerations import UnknownValue, enumeration, enumerations


def test_protocol_numbers_are_those_of_the_socket_module() -> None:
    protocols = enumeration("l4Proto")
    for name in ("ICMP", "IGMP", "TCP", "UDP", "EGP", "PUP", "ESP", "AH", "PIM", "SCTP", "UDPLITE", "GGP"):
        number = getattr(socket, f"IPPROTO_{name}", None)
        if number is not None:
            assert protocols.number(name) == number
            assert protocols.name(number).casefold() == name.casefold()


def test_protocol_numbers_are_those_of_dpkt() -> None:
    protocols = enumeration("l4Proto")
    for name in ("OSPF", "EIGRP", "VRRP", "L2TP", "GRE", "RSVP", "IPComp", "PGM"):
        assert protocols.number(name) == getattr(dpkt.ip, f"IP_PROTO_{name.upper()}"), name


def test_ethertypes_are_those_of_dpkt() -> None:
    types = enumeration("ethType")
    named = {"ARP": "ARP", "IPv4": "IP", "IPv6": "IP6", "CDP": "CDP", "DTP": "DTP", "RARP": "REVARP",
             "PPP": "PPP", "IPX": "IPX", "LLDP": "LLDP", "MPLS": "MPLS", "PPPoE-S": "PPPoE",
             "802.1Q": "8021Q", "802.1ad": "8021AD", "TEB": "TEB"}  # fmt: skip
    for name, other in named.items():
        assert types.number(name) == getattr(dpkt.ethernet, f"ETH_TYPE_{other}"), name


def test_every_header_that_the_dissection_names_is_described() -> None:
    assert IP_PROTOCOLS.keys() <= enumeration("l4Proto").values.keys()
    of_ppp_and_llc = {0x0000, 0x00BB, 0x0104, 0x010B, 0x0111, 0x01A1, 0x01A2, 0x8021, 0x80FD,
                      0xC021, 0xC029, 0xC223}  # fmt: skip
    assert ETHER_TYPES.keys() - of_ppp_and_llc <= enumeration("ethType").values.keys()


def test_numbers_fit_their_columns_and_ascend() -> None:
    for column, limit in (("ethType", 1 << 16), ("l4Proto", 256)):
        numbers = list(enumeration(column).values)
        assert numbers == sorted(set(numbers))
        assert 0 <= numbers[0] <= numbers[-1] < limit
        assert all(value.description for value in enumeration(column).values.values())


def test_names_are_found_in_either_case_and_again_by_number() -> None:
    for known in enumerations().values():
        for number, value in known.values.items():
            if value.name:
                assert known.number(value.name.swapcase()) <= number
            assert known.name(number) == value.name
    assert enumeration("l4Proto").name(200) == ""


def test_unknown_names_and_columns_are_errors_that_suggest_the_nearest() -> None:
    with pytest.raises(UnknownValue, match=r"unknown l4Proto 'TPC'; did you mean .*TCP"):
        enumeration("l4Proto").number("TPC")
    with pytest.raises(UnknownValue, match="unknown enumeration 'l4proto'; did you mean l4Proto"):
        enumeration("l4proto")
