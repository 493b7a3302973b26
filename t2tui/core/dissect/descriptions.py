"""Header descriptions (hdrDesc): chains of header names, each distinct chain turned into text once.

The kernel walks a tree: node 0 is the empty description, each header leads to a child node. It only
looks children up; a missing one is reported to Python, which makes node and text here. Attackers can
invent descriptions, so the text is limited as in the reference (127 characters, then ``...``).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.dissect import names
from t2tui.core.flowstat import HDOVRN
from t2tui.core.jit import inlined
from t2tui.core.memory import le64_at
from t2tui.core.text.rows import Words

MAX_TEXT = 127
"""Characters of a description; longer ones end with three dots and set HDOVRN in the packet."""

CHILD = np.dtype([("key", "i8"), ("node", "i4"), ("text", "i4"), ("status", "u8")], align=True)
"""Hash table entry: (parent node << 32 | token) -> child node; key -1 is free."""

MIX = np.uint64(0x9E3779B97F4A7C15)
SHIFT = np.uint64(40)


NODE, TEXT, STATUS = (int(CHILD.fields[name][1]) for name in ("node", "text", "status"))  # type: ignore[index]
_ENTRY = CHILD.itemsize


@inlined
def find_child(tree: Any, mask: Any, node: Any, token: Any) -> Any:
    """Return the address of a child's entry in the table at address ``tree``, or 0 if there is none yet."""
    key = (np.int64(node) << 32) | np.int64(token)
    i = np.int64((np.uint64(key) * MIX) >> SHIFT) & mask
    while True:
        entry = tree + i * _ENTRY
        found = le64_at(entry)
        if found == key:
            return entry
        if found == -1:
            return np.int64(0)
        i = (i + 1) & mask


def _token_text(token: int) -> str:
    kind, value = token >> 24, token & 0xFFFFFF
    if kind == names.NAME:
        return names.NAMES[value]
    if kind == names.UNKNOWN_DECIMAL:
        return f":UNK({value})"
    if kind == names.UNKNOWN_HEX4:
        return f":UNK(0x{value:04x})"
    if kind == names.UNKNOWN_HEX2:
        return f":UNK(0x{value:02x})"
    return f"{{{value}}}"


class Descriptions:
    """All header descriptions met so far.

    Attributes:
        children: CHILD hash table for the kernel, a power of two long, at most half full.
    """

    def __init__(self) -> None:
        self.children: NDArray[np.void] = np.zeros(1024, CHILD)
        self.children["key"] = -1
        self._nodes: list[tuple[int, bool]] = [(0, False)]  # (text number, longer than MAX_TEXT)
        self._texts: list[bytes] = [b""]
        self._numbers: dict[bytes, int] = {b"": 0}
        self._words: Words | None = None

    def __len__(self) -> int:
        """Return the number of distinct texts."""
        return len(self._texts)

    def text(self, number: int) -> bytes:
        """Return the text of a description by the number that PACKET.hdrDesc holds."""
        return self._texts[number]

    @property
    def words(self) -> Words:
        """All texts for the row writer, by number; the same number means the same text."""
        if self._words is None or len(self._words.start) != len(self._texts):
            self._words = Words.from_texts(self._texts)
        return self._words

    def add(self, parent: int, token: int) -> None:
        """Make the child of a node that the kernel missed."""
        text_number, is_full = self._nodes[parent]
        if not is_full:
            text = self._texts[text_number] + _token_text(token).encode()
            is_full = len(text) > MAX_TEXT
            if is_full:
                text = text[: MAX_TEXT - 3] + b"..."
            text_number = self._numbers.setdefault(text, len(self._texts))
            if text_number == len(self._texts):
                self._texts.append(text)
        self._nodes.append((text_number, is_full))
        if 2 * len(self._nodes) > len(self.children):
            old = self.children[self.children["key"] != -1]
            self.children = np.zeros(4 * len(self.children), CHILD)
            self.children["key"] = -1
            for entry in old:
                self._insert(entry)
        entry = np.zeros(1, CHILD)[0]
        entry["key"], entry["node"] = (parent << 32) | token, len(self._nodes) - 1
        entry["text"], entry["status"] = text_number, HDOVRN if is_full else 0
        self._insert(entry)

    def _insert(self, entry: np.void) -> None:
        mask = len(self.children) - 1
        i = ((int(entry["key"]) * int(MIX) & 0xFFFFFFFFFFFFFFFF) >> int(SHIFT)) & mask
        while self.children[i]["key"] != -1:
            i = (i + 1) & mask
        self.children[i] = entry
