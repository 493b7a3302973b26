"""Streams from the lines of a packet file, which has payload as text (docs/follow.md, "Packet files")."""

import heapq
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from t2tui.core.capture.source import FileSource, peek_standard_input
from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.streams.records import SYN, TCP
from t2tui.core.streams.sequence import WINDOW
from t2tui.core.streams.show import Payload, unescaped
from t2tui.core.streams.stream import Conversation, Direction

MARK = b"%"
"""First byte of a packet file: that of the line of column names."""

STANDARD = "-"
COPIED = 1 << 20
"""Bytes of standard input that are copied at once."""

LONGEST_LINE = 1 << 22
"""Bytes; payload is at most 65,535 bytes, each of at most a few characters."""

HEX_CONTENT = "l7HexContent"
_HEX = re.compile(r"(?:0x)?([0-9a-fA-F]{2})")

WHERE = {
    "seq": "run with -p and tcpFlags among the plugins, or give --no-seq",
    "l7Len": "run with -p and basicStats among the plugins, or give --no-seq",
    "flowStat": "run with -p and basicFlow among the plugins",
    HEX_CONTENT: "run with -D core.PACKET_HEX=1, or follow the capture itself",
}
"""What to do about a missing column."""


class PacketFileError(ValueError):
    """A packet file that cannot be used; the message says where and what to do."""


class UnknownFlowError(PacketFileError):
    """No packet of the file belongs to the flow."""


def is_packet_file(path: str) -> bool:
    """Tell whether a file or standard input (``-``) begins like a packet file; named pipes do not."""
    place = Path(path)
    try:
        if path == STANDARD:
            return peek_standard_input() == MARK
        if not place.is_file():
            return False
        with place.open("rb") as file:
            return file.read(1) == MARK
    except (OSError, ValueError):
        return False


@contextmanager
def kept_input() -> Iterator[str]:
    """Keep standard input in a temporary file, which can be read more than once, and give its path.

    Raises:
        OSError: there is no space for it.
    """
    source = FileSource(STANDARD)
    buffer = memoryview(bytearray(COPIED))
    with NamedTemporaryFile(prefix="t2tui-") as file:
        while got := source.read_into(buffer, None):
            file.write(buffer[: max(got, 0)])
        if source.fault:
            raise PacketFileError(f"standard input: {source.fault}")
        file.flush()
        yield file.name


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes that no line has.

    Attributes:
        direction: ``A`` or ``B``.
        length: how many.
    """

    direction: str
    length: int


@dataclass
class _Side:
    """A direction of a TCP flow.

    Attributes:
        following: sequence number that is expected next; None before the first packet with payload.
        offset: bytes so far.
        waiting: (offset, number of the line, its position and length in the file) of segments that came too
            early, as a heap.
    """

    following: int | None = None
    offset: int = 0
    waiting: list[tuple[int, int, int, int]] = field(default_factory=list)


class PacketFile:
    """A packet file; read as often as one likes."""

    def __init__(self, path: str, name: str = "") -> None:
        """Read the names of the columns.

        Args:
            path: of the file.
            name: what errors call it; its path without.

        Raises:
            OSError: the file cannot be read.
            PacketFileError: it is no packet file.
        """
        self._path = path
        self._name = name or path
        with Path(path).open("rb") as file:
            head = file.readline(LONGEST_LINE)
        if not head.startswith(MARK) or not head.endswith(b"\n"):
            raise PacketFileError(f"'{self._name}' does not begin with a line of column names")
        names = head[1:].decode("utf-8", "replace").rstrip("\r\n").split("\t")
        self._columns = {name: place for place, name in enumerate(names)}
        self._begin = len(head)

    def payloads(
        self, flow: int, direction: Direction = "both", *, sequence: bool = True, as_hex: bool = False
    ) -> Iterator[Payload | Gap]:
        """Yield the payloads of a flow as Tranalyzer2 orders them.

        TCP, per direction: what ends at or before the number expected next is left out (retransmissions,
        keep-alives); what comes too early waits until the gap before it closes, or to the end of the file.

        Args:
            flow: index.
            direction: which payloads.
            sequence: use the sequence numbers of TCP.
            as_hex: the bytes are needed, not only their text.

        Raises:
            OSError: the file cannot be read.
            PacketFileError: a column is missing, a line is damaged, or there is no such flow.
        """
        self._need("flowInd", "flowStat", HEX_CONTENT if as_hex else "l7Content")
        sides = {"A": _Side(), "B": _Side()}
        is_known, highest = False, 0
        with Path(self._path).open("rb") as file:
            for number, place, line in self._lines(file):
                cells = self._cells(line, number)
                index = self._number(cells, "flowInd", number)
                highest = max(highest, index)
                if index != flow:
                    continue
                is_known = True
                side = self._direction(cells, number)
                if direction not in ("both", side):
                    continue
                if sequence and self._optional(cells, "l4Proto") == TCP:
                    self._need("seq", "l7Len")
                    yield from self._placed(
                        file.fileno(), sides[side], cells, (number, place, len(line)), as_hex
                    )
                else:
                    yield from self._next(sides[side], cells, number, as_hex, None)
            if not is_known:
                raise UnknownFlowError(
                    f"'{self._name}': there is no flow {flow}: "
                    + (f"its packets belong to flows up to {highest}" if highest else "it has no packets")
                )
            for name, each in sides.items():
                yield from self._rest(file.fileno(), name, each, as_hex)

    def _lines(self, file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
        """Yield number, position and bytes of the lines behind the first."""
        place = 0
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
            if len(line) == LONGEST_LINE:
                raise PacketFileError(f"'{self._name}', line {number}: longer than any packet makes it")
            if place >= self._begin and not line.startswith(MARK):
                yield number, place, line
            place += len(line)

    def _need(self, *names: str) -> None:
        for name in names:
            if name not in self._columns:
                advice = WHERE.get(name, "it is no packet file of 't2tui run -s'")
                raise PacketFileError(f"'{self._name}' has no column {name}: {advice}")

    def _cells(self, line: bytes, number: int) -> list[str]:
        cells = line.decode("utf-8", "replace").rstrip("\r\n").split("\t")
        if len(cells) != len(self._columns):
            raise PacketFileError(
                f"'{self._name}', line {number}: {len(cells)} cells for {len(self._columns)} columns; "
                "the file is damaged or not complete"
            )
        return cells

    def _number(self, cells: list[str], name: str, number: int) -> int:
        text = cells[self._columns[name]]
        try:
            return int(text, 0)
        except ValueError:
            raise PacketFileError(f"'{self._name}', line {number}: {name} is '{text}', no number") from None

    def _optional(self, cells: list[str], name: str) -> int | None:
        """Return a number that may be missing."""
        text = cells[self._columns[name]] if name in self._columns else ""
        try:
            return int(text, 0)
        except ValueError:
            return None

    def _text(self, cells: list[str], name: str) -> str:
        return cells[self._columns[name]] if name in self._columns else ""

    def _direction(self, cells: list[str], number: int) -> str:
        return "B" if self._number(cells, "flowStat", number) & L3FLOWINVERT else "A"

    # ------------------------------------------------------------------ order of TCP

    def _placed(
        self, descriptor: int, side: _Side, cells: list[str], line: tuple[int, int, int], as_hex: bool
    ) -> Iterator[Payload | Gap]:
        """Yield what a segment lets be read."""
        number, place, size = line
        seq, length = self._number(cells, "seq", number), self._number(cells, "l7Len", number)
        is_syn = bool((self._optional(cells, "tcpFlags") or 0) & SYN)
        if side.following is None and (is_syn or length):
            side.following = seq + is_syn & 0xFFFFFFFF
        if not length or side.following is None:
            return
        ahead = _signed(seq + is_syn - side.following)
        if ahead > 0:
            heapq.heappush(side.waiting, (side.offset + ahead, number, place, size))
            return
        yield from self._next(side, cells, number, as_hex, -ahead)
        while side.waiting and side.waiting[0][0] <= side.offset:
            offset, number, place, size = heapq.heappop(side.waiting)
            cells = self._cells(os.pread(descriptor, size, place), number)
            yield from self._next(side, cells, number, as_hex, side.offset - offset)

    def _rest(self, descriptor: int, name: str, side: _Side, as_hex: bool) -> Iterator[Payload | Gap]:
        """Yield what still waits at the end of the file."""
        while side.waiting:
            offset, number, place, size = heapq.heappop(side.waiting)
            if 0 < offset - side.offset <= WINDOW:
                yield Gap(name, offset - side.offset)
            side.offset = max(side.offset, offset)
            cells = self._cells(os.pread(descriptor, size, place), number)
            yield from self._next(side, cells, number, as_hex, side.offset - offset)

    def _next(
        self, side: _Side, cells: list[str], number: int, as_hex: bool, known: int | None
    ) -> Iterator[Payload]:
        """Yield the payload of a line.

        Args:
            side: its direction.
            cells: of the line.
            number: of the line.
            as_hex: see payloads().
            known: how many of its bytes came before; None: do not look at sequence numbers.
        """
        payload = self._payload(cells, number, side.offset, as_hex)
        announced = payload.length
        if known is None:
            side.offset += len(payload.data) or len(payload.text or "")
            if payload.data or payload.text:
                yield payload
            return
        assert announced is not None
        if known >= announced:
            return
        assert side.following is not None
        side.following = side.following + announced - known & 0xFFFFFFFF
        side.offset += announced - known
        if payload.data[known:] or (payload.text or "")[known:]:
            yield _without(payload, known)

    def _payload(self, cells: list[str], number: int, offset: int, as_hex: bool) -> Payload:
        content = self._text(cells, "l7Content")
        data = bytes.fromhex("".join(_HEX.findall(self._text(cells, HEX_CONTENT)))) if as_hex else b""
        vlan = self._text(cells, "vlanID")
        ends = Conversation(
            self._number(cells, "flowInd", number),
            self._optional(cells, "l4Proto") or 0,
            self._text(cells, "srcIP"),
            self._text(cells, "dstIP"),
            self._optional(cells, "srcPort"),
            self._optional(cells, "dstPort"),
            vlan or None,
            self._optional(cells, "ethType") if self._text(cells, "srcIP") in ("", "-") else None,
        )
        return Payload(
            self._direction(cells, number),
            self._optional(cells, "pktNo") or 0,
            self._text(cells, "time"),
            ends,
            data,
            offset,
            seq=self._optional(cells, "seq") if ends.protocol == TCP else None,
            length=self._optional(cells, "l7Len"),
            text=None if as_hex else unescaped(content),
        )


def _signed(number: int) -> int:
    return (number + (1 << 31) & 0xFFFFFFFF) - (1 << 31)


def _without(payload: Payload, known: int) -> Payload:
    """Return a payload without its first bytes."""
    text = None if payload.text is None else payload.text[known:]
    return replace(payload, data=payload.data[known:], text=text) if known else payload
