"""Payload files: how many are open, what happens when the system refuses."""

import errno
import os
import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from t2tui.core.outputs import OutputError
from t2tui.core.payload.files import PayloadFiles, open_file_limit
from t2tui.core.payload.folder import Folder
from t2tui.core.payload.placement import RUN

Claim = Callable[..., Folder]


@pytest.fixture
def folder(claim: Claim) -> Iterator[Folder]:
    folder = claim()
    yield folder
    folder.close()


def write(files: PayloadFiles, runs: Sequence[tuple[int, int, bytes]]) -> None:
    """Write (number, offset, bytes) in one go."""
    records = np.zeros(len(runs), RUN)
    position = 0
    for record, (number, offset, text) in zip(records, runs, strict=True):
        record["file"], record["offset"], record["position"], record["length"] = (
            number,
            offset,
            position,
            len(text),
        )
        position += len(text)
    files.write(records, np.frombuffer(bytearray(b"".join(text for _, _, text in runs)), np.uint8))


def open_payloads(folder: Folder) -> int:
    """Number of payload files that are open now."""
    inodes = {path.stat().st_ino for path in folder.path.iterdir() if not path.name.startswith(".")}
    count = 0
    for entry in Path("/dev/fd").iterdir():
        try:
            count += os.fstat(int(entry.name)).st_ino in inodes
        except OSError:  # that of the listing itself
            continue
    return count


@contextmanager
def limited(kind: int, value: int) -> Iterator[None]:
    """Let the process have less of something."""
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))


def test_bytes_get_to_their_places_and_later_ones_win(folder: Folder) -> None:
    files = PayloadFiles(folder)
    assert files.open(1, ["a1", "b2"]) == []
    write(files, [(1, 0, b"hello"), (2, 3, b"x"), (1, 3, b"p!")])
    write(files, [(1, 8, b"end")])
    files.close()
    assert (folder.path / "a1").read_bytes() == b"help!\0\0\0end"
    assert (folder.path / "b2").read_bytes() == b"\0\0\0x"
    assert files.opened == 2


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_no_more_files_are_open_than_allowed(folder: Folder, limit: int) -> None:
    files = PayloadFiles(folder, limit)
    names = [f"f{number}" for number in range(10)]
    assert files.open(1, names) == []
    for turn in range(3):
        for number in (*range(1, 11), 1, 1, 9, 2):
            write(files, [(number, turn * 10 + number, bytes([number]))])
            assert open_payloads(folder) <= limit
    files.close()
    for number, name in enumerate(names, 1):
        expected = bytearray(20 + number + 1)
        expected[number::10] = bytes([number]) * 3
        assert (folder.path / name).read_bytes() == expected


def test_the_limit_follows_that_of_the_process(folder: Folder) -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert open_file_limit() == min(soft - 100, 65_536)
    with limited(resource.RLIMIT_NOFILE, 120):
        assert open_file_limit() == 60


def test_files_are_closed_when_the_process_may_open_no_more(folder: Folder) -> None:
    files = PayloadFiles(folder, 10_000)
    taken = [os.dup(0) for _ in range(3)]
    with limited(resource.RLIMIT_NOFILE, max(taken) + 4):
        assert files.open(1, [f"f{number}" for number in range(20)]) == []
        write(files, [(number, 0, b"x") for number in range(1, 21)])
        files.close()
    for descriptor in taken:
        os.close(descriptor)
    assert [path.read_bytes() for path in folder.path.glob("f*")] == [b"x"] * 20


def test_files_of_ended_flows_are_closed(folder: Folder) -> None:
    files = PayloadFiles(folder)
    files.open(1, ["f1", "f2", "f3"])
    assert open_payloads(folder) == 3
    files.end([1, 3])
    assert open_payloads(folder) == 1
    files.abandon()
    assert open_payloads(folder) == 0


def test_a_hole_takes_no_blocks(folder: Folder) -> None:
    files = PayloadFiles(folder)
    files.open(1, ["f1"])
    write(files, [(1, 0, b"begin"), (1, 3 << 30, b"end")])
    files.close()
    status = (folder.path / "f1").stat()
    assert status.st_size == (3 << 30) + 3
    assert status.st_blocks * 512 <= 1 << 18


def test_a_file_that_cannot_grow_is_an_error_that_says_what_to_do(folder: Folder) -> None:
    files = PayloadFiles(folder)
    files.open(1, ["f1"])
    assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN  # Python's default; the write fails instead
    with (
        limited(resource.RLIMIT_FSIZE, 4096),
        pytest.raises(OutputError, match=r"f1.*PLDUMP_MAX_BYTES") as error,
    ):
        write(files, [(1, 4000, bytes(200))])
    assert error.value.errno == errno.EFBIG
    files.abandon()
    assert (folder.path / "f1").stat().st_size == 4096


def test_a_full_disk_is_an_error_that_says_what_to_do(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = PayloadFiles(folder)
    files.open(1, ["f1"])

    def full(*words: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(
        OutputError, match="No space left on device; free some space or choose another folder"
    ):
        write(files, [(1, 0, b"x")])
    files.abandon()


def test_a_write_that_the_system_cuts_short_goes_on(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, text, offset: whole(file, text[:3], offset))
    files = PayloadFiles(folder)
    files.open(1, ["f1"])
    write(files, [(1, 5, b"abcdefghij"), (1, 20, b"k")])
    files.close()
    assert (folder.path / "f1").read_bytes() == b"\0" * 5 + b"abcdefghij" + b"\0" * 5 + b"k"


def test_a_second_file_of_a_name_takes_the_place_of_the_first(folder: Folder) -> None:
    files = PayloadFiles(folder)
    files.open(1, ["f1"])
    write(files, [(1, 0, b"long contents")])
    assert files.open(2, ["f1"]) == []
    write(files, [(1, 13, b" until here"), (2, 0, b"new")])
    files.close()
    assert (folder.path / "f1").read_bytes() == b"new"


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_what_stands_in_the_way_keeps_one_file_from_being_opened(folder: Folder, kind: str) -> None:
    place = folder.path / "f1"
    outside = folder.path.parent / "outside"
    outside.write_text("mine")
    {"folder": place.mkdir, "link": lambda: place.symlink_to(outside), "pipe": lambda: os.mkfifo(place)}[
        kind
    ]()
    files = PayloadFiles(folder)
    assert files.open(5, ["f0", "f1", "f2"]) == [6]
    write(files, [(5, 0, b"a"), (6, 0, b"b"), (7, 0, b"c")])
    files.close()
    assert (folder.path / "f0").read_bytes() == b"a"
    assert (folder.path / "f2").read_bytes() == b"c"
    assert outside.read_text() == "mine"
    assert (files.opened, files.refused) == (2, 1)
    assert files.first_refused.startswith(f"'{place}': ")


def test_a_foreign_file_is_not_overwritten(claim: Claim, tmp_path: Path) -> None:
    (tmp_path / "payloads").mkdir()
    (tmp_path / "payloads" / "f1").write_text("mine")
    folder = claim(shared=True)
    files = PayloadFiles(folder)
    assert files.open(1, ["f1"]) == [1]
    files.close()
    folder.close()
    assert (tmp_path / "payloads" / "f1").read_text() == "mine"


def test_an_emptied_file_that_somebody_removed_is_made_again(
    claim: Claim, new_process: Callable[[], None], tmp_path: Path
) -> None:
    for _ in range(2):
        folder = claim()
        (tmp_path / "payloads" / "f1").unlink(missing_ok=True)
        files = PayloadFiles(folder)
        assert files.open(1, ["f1"]) == []
        write(files, [(1, 0, b"x")])
        files.close()
        folder.close()
        new_process()
    assert (tmp_path / "payloads" / "f1").read_bytes() == b"x"
