"""payloadDumper fed by hand: packets in, files out."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from t2tui.core.labels import Labels
from t2tui.core.layout import FLOW, FRAG_LATER, KIND_IPV4, PACKET
from t2tui.core.payload.marker import MARKER
from t2tui.plugins.base import Run
from t2tui.plugins.payloaddumper import PayloadDumper

FLAGS = {flag.name: flag for flag in PayloadDumper.flags}

TCP, UDP, UDP_LITE = 6, 17, 136
FIN, SYN, RST, ACK = 1, 2, 4, 16
SLOTS = 8
ROWS = 64


def settings(folder: Path, **flags: Any) -> SimpleNamespace:
    values = {name: flag.check(flags.get(name, flag.default)) for name, flag in FLAGS.items()}
    assert flags.keys() <= values.keys()
    return SimpleNamespace(**values | {"PLDUMP_FOLDER": str(folder)})


@dataclass
class Packet:
    """A packet of a flow; ``length`` is what its headers say, by default what was captured."""

    slot: int
    payload: bytes = b""
    seq: int = 0
    flags: int = ACK
    length: int | None = None
    is_later_fragment: bool = False
    proto: int = TCP
    ports: tuple[int, int] = (50000, 80)
    ether_type: int = 0x0800
    kind: int = KIND_IPV4
    reply: bool = False

    @property
    def header_length(self) -> int:
        return (len(self.payload) if self.length is None else self.length) & 0xFFFF


@dataclass
class Dumped:
    """A plugin that is fed by hand."""

    folder: Path
    flags: dict[str, Any] = field(default_factory=dict)
    only: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        self.plugin = PayloadDumper(settings(self.folder, **self.flags), self.only)
        records = np.zeros(SLOTS, FLOW)
        outputs = SimpleNamespace(prefix="results/capture")
        flows = SimpleNamespace(records=records)
        self.run = Run(flows, None, Labels.builtin(), outputs, SLOTS, ROWS, packet_mode=True)
        self.plugin.start(self.run)
        self._alive: dict[int, int] = {}
        self.run.flow_count = 0

    def feed(self, *packets: Packet, row: int = 0) -> list[int]:
        """Give packets as a part of a batch that begins at a row; return their pldStat."""
        records = np.zeros(len(packets), PACKET)
        data = bytearray(b"\xaa" * 7)
        for record, packet in zip(records, packets, strict=True):
            record["isNew"] = packet.slot not in self._alive
            if packet.slot not in self._alive:
                self.run.flow_count += 1
                self._alive[packet.slot] = self.run.flow_count
            record["flow"], record["flowInd"] = packet.slot, self._alive[packet.slot]
            record["flowStat"] = int(packet.reply)
            record["kind"], record["l4Proto"], record["ethType"] = (
                packet.kind,
                packet.proto,
                packet.ether_type,
            )
            record["srcPort"], record["dstPort"] = packet.ports
            record["seq"], record["tcpFlags"] = packet.seq, packet.flags
            record["frag"] = FRAG_LATER if packet.is_later_fragment else 0
            record["base"], record["l7"] = len(data), 40
            record["snapL7Len"], record["l7Len"] = len(packet.payload), packet.header_length
            data += b"\xbb" * 40 + packet.payload + b"\xcc" * 5
        self.run.row = row
        self.plugin.on_packets(records, np.frombuffer(bytes(data), np.uint8))
        ((_, stats),) = self.plugin.packet_fields(records)
        return stats.values[row : row + len(packets)].tolist()

    def release(self, *slots: int) -> list[int]:
        """End flows; return their pldStat."""
        self.plugin.on_released(np.array(slots, np.int32))
        for slot in slots:
            del self._alive[slot]
        ((_, stats),) = self.plugin.flow_fields()
        return [int(stats.values[slot]) for slot in slots]

    def end(self, *, read: bool = True) -> dict[str, bytes]:
        """End all flows and the run; return the files."""
        self.release(*list(self._alive))
        self.report = list(self.plugin.report())
        self.plugin.finish()
        return contents(self.folder) if read else {}


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MARKER}


Sparse = tuple[int, dict[int, int]]
"""Size of a file, and its bytes that are not zero, by offset."""


def sparse_contents(folder: Path) -> dict[str, Sparse]:
    """Return the files of a folder, of which some are gigabytes of nothing."""
    return {path.name: sparse_content(path) for path in folder.iterdir() if path.name != MARKER}


def sparse_content(path: Path) -> Sparse:
    size = path.stat().st_size
    found: dict[int, int] = {}
    with path.open("rb", buffering=0) as file:
        end = 0
        while end < size:
            begin = file.seek(end, os.SEEK_DATA)
            end = file.seek(begin, os.SEEK_HOLE)
            file.seek(begin)
            found |= {begin + n: byte for n, byte in enumerate(file.read(end - begin)) if byte}
    return size, found
