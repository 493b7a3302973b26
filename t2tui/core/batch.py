"""A batch of packets on its way from the capture through dissection and flows to the plugins."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from t2tui.core.layout import PACKET

BATCH_PACKETS = 8192
"""Packets per batch. Larger batches leave the processor's cache, smaller ones waste calls."""

READ_BYTES = 4 << 20
"""Bytes of capture held in one batch; larger than the largest record (262,144 bytes)."""

SPILL_BYTES = 1 << 20
"""Room behind the capture's bytes for rebuilt packets, see PacketBatch.data."""

SLACK_BYTES = 64
"""Never used; unaligned loads at the end of the data stay inside the array."""


@dataclass(slots=True)
class PacketBatch:
    """Raw bytes and one PACKET record per packet. The arrays are reused for every batch.

    Attributes:
        data: uint8. The first READ_BYTES hold bytes of the capture, the next SPILL_BYTES
            packets that dissection rebuilt because headers or payload reach beyond the captured bytes
            (docs/dissection.md); their ``base`` points there, so ``data[base + l7]`` is always right.
        packets: PACKET records; the first ``count`` are valid.
        count: number of packets.
        other_blocks: int64 rows (before_packet, position in data, length) of what passes through libpcap's
            buffer without being a packet of the batch: pcapng blocks of other kinds, packets that a filter
            refused. The first ``other_count`` are valid; the capture puts a larger array here when it must.
        other_count: number of such blocks.
    """

    data: NDArray[np.uint8] = field(
        default_factory=lambda: np.zeros(READ_BYTES + SPILL_BYTES + SLACK_BYTES, np.uint8)
    )
    packets: NDArray[np.void] = field(default_factory=lambda: np.zeros(BATCH_PACKETS, PACKET))
    count: int = 0
    other_blocks: NDArray[np.int64] = field(default_factory=lambda: np.zeros((256, 3), np.int64))
    other_count: int = 0
