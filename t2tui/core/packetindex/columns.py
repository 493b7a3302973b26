"""What the index of packets stores of each: differences that are small, or the same for all, mostly."""

from typing import Any

import numpy as np

from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.jit import kernel
from t2tui.core.layout import FRAG_FIRST, FRAG_LATER
from t2tui.core.streams.lengths import payload_lengths

COLUMNS = (
    "key",  # flowInd << 1, 1 added for the reply side; 0 without flow
    "gap",  # bytes between the packet and the one before: the header of its record
    "caplen",
    "cut",  # bytes that were not captured: len - caplen
    "step",  # time since the packet before, in the capture's units
    "carry",  # whole seconds in a fraction that has more than one
    "l7",
    "seq",
    "flags",
    "protocol",
    "tail",  # bytes behind the payload that the headers announce
    "lack",  # payload bytes before the end of the packet that are not the capture's
)
"""Names of the columns, in the order of the kernel's rows."""

(KEY, GAP, CAPLEN, CUT, STEP, CARRY, L7, SEQ, FLAGS, PROTOCOL, TAIL, LACK) = range(len(COLUMNS))

LARGE = 1 << 33
"""Seconds that fit into 64 bits as nanoseconds."""


@kernel
def fill_columns(packets: Any, origin: Any, end: Any, time: Any, units: Any, values: Any) -> Any:
    """Work out the columns of packets.

    Args:
        packets: PACKET records, the flow part filled.
        origin: place of the first byte of their capture.
        end: place behind the packet before the first one.
        time: of that packet, in units.
        units: parts of a second that ``frac`` counts.
        values: int64, a row per column, with room for at least these packets; arithmetic is modulo 2^64.

    Returns:
        Place behind the last packet, its time, and the number of IP fragments among those with a flow.
    """
    fragments = 0
    for i in range(len(packets)):
        packet = packets[i]
        values[KEY, i] = 0
        if packet.flow >= 0:
            is_reply = packet.flowStat & np.uint64(L3FLOWINVERT)
            values[KEY, i] = np.int64(packet.flowInd << np.uint64(1) | is_reply)
            fragments += packet.frag & (FRAG_FIRST | FRAG_LATER) != 0
        caplen = np.int64(packet.caplen)
        place = packet.offset + origin
        values[GAP, i] = place - end
        end = place + caplen
        values[CAPLEN, i] = caplen
        cut = np.int64(packet.len) - caplen
        values[CUT, i] = cut
        now = packet.sec * units + packet.frac
        values[STEP, i] = now - time
        time = now
        is_plain = 0 <= packet.frac < units and -LARGE < packet.sec < LARGE
        values[CARRY, i] = 0 if is_plain else packet.sec - now // units
        values[L7, i] = packet.l7
        values[SEQ, i] = packet.seq
        values[FLAGS, i] = packet.tcpFlags
        values[PROTOCOL, i] = packet.l4Proto
        captured, announced = payload_lengths(packet)
        behind = caplen - packet.l7
        values[TAIL, i] = behind + cut - announced
        values[LACK, i] = min(announced, behind) - captured
    return end, time, fragments
