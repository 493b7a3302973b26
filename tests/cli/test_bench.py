from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.cli.conftest import pcap

Program = Callable[..., CompletedProcess[str]]


def test_every_stage_has_a_time_and_nothing_is_left_behind(t2tui: Program, capture: Path) -> None:
    result = t2tui("bench", "-s", "--rounds", "2", capture)
    assert result.returncode == 0, result.stderr
    table, _, speed = result.stdout.partition("\n\n")
    stages = [line.split("  ")[0] for line in table.splitlines()]
    assert stages[0] == "stage"
    assert {"read", "dissect", "flows", "txtSink, text", "packet file, text", "rest", "all"} <= set(stages)
    assert speed.startswith("3 packets in ")
    assert [path.name for path in capture.parent.iterdir()] == ["three.pcap"]


def test_plugins_of_users_are_timed_too(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    t2tui("plugin", "new", "mine", "--dir", "own")
    result = t2tui("bench", "--rounds", "1", "-p", "basicFlow,mine", "--plugin-dir", "own", capture)
    assert result.returncode == 0, result.stderr
    assert {"mine, packets", "mine, released"} <= {line.split("  ")[0] for line in result.stdout.splitlines()}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["no.pcap"], 1, "no.pcap"),
        (["empty.pcap"], 1, "no packets"),
        (["-"], 2, "Standard input"),
        (["empty.pcap", "-p", "nothing"], 2, "nothing"),
        (["empty.pcap", "--rounds", "0"], 2, "--rounds"),
    ],
)
def test_what_cannot_be_timed_is_said(
    t2tui: Program, tmp_path: Path, words: list[str], code: int, told: str
) -> None:
    (tmp_path / "empty.pcap").write_bytes(pcap([]))
    result = t2tui("bench", *words)
    assert result.returncode == code
    assert told in result.stderr
    assert "Traceback" not in result.stderr
