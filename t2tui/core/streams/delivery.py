"""A flow's streams while its packets still come: bytes are handed out as gaps close, and forgotten.

What comes out is what StreamIndex finds of all packets at once. Some packets wait; now and then they become
an index, pieces that nothing can change any more are handed out, and the packets that brought them dropped.
Segments without payload stand for what is gone: a SYN in front of the first byte that is still awaited, and
those at the largest number so far, where it was reached first and last: keep-alives are told from payload by
what came before them.

A piece is final when all bytes before it are there, or cannot come any more: the other side has acknowledged
them, so that it is the capture that lost them; or the sender is far beyond them. Where the numbers begin
anew, the packets are all kept. Streams whose beginning nobody saw begin with the lowest byte of their first
HORIZON packets.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.streams.index import StreamIndex
from t2tui.core.streams.records import ACK, DATA, FIN, MISSING, RST, SEGMENT, SYN, TCP
from t2tui.core.streams.sequence import WINDOW, Positions, keep_alives, positions
from t2tui.core.streams.sources import ByteSource
from t2tui.core.streams.stream import NAMES, Direction, Part, Stream

HORIZON = 1 << 16
"""Packets that wait at least before anything is handed out, and before an acknowledgement counts: the sender
may not have got it, and captures of several interfaces have packets in another order."""

PATIENCE = 1 << 17
"""Packets that wait for a gap that nobody acknowledges to close. With 1460 bytes each they are 190 MB,
more than receivers offer."""

AGREEMENT = 1 << 12
"""Packets of a side within which a second segment outside the window must agree with the first one."""

Acks = list[tuple[NDArray[np.uint64], NDArray[np.uint32]]]
"""Numbers of packets, and what they acknowledge."""


class Delivery:
    """Puts a flow together piece by piece.

    Attributes:
        packets: how many there were.
        missing: bytes in gaps of what was handed out.
        size: bytes handed out.
    """

    def __init__(self, source: ByteSource, direction: Direction = "both", *, sequence: bool = True) -> None:
        """Begin without packets.

        Args:
            source: of the bytes.
            direction: which are wanted.
            sequence: see StreamIndex.build.
        """
        self.packets = self.missing = self.size = 0
        self._source, self._direction, self._sequence = source, direction, sequence
        self._waiting: list[NDArray[np.void]] = []
        self._count = 0
        self._limit = HORIZON
        self._offsets = [0, 0]  # of the streams, where the packets that wait begin
        self._acks: tuple[Acks, Acks] = [], []  # by direction: what the other side said since the last time
        self._settled = [0, 0]  # offsets of the streams: a gap that ends before them stays one
        self._reached: deque[tuple[int, list[int]]] = deque()  # packets so far, offsets behind the last bytes
        self._syns: dict[int, int] = {}  # by direction: number of the SYN, once it is forgotten

    def add(self, segments: NDArray[np.void]) -> Iterator[Part]:
        """Take in packets of the flow and yield what has become final.

        Args:
            segments: SEGMENT records of both directions, in the order of the capture.
        """
        self.packets += len(segments)
        if self._sequence:
            self._listen(segments)
        if self._direction != "both":
            segments = segments[segments["direction"] == NAMES.index(self._direction)]
        for direction, number in self._syns.items():  # sent again: it says nothing new
            is_syn = (segments["flags"] & (SYN | RST) == SYN) & (segments["direction"] == direction)
            segments = segments[~(is_syn & (segments["seq"] == number))]
        self._waiting.append(segments)
        self._count += len(segments)
        if self._count > self._limit:
            yield from self._deliver()
            self._limit = self._count + max(HORIZON, self._count // 4)

    def _listen(self, segments: NDArray[np.void]) -> None:
        """Keep the numbers that each side acknowledges."""
        speaks = (segments["flags"] & (ACK | RST) == ACK) & (segments["protocol"] == TCP)
        for direction in (0, 1):
            said = segments[speaks & (segments["direction"] != direction)]
            if len(said) and self._direction in ("both", NAMES[direction]):
                self._acks[direction].append((said["packet"].copy(), said["ack"].copy()))

    def finish(self) -> Iterator[Part]:
        """Yield what still waits."""
        segments = self._all()
        index = StreamIndex.build(segments, sequence=self._sequence)
        self._waiting, self._count = [], 0
        yield from self._parts(index, len(index.pieces))

    def _all(self) -> NDArray[np.void]:
        return np.concatenate(self._waiting) if self._waiting else np.zeros(0, SEGMENT)

    def _deliver(self) -> Iterator[Part]:
        """Yield pieces that are final, and drop their packets."""
        segments = self._all()
        index = StreamIndex.build(segments, sequence=self._sequence)
        settled = [settled - offset for settled, offset in zip(self._settled, self._offsets, strict=True)]
        can_wait = self._count < PATIENCE
        sides = [_Side.of(segments, index, side, settled[side], self._sequence, can_wait) for side in (0, 1)]
        self._waiting = [segments]
        if any(side is None for side in sides):
            return
        self._settle(segments, sides)
        final = np.zeros(len(index.pieces), bool)
        for direction, side in enumerate(sides):
            assert side is not None
            mine = index.pieces["direction"] == direction
            final |= mine & (index.pieces["offset"] < side.final)
        count = len(final) if final.all() else int(np.argmin(final))
        rest = index.pieces[count:]
        kept = np.zeros(len(segments), bool)
        kept[rest["segment"][rest["segment"] >= 0]] = True
        before, behind = [], []
        marked: list[int] = []
        begins: list[int] = []
        for direction, side in enumerate(sides):
            assert side is not None
            left = rest["offset"][rest["direction"] == direction]
            begins.append(int(left.min()) if len(left) else side.end)
            if side.is_tcp:
                has_ended = side.has_begin and side.fin >= 0 and side.fin_offset <= begins[-1]
                before += side.begin(begins[-1], has_ended)
                behind += [side.top(int(segments["packet"][row])) for row in side.landmarks]
                marked += side.landmarks
                if side.syn is not None:
                    self._syns.setdefault(direction, side.syn)
                if side.fin >= 0 and not has_ended:
                    kept[side.fin] = True
        rows = np.flatnonzero(kept)
        order = np.argsort(np.concatenate([2 * rows, 2 * np.array(marked, np.int64) + 1]), kind="stable")
        left_over = np.concatenate([_without_syn(segments[rows]), np.array(behind, SEGMENT)])[order]
        self._waiting = [np.array(before, SEGMENT), left_over]
        self._count = sum(map(len, self._waiting))
        yield from self._parts(index, count)
        self._offsets = [offset + begin for offset, begin in zip(self._offsets, begins, strict=True)]

    def _settle(self, segments: NDArray[np.void], sides: "Sequence[_Side | None]") -> None:
        """Note what of the gaps that are open now will be final the next time."""
        ends = []
        for direction, (side, offset) in enumerate(zip(sides, self._offsets, strict=True)):
            assert side is not None
            ends.append(offset + side.end)
            acknowledged = side.acknowledged(self._acks[direction])
            self._acks[direction].clear()
            self._settled[direction] = max(self._settled[direction], offset + acknowledged)
        self._reached.append((self.packets, ends))
        while self._reached and self._reached[0][0] <= self.packets - PATIENCE:
            _, ends = self._reached.popleft()
            self._settled = [max(pair) for pair in zip(self._settled, ends, strict=True)]

    def _parts(self, index: StreamIndex, count: int) -> Iterator[Part]:
        """Yield the first pieces of an index."""
        pieces = index.pieces[:count].copy()
        pieces["offset"] += np.array(self._offsets)[pieces["direction"]]
        stream = Stream(StreamIndex(index.segments, index.marks, index.offsets, pieces), self._source)
        self.missing += stream.missing(self._direction)
        self.size += stream.size(self._direction)
        yield from stream.parts(self._direction)


class _Reach(NamedTuple):
    """How far the sender was when a packet came.

    Attributes:
        packets: uint64, numbers of the sender's packets.
        tops: int64 by packet, position behind the last byte that it had sent.
        zero: sequence number of position 0.
        base: position of offset 0.
    """

    packets: NDArray[np.uint64]
    tops: NDArray[np.int64]
    zero: int
    base: int

    @classmethod
    def of(
        cls, packets: NDArray[np.uint64], where: Positions, lengths: NDArray[np.int64], zero: int, base: int
    ) -> "_Reach":
        """Look at the segments of a direction."""
        ends = np.where(where.placed, where.starts + lengths, 0)
        return cls(packets, np.maximum.accumulate(ends), zero, base)

    def acknowledged(self, packets: NDArray[np.uint64], acks: NDArray[np.uint32]) -> int:
        """Return the largest offset that packets of the other side acknowledge, of bytes that were sent."""
        tops = self.tops[np.maximum(np.searchsorted(self.packets, packets) - 1, 0)]
        ahead = (acks - ((tops + self.zero) & 0xFFFFFFFF).astype(np.uint32)).astype(np.int32)
        near = (ahead >= -WINDOW) & (ahead <= WINDOW)
        return int((tops + np.minimum(ahead, 0))[near].max(initial=self.base)) - self.base


class _Side:
    """How far a direction is.

    Attributes:
        is_tcp: it has sequence numbers.
        final: offset behind the last piece that cannot change.
        end: offset behind the last byte that was sent.
        syn: number of the SYN.
        fin: row of the first FIN in the order of the stream, -1 without.
        fin_offset: of that FIN.
        landmarks: rows of the first segment that reaches as far as the sender is, and of the last one.
    """

    def __init__(self, is_tcp: bool, final: int, end: int) -> None:
        self.is_tcp, self.final, self.end = is_tcp, final, end
        self.syn: int | None = None
        self.fin = -1
        self.fin_offset = 0
        self._direction = 0
        self._reach: _Reach | None = None
        self._number: int | None = None  # sequence number of offset 0
        self._top = 0  # largest sequence number
        self.landmarks: list[int] = []

    @classmethod
    def of(
        cls,
        segments: NDArray[np.void],
        index: StreamIndex,
        direction: int,
        settled: int,
        sequence: bool,
        can_wait: bool,
    ) -> "_Side | None":
        """Look at a direction; None if all its packets must be kept.

        Args:
            segments: all that wait.
            index: of them.
            direction: 0 or 1.
            settled: gaps that end before this offset will not close.
            sequence: see StreamIndex.build.
            can_wait: a segment outside the window is kept until it is clear that no other one agrees with it.
        """
        rows = np.flatnonzero(segments["direction"] == direction)
        pieces = index.pieces[index.pieces["direction"] == direction]
        end = int((pieces["offset"] + pieces["length"]).max(initial=0))
        mine = segments[rows]
        known = mine[mine["later"] == 0]
        if not len(rows) or not sequence or (len(known) and (known["protocol"] != TCP).all()):
            return cls(False, end, end)
        if not len(known) or (known["protocol"] != TCP).any():
            return None
        where = positions(known)
        if where.begins.any() or not where.placed.any():
            return None
        outside = np.flatnonzero(~where.placed & (known["flags"] & RST == 0))
        if len(outside) and can_wait and outside[-1] >= len(known) - AGREEMENT:
            return None
        first = int(np.argmax(where.placed))
        is_syn = int(known["flags"][first]) & SYN != 0
        zero = int(known["seq"][first]) + is_syn  # number of position 0
        lengths = known["length"].astype(np.int64)
        ends, numbers = where.starts + lengths, rows[mine["later"] == 0]
        top = int(ends[where.placed].max())
        gaps = pieces[pieces["kind"] != DATA]  # what was cut can come again, whole
        data = pieces[pieces["kind"] != MISSING]
        side = cls(True, end, end)
        side._direction, side._top = direction, zero + top & 0xFFFFFFFF
        usable = np.flatnonzero(where.placed & ~keep_alives(known, where))
        farthest = np.argmax(where.placed & (ends == top))
        last = numbers[usable[-1]] if len(usable) else rows[-1]
        side.landmarks = sorted({int(numbers[farthest]), int(last)})
        syns = where.placed & (known["flags"] & SYN != 0)
        if syns.any():
            side.syn = int(known["seq"][syns][0])
        fins = np.flatnonzero(where.placed & (known["flags"] & FIN != 0))
        if len(fins):
            ended = fins[np.argmin(ends[fins])]
            side.fin = int(numbers[ended])
            side.fin_offset = int(ends[ended])
        if len(data):
            row = int(data["segment"][0])
            position = int(where.starts[np.searchsorted(numbers, row)])
            base = position + int(data["skip"][0]) - int(data["offset"][0])
        elif syns.any():
            base = int(where.starts[syns].min())
        else:
            return side  # nothing was sent, so nothing is before what will be
        side._number = zero + base
        side.fin_offset -= base
        side._reach = _Reach.of(known["packet"], where, lengths, zero, base)
        behind = gaps["offset"] + gaps["length"].astype(np.int64)
        open_ = gaps["offset"][behind > max(settled, top - base - WINDOW)]
        side.final = int(open_.min()) if len(open_) else end
        last = gaps[(behind == side.final) & (gaps["kind"] == MISSING)]
        if len(last):  # a gap is told with the piece behind it
            side.final = int(last["offset"][0])
        return side

    def acknowledged(self, acks: Acks) -> int:
        """Return the offset behind the last byte that the other side has; 0 where it says nothing."""
        return max((self._reach.acknowledged(*part) for part in acks), default=0) if self._reach else 0

    @property
    def has_begin(self) -> bool:
        """Whether it is known which number offset 0 has."""
        return self._number is not None

    def begin(self, offset: int, has_ended: bool) -> list[Any]:
        """Return the segment that stands for what is before an offset, and for a FIN that was there."""
        if self._number is None:
            return []
        return [self._segment(self._number + offset - 1, SYN | FIN if has_ended else SYN)]

    def top(self, packet: int) -> Any:
        """Return the segment that stands for the largest number, where a packet was."""
        segment = self._segment(self._top, ACK)
        segment["packet"] = packet
        return segment

    def _segment(self, number: int, flags: int) -> Any:
        segment = np.zeros(1, SEGMENT)
        segment["seq"], segment["flags"] = number & 0xFFFFFFFF, flags
        segment["direction"], segment["protocol"] = self._direction, TCP
        return segment[0]


def _without_syn(segments: NDArray[np.void]) -> NDArray[np.void]:
    """Leave SYNs that have payload out of segments: the stream begins with another one now."""
    is_syn = segments["flags"] & (SYN | RST) == SYN
    segments["seq"][is_syn] += 1
    segments["flags"][is_syn] &= 0xFF - SYN
    return segments
