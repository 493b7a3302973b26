"""IPv4: tunnels, lengths, transport (docs/dissection.md)."""

from typing import Any

import numpy as np

from t2tui.core import flowstat as fs
from t2tui.core.dissect import context as k
from t2tui.core.dissect.context import (
    DONE4,
    DROP,
    FAIL,
    IPV4,
    IPV6,
    add,
    add_ether_type,
    add_ip_protocol,
    nibble,
    u8,
    u16,
    u32,
)
from t2tui.core.dissect.ether import ip_by_version, vlan_tags
from t2tui.core.dissect.gre import INNER, gre, gre_at_layer4
from t2tui.core.dissect.transport import dtls, read_ports, ssdp
from t2tui.core.dissect.tunnels import ayiya, is_open, udp_tunnels, with_high_peer
from t2tui.core.jit import inlined, routine
from t2tui.core.layout import FRAG_FIRST, FRAG_LATER, FRAG_MORE

OFFSET, MORE = 0x1FFF, 0x2000


@inlined
def take_header(c: Any, position: Any) -> Any:
    """Make the IPv4 header at a position the one at hand."""
    c.ip = position
    c.headerLen = 4 * (u8(c, position) & 15)
    c.proto = u8(c, position + 9)
    c.l4 = position + c.headerLen
    c.fragment = u16(c, position + 6)


@routine
def ipv4(c: Any) -> Any:
    """Dissect from the IPv4 header at c.position; DONE4, DROP, or IPV4/IPV6 for an inner packet."""
    c.l3 = c.position
    c.ethType = 0x0800
    c.status |= fs.FS_IPV4_PKT
    add(c, k.N_IPV4)
    take_header(c, c.l3)
    if c.headerLen < 20:
        c.status |= fs.IPV4_HL_TOO_SHORT
        return DROP
    c.pending = 1
    c.greLen = 0
    c.srcPort = 0
    c.dstPort = 0
    if c.fragment & OFFSET:
        c.status |= fs.STPDSCT
    elif c.proto == 6 or c.proto == 17 or c.proto == 136 or c.proto == 132:
        read_ports(c)
        step = port_tunnels(c)
        if step != FAIL:
            return step
    if c.proto == 47 or c.proto == 97 or c.proto == 4 or c.proto == 41:
        step = ip_tunnels(c)
        if step != FAIL:
            return step
    c.l3 = c.ip
    c.ethType = 0x0800
    if nibble(c, c.ip) != 4:
        c.status |= fs.L3_IPVX
        add(c, k.IPVX)
        return DROP
    lengths(c)
    if c.fragment & OFFSET:
        if c.pending:
            add_ip_protocol(c, c.proto)
    elif is_open(c):
        step = layer4(c)
        if step != DONE4:
            return step
    c.frag = 0
    if c.fragment & OFFSET:
        c.frag = FRAG_LATER
    elif c.fragment & MORE:
        c.frag = FRAG_FIRST
    if c.fragment & MORE:
        c.frag |= FRAG_MORE
    c.fragId = u16(c, c.ip + 4)
    return DONE4


@routine
def port_tunnels(c: Any) -> Any:
    """Tunnels that ports announce: AYIYA over anything, the others over UDP."""
    if c.srcPort == 0 or c.dstPort == 0:
        return FAIL
    if is_open(c) and with_high_peer(c, 5072):
        if c.proto == 132:
            add(c, k.SCTP)
            add(c, k.AYIYA)
            c.status |= fs.STPDSCT
            c.pending = 0
        else:
            header = 4 * (u8(c, c.l4 + 12) >> 4) if c.proto == 6 else 8
            if u16(c, c.ip + 2) - c.headerLen - header - 8 >= 0:
                add(c, k.TCP if c.proto == 6 else k.UDP if c.proto == 17 else k.UDPLITE)
                c.pending = 0
                step = ayiya(c, c.l4 + header)
                if step != FAIL:
                    return step
    if c.proto == 17:
        return udp_tunnels(c)
    return FAIL


@routine
def ip_tunnels(c: Any) -> Any:
    """GRE, EtherIP and IP in IP, in this order, each on the header at hand."""
    if c.proto == 47 and is_open(c):
        step = gre(c)
        if step == INNER:
            take_header(c, c.position)
        elif step != FAIL:
            return step
    if c.proto == 97 and is_open(c) and nibble(c, c.l3 + c.headerLen) >= 3:
        step = etherip(c)
        if step == IPV6:
            return step
        if step == INNER:
            take_header(c, c.position)
    if c.proto == 4 and is_open(c):
        c.status |= fs.L3_IPIP
        add(c, k.N_IPV4)
        if c.l4 > c.end:
            c.status |= fs.STPDSCT
        else:
            take_header(c, c.l4)
    elif c.proto == 41 and is_open(c):
        c.status |= fs.L3_IPIP
        if c.l4 > c.end:
            c.status |= fs.FS_IPV6_PKT | fs.STPDSCT
        else:
            c.position = c.l4
            return IPV6
    return FAIL


@routine
def etherip(c: Any) -> Any:
    """Ethernet in IP (RFC 3378) behind the header at hand: INNER, IPV6 or FAIL."""
    header = c.l3 + c.headerLen
    add(c, k.ETHERIP)
    add(c, k.IN_ETH)
    c.status |= fs.L3_ETHIPF
    c.snapL2 -= header - c.l2 + 2
    c.l2 = header + 2
    position = vlan_tags(c, header + 14)
    ether_type = u16(c, position)
    c.position = position + 2
    if ether_type == 0x0800:
        add(c, k.N_IPV4)
        return INNER
    if ether_type == 0x86DD:
        return IPV6
    add_ether_type(c, ether_type)
    c.status |= fs.STPDSCT
    return FAIL


@inlined
def layer4_header(c: Any) -> Any:
    """Size of the layer-4 header as the reference's length arithmetic has it."""
    if c.proto == 6:
        if c.status & fs.L3SNAPLENGTH and (c.end - c.l4) & 0xFFFFFFFF < 20:
            return np.int64(20)
        return 4 * (u8(c, c.l4 + 12) >> 4)
    if c.proto == 4:
        return c.headerLen
    if c.proto == 47:
        return c.greLen
    if c.proto == 89:
        return np.int64(24 if u8(c, c.l4) == 2 else 16)
    return np.int64(12 if c.proto == 132 else 8)


@routine
def lengths(c: Any) -> Any:
    """Lengths from layer 3 on, captured and announced."""
    distance = (c.l3 - c.l2) & 0xFFFF
    snap = (c.snapL2 - distance) & 0xFFFFFFFF
    framed = (c.len - (c.l3 - c.raw)) & 0xFFFF
    total = u16(c, c.ip + 2)
    c.l3Len = framed if total == 0 or total > framed else total
    if total == 0 and framed:
        c.status |= fs.IP_PL_MSMTCH
    l2_len = (c.l3Len + distance) & 0xFFFF
    c.wireBytes += l2_len
    if snap < c.l3Len:
        c.status |= fs.L3SNAPLENGTH
        if c.event == k.EVENT_NONE:
            c.event = k.EVENT_SNAP
            c.a = c.snapL2
            c.b = snap
            c.c = c.l3Len
    elif snap > c.l3Len:
        c.snapL2 = l2_len
        snap = c.l3Len
    if c.l3Len < 20:
        c.status |= fs.L3HDRSHRTLEN
    is_later = c.fragment & OFFSET
    header = 0 if is_later else layer4_header(c)
    if c.status & fs.L3SNAPLENGTH and not is_later and (c.end - c.l4) & 0xFFFFFFFF < header:
        c.status |= fs.L4HDRSHRTLEN
    payload = c.l3Len - c.headerLen - header
    c.pktLen = payload
    if payload < 0:
        c.status |= fs.L4HDRSHRTLEN
        c.pktLen = 0
    c.l7Len = payload & 0xFFFF
    c.l7 = c.l4 + header
    c.snapL3 = snap
    c.snapL4 = 0 if snap < c.headerLen else (snap - c.headerLen) & 0xFFFF
    if snap >= c.l3Len:
        c.snapL7 = c.snapL4 - header if header < c.snapL4 else 0
    else:
        before = (c.l7 - c.l3) & 0xFFFF
        c.snapL7 = 0 if snap < before else (snap - before) & 0xFFFF


@routine
def layer4(c: Any) -> Any:
    """The layer-4 switch: names, ports, last recursions."""
    c.srcPort = 0
    c.dstPort = 0
    proto = c.proto
    if proto == 6:
        if c.pending:
            add(c, k.TCP)
        if c.l3Len < 40:
            c.status |= fs.L4HDRSHRTLEN
        else:
            read_ports(c)
            ssdp(c)
    elif proto == 17 or proto == 136:
        if c.pending:
            add(c, k.UDP if proto == 17 else k.UDPLITE)
        if c.l3Len < 28:
            c.status |= fs.L4HDRSHRTLEN
        else:
            read_ports(c)
            dtls(c)
            if not ssdp(c) and (c.srcPort == 4500 or c.dstPort == 4500):
                udp_encapsulation(c)
    elif proto == 4:
        c.status |= fs.L3_IPIP
        c.position = c.l4
        return IPV4
    elif proto == 41:
        c.position = c.l3
        return IPV6
    elif proto == 47:
        return gre_at_layer4(c)
    elif proto == 50:
        add(c, k.ESP)
        c.status |= fs.L3_IPSEC_ESP
    elif proto == 51:
        add(c, k.AH)
        c.status |= fs.L3_IPSEC_AH
        add_ip_protocol(c, u8(c, c.l4))
    elif proto == 115:
        add(c, k.L2TP)
        c.status |= fs.L2_L2TP
    elif proto == 132:
        if c.pending:
            add(c, k.SCTP)
        c.status |= fs.L4_SCTP
        if c.l3Len < 36:
            c.status |= fs.L4HDRSHRTLEN
        else:
            read_ports(c)
    elif proto == 2:
        igmp(c)
    elif proto == 103:
        add(c, k.PIM)
        if u8(c, c.l4) & 15 == 1:
            step = ip_by_version(c, c.l4 + 8)
            if step != FAIL:
                return step
    else:
        add_ip_protocol(c, proto)
    return DONE4


@routine
def igmp(c: Any) -> Any:
    """IGMP and the protocols that share its number."""
    add(c, k.IGMP)
    kind = u8(c, c.l4)
    if kind == 0x13:
        add(c, k.DVMRP)
    elif kind == 0x14:
        add(c, k.PIM)
    elif kind >= 0xFC and u32(c, c.ip + 16) == 0xE0000019:
        add(c, k.RGMP)


@routine
def udp_encapsulation(c: Any) -> Any:
    """IPsec in UDP (RFC 3948): keep-alive, ESP or, behind four zero bytes, IKE."""
    add(c, k.UDPENCAP)
    if u8(c, c.l4 + 8) == 0xFF and u16(c, c.l4 + 4) == 9:
        return
    if u32(c, c.l4 + 8):
        add(c, k.ESP)
        c.status |= fs.L3_IPSEC_ESP
    else:
        add(c, k.ISAKMP)
