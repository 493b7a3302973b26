"""Plugins that the program begins: they work, and their tests pass."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.cli.conftest import env
from tests.cli.test_activation import listed
from tests.cli.test_run import rows
from tests.conftest import ENVIRONMENT
from tests.core.captures import EXERCISE

Program = Callable[..., CompletedProcess[str]]


def pytest_of(path: Path) -> CompletedProcess[str]:
    """Run a test file as its author does."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", path.name],
        cwd=path.parent,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize(
    ("name", "options", "number", "passed"),
    [
        ("quicTimes", [], 501, 3),
        ("mySkeletonX", ["--kernel", "-n", "7"], 7, 3),
        ("flow", ["--sink"], 970, 1),
    ],
)
def test_a_new_plugin_works_and_its_test_passes(
    t2tui: Program, capture: Path, tmp_path: Path, name: str, options: list[str], number: int, passed: int
) -> None:
    made = t2tui("plugin", "new", name, *options, "--dir", "own")
    assert (made.returncode, made.stderr) == (0, "")
    plugin, test, *_ = made.stdout.splitlines()
    assert [plugin, test] == [f"own/{number:03}_{name}.py", f"own/test_{name}.py"]
    assert sorted(path.name for path in (tmp_path / "own").iterdir()) == [
        f"{number:03}_{name}.py",
        f"test_{name}.py",
    ]
    result = t2tui("run", capture, "-s", "-p", f"basicFlow,{name},txtSink", "--plugin-dir", "own")
    assert (result.returncode, result.stderr) == (0, "")
    assert f"\n{name}: Number of " in result.stdout
    if "--sink" in options:
        lines = (tmp_path / f"three_{name}.txt").read_text().splitlines()
        assert [json.loads(line)["srcPort"] for line in lines] == [1000, 2000]
    else:
        assert [flow[f"{name}Pkts"] for flow in rows(tmp_path / "three_flows.txt")] == ["2", "1"]
        assert [packet[f"{name}Pkts"] for packet in rows(tmp_path / "three_packets.txt")] == ["1", "2", "1"]
    tested = pytest_of(tmp_path / test)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert f"{passed} passed" in tested.stdout
    assert "keleton" not in (tmp_path / plugin).read_text().replace("mySkeletonX", "").replace(
        "MySkeletonX", ""
    )


def test_both_styles_count_the_same(t2tui: Program, tmp_path: Path) -> None:
    t2tui("plugin", "new", "one", "--dir", "own")
    t2tui("plugin", "new", "two", "--dir", "own", "--kernel")
    result = t2tui(
        "run", EXERCISE, "-s", "-q", "-p", "basicFlow,one,two,txtSink", "-w", "out", "--plugin-dir", "own"
    )
    assert (result.returncode, result.stderr) == (0, "")
    for file in ("flows", "packets"):
        table = rows(tmp_path / f"out_{file}.txt")
        assert len({row["onePkts"] for row in table}) > 10
        for name in ("Pkts", "Stat") if file == "flows" else ("Pkts",):
            assert [row[f"one{name}"] for row in table] == [row[f"two{name}"] for row in table]


def test_the_users_folder_is_the_default_and_numbers_are_free(
    t2tui: Program,
    home: Path,
    capture: Path,
) -> None:
    assert t2tui("plugin", "new", "one", **env(home)).returncode == 0
    made = t2tui("plugin", "new", "two", **env(home))
    assert made.stdout.splitlines()[0] == str(home / "plugins" / "502_two.py")
    assert "--plugin-dir" not in made.stdout
    assert t2tui("plugin", "enable", "one", "two", **env(home)).stderr == ""
    table = listed(t2tui("plugin", "list", **env(home)))
    assert [table[name][:4] for name in ("one", "two")] == [
        ["501", "one", "0.1.0", "yes"],
        ["502", "two", "0.1.0", "yes"],
    ]
    explained = t2tui("plugin", "info", "one", **env(home)).stdout
    for text in ("ONE_LARGE  1000", "onePkts  U32  packets", "0x01  ONE_LARGE  a packet had a large payload"):
        assert text in explained


def test_filters_know_the_columns_of_plugins(t2tui: Program, home: Path, capture: Path) -> None:
    t2tui("plugin", "new", "mine", **env(home))
    t2tui("run", capture, "-q", "-p", "basicFlow,mine,txtSink", **env(home))
    flows = capture.parent / "three_flows.txt"
    result = t2tui("filter", "", flows, "-l", **env(home))
    assert (result.returncode, result.stderr) == (0, "")
    described = {line.split()[1]: line.split()[2:4] for line in result.stdout.splitlines()}
    assert described["minePkts"] == ["U32", "packets"]
    assert described["mineStat"] == ["H8"]
    result = t2tui("filter", "$minePkts > 1", flows, "--cols", "srcPort", **env(home))
    assert result.stdout == "%srcPort\n1000\n"
    words = ["filter", "$minePkts > 1", capture, "-p", "basicFlow,mine", "--cols", "srcPort"]
    result = t2tui(*words, "--plugin-dir", home / "plugins")
    assert result.stdout == "%srcPort\n1000\n"


def test_nothing_is_overwritten(t2tui: Program, tmp_path: Path) -> None:
    for existing in ("501_mine.py", "test_mine.py"):
        folder = tmp_path / existing.partition(".")[0]
        folder.mkdir()
        (folder / existing).symlink_to("elsewhere")
        result = t2tui("plugin", "new", "mine", "--dir", folder)
        assert result.returncode == 1
        assert result.stderr == f"[ERR] new: {folder / existing}: there is such a file already\n"
        assert [path.name for path in folder.iterdir()] == [existing]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Mine"], "'Mine' cannot be the name of a plugin: a small letter, then letters"),
        (["a" * 32], "at most 31 characters"),
        (["../mine"], "cannot be the name"),
        (["core"], "no plugin can have the name 'core'"),
        (["basicFlow"], "there is a plugin 'basicFlow' (built-in)"),
        (["mine", "-n", "1000"], "1000 is not in the range"),
        (["mine", "--sink", "--kernel"], "not both"),
    ],
)
def test_what_cannot_be_a_plugin_is_refused(
    t2tui: Program,
    home: Path,
    words: list[str],
    message: str,
) -> None:
    result = t2tui("plugin", "new", *words, **env(home))
    assert result.returncode == 2
    assert message in result.stderr
    assert list((home / "plugins").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(t2tui: Program) -> None:
    result = t2tui("plugin", "new", "mine", env={"XDG_CONFIG_HOME": os.devnull})
    assert result.returncode == 1
    place = "/dev/null/t2tui/plugins/501_mine.py"
    assert (
        result.stderr
        == f"[ERR] new: cannot write '{place}': Not a directory; choose another place with --dir\n"
    )
