"""Names in DNS messages (RFC 1035, section 4.1.4) and NetBIOS names (RFC 1001, section 14.1).

Everything here is what a stranger sent: a byte that was not captured reads as 0, and no name takes longer
than the bounds on its characters and pointers allow.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.jit import inlined, routine

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
BLANK = 0x20
POINT, LESS, GREATER = (ord(character) for character in ".<>")
DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8).copy()


class Message(NamedTuple):
    """A message, or what was captured of it.

    Positions in it are numbers of 16 bits, and count from its first byte.
    """

    data: NDArray[np.uint8]  # bytes of the batch
    start: int  # place of its first byte there
    behind: int  # place behind the last captured byte
    captured: int  # payload of the packet that was captured
    length: int


@inlined
def octet(message: Any, position: Any) -> Any:
    """Return a byte of a message, 0 where it was not captured."""
    place = message.start + position
    return np.int64(message.data[place]) if place < message.behind else 0


@inlined
def word(message: Any, position: Any) -> Any:
    """Return 16 bits of a message."""
    return octet(message, position) << 8 | octet(message, position + 1)


@inlined
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
        text: uint8, at least LONGEST_NAME bytes; the name is put there.

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
            text[length] = POINT
            length += 1
        for k in range(size):
            text[length + k] = octet(message, at + 1 + k)
        length += size
        at = following


@inlined
def _hexadecimal(text: Any, length: Any, value: Any) -> Any:
    """Write a character as ``<20>``; from 80 on as ``<ffffff80>``, the reference's sign extension."""
    text[length] = LESS
    length += 1
    if value > 0x7F:
        for _ in range(6):
            text[length] = DIGITS[15]
            length += 1
    text[length] = DIGITS[value >> 4]
    text[length + 1] = DIGITS[value & 15]
    text[length + 2] = GREATER
    return length + 3


@routine
def netbios_name(name: Any, length: Any, text: Any) -> Any:
    """Decode the half bytes of a NetBIOS name; the last character, its kind, is always hexadecimal.

    Args:
        name: uint8, the name as in the message.
        length: its bytes.
        text: uint8, at least 160 bytes; the decoded name is put there.

    Returns:
        Bytes of the decoded name.
    """
    written = 0
    for k in range(min(NETBIOS_CHARACTERS, length // 2)):
        high = np.int64(name[2 * k]) - 0x41
        low = np.int64(name[2 * k + 1]) - 0x41
        character = ((high << 4) + (low & 15)) & 0xFF
        if k == NETBIOS_CHARACTERS - 1 or character < BLANK or character >= 0x7F:
            written = _hexadecimal(text, written, character)
        elif character != BLANK:
            text[written] = character
            written += 1
    return written
