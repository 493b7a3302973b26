"""What the dissection knows of the packet at hand, and the small steps that all layers share.

All positions are indexes into libpcap's reused buffer, which the dissector emulates (docs/dissection.md):
every load is confined to that buffer by a mask, so no length in a capture can lead a load astray.
"""

from typing import Any

import numpy as np

from t2tui.core import flowstat as fs
from t2tui.core.dissect import descriptions, names
from t2tui.core.jit import inlined, routine
from t2tui.core.memory import be16, be32, be64, byte, le16, le32

BUFFER_BYTES = 1 << 20
"""Size of the emulated buffer: the largest record, and what headers beyond its end may skip."""

BUFFER_SLACK = 64

MAX_BEYOND = 64
"""Headers that may begin behind the captured bytes: what lies there can lead in a circle."""

_MASK = BUFFER_BYTES - 1

CONTEXT = np.dtype(
    [
        (name, "i8")
        for name in (
            *descriptions.FIELDS,
            "buffer",  # addresses of the buffer and of the token table
            "tokens",
            "raw",  # first captured byte
            "end",  # one past the last captured byte
            "len",  # wire length
            "link",  # DLT of the capture
            "snapL2",  # layer-2 snap length
            "l2",
            "l3",  # 0: not reached
            "ip",  # innermost IP header
            "l4",
            "l7",
            "position",  # where the next step begins: a type field or an IP header
            "status",  # packet status word
            "beyond",  # headers that began behind the captured bytes
            "numHdrs",
            "ethType",
            "vlan",
            "vlanPos",  # -1: no tag
            "vlanHeaders",
            "mplsHeaders",
            "llc",  # 1: an LLC header was seen
            "lengthField",  # outer 802.3 length (or type) value
            "proto",
            "srcPort",
            "dstPort",
            "headerLen",  # layer-3 header length of the IP header at hand
            "fragment",  # IPv4: fragment word; IPv6: position of the fragment header, 0 without
            "pending",  # 1: the protocol name is not in the description yet
            "greLen",  # bytes of GRE headers before the layer-4 switch
            "l3Len",
            "l7Len",
            "pktLen",
            "snapL3",
            "snapL4",
            "snapL7",
            "pad",
            "wireBytes",  # bytes on wire
            "ipvx",  # extra counts of IPvX packets
            "dtls",
            "fragments6",
            "frag",  # layout.FRAG_* bits
            "fragId",
            "event",  # EVENT_* and its three values
            "a",
            "b",
            "c",
        )
    ]
)

DROP, ETHER_OR_LLC, ETHER, LAYER2, IPV4, IPV6, DONE4, DONE6, FAIL = range(9)
"""Next step of the dissection. FAIL: a tunnel that is none; the outer packet goes on."""

(
    EVENT_NONE,
    EVENT_NO_DATA,
    EVENT_NULL_FAMILY,
    EVENT_RAW_VERSION,
    EVENT_JUNIPER,
    EVENT_PPI,
    EVENT_SNAP,
    EVENT_SNAP_OUTER,
) = range(8)


@inlined
def u8(c: Any, p: Any) -> Any:
    """Byte at a position."""
    return byte(c.buffer, p & _MASK)


@inlined
def u16(c: Any, p: Any) -> Any:
    """Big-endian 16 bits at a position."""
    return be16(c.buffer, p & _MASK)


@inlined
def u32(c: Any, p: Any) -> Any:
    """Big-endian 32 bits at a position."""
    return be32(c.buffer, p & _MASK)


@inlined
def u64(c: Any, p: Any) -> Any:
    """Big-endian 64 bits at a position, unsigned."""
    return be64(c.buffer, p & _MASK)


@inlined
def u16le(c: Any, p: Any) -> Any:
    """Little-endian 16 bits at a position."""
    return le16(c.buffer, p & _MASK)


@inlined
def u32le(c: Any, p: Any) -> Any:
    """Little-endian 32 bits at a position."""
    return le32(c.buffer, p & _MASK)


@inlined
def nibble(c: Any, p: Any) -> Any:
    """High nibble of a byte: the version of an IP header."""
    return u8(c, p) >> 4


@routine
def append(c: Any, token: Any) -> Any:
    """Append a token's text to the header description."""
    if descriptions.append(c, token):
        c.status |= fs.HDOVRN


@inlined
def runs_away(c: Any, position: Any) -> Any:
    """Whether a header at a position is one too many behind the captured bytes; asked once for each."""
    if position > c.end:
        c.beyond += 1
    return c.beyond > MAX_BEYOND


@inlined
def token_of(c: Any, index: Any) -> Any:
    """Entry of the token table; UNNAMED and NO_TOKEN are negative."""
    return np.int64(np.int32(le32(c.tokens, 4 * index)))


@inlined
def add(c: Any, token: Any) -> Any:
    """Add a header: its name to the description, one to the count."""
    c.numHdrs += 1
    append(c, token)


@routine
def add_repeated(c: Any, token: Any, count: Any) -> Any:
    """Add a header that stands ``count`` times in a row."""
    add(c, token)
    if count >= 2:
        append(c, (names.REPEAT << 24) | count)
        c.numHdrs += count - 1


@routine
def add_ether_type(c: Any, ether_type: Any) -> Any:
    """Add the name of an EtherType."""
    token = token_of(c, names.ETHER_TOKENS + ether_type)
    if token == names.UNNAMED:
        token = (names.UNKNOWN_HEX4 << 24) | ether_type
        c.status |= fs.STPDSCT
    add(c, token)
    if ether_type == 0x8906:
        add(c, FC)


@routine
def add_ip_protocol(c: Any, protocol: Any) -> Any:
    """Add the name of an IP protocol; number 59 has none."""
    token = token_of(c, names.IP_TOKENS + protocol)
    if token == names.UNNAMED:
        token = (names.UNKNOWN_DECIMAL << 24) | protocol
        c.status |= fs.STPDSCT
    if token != names.NO_TOKEN:
        add(c, token)


@routine
def add_ppp(c: Any, protocol: Any) -> Any:
    """Add the name of a PPP protocol; unknown ones are shown with their bytes swapped."""
    token = token_of(c, names.PPP_TOKENS + protocol)
    if token == names.UNNAMED:
        token = (names.UNKNOWN_HEX4 << 24) | ((protocol & 0xFF) << 8) | (protocol >> 8)
        c.status |= fs.STPDSCT
    add(c, token)
    if protocol == 0x003D:
        add(c, MP)


@routine
def add_llc(c: Any, dsap: Any) -> Any:
    """Add the name of an LLC destination; some have none."""
    token = token_of(c, names.LLC_TOKENS + dsap)
    if token == names.UNNAMED:
        token = (names.UNKNOWN_HEX2 << 24) | dsap
        c.status |= fs.STPDSCT
    if token != names.NO_TOKEN:
        add(c, token)


ETH, ISL, NULL, PPP, RAW = (names.token(n) for n in ("eth", "isl:", "null", "ppp", "raw"))
SYMANTEC, CHDLC, FR, WLAN = (names.token(n) for n in ("symantec", "chdlc", "fr", "wlan"))
PRISM, RADIOTAP, SLL, JUNIPER = (names.token(n) for n in ("prism", "radiotap", "sll", "juniper"))
PPI, FPP = (names.token(n) for n in ("ppi:", "fpp:"))
IN_ETH, IN_WLAN, IN_CHDLC, IN_PPP, LLC = (names.token(n) for n in (":eth", ":wlan", ":chdlc", ":ppp", ":llc"))
VLAN, MPLS, ERSPAN, PWETHCW = (names.token(n) for n in (":vlan", ":mpls", ":erspan", ":pwethcw"))
AARP, ARP, RARP, LLDP = (names.token(n) for n in (":aarp", ":arp", ":rarp", ":lldp"))
PPPOED, PPPOES, SLOW, LACP = (names.token(n) for n in (":pppoed", ":pppoes", ":slow", ":lacp"))
MARKER, OAMPDU, OSSP, FC, MP = (names.token(n) for n in (":marker", ":oampdu", ":ossp", ":fc", ":mp"))
IPVX, N_IPV4, N_IPV6, TCP, UDP = (names.token(n) for n in (":ipvx", ":ipv4", ":ipv6", ":tcp", ":udp"))
UDPLITE, SCTP, GRE, ESP, AH = (names.token(n) for n in (":udplite", ":sctp", ":gre", ":esp", ":ah"))
L2TP, IGMP, DVMRP, PIM, RGMP = (names.token(n) for n in (":l2tp", ":igmp", ":dvmrp", ":pim", ":rgmp"))
ICMPV6, OSPF, ETHERIP, WCCP = (names.token(n) for n in (":icmpv6", ":ospf", ":etherip", ":wccp"))
HOPOPTS, DSTOPTS = names.token(":ipv6.hopopts"), names.token(":ipv6.dstopts")
ROUTING, FRAGHDR = names.token(":ipv6.routing"), names.token(":ipv6.fraghdr")
AYIYA, GTP, VXLAN, VXLAN_GPE, NSH = (
    names.token(n) for n in (":ayiya", ":gtp", ":vxlan", ":vxlan_gpe", ":nsh")
)
GENEVE, CAPWAP, CAPWAP_DATA = (names.token(n) for n in (":geneve", ":capwap", ":capwap.data"))
LWAPP, DTLS, TEREDO = (names.token(n) for n in (":lwapp", ":dtls", ":teredo"))
SSDP, DTLS10, DTLS12 = (names.token(n) for n in (":ssdp", ":dtls1.0", ":dtls1.2"))
UDPENCAP, ISAKMP, COMP_DATA = (names.token(n) for n in (":udpencap", ":isakmp", ":comp_data"))
