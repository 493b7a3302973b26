"""Lines of FTP control connections: commands and replies (RFC 959, RFC 2428; docs/ftpdecode.md)."""

import re
import socket
from typing import NamedTuple

from t2tui.core.bits import table
from t2tui.core.layout import KIND_IPV4, KIND_IPV6

BITS = {bit.name.encode(): bit.number for bit in table("ftpCBF").bits}
"""Commands that are known, and their bits in ftpCBF."""

WITH_PARAMETER = frozenset(
    b"APPE CWD DELE EPRT FEAT LIST MDTM MKD MLSD MLST NLST PORT RETR RMD RNFR RNTO SIZE SMNT STOR STOU TYPE "
    b"XMKD XRMD".split()
)
"""Commands whose parameter is kept: names of files and folders, the type of a transfer, announced ports."""

LONGEST = 1024
"""Bytes of a payload that are looked at: one line."""

DIGITS_OF_TIME = 14
"""A reply 213 of so many digits is the time of MDTM (RFC 3659, section 2.3), not a length."""

LARGEST = 0xFFFFFFFF
"""Largest length that a column can hold."""

SIZE_OF_FILE, SYSTEM, PASSIVE, EXTENDED_PASSIVE = 213, 215, 227, 229
TRANSFERS = (125, 150)
"""Replies that say that a transfer begins."""

_HOST_PORT = re.compile(rb"(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})(?!\d)")
_EXTENDED_PASSIVE = re.compile(rb"\(([!-~])\1\1(\d{1,5})\1\)")
_EXTENDED_PORT = re.compile(rb"([!-/:-~])([12])\1([0-9A-Fa-f:.]{2,45})\1(\d{1,5})\1")
_LENGTH = re.compile(rb"\((\d{1,19})")

Address = tuple[int, int, int]
"""KIND_*, upper and lower half, as in FLOW."""


class Place(NamedTuple):
    """Where a data connection is expected.

    Attributes:
        address: announced; None: that of the announcing host.
        port: announced.
    """

    address: Address | None
    port: int


class Command(NamedTuple):
    """A command of the client.

    Attributes:
        name: in capitals.
        argument: up to the end of the line.
        place: announced by PORT or EPRT.
    """

    name: bytes
    argument: bytes
    place: Place | None = None


class Reply(NamedTuple):
    """A reply of the server.

    Attributes:
        code: three digits; None where the payload does not begin with a code.
        parameter: of replies 215, 125 and 150; empty without.
        length: of a file, announced by replies 213, 125 and 150; None without.
        place: announced by replies 227 and 229.
    """

    code: int | None
    parameter: bytes = b""
    length: int | None = None
    place: Place | None = None


def first_line(payload: bytes) -> bytes:
    """Return what stands before the first line end or NUL."""
    return re.split(rb"[\r\n\0]", payload[:LONGEST], maxsplit=1)[0]


def parse_command(payload: bytes) -> Command | None:
    """Read the command at the begin of a payload; None if there is none that is known.

    The first letter may be a small one.
    """
    word, _, argument = first_line(payload).partition(b" ")
    name = word[:1].upper() + word[1:]
    if name not in BITS:
        return None
    argument = argument.strip()
    if name == b"PORT":
        return Command(name, argument, _host_port(argument))
    if name == b"EPRT":
        return Command(name, argument, _extended_port(argument))
    return Command(name, argument)


def parse_reply(payload: bytes) -> Reply:
    """Read the reply at the begin of a payload."""
    line = first_line(payload)
    if not line[:3].isdigit() or len(line) < 3:
        return Reply(None)
    code, text = int(line[:3]), line[4:]
    if code == SIZE_OF_FILE:
        digits = text.strip()
        is_length = digits.isdigit() and len(digits) < DIGITS_OF_TIME
        return Reply(code, length=int(digits) if is_length else None)
    if code == SYSTEM:
        return Reply(code, parameter=text.strip())
    if code == PASSIVE:
        return Reply(code, place=_host_port(text))
    if code == EXTENDED_PASSIVE:
        found = _EXTENDED_PASSIVE.search(text)
        return Reply(code, place=_place(None, int(found[2])) if found else None)
    if code in TRANSFERS:
        name = text.partition(b"for ")[2].partition(b"(")[0].strip()
        length = _LENGTH.search(text)
        return Reply(code, parameter=name, length=int(length[1]) if length else None)
    return Reply(code)


def _place(address: Address | None, port: int) -> Place | None:
    return Place(address, port) if 0 < port <= 0xFFFF else None


def _host_port(text: bytes) -> Place | None:
    """Read address and port in six numbers (RFC 959, section 4.1.2)."""
    found = _HOST_PORT.search(text)
    if found is None:
        return None
    numbers = [int(number) for number in found.groups()]
    if max(numbers) > 0xFF:
        return None
    return _place((KIND_IPV4, 0, int.from_bytes(bytes(numbers[:4]), "big")), numbers[4] << 8 | numbers[5])


def _extended_port(text: bytes) -> Place | None:
    """Read family, address and port of EPRT (RFC 2428, section 2)."""
    found = _EXTENDED_PORT.match(text)
    if found is None:
        return None
    family = socket.AF_INET if found[2] == b"1" else socket.AF_INET6
    try:
        address = int.from_bytes(socket.inet_pton(family, found[3].decode()), "big")
    except OSError:
        return None
    kind = KIND_IPV4 if family == socket.AF_INET else KIND_IPV6
    return _place((kind, address >> 64, address & 0xFFFF_FFFF_FFFF_FFFF), int(found[4]))
