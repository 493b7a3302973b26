"""pcapd: the packets of chosen flows as a capture (docs/pcapd.md)."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.alteration import Alterations
from t2tui.core.figures import share
from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.indexfile import read_indices
from t2tui.core.jit import inlined, kernel
from t2tui.core.linktypes import LINK_TYPES
from t2tui.core.report import inf, plugin_line, wrn
from t2tui.core.savefile import (
    SECOND,
    CapturePerFlow,
    Captures,
    Place,
    RecordMaker,
    SingleCapture,
    file_header,
    record_headers,
)
from t2tui.core.settings import Flag
from t2tui.plugins.base import Plugin, Run

BOTH, ONLY_A, ONLY_B = 0, 2, 3
"""Values of PD_DIRSEL."""

ALARMED, LISTED, ALL = range(3)
"""What decides about a packet: FL_ALARM, the list of flows, nothing."""

RULES = np.dtype(
    [
        ("kind", "u1"),  # ALARMED, LISTED or ALL
        ("equal", "u1"),  # 1: flows with the bit or in the list, 0: all others
        ("opposite", "u1"),  # ALARMED: the opposite flow, too
        ("direction", "u1"),  # LISTED: BOTH, ONLY_A or ONLY_B
        ("first", "u8"),  # numbers of the packets that can be extracted
        ("last", "u8"),
    ],
    align=True,
)

NO_END = 2**64 - 1


@inlined
def _is_listed(indices, index):  # type: ignore[no-untyped-def]
    """Whether a sorted array has a number."""
    low = 0
    high = len(indices)
    while low < high:
        middle = (low + high) // 2
        if indices[middle] < index:
            low = middle + 1
        else:
            high = middle
    return low < len(indices) and indices[low] == index


@kernel
def _select(packets, flows, indices, rules, marks, rows):  # type: ignore[no-untyped-def]
    """Mark flows (by slot), put the rows of their packets into ``rows`` and return how many there are."""
    rule = rules[0]
    count = 0
    for row in range(len(packets)):
        packet = packets[row]
        slot = np.int64(packet.flow)
        if slot < 0:
            continue
        if rule.kind == ALARMED:
            if packet.isNew:
                marks[slot] = 0
            if packet.alarm == rule.equal:
                marks[slot] = 1
                opposite = np.int64(flows[slot].opposite)
                if rule.opposite and opposite >= 0:
                    marks[opposite] = 1  # one that comes later in the batch begins anew, see isNew
        elif packet.isNew:
            marks[slot] = 1
            if rule.kind == LISTED:
                direction = ONLY_B if packet.flowStat & np.uint64(L3FLOWINVERT) else ONLY_A
                has_direction = rule.direction == BOTH or rule.direction == direction
                is_equal = _is_listed(indices, packet.flowInd) == (rule.equal != 0)
                marks[slot] = has_direction and is_equal
        if marks[slot] and rule.first <= packet.pktNo <= rule.last:
            rows[count] = row
            count += 1
    return count


def _switch(name: str, help_: str, default: int = 0) -> Flag:
    return Flag(name, default, help=help_, choices=(0, 1))


def _number(name: str, default: int, help_: str) -> Flag:
    return Flag(name, default, help=help_, minimum=-(2**62), maximum=2**62)


class Pcapd(Plugin):
    """Packets of flows with an alarm, or of flows that a list names.

    Attributes:
        wanted: flow indices in ascending order; used instead of an index file. Set before ``start``.
        extracted: packets written so far.
    """

    name = "pcapd"
    number = 960
    summary = "packets of flows with an alarm, or of those that -e names, as PREFIX_pcapd.pcap"
    flags = (
        _switch("PD_MODE_PKT", "1: only packets PD_STRTPKT to PD_ENDPKT"),
        Flag("PD_STRTPKT", 1, help="number of the first packet", minimum=0, maximum=2**63),
        Flag("PD_ENDPKT", 10, help="number of the last packet; 0: no end", minimum=0, maximum=2**63),
        _switch("PD_MODE_IN", "0: flows of the list (-e), or with an alarm; 1: all flows"),
        _switch("PD_LBSRCH", "list of flows: 0 text or binary, as its bytes say; 1 binary"),
        _switch("PD_EQ", "1: flows in the list, or with an alarm; 0: all others", 1),
        _switch("PD_OPP", "1: with alarms, the opposite flow, too"),
        Flag("PD_DIRSEL", BOTH, help="with -e: 0 both directions, 2 only A flows, 3 only B flows",
             choices=(BOTH, ONLY_A, ONLY_B)),
        _switch("PD_MODE_OUT", "0: one capture; 1: one for each flow index"),
        _switch("PD_SPLIT", "1: begin a new capture at the size that -W names"),
        _switch("PD_TSHFT", "1: shift times"),
        _number("PD_TTSFTS", 0, "seconds added to times"),
        _number("PD_TTSFTNMS", 1, "nanoseconds added to times"),
        _switch("PD_MACSHFT", "1: shift MAC addresses"),
        _number("PD_MACSSHFT", 1, "added to the last byte of source addresses"),
        _number("PD_MACDSHFT", 1, "added to the last byte of destination addresses"),
        _switch("PD_VLNSHFT", "1: shift VLAN ids"),
        _number("PD_VLNISHFT", 1, "added to the inner VLAN id"),
        _switch("PD_IPSHFT", "1: shift IP addresses"),
        _number("PD_IP4SHFT", 1, "added to IPv4 addresses"),
        _number("PD_IP6SHFT", 1, "added to the lower halves of IPv6 addresses"),
        Flag("PD_TTLSHFT", 0, help="TTL: 0 as it is, 1 subtract PD_TTL, 2 subtract a random number below it",
             choices=(0, 1, 2)),
        Flag("PD_TTL", 8, help="subtracted from the TTL, or bound of what is", minimum=1, maximum=255),
        Flag("PD_TTLMOD", 128, help="the new TTL is taken modulo this", minimum=1, maximum=256),
        _switch("PD_CHKSUML3", "1: compute IPv4 header checksums anew"),
        Flag("PD_MAX_FD", 128, help="most files open at a time (PD_MODE_OUT 1)", minimum=1, runtime=True),
        Flag("PD_SUFFIX", "_pcapd.pcap", help="suffix of the capture", runtime=True),
    )  # fmt: skip

    wanted: NDArray[np.uint64] | None = None

    def start(self, run: Run) -> None:
        """Read the list of flows, open the capture.

        Raises:
            IndexFileError: the list cannot be used.
            OutputError: the capture cannot be made.
        """
        super().start(run)
        self.extracted = 0
        self._rules = self._read_rules()
        self._alterations = alterations(self.settings)
        self._marks = np.zeros(run.slots, np.uint8)
        self._rows = np.zeros(run.batch_packets, np.int32)
        self._maker = RecordMaker()
        self._captures: dict[int, Captures] = {}
        self._of_link_type(run.link_type)
        nothing = np.zeros(0, np.int64)
        self._maker.make(record_headers(nothing, nothing, nothing, nothing), np.zeros(0, np.uint8), nothing)

    def _read_rules(self) -> NDArray[Any]:
        """Return the rules of selection; ``_indices`` holds the flows of the list."""
        s, index_file, tell = self.settings, self.run.index_file, self.run.tell
        rules = np.zeros(1, RULES)
        rules["equal"], rules["opposite"], rules["direction"] = s.PD_EQ, s.PD_OPP, s.PD_DIRSEL
        rules["last"] = NO_END
        if s.PD_MODE_PKT:
            rules["first"] = s.PD_STRTPKT
            rules["last"] = s.PD_ENDPKT or NO_END
        self._indices = np.zeros(0, np.uint64)
        if s.PD_MODE_IN:
            rules["kind"] = ALL
        elif self.wanted is not None:
            rules["kind"] = LISTED
            self._indices = self.wanted
        elif index_file is not None:
            rules["kind"] = LISTED
            self._indices, announced, found = read_indices(index_file, binary=bool(s.PD_LBSRCH))
            if found < announced:
                tell(wrn(f"Expected {announced} records in file '{index_file}', but found {found}"))
            tell(inf(plugin_line(self.name, f"{announced} flow indices")))
        return rules

    def _of_link_type(self, link_type: int) -> "Captures":
        """Return what takes packets of a link type; further ones in a list have files of their own."""
        if link_type not in self._captures:
            run, s = self.run, self.settings
            kind = f"_{LINK_TYPES[link_type][0].lower()}" if self._captures else ""
            place = Place(run.outputs, f"{kind}{s.PD_SUFFIX}", run.index_file)
            header = file_header(link_type, run.snap_length)
            if s.PD_MODE_OUT:
                self._captures[link_type] = CapturePerFlow(place, header, s.PD_MAX_FD)
            elif s.PD_SPLIT and run.split is not None and not run.split.by_flows:
                self._captures[link_type] = SingleCapture(place, header, run.split.size, run.split.first)
            else:
                self._captures[link_type] = SingleCapture(place, header)
        return self._captures[link_type]

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Extract packets."""
        run = self.run
        count = _select(packets, run.flows.records, self._indices, self._rules, self._marks, self._rows)
        if count == 0:
            return
        rows = self._rows[:count]
        captures = self._of_link_type(run.link_type)
        if captures.by_flow:
            rows = rows[np.argsort(packets["flowInd"][rows], kind="stable")]
        sec, frac = packets["sec"][rows], packets["frac"][rows] * (SECOND // run.units)
        sec, frac = self._alterations.shift_times(sec, frac)
        headers = record_headers(sec, frac, packets["caplen"][rows], packets["len"][rows])
        records = self._maker.make(headers, data, packets["base"][rows])
        if self._alterations.concern_bytes:
            self._alterations.apply(packets[rows], records)
        captures.write(records, packets["flowInd"][rows])
        self.extracted += count

    def report(self) -> Iterator[str]:
        """Yield how many packets were extracted."""
        if self.extracted:
            yield f"number of packets extracted: {share(self.extracted, self.run.packets)}"

    def finish(self) -> None:
        """Write what is left and close the captures."""
        for captures in self._captures.values():
            captures.close()


def alterations(settings: Any) -> Alterations:
    """Return what the flags of pcapd change in packets."""
    s = settings
    return Alterations(
        seconds=s.PD_TTSFTS if s.PD_TSHFT else 0,
        nanoseconds=s.PD_TTSFTNMS if s.PD_TSHFT else 0,
        source_mac=s.PD_MACSSHFT if s.PD_MACSHFT else 0,
        destination_mac=s.PD_MACDSHFT if s.PD_MACSHFT else 0,
        vlan=s.PD_VLNISHFT if s.PD_VLNSHFT else 0,
        ipv4=s.PD_IP4SHFT if s.PD_IPSHFT else 0,
        ipv6=s.PD_IP6SHFT if s.PD_IPSHFT else 0,
        ttl_mode=s.PD_TTLSHFT,
        ttl=s.PD_TTL,
        ttl_modulus=s.PD_TTLMOD,
        checksum=bool(s.PD_CHKSUML3),
    )
