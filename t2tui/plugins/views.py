"""Packets and flows as objects, for plugins that are called for each of them.

They read the engine's records when they are asked: a packet is valid during the call that it was given to, a
flow until the end of the call that announces its end.
"""

import ipaddress
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flowstat import FL_ALARM
from t2tui.core.layout import FRAG_LATER, KIND_IPV4, KIND_IPV6, KIND_LAYER2
from t2tui.core.run import Run

NANOSECONDS = 1_000_000_000
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_of(kind: int, high: int, low: int) -> Address | None:
    """Return an address of the engine's records; None for layer-2 flows."""
    if kind == KIND_IPV4:
        return ipaddress.IPv4Address(low & 0xFFFF_FFFF)
    return ipaddress.IPv6Address(high << 64 | low) if kind == KIND_IPV6 else None


class Segment:
    """Packets that follow each other; a field becomes a list when it is first asked for."""

    def __init__(self, packets: NDArray[Any], data: NDArray[np.uint8]) -> None:
        self.packets = packets
        self.data = data

    def __getattr__(self, name: str) -> list[Any]:
        values: list[Any] = self.packets[name].tolist()
        setattr(self, name, values)
        return values


class Packet:
    """A packet. Lengths are bytes; positions are header positions the dissection found."""

    __slots__ = ("_run", "of", "row")

    def __init__(self, run: Run, of: Segment, row: int) -> None:
        self._run = run
        self.of = of
        self.row = row

    @property
    def number(self) -> int:
        """Number in the capture, from 1."""
        return self.of.pktNo[self.row]  # type: ignore[no-any-return]

    @property
    def time(self) -> int:
        """Time, nanoseconds since 1970."""
        units = NANOSECONDS // self._run.units
        return self.of.sec[self.row] * NANOSECONDS + self.of.frac[self.row] * units  # type: ignore[no-any-return]

    @property
    def length(self) -> int:
        """Length on the wire."""
        return self.of.len[self.row]  # type: ignore[no-any-return]

    @property
    def captured(self) -> int:
        """Captured length."""
        return self.of.caplen[self.row]  # type: ignore[no-any-return]

    @property
    def status(self) -> int:
        """FlowStat of the flow after this packet."""
        return int(self.of.packets["flowStat"][self.row])

    @property
    def is_layer2(self) -> bool:
        """The packet belongs to a layer-2 flow."""
        return self.of.kind[self.row] == KIND_LAYER2  # type: ignore[no-any-return]

    @property
    def is_later_fragment(self) -> bool:
        """The packet is a fragment without transport header."""
        return bool(self.of.frag[self.row] & FRAG_LATER)

    @property
    def src(self) -> Address | None:
        """Source address; None in layer-2 flows."""
        of, row = self.of, self.row
        return address_of(of.kind[row], of.srcHi[row], of.srcLo[row])

    @property
    def dst(self) -> Address | None:
        """Destination address; None in layer-2 flows."""
        of, row = self.of, self.row
        return address_of(of.kind[row], of.dstHi[row], of.dstLo[row])

    @property
    def src_port(self) -> int:
        """Source port."""
        return self.of.srcPort[self.row]  # type: ignore[no-any-return]

    @property
    def dst_port(self) -> int:
        """Destination port."""
        return self.of.dstPort[self.row]  # type: ignore[no-any-return]

    @property
    def protocol(self) -> int:
        """Protocol number of layer 4 (6 is TCP); 0 in layer-2 flows."""
        return self.of.l4Proto[self.row]  # type: ignore[no-any-return]

    @property
    def ether_type(self) -> int:
        """Innermost EtherType."""
        return self.of.ethType[self.row]  # type: ignore[no-any-return]

    @property
    def vlan(self) -> int:
        """VLAN number, 0 without."""
        return self.of.vlan[self.row]  # type: ignore[no-any-return]

    @property
    def ttl(self) -> int:
        """IPv4 time to live, IPv6 hop limit."""
        return self.of.ttl[self.row]  # type: ignore[no-any-return]

    @property
    def seq(self) -> int:
        """TCP sequence number."""
        return self.of.seq[self.row]  # type: ignore[no-any-return]

    @property
    def ack(self) -> int:
        """TCP acknowledgement number."""
        return self.of.ack[self.row]  # type: ignore[no-any-return]

    @property
    def tcp_flags(self) -> int:
        """Flag byte of the TCP header."""
        return self.of.tcpFlags[self.row]  # type: ignore[no-any-return]

    @property
    def window(self) -> int:
        """TCP window, not scaled."""
        return self.of.window[self.row]  # type: ignore[no-any-return]

    @property
    def l2(self) -> int:
        """Position of the layer-2 header in ``data``."""
        return self.of.l2[self.row]  # type: ignore[no-any-return]

    @property
    def l3(self) -> int:
        """Position of the IP header in ``data``, -1 without."""
        return self.of.l3[self.row]  # type: ignore[no-any-return]

    @property
    def l4(self) -> int:
        """Position of the transport header in ``data``."""
        return self.of.l4[self.row]  # type: ignore[no-any-return]

    @property
    def captured_l4(self) -> int:
        """Captured bytes from the transport header on."""
        return self.of.snapL4Len[self.row]  # type: ignore[no-any-return]

    @property
    def payload_length(self) -> int:
        """Length of the layer-7 payload on the wire, as the headers say."""
        return self.of.pktLen[self.row]  # type: ignore[no-any-return]

    @property
    def data(self) -> bytes:
        """The captured bytes."""
        start = self.of.base[self.row]
        return self.of.data[start : start + self.captured].tobytes()

    @property
    def payload(self) -> bytes:
        """The captured bytes of layer 7."""
        of, row = self.of, self.row
        start, end = of.l7[row], of.l7[row] + of.snapL7Len[row]
        base, captured = of.base[row], of.caplen[row]
        return of.data[base + max(start, 0) : base + min(max(end, 0), captured)].tobytes()


class Flow:
    """One direction of a conversation, as one plugin sees it.

    Attributes:
        slot: number of its record in the flow table and in the records of other plugins.
        data: whatever the plugin keeps about it.
    """

    def __init__(self, run: Run, plugin: Any, slot: int) -> None:
        self._run = run
        self._plugin = plugin
        self.slot = slot
        self.data: Any = None
        self.alarms = 0

    def _value(self, name: str) -> int:
        return int(self._run.flows.records[name][self.slot])

    @cached_property
    def index(self) -> int:
        """flowInd: number of the conversation, the same for both directions."""
        return self._value("flowInd")

    @cached_property
    def kind(self) -> int:
        """One of KIND_* of t2tui.core.layout."""
        return self._value("kind")

    @property
    def status(self) -> int:
        """flowStat, with all packets of the batch that were read so far."""
        return self._value("flowStat")

    @property
    def direction(self) -> str:
        """``A`` for the opening side, ``B`` for the answering one (bit 0 of flowStat)."""
        return "B" if self.status & 1 else "A"

    @cached_property
    def src(self) -> Address | None:
        """Source address; None in layer-2 flows."""
        return address_of(self.kind, self._value("srcHi"), self._value("srcLo"))

    @cached_property
    def dst(self) -> Address | None:
        """Destination address; None in layer-2 flows."""
        return address_of(self.kind, self._value("dstHi"), self._value("dstLo"))

    @cached_property
    def src_port(self) -> int:
        """Source port."""
        return self._value("srcPort")

    @cached_property
    def dst_port(self) -> int:
        """Destination port."""
        return self._value("dstPort")

    @cached_property
    def protocol(self) -> int:
        """Protocol number of layer 4."""
        return self._value("l4Proto")

    @cached_property
    def ether_type(self) -> int:
        """EtherType."""
        return self._value("ethType")

    @cached_property
    def vlan(self) -> int:
        """VLAN number, 0 without."""
        return self._value("vlan")

    @cached_property
    def src_label(self) -> tuple[str, str]:
        """Country code and organisation of the source address."""
        return self._label("srcLabel")

    @cached_property
    def dst_label(self) -> tuple[str, str]:
        """Country code and organisation of the destination address."""
        return self._label("dstLabel")

    def _label(self, name: str) -> tuple[str, str]:
        labels, row = self._run.labels, self._value(name)
        return labels.codes[row].decode("utf-8", "replace"), labels.texts[row].decode("utf-8", "replace")

    def _time(self, seconds: str, fraction: str) -> int:
        units = NANOSECONDS // self._run.units
        return self._value(seconds) * NANOSECONDS + self._value(fraction) * units

    @property
    def first_seen(self) -> int:
        """Time of the first packet, nanoseconds since 1970."""
        return self._time("firstSec", "firstFrac")

    @property
    def last_seen(self) -> int:
        """Time of the last packet of the batch that was read so far."""
        return self._time("lastSec", "lastFrac")

    @property
    def duration(self) -> int:
        """Nanoseconds from the first to the last packet; valid when the flow has ended."""
        return self._time("durSec", "durFrac")

    @property
    def opposite(self) -> "Flow | None":
        """The other direction, as the same plugin sees it."""
        slot = self._value("opposite")
        found: Flow | None = self._plugin.flow(slot) if slot >= 0 else None
        return found

    @property
    def timeout(self) -> float:
        """Seconds without a packet after which the flow ends."""
        return float(self._run.flows.records["timeout"][self.slot])

    @timeout.setter
    def timeout(self, seconds: float) -> None:
        if not self._plugin.lockstep or seconds not in self._plugin.timeouts:
            raise ValueError(f"{seconds} must be among the plugin's timeouts, and lockstep be True")
        self._run.flows.records["timeout"][self.slot] = seconds

    def set_status(self, bits: int) -> None:
        """Set bits of flowStat, which the packets after the current one show.

        The current one counts as one with alarm, if FL_ALARM is among them. When the end of the flow is
        announced, they reach the aggregated status of the run alone, as in the reference, where the flow's
        own status is in the output record by then.
        """
        self._plugin.status |= bits
        first, batch = self._plugin.current_row, self._run.batch
        if first is None or batch is None:
            return
        wanted = np.uint64(bits)
        self._run.flows.records["flowStat"][self.slot] |= wanted
        rows = first + np.flatnonzero(batch.packets["flow"][first : self._run.behind] == self.slot)
        batch.packets["flowStat"][rows[1:]] |= wanted
        if bits & FL_ALARM:
            batch.packets["alarm"][rows] = 1

    def report_alarms(self, number: int) -> None:
        """Report alarms of the flow; called while its end is announced (docs/alarms.md)."""
        self.alarms = number

    def request_removal(self) -> None:
        """Ask for the end of the flow before the next packet; without force mode nothing happens."""
        self._run.request_removal(np.array([self.slot]))
