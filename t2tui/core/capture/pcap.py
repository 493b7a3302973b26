"""Classic pcap: the file header and the walk over its records, by libpcap's rules."""

import struct
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from t2tui.core.batch import PacketBatch
from t2tui.core.capture.bpf import MEMORY_WORDS, accepts
from t2tui.core.capture.walk import (
    ARG1,
    COUNT,
    END,
    FAULTY,
    FULL,
    LIMIT,
    MORE,
    ORIGIN,
    OTHER,
    POS,
    ROOM,
    add_other_block,
    is_repeated,
)
from t2tui.core.jit import kernel
from t2tui.core.linktypes import dlt_of, limit_snap_length
from t2tui.core.memory import be32, le32

MAX_CAPLEN = 262144
"""Longest record that libpcap believes."""

MICROSECONDS, NANOSECONDS, KUZNETZOV = 0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34
FILE_HEADER = 24
RECORD_HEADER = 16
KUZNETZOV_HEADER, KUZNETZOV_SNAP = 24, 14
"""Record header of the format with interface index, protocol and packet type (Linux, 1990s), and what libpcap
adds to its snap length."""

SWAPPED, HEADER, MULTIPLY, DIVIDE, LENGTHS, SNAP = range(6)
"""Indices of the layout of a file, an int64 array: other byte order than the machine, bytes of a record
header, factor and divisor of the fraction, which of the two lengths comes first, snap length."""
LENGTHS_AS_IS, LENGTHS_IF_LARGER, LENGTHS_SWAPPED = range(3)

TOO_LONG = 1


@kernel
def walk_pcap(state: Any, layout: Any, data: Any, packets: Any, rows: Any, program: Any, memory: Any) -> int:
    """Walk records from state[POS] on and return why the walk stopped (walk.py).

    Args:
        state: int64, see walk.py.
        layout: int64, see above.
        data: uint8, bytes of the capture up to state[END].
        packets: PACKET records to fill from state[COUNT] on.
        rows: int64 (n, 3), other_blocks of the batch: packets that the filter refused.
        program: int64 (n, 4), BPF program.
        memory: int64, words of the BPF machine.
    """
    position = state[POS]
    end = state[END]
    count = state[COUNT]
    limit = state[LIMIT]
    origin = state[ORIGIN]
    other = state[OTHER]
    swapped = layout[SWAPPED] != 0
    header = layout[HEADER]
    multiply = layout[MULTIPLY]
    divide = layout[DIVIDE]
    lengths = layout[LENGTHS]
    snap = layout[SNAP]
    filtering = program.shape[0] != 0
    status = MORE
    while position + header <= end:
        if count >= limit:
            status = FULL
            break
        if swapped:
            sec = be32(data, position)
            frac = be32(data, position + 4)
            caplen = be32(data, position + 8)
            length = be32(data, position + 12)
        else:
            # signed, unlike the other byte order: libpcap up to 1.10.4
            sec = np.int64(np.int32(le32(data, position)))
            frac = np.int64(np.int32(le32(data, position + 4)))
            caplen = le32(data, position + 8)
            length = le32(data, position + 12)
        if lengths == LENGTHS_SWAPPED or (lengths == LENGTHS_IF_LARGER and caplen > length):
            caplen, length = length, caplen
        if caplen > MAX_CAPLEN:
            position += header
            if is_repeated(state, TOO_LONG, caplen, 0):
                continue
            status = FAULTY
            break
        if position + header + caplen > end:
            break
        base = position + header
        captured = min(caplen, snap)
        if filtering and not accepts(program, memory, data, base, captured, length):
            if other >= rows.shape[0]:
                status = ROOM
                break
            other = add_other_block(rows, other, count, base, captured)
            position = base + caplen
            continue
        packet = packets[count]
        packet.base = base
        packet.offset = origin + base
        packet.sec = sec
        if divide == 1:
            packet.frac = frac * multiply
        else:
            packet.frac = frac // divide if frac >= 0 else -(-frac // divide)
        packet.caplen = captured
        packet.len = length
        packet.block = 0
        packet.blockLen = captured
        count += 1
        position = base + caplen
    state[POS] = position
    state[COUNT] = count
    state[OTHER] = other
    return status


class PcapFormat:
    """A classic pcap file after its header was read.

    Attributes:
        link_type: DLT number.
        snap_length: bytes.
        overlay: what libpcap's buffer holds so far: nothing.
    """

    name: Literal["pcap"] = "pcap"
    overlay = b""

    def __init__(self, read: Callable[[int], bytes], precision: str) -> None:
        """Read the file header.

        Args:
            read: returns the next n bytes of the file, fewer at its end.
            precision: "ns" or "us", the unit of the packets' fractions.

        Raises:
            ValueError: the header is not complete or of an unknown version; libpcap's text.
        """
        self._memory = np.zeros(MEMORY_WORDS, np.int64)
        header = read(FILE_HEADER)
        if len(header) < FILE_HEADER:
            raise ValueError(
                f"truncated dump file; tried to read {FILE_HEADER} file header bytes, "
                f"only got {max(0, len(header) - 4)}"  # libpcap does not count the magic
            )
        order = "<" if struct.unpack_from("<I", header)[0] in (MICROSECONDS, NANOSECONDS, KUZNETZOV) else ">"
        magic, major, minor, _, _, snap, link = struct.unpack(f"{order}IHHIIII", header)
        if major < 2:
            raise ValueError("archaic pcap savefile format")
        if not (major == 2 and minor <= 4) and not (major == 543 and minor == 0):
            raise ValueError(f"unsupported pcap savefile version {major}.{minor}")
        self.link_type = dlt_of(link & 0x03FFFFFF)
        self.snap_length = limit_snap_length(self.link_type, snap)
        if magic == KUZNETZOV:
            self.snap_length += KUZNETZOV_SNAP
        lengths = LENGTHS_AS_IS
        if major == 543 or minor < 3:
            lengths = LENGTHS_SWAPPED
        elif minor == 3:
            lengths = LENGTHS_IF_LARGER
        nanoseconds = magic == NANOSECONDS
        self._layout = np.array(
            [
                order == ">",
                KUZNETZOV_HEADER if magic == KUZNETZOV else RECORD_HEADER,
                1000 if precision == "ns" and not nanoseconds else 1,
                1000 if precision == "us" and nanoseconds else 1,
                lengths,
                self.snap_length,
            ],
            np.int64,
        )

    def walk(self, state: NDArray[np.int64], batch: PacketBatch, program: NDArray[np.int64]) -> int:
        """Walk the records of a batch; see walk_pcap."""
        status: int = walk_pcap(
            state, self._layout, batch.data, batch.packets, batch.other_blocks, program, self._memory
        )
        return status

    def fault(self, state: NDArray[np.int64]) -> str:
        """Word the fault that the walk met, as libpcap does."""
        caplen = int(state[ARG1])
        if caplen > self.snap_length:
            return f"invalid packet capture length {caplen}, bigger than snaplen of {self.snap_length}"
        return f"invalid packet capture length {caplen}, bigger than maximum of {MAX_CAPLEN}"

    def truncated(self, rest: bytes) -> str:
        """Word the end of a file within a record, of which ``rest`` is there, as libpcap does."""
        header = int(self._layout[HEADER])
        if len(rest) < header:
            return f"truncated dump file; tried to read {header} header bytes, only got {len(rest)}"
        order = ">" if self._layout[SWAPPED] else "<"
        caplen, length = struct.unpack_from(f"{order}II", rest, 8)
        lengths = self._layout[LENGTHS]
        if lengths == LENGTHS_SWAPPED or (lengths == LENGTHS_IF_LARGER and caplen > length):
            caplen = length
        got = len(rest) - header
        wanted = self.snap_length if caplen > self.snap_length and got < self.snap_length else caplen
        return f"truncated dump file; tried to read {wanted} captured bytes, only got {got}"
