"""What cannot be opened, and lists of captures."""

import gzip
import os
import struct
from pathlib import Path

import pytest

from t2tui.core.batch import PacketBatch
from t2tui.core.capture import CaptureError, open_capture, read_list, total_size
from tests.core.capture.files import block, interface, section

EMPTY_PCAP = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
KUZNETZOV = struct.pack("<IHHIIII", 0xA1B2CD34, 2, 4, 0, 0, 65535, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "PCAP file '{}' is empty"),
        (b"\n", "File '{}' is not a valid PCAP/PCAP-NG file"),
        (b"just some text in a file", "File '{}' is not a valid PCAP/PCAP-NG file"),
        (EMPTY_PCAP[:11], "File '{}' is not a valid PCAP/PCAP-NG file"),
        (KUZNETZOV, "File '{}' is not a valid PCAP/PCAP-NG file"),
        (b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x1a\x2b\x3c\x4e", "File '{}' is not a valid PCAP/PCAP-NG file"),
        (gzip.compress(b"", mtime=0), "File '{}' is not a valid PCAP/PCAP-NG file"),
        (gzip.compress(b"text, compressed", mtime=0), "File '{}' is not a valid PCAP/PCAP-NG file"),
        (
            EMPTY_PCAP[:20],
            "Failed to open file '{}': truncated dump file; tried to read 24 file header bytes, only got 16",
        ),
        (
            EMPTY_PCAP[:4] + b"\x01" + EMPTY_PCAP[5:],
            "Failed to open file '{}': archaic pcap savefile format",
        ),
        (section("<"), "Failed to open file '{}': the capture file has no Interface Description Blocks"),
        (
            section("<") + block("<", 6, bytes(20)),
            "Failed to open file '{}': the capture file has a packet block before any "
            "Interface Description Blocks",
        ),
    ],
)
def test_a_file_that_is_no_capture(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(CaptureError) as caught:
        open_capture(path)
    assert str(caught.value) == caught.value.message == message.format(path)
    assert caught.value.hint


def test_a_path_that_cannot_be_read(tmp_path: Path) -> None:
    for path, reason in [
        (tmp_path / "none", "No such file or directory"),
        (tmp_path, "Is a directory"),
        ("a\0b", "embedded null byte"),
        (tmp_path / ("n" * 300), "File name too long"),
    ]:
        with pytest.raises(CaptureError) as caught:
            open_capture(path)
        assert caught.value.message == f"Failed to open file '{path}' for reading: {reason}"
        assert caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(EMPTY_PCAP)
    path.chmod(0)
    with pytest.raises(CaptureError, match="for reading: Permission denied"):
        open_capture(path)


def test_what_a_capture_says_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    content = section(">") + interface(">", 101, 0)
    path.write_bytes(content)
    with open_capture(path) as capture:
        assert (capture.path, capture.name, capture.format) == (str(path), str(path), "pcapng")
        assert (capture.link_type, capture.snap_length) == (12, 262144)
        assert (capture.size, capture.disk_size, capture.compression) == (len(content), len(content), None)
        assert capture.read(PacketBatch()) == 0
        assert capture.ended
        assert capture.bytes_read == len(content)


def test_times_beyond_2038_are_signed_in_the_byte_order_of_the_machine(tmp_path: Path) -> None:
    # libpcap up to 1.10.4: a signed number there, an unsigned one where it turns the bytes
    path = tmp_path / "x"
    batch = PacketBatch()
    seen = []
    for order in "<>":
        header = struct.pack(f"{order}IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
        path.write_bytes(header + struct.pack(f"{order}IIII", 0xFFFFFFFE, 0xFFFFFFFF, 0, 0))
        with open_capture(path) as capture:
            assert capture.read(batch) == 1
        seen.append((int(batch.packets["sec"][0]), int(batch.packets["frac"][0])))
    assert seen == [(-2, -1000), (0xFFFFFFFE, 0xFFFFFFFF * 1000)]


def test_a_list_leaves_out_comments_and_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.pcap").write_bytes(EMPTY_PCAP)
    Path("b.pcap.gz").write_bytes(gzip.compress(EMPTY_PCAP, mtime=0))
    Path("-").write_bytes(EMPTY_PCAP)
    Path("text").write_text("no capture")
    Path("empty").touch()
    Path("list").write_bytes(b"#x\na.pcap\r\n\n#a.pcap\ntext\nempty\nnone\nb.pcap.gz\r\r\n-\na.pcap")
    entries = read_list("list")
    assert [entry.path for entry in entries] == [
        "a.pcap", "text", "empty", "none", "b.pcap.gz", "./-", "a.pcap"
    ]  # fmt: skip
    assert [entry.error and entry.error.message for entry in entries] == [
        None,
        "File 'text' is not a valid PCAP/PCAP-NG file",
        "PCAP file 'empty' is empty",
        "Failed to open file 'none' for reading: No such file or directory",
        None,
        None,
        None,
    ]
    assert total_size(entries) == 3 * 24 + Path("b.pcap.gz").stat().st_size


def test_a_list_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="for reading: Is a directory"):
        read_list(tmp_path)
