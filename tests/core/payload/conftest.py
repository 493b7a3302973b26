"""Folders of payload files as processes find them one after the other."""

from collections.abc import Callable
from pathlib import Path

import pytest

from t2tui.core.payload import folder as folder_module
from t2tui.core.payload.folder import Folder


@pytest.fixture
def new_process(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the next run be the first of its process."""

    def forget() -> None:
        monkeypatch.setattr(folder_module, "_claimed", {})

    forget()
    return forget


@pytest.fixture
def claim(tmp_path: Path, new_process: Callable[[], None]) -> Callable[..., Folder]:
    """Take over the folder ``payloads``."""

    def claim(run: str = "capture", *, empty: bool = True, shared: bool = False, **more: Path) -> Folder:
        return Folder.claim(more.get("path", tmp_path / "payloads"), run, empty=empty, shared=shared)

    return claim
