"""Makes the screenshots of README.md and docs/tui.md from the sample capture.

python docs/screenshots/make.py [NAME...]
"""

import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from t2tui import plugins
from t2tui.api import DEFAULT_PLUGINS
from t2tui.core.settings import load_settings
from t2tui.tui.app import FlowApp
from t2tui.tui.memory import Memory
from t2tui.tui.opening import Opening

HERE = Path(__file__).resolve().parent
CAPTURE = HERE.parent.parent / "sample_data" / "exercise.pcap.gz"
PATIENCE = 60
FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""Textual's fonts come from elsewhere; the reader's own will do."""


@dataclass(frozen=True)
class Shot:
    """A screenshot.

    Attributes:
        size: columns and lines.
        theme: of textual.
        keys: pressed before it is taken.
    """

    size: tuple[int, int]
    theme: str
    keys: tuple[str, ...]


SHOTS = {
    "flows": Shot((150, 40), "textual-dark", ("ctrl+g", "3", "6", "enter", "right", "right")),
    "follow": Shot((110, 32), "textual-dark", ("ctrl+g", "3", "5", "enter", "f", "/", *"RETR", "enter")),
    "packets": Shot((150, 40), "textual-light", ("2", "j", "j", "j", "tab", *"jjj", "right", "j", "j")),
    "statistics": Shot((110, 32), "textual-dark", ("3",)),
    "wrong": Shot((80, 24), "textual-dark", ("4", "down")),
    "plugins": Shot((110, 32), "textual-light", ("6",)),
}


async def until(pilot: Pilot[int], test: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not test():
        if time.monotonic() > end:
            raise TimeoutError("the screen never got there")
        await pilot.pause(0.05)


async def take(name: str, shot: Shot, folder: Path) -> str:
    """Return a screenshot as SVG."""
    settings = load_settings({each: plugins.find(each).flags for each in DEFAULT_PLUGINS}, None, [], {})
    app = FlowApp(Opening([str(CAPTURE)], DEFAULT_PLUGINS, settings), memory=Memory(folder / name))
    async with app.run_test(size=shot.size) as pilot:
        app.theme = shot.theme
        await until(pilot, lambda: app.main.now.has_ended and app.main.table.arranged is not None)
        await until(pilot, lambda: len(app.main.table.arranged or ()) == app.main.now.rows)
        for key in shot.keys:
            await pilot.press(key)
            await pilot.pause(0.2)
        await pilot.pause(1.0)
        return FONT.sub("", app.export_screenshot(title=f"t2tui {CAPTURE.name}"))


def main(names: list[str]) -> None:
    """Make screenshots, all without names."""
    with tempfile.TemporaryDirectory() as folder:
        for name in names or SHOTS:
            svg = asyncio.run(take(name, SHOTS[name], Path(folder)))
            (HERE / f"{name}.svg").write_text(svg)


if __name__ == "__main__":
    main(sys.argv[1:])
