"""Nanoseconds of processor time per packet in each stage of an analysis: for those who make a stage faster.

python benchmarks/stages.py [-s] [--rounds N] [CAPTURE]
"""

import argparse
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from captures import CAPTURES, ROOT, WORK, CaptureError
from measure import fresh
from results import aligned

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


def watch_engine(stopwatch: Stopwatch) -> None:
    """Watch the methods of the engine's parts; imports them."""
    from t2tui.core.capture import Capture
    from t2tui.core.dissect.dissector import Dissector
    from t2tui.core.flows import FlowTable
    from t2tui.core.packetlines import PacketLines
    from t2tui.plugins import available

    stopwatch.watch(Capture, "read", "read")
    stopwatch.watch(Dissector, "dissect", "dissect")
    for method in ("assign", "flush", "reclaim"):
        stopwatch.watch(FlowTable, method, "flows")
    for name, plugin in available().items():
        for method, what in (("on_packets", "packets"), ("on_released", "released"), ("on_rows", "text")):
            if method in vars(plugin):
                stopwatch.watch(plugin, method, f"{name}, {what}")
    stopwatch.watch(PacketLines, "write", "packet file, text")


def analyse(capture: Path, output: Path, plugins: Sequence[str], packet_mode: bool) -> int:
    """Analyse a capture as ``t2tui run`` does, without its report.

    Args:
        capture: the capture.
        output: folder for the files.
        plugins: names, none = those that run by default.
        packet_mode: write the packet file.

    Returns:
        Number of packets.
    """
    from t2tui.core.engine import Engine, RunOptions
    from t2tui.core.outputs import Outputs, output_prefix
    from t2tui.plugins import STANDARD, load

    with Outputs(output_prefix(str(capture), f"{output}/"), [capture]) as outputs:
        engine = Engine(str(capture), RunOptions(packet_mode=packet_mode), outputs, load(plugins or STANDARD))
        engine.run()
    return engine.snapshot().packets


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


def main(words: Sequence[str] | None = None) -> int:
    """Analyse a capture several times; print the best time of every stage."""
    parser = argparse.ArgumentParser(description="Time the stages of an analysis.")
    parser.add_argument(
        "capture", nargs="?", default="web", help=f"a file or one of {', '.join(CAPTURES)} (default web)"
    )
    parser.add_argument("-s", action="store_true", help="write the packet file, too")
    parser.add_argument("-p", metavar="NAME,NAME", help="plugins (default: those of t2tui run)")
    parser.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="runs, after one that is not counted"
    )
    chosen = parser.parse_args(words)
    try:
        capture = CAPTURES[chosen.capture].make() if chosen.capture in CAPTURES else Path(chosen.capture)
    except CaptureError as error:
        print(error, file=sys.stderr)
        return 1
    sys.path.insert(0, str(ROOT))
    stopwatch = Stopwatch()
    watch_engine(stopwatch)
    plugins = chosen.p.split(",") if chosen.p else ()
    rounds = []
    for _ in range(chosen.rounds + 1):
        output = fresh(WORK / "stages")
        stopwatch.start()
        packets = analyse(capture, output, plugins, chosen.s)
        rounds.append(stopwatch.stop())
    shutil.rmtree(output)
    if not packets:
        print(f"{capture} holds no packets to divide the time by", file=sys.stderr)
        return 1
    print(aligned(table(best(rounds[1:]), packets), left=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
