import os
import subprocess
import sys
from pathlib import Path

import pytest

from t2tui.tui.memory import FOLDER, Memory, NotRememberedError


def put(name: str, value: object):
    return lambda section: section.__setitem__(name, value)


def test_what_is_remembered_is_there_in_the_next_run(tmp_path: Path) -> None:
    first = Memory(tmp_path / "a" / "b")
    assert first.load("filters") == {}
    first.change("filters", put("saved", {"web ü": "$dstPort == 80"}))
    first.change("filters", put("history", ["1", "2"]))
    first.change("captures/x", put("marks", "1-5"))
    again = Memory(tmp_path / "a" / "b")
    assert again.load("filters") == {"saved": {"web ü": "$dstPort == 80"}, "history": ["1", "2"]}
    assert again.load("captures/x") == {"marks": "1-5"}
    assert not again.warnings
    assert again.path("filters").stat().st_mode & 0o777 == 0o600


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert Memory().folder == tmp_path


@pytest.mark.parametrize("damage", [b"a = ", b"\xff\xfe", b"[a]\n[a]\n"])
def test_a_damaged_file_is_a_warning_and_nothing_of_it_is_lost(tmp_path: Path, damage: bytes) -> None:
    memory = Memory(tmp_path)
    memory.path("filters").write_bytes(damage)
    assert memory.load("filters") == {}
    memory.load("filters")
    assert len(memory.warnings) == 1
    assert "filters.toml" in memory.warnings[0]
    for number in range(2):
        memory.change("filters", put("a", number))
        assert memory.load("filters") == {"a": number}
        memory.path("filters").write_bytes(damage)
    memory.change("filters", put("a", 2))
    kept = sorted(path.read_bytes() for path in tmp_path.glob("filters.damaged*"))
    assert kept == [damage] * 3


def test_what_the_user_wrote_beside_a_value_stays(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.path("filters").write_text("# mine\na = 1 # one\n", "utf-8")
    memory.change("filters", put("b", 2))
    assert memory.path("filters").read_text("utf-8") == "# mine\na = 1 # one\nb = 2\n"


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    memory = Memory(tmp_path / "file" / "state")
    assert memory.load("filters") == {}
    with pytest.raises(NotRememberedError, match=r"filters\.toml cannot be written.*T2TUI_STATE"):
        memory.change("filters", put("a", 1))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only_is_a_clear_error(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    tmp_path.chmod(0o500)
    with pytest.raises(NotRememberedError, match="Permission denied"):
        memory.change("filters", put("a", 1))
    tmp_path.chmod(0o700)


def test_an_edit_that_fails_changes_nothing(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.change("a", put("n", 1))
    with pytest.raises(ZeroDivisionError):
        memory.change("a", lambda section: section.__setitem__("n", 1 // 0))
    assert memory.load("a") == {"n": 1}
    assert [path.name for path in tmp_path.glob("*.toml")] == ["a.toml"]


def test_two_programs_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from t2tui.tui.memory import Memory\n"
        "for n in range(25): Memory(Path(sys.argv[1])).change('a', "
        "lambda section: section.__setitem__(sys.argv[2] + str(n), n))"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name]) for name in "xy"]
    assert [process.wait() for process in running] == [0, 0]
    assert set(Memory(tmp_path).load("a")) == {f"{name}{n}" for name in "xy" for n in range(25)}


def test_only_the_latest_sections_of_a_folder_stay(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    for number in range(5):
        memory.change(f"captures/{number}", put("n", number))
        os.utime(memory.path(f"captures/{number}"), (number, number))
    memory.keep_latest("captures", 2)
    assert sorted(path.stem for path in (tmp_path / "captures").iterdir()) == ["3", "4"]
