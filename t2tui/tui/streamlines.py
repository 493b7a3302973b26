"""A stream as lines, of which only those are made that are looked at.

Hex dump, hex, base64 and raw have rows of a fixed number of bytes: which bytes are in a line is arithmetic.
Text is divided into blocks. Where a block begins is found by looking at a few bytes only, so that the last
line of a long stream is as near as the first. How many lines a block has is known when it was looked at, and
estimated before: so is the height of the whole.
"""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from t2tui.core.streams import DATA, Stream
from t2tui.core.streams.stream import Direction
from t2tui.tui.safe import safe_text
from t2tui.tui.streamforms import Form, text_cuts
from t2tui.tui.streamnotes import Notes, no_notes, notes_of

TCP = 6
BLOCK = 1 << 16
"""Bytes of a block of text."""
PIECES = 1 << 10
"""Pieces of a block of text."""
LONGEST = 1 << 10
"""A longer line of text is cut."""
NEAR = 4
"""Bytes that a character of UTF-8 has at most."""
GUESS = 48
"""Bytes per line of text as long as no block was looked at."""

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Line:
    """A line.

    Attributes:
        text: safe text.
        direction: who sent it, ``A`` or ``B``.
        is_note: it says something about the stream.
        begin, end: its bytes, counted over what is shown.
        start: number of the first byte, counted over the direction.
        offset: of the first byte in the stream, gaps counted.
        packet, time: of the packet that brought the first byte (ns since 1970), or that a note is about; 0
            without.
        data: the bytes; none of a note.
    """

    text: str
    direction: str
    is_note: bool
    begin: int
    end: int
    start: int
    offset: int
    packet: int
    time: int
    data: bytes = b""


class Rows(Protocol):
    """Which line has which bytes.

    A row is ``(note, begin, end)``: the number of a note, or -1 and the first byte and that behind the last.
    """

    @property
    def height(self) -> int:
        """Number of lines, as far as it is known."""

    def rows(self, first: int, count: int) -> list[tuple[int, int, int]]:
        """Return rows; numbers of the rows before ``first`` stay what they are."""

    def settle(self, line: int, above: int) -> int:
        """Look at what stands above a line, and return the number that the line has then."""

    def at(self, byte: int) -> int:
        """Return the line in which a byte is."""

    def last(self) -> int:
        """Return the last line; 0 if there is none."""


class StreamLines:
    """The lines of a stream in one form.

    Attributes:
        stream: the stream.
        form: how bytes are shown.
        direction: what is shown.
    """

    def __init__(
        self, stream: Stream, form: Form, direction: Direction, *, marks: bool = True, wrap: int = 0
    ) -> None:
        """Prepare; nothing of the stream is read.

        Args:
            stream: the stream.
            form: how bytes are shown.
            direction: what is shown.
            marks: with notes.
            wrap: cells after which lines of text are cut; 0: they are cut where they get very long only.
        """
        self.stream, self.form, self.direction = stream, form, direction
        self._view = stream.view(direction)
        self._notes = notes_of(stream, direction) if marks else no_notes()
        if form.width:
            self._rows: Rows = FixedRows(self._view.begins, self._view.shown, self._notes, form.width)
        else:
            self._rows = TextRows(stream, direction, self._notes, wrap)

    @property
    def height(self) -> int:
        """Number of lines; of text an estimate until all of it was looked at."""
        return self._rows.height

    @property
    def size(self) -> int:
        """Bytes that are shown."""
        return self._view.size

    def settle(self, line: int, above: int) -> int:
        """Look at some lines above a line.

        Returns:
            The number that the line has now.

        Raises:
            CaptureError: the capture cannot be read any more.
        """
        return self._rows.settle(line, above)

    def at(self, byte: int) -> int:
        """Return the line in which a byte is, counted over what is shown.

        Raises:
            CaptureError: the capture cannot be read any more.
        """
        return self._rows.at(max(0, min(byte, self.size - 1))) if self.size else 0

    def last(self) -> int:
        """Return the last line; 0 if there is none.

        Raises:
            CaptureError: the capture cannot be read any more.
        """
        return self._rows.last()

    def window(self, first: int, count: int) -> list[Line]:
        """Make lines; fewer where they end.

        Raises:
            CaptureError: the capture cannot be read any more.
        """
        rows = self._rows.rows(first, count)
        spans = [(begin, end) for note, begin, end in rows if note < 0]
        data, base = b"", 0
        if spans:
            base = spans[0][0]
            wanted = self.stream.read(base, spans[-1][1] - base, self.direction)
            data = b"".join(part.data for part in wanted)
        self._notes.compare([note for note, _, _ in rows if note >= 0], self.stream)
        return [
            self._note(note, begin) if note >= 0 else self._line(begin, end, data[begin - base : end - base])
            for note, begin, end in rows
        ]

    def _line(self, begin: int, end: int, data: bytes) -> Line:
        view = self._view
        number = int(np.searchsorted(view.ends, begin, side="right"))
        piece = self.stream.pieces[view.rows[number]]
        segment = self.stream.index.segments[piece["segment"]]
        direction: Direction = "B" if piece["direction"] else "A"
        offset = int(piece["offset"]) + begin - int(view.begins[number])
        return Line(
            self.form.show(data, offset),
            direction,
            False,
            begin,
            end,
            self.stream.place(begin, self.direction, direction),
            offset,
            int(segment["packet"]),
            int(segment["time"]),
            data,
        )

    def _note(self, number: int, begin: int) -> Line:
        text = safe_text(self._notes.text(number, self.stream))
        direction = self._notes.direction(number, self.stream)
        row, gap = int(self._notes.segments[number]), int(self._notes.gaps[number])
        packet = time = offset = 0
        if row >= 0:
            segment = self.stream.index.segments[row]
            packet, time = int(segment["packet"]), int(segment["time"])
            offset = max(int(self.stream.index.offsets[row]), 0)
        else:
            offset = int(self.stream.pieces[gap]["offset"])
        return Line(f"[{text}]", direction, True, begin, begin, 0, offset, packet, time)


class FixedRows:
    """Rows of a fixed number of bytes; each piece begins a new one."""

    def __init__(self, begins: Integers, shown: Integers, notes: Notes, width: int) -> None:
        """Count the lines before each piece.

        Args:
            begins: first byte of each piece.
            shown: bytes of each.
            notes: between them.
            width: bytes of a row.
        """
        self._begins, self._shown, self._width = begins, shown, width
        self._size = int(shown.sum())
        self._noted = np.searchsorted(notes.before, np.arange(len(begins) + 1))
        own = np.append(-(-shown // width), 0) + np.diff(np.append(self._noted, len(notes)))
        self._behind = np.cumsum(own)

    @property
    def height(self) -> int:
        """Number of lines."""
        return int(self._behind[-1])

    def rows(self, first: int, count: int) -> list[tuple[int, int, int]]:
        """See Rows."""
        found: list[tuple[int, int, int]] = []
        piece = int(np.searchsorted(self._behind, first, side="right"))
        while len(found) < count and piece < len(self._behind):
            start = int(self._behind[piece - 1]) if piece else 0
            begin = int(self._begins[piece]) if piece < len(self._begins) else self._size
            notes = self._notes_before(piece)
            for line in range(first + len(found) - start, int(self._behind[piece]) - start):
                if len(found) == count:
                    break
                if line < len(notes):
                    found.append((notes[line], begin, begin))
                else:
                    at = (line - len(notes)) * self._width
                    to = min(at + self._width, int(self._shown[piece]))
                    found.append((-1, begin + at, begin + to))
            piece += 1
        return found

    def _notes_before(self, piece: int) -> range:
        behind = int(self._behind[piece]) - (int(self._behind[piece - 1]) if piece else 0)
        own = -(-int(self._shown[piece]) // self._width) if piece < len(self._shown) else 0
        first = int(self._noted[piece])
        return range(first, first + behind - own)

    def settle(self, line: int, above: int) -> int:
        """See Rows; all numbers are known."""
        return line

    def at(self, byte: int) -> int:
        """See Rows."""
        piece = int(np.searchsorted(self._begins + self._shown, byte, side="right"))
        start = int(self._behind[piece - 1]) if piece else 0
        return start + len(self._notes_before(piece)) + (byte - int(self._begins[piece])) // self._width

    def last(self) -> int:
        """See Rows."""
        return max(self.height - 1, 0)


class TextRows:
    """Lines of text, block by block."""

    def __init__(self, stream: Stream, direction: Direction, notes: Notes, wrap: int) -> None:
        """Find where blocks may begin and where lines have to; reads nothing."""
        self._stream, self._direction, self._wrap = stream, direction, wrap
        view = stream.view(direction)
        pieces = stream.pieces[view.rows]
        self._size = view.size
        self._note_places = np.append(view.begins, view.size)[notes.before]
        is_data = pieces["kind"] == DATA
        data = np.flatnonzero(is_data)
        begins_line = np.ones(len(data), bool)
        if len(data):
            own = pieces[data]
            behind = own["offset"][:-1] + own["length"][:-1]
            begins_line[1:] = (own["direction"][1:] != own["direction"][:-1]) | (own["offset"][1:] != behind)
            protocol = stream.index.segments["protocol"][own["segment"][0]]
            if protocol != TCP:
                begins_line[:] = True
        starts = view.begins[data][begins_line]
        self._starts: Integers = np.union1d(starts, self._note_places[self._note_places < self._size])
        by_pieces = view.begins[data][::PIECES]
        self._nominal = (
            np.union1d(np.arange(0, self._size, BLOCK), by_pieces) if len(data) else np.zeros(1, int)
        )
        blocks = len(self._nominal)
        self._begins: dict[int, int] = {0: 0, blocks: self._size}
        self._known: dict[int, list[tuple[int, int, int]]] = {}
        sizes = np.diff(np.append(self._nominal, self._size))
        self._counts = np.maximum(sizes // GUESS, 1)
        self._is_counted = np.zeros(blocks, bool)
        self._recount()
        if not self._size:  # nothing but notes
            self._block(0)

    def _recount(self) -> None:
        self._behind = np.cumsum(self._counts)

    @property
    def height(self) -> int:
        """Number of lines: a guess until all blocks were looked at."""
        return int(self._behind[-1])

    def rows(self, first: int, count: int) -> list[tuple[int, int, int]]:
        """See Rows."""
        found: list[tuple[int, int, int]] = []
        while len(found) < count:
            line = first + len(found)
            block = int(np.searchsorted(self._behind, line, side="right"))
            if block >= len(self._behind):
                break
            lines = self._block(block)
            start = int(self._behind[block - 1]) if block else 0
            found += lines[line - start : line - start + count - len(found)]
        return found

    def settle(self, line: int, above: int) -> int:
        """See Rows."""
        block = int(np.searchsorted(self._behind, line, side="right"))
        if block >= len(self._behind):
            block, line = len(self._behind) - 1, max(int(self._behind[-1]) - 1, 0)
        start = int(self._behind[block - 1]) if block else 0
        within = line - start
        while block and within < above:
            block -= 1
            within += len(self._block(block))
        return (int(self._behind[block - 1]) if block else 0) + within

    def at(self, byte: int) -> int:
        """See Rows."""
        block = max(int(np.searchsorted(self._nominal, byte, side="right")) - 1, 0)
        while self._begin(block) > byte:
            block -= 1
        lines = self._block(block)
        start = int(self._behind[block - 1]) if block else 0
        place = bisect_right(lines, byte, key=lambda row: row[1]) - 1
        return start + max(place, 0)

    def last(self) -> int:
        """See Rows."""
        block = len(self._nominal) - 1
        while block and not self._block(block):
            block -= 1
        self._block(block)
        return max(self.height - 1, 0)

    # ------------------------------------------------------------------ blocks

    def _begin(self, block: int) -> int:
        """Return the first byte of a block: the first one near its place with which a line begins."""
        if block not in self._begins:
            place = int(self._nominal[block])
            after = int(np.searchsorted(self._starts, place))
            start = int(self._starts[after]) if after < len(self._starts) else self._size
            limit = min(place + LONGEST, start)
            if start > place:
                base = max(place - NEAR, int(self._starts[after - 1]) if after else 0)
                data = self._read(base, limit + 1)
                breaks = [at for at in line_begins(data, len(data) - 1) if base + at >= place]
                if breaks:
                    start = base + breaks[0]
                elif start > limit:
                    start = base + character_begin(data, place - base)
            self._begins[block] = min(start, self._size)
        return self._begins[block]

    def _read(self, first: int, behind: int) -> bytes:
        return b"".join(part.data for part in self._stream.read(first, behind - first, self._direction))

    def _block(self, block: int) -> list[tuple[int, int, int]]:
        """Return the rows of a block."""
        if block not in self._known:
            rows = self._made(block)
            if len(self._known) >= 64:
                del self._known[next(iter(self._known))]
            self._known[block] = rows
            if self._counts[block] != len(rows):
                self._counts[block] = len(rows)
                self._recount()
        return self._known[block]

    def _made(self, block: int) -> list[tuple[int, int, int]]:
        begin, end = self._begin(block), self._begin(block + 1)
        is_last = block + 1 == len(self._nominal)
        data = self._read(begin, end + 1) if end > begin else b""
        low, high = np.searchsorted(self._starts, (begin, end))
        forced = self._starts[low:high] - begin
        found = line_begins(data, end - begin)
        starts = np.unique(np.concatenate([np.array([0] if end > begin else [], np.int64), forced, found]))
        rows: list[tuple[int, int, int]] = []
        first, behind = np.searchsorted(self._note_places, (begin, end))
        notes = list(range(int(first), len(self._note_places) if is_last else int(behind)))
        places = self._note_places[notes].tolist() if notes else []
        at = 0
        ends = [*starts[1:].tolist(), end - begin][: len(starts)]
        for start, stop in zip(starts.tolist(), ends, strict=True):
            while at < len(notes) and places[at] <= begin + start:
                rows.append((notes[at], begin + start, begin + start))
                at += 1
            cuts = self._cuts(data[start:stop]) if stop - start > (self._wrap // NEAR or LONGEST) else []
            for cut, next_cut in zip([0, *cuts], [*cuts, stop - start], strict=True):
                rows.append((-1, begin + start + cut, begin + start + next_cut))
        rows += [(note, end, end) for note in notes[at:]]
        return rows

    def _cuts(self, data: bytes) -> list[int]:
        """Return where a long line is cut."""
        if self._wrap:
            return text_cuts(data, self._wrap)
        cuts: list[int] = []
        at = 0
        while len(data) - at > LONGEST:
            to = character_begin(data, at + LONGEST)
            cuts.append(to)
            at = to
        return cuts


def line_begins(data: bytes, behind: int) -> Integers:
    """Return where lines begin behind line breaks: LF, CR, CR LF.

    Args:
        data: bytes.
        behind: only places before this one.
    """
    codes = np.frombuffer(data, np.uint8)
    is_break = codes == 10
    is_return = codes == 13
    is_return[:-1] &= ~is_break[1:]
    found = np.flatnonzero(is_break | is_return) + 1
    return found[found < behind]


def character_begin(data: bytes, place: int) -> int:
    """Return where the character of UTF-8 begins in which a place is; the place itself if there is none."""
    for back in range(1, min(NEAR, place + 1)):
        first = data[place - back]
        if first >= 0xC0:
            length = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
            is_within = place < len(data) and data[place] & 0xC0 == 0x80 and length > back
            return place - back if is_within else place
        if first < 0x80:
            break
    return place
