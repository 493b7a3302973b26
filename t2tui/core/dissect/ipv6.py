"""IPv6: extension headers, tunnels, lengths, transport (docs/dissection.md)."""

from typing import Any

from t2tui.core import flowstat as fs
from t2tui.core.dissect import context as k
from t2tui.core.dissect.context import (
    DONE6,
    DROP,
    FAIL,
    IPV4,
    add,
    add_ether_type,
    add_ip_protocol,
    add_ppp,
    nibble,
    u8,
    u16,
    u32,
)
from t2tui.core.dissect.ether import vlan_tags
from t2tui.core.dissect.gre import gre_length
from t2tui.core.dissect.transport import dtls, read_ports, ssdp
from t2tui.core.dissect.tunnels import has_port, l2tp
from t2tui.core.jit import inlined, routine
from t2tui.core.layout import FRAG_FIRST, FRAG_HEADER, FRAG_LATER, FRAG_MORE

MAX_ROUNDS = 5
"""Headers behind the base header that are looked at."""

STOP, NEXT_ROUND = 200, 201
"""Outcome of one header: the last one, or another one follows."""


@inlined
def left(c: Any) -> Any:
    """Captured bytes from layer 4 on; wraps when negative, as in the reference."""
    return (c.end - c.l4) & 0xFFFFFFFF


@inlined
def payload_length(c: Any) -> Any:
    """Length of the IPv6 packet at c.l3 from its header and the frame."""
    framed = (c.len - (c.l3 - c.raw)) & 0xFFFF
    announced = u16(c, c.l3 + 4)
    c.l3Len = framed if announced == 0 or announced + 40 > framed else announced + 40
    if announced == 0 and framed:
        c.status |= fs.IP_PL_MSMTCH


@routine
def ipv6(c: Any) -> Any:
    """Dissect from the IPv6 header at c.position; DONE6, DROP, or IPV4/IPV6 for an inner packet."""
    c.l3 = c.position
    c.ip = c.l3
    c.ethType = 0x86DD
    c.status |= fs.FS_IPV6_PKT
    add(c, k.N_IPV6)
    c.headerLen = 40
    c.proto = u8(c, c.ip + 6)
    c.fragment = 0
    c.srcPort = 0
    c.dstPort = 0
    outer_lengths(c)
    header = 0
    for _ in range(MAX_ROUNDS):
        c.srcPort = 0
        c.dstPort = 0
        c.l4 = c.ip + c.headerLen
        header = 0
        if left(c) < 8:
            break
        step, header = next_header(c)
        if step == STOP:
            break
        if step != NEXT_ROUND:
            return step
    inner_lengths(c, header)
    c.frag = 0
    if c.fragment:
        word = u16(c, c.fragment + 2)
        c.frag = FRAG_HEADER
        if word & 0xFFF8:
            c.frag |= FRAG_LATER
        elif word & 1:
            c.frag |= FRAG_FIRST
        if word & 1:
            c.frag |= FRAG_MORE
        c.fragId = u32(c, c.fragment + 4)
    return DONE6


@inlined
def restart(c: Any, position: Any) -> Any:
    """Go on with an inner IPv6 header; its next-header field is left to the caller."""
    c.ip = position
    c.l3 = position
    c.headerLen = 40
    return NEXT_ROUND, 0


@inlined
def give_up(c: Any) -> Any:
    """Stop and mark the packet."""
    c.status |= fs.STPDSCT
    return STOP, 0


@routine
def next_header(c: Any) -> Any:
    """One header at c.l4: (step, size of the layer-4 header)."""
    proto = c.proto
    if proto == 6:
        return tcp(c)
    if proto == 17 or proto == 136:
        return udp(c)
    if proto == 58:
        add(c, k.ICMPV6)
        return STOP, 8
    if proto == 0 or proto == 60 or proto == 43:
        add(c, k.HOPOPTS if proto == 0 else k.DSTOPTS if proto == 60 else k.ROUTING)
        c.proto = u8(c, c.l4)
        c.headerLen += 8 * (u8(c, c.l4 + 1) + 1)
        return NEXT_ROUND, 0
    if proto == 44:
        add(c, k.FRAGHDR)
        c.fragments6 += 1
        c.proto = u8(c, c.l4)
        c.fragment = c.l4
        c.headerLen += 8
        if u16(c, c.l4 + 2) & 0xFFF8:
            c.l4 += 8
            return STOP, 0
        return NEXT_ROUND, 0
    if proto == 51:
        add(c, k.AH)
        c.status |= fs.L3_IPSEC_AH
        c.proto = u8(c, c.l4)
        c.headerLen += 4 * (u8(c, c.l4 + 1) + 2)
        return NEXT_ROUND, 0
    return tunnels_and_others(c)


@routine
def tcp(c: Any) -> Any:
    """TCP over IPv6."""
    add(c, k.TCP)
    header = 4 * (u8(c, c.l4 + 12) >> 4)
    if left(c) < 20:
        if c.status & fs.L3SNAPLENGTH:
            header = 20
        c.status |= fs.L4HDRSHRTLEN
        return STOP, header
    read_ports(c)
    ssdp(c)
    return STOP, header


@routine
def udp(c: Any) -> Any:
    """UDP and UDP-Lite over IPv6; of the port tunnels only L2TP."""
    add(c, k.UDP if c.proto == 17 else k.UDPLITE)
    read_ports(c)
    dtls(c)
    if has_port(c, 1701):
        step = l2tp(c, c.l4 + 8)
        if step != FAIL:
            return step, 8
    ssdp(c)
    return STOP, 8


@routine
def tunnels_and_others(c: Any) -> Any:
    """Next headers that carry another packet, and the rest."""
    proto = c.proto
    if proto == 4:
        if c.l4 > c.end:
            add(c, k.N_IPV4)
            c.status |= fs.FS_IPV4_PKT
            return give_up(c)
        c.position = c.l4
        return IPV4, 0
    if proto == 41:
        add(c, k.N_IPV6)
        c.status |= fs.L3_IPIP
        if left(c) < 40:
            return give_up(c)
        c.proto = u8(c, c.l4 + 6)
        return restart(c, c.l4)
    if proto == 47:
        return gre(c)
    if proto == 97:
        return etherip(c)
    if proto == 89:
        add(c, k.OSPF)
        return STOP, (24 if u8(c, c.l4) == 2 else 16)
    if proto == 115:
        add(c, k.L2TP)
        c.status |= fs.L2_L2TP
    elif proto == 132:
        add(c, k.SCTP)
        c.status |= fs.L4_SCTP
        if left(c) < 16:
            c.status |= fs.L4HDRSHRTLEN
        else:
            read_ports(c)
        return STOP, 12
    elif proto == 103:
        add(c, k.PIM)
        if u8(c, c.l4) & 15 == 1:
            version = nibble(c, c.l4 + 8)
            if version == 4:
                c.position = c.l4 + 8
                return IPV4, 0
            if version == 6:
                c.proto = u8(c, c.l4 + 14)
                return restart(c, c.l4 + 8)
    elif proto != 59:
        add_ip_protocol(c, proto)
    return STOP, 0


@routine
def gre(c: Any) -> Any:
    """GRE over IPv6; the next header stays 47 behind it, as in the reference."""
    add(c, k.GRE)
    c.status |= fs.L2_GRE
    protocol = u16(c, c.l4 + 2)
    q = c.l4 + gre_length(c, c.l4)
    if protocol == 0x86DD:
        return restart(c, q)
    if protocol == 0x6558:
        return restart(c, q + 14)
    if protocol != 0x880B:
        add_ether_type(c, protocol)
        return give_up(c)
    add(c, k.IN_PPP)
    c.status |= fs.L2_PPP
    if u8(c, q) == 0xFD:
        add(c, k.COMP_DATA)
        c.status |= fs.PPP_NRHD
        return give_up(c)
    inner = u16(c, q + 2)
    if inner == 0x0057:
        return restart(c, q + 4)
    if u8(c, c.l4 + 1) & 7 != 1 or u16(c, c.l4 + 4):
        add_ppp(c, inner)
    return give_up(c)


@routine
def etherip(c: Any) -> Any:
    """Ethernet in IPv6 (RFC 3378)."""
    header = c.l3 + c.headerLen
    if nibble(c, header) < 3:
        return DROP, 0
    add(c, k.ETHERIP)
    add(c, k.IN_ETH)
    c.status |= fs.L3_ETHIPF
    c.snapL2 -= header - c.l2 + 2
    c.l2 = header + 2
    position = vlan_tags(c, header + 14)
    ether_type = u16(c, position)
    if ether_type == 0x86DD:
        add(c, k.N_IPV6)
        return restart(c, position + 2)
    if ether_type == 0x0800:
        c.position = position + 2
        return IPV4, 0
    add_ether_type(c, ether_type)
    return give_up(c)


@routine
def outer_lengths(c: Any) -> Any:
    """Lengths of the outer header, before extension headers are looked at."""
    snap = (c.snapL2 - ((c.l3 - c.l2) & 0xFFFF)) & 0xFFFFFFFF
    payload_length(c)
    c.wireBytes += c.len & 0xFFFF
    if snap < c.l3Len:
        c.status |= fs.L3SNAPLENGTH
        if c.event == k.EVENT_NONE:
            c.event = k.EVENT_SNAP_OUTER
            c.a = c.snapL2
            c.b = snap
            c.c = c.l3Len
    elif snap > c.l3Len:
        c.snapL2 = c.len & 0xFFFF


@routine
def inner_lengths(c: Any, header: Any) -> Any:
    """Lengths of the innermost header; Ethernet padding counts as captured payload here."""
    snap = (c.end - c.l3) & 0xFFFFFFFF
    payload_length(c)
    if c.fragment and u16(c, c.fragment + 2) & 0xFFF8:
        header = 0
    c.l7Len = (c.l3Len - c.headerLen - header) & 0xFFFF
    c.pktLen = c.l7Len
    c.l7 = c.l4 + header
    c.snapL3 = snap
    c.snapL4 = 0 if snap < c.headerLen else (c.end - c.l4) & 0xFFFF
    if snap >= c.l3Len:
        c.snapL7 = c.snapL4 - header if header < c.snapL4 else 0
    else:
        before = (c.l7 - c.l3) & 0xFFFF
        c.snapL7 = 0 if snap < before else (c.end - c.l7) & 0xFFFF
