"""What is to be said about a stream between its bytes: gaps, and packets that repeated or came late."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from t2tui.core.streams import CUT, DATA, Stream, describe_marks
from t2tui.core.streams.records import LEFT_OUT
from t2tui.core.streams.stream import Direction

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Notes:
    """Notes in the order in which they are shown.

    Attributes:
        before: piece of the view before which each stands; their number behind the last piece.
        segments: row of the segment that each is about, -1 of a gap.
        gaps: row of the piece that is a gap, -1 of a note on a segment.
    """

    before: Integers
    segments: Integers
    gaps: Integers
    _differences: dict[int, int | None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.before)

    def compare(self, numbers: Sequence[int], stream: Stream) -> None:
        """Read from the capture what notes are about that was sent twice: have the bytes changed?

        Raises:
            CaptureError: the capture cannot be read any more.
        """
        rows = sorted({int(self.segments[number]) for number in numbers} - self._differences.keys() - {-1})
        if not rows:
            return
        self._differences.update(dict.fromkeys(rows))
        of_packet = {int(stream.index.segments["packet"][row]): row for row in rows}
        for found in stream.differences(np.array(rows)):
            self._differences[of_packet[found.packet]] = found.offset

    def text(self, number: int, stream: Stream) -> str:
        """Return a note in words; compare() was called with it."""
        gap, row = int(self.gaps[number]), int(self.segments[number])
        if row < 0:
            piece = stream.pieces[gap]
            what = "not captured" if piece["kind"] == CUT else "missing"
            return f"{'AB'[piece['direction']]}: {int(piece['length']):,} bytes {what}"
        segment = stream.index.segments[row]
        marks = describe_marks(int(stream.index.marks[row]))
        text = f"packet {int(segment['packet']):,}, {'AB'[segment['direction']]}: {marks}"
        offset = self._differences[row]
        return text if offset is None else f"{text}, other bytes from {offset:,} on"

    def direction(self, number: int, stream: Stream) -> str:
        """Return whose bytes a note is about."""
        row = int(self.segments[number])
        records = stream.index.segments[row] if row >= 0 else stream.pieces[int(self.gaps[number])]
        return "AB"[records["direction"]]


def no_notes() -> Notes:
    """Return none."""
    nothing = np.zeros(0, np.int64)
    return Notes(nothing, nothing, nothing)


def notes_of(stream: Stream, direction: Direction) -> Notes:
    """Return the notes on what is shown: on gaps, on segments left out where they came, on marked ones.

    Args:
        stream: the stream.
        direction: what is shown.
    """
    index, view = stream.index, stream.view(direction)
    pieces = stream.pieces[view.rows]
    is_gap = pieces["kind"] != DATA
    segments = pieces["segment"].astype(np.int64)
    left_out = index.marks & LEFT_OUT != 0
    if direction != "both":
        left_out &= index.segments["direction"] == (direction == "B")
    rows = np.flatnonzero(left_out)
    came = np.maximum.accumulate(segments) if len(segments) else segments
    places = np.searchsorted(came, rows, side="right")
    marked = np.flatnonzero(~is_gap & (index.marks[segments] != 0)) if len(segments) else segments
    marked = marked[np.concatenate([[True], segments[marked[1:]] != segments[marked[:-1]]])[: len(marked)]]
    gaps = np.flatnonzero(is_gap)
    before = np.concatenate([places, gaps, marked])
    about = np.concatenate([rows, np.full(len(gaps), -1), segments[marked]])
    which = np.concatenate([np.full(len(rows), -1), view.rows[gaps], np.full(len(marked), -1)])
    order = np.argsort(before, kind="stable")
    return Notes(before[order], about[order], which[order])
