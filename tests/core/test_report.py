import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.figures import speed
from t2tui.core.labels import REVISION, Labels
from t2tui.core.report import (
    Start,
    Totals,
    autopilot_lines,
    dump_start_line,
    end_lines,
    link_lines,
    list_lines,
    processing_line,
    start_lines,
    stop_lines,
)

EXPECTED = Path(__file__).parents[3] / "shared" / "golden" / "expected"

COUNTS = {
    "Number of processed packets": "packets",
    "Number of processed bytes": "bytes",
    "Number of raw bytes": "raw_bytes",
    "Number of pad bytes": "pad_bytes",
    "Number of pcap bytes": "file_bytes",
    "Number of L2 packets": "l2_packets",
    "Number of IPv4 packets": "ipv4_packets",
    "Number of IPv6 packets": "ipv6_packets",
    "Number of IPvX packets": "ipvx_packets",
    "Number of A packets": "a_packets",
    "Number of B packets": "b_packets",
    "Number of A bytes": "a_bytes",
    "Number of B bytes": "b_bytes",
    "Max VLAN header count": "max_vlans",
    "Max MPLS header count": "max_mpls",
    "Number of LLC packets": "llc_packets",
    "Number of ARP packets": "arp_packets",
    "Number of RARP packets": "rarp_packets",
    "Number of GRE packets": "gre_packets",
    "Number of Teredo packets": "teredo_packets",
    "Number of AYIYA packets": "ayiya_packets",
    "Number of IGMP packets": "igmp_packets",
    "Number of ICMP packets": "icmp_packets",
    "Number of ICMPv6 packets": "icmpv6_packets",
    "Number of TCP packets": "tcp_packets",
    "Number of TCP bytes": "tcp_bytes",
    "Number of UDP packets": "udp_packets",
    "Number of UDP bytes": "udp_bytes",
    "Number of SCTP packets": "sctp_packets",
    "Number of SCTP bytes": "sctp_bytes",
    "Number of DTLS packets": "dtls_records",
    "Number of IPv4 fragmented packets": "ipv4_fragments",
    "Number of IPv6 fragmented packets": "ipv6_fragments",
    "Number of processed L2   flows": "l2_flows",
    "Number of processed IPv4 flows": "ipv4_flows",
    "Number of processed IPv6 flows": "ipv6_flows",
    "Number of processed A    flows": "a_flows",
    "Number of processed B    flows": "b_flows",
    "Max number of flows in memory": "max_flows",
}
"""Lines that print one integer of the totals."""


def read_totals(report: str) -> Totals:
    """Take from a reference report what it prints as integers.

    Not printed, hence derived: the corrected replies (A flows minus requests); the bytes of the bandwidth
    (a number that gives the printed bits per second); the clock behind the duration of a capture without
    packets. The mean of the header count is taken as printed.
    """
    totals = Totals()
    for line in report.splitlines():
        label, _, value = line.partition(": ")
        if label in COUNTS:
            setattr(totals, COUNTS[label], int(value.split()[0]))
    if found := re.search(r"^Headers count: min: (\d+), max: (\d+), avg: ([\d.]+)$", report, re.M):
        totals.min_headers, totals.max_headers, totals.avg_headers = (
            int(found[1]),
            int(found[2]),
            float(found[3]),
        )
    if found := re.search(r"^Aggregated flowStat=(0x[0-9a-f]{16})$", report, re.M):
        totals.status = int(found[1], 16)
    requests = re.search(r"^Number of request        flows: (\d+)", report, re.M)
    totals.corrected_replies = totals.a_flows - (int(requests[1]) if requests else 0)

    if found := re.search(r"^Dump stop : (\d+)\.(\d+) sec", report, re.M):
        totals.stop_seconds, totals.stop_fraction = int(found[1]), int(found[2])
    if found := re.search(r"^Dump start: (\d+)\.(\d+) sec", report, re.M):
        totals.start_seconds, totals.start_fraction = int(found[1]), int(found[2])
    elif found := re.search(r"^Total dump duration: (\d+)\.(\d+) sec", report, re.M):
        totals.start_seconds, totals.start_fraction = 2**32 - int(found[1]) - 1, 10**9 - int(found[2])
    if found := re.search(r"^<Bandwidth>: ((\d+) b/s.*)$", report, re.M):
        low, middle, high = ((int(found[2]) + step) * totals.dump_seconds / 8 for step in (-0.5, 0, 0.5))
        candidates = [round(middle), math.ceil(low), math.floor(high)]
        totals.wire_bytes = next(n for n in candidates if speed(n / totals.dump_seconds) == found[1])
    return totals


def blanked(lines: list[str]) -> list[str]:
    """Blank what differs from run to run, as in the reference files."""
    text = "\n".join(lines)
    text = re.sub(r"^(Finished .* [Tt]ime: ).*$", r"\1_ sec", text, flags=re.M)
    text = re.sub(r"^(Memory usage: ).*$", r"\1_", text, flags=re.M)
    text = re.sub(r"^(Date: ).*$", r"\1_", text, flags=re.M)
    return re.sub(r"PID: \d+, Prio: -?\d+", "PID: _, Prio: _", text).split("\n")


def reference_reports() -> list[Path]:
    return (
        sorted(EXPECTED.glob("full/*/report.txt"))[::4] + sorted(EXPECTED.glob("minimal/*/report.txt"))[::8]
    )


@pytest.mark.golden
@pytest.mark.skipif(not EXPECTED.is_dir(), reason="reference files (../shared/golden) are not here")
@pytest.mark.parametrize("path", reference_reports(), ids=lambda path: f"{path.parts[-3]}-{path.parts[-2]}")
def test_end_of_a_reference_report_is_printed_again_from_its_integers(path):
    report = path.read_text("latin-1")
    lines = report.splitlines()
    if "Dump stop : " not in report:
        assert any(line.startswith("[ERR] Unsupported link-layer type") for line in lines)
        return
    totals = read_totals(report)
    end = next(number for number, line in enumerate(lines) if line.startswith("Dump stop"))
    dashes = [number for number, line in enumerate(lines) if line == "-" * 80]
    printed = [
        *stop_lines(totals, 7_433_000),
        *end_lines(totals, 7_444_000, lines[dashes[0] + 1 : dashes[1]]),
    ]
    assert blanked(printed) == lines[end:]


@pytest.mark.golden
@pytest.mark.skipif(not EXPECTED.is_dir(), reason="reference files (../shared/golden) are not here")
@pytest.mark.parametrize("path", reference_reports(), ids=lambda path: f"{path.parts[-3]}-{path.parts[-2]}")
def test_start_of_a_reference_report_is_printed_again_but_for_the_program(path):
    lines = path.read_text("latin-1").splitlines()
    begin = lines.index("Active plugins:") + 1
    plugins = [tuple(line[8:].split(", ")) for line in lines[begin:] if re.match(r"    \d\d: ", line)]
    labels = Labels.builtin()
    start = Start(
        "t2tui 0.1.0",
        pid=4711,
        priority=0,
        seconds=1_320_279_554,
        microseconds=558,
        plugins=plugins,
        ranges_v4=labels.ranges_v4,
        ranges_v6=labels.ranges_v6,
        revision=REVISION,
        pcapng=any("PCAP-NG" in line for line in lines),
    )
    expected = lines[: lines.index(processing_line(path.parts[-2].split("__")[-1]))]
    expected[1] = "t2tui 0.1.0, mirrors Tranalyzer 0.9.3 (Anteater), Cobra. PID: _, Prio: _, SID: 666"
    assert blanked(list(start_lines(start))) == expected

    for line in lines:
        if found := re.fullmatch(r"Link layer type: (.*)", line):
            link = found[1]
        if found := re.fullmatch(r"Snapshot length: (\d+).*", line):
            assert list(link_lines(link, int(found[1]))) == [f"Link layer type: {link}", line]
        if found := re.match(r"Dump start: (\d+)\.(\d+) sec", line):
            assert dump_start_line(int(found[1]), int(found[2])) == line


def test_modes_and_sensor_stand_in_the_start_lines():
    start = Start(
        "t2tui 0.1.0", 1, -5, 0, 558, [], 1, 2000, "20261120", sensor=7, alarm_mode=True, force_mode=True
    )
    lines = list(start_lines(start))
    assert lines[1].endswith("PID: 1, Prio: -5, SID: 7")
    assert lines[3].startswith("Date: 0.000000558 sec (")
    assert lines[4] == "[INF] Creating flows for L2, IPv4, IPv6 [ALARM] [FORCE]"
    assert lines[-1].endswith("ranges loaded: 2000 (2.00 K)")


def test_files_of_a_list_are_named():
    assert processing_line("a.pcap", 1, 2) == "Processing file no. 1 of 2: a.pcap"
    assert list(list_lines(["a.pcap"])) == ["Checking list file", "    checking file 'a.pcap'"]


def test_alarms_and_forced_flows_follow_the_status():
    totals = Totals(
        a_flows=60, b_flows=60, alarms=1031, alarm_flows=17, forced_flows=13, status=1 << 44 | 1 << 49
    )
    lines = list(end_lines(totals, 0, []))
    assert lines[lines.index("Aggregated flowStat=0x0002100000000000") :][1:] == [
        "[WRN] 1031 (1.03 K) alarms in 17 flows [14.17%]",
        "[WRN] Number of flows terminated by force mode: 13 [10.83%]",
        "[WRN] Consecutive duplicate IP ID",
        "[INF] IPAlarm",
    ]


def test_memory_and_autopilot():
    totals = Totals(
        a_flows=300_000, max_flows=262_144, autopilot_flows=3, memory=1_234_567, physical_memory=4_000_000
    )
    lines = list(end_lines(totals, 0, []))
    assert "Max number of flows in memory: 262144 (262.14 K) [100.00%]" in lines
    assert "Number of flows terminated by autopilot: 3 [0.00%]" in lines
    assert "Memory usage: 1.23 GB [30.86%]" in lines
    assert not any(line.startswith("Percentage") for line in lines)
    advice = list(autopilot_lines(Totals(packets=10, bytes=816, file_bytes=4_000, hash_factor=2)))
    assert advice[1] == "[INF] Hash Autopilot: Fix: Invoke Tranalyzer with '-f 8'"
    assert list(autopilot_lines(Totals()))[1].endswith("'-f 2'")


@given(st.builds(Totals, **{field: st.integers(0, 2**63) for field in COUNTS.values()}))
def test_any_counts_give_one_line_each(totals):
    lines = list(end_lines(totals, 0, ["x: y"]))
    assert all("\n" not in line for line in lines)
    assert lines[0].startswith("Finished unloading")
    for label, name in COUNTS.items():
        if getattr(totals, name) and not label.startswith(("Max VLAN", "Max MPLS", "Number of SCTP")):
            assert sum(line.startswith(f"{label}: ") for line in lines) == 1
