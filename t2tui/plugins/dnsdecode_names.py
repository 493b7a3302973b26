"""Names in DNS messages (RFC 1035, section 4.1.4) and NetBIOS names (RFC 1001, section 14.1).

Everything here is what a stranger sent: a byte that was not captured reads as 0, and no name takes longer
than the bounds on its characters and pointers allow.
"""

from typing import Any, NamedTuple

import numpy as np

from t2tui.core.jit import inlined, routine
from t2tui.core.memory import byte
from t2tui.core.text.addresses import HEX_DIGITS
from t2tui.core.text.memory import store8

HEADER = 12
"""Bytes of a message's header."""

LONGEST_NAME = 253
"""Characters of a name, points included."""

MOST_POINTERS = 128
"""Pointers that a name may follow; more than it can have labels."""

POINTER = 0xC0
"""Both top bits of a length: the other 14 bits are the position of the rest of the name."""

CUT, BAD_POINTER = 65531, 65532
"""Positions that are none: the name does not end inside the message, a pointer is wrong."""

NETBIOS_CHARACTERS = 16
LONGEST_DECODED = 10 * NETBIOS_CHARACTERS
"""Bytes of a decoded NetBIOS name: each character can become ``<ffffff80>``."""

BLANK = 0x20
POINT, LESS, GREATER, LAST_DIGIT = (np.uint64(ord(character)) for character in ".<>f")


class Message(NamedTuple):
    """A message, or what was captured of it.

    Positions in it are numbers of 16 bits, and count from its first byte.
    """

    start: int  # address of its first byte
    behind: int  # address behind the last captured byte
    captured: int  # payload of the packet that was captured
    length: int


@inlined
def octet(message: Any, position: Any) -> Any:
    """Return a byte of a message, 0 where it was not captured."""
    address = message.start + position
    return byte(address, 0) if address < message.behind else 0


@routine
def word(message: Any, position: Any) -> Any:
    """Return 16 bits of a message."""
    return octet(message, position) << 8 | octet(message, position + 1)


@routine
def long(message: Any, position: Any) -> Any:
    """Return 32 bits of a message."""
    return word(message, position) << 16 | word(message, position + 2)


@routine
def read_name(message: Any, position: Any, text: Any) -> Any:
    """Read a name, whose labels are joined by points.

    A pointer must point to before itself, and a label behind it must not end where the pointer stands.

    Args:
        message: where it is.
        position: of its first byte.
        text: address of at least LONGEST_NAME bytes; the name is put there.

    Returns:
        Position behind the name, or CUT, or BAD_POINTER; characters of the name.
    """
    at = limit = position
    after = -1
    length = pointers = 0
    if position >= message.length:
        return CUT, 0
    while True:
        size = octet(message, at)
        if size == 0:
            return (after if after >= 0 else (at + 1) & 0xFFFF), length
        if at + 1 >= message.length or at < HEADER:
            return CUT, 0
        if size & POINTER:
            target = (size & ~POINTER) << 8 | octet(message, at + 1)
            pointers += 1
            if (
                size & POINTER != POINTER
                or target >= at
                or target > message.length
                or pointers > MOST_POINTERS
            ):
                return BAD_POINTER, 0
            if target == message.length:
                return CUT, 0
            if after < 0:
                after = (at + 2) & 0xFFFF
            limit = at
            at = target
            continue
        following = at + 1 + size
        joint = 1 if length > 0 else 0
        if length + joint + size > LONGEST_NAME or following == limit or following > message.length:
            return CUT, 0
        if joint:
            store8(text, length, POINT)
            length += 1
        for k in range(size):
            store8(text, length + k, np.uint64(octet(message, at + 1 + k)))
        length += size
        at = following


@inlined
def _hexadecimal(text: Any, length: Any, value: Any) -> Any:
    """Write a character as ``<20>``; from 80 on as ``<ffffff80>``, the reference's sign extension."""
    store8(text, length, LESS)
    length += 1
    if value > 0x7F:
        for _ in range(6):
            store8(text, length, LAST_DIGIT)
            length += 1
    store8(text, length, np.uint64(HEX_DIGITS[value >> 4]))
    store8(text, length + 1, np.uint64(HEX_DIGITS[value & 15]))
    store8(text, length + 2, GREATER)
    return length + 3


@routine
def netbios_name(name: Any, length: Any, text: Any) -> Any:
    """Decode the half bytes of a NetBIOS name; the last character, its kind, is always hexadecimal.

    Args:
        name: address of the name as in the message.
        length: its bytes.
        text: address of at least LONGEST_DECODED bytes; the decoded name is put there.

    Returns:
        Bytes of the decoded name.
    """
    written = 0
    for k in range(min(NETBIOS_CHARACTERS, length // 2)):
        high = byte(name, 2 * k) - 0x41
        low = byte(name, 2 * k + 1) - 0x41
        character = ((high << 4) + (low & 15)) & 0xFF
        if k == NETBIOS_CHARACTERS - 1 or character < BLANK or character >= 0x7F:
            written = _hexadecimal(text, written, character)
        elif character != BLANK:
            store8(text, written, np.uint64(character))
            written += 1
    return written
