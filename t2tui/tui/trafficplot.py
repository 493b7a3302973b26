"""Traffic over time as columns of characters: heights, scale, what lies below the cursor."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from t2tui.core.statistics import PROTOCOLS, TrafficView
from t2tui.tui.timescale import SECOND

BITS, PACKETS = "bit/s", "packets/s"
UNITS = (BITS, PACKETS)
"""What a plot shows."""
EIGHTHS = 8
"""Heights that a character can show."""
TOPS = (1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10, 12)
"""Ends of the y axis, times a power of ten."""
NOTHING = -1
"""In place of a protocol where nothing is drawn."""
Drawn = tuple[NDArray[np.int8], NDArray[np.int8]]
"""Protocols and eighths by row and column (Plot.cells)."""
PREFIXES = ("", " k", " M", " G", " T", " P")


def scale_top(highest: float) -> float:
    """Return the end of the y axis: a number whose quarters are short, not below the highest value."""
    if not highest > 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(highest))
    return float(next((factor * power for factor in TOPS if factor * power >= highest), highest))


def short(value: float) -> str:
    """Return a number in at most three digits and a prefix: ``2.5 M``."""
    place = 0
    while abs(value) >= 999.5 and place < len(PREFIXES) - 1:
        value, place = value / 1000, place + 1
    return f"{value:.3g}{PREFIXES[place]}"


def rate(value: float, unit: str) -> str:
    """Return a rate for people: ``2.5 Mbit/s``."""
    text = short(value)
    return f"{text}{unit}" if unit == BITS and not text[-1].isdigit() else f"{text} {unit}"


@dataclass(frozen=True, slots=True)
class Part:
    """What was sent in a span of time.

    Attributes:
        begin: of it, ns since 1970.
        end: behind it.
        packets: by protocol, as in PROTOCOLS.
        bytes: the same.
    """

    begin: int
    end: int
    packets: tuple[int, ...]
    bytes: tuple[int, ...]

    def rate(self, unit: str) -> float:
        """Return the mean rate."""
        amount = sum(self.bytes) * 8 if unit == BITS else sum(self.packets)
        return amount * SECOND / (self.end - self.begin)


@dataclass(frozen=True, eq=False)
class Plot:
    """Traffic in columns of equal length.

    Attributes:
        view: what was counted.
        begin: of the first column, ns since 1970.
        end: of the last column.
        columns: how many.
    """

    view: TrafficView
    begin: int
    end: int
    columns: int

    @cached_property
    def _counts(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self.view.columns(self.columns, self.begin, self.end)

    @property
    def packets(self) -> NDArray[np.float64]:
        """Packets: (columns, protocols)."""
        return self._counts[0]

    @property
    def bytes(self) -> NDArray[np.float64]:
        """Bytes: (columns, protocols)."""
        return self._counts[1]

    def edge(self, column: int) -> int:
        """Return where a column begins; of the one behind the last, where that ends."""
        return self.begin - (self.begin - self.end) * column // self.columns

    def column_of(self, time: int) -> int:
        """Return the column that a time lies in, the first or last one of times beside the plot."""
        column = (time - self.begin) * self.columns // (self.end - self.begin)
        return max(0, min(column, self.columns - 1))

    def rates(self, unit: str) -> NDArray[np.float64]:
        """Return rates: (columns, protocols)."""
        amounts = self.bytes * 8 if unit == BITS else self.packets
        return amounts * (self.columns * SECOND / (self.end - self.begin))

    def highest(self, unit: str) -> float:
        """Return the highest rate of a column."""
        return float(self.rates(unit).sum(axis=1).max(initial=0.0))

    def cells(self, unit: str, rows: int) -> Drawn:
        """Return what stands in each character of the plot.

        Args:
            unit: one of UNITS.
            rows: how many characters it is high.

        Returns:
            Protocols (NOTHING where nothing is drawn) and eighths that are filled, each (rows, columns),
            the uppermost row first. Of several protocols in a character the one with most of it counts.
            What is not zero is at least an eighth high.
        """
        tops = np.cumsum(self.rates(unit), axis=1) * (rows * EIGHTHS / scale_top(self.highest(unit)))
        heights = np.where(tops[:, -1] > 0, np.maximum(np.round(tops[:, -1]), 1), 0)
        floors = np.arange(rows - 1, -1, -1)[:, None] * EIGHTHS
        eighths = np.clip(heights[None, :] - floors, 0, EIGHTHS).astype(np.int8)
        reached = np.clip(tops.T[:, None, :] - floors[None], 0, EIGHTHS)  # (protocols, rows, columns)
        filled = np.diff(reached, axis=0, prepend=0)
        protocols = np.where(eighths > 0, filled.argmax(axis=0), NOTHING)
        is_thin = (eighths > 0) & ~(filled > 0).any(axis=0)  # rounded up into this row
        highest = len(PROTOCOLS) - 1 - (self.rates(unit)[:, ::-1] > 0).argmax(axis=1)
        return np.where(is_thin, highest[None, :], protocols).astype(np.int8), eighths

    def part(self, begin: int, end: int) -> Part:
        """Return what was sent between two times; a bin that is cut counts by the time it lies inside."""
        packets, octets = self.view.columns(1, begin, end)
        return Part(begin, end, _whole(packets[0]), _whole(octets[0]))


def _whole(values: NDArray[np.float64]) -> tuple[int, ...]:
    return tuple(round(value) for value in values.tolist())


class Window:
    """Which times a plot shows, where its cursor stands, which span is chosen.

    Attributes:
        chosen: begin and end of the span that is chosen, ns since 1970; None without.
    """

    def __init__(self) -> None:
        self.chosen: tuple[int, int] | None = None
        self._zoomed: list[tuple[int, int]] = []
        self._cursor: tuple[int, int] | None = None  # times of the column under it
        self._anchor: tuple[int, int] | None = None  # of the column where a span began

    @property
    def is_zoomed(self) -> bool:
        """Whether it shows a part."""
        return bool(self._zoomed)

    def plot(self, view: TrafficView, columns: int) -> Plot:
        """Return what is shown of a view."""
        begin, end = self._zoomed[-1] if self._zoomed else (view.begin, view.end)
        return Plot(view, begin, end, columns)

    def column(self, plot: Plot) -> int:
        """Return the column under the cursor."""
        return plot.column_of(self._cursor[0]) if self._cursor else 0

    def go_to(self, plot: Plot, column: int, *, is_extending: bool = False) -> None:
        """Move the cursor to a column.

        Args:
            plot: what is shown.
            column: where to; the first or last one if there is none.
            is_extending: what lies between there and where this began gets chosen.
        """
        before = self._times(plot, self.column(plot))
        column = max(0, min(column, plot.columns - 1))
        self._cursor = self._times(plot, column)
        if not is_extending:
            self._anchor = None
            return
        self._anchor = self._anchor or before
        self.chosen = min(self._anchor[0], self._cursor[0]), max(self._anchor[1], self._cursor[1])

    def _times(self, plot: Plot, column: int) -> tuple[int, int]:
        return plot.edge(column), plot.edge(column + 1)

    def begin_here(self, plot: Plot) -> None:
        """Let the span begin at the cursor; it reaches to where it did, else to the end."""
        begin = self._times(plot, self.column(plot))[0]
        end = self.chosen[1] if self.chosen and self.chosen[1] > begin else plot.end
        self.chosen = begin, end

    def end_here(self, plot: Plot) -> None:
        """Let the span end with the column under the cursor; it begins where it did, else at the begin."""
        end = self._times(plot, self.column(plot))[1]
        begin = self.chosen[0] if self.chosen and self.chosen[0] < end else plot.begin
        self.chosen = begin, end

    def span(self, plot: Plot) -> tuple[int, int]:
        """Return the span that is chosen, or the column under the cursor."""
        return self.chosen or self._times(plot, self.column(plot))

    def zoom_in(self, plot: Plot) -> bool:
        """Show what is chosen, or half of what is shown, around the cursor; False if nothing is finer."""
        if self.chosen:
            begin, end = self.chosen
        else:
            quarter = (plot.end - plot.begin) // 4
            middle = sum(self._times(plot, self.column(plot))) // 2
            begin = max(plot.begin, min(middle - quarter, plot.end - 2 * quarter))
            end = begin + 2 * quarter
        least = plot.view.width
        if end - begin < least:
            begin, end = begin - (least - (end - begin)) // 2, begin + (least + (end - begin)) // 2
        if (begin, end) == (plot.begin, plot.end) or plot.end - plot.begin <= least:
            return False
        self._zoomed.append((begin, end))
        self.chosen = self._anchor = None
        return True

    def zoom_out(self) -> bool:
        """Show what was shown before zooming in; False if everything is shown already."""
        if self._zoomed:
            self._zoomed.pop()
            return True
        return False

    def clear(self) -> bool:
        """Choose no span any more; if there is none, show everything. False if there is nothing to clear."""
        had = bool(self.chosen or self._zoomed)
        if not self.chosen:
            self._zoomed = []
        self.chosen = self._anchor = None
        return had
