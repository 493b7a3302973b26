"""skeleton: counts packets with payload, and marks flows that have a large one."""

from collections.abc import Iterator
from dataclasses import dataclass

from t2tui.core.bits import bit_table
from t2tui.core.columns import Column
from t2tui.core.figures import amount
from t2tui.core.settings import Flag
from t2tui.plugins.base import Run
from t2tui.plugins.callbacks import CallbackPlugin, Flow, Packet

LARGE = 0x01
"""skeletonStat: a packet had a large payload."""


@dataclass
class Record:
    """What is kept about a flow.

    Attributes:
        packets: packets with payload.
        status: bits of skeletonStat.
    """

    packets: int = 0
    status: int = 0


class SkeletonPlugin(CallbackPlugin):
    """Counts packets with payload."""

    name = "skeleton"
    number = 0
    version = "0.1.0"
    summary = "packets with payload"
    flags = (Flag("SKELETON_LARGE", 1000, help="payload that is a large one, bytes", minimum=1),)
    flow_columns = (
        Column("skeletonStat", "H8", "Status", bits="skeletonStat"),
        Column("skeletonPkts", "U32", "Packets with payload", unit="packets"),
    )
    packet_columns = (
        Column("skeletonPkts", "U32", unit="packets", description="packets with payload so far"),
    )
    bit_tables = (bit_table("skeletonStat", 8, {0: ("SKELETON_LARGE", "a packet had a large payload")}),)

    def start(self, run: Run) -> None:
        """Prepare for a run."""
        super().start(run)
        self.packets = self.status_of_all = 0

    def on_new_flow(self, packet: Packet, flow: Flow) -> None:
        """Begin the record of a flow."""
        flow.data = Record()

    def on_layer4(self, packet: Packet, flow: Flow) -> tuple[int] | None:
        """Count a packet; return the values of the packet columns."""
        record: Record = flow.data
        if packet.payload_length == 0:
            return None
        record.packets += 1
        if packet.payload_length >= self.settings.SKELETON_LARGE:
            record.status |= LARGE
        return (record.packets,)

    def on_flow_terminate(self, flow: Flow) -> tuple[int, int]:
        """Return the values of the flow columns."""
        record: Record = flow.data
        self.packets += record.packets
        self.status_of_all |= record.status
        return record.status, record.packets

    def report(self) -> Iterator[str]:
        """Yield the lines of the end report."""
        if self.packets:
            yield f"Aggregated skeletonStat=0x{self.status_of_all:02x}"
            yield f"Number of packets with payload: {amount(self.packets)}"
