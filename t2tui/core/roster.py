"""The plugins of a run: called in the order of their numbers; one that raises is switched off."""

import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.capture import CaptureError
from t2tui.core.layout import PACKET
from t2tui.core.outputs import OutputError
from t2tui.core.report import err, plugin_line
from t2tui.core.run import Columns, Run
from t2tui.core.settings import SettingsError
from t2tui.core.text.fields import blank

FATAL = (CaptureError, OutputError, SettingsError, MemoryError)
"""What ends the run, whoever raises it."""


class PlacedError(Exception):
    """Says where a plugin was when it raised; the error itself is the ``__cause__``."""


@dataclass(frozen=True)
class Breakdown:
    """A plugin that was switched off.

    Attributes:
        plugin: its name.
        text: where it was, and why.
        error: what it raised; None where a plugin that it needs was switched off.
    """

    plugin: str
    text: str
    error: BaseException | None


class Silent:
    """Stands in for a plugin that was switched off: its columns are empty from then on."""

    def __init__(self, plugin: Any, flow_columns: Columns, packet_columns: Columns) -> None:
        """Take over the columns of a plugin.

        Args:
            plugin: whose place is taken.
            flow_columns: its columns of the flow file.
            packet_columns: its columns of the packet file.
        """
        self.name, self.number, self.version = plugin.name, plugin.number, plugin.version
        self._flow_columns = [(column, blank(field)) for column, field in flow_columns]
        self._packet_columns = [(column, blank(field)) for column, field in packet_columns]

    def flow_fields(self) -> Columns:
        """Return the columns of the flow file."""
        return self._flow_columns

    def packet_fields(self, packets: NDArray[Any]) -> Columns:
        """Return the columns of the packet file."""
        return self._packet_columns


class Roster:
    """Calls the plugins of a run.

    Attributes:
        breakdowns: plugins that were switched off, in the order in which it happened.
    """

    def __init__(self, plugins: Iterable[Any], report: Callable[[str], None]) -> None:
        """Take the plugins over.

        Args:
            plugins: in the order of their numbers.
            report: gets a line when a plugin is switched off.
        """
        self._plugins = list(plugins)
        self._report = report
        self.breakdowns: list[Breakdown] = []
        self._started: set[str] = set()
        self._status = 0
        self._fatal: tuple[type[BaseException], ...] = FATAL
        self._run: Run

    def __iter__(self) -> Iterator[Any]:
        """Yield the plugins that are switched on."""
        return iter(self._plugins)

    def __len__(self) -> int:
        return len(self._plugins)

    @property
    def status(self) -> int:
        """Bits of flowStat that plugins set, also those that were switched off since."""
        status = self._status
        for plugin in self._plugins:
            status |= plugin.status
        return status

    def start(self, run: Run) -> None:
        """Start all plugins. The columns of one that cannot start are not written at all.

        Raises:
            OSError: a file or server that a plugin needs is not there: better known now than hours later.
        """
        self._run = run
        self._fatal = (*FATAL, OSError)
        self._each("at the start", self._start)
        self._fatal = FATAL

    def _start(self, plugin: Any) -> None:
        plugin.start(self._run)
        self._started.add(plugin.name)

    def on_packets(self, packets: NDArray[Any], data: NDArray[np.uint8]) -> None:
        """Show packets to all plugins."""

        def where() -> str:
            first, last = int(packets["pktNo"][0]), int(packets["pktNo"][-1])
            return f"at packet {first}" if first == last else f"in packets {first} to {last}"

        self._each(where, lambda plugin: plugin.on_packets(packets, data))

    def on_released(self, slots: NDArray[np.int32]) -> None:
        """Tell all plugins which flows ended."""
        self._each("at the end of flows", lambda plugin: plugin.on_released(slots))

    def on_rows(self, slots: NDArray[np.int32]) -> None:
        """Let the sinks write flows."""
        self._each("writing flows", lambda plugin: plugin.on_rows(slots))

    def report(self) -> list[str]:
        """Return the lines of the end report with their labels."""
        return self._lines("in the end report", lambda plugin: plugin.report())

    def monitor(self) -> list[str]:
        """Return the lines of a report while the run goes on."""
        return self._lines("in a report", lambda plugin: plugin.monitor())

    def finish(self) -> None:
        """Let all plugins close what they have open."""
        self._each("at the end", self._finish)

    def abandon(self) -> None:
        """The run has failed: let all plugins give back what they hold."""
        for plugin in self._plugins:
            plugin.abandon()

    def clear(self) -> None:
        """Forget the plugins."""
        self._plugins.clear()

    def _lines(self, where: str, ask: Callable[[Any], Iterable[str]]) -> list[str]:
        lines: list[str] = []

        def collect(plugin: Any) -> None:
            lines.extend(plugin_line(plugin.name, text) for text in ask(plugin))

        self._each(where, collect)
        return lines

    def _finish(self, plugin: Any) -> None:
        self._started.discard(plugin.name)
        plugin.finish()

    def _each(self, where: str | Callable[[], str], call: Callable[[Any], None]) -> None:
        """Call all plugins; those that raise are taken off the list on the way."""
        at = 0
        while at < len(self._plugins):
            plugin = self._plugins[at]
            try:
                call(plugin)
                at += 1
            except Exception as error:
                self._switch_off(plugin, where if isinstance(where, str) else where(), error)

    def _switch_off(self, plugin: Any, where: str, error: Exception) -> None:
        """Go on without a plugin, and without those that need it."""
        cause = error.__cause__ or error if isinstance(error, PlacedError) else error
        if isinstance(cause, self._fatal) or plugin.vital:
            raise cause
        place = str(error) if isinstance(error, PlacedError) else where
        self._remove(plugin, f"{place}: {_described(cause)}", cause)
        lost = {plugin.name}
        for other in [*self._plugins]:
            needed = sorted(lost.intersection(other.requires))
            if needed:
                self._remove(other, f"with {', '.join(needed)}, which it needs", None)
                lost.add(other.name)

    def _remove(self, plugin: Any, text: str, error: BaseException | None) -> None:
        """Take a plugin off the list. What it has collected so far is written, as at the end of a run."""
        self._plugins.remove(plugin)
        self._status |= plugin.status
        if plugin.name in self._started:
            self._run.plugins[plugin.name] = self._silent(plugin)
            self._run.columns_changed += 1
            try:
                self._finish(plugin)
            except Exception as second:
                if isinstance(second, self._fatal):
                    raise
                text += f", and again while it was closed: {_described(second)}"
        elif error is None or plugin.name in self._run.plugins:
            self._run.plugins.pop(plugin.name, None)
        plugin.abandon()
        self.breakdowns.append(Breakdown(plugin.name, text, error))
        self._report(err(f"{plugin.name}: switched off {text}; the run goes on without it"))

    def _silent(self, plugin: Any) -> Silent:
        """Return the stand-in of a plugin; one that can no longer name its columns loses them."""
        packets = np.zeros(self._run.batch_packets, PACKET)
        try:
            return Silent(plugin, plugin.flow_fields(), plugin.packet_fields(packets))
        except Exception:
            return Silent(plugin, (), ())


def _described(error: BaseException) -> str:
    """Return kind, text and place of an error."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    return f"{text} ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else text
