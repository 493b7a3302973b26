"""tcpFlags in plain Python (docs/tcpflags.md): IPv4 with TCP or UDP, whole packets, no tunnels."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

SINGLE = np.float32
ZERO = SINGLE(0)
U32 = 0xFFFFFFFF
FIN, SYN, RST, ACK = 1, 2, 4, 16
ENDS = FIN | SYN | RST


def ones_sum(data: bytes) -> int:
    """RFC 1071: the sum of words, folded, big-endian."""
    padded = data + bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def checksum(data: bytes) -> int:
    """The complement, but 0xffff stays as it is."""
    total = ones_sum(data)
    return total if total == 0xFFFF else total ^ 0xFFFF


def signed(value: int) -> int:
    return (value + 0x80000000) % 2**32 - 0x80000000


@dataclass
class Direction:
    """One direction of a conversation."""

    other: "Direction | None" = None
    last: tuple[int, int] = (0, 0)
    packets: int = 0
    ip_id: int = 0
    id_range: list[int] = field(default_factory=lambda: [65535, 0])
    ttl: int = 0
    ttls: list[int] = field(default_factory=list)
    ttl_changes: int = 0
    tos: int = 0
    ip_flags: int = 0
    ip_options: list[int] = field(default_factory=list)
    status: int = 0
    last_status: int = 0
    flags: int = 0
    last_flags: int = 0
    anomaly: int = 0
    last_anomaly: int = 0
    rtt: str = "none"
    trip: SINGLE = ZERO
    trips: list[SINGLE] = field(default_factory=lambda: [SINGLE(65535), SINGLE(0)])
    mean: SINGLE = ZERO
    jitter: SINGLE = ZERO
    first_seq: int = 0
    last_seq: int = 0
    next_seq: int = 0
    high_seq: int = 0
    last_ack: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    window: int = 0
    windows: list[int] = field(default_factory=list)  # first, smallest, largest
    average: SINGLE = ZERO
    down: int = 0
    up: int = 0
    turns: int = 0
    tcp_packets: int = 0
    tiny: int = 0
    sent: int = 0
    acked: int = 0
    message: int = 0
    in_order: int = 0
    seq_faults: int = 0
    acks: int = 0
    ack_faults: int = 0
    opt_packets: int = 0
    opt_count: int = 0
    options: int = 0
    kinds: list[int] = field(default_factory=list)
    mss: int = 0
    multipath: int = 0
    shift: int = 0
    stamp: int = 0
    echo: int = 0
    highest_stamp: int = 0
    first_stamp: int = 0
    first_stamp_time: tuple[int, int] = (0, 0)
    stamp_time: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Packet:
    """An IPv4 packet.

    Attributes:
        is_reply: sent by the second of the two hosts.
        time: seconds and nanoseconds.
        ip: from the IP header on.
    """

    is_reply: bool
    time: tuple[int, int]
    ip: bytes


def walk(options: bytes) -> "Sequence[tuple[int, bytes]]":
    """Kinds and bytes from each option on; an option of length 0 comes without bytes and is the last."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(options) and options[at]:
        kind = options[at]
        length = 1 if kind == 1 else (options + b"\0")[at + 1]
        found.append((kind, options[at:] if length else b""))
        if length == 0:
            break
        at += length
    return found


class Model:
    """Follows one conversation."""

    def __init__(self) -> None:
        self.sides: dict[bool, Direction] = {}

    def packet(self, packet: Packet) -> dict[str, object]:
        """Return the columns of a packet."""
        header = 4 * (packet.ip[0] & 15)
        l4 = packet.ip[header:]
        is_tcp = packet.ip[9] == 6
        me = self.sides.get(packet.is_reply)
        if me is None:
            me = self.sides[packet.is_reply] = Direction(last=packet.time, ttl=packet.ip[8])
            me.ip_id = int.from_bytes(packet.ip[4:6], "big")
            me.ttls = [me.ttl, me.ttl]
            me.other = self.sides.get(not packet.is_reply)
            if me.other:
                me.other.other = me
            if is_tcp:
                me.first_seq = me.last_seq = me.next_seq = me.high_seq = int.from_bytes(l4[4:8], "big")
                me.last_ack = int.from_bytes(l4[8:12], "big")
                if l4[13] == SYN and len(l4) > 4 * (l4[12] >> 4):
                    me.anomaly = 0x4000
        columns, gap = self.ip_part(me, packet, header, l4, is_tcp)
        status = me.status & 0x8A13
        if is_tcp:
            more, status = self.tcp_part(me, l4, gap, status)
            columns |= more
            me.last_status = status | 1
        else:
            columns |= {"tcpFStat": 0, "tcpOptLen": 0}
            me.rtt = "syn-ack" if me.packets == 1 else "ack" if me.rtt == "syn-ack" else me.rtt
        me.status |= status | 1
        return columns

    def ip_part(
        self, me: Direction, packet: Packet, header: int, l4: bytes, is_tcp: bool
    ) -> tuple[dict[str, object], SINGLE]:
        ip = packet.ip
        me.packets += 1
        flags = ip[6] & 0xE0
        for kind, rest in walk(ip[20:header]):
            me.ip_options.append(kind)
            flags |= 0 if rest else 1
        me.ttl_changes += ip[8] != me.ttl
        me.ttl = ip[8]
        me.ttls = [min(me.ttls[0], ip[8]), max(me.ttls[1], ip[8])]
        me.tos |= ip[1]
        ip_id = int.from_bytes(ip[4:6], "big")
        step = 0
        if me.status & 1:
            step = ip_id - me.ip_id
            flags |= 4 if step < 0 else 0
            me.id_range = [min(step, me.id_range[0]) % 65536, max(step, me.id_range[1]) % 65536]
        me.ip_id = ip_id
        ip_sum = checksum(ip[:10] + ip[12:header])
        flags |= 0x400 if ip_sum != int.from_bytes(ip[10:12], "big") else 0
        place = 16 if is_tcp else 6
        pseudo = ip[12:20] + bytes([0, ip[9]]) + len(l4).to_bytes(2, "big")
        l4_sum = checksum(pseudo + l4[:place] + b"\0\0" + l4[place + 2 :])
        flags |= 0x800 if l4_sum != int.from_bytes(l4[place : place + 2], "big") else 0
        seconds = (packet.time[0] - me.last[0]) % 2**32
        gap = SINGLE(seconds + (packet.time[1] - me.last[1]) / 1e9)
        if me.status & 1:
            flags |= 0x4000 if gap == 0 else 0x8000 if gap < 0 else 0
        me.last = packet.time
        me.ip_flags |= flags
        if me.other and me.rtt != "stop":
            self.trip(me, me.other)
        columns: dict[str, object] = {
            "ipToS": ip[1],
            "ipID": ip_id,
            "ipIDDiff": step,
            "ipTTL": ip[8],
            "ipFlags": flags,
            "ipHdrChkSum": int.from_bytes(ip[10:12], "big"),
            "ipCalChkSum": ip_sum,
            "l4HdrChkSum": int.from_bytes(l4[place : place + 2], "big"),
            "l4CalChkSum": l4_sum,
            "ipFrag": int.from_bytes(ip[6:8], "big"),
            "ipOptLen": header - 20,
            "ipOpts": ";".join(f"0x{byte:02x}" for byte in ip[20:header]),
        }
        return columns, gap

    def trip(self, me: Direction, other: Direction) -> None:
        fraction = SINGLE(SINGLE(me.last[1]) - SINGLE(other.last[1]))
        trip = SINGLE(abs(float(me.last[0] - other.last[0]) + float(fraction) / 1e9))
        other.trips = [min(trip, other.trips[0]), max(trip, other.trips[1])]
        if other.rtt in ("syn", "syn-ack") and other.packets == 1:
            other.trip = other.mean = trip
            return
        distance = SINGLE(trip - other.mean)
        other.mean = SINGLE(other.mean + SINGLE(distance / SINGLE(me.packets)))
        square = SINGLE(distance * distance)
        other.jitter = SINGLE(other.jitter + SINGLE(SINGLE(square - other.jitter) / SINGLE(me.packets)))
        other.rtt = "ack"

    def handshake(self, me: Direction, flags: int, gap: SINGLE, size: int) -> tuple[int, int]:
        anomaly = 0
        if not flags & 0x3F:
            flags, anomaly = flags | 0x800, 0x1000
        elif flags & 0x3F == 0x29:
            flags, anomaly = flags | 0x8000, 0x1000
        kind = flags & (ENDS | ACK)
        if kind == SYN:
            if me.rtt == "syn":
                anomaly |= 1 if gap > SINGLE(0.9) else 0x1000
            anomaly |= 0x4000 if size else 0
            me.rtt = "syn"
        elif kind == SYN | ACK:
            flags |= 0x200
            me.rtt = "syn-ack"
        elif kind == ACK:
            me.rtt = "ack" if me.rtt == "syn-ack" else me.rtt
            if me.other:
                if me.other.rtt in ("none", "syn-ack"):
                    me.other.rtt = "ack"
                me.other.in_flight = 0
                me.in_flight += size
                me.most_in_flight = max(me.most_in_flight, me.in_flight)
        else:
            names = {FIN | ACK: 0x100, RST | ACK: 0x400, SYN | FIN: 0x1000, ENDS: 0x2000, RST | FIN: 0x4000}
            flags |= names.get(kind, 0)
            me.rtt = "stop"
        return flags, anomaly

    def tcp_options(self, me: Direction, options: bytes, l4: bytes, flags: int, status: int) -> int:
        me.opt_packets += 1
        for kind, rest in walk(options):
            me.opt_count += 1
            me.options |= 1 << min(kind, 31)
            if flags & SYN:
                me.kinds = [*me.kinds, kind][:20]
            if not rest:
                return status | 8
            value = rest[2:] + bytes(8)
            if kind == 2:
                me.mss = int.from_bytes(value[:2], "big")
            elif kind == 5:
                status |= 0x4000
            elif kind == 30:
                status |= 0x8000
                me.multipath |= 1 << (value[0] >> 4)
            elif kind == 3 and flags & SYN:
                me.shift = value[0]
                if flags & ACK:
                    me.status |= 0x200
                    if me.other:
                        me.other.status |= 0x200
            elif kind == 8:
                me.stamp, me.echo = struct.unpack(">II", value[:8])
                me.stamp_time = me.last
                if me.stamp < me.highest_stamp:
                    status |= 4
                    continue
                me.highest_stamp = me.stamp
                if not status & 2:
                    me.first_stamp, me.first_stamp_time = me.stamp, me.last
                    status |= 2
        return status

    def follow_window(self, me: Direction, window: int, flags: int, status: int) -> int:
        me.tcp_packets += 1
        if not flags & ENDS and window < 1:
            me.tiny += 1
            status |= 0x100
        if not status & 0x10:
            me.windows, me.window, me.average = [window] * 3, window, SINGLE(window)
            status |= 0x10
        me.average = SINGLE(float(me.average) * 0.7 + float(SINGLE(window)) * 0.3)
        first, low, high = me.windows
        rising = bool(status & 0x800)
        if window > me.window:
            me.up += 1
            me.turns += not rising
            me.windows = [first, low, max(high, window)]
            status |= 0x800
        elif window < me.window:
            me.down += 1
            me.turns += rising
            me.windows = [first, min(low, window), high]
            status &= ~0x800
        return status

    def tcp_part(self, me: Direction, l4: bytes, gap: SINGLE, status: int) -> tuple[dict[str, object], int]:
        header = 4 * (l4[12] >> 4)
        size = len(l4) - header
        seq, ack = struct.unpack(">II", l4[4:12])
        flags, anomaly = self.handshake(me, l4[13], gap, size)
        if header > 20:
            status = self.tcp_options(me, l4[20:header], l4, flags, status)
        window = int.from_bytes(l4[14:16], "big")
        scale = 0
        if status & 0x200:
            window = window << (me.shift % 64) & U32
            scale = 1 << (me.shift % 64) & 0xFFFF
        status = self.follow_window(me, window, flags, status)
        other, ends = me.other, flags & ENDS
        if other and not ends:
            if other.window == 0 and size == 1:
                status |= 0x40
            elif other.last_status & 0x40 and window == 0 and size == 0:
                status |= 0x80
        steps = {"seqDiff": 0, "ackDiff": 0, "seqLen": 0, "ackLen": 0}
        if flags & ACK and not status & 0xC0:
            anomaly, status = self.sequence(me, seq, ack, size, window, gap, flags, anomaly, status, steps)
        me.message += size
        if other and not status & 0xC0 and me.in_flight >= other.window:
            status |= 0x400 if not other.last_flags & RST and me.flags & SYN else 0
        if (anomaly | me.anomaly) & 0x1000:
            anomaly &= 0xFFC0
        columns: dict[str, object] = {
            "seq": seq,
            "ack": ack,
            "seqMax": me.high_seq,
            **steps,
            "seqFlowLen": me.sent,
            "ackFlowLen": me.acked,
            "tcpMLen": me.message,
            "tcpBFlgt": me.in_flight,
            "tcpFStat": status,
            "tcpFlags": flags,
            "tcpAnomaly": anomaly,
            "tcpWin": window,
            "tcpWS": scale,
            "tcpMSS": me.mss,
            "tcpTmS": me.stamp,
            "tcpTmER": me.echo,
            "tcpOptLen": header - 20,
            "tcpOpts": ";".join(f"0x{byte:02x}" for byte in l4[20:header]),
        }
        me.last_seq, me.last_ack = seq, ack
        me.next_seq = (seq + size + (1 if ends else -1 if status & 0x40 else 0)) & U32
        me.high_seq = max(me.high_seq, me.next_seq)
        me.window, me.last_flags, me.last_anomaly = window, flags, anomaly
        me.flags |= flags
        me.anomaly |= anomaly
        return columns, status

    def sequence(
        self, me: Direction, seq: int, ack: int, size: int, window: int, gap: SINGLE, flags: int,
        anomaly: int, status: int, steps: dict[str, int],
    ) -> tuple[int, int]:  # fmt: skip
        other, ends = me.other, flags & ENDS
        if size <= 1 and not ends:
            if seq == me.high_seq - 1:
                anomaly |= 0x10
            elif other and other.next_seq == ack - 1:
                anomaly |= 0x20
        if me.last_ack == ack and not anomaly & 0x30:
            if me.status & 1 and not ends and size == 0:
                if window in (me.window, me.window << (me.shift % 64) & U32):
                    anomaly |= 8
                    me.ack_faults += 1
                elif seq == me.next_seq:
                    status |= 0x20
            if not ends and seq < me.high_seq:
                anomaly |= 0x40
            elif seq < me.next_seq and other:
                patience = float(SINGLE(other.mean + me.mean)) * 1.5
                if float(gap) > patience and me.window == window:
                    anomaly |= 2
                    me.seq_faults += 1
            if other:
                again = other.last_anomaly & 8 and seq == other.last_ack and seq < me.next_seq
                if again and (size > 0 or flags & (SYN | FIN)):
                    anomaly |= 4
                    me.seq_faults += 1
                anomaly |= 0x80 if other.last_ack > seq else 0
        me.in_order += seq == me.next_seq
        if other and other.high_seq < ack:
            anomaly |= 0x100
            me.ack_faults += 1
        if not me.last_flags & ENDS and seq > me.high_seq:
            anomaly |= 0x200
        if me.last_seq:
            steps["seqDiff"] = step = signed(seq - me.last_seq)
            steps["seqLen"] = 0 if step == 1 and me.last_flags & ENDS else max(step, 0)
            me.sent += steps["seqLen"]
        if me.last_ack:
            steps["ackDiff"] = step = signed(ack - me.last_ack)
            ended = me.last_flags & ENDS or (other and other.last_flags & ENDS)
            steps["ackLen"] = 0 if step == 1 and ended else max(step, 0)
            me.acked += steps["ackLen"]
        me.acks += 1
        return anomaly, status

    def flow(self, is_reply: bool) -> dict[str, object]:
        """Return columns of a direction at its end, those that need no other flow."""
        me = self.sides[is_reply]
        classes = number = 0
        for option in me.ip_options:
            classes |= option & 0xE0
            number |= 1 << (option & 31)
        windows = me.windows or [0, 0, 0]
        ratio = SINGLE(me.tiny) / SINGLE(me.tcp_packets) if me.tcp_packets else SINGLE(0)
        return {
            "tcpFStat": me.status,
            "ipMindIPID": me.id_range[0],
            "ipMaxdIPID": me.id_range[1],
            "ipMinTTL": me.ttls[0],
            "ipMaxTTL": me.ttls[1],
            "ipTTLChg": me.ttl_changes,
            "ipToS": me.tos,
            "ipFlags": me.ip_flags,
            "ipOptCnt": len(me.ip_options),
            "ipOptCpCl_Num": f"0x{classes:02x}_0x{number:08x}",
            "tcpISeqN": me.first_seq,
            "tcpPSeqCnt": me.in_order,
            "tcpSeqSntBytes": me.sent,
            "tcpSeqFaultCnt": me.seq_faults,
            "tcpPAckCnt": me.acks,
            "tcpFlwLssAckRcvdBytes": me.acked,
            "tcpAckFaultCnt": me.ack_faults,
            "tcpBFlgtMx": me.most_in_flight,
            "tcpInitWinSz": windows[0],
            "tcpMinWinSz": windows[1],
            "tcpMaxWinSz": windows[2],
            "tcpAvgWinSz": me.average,
            "tcpWinSzDwnCnt": me.down,
            "tcpWinSzUpCnt": me.up,
            "tcpWinSzChgDirCnt": me.turns,
            "tcpWinSzThRt": ratio,
            "tcpFlags": me.flags,
            "tcpOptPktCnt": me.opt_packets,
            "tcpOptCnt": me.opt_count,
            "tcpOptions": me.options,
            "tcpMSS": me.mss,
            "tcpMPTBF": me.multipath,
            "tcpTmS": me.stamp,
            "tcpTmER": me.echo,
            "tcpSSASAATrip": me.trip,
            "tcpRTTAckTripMin": me.trips[0],
            "tcpRTTAckTripMax": me.trips[1],
            "tcpRTTAckTripAvg": me.mean,
            "tcpRTTAckTripJitAvg": SINGLE(np.sqrt(float(me.jitter))),
        }
