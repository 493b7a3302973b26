"""What a typed path can become."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.tui.pathlist import CAPTURE, FOLDER, OTHER, Entry, candidates, common_begin, entry, is_capture


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("web.pcap", "Web2.pcapng.gz", "notes.txt", ".hidden.pcap", "dump.pcap12"):
        (tmp_path / name).write_bytes(b"12345")
    (tmp_path / "week").mkdir()
    (tmp_path / "week" / "mon.cap").touch()
    (tmp_path / "broken").symlink_to("nowhere")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def paths(typed: str) -> list[str]:
    return [each.path for each in candidates(typed)]


def test_folders_come_first_then_captures_then_other_files(folder: Path) -> None:
    assert paths("") == ["week/", "dump.pcap12", "web.pcap", "Web2.pcapng.gz", "notes.txt"]
    assert [each.kind for each in candidates("")] == [FOLDER, CAPTURE, CAPTURE, CAPTURE, OTHER]
    assert [each.size for each in candidates("no")] == [5]


def test_what_is_typed_narrows_and_case_does_not_matter(folder: Path) -> None:
    assert paths("we") == ["week/", "web.pcap", "Web2.pcapng.gz"]
    assert paths("week/") == ["week/mon.cap"]
    assert paths(f"{folder}/week/m") == [f"{folder}/week/mon.cap"]
    assert paths("~/w") == ["~/week/", "~/web.pcap", "~/Web2.pcapng.gz"]
    assert paths(".h") == [".hidden.pcap"]
    assert paths("x") == []


@pytest.mark.parametrize("typed", ["nowhere/", "web.pcap/", "~nobody-of-this-name/", "\0/"])
def test_folders_that_are_not_there_are_errors(folder: Path, typed: str) -> None:
    with pytest.raises((OSError, ValueError)):
        candidates(typed)


def test_an_entry_is_what_stands_at_a_path(folder: Path) -> None:
    assert entry("week") == entry("week/")
    assert entry("web.pcap") is not None
    assert entry("~/web.pcap") is not None
    for path in ("nothing", "broken", "\0", "~nobody-of-this-name"):
        assert entry(path) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.pcap", True),
        ("a.PCAPNG", True),
        ("a.cap.gz", True),
        ("a.pcap.zst", True),
        ("a.pcap3", True),
        ("a.txt", False),
        ("pcap", False),
        ("a.pcapx", False),
    ],
)
def test_captures_are_told_by_their_names(name: str, expected: bool) -> None:
    assert is_capture(name) is expected


@given(st.lists(st.text("ab/", max_size=6), max_size=5))
def test_the_common_begin_is_that_of_the_standard_library(names: list[str]) -> None:
    expected = os.path.commonprefix(names)  # noqa: RUF071
    assert common_begin([Entry(name, OTHER) for name in names]) == expected
