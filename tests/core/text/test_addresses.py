"""Addresses are written as the C library writes them; socket.inet_ntop is the judge."""

import socket
import struct

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from t2tui.core.layout import KIND_DROPPED, KIND_IPV4, KIND_IPV6, KIND_LAYER2
from t2tui.core.text.rows import Code, Field, RowWriter

OCTET = st.integers(0, 255)
WORDS = st.sampled_from([0, 0, 0, 1, 0xFFFF, 0xABCD, 0x0A0B]) | st.integers(0, 65535)
IP6 = st.lists(WORDS, min_size=8, max_size=8).map(lambda words: struct.pack(">8H", *words))


def rows(*fields: Field) -> list[str]:
    return RowWriter(fields).write((0, len(fields[0].values))).decode().split("\n")[:-1]


def halves(addresses: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    upper = [int.from_bytes(address[:8], "big") for address in addresses]
    lower = [int.from_bytes(address[8:], "big") for address in addresses]
    return np.array(upper, np.uint64), np.array(lower, np.uint64)


@given(st.lists(st.binary(min_size=6, max_size=6), min_size=1))
def test_mac(addresses: list[bytes]):
    numbers = np.array([int.from_bytes(b"\xff\xee" + address, "big") for address in addresses], np.uint64)
    assert rows(Field(Code.MAC, numbers)) == [address.hex(":") for address in addresses]


@given(st.lists(st.tuples(OCTET, OCTET, OCTET, OCTET).map(bytes), min_size=1))
@example([bytes([octet, 255 - octet, octet, 0]) for octet in range(256)])
def test_ipv4(addresses: list[bytes]):
    numbers = [int.from_bytes(address, "big") for address in addresses]
    wanted = [socket.inet_ntop(socket.AF_INET, address) for address in addresses]
    assert rows(Field(Code.IP4, np.array(numbers, np.uint32))) == wanted
    assert rows(Field(Code.IP4, np.array(numbers, np.uint64))) == wanted


def check_ipv6(addresses: list[bytes]) -> None:
    upper, lower = halves(addresses)
    wanted = [socket.inet_ntop(socket.AF_INET6, address) for address in addresses]
    assert rows(Field(Code.IP6, upper, second=lower)) == wanted


@given(st.lists(IP6, min_size=1))
def test_ipv6(addresses: list[bytes]):
    check_ipv6(addresses)


def test_every_pattern_of_zero_words():
    patterns = [[bits >> i & 1 for i in range(8)] for bits in range(256)]
    check_ipv6(
        [b"".join((v * bit).to_bytes(2, "big") for bit in p) for p in patterns for v in (1, 0xFFFF, 0x1234)]
    )


@given(
    st.sampled_from([bytes(12), bytes(10) + b"\xff\xff", bytes(8) + b"\xff\xff\0\0"]),
    st.binary(min_size=4, max_size=4),
)
def test_addresses_with_ipv4_tail(prefix: bytes, tail: bytes):
    check_ipv6([prefix + tail, prefix + b"\0\0" + tail[2:], prefix + tail[:2] + b"\0\0"])


def test_address_of_either_family():
    kinds = np.array([KIND_DROPPED, KIND_LAYER2, KIND_IPV4, KIND_IPV6], np.uint8)
    upper = np.full(4, 0x20010DB8 << 32, np.uint64)
    lower = np.full(4, 0xC0000201, np.uint64)
    assert rows(Field(Code.IPX, upper, second=lower, kind=kinds)) == [
        "-",
        "-",
        "192.0.2.1",
        "2001:db8::c000:201",
    ]
