"""TCP, UDP and SCTP."""

from collections.abc import Mapping

from dpkt.sctp import SCTP, Chunk
from dpkt.tcp import TCP
from dpkt.udp import UDP

from t2tui.tui.packettree.applications import tcp_application, udp_application
from t2tui.tui.packettree.labels import SCTP_CHUNKS, TCP_FLAGS, TCP_OPTIONS, name_of
from t2tui.tui.packettree.node import Cut, Next, Reader


def options(r: Reader, end: int, names: Mapping[int, str], *, is_ip6: bool = False) -> None:
    """Read options of one byte, or of type, length and value.

    Args:
        r: stands on the first one.
        end: byte behind the last one.
        names: of the types.
        is_ip6: lengths do not count type and length; only type 0 is one byte.

    Raises:
        Cut: an option has no length, or is longer than they all.
    """
    with r.group("options") as group:
        while r.at < end:
            number = r.peek(1)
            name = name_of(names, number) or f"option {number}"
            if number == 0 or (number == 1 and not is_ip6):
                r.note(name, "", r.at, 1)
                r.at += 1
                if number == 0 and not is_ip6:
                    break
                continue
            length = r.peek(1, 1) + (2 if is_ip6 else 0)
            if length < 2 or r.at + length > end:
                raise Cut(f"{name}: a length of {length} with {end - r.at} bytes left")
            with r.group(name) as option:
                r.number("type", 1)
                r.number("length", 1)
                option.value = _option_value(r, names, number, length - 2)
        r.skip_to(end, "padding")
        group.value = f"{r.at - group.start} bytes"


def _option_value(r: Reader, names: Mapping[int, str], number: int, size: int) -> str:
    """Read the value of an option; return it in short."""
    if names is TCP_OPTIONS:
        if (number, size) in ((2, 2), (3, 1)):
            return str(r.number("value", size))
        if (number, size) == (8, 8):
            return f"{r.number('value', 4)} echoes {r.number('echo reply', 4)}"
        if number == 5 and size % 8 == 0:
            edges = [(r.number("left edge", 4), r.number("right edge", 4)) for _ in range(size // 8)]
            return " ".join(f"{left}-{right}" for left, right in edges)
    if not size:
        return ""
    return r.octets("value", size).hex(" ")


def tcp(r: Reader) -> Next:
    """TCP with its options."""
    start = r.at
    r.title("TCP")
    header = r.header(TCP)
    flags = " ".join(name for bit, name in TCP_FLAGS.items() if header["flags"] & bit)
    r.title("TCP", f"{header['sport']} → {header['dport']}", flags)
    size = 4 * header["off"]
    if size < 20:
        raise Cut(f"a header of {size} bytes is shorter than 20")
    if size > 20:
        if start + size > r.end:
            raise Cut(f"a header of {size} bytes, {r.end - start} are there")
        options(r, start + size, TCP_OPTIONS)
    return Next(tcp_application(r, header["sport"], header["dport"]))


def udp(r: Reader) -> Next:
    """UDP."""
    start = r.at
    r.title("UDP")
    header = r.header(UDP)
    r.title("UDP", f"{header['sport']} → {header['dport']}")
    length = header["ulen"]
    end = min(start + length, r.end) if length >= 8 else r.end
    return Next(udp_application(header["sport"], header["dport"]), end)


def sctp(r: Reader) -> Next:
    """SCTP with its chunks."""
    r.title("SCTP")
    header = r.header(SCTP)
    r.title("SCTP", f"{header['sport']} → {header['dport']}")
    while r.rest >= 4:
        kind, length = r.peek(1), r.peek(2, 2)
        if length < 4:
            raise Cut(f"a chunk of {length} bytes")
        with r.group("chunk", name_of(SCTP_CHUNKS, kind) or str(kind)):
            start = r.at
            r.header(Chunk)
            if kind == 0 and length >= 16 and r.rest >= 12:
                r.number("TSN", 4)
                r.number("stream", 2)
                r.number("stream sequence number", 2)
                r.number("payload protocol", 4)
            r.skip_to(start + length, "data")
        r.skip_to(r.at + -length % 4, "padding")
    return Next()
