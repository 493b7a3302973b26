"""The flow table against the plain model, and single rules by example."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2tui.core.flows import FlowCounter, FlowTable
from t2tui.core.layout import PACKET, SHOW_ADDRESS, SHOW_MAC
from tests.core.flows.model import ACK, FIN, FIRST, L2, LATER, MORE, RST, SYN, V4, V6, Model, Packet

KEY = ("kind", "src", "dst", "sport", "dport", "eth", "vlan", "proto")


def records_of(packets):
    out = np.zeros(len(packets), PACKET)
    for r, p in zip(out, packets, strict=True):
        r["sec"], r["frac"], r["caplen"], r["kind"], r["status"] = p.sec, p.frac, p.caplen, p.kind, p.status
        r["srcHi"], r["srcLo"] = p.src >> 64, p.src & (1 << 64) - 1
        r["dstHi"], r["dstLo"] = p.dst >> 64, p.dst & (1 << 64) - 1
        r["srcPort"], r["dstPort"], r["ethType"], r["vlan"] = p.sport, p.dport, p.eth, p.vlan
        r["l4Proto"], r["tcpFlags"], r["seq"], r["ack"] = p.proto, p.flags, p.seq, p.ack
        r["frag"], r["fragId"], r["ipId"], r["snapL4Len"], r["padLen"] = (
            p.frag,
            p.frag_id,
            p.ip_id,
            p.snap4,
            p.pad,
        )
        r["flow"], r["flowInd"], r["isNew"], r["tcpStatesAFlags"] = (
            77,
            77,
            77,
            77,
        )  # remains of an older batch
    out["pktNo"] = np.arange(1, len(packets) + 1)
    return out


def key_of(r):
    src = int(r["srcHi"]) << 64 | int(r["srcLo"])
    dst = int(r["dstHi"]) << 64 | int(r["dstLo"])
    rest = (int(r[name]) for name in ("srcPort", "dstPort", "ethType", "vlan", "l4Proto"))
    return (int(r["kind"]), src, dst, *rest)


class Run:
    """Feed packets to a table in batches and slices; keep what a plugin would see."""

    def __init__(self, packets, cuts=(), *, reclaim_every=1, capacity=1000, batch_packets=None, **options):
        self.table = FlowTable(
            capacity=capacity,
            batch_packets=batch_packets or max(len(packets), 1),
            **{"tcp_states": True, "packet_times": True, **options},
        )
        self.released = []
        self.lines = []
        self.shown = []
        records = records_of(packets)
        edges = sorted({0, len(packets), *(c % (len(packets) + 1) for c in cuts)})
        for n, (start, end) in enumerate(pairwise(edges)):
            part = records[start:end]
            row = start if end <= self.table.batch_packets else 0
            self.keep(self.table.assign(part, row), start)
            for i, r in enumerate(part):
                self.keep_line(r, row + i)
            if n % reclaim_every == 0:
                self.table.reclaim()
        self.keep(self.table.flush(), 0)
        self.table.reclaim()

    def keep(self, entries, start):
        for slot, packet in entries.tolist():
            f = self.table.records[slot]
            self.released.append(
                dict(
                    key=key_of(f),
                    index=int(f["flowInd"]),
                    dir="AB"[f["dir"]],
                    status=int(f["flowStat"]),
                    first=(int(f["firstSec"]), int(f["firstFrac"])),
                    last=(int(f["lastSec"]), int(f["lastFrac"])),
                    duration=(int(f["durSec"]), int(f["durFrac"])),
                    pad=int(f["padBytes"]),
                    an=int(self.table.tcp[slot]["anomalies"]) if len(self.table.tcp) else 0,
                    packet=packet if packet < 0 else packet + start,
                )
            )

    def keep_line(self, r, i):
        self.shown.append(int(r["show"]))
        if r["flow"] < 0:
            assert (r["flowInd"], r["isNew"], r["tcpStatesAFlags"]) == (0, 0, 0)
            self.lines.append(None)
            return
        times = tuple(self.table.times[i].tolist()) if len(self.table.times) else None
        self.lines.append(
            (
                int(r["flowInd"]),
                int(r["flowStat"]),
                int(r["status"]),
                bool(r["isNew"]),
                int(r["tcpStatesAFlags"]),
                key_of(self.table.records[r["flow"]]),
                times,
            )
        )


def check(packets, *, tcp_states=True, packet_times=True, capacity=1000, **how):
    model = Model(tcp_states=tcp_states, packet_times=packet_times, capacity=capacity)
    for number, packet in enumerate(packets):
        model.packet(packet, number)
    model.finish()
    run = Run(packets, tcp_states=tcp_states, packet_times=packet_times, capacity=capacity, **how)
    for number, (got, expected) in enumerate(zip(run.lines, model.lines, strict=True)):
        assert got == expected, f"packet {number}"
    assert run.released == model.released
    table = run.table
    assert hex(table.status) == hex(model.status)
    assert table.tcp_aggregate == model.tcp_aggregate
    c = table.counters
    assert c[FlowCounter.NEXT_INDEX] == model.indices
    assert (c[FlowCounter.ACTIVE], c[FlowCounter.MAX_ACTIVE]) == (0, model.peak)
    assert c[FlowCounter.AUTOPILOT] == model.autopilot
    assert c[FlowCounter.CORRECTED_REPLIES] == model.corrected
    assert c[FlowCounter.A_PACKETS : FlowCounter.B_BYTES + 1].tolist() == model.traffic
    made = [c[n] for n in (FlowCounter.FLOWS_A, FlowCounter.FLOWS_B)]
    made += [c[n] for n in (FlowCounter.FLOWS_L2, FlowCounter.FLOWS_IPV4, FlowCounter.FLOWS_IPV6)]
    assert made == list(model.made.values())
    assert c[FlowCounter.V4_FRAGMENTS] == model.fragment_count[V4]
    assert c[FlowCounter.V6_FRAGMENTS] == model.fragment_count[V6]
    with_flow = [p for p, line in zip(packets, model.lines, strict=True) if line]
    ip = [p for p in with_flow if p.kind != L2]
    assert c[FlowCounter.PAD_BYTES] == sum(p.pad for p in with_flow)
    for name, kind in (
        (FlowCounter.L2_PACKETS, L2),
        (FlowCounter.IPV4_PACKETS, V4),
        (FlowCounter.IPV6_PACKETS, V6),
    ):
        assert c[name] == sum(p.kind == kind for p in with_flow)
    protocols = [p.proto for p in ip]
    assert np.array_equal(table.proto_packets, np.bincount(protocols, minlength=256))
    assert np.array_equal(table.proto_bytes, np.bincount(protocols, [p.caplen for p in ip], 256))
    assert np.array_equal(table.eth_packets, np.bincount([p.eth for p in with_flow], minlength=65536))
    return run


# --- random streams

SECOND = 10**9
SHORT = [0, 1, 1000, SECOND // 100, SECOND // 20]
LONG = [SECOND // 10, SECOND // 10 + 1, 2 * SECOND, 5 * SECOND, 10 * SECOND, 60 * SECOND, 119 * SECOND]
LONG += [120 * SECOND, 182 * SECOND, 430 * SECOND, 610 * SECOND]
LONG += [
    10 * SECOND - 400,
    120 * SECOND - 3_000,
    182 * SECOND - 5_000,
    610 * SECOND - 30_000,
]  # about half a unit
BACK = [-1, -SECOND // 10, -SECOND, -15 * SECOND, -200 * SECOND]
FLAGS = [SYN, SYN | ACK, ACK, ACK, ACK, FIN | ACK, FIN | ACK, RST, RST | ACK, FIN]
FLAGS += [0, 0x29, SYN | FIN, 0xFF, FIN | RST | ACK]
PORTS = [80, 2000, 2000, 8089]
V6_HOSTS = [1 << 127, (1 << 127) + 1, 1 << 64]


def packet_of(pick, clock, *, hosts, fragments, odd_times):
    """Make a packet whose fields are chosen by pick(sequence)."""
    kind = pick([V4] * 12 + [V6] * 4 + [L2, L2, 0])
    src, dst = pick(range(1, hosts + 1)), pick(range(1, hosts + 1))
    p = Packet(
        kind=kind, caplen=pick([60] * 20 + [1500, 0]), status=pick([0] * 5 + [1 << 1, 1 << 58, 1 << 63])
    )
    p.sec, p.frac = divmod(clock, SECOND)
    if odd_times and pick(range(12)) == 0:
        p.frac += pick([SECOND, 10 * SECOND, -3 * SECOND, 4 * SECOND * SECOND])
    if odd_times and pick(range(20)) == 0:
        p.sec += pick([1 << 40, 1 << 31, -(1 << 33), 1 << 25])
    p.src, p.dst = (V6_HOSTS[src % 3], V6_HOSTS[dst % 3]) if kind == V6 else (src, dst)
    p.pad = pick([0, 0, 6])
    p.vlan = pick([0] * 40 + [7])
    if kind == L2:
        p.eth, p.proto, p.sport, p.dport = pick([0x0806, 0x0800]), 0, 0, 0
        return p
    p.eth = 0x86DD if kind == V6 else 0x0800
    p.proto = pick([6] * 8 + [17, 1, 0])
    if p.proto in (6, 17):
        p.sport, p.dport = pick(PORTS), pick(PORTS)
    else:
        p.sport = p.dport = 0
    p.flags, p.seq, p.ack = pick(FLAGS), pick([0, 1, 1, 0xFFFFFFFF]), pick([0, 1, 2, 2])
    p.ip_id, p.frag_id = pick([0, 1, 2]), pick([1, 2])
    p.snap4 = pick([20] * 9 + [12])
    if fragments:
        p.frag = pick([0, 0, FIRST | MORE, FIRST | MORE, LATER | MORE, LATER])
        if p.frag & LATER:
            p.sport = p.dport = 0
    return p


def stream_of(pick, length, *, hosts=2, fragments=True, back=True, odd_times=True):
    """Make a stream of packets that have little to do with each other."""
    clock, packets = 10**12, []
    steps = SHORT * 50 + LONG + BACK * back
    for _ in range(length):
        packets.append(packet_of(pick, clock, hosts=hosts, fragments=fragments, odd_times=odd_times))
        clock += pick(steps)
    return packets


SESSION = [  # side, flags, sequence number, acknowledgement of a whole connection
    (0, SYN, 10, 0),
    (1, SYN | ACK, 20, 11),
    (0, ACK, 11, 21),
    (1, ACK, 21, 11),
    (0, FIN | ACK, 11, 21),
    (1, FIN | ACK, 21, 12),
    (0, ACK, 12, 22),
    (1, ACK, 22, 12),
    (0, RST, 12, 0),
]


def sessions_of(pick, length, *, hosts=2, back=True):
    """Make a stream of TCP connections side by side: lost, repeated, late and changed packets."""
    clock, packets = 10**12, []
    at = dict.fromkeys(range(hosts), 0)
    while len(packets) < length:
        client = pick(range(hosts))
        side, flags, seq, ack = SESSION[at[client] % len(SESSION)]
        at[client] += pick([1] * 12 + [0, 0, 2, len(SESSION) - 2])
        p = Packet(src=client, dst=100, sport=4000, dport=80, seq=seq, ack=ack, flags=flags)
        p.sec, p.frac = divmod(clock, SECOND)
        p.flags ^= pick([0] * 20 + [SYN, ACK, FIN, RST])
        if side:
            p.src, p.dst, p.sport, p.dport = p.dst, p.src, p.dport, p.sport
        packets.append(p)
        clock += pick(SHORT * 8 + LONG + BACK * back)
    return packets


@st.composite
def streams(draw, max_length=40):
    """Draw one choice vector, so that a failing stream shrinks towards plain packets."""
    length = draw(st.integers(1, max_length))
    choices = iter(draw(st.binary(min_size=32 * length, max_size=32 * length)))
    pick = lambda sequence: sequence[next(choices) % len(sequence)]  # noqa: E731
    back = draw(st.booleans())
    if draw(st.booleans()):
        return sessions_of(pick, length, hosts=draw(st.integers(1, 3)), back=back)
    return stream_of(pick, length, back=back, fragments=draw(st.booleans()), odd_times=draw(st.booleans()))


@given(packets=streams(), cuts=st.lists(st.integers(0, 40), max_size=4), tcp_states=st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_stream_gives_the_flows_of_the_model(packets, cuts, tcp_states):
    check(packets, cuts=cuts, tcp_states=tcp_states)


@given(packets=streams(), capacity=st.integers(1, 4), cuts=st.lists(st.integers(0, 40), max_size=4))
@settings(max_examples=100, deadline=None)
def test_a_full_table_releases_the_least_recently_touched_pair(packets, capacity, cuts):
    check(packets, capacity=capacity, cuts=cuts)


def picker(seed):
    random = np.random.default_rng(seed)
    return lambda sequence: sequence[random.integers(len(sequence))]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("tcp_states", [True, False])
@pytest.mark.parametrize("fragments", [True, False])
def test_long_streams_give_the_flows_of_the_model(seed, tcp_states, fragments):
    packets = stream_of(picker(seed), 1500, hosts=3, fragments=fragments, back=seed > 1, odd_times=seed == 1)
    check(packets, cuts=range(0, 1500, 100), tcp_states=tcp_states, packet_times=fragments)


@pytest.mark.parametrize("seed", range(4))
def test_long_sessions_reach_every_state_and_anomaly(seed):
    run = check(sessions_of(picker(seed), 3000, hosts=2 + seed, back=seed > 1), cuts=range(0, 3000, 100))
    assert run.table.tcp_aggregate == 0xDF
    assert any(flow["an"] == 0 for flow in run.released)


@pytest.mark.parametrize("seed", range(3))
def test_many_hosts_and_short_steps(seed):
    """Time-outs pass while the list is long, and slots and table places are used again and again."""
    packets = stream_of(picker(seed), 1500, hosts=40, fragments=seed == 1, back=seed == 2, odd_times=False)
    for p in packets:
        p.sec, p.frac = divmod((p.sec * SECOND + p.frac - 10**12) // 10 + 10**12, SECOND)
    check(packets, cuts=range(0, 1500, 50), batch_packets=50)
    check(packets, cuts=range(0, 1500, 50), batch_packets=50, capacity=60)


# --- single rules


def test_a_negative_fraction_makes_a_flow_older():
    times = [(999, 0), (1000, -3 * SECOND), (1178, SECOND // 2), (1179, 0), (1180, 0)]
    packets = [
        Packet(src=src, sec=sec, frac=frac) for src, (sec, frac) in zip([1, 1, 2, 3, 4], times, strict=True)
    ]
    run = check(packets, tcp_states=False)
    assert (run.released[0]["index"], run.released[0]["packet"]) == (1, 3)


def test_a_flow_a_little_younger_than_a_timeout_is_not_passed():
    """The answer waits, just below 10 s, while the last packet of the connection gives it that time-out."""
    packets = []
    for side, flags, seq, ack in SESSION[:6]:
        ports = {"src": 2, "dst": 1, "sport": 80, "dport": 4000} if side else {"sport": 4000, "dport": 80}
        packets.append(Packet(sec=1000, flags=flags, seq=seq, ack=ack, **ports))
    packets[-1].frag, packets[-1].frag_id = FIRST | MORE, 1
    _, flags, seq, ack = SESSION[6]
    packets.append(Packet(sec=1009, frac=SECOND - 2_000, flags=flags, seq=seq, ack=ack, sport=4000, dport=80))
    for sec, frac in (1009, SECOND - 1_000), (1015, 0):
        later = {"frag": LATER | MORE, "frag_id": 1, "sport": 0, "dport": 0}
        packets.append(Packet(src=2, dst=1, sec=sec, frac=frac, **later))
    packets += [Packet(src=9, sec=sec, proto=17) for sec in (1021, 1026, 1140)]
    run = check(packets)
    assert [flow["packet"] for flow in run.released[:2]] == [10, 10]


def test_slots_of_released_flows_stay_until_reclaim():
    table = FlowTable(capacity=1, batch_packets=3, tcp_states=False, packet_times=False)
    packets = records_of([Packet(src=n, sec=200 * n) for n in (1, 2, 3)])
    released = table.assign(packets)
    assert [entry["packet"] for entry in released] == [1, 2]
    assert len(set(packets["flow"].tolist())) == 3
    assert table.records["srcLo"][packets["flow"]].tolist() == [1, 2, 3]
    assert table.records["alive"][packets["flow"]].tolist() == [0, 0, 1]
    with pytest.raises(ValueError, match="batch_packets is 3"):
        table.assign(packets[:1])
    table.reclaim()
    again = records_of([Packet(src=4, sec=601)])
    table.assign(again)
    assert again["flow"][0] in packets["flow"][:2]


def test_autopilot_names_its_first_packet():
    run = Run([Packet(src=n) for n in (1, 2, 3, 4)], capacity=2)
    assert run.table.autopilot_packet == 3
    assert run.table.counters[FlowCounter.AUTOPILOT] == 2


def test_addresses_and_macs_are_shown_by_the_flow():
    shown = Run(
        [Packet(), Packet(kind=L2, proto=0, sport=0, dport=0), Packet(kind=V6, status=2), Packet(kind=0)]
    ).shown
    assert shown == [SHOW_ADDRESS | SHOW_MAC, SHOW_MAC, SHOW_ADDRESS, 0]


@pytest.mark.parametrize("wrong", [{"capacity": 0}, {"batch_packets": 0}, {"timeouts": (0.0,)}])
def test_sizes_and_timeouts_must_be_positive(wrong):
    with pytest.raises(ValueError, match="must be positive"):
        FlowTable(tcp_states=False, packet_times=False, **wrong)


class Ranges:
    """A label lookup over a few prefixes, as sorted starts."""

    v4_start = np.array([0, 10 << 24, 11 << 24, 0xFFFFFFFF], np.uint32)
    v4_row = np.array([0, 5, 0, 6], np.uint32)
    v6_start_hi = np.array([0, 0, 0, 0xFE80 << 48, 0xFE80 << 48], np.uint64)
    v6_start_lo = np.array([0, 1, 2, 0, 16], np.uint64)
    v6_row = np.array([9, 7, 0, 8, 0], np.uint32)


@given(
    addresses=st.lists(
        st.integers(0, 0xFFFFFFFF)
        | st.sampled_from([0, 1, 10 << 24, (10 << 24) - 1, (11 << 24) - 1, 0xFFFFFFFF]),
        min_size=2,
        max_size=2,
    )
)
@settings(deadline=None)
def test_ipv4_labels_are_those_of_the_range(addresses):
    def row(address):
        starts = np.flatnonzero(Ranges.v4_start <= address)
        return int(Ranges.v4_row[starts[-1]]) if address else 0

    assert labels_of(Packet(src=addresses[0], dst=addresses[1])) == [row(a) for a in addresses]


@given(
    addresses=st.lists(
        st.integers(0, (1 << 128) - 1)
        | st.sampled_from(
            [0, 1, 2, 0xFE80 << 112, (0xFE80 << 112) + 15, (0xFE80 << 112) + 16, (0xFE80 << 112) - 1]
        ),
        min_size=2,
        max_size=2,
    )
)
@settings(deadline=None)
def test_ipv6_labels_are_those_of_the_range(addresses):
    starts = [
        int(high) << 64 | int(low) for high, low in zip(Ranges.v6_start_hi, Ranges.v6_start_lo, strict=True)
    ]

    def row(address):
        return (
            int(Ranges.v6_row[max(k for k, start in enumerate(starts) if start <= address)]) if address else 0
        )

    packet = Packet(kind=V6, eth=0x86DD, src=addresses[0], dst=addresses[1])
    assert labels_of(packet) == [row(a) for a in addresses]


def test_layer_2_addresses_have_no_label():
    assert labels_of(Packet(kind=L2, src=10 << 24, dst=10 << 24)) == [0, 0]


def labels_of(packet):
    table = FlowTable(capacity=4, batch_packets=1, labels=Ranges(), tcp_states=False, packet_times=False)
    packets = records_of([packet])
    table.assign(packets)
    flow = table.records[packets["flow"][0]]
    return [int(flow["srcLabel"]), int(flow["dstLabel"])]
