"""Flows counted by a subject, while the table grows or at once (docs/statistics.md)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import UnknownColumn, find
from t2tui.core.query.vectors import Rows, Table, address_text
from t2tui.core.statistics.groups import Groups, largest
from t2tui.core.statistics.reading import Reading
from t2tui.core.statistics.subjects import ADDRESS, TEXT, Counted, Subject

CHUNK = 1 << 18
"""Rows between two looks at whether to go on."""

Key = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a breakdown.

    Attributes:
        key: numbers, texts and addresses by which it is told apart.
        words: texts under the headings of the subject. They can come from a capture.
        figures: by name of the measure; those that cannot be counted are not there.
        shares: the same as part of the total, 0 to 1.
        condition: the filter that selects exactly these flows.
    """

    key: Key
    words: tuple[str, ...]
    figures: Mapping[str, int]
    shares: Mapping[str, float]
    condition: str


def missing(subject: Subject, table: Table) -> dict[str, str]:
    """Return the columns that a table lacks, and the plugin that gives each.

    If one of ``subject.columns`` is among them, nothing can be counted; else only measures are left out.
    """
    wanted = [*subject.columns, *(name for measure in subject.measures for name in measure.columns)]
    return {name: _plugin(name) for name in wanted if name not in table.names}


def _plugin(name: str) -> str:
    try:
        return find(name, "flows").plugin
    except UnknownColumn:
        return ""


class Breakdown:
    """Flows counted by a subject. Used by one thread at a time.

    Attributes:
        subject: by what.
        totals: sums over all flows that were counted, by unit; a unit that is missing cannot be counted.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.totals: dict[str, int] = {"flows": 0}
        self._seen = 0
        self._texts: dict[str, int] = {}
        self._groups: Groups | None = None
        self._parts: list[Groups] = []

    def __len__(self) -> int:
        """Return the number of rows that ranking() could give."""
        groups = self._merged()
        return 0 if groups is None else len(groups)

    def update(self, table: Table, go_on: Callable[[], None] = lambda: None) -> None:
        """Count the rows that were appended since the last call.

        Args:
            table: the same as before, or a later view of it.
            go_on: called now and then; may raise, and counting goes on from there with the next call.

        Raises:
            ValueError: the table lacks a column that the subject needs.
        """
        for rows in _chunks(slice(self._seen, len(table))):
            go_on()
            self._add(table, rows)
            self._seen = rows.stop

    def add(self, table: Table, rows: NDArray[np.int64], go_on: Callable[[], None] = lambda: None) -> None:
        """Count chosen rows.

        Args:
            table: the flows.
            rows: their numbers, ascending.
            go_on: see update(); what was counted before it raised stays.

        Raises:
            ValueError: the table lacks a column that the subject needs.
        """
        for chunk in _chunks(slice(0, len(rows))):
            go_on()
            self._add(table, rows[chunk])

    def _add(self, table: Table, rows: Rows) -> None:
        absent = missing(self.subject, table)
        for column in self.subject.columns:
            if column in absent:
                plugin = f"; plugin {absent[column]} gives it" if absent[column] else ""
                raise ValueError(f"{self.subject.title}: there is no column {column}{plugin}")
        counted: Counted = self.subject.count(Reading(table, rows, self._texts))
        for unit, total in counted.totals.items():
            if total is not None:
                self.totals[unit] = self.totals.get(unit, 0) + total
        for tally in counted.tallies:
            sums = {name: values for name, values in tally.sums.items() if values is not None}
            if len(tally.keys[0]):
                self._parts.append(Groups.of(tally.keys, sums))

    def _merged(self) -> Groups | None:
        if self._parts:
            before = [] if self._groups is None else [self._groups]
            self._groups, self._parts = Groups.merged([*before, *self._parts]), []
        return self._groups

    def ranking(self, by: str = "flows", most: int = 200) -> list[Entry]:
        """Return the rows with the largest figures, the largest first; of equal ones the lowest key.

        Args:
            by: name of a measure; of one that cannot be counted the flows count.
            most: number of rows.
        """
        groups = self._merged()
        if groups is None:
            return []
        found = {measure.name: measure.of(groups.sums) for measure in self.subject.measures}
        figures = {name: values for name, values in found.items() if values is not None}
        texts = list(self._texts)
        places = largest(figures.get(by, figures["flows"]), most)
        return [self._entry(groups, place, figures, texts) for place in places.tolist()]

    def _entry(
        self, groups: Groups, place: int, columns_of: Mapping[str, NDArray[np.int64]], texts: list[str]
    ) -> Entry:
        key: list[int | str] = []
        columns = iter(groups.keys)
        for part in self.subject.key:
            number = int(next(columns)[place])
            if part == ADDRESS:
                key.append(address_text(number, int(next(columns)[place]), int(next(columns)[place])))
            else:
                key.append(texts[number] if part == TEXT else number)
        figures, shares = {}, {}
        for measure in self.subject.measures:
            if measure.name in columns_of:
                figures[measure.name] = value = int(columns_of[measure.name][place])
                total = self.totals[measure.unit]
                shares[measure.name] = value / total if total else 0.0
        return Entry(tuple(key), self.subject.words(*key), figures, shares, self.subject.condition(*key))


def _chunks(rows: slice) -> Iterator[slice]:
    for first in range(rows.start, rows.stop, CHUNK):
        yield slice(first, min(first + CHUNK, rows.stop))


def count(
    subject: Subject,
    table: Table,
    rows: NDArray[np.int64] | None = None,
    go_on: Callable[[], None] = lambda: None,
) -> Breakdown:
    """Count flows once.

    Args:
        subject: by what.
        table: the flows.
        rows: numbers of the flows that count, ascending; None: all.
        go_on: called now and then; may raise.

    Raises:
        ValueError: the table lacks a column that the subject needs.
    """
    breakdown = Breakdown(subject)
    if rows is None:
        breakdown.update(table, go_on)
    else:
        breakdown.add(table, rows, go_on)
    return breakdown
