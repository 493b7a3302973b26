"""Header descriptions (hdrDesc): chains of header names, each distinct chain turned into text once.

Descriptions form a tree: number 0 is the empty one, each header leads from a description to a longer one.
The kernels walk the tree and add what is missing, so a description that was met before costs one look
into a hash table per header, and a new one the writing of its text.

Attackers can invent descriptions. A text has at most MAX_TEXT characters; room is for a fixed number of
texts, and when it is used up those that nobody shows any more are forgotten (docs/dissection.md).
"""

import secrets
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.dissect import names
from t2tui.core.jit import inlined, routine
from t2tui.core.memory import byte, le32, le64
from t2tui.core.text.memory import SLACK_BYTES, store8, store32, store64
from t2tui.core.text.rows import Words

MAX_TEXT = 127
"""Characters of a description; longer ones end with three dots and set HDOVRN in the packet."""

TEXT_BYTES = 128
"""Room for a text; that of number n begins at ``n * TEXT_BYTES``."""

CAPACITY = 1 << 17
"""Descriptions kept before those that nobody shows are forgotten."""

FIRST_ENTRIES = 512

CHILD = np.dtype([("key", "i8"), ("text", "i4"), ("full", "i4")], align=True)
"""Hash table entry: (number + 1) << 32 | token -> number of the longer description; key 0 is free.

``full`` is 1 where the text was cut: nothing can be appended to it.
"""

FIELDS = (
    "tree",  # addresses: CHILD table, texts, int32 lengths, int32 parents, int32 free numbers, names
    "texts",
    "lengths",
    "parents",
    "free",
    "names",
    "draft",  # address of the text that did not fit
    "treeMask",
    "mix",  # odd multiplier of the hash, and how far its product is shifted
    "shift",
    "entries",  # used entries of the table; at most half of them
    "freeCount",
    "node",  # description of the headers so far, or MISSED or CUT
    "text",  # its number
    "missToken",  # after a miss: what could not be appended to ``text``,
    "missLength",  # and the length of the draft, 0 where the arrays had no room
)
"""Fields of the dissection's context (int64) that the functions below use."""

MISSED, CUT = -1, -2
"""``node`` after a header that Python has to add, and of a text that takes nothing more."""

_TEXT, _FULL = (int(CHILD.fields[name][1]) for name in ("text", "full"))  # type: ignore[index]
_ENTRY = CHILD.itemsize
_NAME_BYTES = 16  # the last one holds the length


@inlined
def _place(c: Any, key: Any) -> Any:
    """Place of a key in the table, if it is free."""
    return np.int64((np.uint64(key) * np.uint64(c.mix)) >> np.uint64(c.shift))


@inlined
def _find(c: Any, key: Any) -> Any:
    """Address of the entry of a key, or of the free one where it belongs."""
    i = _place(c, key)
    while True:
        entry = c.tree + i * _ENTRY
        found = le64(entry, 0)
        if found == key or found == 0:
            return entry
        i = (i + 1) & c.treeMask


@inlined
def _put_digits(p: Any, value: Any, base: Any, width: Any) -> Any:
    """Write a number, at least ``width`` digits; return the address behind it."""
    digits = np.int64(1)
    rest = value // base
    while rest:
        digits += 1
        rest //= base
    digits = max(digits, width)
    rest = value
    for i in range(digits - 1, -1, -1):
        digit = rest % base
        store8(p, i, np.uint64(digit + (48 if digit < 10 else 87)))
        rest //= base
    return p + digits


@inlined
def _put_unknown(p: Any) -> Any:
    """Write ``:UNK(``."""
    store64(p, np.int64(0), np.uint64(0x284B4E553A))
    return p + 5


@inlined
def _put_token(c: Any, p: Any, token: Any) -> Any:
    """Write the text of a token; return the address behind it."""
    kind = token >> 24
    value = token & 0xFFFFFF
    if kind == names.NAME:
        name = c.names + value * _NAME_BYTES
        store64(p, np.int64(0), np.uint64(le64(name, 0)))
        store64(p, np.int64(8), np.uint64(le64(name, 8)))
        return p + byte(name, _NAME_BYTES - 1)
    close = np.uint64(0x29)  # )
    if kind == names.REPEAT:
        store8(p, np.int64(0), np.uint64(0x7B))
        p = _put_digits(p + 1, value, 10, 1)
        close = np.uint64(0x7D)
    elif kind == names.UNKNOWN_DECIMAL:
        p = _put_digits(_put_unknown(p), value, 10, 1)
    else:
        p = _put_unknown(p)
        store64(p, np.int64(0), np.uint64(0x7830))  # 0x
        p = _put_digits(p + 2, value, 16, 4 if kind == names.UNKNOWN_HEX4 else 2)
    store8(p, np.int64(0), close)
    return p + 1


@routine
def _make(c: Any, entry: Any, key: Any, token: Any) -> Any:
    """Add a description at a free entry of the table; false where Python has to."""
    c.missToken = token
    c.missLength = 0
    if 2 * c.entries > c.treeMask or c.freeCount == 0:
        return False
    before = c.texts + c.text * TEXT_BYTES
    for i in range(0, TEXT_BYTES, 8):
        store64(c.draft, np.int64(i), np.uint64(le64(before, i)))
    length = _put_token(c, c.draft + le32(c.lengths, 4 * c.text), token) - c.draft
    if length > MAX_TEXT:
        c.missLength = length
        return False
    c.freeCount -= 1
    number = le32(c.free, 4 * c.freeCount)
    for i in range(0, TEXT_BYTES, 8):
        store64(c.texts + number * TEXT_BYTES, np.int64(i), np.uint64(le64(c.draft, i)))
    store32(c.lengths, 4 * number, np.uint64(length))
    store32(c.parents, 4 * number, np.uint64(c.text))
    store64(entry, np.int64(0), np.uint64(key))
    store64(entry, np.int64(_TEXT), np.uint64(number))  # and full, 0
    c.entries += 1
    return True


@routine
def append(c: Any, token: Any) -> Any:
    """Append a token's text to the description; true if it is cut for that, now or before."""
    if c.node < 0:
        return c.node == CUT
    key = (c.node + 1) << 32 | token
    entry = _find(c, key)
    if le64(entry, 0) == 0 and not _make(c, entry, key, token):
        c.node = MISSED
        return False
    c.text = le32(entry, _TEXT)
    c.node = c.text
    if le32(entry, _FULL):
        c.node = CUT
    return c.node == CUT


def _name_table() -> NDArray[np.uint8]:
    """Names in rows of bytes, the length in the last one."""
    table = np.zeros((len(names.NAMES), _NAME_BYTES), np.uint8)
    for row, name in zip(table, names.NAMES, strict=True):
        row[: len(name)] = np.frombuffer(name.encode(), np.uint8)
        row[-1] = len(name)
    return table


class Descriptions:
    """The header descriptions of a run."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Begin with the empty description.

        Args:
            capacity: texts, a power of two; more are made room for only when more are shown at once.
        """
        self._pins: list[Callable[[], NDArray[Any]]] = []
        self._cut: dict[bytes, int] = {}  # numbers of the texts that are cut: chains can share them
        self._names = _name_table()
        self._draft: NDArray[np.uint8] = np.zeros(2 * TEXT_BYTES, np.uint8)
        self._mix = secrets.randbits(62) << 1 | 1  # so that nobody knows which chains collide
        self._children: NDArray[np.void] = np.zeros(FIRST_ENTRIES, CHILD)
        self._entries = 0
        self._make_arrays(capacity)
        self._set_free(np.arange(1, capacity, dtype=np.int32))
        self._is_full = False

    # ------------------------------------------------------------------ for those who show them

    @property
    def words(self) -> Words:
        """All texts for the row writer, by number. Texts that are added later appear in it.

        Numbers that are in use when texts are forgotten keep their text; what was returned before keeps all.
        """
        return self._words

    def text(self, number: int) -> bytes:
        """Return the text of a description by the number that PACKET.hdrDesc holds."""
        return self._texts[number, : self._lengths[number]].tobytes()

    def __len__(self) -> int:
        """Return the number of descriptions, those on the way to longer ones included."""
        return len(self._texts) - self._free_count

    def pin(self, numbers: Callable[[], NDArray[Any]]) -> None:
        """Keep the texts of numbers that somebody holds beyond the batch in which they came.

        Args:
            numbers: returns them, as integers of any shape; called between two batches.
        """
        self._pins.append(numbers)

    def unpin(self) -> None:
        """Forget who holds numbers: the run is over."""
        self._pins.clear()

    # ------------------------------------------------------------------ for the dissector

    def lend(self, context: Any) -> None:
        """Put the addresses of the arrays into the kernel's context."""
        context["tree"] = self._children.ctypes.data
        context["treeMask"] = len(self._children) - 1
        context["shift"] = 65 - len(self._children).bit_length()
        context["mix"] = self._mix
        context["entries"] = self._entries
        context["texts"] = self._texts.ctypes.data
        context["lengths"] = self._lengths.ctypes.data
        context["parents"] = self._parents.ctypes.data
        context["free"] = self._free.ctypes.data
        context["freeCount"] = self._free_count
        context["names"] = self._names.ctypes.data
        context["draft"] = self._draft.ctypes.data

    def take_back(self, context: Any) -> None:
        """Learn what the kernel added."""
        self._entries = int(context["entries"])
        self._free_count = int(context["freeCount"])

    def settle(self, context: Any) -> bool:
        """Do what the kernel could not do at a miss.

        Returns:
            Whether dissection can go on. If not, forget() helps.
        """
        if context["missLength"] and self._free_count:
            self._add_cut(int(context["text"]), int(context["missToken"]), int(context["missLength"]))
        elif self._free_count and len(self._children) < 4 * len(self._texts):
            self._hash_anew(self._children[self._children["key"] != 0], 4 * len(self._children))
        else:
            self._is_full = True
        return not self._is_full

    @property
    def is_full(self) -> bool:
        """Whether there is no room for the next description."""
        return self._is_full

    def forget(self) -> None:
        """Forget what nobody shows. All batches so far have been worked on, and none is at work."""
        kept = np.zeros(len(self._texts), np.bool_)
        kept[0] = True
        for shown in self._pins:
            kept[shown().ravel()] = True
        front = np.flatnonzero(kept)
        while front.size:
            front = np.unique(self._parents[front])
            front = front[~kept[front]]
            kept[front] = True
        numbers = np.flatnonzero(kept)
        capacity = len(self._texts) * (2 if 2 * len(numbers) > len(self._texts) else 1)
        texts, lengths, parents = self._texts, self._lengths, self._parents
        self._make_arrays(capacity)  # those who read may still hold the old ones
        self._texts[numbers] = texts[numbers]
        self._lengths[numbers] = lengths[numbers]
        self._parents[numbers] = parents[numbers]
        children = self._children[self._children["full"] == 0]  # what was cut is found by its text
        children = children[kept[children["text"]]]
        self._hash_anew(children[children["key"] != 0], len(self._children))
        self._cut = {text: number for text, number in self._cut.items() if kept[number]}
        is_free = np.ones(capacity, np.bool_)
        is_free[numbers] = False
        self._set_free(np.flatnonzero(is_free))
        self._is_full = False

    def _make_arrays(self, capacity: int) -> None:
        data = np.zeros(capacity * TEXT_BYTES + SLACK_BYTES, np.uint8)
        self._texts = data[: capacity * TEXT_BYTES].reshape(capacity, TEXT_BYTES)
        self._lengths: NDArray[np.int32] = np.zeros(capacity, np.int32)
        self._parents: NDArray[np.int32] = np.zeros(capacity, np.int32)
        self._words = Words(data, np.arange(capacity, dtype=np.int64) * TEXT_BYTES, self._lengths)

    def _set_free(self, numbers: NDArray[Any]) -> None:
        """Let numbers be given out in rising order."""
        self._free: NDArray[np.int32] = np.ascontiguousarray(numbers[::-1], np.int32)
        self._free_count = len(numbers)

    def _add_cut(self, parent: int, token: int, length: int) -> None:
        """Add the child that the kernel drafted: longer than MAX_TEXT, hence cut."""
        text = self._draft[: MAX_TEXT - 3].tobytes() + b"..."
        number = self._cut.get(text)
        if number is None:
            self._free_count -= 1
            number = self._cut[text] = int(self._free[self._free_count])
            self._texts[number, :MAX_TEXT] = np.frombuffer(text, np.uint8)
            self._lengths[number] = MAX_TEXT
            self._parents[number] = parent
        entry = np.zeros(1, CHILD)
        entry["key"], entry["text"], entry["full"] = (parent + 1) << 32 | token, number, 1
        self._insert(entry)

    def _hash_anew(self, entries: NDArray[np.void], size: int) -> None:
        """Replace the hash table."""
        self._children = np.zeros(size, CHILD)
        self._entries = 0
        self._insert(entries)

    def _insert(self, entries: NDArray[np.void]) -> None:
        """Put entries with new keys into the table, all at once: each round those whose place is free."""
        self._entries += len(entries)
        shift = np.uint64(65 - len(self._children).bit_length())
        places = ((entries["key"].astype(np.uint64) * np.uint64(self._mix)) >> shift).astype(np.int64)
        while len(entries):
            free = np.flatnonzero(self._children["key"][places] == 0)
            _, first = np.unique(places[free], return_index=True)
            placed = free[first]
            self._children[places[placed]] = entries[placed]
            entries, places = np.delete(entries, placed), np.delete(places, placed)
            places = (places + 1) & (len(self._children) - 1)
