from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.columns import Column
from t2tui.core.query import QueryError, compile_filter
from t2tui.core.query.cells import cells_vector
from t2tui.core.query.vectors import Rows, Vector
from t2tui.tui.arrangement import Arranged, Arrangement, Sorting


class Cells:
    """A table made of cells of text."""

    def __init__(self, columns: dict[str, str], rows: Sequence[Sequence[str]]) -> None:
        self._columns, self._rows = columns, rows

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._columns)

    def __len__(self) -> int:
        return len(self._rows)

    def column(self, name: str) -> Column:
        return Column(name, self._columns[name])

    def vector(self, name: str, rows: Rows) -> Vector:
        place = list(self._columns).index(name)
        numbers = range(len(self._rows))[rows] if isinstance(rows, slice) else rows.tolist()
        return cells_vector(self._columns[name], [self._rows[number][place] for number in numbers])

    def first(self, count: int) -> "Cells":
        return type(self)(self._columns, self._rows[:count])


COLUMNS = {"n": "U32", "f": "D", "a": "IPX", "t": "SC", "l": "U16:R"}

ADDRESSES = st.one_of(
    st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str), st.sampled_from(["10.0.0.9", "10.0.0.10"])
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["", "0", "9", "10", "4294967295"]),
        st.sampled_from(["", "-1.5", "0", "2", "10", "nan"]),
        st.one_of(st.just(""), ADDRESSES),
        st.text("abcÄß ", max_size=3),
        st.sampled_from(["", "9", "10;1", "2;7;7"]),
    ),
    max_size=60,
)


def key(column: str, cell: str) -> Any:
    """What a cell is sorted by, in plain Python; None for what comes last."""
    import ipaddress

    if cell in ("", "nan"):
        return None
    match column:
        case "n":
            return int(cell)
        case "f":
            return float(cell)
        case "a":
            address = ipaddress.ip_address(cell)
            return address.version, int(address)
        case "l":
            return int(cell.partition(";")[0])
    return cell


def expected(table: Cells, filter_text: str, sorting: Sorting) -> list[int]:
    rows = compile_filter(filter_text, table).indices(table).tolist()
    if not sorting.column:
        return rows
    place = list(COLUMNS).index(sorting.column)
    keys = {row: key(sorting.column, table._rows[row][place]) for row in rows}
    shown = [row for row in rows if keys[row] is not None]
    shown.sort(key=keys.__getitem__, reverse=sorting.is_descending)
    return shown + [row for row in rows if keys[row] is None]


@given(
    ROWS,
    st.lists(st.integers(0, 60), max_size=3),
    st.sampled_from(["", "n", "f", "a", "t", "l"]),
    st.booleans(),
    st.sampled_from(["", "$n > 5", "$t ~ /a/"]),
)
def test_rows_that_come_bit_by_bit_are_ordered_as_python_orders_them_all(
    rows: list[tuple[str, ...]], cuts: list[int], column: str, is_descending: bool, filter_text: str
) -> None:
    table = Cells(COLUMNS, rows)
    sorting = Sorting(column, is_descending)
    arrangement = Arrangement(table, filter_text, sorting)
    for count in [*sorted(min(cut, len(rows)) for cut in cuts), len(rows)]:
        now = table.first(count)
        arranged = arrangement.update(now)  # type: ignore[arg-type]
        assert arranged.rows.tolist() == expected(now, filter_text, sorting)
        assert (arranged.filter_text, arranged.sorting) == (filter_text, sorting)


@given(st.lists(st.integers(0, 99), unique=True, max_size=40), st.integers(-2, 101))
def test_the_place_of_a_row_is_where_it_stands(order: list[int], row: int) -> None:
    arranged = Arranged(None, np.array(order, np.int32))  # type: ignore[arg-type]
    assert arranged.place(row) == (order.index(row) if row in order else None)


def test_a_condition_for_other_columns_is_refused() -> None:
    with pytest.raises(QueryError, match="bytes"):
        Arrangement(Cells(COLUMNS, []), "$bytes > 1")


def test_nan_is_no_number_to_sort_by() -> None:
    table = Cells({"f": "D"}, [("nan",), ("1",), ("",), ("-inf",)])
    for is_descending, order in ((False, [3, 1, 0, 2]), (True, [1, 3, 0, 2])):
        arranged = Arrangement(table, "", Sorting("f", is_descending)).update(table)  # type: ignore[arg-type]
        assert arranged.rows.tolist() == order
