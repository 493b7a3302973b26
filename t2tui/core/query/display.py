"""Display filters of Wireshark as expressions: ``shark("ip.addr == 10.0.0.1 && tcp.port == 443")``."""

import re

from t2tui.core.nearest import nearest_names
from t2tui.core.query.codes import Code
from t2tui.core.query.errors import QueryError
from t2tui.core.query.functions import Arguments, define
from t2tui.core.query.parser import parse

ROWS = "rows"

FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ip.addr": ("", ("$srcIP", "$dstIP")),
    "ip.host": ("", ("$srcIP", "$dstIP")),
    "ip.src": ("", ("$srcIP",)),
    "ip.dst": ("", ("$dstIP",)),
    "ipv6.addr": ("", ("$srcIP", "$dstIP")),
    "ipv6.src": ("", ("$srcIP",)),
    "ipv6.dst": ("", ("$dstIP",)),
    "ip.proto": ("", ("$l4Proto",)),
    "ipv6.nxt": ("", ("$l4Proto",)),
    "tcp.port": ("tcp()", ("$srcPort", "$dstPort")),
    "tcp.srcport": ("tcp()", ("$srcPort",)),
    "tcp.dstport": ("tcp()", ("$dstPort",)),
    "udp.port": ("udp()", ("$srcPort", "$dstPort")),
    "udp.srcport": ("udp()", ("$srcPort",)),
    "udp.dstport": ("udp()", ("$dstPort",)),
    "sctp.port": ("sctp()", ("$srcPort", "$dstPort")),
    "sctp.srcport": ("sctp()", ("$srcPort",)),
    "sctp.dstport": ("sctp()", ("$dstPort",)),
    "eth.addr": ("", ("$srcMac", "$dstMac")),
    "eth.src": ("", ("$srcMac",)),
    "eth.dst": ("", ("$dstMac",)),
    "eth.type": ("", ("$ethType",)),
    "vlan.id": ("", ("($vlanID & 0xfff)",)),
    "frame.number": ("", ("$pktNo",)),
    "frame.len": ("", ("$pktLen",)),
    "frame.time_epoch": ("", ("$time",)),
    "frame.protocols": ("", ("$hdrDesc",)),
    "ip.ttl": ("", ("$ipTTL",)),
    "ip.id": ("", ("$ipID",)),
    "ip.len": ("", ("$l3Len",)),
    "tcp.len": ("tcp()", ("$l7Len",)),
    "tcp.seq": ("tcp()", ("$seq",)),
    "tcp.ack": ("tcp()", ("$ack",)),
    "tcp.window_size": ("tcp()", ("$tcpWin",)),
    "tcp.flags": ("tcp()", ("($tcpFlags & 0xff)",)),
    **{
        f"tcp.flags.{name}": ("tcp()", (f"($tcpFlags >> {bit} & 1)",))
        for name, bit in {
            "fin": 0,
            "syn": 1,
            "reset": 2,
            "push": 3,
            "ack": 4,
            "urg": 5,
            "ece": 6,
            "ecn": 6,
            "cwr": 7,
        }.items()
    },
    "icmp.type": ("icmp()", ("$icmpType",)),
    "icmp.code": ("icmp()", ("$icmpCode",)),
}
"""Field -> condition under which it exists, and the expressions one of which has to fit."""

PROTOCOLS = {
    "ip": "ipv4()",
    "ipv6": "ipv6()",
    "tcp": "tcp()",
    "udp": "udp()",
    "icmp": "icmp()",
    "icmpv6": "icmp6()",
    "igmp": "igmp()",
    "sctp": "sctp()",
    "gre": "gre()",
    "esp": "esp()",
    "ah": "ah()",
    "rsvp": "rsvp()",
    "dns": "dns()",
    "http": "http()",
    "dhcp": "dhcp()",
    "arp": "$ethType == 0x0806",
    "vlan": "isset($vlanID)",
}
"""Name of a protocol alone -> condition."""

SIGNS = {
    **{sign: sign for sign in ("==", "!=", "<", "<=", ">", ">=")},
    **{"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="},
    **{"matches": "~", "~": "~", "contains": "contains"},
}
JOINING = {"&&": "&&", "and": "&&", "||": "||", "or": "||", "!": "!", "not": "!", "(": "(", ")": ")"}

_TOKEN = re.compile(
    r"\s*(?:(?P<joining>&&|\|\||\(|\)|!(?!=)|(?:and|or|not)\b)"
    r"|(?P<field>[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)"
    r"(?:\s*(?P<sign>==|!=|<=|>=|<|>|~|\b(?:eq|ne|lt|le|gt|ge|matches|contains|in)\b)"
    r'\s*(?P<value>"(?:[^"\\]|\\.)*"|\{[^}]*\}|[^\s()&|!{}"]+))?)'
)


class DisplayFilterError(ValueError):
    """A display filter that cannot be translated; ``suggestions`` are fields that resemble an unknown one."""

    def __init__(self, message: str, suggestions: list[str] | None = None) -> None:
        super().__init__(message)
        self.suggestions = suggestions or []


def translated(text: str) -> str:
    """Return a display filter as an expression.

    Raises:
        DisplayFilterError: a field is not known, or the text is no display filter.
    """
    parts, place = [], 0
    stripped = text.rstrip()
    while place < len(stripped):
        match = _TOKEN.match(stripped, place)
        if match is None or match.end() == place:
            raise DisplayFilterError(f"'{stripped[place:].strip()}' is no part of a display filter")
        parts.append(JOINING[match["joining"]] if match["joining"] else _condition(match))
        place = match.end()
    return " ".join(parts)


def _condition(match: re.Match[str]) -> str:
    field, sign, value = match["field"], match["sign"], match["value"]
    if sign is None:
        if field in PROTOCOLS:
            return f"({PROTOCOLS[field]})"
        if field in FIELDS:
            guard, expressions = FIELDS[field]
            return f"({guard or ' || '.join(f'isset({each})' for each in expressions)})"
        raise DisplayFilterError(f"unknown protocol '{field}'", nearest_names(field, [*PROTOCOLS, *FIELDS]))
    if field not in FIELDS:
        raise DisplayFilterError(f"unknown field '{field}'", nearest_names(field, FIELDS))
    guard, expressions = FIELDS[field]
    is_not = SIGNS.get(sign) == "!="
    tests = " || ".join(_test(each, "==" if is_not else sign, value) for each in expressions)
    whole = f"{guard} && ({tests})" if guard else tests
    return f"!({whole})" if is_not else f"({whole})"


def _test(expression: str, sign: str, value: str) -> str:
    if sign == "in":
        items = re.split(r"[\s,]+", value.strip("{} "))
        return f"{expression} in ({', '.join(_literal(item) for item in items)})"
    if SIGNS[sign] == "contains":
        return f"contains({expression}, {_literal(value)})"
    if SIGNS[sign] == "==" and "/" in value and not value.startswith('"'):
        return f"{expression} in {_literal(value)}"
    return f"{expression} {SIGNS[sign]} {_literal(value)}"


def _literal(value: str) -> str:
    """Return a value as a number, a range or a text."""
    if re.fullmatch(r"0x[0-9a-fA-F]+|\d+(?:\.\d+)?|\d+\.\.\d+", value):
        return value
    if value.startswith('"'):
        return value
    if value.lower() in ("true", "false"):
        return str(int(value.lower() == "true"))
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@define(ROWS, "shark", "q", "a display filter of Wireshark: 'ip.addr == 10.0.0.1 && tcp.port == 443'")
def _shark(arguments: Arguments) -> Code:
    text = arguments.constant_text(0)
    node = arguments.codes[0].node
    try:
        return arguments.columns.check(parse(translated(text)))
    except DisplayFilterError as wrong:
        raise QueryError(str(wrong), node.start, node.end, (), wrong.suggestions) from None
    except QueryError as wrong:
        raise QueryError(f"shark(): {wrong.message}", node.start, node.end, wrong.expected) from None
