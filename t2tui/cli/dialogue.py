"""What ``t2tui follow`` does: finds the flow, prints or saves its streams."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from t2tui import following
from t2tui.api import Collector
from t2tui.cli.activation import setup
from t2tui.cli.analysis import Request, listed, prepare
from t2tui.cli.exits import DONE, USAGE, Failure
from t2tui.cli.interrupt import Interrupt
from t2tui.cli.packetdialogue import follow_packet_file
from t2tui.cli.progress import Line
from t2tui.cli.reading import Runs
from t2tui.cli.terminal import abandon, has_colour, say
from t2tui.core.capture import CaptureError
from t2tui.core.capture.opening import check_capture
from t2tui.core.engine import RunOptions
from t2tui.core.outputs import OutputError
from t2tui.core.query import QueryError
from t2tui.core.streams import (
    CUT,
    DATA,
    Conversation,
    Part,
    Stream,
    describe_marks,
)
from t2tui.core.streams.packetfile import is_packet_file
from t2tui.core.streams.records import LEFT_OUT
from t2tui.core.streams.saving import save
from t2tui.core.streams.show import Form, Layout, Payload, Printer
from t2tui.core.streams.stream import Direction

SHOWN_FLOWS = 10
"""Flows that are named where several match."""

NANOSECONDS = 10**9
TCP = 6


@dataclass(frozen=True)
class Wanted:
    """What was asked for; see the options of ``t2tui follow``.

    Attributes:
        captures: the captures, or a packet file.
        list_file: option ``-R``.
        flow: option ``--flow``.
        expression: option ``--filter``.
        direction, layout, form, raw, marks, no_seq: how the streams are shown.
        save, force: where they are saved instead.
        plugins, settings, bpf, hash_factor, config, plugin_dirs: as of ``t2tui run``.
        quiet: no progress, no remarks.
    """

    captures: Sequence[str]
    list_file: str | None
    flow: int | None
    expression: str | None
    direction: Direction
    layout: Layout
    form: Form
    raw: bool
    marks: bool
    no_seq: bool
    save: Path | None
    force: bool
    plugins: Sequence[str]
    settings: Sequence[str]
    bpf: str | None
    hash_factor: int
    config: Path | None
    plugin_dirs: Sequence[Path]
    quiet: bool

    @property
    def source(self) -> str:
        """The first capture, or the list; for messages."""
        return self.list_file or self.captures[0]

    @property
    def is_alone(self) -> bool:
        """Whether there is one capture."""
        return self.list_file is None and len(self.captures) == 1

    @property
    def sides(self) -> tuple[Direction, ...]:
        """The directions one by one."""
        return ("A", "B") if self.direction == "both" else (self.direction,)

    @property
    def targets(self) -> dict[Direction, Path]:
        """The files of ``--save``."""
        if self.save is None:
            return {}
        if self.direction != "both":
            return {self.direction: self.save}
        return {side: self.save.with_name(f"{self.save.name}_{side}") for side in self.sides}


def follow(wanted: Wanted) -> int:
    """Show or save the streams of a flow.

    Returns:
        The exit code.

    Raises:
        Failure: there is no such flow, or something that was asked for is not possible.
    """
    if wanted.raw and wanted.save is None and sys.stdout.isatty():
        raise Failure("--raw: bytes of others can steer a terminal; send them to a file or a pipe", USAGE)
    for path in wanted.targets.values():
        if path.exists() and not wanted.force:
            raise Failure(f"'{path}' exists; --force replaces it")
    line = Line(sys.stderr)
    try:
        if wanted.is_alone and is_packet_file(wanted.source):
            return follow_packet_file(wanted)
        wanted = replace(wanted, captures=_captures(wanted))
        with Interrupt(line, "what was read so far is shown") as interrupt:
            prepare(line, wanted.quiet)
            if wanted.save is None and not wanted.marks:
                _deliver(wanted, interrupt, line)
                return interrupt.code or DONE
            with closing(_stream(wanted, interrupt, line)) as stream:
                line.clear()
                interrupt.watch(None)
                if wanted.save is not None:
                    _save(wanted, stream)
                else:
                    _show(wanted, stream)
                _remark(wanted, stream)
            return interrupt.code or DONE
    except BrokenPipeError:
        abandon(sys.stdout.buffer)
        raise Failure("The reader of standard output is gone") from None
    except CaptureError as wrong:
        raise Failure(f"{wrong.message}. {wrong.hint}") from None
    except following.UnknownFlowError as wrong:
        raise Failure(f"'{wanted.source}': {wrong}") from None
    except OutputError as wrong:
        raise Failure(str(wrong).replace(" with -w", " with --save")) from None
    finally:
        line.clear()


def _stream(wanted: Wanted, interrupt: Interrupt, line: Line) -> Stream:
    """Run the engine and return the streams of the flow."""
    source, flow, make, runs = _prepared(wanted, interrupt, line)
    return following.follow_flow(
        source, flow, make, sequence=not wanted.no_seq, progress=runs.progress, watch=runs.watch
    )


def _deliver(wanted: Wanted, interrupt: Interrupt, line: Line) -> None:
    """Show the streams of the flow while its packets are read; what is shown is forgotten."""
    source, flow, make, runs = _prepared(wanted, interrupt, line)
    out = cast(BinaryIO, sys.stdout.buffer)
    form: Form = "raw" if wanted.raw else wanted.form
    printer = Printer(out.write, wanted.layout, form, wanted.direction, has_colour(sys.stdout))
    parts = following.deliver_flow(
        source,
        flow,
        make,
        direction=wanted.direction,
        sequence=not wanted.no_seq,
        progress=runs.progress,
        watch=runs.watch,
    )
    with closing(parts):
        for part, ends, sums in parts:
            size, missing, packets = sums.size, sums.missing, sums.packets
            line.clear()
            if part.kind != DATA:
                what = "not captured" if part.kind == CUT else "missing"
                printer.gap(part.direction, part.length, what, marked=False)
            elif part.length:
                printer.payload(_payload(wanted, ends, part))
    printer.end()
    out.flush()
    _tell(wanted, flow, size, missing, packets)


def _prepared(
    wanted: Wanted, interrupt: Interrupt, line: Line
) -> "tuple[str | Sequence[str], int, following.EngineMaker, Runs]":
    """Return what is read, the flow, what makes its engine, and how it runs."""
    source = wanted.source if wanted.is_alone else wanted.captures
    request = Request(
        sources=wanted.captures,
        plugins=wanted.plugins,
        settings=wanted.settings,
        config=wanted.config,
        plugin_dirs=tuple(wanted.plugin_dirs),
        quiet=wanted.quiet,
    )
    known = setup(request.config, request.plugin_dirs)
    options = RunOptions(hash_factor=wanted.hash_factor, bpf=wanted.bpf)
    runs = Runs(source, known, request, options, interrupt, line)
    flow = wanted.flow if wanted.expression is None else _found(wanted.expression, runs)
    assert flow is not None
    deciders = runs.deciders()
    return source, flow, lambda _, added: runs.engine(deciders, added), runs


def _captures(wanted: Wanted) -> Sequence[str]:
    """Return the captures, those of a list if there is one.

    Raises:
        CaptureError: the list names none, or one of several that were named cannot be read.
    """
    if wanted.list_file is not None:
        return listed(wanted.list_file)
    if not wanted.is_alone:
        for path in wanted.captures:
            if Path(path).is_file() or not Path(path).exists():  # of a pipe it would take the first bytes
                check_capture(path)
    return wanted.captures


def _found(expression: str, runs: Runs) -> int:
    """Return the one flow that matches an expression.

    Raises:
        Failure: the expression is wrong, or none or several flows match.
    """
    if runs.source == "-":
        raise Failure("--filter needs to read twice, and standard input cannot be: give --flow", USAGE)
    collector = Collector(keep_packets=False)
    engine = runs.engine(runs.readers(), [collector])
    try:
        runs.watch(engine)
        engine.run(runs.progress)
        flows, _ = collector.take()
    finally:
        engine.close()
    try:
        rows = flows.filter(expression)
    except QueryError as wrong:
        raise Failure(f"--filter: {wrong}", USAGE) from None
    matching = np.unique(flows["flowInd"][rows]).tolist()
    if len(matching) != 1:
        total = len(np.unique(flows["flowInd"]))
        some = ", ".join(map(str, matching[:SHOWN_FLOWS]))
        more = ", ..." if len(matching) > SHOWN_FLOWS else ""
        found = f"{len(matching)} of {total} flows match ({some}{more}); say which with --flow"
        raise Failure(f"--filter: {found if matching else f'none of {total} flows matches'}")
    return int(matching[0])


def _save(wanted: Wanted, stream: Stream) -> None:
    for side, path in wanted.targets.items():
        if not stream.size(side):
            say("WRN", f"{side} sent nothing that was captured: '{path}' is not written")
            continue
        inputs = [wanted.source, *wanted.captures]
        written = save(path, partial(stream.write, direction=side), inputs)
        if not wanted.quiet:
            say("INF", f"'{path}': {written:,} bytes of {side}")


def _show(wanted: Wanted, stream: Stream) -> None:
    out = cast(BinaryIO, sys.stdout.buffer)
    colour = has_colour(sys.stdout)
    form: Form = "raw" if wanted.raw else wanted.form
    printer = Printer(out.write, wanted.layout, form, wanted.direction, colour)
    notes = _Notes(stream, wanted.direction) if wanted.marks else None
    for part in stream.parts(wanted.direction):
        if notes is not None:
            for note in notes.before(part):
                printer.note(note)
            if wanted.layout == "payload":
                for note in notes.on(part):
                    printer.note(note)
        if part.kind == DATA:
            assert stream.conversation is not None
            printer.payload(_payload(wanted, stream.conversation, part))
        else:
            what = "not captured" if part.kind == CUT else "missing"
            printer.gap(part.direction, part.length, what, wanted.marks)
    if notes is not None:
        for note in notes.rest():
            printer.note(note)
    printer.end()
    out.flush()


def _payload(wanted: Wanted, ends: Conversation, part: Part) -> Payload:
    is_tcp = ends.protocol == TCP and not wanted.no_seq
    return Payload(
        part.direction,
        part.packet,
        f"{part.time // NANOSECONDS}.{part.time % NANOSECONDS:09}",
        ends if part.direction == "A" else ends.reversed(),
        part.data,
        part.offset,
        seq=part.seq if is_tcp else None,
        length=part.length,
        marks=tuple(describe_marks(part.marks).split(", ")) if wanted.marks and part.marks else (),
    )


class _Notes:
    """Words about segments of which nothing is in the stream, at the place where they came."""

    def __init__(self, stream: Stream, direction: Direction) -> None:
        index = stream.index
        self._index = index
        chosen = index.marks & LEFT_OUT != 0
        if direction != "both":
            chosen &= index.segments["direction"] == (direction == "B")
        self._rows = iter(chosen.nonzero()[0].tolist())
        self._next = next(self._rows, None)
        self._told = -1
        self._differences = {found.packet: found.offset for found in stream.differences()}

    def before(self, part: Part) -> Iterator[str]:
        """Yield notes on segments that came before the one that brings a part."""
        while part.segment >= 0 and self._next is not None and self._next < part.segment:
            yield self._note(self._next)
            self._next = next(self._rows, None)

    def on(self, part: Part) -> Iterator[str]:
        """Yield the note on the segment that brings a part, once."""
        if part.marks and part.kind == DATA and self._told != part.segment:
            self._told = part.segment
            yield self._note(part.segment)

    def rest(self) -> Iterator[str]:
        """Yield the notes that are left."""
        while self._next is not None:
            yield self._note(self._next)
            self._next = next(self._rows, None)

    def _note(self, row: int) -> str:
        segment = self._index.segments[row]
        packet, side = int(segment["packet"]), "AB"[segment["direction"]]
        text = f"packet {packet}, {side}: {describe_marks(int(self._index.marks[row]))}"
        if packet in self._differences:
            text += f", other bytes from {self._differences[packet]} on"
        return text


def _remark(wanted: Wanted, stream: Stream) -> None:
    """Say on standard error what cannot be seen."""
    assert stream.conversation is not None
    direction = wanted.direction
    packets = len(stream.index.segments)
    _tell(wanted, stream.conversation.flow, stream.size(direction), stream.missing(direction), packets)


def _tell(wanted: Wanted, flow: int, size: int, missing: int, packets: int) -> None:
    if wanted.quiet:
        return
    if not size:
        of = "" if wanted.direction == "both" else f" of {wanted.direction}"
        say("WRN", f"Flow {flow} has no payload{of} in {packets:,} packets")
    elif missing:
        hint = "" if wanted.marks else "; --marks shows where"
        say("WRN", f"{missing:,} bytes are missing{hint}")
