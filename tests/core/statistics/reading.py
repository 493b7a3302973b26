"""Captures that are read for the tests of the statistics."""

import functools
from contextlib import closing
from pathlib import Path

from t2tui.api import Collector
from t2tui.core.engine import Engine, RunOptions
from t2tui.core.heldoutputs import HeldOutputs
from t2tui.core.settings import load_settings
from t2tui.core.statistics import Traffic, TrafficView
from t2tui.core.store import ColumnStore
from t2tui.plugins import available, load
from t2tui.plugins.base import Plugin

STANDARD = ("basicFlow", "basicStats")


class Counter(Plugin):
    """Counts packets as the terminal UI does."""

    name = "trafficCounter"
    number = 998
    summary = "counts packets for a test"

    def __init__(self) -> None:
        super().__init__()
        self.traffic = Traffic()

    def on_packets(self, packets, data):  # type: ignore[no-untyped-def]
        self.traffic.append(packets, self.run.units)


@functools.cache
def read(path: Path, plugins: tuple[str, ...] = STANDARD) -> tuple[ColumnStore, TrafficView]:
    """Return the flows of a capture, and its traffic."""
    settings = load_settings({name: available()[name].flags for name in plugins})
    collector, counter = Collector(False), Counter()
    made = Engine(str(path), RunOptions(), HeldOutputs(), [*load(plugins, settings), counter, collector])
    with closing(made) as engine:
        engine.run()
        flows, _ = collector.take()
    return flows, counter.traffic.view()
