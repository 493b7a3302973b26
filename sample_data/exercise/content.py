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
    """Return a file that begins like a GIF and goes on with rows of a few colours."""
    head = b"GIF89a" + pack("<2H3B", 320, 200, 0xF7, 0, 0)
    palette = opaque(label, 24)
    return (head + palette * (size // len(palette) + 1))[:size]


def page(title: str, size: int) -> bytes:
    """Return an HTML page of exactly ``size`` bytes (at least 120)."""
    head = f"<html><head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n"
    tail = "</body></html>\n"
    filler = "".join(
        f"<p>Paragraph {n}: text that stands for the article.</p>\n" for n in range(1, size // 50 + 2)
    )
    return (head + filler)[: size - len(tail)].encode() + tail.encode()
