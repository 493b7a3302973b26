"""The TCP state machine: anomalies of each direction, and the time-outs that depend on the state.

The rules are those of the reference's plugin tcpStates (docs/flows.md, "TCP states"). Sequence numbers are
compared in more than 32 bits: nothing acknowledges 0xffffffff.
"""

import numpy as np

from t2tui.core.jit import Integer, Record, inlined, routine

TCP_FIELDS = (
    "synSeq",
    "finSeq",
    "anomalies",  # tcpStatesAFlags
    "state",
    "synSeen",
    "synAckd",
    "finSeen",
    "finAckd",
    "finScan",
)
"""Fields of FLOW that belong to the state machine."""

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
def clear(flow: Record) -> None:
    """Prepare the record of a new flow."""
    flow.synSeq = 0
    flow.finSeq = 0
    flow.anomalies = 0
    flow.state = NEW
    flow.synSeen = 0
    flow.synAckd = 0
    flow.finSeen = 0
    flow.finAckd = 0
    flow.finScan = 0


@inlined
def enter(flow: Record, state: Integer, timeout: float, anomalies: Integer) -> None:
    """Set state and time-out of a flow and add anomalies."""
    flow.state = state
    flow.timeout = timeout
    flow.anomalies |= anomalies


@inlined
def reset(me: Record, it: Record, paired: bool, anomalies: Integer) -> None:
    """Handle a RST from a flow: both directions are reset and get the anomalies."""
    enter(me, RESET, TIMEOUT_RESET, anomalies | SENT_RESET)
    if paired:
        enter(it, RESET, TIMEOUT_RESET, anomalies)


@inlined
def establish(me: Record, it: Record, paired: bool, anomalies: Integer) -> None:
    """Establish both directions and give both the anomalies."""
    enter(me, ESTABLISHED, TIMEOUT_ESTABLISHED, anomalies)
    if paired:
        enter(it, ESTABLISHED, TIMEOUT_ESTABLISHED, anomalies)


@inlined
def open_connection(me: Record, it: Record, paired: bool, flags: Integer, seq: Integer, ack: Integer) -> None:
    """Handle a packet of a flow in state NEW: the first matching rule counts."""
    role = flags & _ROLE
    acknowledges = paired and ack == np.int64(it.synSeq) + 1
    if flags & _OPENING == _SYN:
        me.synSeen = 1
        me.synSeq = seq
        me.timeout = TIMEOUT_NEW
        if flags & _ACK:
            if acknowledges:
                it.synAckd = 1
            else:
                establish(me, it, paired, BAD_OPENING)
    elif paired and role == _ACK:
        if not acknowledges:
            establish(me, it, paired, BAD_OPENING)
        else:
            it.synAckd = 1
            if me.synAckd:
                establish(me, it, paired, 0)
    elif paired and role == _RST | _ACK:
        reset(me, it, paired, 0)
    elif flags & _RST:
        reset(me, it, paired, BAD_OPENING)
        if not paired:
            me.anomalies |= SCAN
    elif role == _FIN | _ACK:
        me.finSeen = 1
        me.finSeq = seq
        enter(me, CLOSING, TIMEOUT_CLOSING, BAD_OPENING)
        if paired:
            it.anomalies |= BAD_OPENING
            if it.finSeen and ack == np.int64(it.finSeq) + 1:
                it.finAckd = 1
        else:
            me.finScan = 1
    elif role == _FIN:
        me.anomalies |= SCAN
    else:
        establish(me, it, paired, BAD_OPENING)


@routine
def advance(me: Record, it: Record, paired: bool, flags: Integer, seq: Integer, ack: Integer) -> None:
    """Run the state machine for one packet.

    Args:
        me: FLOW record of the packet's flow.
        it: that of the opposite flow; any without.
        paired: whether there is an opposite flow.
        flags: TCP flags byte.
        seq: sequence number.
        ack: acknowledgement number.
    """
    if flags & 0x3F == 0 or flags & 0x3F == _FIN | _PSH | _URG:
        me.anomalies |= SCAN
    state = np.int64(me.state)
    closes = paired and flags & _ACK and it.finSeen and ack == np.int64(it.finSeq) + 1
    if state == NEW:
        open_connection(me, it, paired, flags, seq, ack)
    elif state == ESTABLISHED:
        if flags & (_SYN | _ACK) != _ACK:
            me.anomalies |= BAD_FLAGS
            if paired:
                it.anomalies |= BAD_FLAGS
        if flags & _FIN:
            me.finSeen = 1
            me.finSeq = seq
            enter(me, CLOSING, TIMEOUT_CLOSING, 0)
            if closes:
                it.finAckd = 1
        if flags & _RST:
            reset(me, it, paired, BAD_CLOSING)
    elif state == CLOSING:
        if flags & _RST:
            reset(me, it, paired, BAD_CLOSING)
        if closes:
            it.finAckd = 1
        if paired and me.finSeen and me.finAckd and it.finSeen and it.finAckd:
            enter(me, CLOSED, TIMEOUT_CLOSED, 0)
            enter(it, CLOSED, TIMEOUT_CLOSED, 0)
    elif state == CLOSED:
        me.anomalies |= AFTER_CLOSE
        if flags & _RST:
            reset(me, it, paired, BAD_CLOSING)
    else:
        me.anomalies |= AFTER_RESET


@inlined
def changes_nothing(me: Record, flags: Integer) -> bool:
    """Return whether a packet is one of the many that acknowledge within an open connection."""
    return bool(me.state == ESTABLISHED and flags & _ROLE == _ACK)


@inlined
def conclude(me: Record, it: Record, paired: bool) -> Integer:
    """Complete the anomalies of a direction at its release; direction A comes first.

    Returns:
        The anomalies.
    """
    if not paired:
        me.anomalies |= BAD_OPENING | BAD_CLOSING
    else:
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
