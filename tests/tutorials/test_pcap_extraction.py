"""Plugin pcap extraction: tcpWin marks a flow, pcapd writes its packets from then on."""

import shutil
import subprocess
from socket import inet_aton

import dpkt
import pytest

PLUGINS = ("-p", "basicFlow,tcpStates,tcpWin,txtSink,pcapd")

ENDS = (inet_aton("192.168.1.105"), 49330), (inet_aton("143.166.11.10"), 64334)
"""Source and destination of flow 36 A."""


def packets_of(path):
    """Link type, snap length, and packets: time in nanoseconds, frame."""
    with path.open("rb") as file:
        reader = dpkt.pcap.Reader(file)
        packets = [(round(float(time) * 10**6), frame) for time, frame in reader]
        return reader.datalink(), reader.snaplen, packets


def from_the_first_zero_window(packets):
    """Packets of flow 36 A that follow the first without window, that one included."""
    is_alarmed = False
    for time, frame in packets:
        ip = dpkt.ethernet.Ethernet(frame).data
        if ((ip.src, ip.data.sport), (ip.dst, ip.data.dport)) == ENDS:
            is_alarmed |= ip.data.win == 0
            if is_alarmed:
                yield time, frame


def test_the_report(report):
    lines = report(*PLUGINS)
    assert "pcapd: number of packets extracted: 1467 (1.47 K) [24.86%]" in lines
    assert "tcpStates: Aggregated tcpStatesAFlags=0x4a" in lines
    assert lines[-4:] == [
        "Aggregated flowStat=0x0402000000004000",  # bit 58 is newer than the tutorial
        "[WRN] 4 alarms in 1 flows [1.39%]",
        "[INF] IPv4 flows",
        "[INF] IPAlarm",
    ]


def test_files_of_the_run(report, tmp_path):
    report(*PLUGINS)
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == [
        "exercise_flows.txt",
        "exercise_headers.txt",
        "exercise_pcapd.pcap",
        "exercise_tcpwin.txt",  # tcpWin of later versions writes it
    ]


def test_the_flow_with_the_alarm(report, t2tui):
    report(*PLUGINS)
    words = ("bitsanyset($flowStat, 0x0002000000000000)", "results/exercise_flows.txt")
    header, *lines = t2tui("filter", *words).stdout.splitlines()
    (line,) = lines
    flow = dict(zip(header.removeprefix("%").split("\t"), line.split("\t"), strict=True))
    printed = {
        "dir": "A",
        "flowInd": "36",
        "timeFirst": "1258594163.408285000",
        "timeLast": "1258594191.015208000",
        "duration": "27.606923000",
        "hdrDesc": "eth:ipv4:tcp",
        "srcMac": "00:08:74:38:01:b4",
        "dstMac": "00:19:e3:e7:5d:23",
        "ethType": "0x0800",
        "srcPort": "49330",
        "dstPort": "64334",
        "tcpStatesAFlags": "0x42",
        "tcpWinStat": "0x01",
        "tcpWinThCnt": "4",
    }
    assert {name: flow[name] for name in printed} == printed


def test_packets_of_the_capture_are_those_behind_the_alarm(report, exercise, tmp_path):
    report(*PLUGINS)
    link_type, snap_length, packets = packets_of(exercise)
    wanted = list(from_the_first_zero_window(packets))
    assert len(wanted) == 1467
    assert packets_of(tmp_path / "results" / "exercise_pcapd.pcap") == (link_type, snap_length, wanted)


def test_the_flow_can_be_extracted_as_a_whole(report, exercise, tmp_path):
    """With -e the flow's packets from the begin, and both directions."""
    (tmp_path / "flows").write_text("36\n")
    lines = report(*PLUGINS, "-e", "flows")
    assert "pcapd: number of packets extracted: 4615 (4.62 K) [78.19%]" in lines
    wanted = []
    for time, frame in packets_of(exercise)[2]:
        ip = dpkt.ethernet.Ethernet(frame).data
        if {(ip.src, ip.data.sport), (ip.dst, ip.data.dport)} == set(ENDS):
            wanted.append((time, frame))
    assert packets_of(tmp_path / "flows_pcapd.pcap")[2] == wanted


FIELDS = (
    *("frame.time_epoch", "frame.len", "frame.cap_len", "frame.encap_type"),
    *("ip.src", "ip.id", "tcp.srcport", "tcp.seq_raw", "tcp.ack_raw", "tcp.window_size_value"),
)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_the_same_packets(report, exercise, tmp_path):
    def lines(path, wanted):
        words = ["tshark", "-n", "-t", "u", "-r", str(path), "-Y", wanted, "-T", "fields"]
        words += [word for field in FIELDS for word in ("-e", field)]
        result = subprocess.run(words, capture_output=True, text=True, check=True)
        return result.stdout.splitlines()

    report(*PLUGINS)
    whole = lines(exercise, "tcp.srcport == 49330 && tcp.dstport == 64334")
    first = next(number for number, line in enumerate(whole) if line.endswith("\t0"))
    extracted = lines(tmp_path / "results" / "exercise_pcapd.pcap", "frame")
    assert len(extracted) == 1467
    assert [line.split("\t")[1:] for line in extracted] == [line.split("\t")[1:] for line in whole[first:]]
    times = ([round(float(line.split("\t")[0]), 6) for line in each] for each in (extracted, whole[first:]))
    assert next(times) == next(times)
