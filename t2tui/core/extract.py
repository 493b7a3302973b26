"""Packets whose places in a capture are known, as a capture of their own, without another analysis."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from t2tui.core.capture import CaptureError, Originals, open_capture
from t2tui.core.capture.originals import OFFSET, Stretch
from t2tui.core.outputs import OutputError, Outputs
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
    originals = originals_of(capture_path)
    outside = np.flatnonzero((packets["offset"] < 0) | (packets["offset"] > OFFSET))
    if len(outside):  # would be the number of another capture
        raise _missing(capture_path, *packets[["offset", "caplen"]][outside[0]].item())
    with Outputs(str(target), [capture_path]) as outputs:
        written = outputs.open("")
        if not len(packets):
            written.write(file_header(*originals.header))
        return copy_packets(originals, [packets], written)


def originals_of(capture_path: str | Path) -> Originals:
    """Return a capture whose packets can be read at their places, without reading it first.

    Raises:
        CaptureError: it cannot be opened, is no capture, or is compressed or a pipe.
    """
    originals = Originals()
    with open_capture(capture_path, originals=originals) as capture:
        if capture.compression or capture.disk_size is None:
            raise CaptureError(
                f"Packets of '{capture.path}' cannot be found by their positions",
                "Only uncompressed files allow it; extract_flows() reads any capture once more.",
            )
    return originals


def copy_packets(originals: Originals, parts: Iterable[NDArray[Any]], written: BinaryIO) -> int:
    """Write chosen packets of the captures of a run as a capture into an open file.

    Args:
        originals: where the packets are.
        parts: of the packets, each as of ``extract``. Without any, nothing is written.
        written: takes header and records.

    Returns:
        The number of packets.

    Raises:
        CaptureError: as of ``extract``.
        OSError: the file cannot be written.
        OutputError: the packets are of several link types.
    """
    maker, count, link_type = RecordMaker(), 0, None
    for packets in parts:
        for stretch in originals.stretches(packets["offset"]):
            if link_type is None:
                link_type = stretch.link_type
                written.write(file_header(link_type, stretch.snap_length))
            if stretch.link_type != link_type:
                raise OutputError("the packets", SEVERAL_LINK_TYPES)
            chosen = packets[stretch.rows]
            check_positions(stretch, chosen)
            for first in range(0, len(chosen), PART):
                written.write(_records(stretch, slice(first, first + PART), chosen, maker))
        count += len(packets)
    return count


SEVERAL_LINK_TYPES = "the captures have several link types; extract from one alone"


def check_positions(stretch: Stretch, packets: NDArray[Any]) -> None:
    """Raise an error if packets cannot be where they are said to be.

    Args:
        stretch: their places.
        packets: POSITION records.

    Raises:
        CaptureError: the capture is too short.
    """
    ends = stretch.offsets + packets["caplen"].astype(np.int64)
    wrong = np.flatnonzero((stretch.offsets < 0) | (ends > stretch.size))
    if len(wrong):
        raise _missing(stretch.name, int(stretch.offsets[wrong[0]]), int(packets["caplen"][wrong[0]]))


def _missing(path: str | Path, offset: int, caplen: int) -> CaptureError:
    return CaptureError(
        f"'{path}' has no packet of {caplen} bytes at offset {offset}",
        "The capture has changed since its packets were found; analyse it again.",
    )


def read_packets(
    stretch: Stretch, rows: slice, caplens: NDArray[Any]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read packets by position; those that lie close together at once.

    Args:
        stretch: the capture, open, and the places of packets.
        rows: which of these packets.
        caplens: captured bytes of each of these.

    Returns:
        Bytes, which may hold others between the packets, and where in them each packet begins.

    Raises:
        CaptureError: a packet is not there.
    """
    offsets, sizes = stretch.offsets[rows], caplens.astype(np.int64)
    gaps = offsets[1:] - offsets[:-1] - sizes[:-1]
    firsts = np.concatenate(([0], np.flatnonzero((gaps < 0) | (gaps > NEAR)) + 1))
    lasts = np.concatenate((firsts[1:], [len(offsets)])) - 1
    begins, ends = offsets[firsts], offsets[lasts] + sizes[lasts]
    spans = []
    for first, begin, end in zip(firsts.tolist(), begins.tolist(), ends.tolist(), strict=True):
        span = os.pread(stretch.descriptor, end - begin, begin)
        if len(span) < end - begin:
            reach = offsets[first:] + sizes[first:] > begin + len(span)
            row = first + int(np.argmax(reach))
            raise _missing(stretch.name, int(offsets[row]), int(sizes[row]))
        spans.append(span)
    shifts = np.cumsum(ends - begins) - ends
    bases = offsets + np.repeat(shifts, lasts - firsts + 1)
    return np.frombuffer(bytearray().join(spans), np.uint8), bases


def _records(stretch: Stretch, rows: slice, packets: NDArray[Any], maker: RecordMaker) -> memoryview:
    """Read packets; return their records, valid until the next call."""
    chosen = packets[rows]
    data, bases = read_packets(stretch, rows, chosen["caplen"])
    headers = record_headers(*(chosen[name] for name in ("sec", "frac", "caplen", "len")))
    return maker.make(headers, data, bases).bytes.data
