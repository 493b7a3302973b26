"""Labels from outside: options, settings, files that cannot be used."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Program = Callable[..., CompletedProcess[str]]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.txt"
    path.write_text("0.0.0.0/0\tme\tMy net\n")
    return path


def codes(text: str) -> set[str]:
    header, *lines = text.splitlines()
    place = header.split("\t").index("srcIPCC")
    return {line.split("\t")[place] for line in lines}


@pytest.mark.parametrize(
    "words",
    [
        ["--labels", "own.txt"],
        ["-D", "core.LABEL_FILE=own.txt"],
        ["--config", "my.toml"],
        ["--config", "my.toml", "-D", "core.LABEL_FILE=none.txt", "--labels", "own.txt"],
    ],
)
def test_text_file_is_named_by_option_or_setting(
    t2tui: Program, capture: Path, own: Path, words: list[str]
) -> None:
    (own.parent / "my.toml").write_text('[core]\nLABEL_FILE = "own.txt"\n')
    result = t2tui("run", capture.name, "-w", "-", *words)
    assert result.returncode == 0, result.stderr
    assert codes(result.stdout) == {"me"}
    log = (capture.parent / "three_log.txt").read_text()
    assert "[INF] Labels of 'own.txt': 1 ranges\n" in log


@pytest.mark.parametrize("option", ["--labels", "--country-db", "--org-db"])
def test_missing_file_ends_the_run_before_it_begins(
    t2tui: Program, capture: Path, tmp_path: Path, option: str
) -> None:
    if option != "--labels":
        pytest.importorskip("maxminddb", reason="the package maxminddb (extra geo) is not here")
    result = t2tui("run", capture, option, "none.x")
    assert result.returncode == 1
    assert "none.x': cannot be read: No such file or directory" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"three.pcap"}


def test_label_file_is_not_overwritten(t2tui: Program, capture: Path, own: Path) -> None:
    target = own.rename(own.with_name("x_flows.txt"))
    result = t2tui("run", capture, "-w", "x", "--labels", target)
    assert result.returncode == 1
    assert "it is an input of this run" in result.stderr
    assert target.read_text() == "0.0.0.0/0\tme\tMy net\n"


def test_other_commands_take_labels_and_name_what_is_wrong(t2tui: Program, capture: Path, own: Path) -> None:
    condition = '$srcIPCC == "me"'
    result = t2tui("filter", condition, capture, "-D", f"core.LABEL_FILE={own}", "--count")
    assert (result.returncode, result.stdout) == (0, "2\n"), result.stderr
    own.write_text("nonsense\n")
    for setting, text in ((f"core.LABEL_FILE={own}", "own.txt', line 1: "), ("core.NONE=1", "unknown flag")):
        result = t2tui("filter", condition, capture, "-D", setting)
        assert result.returncode == 2
        assert text in result.stderr
        assert "bug" not in result.stderr
