"""Times below a plot: where they stand, and how exactly they are written. All in ns since 1970, UTC."""

from collections.abc import Iterator
from datetime import UTC, datetime

SECOND = 1_000_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
STEPS = (
    *(factor * 10**power for power in range(3, 9) for factor in (1, 2, 5)),
    *(factor * unit for unit in (SECOND, MINUTE) for factor in (1, 2, 5, 10, 15, 30)),
    *(factor * HOUR for factor in (1, 2, 3, 6, 12)),
    *(factor * DAY for factor in (1, 2, 7, 14, 28, 91, 182, 365)),
)
"""Distances between two times that are written; longer ones are twice as long, again and again."""
LAST_SECOND = 253_402_300_799
"""The end of the year 9999: of what comes later calendars say nothing."""
GAP = 2
"""Columns that stay free between two times."""


def decimals(unit: int) -> int:
    """Return how many decimals of a second tell times apart that lie so far from each other."""
    return sum(unit < SECOND // 10**power for power in range(9))


def written(time: int, unit: int = SECOND, style: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Return a time in words.

    Args:
        time: to write.
        unit: how exactly; it is cut, not rounded.
        style: of strftime, for all but decimals.
    """
    seconds, fraction = divmod(abs(time), SECOND)
    digits = decimals(unit)
    tail = f".{fraction:09d}"[: digits + 1] if digits else ""
    if time < 0 or seconds > LAST_SECOND:
        return f"{'-' if time < 0 else ''}{seconds}{tail}"
    return f"{datetime.fromtimestamp(seconds, UTC):{style}}{tail}"


def clock(time: int, unit: int, span: int) -> str:
    """Return a time with its date only if that is needed.

    Args:
        time: to write.
        unit: how exactly.
        span: length of what is shown.
    """
    return written(time, unit, "%H:%M:%S" if span < DAY else "%Y-%m-%d %H:%M:%S")


def _style(step: int, span: int) -> str:
    if step >= DAY:
        return "%Y-%m-%d"
    time = "%H:%M" if step >= MINUTE else "%H:%M:%S"
    return time if span < DAY else f"%m-%d {time}"


def _steps() -> Iterator[int]:
    yield from STEPS
    step = STEPS[-1]
    while True:
        step *= 2
        yield step


def ticks(begin: int, end: int, columns: int) -> list[tuple[int, str]]:
    """Return the round times that find room below a plot, and their texts.

    Args:
        begin: of the first column.
        end: of the last column; behind begin.
        columns: number of characters from begin to end.
    """
    span = end - begin
    for step in _steps():
        style = _style(step, span)
        width = max(len(written(time, step, style)) for time in (begin, end)) + GAP
        if step * columns >= width * span:
            first = -(-begin // step) * step
            return [(time, written(time, step, style)) for time in range(first, end, step)]
    raise AssertionError
