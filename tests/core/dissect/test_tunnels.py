"""Packets built layer by layer, tunnels in tunnels: the columns are those of the innermost packet."""

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import dpkt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from t2tui.core import flowstat as fs
from t2tui.core.layout import KIND_IPV4, KIND_IPV6
from tests.core.dissect.dissecting import dissect

KNOWN_PORTS = {
    1701,
    1900,
    2123,
    2152,
    3386,
    3544,
    4500,
    4789,
    4790,
    5072,
    5246,
    5247,
    6081,
    8472,
    12222,
    12223,
}
PORTS = st.integers(1, 65535).filter(lambda port: port not in KNOWN_PORTS)
HIGH_PORTS = st.integers(49152, 65535)
MACS = st.binary(min_size=6, max_size=6).filter(lambda mac: mac[:2] not in (b"\x01\x00", b"\x03\x00"))
TAG_TYPES = st.sampled_from((0x8100, 0x88A8, 0x9100, 0x9200))
V4, V6 = 0x0800, 0x86DD


@dataclass(frozen=True)
class Layers:
    """A packet from its outermost header so far, and what the innermost one must show.

    Positions count from the first byte of ``data``.
    """

    data: bytes
    ether_type: int
    names: tuple[str, ...]
    status: int
    kind: int
    addresses: tuple[int, int]
    ports: tuple[int, int]
    proto: int
    ttl: int
    total: int
    l3: int
    l7: int
    payload: bytes
    l2: int = -1
    macs: tuple[int, int] = (0, 0)
    vlan: int = 0

    def behind(self, header: bytes, *names: str, status: int = 0, ether_type: int = -1) -> "Layers":
        """The same behind another header."""
        return replace(
            self,
            data=header + self.data,
            names=(*names, *self.names),
            status=self.status | status,
            ether_type=self.ether_type if ether_type < 0 else ether_type,
            l3=self.l3 + len(header),
            l7=self.l7 + len(header),
            l2=self.l2 + len(header) if self.l2 >= 0 else -1,
        )


def ip_header(
    draw: Any, proto: int, size: int, version: int, options: bytes = b""
) -> tuple[bytes, dpkt.Packet]:
    if version == V4:
        ip = dpkt.ip.IP(
            src=draw(st.binary(min_size=4, max_size=4)),
            dst=draw(st.binary(min_size=4, max_size=4)),
            p=proto,
            ttl=draw(st.integers(0, 255)),
            id=draw(st.integers(0, 65535)),
            hl=5 + len(options) // 4,
            opts=options,
            len=20 + len(options) + size,
            sum=1,
        )
    else:
        ip = dpkt.ip6.IP6(
            src=draw(st.binary(min_size=16, max_size=16)),
            dst=draw(st.binary(min_size=16, max_size=16)),
            nxt=proto,
            hlim=draw(st.integers(0, 255)),
            flow=draw(st.integers(0, 0xFFFFF)),
            plen=size,
        )
        ip.extension_hdrs = {}
    return bytes(ip), ip


@st.composite
def innermost(draw: Any, versions: tuple[int, ...] = (V4, V6)) -> Layers:
    """IP with TCP, UDP, SCTP or ICMP."""
    version = draw(st.sampled_from(versions))
    ports = draw(st.tuples(PORTS, PORTS))
    payload = b"\xff" + draw(st.binary(min_size=19, max_size=60))
    kind = draw(st.sampled_from(("tcp", "udp", "sctp", "icmp")))
    if kind == "tcp":
        options = bytes(4 * draw(st.integers(0, 10)))
        header = bytes(
            dpkt.tcp.TCP(sport=ports[0], dport=ports[1], off=5 + len(options) // 4, opts=options, sum=1)
        )
        proto, name, status = 6, ":tcp", 0
    elif kind == "udp":
        header = bytes(dpkt.udp.UDP(sport=ports[0], dport=ports[1], ulen=8 + len(payload), sum=1))
        proto, name, status = 17, ":udp", 0
    elif kind == "sctp":
        header = struct.pack(">HHII", *ports, 1, 2)
        proto, name, status = 132, ":sctp", fs.L4_SCTP
    else:
        ports, status = (0, 0), 0
        header = struct.pack(">BBHI", 8, 0, 0, 1)
        proto, name = (1, ":icmp") if version == V4 else (58, ":icmpv6")
    options = bytes(4 * draw(st.integers(0, 10))) if version == V4 else b""
    first, ip = ip_header(draw, proto, len(header) + len(payload), version, options)
    return Layers(
        data=first + header + payload,
        ether_type=version,
        names=(":ipv4" if version == V4 else ":ipv6", name),
        status=status | (fs.FS_IPV4_PKT if version == V4 else fs.FS_IPV6_PKT),
        kind=KIND_IPV4 if version == V4 else KIND_IPV6,
        addresses=(int.from_bytes(ip.src), int.from_bytes(ip.dst)),
        ports=ports,
        proto=proto,
        ttl=ip.ttl if version == V4 else ip.hlim,
        total=len(first) + len(header) + len(payload),
        l3=0,
        l7=len(first) + len(header),
        payload=payload,
    )


def in_ipv4(draw: Any, inner: Layers, proto: int, *names: str, status: int = 0) -> Layers:
    header, _ = ip_header(draw, proto, len(inner.data), V4)
    return inner.behind(header, ":ipv4", *names, status=status | fs.FS_IPV4_PKT, ether_type=V4)


def in_udp(draw: Any, inner: Layers, port: int, *names: str, status: int, to_port: bool = False) -> Layers:
    """In UDP over IPv4, the tunnel's port on either side."""
    ports = [draw(HIGH_PORTS), port]
    if not to_port and draw(st.booleans()):
        ports.reverse()
    header = bytes(dpkt.udp.UDP(sport=ports[0], dport=ports[1], ulen=8 + len(inner.data), sum=1))
    return in_ipv4(draw, inner.behind(header, ":udp", *names, status=status), 17)


def in_ethernet(draw: Any, inner: Layers, name: str, tags: int = 0) -> Layers:
    """Ethernet with VLAN tags; its MACs and tags count unless inner ones do."""
    macs = draw(st.tuples(MACS, MACS))
    header = b"".join(macs)
    names, status, vlan = [name], 0, 0
    for _ in range(tags):
        tag = draw(st.integers(0, 0xFFFF))
        header += struct.pack(">HH", draw(TAG_TYPES), tag)
        vlan = tag & 0xFFF
        status |= fs.L2_VLAN | (0 if vlan else fs.FS_VLAN0)
    if tags:
        names.append(":vlan" if tags == 1 else f":vlan{{{tags}}}")
    framed = inner.behind(header + inner.ether_type.to_bytes(2), *names, status=status)
    if inner.l2 < 0:
        framed = replace(framed, l2=0, macs=(int.from_bytes(macs[1]), int.from_bytes(macs[0])))
    return replace(framed, vlan=vlan) if not inner.status & fs.L2_VLAN else framed


# ------------------------------------------------------------------ tunnels


def vxlan(draw: Any, inner: Layers) -> Layers:
    framed = in_ethernet(draw, inner, ":eth")
    header = b"\x08\0\0\0" + draw(st.binary(min_size=3, max_size=3)) + b"\0"
    port = draw(st.sampled_from((4789, 8472)))
    return in_udp(draw, framed.behind(header), port, ":vxlan", status=fs.L3_VXLAN)


def vxlan_gpe(draw: Any, inner: Layers) -> Layers:
    header = b"\x0c\0\0" + bytes([1 if inner.ether_type == V4 else 2]) + b"\0\0\7\0"
    # layer 2 begins behind the VXLAN header, though no Ethernet header is there
    tunnel = inner.behind(header)
    if inner.l2 < 0:
        tunnel = replace(tunnel, l2=8)
    return in_udp(draw, tunnel, 4790, ":vxlan_gpe", status=fs.L3_VXLAN)


def geneve(draw: Any, inner: Layers) -> Layers:
    options = bytes(4 * draw(st.integers(0, 20)))
    header = bytes([len(options) // 4, 0]) + b"\x65\x58" + b"\0\1\2\0" + options
    return in_udp(draw, in_ethernet(draw, inner, ":eth").behind(header), 6081, ":geneve", status=fs.L3_GENEVE)


def gtp(draw: Any, inner: Layers) -> Layers:
    flags = draw(st.sampled_from((0x30, 0x32, 0x34)))
    extra = b"\0\1\0\0" if flags & 7 else b""
    if flags & 4:
        extra = b"\0\1\0\x85\1\0\0\0"  # one extension of four bytes
    header = struct.pack(">BBHI", flags, 255, len(extra) + len(inner.data), 7) + extra
    port = draw(st.sampled_from((2152, 2123, 3386)))
    return in_udp(draw, inner.behind(header), port, ":gtp", status=fs.L3_GTP)


def l2tp(draw: Any, inner: Layers) -> Layers:
    flags = draw(st.sampled_from((0, 0x40, 0x08, 0x02, 0x4A)))
    header = bytes([flags, 2])
    header += b"\0\x50" if flags & 0x40 else b""
    header += b"\0\1\0\2"
    header += b"\0\0\0\0" if flags & 0x08 else b""
    padding = draw(st.binary(max_size=9)) if flags & 0x02 else b""
    header += len(padding).to_bytes(2) + padding if flags & 0x02 else b""
    header += b"\xff\x03" + (b"\x00\x21" if inner.ether_type == V4 else b"\x00\x57")
    return in_udp(draw, inner.behind(header), 1701, ":l2tp", ":ppp", status=fs.L2_L2TP | fs.L2_PPP)


def ayiya(draw: Any, inner: Layers) -> Layers:
    header = b"\x44\x52\x11" + bytes([4 if inner.ether_type == V4 else 41]) + bytes(4 + 16 + 20)
    return in_udp(draw, inner.behind(header), 5072, ":ayiya", status=fs.L3_AYIYA)


def teredo(draw: Any, inner: Layers) -> Layers:
    indications = b""
    if draw(st.booleans()):
        sizes = draw(st.tuples(st.integers(0, 20), st.integers(0, 20)))
        indications += b"\0\1" + bytes(sizes) + bytes(sum(sizes) + 9)
    if draw(st.booleans()):
        indications += b"\0\0" + bytes(6)
    return in_udp(draw, inner.behind(indications), 3544, ":teredo", status=fs.L3_TRDO)


def gre_header(draw: Any, proto: int) -> bytes:
    """GRE with any of checksum, routing, key, sequence number and acknowledgement."""
    flags = draw(st.integers(0, 31))
    words = flags.bit_count()
    acknowledged = draw(st.booleans())
    return struct.pack(">BBH", flags << 3, 0x81 if acknowledged else 0, proto) + bytes(
        4 * (words + acknowledged)
    )


def gre(draw: Any, inner: Layers) -> Layers:
    return in_ipv4(draw, inner.behind(gre_header(draw, V4), ":gre", status=fs.L2_GRE), 47)


def gre_ethernet(draw: Any, inner: Layers) -> Layers:
    framed = in_ethernet(draw, inner, ":eth", draw(st.integers(0, 2)))
    return in_ipv4(draw, framed.behind(gre_header(draw, 0x6558), ":gre", status=fs.L2_GRE), 47)


def erspan(draw: Any, inner: Layers) -> Layers:
    framed = in_ethernet(draw, inner, ":eth").behind(bytes(8), ":erspan", status=fs.L2_ERSPAN)
    return in_ipv4(draw, framed.behind(gre_header(draw, 0x88BE), ":gre", status=fs.L2_GRE), 47)


def gre_ppp(draw: Any, inner: Layers) -> Layers:
    header = (
        b"\x30\x81\x88\x0b\0\x20\0\1"
        + bytes(8)
        + b"\xff\x03"
        + (b"\0\x21" if inner.ether_type == V4 else b"\0\x57")
    )
    return in_ipv4(draw, inner.behind(header, ":gre", ":ppp", status=fs.L2_GRE | fs.L2_PPP), 47)


def wccp(draw: Any, inner: Layers) -> Layers:
    header = gre_header(draw, 0x883E) + bytes(4)
    return in_ipv4(draw, inner.behind(header, ":gre", ":wccp", status=fs.L2_GRE | fs.L2_WCCP), 47)


def etherip(draw: Any, inner: Layers) -> Layers:
    framed = in_ethernet(draw, inner, ":eth", draw(st.integers(0, 2)))
    return in_ipv4(draw, framed.behind(b"\x30\0", ":etherip", status=fs.L3_ETHIPF), 97)


def ip_in_ip(draw: Any, inner: Layers) -> Layers:
    return in_ipv4(draw, inner, 4 if inner.ether_type == V4 else 41, status=fs.L3_IPIP)


def pim(draw: Any, inner: Layers) -> Layers:
    return in_ipv4(draw, inner.behind(b"\x21" + bytes(7), ":pim"), 103)


RECURSIVE = (vxlan, vxlan_gpe, geneve, gtp, l2tp, ayiya)
"""Tunnels behind which everything is possible again."""

LAST = (gre_ethernet, erspan, gre_ppp, wccp, etherip, ip_in_ip, pim)
"""Tunnels behind which only the innermost packet comes here; GRE and Teredo carry but one version."""


# ------------------------------------------------------------------ link layers


def plain(draw: Any, inner: Layers) -> Layers:
    return in_ethernet(draw, inner, "eth", draw(st.sampled_from((0, 0, 1, 2, 5))))


def mpls(draw: Any, inner: Layers) -> Layers:
    count = draw(st.integers(1, 6))
    words = [draw(st.integers(0, 0xFFFFFF)) << 8 & 0xFFFFFEFF | (i == count - 1) << 8 for i in range(count)]
    labels = b"".join(struct.pack(">I", word) for word in words)
    multicast = draw(st.booleans())
    status = fs.L2_MPLS_MCAST if multicast else fs.L2_MPLS_UCAST
    name = ":mpls" if count == 1 else f":mpls{{{count}}}"
    return plain(draw, inner.behind(labels, name, status=status, ether_type=0x8848 if multicast else 0x8847))


def pseudo_wire(draw: Any, inner: Layers) -> Layers:
    framed = in_ethernet(draw, inner, ":eth", draw(st.integers(0, 2)))
    framed = framed.behind(bytes(4), ":pwethcw")
    return plain(draw, framed.behind(b"\0\0\1\x40", ":mpls", status=fs.L2_MPLS_UCAST, ether_type=0x8847))


def pppoe(draw: Any, inner: Layers) -> Layers:
    header = (
        b"\x11\0\0\1"
        + (len(inner.data) + 2).to_bytes(2)
        + (b"\0\x21" if inner.ether_type == V4 else b"\0\x57")
    )
    return plain(draw, inner.behind(header, ":pppoes", ":ppp", status=fs.L2_PPPOE_S, ether_type=0x8864))


def snap(draw: Any, inner: Layers) -> Layers:
    llc = b"\xaa\xaa\x03\0\0\0" + inner.ether_type.to_bytes(2)
    size = len(llc) + len(inner.data)
    return plain(draw, inner.behind(llc, ":llc", ether_type=size if size <= 1500 else 0x8870))


LINK_LAYERS = (plain, mpls, pseudo_wire, pppoe, snap)

BITS = (
    sum(1 << bit for bit in range(3, 32) if 1 << bit not in (fs.L2_IPV4, fs.L2_IPV6))
    | fs.FS_VLAN0
    | fs.FS_IPV4_PKT
    | fs.FS_IPV6_PKT
    | fs.STPDSCT
)
"""Bits that name headers, and that of a dissection that was given up."""


@st.composite
def packets(draw: Any) -> Layers:
    end = draw(st.sampled_from((None, None, gre, teredo, *LAST)))
    inner = draw(innermost(versions={gre: (V4,), teredo: (V6,)}.get(end, (V4, V6))))
    if end is not None:
        inner = end(draw, inner)
    for tunnel in draw(st.lists(st.sampled_from(RECURSIVE), max_size=3)):
        inner = tunnel(draw, inner)
    return draw(st.sampled_from(LINK_LAYERS))(draw, inner)


def check(packet: Layers) -> None:
    found = dissect([packet.data])
    row = found.packets[0]
    assert found.text(0) == cut("".join(packet.names))
    assert row["kind"] == packet.kind
    assert int(row["status"]) & BITS == packet.status
    high, low = (int(row["srcHi"]) << 64 | int(row["srcLo"])), (int(row["dstHi"]) << 64 | int(row["dstLo"]))
    assert (high, low) == packet.addresses
    assert (row["srcPort"], row["dstPort"]) == packet.ports
    assert (row["l4Proto"], row["ttl"], row["vlan"]) == (packet.proto, packet.ttl, packet.vlan)
    assert (row["l3"], row["l7"]) == (packet.l3, packet.l7)
    assert row["l3Len"] == packet.total
    assert row["l7Len"] == row["pktLen"] == row["snapL7Len"] == len(packet.payload)
    assert found.content(0, len(packet.payload)) == packet.payload
    assert row["l2"] == packet.l2
    if packet.macs != (0, 0):
        assert (row["srcMac"], row["dstMac"]) == packet.macs
    assert row["ethType"] == (V4 if packet.kind == KIND_IPV4 else V6)


def cut(text: str) -> str:
    return text if len(text) <= 127 else text[:124] + "..."


def headers(names: tuple[str, ...]) -> int:
    """Names count once, those with ``{n}`` n times."""
    return sum(int(name[name.index("{") + 1 : -1]) if "{" in name else 1 for name in names)


@settings(max_examples=250)
@given(packets())
def test_the_innermost_packet_counts(packet: Layers) -> None:
    check(packet)
    assert dissect([packet.data]).packets[0]["numHdrs"] == headers(packet.names)


@pytest.mark.parametrize("tunnel", [*RECURSIVE, *LAST, gre, teredo], ids=lambda tunnel: tunnel.__name__)
def test_every_tunnel(tunnel: Callable[..., Layers]) -> None:
    @settings(max_examples=15)
    @given(st.data())
    def one(data: st.DataObject) -> None:
        inner = data.draw(innermost(versions={gre: (V4,), teredo: (V6,)}.get(tunnel, (V4, V6))))
        check(plain(data.draw, tunnel(data.draw, inner)))

    one()


@pytest.mark.parametrize("layer", LINK_LAYERS, ids=lambda layer: layer.__name__)
def test_every_link_layer(layer: Callable[..., Layers]) -> None:
    @settings(max_examples=15)
    @given(st.data())
    def one(data: st.DataObject) -> None:
        check(layer(data.draw, data.draw(innermost())))

    one()


@given(st.integers(0, 0xFFFF).filter(lambda number: number > 1500), st.integers(0, 255))
@example(0x1234, 255)
def test_unknown_numbers_are_shown(ether_type: int, protocol: int) -> None:
    from t2tui.core.dissect.names import ETHER_TYPES, IP_PROTOCOLS

    frame = bytes(12) + ether_type.to_bytes(2) + bytes(60)
    if ether_type not in ETHER_TYPES:
        found = dissect([frame])
        assert found.text(0) == f"eth:UNK(0x{ether_type:04x})"
        assert int(found.packets[0]["status"]) & fs.STPDSCT
    if protocol not in IP_PROTOCOLS:
        ip = bytes(dpkt.ip.IP(src=socket.inet_aton("10.0.0.1"), dst=bytes(4), p=protocol, len=40)) + bytes(20)
        found = dissect([bytes(12) + b"\x08\x00" + ip])
        assert found.text(0) == f"eth:ipv4:UNK({protocol})"
        assert int(found.packets[0]["status"]) & fs.STPDSCT
