"""Runs of commands that read a capture and write none of the files of ``t2tui run``."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from t2tui import plugins
from t2tui.cli.activation import Setup
from t2tui.cli.analysis import Request, cancel, chosen_plugins, labels_of, settings_of
from t2tui.cli.interrupt import Interrupt
from t2tui.cli.progress import Line, progress_line
from t2tui.cli.terminal import say
from t2tui.core.alarms import alarm_rule
from t2tui.core.engine import Engine, RunOptions, Snapshot
from t2tui.core.heldoutputs import HeldOutputs
from t2tui.core.settings import CORE

if TYPE_CHECKING:
    from t2tui.plugins.base import Plugin

FIRST_SINK = 860
"""Plugins from this number on write files."""


@dataclass(frozen=True)
class Runs:
    """Makes engines that number the flows as ``t2tui run`` does, and shows how far they are.

    Attributes:
        source: the capture, or those of a list.
        known: the file of settings.
        request: plugins and settings asked for.
        options: of the engine.
        interrupt, line: what signals and progress reach.
    """

    source: str | Sequence[str]
    known: Setup
    request: Request
    options: RunOptions
    interrupt: Interrupt
    line: Line

    def engine(self, names: Sequence[str], added: "list[Plugin]") -> Engine:
        """Return an engine.

        Args:
            names: plugins.
            added: plugins behind them.
        """
        settings = settings_of(replace(self.request, plugins=names), self.known)
        forced = bool(settings[CORE].FORCE_MODE)
        options = replace(self.options, alarm_rule=alarm_rule(settings[CORE]), force_mode=forced)
        loaded = plugins.load(names, settings, partial(say, "ERR"))
        return Engine(self.source, options, HeldOutputs(), [*loaded, *added], labels=labels_of(settings))

    def readers(self) -> list[str]:
        """Return the plugins that were asked for without those that write files."""
        wanted = chosen_plugins(self.request, self.known)
        return [name for name in wanted if self.known.find(name, "-p").number < FIRST_SINK]

    def deciders(self) -> list[str]:
        """Return those that decide which packets are a flow: in force mode any of them."""
        readers = self.readers()
        forced = settings_of(replace(self.request, plugins=readers), self.known)[CORE].FORCE_MODE
        return readers if forced else [name for name in readers if name in plugins.DECIDERS]

    def watch(self, engine: Engine) -> None:
        """Let signals cancel an engine."""
        self.interrupt.watch(partial(cancel, engine), engine.monitor)

    @property
    def progress(self) -> "Callable[[Snapshot], None] | None":
        """What shows how far an engine is."""
        if self.request.quiet or not sys.stderr.isatty():
            return None
        return lambda snapshot: self.line.show(progress_line(snapshot, self.line.width))
