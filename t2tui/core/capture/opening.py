"""Open captures: find out format and compression, read the header, compile the filter."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from t2tui.core.capture.bpf import NO_FILTER, compile_filter
from t2tui.core.capture.errors import CaptureError
from t2tui.core.capture.originals import Originals
from t2tui.core.capture.pcap import KUZNETZOV, MICROSECONDS, NANOSECONDS, PcapFormat
from t2tui.core.capture.pcapng import BYTE_ORDER, SECTION
from t2tui.core.capture.reader import Capture
from t2tui.core.capture.sections import PcapngFormat
from t2tui.core.capture.source import Source, open_source, read_fully, wait_on

CHECKED_BYTES = 12
"""Bytes by which the reference tells captures from other files."""


class Beginning:
    """The first bytes of a source: some are looked at before they are read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._seen = b""
        self.position = 0

    def peek(self, count: int) -> bytes:
        """Return the next bytes without reading them."""
        if len(self._seen) < count:
            self._seen += read_fully(self._source, count - len(self._seen))
        return self._seen[:count]

    def read(self, count: int) -> bytes:
        """Return the next bytes, fewer only at the end."""
        given, self._seen = self._seen[:count], self._seen[count:]
        given += read_fully(self._source, count - len(given))
        self.position += len(given)
        return given


def open_capture(
    source: str | Path,
    *,
    precision: Literal["ns", "us"] = "ns",
    bpf: str | None = None,
    patience: Callable[[], None] = wait_on,
    originals: Originals | None = None,
) -> Capture:
    """Open a capture file, a pipe or standard input.

    Args:
        source: path, ``-`` for standard input.
        precision: unit of the packets' fractions of a second.
        bpf: filter expression; packets that it refuses do not appear (their bytes do, in ``other_blocks``).
        patience: called about five times a second while a pipe gives nothing; what it raises ends that.
        originals: takes the capture in, so that its bytes can be read again.

    Raises:
        CaptureError: the file cannot be read, is empty, or is no capture; the expression is wrong.
    """
    path = str(source)
    stream = open_source(path, patience)
    try:
        if originals is not None:
            stream = originals.add(path, stream)
        beginning = Beginning(stream)
        name = recognise(beginning.peek(CHECKED_BYTES), path)
        try:
            kind = (PcapFormat if name == "pcap" else PcapngFormat)(beginning.read, precision)
        except ValueError as error:
            raise CaptureError(
                f"Failed to open file '{path}': {stream.fault or error}",
                "The header of the capture is damaged or unknown; capture or copy it again.",
            ) from error
        if originals is not None:
            originals.describe(kind.link_type, kind.snap_length)
        program = compile_filter(bpf, kind.link_type, kind.snap_length) if bpf else NO_FILTER
        return Capture(path, stream, kind, program, beginning.position)
    except BaseException:
        stream.close()
        raise


def check_capture(path: str) -> int:
    """Check the first bytes of a file as the reference does, and return its size on disk.

    Raises:
        CaptureError: the file cannot be read, is empty, or is no capture.
    """
    stream = open_source(path)
    try:
        recognise(read_fully(stream, CHECKED_BYTES), path)
        return stream.disk_size or 0
    finally:
        stream.close()


def recognise(head: bytes, path: str) -> Literal["pcap", "pcapng"]:
    """Tell the format by the first bytes of a capture.

    The format with Kuznetzov's record headers is read from standard input only: that is not checked by the
    reference, so libpcap decides.

    Raises:
        CaptureError: neither pcap nor pcapng.
    """
    magics = {MICROSECONDS, NANOSECONDS} | ({KUZNETZOV} if path == "-" else set())
    orders: tuple[Literal["little"], Literal["big"]] = ("little", "big")
    for order in orders if len(head) == CHECKED_BYTES else ():
        magic = int.from_bytes(head[:4], order)
        if magic in magics:
            return "pcap"
        if magic == SECTION and int.from_bytes(head[8:], order) == BYTE_ORDER:
            return "pcapng"
    raise CaptureError(
        f"File '{path}' is not a valid PCAP/PCAP-NG file",
        "Give a capture in pcap or pcapng format, plain or compressed with gzip or zstd.",
    )
