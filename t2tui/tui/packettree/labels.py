"""What people call the fields of dpkt's headers, how they are written, and what their numbers stand for."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from dpkt.ssl_ciphersuites import BY_CODE

from t2tui.core.enumerations import enumeration
from t2tui.core.services import builtin_services

Names = Mapping[int, str] | Callable[[int], str]


class Label(NamedTuple):
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
    1: Label("subnet mask", "ip4"),
    3: Label("router", "ip4"),
    6: Label("DNS server", "ip4"),
    12: Label("host name", "text"),
    15: Label("domain name", "text"),
    28: Label("broadcast address", "ip4"),
    42: Label("NTP server", "ip4"),
    43: Label("vendor information"),
    50: Label("requested address", "ip4"),
    51: Label("lease time"),
    53: Label("message type"),
    54: Label("server", "ip4"),
    55: Label("parameters requested"),
    56: Label("message", "text"),
    57: Label("largest message"),
    58: Label("renewal time"),
    59: Label("rebinding time"),
    60: Label("vendor class", "text"),
    61: Label("client identifier"),
    66: Label("TFTP server", "text"),
    67: Label("boot file", "text"),
    81: Label("client name"),
    82: Label("relay agent information"),
    119: Label("domain search list"),
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
    "sport": Label("source port", "", tcp_service),
    "dport": Label("destination port", "", tcp_service),
}
_PORTS_UDP = {
    "sport": Label("source port", "", udp_service),
    "dport": Label("destination port", "", udp_service),
}
_CHECKSUM = {"sum": Label("checksum", "hex")}
_SLL = {
    "hrd": Label("ARP hardware type"),
    "hlen": Label("address length"),
    "hdr": Label("address", "mac"),
    "ethtype": Label("protocol", "hex", ether_type),
}

LABELS: dict[str, dict[str, Label]] = {
    "Ethernet": {
        "dst": Label("destination", "mac"),
        "src": Label("source", "mac"),
        "type": Label("type", "hex", ether_type),
    },
    "VLANtag8021Q": {
        "pri": Label("priority"),
        "cfi": Label("drop eligible"),
        "id": Label("VLAN"),
        "type": Label("type", "hex", ether_type),
    },
    "MPLSlabel": {
        "val": Label("label"),
        "exp": Label("traffic class"),
        "s": Label("bottom of stack"),
        "ttl": Label("time to live"),
    },
    "ARP": {
        "hrd": Label("hardware type"),
        "pro": Label("protocol type", "hex", ether_type),
        "hln": Label("hardware address length"),
        "pln": Label("protocol address length"),
        "op": Label("operation", "", ARP_OPERATIONS),
        "sha": Label("sender hardware address", "mac"),
        "spa": Label("sender address", "ip4"),
        "tha": Label("target hardware address", "mac"),
        "tpa": Label("target address", "ip4"),
    },
    "LLC": {
        "dsap": Label("destination service", "hex"),
        "ssap": Label("source service", "hex"),
        "ctl": Label("control", "hex"),
    },
    "PPPoE": {
        "v": Label("version"),
        "type": Label("type"),
        "code": Label("code", "hex", PPPOE_CODES),
        "session": Label("session", "hex"),
        "len": Label("length"),
    },
    "SLL": {"type": Label("packet type", "", SLL_TYPES), **_SLL},
    "SLL2": {
        "mbz": Label("reserved"),
        "intindex": Label("interface"),
        "type": Label("packet type", "", SLL_TYPES),
        **_SLL,
    },
    "Radiotap": {"version": Label("version"), "pad": Label("pad"), "length": Label("length")},
    "IP": {
        "v": Label("version"),
        "hl": Label("header length, words"),
        "tos": Label("type of service", "hex", dscp),
        "len": Label("total length"),
        "id": Label("identification", "hex"),
        "rf": Label("reserved flag"),
        "df": Label("don't fragment"),
        "mf": Label("more fragments"),
        "offset": Label("fragment offset, words of 8"),
        "ttl": Label("time to live"),
        "p": Label("protocol", "", protocol),
        "sum": Label("header checksum", "hex"),
        "src": Label("source", "ip4"),
        "dst": Label("destination", "ip4"),
    },
    "IP6": {
        "v": Label("version"),
        "fc": Label("traffic class", "hex", dscp),
        "flow": Label("flow label", "hex"),
        "plen": Label("payload length"),
        "nxt": Label("next header", "", protocol),
        "hlim": Label("hop limit"),
        "src": Label("source", "ip6"),
        "dst": Label("destination", "ip6"),
    },
    "IP6OptsHeader": {
        "nxt": Label("next header", "", protocol),
        "len": Label("length, words of 8 behind the first"),
    },
    "IP6FragmentHeader": {
        "nxt": Label("next header", "", protocol),
        "_resv": Label("reserved"),
        "frag_off": Label("fragment offset, words of 8"),
        "m_flag": Label("more fragments"),
        "id": Label("identification", "hex"),
    },
    "AH": {
        "nxt": Label("next header", "", protocol),
        "len": Label("length, words of 4 behind two"),
        "rsvd": Label("reserved"),
        "spi": Label("security parameters index", "hex"),
        "seq": Label("sequence number"),
    },
    "ESP": {"spi": Label("security parameters index", "hex"), "seq": Label("sequence number")},
    "TCP": {
        **_PORTS_TCP,
        "seq": Label("sequence number"),
        "ack": Label("acknowledgement number"),
        "off": Label("header length, words"),
        "flags": Label("flags", "hex", None, TCP_FLAGS),
        "win": Label("window"),
        **_CHECKSUM,
        "urp": Label("urgent pointer"),
    },
    "UDP": {**_PORTS_UDP, "ulen": Label("length"), **_CHECKSUM},
    "ICMP": {"type": Label("type", "", icmp_type), "code": Label("code"), **_CHECKSUM},
    "ICMP6": {"type": Label("type", "", icmp6_type), "code": Label("code"), **_CHECKSUM},
    "IGMP": {
        "type": Label("type", "hex", IGMP_TYPES),
        "maxresp": Label("longest response time, 0.1 s"),
        **_CHECKSUM,
        "group": Label("group", "ip4"),
    },
    "SCTP": {
        **_PORTS_TCP,
        "vtag": Label("verification tag", "hex"),
        "sum": Label("checksum", "hex"),
    },
    "Chunk": {
        "type": Label("type", "", SCTP_CHUNKS),
        "flags": Label("flags", "hex"),
        "len": Label("length"),
    },
    "GRE": {"flags": Label("flags and version", "hex"), "p": Label("protocol", "hex", ether_type)},
    "VRRP": {
        "v": Label("version"),
        "type": Label("type"),
        "vrid": Label("virtual router"),
        "priority": Label("priority"),
        "count": Label("addresses"),
        "atype": Label("authentication"),
        "advtime": Label("interval, s"),
        **_CHECKSUM,
    },
    "STP": {
        "proto_id": Label("protocol", "hex"),
        "v": Label("version"),
        "type": Label("type", "hex"),
        "flags": Label("flags", "hex"),
        "root_id": Label("root bridge", "mac"),
        "root_path": Label("path cost"),
        "bridge_id": Label("bridge", "mac"),
        "port_id": Label("port", "hex"),
        "_age": Label("message age, 1/256 s"),
        "_max_age": Label("maximum age, 1/256 s"),
        "_hello": Label("hello time, 1/256 s"),
        "_fd": Label("forward delay, 1/256 s"),
    },
    "DHCP": {
        "op": Label("operation", "", {1: "request", 2: "reply"}),
        "hrd": Label("hardware type"),
        "hln": Label("hardware address length"),
        "hops": Label("hops"),
        "xid": Label("transaction", "hex"),
        "secs": Label("seconds"),
        "flags": Label("flags", "hex"),
        "ciaddr": Label("client address", "ip4"),
        "yiaddr": Label("your address", "ip4"),
        "siaddr": Label("server address", "ip4"),
        "giaddr": Label("relay address", "ip4"),
        "chaddr": Label("client hardware address", "mac"),
        "sname": Label("server name", "text"),
        "file": Label("boot file", "text"),
        "magic": Label("magic cookie", "hex"),
    },
    "NTP": {
        "li": Label("leap indicator"),
        "v": Label("version"),
        "mode": Label("mode", "", NTP_MODES),
        "stratum": Label("stratum"),
        "interval": Label("poll interval, log2 s"),
        "precision": Label("precision, log2 s"),
        "delay": Label("root delay, 1/65536 s"),
        "dispersion": Label("root dispersion, 1/65536 s"),
        "id": Label("reference"),
        "update_time": Label("reference time"),
        "originate_time": Label("origin time"),
        "receive_time": Label("receive time"),
        "transmit_time": Label("transmit time"),
    },
    "TLSRecord": {
        "type": Label("type", "", TLS_RECORDS),
        "version": Label("version", "hex", TLS_VERSIONS),
        "length": Label("length"),
    },
}
"""Names of dpkt's classes -> names of its fields -> how they are shown."""
