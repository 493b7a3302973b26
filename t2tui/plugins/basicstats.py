"""basicStats: packet and byte counts, packet lengths, inter-arrival times (docs/plugins.md, "basicStats").

Every value that the text calls single is computed in single precision, one rounding per operation, in
the order written there: the printed digits depend on it.
"""

from collections.abc import Iterator
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import Column, plugin_columns
from t2tui.core.figures import address_with_country, amount, humanise, share
from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.jit import inlined, kernel
from t2tui.core.layout import KIND_IPV6, KIND_LAYER2
from t2tui.core.memory import prefetch
from t2tui.core.settings import Flag
from t2tui.core.text.rows import Code, Field
from t2tui.plugins.base import Plugin, Run

if TYPE_CHECKING:
    from t2tui.plugins.base import Columns

MOMENTS = [("avg", "f4"), ("var", "f4"), ("skew", "f4"), ("kur", "f4")]

STATS = np.dtype(
    [
        ("packets", "u8"),
        ("bytes", "u8"),
        ("counted", "u8"),  # packets that BS_XCLD lets into the statistics
        ("lastSec", "i8"),
        ("lastFrac", "i8"),
        ("length", MOMENTS),  # running moments; "avg" is not the average that is written
        ("iat", MOMENTS),
        ("minIAT", "f4"),
        ("maxIAT", "f4"),
        ("minLength", "u2"),
        ("maxLength", "u2"),
    ],
    align=True,
)
"""What a flow adds up packet by packet."""

SUMMARY = np.dtype(
    [
        ("pktsRcvd", "u8"),
        ("l7BytesRcvd", "u8"),
        ("pktsRTAggr", "u8"),
        ("l7BytesRTAggr", "u8"),
        ("avgL7PktSz", "f4"),
        ("stdL7PktSz", "f4"),
        ("skewL7PktSz", "f4"),
        ("kurL7PktSz", "f4"),
        ("stdIAT", "f4"),
        ("skewIAT", "f4"),
        ("kurIAT", "f4"),
        ("pktps", "f4"),
        ("bytps", "f4"),
        ("pktAsm", "f4"),
        ("bytAsm", "f4"),
    ],
    align=True,
)
"""What is computed when a flow ends."""

TALKER = np.dtype(
    [("count", "u8"), ("srcHi", "u8"), ("srcLo", "u8"), ("kind", "u1"), ("label", "u4")], align=True
)
"""The flow with the largest count so far; kept by value, since its slot is used again."""

L2_PACKETS, L2_BYTES, L3_PACKETS, L3_BYTES = range(4)

RECORDS = np.dtype([("load", "u8"), ("rate", "f4"), ("ratePackets", "u8"), ("talkers", TALKER, (4,))])
"""Largest values of all flows that ended, for the report."""

AHEAD = 8
"""So many packets before its turn the record of a flow is fetched from memory."""

NO_IAT = np.float32(4.0e12)
"""Shortest gap of a flow that has none yet, seconds."""

HIGHEST_RATE = 2.0**63
"""Largest rate that is reported; damaged times can make a duration of nothing and a rate without end."""


@inlined
def _moments(m, x, div, higher):  # type: ignore[no-untyped-def]
    """Add a value to running moments. The deviation is that from the mean before."""
    d = x - m.avg
    m.avg = m.avg + d / div
    q = d * d
    m.var = m.var + (q - m.var) / div
    if higher:
        m.skew = m.skew + (q * d - m.skew) / div
        m.kur = m.kur + (q * q - m.kur) / div


@inlined
def _counts(length, xcld, xmin, xmax):  # type: ignore[no-untyped-def]
    """Return whether BS_XCLD lets a length into the statistics."""
    if xcld == 1:
        return length > xmin
    if xcld == 2:
        return length < xmax
    if xcld == 3:
        return xmin <= length <= xmax
    if xcld == 4:
        return xmax < length < xmin
    return True


@inlined
def _clear(flow, length, packet):  # type: ignore[no-untyped-def]
    """Begin the record of a flow with its first packet, which is counted afterwards."""
    flow.packets = 0
    flow.bytes = 0
    flow.counted = 0
    flow.minLength = 0xFFFF
    flow.maxLength = 0
    flow.minIAT = NO_IAT
    flow.maxIAT = 0
    flow.length.avg = np.float32(length)
    flow.length.var = 0
    flow.length.skew = 0
    flow.length.kur = 0
    flow.iat.avg = 0
    flow.iat.var = 0
    flow.iat.skew = 0
    flow.iat.kur = 0
    flow.lastSec = packet.sec
    flow.lastFrac = packet.frac


@kernel
def _count(packets, stats, modulus, xcld, xmin, xmax, higher):  # type: ignore[no-untyped-def]
    """Count every packet in its flow."""
    for row in range(len(packets)):
        prefetch(stats, np.int64(packets[min(row + AHEAD, len(packets) - 1)].flow))
        packet = packets[row]
        slot = np.int64(packet.flow)
        if slot < 0:
            continue
        flow = stats[slot]
        length = np.int64(packet.pktLen)
        if modulus > 1:
            length %= modulus
        if packet.isNew:
            _clear(flow, length, packet)
        flow.packets += np.uint64(1)
        flow.bytes += np.uint64(length)
        if not _counts(length, xcld, xmin, xmax):
            continue
        flow.counted += np.uint64(1)
        flow.minLength = min(length, np.int64(flow.minLength))
        flow.maxLength = max(length, np.int64(flow.maxLength))

        # seconds wrap like an unsigned 32-bit number; both parts become single before they are added
        seconds = np.float32((packet.sec - flow.lastSec) & 0xFFFFFFFF)
        fraction = np.float32(packet.frac - flow.lastFrac)
        iat = np.float32(np.float64(seconds) + np.float64(fraction) / 1e9)
        flow.minIAT = min(iat, flow.minIAT)
        flow.maxIAT = max(iat, flow.maxIAT)
        flow.lastSec = packet.sec
        flow.lastFrac = packet.frac

        div = np.float32(np.int64(flow.counted))
        _moments(flow.length, np.float32(length), div, higher)
        _moments(flow.iat, iat, div, higher)


@inlined
def _deviation(var):  # type: ignore[no-untyped-def]
    return np.float32(np.sqrt(np.float64(var)))


@inlined
def _skewness(m):  # type: ignore[no-untyped-def]
    if m.var == 0:
        return np.float32(0)
    return np.float32(np.float64(m.skew) / (np.float64(m.var) * np.sqrt(np.float64(m.var))))


@inlined
def _kurtosis(m):  # type: ignore[no-untyped-def]
    return m.kur / (m.var * m.var) if m.var != 0 else np.float32(0)


@inlined
def _asymmetry(sent, received):  # type: ignore[no-untyped-def]
    if sent + received == 0:
        return np.float32(0)
    return (np.float32(sent) - np.float32(received)) / np.float32(sent + received)


@inlined
def _keep_largest(talker, flow, count):  # type: ignore[no-untyped-def]
    if count > np.int64(talker.count):
        talker.count = count
        talker.srcHi = flow.srcHi
        talker.srcLo = flow.srcLo
        talker.kind = flow.kind
        talker.label = flow.srcLabel


@kernel
def _summarise(slots, flows, stats, summaries, largest):  # type: ignore[no-untyped-def]
    """Compute what is written about flows that ended, in order of release."""
    for slot in slots:
        flow = flows[slot]
        mine = stats[slot]
        out = summaries[slot]
        packets, octets = np.int64(mine.packets), np.int64(mine.bytes)
        packets_back, octets_back = np.int64(0), np.int64(0)
        if flow.opposite >= 0:
            packets_back = np.int64(stats[flow.opposite].packets)
            octets_back = np.int64(stats[flow.opposite].bytes)
        out.pktsRcvd = packets_back
        out.l7BytesRcvd = octets_back
        out.pktsRTAggr = packets + packets_back
        out.l7BytesRTAggr = octets + octets_back

        counted = np.int64(mine.counted)
        out.avgL7PktSz = np.float32(octets) / np.float32(counted) if counted else np.float32(0)
        out.stdL7PktSz = _deviation(mine.length.var)
        out.skewL7PktSz = _skewness(mine.length)
        out.kurL7PktSz = _kurtosis(mine.length)
        out.stdIAT = _deviation(mine.iat.var)
        out.skewIAT = _skewness(mine.iat)
        out.kurIAT = _kurtosis(mine.iat)

        out.pktps = 0
        out.bytps = 0
        seconds, fraction = np.int64(flow.durSec) & 0xFFFFFFFF, np.int64(flow.durFrac)
        if seconds != 0 or fraction != 0:
            duration = np.float32(np.float64(seconds) + np.float64(fraction) / 1e9)
            out.pktps = np.float32(packets) / duration
            out.bytps = np.float32(octets) / duration
        asymmetry = _asymmetry(packets, packets_back)
        if flow.opposite < 0 and flow.flowStat & np.uint64(L3FLOWINVERT):
            asymmetry = -asymmetry
        out.pktAsm = asymmetry
        out.bytAsm = _asymmetry(octets, octets_back)

        if out.avgL7PktSz > np.float32(np.int64(largest.load)):
            largest.load = np.int64(out.avgL7PktSz)
        if out.bytps > largest.rate:
            largest.rate = out.bytps
            largest.ratePackets = packets
        layer = L2_PACKETS if flow.kind == KIND_LAYER2 else L3_PACKETS
        _keep_largest(largest.talkers[layer], flow, packets)
        _keep_largest(largest.talkers[layer + 1], flow, octets)


def _extra(name: str, type_: str, header: str, unit: str = "", description: str = "") -> Column:
    return Column(name, type_, header, unit, description, plugin="basicStats", order=120)


_EXTRA = {
    column.name: column
    for column in (
        _extra(
            "pktsRTAggr",
            "U64",
            "Number of received + transmitted packets",
            "packets",
            "packets of both directions",
        ),
        _extra(
            "l7BytesRTAggr",
            "U64",
            "Number of received + transmitted layer 7 bytes",
            "bytes",
            "payload bytes of both directions",
        ),
        _extra(
            "varL7PktSz",
            "F",
            "Variance layer 7 packet size",
            "bytes²",
            "running variance of the payload sizes",
        ),
        _extra("skewL7PktSz", "F", "Skewness layer 7 packet size", "", "skewness of the payload sizes"),
        _extra("kurL7PktSz", "F", "Kurtosis layer 7 packet size", "", "kurtosis of the payload sizes"),
        _extra("varIAT", "F", "Variance IAT", "s²", "running variance of the gaps"),
        _extra("skewIAT", "F", "Skewness IAT", "", "skewness of the gaps"),
        _extra("kurIAT", "F", "Kurtosis IAT", "", "kurtosis of the gaps"),
    )
}
"""Columns that appear only when a flag asks for them."""

PACKET_LENGTH_MOD = Column(
    "pktLenMod",
    "U16",
    unit="bytes",
    description="pktLen of the statistics modulo BS_MOD",
    plugin="basicStats",
    order=120,
    file="packets",
)


class BasicStats(Plugin):
    """Counts, packet lengths and inter-arrival times of every flow, and who talked most."""

    name = "basicStats"
    number = 120
    summary = "packet and byte counts, packet length and inter-arrival statistics, largest talkers"
    flags = (
        Flag("BS_AGGR_CNT", 0, help="columns with the counts of both directions together", choices=(0, 1)),
        Flag("BS_REV_CNT", 1, help="columns with the counts of the opposite direction", choices=(0, 1)),
        Flag("BS_MOD", 0, help="above 1: packet lengths are taken modulo this", minimum=0, maximum=65535),
        Flag("BS_PAD", 1, help="column padBytesSnt", choices=(0, 1)),
        Flag("BS_STATS", 1, help="0: only counts and padding", choices=(0, 1)),
        Flag("BS_PL_STATS", 1, help="packet length statistics", choices=(0, 1)),
        Flag("BS_IAT_STATS", 1, help="inter-arrival time statistics", choices=(0, 1)),
        Flag("BS_VAR", 0, help="variance columns", choices=(0, 1)),
        Flag("BS_STDDEV", 1, help="standard deviation columns", choices=(0, 1)),
        Flag("BS_SK", 1, help="with BS_VAR: skewness and kurtosis columns", choices=(0, 1)),
        Flag(
            "BS_XCLD",
            0,
            help="packets in the statistics: 0 all, 1 longer than BS_XMIN, 2 shorter than BS_XMAX, "
            "3 from BS_XMIN to BS_XMAX, 4 shorter than BS_XMIN and longer than BS_XMAX",
            choices=(0, 1, 2, 3, 4),
        ),
        Flag("BS_XMIN", 1, help="lower bound of BS_XCLD, bytes", minimum=0, maximum=65535),
        Flag("BS_XMAX", 65535, help="upper bound of BS_XCLD, bytes", minimum=0, maximum=65535),
    )

    def start(self, run: Run) -> None:
        """Allocate the records, one per slot."""
        super().start(run)
        self.stats = np.zeros(run.slots, STATS)
        self.summaries = np.zeros(run.slots, SUMMARY)
        self.lengths = np.zeros(run.batch_packets, np.uint16)  # pktLenMod by row
        self._largest = np.zeros(1, RECORDS)

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Count every packet."""
        s = self.settings
        higher = bool(s.BS_VAR and s.BS_SK)
        _count(packets, self.stats, s.BS_MOD, s.BS_XCLD, s.BS_XMIN, s.BS_XMAX, higher)
        if s.BS_MOD > 1 and self.run.packet_mode:
            first = self.run.row
            np.remainder(packets["pktLen"], s.BS_MOD, out=self.lengths[first : first + len(packets)])

    def on_released(self, slots: NDArray[Any]) -> None:
        """Compute what is written about a flow."""
        _summarise(slots, self.run.flows.records, self.stats, self.summaries, self._largest[0])

    def _wanted(self) -> Iterator[str]:
        """Yield the names of the flow columns in order."""
        s = self.settings
        counts = (True, s.BS_REV_CNT, s.BS_AGGR_CNT)
        yield from compress(("pktsSnt", "pktsRcvd", "pktsRTAggr"), counts)
        if s.BS_PAD:
            yield "padBytesSnt"
        yield from compress(("l7BytesSnt", "l7BytesRcvd", "l7BytesRTAggr"), counts)
        if not s.BS_STATS:
            return
        higher = s.BS_VAR and s.BS_SK
        moments = (True, True, True, s.BS_STDDEV, s.BS_VAR, higher, higher)
        for subject, wanted in (("L7PktSz", s.BS_PL_STATS), ("IAT", s.BS_IAT_STATS)):
            if wanted:
                kinds = ("min", "max", "avg", "std", "var", "skew", "kur")
                yield from (kind + subject for kind in compress(kinds, moments))
        yield from ("pktps", "bytps", "pktAsm", "bytAsm")

    def flow_fields(self) -> "Columns":
        """Return the columns of the flow file."""
        stats, summaries = self.stats, self.summaries
        fields = {
            "pktsSnt": Field(Code.UINT, stats["packets"], by="slot"),
            "padBytesSnt": Field(Code.INT, self.run.flows.records["padBytes"], by="slot"),
            "l7BytesSnt": Field(Code.UINT, stats["bytes"], by="slot"),
            "minL7PktSz": Field(Code.UINT, stats["minLength"], by="slot"),
            "maxL7PktSz": Field(Code.UINT, stats["maxLength"], by="slot"),
            "varL7PktSz": Field(Code.FLOAT, stats["length"]["var"], by="slot"),
            "minIAT": Field(Code.FLOAT, stats["minIAT"], by="slot"),
            "maxIAT": Field(Code.FLOAT, stats["maxIAT"], by="slot"),
            "avgIAT": Field(Code.FLOAT, stats["iat"]["avg"], by="slot"),
            "varIAT": Field(Code.FLOAT, stats["iat"]["var"], by="slot"),
        }
        for name in SUMMARY.names or ():
            code = Code.UINT if SUMMARY[name].kind == "u" else Code.FLOAT
            fields[name] = Field(code, summaries[name], by="slot")
        columns = {column.name: column for column in plugin_columns(self.name, "flows")} | _EXTRA
        return [(columns[name], fields[name]) for name in self._wanted()]

    def packet_fields(self, packets: NDArray[Any]) -> "Columns":
        """Return the columns of the packet file."""
        fields = {
            "pktLen": Field(Code.UINT, packets["len"]),
            "snapL3Len": Field(Code.UINT, packets["snapL3Len"]),
            "snapL4Len": Field(Code.UINT, packets["snapL4Len"]),
            "snapL7Len": Field(Code.UINT, packets["snapL7Len"]),
            "l3Len": Field(Code.UINT, packets["l3Len"]),
            "udpLen": Field(Code.UINT, packets["udpLen"]),
            "l7Len": Field(Code.UINT, packets["l7Len"]),
            "padLen": Field(Code.INT, packets["padLen"]),
        }
        columns = self.paired("packets", fields)
        if self.settings.BS_MOD > 1:
            columns.insert(-1, (PACKET_LENGTH_MOD, Field(Code.UINT, self.lengths)))
        return columns

    def report(self) -> Iterator[str]:
        """Yield the largest packet load and rate, and the flows that sent most."""
        run, largest = self.run, self._largest[0]
        if self.settings.BS_STATS:
            load, packets = int(largest["load"]), int(largest["ratePackets"])
            rate = int(min(largest["rate"] * np.float32(8), HIGHEST_RATE))
            yield f"Flow max(pktload): {amount(load)}"
            yield f"Flow max(b/s), pkts: {rate}{humanise(rate, 'b/s')}, {amount(packets)}"
        for layer, first in (("L2", L2_PACKETS), ("L3", L3_PACKETS)):
            most_packets, most_bytes = largest["talkers"][first : first + 2]
            if most_packets["count"]:
                yield self._talker(layer, most_packets, run.packets, "packets")
                yield self._talker(layer, most_bytes, run.flow_bytes, "bytes")

    def _talker(self, layer: str, talker: np.void, total: int, unit: str) -> str:
        amount_and_share = share(int(talker["count"]), total)
        return f"Biggest {layer} flow talker: {self._address(talker)}: {amount_and_share} {unit}"

    def _address(self, talker: np.void) -> str:
        """Return MAC or address with country code; empty for a count of which no flow had any."""
        if not talker["count"]:
            return ""
        low = int(talker["srcLo"])
        if talker["kind"] == KIND_LAYER2:
            return low.to_bytes(6, "big").hex(":")
        code = self.run.labels.codes[talker["label"]]
        is_ipv6 = bool(talker["kind"] == KIND_IPV6)
        return address_with_country(int(talker["srcHi"]), low, code, is_ipv6=is_ipv6)
