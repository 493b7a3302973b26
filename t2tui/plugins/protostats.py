"""protoStats: packets and bytes by EtherType, protocol and port (docs/protostats.md)."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.enumerations import enumeration, read_descriptions
from t2tui.core.figures import amount, share
from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.layout import FRAG_LATER, KIND_IPV4, KIND_IPV6, KIND_LAYER2
from t2tui.core.report import wrn
from t2tui.core.services import Services, builtin_services, read_services
from t2tui.core.settings import Flag, of_setting
from t2tui.core.text.escape import escape_string
from t2tui.plugins.base import Plugin, Run

PORTS = 1 << 16


class Transport(NamedTuple):
    """A protocol with ports.

    Attributes:
        name: as it is printed.
        number: IP protocol.
        flag: what asks for it; empty: always there.
        names: the table of port names that counts for it.
    """

    name: str
    number: int
    flag: str
    names: Callable[[Services], Mapping[int, bytes]]


TRANSPORTS = (
    Transport("TCP", 6, "", lambda services: services.tcp),
    Transport("UDP", 17, "", lambda services: services.udp),
    Transport("UDP-Lite", 136, "PST_UDPLITE_STAT", lambda services: services.udp),
    Transport("SCTP", 132, "PST_SCTP_STAT", lambda services: services.tcp),
)


class Counts:
    """Packets and captured bytes by number."""

    def __init__(self, numbers: int) -> None:
        """Begin with zero for each of so many numbers."""
        self.packets = np.zeros(numbers, np.int64)
        self.bytes = np.zeros(numbers, np.int64)

    def add(self, numbers: NDArray[np.int64], captured: NDArray[np.int64]) -> None:
        """Count packets.

        Args:
            numbers: of each packet.
            captured: bytes of each packet.
        """
        np.add.at(self.packets, numbers, 1)
        np.add.at(self.bytes, numbers, captured)


class ProtoStats(Plugin):
    """Packets and bytes by EtherType, IP protocol, and TCP and UDP port.

    Attributes:
        eth: counts by EtherType.
        ip: counts by IP protocol.
        ports: counts by port, one after the other those of each of TRANSPORTS.
    """

    name = "protoStats"
    number = 1
    summary = "packets and bytes by EtherType, protocol and port: file PREFIX_protocols.txt"
    flags = (
        Flag("PST_ETH_STAT", 1, help="table of EtherTypes", choices=(0, 1)),
        Flag("PST_UDPLITE_STAT", 0, help="table of UDP-Lite ports", choices=(0, 1)),
        Flag("PST_SCTP_STAT", 0, help="table of SCTP ports", choices=(0, 1)),
        Flag("PST_SUFFIX", "_protocols.txt", help="suffix of the file", runtime=True),
        Flag("PST_L2ETHFILE", "", help="descriptions of EtherTypes; empty: built-in", runtime=True),
        Flag("PST_PORTFILE", "", help="names of ports; empty: built-in", runtime=True),
        Flag("PST_PROTOFILE", "", help="descriptions of IP protocols; empty: built-in", runtime=True),
    )

    def start(self, run: Run) -> None:
        """Read the descriptions, open the file.

        Raises:
            SettingsError: a file of descriptions cannot be read, or has a line of another form.
        """
        super().start(run)
        s = self.settings
        self._eth_names = self._descriptions("ethType", "PST_L2ETHFILE", PORTS)
        self._ip_names = self._descriptions("l4Proto", "PST_PROTOFILE", 256)
        self._services = builtin_services()
        if s.PST_PORTFILE:
            self._services = self._read("PST_PORTFILE", read_services) or Services()
        self._transports = [t for t in TRANSPORTS if not t.flag or getattr(s, t.flag)]
        self._places = np.full(256, -1, np.int64)  # by IP protocol: where its ports begin
        self._places[[t.number for t in self._transports]] = PORTS * np.arange(len(self._transports))
        self.eth = Counts(PORTS)
        self.ip = Counts(256)
        self.ports = Counts(PORTS * len(self._transports))
        self._kinds = np.zeros(KIND_IPV6 + 1, np.int64)  # packets by kind
        self._file = run.outputs.open(s.PST_SUFFIX)

    def _read(self, flag: str, read: Callable[[Path], Any]) -> Any:
        """Read the file of descriptions that a flag names; without it descriptions are empty."""
        path = Path(getattr(self.settings, flag))
        if not path.exists():
            self.run.tell(wrn(f"{self.name}: {path} is not there, so descriptions are empty"))
            return None
        with of_setting(flag):
            return read(path)

    def _descriptions(self, column: str, flag: str, limit: int) -> Mapping[int, bytes]:
        if getattr(self.settings, flag):
            return self._read(flag, lambda file: read_descriptions(file, limit)) or {}
        values = enumeration(column).values
        return {number: value.description.encode() for number, value in values.items()}

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Count packets that have a flow."""
        kind = packets["kind"]
        kind = np.where(packets["flow"] >= 0, kind, 0)
        self._kinds += np.bincount(kind, minlength=KIND_IPV6 + 1)
        captured = packets["caplen"].astype(np.int64)
        has_flow = kind > 0
        if has_flow.all():
            self.eth.add(packets["ethType"].astype(np.int64), captured)
        else:
            self.eth.add(packets["ethType"][has_flow].astype(np.int64), captured[has_flow])
        rows = np.flatnonzero(kind > KIND_LAYER2)
        proto = packets["l4Proto"][rows].astype(np.int64)
        captured = captured[rows]
        self.ip.add(proto, captured)
        place = self._places[proto]
        has_ports = place >= 0
        rows = rows[has_ports]
        self.ports.add(place[has_ports] + self._port(packets, rows), captured[has_ports])

    def _port(self, packets: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the port of the answering side; fragments without ports count for the port of their flow."""
        is_reply = packets["flowStat"][rows] & np.uint64(L3FLOWINVERT) != 0
        ports = np.where(is_reply, packets["srcPort"][rows], packets["dstPort"][rows]).astype(np.int64)
        later = np.flatnonzero(packets["frag"][rows] & FRAG_LATER)
        if len(later):
            flows = self.run.flows.records[packets["flow"][rows[later]]]
            ports[later] = np.where(is_reply[later], flows["srcPort"], flows["dstPort"])
        return ports

    def finish(self) -> None:
        """Write the file."""
        with self._file as file:
            file.write("".join(f"{line}\n" for line in self._lines()).encode())

    def _lines(self) -> Iterator[str]:
        """Yield the lines of the file."""
        packets, octets = self.run.packets, self.run.bytes
        yield f"# Total packets: {amount(packets)}"
        yield f"# Total bytes: {amount(octets)}"
        if self.settings.PST_ETH_STAT:
            yield from _table("L2/3 Protocol", "0x{:04x}", self.eth, (packets, octets), self._eth_names)
        yield from ("", "")
        yield f"# Total IPv4 packets: {share(int(self._kinds[KIND_IPV4]), packets)}"
        yield f"# Total IPv6 packets: {share(int(self._kinds[KIND_IPV6]), packets)}"
        yield from _table("L4 Protocol", "{:3d}", self.ip, (packets, octets), self._ip_names)
        for place, transport in enumerate(self._transports):
            yield from ("", "")
            total = tuple(int(counts[transport.number]) for counts in (self.ip.packets, self.ip.bytes))
            yield f"# Total {transport.name} packets: {share(total[0], packets)}"
            yield f"# Total {transport.name} bytes: {share(total[1], octets)}"
            if total[0]:
                counts = Counts(0)
                counts.packets = self.ports.packets[PORTS * place : PORTS * (place + 1)]
                counts.bytes = self.ports.bytes[PORTS * place : PORTS * (place + 1)]
                names = transport.names(self._services)
                yield from _table(f"{transport.name} Port", "{:5d}", counts, total, names)


def _table(
    title: str, form: str, counts: Counts, total: tuple[int, ...], descriptions: Mapping[int, bytes]
) -> Iterator[str]:
    """Yield the lines of a table: a header, and one line per number that packets have.

    Args:
        title: of the first column.
        form: of its numbers.
        counts: by number.
        total: packets and bytes that are 100 %.
        descriptions: by number.
    """
    yield f"# {title}\t{'Packets':>30}\t{'Bytes':>30}\tDescription"
    for number in np.flatnonzero(counts.packets).tolist():
        cells = (
            f"{count:20d} [{100.0 * count / base if base else 0.0:6.2f}%]"
            for count, base in zip(
                (int(counts.packets[number]), int(counts.bytes[number])), total, strict=True
            )
        )
        description = escape_string(descriptions.get(number, b"")).decode()
        yield "\t".join((form.format(number), *cells, description))
