"""One opened capture: the engine in a thread of its own, and snapshots of it for the screen.

The screen asks a few times a second and takes the latest snapshot; it never waits. The thread makes one only
when it was asked for, between two steps of the engine: so however slow the screen is, the engine is not.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from t2tui.core.text.safe import safe_text
from t2tui.tui.opening import Loaded, Opening, load
from t2tui.tui.packetsource import PacketSource

if TYPE_CHECKING:
    from t2tui.core.capture import Originals
    from t2tui.core.engine import Engine
    from t2tui.core.packetindex import PacketIndex
    from t2tui.core.roster import Breakdown
    from t2tui.core.statistics import TrafficView
    from t2tui.core.store import ColumnStore
    from t2tui.core.streams import Stream
    from t2tui.tui.packetlist import PacketReader

PREPARING, READING, PAUSED, WAITING = "preparing", "reading", "paused", "waiting"
PARTIAL, COMPLETE, FAILED, NOTHING = "partial", "complete", "failed", "nothing is open"
ENDED = (PARTIAL, COMPLETE, FAILED, NOTHING)

CLOSE_SECONDS = 0.1
"""How long close() waits for the thread; it is a daemon and holds nobody up."""
OPEN_SECONDS = 1.0
"""How often the open flows are looked at, as long as none has ended."""
FIRST_LINES, LAST_LINES = 2_000, 8_000
"""Lines of the log that are kept: a capture can give reason for one per packet."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A capture at one moment; nothing in it changes any more.

    Attributes:
        state: one of the words above.
        detail: what is being prepared, or why it failed.
        hint: what to do about it.
        bytes_read: of the input.
        size: bytes of the input in all; None of a pipe.
        packets: processed so far.
        flows: created so far, A and B.
        alarms: of plugins.
        elapsed: seconds that were spent reading.
        table: rows so far; None before the first flow has ended.
        open_flows: some of the flows that are still open, as long as none has ended.
        log: lines of report and warnings.
        faults: number of warnings and errors in the log.
        breakdowns: plugins that were switched off.
        left_out: plugins that do not run here, because they write files.
        traffic: packets and bytes over time, lengths of packets; None before the first packet.
    """

    state: str = PREPARING
    detail: str = ""
    hint: str = ""
    bytes_read: int = 0
    size: int | None = None
    packets: int = 0
    flows: int = 0
    alarms: int = 0
    elapsed: float = 0.0
    table: "ColumnStore | None" = None
    open_flows: "ColumnStore | None" = None
    log: tuple[str, ...] = ()
    faults: int = 0
    breakdowns: "tuple[Breakdown, ...]" = ()
    left_out: tuple[str, ...] = ()
    traffic: "TrafficView | None" = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes."""
        return self.state in ENDED

    @property
    def rows(self) -> int:
        """Number of flows that ended, each direction a row."""
        return 0 if self.table is None else len(self.table)

    @property
    def fraction(self) -> float | None:
        """How much was read, 0 to 1; None of a pipe."""
        if self.state == COMPLETE:
            return 1.0
        return min(self.bytes_read / self.size, 1.0) if self.size else None

    @property
    def packets_per_second(self) -> float:
        """Mean while reading."""
        return self.packets / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def left(self) -> float | None:
        """Seconds to the end at the speed so far; None if it cannot be told."""
        if self.has_ended or not self.size or not self.bytes_read:
            return None
        return self.elapsed * max(self.size - self.bytes_read, 0) / self.bytes_read


@dataclass
class _Log:
    """Lines of the report: the first and the last ones."""

    first: list[str] = field(default_factory=list)
    last: "deque[str]" = field(default_factory=lambda: deque(maxlen=LAST_LINES))
    count: int = 0
    faults: int = 0

    def __call__(self, line: str) -> None:
        """Add a line."""
        self.count += 1
        self.faults += line.startswith(("[WRN]", "[ERR]"))
        (self.first if len(self.first) < FIRST_LINES else self.last).append(line)

    def lines(self) -> tuple[str, ...]:
        """Return what is kept."""
        dropped = self.count - len(self.first) - len(self.last)
        gap = [f"... {dropped:,} lines are left out here ..."] if dropped else []
        return (*self.first, *gap, *self.last)


class _ClosedError(Exception):
    """Nobody looks any more."""


class _Spinner:
    """Takes the words of the compilation in place of a terminal's line, and ends it when asked to."""

    width = 80

    def __init__(self, session: "Session") -> None:
        self._session = session

    def show(self, text: str) -> None:
        """Look whether to go on."""
        self._session.check()

    def clear(self) -> None:
        """Do nothing: the state says when it is over."""


class Session:
    """An opened capture.

    All methods may be called from any thread, return at once and raise nothing.
    """

    def __init__(self, opening: Opening) -> None:
        """Prepare; start() begins.

        Args:
            opening: what to open.
        """
        self.opening = opening
        self._latest = Snapshot()
        self._log = _Log()
        self._loaded: Loaded | None = None
        self._asked = threading.Event()
        self._cancelled = threading.Event()
        self._closed = threading.Event()
        self._is_paused = False
        self._read_seconds = 0.0
        self._clock: float | None = None
        self._open_at = -OPEN_SECONDS  # when open flows were looked at
        self._thread = threading.Thread(target=self._work, name="session", daemon=True)

    # ------------------------------------------------------------------ asked by the screen

    def start(self) -> None:
        """Begin to read, if there is something to read and it has not begun yet."""
        if not self.opening.sources:
            self._latest = Snapshot(state=NOTHING)
        elif self._thread.ident is None:
            self._thread.start()

    def ask(self) -> Snapshot:
        """Return the latest snapshot, and have the next one made."""
        self._asked.set()
        return self._latest

    @property
    def index(self) -> "PacketIndex | None":
        """Where the packets are; None before the engine is ready."""
        return self._loaded.index if self._loaded else None

    @property
    def originals(self) -> "Originals | None":
        """Where the bytes of the captures can be read again; None before the engine is ready."""
        return self._loaded.originals if self._loaded else None

    def packets_obstacle(self) -> str:
        """Return why packets cannot be read again; empty if they can."""
        if self._loaded is None:
            return f"nothing has been read yet: {self._latest.detail or self._latest.state}"
        return self._loaded.originals.fault

    def packets(self) -> PacketSource:
        """Return where packets of flows come from; only where nothing stands against it.

        Raises:
            CaptureError: see packets_obstacle().
        """
        if self._loaded is None or self._loaded.originals.fault:
            from t2tui.core.capture import CaptureError

            raise CaptureError("Packets cannot be read again", self.packets_obstacle())
        return PacketSource(self._loaded.index, self._loaded.originals, self.opening.files)

    def open_stream(self, flow: int) -> "Stream":
        """Return the streams of a flow, as far as it was read.

        Not for the thread of the screen, unlike all other methods.

        Args:
            flow: its index.

        Raises:
            CaptureError: the capture cannot be read again.
            LookupError: no packet belongs to it.
        """
        from t2tui import following
        from t2tui.core.streams import Conversation

        source, now = self.packets(), self._latest
        segments = source.index.segments(flow)
        if not len(segments):
            raise LookupError(f"there is no flow {flow} in what was read")
        tables = [table for table in (now.table, now.open_flows) if table is not None]
        found = (following.conversation_of(table, flow) for table in tables)
        ends = next((each for each in found if each is not None), None)
        return following.stream_of(segments, source.originals, ends or Conversation(flow, 0, "A", "B"))

    def packet_reader(self) -> "PacketReader | None":
        """Return what reads packets again; None if they cannot be read."""
        if self._loaded is None or self._loaded.originals.fault:
            return None
        from t2tui.core.reread import read_window
        from t2tui.tui.packetlist import PacketReader

        index, originals = self._loaded.index, self._loaded.originals
        return PacketReader(
            index,
            partial(read_window, originals),
            self._loaded.engine.run_state.labels.lookup,
            lambda number: originals.link_type(int(index.rows(number, 1)["offset"][0])),
        )

    def pause(self) -> None:
        """Stop reading until resume()."""
        self._is_paused = True
        if self._loaded:
            self._loaded.engine.pause()

    def resume(self) -> None:
        """Go on reading."""
        self._is_paused = False
        if self._loaded:
            self._loaded.engine.resume()

    @property
    def is_paused(self) -> bool:
        """Whether reading is to stop."""
        return self._is_paused

    def cancel(self) -> None:
        """Stop reading for good; the flows that are still open end here."""
        self._cancelled.set()
        if self._loaded:
            self._loaded.engine.cancel()

    def abandon(self) -> None:
        """Begin to stop; nothing is completed."""
        self._closed.set()
        self.cancel()

    def close(self) -> None:
        """Stop at once, and wait a moment until it is so."""
        self.abandon()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)

    def check(self) -> None:
        """Raise in the session's thread if it is to end."""
        if self._closed.is_set() or (self._cancelled.is_set() and self._loaded is None):
            raise _ClosedError

    # ------------------------------------------------------------------ in the thread

    def _work(self) -> None:
        try:
            self._prepare()
            self._run()
            self._end(PARTIAL if self._cancelled.is_set() and not self._is_whole() else COMPLETE)
        except _ClosedError:
            self._end(PARTIAL)
        except Exception as error:  # whatever it is, the screen says it and keeps what was read
            self._end(FAILED, *words(error))

    def _prepare(self) -> None:
        """Import, compile and open."""
        self._latest = replace(self._latest, detail="starting")
        from t2tui.cli.kernels import compile_kernels, compiled

        if not compiled():
            self._latest = replace(self._latest, detail="compiling kernels; only the first run does")
            compile_kernels(_Spinner(self))  # type: ignore[arg-type]
        self.check()
        self._loaded = load(self.opening, self._log)
        if self._is_paused:
            self._loaded.engine.pause()
        if self._cancelled.is_set():
            self._loaded.engine.cancel()
        state = WAITING if self.opening.waits else READING
        self._latest = replace(self._latest, state=state, detail="", left_out=tuple(self._loaded.left_out))

    def _run(self) -> None:
        """Read to the end, or until cancel()."""
        assert self._loaded is not None
        engine = self._loaded.engine
        self._asked.set()
        with closing(engine.steps()) as steps:
            for _ in steps:
                self._count_time()
                if self._closed.is_set():
                    return
                if self._asked.is_set():
                    self._asked.clear()
                    self._latest = self._snapshot(engine.snapshot().state)

    def _is_whole(self) -> bool:
        """Tell whether the end had been reached before it was cancelled."""
        assert self._loaded is not None
        now = self._loaded.engine.snapshot()
        return bool(now.size) and now.bytes_read >= (now.size or 0)

    def _count_time(self) -> None:
        """Add the time since the last step unless reading was paused."""
        now = time.monotonic()
        if self._clock is not None and not self._is_paused:
            self._read_seconds += now - self._clock
        self._clock = now

    def _end(self, state: str, detail: str = "", hint: str = "") -> None:
        """Make the last snapshot and let go of the engine."""
        self._count_time()
        last = self._snapshot(state, detail, hint)
        if self._loaded is not None:
            if hasattr(self._loaded.collector, "flows"):  # the plugins were started
                last = replace(last, table=self._loaded.collector.take()[0].view())
            self._loaded.engine.close()
        self._latest = last

    def _snapshot(self, state: str, detail: str = "", hint: str = "") -> Snapshot:
        """Look at the engine; called in its thread."""
        common: dict[str, Any] = {
            "state": state,
            "detail": detail,
            "hint": hint,
            "elapsed": self._read_seconds,
            "log": self._log.lines(),
            "faults": self._log.faults,
        }
        if self._loaded is None:
            return replace(self._latest, **common)
        engine, collector = self._loaded.engine, self._loaded.collector
        now = engine.snapshot()
        if state == WAITING and now.size is not None:  # files end; they are not waited for
            common["state"] = READING
        store = getattr(collector, "flows", None)
        return replace(
            self._latest,
            **common,
            bytes_read=now.bytes_read,
            size=now.size if not self.opening.is_pipe else None,
            packets=now.packets,
            flows=now.flows,
            alarms=engine.run_state.alarms.count,
            table=None if store is None else store.view(),
            open_flows=self._open_flows(engine) if store is None and state not in ENDED else None,
            breakdowns=tuple(engine.breakdowns),
            traffic=self._loaded.traffic.view() if now.packets else None,
        )

    def _open_flows(self, engine: "Engine") -> "ColumnStore | None":
        """Return flows that are open, now and then anew; none before the plugins were started."""
        from t2tui.tui.openflows import open_flows

        run, moment = engine.run_state, time.monotonic()
        if run.batch is None:
            return None
        if moment - self._open_at < OPEN_SECONDS:
            return self._latest.open_flows
        self._open_at = moment
        return open_flows(run)


def words(error: BaseException) -> tuple[str, str]:
    """Return what an error says, and what to do about it, as safe text."""
    from t2tui.core.capture import CaptureError

    if isinstance(error, CaptureError):
        return safe_text(error.message), safe_text(error.hint)
    if isinstance(error, MemoryError):
        return "out of memory", "Close other programs, or analyse a part of the capture with --bpf."
    text = safe_text(str(error)) or type(error).__name__
    foreseen: Sequence[type[BaseException]] = (OSError, ValueError, LookupError)
    if isinstance(error, tuple(foreseen)) or type(error).__module__.startswith("t2tui"):
        return text, ""
    return f"{type(error).__name__}: {text}", "This is a bug; please report it."
