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

ENVIRONMENT = {
    **{
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "CLICOLOR_FORCE", "T2TUI_DEBUG")
    },
    "PYTHONPATH": str(REPOSITORY),
    "XDG_CONFIG_HOME": os.devnull,
}
"""Environment of programs that tests start: this package, nobody's settings."""


@pytest.fixture
def t2tui(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the program as users do, in an empty folder, without terminal."""

    def run(*words: str | Path, **more: object) -> subprocess.CompletedProcess[str]:
        settings = {
            "cwd": tmp_path,
            "stdin": subprocess.DEVNULL,
            "timeout": 300,
            "check": False,
            "env": {},
            **more,
        }
        settings["env"] = {**ENVIRONMENT, **settings["env"]}  # type: ignore[dict-item]
        for stream in ("stdout", "stderr"):
            settings.setdefault(stream, subprocess.PIPE)
        if "input" in settings:
            del settings["stdin"]
        command = [sys.executable, "-m", "t2tui", *map(str, words)]
        settings.setdefault("text", True)
        return subprocess.run(command, **settings)  # type: ignore[call-overload,no-any-return]

    return run
