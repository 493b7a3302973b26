"""The report of a run: start lines, end lines (docs/report.md).

Lines are plain text without line end; whoever prints them to a terminal may colour their marks and labels.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from t2tui.core.bits import report_lines
from t2tui.core.figures import amount, date, mean, percent, share, span, speed

MIRRORED = "Tranalyzer 0.9.3 (Anteater), Cobra"
"""The version whose files and report are reproduced."""

RULE, DASHES, TILDES = "=" * 80, "-" * 80, "~" * 80
FLOW_CAPACITY = 262_144
"""Flows held at once, times the factor of option ``-f``."""

NANOSECONDS = 1_000_000_000


def inf(text: str) -> str:
    """Mark a line as information."""
    return f"[INF] {text}"


def wrn(text: str) -> str:
    """Mark a line as warning."""
    return f"[WRN] {text}"


def err(text: str) -> str:
    """Mark a line as error."""
    return f"[ERR] {text}"


@dataclass(slots=True)
class Start:
    """What the start lines tell.

    Attributes:
        program: name and version of this program.
        pid: process id.
        priority: nice value of the process.
        seconds: wall clock at the start, since 1970.
        microseconds: its fraction; printed with nine digits, as the reference does.
        plugins: (name, version) in order of their numbers.
        ranges_v4: number of IPv4 label ranges.
        ranges_v6: number of IPv6 label ranges.
        revision: date of the label tables.
        sensor: option ``-x``.
        alarm_mode: flows are written on alarms only.
        force_mode: plugins may end flows.
        pcapng: the input is a pcapng file.
        listed: the files of a list, as they were checked.
    """

    program: str
    pid: int
    priority: int
    seconds: int
    microseconds: int
    plugins: Sequence[tuple[str, str]]
    ranges_v4: int
    ranges_v6: int
    revision: str
    sensor: int = 666
    alarm_mode: bool = False
    force_mode: bool = False
    pcapng: bool = False
    listed: Sequence[str] = ()


def start_lines(start: Start) -> Iterator[str]:
    """Yield the lines before the plugins' own start messages."""
    yield RULE
    yield (
        f"{start.program}, mirrors {MIRRORED}. PID: {start.pid}, Prio: {start.priority}, SID: {start.sensor}"
    )
    yield RULE
    yield f"Date: {date(start.seconds, start.microseconds, local=True)}"
    yield inf("Creating flows for L2, IPv4, IPv6" + core_modes(start.alarm_mode, start.force_mode))
    if start.pcapng:
        yield wrn(
            "PCAP-NG, so *percentage completed* in end report might be less than 100%, "
            "will be fixed in a later version"
        )
    if start.listed:
        yield from list_lines(start.listed)
    yield "Active plugins:"
    for number, (name, version) in enumerate(start.plugins, 1):
        yield f"    {number:02}: {name}, {version}"
    for version, ranges in (("IPv4", start.ranges_v4), ("IPv6", start.ranges_v6)):
        yield inf(
            f"{version} Ver: 5, Rev: {start.revision}, Range Mode: 0, subnet ranges loaded: {amount(ranges)}"
        )


def core_modes(alarm_mode: bool, force_mode: bool) -> str:
    """Return what follows ``L2, IPv4, IPv6`` in report and header file."""
    return (" [ALARM]" if alarm_mode else "") + (" [FORCE]" if force_mode else "")


def list_lines(names: Iterable[str]) -> Iterator[str]:
    """Yield the lines about the files of a list, which stand before ``Active plugins``."""
    yield "Checking list file"
    for name in names:
        yield f"    checking file '{name}'"


def processing_line(name: str, number: int = 0, count: int = 0) -> str:
    """Return the line that names the input.

    Args:
        name: path as given.
        number: which file of a list it is, from 1; 0 outside of lists.
        count: number of files of the list.
    """
    return f"Processing file no. {number} of {count}: {name}" if number else f"Processing file: {name}"


def link_lines(link_type: str, snap_length: int) -> Iterator[str]:
    """Yield the lines about an opened capture: its link type in words, and the snap length."""
    yield f"Link layer type: {link_type}"
    yield f"Snapshot length: {amount(snap_length)}"


def dump_start_line(seconds: int, fraction: int) -> str:
    """Return the line for the first packet's time."""
    return f"Dump start: {date(seconds, fraction)}"


@dataclass(slots=True)
class Totals:
    """Everything the end lines print. Packets and bytes of all directions and files of the run.

    Attributes:
        packets: processed packets, also those without flow.
        bytes: captured bytes.
        raw_bytes: bytes on the wire (``len`` of the records).
        pad_bytes: sum of the padding; may be negative.
        file_bytes: size of the input files; 0 if unknown (standard input, live).
        files: number of input files that file_bytes stands for.
        l2_packets: packets that ended as layer-2 packets.
        ipv4_packets: packets of IPv4 flows.
        ipv6_packets: packets of IPv6 flows.
        ipvx_packets: IP packets with a wrong version.
        a_packets: packets of flows without the reply bit.
        b_packets: packets of flows with it.
        a_bytes: their captured bytes.
        b_bytes: their captured bytes.
        min_headers: smallest header count of a packet.
        max_headers: largest header count.
        avg_headers: running mean in single precision.
        max_vlans: most VLAN headers in a packet.
        max_mpls: most MPLS headers in a packet.
        llc_packets: packets with an LLC header.
        arp_packets: packets of EtherType 0x0806.
        rarp_packets: packets of EtherType 0x8035.
        gre_packets: packets with GRE.
        lapd_packets: LAPD packets.
        teredo_packets: packets with Teredo.
        ayiya_packets: packets with AYIYA.
        igmp_packets: by protocol of the flow, as all below.
        icmp_packets: protocol 1.
        icmpv6_packets: protocol 58.
        tcp_packets: protocol 6.
        tcp_bytes: captured bytes.
        udp_packets: protocol 17.
        udp_bytes: captured bytes.
        sctp_packets: protocol 132.
        sctp_bytes: captured bytes.
        dtls_records: DTLS records.
        ipv4_fragments: count of IPv4 fragments.
        ipv6_fragments: count of IPv6 fragments, some counted twice.
        a_flows: flows that opened a conversation.
        b_flows: flows that answered one.
        l2_flows: layer-2 flows.
        ipv4_flows: IPv4 flows.
        ipv6_flows: IPv6 flows.
        corrected_replies: flows released alone with the reply bit.
        max_flows: most flows held at once.
        active_flows: flows held now.
        hash_factor: option ``-f``.
        autopilot_flows: flows ended because the table was full.
        forced_flows: flows ended by force mode.
        wire_bytes: bytes for the bandwidth, without those of packets without IP flow.
        start_seconds: time of the first packet; without packets the wall clock of the start.
        start_fraction: its fraction.
        stop_seconds: time of the last packet; 0 without packets.
        stop_fraction: its fraction.
        status: aggregated flowStat.
        alarms: number of alarms.
        alarm_flows: number of flows with alarms.
        memory: peak resident size, kB.
        physical_memory: of the machine, kB.
    """

    packets: int = 0
    bytes: int = 0
    raw_bytes: int = 0
    pad_bytes: int = 0
    file_bytes: int = 0
    files: int = 1
    l2_packets: int = 0
    ipv4_packets: int = 0
    ipv6_packets: int = 0
    ipvx_packets: int = 0
    a_packets: int = 0
    b_packets: int = 0
    a_bytes: int = 0
    b_bytes: int = 0
    min_headers: int = 0xFFFF
    max_headers: int = 0
    avg_headers: float = 0.0
    max_vlans: int = 0
    max_mpls: int = 0
    llc_packets: int = 0
    arp_packets: int = 0
    rarp_packets: int = 0
    gre_packets: int = 0
    lapd_packets: int = 0
    teredo_packets: int = 0
    ayiya_packets: int = 0
    igmp_packets: int = 0
    icmp_packets: int = 0
    icmpv6_packets: int = 0
    tcp_packets: int = 0
    tcp_bytes: int = 0
    udp_packets: int = 0
    udp_bytes: int = 0
    sctp_packets: int = 0
    sctp_bytes: int = 0
    dtls_records: int = 0
    ipv4_fragments: int = 0
    ipv6_fragments: int = 0
    a_flows: int = 0
    b_flows: int = 0
    l2_flows: int = 0
    ipv4_flows: int = 0
    ipv6_flows: int = 0
    corrected_replies: int = 0
    max_flows: int = 0
    active_flows: int = 0
    hash_factor: int = 1
    autopilot_flows: int = 0
    forced_flows: int = 0
    wire_bytes: int = 0
    start_seconds: int = 0
    start_fraction: int = 0
    stop_seconds: int = 0
    stop_fraction: int = 0
    status: int = 0
    alarms: int = 0
    alarm_flows: int = 0
    memory: int = 0
    physical_memory: int = 0

    @property
    def flows(self) -> int:
        """A and B flows."""
        return self.a_flows + self.b_flows

    @property
    def flow_packets(self) -> int:
        """Packets that belong to a flow."""
        return self.a_packets + self.b_packets

    @property
    def dump_time(self) -> tuple[int, int]:
        """Seconds (may be negative) and fraction from the first to the last packet; the fraction borrows."""
        seconds, fraction = self.stop_seconds - self.start_seconds, self.stop_fraction - self.start_fraction
        return (seconds - 1, fraction + NANOSECONDS) if fraction < 0 else (seconds, fraction)

    @property
    def dump_seconds(self) -> float:
        """The same as one number."""
        seconds, fraction = self.dump_time
        return seconds + fraction / 1e9


def autopilot_lines(totals: Totals) -> Iterator[str]:
    """Yield the advice when the flow table is full for the first time."""
    read = 24 + totals.bytes + 16 * totals.packets
    factor = totals.hash_factor * min(max(totals.file_bytes // read, 2), 16)
    yield wrn("Hash Autopilot: main HashMap full: flushing 1 oldest flow(s)")
    yield inf(f"Hash Autopilot: Fix: Invoke Tranalyzer with '-f {factor}'")


def stop_lines(totals: Totals, elapsed: int) -> Iterator[str]:
    """Yield the lines before the remaining flows are written.

    Args:
        totals: times of the packets.
        elapsed: wall clock since the start, ns.
    """
    yield f"Dump stop : {date(totals.stop_seconds, totals.stop_fraction)}"
    yield f"Total dump duration: {span(*totals.dump_time)}"
    yield f"Finished processing. Elapsed time: {span(*divmod(elapsed, NANOSECONDS))}"


def end_lines(totals: Totals, unloaded: int, plugin_lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines after the remaining flows were written.

    Args:
        totals: the figures.
        unloaded: wall clock since the start when the last flow was written, ns.
        plugin_lines: lines of the plugins with their labels.
    """
    yield f"Finished unloading flow memory. Time: {span(*divmod(unloaded, NANOSECONDS))}"
    if totals.file_bytes:
        read = 24 * totals.files + totals.bytes + 16 * totals.packets
        yield f"Percentage completed: {100.0 * read / totals.file_bytes:.2f}%"
    yield from tables(totals, plugin_lines)


def tables(totals: Totals, plugin_lines: Iterable[str], is_monitoring: bool = False) -> Iterator[str]:
    """Yield the tables that the end report and the monitoring output share.

    Args:
        totals: the figures.
        plugin_lines: lines of the plugins with their labels.
        is_monitoring: the run goes on: without the size of the input, with the fill of the flow table.
    """
    yield from _packet_lines(totals, is_monitoring)
    yield DASHES
    yield from plugin_lines
    yield DASHES
    yield from _protocol_lines(totals)
    yield TILDES
    if totals.flows:
        yield from _flow_lines(totals)
    if totals.dump_seconds > 0:
        yield from _packet_rate_lines(totals)
    yield TILDES
    if totals.dump_seconds > 0:
        yield from _bandwidth_lines(totals)
    if is_monitoring:
        yield f"Fill size of main hash map: {share(totals.active_flows, FLOW_CAPACITY * totals.hash_factor)}"
    yield from _status_lines(totals)


def plugin_line(plugin: str, text: str) -> str:
    """Return a line of a plugin with its label."""
    return f"{plugin}: {text}"


def _counted(rows: Iterable[tuple[str, int, int | None]]) -> Iterator[str]:
    """Yield a line for each (label, number, base) with a positive number; with a base also the percentage."""
    for label, number, base in rows:
        if number > 0:
            yield f"{label}: {amount(number) if base is None else share(number, base)}"


def _packet_lines(t: Totals, is_monitoring: bool) -> Iterator[str]:
    flow_bytes = t.a_bytes + t.b_bytes
    without_flow = t.packets - t.flow_packets if t.flow_packets else 0
    yield from _counted(
        (
            ("Number of processed packets", t.packets, None),
            ("Number of processed bytes", t.bytes, None),
            ("Number of raw bytes", t.raw_bytes, None),
            ("Number of pad bytes", t.pad_bytes, None),
            ("Number of pcap bytes", 0 if is_monitoring else t.file_bytes, None),
            ("Number of L2 packets", t.l2_packets, t.packets),
            ("Number of IPv4 packets", t.ipv4_packets, t.packets),
            ("Number of IPv6 packets", t.ipv6_packets, t.packets),
            ("Number of IPvX packets", t.ipvx_packets, t.packets),
            ("Number of packets without flow", without_flow, t.packets),
            ("Number of A packets", t.a_packets, t.flow_packets),
            ("Number of B packets", t.b_packets, t.flow_packets),
            ("Number of A bytes", t.a_bytes, flow_bytes),
            ("Number of B bytes", t.b_bytes, flow_bytes),
        )
    )
    yield f"<A packet load>: {mean(t.a_bytes / t.a_packets if t.a_packets else 0.0)}"
    yield f"<B packet load>: {mean(t.b_bytes / t.b_packets if t.b_packets else 0.0)}"


def _protocol_lines(t: Totals) -> Iterator[str]:
    yield f"Headers count: min: {t.min_headers}, max: {t.max_headers}, avg: {t.avg_headers:.2f}"
    if t.status & (1 << 8):
        yield f"Max VLAN header count: {t.max_vlans}"
    if t.status & (1 << 9 | 1 << 10):
        yield f"Max MPLS header count: {t.max_mpls}"
    sctp = bool(t.status & (1 << 24))
    yield from _counted(
        (
            ("Number of LLC packets", t.llc_packets, t.packets),
            ("Number of ARP packets", t.arp_packets, t.packets),
            ("Number of RARP packets", t.rarp_packets, t.packets),
            ("Number of GRE packets", t.gre_packets, t.packets),
            ("Number of LAPD packets", t.lapd_packets, t.packets),
            ("Number of Teredo packets", t.teredo_packets, t.packets),
            ("Number of AYIYA packets", t.ayiya_packets, t.packets),
            ("Number of IGMP packets", t.igmp_packets, t.packets),
            ("Number of ICMP packets", t.icmp_packets, t.packets),
            ("Number of ICMPv6 packets", t.icmpv6_packets, t.packets),
            ("Number of TCP packets", t.tcp_packets, t.packets),
            ("Number of TCP bytes", t.tcp_bytes, t.bytes),
            ("Number of UDP packets", t.udp_packets, t.packets),
            ("Number of UDP bytes", t.udp_bytes, t.bytes),
            ("Number of SCTP packets", t.sctp_packets if sctp else 0, t.packets),
            ("Number of SCTP bytes", t.sctp_bytes if sctp else 0, t.bytes),
            ("Number of DTLS packets", t.dtls_records, t.packets),
            ("Number of IPv4 fragmented packets", t.ipv4_fragments, t.ipv4_packets),
            ("Number of IPv6 fragmented packets", t.ipv6_fragments, t.ipv6_packets),
        )
    )


def _flow_lines(t: Totals) -> Iterator[str]:
    requests, replies = t.a_flows - t.corrected_replies, t.b_flows + t.corrected_replies
    yield from _counted(
        (
            ("Number of processed      flows", t.flows, None),
            ("Number of processed L2   flows", t.l2_flows, t.flows),
            ("Number of processed IPv4 flows", t.ipv4_flows, t.flows),
            ("Number of processed IPv6 flows", t.ipv6_flows, t.flows),
            ("Number of processed A    flows", t.a_flows, t.flows),
            ("Number of processed B    flows", t.b_flows, t.flows),
            ("Number of request        flows", requests, t.flows),
            ("Number of reply          flows", replies, t.flows),
        )
    )
    yield f"Total   A/B    flow asymmetry: {(t.a_flows - t.b_flows) / t.flows:.2f}"
    yield f"Total req/rply flow asymmetry: {(requests - replies) / t.flows:.2f}"
    if t.flow_packets:
        yield f"Number of processed A+B packets/A+B flows: {mean(t.flow_packets / t.flows)}"
    if t.a_flows:
        yield f"Number of processed A   packets/A   flows: {mean(t.a_packets / t.a_flows)}"
    if t.b_flows:
        yield f"Number of processed   B packets/  B flows: {mean(t.b_packets / t.b_flows)}"


def _packet_rate_lines(t: Totals) -> Iterator[str]:
    yield f"Number of processed total packets/s: {mean(t.packets / t.dump_seconds)}"
    for label, packets in (("A+B  ", t.flow_packets), ("A    ", t.a_packets), ("  B  ", t.b_packets)):
        if packets:
            yield f"Number of processed {label} packets/s: {mean(packets / t.dump_seconds)}"


def _bandwidth_lines(t: Totals) -> Iterator[str]:
    yield f"<Number of processed flows/s>: {mean(t.flows / t.dump_seconds)}"
    yield f"<Bandwidth>: {speed(t.wire_bytes / t.dump_seconds)}"
    if t.status & (1 << 32 | 1 << 33):
        yield f"<Snapped bandwidth>: {speed(t.bytes / t.dump_seconds)}"
    yield f"<Raw bandwidth>: {speed(t.raw_bytes / t.dump_seconds)}"


def _status_lines(t: Totals) -> Iterator[str]:
    yield from _counted(
        (
            ("Max number of flows in memory", t.max_flows, FLOW_CAPACITY * t.hash_factor),
            ("Number of flows terminated by autopilot", t.autopilot_flows, t.flows),
        )
    )
    yield f"Memory usage: {t.memory / 1e6:.2f} GB [{percent(t.memory, t.physical_memory)}]"
    yield f"Aggregated flowStat=0x{t.status:016x}"
    if t.alarms:
        yield wrn(
            f"{amount(t.alarms)} alarms in {amount(t.alarm_flows)} flows [{percent(t.alarm_flows, t.flows)}]"
        )
    if t.forced_flows:
        yield wrn(f"Number of flows terminated by force mode: {share(t.forced_flows, t.flows)}")
    for level, text in report_lines(t.status):
        yield wrn(text) if level == "wrn" else inf(text)
