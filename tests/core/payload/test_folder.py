"""What the folder of payload files refuses, keeps, empties and removes."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from t2tui.core.outputs import OutputError
from t2tui.core.payload.folder import Folder
from t2tui.core.payload.marker import MARKER, TITLE

Claim = Callable[..., Folder]
Forget = Callable[[], None]


def put(folder: Folder, *names: str, text: bytes = b"payload") -> None:
    """Write files as PayloadFiles does."""
    folder.declare(names)
    for name in names:
        flags = 0 if folder.reuse(name) else os.O_CREAT | os.O_EXCL
        file = folder.open_file(name, os.O_WRONLY | flags)
        os.write(file, text)
        os.close(file)


def contents(path: Path) -> dict[str, bytes]:
    """Files below a folder, without markers."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and file.name != MARKER
    }


def test_a_folder_is_made_with_its_parents_for_its_owner_alone(claim: Claim, tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "payloads"
    folder = claim(path=path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert folder.path == path
    assert not folder.is_nested
    put(folder, "1_A")
    assert stat.S_IMODE((path / "1_A").stat().st_mode) == 0o600
    folder.close()


def test_files_of_an_earlier_process_are_emptied_at_once_and_gone_in_the_end(
    claim: Claim, new_process: Forget, tmp_path: Path
) -> None:
    folder = claim()
    put(folder, "1_A", "1_B", "2_A")
    folder.close()
    new_process()
    folder = claim()
    assert contents(tmp_path / "payloads") == {"1_A": b"", "1_B": b"", "2_A": b""}
    put(folder, "2_A", "7_A", text=b"new")
    folder.close()
    assert contents(tmp_path / "payloads") == {"2_A": b"new", "7_A": b"new"}


def test_files_stay_if_the_folder_is_not_to_be_emptied(
    claim: Claim, new_process: Forget, tmp_path: Path
) -> None:
    for name in ("1_A", "2_A", "3_A"):
        folder = claim(empty=False)
        put(folder, name)
        folder.close()
        new_process()
    assert set(contents(tmp_path / "payloads")) == {"1_A", "2_A", "3_A"}
    claim().close()
    assert contents(tmp_path / "payloads") == {}


def test_nothing_is_touched_in_a_folder_with_foreign_files(
    claim: Claim, new_process: Forget, tmp_path: Path
) -> None:
    folder = claim()
    put(folder, "1_A")
    folder.close()
    (tmp_path / "payloads" / "notes.txt").write_text("mine")
    new_process()
    for empty in (True, False):
        with pytest.raises(
            OutputError, match=re.escape("(notes.txt); move them away, choose another")
        ) as error:
            claim(empty=empty)
        assert "PLDUMP_FOLDER=DIR" in str(error.value)
        assert "PLDUMP_FOREIGN=1" in str(error.value)
    assert contents(tmp_path / "payloads") == {"1_A": b"payload", "notes.txt": b"mine"}


def test_a_folder_that_was_never_used_is_not_marked_when_it_is_refused(claim: Claim, tmp_path: Path) -> None:
    path = tmp_path / "payloads"
    path.mkdir(mode=0o755)
    for number in range(9):
        (path / f"{number}_A").write_text("from elsewhere")
    with pytest.raises(OutputError, match=re.escape("(0_A, 1_A, 2_A, ...)")):
        claim()
    assert not (path / MARKER).exists()
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert len(contents(path)) == 9


def test_foreign_files_stay_where_that_is_allowed(claim: Claim, new_process: Forget, tmp_path: Path) -> None:
    path = tmp_path / "payloads"
    path.mkdir(mode=0o755)
    (path / "1_A").write_text("from elsewhere")
    folder = claim(shared=True)
    assert folder.is_foreign("1_A")
    assert not folder.is_foreign("1_B")
    put(folder, "1_B")
    folder.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    new_process()
    claim(shared=True).close()
    assert contents(path) == {"1_A": b"from elsewhere"}


def test_an_empty_folder_of_the_user_is_taken_over(claim: Claim, tmp_path: Path) -> None:
    (tmp_path / "payloads").mkdir(mode=0o755)
    claim().close()
    assert stat.S_IMODE((tmp_path / "payloads").stat().st_mode) == 0o700


def test_a_symbolic_link_is_refused(claim: Claim, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "payloads").symlink_to("elsewhere")
    with pytest.raises(OutputError, match="it is a symbolic link; set PLDUMP_FOLDER to the folder"):
        claim()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_to_nothing_is_refused_and_nothing_made(claim: Claim, tmp_path: Path) -> None:
    (tmp_path / "payloads").symlink_to("nothing")
    with pytest.raises(OutputError, match="symbolic link"):
        claim()
    assert not (tmp_path / "nothing").exists()


def test_a_file_in_place_of_the_folder_is_refused(claim: Claim, tmp_path: Path) -> None:
    (tmp_path / "payloads").write_text("a file")
    with pytest.raises(OutputError, match="choose another folder with PLDUMP_FOLDER"):
        claim()
    assert (tmp_path / "payloads").read_text() == "a file"


def test_a_folder_of_another_user_is_refused(
    claim: Claim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "payloads").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(OutputError, match=f"belongs to another user \\(number {os.getuid()}\\)"):
        claim()


def test_a_marker_that_was_not_made_here_is_refused(claim: Claim, tmp_path: Path) -> None:
    path = tmp_path / "payloads"
    path.mkdir()
    (path / "precious").write_text("mine")
    for text in (b"", b"precious\n", TITLE + b"../payloads/precious\n", TITLE + b"..\n", TITLE + b"\n"):
        (path / MARKER).write_bytes(text)
        with pytest.raises(OutputError, match="was not made by this program"):
            claim()
    (path / MARKER).unlink()
    (path / MARKER).symlink_to("precious")
    with pytest.raises(OutputError):
        claim()
    assert (path / "precious").read_text() == "mine"


def test_a_folder_in_use_is_refused_until_its_run_ends(
    claim: Claim, new_process: Forget, tmp_path: Path
) -> None:
    folder = claim()
    put(folder, "1_A")
    new_process()
    with pytest.raises(OutputError, match="another run is writing there"):
        claim()
    assert contents(tmp_path / "payloads") == {"1_A": b"payload"}
    folder.close()
    claim().close()


def test_a_killed_run_leaves_no_foreign_files(claim: Claim, new_process: Forget, tmp_path: Path) -> None:
    folder = claim()
    put(folder, "1_A", "1_B")
    folder.declare(["2_A"])  # and killed before it made the file
    folder.close()
    with (tmp_path / "payloads" / MARKER).open("ab") as marker:
        marker.write(b"3_")
    new_process()
    folder = claim()
    put(folder, "3_A")
    folder.close()
    assert set(contents(tmp_path / "payloads")) == {"3_A"}
    assert (tmp_path / "payloads" / MARKER).read_bytes().split(b"\n")[1:] == [b"1_A", b"1_B", b"3_A", b""]
    new_process()
    claim().close()
    assert (tmp_path / "payloads" / MARKER).read_bytes() == TITLE + b"3_A\n"


def test_a_file_with_a_second_name_keeps_its_contents_there(
    claim: Claim, new_process: Forget, tmp_path: Path
) -> None:
    folder = claim()
    put(folder, "1_A")
    folder.close()
    (tmp_path / "saved").hardlink_to(tmp_path / "payloads" / "1_A")
    new_process()
    folder = claim()
    put(folder, "1_A", text=b"new")
    folder.close()
    assert (tmp_path / "saved").read_bytes() == b"payload"
    assert contents(tmp_path / "payloads") == {"1_A": b"new"}


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_took_the_place_of_a_file_is_foreign(
    claim: Claim, new_process: Forget, tmp_path: Path, kind: str
) -> None:
    folder = claim()
    put(folder, "1_A")
    folder.close()
    place = tmp_path / "payloads" / "1_A"
    place.unlink()
    (tmp_path / "target").write_text("mine")
    {
        "link": lambda: place.symlink_to(tmp_path / "target"),
        "folder": place.mkdir,
        "pipe": lambda: os.mkfifo(place),
    }[kind]()
    new_process()
    with pytest.raises(OutputError, match=r"did not write \(1_A\)"):
        claim()
    assert (tmp_path / "target").read_text() == "mine"
    assert os.path.lexists(place)


def test_later_runs_of_a_process_get_folders_of_their_own(claim: Claim, tmp_path: Path) -> None:
    for run in ("a", "b", "c", "b"):
        folder = claim(run)
        put(folder, "1_A", text=run.encode())
        assert folder.is_nested == (run != "a")
        folder.close()
    assert contents(tmp_path / "payloads") == {
        "1_A": b"a",
        "b_payloads/1_A": b"b",
        "c_payloads/1_A": b"c",
        "b_payloads-2/1_A": b"b",
    }


def test_the_next_process_removes_folders_of_runs(claim: Claim, new_process: Forget, tmp_path: Path) -> None:
    for run in ("a", "b", "c"):
        folder = claim(run)
        put(folder, "1_A")
        folder.close()
    new_process()
    folder = claim()
    put(folder, "2_A")
    folder.close()
    assert sorted(path.name for path in (tmp_path / "payloads").iterdir()) == [MARKER, "2_A"]


def test_a_foreign_file_in_the_folder_of_a_run_is_seen_and_stays(
    claim: Claim, new_process: Forget, tmp_path: Path
) -> None:
    for run in ("a", "b"):
        folder = claim(run)
        put(folder, "1_A")
        folder.close()
    (tmp_path / "payloads" / "b_payloads" / "notes").write_text("mine")
    new_process()
    with pytest.raises(OutputError, match="b_payloads/notes"):
        claim()
    claim(shared=True).close()
    assert contents(tmp_path / "payloads") == {"b_payloads/notes": b"mine"}


def test_a_folder_that_was_removed_is_new_again(claim: Claim, tmp_path: Path) -> None:
    claim("a").close()
    (tmp_path / "payloads" / MARKER).unlink()
    (tmp_path / "payloads").rmdir()
    folder = claim("b")
    assert not folder.is_nested
    folder.close()


def test_no_name_leads_out_of_the_folder(claim: Claim, tmp_path: Path) -> None:
    folder = claim()
    (tmp_path / "outside").write_text("mine")
    (tmp_path / "payloads" / "link").symlink_to(tmp_path / "outside")
    for name in ("../outside", "/tmp/outside", "link"):
        with pytest.raises(OSError):
            folder.open_file(name, os.O_WRONLY | os.O_TRUNC)
    folder.close()
    assert (tmp_path / "outside").read_text() == "mine"


def test_a_refused_folder_leaves_nothing_open(claim: Claim, tmp_path: Path) -> None:
    (tmp_path / "payloads").mkdir()
    (tmp_path / "payloads" / "notes").write_text("mine")
    before = sorted(Path("/dev/fd").iterdir())
    with pytest.raises(OutputError):
        claim()
    assert sorted(Path("/dev/fd").iterdir()) == before


def test_a_path_that_the_system_does_not_accept_is_an_error(claim: Claim, tmp_path: Path) -> None:
    for name in ("a\0b", "x" * 5000):
        with pytest.raises(OutputError):
            claim(path=tmp_path / name)
