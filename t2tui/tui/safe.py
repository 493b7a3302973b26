"""The fence between what a capture says and what a widget shows.

Nothing that came from a capture, a file name or an error message about them reaches a widget as a bare
``str``: textual would read markup in it, and no layer below takes control characters out.
"""

import re
from functools import lru_cache

from rich.cells import cell_len
from textual.content import Content

from t2tui.core.text.safe import PICTURES
from t2tui.core.text.safe import safe_text as without_controls

_UNUSUAL = re.compile(r"[^ -~]")
_BLANKS = {9: PICTURES[9], 10: PICTURES[10]}


@lru_cache(1 << 12)
def _placed(character: str) -> str:
    """Escape what takes no place of its own: it would hide in, or shift, what stands beside it."""
    return character if cell_len(character) else character.encode("unicode_escape").decode()


def safe_text(text: str | bytes) -> str:
    """Return one line of text that cannot steer a terminal, hide anything or change directions.

    Control characters become their Unicode pictures, C1, bidirectional and zero-width characters escapes as
    in Python literals.

    Args:
        text: anything; bytes are read as UTF-8, those that are none become escapes.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    if not _UNUSUAL.search(text):
        return text
    shown = without_controls(text).translate(_BLANKS)
    return shown if shown.isascii() else "".join(map(_placed, shown))


def safe_content(text: str | bytes, style: str = "") -> Content:
    """Return safe text as content, in which no markup is read."""
    return Content.styled(safe_text(text), style) if style else Content(safe_text(text))


def safe_cells(line: str) -> list[str]:
    """Return the cells of a line that are joined by TAB, each of them safe."""
    cells = line.split("\t")
    if line.isascii() and "".join(cells).isprintable():
        return cells
    return [safe_text(cell) for cell in cells]
