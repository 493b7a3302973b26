"""GRE (RFC 2784, 2890, 2637) in IPv4, before the layer-4 switch and in it."""

from typing import Any

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
    add_ppp,
    u8,
    u16,
)
from t2tui.core.dissect.ether import ip_by_version, vlan_tags
from t2tui.core.jit import inlined, routine

INNER = 100
"""Step: the IPv4 routine goes on with the header at c.position, without another round of port tunnels."""


@inlined
def gre_length(c: Any, position: Any) -> Any:
    """Length of the GRE header with its optional words."""
    flags = u8(c, position)
    length = 4
    for bit in (0x80, 0x40, 0x20, 0x10, 0x08):
        if flags & bit:
            length += 4
    if u8(c, position + 1) & 0x80:
        length += 4
    return length


@routine
def gre(c: Any) -> Any:
    """GRE at c.l4: INNER or IPV6 at c.position, IPV4 (recursion), or FAIL: the outer packet goes on."""
    add(c, k.GRE)
    c.status |= fs.L2_GRE
    protocol = u16(c, c.l4 + 2)
    c.greLen = gre_length(c, c.l4)
    q = c.l4 + c.greLen
    if protocol == 0x0800:
        add(c, k.N_IPV4)
        c.position = q
        return INNER
    if protocol == 0x880B:
        return gre_ppp(c, q)
    if protocol == 0x6558 or protocol == 0x88BE:
        if protocol == 0x88BE:
            add(c, k.ERSPAN)
            c.status |= fs.L2_ERSPAN
            q += 8
            c.greLen += 8
        return gre_ethernet(c, q)
    if protocol == 0x883E:
        add(c, k.WCCP)
        c.status |= fs.L2_WCCP
        step = ip_by_version(c, q + 4)
        if step == FAIL:
            c.status |= fs.STPDSCT
        return step
    add_ether_type(c, protocol)
    c.pending = 0
    c.status |= fs.STPDSCT
    return FAIL


@routine
def gre_ppp(c: Any, q: Any) -> Any:
    """PPP in GRE; compressed protocol fields of one odd byte included."""
    add(c, k.IN_PPP)
    c.status |= fs.L2_PPP
    first = u8(c, q)
    if first == 0xFD:
        add(c, k.COMP_DATA)
        c.status |= fs.PPP_NRHD | fs.STPDSCT
        return FAIL
    if u8(c, c.l4 + 1) & 7 == 1 and u16(c, c.l4 + 4) == 0:
        c.status |= fs.STPDSCT
        return FAIL
    if first != 0xFF and first & 1:
        if first == 0x21:
            add(c, k.N_IPV4)
            c.position = q + 1
            return INNER
        return FAIL
    protocol = u16(c, q + 2) if first == 0xFF else u16(c, q)
    c.position = q + 4
    if protocol == 0x0021:
        add(c, k.N_IPV4)
        c.greLen += 4
        return INNER
    if protocol == 0x0057 and first == 0xFF:
        return IPV6
    add_ppp(c, protocol)
    c.status |= fs.STPDSCT
    return FAIL


@inlined
def gre_frame(c: Any, q: Any) -> Any:
    """Ethernet header inside GRE: EtherType, with c.position on the payload (or on the type behind LLC)."""
    add(c, k.IN_ETH)
    position = q + 12
    if c.snapL2 >= 4:
        position = vlan_tags(c, position)
    ether_type = u16(c, position)
    c.position = position + 2
    if ether_type <= 1500 or ether_type == 0x8870:
        add(c, k.LLC)
        c.llc = 1
        c.position = position + 8
        ether_type = u16(c, position + 8)
    return ether_type


@routine
def gre_ethernet(c: Any, q: Any) -> Any:
    """Ethernet (or ERSPAN) in GRE."""
    ether_type = gre_frame(c, q)
    if ether_type == 0x0800 or ether_type == 0x86DD:
        c.snapL2 -= q - c.l2
        c.l2 = q
        if ether_type == 0x0800:
            add(c, k.N_IPV4)
            return INNER
        return IPV6
    add_ether_type(c, ether_type)
    c.status |= fs.STPDSCT
    return FAIL


@routine
def gre_at_layer4(c: Any) -> Any:
    """GRE that is met in the layer-4 switch (second level, GRE in IP in IP, unhandled PPP)."""
    if c.pending:
        add(c, k.GRE)
    c.status |= fs.L2_GRE
    protocol = u16(c, c.l4 + 2)
    q = c.l4 + gre_length(c, c.l4)
    if protocol == 0x0800:
        add(c, k.N_IPV4)
        return DONE4
    if protocol == 0x880B:
        add(c, k.IN_PPP)
        c.status |= fs.L2_PPP
        if u8(c, q) == 0xFD:
            add(c, k.COMP_DATA)
            c.status |= fs.PPP_NRHD | fs.STPDSCT
            return DONE4
        inner = u16(c, q + 2)
        c.position = q + 4
        if inner == 0x0021:
            return IPV4
        if inner == 0x0057:
            return IPV6
        add_ppp(c, inner)
        c.status |= fs.STPDSCT
        return DONE4
    if protocol == 0x6558:
        ether_type = gre_frame(c, q)
        if ether_type == 0x0800 or ether_type == 0x86DD:
            c.snapL2 -= q - c.l2
            c.l2 = q
            return IPV4 if ether_type == 0x0800 else IPV6
    return DROP
