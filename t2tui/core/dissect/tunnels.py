"""Tunnels over UDP and SCTP ports: each gives IPV4 or IPV6 at c.position, or FAIL (docs/dissection.md)."""

from typing import Any

from t2tui.core import flowstat as fs
from t2tui.core.dissect import context as k
from t2tui.core.dissect.context import FAIL, add, add_ether_type, add_ppp, nibble, runs_away, u8, u16, u32
from t2tui.core.dissect.ether import ip_by_version, pppoe_session, vlan_tags
from t2tui.core.dissect.link import wlan_data
from t2tui.core.jit import inlined, routine


@inlined
def has_port(c: Any, port: Any) -> Any:
    """Whether one of the two ports is ``port``."""
    return c.srcPort == port or c.dstPort == port


@inlined
def with_high_peer(c: Any, port: Any) -> Any:
    """Whether one port is ``port`` and the other one above 1024."""
    return (c.srcPort == port and c.dstPort > 1024) or (c.dstPort == port and c.srcPort > 1024)


@inlined
def stop(c: Any) -> Any:
    """Give a tunnel up and mark the packet."""
    c.status |= fs.STPDSCT
    return FAIL


@inlined
def is_open(c: Any) -> Any:
    """Whether the dissection may go on with this packet."""
    return not c.status & fs.STPDSCT


@inlined
def udp_name(c: Any) -> Any:
    """Add the name of UDP once."""
    if c.pending:
        add(c, k.UDP)
        c.pending = 0


@inlined
def is_tried(c: Any, step: Any, fits: Any) -> Any:
    """Whether a tunnel that fits is tried: none before it held, none gave up. Then UDP gets its name."""
    if step != FAIL or not fits or not is_open(c):
        return False
    udp_name(c)
    return True


@routine
def udp_tunnels(c: Any) -> Any:
    """Try all tunnels over UDP at c.l4, in the reference's order."""
    o = c.l4 + 8
    step: Any = FAIL
    if is_tried(c, step, with_high_peer(c, 2152) or with_high_peer(c, 2123) or with_high_peer(c, 3386)):
        step = gtp(c, o)
    if is_tried(c, step, c.dstPort > 1024 and (has_port(c, 4789) or has_port(c, 4790) or has_port(c, 8472))):
        step = vxlan(c, o)
    if is_tried(c, step, with_high_peer(c, 6081)):
        step = geneve(c, o)
    if is_tried(c, step, with_high_peer(c, 5246) or with_high_peer(c, 5247)):
        step = capwap(c, o)
    if is_tried(c, step, with_high_peer(c, 12222) or with_high_peer(c, 12223)):
        step = lwapp(c, o)
    if is_tried(c, step, has_port(c, 1701)):
        step = l2tp(c, o)
    if is_tried(c, step, c.srcPort > 1024 and c.dstPort > 1024):
        step = teredo(c, o)
    return step


@routine
def ayiya(c: Any, o: Any) -> Any:
    """Anything in anything (draft-massar-v6ops-ayiya)."""
    inner = o + 8 + (1 << nibble(c, o)) + 4 * nibble(c, o + 1)
    if inner >= c.end:
        return FAIL
    protocol = u8(c, o + 3)
    if protocol == 59:
        add(c, k.AYIYA)
        c.status |= fs.L3_AYIYA
        return stop(c)
    if protocol != 41 and protocol != 4:
        return stop(c)
    if nibble(c, inner) != (6 if protocol == 41 else 4):
        return FAIL
    add(c, k.AYIYA)
    c.status |= fs.L3_AYIYA
    c.position = inner
    return k.IPV6 if protocol == 41 else k.IPV4


@routine
def gtp(c: Any, o: Any) -> Any:
    """GPRS tunnelling protocol, user plane."""
    add(c, k.GTP)
    c.status |= fs.L3_GTP
    flags = u8(c, o)
    if u8(c, o + 1) != 0xFF:
        return FAIL
    version = flags >> 5
    length = 8
    if version == 0:
        length = 20
    elif version == 1:
        if flags & 7:
            length += 4
            if flags & 4:
                length = (length + 4 * u8(c, o + length)) & 0xFF
    elif version == 2:
        return stop(c)
    if o + length >= c.end:
        return FAIL
    step = ip_by_version(c, o + length)
    return stop(c) if step == FAIL else step


@routine
def vxlan(c: Any, o: Any) -> Any:
    """VXLAN (RFC 7348) and its generic protocol extension on port 4790."""
    if o + 8 >= c.end or u16(c, o + 1) or u8(c, o + 7):
        return FAIL
    snap, l2, l3 = c.snapL2, c.l2, c.l3
    c.snapL2 -= (o + 8 - c.l2) & 0xFFFF
    c.l2 = o + 8
    c.status |= fs.L3_VXLAN
    inner = o + 8
    if has_port(c, 4790):
        add(c, k.VXLAN_GPE)
        protocol = u8(c, o + 3) if u8(c, o) & 4 else 3
        while protocol == 4 and not runs_away(c, inner):
            add(c, k.NSH)
            protocol = u8(c, inner + 3)
            length = 4 * (u8(c, inner + 1) & 63)
            if length == 0:
                protocol = 0
            inner += length
        if protocol == 5:
            add(c, k.MPLS)
            c.status |= fs.L2_MPLS_UCAST | fs.L2_MPLS_MCAST
            return FAIL
        c.position = inner
        if protocol == 1:
            return k.IPV4
        if protocol == 2:
            return k.IPV6
        if protocol != 3:
            c.snapL2, c.l2, c.l3 = snap, l2, l3
            return FAIL
    else:
        add(c, k.VXLAN)
    step = inner_ethernet(c, inner)
    if step == FAIL:
        c.snapL2, c.l2, c.l3 = snap, l2, l3
        c.status |= fs.STPDSCT
    return step


@routine
def inner_ethernet(c: Any, start: Any) -> Any:
    """The Ethernet frame inside VXLAN and GENEVE.

    Behind VLAN tags the payload begins on the type field itself, as the reference has it.
    """
    add(c, k.IN_ETH)
    position = start + 12
    payload = position + 2
    if c.snapL2 >= 4:
        behind = vlan_tags(c, position)
        if behind != position:
            position = behind
            payload = behind
    ether_type = u16(c, position)
    c.position = payload
    if ether_type == 0x0800:
        return k.IPV4
    if ether_type == 0x86DD:
        return k.IPV6
    if ether_type == 0x8863:
        add(c, k.PPPOED)
        c.status |= fs.L2_PPPOE_D
    elif ether_type == 0x8864:
        if pppoe_session(c, position + 8):
            return k.IPV4 if u16(c, position + 8) == 0x21 else k.IPV6
    else:
        add_ether_type(c, ether_type)
    return FAIL


@routine
def geneve(c: Any, o: Any) -> Any:
    """GENEVE (RFC 8926) with Ethernet inside. The reference tests byte 4, not the reserved byte 7."""
    inner = o + 8 + 4 * (u8(c, o) & 63)
    if inner >= c.end or u8(c, o + 1) & 63 or u8(c, o + 4):
        return FAIL
    if u16(c, o + 2) != 0x6558:
        return stop(c)
    snap, l2, l3 = c.snapL2, c.l2, c.l3
    c.status |= fs.L3_GENEVE
    add(c, k.GENEVE)
    c.snapL2 -= (inner - c.l2) & 0xFFFF
    c.l2 = inner
    step = inner_ethernet(c, inner)
    if step == FAIL:
        c.snapL2, c.l2, c.l3 = snap, l2, l3
        c.status |= fs.STPDSCT
    return step


@routine
def capwap(c: Any, o: Any) -> Any:
    """CAPWAP (RFC 5415): 802.3 or byte-swapped 802.11 frames of access points."""
    if o + 8 > c.end:
        return FAIL
    preamble, flags, is_dtls = u8(c, o), u8(c, o + 3), u8(c, o) & 15 == 1
    header = 0
    if preamble & 15 == 0:
        header = 4 * (u8(c, o + 1) >> 3)
        if o + header >= c.end:
            return FAIL
    is_wlan = u8(c, o + 2) & 1
    if flags & 7 or u16(c, o + 6) & 3 or preamble >> 4 or (is_wlan and (u8(c, o + 2) >> 1) & 31 != 1):
        return FAIL
    is_data = has_port(c, 5247)
    add(c, k.CAPWAP_DATA if is_data else k.CAPWAP)
    c.status |= fs.L3_CAPWAP
    if is_dtls:
        add(c, k.DTLS)
        c.status |= fs.L7_DTLS
        return stop(c)
    if flags & 8 or not is_data or (flags & 0x80 and u16(c, o + 6) >> 3):
        return stop(c)
    inner = o + header
    distance = (inner - c.l2) & 0xFFFF
    snap, l2, l3 = c.snapL2, c.l2, c.l3
    if is_wlan:
        add(c, k.IN_WLAN)
        position = wlan_data(c, inner, True)
        if position < 0:
            return stop(c)
    else:
        add(c, k.IN_ETH)
        c.snapL2 -= distance
        c.l2 = inner
        position = inner + 12
    step = wireless_payload(c, position, snap - distance >= 4)
    if step == FAIL:
        c.snapL2, c.l2, c.l3 = snap, l2, l3
        c.status |= fs.STPDSCT
    return step


@routine
def wireless_payload(c: Any, position: Any, may_have_tags: Any) -> Any:
    """Type field of a frame inside CAPWAP or LWAPP; behind VLAN tags the payload begins on it."""
    payload = position + 2
    if may_have_tags:
        behind = vlan_tags(c, position)
        if behind != position:
            position = behind
            ether_type = u16(c, position)
            if ether_type <= 1500 or ether_type == 0x8870:
                add(c, k.LLC)
                position += 8
            payload = position
    ether_type = u16(c, position)
    c.position = payload
    if ether_type == 0x0800:
        return k.IPV4
    if ether_type == 0x86DD:
        return k.IPV6
    add_ether_type(c, ether_type)
    return FAIL


@routine
def lwapp(c: Any, o: Any) -> Any:
    """LWAPP (RFC 5412): byte-swapped 802.11 frames; six more bytes before it on port 12223."""
    if has_port(c, 12223):
        o += 6
    if o + 6 >= c.end:
        return FAIL
    add(c, k.LWAPP)
    c.status |= fs.L3_CAPWAP
    if u8(c, o) & 4:
        return stop(c)
    inner = o + 6
    distance = (inner - c.l2) & 0xFFFF
    add(c, k.IN_WLAN)
    position = wlan_data(c, inner, True)
    step = FAIL
    if position >= 0:
        step = wireless_payload(c, position, c.snapL2 - distance >= 4)
    if step == FAIL:
        c.snapL2 += distance  # never subtracted before; the reference adds it all the same
        c.status |= fs.STPDSCT
    return step


@routine
def l2tp(c: Any, o: Any) -> Any:
    """L2TP version 2 (RFC 2661) and 3 (RFC 3931) over UDP, with PPP or HDLC inside."""
    flags = u8(c, o)
    version = u8(c, o + 1)
    if version != 2 and version != 3:
        return FAIL
    add(c, k.L2TP)
    c.status |= fs.L2_L2TP
    if flags & 0x80:
        return stop(c)
    p = o + 2
    if version == 3:
        p += 4
    else:
        if flags & 0x40:
            p += 2
        p += 4
        if flags & 0x08:
            p += 4
        if flags & 0x02:
            p += u16(c, p) + 2
    if p >= c.end:
        return stop(c)
    first = u8(c, p)
    add(c, k.IN_CHDLC if first == 0x0F or first == 0x8F else k.IN_PPP)
    c.status |= fs.L2_PPP
    p += 2
    protocol = u16(c, p)
    if protocol == 0x003D:
        add(c, k.MP)
        p += 6
        protocol = u16(c, p)
    p += 2
    if p >= c.end:
        return stop(c)
    c.position = p
    if protocol == 0x21:
        return k.IPV4
    if protocol == 0x57:
        return k.IPV6
    add_ppp(c, protocol)
    return stop(c)


@routine
def teredo(c: Any, o: Any) -> Any:
    """Teredo (RFC 4380): IPv6 in UDP, behind optional authentication and origin indications."""
    if u8(c, o) != 0x60:
        marker = u16(c, o)
        if marker == 0x0001:
            o += 13 + u8(c, o + 2) + u8(c, o + 3)
            marker = u16(c, o)
        elif marker != 0:
            return FAIL
        if marker == 0:
            o += 8
    if nibble(c, o) != 6:
        return FAIL
    if not has_port(c, 3544) and u32(c, o + 8) != 0x20010000 and u32(c, o + 24) != 0x20010000:
        return FAIL
    add(c, k.TEREDO)
    c.status |= fs.L3_TRDO
    c.position = o
    return k.IPV6
