"""What TCP and UDP carry: chosen by port, or by the first bytes."""

import re
from collections.abc import Mapping

from dpkt.dhcp import DHCP, DHCP_MAGIC
from dpkt.ntp import NTP

from t2tui.tui.packettree.dns import dns, dns_in_tcp
from t2tui.tui.packettree.labels import DHCP_MESSAGES, DHCP_OPTIONS, NTP_MODES, Caption, name_of
from t2tui.tui.packettree.node import LONGEST_VALUE, Cut, Layer, Next, Reader, written
from t2tui.tui.packettree.tls import tls

MOST_LINES = 500
"""Lines of a text that are shown one by one."""

_HTTP = re.compile(rb"(?:[A-Z]{3,12} [^\r\n]{1,8000} HTTP/1|HTTP/1\.[01] )")
_SIP = re.compile(rb"(?:[A-Z]{3,12} [^\r\n]{1,2000} SIP/2|SIP/2\.0 )")
_TEXT = re.compile(rb"[\t\r\n\x20-\x7e]{3,}")


def tcp_application(r: Reader, *ports: int) -> Layer | None:
    """Return what reads the payload of TCP."""
    start = r.data[r.at : min(r.at + 8192, r.end)]
    if not start:
        return None
    if _HTTP.match(start):
        return http
    if start[0] in range(20, 25) and start[1:2] == b"\3" and start[2:3] <= b"\4" and len(start) >= 5:
        return tls
    return next((TCP_PORTS[port] for port in ports if port in TCP_PORTS), None)


def udp_application(*ports: int) -> Layer | None:
    """Return what reads the payload of UDP."""
    return next((UDP_PORTS[port] for port in ports if port in UDP_PORTS), None)


def http(r: Reader) -> Next:
    """The head of an HTTP message; its body is left."""
    r.title("HTTP")
    _lines(r, is_head=True)
    return Next()


def _text(name: str) -> Layer:
    """Return what reads lines, if it is text."""

    def layer(r: Reader) -> Next:
        r.title(name)
        if _TEXT.match(r.data, r.at, r.end):
            _lines(r, is_head=False)
        return Next()

    return layer


def sip(r: Reader) -> Next:
    """The head of a SIP message, or what else its port carries."""
    r.title("SIP")
    if _SIP.match(r.data, r.at, r.end):
        _lines(r, is_head=True)
    return Next()


def _lines(r: Reader, *, is_head: bool) -> None:
    """Read lines, and of a head not more than to the first empty one."""
    for number in range(MOST_LINES):
        if not r.rest:
            return
        end = r.data.find(b"\n", r.at, r.end) + 1 or r.end
        line = r.data[r.at : end].rstrip(b"\r\n")
        name, colon, value = line.partition(b":")
        if not number:
            r.node.value = written(line, "text")
        if number and is_head and colon and 0 < len(name) < LONGEST_VALUE:
            r.note(written(name, "text") or "line", written(value.strip(), "text"), r.at, end - r.at)
        elif line or is_head:
            r.note("line" if line else "end of the head", written(line, "text"), r.at, end - r.at)
        r.at = end
        if is_head and not line:
            return


def dhcp(r: Reader) -> Next:
    """DHCP or BOOTP with its options."""
    r.title("DHCP")
    if r.peek(4, 236) != DHCP_MAGIC:
        raise Cut("there is no magic cookie")
    r.header(DHCP)
    while r.rest:
        number = r.peek(1)
        if number in (0, 255):
            r.note("end" if number else "padding", "", r.at, 1)
            r.at += 1
            if number:
                return Next()
            continue
        length = r.peek(1, 1)
        label = DHCP_OPTIONS.get(number, Caption(f"option {number}"))
        with r.group(label.name) as option:
            r.number("type", 1)
            r.number("length", 1)
            if number == 53 and length == 1:
                kind = r.number("value", 1, "", DHCP_MESSAGES)
                option.value = r.node.value = name_of(DHCP_MESSAGES, kind) or str(kind)
            elif label.form == "ip4" and length and length % 4 == 0:
                addresses = [r.octets("address", 4, "ip4") for _ in range(length // 4)]
                option.value = " ".join(written(address, "ip4") for address in addresses)
            elif number in (51, 57, 58, 59) and length in (2, 4):
                option.value = str(r.number("value", length))
            elif length:
                option.value = written(r.octets("value", length, label.form), label.form)
    return Next()


def ntp(r: Reader) -> Next:
    """NTP of clients and servers; control messages have another form."""
    r.title("NTP")
    if r.peek(1) & 7 in (6, 7) or r.rest < 48:
        return Next()
    header = r.header(NTP)
    r.node.value = f"version {header['v']}, {name_of(NTP_MODES, header['mode']) or header['mode']}"
    return Next()


TCP_PORTS: Mapping[int, Layer] = {
    53: dns_in_tcp,
    5353: dns_in_tcp,
    21: _text("FTP"),
    25: _text("SMTP"),
    110: _text("POP3"),
    143: _text("IMAP"),
    587: _text("SMTP"),
    6667: _text("IRC"),
    5060: sip,
}
"""TCP port -> what reads its payload."""

UDP_PORTS: Mapping[int, Layer] = {
    53: dns,
    5353: dns,
    5355: dns,
    67: dhcp,
    68: dhcp,
    123: ntp,
    514: _text("Syslog"),
    1900: _text("SSDP"),
    5060: sip,
}
"""UDP port -> what reads its payload."""
