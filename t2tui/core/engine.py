"""The batch loop: capture -> dissect -> flows -> plugins -> sinks (docs/architecture.md).

One engine is one run. ``run()`` blocks; the other methods may be called from any thread meanwhile.
"""

import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from t2tui.core import report
from t2tui.core.alarms import Alarms
from t2tui.core.allocation import map_large_arrays
from t2tui.core.batch import BATCH_PACKETS, PacketBatch
from t2tui.core.capture import Capture, CaptureError, Originals, open_capture
from t2tui.core.dissect.dissector import DissectCounter, Dissector
from t2tui.core.events import event_text
from t2tui.core.feeder import Feeder, Portion, StoppedError, new_batches
from t2tui.core.flows.counters import FlowCounter
from t2tui.core.flows.create import FLOW_TIMEOUT
from t2tui.core.flows.table import CAPACITY, FlowTable
from t2tui.core.labels import REVISION, Labels
from t2tui.core.linktypes import MAX_SNAP_LENGTH, SUPPORTED, describe
from t2tui.core.monitoring import Moment, Monitor, monitoring_lines
from t2tui.core.packetlines import PacketLines
from t2tui.core.roster import Breakdown, Roster
from t2tui.core.run import Run, Split, printed_name
from t2tui.core.totals import gather

if TYPE_CHECKING:
    from t2tui.core.columns import Column
    from t2tui.core.outputs import Outputs

PROGRESS_SECONDS = 0.2
"""Time between two calls of the progress callback, and the longest wait for a pipe."""

TCP_STATES = "tcpStates"
"""The plugin that switches the TCP state machine and its time-outs on."""

DNS_DECODE = "dnsDecode"
"""The plugin that lets DNS messages decide which side a flow is."""


@dataclass(frozen=True)
class RunOptions:
    """How to run; the letters are those of ``t2tui run``.

    Attributes:
        packet_mode: write the packet file (-s).
        hash_factor: factor of the flow table's size (-f).
        sensor: number of the sensor (-x).
        split: continue the flow file in further files (-W).
        index_file: list of the flows whose packets are extracted (-e).
        bpf: filter expression; other packets are invisible.
        names: gives the printed name of a column.
        command: the program's arguments, for the header file.
        program: name and version for the banner.
        report: gets the lines of the report, one by one, without line end.
        monitoring: gets the lines of monitoring output; the report without.
        monitoring_interval: seconds between two regular monitoring reports (-M).
        alarm_rule: alarm mode: alarms.OR, AND or AND_REFERENCE; None switches it off.
        force_mode: plugins may end flows.
        hex_content: the packet file has payload as hexadecimal bytes, too.
        batch_packets: packets per batch.
        revision: date of the label tables, as the report prints it.
    """

    packet_mode: bool = False
    hash_factor: int = 1
    sensor: int = 666
    split: Split | None = None
    index_file: str | None = None
    bpf: str | None = None
    names: "Callable[[Column], str]" = printed_name
    command: Sequence[str] = ()
    program: str = "t2tui"
    report: Callable[[str], None] = field(default=lambda line: None)
    monitoring: Callable[[str], None] | None = None
    monitoring_interval: float = 1.0
    alarm_rule: str | None = None
    force_mode: bool = False
    hex_content: bool = False
    batch_packets: int = BATCH_PACKETS
    revision: str = REVISION


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How far a run is.

    Attributes:
        state: ``reading``, ``paused``, ``waiting`` (for a pipe), ``cancelled``, ``complete`` or ``failed``.
        bytes_read: bytes of the input that were read (compressed bytes of a compressed capture).
        size: bytes of the input in all; None on a pipe.
        packets: packets processed.
        flows: flows created (A and B).
        elapsed: seconds since the start.
        packets_per_second: mean so far.
    """

    state: str
    bytes_read: int
    size: int | None
    packets: int
    flows: int
    elapsed: float
    packets_per_second: float


class UnsupportedLinkTypeError(CaptureError):
    """The dissection does not know the link layer of a capture."""


class Engine:
    """Turns captures into flows.

    Attributes:
        run_state: what the plugins share (flow table, descriptions, totals).
        monitor: asked for monitoring output, from any thread or signal handler.
    """

    def __init__(
        self,
        source: str | Sequence[str],
        options: RunOptions,
        outputs: "Outputs | Any",
        plugins: Sequence[Any],
        *,
        title: str | None = None,
        labels: Labels | None = None,
        write_packets: bool = True,
        originals: Originals | None = None,
    ) -> None:
        """Prepare a run; nothing is opened yet.

        Args:
            source: a capture (``-`` is standard input), or the captures of a list, through which flows
                run on; the times of a list have microseconds only, as in the reference.
            options: see RunOptions.
            outputs: opens files by suffix: ``open(suffix) -> binary file``.
            plugins: plugin objects in the order of their numbers.
            title: name of the list, for the report.
            labels: address labels, the built-in ones by default; with databases for one engine at a time.
            write_packets: write the packet file in packet mode; without, the columns are only computed.
            originals: takes the captures in, so that their bytes can be read again.
        """
        map_large_arrays()
        self._is_list = not isinstance(source, str)
        self._sources = [source] if isinstance(source, str) else list(source)
        self._title, self._originals = title, originals
        self._write_packets = write_packets and options.packet_mode
        self._options = options
        self._plugins = Roster(plugins, options.report)
        self._started = time.time_ns()
        self._clock = time.monotonic_ns()
        self._cancelled = threading.Event()
        self._paused = False
        self.monitor = Monitor(options.monitoring_interval)
        self._state = "reading"
        self._bytes_before = 0
        self._size: int | None = 0
        self._capture: Capture | None = None
        self._first_time: tuple[int, int] | None = None
        self._last_time = (0, 0)
        self._packet_lines: PacketLines | None = None
        self._autopilot_told, self._forced = False, 0
        self._in_order = options.force_mode or any(plugin.in_order for plugin in plugins)
        self._one_by_one = options.force_mode or any(plugin.lockstep for plugin in plugins)
        self._batches = new_batches(options.batch_packets)
        self._feeder: Feeder | None = None
        self._dissector = Dissector(1)
        self._dissected = self._dissector.totals()
        labels = labels or Labels.builtin()
        self._label_words = labels.words
        self._flows = FlowTable(
            capacity=CAPACITY * options.hash_factor,
            batch_packets=options.batch_packets,
            labels=labels,
            timeouts=(FLOW_TIMEOUT, *(seconds for plugin in plugins for seconds in plugin.timeouts)),
            tcp_states=any(plugin.name == TCP_STATES for plugin in plugins),
            packet_times=options.packet_mode,
            dns_roles=any(plugin.name == DNS_DECODE for plugin in plugins),
        )
        self.run_state = Run(
            flows=self._flows,
            descriptions=self._dissector.descriptions,
            labels=labels,
            outputs=outputs,
            slots=CAPACITY * options.hash_factor + options.batch_packets,
            batch_packets=options.batch_packets,
            packet_mode=options.packet_mode,
            alarms=Alarms(options.alarm_rule),
            force_mode=options.force_mode,
            sensor=options.sensor,
            split=options.split,
            index_file=options.index_file,
            tell=options.report,
            units=10**6 if self._is_list else 10**9,
            names=options.names,
            command=options.command,
            started=self._started,
            plugins={plugin.name: plugin for plugin in plugins},
        )

    @property
    def breakdowns(self) -> Sequence[Breakdown]:
        """Plugins that were switched off because they raised."""
        return self._plugins.breakdowns

    # ------------------------------------------------------------------ control

    def cancel(self) -> None:
        """End the run after the current batch; flows and files are completed with what was read."""
        self._cancelled.set()
        if self._feeder is not None:
            self._feeder.stop()

    def pause(self) -> None:
        """Stop reading; the packets that are on their way are still worked on."""
        self._paused = True
        if self._feeder is not None:
            self._feeder.pause()

    def resume(self) -> None:
        """Go on after pause()."""
        self._paused = False
        if self._feeder is not None:
            self._feeder.resume()

    def snapshot(self) -> Snapshot:
        """Return how far the run is."""
        elapsed = (time.monotonic_ns() - self._clock) / 1e9
        packets = int(self._dissected.counters[DissectCounter.PACKETS])
        counters = self._flows.counters
        capture = self._capture
        return Snapshot(
            state="paused" if self._paused and self._state in ("reading", "waiting") else self._state,
            bytes_read=self._bytes_before + (capture.bytes_read if capture else 0),
            size=self._size,
            packets=packets,
            flows=int(counters[FlowCounter.FLOWS_A] + counters[FlowCounter.FLOWS_B]),
            elapsed=elapsed,
            packets_per_second=packets / elapsed if elapsed > 0 else 0.0,
        )

    def close(self) -> None:
        """Let go of plugins and tables: they refer to each other, and Python frees such rings late.

        The engine cannot be used afterwards; what the plugins hold stays theirs.
        """
        self.run_state.plugins.clear()
        self.run_state.descriptions.unpin()
        self.run_state.batch = None
        self.run_state.released = self.run_state.released[:0].copy()
        self._plugins.clear()
        self._feeder = None
        self._capture = None

    # ------------------------------------------------------------------ the run

    def run(self, progress: Callable[[Snapshot], None] | None = None) -> None:
        """Read the source to its end, or until cancel().

        Args:
            progress: called about five times a second with a snapshot.

        Raises:
            CaptureError: a capture cannot be opened, or has an unsupported link type.
            OutputError: a file cannot be written.
        """
        due = time.monotonic() + PROGRESS_SECONDS
        for _ in self.steps():
            if progress is not None and time.monotonic() >= due:
                due = time.monotonic() + PROGRESS_SECONDS
                progress(self.snapshot())
        if progress is not None:
            progress(self.snapshot())

    def steps(self) -> Generator[None]:
        """Do the same as run(), batch by batch; raises what run() raises.

        Yields:
            None after each batch, and at least five times a second while paused or waiting for packets of a
            pipe.
        """
        try:
            yield from self._sources_in_turn()
            self._state = "cancelled" if self._cancelled.is_set() else "complete"
        except BaseException:
            self._state = "failed"
            self._plugins.abandon()
            raise
        finally:
            if self._capture is not None:
                self._capture.close()

    def _sources_in_turn(self) -> Iterator[None]:
        """Read all captures and end the run; one cancelled while it opens the first writes nothing."""
        emit = self._options.report
        capture = self._open(self._sources[0])
        if capture is None:
            return
        self._begin(capture)
        yield from self._read(capture)
        for number, source in enumerate(self._sources[1:], 2):
            following = None if self._cancelled.is_set() else self._open(source)
            if following is None:
                break
            capture = following
            emit(report.processing_line(source, number, len(self._sources)))
            self._announce(capture)
            yield from self._read(capture)
        self._end(capture)

    def _go_on(self) -> None:
        if self._cancelled.is_set():
            raise StoppedError

    def _open(self, source: str) -> Capture | None:
        """Open a capture in place of the last one; None if the run is cancelled meanwhile."""
        precision: Literal["us", "ns"] = "us" if self._is_list else "ns"
        bpf = self._options.bpf
        try:
            opened = open_capture(
                source, precision=precision, bpf=bpf, patience=self._go_on, originals=self._originals
            )
        except StoppedError:
            return None
        if self._capture is not None:
            self._capture.close()
            self._bytes_before += self._capture.bytes_read
        self._capture = opened
        self._dissector.link_type = self._capture.link_type
        self._dissector.clear_buffer()
        run = self.run_state
        run.link_type, run.snap_length = self._capture.link_type, self._capture.snap_length
        run.origin = self._originals.origin if self._originals else 0
        if self._is_list:
            run.snap_length = max(run.snap_length, MAX_SNAP_LENGTH)
        return self._capture

    def _begin(self, capture: Capture) -> None:
        """Write the start lines, start the plugins."""
        options, run = self._options, self.run_state
        if self._is_list:
            self._size = sum(Path(source).stat().st_size for source in self._sources)
        else:
            self._size = capture.disk_size
        start = report.Start(
            program=options.program,
            pid=os.getpid(),
            priority=os.getpriority(os.PRIO_PROCESS, 0),
            seconds=self._started // 10**9,
            microseconds=self._started % 10**9 // 1000,
            plugins=[(plugin.name, plugin.version) for plugin in self._plugins],
            ranges_v4=run.labels.ranges_v4,
            ranges_v6=run.labels.ranges_v6,
            revision=options.revision,
            sensor=options.sensor,
            alarm_mode=run.alarm_mode,
            force_mode=run.force_mode,
            pcapng=capture.format == "pcapng",
            listed=self._sources if self._is_list else (),
        )
        for line in report.start_lines(start):
            options.report(line)
        for note in run.labels.notes:
            options.report(report.inf(note))
        self._plugins.start(run)
        if self._write_packets:
            self._packet_lines = PacketLines(run, has_hex=options.hex_content)
        if self._is_list:
            options.report(f"Processing list file: {self._title}")
        else:
            options.report(report.processing_line(self._title or capture.name))
        if options.bpf:
            options.report(report.inf(f"BPF: {options.bpf}"))
        if self._is_list:
            options.report(report.processing_line(self._sources[0], 1, len(self._sources)))
        self._announce(capture)

    def _announce(self, capture: Capture) -> None:
        for line in report.link_lines(describe(capture.link_type), capture.snap_length):
            self._options.report(line)

    def _read(self, capture: Capture) -> Iterator[None]:
        """Read one capture to its end."""
        self._feeder = Feeder(capture, self._dissector, self._batches)
        if self._paused:
            self._feeder.pause()
        if self._cancelled.is_set():
            return
        with closing(self._feeder.portions()) as portions:
            for portion in portions:
                has_packets = portion is not None and portion.behind > portion.first
                self._state = "reading" if has_packets else "waiting"
                if portion is not None:
                    self._work_on(portion, capture)
                cause = self.monitor.due()
                if cause is not None and self._first_time is not None:
                    self._write_monitoring(cause, capture)
                yield

    def _work_on(self, portion: Portion, capture: Capture) -> None:
        """Process a portion and give its batch back."""
        self._dissected = portion.totals
        if portion.behind > portion.first:
            self._process(portion, capture)
        for _, text in portion.warnings:
            self._options.report(report.wrn(text))
        if portion.is_last:
            self._flows.reclaim()  # packet times are by row of the batch: not before it is done
            self._batches.put(portion.batch)

    def _write_monitoring(self, cause: str, capture: Capture) -> None:
        """Write where the run is."""
        options, clock = self._options, time.monotonic_ns() - self._clock
        moment = Moment(
            cause=cause,
            program=options.program,
            pid=os.getpid(),
            name=self._title or capture.name,
            link_type=describe(capture.link_type),
            snap_length=capture.snap_length,
            size=self._size,
            now=time.time_ns(),
            elapsed=clock,
        )
        totals = self._current_totals()
        write = options.monitoring or options.report
        for line in monitoring_lines(moment, totals, self._plugins.monitor()):
            write(line)

    def _process(self, portion: Portion, capture: Capture) -> None:
        """Take packets through flows and plugins."""
        emit, packets = self._options.report, portion.batch.packets
        if self._first_time is None:
            self._tell_reader_warnings(portion, 0)
            self._first_time = int(packets[0]["sec"]), int(packets[0]["frac"])
            emit(report.dump_start_line(*self._first_time))
        self._check_link_type(capture)
        last = packets[portion.behind - 1]
        self._last_time = int(last["sec"]), int(last["frac"])
        for event in portion.events:
            self._tell_reader_warnings(portion, event.packet - int(packets[0]["pktNo"]))
            emit(report.wrn(event_text(event)))
        self._hand_on(portion)

    def _tell_reader_warnings(self, portion: Portion, before: int) -> None:
        """Print the reader's warnings up to a packet of the batch."""
        while portion.warnings and portion.warnings[0][0] <= before:
            self._options.report(report.wrn(portion.warnings.pop(0)[1]))

    def _check_link_type(self, capture: Capture) -> None:
        """Refuse link types that the dissection does not know, at the first packet as the reference does."""
        if capture.link_type not in SUPPORTED:
            self._finish_plugins()
            raise UnsupportedLinkTypeError(
                f"Unsupported link-layer type: {describe(capture.link_type)}",
                "Only link types that 't2tui --help' lists can be dissected; convert the capture.",
            )

    def _hand_on(self, portion: Portion) -> None:
        """Give packets to flows, plugins and sinks."""
        run, batch = self.run_state, portion.batch
        run.batch = batch
        if self._one_by_one:
            for row in range(portion.first, portion.behind):
                self._assign(batch, row, row + 1)
        else:
            self._assign(batch, portion.first, portion.behind)
        if self._packet_lines is not None:
            self._packet_lines.write(batch, portion.first, portion.behind)

    def _assign(self, batch: PacketBatch, first: int, behind: int) -> None:
        """Find the flows of packets, call the plugins."""
        run, packets = self.run_state, batch.packets[first:behind]
        if run.removals:
            removed = self._flows.remove(run.removals)
            run.removals.clear()
            self._release(removed, packets["sec"])
        run.behind = behind
        released = self._flows.assign(packets, first, batch.data)
        if not self._autopilot_told and self._flows.autopilot_packet:
            self._autopilot_told = True
            self._tell_autopilot(packets)
        if run.labels.databases is not None:
            self._ask(run.labels, packets)
        if self._in_order:
            self._show_in_order(batch, first, behind, released)
        else:
            self._show(batch, first, behind, released)
            self._release(released, packets["sec"])
        if run.removals:
            run.removals[:] = dict.fromkeys(run.removals)
            self._flows.mark_removal(run.removals)
            self._forced += len(run.removals)

    def _show(self, batch: PacketBatch, first: int, behind: int, released: NDArray[Any]) -> None:
        """Show packets, and which flows ended between them, to the plugins."""
        if first < behind:
            self.run_state.row, self.run_state.released = first, released
            self._plugins.on_packets(batch.packets[first:behind], batch.data)

    def _show_in_order(self, batch: PacketBatch, first: int, behind: int, released: NDArray[Any]) -> None:
        """Show packets and ends of flows to the plugins in the order in which they follow each other."""
        shown, seconds = first, batch.packets["sec"][first:behind]
        changes = np.flatnonzero(np.diff(released["packet"])) + 1
        for together in np.split(released, changes) if len(released) else ():
            place = first + int(together["packet"][0])
            self._show(batch, shown, place, released[:0])
            shown = place
            self._release(together, seconds)
        self._show(batch, shown, behind, released[:0])

    def _ask(self, labels: Labels, packets: NDArray[Any]) -> None:
        """Let the databases label the flows that packets created."""
        assert labels.databases is not None
        labels.databases.label(packets, self._flows.records)
        for fault in labels.databases.take_faults():
            self._options.report(report.wrn(fault))
        if labels.words != self._label_words:
            self._label_words = labels.words
            self.run_state.columns_changed += 1

    def _tell_autopilot(self, packets: NDArray[Any]) -> None:
        """Give the advice of the moment at which the flow table was full."""
        totals = self._totals()
        later = packets["pktNo"] > self._flows.autopilot_packet
        totals.packets -= int(later.sum())
        totals.bytes -= int(packets["caplen"][later].sum(dtype=np.int64))
        for line in report.autopilot_lines(totals):
            self._options.report(line)

    def _release(self, released: NDArray[Any], seconds: NDArray[np.int64]) -> None:
        """Let plugins and sinks see flows that ended.

        Args:
            released: RELEASED entries.
            seconds: times that their ``packet`` counts in.
        """
        if len(released) == 0:
            return
        self.run_state.released = released
        self.run_state.ended = seconds[released["packet"]]
        slots = np.ascontiguousarray(released["slot"])
        alarms = self.run_state.alarms
        alarms.begin(len(slots))
        self._plugins.on_released(slots)
        written = alarms.written()
        if written is not None:
            slots = slots[written]
        if len(slots):
            self._plugins.on_rows(slots)

    def _totals(self) -> report.Totals:
        totals = gather(self._dissected, self._flows, self._plugins.status)
        totals.hash_factor = self._options.hash_factor
        totals.files = len(self._sources)
        totals.forced_flows = self._forced
        totals.alarms, totals.alarm_flows = self.run_state.alarms.count, self.run_state.alarms.flows
        start = self._first_time or (self._started // 10**9, self._started % 10**9)
        totals.start_seconds, totals.start_fraction = start
        totals.stop_seconds, totals.stop_fraction = self._last_time
        if self._size is not None:
            capture = self._capture
            is_compressed = capture is not None and capture.compression is not None and not self._is_list
            totals.file_bytes = (capture.size or 0) if capture and is_compressed else self._size
        return totals

    def _current_totals(self) -> report.Totals:
        """Return the totals and tell them to the plugins, which print shares of them."""
        run, totals = self.run_state, self._totals()
        run.packets, run.bytes = totals.packets, totals.bytes
        run.flow_bytes, run.flow_count = totals.a_bytes + totals.b_bytes, totals.flows
        return totals

    def _end(self, capture: Capture) -> None:
        """Write the remaining flows and the end report."""
        emit = self._options.report
        for line in report.stop_lines(self._totals(), time.monotonic_ns() - self._clock):
            emit(line)
        self._release(self._flows.flush(), np.array(self._last_time[:1]))
        unloaded = time.monotonic_ns() - self._clock
        totals = self._current_totals()
        for line in report.end_lines(totals, unloaded, self._plugins.report()):
            emit(line)
        self._finish_plugins()

    def _finish_plugins(self) -> None:
        self._plugins.finish()
        if self._packet_lines is not None:
            self._packet_lines.close()
