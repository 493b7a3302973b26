"""Flows and their life, small and slow: order of conversations, direction, time-outs, anomalies of TCP.

A flow is one direction. Before every packet, a pair is released when each direction is at least as old as its
own time-out. Without TCP states every flow lives 182 s.
"""

from dataclasses import dataclass, field
from enum import Enum, auto

from exercise_reader import ACK, FIN, RST, SYN, Packet

SECOND = 1_000_000
DEFAULT_TIMEOUT = 182 * SECOND

BAD_START, BAD_END, ODD_FLAGS, AFTER_END, AFTER_RESET, SENT_RESET = 1, 2, 4, 8, 16, 64


class State(Enum):
    """State of a direction."""

    NEW = auto()
    ESTABLISHED = auto()
    CLOSING = auto()
    CLOSED = auto()
    RESET = auto()


TIMEOUTS = {
    State.NEW: 120 * SECOND,
    State.ESTABLISHED: 610 * SECOND,
    State.CLOSING: 120 * SECOND,
    State.CLOSED: 10 * SECOND,
    State.RESET: SECOND // 10,
}


@dataclass
class Flow:
    """One direction of a conversation; ``is_b`` is bit 0 of its status."""

    index: int
    is_b: bool
    opposite: "Flow | None"
    packets: list[Packet] = field(default_factory=list)
    timeout: int = DEFAULT_TIMEOUT
    state: State = State.NEW
    anomalies: int = 0
    syn_seq: int | None = None
    syn_acked: bool = False
    fin_seq: int | None = None
    fin_acked: bool = False

    def expired(self, now: int) -> bool:
        """Whether nothing was sent for the flow's time-out."""
        return now - self.packets[-1].time >= self.timeout

    def enter(self, state: State) -> None:
        """Change the state, and the time-out with it."""
        self.state, self.timeout = state, TIMEOUTS[state]


@dataclass
class Flows:
    """All flows in order of their creation, and how many were alive at once."""

    tcp_states: bool
    flows: list[Flow] = field(default_factory=list)
    peak: int = 0

    def analyse(self, packets: list[Packet]) -> "Flows":
        """Sort packets into flows."""
        alive: dict[tuple[tuple[str, int], tuple[str, int]], Flow] = {}
        for packet in packets:
            for key, flow in list(alive.items()):
                if flow.expired(packet.time) and (
                    flow.opposite is None or flow.opposite.expired(packet.time)
                ):
                    del alive[key]
            # a pair leaves together: both directions passed the same test
            key = packet.source, packet.target
            if key not in alive:
                alive[key] = self.create(packet, alive.get((packet.target, packet.source)))
            flow = alive[key]
            flow.packets.append(packet)
            if self.tcp_states:
                step(flow, packet)
            self.peak = max(self.peak, len(alive))
        if self.tcp_states:
            for flow in self.flows:
                finish(flow)
        return self

    def create(self, packet: Packet, opposite: Flow | None) -> Flow:
        """Return a new flow; one without opposite opens the next conversation."""
        if opposite:
            flow = Flow(opposite.index, not opposite.is_b, opposite)
            opposite.opposite = flow
        else:
            (_, sport), (_, dport) = packet.source, packet.target
            answers = packet.flags & (SYN | ACK) == SYN | ACK or (sport < 1024 and sport < dport)
            flow = Flow(max((f.index for f in self.flows), default=0) + 1, answers, None)
        self.flows.append(flow)
        return flow


def step(me: Flow, packet: Packet) -> None:
    """Follow the TCP states with a packet of the flow ``me``."""
    other, flags = me.opposite, packet.flags & (SYN | ACK | FIN | RST)
    if me.state is State.NEW:
        if flags & SYN:
            me.syn_seq = packet.seq
            me.timeout = TIMEOUTS[State.NEW]
            if flags & ACK and other and other.syn_seq is not None and packet.ack == other.syn_seq + 1:
                other.syn_acked = True
        elif flags == ACK and other and other.syn_seq is not None and packet.ack == other.syn_seq + 1:
            other.syn_acked = True
            if me.syn_acked:
                me.enter(State.ESTABLISHED)
                other.enter(State.ESTABLISHED)
        else:
            raise AssertionError(f"packet {packet.number}: this model knows whole handshakes only")
        return
    assert other
    if me.state is State.ESTABLISHED:
        if flags & (SYN | ACK) != ACK:
            me.anomalies |= ODD_FLAGS
            other.anomalies |= ODD_FLAGS
        if flags & FIN:
            me.fin_seq = packet.seq
            me.enter(State.CLOSING)
            acknowledge_fin(packet, other)
    elif me.state is State.CLOSING:
        acknowledge_fin(packet, other)
        if me.fin_acked and other.fin_acked:
            me.enter(State.CLOSED)
            other.enter(State.CLOSED)
    elif me.state is State.CLOSED:
        me.anomalies |= AFTER_END
    else:
        me.anomalies |= AFTER_RESET
        return
    if flags & RST:
        me.anomalies |= SENT_RESET | BAD_END
        other.anomalies |= BAD_END
        me.enter(State.RESET)
        other.enter(State.RESET)


def acknowledge_fin(packet: Packet, other: Flow) -> None:
    """Note that a packet acknowledges the FIN of the other side."""
    if packet.flags & ACK and other.fin_seq is not None and packet.ack == other.fin_seq + 1:
        other.fin_acked = True


def finish(flow: Flow) -> None:
    """Judge handshake and tear-down at the end of the flow."""
    other = flow.opposite
    if other is None or not (flow.syn_acked and other.syn_acked):
        flow.anomalies |= BAD_START
    if other is None or not (flow.fin_acked and other.fin_acked):
        flow.anomalies |= BAD_END
