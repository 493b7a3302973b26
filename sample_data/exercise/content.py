"""Made-up bytes: a program file, pictures, pages. Structured, so that they compress well."""

from __future__ import annotations

from hashlib import shake_128
from struct import pack


def opaque(label: str, size: int) -> bytes:
    """Return ``size`` bytes that look random and depend on the label alone."""
    return shake_128(label.encode()).digest(size)


def program(size: int) -> bytes:
    """Return a file in the shape of a DOS/PE program: headers, then numbered table rows."""
    stub = b"This program cannot be run in DOS mode.\r\r\n$"
    header = b"MZ" + pack("<29H", 0x90, 3, 0, 4, 0, 0xFFFF, 0, 0xB8, *([0] * 21)) + pack("<I", 0x80)
    portable = b"PE\0\0" + pack("<2H3I2H", 0x014C, 3, 0x4AF00000, 0, 0, 0xE0, 0x010F)
    head = (header + stub).ljust(0x80, b"\0") + portable.ljust(0x380, b"\0")
    rows = range((size - len(head)) // 256 + 1)
    shape = pack("<4I", 0x00400000, 0, 0xFF00FF00, 0) * 15
    body = b"".join(b"ROW%08d:" % row + pack("<I", row) + shape for row in rows)
    return (head + body)[:size]


def picture(label: str, size: int) -> bytes:
    """Return a GIF of one pixel and ``size`` bytes, 43 or at least 48; a comment makes up the size."""
    head = b"GIF89a" + pack("<2H3B", 1, 1, 0x80, 0, 0) + bytes(6)
    pixel = bytes.fromhex("21f90401000000002c00000000010001000002024401003b")
    words = opaque(label, 24).hex().encode() * (size // 48 + 1)
    blocks = b""
    left = size - len(head) - len(pixel) - 3
    while left > 0:
        block = min(256, left)
        block -= left - block == 1  # a block of no bytes would end the comment
        blocks += bytes((block - 1,)) + words[: block - 1]
        left -= block
    return head + (b"\x21\xfe" + blocks + b"\0" if blocks else b"") + pixel


def page(title: str, size: int) -> bytes:
    """Return an HTML page of exactly ``size`` bytes (at least 120)."""
    head = f"<html><head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n"
    tail = "</body></html>\n"
    filler = "".join(
        f"<p>Paragraph {n}: text that stands for the article.</p>\n" for n in range(1, size // 50 + 2)
    )
    return (head + filler)[: size - len(tail)].encode() + tail.encode()
