"""Columns kept in memory show the same text as the flow file, whatever became of the engine's arrays."""

import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.columns import Column
from t2tui.core.store import ColumnStore
from t2tui.core.text.rows import Code, Field, RowWriter, Words

NO_ROWS = np.zeros(0, np.int64)
RECORDS = 6
TEXTS = st.lists(st.lists(st.binary(max_size=5), max_size=4), min_size=RECORDS, max_size=RECORDS)


def columns(texts: list[list[bytes]], empty: int) -> list[tuple[Column, Field]]:
    """Lists of texts and of their lengths, alone and together; ``empty`` values belong to nobody."""
    flat = [b"?"] * empty + [text for record in texts for text in record]
    counts = np.array([len(record) for record in texts], np.uint8)
    first = empty + np.cumsum(counts, dtype=np.int64) - counts
    lengths = np.array([len(text) for text in flat], np.uint16)
    starts = np.cumsum(lengths, dtype=np.int64) - lengths
    pool = np.frombuffer(b"".join(flat) + bytes(1), np.uint8)
    lists = {"by": "slot", "first": first, "count": counts}
    names = Field(Code.STRING, starts, second=lengths, pool=pool, **lists)
    sizes = Field(Code.UINT, lengths, by="slot", first=first, joined=True)
    fields = {
        "names": names,
        "sizes": Field(Code.UINT, lengths, **lists),
        "both": Field(Code.BARE, starts, second=lengths, pool=pool, rest=(sizes,), **lists),
        "number": Field(Code.UINT, counts, by="slot"),
    }
    return [(Column(name, "S"), field) for name, field in fields.items()]


@given(
    st.lists(
        st.tuples(TEXTS, st.integers(0, 3), st.lists(st.integers(0, RECORDS - 1), max_size=9)), min_size=1
    )
)
def test_lists_of_texts_outlive_their_pools(
    batches: list[tuple[list[list[bytes]], int, list[int]]],
) -> None:
    latest = columns(*batches[0][:2])
    store = ColumnStore(lambda: latest)
    wanted: list[str] = []
    for texts, empty, chosen in batches:
        latest = columns(texts, empty)
        slots = np.array(chosen, np.int32)
        store.append(NO_ROWS, slots, latest)
        writer = RowWriter([field for _, field in latest])
        wanted += writer.write((0, len(slots)), slots).decode("utf-8", "replace").split("\n")[:-1]
    assert store.rows(store.names) == wanted
    assert store["number"].tolist() == [len(texts[slot]) for texts, _, chosen in batches for slot in chosen]


def engine_columns(records: np.ndarray, words: Words) -> list[tuple[Column, Field]]:
    """A number and a word per slot."""
    return [
        (Column("number", "U32"), Field(Code.UINT, records["number"], by="slot")),
        (Column("word", "SC"), Field(Code.WORD, records["word"], by="slot", words=words)),
    ]


def test_a_sealed_store_keeps_its_texts_and_lets_go_of_the_engine() -> None:
    records = np.zeros(4, [("number", "u4"), ("word", "u4")])
    records["number"], records["word"] = [5, 6, 7, 8], [0, 1, 2, 1]
    words = Words.from_texts([b"a", b"b", b"c"])
    store = ColumnStore(lambda: engine_columns(records, words))
    store.append(NO_ROWS, np.array([3, 0, 2], np.int32))
    assert sorted(store.numbers(words)) == [0, 1, 2]
    assert store.numbers(Words.from_texts([b"other"])).size == 0
    store.seal()
    engine = weakref.ref(records)
    words = Words.from_texts([b"x", b"y", b"z"])  # numbers have been given out again
    records = np.zeros(0, records.dtype)
    assert engine() is None
    assert store.rows(["number", "word"]) == ["8\tb", "5\ta", "7\tc"]
    assert store["number"].tolist() == [8, 5, 7]
    assert store["word"].tolist() == ["b", "a", "c"]
    with pytest.raises(ValueError, match="sealed"):
        store.append(NO_ROWS, np.array([0], np.int32))


@given(st.lists(st.integers(0, 3000), max_size=6))
def test_arrays_grow(sizes: list[int]) -> None:
    records = np.arange(5000, dtype=np.uint32).view([("number", "u4")])
    store = ColumnStore(lambda: [(Column("number", "U32"), Field(Code.UINT, records["number"], by="slot"))])
    wanted: list[int] = []
    for size in sizes:
        slots = np.arange(size, dtype=np.int32)[::-1]
        store.append(NO_ROWS, slots)
        wanted += slots.tolist()
    assert store["number"].tolist() == wanted
    assert store.rows(["number"], first=2, count=2) == [str(number) for number in wanted[2:4]]
