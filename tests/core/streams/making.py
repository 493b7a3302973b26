"""Segments without a capture: payload lies one behind another in a piece of memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from t2tui.core.capture import Originals
from t2tui.core.capture.source import FileSource
from t2tui.core.streams import SEGMENT, Stream, StreamIndex

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
TCP, UDP = 6, 17
TURN = 1 << 32


@dataclass(frozen=True)
class Sent:
    """A segment on the wire; ``captured`` bytes of its payload are in the capture, all without."""

    seq: int
    data: bytes = b""
    flags: int = ACK
    direction: str = "A"
    captured: int | None = None
    protocol: int = TCP
    later: bool = False
    ack: int = 0


class Memory:
    """A source of bytes."""

    def __init__(self) -> None:
        self.content = bytearray()

    def append(self, data: bytes) -> int:
        self.content += data
        return len(self.content) - len(data)

    def read(self, places: NDArray[np.int64], counts: NDArray[np.int64]) -> Iterator[bytes]:
        for place, count in zip(places.tolist(), counts.tolist(), strict=True):
            assert 0 <= place <= place + count <= len(self.content)
            yield bytes(self.content[place : place + count])

    def close(self) -> None:
        pass


def stream(*sent: Sent, sequence: bool = True) -> Stream:
    """Put segments together; packet numbers count from 1, times in seconds from 1."""
    memory, segments = Memory(), np.zeros(len(sent), SEGMENT)
    for row, segment in enumerate(sent):
        captured = len(segment.data) if segment.captured is None else segment.captured
        segments[row] = (
            memory.append(segment.data[:captured]),
            (row + 1) * 10**9,
            row + 1,
            segment.seq % TURN,
            captured,
            len(segment.data),
            segment.direction == "B",
            segment.flags,
            segment.protocol,
            segment.later,
            segment.ack % TURN,
        )
    return Stream(StreamIndex.build(segments, sequence=sequence), memory)


def original(path: Path) -> Originals:
    """A file, whatever it holds, as a capture whose bytes can be read again."""
    source, originals = FileSource(str(path)), Originals()
    originals.add(str(path), source)
    source.close()
    return originals
