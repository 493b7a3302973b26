"""Conversation 36: the transfer of R79733.EXE over the passive FTP data connection.

Printed: end points, first and last times, 1,514 packets to the server without payload, 3,101 to the client
with 4,268,858 bytes, four zero windows, the first in the client's packet 48, the longest pause between
two packets of the client, mean and standard deviation of these pauses, and how many packets lie between those
of the control connection. The file has 4,255,056 bytes and segments hold 1,380; the 13,802 bytes more are ten
repeated segments and two window probes of one byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .connection import CLIENT, SERVER, Connection
from .content import program
from .hosts import FTP_CLIENT, FTP_SERVER
from .wire import ACK, PSH, Endpoint, Segment, microseconds

FILE_SIZE = 4_255_056
SEGMENT_SIZE = 1380
WINDOW = FTP_CLIENT.window  # 47 segments

FIRST = microseconds("1258594163.408285")
SYN_ACK_AFTER, ACK_AFTER = 78_498, 607
DATA_STARTS = microseconds("1258594163.644871")
SERVER_FIN = microseconds("1258594185.427402")
LAST_ACK = microseconds("1258594185.427968")
RESET = microseconds("1258594191.015208")

ROUND_TRIP = 78_500
PROBE_ANSWER = 312
ACKS_AFTER_A_LOSS = 12
JITTER_SEED = 113  # one with which the rounded mean of the pauses comes out as printed


@dataclass(frozen=True)
class Burst:
    """Segments in a row and the acknowledgements spread evenly over them; the last segment is acknowledged.

    Attributes:
        segments: number of data segments.
        acks: number of acknowledgements, at most one per segment.
        spacing: microseconds between segments.
    """

    segments: int
    acks: int
    spacing: int


@dataclass(frozen=True)
class Pause:
    """The burst before it ends in a full receive buffer: zero window, one probe of a byte, update.

    Attributes:
        probe: microseconds from the zero window to the server's probe.
        update: microseconds from the second zero window to the open window.
    """

    probe: int
    update: int


@dataclass(frozen=True)
class Loss:
    """A segment that is lost behind the place of the capture and repeated after a round trip."""

    spacing: int


# a new round starts a round trip after the first acknowledgement of the one before
SLOW_START = [Burst(2, 1, 5000), Burst(4, 2, 5000), Burst(6, 3, 5000), Burst(8, 4, 5000)]
SPACING = 5847
PLAN: list[Burst | Pause | Loss] = [
    Burst(75, 36, SPACING),
    Pause(probe=598_214, update=901_715),
    Burst(181, 84, SPACING),
    Loss(SPACING),
    Burst(96, 45, SPACING),
    Loss(SPACING),
    Burst(377, 175, SPACING),
    Loss(SPACING),
    Burst(240, 111, SPACING),
    Loss(SPACING),
    Burst(312, 145, SPACING),
    Pause(probe=611_530, update=684_911),
    Burst(409, 190, SPACING),
    Loss(SPACING),
    Burst(133, 62, SPACING),
    Loss(SPACING),
    Burst(298, 139, SPACING),
    Loss(SPACING),
    Burst(254, 118, SPACING),
    Loss(SPACING),
    Burst(188, 87, SPACING),
    Loss(SPACING),
    Burst(221, 103, SPACING),
    Loss(SPACING),
    Burst(153, 71, SPACING),
]
# the server writes the file in blocks: segments that end one are short (index from 0: bytes)
SHORT_SEGMENTS = {640: 372, 1290: 516, 1950: 324, 2610: 276}


class Transfer:
    """The data connection while it is played from the plan."""

    def __init__(self) -> None:
        self.connection = Connection(Endpoint(FTP_CLIENT, 49330), Endpoint(FTP_SERVER, 64334), FIRST)
        self.payloads = payloads()
        self.next_payload = 0
        self.random = Random(JITTER_SEED)
        self.full_at: int | None = None  # sequence number at which the receive buffer of a pause is full

    def play(self) -> list[Segment]:
        """Return all segments of the connection."""
        connection = self.connection
        connection.open(SYN_ACK_AFTER, ACK_AFTER)
        start = DATA_STARTS
        for burst in SLOW_START:
            connection.at(start)
            start = self.burst(burst) + ROUND_TRIP
        connection.at(start)
        for step, following in zip(PLAN, [*PLAN[1:], None], strict=True):
            if isinstance(step, Burst):
                self.full_at = self.sequence_after(step.segments) if isinstance(following, Pause) else None
                self.burst(step)
            elif isinstance(step, Loss):
                self.loss(step)
            else:
                self.pause(step)
        connection.at(SERVER_FIN).finish(SERVER)
        connection.at(LAST_ACK).acknowledge(CLIENT)
        connection.at(RESET).reset(CLIENT)
        return connection.segments

    def sequence_after(self, segments: int) -> int:
        """Return the server's sequence number after the next ``segments`` payloads."""
        ahead = self.payloads[self.next_payload : self.next_payload + segments]
        return self.connection.next_seq[SERVER] + sum(map(len, ahead))

    def data(self, spacing: int) -> int:
        """Send the next payload after about ``spacing`` microseconds; return its sequence number."""
        self.connection.wait(int(spacing * (0.75 + 0.5 * self.random.random())))
        payload = self.payloads[self.next_payload]
        self.next_payload += 1
        block_ends = len(payload) < SEGMENT_SIZE
        seq = self.connection.next_seq[SERVER]
        self.connection.emit(SERVER, PSH | ACK if block_ends else ACK, payload)
        return seq

    def acknowledge(self, ack: int | None = None) -> None:
        """Let the client acknowledge what arrived (or ``ack``), with the room left in its receive buffer."""
        self.connection.wait(250 + int(300 * self.random.random()))
        room = WINDOW if self.full_at is None else self.full_at - self.connection.received[CLIENT]
        self.connection.emit(CLIENT, ACK, window=min(room, WINDOW), ack=ack)

    def burst(self, burst: Burst) -> int:
        """Play a burst and return the time of its first acknowledgement."""
        first_ack = 0
        for n in range(burst.segments):
            self.data(burst.spacing if n else 0)
            if (n + 1) * burst.acks // burst.segments > n * burst.acks // burst.segments:
                self.acknowledge()
                first_ack = first_ack or self.connection.now
        return first_ack

    def loss(self, loss: Loss) -> None:
        """Every segment after the lost one is answered with the same acknowledgement until it is repeated."""
        lost = self.data(loss.spacing)
        for _ in range(ACKS_AFTER_A_LOSS):
            self.data(loss.spacing)
            self.acknowledge(ack=lost)
        payload = self.payloads[self.next_payload - 1 - ACKS_AFTER_A_LOSS]
        self.connection.wait(loss.spacing).emit(SERVER, ACK, payload, seq=lost)
        self.acknowledge()

    def pause(self, pause: Pause) -> None:
        """The server probes the closed window with the next byte, which the client does not take."""
        connection = self.connection
        probe = self.payloads[self.next_payload][:1]
        connection.wait(pause.probe).emit(SERVER, ACK, probe, seq=connection.next_seq[SERVER])
        connection.wait(PROBE_ANSWER).emit(CLIENT, ACK, window=0)
        connection.wait(pause.update).emit(CLIENT, ACK, window=WINDOW)
        connection.wait(ROUND_TRIP)


def payloads() -> list[bytes]:
    """Cut the file into the payloads of its segments."""
    file = program(FILE_SIZE)
    cut: list[bytes] = []
    start = 0
    while start < len(file):
        end = start + SHORT_SEGMENTS.get(len(cut), SEGMENT_SIZE)
        cut.append(file[start:end])
        start = end
    return cut


def transfer() -> list[Segment]:
    """Return the segments of the data connection."""
    return Transfer().play()
