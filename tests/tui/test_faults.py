from hypothesis import given
from hypothesis import strategies as st

from t2tui.core import bits
from t2tui.tui.faults import RANKS, BitCounts
from tests.tui.test_arrangement import Cells

VALUES = st.integers(0, 2**64 - 1) | st.sampled_from([1 << 49, 1 << 63, 0x0400000000004001])


class Stat(Cells):
    """A table with a column of status words."""

    def column(self, name: str):  # type: ignore[no-untyped-def]
        from t2tui.core.columns import find

        return find("flowStat", "flows")


@given(st.lists(VALUES, max_size=50), st.integers(0, 50))
def test_bits_are_counted_as_flows_come(values: list[int], cut: int) -> None:
    table = Stat({"flowStat": "H64"}, [(f"0x{value:016x}",) for value in values])
    counts = BitCounts()
    counts.update(table.first(min(cut, len(values))))  # type: ignore[arg-type]
    found = counts.update(table)  # type: ignore[arg-type]
    assert {finding.bit.number: finding.flows for finding in found} == {
        bit.number: count
        for bit in bits.table("flowStat").bits
        if (count := sum(value >> bit.number & 1 for value in values))
    }
    assert found == sorted(found, key=lambda finding: (RANKS[finding.level], -finding.flows))
    for finding in found:
        assert finding.condition == f"bitsanyset($flowStat, {1 << finding.bit.number:#x})"
