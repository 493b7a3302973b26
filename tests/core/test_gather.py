"""gather() beside numpy's own indexing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from t2tui.core.gather import address, can_gather, gather, plan

RECORD = np.dtype([("a", "u1"), ("b", "u2"), ("c", "f8"), ("d", "u4"), ("e", "u1", 16), ("f", "u1", 3)])
COUNT = 9


@given(
    arrays(np.uint8, (COUNT, RECORD.itemsize)),
    st.lists(st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)), max_size=20),
)
def test_records_are_those_that_numpy_finds(data: np.ndarray, numbers: list[tuple[int, int]]) -> None:
    records = np.ascontiguousarray(data).view(RECORD)[:, 0]
    places = np.array(numbers, np.int64).reshape(-1, 2)
    rows, slots = np.ascontiguousarray(places[:, 0]), places[:, 1].astype(np.int32)
    sources = [records, *(records[name] for name in RECORD.names or ())]
    sources += [np.ascontiguousarray(source) for source in sources]
    by_slot = [number % 2 == 0 for number in range(len(sources))]
    wanted = [source[slots if is_slot else rows] for source, is_slot in zip(sources, by_slot, strict=True)]
    assert all(map(can_gather, sources))
    found = [np.zeros(each.shape, each.dtype) for each in wanted]
    targets = np.array([address(each) for each in found], np.int64)
    gather(plan(sources, by_slot), targets, rows, slots)
    assert [each.tobytes() for each in found] == [each.tobytes() for each in wanted]


def test_rows_may_be_missing_where_nothing_is_by_row() -> None:
    source, target = np.arange(5, dtype=np.uint16), np.zeros(2, np.uint16)
    lines = plan([source], [True])
    gather(lines, np.array([address(target)]), np.zeros(0, np.int64), np.array([3, 1], np.int32))
    assert target.tolist() == [3, 1]


def test_records_in_several_pieces_are_not_taken() -> None:
    assert not can_gather(np.zeros((4, 8), np.uint8)[:, ::2])
    assert can_gather(np.zeros((4, 8), np.uint8)[::2])
