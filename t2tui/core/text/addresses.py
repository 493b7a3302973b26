"""MAC, IPv4 and IPv6 addresses as text, for use inside kernels.

Every function writes at position ``p`` of ``out``, a uint8 array or the address of one, and returns the
position behind its text; it may touch SLACK_BYTES behind that. IPv6 follows glibc's ``inet_ntop``.
"""

from typing import Any

import numpy as np

from t2tui.core.jit import inlined
from t2tui.core.text.memory import store8, store16, store32
from t2tui.core.text.numbers import U64

HEX_PAIRS = np.array([int.from_bytes(b"%02x:" % byte, "little") for byte in range(256)], np.uint32)
"""Every byte as two hex digits and a colon."""
OCTETS = np.array(
    [int.from_bytes((b"%d." % byte).ljust(4, b"\0"), "little") for byte in range(256)], np.uint32
)
"""Every byte as decimal number and a point."""
OCTET_LENGTHS = np.array([len(f"{byte}.") for byte in range(256)], np.uint8)
HEX_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8).copy()

COLON = U64(ord(":"))
COLONS = U64(int.from_bytes(b"::", "little"))
BYTE = U64(0xFF)
WORD = U64(0xFFFF)


@inlined
def put_mac(out: Any, p: Any, v: Any) -> Any:
    """Write the lowest 48 bits of v as six pairs of hex digits joined by colons."""
    for shift in (40, 32, 24, 16, 8, 0):
        store32(out, p, U64(HEX_PAIRS[(v >> U64(shift)) & BYTE]))
        p += 3
    return p - 1


@inlined
def put_ip4(out: Any, p: Any, v: Any) -> Any:
    """Write the lowest 32 bits of v as dotted decimal."""
    for shift in (24, 16, 8, 0):
        octet = (v >> U64(shift)) & BYTE
        store32(out, p, U64(OCTETS[octet]))
        p += np.int64(OCTET_LENGTHS[octet])
    return p - 1


@inlined
def _word(upper: Any, lower: Any, i: Any) -> Any:
    """Return the i-th 16 bits of an address."""
    half = upper if i < 4 else lower
    return (half >> U64(48 - 16 * (i & 3))) & WORD


@inlined
def put_ip6(out: Any, p: Any, upper: Any, lower: Any) -> Any:
    """Write an IPv6 address given as its upper and lower 64 bits.

    The longest run of at least two zero words, the first one of equals, becomes ``::``. Addresses
    whose zero words are exactly the first six, and those in ``::ffff:0:0/96``, end in dotted decimal.
    """
    longest, at, run = 1, -1, 0
    for i in range(8):
        if _word(upper, lower, i) == U64(0):
            run += 1
            if run > longest:
                longest = run
                at = i + 1 - run
        else:
            run = 0
    if at < 0:
        longest = 0
    compatible = at == 0 and longest == 6
    mapped = at == 0 and longest == 5 and _word(upper, lower, 5) == WORD
    words = 6 if compatible or mapped else 8
    i = 0
    while i < words:
        if i == at:
            store16(out, p, COLONS)
            p += 2
            i += longest
            continue
        if i > 0 and i != at + longest:
            store8(out, p, COLON)
            p += 1
        word = _word(upper, lower, i)
        for shift in (12, 8, 4, 0):
            if shift == 0 or word >> U64(shift):
                store8(out, p, U64(HEX_DIGITS[(word >> U64(shift)) & U64(15)]))
                p += 1
        i += 1
    if words == 6:
        if mapped:
            store8(out, p, COLON)
            p += 1
        p = put_ip4(out, p, lower)
    return p
