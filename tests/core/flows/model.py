"""A plain model of the flow table: dictionaries and one Python list, no cleverness.

It is written from the rules in docs/flows.md alone and shares no code with the kernels.
"""

from dataclasses import dataclass, field

import numpy as np

ADDRESS_BITS = 64
L2, V4, V6 = 1, 2, 3
FIRST, LATER, MORE = 1, 2, 4
FIN, SYN, RST, ACK = 1, 2, 4, 16
f32 = np.float32
U32 = 0xFFFFFFFF


@dataclass
class Packet:
    sec: int = 0
    frac: int = 0
    caplen: int = 60
    kind: int = V4
    status: int = 0
    src: int = 1
    dst: int = 2
    sport: int = 1000
    dport: int = 2000
    eth: int = 0x0800
    vlan: int = 0
    proto: int = 6
    flags: int = ACK
    seq: int = 0
    ack: int = 0
    frag: int = 0
    frag_id: int = 0
    ip_id: int = 0
    snap4: int = 20
    pad: int = 0

    @property
    def key(self):
        return (self.kind, self.src, self.dst, self.sport, self.dport, self.eth, self.vlan, self.proto)

    @property
    def reverse(self):
        return (self.kind, self.dst, self.src, self.dport, self.sport, self.eth, self.vlan, self.proto)


@dataclass(eq=False)
class Flow:
    key: tuple
    index: int
    first: tuple
    last: tuple
    status: int
    timeout: np.float32 = f32(182)  # noqa: RUF009
    opposite: "Flow | None" = None
    ip_id: int | None = None
    frag_id: int = 0
    pad: int = 0
    # TCP
    an: int = 0
    st: str = "NEW"
    syn_seen: bool = False
    syn_ackd: bool = False
    fin_seen: bool = False
    fin_ackd: bool = False
    fin_scan: bool = False
    syn_seq: int = 0
    fin_seq: int = 0


@dataclass(eq=False)
class Marker:
    timeout: f32


TIMEOUT = {"RESET": 0.1, "NEW": 120, "ESTABLISHED": 610, "CLOSING": 120, "CLOSED": 10}


def bit(n):
    return 1 << n


@dataclass
class Model:
    tcp_states: bool = True
    packet_times: bool = True
    capacity: int = 10**9
    flows: dict = field(default_factory=dict)
    fragments: dict = field(default_factory=dict)
    released: list = field(default_factory=list)
    lines: list = field(default_factory=list)
    status: int = 0
    tcp_aggregate: int = 0
    indices: int = 0
    peak: int = 0
    autopilot: int = 0
    corrected: int = 0
    made: dict = field(default_factory=lambda: {"A": 0, "B": 0, L2: 0, V4: 0, V6: 0})
    traffic: list = field(default_factory=lambda: [0, 0, 0, 0])
    fragment_count: dict = field(default_factory=lambda: {V4: 0, V6: 0})

    def __post_init__(self):
        values = [182] + ([0.1, 120, 610, 120, 10] if self.tcp_states else [])
        markers = []
        for value in values:
            if f32(value) not in [m.timeout for m in markers]:
                markers.append(Marker(f32(value)))
        self.list = ["head", *markers, "tail"]
        self.markers = sorted(markers, key=lambda m: -m.timeout)

    # --- time-outs

    def age(self, flow):
        d = f32(self.now[0] - flow.last[0])
        return f32(float(d) + (self.now[1] - flow.last[1]) / 1e9)

    def scan(self):
        for marker in self.markers:
            at = self.list.index(marker) - 1
            while True:
                node = self.list[at]
                if node == "head":
                    break
                if isinstance(node, Flow):
                    if self.age(node) < marker.timeout:
                        break
                    if self.age(node) >= node.timeout and (
                        node.opposite is None or self.age(node.opposite) >= node.opposite.timeout
                    ):
                        before = self.list[:at]
                        self.release(node)
                        at = len([n for n in before if n in self.list])
                at -= 1
            self.list.remove(marker)
            self.list.insert(self.list.index(node) + 1, marker)

    def release(self, flow):
        other = flow.opposite
        if other is None:
            pair = [(flow, "A")]
            self.corrected += flow.status & 1
        elif flow.status & 1:
            pair = [(other, "A"), (flow, "B")]
        else:
            pair = [(flow, "A"), (other, "B")]
        for f, direction in pair:
            self.list.remove(f)
            del self.flows[f.key]
            if f.status & bit(39):
                self.fragments.pop(self.chain(f, f.frag_id, f.key[7]), None)
                self.status |= bit(39)
            if self.tcp_states and f.key[7] == 6:
                self.conclude(f)
            duration = (f.last[0] - f.first[0], f.last[1] - f.first[1])
            if duration[1] < 0:
                duration = (duration[0] - 1, duration[1] + 10**9)
            self.released.append(
                dict(
                    key=f.key,
                    index=f.index,
                    dir=direction,
                    status=f.status,
                    first=f.first,
                    last=f.last,
                    duration=(duration[0] & U32, duration[1]),
                    pad=f.pad,
                    an=f.an if self.tcp_states else 0,
                    packet=self.number,
                )
            )

    def finish(self):
        self.number = -1
        while flows := [n for n in self.list if isinstance(n, Flow)]:
            self.release(flows[-1])

    # --- packets

    def chain(self, flow, frag_id, proto):
        _, src, dst, _, _, eth, vlan, _ = flow.key
        return (src, dst, eth, vlan, frag_id, proto)

    def packet(self, p, number):
        self.now = (p.sec, p.frac)
        self.number = number
        self.scan()
        if p.caplen == 0 or p.kind == 0:
            if p.caplen:
                self.status |= p.status
            self.lines.append(None)
            return
        packet_status = p.status
        ip = p.kind != L2
        flow, found, headless, new = None, False, False, False
        if ip and p.frag & LATER:
            key = (p.src, p.dst, p.eth, p.vlan, p.frag_id, p.proto if p.kind == V4 else 0)
            if key in self.fragments:
                flow = self.fragments[key]
                found = True
                self.fragment_count[p.kind] += 1
                if not p.frag & MORE:
                    del self.fragments[key]
                    flow.status &= ~bit(39)
            else:
                headless = True
                self.status |= bit(36) | bit(38)
        if not found:
            new = p.key not in self.flows
            if new:
                flow = self.create(p)
            else:
                flow = self.flows[p.key]
                self.list.remove(flow)
                self.list.insert(1, flow)
                if p.kind == V4:
                    if p.ip_id != 0 and p.ip_id == flow.ip_id:
                        flow.status |= bit(44)
                        self.status |= bit(44)
                    flow.ip_id = p.ip_id
            if ip and (headless or p.frag & FIRST):
                self.fragment_count[p.kind] += 1
                if headless:
                    flow.status |= bit(38)
                flow.status |= bit(36)
                self.status |= bit(36)
                key = (p.src, p.dst, p.eth, p.vlan, p.frag_id, p.proto)
                if flow.status & bit(39):
                    if self.fragments.pop(self.chain(flow, flow.frag_id, p.proto), None) is None:
                        flow.status |= bit(37)
                        self.status |= bit(37)
                    if flow.frag_id != p.frag_id:
                        flow.status |= bit(37)
                        self.status |= bit(37)
                elif key in self.fragments:
                    self.fragments[key].status &= ~bit(39)
                self.fragments[key] = flow
                flow.status |= bit(39)
                flow.frag_id = p.frag_id
                if p.kind == V4:
                    packet_status |= bit(36)
            elif flow.status & bit(39):
                flow.status |= bit(37)
                self.status |= bit(37)
        packet_status |= {L2: bit(2), V4: bit(14), V6: bit(15)}[p.kind]
        flow.pad += p.pad
        flow.status |= packet_status
        previous, flow.last = flow.last, self.now
        iat = ((flow.last[0] - previous[0]) & U32) + (flow.last[1] - previous[1]) / 1e9
        trip = 0.0
        if flow.opposite:
            o = flow.opposite.last
            trip = (flow.last[0] - o[0]) + float(f32(f32(flow.last[1]) - f32(o[1]))) / 1e9
        duration = ((flow.last[0] - flow.first[0]) & U32) + (flow.last[1] - flow.first[1]) / 1e9
        if self.packet_times and iat < 0:
            flow.status |= bit(51)
            self.status |= bit(51)
        an = 0
        if self.tcp_states and ip and p.proto == 6 and not p.frag & LATER and p.snap4 >= 13:
            self.tcp(flow, p.flags, p.seq, p.ack)
            an = flow.an
        self.traffic[flow.status & 1] += 1
        self.traffic[2 + (flow.status & 1)] += p.caplen
        self.status |= packet_status
        times = (iat, trip, duration) if self.packet_times else None
        self.lines.append((flow.index, flow.status, packet_status, new, an, flow.key, times))

    def create(self, p):
        if len(self.flows) >= self.capacity:
            oldest = [n for n in self.list if isinstance(n, Flow)][-1]
            oldest.status |= bit(42)
            self.status |= bit(42)
            self.autopilot += 1
            self.release(oldest)
        status = {L2: bit(2), V4: bit(14), V6: bit(15)}[p.kind]
        flow = Flow(p.key, 0, self.now, self.now, status)
        self.status |= status
        self.flows[p.key] = flow
        self.list.insert(1, flow)
        self.made[p.kind] += 1
        other = self.flows.get(p.reverse)
        if other is not None and other is not flow:
            flow.opposite, other.opposite = other, flow
            flow.index = other.index
            self.made["B"] += 1
            if not other.status & 1:
                flow.status |= 1
        else:
            self.indices += 1
            flow.index = self.indices
            self.made["A"] += 1
            if other is flow:
                if p.kind != L2 and p.proto == 6:
                    flow.status |= bit(50)
                    self.status |= bit(50)
            elif p.kind != L2:
                if p.sport < 1024 and p.sport < p.dport:
                    flow.status |= 1
                if p.sport in (8080, 8081, 8088, 8089):
                    flow.status |= 1
                if p.proto == 6 and p.flags & SYN and p.flags & ACK:
                    flow.status |= 1
        self.peak = max(self.peak, len(self.flows))
        return flow

    # --- TCP

    def to(self, flow, state):
        flow.st = state
        flow.timeout = f32(TIMEOUT[state])

    def reset(self, me, other):
        self.to(me, "RESET")
        me.an |= 0x42
        if other:
            self.to(other, "RESET")
            other.an |= 2

    def tcp(self, me, flags, seq, ack):
        other = me.opposite
        if flags & 0x3F in (0, 0x29):
            me.an |= 0x80
        names = "".join(n for n, m in (("A", ACK), ("R", RST), ("S", SYN), ("F", FIN)) if flags & m)
        if me.st == "NEW":
            self.tcp_new(me, other, flags, names, seq, ack)
        elif me.st == "ESTABLISHED":
            if "S" in names or "A" not in names:
                me.an |= 4
                if other:
                    other.an |= 4
            if "F" in names:
                me.fin_seen, me.fin_seq = True, seq
                self.to(me, "CLOSING")
                if "A" in names and other and other.fin_seen and ack == other.fin_seq + 1:
                    other.fin_ackd = True
            if "R" in names:
                self.reset(me, other)
        elif me.st == "CLOSING":
            if "R" in names:
                self.reset(me, other)
            if "A" in names and other and other.fin_seen and ack == other.fin_seq + 1:
                other.fin_ackd = True
            if other and me.fin_seen and me.fin_ackd and other.fin_seen and other.fin_ackd:
                self.to(me, "CLOSED")
                self.to(other, "CLOSED")
        elif me.st == "CLOSED":
            me.an |= 8
            if "R" in names:
                self.reset(me, other)
        else:
            me.an |= 0x10

    def tcp_new(self, me, other, flags, names, seq, ack):
        both = [f for f in (me, other) if f]
        if names in ("S", "AS"):
            me.syn_seen, me.syn_seq = True, seq
            me.timeout = f32(TIMEOUT["NEW"])
            if names == "AS":
                if other and ack == other.syn_seq + 1:
                    other.syn_ackd = True
                else:
                    for f in both:
                        self.to(f, "ESTABLISHED")
                        f.an |= 1
        elif other and names == "A":
            if ack == other.syn_seq + 1:
                other.syn_ackd = True
                if me.syn_ackd:
                    for f in both:
                        self.to(f, "ESTABLISHED")
            else:
                for f in both:
                    self.to(f, "ESTABLISHED")
                    f.an |= 1
        elif other and names == "AR":
            self.to(me, "RESET")
            me.an |= 0x40
            self.to(other, "RESET")
        elif "R" in names:
            me.an |= 0x41
            self.to(me, "RESET")
            if other:
                other.an |= 1
                self.to(other, "RESET")
            else:
                me.an |= 0x80
        elif names == "AF":
            me.fin_seen, me.fin_seq = True, seq
            me.an |= 1
            self.to(me, "CLOSING")
            if other:
                other.an |= 1
                if other.fin_seen and other.fin_seq + 1 == ack:
                    other.fin_ackd = True
            else:
                me.fin_scan = True
        elif names == "F":
            me.an |= 0x80
        else:
            for f in both:
                self.to(f, "ESTABLISHED")
                f.an |= 1

    def conclude(self, me):
        other = me.opposite
        if other is None:
            me.an |= 3
        else:
            if not all([me.syn_seen, other.syn_seen, me.syn_ackd, other.syn_ackd]):
                me.an |= 1
            if all([me.fin_seen, other.fin_seen, me.fin_ackd, other.fin_ackd]):
                me.fin_scan = other.fin_scan = False
            else:
                me.an |= 2
        if me.fin_scan:
            me.an |= 0x80
        self.tcp_aggregate |= me.an
