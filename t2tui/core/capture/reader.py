"""A capture that is read batch by batch."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from t2tui.core.batch import READ_BYTES, PacketBatch
from t2tui.core.capture.pcap import PcapFormat
from t2tui.core.capture.sections import OVERLAY_BYTES, PcapngFormat
from t2tui.core.capture.source import NOTHING_YET, Source, read_fully
from t2tui.core.capture.walk import (
    BLOCK,
    COUNT,
    DESCRIPTION,
    END,
    FAULT,
    FAULTY,
    LIMIT,
    MORE,
    ORIGIN,
    OTHER,
    POS,
    ROOM,
    STATE_SIZE,
)

READ_CHUNK = 1 << 18
"""Bytes per read: what is left over when a batch is full is copied, so reads are small."""


class CaptureWarning(NamedTuple):
    """A fault in the capture that does not end the reading.

    Attributes:
        before_packet: index in the batch of the packet that follows the fault, its count if none does.
        text: such as ``pcap_dispatch failed: truncated dump file; ...``, without the mark ``[WRN]``.
    """

    before_packet: int
    text: str


class Capture:
    """A capture that is being read; a context manager.

    Attributes:
        path: as it was given, ``-`` for standard input.
        name: text for the report's "Processing file:".
        format: "pcap" or "pcapng".
        compression: "gzip", "zstd" or None.
        link_type: DLT number as libpcap reports it.
        snap_length: bytes, as libpcap reports it.
        disk_size: bytes on disk, None for pipes.
        warnings: faults since the last take_warnings().
        ended: no more packets will come.
    """

    def __init__(
        self,
        path: str,
        source: Source,
        kind: PcapFormat | PcapngFormat,
        program: NDArray[np.int64],
        header_bytes: int,
    ) -> None:
        """Take over an open source; see open_capture.

        Args:
            path: for texts.
            source: bytes behind the header.
            kind: what the header said.
            program: int64 (n, 4), the BPF program.
            header_bytes: bytes that were already read.
        """
        self.path = path
        self.name = path
        self.format: Literal["pcap", "pcapng"] = kind.name
        self.compression = source.compression
        self.link_type = kind.link_type
        self.snap_length = kind.snap_length
        self.disk_size = source.disk_size
        self.warnings: list[CaptureWarning] = []
        self.ended = False
        self._source = source
        self._kind = kind
        self._program = program
        self._plain_bytes = header_bytes
        self._last_fault = ""
        self._state = np.zeros(STATE_SIZE, np.int64)
        self._overlay = kind.overlay
        self._carry = b""

    @property
    def size(self) -> int | None:
        """Bytes of the capture, uncompressed; None for pipes.

        That of a compressed capture is known when all is read; until then it is what was read so far.
        """
        if self.disk_size is None or self.compression is None:
            return self.disk_size
        return self._plain_bytes

    @property
    def bytes_read(self) -> int:
        """Position in the file on disk, for progress: compressed bytes of a compressed capture."""
        return self._source.position

    def fileno(self) -> int:
        """Return the file descriptor, for select and poll."""
        return self._source.fileno()

    def set_patience(self, patience: Callable[[], None]) -> None:
        """Say what is called while the reader waits within read() for the rest of a large block.

        Args:
            patience: called about five times a second; what it raises ends read().
        """
        self._source.patience = patience

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
        """Return the texts of ``warnings`` and forget them."""
        texts = [warning.text for warning in self.warnings]
        self.warnings.clear()
        return texts

    def read(self, batch: PacketBatch, timeout: float | None = None) -> int:
        """Fill a batch with the next packets.

        A file gives full batches; a pipe gives what is there, at least one packet.

        Args:
            batch: ``data``, ``packets`` (fields base to blockLen), ``count``, ``other_blocks`` (which may be
                replaced by a larger array) and ``other_count`` are filled. Other blocks are pcapng blocks
                without packet and packets that the filter refused; each lies before a packet of the batch.
            timeout: seconds to wait for a packet; None waits for as long as it takes.

        Returns:
            Number of packets, 0 at the end, NOTHING_YET (-1) if no packet came within the time-out.
        """
        state = self._state
        state[COUNT] = 0
        state[LIMIT] = len(batch.packets)
        view = batch.data.data[:READ_BYTES]
        deadline = None if timeout is None else time.monotonic() + timeout
        self._put_back(batch)
        while self._walk(batch) == MORE and not self.ended:
            end = int(state[END])
            wait = 0.0 if state[COUNT] else deadline and max(0.0, deadline - time.monotonic())
            if end == READ_BYTES:
                if state[COUNT]:
                    break
                self._keep(batch)
                if len(self._overlay) + len(self._carry) == READ_BYTES:
                    self._take_large()
                self._put_back(batch)
                if wait == 0:
                    break
                continue
            got = self._source.read_into(view[end : end + READ_CHUNK], wait)
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
        """Walk until bytes or room are needed; word faults and take in descriptions on the way."""
        state = self._state
        state[ORIGIN] = self._plain_bytes - state[END]
        while True:
            status = self._kind.walk(state, batch, self._program)
            if status == FAULTY:
                self._warn(self._kind.fault(state))
            elif status == ROOM:
                batch.other_blocks = np.concatenate([batch.other_blocks, np.zeros_like(batch.other_blocks)])
            elif status == DESCRIPTION and isinstance(self._kind, PcapngFormat):
                fault = self._kind.describe(batch.data[state[BLOCK] : state[POS]].tobytes())
                if fault:
                    self._warn(fault)
                    state[FAULT] = 0
            else:
                return status

    def _warn(self, fault: str) -> None:
        """Note a fault unless it is the last one again."""
        if fault != self._last_fault:
            self.warnings.append(CaptureWarning(int(self._state[COUNT]), f"pcap_dispatch failed: {fault}"))
        self._last_fault = fault

    def _finish(self, batch: PacketBatch) -> None:
        """Note the end of the source, and what is wrong with it."""
        state = self._state
        self.ended = True
        if self._source.fault:
            text = f"'{self.path}': {self._source.fault}; what was read before is kept"
            self.warnings.append(CaptureWarning(int(state[COUNT]), text))
        rest = batch.data[state[POS] : state[END]].tobytes()
        if rest:
            self._warn(self._kind.truncated(rest))
        state[POS] = state[END]

    def _take_large(self) -> None:
        """Take in a pcapng block that does not fit the batch: only what can show behind a packet is kept."""
        assert isinstance(self._kind, PcapngFormat)  # a record of classic pcap fits
        total = self._kind.block_length(self._carry)
        rest = read_fully(self._source, total - len(self._carry))
        self._plain_bytes += len(rest)
        block = self._carry + rest
        fault = self._kind.truncated(block) if len(block) < total else self._kind.large_block(block)
        if fault:
            self._warn(fault)
        self._state[FAULT] = 0
        self._overlay = block[:OVERLAY_BYTES] + self._overlay[len(block[:OVERLAY_BYTES]) :]
        self._carry = b""

    def _keep(self, batch: PacketBatch) -> None:
        """Keep for the next batch the bytes that were not walked, and blocks behind the last packet."""
        state = self._state
        rows = batch.other_blocks
        first = last = int(state[OTHER])
        while first and rows[first - 1, 0] == state[COUNT]:
            first -= 1
        overlay = bytearray()
        for _, position, length in rows[first:last].tolist():
            overlay[:length] = batch.data[position : position + length].tobytes()
        state[OTHER] = first
        self._overlay = bytes(overlay[:OVERLAY_BYTES])
        self._carry = batch.data[state[POS] : state[END]].tobytes()

    def _put_back(self, batch: PacketBatch) -> None:
        """Begin a batch with what was kept."""
        state = self._state
        kept = self._overlay + self._carry
        batch.data.data[: len(kept)] = kept
        state[OTHER] = 0
        if self._overlay:
            batch.other_blocks[0] = 0, 0, len(self._overlay)
            state[OTHER] = 1
        state[POS], state[END] = len(self._overlay), len(kept)
