"""What tables of figures show is what was counted."""

import numpy as np
import pytest

from t2tui.core.flowstat import FL_ALARM
from t2tui.core.statistics import SUBJECTS, Subject, TrafficView, count, size_name, subject
from t2tui.tui import ranking
from t2tui.tui.arrangement import Arrangement, Sorting
from t2tui.tui.pairing import PairedArrangement, Pairing
from t2tui.tui.ranking import Tally, alarms, lacking, lengths, percent
from tests.core.captures import EXERCISE
from tests.core.statistics.reading import read

FILTER = "$dstPort == 25 || $srcPort == 80"


class Part:
    """The first rows of a table."""

    def __init__(self, table, behind):  # type: ignore[no-untyped-def]
        self._table, self._behind = table, behind
        self.names, self.column, self.vector = table.names, table.column, table.vector

    def __len__(self) -> int:
        return self._behind


def go_on() -> None:
    """Go on."""


@pytest.mark.parametrize("each", SUBJECTS, ids=lambda each: each.name)
@pytest.mark.parametrize("filter_text", ["", FILTER], ids=["all", "filter"])
@pytest.mark.parametrize("is_paired", [False, True], ids=["apart", "paired"])
def test_rows_that_come_bit_by_bit_count_like_all_at_once(
    each: Subject, filter_text: str, is_paired: bool
) -> None:
    table, _ = read(EXERCISE)
    sorting = Sorting("pktsSnt", True)
    arrangement = (
        PairedArrangement(table, filter_text, sorting, Pairing())
        if is_paired
        else Arrangement(table, filter_text, sorting)
    )
    tally = Tally(each)
    for behind in (0, 10, 10, 41, len(table)):
        part = Part(table, behind)
        arranged = arrangement.update(part)  # type: ignore[arg-type]
        tally.update(part, arranged.rows, go_on)
        wanted = count(each, part, np.sort(arranged.rows).astype(np.int64))
        for by in ("flows", "packets", "bytes"):
            entries = wanted.ranking(by)
            lines = tally.listing(by).lines
            assert [line.names for line in lines] == [entry.words for entry in entries]
            assert [line.share for line in lines] == [entry.shares[by] for entry in entries]
            assert [line.condition for line in lines] == [entry.condition for entry in entries]
            assert [line.figures[0] for line in lines] == [f"{entry.figures['flows']:,}" for entry in entries]
    if not filter_text:
        growing = Tally(each)
        for behind in (10, len(table)):
            growing.update(Part(table, behind), None, go_on)
        assert growing.listing("bytes") == tally.listing("bytes")


def test_only_the_largest_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "MOST", 3)
    table, _ = read(EXERCISE)
    tally = Tally(subject("addresses"))
    tally.update(table, None, go_on)
    listing = tally.listing("bytes")
    assert len(listing.lines) == 3
    assert listing.more == len(count(subject("addresses"), table)) - 3 > 0


def test_figures_that_cannot_be_counted_have_no_column() -> None:
    table, _ = read(EXERCISE, ("basicFlow",))
    tally = Tally(subject("addresses"))
    tally.update(table, None, go_on)
    listing = tally.listing("bytes")
    assert listing.by == "flows" and [heading.text for heading in listing.headings] == ["Flows"]
    assert lacking(tally.subject, table) == (
        "there is no column pktsSnt, l7BytesSnt; basicStats would give it",
        False,
    )
    bare, _ = read(EXERCISE, ("basicStats",))
    what, is_needed = lacking(subject("ports"), bare)
    assert is_needed and what.endswith("basicFlow would give it")


def test_lengths_are_those_of_all_packets() -> None:
    _, view = read(EXERCISE)
    listing = lengths(view)
    shown = {line.names[0]: int(line.figures[0].replace(",", "")) for line in listing.lines}
    assert {name: number for name, number in shown.items() if number} == {
        size_name(place): number for place, number in enumerate(view.sizes.tolist()) if number
    }
    assert sum(shown.values()) == view.count
    assert sum(line.share or 0 for line in listing.lines) == pytest.approx(1)
    nothing = TrafficView(0, 1 << 20, *[np.zeros((0, 3), np.int64)] * 2, np.zeros(10, np.int64), 0, 0)
    assert lengths(nothing).lines == () and ranking.about_lengths(nothing) == ""


class WithAlarms:
    """A table whose flows 3 and 5 have an alarm."""

    names = ("flowStat",)

    def __getitem__(self, name: str) -> np.ndarray:  # type: ignore[type-arg]
        status = np.full(10, 0x4000, np.uint64)
        status[[3, 5]] |= np.uint64(FL_ALARM)
        return status


def test_alarms_are_counted_by_their_bit() -> None:
    table = WithAlarms()
    both = alarms(table, None)  # type: ignore[arg-type]
    assert [line.figures for line in both.lines] == [("2",), ("8",)]
    some = alarms(table, np.array([5, 1, 0], np.int32))  # type: ignore[arg-type]
    assert [line.figures for line in some.lines] == [("1",), ("2",)]
    assert [line.share for line in alarms(table, np.zeros(0, np.int32)).lines] == [0, 0]  # type: ignore[arg-type]


def test_shares_that_are_not_nothing_do_not_look_like_it() -> None:
    assert [percent(share) for share in (0, 1e-9, 0.001, 0.5, 1)] == [
        *("0.0 %", "< 0.1 %", "0.1 %", "50.0 %", "100.0 %")
    ]
