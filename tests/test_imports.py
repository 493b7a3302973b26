"""What starts fast must not import what is slow: looked up in fresh interpreters."""

import json
import subprocess
import sys

import pytest


def modules_after(statement: str) -> set[str]:
    """Top-level names in sys.modules of a fresh interpreter after a statement."""
    code = f"""
import json, sys
{statement}
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(result.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "words", [["--help"], ["-h"], ["--version"], ["run", "--help"], ["serve", "--help"], ["nonsense"]]
)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    modules = modules_after(f"from t2tui.cli import main\nmain({words!r})")
    assert "click" in modules
    assert not modules & {"numba", "numpy", "llvmlite", "textual", "dpkt"}
