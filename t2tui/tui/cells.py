"""How cells of the flow file look on screen: times to read, numbers to the right, colours by status bits."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from t2tui.core import bits
from t2tui.core.columns import Column
from t2tui.core.flowstat import FL_ALARM, L3FLOWINVERT
from t2tui.core.query.vectors import NUMBERS, kind_of
from t2tui.core.store import DURATIONS

CLOCK, DATE, EPOCH = "clock", "date", "epoch"
TIME_STYLES = (CLOCK, DATE, EPOCH)
"""How times are shown: time of day (UTC), date and time (UTC), seconds since 1970 as in the files."""

TIME = "U64.U32"

PREFERRED = (
    *("dir", "flowInd", "flowStat", "timeFirst", "duration", "srcIP", "srcPort", "dstIP", "dstPort"),
    *("l4Proto", "pktsSnt", "pktsRcvd", "l7BytesSnt", "l7BytesRcvd", "tcpStatesAFlags", "hdrDesc"),
)
"""Columns that come first."""
FIXED = ("dir", "flowInd")
"""Columns that stay when the others move."""


def is_time(column: Column) -> bool:
    """Tell whether a column holds moments."""
    return column.type == TIME and column.name not in DURATIONS


def is_right(column: Column) -> bool:
    """Tell whether a column's cells stand at its right edge: numbers do."""
    return kind_of(column.type) in NUMBERS and not column.type.startswith("H") and not is_time(column)


def shown(column: Column, cell: str, time_style: str = CLOCK) -> str:
    """Return a cell as it is shown.

    Args:
        column: its column.
        cell: text as in the flow file.
        time_style: one of TIME_STYLES.
    """
    if column.type == TIME and "." in cell:
        if time_style == EPOCH or not is_time(column):
            return _short(cell)
        return moment(cell, with_date=time_style == DATE)
    return cell


def _short(cell: str) -> str:
    """Drop the nanoseconds of a capture that has microseconds."""
    return cell[:-3] if cell.endswith("000") and len(cell.rpartition(".")[2]) == 9 else cell


def moment(cell: str, *, with_date: bool) -> str:
    """Return seconds since 1970 as date and time, UTC; unchanged what is no such time."""
    seconds, _, fraction = _short(cell).partition(".")
    if not seconds.isdecimal():
        return cell
    when = datetime.fromtimestamp(int(seconds) & 0xFFFFFFFF, UTC)
    return f"{when:%Y-%m-%d %H:%M:%S}.{fraction}" if with_date else f"{when:%H:%M:%S}.{fraction}"


@dataclass(frozen=True, slots=True)
class Look:
    """What the status word of a flow says about how its row looks.

    Attributes:
        is_reply: it is a B flow.
        mark: ``!`` of an alarm, ``^`` of a warning, ``×`` where this side has sent a reset, else a blank.
    """

    is_reply: bool = False
    mark: str = " "


@cache
def _warnings() -> int:
    return sum(bit.mask for bit in bits.table("flowStat").bits if bit.level in ("wrn", "err"))


@cache
def _resets() -> int:
    return sum(bit.mask for bit in bits.table("tcpStatesAFlags").bits if bit.name == "RESET")


def look(status: str, states: str = "") -> Look:
    """Return how a row looks.

    Args:
        status: the cell of flowStat; empty without.
        states: the cell of tcpStatesAFlags; empty without.
    """
    value, state = (int(cell, 16) if cell.startswith("0x") else 0 for cell in (status, states))
    mark = "!" if value & FL_ALARM else "^" if value & _warnings() else "×" if state & _resets() else " "
    return Look(bool(value & L3FLOWINVERT), mark)
