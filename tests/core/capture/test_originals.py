"""Bytes of a run's captures are read again: in place, or from a copy of a pipe or a compressed capture."""

import gzip
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from t2tui.core.capture import CaptureError, Originals, open_capture
from t2tui.core.capture.originals import NUMBER_SHIFT, ROOM, Copy
from tests.cli.conftest import pcap, udp

DATA = pcap([udp(port) for port in range(1, 40)])


def read_all(path: str, originals: Originals) -> None:
    from t2tui.core.batch import PacketBatch

    with open_capture(path, originals=originals) as capture:
        batch = PacketBatch()
        while capture.read(batch):
            pass


def read(originals: Originals, *parts: tuple[int, int, int]) -> list[bytes]:
    """Read parts: number of the capture, offset, count."""
    places = np.array([number << NUMBER_SHIFT | offset for number, offset, _ in parts], np.int64)
    return list(originals.read(places, np.array([count for *_, count in parts], np.int64)))


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.pcap"
    path.write_bytes(DATA)
    return path


def test_plain_and_compressed_captures_and_pipes_give_the_same_bytes(plain: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed.pcap.gz"
    packed.write_bytes(gzip.compress(DATA))
    outlet, inlet = os.pipe()
    originals = Originals()
    read_all(str(plain), originals)
    read_all(str(packed), originals)
    writer = threading.Thread(target=lambda: (os.write(inlet, DATA), os.close(inlet)))
    writer.start()
    read_all(f"/dev/fd/{outlet}", originals)
    writer.join()
    os.close(outlet)
    assert originals.origin == 2 << NUMBER_SHIFT
    assert originals.copied == 2 * len(DATA)
    whole = [DATA, DATA[100:140], DATA[-20:]]
    asked = [(0, len(DATA)), (100, 40), (len(DATA) - 20, 20)]
    for number in range(3):
        assert read(originals, *[(number, *each) for each in asked]) == whole
    mixed = [(2, 30, 5), (0, 10, 7), (0, 17, 3), (1, 99, 4)]
    assert read(originals, *mixed) == [DATA[offset : offset + count] for _, offset, count in mixed]
    originals.close()


def test_a_copy_has_no_name(plain: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed.pcap.gz"
    packed.write_bytes(gzip.compress(DATA))
    folder = tmp_path / "copies"
    folder.mkdir()
    originals = Originals(str(folder))
    read_all(str(packed), originals)
    assert not list(folder.iterdir())
    assert read(originals, (0, 0, 4)) == [DATA[:4]]
    originals.close()


def test_a_capture_that_was_replaced_is_not_read(plain: Path) -> None:
    originals = Originals()
    read_all(str(plain), originals)
    other = plain.with_suffix(".new")
    other.write_bytes(DATA)
    other.replace(plain)
    with pytest.raises(CaptureError, match="not the file that was analysed"):
        read(originals, (0, 0, 4))
    plain.unlink()
    with pytest.raises(CaptureError, match="No such file"):
        read(originals, (0, 0, 4))


def test_a_copy_that_finds_no_room_says_so_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / "packed.pcap.gz"
    packed.write_bytes(gzip.compress(DATA))
    full = os.statvfs_result((4096, 4096, 9, ROOM // 4096 - 1, ROOM // 4096 - 1, 9, 9, 9, 0, 255))
    monkeypatch.setattr(os, "fstatvfs", lambda descriptor: full)
    originals = Originals()
    read_all(str(packed), originals)
    assert "almost full" in originals.fault
    with pytest.raises(CaptureError, match=r"Not all of .* was kept: the disk"):
        read(originals, (0, 0, 4))
    originals.close()


def test_a_folder_that_cannot_take_copies_is_no_reason_to_stop(tmp_path: Path) -> None:
    copy = Copy(str(tmp_path / "missing"))
    copy.append(memoryview(b"abc"))
    assert copy.size == 0
    assert "No such file" in copy.fault
