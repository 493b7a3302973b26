"""pcap files as they are written: header and records (draft-ietf-opsawg-pcap), with nanoseconds."""

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from t2tui.core.jit import kernel
from t2tui.core.linktypes import linktype_of
from t2tui.core.memory import copy_bytes

if TYPE_CHECKING:
    from t2tui.core.outputs import OutputFile, Outputs

NANOSECONDS = 0xA1B23C4D
"""Magic number of files whose fractions are nanoseconds."""

HEADER_BYTES, RECORD_BYTES = 24, 16

RECORD = np.dtype([("sec", "u4"), ("frac", "u4"), ("caplen", "u4"), ("len", "u4")])
"""Header of a record, in the machine's byte order."""

SECOND = 10**9

WAITING_BYTES = 1 << 24
"""Bytes that wait for their files, see CapturePerFlow."""


class Records(NamedTuple):
    """Records as they stand in a file.

    Attributes:
        bytes: uint8, headers and packets; valid until the next records are made.
        starts: int64, where each record begins, and the end of the last one.
    """

    bytes: NDArray[np.uint8]
    starts: NDArray[np.int64]


def file_header(link_type: int, snap_length: int) -> bytes:
    """Return the header of a file in the machine's byte order.

    Args:
        link_type: DLT number.
        snap_length: most bytes of a packet.
    """
    return struct.pack("=IHHiIII", NANOSECONDS, 2, 4, 0, 0, snap_length, linktype_of(link_type))


def record_headers(
    sec: NDArray[np.int64], frac: NDArray[np.int64], caplen: NDArray[Any], length: NDArray[Any]
) -> NDArray[Any]:
    """Return the headers of records.

    A fraction that the field holds is written as it is, also one of more than a second: a copy of a packet
    has the packet's time. One that it does not hold is carried into the seconds, which are written modulo
    2^32, as the format has no more.

    Args:
        sec: int64, seconds.
        frac: int64, nanoseconds.
        caplen: captured bytes.
        length: bytes on the wire.

    Returns:
        RECORD array.
    """
    carry = np.where((frac < -(2**31)) | (frac >= 2**31), frac // SECOND, 0)
    headers = np.empty(len(sec), RECORD)
    headers["sec"] = (sec + carry) & 0xFFFFFFFF
    headers["frac"] = (frac - carry * SECOND) & 0xFFFFFFFF
    headers["caplen"] = caplen
    headers["len"] = length
    return headers


@kernel
def _gather(headers: Any, starts: Any, data: Any, bases: Any, pool: Any) -> None:
    """Copy headers and packets into a pool, one record behind another."""
    size = RECORD_BYTES
    for i in range(len(bases)):
        start = starts[i]
        copy_bytes(pool, start, headers, i * size, size)
        copy_bytes(pool, start + size, data, bases[i], starts[i + 1] - start - size)


class RecordMaker:
    """Makes records, in memory that is used again."""

    def __init__(self) -> None:
        self._pool: NDArray[np.uint8] = np.empty(0, np.uint8)

    def make(self, headers: NDArray[Any], data: NDArray[np.uint8], bases: NDArray[np.int64]) -> Records:
        """Put headers before packets.

        Args:
            headers: RECORD array.
            data: uint8, holds the packets.
            bases: int64, where each packet begins in ``data``.

        Returns:
            The records, valid until the next call.

        Raises:
            IndexError: a packet reaches beyond the data.
        """
        sizes = headers["caplen"].astype(np.int64)
        if len(bases) and (bases.min() < 0 or (bases + sizes).max() > len(data)):
            raise IndexError("a packet reaches beyond the data")
        starts = np.zeros(len(bases) + 1, np.int64)
        np.cumsum(sizes + RECORD_BYTES, out=starts[1:])
        if len(self._pool) < starts[-1]:
            self._pool = np.empty(int(starts[-1]), np.uint8)
        _gather(headers.view(np.uint8), starts, data, bases, self._pool)
        return Records(self._pool[: starts[-1]], starts)


class Place:
    """Where captures go: names that begin alike, and numbers behind them."""

    def __init__(self, outputs: "Outputs | Any", suffix: str, beside: str | None = None) -> None:
        """Remember the place.

        Args:
            outputs: the files of the run.
            suffix: put behind the run's prefix.
            beside: put the suffix behind this path instead.
        """
        self._outputs = outputs
        self._suffix = suffix
        self._beside = beside

    def open(self, number: int | None = None) -> "OutputFile":
        """Open a capture; the number ends its name.

        Raises:
            OutputError: it cannot be made.
        """
        name = self._name(number)
        outputs = self._outputs
        return cast(
            "OutputFile", outputs.open(name) if self._beside is None else outputs.open_path(Path(name))
        )

    def commit(self, number: int | None) -> None:
        """Give a finished capture its name."""
        if self._beside is None:
            self._outputs.commit_file(self._name(number))
        else:
            self._outputs.commit_path(Path(self._name(number)))

    def _name(self, number: int | None) -> str:
        return f"{self._beside or ''}{self._suffix}{'' if number is None else number}"


class Captures(Protocol):
    """Takes records.

    Attributes:
        by_flow: records come in the order of their flow indices.
    """

    by_flow: bool

    def write(self, records: Records, flows: NDArray[np.uint64]) -> None:
        """Write records.

        Args:
            records: as they stand in a file.
            flows: flow index of each of them.

        Raises:
            OutputError: a file cannot be written.
        """

    def close(self) -> None:
        """Write what is left and close the files."""


class SingleCapture:
    """One capture, or a row of numbered ones: a file that has reached the limit is followed by a next one.

    The size is looked at after every record, so the last file may hold none.
    """

    by_flow = False

    def __init__(self, place: Place, header: bytes, limit: int | None = None, number: int = 0) -> None:
        """Open the first file, whose name has no number.

        Args:
            place: where the files are.
            header: see file_header.
            limit: bytes of a file, at least 1; None: no limit.
            number: the next file has the number behind this one.
        """
        self._place = place
        self._header = header
        self._limit = limit
        self._next = number + 1
        self._number: int | None = None
        self._open()

    def _open(self) -> None:
        self._file = self._place.open(self._number)
        self._file.write(self._header)
        self._size = len(self._header)

    def write(self, records: Records, flows: NDArray[np.uint64]) -> None:
        """See Captures."""
        if self._limit is None:
            self._file.write(records.bytes.data)
            return
        ends = records.starts[1:]
        begin = first = 0
        while first < len(ends):
            full = max(first, int(np.searchsorted(ends, begin + self._limit - self._size)))
            last = min(full, len(ends) - 1)
            end = int(ends[last])
            self._file.write(records.bytes[begin:end].data)
            self._size += end - begin
            begin, first = end, last + 1
            if last == full:
                self._file.close()
                self._place.commit(self._number)
                self._number, self._next = self._next, self._next + 1
                self._open()

    def close(self) -> None:
        """See Captures."""
        self._file.close()


class CapturePerFlow:
    """A capture for each flow index, few of them open at a time.

    Records wait in memory until there are many, so that a file is opened seldom.
    """

    by_flow = True

    def __init__(self, place: Place, header: bytes, most_open: int) -> None:
        """Begin without files.

        Args:
            place: where the files are; the flow index ends their names.
            header: see file_header.
            most_open: most files open at a time, at least 1.
        """
        self._place = place
        self._header = header
        self._most_open = most_open
        self._files: dict[int, OutputFile] = {}
        self._open: dict[int, None] = {}  # the least recently used first
        self._waiting: dict[int, bytearray] = {}
        self._waiting_bytes = 0

    def write(self, records: Records, flows: NDArray[np.uint64]) -> None:
        """See Captures."""
        changes = np.flatnonzero(flows[1:] != flows[:-1]) + 1
        firsts = np.concatenate(([0], changes))
        begins = records.starts[firsts].tolist()
        content = records.bytes.data
        for index, begin, end in zip(
            flows[firsts].tolist(), begins, [*begins[1:], len(content)], strict=True
        ):
            waiting = self._waiting.setdefault(index, bytearray())
            waiting += content[begin:end]
        self._waiting_bytes += len(content)
        if self._waiting_bytes > WAITING_BYTES:
            self._flush()

    def _flush(self) -> None:
        for index, content in self._waiting.items():
            self._file(index).write(content)
        self._waiting.clear()
        self._waiting_bytes = 0

    def _file(self, index: int) -> "OutputFile":
        """Return the file of a flow, the last one used from now on."""
        if index in self._open:
            del self._open[index]
        elif len(self._open) >= self._most_open:
            oldest = next(iter(self._open))
            self._files[oldest].rest()
            del self._open[oldest]
        self._open[index] = None
        if index not in self._files:
            self._files[index] = self._place.open(index)
            self._files[index].write(self._header)
        return self._files[index]

    def close(self) -> None:
        """See Captures."""
        self._flush()
        for file in self._files.values():
            file.close()
