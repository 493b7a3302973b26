"""The flow table: packets in, flows and released flows out."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from t2tui.core.batch import BATCH_PACKETS
from t2tui.core.flows.arrays import Arrays, Labels
from t2tui.core.flows.assign import KEYS, assign
from t2tui.core.flows.counters import FlowCounter, State
from t2tui.core.flows.create import FLOW_TIMEOUT
from t2tui.core.flows.lru import FAR, NO_SLOT, surely_older, surely_younger
from t2tui.core.flows.pairs import KEY, KEYED_FLOW, rehash
from t2tui.core.flows.release import flush, reclaim, remove
from t2tui.core.flows.tcp import TCP_FIELDS, TCP_TIMEOUTS
from t2tui.core.flowstat import RMFLOW
from t2tui.core.layout import FLOW, PACKET_TIMES, RELEASED

NO_DATA = np.zeros(0, np.uint8)

CAPACITY = 262144
"""Flows held at most (A and B count each), times the hash size factor."""


class LabelLookup(Protocol):
    """Address ranges as the kernels search them.

    Starts are sorted; the row of the last start <= address is the address's row in the label table, 0
    where nothing is known. ``v6_start_hi`` and ``v6_start_lo`` are the halves of one number.
    """

    v4_start: NDArray[np.uint32]
    v4_row: NDArray[np.uint32]
    v6_start_hi: NDArray[np.uint64]
    v6_start_lo: NDArray[np.uint64]
    v6_row: NDArray[np.uint32]


def _label_arrays(labels: LabelLookup | None) -> Labels:
    if labels is None:
        u4, u8 = np.zeros(0, np.uint32), np.zeros(0, np.uint64)
        return Labels(u4, u4, u8, u8, u4)
    return Labels(labels.v4_start, labels.v4_row, labels.v6_start_hi, labels.v6_start_lo, labels.v6_row)


def _aligned_zeros(count: int, dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """Return records that begin at a cache line."""
    memory = np.zeros(count * dtype.itemsize + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + count * dtype.itemsize].view(dtype)


def _table_size(entries: int) -> int:
    """Return the smallest power of two of which the entries fill no more than half."""
    return 1 << max(2 * entries - 1, 1).bit_length()


class FlowTable:
    """Assigns packets to flows and releases flows in the order of output.

    Attributes:
        records: FLOW per slot.
        tcp: the fields of the TCP state machine per slot; empty without it.
        times: PACKET_TIMES per packet, in the order of assignment since the last reclaim(); empty
            without packet times.
        counters: int64, indexed by FlowCounter.
        proto_packets: int64[256], packets of IP flows by protocol.
        proto_bytes: int64[256], their captured bytes.
        eth_packets: int64[65536], packets with flow by EtherType.
    """

    def __init__(
        self,
        *,
        capacity: int = CAPACITY,
        batch_packets: int = BATCH_PACKETS,
        labels: LabelLookup | None = None,
        timeouts: Sequence[float] = (FLOW_TIMEOUT,),
        tcp_states: bool,
        packet_times: bool,
        dns_roles: bool = False,
    ) -> None:
        """Make an empty table.

        Args:
            capacity: flows held at most; one more releases the least recently touched pair.
            batch_packets: packets assigned at most between two calls of reclaim().
            labels: address ranges; None gives row 0 to every address.
            timeouts: seconds, in the order in which they are registered.
            tcp_states: run the TCP state machine, which registers its own time-outs, too.
            packet_times: fill ``times`` and mark steps back in time (bit 51).
            dns_roles: DNS messages between equal ports decide which side a new flow is.

        Raises:
            ValueError: capacity, batch size or a time-out is not positive.
        """
        registered = tuple(timeouts) + (TCP_TIMEOUTS if tcp_states else ())
        if capacity < 1 or batch_packets < 1 or not registered or not min(registered) > 0:
            raise ValueError(
                "capacity, batch_packets and time-outs must be positive, but are "
                f"{capacity}, {batch_packets}, {registered}"
            )
        self.capacity = capacity
        self.batch_packets = batch_packets
        slots = capacity + batch_packets
        descending = np.array(sorted(set(registered), reverse=True), np.float32)
        memory = _aligned_zeros(slots + 2, FLOW)
        self.records = memory[:slots]
        self.tcp = self.records[list(TCP_FIELDS)][: slots if tcp_states else 0]
        self.times = np.zeros(batch_packets if packet_times else 0, PACKET_TIMES)
        self.counters = np.zeros(len(FlowCounter), np.int64)
        self.proto_packets = np.zeros(256, np.int64)
        self.proto_bytes = np.zeros(256, np.int64)
        self.eth_packets = np.zeros(65536, np.int64)
        self._state = np.zeros(len(State), np.int64)
        self._state[State.FREE] = NO_SLOT
        self._state[State.NEXT_DUE] = FAR
        self._state[State.TCP_STATES] = tcp_states
        self._labels = _label_arrays(labels)
        self._assigned = 0
        self._dns_roles = dns_roles
        self._arrays = Arrays(
            records=memory.view(KEYED_FLOW),
            times=self.times,
            keys=np.zeros(KEYS, KEY),
            pairs=np.zeros(_table_size(batch_packets), np.int64),
            fragments=np.zeros(_table_size(batch_packets), np.int64),
            released=np.zeros(slots, RELEASED),
            counters=self.counters,
            state=self._state,
            proto_packets=self.proto_packets,
            proto_bytes=self.proto_bytes,
            eth_packets=self.eth_packets,
            timeouts=descending,
            younger=surely_younger(descending),
            older=surely_older(descending),
            fronts=np.full(len(descending), slots, np.int64),
            due=np.full(len(descending), FAR, np.int64),
            data=NO_DATA,
        )
        head, tail = slots, slots + 1
        memory[head]["older"] = tail
        memory[head]["marks"] = (1 << len(descending)) - 1
        memory[tail]["newer"] = head

    @property
    def status(self) -> int:
        """Global status word: bits of packets, flows and releases so far."""
        return int(self._state[State.STATUS]) & 0xFFFF_FFFF_FFFF_FFFF

    @property
    def tcp_aggregate(self) -> int:
        """OR of tcpStatesAFlags over the released TCP flows."""
        return int(self._state[State.TCP_AGGREGATE])

    @property
    def autopilot_packet(self) -> int:
        """Number of the packet at which the table was full for the first time, 0 if it never was."""
        return int(self._state[State.AUTOPILOT_AT])

    def assign(
        self, packets: NDArray[np.void], row: int = 0, data: NDArray[np.uint8] = NO_DATA
    ) -> NDArray[np.void]:
        """Give each packet its flow: fill the flow part of the PACKET records.

        Before each packet the time-outs are looked at, so flows end before the packet that is `packet` in
        their entry. Packets with caplen 0 do nothing else. All packets of a batch may come in
        one call or in slices.

        Args:
            packets: PACKET records, dissection part filled.
            row: row of the first packet in its batch: its place in ``times``.
            data: bytes of the batch; needed with ``dns_roles`` alone.

        Returns:
            RELEASED entries in the order of output: a view, valid until reclaim().

        Raises:
            ValueError: more than ``batch_packets`` packets since the last reclaim(), or rows beyond them.
        """
        count = len(packets)
        if max(self._assigned, row) + count > self.batch_packets:
            raise ValueError(
                f"{self._assigned + count} packets since the last reclaim(), up to row {row + count - 1}, "
                f"but batch_packets is {self.batch_packets}"
            )
        self._assigned += count
        self._make_room("pairs", int(self._state[State.PAIRS]) + count)
        self._make_room("fragments", int(self._state[State.FRAGMENTS]) + count)
        first = int(self._state[State.RELEASED])
        if self._dns_roles:
            self._arrays = self._arrays._replace(data=data)
        assign(packets, row, self._arrays, self._labels, self.capacity)
        return self._released_since(first)

    def _released_since(self, first: int) -> NDArray[np.void]:
        released: NDArray[np.void] = self._arrays.released[first : int(self._state[State.RELEASED])]
        return released

    def _make_room(self, name: str, entries: int) -> None:
        old: NDArray[np.int64] = getattr(self._arrays, name)
        if 2 * entries > len(old):
            table = np.zeros(2 * _table_size(entries), np.int64)
            rehash(old, table)
            changes: dict[str, Any] = {name: table}
            self._arrays = self._arrays._replace(**changes)

    def flush(self) -> NDArray[np.void]:
        """Release all flows (end of the capture); their ``packet`` is -1.

        Returns:
            RELEASED entries in the order of output: a view, valid until reclaim().
        """
        first = int(self._state[State.RELEASED])
        flush(self._arrays)
        return self._released_since(first)

    def mark_removal(self, slots: Sequence[int]) -> None:
        """Mark flows that plugins want to end (bit 41); remove() or the end of the capture ends them."""
        for slot in slots:
            self.records[slot]["flowStat"] |= np.uint64(RMFLOW)
        self._state[State.STATUS] |= RMFLOW

    def remove(self, slots: Sequence[int]) -> NDArray[np.void]:
        """Release flows on request of plugins (force mode), each with its opposite flow.

        Args:
            slots: in order of request; the last one is released first.

        Returns:
            RELEASED entries in the order of output: a view, valid until reclaim().
        """
        first = int(self._state[State.RELEASED])
        remove(self._arrays, np.array(slots, np.int32))
        return self._released_since(first)

    def reclaim(self) -> None:
        """Free the slots of released flows: all plugins and sinks have seen them."""
        self._assigned = 0
        if self._state[State.RELEASED]:
            reclaim(self._arrays)
