"""A flow's two streams as somebody reads them: by windows, with gaps told apart from bytes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import TracebackType
from typing import BinaryIO, Literal, Self

import numpy as np
from numpy.typing import NDArray

from t2tui.core.streams.comparison import Difference, differences
from t2tui.core.streams.index import StreamIndex
from t2tui.core.streams.records import DATA
from t2tui.core.streams.sources import ByteSource

Direction = Literal["both", "A", "B"]
NAMES = ("A", "B")

WINDOW_BYTES = 1 << 20
"""Bytes that are in memory at a time when a whole stream is written or compared."""


@dataclass(frozen=True)
class Conversation:
    """Whose stream it is; addresses as seen from direction A.

    Attributes:
        flow: index.
        protocol: number of the layer-4 protocol, 0 of a layer-2 flow.
        source, destination: addresses as text; MAC addresses of a layer-2 flow.
        source_port, destination_port: None where the protocol has none.
        vlan: id of the last VLAN tag, None without; packet files have all ids, as text.
        ether_type: EtherType of a layer-2 flow, None of others.
    """

    flow: int
    protocol: int
    source: str
    destination: str
    source_port: int | None = None
    destination_port: int | None = None
    vlan: int | str | None = None
    ether_type: int | None = None

    def reversed(self) -> "Conversation":
        """Return it as seen from the other side."""
        return replace(
            self,
            source=self.destination,
            destination=self.source,
            source_port=self.destination_port,
            destination_port=self.source_port,
        )


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a stream, or the part of one that lies in a window.

    Attributes:
        direction: ``A`` or ``B``.
        kind: DATA, MISSING or CUT.
        offset: place of its first byte in the stream of its direction.
        length: bytes.
        data: the bytes; empty unless ``kind`` is DATA.
        packet: number of the packet that brought it, 0 of missing bytes.
        time: of that packet, ns since 1970.
        seq: TCP sequence number of that packet.
        marks: what is to be said about the packet (RETRANSMISSION ...).
        segment: its row in ``StreamIndex.segments``, -1 of missing bytes.
    """

    direction: str
    kind: int
    offset: int
    length: int
    data: bytes
    packet: int
    time: int
    seq: int
    marks: int
    segment: int


class View:
    """Pieces of one direction or both, and where each begins in what is shown of them.

    Attributes:
        rows: int64, those of the pieces in ``StreamIndex.pieces``.
        shown: int64 by piece, bytes that can be read; none of a gap.
        begins, ends: int64 by piece, number of the first byte and of the one behind the last.
        size: number of bytes.
    """

    def __init__(self, index: StreamIndex, direction: Direction) -> None:
        pieces = index.pieces
        rows = np.arange(len(pieces))
        if direction != "both":
            rows = np.flatnonzero(pieces["direction"] == NAMES.index(direction))
        self.rows = rows
        self.shown = np.where(pieces["kind"][rows] == DATA, pieces["length"][rows], 0).astype(np.int64)
        self.ends = np.cumsum(self.shown)
        self.begins = self.ends - self.shown
        self.size = int(self.ends[-1]) if len(rows) else 0

    def window(self, first: int, count: int) -> tuple[int, int]:
        """Return the first piece of a window and the one behind the last.

        Windows that follow each other share no gap: the gaps behind the last byte belong to the window
        with that byte.
        """
        if count == 0 or (first >= self.size and first):
            return 0, 0
        low = int(np.searchsorted(self.ends, first, side="left"))
        high = len(self.ends)
        if first + count < self.size:
            high = int(np.searchsorted(self.begins, first + count, side="left"))
        return low, high


class Stream:
    """The streams of a flow; a context manager where the bytes are in a temporary file.

    Attributes:
        index: where everything is.
        conversation: whose they are; None if nobody said.
    """

    def __init__(
        self, index: StreamIndex, source: ByteSource, conversation: Conversation | None = None
    ) -> None:
        self.index = index
        self.conversation = conversation
        self._source = source
        self._views: dict[Direction, View] = {}

    @property
    def pieces(self) -> NDArray[np.void]:
        """PIECE records in the order of delivery."""
        return self.index.pieces

    def view(self, direction: Direction = "both") -> View:
        """Return which pieces are shown of a direction, and where."""
        if direction not in self._views:
            self._views[direction] = View(self.index, direction)
        return self._views[direction]

    def size(self, direction: Direction = "both") -> int:
        """Return the number of bytes that can be read, without those of gaps."""
        return self.view(direction).size

    def missing(self, direction: Direction = "both") -> int:
        """Return the number of bytes in gaps: in no packet, or not captured."""
        view = self.view(direction)
        return int(self.pieces["length"][view.rows].sum(dtype=np.int64)) - view.size

    def read(self, first: int, count: int, direction: Direction = "both") -> list[Part]:
        """Read a window of what is shown: bytes in the order of delivery, gaps between them.

        Args:
            first: number of the first byte, counted over the bytes shown; gaps count nothing.
            count: number of bytes.
            direction: one, or both as they take turns.

        Returns:
            Parts; the first and the last one may be cut to the window. A gap belongs to the window in which
            the byte behind it is, or the last byte.

        Raises:
            ValueError: ``first`` or ``count`` is negative.
            CaptureError: the capture cannot be read any more.
        """
        if first < 0 or count < 0:
            raise ValueError(f"a window begins at 0 or later and has no negative size: {first}, {count}")
        view = self.view(direction)
        low, high = view.window(first, count)
        pieces = self.pieces[view.rows[low:high]]
        begins = view.begins[low:high]
        shown = view.shown[low:high]
        cut = np.clip(first - begins, 0, shown)
        left = np.clip(first + count - begins, 0, shown) - cut
        keep = (left > 0) | (pieces["kind"] != DATA) & (begins >= first)
        return list(self._parts(pieces[keep], cut[keep], left[keep]))

    def parts(self, direction: Direction = "both") -> Iterator[Part]:
        """Yield all pieces whole, from the first to the last; few are in memory at a time."""
        view = self.view(direction)
        at = 0
        while at < len(view.rows):
            limit = (view.ends[at - 1] if at else 0) + WINDOW_BYTES
            behind = max(at + 1, int(np.searchsorted(view.ends, limit, side="right")))
            behind = min(behind, at + WINDOW_BYTES // 64)
            pieces = self.pieces[view.rows[at:behind]]
            yield from self._parts(pieces, np.zeros(len(pieces), np.int64), view.shown[at:behind])
            at = behind

    def _parts(
        self, pieces: NDArray[np.void], cut: NDArray[np.int64], left: NDArray[np.int64]
    ) -> Iterator[Part]:
        """Yield parts of pieces.

        Args:
            pieces: PIECE records.
            cut: bytes left out at the begin of each.
            left: bytes read of each.
        """
        segments = self.index.segments[pieces["segment"]]
        has_bytes = left > 0
        places = segments["place"] + pieces["skip"] + cut
        data = self._source.read(places[has_bytes], left[has_bytes])
        columns = zip(
            pieces["direction"].tolist(),
            pieces["kind"].tolist(),
            (pieces["offset"] + cut).tolist(),
            pieces["length"].tolist(),
            pieces["segment"].tolist(),
            segments["packet"].tolist(),
            segments["time"].tolist(),
            segments["seq"].tolist(),
            self.index.marks[pieces["segment"]].tolist(),
            left.tolist(),
            strict=True,
        )
        for direction, kind, offset, length, row, packet, time, seq, marks, count in columns:
            if kind == DATA:
                yield Part(NAMES[direction], kind, offset, count, next(data), packet, time, seq, marks, row)
            elif row < 0:
                yield Part(NAMES[direction], kind, offset, length, b"", 0, 0, 0, 0, row)
            else:
                yield Part(NAMES[direction], kind, offset, length, b"", packet, time, seq, marks, row)

    def bytes(self, direction: Direction = "both") -> bytes:
        """Return all bytes, without gaps. For short streams: a long one fills the memory; see write()."""
        return b"".join(part.data for part in self.parts(direction))

    def write(self, file: BinaryIO, direction: Direction = "both") -> int:
        """Write all bytes, without gaps, and return how many."""
        written = 0
        for part in self.parts(direction):
            file.write(part.data)
            written += len(part.data)
        return written

    def place(self, number: int, direction: Direction, within: Direction) -> int:
        """Return where a byte is that is counted over one direction, or over both.

        Args:
            number: of the byte, counted over ``direction``.
            direction: over which it is counted.
            within: over which it is counted in the result; of a byte of another direction it is the place
                of the next one of this direction.
        """
        if direction == within:
            return number
        counted, other = self.view(direction), self.view(within)
        piece = int(np.searchsorted(counted.ends, number, side="right"))
        if piece >= len(counted.rows):
            return other.size
        row = int(counted.rows[piece])
        at = int(np.searchsorted(other.rows, row))
        if at >= len(other.rows):
            return other.size
        distance = number - int(counted.begins[piece]) if int(other.rows[at]) == row else 0
        return int(other.begins[at]) + distance

    def differences(self, rows: NDArray[np.int64] | None = None) -> Iterator[Difference]:
        """Compare what was sent twice; yield what differs, see comparison.py.

        Reads the capture: both versions of everything that was sent twice.

        Args:
            rows: of the segments that are compared, in order; all without.
        """
        return differences(self.index, self._source, rows)

    def close(self) -> None:
        """Give the temporary file back, if there is one."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
