"""How bytes of a stream look in a line: text, hex dump, hex, base64, raw. All of it is safe to show."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from rich.cells import cell_len

from t2tui.core.text.safe import PICTURES
from t2tui.tui.safe import safe_text

Places = Callable[[bytes, int, int, int], list[tuple[int, int]]]
"""From bytes, the offset of the first one and a part of them: the columns at which the part stands."""


@dataclass(frozen=True)
class Form:
    """A way to show bytes.

    Attributes:
        name: as in the option ``-f`` of ``t2tui follow``.
        width: bytes per line; 0: lines end where the text has line breaks.
        show: gets bytes and the offset of the first one, returns the line.
        places: tells where some of the bytes stand in it.
    """

    name: str
    width: int
    show: Callable[[bytes, int], str]
    places: Places


def _text(data: bytes, offset: int = 0) -> str:
    return safe_text(data.rstrip(b"\r\n") if data[-1:] in b"\r\n" else data)


def _text_places(data: bytes, offset: int, begin: int, end: int) -> list[tuple[int, int]]:
    first = cell_len(_text(data[:begin] + b".")) - 1
    behind = cell_len(safe_text(data[begin:end].rstrip(b"\r\n")))
    return [(first, first + max(behind, 1))]


HALF = 8
_GAP = "  "


def _hex_dump(data: bytes, offset: int) -> str:
    left, right = data[:HALF].hex(" "), data[HALF:].hex(" ")
    shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)
    return f"{offset:08x}{_GAP}{left:<23}{_GAP}{right:<23}{_GAP}{shown}"


def _hex_dump_places(data: bytes, offset: int, begin: int, end: int) -> list[tuple[int, int]]:
    start = len(f"{offset:08x}{_GAP}")
    digits = [(start + 3 * at + (at >= HALF), start + 3 * at + (at >= HALF) + 2) for at in range(begin, end)]
    characters = start + 23 + len(_GAP) + 23 + len(_GAP)
    return [*digits, (characters + begin, characters + end)]


_RAW = [
    PICTURES.get(byte) or (chr(byte) if chr(byte).isprintable() else f"\\x{byte:02x}") for byte in range(256)
]
"""One sign per byte, as in ISO 8859-1; escapes for those that have none."""


def _raw(data: bytes, offset: int) -> str:
    return "".join(map(_RAW.__getitem__, data))


def _raw_places(data: bytes, offset: int, begin: int, end: int) -> list[tuple[int, int]]:
    ends = list(accumulate((len(_RAW[byte]) for byte in data), initial=0))
    return [(ends[begin], ends[end])]


TEXT = Form("text", 0, _text, _text_places)
HEX_DUMP = Form("hexdump", 16, _hex_dump, _hex_dump_places)
HEX = Form(
    "hex", 32, lambda data, offset: data.hex(), lambda data, offset, begin, end: [(2 * begin, 2 * end)]
)
BASE64 = Form(
    "base64",
    48,
    lambda data, offset: base64.b64encode(data).decode(),
    lambda data, offset, begin, end: [(4 * begin // 3, -(-4 * end // 3))],
)
RAW = Form("raw", 64, _raw, _raw_places)

FORMS = {form.name: form for form in (TEXT, HEX_DUMP, HEX, BASE64, RAW)}


def text_cuts(data: bytes, cells: int) -> list[int]:
    """Return where a line of text is cut so that its parts take no more cells each.

    Args:
        data: bytes of the line, with its line break.
        cells: at least 1. A character that takes more has a part of its own.
    """
    bare = data.rstrip(b"\r\n")
    if bare.isascii():
        return list(range(cells, len(bare), cells))
    cuts, at, used = [], 0, 0
    while at < len(bare):
        count = character_length(bare, at)
        width = cell_len(safe_text(bare[at : at + count]))
        if used and used + width > cells:
            cuts.append(at)
            used = 0
        used += width
        at += count
    return cuts


def character_length(data: bytes, at: int) -> int:
    """Return how many bytes a character of UTF-8 has; 1 of a byte that begins none."""
    first = data[at]
    length = 1 if first < 0xC2 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4 if first < 0xF5 else 1
    if length > 1:
        try:
            data[at : at + length].decode()
        except UnicodeDecodeError:
            return 1
    return length
