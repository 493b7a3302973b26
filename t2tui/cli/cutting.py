"""What ``t2tui extract`` and ``t2tui dump`` do: select flows by a filter, write their packets or payload."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from t2tui import plugins
from t2tui.api import Collector
from t2tui.cli.activation import Setup, offer_columns, setup
from t2tui.cli.analysis import Request, prepare
from t2tui.cli.captures import tell_faults
from t2tui.cli.exits import DONE, USAGE, Failure
from t2tui.cli.filtering import wrong_expression
from t2tui.cli.interrupt import Interrupt
from t2tui.cli.progress import Line
from t2tui.cli.reading import Runs
from t2tui.cli.terminal import abandon, say
from t2tui.core import columns
from t2tui.core.capture import CaptureError
from t2tui.core.engine import RunOptions
from t2tui.core.extract import copy_packets, originals_of
from t2tui.core.outputs import STANDARD, OutputError, Outputs
from t2tui.core.query import QueryError, compile_filter
from t2tui.core.settings import SettingsError, Value, load_settings
from t2tui.cutting import Cutter, Direction, Placer, dump_payloads, replay, wanted_keys
from t2tui.following import is_addressable
from t2tui.plugins.payloaddumper import PayloadDumper

if TYPE_CHECKING:
    from t2tui.core.packetindex import PacketIndex
    from t2tui.core.store import ColumnStore
    from t2tui.plugins.base import Plugin

CUTTERS = {"extract": "pcapd", "dump": "payloadDumper"}
"""Command -> the plugin that does the like in ``t2tui run``."""


@dataclass(frozen=True)
class Wanted:
    """What was asked for; see the options of the commands.

    Attributes:
        command: ``extract`` or ``dump``.
        expression: which flows.
        source: the capture.
        where: option ``-w``.
        direction: of the flows' packets.
        force: replace what is there.
        names: option ``--names`` of ``dump``.
        plugins, settings, bpf, hash_factor, config, plugin_dirs: as of ``t2tui run``.
        quiet: no progress, no remarks.
    """

    command: str
    expression: str
    source: str
    where: str
    direction: Direction
    force: bool
    names: int
    plugins: Sequence[str]
    settings: Sequence[str]
    bpf: str | None
    hash_factor: int
    config: Path | None
    plugin_dirs: Sequence[Path]
    quiet: bool


def cut(wanted: Wanted) -> int:
    """Select flows and write their packets or payload.

    Returns:
        The exit code.

    Raises:
        Failure: the expression, the capture or the place is wrong, or no flow matches.
    """
    _check_places(wanted)
    line = Line(sys.stderr)
    try:
        with Interrupt(line, "nothing is written") as interrupt:
            try:
                work = _Work(wanted, interrupt, line)
                prepare(line, wanted.quiet)
                if wanted.command == "extract":
                    work.extract()
                else:
                    work.dump()
            except KeyboardInterrupt:
                line.clear()
                return interrupt.code
    except CaptureError as wrong:
        line.clear()
        raise Failure(f"{wrong.message}. {wrong.hint}") from None
    except OutputError as wrong:
        line.clear()
        if wanted.where == STANDARD:
            abandon(sys.stdout.buffer)
        raise Failure(str(wrong)) from None
    except SettingsError as wrong:
        raise Failure(str(wrong), USAGE) from None
    finally:
        line.clear()
    return DONE


def _check_places(wanted: Wanted) -> None:
    """Refuse what can be refused before anything is read."""
    source, where = wanted.source, wanted.where
    is_read_once = source == STANDARD or (Path(source).exists() and not Path(source).is_file())
    if is_read_once and not Path(source).is_dir():
        what = "standard input" if source == STANDARD else f"'{source}'"
        raise Failure(f"{what} can be read only once, and this takes twice: save it to a file first", USAGE)
    if where == STANDARD:
        if wanted.command == "dump":
            raise Failure("-w: payload goes into a folder; name one", USAGE)
        if sys.stdout.isatty():
            raise Failure("-w -: a capture on a terminal is of no use; send it to a file or a pipe", USAGE)
        return
    if wanted.command == "dump" and not wanted.force and Path(where).is_dir() and any(Path(where).iterdir()):
        raise Failure(f"'{where}' holds files; --force replaces those of an earlier dump")
    if wanted.command == "extract":
        target = Path(where)
        if target.is_dir() or where.endswith("/"):
            raise Failure(f"-w: '{where}' is a folder; name a file", USAGE)
        if target.exists() and Path(source).exists() and target.samefile(source):
            raise Failure(f"'{where}' is the capture that is read; choose another name")
        if target.is_file() and not wanted.force:
            raise Failure(f"'{where}' exists; --force replaces it")


class _Work:
    """One run of a command."""

    def __init__(self, wanted: Wanted, interrupt: Interrupt, line: Line) -> None:
        """Check the expression; find the plugins whose columns it needs."""
        self._wanted, self._interrupt, self._line = wanted, interrupt, line
        self._told: set[str] = set()
        for setting in wanted.settings:
            if wanted.command == "extract" and setting.partition(".")[0].strip() == "pcapd":
                raise Failure(f"-D {setting}: packets stay as they are; 't2tui run -e' changes them", USAGE)
        request = Request(
            sources=(wanted.source,),
            plugins=wanted.plugins,
            settings=[each for each in wanted.settings if not _is_of_dumper(each)],
            config=wanted.config,
            plugin_dirs=tuple(wanted.plugin_dirs),
            quiet=wanted.quiet,
        )
        known = setup(request.config, request.plugin_dirs)
        offer_columns(request.config, request.plugin_dirs)
        options = RunOptions(hash_factor=wanted.hash_factor, bpf=wanted.bpf, report=self._tell_fault)
        runs = Runs(wanted.source, known, request, options, interrupt, line)
        names = dict.fromkeys([*runs.readers(), *_needed(wanted.expression, known)])
        self._names = tuple(_with_required(names, known))
        self._runs = replace(runs, request=replace(request, plugins=self._names))

    def extract(self) -> None:
        """Write the packets of the flows that match."""
        wanted = self._wanted
        with Outputs(wanted.where, [wanted.source], to_stdout=wanted.where == STANDARD) as outputs:
            written = outputs.open_flows("")
            store, index = self._placed()
            flows = self._matching(store)
            keys = wanted_keys(store, flows.tolist(), wanted.direction)
            if index is not None:
                self._interrupt.watch(None)
                parts = (positions for positions, _ in index.positions(keys))
                count = copy_packets(originals_of(wanted.source), parts, written)
            else:
                cutter = Cutter(keys, written)
                self._run(self._runs.deciders(), [cutter])
                count = cutter.count
            self._line.clear()
            if not count:
                raise Failure(
                    f"the flows that match have no packets of {wanted.direction}; nothing is written"
                )
        self._tell(f"{count:,} packets", flows)

    def dump(self) -> None:
        """Write the payload of the flows that match."""
        wanted = self._wanted
        flags = self._dumper_flags()
        target = Path(wanted.where)
        with _nothing_yet(target, force=wanted.force):
            store, index = self._placed()
        flows = self._matching(store)
        keys = wanted_keys(store, flows.tolist(), wanted.direction)

        def show(dumper: PayloadDumper) -> None:
            if index is not None:
                replay(originals_of(wanted.source), index, keys, dumper)
            else:
                self._run(self._runs.deciders(), [dumper])

        files = dump_payloads(show, keys, target, flags, replace=wanted.force)
        self._line.clear()
        if not files:
            raise Failure(f"the {len(flows):,} flows that match have no payload; nothing is written")
        self._tell(f"{files:,} files", flows)

    def _dumper_flags(self) -> dict[str, Value]:
        """Return the flags of payloadDumper that were asked for."""
        given = [each for each in self._wanted.settings if _is_of_dumper(each)]
        name = PayloadDumper.name
        values = load_settings({name: PayloadDumper.flags}, None, given, {})[name]
        named = {each.partition("=")[0].partition(".")[2].strip() for each in given}
        return {"PLDUMP_NAMES": self._wanted.names, **{flag: values[flag] for flag in named}}

    def _placed(self) -> "tuple[ColumnStore, PacketIndex | None]":
        """Analyse the capture.

        Returns:
            Its flows, and the places of its packets if they can be read there and are not too many.
        """
        if not is_addressable(self._wanted.source):
            return self._analysed([]), None
        placer = Placer()
        return self._analysed([placer]), placer.index

    def _analysed(self, added: "list[Plugin]") -> "ColumnStore":
        """Analyse the capture; return its flows."""
        collector = Collector(keep_packets=False)
        stores: list[ColumnStore] = []
        self._run(self._names, [*added, collector], lambda: stores.append(collector.take()[0]))
        return stores[0]

    def _run(
        self, names: Sequence[str], added: "list[Plugin]", behind: Callable[[], None] = lambda: None
    ) -> None:
        """Analyse the capture once.

        Args:
            names: plugins.
            added: plugins behind them.
            behind: called at the end, as long as the plugins have their tables.

        Raises:
            Failure: a plugin has failed, so what it says of flows is wrong.
            KeyboardInterrupt: a signal has ended it before its end.
        """
        engine = self._runs.engine(names, added)
        try:
            self._runs.watch(engine)
            engine.run(self._runs.progress)
            behind()
        finally:
            self._interrupt.watch(None)
            engine.close()
        if self._interrupt.code:
            raise KeyboardInterrupt
        for breakdown in engine.breakdowns:
            self._line.clear()
            raise Failure(f"{breakdown.plugin}: {breakdown.text}; nothing is written")

    def _tell_fault(self, line: str) -> None:
        """Print a line of the report that says that the capture is damaged, once."""
        if line not in self._told:
            self._told.add(line)
            self._line.clear()
            tell_faults(line)

    def _matching(self, store: "ColumnStore") -> NDArray[np.uint64]:
        """Return the indices of the flows that match.

        Raises:
            Failure: there are none.
        """
        try:
            rows = store.filter(self._wanted.expression)
        except QueryError as wrong:
            self._line.clear()
            raise wrong_expression(wrong, self._wanted.expression) from None
        flows = np.unique(store["flowInd"][rows])
        if not len(flows):
            self._line.clear()
            total = len(np.unique(store["flowInd"]))
            raise Failure(f"none of {total:,} flows matches; nothing is written")
        return flows

    def _tell(self, what: str, flows: NDArray[np.uint64]) -> None:
        if self._wanted.quiet:
            return
        where = "" if self._wanted.where == STANDARD else f"'{self._wanted.where}': "
        say("INF", f"{where}{what} of {len(flows):,} flow{'s' if len(flows) != 1 else ''}")


def _is_of_dumper(setting: str) -> bool:
    return setting.partition(".")[0].strip() == PayloadDumper.name


@contextmanager
def _nothing_yet(target: Path, *, force: bool) -> Iterator[None]:
    """Refuse a place for payload before the capture is read."""
    from t2tui.cutting import NewFolder

    folder = NewFolder(target, replace=force)
    if os.path.lexists(folder.path):
        raise OutputError(f"'{target}'", f"'{folder.path}' is in the way")
    yield


def _needed(expression: str, known: Setup) -> list[str]:
    """Return the plugins whose columns an expression reads, and those that tell flows apart.

    Raises:
        Failure: the expression is wrong, or names a column of a plugin that is not there.
    """
    try:
        used = _compiled(expression)
    except QueryError:
        columns.load_more()
        try:
            used = _compiled(expression)
        except QueryError as wrong:
            raise wrong_expression(wrong, expression) from None
    found = {
        column.name: column.plugin for column in reversed(columns.all_columns()) if column.file == "flows"
    }
    wanted = {name: found[name] for name in sorted(used) if found[name] != "core"}
    for name, plugin in wanted.items():
        if plugin not in plugins.names() and plugin not in plugins.known_names():
            raise Failure(f"${name} is a column of the plugin {plugin}, which is not there", USAGE)
        known.find(plugin, f"${name}")
    return list(wanted.values())


def _compiled(expression: str) -> frozenset[str]:
    """Return the columns that an expression reads, of all columns of flow files."""
    once = {column.name: column for column in reversed(columns.all_columns()) if column.file == "flows"}
    return compile_filter(expression, list(once.values())).columns


def _with_required(names: "Sequence[str] | dict[str, None]", known: Setup) -> list[str]:
    """Return plugins and those that they need."""
    found: dict[str, None] = {}
    waiting = list(names)
    find: Callable[[str, str], type[Plugin]] = known.find
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting += find(name, "-p").requires
    return list(found)
