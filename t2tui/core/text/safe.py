"""Bytes of strangers as text that cannot steer a terminal."""

import codecs
import re
from functools import lru_cache

PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}
"""Control characters and the Unicode pictures of them."""

_UNUSUAL = re.compile(r"[^ -~\n\t]")


@lru_cache(1 << 12)
def _shown(character: str) -> str:
    if character.isprintable():
        return character
    return PICTURES.get(ord(character)) or ascii(character)[1:-1]


def safe_text(text: str) -> str:
    r"""Return text in which nothing but LF and TAB controls a terminal.

    The control characters 00-1f and 7f become their Unicode pictures (U+2400 ...); those of C1, everything
    that changes the direction of writing or is not visible, and what Unicode does not name becomes an escape
    as in Python literals: ``\x9b``, ``\u202e``.
    """
    return _UNUSUAL.sub(lambda match: _shown(match[0]), text)


class SafeDecoder:
    r"""Turns the bytes of a stream, part by part, into safe text.

    UTF-8 is decoded, also where a character is cut between two parts; bytes that are none become ``\xNN``.
    CR, LF, and CR before LF become one line break each.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._after_cr = False

    def decode(self, data: bytes, final: bool = False) -> str:
        """Return the text of the next bytes.

        Args:
            data: the bytes.
            final: nothing that continues them comes; what was begun is given out as escapes.
        """
        text = self._decoder.decode(data, final)
        if self._after_cr and text:
            text = text.removeprefix("\n")
            self._after_cr = False
        if text.endswith("\r"):
            self._after_cr = not final
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return safe_text(text)


def safe_bytes(data: bytes) -> str:
    """Return bytes as safe text, see SafeDecoder."""
    return SafeDecoder().decode(data, final=True)
