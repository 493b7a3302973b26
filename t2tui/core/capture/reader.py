"""Captures: open, read batch by batch."""

import time
from pathlib import Path
from types import TracebackType
from typing import Literal, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from t2tui.core.batch import READ_BYTES, PacketBatch
from t2tui.core.capture.bpf import NO_FILTER, compile_filter
from t2tui.core.capture.errors import CaptureError
from t2tui.core.capture.pcap import FILE_HEADER, KUZNETZOV, MICROSECONDS, NANOSECONDS, PcapFormat
from t2tui.core.capture.pcapng import BYTE_ORDER, SECTION
from t2tui.core.capture.sections import OVERLAY_BYTES, PcapngFormat
from t2tui.core.capture.source import (
    GZIP_MAGIC,
    MAGIC_BYTES,
    NOTHING_YET,
    ZSTD_MAGIC,
    CompressedSource,
    FileSource,
    Source,
)
from t2tui.core.capture.walk import (
    COUNT,
    DESCRIPTION,
    END,
    FAULT,
    FAULTY,
    LIMIT,
    MORE,
    OTHER,
    POS,
    ROOM,
    STATE_SIZE,
)

READ_CHUNK = 1 << 18
"""Bytes per read: what is left over when a batch is full is copied, so reads are small."""


class CaptureWarning(NamedTuple):
    """A fault in the capture that did not end the reading."""

    before_packet: int
    """Index in the batch of the packet that follows; the batch's count if none does."""
    text: str


class Format(Protocol):
    """A file format: what the header said, and the walk over the records."""

    name: str
    link_type: int
    snap_length: int

    def walk(self, state: NDArray[np.int64], batch: PacketBatch, program: NDArray[np.int64]) -> int: ...
    def fault(self, state: NDArray[np.int64]) -> str: ...
    def truncated(self, rest: bytes) -> str: ...


class Capture:
    """A capture that is being read; use as a context manager.

    Attributes:
        path: as it was given, ``-`` for standard input.
        name: text for the report's "Processing file:".
        format: "pcap" or "pcapng".
        compression: "gzip", "zstd" or None.
        link_type: DLT number as libpcap reports it.
        snap_length: bytes, as libpcap reports it.
        disk_size: bytes on disk, None for pipes.
        warnings: faults met by the last reads, until take_warnings().
        ended: the end was reached; no more packets will come.
    """

    def __init__(
        self,
        path: str,
        raw: FileSource,
        source: Source,
        kind: PcapFormat | PcapngFormat,
        program: NDArray[np.int64],
        compression: str | None,
        plain_bytes: int,
    ) -> None:
        self.path = path
        self.name = path
        self.format: Literal["pcap", "pcapng"] = kind.name
        self.compression = compression
        self.link_type = kind.link_type
        self.snap_length = kind.snap_length
        self.disk_size = raw.size
        self.warnings: list[CaptureWarning] = []
        self.ended = False
        self._source = source
        self._kind = kind
        self._program = program
        self._plain_bytes = plain_bytes
        self._last_warning = ""
        self._state = np.zeros(STATE_SIZE, np.int64)
        self._overlay = bytes(kind.overlay) if isinstance(kind, PcapngFormat) else b""
        self._carry = b""

    @property
    def size(self) -> int | None:
        """Bytes of the capture, uncompressed; None for pipes.

        Of a compressed capture the size is known when all was read; until then it is what was read so far.
        """
        if self.disk_size is None or self.compression is None:
            return self.disk_size
        return self._plain_bytes

    @property
    def bytes_read(self) -> int:
        """Position in the file on disk (compressed bytes of a compressed capture), for progress."""
        return self._source.position

    def fileno(self) -> int:
        """Return the file descriptor, for select and poll."""
        return self._source.fileno()

    def close(self) -> None:
        """Close the file; standard input stays open."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def take_warnings(self) -> list[str]:
        """Return the texts of the warnings since the last call and forget them."""
        texts = [warning.text for warning in self.warnings]
        self.warnings.clear()
        return texts

    def read(self, batch: PacketBatch, timeout: float | None = None) -> int:
        """Fill a batch with the next packets.

        A file gives full batches; a pipe gives what is there, at least one packet.

        Args:
            batch: ``data``, ``packets`` (capture fields), ``count``, ``other_blocks`` and ``other_count`` are
                filled. Rows of ``other_blocks`` lie before a packet of the batch, never behind the last one.
            timeout: seconds to wait for a packet; None waits for as long as it takes.

        Returns:
            Number of packets, 0 at the end, NOTHING_YET (-1) if no packet came within the time-out.
        """
        state = self._state
        state[COUNT] = state[OTHER] = 0
        state[LIMIT] = len(batch.packets)
        view = memoryview(batch.data)[:READ_BYTES]
        deadline = None if timeout is None else time.monotonic() + timeout
        self._put_back(batch)
        while self._walk(batch) == MORE and not self.ended:
            end = int(state[END])
            if end == READ_BYTES:
                if state[COUNT]:
                    break
                self._keep(batch)
                self._put_back(batch)
                if deadline is not None and time.monotonic() >= deadline:
                    break
                continue
            wait = deadline and max(0.0, deadline - time.monotonic())
            got = self._source.read_into(view[end : end + READ_CHUNK], 0.0 if state[COUNT] else wait)
            if got == NOTHING_YET:
                break
            if got == 0:
                self._finish(batch)
            self._plain_bytes += got
            state[END] += got
        self._keep(batch)
        batch.count = int(state[COUNT])
        batch.other_count = int(state[OTHER])
        return batch.count if batch.count or self.ended else NOTHING_YET

    def _walk(self, batch: PacketBatch) -> int:
        """Walk until more bytes are needed or the batch is full, minding faults and descriptions on the way."""
        state = self._state
        while True:
            status = self._kind.walk(state, batch, self._program)
            if status == FAULTY:
                self._warn(self._kind.fault(state))
            elif status == ROOM:
                batch.other_blocks = np.concatenate([batch.other_blocks, np.zeros_like(batch.other_blocks)])
            elif status == DESCRIPTION and isinstance(self._kind, PcapngFormat):
                text = self._kind.describe(state, batch)
                if text:
                    self._warn(text)
                    state[FAULT] = 0
            else:
                return status

    def _warn(self, fault: str) -> None:
        text = f"pcap_dispatch failed: {fault}"
        if text != self._last_warning:
            self.warnings.append(CaptureWarning(int(self._state[COUNT]), text))
        self._last_warning = text

    def _finish(self, batch: PacketBatch) -> None:
        """Note the end of the source, and what is wrong with it."""
        self.ended = True
        if self._source.fault:
            self.warnings.append(
                CaptureWarning(int(self._state[COUNT]), f"{self.path}: {self._source.fault}")
            )
        rest = batch.data[self._state[POS] : self._state[END]].tobytes()
        if rest:
            self._warn(self._kind.truncated(rest))
        self._state[POS] = self._state[END]

    def _keep(self, batch: PacketBatch) -> None:
        """Keep for the next batch the bytes that were not walked, and blocks behind the last packet."""
        state = self._state
        self._carry = batch.data[state[POS] : state[END]].tobytes()
        rows, count = batch.other_blocks, int(state[OTHER])
        overlay = bytearray()
        first = count
        while first and rows[first - 1, 0] == state[COUNT]:
            first -= 1
        for _, position, length in rows[first:count].tolist():
            overlay[:length] = batch.data[position : position + length].tobytes()
        state[OTHER] = first
        self._overlay = bytes(overlay[:OVERLAY_BYTES])

    def _put_back(self, batch: PacketBatch) -> None:
        """Begin a batch with what the last one left."""
        state = self._state
        overlay = len(self._overlay)
        end = overlay + len(self._carry)
        batch.data[:end] = np.frombuffer(self._overlay + self._carry, np.uint8)
        state[OTHER] = 0
        if overlay:
            batch.other_blocks[0] = 0, 0, overlay
            state[OTHER] = 1
        state[POS], state[END] = overlay, end


def open_capture(
    source: str | Path, *, precision: Literal["ns", "us"] = "ns", bpf: str | None = None
) -> Capture:
    """Open a capture file, a pipe or standard input.

    Args:
        source: path, ``-`` for standard input.
        precision: unit of the packets' fractions of a second.
        bpf: filter expression; packets that it refuses do not appear (their bytes do, in ``other_blocks``).

    Raises:
        CaptureError: the file cannot be read, is empty, or is no capture; the expression is wrong.
    """
    path = str(source)
    raw = FileSource(path)
    try:
        return _open(path, raw, precision, bpf)
    except BaseException:
        raw.close()
        raise


def _open(path: str, raw: FileSource, precision: Literal["ns", "us"], bpf: str | None) -> Capture:
    magic = raw.peek(MAGIC_BYTES)
    if not magic:
        raise CaptureError(f"PCAP file '{path}' is empty", "Capture again; the file holds no bytes at all.")
    compression = "gzip" if magic.startswith(GZIP_MAGIC) else "zstd" if magic == ZSTD_MAGIC else None
    stream: Source = CompressedSource(raw, compression) if compression else raw
    taken = 0

    def read(count: int) -> bytes:
        nonlocal taken
        buffer = bytearray(count)
        got = 0
        while got < count:
            more = stream.read_into(memoryview(buffer)[got:], None)
            if more <= 0:
                break
            got += more
        taken += got
        return bytes(buffer[:got])

    head = read(12)
    kind = _recognise(head, path)
    try:
        if kind == "pcapng":
            first = head

            def read_on(count: int) -> bytes:
                nonlocal first
                given, first = first[:count], first[count:]
                return given + read(count - len(given))

            format_: PcapFormat | PcapngFormat = PcapngFormat(read_on, precision)
        else:
            format_ = PcapFormat.parse(head + read(FILE_HEADER - len(head)), precision)
    except ValueError as error:
        raise CaptureError(
            f"Failed to open file '{path}': {error}",
            "The file's header is damaged or of a version that nobody writes any more.",
        ) from error
    program = compile_filter(bpf, format_.link_type, format_.snap_length) if bpf else NO_FILTER
    return Capture(path, raw, stream, format_, program, compression, taken)


def _recognise(head: bytes, path: str) -> Literal["pcap", "pcapng"]:
    """Tell the format by the first 12 bytes, as the reference does."""
    numbers = {
        order: [int.from_bytes(head[at : at + 4], order) for at in (0, 8)] for order in ("little", "big")
    }
    magics = {MICROSECONDS, NANOSECONDS} | ({KUZNETZOV} if path == "-" else set())
    if len(head) == 12:
        if any(first in magics for first, _ in numbers.values()):
            return "pcap"
        if any(first == SECTION and third == BYTE_ORDER for first, third in numbers.values()):
            return "pcapng"
    raise CaptureError(
        f"File '{path}' is not a valid PCAP/PCAP-NG file",
        "Give a capture in pcap or pcapng format, also compressed with gzip or zstd.",
    )
