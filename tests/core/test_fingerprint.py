"""What a kernel outside of the package consists of: any change that could change its machine code shows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from t2tui.core.fingerprint import fingerprint
from t2tui.core.memory import be16

SOURCE = """
import numpy as np
from t2tui.core.jit import inlined, kernel
from t2tui.core.memory import be16
import other

LIMIT = 5
TABLE = (1, 2, 3)
WORDS = np.array([1, 2], np.uint16)
KINDS = {"a", "b", "c"}

@inlined
def part(x):
    return x * 2

def made(step):
    def loop(data):
        total = 0
        for i in range(LIMIT):
            total += part(i) + TABLE[0] + WORDS[0] + step + other.FAR + other.inner(i)
        return total in {"a", "b", "c"} or be16(data, 0)
    return loop

function = made(3)
"""

OTHER = """
FAR = 7
UNUSED = 1

def inner(x):
    return x + 1
"""


def made(source: str, other: str, monkeypatch: pytest.MonkeyPatch) -> str:
    module = type(os)("other")
    exec(compile(other, "/somewhere/other.py", "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "other", module)
    names = {"__name__": "mine"}
    exec(compile(source, "/somewhere/mine.py", "exec"), names)
    return fingerprint(names["function"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("LIMIT = 5", "LIMIT = 6"),
        ("(1, 2, 3)", "(1, 2, 4)"),
        ("np.array([1, 2]", "np.array([2, 2]"),
        ("np.uint16", "np.int16"),
        ("x * 2", "x * 3"),
        ("made(3)", "made(4)"),
        ("total = 0", "total = 1"),
        ("be16(data, 0)", "len(data)"),
        ("FAR = 7", "FAR = 8"),
        ("x + 1", "x - 1"),
    ],
)
def test_a_change_of_code_or_of_what_it_reads_shows(
    monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    known = made(SOURCE, OTHER, monkeypatch)
    assert before in SOURCE + OTHER
    assert made(SOURCE.replace(before, after), OTHER.replace(before, after), monkeypatch) != known


@pytest.mark.parametrize(
    ("before", "after"), [("UNUSED = 1", "UNUSED = 2"), ("LIMIT = 5", "LIMIT = 5  # packets")]
)
def test_what_it_does_not_read_does_not_count(
    monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    known = made(SOURCE, OTHER, monkeypatch)
    assert made(SOURCE.replace(before, after), OTHER.replace(before, after), monkeypatch) == known


def test_it_is_the_same_in_every_process() -> None:
    code = (
        "import sys\n"
        f"module = type(sys)('other'); exec(compile({OTHER!r}, '/other.py', 'exec'), module.__dict__)\n"
        "sys.modules['other'] = module\n"
        f"names = {{'__name__': 'mine'}}; exec(compile({SOURCE!r}, '/mine.py', 'exec'), names)\n"
        "from t2tui.core.fingerprint import fingerprint; print(fingerprint(names['function']))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(seen) == 1
    assert len(seen.pop().strip()) == 16


def test_functions_may_call_themselves_and_each_other() -> None:
    def first(x):
        return second(x)

    def second(x):
        return first(x) + be16(x, 0)

    assert fingerprint(first) != fingerprint(second)


def test_functions_of_numba_and_of_the_package_count_with_their_code() -> None:
    numba = pytest.importorskip("numba")

    def one(x):
        return wrapped(x)

    wrapped = numba.njit(lambda x: x + 1)
    before = fingerprint(one)
    wrapped = numba.njit(lambda x: x + 2)
    assert fingerprint(one) != before
