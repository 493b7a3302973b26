"""Wait for what a screen does in other threads."""

import time
from collections.abc import Callable

from textual.pilot import Pilot

from t2tui.tui.app import FlowApp

PATIENCE = 60


async def wait_for(pilot: Pilot[int], test: Callable[[], object], what: str = "") -> None:
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE
    while not test():
        assert time.monotonic() < until, f"this never came: {what or test}"
        await pilot.pause(0.02)
    await pilot.pause()


async def wait_for_end(pilot: Pilot[int], app: FlowApp) -> None:
    """Wait until the capture is read and its flows are shown."""
    main = app.main
    await wait_for(pilot, lambda: main.now.has_ended, "the end of the capture")
    await wait_for(
        pilot,
        lambda: main.table.arranged is not None and len(main.table.arranged.table) == main.now.rows,
        "all rows",
    )
