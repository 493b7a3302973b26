"""Speed and memory of the terminal UI, beside those of ``t2tui run`` on the same capture in the same rounds.

python benchmarks/tui.py [--rounds N] [--profiles web,web10m,web40m,syn,syn6m]

The program runs in a pseudo-terminal of 160 x 48 as users have it; an analysis in the same process then times
what one key does with all flows of ``syn``. Captures are those of run.py.
"""

import argparse
import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from captures import CAPTURES, LONG, ROOT, TEN

sys.path.insert(0, str(ROOT))

SIZE = struct.pack("HHHH", 48, 160, 0, 0)
QUIT = b"\x11"
TICKS = "T2TUI_TICKS"
PROGRAM = """
import json, os, sys, time
from t2tui.tui.screens import capture
ticks, elapsed, tick = [], [0.0], capture.CaptureScreen._tick
def timed(screen):
    began = time.perf_counter()
    tick(screen)
    ticks.append(time.perf_counter() - began)
    elapsed[0] = screen.now.elapsed
capture.CaptureScreen._tick = timed
end = os._exit
def keep(code):
    with open(os.environ["T2TUI_TICKS"], "w") as file:
        json.dump([ticks, elapsed[0]], file)
    end(code)
os._exit = keep
from t2tui.cli import main
sys.exit(main(sys.argv[1:]))
"""
"""The program, which leaves the seconds that its ticks and the reading took in a file."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One run in a terminal.

    Attributes:
        first: seconds until the first row of a flow was drawn.
        complete: seconds until the capture was read and shown as complete; NaN if it was left before.
        quit: seconds from the key to the end of the process.
        peak: bytes, resident memory when it was left.
        ticks: seconds of work per tick.
        reading: seconds that the engine read, without the start of the program.
    """

    first: float
    complete: float
    quit: float
    peak: int
    ticks: Sequence[float]
    reading: float


class Terminal:
    """A program in a pseudo-terminal whose output is looked through."""

    def __init__(self, words: Sequence[str], environment: dict[str, str]) -> None:
        self._own, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, SIZE)
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            words, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
        )
        os.close(theirs)
        self._output = bytearray()

    def wait(self, wanted: bytes, seconds: float = 300) -> float:
        """Return when a text was written, in seconds since the start."""
        until, at = time.monotonic() + seconds, 0
        while self._output.find(wanted, max(at - len(wanted), 0)) < 0:
            at = len(self._output)  # looking through everything again would take a processor
            if time.monotonic() > until:
                raise TimeoutError(f"{wanted!r} was not shown")
            self._read(0.02)
        return time.monotonic() - self.began

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._own, keys)

    def end(self) -> float:
        """Return the seconds until the process has ended."""
        began = time.monotonic()
        while self.process.poll() is None:
            self._read(0.002)
        os.close(self._own)
        return time.monotonic() - began

    def resident(self) -> int:
        """Return the resident memory of the process, bytes."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def _read(self, seconds: float) -> None:
        if select.select([self._own], [], [], seconds)[0]:
            try:
                self._output += os.read(self._own, 1 << 16)
            except OSError:  # it has ended
                time.sleep(0.001)


def look(capture: Path, leave_at: bytes = b"complete") -> Seen:
    """Open a capture in a terminal, and leave when something is shown."""
    import json

    with tempfile.TemporaryDirectory() as folder:
        ticks = Path(folder, "ticks.json")
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            "T2TUI_STATE": folder,
            TICKS: str(ticks),
        }
        for name in ("LINES", "COLUMNS", "PYTHONDONTWRITEBYTECODE"):  # users have compiled modules
            environment.pop(name, None)
        shown = Terminal([sys.executable, "-c", PROGRAM, str(capture)], environment)
        first = shown.wait(b"0x0")
        complete = shown.wait(leave_at) if leave_at != b"0x0" else first
        memory = shown.resident()
        shown.press(QUIT)
        seconds = shown.end()
        spent, reading = json.loads(ticks.read_text())
        is_whole = leave_at == b"complete"
        return Seen(first, complete if is_whole else float("nan"), seconds, memory, spent, reading)


def headless(capture: Path) -> float:
    """Return the seconds of ``t2tui run`` without files."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "t2tui", "run", str(capture), "-w", f"{folder}/", "--quiet"]
        began = time.monotonic()
        subprocess.run(words, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
        return time.monotonic() - began


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile."""
    return float(np.percentile(np.array(values), percent)) if values else float("nan")


def of_captures(names: Sequence[str], rounds: int) -> Iterator[str]:
    """Yield lines about whole runs."""
    base, start = look(TEN.make()).peak, min(headless(TEN.make()) for _ in range(3))
    for name in names:
        capture = (CAPTURES | LONG)[name]
        path = capture.make()
        headless(path)  # fills the page cache
        pairs = [(look(path), headless(path), look(path, b"0x0")) for _ in range(rounds)]
        shown, alone, left = ([pair[part] for pair in pairs] for part in range(3))
        ticks = [tick for each in shown for tick in each.ticks]
        median = statistics.median
        yield f"{name}: {capture.packets:,} packets"
        yield f"  first rows                        {median(each.first for each in shown):.2f} s"
        yield f"  read and shown                    {median(each.complete for each in shown):.2f} s"
        yield f"  t2tui run                         {median(alone):.2f} s"
        ratio = median((run - start) / each.reading for each, run in zip(shown, alone, strict=True))
        yield f"  reading, without the start        {median(each.reading for each in shown):.2f} s"
        yield f"  the same of t2tui run             {median(alone) - start:.2f} s"
        yield f"  speed of t2tui run that is kept   {ratio:.0%}   (wanted >= 70 %)"
        worst = 1000 * percentile(ticks, 95)
        yield f"  work per tick, 95th percentile    {worst:.1f} ms (wanted < 30)"
        yield f"  work per tick, most               {1000 * max(ticks):.1f} ms"
        for when, runs in (("when complete", shown), ("while reading", left)):
            yield f"  quit {when:<28} {median(each.quit for each in runs):.2f} s (wanted <= 0.3)"
        yield f"  memory beyond that of ten packets {(median(e.peak for e in shown) - base) / 1e6:.0f} MB"


def timed(work: Callable[[], Any]) -> float:
    """Return the milliseconds of the best of three."""
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best * 1000


def of_flows() -> Iterator[str]:
    """Yield lines about what keys do with all flows of ``syn``."""
    from t2tui import plugins
    from t2tui.api import DEFAULT_PLUGINS
    from t2tui.core.settings import load_settings
    from t2tui.tui.arrangement import Arrangement, Sorting
    from t2tui.tui.opening import Opening
    from t2tui.tui.pairing import PairedArrangement, Pairing
    from t2tui.tui.session import Session

    settings = load_settings({name: plugins.find(name).flags for name in DEFAULT_PLUGINS}, None, [], {})
    session = Session(Opening([str(CAPTURES["syn"].make())], DEFAULT_PLUGINS, settings))
    session.start()
    session._thread.join()
    table, index = session.ask().table, session.index
    if table is None or index is None:
        raise SystemExit("syn has no flows")
    yield f"syn in memory: {len(table):,} flows"
    size = index.nbytes / len(index)
    yield f"  index                             {size:.1f} bytes per packet (wanted <= 24)"
    stored = sum(array.values.nbytes for array in table._arrays)
    yield f"  flows                             {stored / len(table):.0f} bytes per flow (wanted <= 500)"
    rows = np.arange(700_000, 700_047)
    spent = timed(lambda: table.lines(table.names, rows))
    yield f"  a page of 47 rows as text         {spent:.1f} ms (wanted < 50)"
    for column in ("duration", "pktsSnt", "hdrDesc", "srcIP"):
        spent = timed(lambda by=column: Arrangement(table, "", Sorting(by, True)).update(table))  # type: ignore[misc]
        yield f"  sort by {column:<25} {spent:.0f} ms (wanted < 500)"
    for text in (
        "$dstPort == 80",
        'bitsanyset($flowStat, 0x2) || host("10.0.0.0/8")',
        "$hdrDesc ~ /tcp/",
        "$dstPort == 80 && $pktsSnt > 1 && $l7BytesSnt < 100 && $duration >= 0 && tcp()",
    ):
        spent = timed(lambda by=text: Arrangement(table, by).update(table))  # type: ignore[misc]
        yield f"  filter {text[:60]:<60} {spent:.0f} ms (wanted < 300)"
    spent = timed(lambda: PairedArrangement(table, "", Sorting("duration"), Pairing()).update(table))
    yield f"  A and B together, by duration     {spent:.0f} ms"
    yield from of_exports(table)


def of_exports(table: Any) -> Iterator[str]:
    """Yield lines about writing the first million rows, all columns, to a file in memory."""
    from t2tui.core.query.selection import Shown
    from t2tui.exporting import ENDINGS, Export, obstacle

    shown = [Shown(name, table.column(name).type, name) for name in table.names]
    for name in ENDINGS:
        if obstacle(name):
            continue
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            path = Path(folder, "rows")
            began = time.perf_counter()
            with path.open("wb") as file:
                Export(table, np.arange(min(len(table), 1_000_000)), shown, name).write(file)
            spent = time.perf_counter() - began
            yield f"  export of a million rows, {name:<7} {spent:.1f} s, {path.stat().st_size / 1e6:.0f} MB"


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profiles", default="web,web10m,web40m,syn,syn6m")
    given = parser.parse_args()
    for lines in (of_captures(given.profiles.split(","), given.rounds), of_flows()):
        for line in lines:
            print(line, flush=True)


if __name__ == "__main__":
    main()
