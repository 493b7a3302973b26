"""Escaping of names and payload.

Strings in flow files keep their UTF-8 characters and escape control characters, backslash and double
quote; payload in packet files is ASCII with a point for every other byte. Both are compiled; the kernels
write at position ``p`` of ``out``, a uint8 array or the address of one, return the position behind their
text, and may touch SLACK_BYTES behind that.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.jit import inlined, kernel
from t2tui.core.text.memory import SLACK_BYTES, at8, store8, store16, store32
from t2tui.core.text.numbers import U64

STRING_GROWTH = 6
"""A byte of a string becomes at most this many bytes of text."""
CONTENT_GROWTH = 2
"""A byte of payload becomes at most this many bytes of text."""

BACKSLASH, QUOTE, POINT = ord("\\"), ord('"'), ord(".")
LETTERS = np.zeros(14, np.uint8)
LETTERS[8:] = np.frombuffer(b"btnvfr", np.uint8)
"""Letter behind the backslash for the bytes 08 to 0d."""
HEX_UPPER = np.frombuffer(b"0123456789ABCDEF", np.uint8).copy()
U_ESCAPE = U64(int.from_bytes(b"\\u00", "little"))


@inlined
def _character(data: Any, i: Any, end: Any) -> Any:
    """Judge the UTF-8 sequence at data[i], a byte from 0x80.

    Returns:
        Number of bytes consumed, and whether they are a character (else they become one point).
    """
    lead = data[i]
    if lead < 0xC2 or lead > 0xF4:
        return 1, False
    size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    for k in range(1, size):
        if i + k >= end or data[i + k] & 0xC0 != 0x80:
            return k, False
        if k == 1:
            second = data[i + 1]
            too_long = (lead == 0xE0 and second < 0xA0) or (lead == 0xF0 and second < 0x90)
            if too_long or (lead == 0xF4 and second >= 0x90):
                return 2, False
    surrogate = lead == 0xED and data[i + 1] >= 0xA0
    return size, not surrogate


@inlined
def put_string(out: Any, p: Any, data: Any, start: Any, length: Any) -> Any:
    r"""Write the string ``data[start : start + length]``, which ends at its first NUL, escaped.

    Control characters become ``\b \t \n \v \f \r`` or ``\u00XX``; bytes that are not UTF-8
    (RFC 3629: no over-long forms, no surrogates, nothing above U+10FFFF) become points.
    """
    end = start + length
    i = start
    while i < end and data[i] != 0:
        byte = np.int64(data[i])
        if byte >= 0x80:
            size, valid = _character(data, i, end)
            if valid:
                for k in range(size):
                    store8(out, p + k, U64(data[i + k]))
                p += size
            else:
                store8(out, p, U64(POINT))
                p += 1
            i += size
            continue
        if 8 <= byte <= 13:
            store16(out, p, U64(BACKSLASH | np.int64(LETTERS[byte]) << 8))
            p += 2
        elif byte in (BACKSLASH, QUOTE):
            store16(out, p, U64(BACKSLASH | byte << 8))
            p += 2
        elif byte < 0x20 or byte == 0x7F:
            store32(out, p, U_ESCAPE)
            store8(out, p + 4, U64(HEX_UPPER[byte >> 4]))
            store8(out, p + 5, U64(HEX_UPPER[byte & 15]))
            p += 6
        else:
            store8(out, p, U64(byte))
            p += 1
        i += 1
    return p


@kernel
def _escaped_string(data: Any, out: Any) -> Any:
    return put_string(out, 0, data, 0, len(data))


def escape_string(text: bytes) -> bytes:
    """Return a string as flow files show it, without the quotes (types S and SC).

    The string ends at its first NUL. Each byte that is no part of valid UTF-8 becomes a point.
    """
    out = np.empty(STRING_GROWTH * len(text) + SLACK_BYTES, np.uint8)
    data: NDArray[np.uint8] = np.array(bytearray(text), np.uint8)
    return out[: _escaped_string(data, out)].tobytes()


def quote_string(text: bytes) -> bytes:
    """Return a string escaped and in double quotes (type S)."""
    return b'"' + escape_string(text) + b'"'


@inlined
def _put_content_byte(out: Any, p: Any, byte: Any) -> Any:
    if 8 <= byte <= 13:
        store16(out, p, U64(BACKSLASH | np.int64(LETTERS[byte]) << 8))
        return p + 2
    if byte == BACKSLASH:
        store16(out, p, U64(BACKSLASH | BACKSLASH << 8))
        return p + 2
    store8(out, p, U64(byte if 0x20 <= byte < 0x7F else POINT))
    return p + 1


@inlined
def put_content(out: Any, p: Any, address: Any, length: Any) -> Any:
    r"""Write payload escaped: ASCII as it is, ``\b \t \n \v \f \r \\``, a point for every other byte.

    Args:
        out: uint8 array or address.
        p: position.
        address: of the first byte.
        length: number of bytes.
    """
    for i in range(address, address + length):
        p = _put_content_byte(out, p, np.int64(at8(i)))
    return p


@kernel
def _escaped_content(address: Any, length: Any, out: Any) -> Any:
    return put_content(out, 0, address, length)


def escape_content(payload: bytes) -> bytes:
    """Return payload as packet files show it (column l7Content)."""
    out = np.empty(CONTENT_GROWTH * len(payload) + SLACK_BYTES, np.uint8)
    data: NDArray[np.uint8] = np.array(bytearray(payload), np.uint8)
    return out[: _escaped_content(data.ctypes.data, len(data), out)].tobytes()
