"""connStat: how many hosts talk to whom, and how much they send (docs/connstat.md)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.figures import address_with_country, amount, share
from t2tui.core.layout import KIND_IPV6, PACKET
from t2tui.core.report import wrn
from t2tui.core.settings import Flag
from t2tui.core.text.rows import Code, Field
from t2tui.plugins.base import Plugin, Run
from t2tui.plugins.connstat_tables import (
    BY_BYTES,
    BY_PACKETS,
    CONNECTION,
    SOURCE,
    TARGET,
    count,
    new_tables,
)

if TYPE_CHECKING:
    from t2tui.plugins.base import Columns

NO_PACKETS = np.zeros(0, PACKET)


class ConnStat(Plugin):
    """Connections between hosts that exist at a time, and what hosts sent.

    Attributes:
        connections: CONNECTION by slot.
    """

    name = "connStat"
    number = 500
    summary = "connections of source and destination hosts, packets and bytes that hosts sent"
    flags = (
        Flag("CS_HSDRM", 1, help="1: connections count until their flows end, 0: for ever", choices=(0, 1)),
        Flag("CS_SDIPMAX", 1, help="report the hosts with most connections", choices=(0, 1)),
        Flag("CS_PBNMAX", 1, help="report the hosts that sent most", choices=(0, 1)),
    )

    def start(self, run: Run) -> None:
        """Allocate the tables: room for all living flows, and as many addresses of earlier ones."""
        super().start(run)
        self.connections = np.zeros(run.slots, CONNECTION)
        self._most_kept = 2 * run.slots
        self._tables = new_tables(4 * run.slots, run.slots if self.settings.CS_HSDRM else 4 * run.slots)
        self._is_counted = False

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Count packets and flows; those that end between the packets, too."""
        self._count(packets, self.run.released)
        self._is_counted = len(self.run.released) > 0

    def on_released(self, slots: NDArray[Any]) -> None:
        """Count the ends of flows that did not end between packets."""
        if not self._is_counted:
            self._count(NO_PACKETS, self.run.released)
        self._is_counted = False

    def _count(self, packets: NDArray[Any], released: NDArray[Any]) -> None:
        flows = self.run.flows.records
        forget = bool(self.settings.CS_HSDRM)
        count(packets, released, flows, self.connections, self._tables, forget, self._most_kept)

    def flow_fields(self) -> "Columns":
        """Return the columns of the flow file."""
        names = (name for name in CONNECTION.names or () if name.startswith("conn"))
        return self.paired(
            "flows",
            {
                name: Field(
                    Code.FLOAT if CONNECTION[name].kind == "f" else Code.UINT,
                    self.connections[name],
                    by="slot",
                )
                for name in names
            },
        )

    def report(self) -> Iterator[str]:
        """Yield the numbers of hosts and connections, and the hosts with the largest."""
        totals = self._tables.totals[0]
        sources, targets, pairs, ports = (
            int(totals[name]) for name in ("mostSources", "mostTargets", "mostPairs", "mostPorts")
        )
        if sources:
            yield f"Number of unique source IPs: {amount(sources)}"
            yield f"Number of unique destination IPs: {amount(targets)}"
            yield f"Number of unique source/destination IPs connections: {amount(pairs)}"
            yield f"Max unique number of source IP / destination port connections: {amount(ports)}"
            yield f"IP connF=connSipDprt/connSip: {ports / sources:f}"
            yield f"IP connG=connSipDprt/connSipDip: {ports / pairs:f}"
            yield from self._largest()
        if totals["forgotten"]:
            yield wrn(
                f"Counts of {amount(int(totals['forgotten']))} idle addresses given up (-f makes more room)"
            )
        if totals["uncounted"]:
            yield wrn(
                f"{amount(int(totals['uncounted']))} flows not counted, a table was full (-f makes more room)"
            )

    def _largest(self) -> Iterator[str]:
        largest = self._tables.totals[0]["largest"]
        if self.settings.CS_SDIPMAX:
            for side, place in (("Source", SOURCE), ("Destination", TARGET)):
                number = amount(int(largest[place]["count"]))
                yield f"{side} IP with max connections: {self._host(largest[place])}: {number} connections"
        if self.settings.CS_PBNMAX:
            totals = (("packets", BY_PACKETS, self.run.packets), ("bytes", BY_BYTES, self.run.flow_bytes))
            for unit, place, total in totals:
                if largest[place]["count"]:
                    number = share(int(largest[place]["count"]), total)
                    yield f"Biggest L3 talker: {self._host(largest[place])}: {number} {unit}"

    def _host(self, host: np.void) -> str:
        code = self.run.labels.codes[host["label"]]
        is_ipv6 = bool(host["kind"] == KIND_IPV6)
        return address_with_country(int(host["hi"]), int(host["lo"]), code, is_ipv6=is_ipv6)
