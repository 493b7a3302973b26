"""tcpStates: anomalies of TCP connections (docs/plugins.md, "tcpStates").

The state machine runs inside the flow table (core/flows), because its time-outs decide when a flow
ends. This plugin switches it on and writes what it found.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from t2tui.core.text.rows import Code, Field
from t2tui.plugins.base import Plugin

if TYPE_CHECKING:
    from t2tui.plugins.base import Columns


class TcpStates(Plugin):
    """State machine of TCP connections: what broke its rules, and time-outs by state."""

    name = "tcpStates"
    number = 132
    summary = "TCP connection anomalies; flows end by the state of their connection"

    def flow_fields(self) -> "Columns":
        """Return ``tcpStatesAFlags`` of the flow, complete when it has ended."""
        anomalies = self.run.flows.tcp["anomalies"]
        return self.paired("flows", {"tcpStatesAFlags": Field(Code.HEX, anomalies, by="slot")})

    def packet_fields(self, packets: NDArray[Any]) -> "Columns":
        """Return ``tcpStatesAFlags`` of the flow after each packet."""
        return self.paired("packets", {"tcpStatesAFlags": Field(Code.HEX, packets["tcpStatesAFlags"])})

    def report(self) -> Iterator[str]:
        """Yield the anomalies of all TCP flows that ended."""
        aggregate = int(self.run.flows.tcp_aggregate)
        if aggregate:
            yield f"Aggregated tcpStatesAFlags=0x{aggregate:02x}"
