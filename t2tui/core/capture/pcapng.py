"""pcapng: sections, interfaces and the walk over the blocks, by libpcap's rules."""

from typing import Any

import numpy as np

from t2tui.core.capture.bpf import accepts
from t2tui.core.capture.walk import (
    BLOCK,
    COUNT,
    DESCRIPTION,
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
from t2tui.core.linktypes import MAX_SNAP_LENGTH
from t2tui.core.memory import be16, be32, le16, le32

SECTION, INTERFACE, PACKET_BLOCK, SIMPLE_PACKET, ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6
"""Block types that matter; all others only pass by."""
BYTE_ORDER = 0x1A2B3C4D
BLOCK_OVERHEAD = 12
"""Type, length and the length again behind the body."""
SECTION_BODY = 16
INTERFACE_BODY = 8
MAX_SECTION_BLOCK, MAX_BLOCK = 1 << 20, 16 << 20
"""Longest first section block and longest block of any kind that libpcap believes."""

BIG_ENDIAN, SNAP, INTERFACES, UNITS = range(4)
"""Indices of the layout of a file, an int64 array: byte order of its numbers, snap length, number of
interfaces, units of the fraction per second."""

RESOLUTION, OFFSET, FACTOR, SCALE = range(4)
"""Columns of the interfaces, a uint64 array: ticks per second, offset in seconds, factor of the fraction,
how to apply it."""
SCALE_UP, SCALE_DOWN, SCALE_BINARY = range(3)

(
    LENGTH_SMALL,
    LENGTH_ODD,
    LENGTH_LARGE,
    LENGTHS_DIFFER,
    TOO_SHORT,
    NO_INTERFACE,
    OVER_SNAP,
    TOO_LONG,
) = range(10, 18)
TEXTS = {
    LENGTH_SMALL: "block in pcapng dump file has a length of {0} < {1}",
    LENGTH_ODD: "block in pcapng dump file has a length of {0} that is not a multiple of 4",
    LENGTH_LARGE: "pcapng block size {0} > maximum {1}",
    LENGTHS_DIFFER: "block total length in header and trailer don't match",
    TOO_SHORT: "block of type {0} in pcapng dump file is too short",
    NO_INTERFACE: "a packet arrived on interface {0}, "
    "but there's no Interface Description Block for that interface",
    OVER_SNAP: "invalid packet capture length {0}, bigger than snaplen of {1}",
    TOO_LONG: "invalid packet capture length {0}, bigger than maximum of {1}",
}
"""libpcap's words for the faults of the walk; {0} and {1} are their arguments. TOO_LONG libpcap says
of classic pcap only; here the rest of the program relies on that limit."""


@kernel
def walk_pcapng(
    state: Any, layout: Any, interfaces: Any, data: Any, packets: Any, rows: Any, program: Any, memory: Any
) -> int:
    """Walk blocks from state[POS] on and return why the walk stopped (walk.py).

    Args:
        state: int64, see walk.py.
        layout: int64, see above.
        interfaces: uint64 (n, 4), see above.
        data: uint8, bytes of the capture up to state[END].
        packets: PACKET records to fill from state[COUNT] on.
        rows: int64 (n, 3), other_blocks of the batch.
        program: int64 (n, 4), BPF program.
        memory: int64, words of the BPF machine.
    """
    position = state[POS]
    end = state[END]
    count = state[COUNT]
    limit = state[LIMIT]
    origin = state[ORIGIN]
    other = state[OTHER]
    big = layout[BIG_ENDIAN] != 0
    snap = layout[SNAP]
    known = layout[INTERFACES]
    filtering = program.shape[0] != 0
    units = np.uint64(layout[UNITS])
    status = MORE
    while position + 8 <= end:
        if count >= limit:
            status = FULL
            break
        block_type = be32(data, position) if big else le32(data, position)
        total = be32(data, position + 4) if big else le32(data, position + 4)
        fault = 0
        arg1 = total
        arg2 = np.int64(0)
        if total < BLOCK_OVERHEAD:
            fault = LENGTH_SMALL
            arg2 = np.int64(BLOCK_OVERHEAD)
        elif total & 3:
            fault = LENGTH_ODD
        elif total > MAX_BLOCK:
            fault = LENGTH_LARGE
            arg2 = np.int64(MAX_BLOCK)
        if fault != 0:
            position += 8
            if is_repeated(state, fault, arg1, arg2):
                continue
            status = FAULTY
            break
        if position + total > end:
            break
        if other >= rows.shape[0]:
            status = ROOM
            break
        trailer = be32(data, position + total - 4) if big else le32(data, position + total - 4)
        if big:  # libpcap turns the trailer in its buffer, where it can show behind a clipped packet
            for i in range(2):
                byte = data[position + total - 4 + i]
                data[position + total - 4 + i] = data[position + total - 1 - i]
                data[position + total - 1 - i] = byte
        if total != trailer:
            other = add_other_block(rows, other, count, position, total)
            position += total
            if is_repeated(state, LENGTHS_DIFFER, 0, 0):
                continue
            status = FAULTY
            break
        if block_type in (SECTION, INTERFACE):
            other = add_other_block(rows, other, count, position, total)
            state[BLOCK] = position
            position += total
            status = DESCRIPTION
            break
        head = 0
        body = total - BLOCK_OVERHEAD
        at = position + 8
        interface = np.int64(0)
        ticks = np.uint64(0)
        caplen = np.int64(0)
        length = np.int64(0)
        if block_type in (ENHANCED_PACKET, PACKET_BLOCK):
            head = 20
            if body >= head:
                if block_type == ENHANCED_PACKET:
                    interface = be32(data, at) if big else le32(data, at)
                else:
                    interface = be16(data, at) if big else le16(data, at)
                high = be32(data, at + 4) if big else le32(data, at + 4)
                low = be32(data, at + 8) if big else le32(data, at + 8)
                ticks = np.uint64(high << 32 | low)
                caplen = be32(data, at + 12) if big else le32(data, at + 12)
                length = be32(data, at + 16) if big else le32(data, at + 16)
        elif block_type == SIMPLE_PACKET:
            head = 4
            if body >= head:
                length = be32(data, at) if big else le32(data, at)
                caplen = min(length, snap)
        accepted = False
        if head != 0:
            if body < head:
                fault = TOO_SHORT
                arg1 = block_type
            elif interface >= known:
                fault = NO_INTERFACE
                arg1 = interface
            elif caplen > snap:
                fault = OVER_SNAP
                arg1 = caplen
                arg2 = snap
            elif body - head < caplen:
                fault = TOO_SHORT
                arg1 = block_type
            elif caplen > MAX_SNAP_LENGTH:
                fault = TOO_LONG
                arg1 = caplen
                arg2 = np.int64(MAX_SNAP_LENGTH)
            else:
                accepted = not filtering or accepts(program, memory, data, at + head, caplen, length)
        if not accepted:
            other = add_other_block(rows, other, count, position, total)
            position += total
            if fault == 0 or is_repeated(state, fault, arg1, arg2):
                continue
            status = FAULTY
            break
        resolution = interfaces[interface, RESOLUTION]
        scale = interfaces[interface, SCALE]
        sec = ticks // resolution
        frac = ticks - sec * resolution
        if scale == np.uint64(SCALE_UP):
            frac = frac * interfaces[interface, FACTOR]
        elif scale == np.uint64(SCALE_DOWN):
            frac = frac // interfaces[interface, FACTOR]
        else:
            frac = frac * units // resolution
        packet = packets[count]
        packet.base = at + head
        packet.offset = origin + at + head
        packet.sec = np.int64(sec + interfaces[interface, OFFSET])
        packet.frac = np.int64(np.int32(np.int64(frac)))
        packet.caplen = caplen
        packet.len = length
        packet.block = 8 + head
        packet.blockLen = total
        count += 1
        position += total
    state[POS] = position
    state[COUNT] = count
    state[OTHER] = other
    return status
