"""IPv6: extension headers, tunnels, lengths, transport (docs/dissection.md)."""

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
def left(c):
    """Captured bytes from layer 4 on; wraps when negative, as in the reference."""
    return (c.end - c.l4) & 0xFFFFFFFF


@inlined
def payload_length(b, c):
    """Length of the IPv6 packet at c.l3 from its header and the frame."""
    framed = (c.len - (c.l3 - c.raw)) & 0xFFFF
    announced = u16(b, c.l3 + 4)
    c.l3Len = framed if announced == 0 or announced + 40 > framed else announced + 40
    if announced == 0 and framed:
        c.status |= fs.IP_PL_MSMTCH


@routine
def ipv6(b, c, tree, tokens):
    """Dissect from the IPv6 header at c.position; DONE6, DROP, or IPV4/IPV6 for an inner packet."""
    c.l3 = c.position
    c.ip = c.l3
    c.ethType = 0x86DD
    c.status |= fs.FS_IPV6_PKT
    add(c, tree, k.N_IPV6)
    c.headerLen = 40
    c.proto = u8(b, c.ip + 6)
    c.fragment = 0
    c.srcPort = 0
    c.dstPort = 0
    outer_lengths(b, c)
    header = 0
    for _ in range(MAX_ROUNDS):
        c.srcPort = 0
        c.dstPort = 0
        c.l4 = c.ip + c.headerLen
        header = 0
        if left(c) < 8:
            break
        step, header = next_header(b, c, tree, tokens)
        if step == STOP:
            break
        if step != NEXT_ROUND:
            return step
    inner_lengths(b, c, header)
    c.frag = 0
    if c.fragment:
        word = u16(b, c.fragment + 2)
        c.frag = FRAG_HEADER
        if word & 0xFFF8:
            c.frag |= FRAG_LATER
        elif word & 1:
            c.frag |= FRAG_FIRST
        if word & 1:
            c.frag |= FRAG_MORE
        c.fragId = u32(b, c.fragment + 4)
    return DONE6


@inlined
def restart(b, c, position):
    """Go on with an inner IPv6 header; its next-header field is left to the caller."""
    c.ip = position
    c.l3 = position
    c.headerLen = 40
    return NEXT_ROUND, 0


@inlined
def give_up(c):
    """Stop and mark the packet."""
    c.status |= fs.STPDSCT
    return STOP, 0


@routine
def next_header(b, c, tree, tokens):
    """One header at c.l4: (step, size of the layer-4 header)."""
    proto = c.proto
    if proto == 6:
        return tcp(b, c, tree)
    if proto == 17 or proto == 136:
        return udp(b, c, tree, tokens)
    if proto == 58:
        add(c, tree, k.ICMPV6)
        return STOP, 8
    if proto == 0 or proto == 60 or proto == 43:
        add(c, tree, k.HOPOPTS if proto == 0 else k.DSTOPTS if proto == 60 else k.ROUTING)
        c.proto = u8(b, c.l4)
        c.headerLen += 8 * (u8(b, c.l4 + 1) + 1)
        return NEXT_ROUND, 0
    if proto == 44:
        add(c, tree, k.FRAGHDR)
        c.fragments6 += 1
        c.proto = u8(b, c.l4)
        c.fragment = c.l4
        c.headerLen += 8
        if u16(b, c.l4 + 2) & 0xFFF8:
            c.l4 += 8
            return STOP, 0
        return NEXT_ROUND, 0
    if proto == 51:
        add(c, tree, k.AH)
        c.status |= fs.L3_IPSEC_AH
        c.proto = u8(b, c.l4)
        c.headerLen += 4 * (u8(b, c.l4 + 1) + 2)
        return NEXT_ROUND, 0
    return tunnels_and_others(b, c, tree, tokens)


@routine
def tcp(b, c, tree):
    """TCP over IPv6."""
    add(c, tree, k.TCP)
    header = 4 * (u8(b, c.l4 + 12) >> 4)
    if left(c) < 20:
        if c.status & fs.L3SNAPLENGTH:
            header = 20
        c.status |= fs.L4HDRSHRTLEN
        return STOP, header
    read_ports(b, c)
    ssdp(c, tree)
    return STOP, header


@routine
def udp(b, c, tree, tokens):
    """UDP and UDP-Lite over IPv6; of the port tunnels only L2TP."""
    add(c, tree, k.UDP if c.proto == 17 else k.UDPLITE)
    read_ports(b, c)
    dtls(b, c, tree)
    if has_port(c, 1701):
        step = l2tp(b, c, tree, tokens, c.l4 + 8)
        if step != FAIL:
            return step, 8
    ssdp(c, tree)
    return STOP, 8


@routine
def tunnels_and_others(b, c, tree, tokens):
    """Next headers that carry another packet, and the rest."""
    proto = c.proto
    if proto == 4:
        if c.l4 > c.end:
            add(c, tree, k.N_IPV4)
            c.status |= fs.FS_IPV4_PKT
            return give_up(c)
        c.position = c.l4
        return IPV4, 0
    if proto == 41:
        add(c, tree, k.N_IPV6)
        c.status |= fs.L3_IPIP
        if left(c) < 40:
            return give_up(c)
        c.proto = u8(b, c.l4 + 6)
        return restart(b, c, c.l4)
    if proto == 47:
        return gre(b, c, tree, tokens)
    if proto == 97:
        return etherip(b, c, tree, tokens)
    if proto == 89:
        add(c, tree, k.OSPF)
        return STOP, (24 if u8(b, c.l4) == 2 else 16)
    if proto == 115:
        add(c, tree, k.L2TP)
        c.status |= fs.L2_L2TP
    elif proto == 132:
        add(c, tree, k.SCTP)
        c.status |= fs.L4_SCTP
        if left(c) < 16:
            c.status |= fs.L4HDRSHRTLEN
        else:
            read_ports(b, c)
        return STOP, 12
    elif proto == 103:
        add(c, tree, k.PIM)
        if u8(b, c.l4) & 15 == 1:
            version = nibble(b, c.l4 + 8)
            if version == 4:
                c.position = c.l4 + 8
                return IPV4, 0
            if version == 6:
                c.proto = u8(b, c.l4 + 14)
                return restart(b, c, c.l4 + 8)
    elif proto != 59:
        add_ip_protocol(c, tree, tokens, proto)
    return STOP, 0


@routine
def gre(b, c, tree, tokens):
    """GRE over IPv6; the next header stays 47 behind it, as in the reference."""
    add(c, tree, k.GRE)
    c.status |= fs.L2_GRE
    protocol = u16(b, c.l4 + 2)
    q = c.l4 + gre_length(b, c.l4)
    if protocol == 0x86DD:
        return restart(b, c, q)
    if protocol == 0x6558:
        return restart(b, c, q + 14)
    if protocol != 0x880B:
        add_ether_type(c, tree, tokens, protocol)
        return give_up(c)
    add(c, tree, k.IN_PPP)
    c.status |= fs.L2_PPP
    if u8(b, q) == 0xFD:
        add(c, tree, k.COMP_DATA)
        c.status |= fs.PPP_NRHD
        return give_up(c)
    inner = u16(b, q + 2)
    if inner == 0x0057:
        return restart(b, c, q + 4)
    if u8(b, c.l4 + 1) & 7 != 1 or u16(b, c.l4 + 4):
        add_ppp(c, tree, tokens, inner)
    return give_up(c)


@routine
def etherip(b, c, tree, tokens):
    """Ethernet in IPv6 (RFC 3378)."""
    header = c.l3 + c.headerLen
    if nibble(b, header) < 3:
        return DROP, 0
    add(c, tree, k.ETHERIP)
    add(c, tree, k.IN_ETH)
    c.status |= fs.L3_ETHIPF
    c.snapL2 -= header - c.l2 + 2
    c.l2 = header + 2
    position = vlan_tags(b, c, tree, header + 14)
    ether_type = u16(b, position)
    if ether_type == 0x86DD:
        add(c, tree, k.N_IPV6)
        return restart(b, c, position + 2)
    if ether_type == 0x0800:
        c.position = position + 2
        return IPV4, 0
    add_ether_type(c, tree, tokens, ether_type)
    return give_up(c)


@routine
def outer_lengths(b, c):
    """Lengths of the outer header, before extension headers are looked at."""
    snap = (c.snapL2 - ((c.l3 - c.l2) & 0xFFFF)) & 0xFFFFFFFF
    payload_length(b, c)
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
def inner_lengths(b, c, header):
    """Lengths of the innermost header; Ethernet padding counts as captured payload here."""
    snap = (c.end - c.l3) & 0xFFFFFFFF
    payload_length(b, c)
    if c.fragment and u16(b, c.fragment + 2) & 0xFFF8:
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
