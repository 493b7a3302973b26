"""Link layers: from the first captured byte to a type field or an IP header."""

from typing import Any

from t2tui.core import flowstat as fs
from t2tui.core.dissect import context as k
from t2tui.core.dissect.context import DROP, ETHER_OR_LLC, add, add_ppp, nibble, u8, u16, u16le, u32, u32le
from t2tui.core.dissect.ether import ip_by_version, mpls
from t2tui.core.jit import inlined, routine


@inlined
def is_snapped(c: Any, needed: Any) -> Any:
    """Whether the layer-2 header is cut; such a packet is marked and has no flow."""
    if c.snapL2 < needed:
        c.status |= fs.L2SNAPLENGTH
        return True
    return False


@inlined
def warn(c: Any, event: Any, value: Any) -> Any:
    """Keep an event for the engine's warning lines."""
    c.event = event
    c.a = value


@routine
def link_layer(c: Any) -> Any:
    """Dissect the link layer at c.raw; return the next step, c.position says where."""
    start = c.raw
    link = c.link
    if link == 192:
        add(c, k.PPI)
        length = u16le(c, start + 2)
        link = u32le(c, start + 4)
        if is_snapped(c, length + 1):
            return DROP
        start += length
        c.snapL2 -= length
    if link == 1 or link == 274:
        return ethernet(c, start, link == 274)
    c.l2 = start
    if link == 113:
        add(c, k.SLL)
        if is_snapped(c, 16):
            return DROP
        c.position = start + 14
        return ETHER_OR_LLC
    if link == 0:
        return null_loopback(c, start)
    if link == 12 or link == 228 or link == 229:
        return raw_ip(c, start, link)
    if link == 9 or link == 50 or link == 204:
        return ppp(c, start + (1 if link == 204 else 0))
    if link == 104 or link == 205 or link == 107 or link == 206:
        add(c, k.CHDLC if link == 104 or link == 205 else k.FR)
        c.status |= fs.L2_NO_ETH
        c.position = start + (3 if link == 205 or link == 206 else 2)
        return ETHER_OR_LLC
    if link == 105 or link == 119 or link == 127:
        return wlan(c, start, link)
    if link == 137 or link == 167 or link == 178:
        return juniper(c, start, link == 137)
    if link == 99:
        return symantec(c, start)
    warn(c, k.EVENT_PPI, link)
    return DROP


@routine
def ethernet(c: Any, start: Any, is_mpacket: Any) -> Any:
    """Ethernet II or 802.3, optionally behind Cisco ISL or an mPacket preamble."""
    if is_mpacket:
        start += 8
        add(c, k.FPP)
    if is_snapped(c, 16):
        return DROP
    destination = u32(c, start) << 8 | u8(c, start + 4)
    if not is_mpacket and (destination == 0x01000C0000 or destination == 0x03000C0000):
        add(c, k.ISL)
        if is_snapped(c, 42):
            return DROP
        start += 26
    c.l2 = start
    add(c, k.ETH)
    c.position = start + 12
    return ETHER_OR_LLC


@routine
def null_loopback(c: Any, start: Any) -> Any:
    """BSD loopback: a 32-bit address family in the byte order of the capturing host."""
    add(c, k.NULL)
    if is_snapped(c, 4):
        return DROP
    family = u32le(c, start)
    if family > 30:
        family = u32(c, start)
    c.status |= fs.L2_NO_ETH
    c.position = start + 4
    if family == 2:
        return k.IPV4
    if family == 10 or family == 23 or family == 24 or family == 26 or family == 28 or family == 30:
        return k.IPV6
    warn(c, k.EVENT_NULL_FAMILY, family)
    return DROP


@routine
def raw_ip(c: Any, start: Any, link: Any) -> Any:
    """IP without any link layer."""
    c.status |= fs.L2_NO_ETH
    c.l3 = start
    c.position = start
    if link == 228:
        return k.IPV4
    if link == 229:
        return k.IPV6
    add(c, k.RAW)
    step = ip_by_version(c, start)
    if step == k.FAIL:
        warn(c, k.EVENT_RAW_VERSION, nibble(c, start))
        return DROP
    return step


@routine
def ppp(c: Any, start: Any) -> Any:
    """PPP, with or without address and control bytes, or Cisco HDLC on a PPP link."""
    add(c, k.PPP)
    c.status |= fs.L2_NO_ETH | fs.L2_PPP
    first = u16(c, start)
    if first == 0x0F00 or first == 0x8F00:
        add(c, k.IN_CHDLC)
        c.position = start + 2
        return ETHER_OR_LLC
    position = start + 2 if first == 0xFF03 else start
    protocol = u16(c, position)
    c.position = position + 2
    if protocol == 0x0021:
        return k.IPV4
    if protocol == 0x0057:
        return k.IPV6
    if protocol == 0x0281 or protocol == 0x0283:
        # The reference takes the first half label for the EtherType.
        c.ethType = 0x8847 if protocol == 0x0281 else 0x8848
        step = mpls(c, position + 2)
        return k.ETHER if step == k.FAIL else step
    add_ppp(c, protocol)
    return DROP


@routine
def wlan(c: Any, start: Any, link: Any) -> Any:
    """802.11, behind a Prism or radiotap header or alone."""
    if link == 119:
        add(c, k.PRISM)
        start += 144
    elif link == 127:
        add(c, k.RADIOTAP)
        start += u16le(c, start + 2)
    c.l2 = start
    add(c, k.IN_WLAN if c.numHdrs else k.WLAN)
    position = wlan_data(c, start, False)
    if position < 0:
        return DROP
    c.position = position
    return ETHER_OR_LLC


@routine
def wlan_data(c: Any, start: Any, is_swapped: Any) -> Any:
    """Step over an 802.11 data header and LLC; return the position of the type field, or -1.

    ``is_swapped``: the two bytes of frame control are swapped, as CAPWAP and LWAPP send them.
    """
    control = u8(c, start + 1) if is_swapped else u8(c, start)
    flags = u8(c, start) if is_swapped else u8(c, start + 1)
    subtype = control >> 4
    if flags & 0x40 or (control >> 2) & 3 != 2:
        return -1
    if subtype <= 3:
        position = start + 24
    elif 8 <= subtype <= 11:
        position = start + 26
    else:
        return -1
    if flags & 3 == 3:
        position += 6
    if u16(c, position) == 0:
        position += 2
    if u8(c, position + 2) & 3 != 3:
        position += 1
    add(c, k.LLC)
    c.llc = 1
    return position + 6


@routine
def juniper(c: Any, start: Any, is_atm1: Any) -> Any:
    """Juniper's header with its magic, extensions and optional protocol number."""
    add(c, k.JUNIPER)
    if u32(c, start) >> 8 != 0x4D4743:
        warn(c, k.EVENT_JUNIPER, -1)
        return DROP
    flags = u8(c, start + 3)
    position = start + (6 + u16(c, start + 4) if flags & 0x80 else 4)
    if flags & 0x02:
        protocol = u32le(c, position)
        position += 4
        if protocol == 2 or protocol == 6:
            c.status |= fs.L2_NO_ETH
            c.position = position
            return k.IPV4 if protocol == 2 else k.IPV6
        if protocol != 204:
            warn(c, k.EVENT_JUNIPER, protocol)
            return DROP
    else:
        if is_atm1:
            position += 4
        step = ip_by_version(c, position)
        c.l3 = position
        if step != k.FAIL:
            c.status |= fs.L2_NO_ETH
            return step
    add(c, k.IN_ETH)
    c.l2 = position
    c.position = position + 12
    return ETHER_OR_LLC


@routine
def symantec(c: Any, start: Any) -> Any:
    """Symantec Enterprise Firewall: a type at one of two places, then IP."""
    add(c, k.SYMANTEC)
    ether_type = u16(c, start + 6)
    length = 44
    if ether_type == 0:
        ether_type = u16(c, start + 10)
        length = 56
    if ether_type == 0 or is_snapped(c, length):
        return DROP
    c.status |= fs.L2_NO_ETH
    c.position = start + length
    if ether_type == 0x0800:
        return k.IPV4
    if ether_type == 0x86DD:
        return k.IPV6
    return DROP
