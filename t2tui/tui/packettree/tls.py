"""TLS records; of handshakes in clear their messages."""

from dpkt.ssl import TLSRecord

from t2tui.tui.packettree.labels import (
    TLS_ALERT_LEVELS,
    TLS_ALERTS,
    TLS_EXTENSIONS,
    TLS_HANDSHAKES,
    TLS_RECORDS,
    TLS_VERSIONS,
    cipher_suite,
    name_of,
)
from t2tui.tui.packettree.node import Cut, Next, Reader

ALERT, HANDSHAKE = 21, 22
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE = 1, 2, 11
SERVER_NAME, PROTOCOLS, VERSIONS = 0, 16, 43


def tls(r: Reader) -> Next:
    """TLS records, the last of which may go on in the next segment."""
    r.title("TLS")
    while r.rest >= 5 and r.peek(1) in TLS_RECORDS and r.peek(1, 1) == 3:
        kind = r.peek(1)
        with r.group("record", TLS_RECORDS[kind]) as record:
            header = r.header(TLSRecord)
            end = r.at + header["length"]
            if end > r.end:
                record.meaning = "goes on in the next segment"
            if not r.node.value:
                r.node.value = TLS_RECORDS[kind]
            whole = end <= r.end
            if kind == ALERT and header["length"] == 2 and whole:
                r.number("level", 1, "", TLS_ALERT_LEVELS)
                r.number("description", 1, "", TLS_ALERTS)
            elif kind == HANDSHAKE and r.rest >= 4:
                _handshakes(r, min(end, r.end))
            r.skip_to(end, "data")
    return Next()


def _handshakes(r: Reader, end: int) -> None:
    """Read handshake messages that are whole; those of ciphered records are not known by their type."""
    while end - r.at >= 4:
        kind, length = r.peek(1), r.peek(3, 1)
        if kind not in TLS_HANDSHAKES or r.at + 4 + length > end:
            return
        stop = r.at + 4 + length
        with r.group("handshake", TLS_HANDSHAKES[kind]) as message:
            r.number("type", 1, "", TLS_HANDSHAKES)
            r.number("length", 3)
            r.node.value = TLS_HANDSHAKES[kind]
            if kind in (CLIENT_HELLO, SERVER_HELLO):
                _hello(r, kind == CLIENT_HELLO, stop)
                if message.meaning:
                    r.node.meaning = message.meaning
            elif kind == CERTIFICATE and length >= 3:
                _certificates(r, stop)
            r.skip_to(stop, "data")


def _within(r: Reader, size: int, stop: int) -> int:
    """Return where something of this size ends.

    Raises:
        Cut: it does not fit.
    """
    if r.at + size > stop:
        raise Cut(f"{size} bytes are announced, {stop - r.at} are there")
    return r.at + size


def _hello(r: Reader, is_client: bool, stop: int) -> None:
    r.number("version", 2, "hex", TLS_VERSIONS)
    r.octets("random", 32)
    r.octets("session", r.number("session length", 1))
    if is_client:
        suites = _within(r, r.number("cipher suites length", 2), stop)
        with r.group("cipher suites") as group:
            while suites - r.at >= 2:
                r.number("cipher suite", 2, "hex", cipher_suite)
            group.value = str(len(group.children))
        r.skip_to(suites, "odd byte")
        r.octets("compression methods", r.number("compression methods length", 1))
    else:
        r.number("cipher suite", 2, "hex", cipher_suite)
        r.number("compression method", 1)
    if stop - r.at < 2:
        return
    end = _within(r, r.number("extensions length", 2), stop)
    while end - r.at >= 4:
        kind, length = r.peek(2), r.peek(2, 2)
        with r.group("extension", name_of(TLS_EXTENSIONS, kind) or str(kind)) as extension:
            r.number("type", 2)
            r.number("length", 2)
            behind = _within(r, length, end)
            extension.meaning = _extension(r, kind, length, is_client)
            if kind == SERVER_NAME:
                r.node.meaning = extension.meaning
            r.skip_to(behind, "data")


def _extension(r: Reader, kind: int, length: int, is_client: bool) -> str:
    """Read what is looked at most; return it in short."""
    stop = r.at + length
    if kind == SERVER_NAME and length >= 5 and r.peek(2, 3) <= length - 5:
        r.number("list length", 2)
        r.number("name type", 1)
        r.octets("server name", r.number("name length", 2), "text")
        return r.last.value
    if kind == PROTOCOLS and length >= 2:
        r.number("list length", 2)
        names = []
        while stop - r.at >= 1 and r.peek(1) < stop - r.at:
            r.octets("protocol", r.number("protocol length", 1), "text")
            names.append(r.last.value)
        return " ".join(names)
    if kind == VERSIONS:
        if is_client and length:
            r.number("list length", 1)
        names = []
        while stop - r.at >= 2:
            names.append(name_of(TLS_VERSIONS, r.number("version", 2, "hex", TLS_VERSIONS)))
        return ", ".join(filter(None, names))
    return ""


def _certificates(r: Reader, stop: int) -> None:
    """Read the certificates of TLS 1.2 and before."""
    r.number("certificates length", 3)
    while stop - r.at >= 3 and r.peek(3) <= stop - r.at - 3:
        r.octets("certificate", r.number("certificate length", 3))
