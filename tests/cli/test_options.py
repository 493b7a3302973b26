import string
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.cli.options import MULTIPLES, SplitType


def split(text: str) -> tuple[str, int, bool, int]:
    return SplitType().convert(text, None, None)


prefixes = st.text(alphabet=string.ascii_letters + "/._-", min_size=1)


@given(
    prefixes, st.integers(1, 10**9), st.sampled_from(sorted(MULTIPLES)), st.booleans(), st.integers(0, 999)
)
def test_all_parts_of_a_split_are_understood(
    prefix: str, number: int, multiple: str, flows: bool, start: int
) -> None:
    text = f"{prefix}:{number}{multiple}{'f' if flows else ''},{start}"
    assert split(text) == (prefix, number * MULTIPLES[multiple], flows, start)


@given(prefixes)
def test_a_prefix_alone_splits_at_500_million_bytes_from_0(prefix: str) -> None:
    assert split(prefix) == (prefix, 500_000_000, False, 0)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("out,7", ("out", 500_000_000, False, 7)),
        ("out:1.5E9,10", ("out", 1_500_000_000, False, 10)),
        ("a:b", ("a:b", 500_000_000, False, 0)),
        ("a:b:5K", ("a:b", 5000, False, 0)),
        ("out:100f", ("out", 100, True, 0)),
    ],
)
def test_parts_of_a_split_may_be_left_out(text: str, parts: tuple[str, int, bool, int]) -> None:
    assert split(text) == parts


@pytest.mark.parametrize("text", ["", "out:0", "out:0.5"])
def test_a_split_that_never_fills_a_file_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        split(text)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("plugin info basic", ["basicFlow", "basicStats"]),
        ("conf tcpWin", ["tcpWin", "tcpWinSink"]),
        ("run -p basicFlow,tcpW", ["basicFlow,tcpWin", "basicFlow,tcpWinSink"]),
        ("run --plugin-dir own -p min", ["mine"]),
        ("plugin enable txtSink min", []),
    ],
)
def test_shells_complete_names_of_plugins(
    t2tui: Callable[..., CompletedProcess[str]], tmp_path: Path, words: str, offered: list[str]
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "200_mine.py").touch()
    line = f"t2tui {words}"
    script = {"_T2TUI_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    result = t2tui(env=script)
    assert result.stdout.split() == [f"plain,{name}" for name in offered]
