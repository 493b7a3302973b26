"""tcpFlags beside a plain model, on made conversations; checksums, ends of flows, flags, report."""

import random
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dpkt
import numpy as np
import pytest

from t2tui.api import Analysis, analyze
from tests.plugins.tcpflags_model import Model, Packet, checksum, ones_sum

HOSTS = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
Hosts = tuple[bytes, bytes]
ETHERNET = bytes(range(12)) + b"\x08\x00"

Make = Callable[..., Analysis]


@pytest.fixture
def flags_of(tmp_path: Path) -> Make:
    def run(
        frames: Sequence[tuple[tuple[int, int], bytes]], plugins: Sequence[str] = (), **flags: int
    ) -> Analysis:
        path = tmp_path / "made.pcap"
        header = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
        records = (struct.pack("<IIII", *time, len(frame), len(frame)) + frame for time, frame in frames)
        path.write_bytes(header + b"".join(records))
        chosen = {f"tcpFlags.{name}": value for name, value in flags.items()}
        return analyze(path, plugins=("basicFlow", "tcpFlags", *plugins), settings=chosen, packets=True)

    return run


def ipv4(
    l4: bytes,
    is_reply: bool = False,
    proto: int = 6,
    options: bytes = b"",
    hosts: Hosts = HOSTS,
    **fields: int,
) -> bytes:
    """An IPv4 packet; its header sum is right unless ``sum_error`` is given."""
    source, target = hosts[is_reply], hosts[not is_reply]
    start = 0x45 + len(options) // 4, fields.get("tos", 0), 20 + len(options) + len(l4)
    middle = fields.get("id", 7), fields.get("fragment", 0), fields.get("ttl", 64), proto, 0
    head = struct.pack(">BBHHHBBH", *start, *middle) + source + target + options
    right = ones_sum(head) ^ 0xFFFF ^ fields.get("sum_error", 0)
    return head[:10] + right.to_bytes(2, "big") + head[12:] + l4


def tcp(
    is_reply: bool,
    seq: int,
    ack: int,
    flags: int,
    window: int = 1000,
    options: bytes = b"",
    payload: bytes = b"",
    hosts: Hosts = HOSTS,
    error: int = 0,
) -> bytes:
    """A TCP segment between the hosts; its sum is right unless ``error`` is given."""
    ports = (80, 1234) if is_reply else (1234, 80)
    offset = (20 + len(options)) // 4 << 4
    head = struct.pack(">HHIIBBHHH", *ports, seq, ack, offset, flags, window, 0, 0)
    segment = head + options + payload
    pseudo = hosts[is_reply] + hosts[not is_reply] + bytes([0, 6]) + len(segment).to_bytes(2, "big")
    right = ones_sum(pseudo + segment) ^ 0xFFFF ^ error
    return segment[:16] + right.to_bytes(2, "big") + segment[18:]


# ------------------------------------------------------------------ beside the model

NUMBERS = (*(0xFFFFFFFC + step & 0xFFFFFFFF for step in range(8)), *range(999, 1010))
"""Sequence and acknowledgement numbers: few, near each other, some around the wrap."""
FLAGS = (*(16,) * 5, 2, 18, 17, 4, 20, 24, 0, 0x29, 3, 7, 5, 63)
OPTIONS = (
    *(b"", b"", b"\x02\x04\x05\xb4", b"\x03\x03\x02\x01", b"\x03\x03\xff\x01", b"\x01\x00\x05\x02"),
    *(b"\x01\x01\x08\x0a\0\0\0\5\0\0\0\3", b"\x01\x01\x08\x0a\0\0\0\1\0\0\0\4"),
    *(b"\x04\x02\x05\x0a" + bytes(8), b"\x22\x00\x01\x01", b"\xfe\x04\x00\x00\x02\x00\x01\x01"),
)
IP_OPTIONS = (b"", b"", b"\x94\x04\0\0", b"\x07\x00\x01\x01", b"\x01\x01\x44\x02")


def conversation(r: random.Random, hosts: Hosts, begin: int) -> list[Packet]:
    """Packets between two hosts: whatever can happen, at random, more often than in real life."""
    packets = []
    seconds, nanoseconds = begin, 0
    is_tcp = r.random() < 0.9
    for number in range(r.randint(1, 20)):
        is_reply = number > 0 and r.random() < 0.5
        seconds += r.choice([0, 0, 0, 1, -1, 12])
        nanoseconds = r.choice([nanoseconds, 0, 5, 500_000_000, 999_999_999])
        payload = b"x" * r.choice([0, 0, 1, 2, 5, 101])
        error = r.choice([0, 0, 0, 1, 0x8000])
        options = r.choice(OPTIONS) if r.random() < 0.8 else r.randbytes(r.randint(1, 7)) * 4 + bytes(12)
        if is_tcp:
            numbers = (
                r.choice(NUMBERS),
                r.choice(NUMBERS),
                r.choice(FLAGS),
                r.choice([0, 1, 1000, 1001, 65535]),
            )
            l4 = tcp(is_reply, *numbers, options, payload, hosts, error)
        else:
            l4 = struct.pack(">HHHH", 7, 7, 8 + len(payload), error) + payload
        fields = {
            "tos": r.choice([0, 0, 0x10, 0xFF]),
            "id": r.choice([0, 1, 2, 7, 65535]),
            "fragment": r.choice([0, 0x4000, 0x8000]),
            "ttl": r.choice([64, 64, 63, 255]),
            "sum_error": r.choice([0, 0, 1]),
        }
        ip = ipv4(l4, is_reply, 6 if is_tcp else 17, r.choice(IP_OPTIONS), hosts, **fields)
        packets.append(Packet(is_reply, (seconds, nanoseconds), ip))
    return packets


@pytest.mark.parametrize("seed", range(6))
def test_conversations_give_the_columns_of_the_model(flags_of: Make, seed: int) -> None:
    r = random.Random(seed)
    packets, models = [], []
    for number in range(150):
        hosts = bytes([10, 0, number, 1]), bytes([10, 0, number, 2])
        packets += [(number, packet) for packet in conversation(r, hosts, 1000 + 300 * number)]
        models.append(Model())
    result = flags_of([(packet.time, ETHERNET + packet.ip) for _, packet in packets])
    assert result.packets is not None
    expected = [models[number].packet(packet) for number, packet in packets]
    for name in dict.fromkeys(name for row in expected for name in row):
        values, texts = result.packets[name], result.packets.text(name)
        for row, wanted in enumerate(expected):
            if name in wanted:
                assert values[row] == wanted[name], f"packet {row}: {name}"
            else:
                assert texts[row] == "", f"packet {row}: {name}"
    sources = {source: row for row, source in enumerate(result.flows["srcIP"])}
    assert len(sources) == sum(len(model.sides) for model in models)
    columns = {name: result.flows[name] for name in models[0].flow(False)}
    for number, model in enumerate(models):
        for is_reply in model.sides:
            row = sources[f"10.0.{number}.{2 if is_reply else 1}"]
            for name, value in model.flow(is_reply).items():
                assert columns[name][row] == value, f"conversation {number}: {name}"


# ------------------------------------------------------------------ checksums


L4 = {
    1: lambda data: dpkt.icmp.ICMP(type=8, data=dpkt.icmp.ICMP.Echo(data=data)),
    6: lambda data: dpkt.tcp.TCP(sport=1, dport=2, data=data),
    17: lambda data: dpkt.udp.UDP(sport=1, dport=2, ulen=8 + len(data), data=data),
    58: lambda data: dpkt.icmp6.ICMP6(type=128, data=dpkt.icmp6.ICMP6.Echo(data=data)),
}


def summed_by_dpkt(version: int, proto: int, payload: bytes) -> bytes:
    """A frame whose checksums dpkt computes."""
    l4 = L4[proto](payload)
    if version == 4:
        packet: Any = dpkt.ip.IP(src=HOSTS[0], dst=HOSTS[1], p=proto, data=l4)
        packet.len = len(packet)
    else:
        addresses = {"src": bytes(15) + b"\1", "dst": bytes(15) + b"\2"}
        packet = dpkt.ip6.IP6(**addresses, nxt=proto, data=l4, plen=len(l4), hlim=9)
    ether_type = {4: 0x0800, 6: 0x86DD}[version]
    return bytes(dpkt.ethernet.Ethernet(dst=b"\2" * 6, src=b"\4" * 6, data=packet, type=ether_type))


@pytest.mark.parametrize(("version", "proto"), [(4, 1), (4, 6), (4, 17), (6, 6), (6, 17), (6, 58)])
def test_right_sums_are_right_and_any_changed_bit_makes_them_wrong(
    flags_of: Make, version: int, proto: int
) -> None:
    frames, expected = [], []
    for size in range(40):
        frame = summed_by_dpkt(version, proto, bytes(range(size)))
        l4 = 14 + (20 if version == 4 else 40)
        bits = [8 * position for position in range(l4 + 20, len(frame))]
        for bit in (None, *bits):
            changed = bytearray(frame)
            if bit is not None:
                changed[bit // 8] ^= 1 << (bit + size) % 8
            frames.append(((1, len(frames)), bytes(changed)))
            expected.append(bit is not None)
    result = flags_of(frames)
    assert result.packets is not None
    assert [bool(flags & 0x0800) for flags in result.packets["ipFlags"]] == expected
    assert not result.packets["ipFlags"].astype(int).max() & 0x0400
    same = result.packets["l4HdrChkSum"] == result.packets["l4CalChkSum"]
    assert same.tolist() == [not changed for changed in expected]


def test_a_fragmented_datagram_sums_its_first_part_and_the_whole_length(flags_of: Make) -> None:
    whole = struct.pack(">HHHH", 5, 6, 8 + 32, 0x1234) + bytes(range(32))
    frames = [
        ((1, 0), ETHERNET + ipv4(whole[:16], proto=17, fragment=0x2000)),
        ((1, 0), ETHERNET + ipv4(whole[16:32], proto=17, fragment=0x2002)),
        ((1, 0), ETHERNET + ipv4(whole[32:], proto=17, fragment=0x0004)),
    ]
    result = flags_of(frames)
    assert result.packets is not None
    pseudo = HOSTS[0] + HOSTS[1] + bytes([0, 17, 0, 40])
    expected = checksum(pseudo + whole[:6] + b"\0\0" + whole[8:16])
    assert [int(value) for value in result.packets["l4CalChkSum"]] == [0, 0, expected]
    assert [int(value) for value in result.packets["l4HdrChkSum"]] == [0x1234, 0, 0x1234]
    assert not result.flows["ipFlags"][0] & 0x0100


# ------------------------------------------------------------------ ends of flows


def handshake(scale: bytes = b"") -> list[tuple[tuple[int, int], bytes]]:
    syn, ack = tcp(False, 100, 0, 2, 65535, b"\x02\x04\x05\xb4" + scale), tcp(True, 500, 101, 18, 4000, scale)
    last = tcp(False, 101, 501, 16, 10)
    return [
        ((1, n), ETHERNET + ipv4(l4, is_reply))
        for n, (l4, is_reply) in enumerate(((syn, False), (ack, True), (last, False)))
    ]


def test_the_fingerprint_shows_window_options_size_and_shift(flags_of: Make) -> None:
    result = flags_of(handshake(b"\x01\x03\x03\x07"))
    assert list(result.flows["tcpJA4T"]) == ["65535_2-1-31460_7", "4000_1-300_7"]
    assert list(result.flows["tcpWS"]) == [128, 128]
    plain = flags_of(handshake())
    assert list(plain.flows["tcpJA4T"]) == ["65535_21460_00", "4000_00_00_00"]
    assert list(plain.flows["tcpWS"]) == [0, 0]


def test_the_fingerprint_keeps_as_many_kinds_as_wanted(flags_of: Make) -> None:
    frames = [((1, 0), ETHERNET + ipv4(tcp(False, 1, 0, 2, 9, b"\x01" * 36 + b"\x02\x04\x00\x05")))]
    for most in (1, 5, 20, 40):
        kinds = ["1"] * 36 + ["2"]
        wanted = f"9_{'-'.join(kinds[:most])}05_00"
        assert flags_of(frames, JA4TOPTMX=most).flows["tcpJA4T"][0] == wanted


def test_short_flows_with_syn_are_scans_and_answered_ones_succeed(flags_of: Make) -> None:
    syn, reset = ipv4(tcp(False, 1, 0, 2)), ipv4(tcp(True, 0, 2, 20), is_reply=True)
    alone = flags_of([((1, 0), ETHERNET + syn)])
    assert list(alone.flows["tcpAnomaly"]) == [0x1000]
    assert "tcpFlags: Number of TCP scans attempted, successful: 1, 0 [0.00%]" in alone.report
    answered = flags_of([((1, 0), ETHERNET + syn), ((1, 9), ETHERNET + reset)])
    assert list(answered.flows["tcpAnomaly"]) == [0x3000, 0x2000]
    assert "tcpFlags: Number of TCP scans attempted, successful: 1, 1 [100.00%]" in answered.report
    assert list(flags_of(handshake()[:1] * 4).flows["tcpAnomaly"]) == [0x1000]


def test_up_time_and_boot_time_come_from_time_stamps(flags_of: Make) -> None:
    def stamped(value: int, nanoseconds: int) -> tuple[tuple[int, int], bytes]:
        option = b"\x01\x01\x08\x0a" + struct.pack(">II", value, 0)
        return (2000, nanoseconds), ETHERNET + ipv4(tcp(False, 1, 1, 16, options=option))

    result = flags_of([stamped(100_000, 0), stamped(100_500, 500_000_000)])
    assert result.flows["tcpEcI"][0] == np.float32(0.001)
    seconds = 100_500 * float(np.float32(0.001))
    assert result.flows["tcpUtm"][0] == seconds
    fraction = 500_000_000 - int((seconds - int(seconds)) * 1e9)
    borrow = fraction < 0
    boot = (2000 - int(seconds) - borrow) * 10**9 + fraction + 10**6 * borrow
    assert result.flows["tcpBtm"][0].astype(np.int64) == boot


def test_layer_2_flows_keep_the_values_of_the_begin(flags_of: Make) -> None:
    result = flags_of([((1, 0), bytes(12) + b"\x08\x06" + bytes(28))])
    assert result.packets is not None
    assert (result.flows["ipMindIPID"][0], result.flows["tcpRTTAckTripMin"][0]) == (65535, 65535)
    assert result.flows["tcpJA4T"][0] == "0_00_00_00"
    names = ("ipToS", "seq", "tcpFStat", "tcpOpts", "ip6DOpts")
    assert [result.packets.text(name)[0] for name in names] == [""] * 5


def test_extension_headers_of_ipv6_show_their_options(flags_of: Make) -> None:
    hop = bytes([60, 0, 5, 2, 0, 0, 1, 0])  # router alert, PadN
    destination = bytes([58, 1, 0xC9, 12, *range(12)])
    l4 = b"\x80\x00\x12\x34" + bytes(4)
    payload = hop + destination + l4
    ip = (
        struct.pack(">IHBB", 6 << 28 | 0xAB << 20, len(payload), 0, 7) + bytes(15) + b"\1" + bytes(15) + b"\2"
    )
    result = flags_of([((1, 0), bytes(12) + b"\x86\xdd" + ip + payload)])
    assert result.packets is not None
    assert result.packets.text("ip6HHOpts") == [";".join(f"0x{byte:02x}" for byte in hop[2:])]
    assert result.packets.text("ip6DOpts") == [";".join(f"0x{byte:02x}" for byte in destination[2:])]
    assert (result.packets["ip6HHOptLen"][0], result.packets["ip6DOptLen"][0]) == (6, 14)
    assert result.flows.text("ip6OptCntHH_D") == ["2_1"]
    assert result.flows.text("ip6OptHH_D") == [f"0x{1 << 5 | 1 << 1:08x}_0x{1 << 9:08x}"]
    assert (result.flows["ipToS"][0], result.flows["ipMinTTL"][0]) == (0xAB, 7)


# ------------------------------------------------------------------ flags and report


def test_a_step_back_in_time_sets_its_bit_without_packet_file_too(tmp_path: Path, flags_of: Make) -> None:
    frame = ETHERNET + ipv4(tcp(False, 1, 1, 16))
    flags_of([((1, 500), frame), ((1, 400), frame), ((1, 600), frame)])
    for packets in (True, False):
        result = analyze(tmp_path / "made.pcap", plugins=("basicFlow", "tcpFlags"), packets=packets)
        assert result.flows["flowStat"][0] >> 51 & 1
        assert result.flows["ipFlags"][0] & 0x8000


@pytest.mark.parametrize(
    ("flag", "gone", "left"),
    [
        ("RTT_ESTIMATE", {"tcpRTTSseqAA", "tcpSSASAATrip"}, "tcpBtm"),
        ("WINDOWSIZE", {"tcpAvgWinSz", "tcpWinSzThRt"}, "tcpFlags"),
        ("SEQ_ACK_NUM", {"tcpISeqN", "tcpBFlgtMx"}, "tcpInitWinSz"),
        ("NAT_BT_EST", {"tcpTmS", "tcpBtm"}, "tcpSSASAATrip"),
        ("MPTCP", {"tcpMPTBF", "tcpMPDSSF"}, "tcpWS"),
        ("TCPJA4T", {"tcpJA4T"}, "tcpAnomaly"),
    ],
)
def test_flags_leave_columns_out(flags_of: Make, flag: str, gone: set[str], left: str) -> None:
    frames = handshake()
    everything, fewer = flags_of(frames), flags_of(frames, **{flag: 0})
    assert gone <= set(everything.flows.names)
    assert not gone & set(fewer.flows.names)
    assert left in fewer.flows.names
    for name in fewer.flows.names:
        assert list(fewer.flows.text(name)) == list(everything.flows.text(name))


def test_packets_are_counted_by_flag_and_combination(flags_of: Make) -> None:
    result = flags_of(handshake(), TCPFLGCNT=1)
    names = list(result.flows.names)
    name = names[names.index("tcpAnomaly") + 1]
    assert name == "tcpCntF_S_R_P_A_U_E_C_FA_SA_RA_N_SF_SFR_RF_X"
    first, second = (list(map(int, text.split("_"))) for text in result.flows.text(name))
    assert first == [0, 1, 0, 0, 1] + [0] * 11
    assert second == [0, 1, 0, 0, 1, 0, 0, 0, 0, 1] + [0] * 6


def test_the_report_names_what_was_seen(flags_of: Make) -> None:
    empty = tcp(True, 501, 101, 16, 0), tcp(True, 501, 101, 16, 1)
    more = [((1, 9), ETHERNET + ipv4(l4, is_reply=True, tos=0x20)) for l4 in empty]
    lines = flags_of([*handshake(), *more]).report
    assert [line.removeprefix("tcpFlags: ") for line in lines if line.startswith("tcpFlags")] == [
        "Aggregated ipFlags=0x4000",
        "Aggregated tcpFStat=0x0931",
        "Aggregated tcpFlags=0x0212",
        "Aggregated tcpAnomaly=0x2000",
        "Aggregated ipToS=0x20",
        "Number of TCP scans attempted, successful: 1, 1 [100.00%]",
        "Number WinSz below 1: 1 [20.00%]",
    ]
    assert (
        "tcpFlags: Number WinSz below 2000: 3 [60.00%]" in flags_of([*handshake(), *more], WINMIN=2000).report
    )
