"""The exercise capture packet by packet: sums, times, checksums, the file itself."""

import gzip
import subprocess
import sys
from collections import Counter
from io import BytesIO
from pathlib import Path
from struct import pack

import dpkt
import pytest
from exercise_reader import SYN, Packet, ones_complement_sum

SAMPLE_DATA = Path(__file__).resolve().parents[2] / "sample_data"
SERVER_PORTS = {21, 25, 80, 64334}


def test_compressed_file_in_the_repository_is_what_the_script_makes(exercise: bytes) -> None:
    compressed = (SAMPLE_DATA / "exercise.pcap.gz").read_bytes()
    assert gzip.decompress(compressed) == exercise
    assert compressed[4:8] == bytes(4), "time stamp in the gzip header"
    assert len(compressed) < 1_000_000


def test_script_writes_capture_and_compressed_capture(tmp_path: Path, exercise: bytes) -> None:
    out = tmp_path / "other.pcap"
    for _ in range(2):
        subprocess.run(
            [sys.executable, SAMPLE_DATA / "make_exercise.py", out], check=True, capture_output=True
        )
        assert out.read_bytes() == exercise
        assert gzip.decompress((tmp_path / "other.pcap.gz").read_bytes()) == exercise


def test_file_size_and_number_of_packets(exercise: bytes, packets: list[Packet]) -> None:
    assert len(exercise) == 5_087_870
    assert len(packets) == 5_902
    assert sum(len(packet.frame) for packet in packets) == 4_993_414


def test_dpkt_reads_the_same_packets(exercise: bytes, packets: list[Packet]) -> None:
    records = list(dpkt.pcap.Reader(BytesIO(exercise)))
    assert len(records) == len(packets)
    for (time, frame), packet in zip(records, packets, strict=True):
        assert round(float(time) * 1e6) == packet.time
        segment = dpkt.ethernet.Ethernet(frame).data.data
        assert (segment.seq, segment.ack, segment.win, segment.data) == (
            packet.seq,
            packet.ack,
            packet.window,
            packet.payload,
        )


def test_checksums_are_valid(packets: list[Packet]) -> None:
    for packet in packets:
        header, segment = packet.frame[14:34], packet.frame[34 : len(packet.frame) - packet.padding]
        pseudo_header = header[12:20] + pack(">HH", 6, len(segment))
        assert ones_complement_sum(header) == 0xFFFF, packet.number
        assert ones_complement_sum(pseudo_header + segment) == 0xFFFF, packet.number


def test_frames_are_padded_to_the_shortest_of_ethernet(packets: list[Packet]) -> None:
    for packet in packets:
        assert len(packet.frame) >= 60
        assert packet.padding == 0 or len(packet.frame) in (60, 64)
        assert packet.frame[len(packet.frame) - packet.padding :] == bytes(packet.padding)


def test_times_rise_from_the_printed_first_to_the_printed_last(packets: list[Packet]) -> None:
    times = [packet.time for packet in packets]
    assert times == sorted(times)
    assert (times[0], times[-1]) == (1258544215_037210, 1258594491_683288)
    assert times[-1] - times[0] == 50276_646078


def test_bandwidths(packets: list[Packet]) -> None:
    seconds = (packets[-1].time - packets[0].time) / 1e6
    captured = sum(len(packet.frame) for packet in packets)
    on_wire = captured - sum(packet.padding for packet in packets)
    assert f"{captured * 8 / seconds:.0f}" == "795"
    assert f"{on_wire * 8 / seconds:.0f}" == "792"


@pytest.mark.parametrize(
    ("from_server", "count", "size"), [(False, 1_986, 209_315), (True, 3_916, 4_784_099)]
)
def test_packets_and_bytes_of_both_directions(
    packets: list[Packet], from_server: bool, count: int, size: int
) -> None:
    chosen = [len(packet.frame) for packet in packets if (packet.source[1] in SERVER_PORTS) is from_server]
    assert (len(chosen), sum(chosen)) == (count, size)


def test_addresses_have_one_mac_each(packets: list[Packet]) -> None:
    macs = {(packet.source[0], packet.frame[6:12].hex(":")) for packet in packets}
    macs |= {(packet.target[0], packet.frame[:6].hex(":")) for packet in packets}
    assert max(Counter(address for address, _ in macs).values()) == 1
    assert {
        ("192.168.1.103", "00:0b:db:63:5b:d4"),
        ("192.168.1.102", "00:0b:db:63:58:a6"),
        ("192.168.1.105", "00:08:74:38:01:b4"),
        ("192.168.1.1", "00:19:e3:e7:5d:23"),
        ("143.166.11.10", "00:19:e3:e7:5d:23"),
    } <= macs


def test_no_ip_identification_twice_in_a_row(packets: list[Packet]) -> None:
    last: dict[tuple[object, object], int] = {}
    for packet in packets:
        key = packet.source, packet.target
        assert packet.ip_id not in (0, last.get(key)), packet.number
        last[key] = packet.ip_id


def test_streams_have_no_gaps(packets: list[Packet]) -> None:
    """Every segment begins at or before the end of what its sender sent; acknowledgements never run ahead."""
    end: dict[tuple[object, object], int] = {}
    for packet in packets:
        key = packet.source, packet.target
        assert packet.flags & SYN or packet.seq <= end[key], packet.number
        end[key] = max(end.get(key, 0), packet.seq + len(packet.payload) + bool(packet.flags & 3))
        if packet.ack:
            assert packet.ack <= end[packet.target, packet.source], packet.number
