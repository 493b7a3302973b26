import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import click
import pytest

from t2tui import __version__
from t2tui.cli.app import REFERENCE_WORDS, SUMMARIES
from t2tui.cli.exits import INTERRUPTED, exit_code

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


@pytest.mark.parametrize("word", REFERENCE_WORDS)
def test_commands_of_tranalyzer2_lead_to_their_counterparts(t2tui: Program, word: str) -> None:
    result = t2tui(word, "x")
    assert result.returncode == 2
    assert f"Did you mean '{REFERENCE_WORDS[word]}'?" in result.stderr


def test_the_words_offered_are_subcommands() -> None:
    offered = {word for text in REFERENCE_WORDS.values() for word in re.findall(r"t2tui (\w+)", text)}
    assert offered <= set(SUMMARIES)


@pytest.mark.parametrize(
    "words", [("conf", "tranalyzer2"), ("plugin", "info", "tranalyzer2"), ("plugin", "info", "core")]
)
def test_the_engine_is_called_core(t2tui: Program, words: tuple[str, ...]) -> None:
    result = t2tui(*words)
    assert result.returncode == 2
    assert "t2tui conf core" in result.stderr


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


def test_an_interrupt_that_click_catches_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(click.Abort()) == INTERRUPTED
    assert "bug" not in capsys.readouterr().err
