"""Columns kept in memory show the same text as the flow file, whatever became of the engine's arrays."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.columns import Column
from t2tui.core.store import ColumnStore
from t2tui.core.text.rows import Code, Field, RowWriter

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
