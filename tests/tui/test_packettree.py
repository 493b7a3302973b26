"""The tree of a packet: ranges lie in the packet, values are those of tshark, hostile bytes raise nothing."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.capture import CaptureError, open_capture
from t2tui.tui.fieldlines import FieldLines
from t2tui.tui.packettree import Node, Places, dissect, find
from t2tui.tui.packettree.link import LINKS
from t2tui.tui.packettree.node import MOST_NODES
from tests.core.captures import GOLDEN
from tests.tui.conftest import EXERCISE

SAMPLE = 60
"""Packets of a capture that are looked at."""

needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="no real captures (../shared/golden)")
needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def packets_of(path: Path, most: int = SAMPLE) -> Iterator[tuple[bytes, int, int]]:
    """Bytes, link type and length of the first packets of a capture."""
    from t2tui.core.batch import PacketBatch

    with open_capture(path) as capture:
        batch = PacketBatch()
        capture.read(batch)
        for packet in batch.packets[: min(most, batch.count)]:
            base, size = int(packet["base"]), int(packet["caplen"])
            yield bytes(batch.data[base : base + size]), capture.link_type, int(packet["len"])


def check(layers: list[Node], size: int) -> int:
    """Every byte is in one layer, every part in what it is part of; return the number of nodes."""
    assert [layer.start for layer in layers[:1]] == [0] * bool(size)
    assert sum(layer.length for layer in layers) == size
    for layer, following in pairwise(layers):
        assert layer.end == following.start
    count, left = 0, list(layers)
    while left:
        node = left.pop()
        count += 1
        assert node.name
        assert node.length >= 0
        for child in node.children:
            assert node.start <= child.start <= child.end <= node.end, (node.name, child.name)
        left += node.children
    return count


@needs_golden
@pytest.mark.parametrize("group", range(4))
def test_every_field_of_real_packets_lies_in_the_packet(group: int) -> None:
    seen = 0
    for path in sorted((GOLDEN / "captures").iterdir())[group::4]:
        try:
            for data, link_type, length in packets_of(path):
                check(dissect(data, link_type, length), len(data))
                seen += 1
        except CaptureError:
            continue
    assert seen > 1000


@given(st.binary(max_size=400), st.sampled_from([*LINKS, 999]), st.integers(-5, 500))
def test_any_bytes_become_a_tree(data: bytes, link_type: int, l3: int) -> None:
    check(dissect(data, link_type, len(data) + 7, Places(l3)), len(data))


REAL = [data for data, _, _ in packets_of(EXERCISE, 400)][::20]


def dns_frame(message: bytes, port: int = 53) -> bytes:
    datagram = dpkt.udp.UDP(sport=4000, dport=port, data=message)
    datagram.ulen = len(datagram)
    packet = dpkt.ip.IP(src=b"\x0a\0\0\1", dst=b"\x0a\0\0\2", p=17, data=datagram)
    packet.len = len(packet)
    return bytes(dpkt.ethernet.Ethernet(src=b"\2\0\0\0\0\1", dst=b"\2\0\0\0\0\2", data=packet))


def tcp_frame(payload: bytes, port: int) -> bytes:
    segment = dpkt.tcp.TCP(sport=4000, dport=port, flags=0x18, data=payload)
    packet = dpkt.ip.IP(src=b"\x0a\0\0\1", dst=b"\x0a\0\0\2", p=6, data=segment)
    packet.len = len(packet)
    return bytes(dpkt.ethernet.Ethernet(src=b"\2\0\0\0\0\1", dst=b"\2\0\0\0\0\2", data=packet))


@given(st.sampled_from(REAL), st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 255)), max_size=12))
def test_damaged_packets_become_a_tree(data: bytes, damage: list[tuple[int, int]]) -> None:
    damaged = bytearray(data)
    for place, byte in damage:
        damaged[place % len(damaged)] = byte
    check(dissect(bytes(damaged), 1), len(damaged))


@given(st.binary(max_size=300), st.sampled_from([53, 67, 123, 5060, 514]))
def test_hostile_datagrams_become_a_tree(message: bytes, port: int) -> None:
    frame = dns_frame(message, port)
    check(dissect(frame, 1), len(frame))


@given(st.binary(max_size=300), st.sampled_from([21, 53, 80]))
def test_hostile_segments_become_a_tree(payload: bytes, port: int) -> None:
    for start in (b"", b"\x16\x03\x01\x00\xf0\x01\x00\x00\xec", b"GET / HTTP/1.1\r\n"):
        frame = tcp_frame(start + payload, port)
        check(dissect(frame, 1), len(frame))


def test_the_number_of_fields_is_bounded() -> None:
    """A message that counts 65,535 questions, each of them a pointer to one name."""
    message = b"\0\1\1\0\xff\xff\0\0\0\0\0\0" + b"\1a\0\0\1\0\1" + b"\xc0\x0c\0\1\0\1" * 9000
    frame = dns_frame(message)
    layers = dissect(frame, 1)
    assert check(layers, len(frame)) < MOST_NODES + 200
    assert layers[-1].is_wrong
    assert "more than" in layers[-1].children[-1].name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (b"\xc0\x0c", "does not lead backwards"),
        (b"\1a\xc0\x0c", "does not lead backwards"),
        (b"\x80a", "unknown form"),
        (b"\x3fa", "longer than the message"),
        ((b"\x3e" + b"a" * 62) * 4 + b"\3abc\0", "255"),
        (b"\1a", "no end"),
    ],
    ids=["itself", "loop", "form", "label", "long", "end"],
)  # fmt: skip
def test_names_that_are_none_are_malformed(name: bytes, why: str) -> None:
    layer = dissect(dns_frame(b"\0\1\1\0\0\1\0\0\0\0\0\0" + name), 1)[-1]
    assert layer.is_wrong
    assert why in layer.children[-1].name


def test_what_the_capture_cut_is_said_so() -> None:
    frame = tcp_frame(b"", 80)
    assert "cut by the capture" in dissect(frame[:40], 1, len(frame))[-1].children[-1].name
    assert "malformed" in dissect(frame[:40], 1, 40)[-1].children[-1].name


def test_a_byte_finds_its_field() -> None:
    for data in REAL:
        layers = dissect(data, 1)
        for place in range(len(data)):
            way = find(layers, place)
            assert way[0] in layers
            assert all(node.start <= place < node.end for node in way)
    assert find(layers, len(data)) == []


def field(layers: list[Node], layer: str, name: str) -> list[Node]:
    """Return the fields of a name, of the layers of a name."""

    def within(node: Node) -> Iterator[Node]:
        for child in node.children:
            if child.name == name:
                yield child
            yield from within(child)

    return [found for each in layers if each.name == layer for found in within(each)]


def test_lines_open_what_is_chosen() -> None:
    data = dns_frame(b"\0\1\1\0\0\1\0\0\0\0\0\0\3www\4test\0\0\1\0\1")
    layers, lines = dissect(data, 1), FieldLines()
    lines.show(layers)
    assert [line.node.name for line in lines.lines] == ["Ethernet", "IPv4", "UDP", "DNS"]
    place = data.index(b"www")
    number = lines.reveal(place)
    assert number is not None
    assert (lines.lines[number].node.name, lines.lines[number].node.value) == ("name", "www.test")
    lines.show(dissect(data, 1))  # another packet: what was open stays open
    assert lines.lines[number].node.value == "www.test"
    lines.set_open(lines.lines[3], False)
    assert len(lines.lines) == 4


ORACLES: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "eth.src": ("Ethernet", "source", str),
    "ip.ttl": ("IPv4", "time to live", str),
    "ip.id": ("IPv4", "identification", lambda value: f"0x{int(value, 0):04x}"),
    "ip.src": ("IPv4", "source", str),
    "ip.len": ("IPv4", "total length", str),
    "ipv6.hlim": ("IPv6", "hop limit", str),
    "ipv6.dst": ("IPv6", "destination", str),
    "tcp.seq_raw": ("TCP", "sequence number", str),
    "tcp.ack_raw": ("TCP", "acknowledgement number", str),
    "tcp.window_size_value": ("TCP", "window", str),
    "tcp.flags": ("TCP", "flags", lambda value: f"0x{int(value, 0) & 0x1FF:04x}"),
    "udp.length": ("UDP", "length", str),
    "vlan.id": ("802.1Q VLAN", "VLAN", str),
    "arp.opcode": ("ARP", "operation", str),
    "dns.id": ("DNS", "identification", lambda value: f"0x{int(value, 0):04x}"),
    "dns.a": ("DNS", "address", str),
    "dns.qry.name": ("DNS", "name", str),
    "dhcp.id": ("DHCP", "transaction", lambda value: f"0x{int(value, 0):08x}"),
    "dhcp.option.hostname": ("DHCP", "host name", str),
    "ntp.stratum": ("NTP", "stratum", str),
    "tls.handshake.extensions_server_name": ("TLS", "server name", str),
    "tls.handshake.type": ("TLS", "type", str),
    "http.host": ("HTTP", "Host", str),
    "sctp.verification_tag": ("SCTP", "verification tag", lambda value: f"0x{int(value, 0):08x}"),
}
"""tshark's field -> layer and name here, and how its value is written here."""

PER_RECORD = ("dns.a", "dns.qry.name", "tls.handshake.type")
"""Fields of which this tree has more than tshark lists under that name: those must be among them."""

WITH_TSHARK = (
    *("dhcp__dhcp.pcap", "dns53.pcap", "dns-txt-multiple.pcap", "communityid__ipv6.pcap", "arp-leak.pcap"),
    *(
        "communityid__sctp.pcap",
        "dns-edns-cookie.pcap",
        "dns__mdns.pcap",
        "http-qinq-0.pcap",
        "dns__ech.pcap",
    ),
    *("http-vlan-0.pcap", "ntp__ntp.pcap", "tls__dhe.pcap", "http__100-continue.pcap"),
)


def compare_with_tshark(path: Path) -> int:
    """Compare values of all packets; return how many were compared."""
    words = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=f", "-E", "separator=/t"]
    words += ["-o", "tcp.desegment_tcp_streams:FALSE", "-o", "http.desegment_headers:FALSE"]
    for name in ORACLES:
        words += ["-e", name]
    result = subprocess.run(words, capture_output=True, text=True, check=True)
    compared = 0
    lines = result.stdout.splitlines()
    for line, (data, link_type, length) in zip(lines, packets_of(path, 8192), strict=False):
        layers = dissect(data, link_type, length)
        if any(layer.name == "ICMP" for layer in layers):
            continue  # tshark counts what is quoted, too
        for name, value in zip(ORACLES, line.split("\t"), strict=True):
            if not value:
                continue
            layer, here, written = ORACLES[name]
            found = [node.value for node in field(layers, layer, here)]
            if not found and layer in ("TLS", "HTTP", "DNS", "DHCP", "NTP"):
                continue  # put together of several segments, or on a port of its own
            compared += 1
            if name in PER_RECORD:
                assert written(value) in found, (path.name, name, data.hex())
            else:
                assert found[0] == written(value), (path.name, name, data.hex())
    return compared


@needs_tshark
def test_values_are_those_of_tshark() -> None:
    assert compare_with_tshark(EXERCISE) > 30_000


@needs_golden
@needs_tshark
@pytest.mark.parametrize("name", WITH_TSHARK)
def test_values_of_real_captures_are_those_of_tshark(name: str) -> None:
    assert compare_with_tshark(GOLDEN / "captures" / name) > 3
