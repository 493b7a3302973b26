"""Marks of rows and comments on flows; both are kept per capture between runs."""

import hashlib
import json
from collections.abc import Callable, Iterable
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.tui.memory import Memory, Section
from t2tui.tui.safe import safe_text

if TYPE_CHECKING:
    from t2tui.core.store import ColumnStore
    from t2tui.tui.opening import Opening

Keys = NDArray[np.uint64]
"""Flows by index and direction: twice the index, plus 1 of B flows."""

INDEX, STATUS = "flowInd", "flowStat"
FOLDER = "captures"
MOST_CAPTURES = 300
"""Captures whose marks and comments are kept: those that were written last."""
MOST_MARKS = 1 << 28
MOST_PIECES = 50_000
"""Ranges of indices that are remembered."""
MOST_IN_FILTER = 3_000
"""Ranges of indices in a condition."""
LONGEST = 500
"""Characters of a comment."""


def keys_of(table: "ColumnStore", rows: slice | NDArray[np.int64]) -> Keys | None:
    """Return which flows rows are; None where the table does not tell."""
    if not {INDEX, STATUS} <= set(table.names):
        return None
    indices, status = (table.vector(name, rows).values.astype(np.uint64) for name in (INDEX, STATUS))
    keys: Keys = indices << np.uint64(1) | status & np.uint64(L3FLOWINVERT)
    return keys


class Notes:
    """What the user noted about the flows of a capture.

    Attributes:
        marks: for each row whether it is marked, and room for rows that come.
        comments: texts by flow: ``35A``.
        is_changed: whether something is not yet remembered.
    """

    def __init__(self, marked: Iterable[Keys] = (), comments: dict[str, str] | None = None) -> None:
        """Take over what is remembered.

        Args:
            marked: flows that were marked.
            comments: texts by flow.
        """
        self.marks: NDArray[np.bool_] = np.zeros(0, bool)
        self.comments = comments or {}
        self.is_changed = False
        self._wanted: Keys = np.unique(np.concatenate([np.zeros(0, np.uint64), *marked]))
        self._table: ColumnStore | None = None
        self._seen = 0

    def copy(self) -> "Notes":
        """Return the notes of this moment."""
        copied = copy(self)
        copied.marks, copied.comments = self.marks.copy(), dict(self.comments)
        return copied

    def begin(self) -> None:
        """Expect the rows of another table, in which the same flows are to be marked."""
        self._wanted = self._marked_keys()
        self.marks, self._table, self._seen = np.zeros(0, bool), None, 0

    def grow(self, table: "ColumnStore") -> None:
        """Take in the rows that were appended since the last time."""
        self._table = table
        if len(self.marks) < len(table):
            more = max(len(table) * 3 // 2, 1024) - len(self.marks)
            self.marks = np.concatenate([self.marks, np.zeros(more, bool)])
        fresh = slice(self._seen, len(table))
        self._seen = len(table)
        if len(self._wanted) and fresh.start < fresh.stop and (keys := keys_of(table, fresh)) is not None:
            found = np.isin(keys, self._wanted)
            self.marks[fresh] |= found
            self._wanted = np.setdiff1d(self._wanted, keys[found])

    def mark(self, rows: NDArray[np.int32], marked: NDArray[np.bool_] | bool) -> None:
        """Mark or unmark rows."""
        self.marks[rows] = marked
        self.is_changed = True

    def forget_marks(self) -> None:
        """Unmark all flows, also those whose rows have not come yet."""
        self.marks[:] = False
        self._wanted = np.zeros(0, np.uint64)
        self.is_changed = True

    def comment(self, flow: str, text: str) -> None:
        """Write a comment on a flow; an empty one takes it away."""
        if text.strip():
            self.comments[flow] = text.strip()[:LONGEST]
        else:
            self.comments.pop(flow, None)
        self.is_changed = True

    @property
    def marked(self) -> NDArray[np.int64]:
        """Numbers of the marked rows."""
        return np.flatnonzero(self.marks)

    def commented(self, table: "ColumnStore") -> NDArray[np.int64]:
        """Return the numbers of the rows that have a comment."""
        keys = keys_of(table, slice(0, len(table)))
        if keys is None or not self.comments:
            return np.zeros(0, np.int64)
        wanted = [int(flow[:-1]) << 1 | (flow[-1] == "B") for flow in self.comments]
        return np.flatnonzero(np.isin(keys, np.array(wanted, np.uint64)))

    def _marked_keys(self) -> Keys:
        keys = None if self._table is None else keys_of(self._table, self.marked)
        return self._wanted if keys is None else np.union1d(self._wanted, keys)

    def remembered(self) -> dict[str, Any]:
        """Return marks and comments as TOML has them.

        Raises:
            ValueError: the marks are too many pieces.
        """
        keys = self._marked_keys()
        texts = {}
        for side, direction in enumerate("AB"):
            pieces = ranges(np.unique(keys[keys & np.uint64(1) == side] >> np.uint64(1)))
            if len(pieces) > MOST_PIECES:
                raise ValueError(
                    f"marks in more than {MOST_PIECES:,} pieces are not remembered: extract the flows instead"
                )
            texts[direction] = ";".join(pieces)
        return {"marks": texts, "comments": dict(self.comments)}


def ranges(indices: NDArray[Any]) -> list[str]:
    """Return ascending numbers as a list of numbers and ranges: ``3``, ``7-9``."""
    if not len(indices):
        return []
    breaks = np.flatnonzero(np.diff(indices) != 1)
    first = indices[np.concatenate([[0], breaks + 1])]
    last = indices[np.concatenate([breaks, [len(indices) - 1]])]
    return [f"{a}" if a == b else f"{a}-{b}" for a, b in zip(first.tolist(), last.tolist(), strict=True)]


def condition(table: "ColumnStore", rows: NDArray[np.int64]) -> str:
    """Return a condition that these rows fulfil and no others.

    Args:
        table: whose rows.
        rows: their numbers.

    Raises:
        ValueError: there are none, or too many; the text says what to do.
    """
    keys = keys_of(table, slice(0, len(table)))
    if keys is None:
        raise ValueError(f"Flows cannot be named without the columns {INDEX} and {STATUS}")
    if not len(rows):
        raise ValueError("There are none: Space marks a flow, ; writes a comment")
    chosen = np.unique(keys[rows])
    indices, counts = np.unique(chosen >> np.uint64(1), return_counts=True)
    all_keys = np.unique(keys[np.isin(keys >> np.uint64(1), indices)])
    is_whole = (
        np.bincount(np.searchsorted(indices, all_keys >> np.uint64(1)), minlength=len(indices)) == counts
    )
    is_reply = np.isin(indices << np.uint64(1) | np.uint64(1), chosen)
    parts, pieces = [], 0
    for ending, which in (
        ("", is_whole),
        (' && $dir == "A"', ~is_whole & ~is_reply),
        (' && $dir == "B"', ~is_whole & is_reply),
    ):
        listed = ranges(indices[which])
        pieces += len(listed)
        if listed:
            parts.append(f'flow("{";".join(listed)}"){ending}')
    if pieces > MOST_IN_FILTER:
        raise ValueError(
            f"{len(rows):,} flows in {pieces:,} pieces are too many for a filter "
            f"(at most {MOST_IN_FILTER:,}): ] and [ go from one to the next"
        )
    return (
        parts[0] if len(parts) == 1 else " || ".join(f"({part})" if "&&" in part else part for part in parts)
    )


class Notebook:
    """Where the notes on a capture are kept."""

    def __init__(self, memory: Memory, opening: "Opening") -> None:
        """Find the section; that of a pipe is kept nowhere."""
        self._memory = memory
        self._name = safe_text(opening.name)
        self._section = _section(opening) if opening.sources and not opening.waits else ""

    def load(self) -> Notes:
        """Return what is remembered; what is damaged is passed over with a warning."""
        values = self._memory.load(self._section) if self._section else {}
        try:
            marks, comments = values.get("marks", {}), values.get("comments", {})
            keys = [_keys(marks.get(direction, ""), side) for side, direction in enumerate("AB")]
            texts = {flow: safe_text(text)[:LONGEST] for flow, text in comments.items()}
            if not all(flow[-1:] in ("A", "B") and flow[:-1].isdecimal() for flow in texts):
                raise ValueError("comments are of flows such as 35A")
            return Notes(keys, texts)
        except (AttributeError, TypeError, ValueError, OverflowError, MemoryError) as error:
            self._memory.warnings.append(
                f"{self._memory.path(self._section)}: marks and comments are passed over: {error}"
            )
            return Notes()

    def save(self, notes: Notes) -> Callable[[], None] | None:
        """Return what remembers the notes as they are now; None where they are kept nowhere.

        It may be called in any thread, and raises NotRememberedError where the file cannot be written, and
        ValueError where the marks are too many pieces.
        """
        notes.is_changed = False
        if not self._section:
            return None
        now = notes.copy()

        def write() -> None:
            values = {"capture": self._name, **now.remembered()}

            def edit(section: Section) -> None:
                section.update(values)

            self._memory.change(self._section, edit)
            self._memory.keep_latest(FOLDER, MOST_CAPTURES)

        return write


def _keys(text: str, side: int) -> Keys:
    """Return the keys of flows that are written as numbers and ranges."""
    pieces, count = [np.zeros(0, np.uint64)], 0
    for piece in filter(None, text.split(";")):
        first, _, last = piece.partition("-")
        count += int(last or first) - int(first) + 1
        if count > MOST_MARKS:
            raise ValueError("more marks than a capture has flows")
        pieces.append(np.arange(int(first), int(last or first) + 1, dtype=np.uint64))
    indices = np.concatenate(pieces)
    return indices << np.uint64(1) | np.uint64(side)


def _section(opening: "Opening") -> str:
    """Return the name of the section of a capture: path, size, time of its last change, packets looked at."""
    known: list[Any] = [opening.bpf]
    for source in opening.sources:
        path = Path(source).absolute()
        try:
            status = path.stat()
        except OSError:
            return ""
        known.append([str(path), status.st_size, status.st_mtime_ns])
    digest = hashlib.sha256(json.dumps(known).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{FOLDER}/{digest[:32]}"
