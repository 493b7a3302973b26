"""Escaping of names and payload (docs/text.md).

Strings in flow files keep their UTF-8 characters and escape control characters, backslash and double
quote; payload in packet files is ASCII with a point for every other byte. Both are compiled; the kernels
write at position ``p`` of ``out``, a uint8 array or the address of one, return the position behind their
text, and may touch SLACK_BYTES behind that.
"""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.jit import inlined, kernel
from t2tui.core.text.memory import SLACK_BYTES, at8, at64, store8, store16, store32, store64, trailing_zeros
from t2tui.core.text.numbers import U64

STRING_GROWTH = 6
"""A byte of a string becomes at most this many bytes of text."""
CONTENT_GROWTH = 2
"""A byte of payload becomes at most this many bytes of text."""

LETTERS = {8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", ord("\\"): "\\"}
"""Bytes that become a backslash and a letter, in strings and in payload."""
PAIRS = np.zeros(256, np.uint16)
"""The two bytes of text for each of LETTERS, 0 for all other bytes."""
for _byte, _letter in LETTERS.items():
    PAIRS[_byte] = int.from_bytes(f"\\{_letter}".encode(), "little")
QUOTE = ord('"')
QUOTE_PAIR = U64(int.from_bytes(b'\\"', "little"))
U_ESCAPE = U64(int.from_bytes(b"\\u00", "little"))
HEX_UPPER = np.frombuffer(b"0123456789ABCDEF", np.uint8).copy()
PLAIN = re.compile(rb"[ !#-\[\]-~]*")
"""Strings that stay as they are."""
POINT = U64(ord("."))
POINTS = U64(int.from_bytes(b"." * 8, "little"))
ONES = U64(0x0101010101010101)
"""Times a byte: that byte eight times."""
TOPS = ONES * U64(0x80)
LOWS = ONES * U64(0x7F)


@inlined
def _character(place: Any, end: Any) -> Any:
    """Judge the UTF-8 sequence at an address, that of a byte from 0x80.

    Returns:
        Number of bytes consumed, and whether they are a character (else they become one point).
    """
    lead = np.int64(at8(place))
    if lead < 0xC2 or lead > 0xF4:
        return 1, False
    size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    for k in range(1, size):
        if place + k >= end or np.int64(at8(place + k)) & 0xC0 != 0x80:
            return k, False
        if k == 1:
            second = np.int64(at8(place + 1))
            too_long = (lead == 0xE0 and second < 0xA0) or (lead == 0xF0 and second < 0x90)
            if too_long or (lead == 0xF4 and second >= 0x90):
                return 2, False
    surrogate = lead == 0xED and np.int64(at8(place + 1)) >= 0xA0
    return size, not surrogate


@inlined
def put_string(out: Any, p: Any, address: Any, length: Any) -> Any:
    r"""Write a string escaped; it ends at its first NUL.

    Control characters become ``\b \t \n \v \f \r`` or ``\u00XX``; each broken sequence of UTF-8
    (RFC 3629: no over-long forms, no surrogates, nothing above U+10FFFF) becomes a point. It ends before the
    first byte that cannot continue it, but a second byte that makes it over-long or too large belongs to it.

    Args:
        out: uint8 array or address.
        p: position.
        address: of the first byte.
        length: number of bytes.
    """
    end = address + length
    place = address
    while place < end:
        byte = np.int64(at8(place))
        if byte == 0:
            break
        if byte >= 0x80:
            size, valid = _character(place, end)
            if valid:
                for k in range(size):
                    store8(out, p + k, at8(place + k))
                p += size
            else:
                store8(out, p, POINT)
                p += 1
            place += size
            continue
        if PAIRS[byte]:
            store16(out, p, U64(PAIRS[byte]))
            p += 2
        elif byte == QUOTE:
            store16(out, p, QUOTE_PAIR)
            p += 2
        elif byte < 0x20 or byte == 0x7F:
            store32(out, p, U_ESCAPE)
            store8(out, p + 4, U64(HEX_UPPER[byte >> 4]))
            store8(out, p + 5, U64(HEX_UPPER[byte & 15]))
            p += 6
        else:
            store8(out, p, U64(byte))
            p += 1
        place += 1
    return p


@kernel
def _escaped_string(address: Any, length: Any, out: Any) -> Any:
    return put_string(out, 0, address, length)


def escape_string(text: bytes) -> bytes:
    """Return a string as flow files show it, without the quotes (types S and SC).

    The string ends at its first NUL. What is not UTF-8 becomes points, see `put_string`.
    """
    if PLAIN.fullmatch(text):
        return text
    out = np.empty(STRING_GROWTH * len(text) + SLACK_BYTES, np.uint8)
    data: NDArray[np.uint8] = np.array(bytearray(text), np.uint8)
    return out[: _escaped_string(data.ctypes.data, len(data), out)].tobytes()


def quote_string(text: bytes) -> bytes:
    """Return a string escaped and in double quotes (type S)."""
    return b'"' + escape_string(text) + b'"'


@inlined
def _eight_bytes(address: Any, i: Any, length: Any) -> Any:
    """Return the bytes i .. i + 7 of payload, the first in the lowest byte, zeros behind its end."""
    missing = i + 8 - length
    if missing <= 0:
        return at64(address + i)
    if length >= 8:
        return at64(address + length - 8) >> U64(8 * missing)
    eight = U64(0)
    for k in range(length - 1, i - 1, -1):
        eight = eight << U64(8) | at8(address + k)
    return eight


@inlined
def put_content(out: Any, p: Any, address: Any, length: Any) -> Any:
    r"""Write payload escaped: ASCII as it is, ``\b \t \n \v \f \r \\``, a point for every other byte.

    Eight bytes are judged at once: the top bit of a sum tells that a byte of seven bits reached a limit.

    Args:
        out: uint8 array or address.
        p: position.
        address: of the first byte.
        length: number of bytes.
    """
    i = 0
    while i < length:
        eight = _eight_bytes(address, i, length)
        low = eight & LOWS
        ascii_tops = ~eight & TOPS
        printable = (low + ONES * U64(0x80 - 0x20)) & ~(low + ONES) & ascii_tops
        control = (low + ONES * U64(0x80 - 0x08)) & ~(low + ONES * U64(0x80 - 0x0E))
        backslash = ~((low ^ ONES * U64(ord("\\"))) + LOWS)
        escaped = (control | backslash) & ascii_tops
        shown = (printable >> U64(7)) * U64(0xFF)
        store64(out, p, (eight & shown) | (POINTS & ~shown))
        if escaped:
            k = trailing_zeros(escaped) >> 3  # the bytes before are right, those behind are judged again
            store16(out, p + k, U64(PAIRS[at8(address + i + k)]))
            p += k + 2
            i += k + 1
        else:
            p += min(8, length - i)
            i += 8
    return p


@kernel
def _escaped_content(address: Any, length: Any, out: Any) -> Any:
    return put_content(out, 0, address, length)


def escape_content(payload: bytes) -> bytes:
    """Return payload as packet files show it (column l7Content)."""
    out = np.empty(CONTENT_GROWTH * len(payload) + SLACK_BYTES, np.uint8)
    data: NDArray[np.uint8] = np.array(bytearray(payload), np.uint8)
    return out[: _escaped_content(data.ctypes.data, len(data), out)].tobytes()
