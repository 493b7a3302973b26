"""Captures whose every length lies: no load or store leaves its array, nothing runs without end.

The arrays end at pages without access, in processes of their own (guarded.py).
"""

import os
import signal
import subprocess
import sys

import pytest

from tests.core.captures import REPOSITORY

SECONDS = 240


def run(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "tests.core.dissect.guarded", *words]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=REPOSITORY, timeout=SECONDS, check=False
    )


def test_the_guard_ends_a_process_that_reads_one_byte_too_many() -> None:
    assert run("beyond", "0", "1").returncode == -signal.SIGSEGV
    assert run("beyond", "0", "0").returncode == 0


@pytest.mark.parametrize(
    ("what", "rounds", "done"), [("dissection", 6000, 6000), ("circles", 120, 120), ("engine", 10, 20000)]
)
def test_hostile_lengths(what: str, rounds: int, done: int) -> None:
    finished = run(what, "20261120", str(rounds))
    assert (finished.returncode, finished.stdout) == (0, f"{done}\n"), finished.stderr
