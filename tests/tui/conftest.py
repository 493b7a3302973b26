"""Openings of captures for sessions and screens."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from t2tui import plugins
from t2tui.api import DEFAULT_PLUGINS
from t2tui.cli.kernels import compile_kernels
from t2tui.core.settings import load_settings
from t2tui.tui.opening import Opening
from tests.conftest import REPOSITORY

EXERCISE = REPOSITORY / "sample_data" / "exercise.pcap.gz"


@pytest.fixture(scope="session", autouse=True)
def _compiled() -> None:
    """No screen that is tested has to compile."""
    compile_kernels()


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing moves by itself, and nothing is remembered in the user's folders."""
    monkeypatch.setenv("T2TUI_STATE", str(tmp_path_factory.mktemp("state")))
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.delenv("NO_COLOR", raising=False)
    yield


def opening_of(*sources: str | Path, names: tuple[str, ...] = DEFAULT_PLUGINS, **more: Any) -> Opening:
    """Open captures with the standard plugins."""
    settings = load_settings({name: plugins.find(name).flags for name in names}, None, [], {})
    return Opening([str(source) for source in sources], names, settings, **more)


@pytest.fixture
def exercise() -> Opening:
    """The exercise capture: 72 flows."""
    return opening_of(EXERCISE)


@pytest.fixture
def opened() -> Callable[..., Opening]:
    """Make openings."""
    return opening_of
