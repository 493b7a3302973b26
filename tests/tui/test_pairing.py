import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.tui.arrangement import Sorting
from t2tui.tui.pairing import Conversations, PairedArrangement, Pairing, conversations
from tests.tui.test_arrangement import Cells

COLUMNS = {"flowInd": "U64", "flowStat": "H64", "n": "U32"}
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3", "4", "900", "18446744073709551615"]),
        st.sampled_from(["0x0", "0x1", "0x4000", "0x4001"]),
        st.sampled_from(["", "1", "2", "10", "10"]),
    ),
    max_size=40,
)


def expected(rows: list[tuple[str, str, str]], column: str, is_descending: bool, least: int) -> list[int]:
    """Conversations in plain Python: grouped by index, A first, in the order of their first rows."""
    groups: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(row[0], []).append(number)
    for members in groups.values():
        members.sort(key=lambda number: (int(rows[number][1], 16) & 1, number))
    blocks = sorted(
        members
        for members in groups.values()
        if not least or any(int(rows[number][2] or 0) > least for number in members)
    )
    blocks.sort(key=lambda members: members[0])
    if column:
        place = list(COLUMNS).index(column)
        shown = [block for block in blocks if rows[block[0]][place]]
        shown.sort(key=lambda block: int(rows[block[0]][place], 0), reverse=is_descending)
        blocks = shown + [block for block in blocks if not rows[block[0]][place]]
    return [number for block in blocks for number in block]


@given(
    ROWS,
    st.lists(st.integers(0, 40), max_size=3),
    st.sampled_from(["", "flowInd", "n"]),
    st.booleans(),
    st.sampled_from([0, 1, 5]),
)
def test_conversations_that_come_bit_by_bit_are_ordered_as_python_orders_them_all(
    rows: list[tuple[str, str, str]], cuts: list[int], column: str, is_descending: bool, least: int
) -> None:
    table = Cells(COLUMNS, rows)
    paired = PairedArrangement(table, f"$n > {least}" if least else "", Sorting(column, is_descending))
    for count in [*sorted(min(cut, len(rows)) for cut in cuts), len(rows)]:
        arranged = paired.update(table.first(count))  # type: ignore[arg-type]
        wanted = expected(rows[:count], column, is_descending, least)
        assert arranged.rows.tolist() == wanted
        assert arranged.conversations == len({rows[number][0] for number in wanted})


@given(ROWS)
def test_another_filter_goes_on_with_the_pairs_that_are_known(rows: list[tuple[str, str, str]]) -> None:
    table, pairing = Cells(COLUMNS, rows), Pairing()
    for count in (len(rows) // 2, len(rows)):
        for least in (0, 1):
            now = table.first(count)
            paired = PairedArrangement(now, f"$n > {least}" if least else "", pairing=pairing)
            assert paired.update(now).rows.tolist() == expected(rows[:count], "", False, least)  # type: ignore[arg-type]


def test_indices_far_apart_are_paired_like_others() -> None:
    near, far = (
        conversations(np.array([first, 7, first], np.uint64), np.array([True, False, False]))
        for first in (8, 1 << 63)
    )
    for found in (near, far):
        assert isinstance(found, Conversations)
        assert found.rows.tolist() == [1, 2, 0]
        assert found.counts.tolist() == [1, 2]


def test_without_indices_nothing_is_paired() -> None:
    with pytest.raises(ValueError, match="flowInd"):
        PairedArrangement(Cells({"n": "U32"}, []))
