"""Processor time by stage of an analysis, of all threads."""

import threading
import time
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

REST = "rest"
"""What is spent outside of all stages: start, engine loop, report, closing of files."""


class Stopwatch:
    """Time by stage, of all threads. What a stage spends inside another one counts for the inner alone."""

    def __init__(self, clock: Callable[[], int] = time.thread_time_ns) -> None:
        """Start it.

        Args:
            clock: nanoseconds that the calling thread has worked; waiting does not count.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self.start()

    def start(self) -> None:
        """Forget everything; the time of this thread runs for ``REST``."""
        self._spent = {REST: 0}
        self._thread = threading.local()
        self.enter(REST)

    def stop(self) -> dict[str, int]:
        """Return the nanoseconds by stage, in the order in which the stages were first met."""
        self.enter(REST)
        return dict(self._spent)

    def enter(self, stage: str) -> str:
        """Let the time of this thread run for another stage; return the stage that it ran for."""
        now = self._clock()
        left, since = getattr(self._thread, "now", (REST, now))
        with self._lock:
            self._spent[left] += now - since
            self._spent.setdefault(stage, 0)
        self._thread.now = stage, now
        return left

    def watch(self, owner: type, method: str, stage: str) -> None:
        """Let time run for a stage while a method of a class runs."""
        original = getattr(owner, method)

        @wraps(original)
        def watched(*words: Any, **more: Any) -> Any:
            left = self.enter(stage)
            try:
                return original(*words, **more)
            finally:
                self.enter(left)

        setattr(owner, method, watched)


def best(rounds: Sequence[dict[str, int]]) -> dict[str, int]:
    """Return the least time of every stage: what disturbs a run only ever adds to it."""
    return {stage: min(spent[stage] for spent in rounds) for stage in rounds[0]}


def table(spent: dict[str, int], packets: int) -> list[list[str]]:
    """Return rows of texts: stage, ns per packet, share."""
    total = sum(spent.values())
    rows = [["stage", "ns/packet", "share"]]
    for stage, time_spent in sorted(spent.items(), key=lambda item: item[0] == REST):
        rows.append([stage, f"{time_spent / packets:.1f}", f"{time_spent / total:.0%}"])
    return [*rows, ["all", f"{total / packets:.1f}", ""]]
