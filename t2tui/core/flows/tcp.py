"""The TCP state machine: anomalies of each direction, and the time-outs that depend on the state.

The rules are those of the reference's plugin tcpStates (docs/flows.md, "TCP states"). Sequence numbers are
compared in more than 32 bits: nothing acknowledges 0xffffffff.
"""

import numpy as np

from t2tui.core.jit import Integer, Records, inlined

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

TCP = 6
"""IP protocol number."""

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
def clear(tcp: Records, slot: Integer) -> None:
    """Prepare the record of a new flow."""
    me = tcp[np.uint64(slot)]
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
    nodes: Records,
    tcp: Records,
    slot: Integer,
    state: Integer,
    timeout: float,
    anomalies: Integer,
) -> None:
    """Set state and time-out of a flow and add anomalies; nothing happens for slot -1."""
    if slot >= 0:
        tcp[np.uint64(slot)].state = state
        tcp[np.uint64(slot)].anomalies |= anomalies
        nodes[np.uint64(slot)].timeout = timeout


@inlined
def reset(nodes: Records, tcp: Records, slot: Integer, other: Integer, anomalies: Integer) -> None:
    """Handle a RST from a flow: both directions are reset and get the anomalies."""
    enter(nodes, tcp, slot, RESET, TIMEOUT_RESET, anomalies | SENT_RESET)
    enter(nodes, tcp, other, RESET, TIMEOUT_RESET, anomalies)


@inlined
def establish(nodes: Records, tcp: Records, slot: Integer, other: Integer, anomalies: Integer) -> None:
    """Establish both directions and give both the anomalies."""
    enter(nodes, tcp, slot, ESTABLISHED, TIMEOUT_ESTABLISHED, anomalies)
    enter(nodes, tcp, other, ESTABLISHED, TIMEOUT_ESTABLISHED, anomalies)


@inlined
def open_connection(
    nodes: Records,
    tcp: Records,
    slot: Integer,
    other: Integer,
    flags: Integer,
    seq: Integer,
    ack: Integer,
) -> None:
    """Handle a packet of a flow in state NEW: the first matching rule counts."""
    me = tcp[np.uint64(slot)]
    role = flags & _ROLE
    acknowledges = other >= 0 and ack == np.int64(tcp[np.uint64(other)].synSeq) + 1
    if flags & _OPENING == _SYN:
        me.synSeen = 1
        me.synSeq = seq
        nodes[np.uint64(slot)].timeout = TIMEOUT_NEW
        if flags & _ACK:
            if acknowledges:
                tcp[np.uint64(other)].synAckd = 1
            else:
                establish(nodes, tcp, slot, other, BAD_OPENING)
    elif other >= 0 and role == _ACK:
        if not acknowledges:
            establish(nodes, tcp, slot, other, BAD_OPENING)
        else:
            tcp[np.uint64(other)].synAckd = 1
            if me.synAckd:
                establish(nodes, tcp, slot, other, 0)
    elif other >= 0 and role == _RST | _ACK:
        reset(nodes, tcp, slot, other, 0)
    elif flags & _RST:
        reset(nodes, tcp, slot, other, BAD_OPENING)
        if other < 0:
            me.anomalies |= SCAN
    elif role == _FIN | _ACK:
        me.finSeen = 1
        me.finSeq = seq
        enter(nodes, tcp, slot, CLOSING, TIMEOUT_CLOSING, BAD_OPENING)
        if other >= 0:
            tcp[np.uint64(other)].anomalies |= BAD_OPENING
            if tcp[np.uint64(other)].finSeen and ack == np.int64(tcp[np.uint64(other)].finSeq) + 1:
                tcp[np.uint64(other)].finAckd = 1
        else:
            me.finScan = 1
    elif role == _FIN:
        me.anomalies |= SCAN
    else:
        establish(nodes, tcp, slot, other, BAD_OPENING)


@inlined
def advance(
    nodes: Records,
    tcp: Records,
    slot: Integer,
    other: Integer,
    flags: Integer,
    seq: Integer,
    ack: Integer,
) -> Integer:
    """Run the state machine for one packet.

    Args:
        nodes: NODE records; time-outs are changed.
        tcp: TCP_STATE records.
        slot: flow of the packet.
        other: opposite flow, -1 without.
        flags: TCP flags byte.
        seq: sequence number.
        ack: acknowledgement number.

    Returns:
        Anomalies of the flow after this packet.
    """
    me = tcp[np.uint64(slot)]
    if me.state == ESTABLISHED and flags & _ROLE == _ACK:
        return np.int64(me.anomalies)  # most packets
    if flags & 0x3F == 0 or flags & 0x3F == _FIN | _PSH | _URG:
        me.anomalies |= SCAN
    state = np.int64(me.state)
    if state == NEW:
        open_connection(nodes, tcp, slot, other, flags, seq, ack)
        return np.int64(me.anomalies)
    closes = (
        other >= 0
        and flags & _ACK
        and tcp[np.uint64(other)].finSeen
        and ack == np.int64(tcp[np.uint64(other)].finSeq) + 1
    )
    if state == ESTABLISHED:
        if flags & (_SYN | _ACK) != _ACK:
            me.anomalies |= BAD_FLAGS
            if other >= 0:
                tcp[np.uint64(other)].anomalies |= BAD_FLAGS
        if flags & _FIN:
            me.finSeen = 1
            me.finSeq = seq
            enter(nodes, tcp, slot, CLOSING, TIMEOUT_CLOSING, 0)
            if closes:
                tcp[np.uint64(other)].finAckd = 1
        if flags & _RST:
            reset(nodes, tcp, slot, other, BAD_CLOSING)
    elif state == CLOSING:
        if flags & _RST:
            reset(nodes, tcp, slot, other, BAD_CLOSING)
        if closes:
            tcp[np.uint64(other)].finAckd = 1
        if (
            other >= 0
            and me.finSeen
            and me.finAckd
            and tcp[np.uint64(other)].finSeen
            and tcp[np.uint64(other)].finAckd
        ):
            enter(nodes, tcp, slot, CLOSED, TIMEOUT_CLOSED, 0)
            enter(nodes, tcp, other, CLOSED, TIMEOUT_CLOSED, 0)
    elif state == CLOSED:
        me.anomalies |= AFTER_CLOSE
        if flags & _RST:
            reset(nodes, tcp, slot, other, BAD_CLOSING)
    else:
        me.anomalies |= AFTER_RESET
    return np.int64(me.anomalies)


@inlined
def conclude(tcp: Records, slot: Integer, other: Integer) -> Integer:
    """Complete the anomalies of a direction at its release; direction A comes first.

    Returns:
        The anomalies.
    """
    me = tcp[np.uint64(slot)]
    if other < 0:
        me.anomalies |= BAD_OPENING | BAD_CLOSING
    else:
        it = tcp[np.uint64(other)]
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
