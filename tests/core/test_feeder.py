"""The reading thread: order, pause, end, errors; and that it never outlives whoever waits for it."""

import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from t2tui import stream
from t2tui.core.batch import READ_BYTES, SLACK_BYTES, PacketBatch
from t2tui.core.capture import NOTHING_YET, CaptureError
from t2tui.core.dissect.dissector import Dissector
from t2tui.core.engine import Engine, RunOptions
from t2tui.core.feeder import BATCHES, Feeder, new_batches
from t2tui.core.layout import PACKET
from t2tui.core.outputs import Outputs
from t2tui.plugins import STANDARD, load
from t2tui.plugins.base import Plugin
from tests.core.dissect.dissecting import Record, pcap

PATIENCE = 30.0
"""Seconds after which a test gives up; nothing is expected to take that long."""

FRAME = bytes(12) + b"\x08\x06" + bytes(50)
CUT_SNAP = bytes(12) + b"\0\x40\xaa\xaa"
"""Ends within its headers: 65 KB of leftovers are its payload, so it is rebuilt."""


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether a condition becomes true while other threads work."""
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def feeders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "feeder"]


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    assert not feeders()
    yield
    assert not feeders()


class Script:
    """A capture that does what it is told: packets, nothing, errors."""

    link_type = 1

    def __init__(self, *steps: Any) -> None:
        self.steps = list(steps)
        self.warnings: list[Any] = []
        self.reads = 0

    def set_patience(self, patience: Callable[[], None]) -> None:
        self.patience = patience

    def read(self, batch: PacketBatch, timeout: float) -> int:
        self.reads += 1
        step = self.steps.pop(0) if self.steps else 0
        if callable(step):
            step = step()
        if isinstance(step, BaseException):
            raise step
        if step == NOTHING_YET:
            time.sleep(0.01)
            return NOTHING_YET
        frames = [FRAME] * step if isinstance(step, int) else step
        position = 0
        for packet, frame in zip(batch.packets, frames, strict=False):
            batch.data[position : position + len(frame)] = np.frombuffer(frame, np.uint8)
            packet["base"], packet["caplen"], packet["blockLen"] = position, len(frame), len(frame)
            packet["len"] = 60
            position += len(frame)
        batch.count, batch.other_count = len(frames), 0
        return batch.count


def feeder_of(script: Script, room: int | None = None) -> tuple[Feeder, Any]:
    batches = new_batches(64)
    if room is not None:
        for _ in range(BATCHES):
            batches.get()
            data = np.zeros(READ_BYTES + room + SLACK_BYTES, np.uint8)
            batches.put(PacketBatch(data, np.zeros(64, PACKET)))
    return Feeder(script, Dissector(1), batches), batches  # type: ignore[arg-type]


def test_portions_come_in_the_order_of_the_capture_and_batches_go_round() -> None:
    feeder, batches = feeder_of(Script(5, 64, NOTHING_YET, 1, 7, 3, 2, 9))
    counts, numbers = [], []
    for portion in feeder.portions():
        if portion is not None:
            counts.append(portion.behind - portion.first)
            numbers += portion.batch.packets["pktNo"][portion.first : portion.behind].tolist()
            assert portion.totals.counters[0] == len(numbers)
            batches.put(portion.batch)
    assert counts == [5, 64, 0, 1, 7, 3, 2, 9, 0]
    assert numbers == list(range(1, 92))
    assert batches.qsize() == BATCHES


def test_no_batch_is_filled_before_it_was_handed_back() -> None:
    script = Script(*[1] * 10)
    feeder, batches = feeder_of(script)
    portions = feeder.portions()
    held = [next(portions) for _ in range(BATCHES)]
    assert all(portion is not None for portion in held)
    assert next(portions) is None
    assert script.reads == BATCHES
    batches.put(held[0].batch)  # type: ignore[union-attr]
    following = next(portions)
    while following is None:
        following = next(portions)
    assert following.batch is held[0].batch  # type: ignore[union-attr]
    portions.close()


def test_pause_stops_the_reading_until_resume() -> None:
    script = Script(*[1] * 8)
    feeder, batches = feeder_of(script)
    feeder.pause()
    portions = feeder.portions()
    assert [next(portions) for _ in range(2)] == [None, None]
    assert script.reads == 0
    feeder.resume()
    seen = 0
    for portion in portions:
        if portion is not None:
            batches.put(portion.batch)
            seen += portion.behind - portion.first
    assert seen == 8


def test_stop_from_another_thread_while_the_capture_gives_nothing() -> None:
    script = Script(1, *[NOTHING_YET] * 100_000)
    feeder, batches = feeder_of(script)
    stopper = threading.Thread(target=lambda: eventually(lambda: script.reads > 3) and feeder.stop())
    stopper.start()
    seen = 0
    for portion in feeder.portions():
        if portion is not None:
            seen += portion.behind
            batches.put(portion.batch)
    stopper.join()
    assert seen == 1
    assert script.steps


def test_stop_while_paused() -> None:
    feeder, _ = feeder_of(Script(*[1] * 5))
    feeder.pause()
    portions = feeder.portions()
    assert next(portions) is None
    feeder.stop()
    assert [portion for portion in portions if portion is not None] == []


def test_parts_of_a_batch_wait_for_each_other() -> None:
    script = Script([FRAME * 20, *[CUT_SNAP] * 9, FRAME], 2)
    feeder, batches = feeder_of(script, room=3 * 66_000)
    parts = []
    for portion in feeder.portions():
        if portion is not None and portion.behind > portion.first:
            parts.append((portion.first, portion.behind, portion.is_last))
            bases = portion.batch.packets["base"][portion.first : portion.behind].tolist()
            rebuilt = [base for base in bases if base >= READ_BYTES]
            assert len(rebuilt) <= 3
            assert len(set(rebuilt)) == len(rebuilt)
        if portion is not None and portion.is_last:
            batches.put(portion.batch)
    assert parts == [(0, 4, False), (4, 7, False), (7, 11, True), (0, 2, True)]


@pytest.mark.parametrize("how", ["close", "stop"])
def test_end_while_a_rebuilt_packet_waits_for_room(how: str) -> None:
    feeder, _ = feeder_of(Script([FRAME * 20, *[CUT_SNAP] * 9]), room=70_000)
    portions = feeder.portions()
    first = next(portions)
    assert first is not None
    assert not first.is_last
    began = time.monotonic()
    if how == "close":
        portions.close()
    else:
        feeder.stop()
        assert list(portions) == []
    assert time.monotonic() - began < PATIENCE
    assert not feeders()


@pytest.mark.parametrize("error", [CaptureError("broken", "mend it"), MemoryError(), KeyboardInterrupt()])
def test_errors_of_the_reading_thread_arrive_behind_what_was_read_before(error: BaseException) -> None:
    feeder, batches = feeder_of(Script(3, 4, error))
    seen = 0
    with pytest.raises(type(error)) as raised:
        for portion in feeder.portions():
            if portion is not None:
                seen += portion.behind - portion.first
                batches.put(portion.batch)
    assert raised.value is error
    assert seen == 7


def test_patience_ends_with_the_feeder() -> None:
    """A reader that waits within a block looks every now and then whether anybody still wants it."""
    script = Script()

    def wait_for_ever() -> int:
        while True:
            script.patience()
            time.sleep(0.005)

    script.steps = [wait_for_ever]
    feeder, _ = feeder_of(script)
    portions = feeder.portions()
    assert next(portions) is None
    portions.close()


# ---------------------------------------------------------------------- whole engines on pipes


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A named pipe and its writing end."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # keeps the writer from waiting, or ending the pipe
    writer = os.open(path, os.O_WRONLY)
    yield path, writer
    os.close(reader)
    os.close(writer)


def engine_on(path: Path, outputs: Any, plugins: Any = None) -> Engine:
    return Engine(str(path), RunOptions(), outputs, plugins or load(STANDARD))


def run_until(engine: Engine, condition: Callable[[], bool]) -> None:
    """Run an engine in this thread; another one cancels it when a condition holds."""
    canceller = threading.Thread(target=lambda: eventually(condition) and engine.cancel())
    canceller.start()
    engine.run()
    canceller.join()


def test_cancel_while_waiting_for_a_pipe_keeps_what_was_read(tmp_path: Path, pipe: tuple[Path, int]) -> None:
    path, writer = pipe
    os.write(writer, pcap([Record(FRAME)] * 3))
    with Outputs(str(tmp_path / "out")) as outputs:
        engine = engine_on(path, outputs)
        run_until(engine, lambda: engine.snapshot().packets == 3 and engine.snapshot().state == "waiting")
        assert engine.snapshot().state == "cancelled"
        engine.close()
    assert (tmp_path / "out_flows.txt").read_text().count("\n") == 2


def test_cancel_while_a_pipe_has_not_begun(tmp_path: Path, pipe: tuple[Path, int]) -> None:
    with Outputs(str(tmp_path / "out")) as outputs:
        engine = engine_on(pipe[0], outputs)
        run_until(engine, lambda: engine.snapshot().elapsed > 0.3)
        assert engine.snapshot().state == "cancelled"
        engine.close()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_cancel_while_nobody_writes_to_a_named_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with Outputs(str(tmp_path / "out")) as outputs:
        engine = engine_on(path, outputs)
        run_until(engine, lambda: engine.snapshot().elapsed > 0.3)
        assert engine.snapshot().state == "cancelled"
        engine.close()


def test_cancel_within_a_large_block(tmp_path: Path, pipe: tuple[Path, int]) -> None:
    """The rest of a block that does not fit a batch is waited for; not beyond the end of the run."""
    path, writer = pipe
    section = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    interface = struct.pack("<IIHHII", 1, 20, 1, 0, 0, 20)
    packet = struct.pack("<IIIIIII", 6, 32 + 64, 0, 0, 0, 64, 64) + FRAME + struct.pack("<I", 32 + 64)
    begun = struct.pack("<II", 0xBAD, 9 << 20) + bytes(READ_BYTES + 1000)

    def write() -> None:
        rest = memoryview(section + interface + packet + begun)
        while rest:
            rest = rest[os.write(writer, rest) :]

    feeding = threading.Thread(target=write)
    feeding.start()
    with Outputs(str(tmp_path / "out")) as outputs:
        engine = engine_on(path, outputs)
        read = len(section + interface + packet) + READ_BYTES
        run_until(engine, lambda: engine.snapshot().bytes_read >= read)
        feeding.join()
        assert engine.snapshot().packets == 1
        engine.close()


def test_pause_and_resume_an_engine(tmp_path: Path, pipe: tuple[Path, int]) -> None:
    path, writer = pipe
    os.write(writer, pcap([Record(FRAME)] * 2))
    with Outputs(str(tmp_path / "out")) as outputs:
        engine = engine_on(path, outputs)
        steps = engine.steps()
        while engine.snapshot().packets < 2:
            next(steps)
        engine.pause()
        for _ in range(3):  # the batch that is being filled may still come
            next(steps)
        assert engine.snapshot().state == "paused"
        os.write(writer, pcap([Record(FRAME)])[24:])
        next(steps)
        assert engine.snapshot().packets == 2
        engine.resume()
        while engine.snapshot().packets < 3:
            next(steps)
        engine.cancel()
        for _ in steps:
            pass
        assert engine.snapshot().state == "cancelled"
        engine.close()


def test_cancel_while_paused(tmp_path: Path, pipe: tuple[Path, int]) -> None:
    path, writer = pipe
    os.write(writer, pcap([Record(FRAME)]))
    with Outputs(str(tmp_path / "out")) as outputs:
        engine = engine_on(path, outputs)
        engine.pause()
        run_until(engine, lambda: engine.snapshot().state == "paused" and engine.snapshot().elapsed > 0.2)
        assert engine.snapshot().state == "cancelled"
        engine.close()


def test_an_error_of_a_plugin_ends_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "capture.pcap"
    path.write_bytes(pcap([Record(FRAME)] * 50_000))

    class FaultError(RuntimeError):
        pass

    class Faulty(Plugin):
        name = "faulty"
        number = 1
        vital = True

        def on_packets(self, packets: Any, data: Any) -> None:
            raise FaultError

    plugins = [Faulty(), *load(STANDARD)]
    with pytest.raises(FaultError), Outputs(str(tmp_path / "out")) as outputs:
        engine_on(path, outputs, plugins).run()
    assert not feeders()


def test_leaving_the_loop_over_a_stream_ends_its_run(pipe: tuple[Path, int]) -> None:
    path, writer = pipe
    flows = [Record(bytes(6) + i.to_bytes(6) + b"\x12\x34" + bytes(46), -1, 200 * i) for i in range(3)]
    os.write(writer, pcap(flows))
    for part in stream(path):
        assert len(part.flows) >= 1
        assert feeders()
        break
    assert eventually(lambda: not feeders())
