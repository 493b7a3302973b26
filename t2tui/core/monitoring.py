"""Monitoring output: the report of a run that goes on (docs/report.md, "Monitoring").

A run writes it on demand, or again and again. It is written between two batches.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from t2tui.core.figures import amount, date, percent, span
from t2tui.core.report import MIRRORED, NANOSECONDS, RULE, Totals, link_lines, processing_line, tables

ONCE, REGULAR = "USR1", "USR2"
"""What asks for the output: one report, or one every interval."""


class Monitor:
    """Decides when monitoring output is due. Its methods may be called from signal handlers."""

    def __init__(self, interval: float = 1.0) -> None:
        """Begin with nothing due.

        Args:
            interval: seconds between two regular reports.
        """
        self._interval = interval
        self._once = threading.Event()
        self._next: float | None = None

    def request(self) -> None:
        """Ask for one report."""
        self._once.set()

    def toggle(self) -> None:
        """Begin or end regular reports."""
        self._next = None if self._next is not None else time.monotonic()

    def due(self) -> str | None:
        """Return ONCE or REGULAR if a report is due now, and take it for written."""
        if self._once.is_set():
            self._once.clear()
            return ONCE
        if self._next is not None and time.monotonic() >= self._next:
            self._next = time.monotonic() + self._interval
            return REGULAR
        return None


@dataclass(frozen=True, slots=True)
class Moment:
    """A run at one moment.

    Attributes:
        cause: ONCE or REGULAR.
        program: name and version of this program.
        pid: process id.
        name: the input.
        link_type: in words.
        snap_length: bytes.
        size: bytes of the input, None on a pipe.
        now: wall clock, ns since 1970.
        elapsed: wall clock since the start, ns.
    """

    cause: str
    program: str
    pid: int
    name: str
    link_type: str
    snap_length: int
    size: int | None
    now: int
    elapsed: int


def monitoring_lines(moment: Moment, totals: Totals, plugin_lines: Iterable[str]) -> Iterator[str]:
    """Yield one monitoring report.

    Args:
        moment: where the run is.
        totals: the figures so far.
        plugin_lines: lines of the plugins with their labels.
    """
    yield RULE
    yield f"{moment.cause} A type report: {moment.program}, mirrors {MIRRORED}. PID: {moment.pid}"
    yield RULE
    yield f"PCAP time: {date(totals.stop_seconds, totals.stop_fraction)}"
    yield f"PCAP duration: {span(*totals.dump_time)}"
    seconds, rest = divmod(moment.now, NANOSECONDS)
    yield f"Time: {date(seconds, rest // 1000, local=True)}"
    yield f"Elapsed time: {span(*divmod(moment.elapsed, NANOSECONDS))}"
    yield processing_line(moment.name)
    yield from link_lines(moment.link_type, moment.snap_length)
    read = 24 * totals.files + totals.bytes + 16 * totals.packets
    if moment.size:
        left = moment.elapsed * max(moment.size - read, 0) // read
        yield f"Total bytes to process: {amount(moment.size)}"
        yield f"Percentage completed: {percent(read, moment.size)}"
        yield f"Total bytes processed so far: {amount(read)}"
        yield f"Remaining time: {span(*divmod(left, NANOSECONDS))}"
        seconds, rest = divmod(moment.now + left, NANOSECONDS)
        yield f"ETF: {date(seconds, rest // 1000, local=True)}"
    else:
        yield f"Total bytes processed so far: {amount(read)}"
    yield from tables(totals, plugin_lines, is_monitoring=True)
    yield RULE
    yield ""
