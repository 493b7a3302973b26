"""Exported rows: Parquet as parquetSink writes it, guarded CSV, an end on the way."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import t2tui
from t2tui.core.query.selection import Shown, select
from t2tui.core.store import ColumnStore
from t2tui.exporting import ENDINGS, ROWS_AT_ONCE, Export
from tests.conftest import ENVIRONMENT, REPOSITORY

EXERCISE = REPOSITORY / "sample_data" / "exercise.pcap.gz"


@pytest.fixture(scope="module")
def flows() -> ColumnStore:
    return t2tui.analyze(EXERCISE).flows


def columns(store: ColumnStore, text: str = "*") -> list[Shown]:
    return select(text, [store.column(name) for name in store.names])


def test_parquet_is_that_of_the_sink(flows: ColumnStore, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    with (tmp_path / "new.parquet").open("wb") as file:
        Export(flows, np.arange(len(flows)), columns(flows), "parquet").write(file)
    words = [
        "run",
        str(EXERCISE),
        "-p",
        "basicFlow,basicStats,tcpStates,parquetSink",
        "-w",
        str(tmp_path / "x"),
    ]
    subprocess.run([sys.executable, "-m", "t2tui", *words], env=ENVIRONMENT, check=True, capture_output=True)
    new, old = (parquet.read_table(tmp_path / name) for name in ("new.parquet", "x_flows.parquet"))
    assert new.schema.equals(old.schema, check_metadata=True)
    assert new.equals(old)


def test_parquet_of_chosen_rows_and_columns(flows: ColumnStore) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = np.array([5, 3, 3, 70])
    written = io.BytesIO()
    written.close = lambda: None  # type: ignore[method-assign]
    Export(flows, rows, columns(flows, "flowInd,srcIP,duration"), "parquet").write(written)
    table = parquet.read_table(io.BytesIO(written.getvalue()))
    assert table.column_names == ["flowInd", "srcIP", "duration"]
    assert table["flowInd"].to_pylist() == flows["flowInd"][rows].tolist()
    assert table["duration"].to_numpy().tolist() == flows["duration"][rows].tolist()


def test_guarded_csv_calculates_nothing(flows: ColumnStore) -> None:
    shown = columns(flows, 'flowInd,"=1+1","-x",srcIP')
    texts = {}
    for is_guarded in (False, True):
        written = io.BytesIO()
        Export(flows, np.arange(2), shown, "csv", is_guarded).write(written)
        texts[is_guarded] = list(csv.reader(io.StringIO(written.getvalue().decode())))[1:]
    for plain, guarded in zip(texts[False], texts[True], strict=True):
        assert [f"'{cell}" if cell[0] in "=-" else cell for cell in plain] == guarded
        assert any(cell.startswith("=") for cell in plain)


@pytest.mark.parametrize("format_", [name for name in ENDINGS if name != "parquet"])
def test_many_rows_are_written_part_by_part(flows: ColumnStore, format_: str) -> None:
    rows = np.tile(np.arange(len(flows)), 2 * ROWS_AT_ONCE // len(flows))
    told: list[tuple[int, int]] = []
    whole, once = io.BytesIO(), io.BytesIO()
    shown = columns(flows, "flowInd,srcIP,hdrDesc")
    Export(flows, rows, shown, format_).write(whole, lambda done, total: told.append((done, total)))
    Export(flows, np.arange(len(flows)), shown, format_).write(once)
    assert told[-1] == (len(rows), len(rows))
    assert len(told) > 2
    body = once.getvalue().splitlines()[0 if format_ == "json" else 1 :]
    assert whole.getvalue().splitlines()[0 if format_ == "json" else 1 :] == body * (len(rows) // len(flows))


class _EnoughError(Exception):
    pass


@pytest.mark.parametrize("format_", ENDINGS)
def test_an_export_can_be_ended(flows: ColumnStore, format_: str) -> None:
    def tell(done: int, total: int) -> None:
        raise _EnoughError

    with pytest.raises(_EnoughError):
        Export(flows, np.arange(len(flows)), columns(flows), format_).write(io.BytesIO(), tell)
