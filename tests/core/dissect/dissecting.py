"""Dissect packets given as bytes, and write them as captures."""

import struct
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.batch import PacketBatch
from t2tui.core.dissect.dissector import Dissector
from t2tui.core.layout import PACKET

ETHERNET = 1


class Record(NamedTuple):
    """A record of a capture; ``length`` is that on the wire."""

    data: bytes
    length: int = -1
    seconds: int = 0
    microseconds: int = 0

    @property
    def wire(self) -> int:
        return len(self.data) if self.length < 0 else self.length


def pcap(records: Iterable[Record], link: int = ETHERNET) -> bytes:
    """Classic pcap with microseconds."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)]
    for record in records:
        header = (record.seconds, record.microseconds, len(record.data), record.wire)
        parts.append(struct.pack("<IIII", *header) + record.data)
    return b"".join(parts)


def batch_of(records: Sequence[Record]) -> PacketBatch:
    """Records as the capture hands them over."""
    batch = PacketBatch(packets=np.zeros(max(1, len(records)), PACKET))
    position = 0
    for packet, record in zip(batch.packets, records, strict=False):
        data = record.data
        batch.data[position : position + len(data)] = np.frombuffer(data, np.uint8)
        packet["base"], packet["caplen"], packet["blockLen"] = position, len(data), len(data)
        packet["len"], packet["sec"], packet["frac"] = (
            record.wire,
            record.seconds,
            record.microseconds * 1000,
        )
        position += len(data)
    batch.count = len(records)
    return batch


class Dissected(NamedTuple):
    """A batch after dissection."""

    packets: NDArray[Any]
    batch: PacketBatch
    dissector: Dissector

    def text(self, row: int) -> str:
        """Header description of a packet."""
        return self.dissector.descriptions.text(int(self.packets[row]["hdrDesc"])).decode()

    def content(self, row: int, count: int) -> bytes:
        """The first bytes of a packet's payload."""
        packet = self.packets[row]
        start = int(packet["base"]) + int(packet["l7"])
        return self.batch.data[start : start + count].tobytes()


def dissect(
    packets: Sequence[bytes | Record], link: int = ETHERNET, dissector: Dissector | None = None
) -> Dissected:
    """Dissect packets in one batch."""
    records = [each if isinstance(each, Record) else Record(each) for each in packets]
    dissector = dissector or Dissector(link)
    dissector.link_type = link
    batch = batch_of(records)
    done = 0
    while done < batch.count:
        done = dissector.dissect(batch, done)
    return Dissected(batch.packets[: batch.count], batch, dissector)
