"""Link layers: from the first byte of a packet to a type field."""

from collections.abc import Mapping

from dpkt.arp import ARP
from dpkt.ethernet import Ethernet, MPLSlabel, VLANtag8021Q
from dpkt.llc import LLC
from dpkt.pppoe import PPPoE
from dpkt.radiotap import Radiotap
from dpkt.sll import SLL
from dpkt.sll2 import SLL2
from dpkt.stp import STP

from t2tui.tui.packettree.labels import (
    LOOPBACK_FAMILIES,
    PPP_PROTOCOLS,
    PPPOE_CODES,
    WLAN_TYPES,
    Caption,
    ether_type,
    name_of,
    written_mac,
)
from t2tui.tui.packettree.network import ip, ipv4, ipv6
from t2tui.tui.packettree.node import Layer, Next, Reader

SHORTEST_TYPE = 0x600
"""Smaller values of the field are a length."""


def by_type(number: int) -> Layer | None:
    """Return what reads the payload of an EtherType."""
    return ETHER_TYPES.get(number)


def ethernet(r: Reader) -> Next:
    """Ethernet II or 802.3."""
    r.title("Ethernet")
    is_length = r.peek(2, 12) < SHORTEST_TYPE
    forms = {"type": Caption("length")} if is_length else {}
    header = r.header(Ethernet, **forms)
    r.title("Ethernet", f"{written_mac(header['src'])} → {written_mac(header['dst'])}")
    if is_length:
        return Next(llc, min(r.at + header["type"], r.end))
    return Next(by_type(header["type"]))


def mpacket(r: Reader) -> Next:
    """The preamble of an 802.3br mPacket."""
    r.title("mPacket preamble")
    r.octets("preamble", 8)
    return Next(ethernet)


def vlan(r: Reader) -> Next:
    """An 802.1Q tag; the type behind may be a length."""
    r.title("802.1Q VLAN")
    tag = r.header(VLANtag8021Q)
    r.title("802.1Q VLAN", str(tag["id"]), f"priority {tag['pri']}")
    return Next(llc if tag["type"] < SHORTEST_TYPE else by_type(tag["type"]))


def mpls(r: Reader) -> Next:
    """One MPLS label."""
    r.title("MPLS")
    label = r.header(MPLSlabel)
    r.title("MPLS", str(label["val"]))
    if not label["s"]:
        return Next(mpls)
    first = r.peek(1) >> 4 if r.rest else None
    return Next(pseudowire if first == 0 else ip if first in (4, 6) else None)


def pseudowire(r: Reader) -> Next:
    """The control word of Ethernet over MPLS."""
    r.title("Pseudowire control word")
    r.number("flags", 2, "hex")
    r.number("sequence number", 2)
    return Next(ethernet)


def pppoe(r: Reader) -> Next:
    """PPP over Ethernet, discovery or session."""
    r.title("PPPoE")
    header = r.header(PPPoE)
    r.title("PPPoE", name_of(PPPOE_CODES, header["code"]))
    end = min(r.at + header["len"], r.end)
    return Next(ppp_protocol if header["code"] == 0 else None, end)


def ppp(r: Reader) -> Next:
    """PPP with address and control bytes, or without."""
    r.title("PPP")
    if r.peek(1) in (0xFF, 0x0F):
        r.number("address", 1, "hex")
        r.number("control", 1, "hex")
    return _ppp_protocol(r)


def ppp_protocol(r: Reader) -> Next:
    """The protocol field of PPP."""
    r.title("PPP")
    return _ppp_protocol(r)


def _ppp_protocol(r: Reader) -> Next:
    size = 1 if r.peek(1) & 1 else 2
    number = r.number("protocol", size, "hex", PPP_PROTOCOLS)
    r.node.value = name_of(PPP_PROTOCOLS, number)
    return Next({0x21: ipv4, 0x57: ipv6, 0x281: mpls}.get(number))


def ppp_with_direction(r: Reader) -> Next:
    """PPP behind a byte that tells the direction."""
    r.title("PPP")
    r.number("direction", 1, "", {0: "received", 1: "sent"})
    return Next(ppp)


def cisco_hdlc(r: Reader) -> Next:
    """Cisco HDLC."""
    r.title("Cisco HDLC")
    r.number("address", 1, "hex")
    r.number("control", 1, "hex")
    return Next(by_type(r.number("protocol", 2, "hex", ether_type)))


def llc(r: Reader) -> Next:
    """802.2, perhaps with SNAP."""
    r.title("LLC")
    header = r.header(LLC)
    r.title("LLC", f"0x{header['dsap']:02x}")
    if header["dsap"] == 0xAA and header["ssap"] & 0xFE == 0xAA:
        r.octets("organisation", 3)
        return Next(by_type(r.number("type", 2, "hex", ether_type)))
    return Next(spanning_tree if header["dsap"] == 0x42 else None)


def spanning_tree(r: Reader) -> Next:
    """The spanning tree protocol."""
    r.title("Spanning tree")
    if r.rest < 35:  # a change of the topology has four bytes
        r.number("protocol", 2, "hex")
        r.number("version", 1)
        r.number("type", 1, "hex")
    else:
        r.header(STP)
    return Next()


def arp(r: Reader) -> Next:
    """ARP; addresses of other lengths than Ethernet's and IPv4's are bytes."""
    r.title("ARP")
    if r.peek(2, 4) != 0x0604:
        r.number("hardware type", 2)
        r.number("protocol type", 2, "hex", ether_type)
        lengths = r.number("hardware address length", 1), r.number("protocol address length", 1)
        r.number("operation", 2)
        for side in ("sender", "target"):
            r.octets(f"{side} hardware address", lengths[0], "mac")
            r.octets(f"{side} address", lengths[1])
        return Next()
    header = r.header(ARP)
    sender, target = (".".join(map(str, header[name])) for name in ("spa", "tpa"))
    r.title(
        "ARP", f"who has {target}" if header["op"] == 1 else f"{sender} is at {written_mac(header['sha'])}"
    )
    return Next()


def cooked(r: Reader) -> Next:
    """Linux cooked capture."""
    r.title("Linux cooked capture")
    header = r.header(SLL)
    return Next(by_type(header["ethtype"]))


def cooked2(r: Reader) -> Next:
    """Linux cooked capture, version 2."""
    r.title("Linux cooked capture v2")
    header = r.header(SLL2)
    return Next(by_type(header["ethtype"]))


def loopback(r: Reader) -> Next:
    """BSD loopback: the family in the byte order of who captured."""
    r.title("Loopback")
    family = r.peek(4)
    is_little = family > 0xFFFF
    family = int.from_bytes(family.to_bytes(4, "little"), "big") if is_little else family
    r.octets("family", 4, meaning=name_of(LOOPBACK_FAMILIES, family))
    return Next(ip if family in LOOPBACK_FAMILIES else None)


def radiotap(r: Reader) -> Next:
    """The radiotap header of 802.11 captures."""
    start = r.at
    r.title("Radiotap")
    header = r.header(Radiotap)
    r.title("Radiotap", f"{header['length']} bytes")
    r.skip_to(start + header["length"], "fields")
    return Next(wlan)


def prism(r: Reader) -> Next:
    """The Prism header of 802.11 captures."""
    r.title("Prism header")
    r.octets("fields", 144)
    return Next(wlan)


def wlan(r: Reader) -> Next:
    """802.11: of data frames with a payload in clear the payload follows."""
    r.title("802.11")
    control = r.peek(1)
    flags, kind, subtype = r.peek(1, 1), control >> 2 & 3, control >> 4
    r.title("802.11", WLAN_TYPES[kind], f"subtype {subtype}")
    r.number("frame control", 1, "hex")
    bits = {1: "to DS", 2: "from DS", 4: "more fragments", 8: "retry", 16: "power", 32: "more data"}
    r.flags("flags", 1, {**bits, 64: "protected", 128: "order"})
    r.octets("duration", 2)
    names = ("receiver", "transmitter", "third address")
    for name in names[:1] if kind == 1 else names:
        r.octets(name, 6, "mac")
    if kind == 1:
        return Next()
    r.octets("sequence control", 2)
    if kind != 2:
        return Next()
    if flags & 3 == 3:
        r.octets("fourth address", 6, "mac")
    if subtype & 8:
        r.octets("QoS control", 2)
    return Next(None if flags & 64 or subtype & 4 else llc)


def packet_information(r: Reader) -> Next:
    """The per-packet information header, numbers in little endian."""
    r.title("Per-packet information")
    start = r.at
    r.octets("version and flags", 2)
    length = int.from_bytes(r.octets("length", 2), "little")
    link_type = int.from_bytes(r.octets("link type", 4), "little")
    r.skip_to(start + length, "fields")
    following = LINKS.get(link_type)
    return Next(None if following is packet_information else following)


ETHER_TYPES: Mapping[int, Layer] = {
    0x0800: ipv4,
    0x0806: arp,
    0x8035: arp,
    0x86DD: ipv6,
    0x8100: vlan,
    0x88A8: vlan,
    0x9100: vlan,
    0x9200: vlan,
    0x8847: mpls,
    0x8848: mpls,
    0x8863: pppoe,
    0x8864: pppoe,
    0x6558: ethernet,
    0x880B: ppp,
}
"""EtherType -> what reads the payload."""

LINKS: Mapping[int, Layer] = {
    0: loopback,
    1: ethernet,
    9: ppp,
    12: ip,
    50: ppp,
    104: cisco_hdlc,
    105: wlan,
    108: loopback,
    113: cooked,
    119: prism,
    127: radiotap,
    192: packet_information,
    204: ppp_with_direction,
    228: ip,
    229: ip,
    274: mpacket,
    276: cooked2,
}
"""Link type (DLT) -> what reads its packets."""
