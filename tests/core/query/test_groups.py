"""Groups, sums and order of rows, beside plain Python."""

from collections import defaultdict
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.columns import Column
from t2tui.core.query import QueryError, compile_expression, sorting
from t2tui.core.query.grouping import Groups
from t2tui.core.query.selection import select
from t2tui.core.query.sorting import Order, SortedRows
from t2tui.core.query.textfile import TextTable

COLUMNS = [Column("word", "SC"), Column("n", "I64"), Column("t", "U64.U32"), Column("ip", "IPX")]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "ab", ""]),
        st.one_of(st.just(""), st.integers(-3, 3).map(str), st.integers(2**62, 2**63 - 1).map(str)),
        st.integers(0, 3 * 10**9).map(lambda ns: f"{ns // 10**9}.{ns % 10**9:09d}"),
        st.sampled_from(["10.0.0.9", "10.0.0.10", "9.9.9.9", "::1", "-"]),
    ),
    max_size=15,
)
Row = tuple[str, str, str, str]


def tables(rows: list[Row], size: int) -> list[TextTable]:
    """The rows in tables of a size."""
    parts = [rows[first : first + size] for first in range(0, len(rows), size)]
    return [
        TextTable("rows", COLUMNS, "".join("\t".join(row) + "\n" for row in part).encode(), "\t", 2)
        for part in parts
    ]


@given(ROWS, st.integers(1, 5), st.sampled_from([None, 2, -2]))
def test_sums_of_groups(rows: list[Row], size: int, most: int | None) -> None:
    groups = Groups(select("word,ip", COLUMNS), [compile_expression(text, COLUMNS) for text in ("n", "t")])
    wanted: dict[tuple[str, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in rows:
        sums = wanted[row[0], row[3]]
        sums[0] += Decimal(row[1] or 0)
        sums[1] += Decimal(row[2])
    for table in tables(rows, size):
        groups.add(table, np.arange(len(table)))
    ordered = sorted(wanted.items(), key=lambda item: (-item[1][0], item[0]))
    if most is not None:
        ordered = ordered[:most] if most > 0 else ordered[most:][::-1]
    assert groups.ordered(most) == [(key, [str(n), f"{t:.9f}"]) for key, (n, t) in ordered]


@given(ROWS, st.integers(1, 5))
def test_numbers_of_rows_in_groups(rows: list[Row], size: int) -> None:
    groups = Groups(select("word", COLUMNS), [])
    for table in tables(rows, size):
        groups.add(table, np.arange(len(table)))
    words = [row[0] for row in rows]
    wanted = sorted(((word,), words.count(word)) for word in set(words))
    assert groups.ordered() == [(key, [str(n)]) for key, n in sorted(wanted, key=lambda item: -item[1])]


KEYS = {
    "word": lambda row: row[0] or None,
    "n": lambda row: int(row[1]) if row[1] else None,
    "t": lambda row: Decimal(row[2]),
    "$n * 0.5": lambda row: float(row[1] or 0) * 0.5,
}


@given(
    ROWS,
    st.integers(1, 5),
    st.lists(st.tuples(st.sampled_from(list(KEYS)), st.booleans()), min_size=1, max_size=3),
    st.sampled_from([None, 1, 3]),
)
def test_order_of_rows(rows: list[Row], size: int, orders: list[tuple[str, bool]], most: int | None) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "PRUNED", 2)
        found = SortedRows([Order(compile_expression(text, COLUMNS), desc) for text, desc in orders], most)
        first = 0
        for table in tables(rows, size):
            found.add(table, np.arange(len(table)), range(first, first + len(table)))
            first += len(table)
    numbers = list(range(len(rows)))
    for text, is_descending in reversed(orders):
        keys = [KEYS[text](row) for row in rows]
        shown = [n for n in numbers if keys[n] is not None]
        shown.sort(key=lambda n: keys[n], reverse=is_descending)
        numbers = shown + [n for n in numbers if keys[n] is None]
    assert found.ordered() == numbers[:most]


def test_addresses_are_sorted_by_number() -> None:
    rows = [("", "", "0.000000000", ip) for ip in ("::1", "10.0.0.10", "10.0.0.9", "9.9.9.9")]
    found = SortedRows([Order(compile_expression("ip", COLUMNS))])
    (table,) = tables(rows, 9)
    found.add(table, np.arange(4), [row[3] for row in rows])
    assert found.ordered() == ["9.9.9.9", "10.0.0.9", "10.0.0.10", "::1"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("*", ["word", "n", "t", "ip"]),
        ("!word,!?", ["ip"]),
        ("w*,n", ["word", "n"]),
        ("$n, word , n+1", ["n", "word", "n+1"]),
        ("join(',', n, t)", ["join(',', n, t)"]),
        ("*,!n", ["word", "t", "ip"]),
        ("(n + 1) * 2", ["(n + 1) * 2"]),
    ],
)
def test_columns_that_are_shown(text: str, names: list[str]) -> None:
    assert [each.name for each in select(text, COLUMNS)] == names


@pytest.mark.parametrize(("text", "place"), [("n,nn", 2), ("x*", 0), ("n,!zz", 2), ("n,t,ip+1", 4)])
def test_what_cannot_be_shown_has_a_place(text: str, place: int) -> None:
    with pytest.raises(QueryError) as caught:
        select(text, COLUMNS)
    assert caught.value.start == place
