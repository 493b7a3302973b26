"""Times below a plot: round, in order, readable, and never one over the other."""

from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from t2tui.tui.timescale import DAY, HOUR, MINUTE, SECOND, clock, decimals, ticks, written

ANY_TIME = st.integers(-(1 << 63), (1 << 63) - 1)


@given(ANY_TIME, st.integers(1, 1 << 62), st.integers(1, 300))
def test_times_lie_inside_and_find_room(begin: int, span: int, columns: int) -> None:
    found = ticks(begin, begin + span, columns)
    places = [(time - begin) * columns / span for time, _ in found]
    assert all(0 <= place < columns for place in places)
    for (place, (_, text)), after in zip(zip(places, found, strict=True), places[1:], strict=False):
        assert place + len(text) < after
    steps = {after[0] - before[0] for before, after in pairwise(found)}
    assert len(steps) <= 1
    assert all(time % step == 0 for step in steps for time, _ in found)


@given(st.integers(0, 253_402_300_799 * SECOND), st.sampled_from([1, 10, 999, 10**6, 10**8, SECOND, HOUR]))
def test_a_time_is_written_as_exactly_as_it_has_to_be(time: int, unit: int) -> None:
    text = written(time, unit)
    seconds, _, fraction = text.partition(".")
    read = datetime.strptime(seconds, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    nanoseconds = int(read.timestamp()) * SECOND + int(fraction.ljust(9, "0") or 0)
    assert 0 <= time - nanoseconds < max(unit, 1)
    assert len(fraction) == decimals(unit)


def test_dates_stand_where_hours_do_not_suffice() -> None:
    noon = 1_700_049_600 * SECOND  # 2023-11-15 12:00 UTC
    assert clock(noon, SECOND, HOUR) == "12:00:00"
    assert clock(noon, SECOND, DAY) == "2023-11-15 12:00:00"
    assert ticks(noon, noon + HOUR, 40)[0] == (noon, "12:00")
    assert ticks(noon, noon + MINUTE, 60)[1] == (noon + 10 * SECOND, "12:00:10")
    assert ticks(noon, noon + SECOND, 60)[1][1] == "12:00:00.2"
    assert ticks(noon, noon + 3 * DAY, 90)[0][1] == "11-15 12:00"
    assert all(text.startswith("202") for _, text in ticks(noon, noon + 400 * DAY, 60))


@given(ANY_TIME, st.integers(1, 10 * SECOND))
def test_times_of_no_calendar_are_numbers(time: int, unit: int) -> None:
    assert written(time, unit).isprintable()
    assert written(-SECOND // 2, SECOND // 10) == "-0.5"
