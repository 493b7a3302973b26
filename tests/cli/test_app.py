from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from t2tui import __version__
from t2tui.cli.app import SUMMARIES

Program = Callable[..., CompletedProcess[str]]


def test_help_names_every_subcommand_with_its_own_summary(t2tui: Program) -> None:
    result = t2tui("--help")
    assert result.returncode == 0
    for name, summary in SUMMARIES.items():
        assert f"{name} " in result.stdout
        assert " ".join(summary.split()) in " ".join(result.stdout.split())


def test_short_help_is_help(t2tui: Program) -> None:
    assert t2tui("-h").stdout == t2tui("--help").stdout


def test_version(t2tui: Program) -> None:
    assert t2tui("--version").stdout == f"t2tui {__version__}\n"


@pytest.mark.parametrize(
    "words", [["rum"], ["--frob"], ["-r", "x.pcap"], ["run", "--frob"], ["plugin", "frob"]]
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(t2tui: Program, words: list[str]) -> None:
    result = t2tui(*words)
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr


def test_a_misspelt_subcommand_is_recognised(t2tui: Program) -> None:
    assert "Did you mean 'run'?" in t2tui("rum").stderr


def test_options_of_an_analysis_point_at_run(t2tui: Program) -> None:
    assert "t2tui run" in t2tui("-r", "x.pcap").stderr


@pytest.mark.parametrize("name", ["capture.pcap", "name with blanks", "-"])
def test_a_path_as_first_word_opens_it(t2tui: Program, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    result = t2tui(name)
    assert result.returncode == 2
    assert f"t2tui run {name}" in result.stderr


def test_control_characters_of_a_name_do_not_reach_the_terminal(t2tui: Program, tmp_path: Path) -> None:
    (tmp_path / "a\x1b]52;c;aGk=\x07.pcap").write_bytes(b"")
    result = t2tui("a\x1b]52;c;aGk=\x07.pcap")
    assert "\x1b" not in result.stderr
    assert "\\x1b]52" in result.stderr
