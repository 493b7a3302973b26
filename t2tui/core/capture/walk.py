"""What the two record walks (pcap.py, pcapng.py) share: their state and the rows of other blocks.

A walk goes over the bytes of a batch, writes one PACKET record per packet and stops with a status when
it needs Python: more bytes, a full batch, a fault to be worded, a block that describes the packets.
"""

from typing import Any

from t2tui.core.jit import inlined

POS, END, COUNT, LIMIT, OTHER, FAULT, ARG1, ARG2, BLOCK, ORIGIN = range(10)
"""Indices of the walk's state, an int64 array: position and end in the data, packets written and room for
them, rows of other blocks, code and arguments of the last fault, position of the last description, offset
of the data in the capture."""
STATE_SIZE = 10

MORE, FULL, FAULTY, DESCRIPTION, ROOM = range(5)
"""Status: needs more bytes, batch is full, met a fault, passed a section or interface block, other_blocks is
full."""


@inlined
def add_other_block(rows: Any, count: int, before_packet: int, position: int, length: int) -> int:
    """Append a row to other_blocks and return the new number of rows.

    A row before the same packet that is not longer is dropped: in libpcap's buffer, where every block
    starts at the same place, nothing of it is left.
    """
    while count > 0 and rows[count - 1, 0] == before_packet and rows[count - 1, 2] <= length:
        count -= 1
    rows[count, 0] = before_packet
    rows[count, 1] = position
    rows[count, 2] = length
    return count + 1


@inlined
def is_repeated(state: Any, fault: int, arg1: int, arg2: int) -> bool:
    """Note a fault; True if it is the one before it again, which is not reported twice."""
    repeated: bool = state[FAULT] == fault and state[ARG1] == arg1 and state[ARG2] == arg2
    state[FAULT] = fault
    state[ARG1] = arg1
    state[ARG2] = arg2
    return repeated
