"""What actions act on: the flow under the cursor, the marked, the shown, or all flows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from t2tui.core.store import ColumnStore
    from t2tui.cutting import Direction
    from t2tui.tui.arrangement import Arranged

CURSOR, MARKED, SHOWN, ALL = "cursor", "marked", "shown", "all"

RECORD_BYTES = 16 + 54
"""Bytes of an ordinary packet beside its payload: header of its record, Ethernet, IPv4 and TCP."""


@dataclass(frozen=True, eq=False)
class Scope:
    """Rows of a table.

    Attributes:
        name: CURSOR, MARKED, SHOWN or ALL.
        table: whose rows; nothing is appended to it.
        rows: their numbers, in the order in which they are shown.
    """

    name: str
    table: "ColumnStore"
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    def flows(self) -> NDArray[np.uint64]:
        """Return the indices of the flows, ascending, each once; takes time where there are many."""
        found: NDArray[np.uint64] = np.unique(self.table["flowInd"][self.rows]).astype(np.uint64)
        return found


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a scope is.

    Attributes:
        flows: different flows.
        rows: of these flows in the direction that is asked for.
        packets: of these rows, as their columns say; None where no column does.
        payload: bytes of payload, the same.
    """

    flows: int
    rows: int
    packets: int | None = None
    payload: int | None = None

    @property
    def capture_bytes(self) -> int | None:
        """About how large a capture of the packets is; None if it cannot be told."""
        if self.packets is None or self.payload is None:
            return None
        return self.payload + self.packets * RECORD_BYTES


def scopes(arranged: "Arranged | None", row: int | None, marked: NDArray[np.int64]) -> Mapping[str, Scope]:
    """Return the scopes that have rows.

    Args:
        arranged: the table and what is shown of it; None before the first flow.
        row: the row under the cursor.
        marked: numbers of the marked rows, ascending.
    """
    if arranged is None:
        return {}
    shown = arranged.rows.astype(np.int64)
    if len(marked):
        is_marked = np.zeros(len(arranged.table), bool)
        is_marked[marked] = True
        visible = shown[is_marked[shown]]  # in the order in which they are shown
        is_marked[shown] = False
        marked = np.concatenate([visible, np.flatnonzero(is_marked)])
    rows = {
        CURSOR: np.array([] if row is None else [row], np.int64),
        MARKED: marked,
        SHOWN: shown,
        ALL: np.arange(len(arranged.table), dtype=np.int64),
    }
    return {name: Scope(name, arranged.table, found) for name, found in rows.items() if len(found)}


def default(found: Mapping[str, Scope]) -> str:
    """Return the scope that is proposed: the marked flows if there are any, else the one under the cursor."""
    return next((name for name in (MARKED, CURSOR) if name in found), ALL)


def extent(scope: Scope, direction: "Direction" = "both") -> Extent:
    """Count what belongs to the flows of a scope: also their other direction, which may not be in it.

    Args:
        scope: what is counted.
        direction: of the flows; those without reverse are A, as in ``cutting.wanted_keys``.
    """
    table, flows = scope.table, scope.flows()
    mine = np.isin(table["flowInd"], flows)
    if direction != "both":
        mine &= table["dir"] == direction

    def total(name: str) -> int | None:
        return int(table[name][mine].astype(np.int64).sum()) if name in table else None

    return Extent(len(flows), int(mine.sum()), total("pktsSnt"), total("l7BytesSnt"))
