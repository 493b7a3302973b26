"""skeleton: counts packets with payload, and marks flows that have a large one."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.bits import bit_table
from t2tui.core.columns import Column
from t2tui.core.figures import amount
from t2tui.core.jit import kernel
from t2tui.core.layout import KIND_LAYER2
from t2tui.core.settings import Flag
from t2tui.core.text.rows import Code, Field
from t2tui.plugins.base import Columns, Plugin, Run

LARGE = 0x01
"""skeletonStat: a packet had a large payload."""

RECORD = np.dtype([("packets", "u4"), ("status", "u1")], align=True)
"""What is kept about a flow."""

LINE = np.dtype([("packets", "u4"), ("shown", "u1")], align=True)
"""What is written about a packet."""


@kernel
def count(packets, records, lines, first, large):  # type: ignore[no-untyped-def]
    """Count the packets of a batch. Nothing checks the bounds of arrays here.

    Args:
        packets: PACKET records (t2tui/core/layout.py).
        records: RECORD by slot of the flow.
        lines: LINE by row of the batch.
        first: row of the first packet.
        large: bytes.
    """
    for row in range(len(packets)):
        packet = packets[row]
        line = lines[first + row]
        line.shown = 0
        if packet.flow < 0:
            continue
        record = records[packet.flow]
        if packet.isNew:  # the record is that of an earlier flow
            record.packets = 0
            record.status = 0
        if packet.kind == KIND_LAYER2 or packet.pktLen == 0:
            continue
        record.packets += np.uint32(1)
        if packet.pktLen >= large:
            record.status |= np.uint8(LARGE)
        line.packets = record.packets
        line.shown = 1


class SkeletonPlugin(Plugin):
    """Counts packets with payload.

    Attributes:
        records: RECORD by slot.
        lines: LINE by row of the batch.
    """

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
        """Allocate the records."""
        super().start(run)
        self.records = np.zeros(run.slots, RECORD)
        self.lines = np.zeros(run.batch_packets, LINE)
        self.packets = self.status_of_all = 0

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Count the packets of a batch."""
        count(packets, self.records, self.lines, self.run.row, self.settings.SKELETON_LARGE)

    def on_released(self, slots: NDArray[Any]) -> None:
        """Sum up flows that ended; their records are complete."""
        ended = self.records[slots]
        self.packets += int(ended["packets"].sum())
        self.status_of_all |= int(np.bitwise_or.reduce(ended["status"]))

    def flow_fields(self) -> Columns:
        """Return the columns of the flow file with their values by slot."""
        stat = Field(Code.HEX, self.records["status"], by="slot")
        packets = Field(Code.UINT, self.records["packets"], by="slot")
        return list(zip(self.flow_columns, (stat, packets), strict=True))

    def packet_fields(self, packets: NDArray[Any]) -> Columns:
        """Return the columns of the packet file with their values by row."""
        field = Field(Code.UINT, self.lines["packets"], when=(self.lines["shown"], 1))
        return [(self.packet_columns[0], field)]

    def report(self) -> Iterator[str]:
        """Yield the lines of the end report."""
        if self.packets:
            yield f"Aggregated skeletonStat=0x{self.status_of_all:02x}"
            yield f"Number of packets with payload: {amount(self.packets)}"
