"""Columns of plain packets beside what dpkt parses.

Selected from the golden captures: Ethernet with up to two VLAN tags, IPv4 or IPv6 without extension headers,
TCP or UDP; captured in full, no fragments, no ports or contents that could be a tunnel.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import dpkt
import pytest

from t2tui.core.layout import KIND_IPV4, KIND_IPV6, SHOW_L3, SHOW_PORTS, SHOW_VLAN
from tests.core.captures import GOLDEN, NO_GOLDEN
from tests.core.dissect.dissecting import Record, dissect

TUNNEL_PORTS = {2152, 2123, 3386, 4789, 4790, 8472, 6081, 5246, 5247, 12222, 12223, 1701, 5072}
ISL = (bytes.fromhex("01000c0000"), bytes.fromhex("03000c0000"))
"""Cisco's ISL header begins like this."""

GROUPS = 8
SHARE = 4
"""One packet of so many is compared, to save time."""


class Expected(NamedTuple):
    """Columns by dpkt; None where a datagram has nothing of the kind."""

    kind: int
    srcHi: int  # noqa: N815
    srcLo: int  # noqa: N815
    dstHi: int  # noqa: N815
    dstLo: int  # noqa: N815
    srcMac: int  # noqa: N815
    dstMac: int  # noqa: N815
    ethType: int  # noqa: N815
    vlan: int
    vlanPos: int  # noqa: N815
    l4Proto: int  # noqa: N815
    ttl: int
    ipId: int  # noqa: N815
    srcPort: int  # noqa: N815
    dstPort: int  # noqa: N815
    seq: int
    ack: int | None
    tcpFlags: int | None  # noqa: N815
    window: int | None
    udpLen: int  # noqa: N815
    l2: int
    l3: int
    l4: int
    l7: int
    l3Len: int  # noqa: N815
    l7Len: int  # noqa: N815
    snapL7Len: int  # noqa: N815
    show: int


def may_be_tunnel(transport: dpkt.tcp.TCP | dpkt.udp.UDP) -> bool:
    """Whether a packet has ports or contents that are looked into."""
    high = transport.sport > 1024 and transport.dport > 1024
    teredo = isinstance(transport, dpkt.udp.UDP) and high and transport.data[:1] in (b"\x00", b"\x60")
    return teredo or bool(TUNNEL_PORTS & {transport.sport, transport.dport})


def expected(frame: bytes) -> Expected | None:
    """Columns of a plain packet; None if it is another one."""
    try:
        ethernet = dpkt.ethernet.Ethernet(frame)
    except (dpkt.UnpackError, AttributeError):  # AttributeError: dpkt trips over some fragments
        return None
    ip = ethernet.data
    tags = getattr(ethernet, "vlan_tags", [])
    is_v4 = isinstance(ip, dpkt.ip.IP)
    if not is_v4 and (not isinstance(ip, dpkt.ip6.IP6) or ip.extension_hdrs):
        return None
    ether_type = int.from_bytes(frame[12 + 4 * len(tags) :][:2])
    if ethernet.dst[:5] in ISL or ether_type not in (0x0800, 0x86DD):
        return None
    transport = ip.data
    if not isinstance(transport, dpkt.tcp.TCP | dpkt.udp.UDP):
        return None
    is_tcp = isinstance(transport, dpkt.tcp.TCP)
    l3 = 14 + 4 * len(tags)
    if is_v4:
        header, total, kind = 4 * ip.hl, ip.len, KIND_IPV4
        if ip.v != 4 or header < 20 or ip.mf or ip.offset:
            return None
    else:
        header, total, kind = 40, ip.plen + 40, KIND_IPV6
        if ip.plen == 0:
            return None
    l4_header = 4 * transport.off if is_tcp else 8
    if l3 + total > len(frame) or header + l4_header > total or (is_tcp and l4_header < 20):
        return None
    if may_be_tunnel(transport):
        return None

    def halves(address: bytes) -> tuple[int, int]:
        number = int.from_bytes(address)
        return number >> 64, number & 0xFFFFFFFFFFFFFFFF

    l7 = l3 + header + l4_header
    word = bytes(transport)  # of UDP packets seq, ack, flags and window are whatever stands there
    return Expected(
        kind,
        *halves(ip.src),
        *halves(ip.dst),
        int.from_bytes(ethernet.src),
        int.from_bytes(ethernet.dst),
        ether_type,
        tags[-1].id if tags else 0,
        14 if tags else -1,
        ip.p if is_v4 else ip.nxt,
        ip.ttl if is_v4 else ip.hlim,
        ip.id if is_v4 else 0,
        transport.sport,
        transport.dport,
        transport.seq if is_tcp else int.from_bytes(word[4:8]),
        transport.ack if is_tcp else None,
        transport.flags & 0xFF if is_tcp else None,
        transport.win if is_tcp else None,
        0 if is_tcp else transport.ulen,
        0,
        l3,
        l3 + header,
        l7,
        total,
        total - header - l4_header,
        total - header - l4_header if is_v4 else len(frame) - l7,
        SHOW_L3 | SHOW_PORTS | (SHOW_VLAN if tags else 0),
    )


def frames(path: Path) -> Iterator[bytes]:
    """Ethernet frames of a capture that were captured in full, read by dpkt."""
    try:
        reader = dpkt.pcap.UniversalReader(io.BytesIO(path.read_bytes()))
        if reader.datalink() != dpkt.pcap.DLT_EN10MB:
            return
        for _, frame in reader:
            yield frame
    except (dpkt.Error, ValueError, KeyError):  # cut or damaged at the end
        return


@pytest.mark.golden
@pytest.mark.skipif(not GOLDEN.is_dir(), reason=NO_GOLDEN)
@pytest.mark.parametrize("group", range(GROUPS))
def test_plain_packets_of_real_captures(group: int) -> None:
    captures = sorted((GOLDEN / "captures").iterdir())[group::GROUPS]
    compared = 0
    for capture in captures:
        wanted = [(frame, expected(frame)) for frame in list(frames(capture))[group % SHARE :: SHARE]]
        chosen = [(frame, columns) for frame, columns in wanted if columns is not None]
        if not chosen:
            continue
        found = dissect([Record(frame) for frame, _ in chosen])
        for name in Expected._fields:
            values = [getattr(columns, name) for _, columns in chosen]
            column = [
                None if value is None else mine
                for mine, value in zip(found.packets[name].tolist(), values, strict=True)
            ]
            assert column == values, (capture.name, name)
        for row, (frame, columns) in enumerate(chosen):
            assert found.content(row, columns.l7Len) == frame[columns.l7 :][: columns.l7Len]
        compared += len(chosen)
    assert compared > 500
