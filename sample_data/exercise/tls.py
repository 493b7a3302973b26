"""The records of an encrypted mail session: TLS 1.0 with an anonymous key exchange (RFC 2246)."""

from __future__ import annotations

from collections.abc import Iterator
from struct import pack

from .connection import CLIENT, SERVER
from .content import opaque

CHANGE_CIPHER, HANDSHAKE, DATA = 20, 22, 23
CLIENT_HELLO, SERVER_HELLO, SERVER_KEY_EXCHANGE, SERVER_HELLO_DONE, CLIENT_KEY_EXCHANGE = 1, 2, 12, 14, 16
VERSION = b"\x03\x01"
OFFERED = range(0x001B, 0x0036)
CHOSEN = 0x0034  # TLS_DH_anon_WITH_AES_128_CBC_SHA

FINISHED = 36
# lengths after the handshake, in turns that the client begins: EHLO, MAIL, RCPT, DATA, the mail, QUIT
TURNS = [(33, 171), (58, 35), (61, 35), (26, 58), (1114, 52), (26, 36)]


def record(kind: int, body: bytes) -> bytes:
    """Return one record."""
    return bytes((kind,)) + VERSION + pack(">H", len(body)) + body


def handshake(message: int, body: bytes = b"") -> bytes:
    """Return a record with one handshake message in the clear."""
    return record(HANDSHAKE, bytes((message,)) + len(body).to_bytes(3, "big") + body)


def flights(label: str) -> Iterator[tuple[int, bytes]]:
    """Yield side and bytes of each flight of a session; ``label`` makes its numbers its own."""

    def number(name: str, size: int) -> bytes:
        return opaque(f"{label} {name}", size)

    suites = b"".join(pack(">H", suite) for suite in OFFERED)
    hello = VERSION + number("client", 32) + b"\0" + pack(">H", len(suites)) + suites + b"\1\0"
    yield CLIENT, handshake(CLIENT_HELLO, hello)
    answer = VERSION + number("server", 32) + b"\x20" + number("session", 32) + pack(">HB", CHOSEN, 0)
    size = pack(">H", 128)
    parameters = size + opaque("prime", 128) + b"\0\1\2" + size + number("server share", 128)
    yield (
        SERVER,
        handshake(SERVER_HELLO, answer)
        + handshake(SERVER_KEY_EXCHANGE, parameters)
        + handshake(SERVER_HELLO_DONE),
    )
    share = handshake(CLIENT_KEY_EXCHANGE, size + number("client share", 128))
    cipher = record(CHANGE_CIPHER, b"\1")
    yield CLIENT, share + cipher + record(HANDSHAKE, number("client finished", FINISHED))
    yield SERVER, cipher + record(HANDSHAKE, number("server finished", FINISHED))
    for turn, (sent, answered) in enumerate(TURNS):
        yield CLIENT, record(DATA, number(f"sent {turn}", sent))
        yield SERVER, record(DATA, number(f"answered {turn}", answered))
