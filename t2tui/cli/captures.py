"""A capture as tables: analysed as ``t2tui run`` does, with the same plugins and flags."""

import sys
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from functools import partial

from t2tui import plugins as registry
from t2tui.api import Collector
from t2tui.cli.activation import setup
from t2tui.cli.analysis import Request, chosen_plugins, labels_of, prepare, settings_of
from t2tui.cli.exits import USAGE, Failure
from t2tui.cli.progress import Line
from t2tui.cli.reading import FIRST_SINK
from t2tui.cli.tables import How
from t2tui.cli.terminal import say
from t2tui.core.alarms import alarm_rule
from t2tui.core.engine import Engine, RunOptions
from t2tui.core.heldoutputs import HeldOutputs
from t2tui.core.settings import CORE
from t2tui.core.store import ColumnStore

FAULT = "pcap_dispatch failed"
"""How the report words that a capture is damaged or cut."""


def capture_stores(path: str, how: How) -> Generator[ColumnStore, None, None]:
    """Yield the rows of a capture as they become known; the last store can be empty, but has the columns.

    Args:
        path: the capture.
        how: with which plugins (none: the active ones; sinks are left out) and settings; flows or packets.

    Raises:
        CaptureError: the capture cannot be read.
        Failure: a plugin or a setting is wrong.
    """
    request = Request(sources=(path,), plugins=tuple(how.plugins), settings=tuple(how.settings))
    known = how.known or setup(None, ())
    wanted = chosen_plugins(request, known)
    names = [name for name in wanted if known.find(name, "-p").number < FIRST_SINK]
    values = settings_of(replace(request, plugins=tuple(names)), known)
    options = RunOptions(
        packet_mode=how.packets,
        report=tell_faults,
        alarm_rule=alarm_rule(values[CORE]),
        force_mode=bool(values[CORE].FORCE_MODE),
    )
    labels = labels_of(values, USAGE)  # 1 would say that no row was found
    prepare(Line(sys.stderr), not sys.stderr.isatty())
    collector = Collector(how.packets)
    loaded = registry.load(names, values, partial(say, "ERR"))
    engine = Engine(path, options, HeldOutputs(), [*loaded, collector], labels=labels, write_packets=False)
    with closing(engine), closing(engine.steps()) as steps:
        while True:
            is_done = next(steps, True) is True
            flows, kept = collector.take()
            store = kept if how.packets else flows
            if store is None:
                raise Failure(f"'{path}': no rows", USAGE)
            if len(store) or is_done:
                yield store
            if is_done:
                return


def tell_faults(line: str) -> None:
    """Print those lines of the report that say that the capture could not be read to its end."""
    _, _, text = line.partition("] ")
    if text.startswith(FAULT):
        say("WRN", text)
