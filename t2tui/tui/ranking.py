"""Figures by subject as rows of text, and the counting behind them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flowstat import FL_ALARM
from t2tui.core.query.vectors import Table
from t2tui.core.statistics import Breakdown, Measure, Subject, TrafficView, missing, size_name
from t2tui.core.store import ColumnStore
from t2tui.tui.figures import amount, size

MOST = 200
"""Rows that are listed."""
ALARMS = f"bitsanyset($flowStat, {FL_ALARM:#x})"
"""The filter that shows flows with an alarm."""


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column of figures.

    Attributes:
        text: what it says.
        measure: name of what rows are sorted by when it is pressed; empty: they cannot be.
    """

    text: str
    measure: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row.

    Attributes:
        names: what it is, a text for each name of the listing. They can come from a capture.
        figures: a text for each heading.
        share: part of the total, 0 to 1; None where that says nothing.
        condition: the filter that selects its flows; empty where none does.
    """

    names: tuple[str, ...]
    figures: tuple[str, ...]
    share: float | None
    condition: str = ""


@dataclass(frozen=True)
class Listing:
    """What a table of figures shows.

    Attributes:
        names: headings of the names.
        headings: of the figures.
        lines: the rows.
        by: name of the measure by which they are sorted, and of which shares are taken; empty: in an order
            of their own.
        more: rows that were left out.
    """

    names: tuple[str, ...]
    headings: tuple[Heading, ...]
    lines: tuple[Line, ...]
    by: str = ""
    more: int = 0


# ------------------------------------------------------------------ flows by subject


class Tally:
    """Flows of a table that grows, counted by a subject. Used by one thread at a time.

    Attributes:
        subject: by what.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._breakdown = Breakdown(subject)
        self._seen = self._counted = 0

    def update(self, table: Table, rows: NDArray[np.int32] | None, go_on: Callable[[], None]) -> None:
        """Count what was added since the last time.

        Args:
            table: the same as before, or a later view of it.
            rows: numbers of the rows that count, in any order; None: all.
            go_on: called now and then; may raise, and then this is of no more use.

        Raises:
            ValueError: the table lacks a column that the subject needs.
        """
        if rows is None:
            self._breakdown.update(table, go_on)
            return
        is_fresh = rows >= self._seen
        if len(rows) - int(is_fresh.sum()) != self._counted:  # a B flow has brought its A flow, say
            self._breakdown, is_fresh = Breakdown(self.subject), np.ones(len(rows), bool)
        self._breakdown.add(table, np.sort(rows[is_fresh]).astype(np.int64), go_on)
        self._seen, self._counted = len(table), len(rows)

    def listing(self, by: str) -> Listing:
        """Return the rows with the largest figures.

        Args:
            by: name of the measure; flows if that cannot be counted.
        """
        breakdown = self._breakdown
        measures = measures_of(breakdown)
        by = by if by in (measure.name for measure in measures) else "flows"
        entries = breakdown.ranking(by, MOST)
        lines = [
            Line(
                entry.words,
                tuple(figure(measure, entry.figures[measure.name]) for measure in measures),
                entry.shares[by],
                entry.condition,
            )
            for entry in entries
        ]
        headings = [Heading(measure.title, measure.name) for measure in measures]
        more = len(breakdown) - len(lines)
        return Listing(self.subject.headings, tuple(headings), tuple(lines), by, more)


def measures_of(breakdown: Breakdown) -> tuple[Measure, ...]:
    """Return the measures that were counted."""
    return tuple(measure for measure in breakdown.subject.measures if measure.unit in breakdown.totals)


def figure(measure: Measure, value: int) -> str:
    """Return a figure for people."""
    return size(value) if measure.unit == "bytes" else amount(value)


def lacking(subject: Subject, table: Table) -> tuple[str, bool]:
    """Return what a table lacks, in words, and whether nothing can be counted without it."""
    absent = missing(subject, table)
    if not absent:
        return "", False
    plugins = sorted({plugin for plugin in absent.values() if plugin})
    is_needed = any(name in absent for name in subject.columns)
    names = [name for name in absent if name in subject.columns] if is_needed else list(absent)
    what = f"there is no column {', '.join(names)}"
    given = f"; {' and '.join(plugins)} would give it" if plugins else ""
    return f"{what}{given}", is_needed


# ------------------------------------------------------------------ lengths and alarms


def lengths(view: TrafficView) -> Listing:
    """Return packets by length, shortest first, from the first class that has some to the last."""
    used = np.flatnonzero(view.sizes).tolist()
    total = int(view.sizes.sum())
    lines = (
        [
            Line((size_name(place),), (amount(int(view.sizes[place])),), int(view.sizes[place]) / total)
            for place in range(used[0], used[-1] + 1)
        ]
        if used
        else []
    )
    return Listing(("Bytes",), (Heading("Packets"),), tuple(lines))


def about_lengths(view: TrafficView) -> str:
    """Return what lengths are like in all."""
    used = np.flatnonzero(view.sizes).tolist()
    if not used:
        return ""
    mean = view.byte_count / view.count
    return f"mean {mean:,.1f} bytes, least {size_name(used[0])}, greatest {size_name(used[-1])}"


def alarms(table: ColumnStore, rows: NDArray[np.int32] | None) -> Listing:
    """Return how many flows have an alarm.

    Args:
        table: the flows.
        rows: those that count; None: all.

    Raises:
        ValueError: the table has no flowStat.
    """
    if "flowStat" not in table.names:
        raise ValueError("there is no column flowStat; basicFlow would give it")
    status = table["flowStat"] if rows is None else table["flowStat"][rows]
    count, total = int(np.count_nonzero(status & np.uint64(FL_ALARM))), len(status)
    lines = (
        Line(("with an alarm (FL_ALARM)",), (amount(count),), count / total if total else 0.0, ALARMS),
        Line(
            ("without",),
            (amount(total - count),),
            (total - count) / total if total else 0.0,
            f"!{ALARMS}",
        ),
    )
    return Listing(("Flows",), (Heading("Flows"),), lines)


def copied(listing: Listing, line: Line) -> Sequence[str]:
    """Return a row as cells to copy."""
    share = [] if line.share is None else [percent(line.share)]
    return (*line.names, *line.figures, *share)


def percent(share: float) -> str:
    """Return a share for people; what is not nothing does not look like it."""
    return "< 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"
