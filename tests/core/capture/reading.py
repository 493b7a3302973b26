"""Read a whole capture with libpcap and with the package, into values that can be compared."""

import ctypes
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from t2tui.core.batch import PacketBatch
from t2tui.core.capture import CaptureError, open_capture
from t2tui.core.capture.libpcap import NETMASK_UNKNOWN, Program, load
from t2tui.core.layout import PACKET


class Packet(NamedTuple):
    sec: int
    frac: int
    caplen: int
    len: int
    inside: bytes
    behind: bytes = b""
    """What is behind the packet in libpcap's buffer, as far as earlier blocks wrote it."""


@dataclass
class Reading:
    link_type: int
    snap_length: int
    packets: list[Packet] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)
    """Number of packets before the fault, libpcap's text."""

    def without(self, **values: object) -> "Reading":
        """The same with some values of all packets replaced."""
        packets = [packet._replace(**values) for packet in self.packets]
        return Reading(self.link_type, self.snap_length, packets, self.faults)


def read_with_package(path: str | Path, precision="ns", *, batch_packets=0, bpf=None) -> Reading | str:
    """Read a capture; the message of the error if it cannot be opened."""
    batch = BATCH
    if batch_packets:
        batch = PacketBatch(data=BATCH.data, packets=np.zeros(batch_packets, PACKET))
    buffer = bytearray()
    try:
        with open_capture(path, precision=precision, bpf=bpf) as capture:
            reading = Reading(capture.link_type, capture.snap_length)
            while True:
                count = capture.read(batch)
                done = len(reading.packets)
                for before, text in capture.warnings:
                    reading.faults.append((done + before, text.removeprefix("pcap_dispatch failed: ")))
                capture.warnings.clear()
                if count == 0:
                    return reading
                assert count == batch.count
                reading.packets += packets_of(batch, buffer)
    except CaptureError as error:
        return error.message


def packets_of(batch: PacketBatch, buffer: bytearray) -> list[Packet]:
    """Return the packets of a batch; ``buffer`` is kept as libpcap's."""
    packets = []
    data = batch.data
    rows = batch.other_blocks[: batch.other_count].tolist()
    for number, record in enumerate(batch.packets[: batch.count]):
        while rows and rows[0][0] <= number:
            _, position, length = rows.pop(0)
            buffer[:length] = data[position : position + length].tobytes()
        base, block, length, caplen = (int(record[name]) for name in ("base", "block", "blockLen", "caplen"))
        buffer[:length] = data[base - block : base - block + length].tobytes()
        sec, frac, wire = int(record["sec"]), int(record["frac"]), int(record["len"])
        inside = data[base : base + caplen].tobytes()
        packets.append(Packet(sec, frac, caplen, wire, inside, bytes(buffer[block + caplen :])))
    assert not rows, "other blocks lie before a packet of the batch"
    return packets


BATCH = PacketBatch()


class _Header(ctypes.Structure):
    _fields_ = (
        ("sec", ctypes.c_long),
        ("frac", ctypes.c_long),
        ("caplen", ctypes.c_uint32),
        ("len", ctypes.c_uint32),
    )


def read_with_libpcap(path: str | Path, precision="ns", *, behind=None, bpf=None) -> Reading | str:
    """Read a capture with libpcap, going on after errors as the reference does.

    ``behind``: a reading of the same capture, which tells how many bytes behind each packet are defined.
    """
    library = load()
    library.pcap_open_offline_with_tstamp_precision.restype = ctypes.c_void_p
    handle_type = ctypes.c_void_p
    error = ctypes.create_string_buffer(256)
    opened = library.pcap_open_offline_with_tstamp_precision(
        str(path).encode(), int(precision == "ns"), error
    )
    if not opened:
        return error.value.decode()
    handle = handle_type(opened)
    if bpf:
        program = Program()
        assert library.pcap_compile(handle, program, bpf.encode(), 1, NETMASK_UNKNOWN) == 0
        assert library.pcap_setfilter(handle, ctypes.byref(program)) == 0
        library.pcap_freecode(program)
    reading = Reading(library.pcap_datalink(handle), library.pcap_snapshot(handle))
    header, data = ctypes.POINTER(_Header)(), ctypes.POINTER(ctypes.c_ubyte)()
    last = ""
    while (status := library.pcap_next_ex(handle, ctypes.byref(header), ctypes.byref(data))) in (1, -1):
        number = len(reading.packets)
        if status == -1:
            text = library.pcap_geterr(handle).decode()
            if text != last:
                reading.faults.append((number, text))
            last = text
            continue
        head = header.contents
        more = len(behind.packets[number].behind) if behind and number < len(behind.packets) else 0
        inside = ctypes.string_at(data, head.caplen + more)
        packet = Packet(
            head.sec, head.frac, head.caplen, head.len, inside[: head.caplen], inside[head.caplen :]
        )
        reading.packets.append(packet)
    library.pcap_close(handle)
    return reading


def assert_same(path: str | Path, precision="ns", *, bpf=None, behind=True, times=True) -> Reading | str:
    """Compare both readings of a capture and return the package's."""
    ours = read_with_package(path, precision, bpf=bpf)
    if isinstance(ours, str):
        theirs = read_with_libpcap(path, precision, bpf=bpf)
        assert isinstance(theirs, str)
        assert ours.endswith(theirs)
        return ours
    if not behind:
        ours = ours.without(behind=b"")
    theirs = read_with_libpcap(path, precision, bpf=bpf, behind=ours)
    assert isinstance(theirs, Reading), theirs
    if not times:
        ours, theirs = ours.without(sec=0, frac=0), theirs.without(sec=0, frac=0)
    assert ours == theirs
    return ours
