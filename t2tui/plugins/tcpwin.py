"""tcpWin: TCP windows below a threshold, with alarms and a table of the hosts concerned (docs/tcpwin.md)."""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import Column
from t2tui.core.figures import amount, share
from t2tui.core.flowstat import FL_ALARM
from t2tui.core.jit import kernel
from t2tui.core.layout import FRAG_LATER, KIND_IPV4, KIND_LAYER2
from t2tui.core.settings import Flag
from t2tui.core.text.rows import Code, Field
from t2tui.plugins.base import Plugin, Run

if TYPE_CHECKING:
    from t2tui.plugins.base import Columns

TCP = 6
WINDOW_CAPTURED = 16
"""Bytes of the TCP header that must be captured for the window to be known."""

BELOW = 0x01
"""tcpWinStat: the window went below the threshold."""

NEVER, AT_END, IN_PACKET = range(3)
"""Values of TCPWIN_ALARM_BIT."""

RECORD = np.dtype(
    [
        ("packets", "u4"),  # TCP packets
        ("below", "u4"),  # of them, packets with a window below the threshold
        ("window", "u4"),  # of the first packet
        ("ratio", "f4"),
        ("status", "u1"),
        ("ttl", "u1"),
        ("requested", "u1"),  # its end was asked for
    ],
    align=True,
)
"""State of a flow."""

PACKET_RECORD = np.dtype([("window", "u4"), ("below", "u4"), ("show", "u1")], align=True)
"""Columns of a packet."""


@kernel
def _watch(packets, flows, records, lines, first, threshold, limit, alarm_in_packet, requests):  # type: ignore[no-untyped-def]
    """Look at the window of every TCP packet; returns how many flows reached the limit."""
    requested = 0
    for row in range(len(packets)):
        packet = packets[row]
        line = lines[first + row]
        line.show = 0
        slot = np.int64(packet.flow)
        if slot < 0:
            continue
        mine = records[slot]
        if packet.isNew:
            mine.packets = 0
            mine.below = 0
            mine.window = 0
            mine.status = 0
            mine.ttl = 0
            mine.requested = 0
        is_alarmed = alarm_in_packet and mine.below > 0
        if is_alarmed:
            packet.flowStat |= np.uint64(FL_ALARM)
            packet.alarm = 1
        if (
            packet.kind == KIND_LAYER2
            or packet.l4Proto != TCP
            or packet.frag & FRAG_LATER
            or packet.snapL4Len < WINDOW_CAPTURED
        ):
            continue
        if mine.packets == 0:
            mine.window = packet.window
            mine.ttl = packet.ttl
        mine.packets += np.uint32(1)
        if packet.window < threshold:
            mine.below += np.uint32(1)
            mine.status |= np.uint8(BELOW)
            if alarm_in_packet:
                flows[slot].flowStat |= np.uint64(FL_ALARM)
                packet.alarm = 1
            if mine.below >= limit and not mine.requested:
                mine.requested = 1
                requests[requested] = slot
                requested += 1
        line.window = packet.window
        line.below = mine.below
        line.show = 1
    return requested


@dataclass
class Host:
    """An entry of the summary: the flow of a host with the largest share of small windows.

    Attributes:
        packets: TCP packets of that flow.
        ratio: share of packets below the threshold, single precision.
    """

    packets: int
    ratio: float


class TcpWin(Plugin):
    """Counts packets whose TCP window is below a threshold; such flows raise an alarm.

    Attributes:
        records: RECORD per slot.
        hosts: summary by IPv4 address, in the order in which they were first met.
        changes: what the flows that ended last changed in ``hosts``: place in the slots, address, new entry.
    """

    name = "tcpWin"
    number = 140
    summary = "TCP windows below a threshold, alarms, summary file PREFIX_tcpwin.txt"
    flow_columns = (
        Column("tcpWinStat", "H8", "TCP window size status", unit="bits", bits="tcpWinStat"),
        Column("tcpWinIpTTL", "U8", "IP TTL of the first TCP packet"),
        Column("tcpInitWinSz", "U32", "Initial TCP window size", unit="bytes"),
        Column(
            "tcpWinThCnt", "U32", "Number of packets with a TCP window below the threshold", unit="packets"
        ),
        Column("tcpWinSzThRt", "F", "Ratio of packets with a TCP window below the threshold"),
    )
    packet_columns = (
        Column("tcpWinSize", "U32", "TCP window", unit="bytes"),
        Column("tcpWinThPktCnt", "U32", "Packets below the threshold so far", unit="packets"),
    )
    flags = (
        Flag("TCPWIN_THRES", 1, help="count packets with a window below this", minimum=0, maximum=65536),
        Flag("TCPWIN_FLWPRG", 2, help="force mode: end a flow at this many such packets", minimum=1),
        Flag("TCPWIN_MINPKTS", 50, help="summary: TCP packets that a flow must have", minimum=0),
        Flag("TCPWIN_MAXWSCNT", 100, help="summary: most hosts", minimum=0),
        Flag(
            "TCPWIN_ALARM_BIT",
            IN_PACKET,
            help="FL_ALARM is set: 0 never, 1 when the flow ends (in the aggregated status alone), "
            "2 with the packet",
            choices=(NEVER, AT_END, IN_PACKET),
        ),
        Flag("TCPWIN_SUFFIX", "_tcpwin.txt", help="suffix of the summary file"),
    )

    def start(self, run: Run) -> None:
        """Allocate the records, open the summary file."""
        super().start(run)
        self.records = np.zeros(run.slots, RECORD)
        self.hosts: dict[int, Host] = {}
        self.changes: list[tuple[int, int, Host]] = []
        self._lines = np.zeros(run.batch_packets, PACKET_RECORD)
        self._requests = np.zeros(run.batch_packets, np.int32)
        self._status = 0
        self._alarms = self._alarm_flows = 0
        self._worst: tuple[int, str, str, str] | None = None
        self._file = run.outputs.open(self.settings.TCPWIN_SUFFIX)

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Watch the windows."""
        s, run = self.settings, self.run
        requested = _watch(
            packets,
            run.flows.records,
            self.records,
            self._lines,
            run.row,
            s.TCPWIN_THRES,
            s.TCPWIN_FLWPRG,
            s.TCPWIN_ALARM_BIT == IN_PACKET,
            self._requests,
        )
        if requested:
            run.request_removal(self._requests[:requested])

    def on_released(self, slots: NDArray[Any]) -> None:
        """Compute ratios, report alarms, keep the summary."""
        self.changes.clear()
        mine = self.records[slots]
        counts = mine["below"].astype(np.int64)
        packets = mine["packets"].astype(np.float32)
        self.records["ratio"][slots] = np.divide(
            mine["below"].astype(np.float32), packets, out=np.zeros(len(slots), np.float32), where=packets > 0
        )
        concerned = np.flatnonzero(counts)
        if len(concerned) == 0:
            return
        self._status |= BELOW
        if self.settings.TCPWIN_ALARM_BIT != NEVER:
            self.status |= FL_ALARM
        self._alarms += int(counts.sum())
        self._alarm_flows += len(concerned)
        self.run.report_alarms(concerned, counts[concerned])
        for place in concerned:
            self._keep_worst(int(slots[place]))
            self._keep_host(int(slots[place]), int(place))

    def _keep_worst(self, slot: int) -> None:
        """Remember the source of the flow with the most packets below the threshold."""
        count = int(self.records[slot]["below"])
        if self._worst is None or count > self._worst[0]:
            flow, labels = self.run.flows.records[slot], self.run.labels
            is_v4 = flow["kind"] == KIND_IPV4
            low, high = int(flow["srcLo"]), int(flow["srcHi"])
            address = ipaddress.IPv4Address(low) if is_v4 else ipaddress.IPv6Address(high << 64 | low)
            row = int(flow["srcLabel"])
            code, text = labels.codes[row].decode(), labels.texts[row].decode("utf-8", "replace")
            self._worst = (count, str(address), code, text)

    def _keep_host(self, slot: int, place: int) -> None:
        """Enter an IPv4 flow into the summary; it replaces one of the same host with a smaller share."""
        flow, mine, s = self.run.flows.records[slot], self.records[slot], self.settings
        if flow["kind"] != KIND_IPV4 or mine["packets"] < s.TCPWIN_MINPKTS:
            return
        source, entry = int(flow["srcLo"]), Host(int(mine["packets"]), float(mine["ratio"]))
        known = self.hosts.get(source)
        has_room = len(self.hosts) < s.TCPWIN_MAXWSCNT
        if has_room if known is None else entry.ratio > known.ratio:
            self.hosts[source] = entry
            self.changes.append((place, source, entry))

    def flow_fields(self) -> "Columns":
        """Return the columns of the flow file."""
        parts = ("status", "ttl", "window", "below", "ratio")
        codes = {"H8": Code.HEX, "F": Code.FLOAT}
        return [
            (column, Field(codes.get(column.type, Code.UINT), self.records[part], by="slot"))
            for column, part in zip(self.flow_columns, parts, strict=True)
        ]

    def packet_fields(self, packets: NDArray[Any]) -> "Columns":
        """Return the columns of the packet file; packets without a window have empty cells."""
        lines = self._lines
        when = (lines["show"], 1)
        return [
            (column, Field(Code.UINT, lines[part], when=when))
            for column, part in zip(self.packet_columns, ("window", "below"), strict=True)
        ]

    def report(self) -> Iterator[str]:
        """Yield status, alarms, packets concerned and the worst source."""
        threshold = self.settings.TCPWIN_THRES
        if not self._status:
            return
        yield f"Aggregated tcpWinStat=0x{self._status:02x}"
        alarms, flows = amount(self._alarms), amount(self._alarm_flows)
        yield f"{alarms} alarms in {flows} flows below win threshold {threshold}"
        packets = share(self._alarms, int(self.run.flows.proto_packets[TCP]))
        yield f"Number of TCP winsize packets below threshold {threshold}: {packets}"
        if self._worst is not None:
            _, address, code, text = self._worst
            yield f"IP: {address}, country: {code}, org: {text}"

    def finish(self) -> None:
        """Write the summary file."""
        self._file.write("".join(f"{line}\n" for line in summary_lines(self.hosts)).encode())
        self._file.close()


def summary_lines(hosts: Mapping[int, Host]) -> Iterator[str]:
    """Yield the lines of a summary; the file has them, and tcpWinSink sends them."""
    yield "# IP\tpktTcpCnt\twinRelThCnt"
    for source, host in hosts.items():
        yield f"{ipaddress.IPv4Address(source)}\t{host.packets}\t{host.ratio:f}"
