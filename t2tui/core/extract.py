"""Packets whose places in a capture are known, as a capture of their own, without another analysis."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from t2tui.core.capture import Capture, CaptureError, open_capture
from t2tui.core.outputs import Outputs
from t2tui.core.savefile import RecordMaker, file_header, record_headers

POSITION = np.dtype([("offset", "i8"), ("caplen", "u4"), ("len", "u4"), ("sec", "i8"), ("frac", "i8")])
"""Where a packet is and what its record says, under the names of PACKET; ``frac`` in nanoseconds."""

PART = 1 << 10
"""Packets that are read before they are written."""

NEAR = 1 << 12
"""Bytes between two packets that are read and thrown away, which takes less time than another call."""


def extract(
    capture_path: str | Path,
    packets: "NDArray[Any] | Iterable[tuple[int, int, int, int, int]]",
    target: str | Path,
) -> int:
    """Write chosen packets of a capture into a new one, in the order given.

    Args:
        capture_path: a file that is not compressed.
        packets: a structured array with the fields of POSITION (such as PACKET records), or tuples of them.
        target: the new capture, pcap with nanoseconds and the link type of the first one. It appears whole
            or not at all.

    Returns:
        The number of packets.

    Raises:
        CaptureError: the capture cannot be read, is compressed, or is not the one that the positions are of.
        OutputError: the new capture cannot be written.
    """
    if not isinstance(packets, np.ndarray):
        packets = np.fromiter(packets, POSITION)
    with (
        open_capture(capture_path) as capture,
        Path(capture_path).open("rb") as file,
        Outputs(str(target), [capture_path]) as outputs,
    ):
        return _copy(capture, file, [packets], outputs.open(""))


def copy_packets(capture_path: str | Path, parts: Iterable[NDArray[Any]], written: BinaryIO) -> int:
    """Write chosen packets of a capture as a capture into an open file.

    Args:
        capture_path: a file that is not compressed.
        parts: of the packets, each as of ``extract``. Without any, nothing is written.
        written: takes header and records.

    Returns:
        The number of packets.

    Raises:
        CaptureError: as of ``extract``.
        OSError: the file cannot be written.
    """
    with open_capture(capture_path) as capture, Path(capture_path).open("rb") as file:
        return _copy(capture, file, parts, written)


def _copy(capture: Capture, file: BinaryIO, parts: Iterable[NDArray[Any]], written: BinaryIO) -> int:
    maker, count = RecordMaker(), 0
    for number, packets in enumerate(parts):
        check_positions(capture, packets)
        if not number:
            written.write(file_header(capture.link_type, capture.snap_length))
        for first in range(0, len(packets), PART):
            written.write(_records(capture.path, file.fileno(), packets[first : first + PART], maker))
        count += len(packets)
    return count


def check_positions(capture: Capture, packets: NDArray[Any]) -> None:
    """Raise an error if the packets cannot be in this capture.

    Args:
        capture: opened.
        packets: POSITION records.

    Raises:
        CaptureError: it is compressed, or too short.
    """
    if capture.compression or capture.disk_size is None:
        raise CaptureError(
            f"Packets of '{capture.path}' cannot be found by their positions",
            "Only uncompressed files allow it; extract_flows() reads any capture once more.",
        )
    ends = packets["offset"] + packets["caplen"].astype(np.int64)
    wrong = np.flatnonzero((packets["offset"] < 0) | (ends > capture.disk_size))
    if len(wrong):
        raise _missing(capture.path, *(int(packets[name][wrong[0]]) for name in ("offset", "caplen")))


def _missing(path: str | Path, offset: int, caplen: int) -> CaptureError:
    return CaptureError(
        f"'{path}' has no packet of {caplen} bytes at offset {offset}",
        "The capture has changed since its packets were found; analyse it again.",
    )


def read_packets(
    path: str | Path, descriptor: int, packets: NDArray[Any]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read packets by position; those that lie close together at once.

    Args:
        path: of the capture, for messages.
        descriptor: the capture, open.
        packets: POSITION records.

    Returns:
        Bytes, which may hold others between the packets, and where in them each packet begins.

    Raises:
        CaptureError: a packet is not there.
    """
    offsets, sizes = packets["offset"], packets["caplen"].astype(np.int64)
    gaps = offsets[1:] - offsets[:-1] - sizes[:-1]
    firsts = np.concatenate(([0], np.flatnonzero((gaps < 0) | (gaps > NEAR)) + 1))
    lasts = np.concatenate((firsts[1:], [len(packets)])) - 1
    begins, ends = offsets[firsts], offsets[lasts] + sizes[lasts]
    spans = []
    for first, begin, end in zip(firsts.tolist(), begins.tolist(), ends.tolist(), strict=True):
        span = os.pread(descriptor, end - begin, begin)
        if len(span) < end - begin:
            reach = offsets[first:] + sizes[first:] > begin + len(span)
            row = first + int(np.argmax(reach))
            raise _missing(path, int(offsets[row]), int(sizes[row]))
        spans.append(span)
    shifts = np.cumsum(ends - begins) - ends
    bases = offsets + np.repeat(shifts, lasts - firsts + 1)
    return np.frombuffer(bytearray().join(spans), np.uint8), bases


def _records(path: str | Path, descriptor: int, packets: NDArray[Any], maker: RecordMaker) -> memoryview:
    """Read packets; return their records, valid until the next call."""
    data, bases = read_packets(path, descriptor, packets)
    headers = record_headers(*(packets[name] for name in ("sec", "frac", "caplen", "len")))
    return maker.make(headers, data, bases).bytes.data
