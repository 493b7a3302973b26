"""The Python API: captures in, flows and packets as columns out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from t2tui import plugins as registry
from t2tui.core.alarms import alarm_rule
from t2tui.core.capture import Originals
from t2tui.core.engine import Engine, RunOptions, Snapshot
from t2tui.core.heldoutputs import HeldOutputs
from t2tui.core.labels import Labels, chosen_labels
from t2tui.core.layout import PACKET
from t2tui.core.outputs import OutputError, Outputs
from t2tui.core.packetindex import PacketIndex
from t2tui.core.roster import Breakdown
from t2tui.core.run import Columns
from t2tui.core.settings import CORE, Value, load_settings
from t2tui.core.statistics import Traffic
from t2tui.core.store import ColumnStore
from t2tui.core.streams import Stream
from t2tui.cutting import Cutter, Direction, dump_payloads, wanted_keys
from t2tui.following import conversation_of, follow_flow, stream_of
from t2tui.plugins.base import FIRST_SINK, Plugin, Run
from t2tui.plugins.pcapd import Pcapd

NO_ROWS = np.zeros(0, np.int64)
"""Flow columns are read by slot alone."""


class Collector(Plugin):
    """Keeps flows, and packets where wanted, as columns."""

    name = "collector"
    number = 999
    summary = "keeps flows and packets in memory"
    vital = True

    def __init__(
        self, keep_packets: bool, index: PacketIndex | None = None, traffic: Traffic | None = None
    ) -> None:
        """Choose what is kept besides the flows.

        Args:
            keep_packets: the columns of packets.
            index: takes the places of all packets.
            traffic: counts all packets.
        """
        super().__init__()
        self._keep_packets = keep_packets
        self._index = index
        self._traffic = traffic

    def start(self, run: Run) -> None:
        """Make the stores when the first rows come: then every plugin has its columns."""
        super().start(run)
        self.flows: ColumnStore | None = None
        self.packets: ColumnStore | None = None
        self._version = -1
        self._flow_columns: Columns = []
        run.descriptions.pin(self._shown)

    def _shown(self) -> NDArray[Any]:
        """Return the numbers of the header descriptions in the rows."""
        stores = [store for store in (self.flows, self.packets) if store is not None]
        words = self.run.descriptions.words
        return np.concatenate([NO_ROWS, *(store.numbers(words) for store in stores)])

    def open_stores(self) -> None:
        """Make empty stores where there are none."""
        if self.flows is None:
            self.flows = ColumnStore(self.run.flow_columns)
        if self.packets is None and self._keep_packets:
            self.packets = ColumnStore(self._packet_columns)

    def _packet_columns(self) -> Columns:
        batch = self.run.batch
        return self.run.packet_columns(np.zeros(1, PACKET) if batch is None else batch.packets)

    def take(self) -> tuple[ColumnStore, ColumnStore | None]:
        """Return what was collected, and begin anew."""
        self.open_stores()
        flows, packets = cast(ColumnStore, self.flows), self.packets
        self.flows = self.packets = None
        for store in (flows, packets):
            if store is not None:
                store.seal()
        return flows, packets

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Keep the packets that have a flow."""
        if self._index is not None:
            self._index.append(packets, data, self.run.units, self.run.origin)
        if self._traffic is not None:
            self._traffic.append(packets, self.run.units)
        if self._keep_packets:
            self.open_stores()
            rows = np.flatnonzero(packets["flow"] >= 0)
            slots = packets["flow"][rows]
            cast(ColumnStore, self.packets).append(rows + self.run.row, slots, self._packet_columns(), data)

    def on_rows(self, slots: NDArray[Any]) -> None:
        """Keep the flows."""
        self.open_stores()
        version = self.run.columns_changed
        if version != self._version:
            self._version, self._flow_columns = version, self.run.flow_columns()
        cast(ColumnStore, self.flows).append(NO_ROWS, slots, self._flow_columns)


@dataclass(frozen=True)
class Origin:
    """Where an analysis came from, to do it once more.

    Attributes:
        source: a capture, or several.
        plugins, settings, options: see analyze().
    """

    source: str | list[str]
    plugins: Sequence[str]
    settings: Mapping[str, Any] | None
    options: Mapping[str, Any]

    def engine(self, source: str | Sequence[str], added: list[Plugin]) -> Engine:
        """Return an engine that numbers the flows the same way and writes nothing.

        Args:
            source: the capture.
            added: plugins behind the others.
        """
        loaded, run_options, labels = _prepare(self.plugins, self.settings, [], self.options)
        return Engine(source, run_options, HeldOutputs(), [*loaded, *added], labels=labels)


@dataclass(frozen=True)
class Analysis:
    """What a capture holds.

    Attributes:
        flows: one row per flow direction, in the order in which they ended.
        packets: one row per packet that has a flow; None unless asked for.
        report: lines of the end report, with the warnings that came on the way.
        index: where every packet and its payload is; None unless asked for.
        breakdowns: plugins that were switched off because they raised; their columns are empty or zero from
            then on.
        files: what plugins wrote beside the flows, by suffix: ``_tcpwin.txt``, ``_protocols.txt`` ...
    """

    flows: ColumnStore
    packets: ColumnStore | None
    report: list[str] = field(default_factory=list)
    index: PacketIndex | None = None
    origin: "Origin | None" = field(default=None, repr=False)
    breakdowns: Sequence[Breakdown] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)

    def follow(self, flow: int, *, sequence: bool = True) -> Stream:
        """Return the streams of a flow; the same as ``flows.follow()``, see there."""
        return self.flows.follow(flow, sequence=sequence)

    def extract(self, flows: Iterable[int], target: str | Path, *, direction: Direction = "both") -> int:
        """Write the packets of flows into a new capture, in the order of the old one.

        The capture is analysed once more.

        Args:
            flows: their indices: ``flowInd`` of the rows that ``flows.filter()`` finds.
            target: the new capture; it appears whole or not at all, in the place of an older one.
            direction: of the packets; a flow without reverse is A, as its row says.

        Returns:
            The number of packets.

        Raises:
            CaptureError: the capture cannot be read any more.
            OutputError: the new capture cannot be written.
            ValueError: the capture was standard input, or is still coming in (stream()).
        """
        origin = self._origin()
        sources = [origin.source] if isinstance(origin.source, str) else origin.source
        with Outputs(str(target), sources) as outputs:
            cutter = Cutter(wanted_keys(self.flows, flows, direction), outputs.open(""))
            with closing(origin.engine(origin.source, [cutter])) as engine:
                engine.run()
        return cutter.count

    def dump(
        self,
        flows: Iterable[int],
        folder: str | Path,
        *,
        direction: Direction = "both",
        replace: bool = False,
        **flags: Value,
    ) -> int:
        """Write the payload of flows into a folder, one file per direction.

        The capture is analysed once more.

        Args:
            flows: see extract().
            folder: where the files go. It appears as a whole or not at all, and not if there is no payload.
            direction: see extract().
            replace: take the place of a folder that holds payload files, and nothing else.
            flags: of payloadDumper, for example ``PLDUMP_NAMES=1`` (docs/payloaddumper.md).

        Returns:
            The number of files.

        Raises:
            CaptureError: the capture cannot be read any more.
            OutputError: the folder holds files, or cannot be made.
            SettingsError: a flag is unknown or has a value that is not allowed.
            ValueError: the capture was standard input, or is still coming in (stream()).
        """
        origin = self._origin()

        def run(dumper: Plugin) -> None:
            with closing(origin.engine(origin.source, [dumper])) as engine:
                engine.run()

        keys = wanted_keys(self.flows, flows, direction)
        return dump_payloads(run, keys, Path(folder), flags, replace=replace)

    def _origin(self) -> "Origin":
        """Return how to analyse the capture once more."""
        if self.origin is None:
            raise ValueError("the capture cannot be read once more; choose flows of a file")
        return self.origin


@dataclass(frozen=True)
class Follower:
    """Opens the streams of the flows of an analysis.

    Attributes:
        origin: how to analyse the capture once more; None of standard input.
        places: where all packets are, and how they are read again, if that was kept.
    """

    origin: "Origin | None"
    places: "tuple[PacketIndex, Originals] | None"

    def __call__(self, flows: ColumnStore, flow: int, sequence: bool) -> Stream:
        """See ColumnStore.follow."""
        conversation = conversation_of(flows, flow)
        if self.places is not None and conversation is not None:
            index, originals = self.places
            return stream_of(index.segments(flow), originals, conversation, sequence=sequence)
        if self.origin is None:
            raise ValueError("standard input cannot be read once more; analyse it with index=True")
        return follow_flow(self.origin.source, flow, self.origin.engine, sequence=sequence)


def _engine(
    path: str | Path | Sequence[str | Path],
    plugins: Sequence[str],
    settings: Mapping[str, Any] | None,
    packets: bool,
    report: list[str],
    options: Mapping[str, Any],
    index: PacketIndex | None = None,
    originals: Originals | None = None,
) -> tuple[Engine, Collector]:
    loaded, run_options, labels = _prepare(plugins, settings, report, {"packet_mode": packets, **options})
    sinks = [plugin.name for plugin in loaded if plugin.number >= FIRST_SINK]
    if sinks:
        raise OutputError("flows", f"this analysis writes no files; leave {', '.join(sinks)} out")
    collector = Collector(packets, index)
    source = str(path) if isinstance(path, str | Path) else [str(each) for each in path]
    engine = Engine(
        source,
        run_options,
        HeldOutputs(),
        [*loaded, collector],
        labels=labels,
        write_packets=False,
        originals=originals,
    )
    return engine, collector


def _prepare(
    plugins: Sequence[str],
    settings: Mapping[str, Any] | None,
    report: list[str],
    options: Mapping[str, Any],
) -> tuple[list[Plugin], RunOptions, Labels]:
    known = {name: registry.find(name).flags for name in plugins}
    assignments = [f"{flag}={value}" for flag, value in (settings or {}).items()]
    values = load_settings(known, None, assignments, {})
    run_options = RunOptions(
        report=report.append,
        alarm_rule=alarm_rule(values[CORE]),
        force_mode=bool(values[CORE].FORCE_MODE),
        **options,
    )
    return registry.load(plugins, values, error=report.append), run_options, chosen_labels(values[CORE])


DEFAULT_PLUGINS = tuple(name for name in registry.STANDARD if name != "txtSink")


def analyze(
    path: str | Path | Sequence[str | Path],
    *,
    plugins: Sequence[str] = DEFAULT_PLUGINS,
    settings: Mapping[str, Any] | None = None,
    packets: bool = False,
    index: bool = False,
    **options: Any,
) -> Analysis:
    """Analyse a capture and return its flows.

    Args:
        path: a capture in any format that ``t2tui run`` reads, ``-`` for standard input, or a list of
            captures through which flows run on.
        plugins: names; see ``t2tui plugin list``.
        settings: flags by their full name, for example ``{"basicStats.BS_VAR": 1}``.
        packets: keep the packets' columns, too (about 300 bytes each).
        index: keep where every packet and its payload is (about 20 bytes each): Analysis.follow() then
            needs no second analysis. What comes from a pipe, or is compressed, is copied into a temporary
            file.
        options: further fields of ``RunOptions``: ``bpf``, ``hash_factor`` ...

    Raises:
        CaptureError: the capture cannot be read.
        LabelError: a file of labels or a database named in the settings cannot be used.
        OutputError: a sink is among the plugins, or plugins write more than fits in memory.
        SettingsError: a setting is unknown or has a wrong value.
        UnknownPluginError: there is no such plugin.
        UnusablePluginError: a user's plugin cannot be imported, or is wrong in some way.
    """
    report: list[str] = []
    places = (PacketIndex(), Originals()) if index else None
    engine, collector = _engine(path, plugins, settings, packets, report, options, *(places or ()))
    with closing(engine):
        engine.run()
        flows, kept = collector.take()
    source = str(path) if isinstance(path, str | Path) else [str(each) for each in path]
    origin = None if source == "-" else Origin(source, plugins, settings, options)
    if origin is not None or places is not None:
        flows.follower = Follower(origin, places)
    outputs = cast(HeldOutputs, engine.run_state.outputs)
    return Analysis(
        flows, kept, report, places[0] if places else None, origin, engine.breakdowns, outputs.files
    )


def stream(
    path: str | Path,
    *,
    plugins: Sequence[str] = DEFAULT_PLUGINS,
    settings: Mapping[str, Any] | None = None,
    packets: bool = False,
    **options: Any,
) -> Iterator[Analysis]:
    """Analyse a capture that may never end, such as a pipe, and yield flows as they end.

    Args and errors are those of analyze(). Leaving the loop ends the run.

    Yields:
        Flows (and packets) since the last time. Only the last one, which brings the end report, may be
        empty.
    """
    report: list[str] = []
    engine, collector = _engine(path, plugins, settings, packets, report, options)
    with closing(engine), closing(engine.steps()) as steps:
        while True:
            is_done = next(steps, True) is True
            flows, kept = collector.take()
            if is_done or len(flows) or (kept is not None and len(kept)):
                yield Analysis(flows, kept, report.copy(), breakdowns=tuple(engine.breakdowns))
                report.clear()
            if is_done:
                return


DIRECTIONS = {"both": 0, "A": 2, "B": 3}
"""Values of pcapd's PD_DIRSEL."""


def extract_flows(
    path: str | Path | Sequence[str | Path],
    flows: Iterable[int],
    target: str | Path,
    *,
    direction: Literal["both", "A", "B"] = "both",
    plugins: Sequence[str] = DEFAULT_PLUGINS,
    settings: Mapping[str, Any] | None = None,
    progress: Callable[[Snapshot], None] | None = None,
    **options: Any,
) -> int:
    """Write the packets of chosen flows into a new capture, in the order of the old one.

    The capture is analysed once more. Where the positions of packets are known, ``t2tui.core.extract`` needs
    no analysis.

    Args:
        path: see analyze().
        flows: flow indices (``flowInd``) of an analysis with the same plugins, settings and options: some of
            them decide when a flow ends, and so which number the next one has.
        target: the new capture; it appears whole or not at all.
        direction: of the flows' packets.
        plugins: names; pcapd is added.
        settings: flags by their full name; those of pcapd change what is written (docs/pcapd.md).
        progress: called about five times a second; an exception that it raises ends the extraction, and
            nothing is written.
        options: further fields of ``RunOptions``.

    Returns:
        The number of packets.

    Raises:
        CaptureError: the capture cannot be read.
        LabelError: a file of labels or a database named in the settings cannot be used.
        OutputError: the new capture cannot be written.
        SettingsError: a setting is unknown or has a wrong value.
        UnknownPluginError: there is no such plugin.
        UnusablePluginError: a user's plugin cannot be imported, or is wrong in some way.
    """
    flags = {**(settings or {}), "pcapd.PD_SUFFIX": "", "pcapd.PD_DIRSEL": DIRECTIONS[direction]}
    loaded, run_options, labels = _prepare([*plugins, "pcapd"], flags, [], options)
    sources = [str(each) for each in ([path] if isinstance(path, str | Path) else path)]
    pcapd = next(plugin for plugin in loaded if isinstance(plugin, Pcapd))
    pcapd.wanted = np.unique(np.fromiter(flows, np.uint64))
    with Outputs(str(target), sources) as outputs:
        source = sources[0] if isinstance(path, str | Path) else sources
        engine = Engine(source, run_options, outputs, loaded, labels=labels)
        try:
            engine.run(progress)
        finally:
            engine.close()
    return pcapd.extracted
