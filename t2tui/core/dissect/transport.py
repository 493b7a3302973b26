"""Tests on ports and payload that IPv4 and IPv6 share."""

from typing import Any

from t2tui.core import flowstat as fs
from t2tui.core.dissect import context as k
from t2tui.core.dissect.context import add, u8, u16
from t2tui.core.jit import inlined, routine


@inlined
def read_ports(c: Any) -> Any:
    """Ports at c.l4."""
    c.srcPort = u16(c, c.l4)
    c.dstPort = u16(c, c.l4 + 2)


@routine
def ssdp(c: Any) -> Any:
    """Service discovery: one port 1900, the other one above 1024."""
    if (c.srcPort == 1900 and c.dstPort > 1024) or (c.dstPort == 1900 and c.srcPort > 1024):
        add(c, k.SSDP)
        c.status |= fs.L4_UPNP
        return True
    return False


@routine
def dtls(c: Any) -> Any:
    """DTLS records (RFC 6347) in a UDP payload; each adds a header."""
    position = c.l4 + 8
    while 0x14 <= u8(c, position) <= 0x3F:
        version = u16(c, position + 1)
        if version == 0xFEFD:
            add(c, k.DTLS12)
        elif version == 0xFEFF or version == 0x0100:
            add(c, k.DTLS10)
        else:
            return
        c.status |= fs.L7_DTLS
        c.dtls += 1
        size = 13 + u16(c, position + 11)
        if c.end - position <= size:
            return
        position += size
