"""The figures of the end report, gathered from dissection and flow table."""

import os
import resource

from t2tui.core.dissect.dissector import DissectCounter as D
from t2tui.core.dissect.dissector import DissectTotals
from t2tui.core.flows.counters import FlowCounter as F
from t2tui.core.flows.table import FlowTable
from t2tui.core.report import Totals

ARP, RARP = 0x0806, 0x8035
ICMP, IGMP, TCP, UDP, ICMPV6, SCTP = 1, 2, 6, 17, 58, 132


def peak_memory() -> int:
    """Return the largest resident size of this process so far, kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def physical_memory() -> int:
    """Return the memory of the machine, kB."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024


def gather(dissected: DissectTotals, flows: FlowTable, plugin_status: int) -> Totals:
    """Return the totals so far; times and file sizes are the caller's.

    Args:
        dissected: what the dissection counted.
        flows: what the flow table counted.
        plugin_status: bits of flowStat that plugins set.
    """
    packets, counts = dissected.counters, flows.counters

    def of_packets(counter: D) -> int:
        return int(packets[counter])

    def of_flows(counter: F) -> int:
        return int(counts[counter])

    def of_proto(number: int) -> int:
        return int(flows.proto_packets[number])

    return Totals(
        packets=of_packets(D.PACKETS),
        bytes=of_packets(D.BYTES),
        raw_bytes=of_packets(D.RAW_BYTES),
        pad_bytes=of_flows(F.PAD_BYTES),
        l2_packets=of_flows(F.L2_PACKETS),
        ipv4_packets=of_flows(F.IPV4_PACKETS),
        ipv6_packets=of_flows(F.IPV6_PACKETS),
        ipvx_packets=of_packets(D.IPVX),
        a_packets=of_flows(F.A_PACKETS),
        b_packets=of_flows(F.B_PACKETS),
        a_bytes=of_flows(F.A_BYTES),
        b_bytes=of_flows(F.B_BYTES),
        min_headers=of_packets(D.HEADERS_MIN),
        max_headers=of_packets(D.HEADERS_MAX),
        avg_headers=dissected.header_average,
        max_vlans=of_packets(D.VLAN_MAX),
        max_mpls=of_packets(D.MPLS_MAX),
        llc_packets=of_packets(D.LLC),
        arp_packets=int(flows.eth_packets[ARP]),
        rarp_packets=int(flows.eth_packets[RARP]),
        gre_packets=of_packets(D.GRE),
        teredo_packets=of_packets(D.TEREDO),
        ayiya_packets=of_packets(D.AYIYA),
        igmp_packets=of_proto(IGMP),
        icmp_packets=of_proto(ICMP),
        icmpv6_packets=of_proto(ICMPV6),
        tcp_packets=of_proto(TCP),
        tcp_bytes=int(flows.proto_bytes[TCP]),
        udp_packets=of_proto(UDP),
        udp_bytes=int(flows.proto_bytes[UDP]),
        sctp_packets=of_proto(SCTP),
        sctp_bytes=int(flows.proto_bytes[SCTP]),
        dtls_records=of_packets(D.DTLS),
        ipv4_fragments=of_flows(F.V4_FRAGMENTS),
        ipv6_fragments=of_flows(F.V6_FRAGMENTS) + of_packets(D.FRAGMENTS6),
        a_flows=of_flows(F.FLOWS_A),
        b_flows=of_flows(F.FLOWS_B),
        l2_flows=of_flows(F.FLOWS_L2),
        ipv4_flows=of_flows(F.FLOWS_IPV4),
        ipv6_flows=of_flows(F.FLOWS_IPV6),
        corrected_replies=of_flows(F.CORRECTED_REPLIES),
        max_flows=of_flows(F.MAX_ACTIVE),
        active_flows=of_flows(F.ACTIVE),
        autopilot_flows=of_flows(F.AUTOPILOT),
        wire_bytes=of_packets(D.WIRE_BYTES),
        status=flows.status | plugin_status,
        memory=peak_memory(),
        physical_memory=physical_memory(),
    )
