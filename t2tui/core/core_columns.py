"""Columns that the program itself writes in front of those of the plugins."""

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from t2tui.core.columns import plugin_columns
from t2tui.core.text.rows import Code, Field, Words

if TYPE_CHECKING:
    from t2tui.core.run import Columns, Run

DIRECTIONS = (b"A", b"B")
"""Texts of ``FLOW.dir``: position of a flow in the written pair, not bit 0 of flowStat."""


def flow_fields(run: "Run") -> "Columns":
    """Return ``dir`` and ``flowInd`` of the flow file."""
    flows = run.flows.records
    fields = {
        "dir": Field(Code.WORD, flows["dir"], by="slot", words=Words.from_texts(DIRECTIONS)),
        "flowInd": Field(Code.UINT, flows["flowInd"], by="slot"),
    }
    return [(column, fields[column.name]) for column in plugin_columns("core", "flows")]


def packet_fields(packets: NDArray[Any]) -> "Columns":
    """Return ``pktNo`` and ``flowInd`` of the packet file (its content column is the last one)."""
    fields = {
        "pktNo": Field(Code.UINT, packets["pktNo"]),
        "flowInd": Field(Code.UINT, packets["flowInd"]),
    }
    return [
        (column, fields[column.name]) for column in plugin_columns("core", "packets") if column.name in fields
    ]
