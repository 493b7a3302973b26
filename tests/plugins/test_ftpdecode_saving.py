"""ftpDecode: files that are saved."""

from pathlib import Path

import pytest

from t2tui.core.outputs import OutputError
from tests.plugins.frames import save
from tests.plugins.ftpdialogues import (
    CONTROL,
    OVFL,
    PASSIVE,
    PASSIVE_REPLY,
    PPRNT,
    PPWF,
    PPWFERR,
    Dialogue,
    analyse,
    back,
    flow,
    status,
)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("../../etc/passwd", "_._.._etc_passwd_2_A"),
        ("/etc/passwd", "_etc_passwd_2_A"),
        (".t2tui-payloads", "_t2tui-payloads_2_A"),
        ("-rf *", "_rf___2_A"),
        ("a\x1b[31m\tb", "a__31m_b_2_A"),
        ("é", "___2_A"),
        ("n" * 60, "n" * 50 + "_2_A"),
        (" ", "noname_2_A"),
    ],
)
def test_names_of_files_cannot_leave_the_folder(tmp_path: Path, name: str, file: str) -> None:
    dialogue = Dialogue()
    dialogue.answer(PASSIVE_REPLY)
    dialogue.ask(f"STOR {name}")
    dialogue.connect(PASSIVE)
    dialogue.answer("150 go")
    dialogue.send(PASSIVE, b"content")
    folder = tmp_path / "files"
    capture = save(tmp_path / "made.pcap", dialogue.frames)
    written = analyse(capture, tmp_path, FTP_SAVE=1, FTP_F_PATH=folder, FTP_NONAME="noname")
    files = {path.name for path in folder.iterdir()}
    assert files == {".t2tui-payloads", "ftp_flow_1_A.txt", "ftp_flow_1_B.txt", file}
    assert (folder / file).read_bytes() == b"content"
    assert bool(status(flow(written, 2, "A")) & OVFL) == (len(name) > 50)


# ------------------------------------------------------------------ files


def test_data_are_placed_by_sequence_and_more_than_announced_sets_a_bit(tmp_path: Path) -> None:
    dialogue = Dialogue()
    dialogue.answer(PASSIVE_REPLY)
    dialogue.ask("RETR f")
    dialogue.connect(PASSIVE, seq=2**32 - 3)
    dialogue.answer("150 for f (9 bytes)")
    begin = 2**32 - 3
    for offset, payload in (
        (6, b"ghi"),
        (0, b"abc"),
        (3, b"def"),
        (8, b"?"),
        (-5, b"early"),
        (2**31, b"far"),
    ):
        dialogue.send(back(PASSIVE), payload, (begin + offset) % 2**32)
        if offset == 3:
            capture = save(tmp_path / "made.pcap", dialogue.frames)
            written = analyse(capture, tmp_path, FTP_SAVE=1, FTP_F_PATH=tmp_path / "first")
            assert (tmp_path / "first" / "f_2_B").read_bytes() == b"abcdefghi"
            assert not status(flow(written, 2, "B")) & PPWF
    dialogue.send(back(PASSIVE), b"X", (begin + 9) % 2**32)
    capture = save(tmp_path / "made.pcap", dialogue.frames)
    written = analyse(capture, tmp_path, FTP_SAVE=1, FTP_F_PATH=tmp_path / "second")
    assert (tmp_path / "second" / "f_2_B").read_bytes() == b"abcdefgh?X"
    assert status(flow(written, 2, "B")) == PPRNT | PPWF


def test_a_probe_does_not_change_the_last_byte(tmp_path: Path) -> None:
    dialogue = Dialogue()
    dialogue.answer(PASSIVE_REPLY)
    dialogue.ask("RETR f")
    dialogue.connect(PASSIVE)
    dialogue.answer("150 go")
    dialogue.send(back(PASSIVE), b"abc")
    dialogue.send(back(PASSIVE), b"\0", 1002)
    analyse(
        save(tmp_path / "made.pcap", dialogue.frames), tmp_path, FTP_SAVE=1, FTP_F_PATH=tmp_path / "files"
    )
    assert (tmp_path / "files" / "f_2_B").read_bytes() == b"abc"


def test_a_file_that_cannot_be_opened_sets_a_bit(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    (folder / "ftp_flow_1_A.txt").mkdir(parents=True)
    dialogue = Dialogue()
    dialogue.ask("NOOP")
    dialogue.answer("200 ok")
    capture = save(tmp_path / "made.pcap", dialogue.frames)
    flags = {"FTP_SAVE": 1, "FTP_F_PATH": folder, "FTP_FOREIGN": 1}
    written = analyse(capture, tmp_path, **flags)
    assert status(flow(written, 1, "A")) == CONTROL | PPWFERR
    assert status(flow(written, 1, "B")) == CONTROL
    assert any("1 files could not be opened" in line for line in written.report)
    assert (folder / "ftp_flow_1_B.txt").read_bytes() == b"200 ok\r\n"


def test_a_folder_with_files_of_others_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "mine").write_text("keep")
    capture = save(tmp_path / "made.pcap", Dialogue().frames)
    with pytest.raises(OutputError, match="FTP_F_PATH, FTP_FOREIGN"):
        analyse(capture, tmp_path, FTP_SAVE=1, FTP_F_PATH=folder)
    assert (folder / "mine").read_text() == "keep"


def test_without_saving_no_folder_is_made(tmp_path: Path) -> None:
    dialogue = Dialogue()
    dialogue.ask("NOOP")
    analyse(save(tmp_path / "made.pcap", dialogue.frames), tmp_path, FTP_F_PATH=tmp_path / "files")
    assert not (tmp_path / "files").exists()


# ------------------------------------------------------------------ ends of flows, lists
