"""DNS messages: names are followed through their pointers, backwards only."""

from t2tui.tui.packettree.labels import dns_class, dns_opcode, dns_rcode, dns_type
from t2tui.tui.packettree.node import Cut, Next, Reader

LONGEST_NAME = 255
"""Bytes of a name, without its pointers."""
A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, DNAME, OPT, SPF = 1, 2, 5, 6, 12, 15, 16, 28, 33, 39, 41, 99

SECTIONS = ("question", "answer", "authority", "additional")
FLAGS = {
    0x8000: "response",
    0x0400: "authoritative answer",
    0x0200: "truncated",
    0x0100: "recursion desired",
    0x0080: "recursion available",
    0x0020: "authentic data",
    0x0010: "checking disabled",
}


def dns(r: Reader) -> Next:
    """DNS in a datagram."""
    r.title("DNS")
    start = r.at
    r.number("identification", 2, "hex")
    flags = r.flags("flags", 2, FLAGS)
    r.note("opcode", str(flags >> 11 & 15), start + 2, 1, dns_opcode(flags >> 11 & 15))
    r.note("return code", str(flags & 15), start + 3, 1, dns_rcode(flags & 15))
    counts = [r.number(f"{title} count", 2) for title in SECTIONS]
    r.title("DNS", "response" if flags & 0x8000 else "query", dns_rcode(flags & 15) if flags & 0x8000 else "")
    for count, title in zip(counts, SECTIONS, strict=True):
        for _ in range(count):
            if not r.rest:
                raise Cut("records are missing that the header counts")
            _record(r, title, start)
    return Next()


def dns_in_tcp(r: Reader) -> Next:
    """DNS behind the length that TCP needs."""
    r.title("DNS over TCP")
    length = r.number("length", 2)
    return Next(dns, min(r.at + length, r.end))


def _record(r: Reader, title: str, start: int) -> None:
    with r.group(title) as record:
        name = _name(r, "name", start)
        kind = r.number("type", 2, "", dns_type)
        record.value = f"{name} {dns_type(kind) or kind}"
        if title == "question":
            r.number("class", 2, "", lambda number: dns_class(number & 0x7FFF))
            return
        if kind == OPT:
            r.number("UDP size", 2)
            r.number("extended code and flags", 4, "hex")
        else:
            r.number("class", 2, "", lambda number: dns_class(number & 0x7FFF))
            r.number("time to live, s", 4)
        length = r.number("length", 2)
        if length > r.rest:
            raise Cut(f"a record of {length} bytes, {r.rest} are there")
        end = r.at + length
        record.meaning = _data(r, kind, length, start)
        if r.at > end:
            raise Cut("a record is longer than its length")
        r.skip_to(end, "data")


def _data(r: Reader, kind: int, length: int, start: int) -> str:
    """Read what a record says; return it in short."""
    end = r.at + length
    if not length:  # dynamic updates name sets by it
        return ""
    if (kind, length) == (A, 4):
        return ".".join(map(str, r.octets("address", 4, "ip4")))
    if (kind, length) == (AAAA, 16):
        r.octets("address", 16, "ip6")
        return r.last.value
    if kind in (NS, CNAME, PTR, DNAME):
        return _name(r, "target", start)
    if kind == MX and length > 2:
        return f"{r.number('preference', 2)} {_name(r, 'exchange', start)}"
    if kind == SRV and length > 6:
        _, _, port = (r.number(name, 2) for name in ("priority", "weight", "port"))
        return f"{_name(r, 'target', start)}:{port}"
    if kind == SOA:
        source = _name(r, "primary server", start)
        _name(r, "mailbox", start)
        for name in ("serial number", "refresh", "retry", "expire", "minimum"):
            r.number(name, 4)
        return source
    if kind in (TXT, SPF):
        texts = []
        while r.at < end:
            size = r.number("text length", 1)
            r.octets("text", min(size, end - r.at), "text")
            texts.append(r.last.value)
        return " ".join(texts)
    return ""


def _name(r: Reader, title: str, start: int) -> str:
    """Read a name.

    Raises:
        Cut: it is too long, or has a pointer that does not lead backwards.
    """
    labels: list[bytes] = []
    at, end, total, first = r.at, r.end, 0, r.at
    behind = lowest = None
    while True:
        if at >= end:
            raise Cut("a name has no end")
        size = r.data[at]
        if size >= 0xC0:
            if at + 2 > end:
                raise Cut("a pointer is cut")
            target = start + ((size & 0x3F) << 8 | r.data[at + 1])
            behind = behind or at + 2
            if target >= (first if lowest is None else lowest):
                raise Cut(f"a pointer to {target - start} does not lead backwards")
            at = lowest = target
            continue
        if size >= 0x40:
            raise Cut(f"a label of the unknown form 0x{size:02x}")
        at += 1
        if not size:
            break
        if at + size > end:
            raise Cut("a label is longer than the message")
        total += size + 1
        if total > LONGEST_NAME:
            raise Cut(f"a name is longer than {LONGEST_NAME} bytes")
        labels.append(r.data[at : at + size])
        at += size
    behind = behind or at
    name = ".".join(label.decode("utf-8", "backslashreplace") for label in labels) or "."
    r.note(title, name, r.at, behind - r.at)
    r.at = behind
    return name
