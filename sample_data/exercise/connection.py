"""The two ends of a TCP connection: sequence numbers, acknowledgements and a clock."""

from __future__ import annotations

from hashlib import shake_128

from .wire import ACK, FIN, PSH, RST, SYN, Endpoint, Segment

CLIENT, SERVER = 0, 1


class Connection:
    """A TCP connection that is told what to send and notes the segments.

    Attributes:
        now: time of the next segment, microseconds since the epoch.
        segments: what was sent so far.
    """

    def __init__(self, client: Endpoint, server: Endpoint, start: int) -> None:
        self.ends = (client, server)
        self.now = start
        self.segments: list[Segment] = []
        label = f"{client.host.ip}:{client.port} {server.host.ip}:{server.port}".encode()
        digits = shake_128(label).digest(8)
        # 30 bits: the longest transfer stays clear of the sequence number's wrap
        self.next_seq = [int.from_bytes(digits[i : i + 4], "big") >> 2 for i in (0, 4)]
        self.received = [0, 0]

    def wait(self, microseconds: int) -> Connection:
        """Let time pass."""
        self.now += microseconds
        return self

    def at(self, time: int) -> Connection:
        """Move the clock to a point in time.

        Raises:
            ValueError: the clock is already past it.
        """
        if time < self.now:
            raise ValueError(f"the dialogue of port {self.ends[CLIENT].port} is {self.now - time} us late")
        self.now = time
        return self

    def emit(
        self,
        side: int,
        flags: int,
        payload: bytes = b"",
        *,
        window: int | None = None,
        seq: int | None = None,
        ack: int | None = None,
    ) -> None:
        """Send a segment now.

        Args:
            side: CLIENT or SERVER.
            flags: TCP flags.
            payload: data.
            window: other than the host's usual one.
            seq: repeats or probes old or next bytes; the sender's sequence number stays where it is.
            ack: other than all that the peer has sent, after a loss.
        """
        sender = self.ends[side]
        if window is None:
            window = sender.host.syn_window if flags & SYN else sender.host.window
        self.segments.append(
            Segment(
                time=self.now,
                source=sender,
                target=self.ends[1 - side],
                seq=self.next_seq[side] if seq is None else seq,
                ack=(self.received[side] if ack is None else ack) if flags & ACK else 0,
                flags=flags,
                window=window,
                payload=payload,
            )
        )
        if seq is None:
            self.next_seq[side] += len(payload) + bool(flags & (SYN | FIN))
            self.received[1 - side] = self.next_seq[side]

    def open(self, answer: int, confirm: int) -> None:
        """Shake hands: the server answers after ``answer`` microseconds, the client ``confirm`` later."""
        self.emit(CLIENT, SYN)
        self.wait(answer).emit(SERVER, SYN | ACK)
        self.wait(confirm).emit(CLIENT, ACK)

    def send(self, side: int, payload: bytes) -> None:
        """Send one segment of data."""
        self.emit(side, PSH | ACK, payload)

    def acknowledge(self, side: int) -> None:
        """Send an empty acknowledgement."""
        self.emit(side, ACK)

    def finish(self, side: int) -> None:
        """Send a FIN."""
        self.emit(side, FIN | ACK)

    def reset(self, side: int) -> None:
        """Send a RST that acknowledges, as stacks do inside a connection."""
        self.emit(side, RST | ACK)
