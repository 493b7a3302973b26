"""Files that ftpDecode saves: control connections and transferred data, placed by TCP sequence numbers."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from t2tui.core.payload.files import PayloadFiles
from t2tui.core.payload.folder import Folder
from t2tui.core.payload.placement import RUN

LARGEST_HOLE = 1 << 30
"""Nobody may send further ahead than the largest TCP window (RFC 7323, section 2.3)."""

_UNSAFE = re.compile(rb"[^A-Za-z0-9._+=@-]")


def safe_name(name: bytes, longest: int) -> str:
    """Make a part of a file's name of any bytes: letters, digits and ``._+=@-``; others become ``_``.

    Args:
        name: from a capture.
        longest: bytes that are kept.
    """
    made = _UNSAFE.sub(b"_", name[:longest])
    return (b"_" + made[1:] if made[:1] in (b".", b"-") else made).decode("ascii")


@dataclass
class Stream:
    """One direction of a connection, and its file.

    Attributes:
        file: number of the file; 0: it could not be opened.
        sequence: TCP sequence number that is expected next.
        offset: where in the file its byte goes.
        end: size of the file so far.
    """

    file: int
    sequence: int
    offset: int = 0
    end: int = 0

    def place(self, sequence: int, length: int) -> int | None:
        """Return where data belong.

        None: before the begin of the file, too far behind its end, or a probe that repeats the last byte
        (RFC 9293, section 3.8.4), which may differ from what was sent.

        Args:
            sequence: of the first byte.
            length: of the data.
        """
        distance = (sequence - self.sequence + (1 << 31)) % (1 << 32) - (1 << 31)
        offset = self.offset + distance
        if offset < 0 or offset - self.end > LARGEST_HOLE or (length == 1 and distance == -1):
            return None
        self.sequence, self.offset = (sequence + length) & 0xFFFFFFFF, offset + length
        self.end = max(self.end, self.offset)
        return offset


class Saver:
    """Writes streams by slot.

    Attributes:
        streams: by slot.
        data_files: number of files of data connections.
    """

    def __init__(self, folder: Folder) -> None:
        """Begin without files.

        Args:
            folder: where they are made.
        """
        self.streams: dict[int, Stream] = {}
        self.data_files = 0
        self._files = PayloadFiles(folder)
        self._numbers = 0
        self._runs: list[tuple[int, int, int, int]] = []

    def open(self, slot: int, name: str, sequence: int, *, is_data: bool) -> bool:
        """Make the file of a flow; return whether it could be opened.

        Args:
            slot: of the flow.
            name: of the file.
            sequence: TCP sequence number of its first byte.
            is_data: it is a data connection.

        Raises:
            OutputError: no file can be made any more.
        """
        self._numbers += 1
        failed = bool(self._files.open(self._numbers, [name]))
        self.streams[slot] = Stream(0 if failed else self._numbers, sequence)
        self.data_files += is_data and not failed
        return not failed

    def add(self, slot: int, sequence: int, position: int, length: int) -> None:
        """Put data of a packet into the file of its flow, which was opened.

        Args:
            slot: of the flow.
            sequence: TCP sequence number.
            position: of the first byte in the batch's data.
            length: in bytes.
        """
        stream = self.streams[slot]
        offset = stream.place(sequence, length)
        if stream.file and offset is not None:
            self._runs.append((stream.file, offset, position, length))

    def write(self, data: NDArray[np.uint8]) -> None:
        """Write what was added.

        Raises:
            OutputError: the system refused.
        """
        if self._runs:
            self._files.write(np.array(self._runs, RUN), data)
            self._runs.clear()

    def end(self, slot: int) -> None:
        """Close the file of a flow that ended."""
        stream = self.streams.pop(slot, None)
        if stream is not None and stream.file:
            self._files.end([stream.file])

    @property
    def refusal(self) -> str:
        """How many files could not be opened, and why the first of them; empty if all could."""
        files = self._files
        return (
            f"{files.refused} files could not be opened, first {files.first_refused}" if files.refused else ""
        )

    def close(self) -> None:
        """Close all files."""
        self._files.close()

    def abandon(self) -> None:
        """Close all files whatever happens."""
        self._files.abandon()
