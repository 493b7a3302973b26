"""What people call the fields of dpkt's headers, how they are written, and what their numbers stand for."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from dpkt.ssl_ciphersuites import BY_CODE

from t2tui.core.enumerations import enumeration
from t2tui.core.services import builtin_services

Names = Mapping[int, str] | Callable[[int], str]


class Caption(NamedTuple):
    """How a field is shown.

    Attributes:
        name: of the field.
        form: ``""`` decimal or bytes, ``hex``, ``mac``, ``ip4``, ``ip6``, ``text``.
        names: what its numbers stand for.
        bits: bit -> name, of flags.
    """

    name: str
    form: str = ""
    names: Names | None = None
    bits: dict[int, str] | None = None


def name_of(names: Names | None, value: object) -> str:
    """Return what a number stands for; nothing without."""
    if names is None or not isinstance(value, int):
        return ""
    return names(value) if callable(names) else names.get(value, "")


def known(column: str) -> Callable[[int], str]:
    """Return what gives the names of an enumeration (``t2tui decode``): the short one, else what it says."""

    def name(number: int) -> str:
        value = enumeration(column).values.get(number)
        return (value.name or value.description) if value else ""

    return name


ether_type = known("ethType")
protocol = known("l4Proto")
icmp_type, icmp_code = known("icmpType"), known("icmpCode")
icmp6_type, icmp6_code = known("icmp6Type"), known("icmp6Code")
dns_type, dns_class = known("dnsType"), known("dnsClass")
dns_opcode, dns_rcode = known("dnsOpCode"), known("dnsRetCode")


def written_mac(octets: bytes) -> str:
    """Return a hardware address as people write it."""
    return octets.hex(":")


def tcp_service(port: int) -> str:
    """Return the name of a TCP port."""
    return builtin_services().tcp.get(port, b"").decode("ascii", "replace")


def udp_service(port: int) -> str:
    """Return the name of a UDP port."""
    return builtin_services().udp.get(port, b"").decode("ascii", "replace")


def dscp(tos: int) -> str:
    """Return the two parts of the type of service."""
    return f"DSCP {tos >> 2}, ECN {tos & 3}"


def cipher_suite(number: int) -> str:
    """Return the name of a TLS cipher suite."""
    suite = BY_CODE.get(number)
    return suite.name if suite is not None else ""


TCP_FLAGS = {
    0x100: "NS",
    0x080: "CWR",
    0x040: "ECE",
    0x020: "URG",
    0x010: "ACK",
    0x008: "PSH",
    0x004: "RST",
    0x002: "SYN",
    0x001: "FIN",
}
TCP_OPTIONS = {
    0: "end of options",
    1: "no operation",
    2: "maximum segment size",
    3: "window scale",
    4: "SACK permitted",
    5: "SACK",
    8: "timestamps",
    19: "MD5 signature",
    28: "user timeout",
    29: "authentication",
    30: "Multipath TCP",
    34: "fast open",
}
IP_OPTIONS = {
    0: "end of options",
    1: "no operation",
    7: "record route",
    68: "timestamp",
    130: "security",
    131: "loose source route",
    134: "commercial security",
    136: "stream identifier",
    137: "strict source route",
    148: "router alert",
}
IP6_OPTIONS = {
    0: "pad 1",
    1: "pad N",
    5: "router alert",
    194: "jumbo payload",
    201: "home address",
}
ARP_OPERATIONS = {1: "request", 2: "reply", 3: "RARP request", 4: "RARP reply"}
IGMP_TYPES = {
    0x11: "membership query",
    0x12: "membership report v1",
    0x16: "membership report v2",
    0x17: "leave group",
    0x22: "membership report v3",
}
NEIGHBOR_OPTIONS = {
    1: "source link-layer address",
    2: "target link-layer address",
    3: "prefix information",
    5: "MTU",
    25: "DNS servers",
    31: "DNS search list",
}
PPP_PROTOCOLS = {
    0x0021: "IPv4",
    0x0057: "IPv6",
    0x0281: "MPLS",
    0x8021: "IPCP",
    0x8057: "IPv6CP",
    0xC021: "LCP",
    0xC023: "PAP",
    0xC223: "CHAP",
}
PPPOE_CODES = {0: "session data", 7: "PADO", 9: "PADI", 0x19: "PADR", 0x65: "PADS", 0xA7: "PADT"}
SLL_TYPES = {0: "to us", 1: "broadcast", 2: "multicast", 3: "to others", 4: "from us"}
SCTP_CHUNKS = {
    0: "DATA",
    1: "INIT",
    2: "INIT ACK",
    3: "SACK",
    4: "HEARTBEAT",
    5: "HEARTBEAT ACK",
    6: "ABORT",
    7: "SHUTDOWN",
    8: "SHUTDOWN ACK",
    9: "ERROR",
    10: "COOKIE ECHO",
    11: "COOKIE ACK",
    14: "SHUTDOWN COMPLETE",
    192: "FORWARD TSN",
}
LOOPBACK_FAMILIES = {2: "IPv4", 10: "IPv6", 24: "IPv6", 28: "IPv6", 30: "IPv6"}
DHCP_MESSAGES = {
    1: "discover",
    2: "offer",
    3: "request",
    4: "decline",
    5: "ack",
    6: "nak",
    7: "release",
    8: "inform",
}
DHCP_OPTIONS = {
    1: Caption("subnet mask", "ip4"),
    3: Caption("router", "ip4"),
    6: Caption("DNS server", "ip4"),
    12: Caption("host name", "text"),
    15: Caption("domain name", "text"),
    28: Caption("broadcast address", "ip4"),
    42: Caption("NTP server", "ip4"),
    43: Caption("vendor information"),
    50: Caption("requested address", "ip4"),
    51: Caption("lease time"),
    53: Caption("message type"),
    54: Caption("server", "ip4"),
    55: Caption("parameters requested"),
    56: Caption("message", "text"),
    57: Caption("largest message"),
    58: Caption("renewal time"),
    59: Caption("rebinding time"),
    60: Caption("vendor class", "text"),
    61: Caption("client identifier"),
    66: Caption("TFTP server", "text"),
    67: Caption("boot file", "text"),
    81: Caption("client name"),
    82: Caption("relay agent information"),
    119: Caption("domain search list"),
}
NTP_MODES = {
    1: "symmetric active",
    2: "symmetric passive",
    3: "client",
    4: "server",
    5: "broadcast",
    6: "control",
    7: "private",
}
TLS_RECORDS = {
    20: "change cipher spec",
    21: "alert",
    22: "handshake",
    23: "application data",
    24: "heartbeat",
}
TLS_HANDSHAKES = {
    0: "hello request",
    1: "client hello",
    2: "server hello",
    4: "new session ticket",
    8: "encrypted extensions",
    11: "certificate",
    12: "server key exchange",
    13: "certificate request",
    14: "server hello done",
    15: "certificate verify",
    16: "client key exchange",
    20: "finished",
    22: "certificate status",
}
TLS_VERSIONS = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}
TLS_ALERT_LEVELS = {1: "warning", 2: "fatal"}
TLS_ALERTS = {
    0: "close notify",
    10: "unexpected message",
    20: "bad record MAC",
    40: "handshake failure",
    42: "bad certificate",
    43: "unsupported certificate",
    44: "certificate revoked",
    45: "certificate expired",
    46: "certificate unknown",
    47: "illegal parameter",
    48: "unknown CA",
    50: "decode error",
    51: "decrypt error",
    70: "protocol version",
    71: "insufficient security",
    80: "internal error",
    112: "unrecognised name",
}
TLS_EXTENSIONS = {
    0: "server name",
    1: "maximum fragment length",
    5: "status request",
    10: "supported groups",
    11: "point formats",
    13: "signature algorithms",
    16: "application protocols",
    18: "signed certificate timestamps",
    21: "padding",
    22: "encrypt then MAC",
    23: "extended master secret",
    27: "certificate compression",
    35: "session ticket",
    41: "pre-shared key",
    43: "supported versions",
    44: "cookie",
    45: "key exchange modes",
    49: "post-handshake authentication",
    51: "key share",
    65281: "renegotiation information",
}
WLAN_TYPES = {0: "management", 1: "control", 2: "data", 3: "extension"}

_PORTS_TCP = {
    "sport": Caption("source port", "", tcp_service),
    "dport": Caption("destination port", "", tcp_service),
}
_PORTS_UDP = {
    "sport": Caption("source port", "", udp_service),
    "dport": Caption("destination port", "", udp_service),
}
_CHECKSUM = {"sum": Caption("checksum", "hex")}
_SLL = {
    "hrd": Caption("ARP hardware type"),
    "hlen": Caption("address length"),
    "hdr": Caption("address", "mac"),
    "ethtype": Caption("protocol", "hex", ether_type),
}

LABELS: dict[str, dict[str, Caption]] = {
    "Ethernet": {
        "dst": Caption("destination", "mac"),
        "src": Caption("source", "mac"),
        "type": Caption("type", "hex", ether_type),
    },
    "VLANtag8021Q": {
        "pri": Caption("priority"),
        "cfi": Caption("drop eligible"),
        "id": Caption("VLAN"),
        "type": Caption("type", "hex", ether_type),
    },
    "MPLSlabel": {
        "val": Caption("label"),
        "exp": Caption("traffic class"),
        "s": Caption("bottom of stack"),
        "ttl": Caption("time to live"),
    },
    "ARP": {
        "hrd": Caption("hardware type"),
        "pro": Caption("protocol type", "hex", ether_type),
        "hln": Caption("hardware address length"),
        "pln": Caption("protocol address length"),
        "op": Caption("operation", "", ARP_OPERATIONS),
        "sha": Caption("sender hardware address", "mac"),
        "spa": Caption("sender address", "ip4"),
        "tha": Caption("target hardware address", "mac"),
        "tpa": Caption("target address", "ip4"),
    },
    "LLC": {
        "dsap": Caption("destination service", "hex"),
        "ssap": Caption("source service", "hex"),
        "ctl": Caption("control", "hex"),
    },
    "PPPoE": {
        "v": Caption("version"),
        "type": Caption("type"),
        "code": Caption("code", "hex", PPPOE_CODES),
        "session": Caption("session", "hex"),
        "len": Caption("length"),
    },
    "SLL": {"type": Caption("packet type", "", SLL_TYPES), **_SLL},
    "SLL2": {
        "mbz": Caption("reserved"),
        "intindex": Caption("interface"),
        "type": Caption("packet type", "", SLL_TYPES),
        **_SLL,
    },
    "Radiotap": {"version": Caption("version"), "pad": Caption("pad"), "length": Caption("length")},
    "IP": {
        "v": Caption("version"),
        "hl": Caption("header length, words"),
        "tos": Caption("type of service", "hex", dscp),
        "len": Caption("total length"),
        "id": Caption("identification", "hex"),
        "rf": Caption("reserved flag"),
        "df": Caption("don't fragment"),
        "mf": Caption("more fragments"),
        "offset": Caption("fragment offset, words of 8"),
        "ttl": Caption("time to live"),
        "p": Caption("protocol", "", protocol),
        "sum": Caption("header checksum", "hex"),
        "src": Caption("source", "ip4"),
        "dst": Caption("destination", "ip4"),
    },
    "IP6": {
        "v": Caption("version"),
        "fc": Caption("traffic class", "hex", dscp),
        "flow": Caption("flow label", "hex"),
        "plen": Caption("payload length"),
        "nxt": Caption("next header", "", protocol),
        "hlim": Caption("hop limit"),
        "src": Caption("source", "ip6"),
        "dst": Caption("destination", "ip6"),
    },
    "IP6OptsHeader": {
        "nxt": Caption("next header", "", protocol),
        "len": Caption("length, words of 8 behind the first"),
    },
    "IP6FragmentHeader": {
        "nxt": Caption("next header", "", protocol),
        "_resv": Caption("reserved"),
        "frag_off": Caption("fragment offset, words of 8"),
        "m_flag": Caption("more fragments"),
        "id": Caption("identification", "hex"),
    },
    "AH": {
        "nxt": Caption("next header", "", protocol),
        "len": Caption("length, words of 4 behind two"),
        "rsvd": Caption("reserved"),
        "spi": Caption("security parameters index", "hex"),
        "seq": Caption("sequence number"),
    },
    "ESP": {"spi": Caption("security parameters index", "hex"), "seq": Caption("sequence number")},
    "TCP": {
        **_PORTS_TCP,
        "seq": Caption("sequence number"),
        "ack": Caption("acknowledgement number"),
        "off": Caption("header length, words"),
        "flags": Caption("flags", "hex", None, TCP_FLAGS),
        "win": Caption("window"),
        **_CHECKSUM,
        "urp": Caption("urgent pointer"),
    },
    "UDP": {**_PORTS_UDP, "ulen": Caption("length"), **_CHECKSUM},
    "ICMP": {"type": Caption("type", "", icmp_type), "code": Caption("code"), **_CHECKSUM},
    "ICMP6": {"type": Caption("type", "", icmp6_type), "code": Caption("code"), **_CHECKSUM},
    "IGMP": {
        "type": Caption("type", "hex", IGMP_TYPES),
        "maxresp": Caption("longest response time, 0.1 s"),
        **_CHECKSUM,
        "group": Caption("group", "ip4"),
    },
    "SCTP": {
        **_PORTS_TCP,
        "vtag": Caption("verification tag", "hex"),
        "sum": Caption("checksum", "hex"),
    },
    "Chunk": {
        "type": Caption("type", "", SCTP_CHUNKS),
        "flags": Caption("flags", "hex"),
        "len": Caption("length"),
    },
    "GRE": {"flags": Caption("flags and version", "hex"), "p": Caption("protocol", "hex", ether_type)},
    "VRRP": {
        "v": Caption("version"),
        "type": Caption("type"),
        "vrid": Caption("virtual router"),
        "priority": Caption("priority"),
        "count": Caption("addresses"),
        "atype": Caption("authentication"),
        "advtime": Caption("interval, s"),
        **_CHECKSUM,
    },
    "STP": {
        "proto_id": Caption("protocol", "hex"),
        "v": Caption("version"),
        "type": Caption("type", "hex"),
        "flags": Caption("flags", "hex"),
        "root_id": Caption("root bridge", "mac"),
        "root_path": Caption("path cost"),
        "bridge_id": Caption("bridge", "mac"),
        "port_id": Caption("port", "hex"),
        "_age": Caption("message age, 1/256 s"),
        "_max_age": Caption("maximum age, 1/256 s"),
        "_hello": Caption("hello time, 1/256 s"),
        "_fd": Caption("forward delay, 1/256 s"),
    },
    "DHCP": {
        "op": Caption("operation", "", {1: "request", 2: "reply"}),
        "hrd": Caption("hardware type"),
        "hln": Caption("hardware address length"),
        "hops": Caption("hops"),
        "xid": Caption("transaction", "hex"),
        "secs": Caption("seconds"),
        "flags": Caption("flags", "hex"),
        "ciaddr": Caption("client address", "ip4"),
        "yiaddr": Caption("your address", "ip4"),
        "siaddr": Caption("server address", "ip4"),
        "giaddr": Caption("relay address", "ip4"),
        "chaddr": Caption("client hardware address", "mac"),
        "sname": Caption("server name", "text"),
        "file": Caption("boot file", "text"),
        "magic": Caption("magic cookie", "hex"),
    },
    "NTP": {
        "li": Caption("leap indicator"),
        "v": Caption("version"),
        "mode": Caption("mode", "", NTP_MODES),
        "stratum": Caption("stratum"),
        "interval": Caption("poll interval, log2 s"),
        "precision": Caption("precision, log2 s"),
        "delay": Caption("root delay, 1/65536 s"),
        "dispersion": Caption("root dispersion, 1/65536 s"),
        "id": Caption("reference"),
        "update_time": Caption("reference time"),
        "originate_time": Caption("origin time"),
        "receive_time": Caption("receive time"),
        "transmit_time": Caption("transmit time"),
    },
    "TLSRecord": {
        "type": Caption("type", "", TLS_RECORDS),
        "version": Caption("version", "hex", TLS_VERSIONS),
        "length": Caption("length"),
    },
}
"""Names of dpkt's classes -> names of its fields -> how they are shown."""
