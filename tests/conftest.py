"""Fixtures that all tests share."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("t2tui", deadline=None, derandomize=True)
hypothesis.settings.load_profile("t2tui")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture
def t2tui(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the program as users do, in an empty folder, without terminal."""

    def run(*words: str | Path, **more: object) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), **more.pop("env", {})}  # type: ignore[dict-item]
        command = [sys.executable, "-m", "t2tui", *map(str, words)]
        settings = {"cwd": tmp_path, "stdin": subprocess.DEVNULL, "timeout": 300, "check": False, **more}
        return subprocess.run(command, capture_output=True, text=True, env=environment, **settings)  # type: ignore[call-overload]

    return run
