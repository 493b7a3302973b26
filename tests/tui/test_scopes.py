"""What actions act on, compared with sets."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from t2tui.tui.arrangement import Arranged
from t2tui.tui.scopes import ALL, CURSOR, MARKED, SHOWN, default, extent, scopes
from tests.tui.still import finished


@settings(deadline=None)
@given(st.permutations(range(72)), st.integers(0, 72), st.sets(st.integers(0, 71)))
def test_rows_of_scopes(order: list[int], count: int, marked: set[int]) -> None:
    table = finished().table
    assert table is not None
    arranged = Arranged(table, np.array(order[:count], np.int32))
    row = order[0] if count else None
    found = scopes(arranged, row, np.array(sorted(marked), np.int64))
    assert found[ALL].rows.tolist() == list(range(72))
    assert (SHOWN in found) == (CURSOR in found) == bool(count)
    assert (MARKED in found) == bool(marked)
    if count:
        assert found[SHOWN].rows.tolist() == order[:count]
        assert found[CURSOR].rows.tolist() == [row]
    if marked:
        rows = found[MARKED].rows.tolist()
        assert sorted(rows) == sorted(marked)
        visible = [each for each in order[:count] if each in marked]
        assert rows[: len(visible)] == visible
    assert default(found) == (MARKED if marked else CURSOR if count else ALL)


def test_a_flow_is_counted_with_its_other_direction() -> None:
    table = finished().table
    assert table is not None
    flow, side = table["flowInd"], table["dir"]
    row = int(np.flatnonzero((flow == 35) & (side == "B"))[0])
    scope = scopes(Arranged(table, np.array([row], np.int32)), row, np.zeros(0, np.int64))[CURSOR]
    both, reply = extent(scope), extent(scope, "B")
    assert (both.flows, both.rows, reply.rows) == (1, 2, 1)
    assert both.packets == int(table["pktsSnt"][flow == 35].sum())
    assert reply.packets == int(table["pktsSnt"][row])


def test_without_table_there_is_no_scope() -> None:
    assert not scopes(None, None, np.zeros(0, np.int64))
