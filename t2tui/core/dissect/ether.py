"""From a type field on: VLAN tags, LLC, EtherTypes, MPLS, PPPoE (docs/dissection.md)."""

from typing import Any

from t2tui.core import flowstat as fs
from t2tui.core.dissect import context as k
from t2tui.core.dissect.context import (
    DROP,
    LAYER2,
    add,
    add_ether_type,
    add_llc,
    add_ppp,
    add_repeated,
    nibble,
    runs_away,
    u8,
    u16,
)
from t2tui.core.jit import inlined, routine


@inlined
def is_vlan(ether_type: Any) -> Any:
    """Whether a type field announces a VLAN tag."""
    return ether_type == 0x8100 or ether_type == 0x88A8 or ether_type == 0x9100 or ether_type == 0x9200


@routine
def vlan_tags(c: Any, position: Any) -> Any:
    """Step over the VLAN tags at a type field; return the position of the type behind them."""
    if not is_vlan(u16(c, position)):
        return position
    c.status |= fs.L2_VLAN
    c.vlanPos = position + 2
    count = 0
    while is_vlan(u16(c, position)) and position <= c.end - 4:
        c.vlan = u16(c, position + 2) & 0xFFF
        if c.vlan == 0:
            c.status |= fs.FS_VLAN0
        position += 4
        count += 1
    c.vlanHeaders += count
    add_repeated(c, k.VLAN, count)
    return position


@inlined
def ip_by_version(c: Any, position: Any) -> Any:
    """Next step for an IP header whose version nibble decides; FAIL if it is neither 4 nor 6."""
    version = nibble(c, position)
    c.position = position
    if version == 4:
        return k.IPV4
    if version == 6:
        return k.IPV6
    return k.FAIL


@inlined
def set_padding(c: Any, pad: Any) -> Any:
    """Padding exists in frames of at most 64 bytes only and is never negative."""
    if c.len <= 64 and pad >= 0:
        c.pad = pad


@routine
def type_or_length(c: Any, position: Any) -> Any:
    """A type field behind the link layer: VLAN tags, then EtherType or 802.3 length with LLC."""
    position = vlan_tags(c, position)
    value = u16(c, position)
    c.lengthField = value
    if value > 1500 and value != 0x8870:
        return ether_type_at(c, position)
    add(c, k.LLC)
    c.llc = 1
    dsap = u8(c, position + 2)
    ssap = u8(c, position + 3)
    if dsap == 0xAA and ssap == 0xAA:
        return ether_type_at(c, position + 8)
    payload = position + (5 if u8(c, position + 4) & 3 == 3 else 6)
    if dsap != 0x06:
        add_llc(c, dsap)
    else:
        step = ip_by_version(c, payload)
        if step != k.FAIL:
            return step
        add(c, k.IPVX)
        c.status |= fs.L3_IPVX
    c.ethType = dsap << 8 | ssap
    c.l7 = payload
    set_padding(c, c.len - value - (position + 2 - c.raw))
    return LAYER2


@routine
def ether_type_at(c: Any, position: Any) -> Any:
    """An EtherType; MPLS pseudo wires and ERSPAN lead to further Ethernet headers."""
    while True:
        if runs_away(c, position):
            return DROP
        ether_type = u16(c, position)
        c.ethType = ether_type
        if ether_type == 0x0800 or ether_type == 0x86DD:
            c.l3 = position + 2
            c.position = c.l3
            if nibble(c, c.l3) == (4 if ether_type == 0x0800 else 6):
                return k.IPV4 if ether_type == 0x0800 else k.IPV6
            c.ipvx += 1
            add(c, k.IPVX)
            c.status |= fs.L3_IPVX
        elif ether_type == 0x0806:
            add(c, k.ARP)
            c.status |= fs.L2_ARP
        elif ether_type == 0x8847 or ether_type == 0x8848:
            step = mpls(c, position)
            if step != k.FAIL:
                return step
            position = c.position
            continue
        elif ether_type == 0x88BE:
            c.status |= fs.L2_ERSPAN
            add(c, k.ERSPAN)
            add(c, k.IN_ETH)
            c.l2 = position + 10
            position += 22
            continue
        elif ether_type == 0x8864:
            if pppoe_session(c, position + 8):
                return k.IPV4 if u16(c, position + 8) == 0x21 else k.IPV6
        else:
            other_ether_type(c, ether_type, position)
        break
    c.l7 = position + 2
    if c.llc:
        set_padding(c, c.len - c.lengthField - (position - 6 - c.raw))
    elif ether_type == 0x0806:
        set_padding(c, c.len - 28 - (position + 2 - c.raw))
    else:
        set_padding(c, c.len - (position + 2 - c.raw))
    return LAYER2


@routine
def other_ether_type(c: Any, ether_type: Any, position: Any) -> Any:
    """EtherTypes that end the dissection."""
    if ether_type == 0x80F3:
        add(c, k.AARP)
        c.status |= fs.L2_ARP
    elif ether_type == 0x8035:
        add(c, k.RARP)
        c.status |= fs.L2_RARP
    elif ether_type == 0x88CC:
        add(c, k.LLDP)
        c.status |= fs.L2_LLDP
    elif ether_type == 0x8863:
        add(c, k.PPPOED)
        c.status |= fs.L2_PPPOE_D
    elif ether_type == 0x8809:
        add(c, k.SLOW)
        subtype = u8(c, position + 3)
        if subtype == 1:
            add(c, k.LACP)
        elif subtype == 2:
            add(c, k.MARKER)
        elif subtype == 3:
            add(c, k.OAMPDU)
        elif subtype == 10:
            add(c, k.OSSP)
    else:
        add_ether_type(c, ether_type)


@routine
def pppoe_session(c: Any, position: Any) -> Any:
    """PPPoE session with its PPP protocol at a position; true if IP follows (at c.position)."""
    add(c, k.PPPOES)
    c.status |= fs.L2_PPPOE_S
    add(c, k.IN_PPP)
    protocol = u16(c, position)
    c.position = position + 2
    if protocol == 0x21 or protocol == 0x57:
        return True
    add_ppp(c, protocol)
    return False


@routine
def mpls(c: Any, position: Any) -> Any:
    """MPLS labels behind a type field; FAIL: a type field follows at c.position (pseudo wire)."""
    c.status |= fs.L2_MPLS_UCAST if c.ethType == 0x8847 else fs.L2_MPLS_MCAST
    label = position + 2
    count = 0
    while True:
        bottom = u8(c, label + 2) & 1
        label += 4
        count += 1
        if bottom or label > c.end - 4:
            break
    c.mplsHeaders = max(c.mplsHeaders, count)
    add_repeated(c, k.MPLS, count)
    step = ip_by_version(c, label)
    if step != k.FAIL:
        return step
    if nibble(c, label) == 0:
        add(c, k.PWETHCW)
        label += 4
    add(c, k.IN_ETH)
    c.l2 = label
    c.position = vlan_tags(c, label + 12)
    return k.FAIL
