"""One line on standard error that tells how far a run is."""

import shutil
from typing import TYPE_CHECKING, TextIO

from t2tui.cli.terminal import put

if TYPE_CHECKING:
    from t2tui.core.engine import Snapshot

BAR = 20
"""Characters between the brackets of the bar."""

UNITS = ("", "k", "M", "G", "T", "P", "E")


def short(number: float, unit: str = "") -> str:
    """Return a number with three digits and a decimal prefix: ``1.53 M``, ``12 kB``."""
    power = 0
    while number >= 999.5 and power < len(UNITS) - 1:
        number /= 1000
        power += 1
    digits = f"{number:.0f}" if power == 0 or number >= 99.95 else f"{number:.3g}"
    return f"{digits} {UNITS[power]}{unit}".rstrip()


def clock(seconds: float) -> str:
    """Return a duration as ``m:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def progress_line(snapshot: "Snapshot", width: int, name: str = "") -> str:
    """Return the line of a snapshot, at most ``width`` characters.

    With a known size it shows a bar, percent, bytes, rate, flows and the time left; on a pipe the bytes,
    rate, flows and running time. A narrow terminal loses
    the name, the flows, the bytes and the bar, in this order.
    """
    rate = f"{short(snapshot.packets_per_second)} packets/s"
    flows = f"{snapshot.flows:,} flows"
    if snapshot.size is None:
        parts = [short(snapshot.bytes_read, "B"), rate, flows, clock(snapshot.elapsed)]
        optional = [flows, parts[0]]
    else:
        done = min(snapshot.bytes_read / snapshot.size, 1.0) if snapshot.size else 1.0
        bar = f"[{'#' * int(done * BAR):-<{BAR}}]"
        size = f"{short(snapshot.bytes_read, 'B')} of {short(snapshot.size, 'B')}"
        parts = [bar, f"{done:.0%}", size, rate, flows]
        if 0 < done < 1:
            parts.append(f"{clock(snapshot.elapsed / done * (1 - done))} left")
        optional = [flows, size, bar]
    if name:
        parts.insert(0, name)
        optional.insert(0, name)
    for part in optional:
        if len("  ".join(parts)) < width:
            break
        parts.remove(part)
    return "  ".join(parts)[: max(width - 1, 0)]


class Line:
    """The last line of a terminal, redrawn in place."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = False

    @property
    def width(self) -> int:
        """Columns of the terminal."""
        return shutil.get_terminal_size().columns

    def show(self, text: str) -> None:
        """Replace the line."""
        self._shown = True  # before it is: a signal handler that clears may come in between
        put(self._stream, f"\r{text}\x1b[K")

    def clear(self) -> None:
        """Remove the line; what is printed next starts in its place."""
        if self._shown:
            self._shown = False
            put(self._stream, "\r\x1b[K")
