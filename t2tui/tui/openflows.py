"""Flows that have not ended yet: shown until the first ones end, with what is known of them so far."""

from typing import Any

import numpy as np

from t2tui.core.run import Run
from t2tui.core.store import ColumnStore

MOST = 500
"""Flows that are shown."""

COLUMNS = (
    *("flowInd", "flowStat", "timeFirst", "timeLast", "numHdrDesc", "numHdrs", "hdrDesc", "srcMac", "dstMac"),
    *("ethType", "vlanID", "srcIP", "srcIPCC", "srcIPOrg", "srcPort", "dstIP", "dstIPCC", "dstIPOrg"),
    *("dstPort", "l4Proto"),
)
"""Columns whose values hold before a flow ends; all others are computed at its end."""

NO_ROWS = np.zeros(0, np.int64)


def open_flows(run: Run) -> ColumnStore:
    """Return the first flows that are open, in the order in which they began.

    Args:
        run: between two steps of its engine, in the engine's thread.
    """

    def columns() -> list[Any]:
        return [pair for pair in run.flow_columns() if pair[0].name in COLUMNS]

    records = run.flows.records
    slots = np.flatnonzero(records["alive"])
    first = slots[np.argsort(records["flowInd"][slots], kind="stable")[:MOST]]
    store = ColumnStore(columns)
    store.append(NO_ROWS, first.astype(np.int32))
    return store.view()
