"""What the terminal UI opens, and how: captures, plugins, settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from t2tui.api import Collector
    from t2tui.core.capture import Originals
    from t2tui.core.engine import Engine
    from t2tui.core.packetindex import PacketIndex
    from t2tui.core.settings import Settings
    from t2tui.core.statistics import Traffic

STANDARD_INPUT = "-"
WRITERS = ("payloadDumper", "pcapd")
"""Plugins that write files of their own."""


@dataclass(frozen=True)
class Opening:
    """What is opened.

    Attributes:
        sources: captures; flows run on from one to the next. ``-`` alone is standard input. Without any,
            nothing is open yet.
        plugins: names of the plugins; those that write files are left out.
        settings: values of all flags by plugin.
        bpf: filter expression.
        descriptor: open file from which ``-`` is read.
        config: file in which settings are kept; None: nowhere.
        switched: plugins that were switched on or off on screen, and which of the two.
    """

    sources: Sequence[str]
    plugins: Sequence[str]
    settings: "Mapping[str, Settings]"
    bpf: str | None = None
    descriptor: int | None = None
    config: Path | None = None
    switched: Mapping[str, bool] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the title shows."""
        if not self.sources:
            return "t2tui"
        first = "standard input" if self.is_pipe else Path(self.sources[0]).name
        return first if len(self.sources) == 1 else f"{first} and {len(self.sources) - 1} more"

    @property
    def is_pipe(self) -> bool:
        """Whether packets come from standard input."""
        return list(self.sources) == [STANDARD_INPUT]

    @property
    def again_obstacle(self) -> str:
        """Why the captures cannot be read once more; nothing if they can."""
        if self.waits:
            return "a pipe cannot be read again; save it with 'tcpdump -w FILE' and open the file"
        return "" if self.sources else "no capture is open"

    @property
    def waits(self) -> bool:
        """Whether opening can take as long as others like: pipes, also those with a name."""
        return self.is_pipe or any(Path(source).is_fifo() for source in self.sources)

    @property
    def files(self) -> list[str]:
        """The captures that are files, which must not be written."""
        return [] if self.is_pipe else list(self.sources)

    @property
    def source(self) -> str | list[str]:
        """The source as engines take it."""
        if self.is_pipe and self.descriptor is not None:
            return f"/dev/fd/{self.descriptor}"
        return self.sources[0] if len(self.sources) == 1 else list(self.sources)


def writes_files(name: str, number: int) -> bool:
    """Tell whether a plugin is one that writes files, which are left out.

    Args:
        name: of the plugin.
        number: of the plugin; sinks have the highest ones.
    """
    from t2tui.plugins.base import FIRST_SINK

    return name in WRITERS or number >= FIRST_SINK


class Discarded:
    """Outputs of a run on screen: what plugins write is dropped, and the log says so."""

    prefix = ""

    def __init__(self, tell: Any) -> None:
        self._tell = tell

    def open(self, suffix: str) -> IO[bytes]:
        """Return a file that keeps nothing."""
        self._tell(f"[INF] The file *{suffix} is not written here; 't2tui run' writes it")
        return Path("/dev/null").open("wb")

    def open_flows(self, suffix: str) -> IO[bytes]:
        """Return a file that keeps nothing."""
        return self.open(suffix)

    def path(self, suffix: str) -> Path:
        """Refuse: a database cannot be dropped."""
        from t2tui.core.outputs import OutputError

        raise OutputError(
            f"'{suffix}'", "the terminal UI writes no files; leave the plugin that opens it out"
        )


@dataclass
class Loaded:
    """An engine that is ready, and what it fills."""

    engine: "Engine"
    collector: "Collector"
    index: "PacketIndex"
    originals: "Originals"
    traffic: "Traffic"
    left_out: Sequence[str] = field(default=())


def load(opening: Opening, tell: Any) -> Loaded:
    """Make the engine; imports all that takes time.

    Args:
        opening: what to open.
        tell: gets the lines of the report, from the thread that runs the engine.

    Raises:
        Exception: what plugins, labels or settings raise.
    """
    from t2tui import __version__, plugins
    from t2tui.api import Collector
    from t2tui.core.alarms import alarm_rule
    from t2tui.core.capture import Originals
    from t2tui.core.engine import Engine, RunOptions
    from t2tui.core.labels import chosen_labels
    from t2tui.core.packetindex import PacketIndex
    from t2tui.core.settings import CORE
    from t2tui.core.statistics import Traffic

    chosen: list[str] = []
    left_out: list[str] = []
    for name in opening.plugins:
        (left_out if writes_files(name, plugins.find(name).number) else chosen).append(name)
    core = opening.settings[CORE]
    options = RunOptions(
        report=tell,
        bpf=opening.bpf,
        program=f"t2tui {__version__}",
        alarm_rule=alarm_rule(core),
        force_mode=bool(core.FORCE_MODE),
    )
    loaded = plugins.load(chosen, opening.settings, lambda text: tell(f"[ERR] {text}"))
    index, originals = PacketIndex(), Originals()
    traffic = Traffic()
    collector = Collector(False, index, traffic)
    engine = Engine(
        opening.source,
        options,
        Discarded(tell),
        [*loaded, collector],
        title=opening.name if len(opening.sources) > 1 or opening.is_pipe else None,
        labels=chosen_labels(core),
        write_packets=False,
        originals=originals,
    )
    return Loaded(engine, collector, index, originals, traffic, left_out)
