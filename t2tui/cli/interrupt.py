"""SIGINT and SIGTERM: the first ends a run in order, the second at once."""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Self

from t2tui.cli.exits import INTERRUPTED, TERMINATED
from t2tui.cli.progress import Line
from t2tui.cli.terminal import say
from t2tui.core.monitoring import Monitor

MONITORING = (signal.SIGUSR1, signal.SIGUSR2)
"""Signals for monitoring output: once, and regularly (again: no more)."""

CODES = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED}


class Interrupt:
    """Context in which signals cancel what `watch` was told last.

    Attributes:
        code: exit code of the first signal; 0 as long as there was none.
    """

    def __init__(self, line: Line, outcome: str = "flows read so far are written") -> None:
        """Start without a signal.

        Args:
            line: the progress line, cleared before a word is said.
            outcome: what becomes of what was read until the first signal.
        """
        self._outcome = outcome
        self.code = 0
        self._line = line
        self._cancel: Callable[[], None] | None = None
        self._monitor: Monitor | None = None
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._arrived) for number in CODES}
        self._before |= {number: signal.signal(number, self._asked) for number in MONITORING}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def watch(self, cancel: Callable[[], None] | None, monitor: Monitor | None = None) -> None:
        """Set what the first signal calls; without, it raises KeyboardInterrupt as the second one does.

        Args:
            cancel: ends the run.
            monitor: gets the signals for monitoring output.
        """
        self._cancel = cancel
        self._monitor = monitor

    def _asked(self, number: int, frame: FrameType | None) -> None:
        if self._monitor is not None:
            (self._monitor.request if number == signal.SIGUSR1 else self._monitor.toggle)()

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        first = not self.code
        self.code = self.code or CODES[signal.Signals(number)]
        if not first or self._cancel is None:
            raise KeyboardInterrupt
        self._cancel()
        self._line.clear()
        say("WRN", f"Interrupted: {self._outcome}; once more stops at once")
