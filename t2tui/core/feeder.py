"""Reading and dissection beside the rest: one thread fills batches while another works on those before.

The kernels release Python's lock, so the two run on two processors. Batches go round: the feeder
fills a free one, the engine hands it back when every plugin and sink has seen it.
"""

import queue
import threading
from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np

from t2tui.core.batch import BATCH_PACKETS, PacketBatch
from t2tui.core.capture import NOTHING_YET, Capture
from t2tui.core.dissect.dissector import Dissector, DissectTotals, Event
from t2tui.core.layout import PACKET
from t2tui.core.linktypes import SUPPORTED

BATCHES = 3
"""Batches in all: one is filled, one worked on, one waits."""

WAIT_SECONDS = 0.2
"""Longest time between two answers of Feeder.portions()."""


@dataclass(slots=True)
class Portion:
    """Packets that are ready: a batch, or a part of one where the room for rebuilt packets was used up.

    Attributes:
        batch: the batch.
        first: row of the first packet.
        behind: row behind the last packet; equal to ``first`` where none came.
        totals: of all packets up to the last one; those of the dissector itself run ahead.
        events: what the dissection has to warn of.
        warnings: (row of the packet that follows, text) of faults in the capture.
        is_last: no further part of this batch follows.
    """

    batch: PacketBatch
    first: int
    behind: int
    totals: DissectTotals
    events: list[Event] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)
    is_last: bool = True


class StoppedError(Exception):
    """Nobody waits for the capture any more."""


class Feeder:
    """Reads one capture to its end. The batches may be used again for the next one."""

    def __init__(
        self, capture: Capture, dissector: Dissector, batches: "queue.SimpleQueue[PacketBatch]"
    ) -> None:
        """Prepare.

        Args:
            capture: opened at its first packet.
            dissector: used by the feeder's thread alone until it has ended.
            batches: free batches; the caller puts each back when it is done with its last portion.
        """
        self._capture = capture
        self._dissector = dissector
        self._free = batches
        self._full: queue.SimpleQueue[Portion | BaseException | None] = queue.SimpleQueue()
        self._go_on = threading.Semaphore(0)
        self._stopped = threading.Event()
        self._reading = threading.Event()
        self._reading.set()
        capture.set_patience(self._check)
        self._thread = threading.Thread(target=self._feed, name="feeder", daemon=True)

    def portions(self) -> Generator[Portion | None]:
        """Yield portions in order.

        Yields:
            A portion, or None when none came for WAIT_SECONDS.

        Raises:
            Exception: what the reader raised.
        """
        self._thread.start()
        try:
            while True:
                try:
                    portion = self._full.get(timeout=WAIT_SECONDS)
                except queue.Empty:
                    yield None
                    continue
                if portion is None:
                    return
                if isinstance(portion, BaseException):
                    raise portion
                yield portion
                if not portion.is_last:
                    self._go_on.release()
        finally:
            self.stop()
            self._go_on.release()
            self._thread.join()

    def stop(self) -> None:
        """End after the packets that are on their way."""
        self._stopped.set()
        self._reading.set()

    def pause(self) -> None:
        """Read nothing more until resume()."""
        self._reading.clear()

    def resume(self) -> None:
        """Go on after pause()."""
        self._reading.set()

    # ------------------------------------------------------------------ in the thread

    def _check(self) -> None:
        if self._stopped.is_set():
            raise StoppedError

    def _feed(self) -> None:
        try:
            while not self._stopped.is_set() and self._fill():
                pass
            self._full.put(None)
        except StoppedError:
            self._full.put(None)
        except BaseException as error:  # handed to the engine's thread, which raises it
            self._full.put(error)

    def _fill(self) -> bool:
        """Fill a free batch and hand it over; False at the end of the capture."""
        if not self._reading.wait(WAIT_SECONDS):
            return True
        try:
            batch = self._free.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            return True
        count = self._capture.read(batch, WAIT_SECONDS)
        warnings = [(warning.before_packet, warning.text) for warning in self._capture.warnings]
        self._capture.warnings.clear()
        if count <= 0:
            self._full.put(Portion(batch, 0, 0, self._dissector.totals(), warnings=warnings))
            return count == NOTHING_YET
        if self._capture.link_type not in SUPPORTED:
            self._full.put(Portion(batch, 0, count, self._dissector.totals(), warnings=warnings))
            return False
        first = 0
        while first < count and not self._stopped.is_set():
            behind = self._dissector.dissect(batch, first)
            is_last = behind == count
            now = [warning for warning in warnings if is_last or warning[0] < behind]
            totals, events = self._dissector.totals(), self._dissector.events()
            self._full.put(Portion(batch, first, behind, totals, events, now, is_last))
            first, warnings = behind, warnings[len(now) :]
            if not is_last:
                self._go_on.acquire()  # the room for rebuilt packets or descriptions is still in use
        return True


def new_batches(packets: int = BATCH_PACKETS) -> "queue.SimpleQueue[PacketBatch]":
    """Return free batches for a feeder.

    Args:
        packets: capacity of each.
    """
    batches: queue.SimpleQueue[PacketBatch] = queue.SimpleQueue()
    for _ in range(BATCHES):
        batches.put(PacketBatch(packets=np.zeros(packets, PACKET)))
    return batches
