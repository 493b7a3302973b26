"""Streams of chosen flows, found by one run of the engine."""

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from socket import AF_INET, AF_INET6, inet_ntop
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.capture import Originals
from t2tui.core.capture.source import open_source
from t2tui.core.engine import PROGRESS_SECONDS, Engine, Snapshot
from t2tui.core.extract import originals_of
from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.layout import KIND_IPV4, KIND_IPV6, SHOW_VLAN
from t2tui.core.store import ColumnStore
from t2tui.core.streams import (
    DATA,
    SEGMENT,
    ByteSource,
    Conversation,
    Fragments,
    Part,
    SpillBytes,
    Stream,
    StreamIndex,
    segments_of,
)
from t2tui.core.streams.delivery import Delivery
from t2tui.core.streams.stream import Direction
from t2tui.plugins.base import Plugin

ENDS = ("srcIP", "dstIP", "srcMac", "dstMac", "srcPort", "dstPort", "l4Proto", "ethType", "vlanID")
"""Columns that tell whose flow it is."""

ALONE = 1 << 17
"""Packets of side B without one of A after which a flow that is followed counts as one that has B alone."""

VLAN_ID = 0xFFF
"""Bits of a VLAN tag that name the VLAN."""

WITH_PORTS = (6, 17, 132, 136)
"""Protocols that have ports: TCP, UDP, SCTP, UDP-Lite."""


class UnknownFlowError(LookupError):
    """A capture has no flow with this index.

    Attributes:
        flow: the index.
        flows: how many there are; they are numbered from 1.
    """

    def __init__(self, flow: int, flows: int) -> None:
        known = "no flows" if flows == 0 else "one flow, 1" if flows == 1 else f"flows 1 to {flows}"
        super().__init__(f"there is no flow {flow}: the capture has {known}")
        self.flow = flow
        self.flows = flows


class Follower(Plugin):
    """Keeps the packets of chosen flows as segments.

    Attributes:
        flows: number of flow indices given so far.
        is_done: all chosen flows have ended.
    """

    name = "follower"
    number = 998
    summary = "keeps where the payload of chosen flows is"

    def __init__(self, wanted: Iterable[int], spill: SpillBytes | None) -> None:
        """Choose flows.

        Args:
            wanted: their indices.
            spill: takes their payload; None where it is read from the capture later.
        """
        super().__init__()
        self._wanted = np.unique(np.fromiter(wanted, np.uint64))
        self._spill = spill
        self._fragments = Fragments()
        self._segments: dict[int, list[NDArray[np.void]]] = {int(flow): [] for flow in self._wanted}
        self._conversations: dict[int, Conversation] = {}
        self._ended: set[int] = set()
        self.flows = 0

    @property
    def is_done(self) -> bool:
        """Whether nothing can come any more."""
        return len(self._ended) == len(self._wanted)

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Keep what belongs to the chosen flows."""
        has_flow = packets["flow"] >= 0
        self.flows = max(self.flows, int(np.max(packets["flowInd"], where=has_flow, initial=0)))
        chosen = packets[has_flow & np.isin(packets["flowInd"], self._wanted)]
        if not len(chosen):
            return
        segments = segments_of(chosen, self.run.units)
        self._fragments.place(chosen, segments, data)
        if self._spill is not None:
            self._keep_bytes(self._spill, chosen, segments, data)
        for flow in np.unique(chosen["flowInd"]).tolist():
            rows = np.flatnonzero(chosen["flowInd"] == flow)
            self._segments[flow].append(segments[rows])
            if flow not in self._conversations:
                self._conversations[flow] = self._conversation(chosen[rows[0]])

    @staticmethod
    def _keep_bytes(
        spill: SpillBytes, packets: NDArray[Any], segments: NDArray[np.void], data: NDArray[Any]
    ) -> None:
        counts = segments["captured"].astype(np.int64)
        begins = packets["base"] + packets["l7"]
        ends = np.cumsum(counts)
        places = np.repeat(begins - (ends - counts), counts) + np.arange(int(ends[-1]))
        segments["place"] = spill.append(data[places].tobytes()) + ends - counts

    def _conversation(self, packet: Any) -> Conversation:
        flow = self.run.flows.records[packet["flow"]]
        is_ip = flow["kind"] in (KIND_IPV4, KIND_IPV6)
        has_ports = is_ip and flow["l4Proto"] in WITH_PORTS
        conversation = Conversation(
            int(packet["flowInd"]),
            int(flow["l4Proto"]),
            _address(flow, "src", packet),
            _address(flow, "dst", packet),
            int(flow["srcPort"]) if has_ports else None,
            int(flow["dstPort"]) if has_ports else None,
            int(flow["vlan"]) if packet["show"] & SHOW_VLAN else None,
            None if is_ip else int(flow["ethType"]),
        )
        is_b = int(packet["flowStat"]) & L3FLOWINVERT
        return conversation.reversed() if is_b else conversation

    def on_released(self, slots: NDArray[Any]) -> None:
        """Note which of the chosen flows ended."""
        ended = self.run.flows.records["flowInd"][slots]
        self._ended.update(ended[np.isin(ended, self._wanted)].tolist())

    def taken(self, flow: int) -> tuple[NDArray[np.void], Conversation | None]:
        """Return the segments of a chosen flow that came since the last time, and forget them."""
        parts, self._segments[flow] = self._segments[flow], []
        segments = np.concatenate(parts) if parts else np.zeros(0, SEGMENT)
        return segments, self._conversations.get(flow)

    def stream(self, flow: int, source: ByteSource, *, sequence: bool = True) -> Stream:
        """Return the streams of a chosen flow.

        Raises:
            UnknownFlowError: no packet belonged to it.
        """
        parts = self._segments[flow]
        if not parts:
            raise UnknownFlowError(flow, self.flows)
        segments, conversation = np.concatenate(parts), self._conversations[flow]
        if as_written(segments):
            conversation = conversation.reversed()
        return Stream(StreamIndex.build(segments, sequence=sequence), source, conversation)


def _renamed(parts: list[NDArray[np.void]], conversation: Conversation) -> Conversation:
    """Call B of segments A, and return the conversation as seen from there."""
    for segments in parts:
        segments["direction"] ^= 1
    return conversation.reversed()


def as_written(segments: NDArray[np.void]) -> bool:
    """Call a flow that has no reverse A, as the flow file does, also where it is the reply side.

    Returns:
        Whether it was.
    """
    is_reply = len(segments) > 0 and bool(segments["direction"].all())
    if is_reply:
        segments["direction"] = 0
    return is_reply


def conversation_of(flows: ColumnStore, flow: int) -> Conversation | None:
    """Return whose flow it is; None where the columns do not tell.

    Args:
        flows: the flow table, of ended or of open flows.
        flow: index.
    """
    order = next((name for name in ("dir", "flowStat") if name in flows), "")
    if not order or any(name not in flows for name in ("flowInd", *ENDS)):
        return None
    rows = np.flatnonzero(flows["flowInd"] == flow)
    if not len(rows):
        return None
    # the last digit of flowStat is odd in direction B, and so is B itself as a digit
    row = min(rows.tolist(), key=lambda row: int(flows.text(order, row, 1)[0][-1], 16) & 1)
    cells = flows.rows(ENDS, row, 1)[0].split("\t")
    *addresses, source_port, destination_port, protocol, ether_type, vlans = cells
    source, destination, *macs = (cell.partition(";")[0] for cell in addresses)
    is_layer2 = source in ("", "-")
    if is_layer2:
        source, destination = macs
    if not source:
        return None
    has_ports = not is_layer2 and int(protocol) in WITH_PORTS
    return Conversation(
        flow,
        int(protocol),
        source,
        destination,
        int(source_port) if has_ports else None,
        int(destination_port) if has_ports else None,
        int(vlans.rpartition(";")[2]) & VLAN_ID if vlans else None,
        int(ether_type, 0) if is_layer2 else None,
    )


def _address(flow: Any, side: str, packet: Any) -> str:
    upper, lower = int(flow[f"{side}Hi"]), int(flow[f"{side}Lo"])
    if flow["kind"] == KIND_IPV4:
        return inet_ntop(AF_INET, (lower & 0xFFFFFFFF).to_bytes(4, "big"))
    if flow["kind"] == KIND_IPV6:
        return inet_ntop(AF_INET6, upper.to_bytes(8, "big") + lower.to_bytes(8, "big"))
    mac = int(packet[f"{side}Mac"])
    return mac.to_bytes(8, "big")[2:].hex(":")


def is_addressable(source: str | Sequence[str]) -> bool:
    """Tell whether packets of a capture can be read again at their places; those of a list cannot.

    Raises:
        CaptureError: it cannot be opened.
    """
    if not isinstance(source, str) or source == "-":
        return False
    if Path(source).exists() and not Path(source).is_file():
        return False
    opened = open_source(source)
    try:
        return opened.compression is None
    finally:
        opened.close()


EngineMaker = Callable[[str | Sequence[str], list[Plugin]], Engine]
"""Makes the engine of a run from the capture (or a list) and plugins to add."""


def _steps(
    engine: Engine, follower: Follower, progress: Callable[[Snapshot], None] | None
) -> Generator[None, None, None]:
    """Run an engine step by step until the chosen flows have ended; tell how far it is on the way."""
    due = time.monotonic() + PROGRESS_SECONDS
    for _ in engine.steps():
        if progress is not None and time.monotonic() >= due:
            due = time.monotonic() + PROGRESS_SECONDS
            progress(engine.snapshot())
        if follower.is_done:
            engine.cancel()
        yield


def follow_flow(
    source: str | Sequence[str],
    flow: int,
    make: EngineMaker,
    *,
    sequence: bool = True,
    progress: Callable[[Snapshot], None] | None = None,
    watch: Callable[[Engine], None] = lambda engine: None,
) -> Stream:
    """Run an engine until a flow has ended, and return its streams.

    Payload is read from the capture when it is asked for. Where that is not possible (compressed captures,
    pipes, lists), the run keeps the payload of the flow in a temporary file.

    Args:
        source: a capture, ``-`` for standard input, or the captures of a list.
        flow: index.
        make: makes the engine.
        sequence: see StreamIndex.build.
        progress: called about five times a second with a snapshot.
        watch: gets the engine before it runs.

    Raises:
        CaptureError: the capture cannot be read.
        UnknownFlowError: it has no such flow.
        OSError: there is no space for a temporary file.
    """
    spill = None if is_addressable(source) else SpillBytes()
    bytes_: ByteSource = spill if spill is not None else originals_of(str(source))
    try:
        follower = Follower([flow], spill)
        engine = make(source, [follower])
        try:
            watch(engine)
            for _ in _steps(engine, follower, progress):
                pass
        finally:
            engine.close()
        return follower.stream(flow, bytes_, sequence=sequence)
    except BaseException:
        bytes_.close()
        raise


def deliver_flow(
    source: str | Sequence[str],
    flow: int,
    make: EngineMaker,
    *,
    direction: Direction = "both",
    sequence: bool = True,
    progress: Callable[[Snapshot], None] | None = None,
    watch: Callable[[Engine], None] = lambda engine: None,
) -> Generator[tuple[Part, Conversation, Delivery], None, None]:
    """Run an engine and yield the parts of a flow's streams as they become known; see follow_flow().

    Nothing is handed out before side A has sent a packet, or B many: a flow that has B alone is called A.
    The last element has a part of no bytes, and the sums.
    """
    spill = None if is_addressable(source) else SpillBytes()
    bytes_: ByteSource = spill if spill is not None else originals_of(str(source))
    try:
        follower = Follower([flow], spill)
        delivery = Delivery(bytes_, direction, sequence=sequence)
        held: list[NDArray[np.void]] = []
        is_known = is_alone = False
        conversation: Conversation | None = None
        engine = make(source, [follower])
        try:
            watch(engine)
            for _ in _steps(engine, follower, progress):
                segments, conversation = follower.taken(flow)
                held.append(segments)
                is_known = is_known or not segments["direction"].all()
                if not is_known and sum(map(len, held)) > ALONE:
                    is_known = is_alone = True
                if is_alone and conversation is not None:
                    conversation = _renamed(held, conversation)
                if is_known and conversation is not None:
                    for part in delivery.add(np.concatenate(held)):
                        yield part, conversation, delivery
                    held = []
        finally:
            engine.close()
        segments, conversation = follower.taken(flow)
        if conversation is None:
            raise UnknownFlowError(flow, follower.flows)
        held.append(segments)
        if is_alone or (not is_known and all(part["direction"].all() for part in held)):
            conversation = _renamed(held, conversation)
        rest = np.concatenate(held)
        for parts in (delivery.add(rest), delivery.finish()):
            for part in parts:
                yield part, conversation, delivery
        yield Part("A", DATA, 0, 0, b"", 0, 0, 0, 0, -1), conversation, delivery
    finally:
        bytes_.close()


def stream_of(
    segments: NDArray[np.void], originals: Originals, conversation: Conversation, *, sequence: bool = True
) -> Stream:
    """Return a stream whose packets are known from an index, without another run.

    Args:
        segments: ``PacketIndex.segments(flow)``.
        originals: where the packets are.
        conversation: whose stream it is, by the flow file.
        sequence: see StreamIndex.build.
    """
    as_written(segments)
    return Stream(StreamIndex.build(segments, sequence=sequence), originals, conversation)
