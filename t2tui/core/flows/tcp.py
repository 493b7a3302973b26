"""The TCP state machine: anomalies of each direction, and the time-outs that depend on the state.

The rules are those of the reference's plugin tcpStates (docs/flows.md, "TCP states"). Sequence numbers are
compared in more than 32 bits: nothing acknowledges 0xffffffff.
"""

import numpy as np
from numpy.typing import NDArray

from t2tui.core.jit import inlined

TCP_STATE = np.dtype(
    [
        ("synSeq", "u4"),
        ("finSeq", "u4"),
        ("anomalies", "u1"),  # tcpStatesAFlags
        ("state", "u1"),
        ("synSeen", "u1"),
        ("synAckd", "u1"),
        ("finSeen", "u1"),
        ("finAckd", "u1"),
        ("finScan", "u1"),
    ],
    align=True,
)
"""State of one direction; one record per slot."""

NEW, ESTABLISHED, CLOSING, CLOSED, RESET = range(5)

TIMEOUT_RESET = 0.1
TIMEOUT_NEW = 120.0
TIMEOUT_ESTABLISHED = 610.0
TIMEOUT_CLOSING = 120.0
TIMEOUT_CLOSED = 10.0
TCP_TIMEOUTS = (TIMEOUT_RESET, TIMEOUT_NEW, TIMEOUT_ESTABLISHED, TIMEOUT_CLOSING, TIMEOUT_CLOSED)
"""Seconds, in the order of registration."""

BAD_OPENING = 0x01
BAD_CLOSING = 0x02
BAD_FLAGS = 0x04
AFTER_CLOSE = 0x08
AFTER_RESET = 0x10
SENT_RESET = 0x40
SCAN = 0x80

_FIN, _SYN, _RST, _PSH, _ACK, _URG = 1, 2, 4, 8, 16, 32
_OPENING = _FIN | _SYN | _RST
_ROLE = _ACK | _RST | _SYN | _FIN


@inlined
def clear(tcp: NDArray[np.void], slot: int) -> None:
    """Prepare the record of a new flow."""
    me = tcp[slot]
    me.synSeq = 0
    me.finSeq = 0
    me.anomalies = 0
    me.state = NEW
    me.synSeen = 0
    me.synAckd = 0
    me.finSeen = 0
    me.finAckd = 0
    me.finScan = 0


@inlined
def enter(
    records: NDArray[np.void], tcp: NDArray[np.void], slot: int, state: int, timeout: float, anomalies: int
) -> None:
    """Set state and time-out of a flow and add anomalies; nothing happens for slot -1."""
    if slot >= 0:
        tcp[slot].state = state
        tcp[slot].anomalies |= anomalies
        records[slot].timeout = timeout


@inlined
def reset(records: NDArray[np.void], tcp: NDArray[np.void], slot: int, other: int, anomalies: int) -> None:
    """Handle a RST from a flow: both directions are reset and get the anomalies."""
    enter(records, tcp, slot, RESET, TIMEOUT_RESET, anomalies | SENT_RESET)
    enter(records, tcp, other, RESET, TIMEOUT_RESET, anomalies)


@inlined
def establish(
    records: NDArray[np.void], tcp: NDArray[np.void], slot: int, other: int, anomalies: int
) -> None:
    """Establish both directions and give both the anomalies."""
    enter(records, tcp, slot, ESTABLISHED, TIMEOUT_ESTABLISHED, anomalies)
    enter(records, tcp, other, ESTABLISHED, TIMEOUT_ESTABLISHED, anomalies)


@inlined
def open_connection(
    records: NDArray[np.void], tcp: NDArray[np.void], slot: int, other: int, flags: int, seq: int, ack: int
) -> None:
    """Handle a packet of a flow in state NEW: the first matching rule counts."""
    me = tcp[slot]
    role = flags & _ROLE
    acknowledges = other >= 0 and ack == np.int64(tcp[other].synSeq) + 1
    if flags & _OPENING == _SYN:
        me.synSeen = 1
        me.synSeq = seq
        records[slot].timeout = TIMEOUT_NEW
        if flags & _ACK:
            if acknowledges:
                tcp[other].synAckd = 1
            else:
                establish(records, tcp, slot, other, BAD_OPENING)
    elif other >= 0 and role == _ACK:
        if not acknowledges:
            establish(records, tcp, slot, other, BAD_OPENING)
        else:
            tcp[other].synAckd = 1
            if me.synAckd:
                establish(records, tcp, slot, other, 0)
    elif other >= 0 and role == _RST | _ACK:
        reset(records, tcp, slot, other, 0)
    elif flags & _RST:
        reset(records, tcp, slot, other, BAD_OPENING)
        if other < 0:
            me.anomalies |= SCAN
    elif role == _FIN | _ACK:
        me.finSeen = 1
        me.finSeq = seq
        enter(records, tcp, slot, CLOSING, TIMEOUT_CLOSING, BAD_OPENING)
        if other >= 0:
            tcp[other].anomalies |= BAD_OPENING
            if tcp[other].finSeen and ack == np.int64(tcp[other].finSeq) + 1:
                tcp[other].finAckd = 1
        else:
            me.finScan = 1
    elif role == _FIN:
        me.anomalies |= SCAN
    else:
        establish(records, tcp, slot, other, BAD_OPENING)


@inlined
def advance(
    records: NDArray[np.void], tcp: NDArray[np.void], slot: int, other: int, flags: int, seq: int, ack: int
) -> np.int64:
    """Run the state machine for one packet.

    Args:
        records: FLOW records; time-outs are changed.
        tcp: TCP_STATE records.
        slot: flow of the packet.
        other: opposite flow, -1 without.
        flags: TCP flags byte.
        seq: sequence number.
        ack: acknowledgement number.

    Returns:
        Anomalies of the flow after this packet.
    """
    me = tcp[slot]
    if flags & 0x3F == 0 or flags & 0x3F == _FIN | _PSH | _URG:
        me.anomalies |= SCAN
    state = np.int64(me.state)
    if state == NEW:
        open_connection(records, tcp, slot, other, flags, seq, ack)
        return np.int64(me.anomalies)
    closes = other >= 0 and flags & _ACK and tcp[other].finSeen and ack == np.int64(tcp[other].finSeq) + 1
    if state == ESTABLISHED:
        if flags & (_SYN | _ACK) != _ACK:
            me.anomalies |= BAD_FLAGS
            if other >= 0:
                tcp[other].anomalies |= BAD_FLAGS
        if flags & _FIN:
            me.finSeen = 1
            me.finSeq = seq
            enter(records, tcp, slot, CLOSING, TIMEOUT_CLOSING, 0)
            if closes:
                tcp[other].finAckd = 1
        if flags & _RST:
            reset(records, tcp, slot, other, BAD_CLOSING)
    elif state == CLOSING:
        if flags & _RST:
            reset(records, tcp, slot, other, BAD_CLOSING)
        if closes:
            tcp[other].finAckd = 1
        if other >= 0 and me.finSeen and me.finAckd and tcp[other].finSeen and tcp[other].finAckd:
            enter(records, tcp, slot, CLOSED, TIMEOUT_CLOSED, 0)
            enter(records, tcp, other, CLOSED, TIMEOUT_CLOSED, 0)
    elif state == CLOSED:
        me.anomalies |= AFTER_CLOSE
        if flags & _RST:
            reset(records, tcp, slot, other, BAD_CLOSING)
    else:
        me.anomalies |= AFTER_RESET
    return np.int64(me.anomalies)


@inlined
def conclude(tcp: NDArray[np.void], slot: int, other: int) -> np.int64:
    """Complete the anomalies of a direction at its release; direction A comes first.

    Returns:
        The anomalies.
    """
    me = tcp[slot]
    if other < 0:
        me.anomalies |= BAD_OPENING | BAD_CLOSING
    else:
        it = tcp[other]
        if not (me.synSeen and it.synSeen and me.synAckd and it.synAckd):
            me.anomalies |= BAD_OPENING
        if me.finSeen and it.finSeen and me.finAckd and it.finAckd:
            me.finScan = 0
            it.finScan = 0
        else:
            me.anomalies |= BAD_CLOSING
    if me.finScan:
        me.anomalies |= SCAN
    return np.int64(me.anomalies)
