"""IPv4, IPv6 with its extension headers, and the protocols that are no transport."""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address

from dpkt.ah import AH
from dpkt.esp import ESP
from dpkt.gre import GRE
from dpkt.icmp import ICMP
from dpkt.icmp6 import ICMP6
from dpkt.igmp import IGMP
from dpkt.ip import IP
from dpkt.ip6 import IP6, IP6FragmentHeader, IP6OptsHeader
from dpkt.vrrp import VRRP

from t2tui.tui.packettree import labels
from t2tui.tui.packettree.labels import IP6_OPTIONS, IP_OPTIONS, NEIGHBOR_OPTIONS, name_of
from t2tui.tui.packettree.node import Cut, Layer, Next, Reader
from t2tui.tui.packettree.transport import options, sctp, tcp, udp


def ip(r: Reader) -> Next:
    """IP of the version that its first bits name."""
    r.title("IP")
    version = r.peek(1) >> 4
    if version == 4:
        return ipv4(r)
    if version == 6:
        return ipv6(r)
    r.title("IP", f"version {version}")
    raise Cut(f"there is no IP version {version}")


def by_protocol(number: int) -> Layer | None:
    """Return what reads the payload of an IP protocol."""
    return PROTOCOLS.get(number)


def ipv4(r: Reader) -> Next:
    """IPv4 with its options; a later fragment has bytes of its datagram, not headers."""
    start = r.at
    r.title("IPv4")
    header = r.header(IP)
    r.title("IPv4", f"{IPv4Address(header['src'])} → {IPv4Address(header['dst'])}")
    size = 4 * header["hl"]
    if size < 20:
        raise Cut(f"a header of {size} bytes is shorter than 20")
    if size > 20:
        options(r, min(start + size, r.end), IP_OPTIONS)
    end = start + header["len"] if header["len"] >= size else r.end  # offloaded packets say 0
    return Next(None if header["offset"] else by_protocol(header["p"]), min(end, r.end))


def ipv6(r: Reader) -> Next:
    """IPv6; extension headers follow as layers of their own."""
    r.title("IPv6")
    header = r.header(IP6)
    r.title("IPv6", f"{IPv6Address(header['src'])} → {IPv6Address(header['dst'])}")
    end = r.at + header["plen"] if header["plen"] else r.end
    return Next(by_protocol(header["nxt"]), min(end, r.end))


def _extension(title: str, names: Mapping[int, str] | None) -> Layer:
    """Return what reads an extension header with options, or with other contents."""

    def layer(r: Reader) -> Next:
        start = r.at
        r.title(title)
        header = r.header(IP6OptsHeader)
        end = min(start + 8 * header["len"] + 8, r.end)
        if names is None:
            r.number("routing type", 1)
            r.number("segments left", 1)
            r.skip_to(end, "data")
        else:
            options(r, end, names, is_ip6=True)
        return Next(by_protocol(header["nxt"]))

    return layer


def fragment(r: Reader) -> Next:
    """The fragment header of IPv6."""
    r.title("IPv6 fragment")
    header = r.header(IP6FragmentHeader)
    r.node.value = f"offset {8 * header['frag_off']}"
    return Next(None if header["frag_off"] else by_protocol(header["nxt"]))


def authentication(r: Reader) -> Next:
    """The authentication header of IPsec."""
    start = r.at
    r.title("Authentication header")
    header = r.header(AH)
    r.skip_to(start + 4 * header["len"] + 8, "integrity check")
    return Next(by_protocol(header["nxt"]))


def encrypted(r: Reader) -> Next:
    """The encapsulating security payload of IPsec."""
    r.title("Encapsulating security payload")
    r.header(ESP)
    return Next()


def gre(r: Reader) -> Next:
    """Generic routing encapsulation, version 0 or 1 (PPTP)."""
    from t2tui.tui.packettree.link import by_type, ppp

    r.title("GRE")
    header = r.header(GRE)
    r.title("GRE", labels.ether_type(header["p"]))
    flags = header["flags"]
    if flags & 0xC000:
        r.number("checksum", 2, "hex")
        r.number("offset", 2)
    if flags & 0x2000:
        r.number("key", 4, "hex")
    if flags & 0x1000:
        r.number("sequence number", 4)
    if flags & 7 == 1 and flags & 0x80:
        r.number("acknowledgement number", 4)
    return Next(ppp if header["p"] == 0x880B else by_type(header["p"]))


def ethernet_in_ip(r: Reader) -> Next:
    """Ethernet within IP."""
    from t2tui.tui.packettree.link import ethernet

    r.title("EtherIP")
    r.number("version", 2, "hex")
    return Next(ethernet)


def mpls_in_ip(r: Reader) -> Next:
    """MPLS within IP."""
    from t2tui.tui.packettree.link import mpls

    return mpls(r)


ECHO_WORDS: Mapping[int, tuple[str, str]] = {
    3: ("unused", "next hop MTU"),
    0: ("identifier", "sequence number"),
    8: ("identifier", "sequence number"),
    13: ("identifier", "sequence number"),
    14: ("identifier", "sequence number"),
}
"""ICMP type -> names of the two words behind the checksum."""
QUOTING = (3, 4, 5, 11, 12)
"""ICMP types that quote the packet which they are about."""


def icmp(r: Reader) -> Next:
    """ICMP; what it quotes follows as layers."""
    r.title("ICMP")
    header = r.header(ICMP)
    kind, code = header["type"], header["code"]
    r.title("ICMP", labels.icmp_type(kind) or str(kind), labels.icmp_code(kind << 8 | code))
    if kind == 5:
        r.octets("gateway", 4, "ip4")
    else:
        for name in ECHO_WORDS.get(kind, ("word 1", "word 2")):
            if r.rest >= 2:
                r.number(name, 2)
    return Next(ip if kind in QUOTING and r.rest else None)


def icmp6(r: Reader) -> Next:
    """ICMPv6; what it quotes follows as layers."""
    r.title("ICMPv6")
    header = r.header(ICMP6)
    kind, code = header["type"], header["code"]
    r.title("ICMPv6", labels.icmp6_type(kind) or str(kind), labels.icmp6_code(kind << 8 | code))
    if kind in (128, 129):
        r.number("identifier", 2)
        r.number("sequence number", 2)
    elif kind < 128:
        r.number("MTU" if kind == 2 else "parameter", 4)
        return Next(ip if r.rest else None)
    elif kind in NEIGHBOR_FIELDS:
        for name, size, form in NEIGHBOR_FIELDS[kind]:
            r.octets(name, size, form)
        while r.rest >= 2:
            number, length = r.peek(1), 8 * r.peek(1, 1)
            if not length:
                raise Cut("an option of no length")
            with r.group("option", name_of(NEIGHBOR_OPTIONS, number) or str(number)):
                r.number("type", 1, "", NEIGHBOR_OPTIONS)
                r.number("length, words of 8", 1)
                r.octets("value", length - 2, "mac" if number in (1, 2) else "")
    return Next()


NEIGHBOR_FIELDS: Mapping[int, tuple[tuple[str, int, str], ...]] = {
    133: (("reserved", 4, ""),),
    134: (
        ("hop limit", 1, ""),
        ("flags", 1, ""),
        ("lifetime", 2, ""),
        ("reachable time", 4, ""),
        ("retransmission timer", 4, ""),
    ),
    135: (("reserved", 4, ""), ("target", 16, "ip6")),
    136: (("flags", 4, ""), ("target", 16, "ip6")),
    137: (("reserved", 4, ""), ("target", 16, "ip6"), ("destination", 16, "ip6")),
}
"""ICMPv6 type -> name, size and form of the fields before the options."""


def igmp(r: Reader) -> Next:
    """IGMP."""
    r.title("IGMP")
    header = r.header(IGMP)
    r.node.value = name_of(labels.IGMP_TYPES, header["type"])
    return Next()


def vrrp(r: Reader) -> Next:
    """VRRP with its addresses."""
    r.title("VRRP")
    header = r.header(VRRP)
    for _ in range(header["count"]):
        if r.rest >= 4:
            r.octets("address", 4, "ip4")
    return Next()


PROTOCOLS: Mapping[int, Callable[[Reader], Next]] = {
    0: _extension("IPv6 hop-by-hop options", IP6_OPTIONS),
    1: icmp,
    2: igmp,
    4: ipv4,
    6: tcp,
    17: udp,
    41: ipv6,
    43: _extension("IPv6 routing", None),
    44: fragment,
    47: gre,
    50: encrypted,
    51: authentication,
    58: icmp6,
    60: _extension("IPv6 destination options", IP6_OPTIONS),
    97: ethernet_in_ip,
    112: vrrp,
    132: sctp,
    136: udp,
    137: mpls_in_ip,
}
"""IP protocol -> what reads it."""
