"""pcapng blocks that describe packets: section headers and interface descriptions, by libpcap's rules."""

import struct
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from t2tui.core.batch import PacketBatch
from t2tui.core.capture.bpf import MEMORY_WORDS
from t2tui.core.capture.pcapng import (
    BIG_ENDIAN,
    BLOCK_OVERHEAD,
    BYTE_ORDER,
    ENHANCED_PACKET,
    INTERFACE,
    INTERFACE_BODY,
    INTERFACES,
    LENGTHS_DIFFER,
    MAX_BLOCK,
    MAX_SECTION_BLOCK,
    PACKET_BLOCK,
    SCALE_BINARY,
    SCALE_DOWN,
    SCALE_UP,
    SECTION,
    SECTION_BODY,
    SIMPLE_PACKET,
    SNAP,
    TEXTS,
    TOO_SHORT,
    walk_pcapng,
)
from t2tui.core.capture.walk import ARG1, ARG2, FAULT
from t2tui.core.linktypes import dlt_of, limit_snap_length

UNITS_PER_SECOND = {"ns": 1_000_000_000, "us": 1_000_000}
MICROSECONDS = 1_000_000
END_OF_OPTIONS, TIME_RESOLUTION, TIME_OFFSET = 0, 9, 14
OVERLAY_BYTES = 1 << 19
"""Bytes of blocks before the first interface that can still show behind a packet in libpcap's buffer."""


class PcapngFormat:
    """A pcapng file after its first interface was read.

    Attributes:
        link_type: DLT number of the first interface; libpcap refuses interfaces of other types.
        snap_length: bytes, of the first interface; the same holds for it.
        overlay: what libpcap's buffer holds after the blocks read so far.
    """

    name: Literal["pcapng"] = "pcapng"

    def __init__(self, read: Callable[[int], bytes], precision: str) -> None:
        """Read blocks up to the first interface.

        Args:
            read: returns the next n bytes of the file, fewer at its end.
            precision: "ns" or "us", the unit of the packets' fractions.

        Raises:
            ValueError: libpcap would not open this file; its text.
        """
        self._units = UNITS_PER_SECOND[precision]
        self._memory = np.zeros(MEMORY_WORDS, np.int64)
        self._interfaces: NDArray[np.uint64] = np.zeros((4, 4), np.uint64)
        self._layout = np.array([0, 0, 0, self._units], np.int64)
        self._order = "<"
        self.overlay = b""
        self._read_section(read)
        while True:
            kind, block = self._read_block(read)
            if kind == INTERFACE:
                break
            if kind in (ENHANCED_PACKET, SIMPLE_PACKET, PACKET_BLOCK):
                raise ValueError(
                    "the capture file has a packet block before any Interface Description Blocks"
                )
            if kind == SECTION:
                self._begin_section(block)
        link, _, snap = self._interface_body(block)
        self.link_type = dlt_of(link)
        self.snap_length = limit_snap_length(self.link_type, snap)
        self._layout[SNAP] = self.snap_length
        self._add_interface(block)

    def _read_section(self, read: Callable[[int], bytes]) -> None:
        head = read(12)
        if len(head) < 12:
            raise ValueError(f"truncated pcapng dump file; tried to read 12 bytes, only got {len(head)}")
        self._order = "<" if struct.unpack_from("<I", head, 8)[0] == BYTE_ORDER else ">"
        self._layout[BIG_ENDIAN] = self._order == ">"
        (total,) = struct.unpack_from(f"{self._order}I", head, 4)
        smallest = SECTION_BODY + BLOCK_OVERHEAD
        if not smallest <= total <= MAX_SECTION_BLOCK:
            raise ValueError(
                f"Section Header Block in pcapng dump file has invalid length "
                f"{smallest} < _{total}_ < {MAX_SECTION_BLOCK} (BT_SHB_INSANE_MAX)"
            )
        block = head + self._read_fully(read, total - len(head))
        self._overlay(block)
        self._check_version(block)

    def _read_fully(self, read: Callable[[int], bytes], count: int) -> bytes:
        got = read(count)
        if len(got) < count:
            raise ValueError(f"truncated pcapng dump file; tried to read {count} bytes, only got {len(got)}")
        return got

    def _read_block(self, read: Callable[[int], bytes]) -> tuple[int, bytes]:
        head = read(8)
        if not head:
            raise ValueError("the capture file has no Interface Description Blocks")
        if len(head) < 8:
            raise ValueError(f"truncated pcapng dump file; tried to read 8 bytes, only got {len(head)}")
        kind, total = struct.unpack(f"{self._order}II", head)
        if total < BLOCK_OVERHEAD:
            raise ValueError(f"block in pcapng dump file has a length of {total} < {BLOCK_OVERHEAD}")
        if total % 4:
            raise ValueError(f"block in pcapng dump file has a length of {total} that is not a multiple of 4")
        if total > MAX_BLOCK:
            raise ValueError(f"pcapng block size {total} > maximum {MAX_BLOCK}")
        block = head + self._read_fully(read, total - 8)
        self._overlay(block)
        if struct.unpack_from(f"{self._order}I", block, total - 4)[0] != total:
            raise ValueError("block total length in header and trailer don't match")
        return kind, block

    def _overlay(self, block: bytes) -> None:
        block = block[:OVERLAY_BYTES]
        self.overlay = block + self.overlay[len(block) :]

    def _check_version(self, block: bytes) -> None:
        major, minor = struct.unpack_from(f"{self._order}HH", block, 12)
        if major != 1 or minor not in (0, 2):
            raise ValueError(f"unsupported pcapng savefile version {major}.{minor}")

    def _begin_section(self, block: bytes) -> None:
        """Start a new section: its interfaces are counted anew."""
        if len(block) < SECTION_BODY + BLOCK_OVERHEAD:
            raise ValueError(TEXTS[TOO_SHORT].format(SECTION))
        (magic,) = struct.unpack_from(f"{self._order}I", block, 8)
        if magic == int.from_bytes(BYTE_ORDER.to_bytes(4, "little"), "big"):
            raise ValueError("the file has sections with different byte orders")
        if magic != BYTE_ORDER:
            raise ValueError("the file has a section with a bad byte order magic field")
        self._check_version(block)
        self._layout[INTERFACES] = 0

    def _interface_body(self, block: bytes) -> tuple[int, int, int]:
        if len(block) < INTERFACE_BODY + BLOCK_OVERHEAD:
            raise ValueError(TEXTS[TOO_SHORT].format(INTERFACE))
        link, reserved, snap = struct.unpack_from(f"{self._order}HHI", block, 8)
        return link, reserved, snap

    def _later_interface(self, block: bytes) -> None:
        link, _, snap = self._interface_body(block)
        if link != self.link_type:
            raise ValueError(f"an interface has a type {link} different from the type of the first interface")
        if limit_snap_length(self.link_type, snap) != self.snap_length:
            raise ValueError(
                f"an interface has a snapshot length {snap} "
                "different from the snapshot length of the first interface"
            )
        self._add_interface(block)

    def _add_interface(self, block: bytes) -> None:
        number = int(self._layout[INTERFACES])
        if number == len(self._interfaces):
            self._interfaces = np.concatenate([self._interfaces, np.zeros_like(self._interfaces)])
        self._layout[INTERFACES] = number + 1
        self._interfaces[number] = self._time_scale(MICROSECONDS, 0, False)
        self._interfaces[number] = self._time_scale(*self._time_options(block[8 + INTERFACE_BODY : -4]))

    def _time_scale(self, resolution: int, offset: int, binary: bool) -> tuple[int, int, int, int]:
        if resolution == self._units:
            return resolution, offset, 1, SCALE_UP
        if binary:
            return resolution, offset, 0, SCALE_BINARY
        if resolution > self._units:
            return resolution, offset, resolution // self._units, SCALE_DOWN
        return resolution, offset, self._units // resolution, SCALE_UP

    def _time_options(self, options: bytes) -> tuple[int, int, bool]:
        """Return ticks per second, offset (seconds, modulo 2^64), whether the ticks are a power of two."""
        resolution, offset, binary = MICROSECONDS, 0, False
        seen: set[int] = set()
        at = 0
        while at < len(options):
            if len(options) - at < 4:
                raise ValueError(TEXTS[TOO_SHORT].format(INTERFACE))
            code, length = struct.unpack_from(f"{self._order}HH", options, at)
            value = options[at + 4 : at + 4 + length]
            at += 4 + (length + 3 & ~3)
            if at > len(options):
                raise ValueError(TEXTS[TOO_SHORT].format(INTERFACE))
            if code == END_OF_OPTIONS:
                if length:
                    raise ValueError(
                        f"Interface Description Block has opt_endofopt option with length {length} != 0"
                    )
                break
            if code not in (TIME_RESOLUTION, TIME_OFFSET):
                continue
            name, wanted = ("if_tsresol", 1) if code == TIME_RESOLUTION else ("if_tsoffset", 8)
            if length != wanted:
                raise ValueError(
                    f"Interface Description Block has {name} option with length {length} != {wanted}"
                )
            if code in seen:
                raise ValueError(f"Interface Description Block has more than one {name} option")
            seen.add(code)
            if code == TIME_OFFSET:
                (offset,) = struct.unpack(f"{self._order}Q", value)
                continue
            binary, exponent = value[0] >= 0x80, value[0] & 0x7F
            if exponent > (63 if binary else 19):
                base = 2 if binary else 10
                raise ValueError(
                    f"Interface Description Block if_tsresol option resolution {base}^-{exponent} is too high"
                )
            resolution = 1 << exponent if binary else 10**exponent
        return resolution, offset, binary

    def walk(self, state: NDArray[np.int64], batch: PacketBatch, program: NDArray[np.int64]) -> int:
        """Walk the blocks of a batch; see walk_pcapng."""
        status: int = walk_pcapng(
            state,
            self._layout,
            self._interfaces,
            batch.data,
            batch.packets,
            batch.other_blocks,
            program,
            self._memory,
        )
        return status

    def describe(self, block: bytes) -> str | None:
        """Take in a section or interface block that the walk passed; return libpcap's text if it refuses."""
        try:
            if struct.unpack_from(f"{self._order}I", block)[0] == SECTION:
                self._begin_section(block)
            else:
                self._later_interface(block)
        except ValueError as error:
            return str(error)
        return None

    def large_block(self, block: bytes) -> str | None:
        """Take in a block that is larger than the batch; return what is wrong with it."""
        (kind,) = struct.unpack_from(f"{self._order}I", block)
        if struct.unpack_from(f"{self._order}I", block, len(block) - 4)[0] != len(block):
            return TEXTS[LENGTHS_DIFFER]
        if kind in (SECTION, INTERFACE):
            return self.describe(block)
        if kind in (ENHANCED_PACKET, SIMPLE_PACKET, PACKET_BLOCK):
            return f"packet block of {len(block)} bytes is too large, the packet is left out"
        return None

    def block_length(self, header: bytes) -> int:
        """Return the length of a block, which its first eight bytes tell."""
        return int(struct.unpack_from(f"{self._order}I", header, 4)[0])

    def fault(self, state: NDArray[np.int64]) -> str:
        """Word the fault that the walk met, as libpcap does."""
        return TEXTS[int(state[FAULT])].format(int(state[ARG1]), int(state[ARG2]))

    def truncated(self, rest: bytes) -> str:
        """Word the end of a file within a block, as libpcap does; ``rest`` is the beginning of the block."""
        wanted, got = 8, len(rest)
        if got >= 8:
            wanted, got = self.block_length(rest) - 8, got - 8
        return f"truncated pcapng dump file; tried to read {wanted} bytes, only got {got}"
