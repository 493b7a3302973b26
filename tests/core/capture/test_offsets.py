"""``PACKET.offset`` says where a packet's bytes are in the capture."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.batch import READ_BYTES, PacketBatch
from t2tui.core.capture import CaptureError, open_capture
from t2tui.core.layout import PACKET
from tests.core.capture.files import block, interface, pcap_files, pcapng_files, section


def check(path: Path, content: bytes, batch: PacketBatch, bpf: str | None = None) -> int:
    """Compare every packet with the bytes at its offset; return how many there are."""
    packets = 0
    with open_capture(path, bpf=bpf) as capture:
        while capture.read(batch) > 0:
            for packet in batch.packets[: batch.count]:
                base, offset, caplen = (int(packet[name]) for name in ("base", "offset", "caplen"))
                assert batch.data[base : base + caplen].tobytes() == content[offset : offset + caplen]
                packets += 1
    return packets


@given(
    st.one_of(pcap_files(), pcapng_files(), pcap_files(damaged=True), pcapng_files(damaged=True)),
    st.integers(1, 9),
    st.booleans(),
    st.sampled_from([None, "greater 40"]),
)
def test_any_file(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, size: int, compressed: bool, bpf: str | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "offsets"
    path.write_bytes(gzip.compress(content) if compressed else content)
    try:
        check(path, content, PacketBatch(packets=np.zeros(size, PACKET)), bpf)
    except CaptureError:  # a header that libpcap refuses, too
        return


def test_packets_behind_the_first_batch_and_behind_a_large_block(tmp_path: Path) -> None:
    numbers = np.arange(3 * READ_BYTES // 1000, dtype="<u4")
    packets = [
        block("<", 6, np.array([0, 0, number, 1000, 1000], "<u4").tobytes() + number.tobytes() * 250)
        for number in numbers
    ]
    large = block("<", 99, bytes(READ_BYTES))
    content = section("<") + interface("<", 1, 65535) + b"".join([*packets[:5], large, *packets[5:]])
    path = tmp_path / "a.pcapng"
    path.write_bytes(content)
    assert check(path, content, PacketBatch()) == len(numbers)
