"""Values of columns in memory are those of the text that the file shows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.columns import Column
from t2tui.core.query.cells import cells_vector
from t2tui.core.query.numbers import as_floats, shown_floats
from t2tui.core.query.vectors import Kind, Vector, as_text, emptiness
from t2tui.core.store import ColumnStore
from t2tui.core.text.fields import Code, Field
from tests.core.query.conftest import flow_pair, packet_pair
from tests.core.query.rows import Row

Pair = tuple[ColumnStore, list[Row]]


def same(a: Vector, b: Vector) -> None:
    """Two vectors mean the same."""
    assert a.kind is b.kind and a.digits == b.digits
    for x, y in ((a.counts, b.counts), (emptiness(a), emptiness(b))):
        assert (None if x is None else x.tolist()) == (None if y is None else y.tolist())
    shown = ~emptiness(a)
    if a.kind is Kind.TEXT:
        assert [a.words[n] for n in a.values] == [b.words[n] for n in b.values]
    elif a.kind is Kind.FLOAT:
        assert np.array_equal(as_floats(a)[shown], as_floats(b)[shown], equal_nan=True)
    else:
        for left, right in ((a.values, b.values), (a.lower, b.lower), (a.family, b.family)):
            if left is not None and right is not None:
                assert left[shown].tolist() == right[shown].tolist()


@pytest.mark.parametrize("which", ["flows", "packets"])
def test_all_columns(which: str) -> None:
    store, _ = flow_pair() if which == "flows" else packet_pair()
    some = np.arange(0, len(store), 3)
    for name in store.names:
        type_ = store.column(name).type
        whole = cells_vector(type_, store.text(name))
        same(store.vector(name, slice(0, len(store))), whole)
        same(store.vector(name, some), cells_vector(type_, store.lines([name], some)))
        same(whole.take(some), cells_vector(type_, store.lines([name], some)))


def kept(column: Column, field: Field, rows: int) -> ColumnStore:
    """A store with a column."""
    store = ColumnStore(lambda: [(column, field)])
    store.append(np.zeros(0, np.int64), np.arange(rows, dtype=np.int32))
    return store


FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.lists(FLOATS, max_size=20))
def test_singles_are_the_number_that_is_shown(values: list[float]) -> None:
    singles = np.array(values, np.float32)
    assert shown_floats(singles).tolist() == [float(f"{value:.7g}") for value in singles.tolist()]


@given(st.lists(FLOATS, min_size=1, max_size=20), FLOATS)
def test_singles_are_compared_as_they_are_shown(values: list[float], constant: float) -> None:
    column = Column("f", "F")
    store = kept(column, Field(Code.FLOAT, np.array(values, np.float32), by="slot"), len(values))
    texts = [float(text) for text in store.text("f")]
    for chosen in (constant, texts[0]):
        exact = f"{abs(chosen):.7g}" if "e" not in f"{abs(chosen):.7g}" else "1.5"
        number = float(exact)
        for sign, wanted in (("==", [x == number for x in texts]), ("<", [x < number for x in texts])):
            assert store.filter(f"$f {sign} {exact}").tolist() == np.flatnonzero(wanted).tolist()


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=20))
def test_doubles_are_the_number_that_is_shown(values: list[float]) -> None:
    store = kept(Column("d", "D"), Field(Code.DOUBLE, np.array(values), by="slot"), len(values))
    assert as_floats(store.vector("d", slice(0, len(values)))).tolist() == [float(f"{x:f}") for x in values]


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=20))
def test_seconds_are_whole_nanoseconds(nanoseconds: list[int]) -> None:
    values = np.array(nanoseconds) / 1e9
    store = kept(Column("t", "D9"), Field(Code.SECONDS, values, by="slot"), len(values))
    assert store.vector("t", slice(0, len(values))).values.tolist() == nanoseconds


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)), min_size=1, max_size=9))
def test_addresses_of_either_family(numbers: list[tuple[int, int]]) -> None:
    upper, lower = (np.array(part, np.uint64) for part in zip(*numbers, strict=True))
    kinds = (np.arange(len(numbers)) % 4).astype(np.uint8)
    field = Field(Code.IPX, upper, by="slot", second=lower, kind=kinds)
    store = kept(Column("ip", "IPX"), field, len(numbers))
    same(store.vector("ip", slice(0, len(store))), cells_vector("IPX", store.text("ip")))
    shown = as_text(store.vector("ip", slice(0, len(store))))
    assert [shown.words[n] for n in shown.values] == store.text("ip")
