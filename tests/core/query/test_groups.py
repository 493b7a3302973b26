"""Groups, sums and order of rows, beside plain Python."""

import math
from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.columns import Column
from t2tui.core.query import QueryError, compile_expression, sorting
from t2tui.core.query.figures import figures
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
    groups = Groups(select("word,ip", COLUMNS), figures("n,t", COLUMNS))
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


@given(ROWS, st.integers(1, 5))
def test_extremes_means_and_entropies(rows: list[Row], size: int) -> None:
    wanted = "min(n), max(n), mean(n), max(t), mean(t), min($t - 1), ientropy(ip)"
    groups = Groups(select("word", COLUMNS), figures(wanted, COLUMNS))
    for table in tables(rows, size):
        groups.add(table, np.arange(len(table)))
    found = dict(groups.ordered())
    assert {key[0] for key in found} == {row[0] for row in rows}
    for (word,), (low, high, mean, latest, middle, earliest, entropy) in found.items():
        mine = [row for row in rows if row[0] == word]
        n = [int(row[1]) for row in mine if row[1]]
        ns = [int(Decimal(row[2]) * 10**9) for row in mine]
        assert (low, high) == ((str(min(n)), str(max(n))) if n else ("", ""))
        assert mean == (f"{float(Fraction(sum(n), len(n))):.15g}" if n else "")
        assert Decimal(latest) * 10**9 == max(ns)
        assert Decimal(middle) * 10**9 == round(Fraction(sum(ns), len(ns)))
        assert Decimal(earliest) * 10**9 == min(ns) - 10**9
        shares = [n / len(mine) for n in Counter(row[3] for row in mine).values()]
        assert float(entropy) == pytest.approx(sum(share * math.log2(1 / share) for share in shares))


def test_one_group_of_all_rows() -> None:
    groups = Groups([], figures("max(n)", COLUMNS))
    for table in tables([("a", "3", "0.000000000", "-"), ("b", "5", "0.000000000", "-")], 1):
        groups.add(table, np.arange(len(table)))
    assert groups.ordered() == [((), ["5"])]


@given(st.lists(st.lists(st.sampled_from(["1", "2", "30"]), max_size=4), max_size=8), st.integers(1, 3))
def test_each_element_of_a_list_is_a_group(lists: list[list[str]], size: int) -> None:
    columns = [Column("tag", "U16:R"), Column("n", "I64")]
    groups = Groups(select("tag", columns), figures("n,max(n)", columns), each=True)
    wanted: dict[str, list[int]] = defaultdict(list)
    for first in range(0, len(lists), size):
        part = lists[first : first + size]
        lines = "".join(f"{';'.join(tags)}\t{first + row}\n" for row, tags in enumerate(part))
        table = TextTable("rows", columns, lines.encode(), "\t", 2)
        groups.add(table, np.arange(len(table)))
    for row, tags in enumerate(lists):
        for tag in set(tags) or {""}:
            wanted[tag].append(row)
    assert dict(groups.ordered()) == {
        (tag,): [str(sum(rows)), str(max(rows))] for tag, rows in wanted.items()
    }


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("n,max(ip)", 6, "'ip' is an IP address; expected a number"),
        ("word", 0, "'word' is a text"),
        ("n,mean(nn)", 7, "unknown column 'nn'"),
        ("min()", 0, "a figure is missing"),
    ],
)
def test_what_is_no_figure_has_a_place(text: str, place: int, message: str) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        figures(text, COLUMNS)
    assert caught.value.start == place


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
        ("wildcard(^[nt]$),word", ["n", "t", "word"]),
        ("wildcard(!^(n|t)$)", ["word", "ip"]),
        ("*,!wildcard('o|p')", ["n", "t"]),
        (r"wildcard(\)|,|^i), n", ["ip", "n"]),
    ],
)
def test_columns_that_are_shown(text: str, names: list[str]) -> None:
    assert [each.name for each in select(text, COLUMNS)] == names


@pytest.mark.parametrize(
    ("text", "place"),
    [("n,nn", 2), ("x*", 0), ("n,!zz", 2), ("n,t,ip+1", 4), ("n,wildcard(x)", 2), ("wildcard('[b')", 0)],
)
def test_what_cannot_be_shown_has_a_place(text: str, place: int) -> None:
    with pytest.raises(QueryError) as caught:
        select(text, COLUMNS)
    assert caught.value.start == place
