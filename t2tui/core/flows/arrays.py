"""What the kernels of the flow table work on."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.jit import Records
from t2tui.core.native import Bundle


class _Arrays(NamedTuple):
    records: Records  # pairs.KEYED_FLOW per slot, then head and tail of the list (lru.py)
    times: Records  # PACKET_TIMES per packet; empty without packet times
    keys: Records  # pairs.KEY of the next packets, a ring
    pairs: NDArray[np.int64]  # pairs.py
    fragments: NDArray[np.int64]  # fragments.py
    released: Records  # RELEASED since the last reclaim
    counters: NDArray[np.int64]  # FlowCounter
    state: NDArray[np.int64]  # State
    proto_packets: NDArray[np.int64]
    proto_bytes: NDArray[np.int64]
    eth_packets: NDArray[np.int64]
    timeouts: NDArray[np.float32]  # seconds, largest first: the markers (lru.py)
    younger: NDArray[np.int64]  # ns, lru.surely_younger()
    older: NDArray[np.int64]  # ns, lru.surely_older()
    fronts: NDArray[np.int64]  # node in front of each marker
    due: NDArray[np.int64]  # ns per marker: nothing to do before
    data: NDArray[np.uint8]  # bytes of the batch where messages decide about roles (dns.py), else empty


class Arrays(Bundle, _Arrays):
    """The arrays of a flow table; kernels get them as one argument."""


class _Labels(NamedTuple):
    v4_start: NDArray[np.uint32]
    v4_row: NDArray[np.uint32]
    v6_start_hi: NDArray[np.uint64]
    v6_start_lo: NDArray[np.uint64]
    v6_row: NDArray[np.uint32]


class Labels(Bundle, _Labels):
    """Sorted starts of address ranges and their rows in the label table."""
