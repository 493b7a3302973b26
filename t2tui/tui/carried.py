"""What is carried from one run of a capture to the next, and what differs between the two."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from t2tui.tui.arrangement import Sorting
from t2tui.tui.figures import amount
from t2tui.tui.session import COMPLETE, FAILED, Snapshot

MOST_NAMES = 12
"""Names that are listed: a plugin can have fifty columns."""


@dataclass(frozen=True)
class Result:
    """What came of a run.

    Attributes:
        state: how it ended, or that it had not.
        counts: name -> number.
        columns: names of the columns.
        broken: plugins that were switched off.
    """

    state: str
    counts: dict[str, int]
    columns: tuple[str, ...]
    broken: tuple[str, ...]

    @classmethod
    def of(cls, now: Snapshot) -> "Result":
        """Return what has come of a run so far."""
        counts = {"packets": now.packets, "flows": now.flows, "rows": now.rows, "alarms": now.alarms}
        columns = () if now.table is None else tuple(now.table.names)
        return cls(now.state, counts, columns, tuple(each.plugin for each in now.breakdowns))

    def compared(self, before: "Result") -> str:
        """Return in words what is other than in the run before."""
        parts = []
        if FAILED in (self.state, before.state) or before.state != COMPLETE:
            parts.append(f"{before.state} → {self.state}")
        parts += [
            f"{name} {amount(before.counts[name])} → {amount(number)}"
            for name, number in self.counts.items()
            if number != before.counts[name]
        ]
        parts += _apart("columns", before.columns, self.columns)
        parts += _apart("switched off by an error", before.broken, self.broken)
        same = [name for name, number in self.counts.items() if number == before.counts[name]]
        if before.columns == self.columns:
            same.append("columns")
        if same:
            parts.append(f"the same {', '.join(same)}")
        return "; ".join(parts)


def _apart(what: str, before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Return which names came and which went, the first few of many."""
    signed = [f"+{name}" for name in after if name not in before]
    signed += [f"-{name}" for name in before if name not in after]
    more = [f"and {len(signed) - MOST_NAMES} more"] if len(signed) > MOST_NAMES else []
    return [f"{what} {' '.join([*signed[:MOST_NAMES], *more])}"] if signed else []


@dataclass(frozen=True)
class Carried:
    """What is carried over; the layout of columns is remembered anyway.

    Attributes:
        filter_text: the condition that applied.
        sorting: how flows were sorted.
        is_paired: whether the two directions of a flow stood one below the other.
        view: the view that was open.
        lit: the plugin that was lit in the list of plugins.
        changes: what was changed, in words.
        before: what came of the run.
    """

    filter_text: str = ""
    sorting: Sorting = field(default_factory=Sorting)
    is_paired: bool = False
    view: str = "flows"
    lit: str = ""
    changes: tuple[str, ...] = ()
    before: Result | None = None

    def compared(self, now: Snapshot) -> str:
        """Return what has changed since the run before; nothing if there was none, or this one goes on."""
        if self.before is None or not now.has_ended:
            return ""
        changes = f"With {', '.join(self.changes)}" if self.changes else "Run again"
        return f"{changes}: {Result.of(now).compared(self.before)}"
