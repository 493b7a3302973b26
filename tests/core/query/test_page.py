"""docs/filter.md tells the truth: expressions compile, functions are there, commands print what it shows."""

import doctest
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from t2tui.core.columns import all_columns
from t2tui.core.query import compile_filter, functions
from tests.core.captures import EXERCISE, REPOSITORY

PAGE = (REPOSITORY / "docs" / "filter.md").read_text()
EXPRESSIONS = [
    line
    for block in re.findall(r"^```filter\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
COLUMNS = list({column.name: column for column in reversed(all_columns())}.values())


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions_compile(text: str) -> None:
    assert compile_filter(text, COLUMNS).columns


def test_functions_are_described() -> None:
    described = dict(re.findall(r"^\| `(\w+\([^`]*)` \| (.*) \|$", PAGE, re.MULTILINE))
    assert described == {each.signature: each.summary.replace("|", "\\|") for each in functions().values()}


def test_there_are_blocks_of_known_kinds_only() -> None:
    assert set(re.findall(r"^```(\w*)$", PAGE, re.MULTILINE)) == {"filter", "console", "python", ""}


def test_commands(t2tui: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    t2tui("run", EXERCISE, "-w", tmp_path / "out", "--quiet")
    (block,) = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for part in block.split("$ t2tui ")[1:]:
        command, _, wanted = part.partition("\n")
        assert t2tui(*shlex.split(command)).stdout == wanted


def test_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    names: dict[str, Any] = {}
    for session in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        test = doctest.DocTestParser().get_doctest(session, names, "filter.md", "filter.md", 0)
        complaints: list[str] = []
        doctest.DocTestRunner().run(test, out=complaints.append, clear_globs=False)
        assert complaints == [], "".join(complaints)
        names = test.globs
