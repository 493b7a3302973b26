"""parquetSink: what pyarrow reads is what the columns hold."""

import sys
from pathlib import Path

import numpy as np
import pytest

from t2tui.core.columns import Column
from t2tui.core.outputs import OutputError, Outputs
from t2tui.core.text.rows import Code, Field
from t2tui.plugins.base import Plugin
from t2tui.plugins.parquetsink import ARROW, PARQUET, ParquetSink
from tests.plugins.sinking import NAMED_AGAIN, SLOTS, Again, Fading, Kinds, expected, settings, write

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed (extra arrow)")
pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow has no Parquet")

FLOWS = [[5, 0, 3], [], [63, 62, *range(6, 30)]]
ALL = [slot for batch in FLOWS for slot in batch]


@pytest.fixture
def written(make_run, tmp_path):
    def make(*batches, plugins=(), **flags):
        with Outputs(f"{tmp_path}/out") as outputs:
            sink = ParquetSink(settings(ParquetSink, **flags))
            run = make_run(Kinds(), *plugins, sink, outputs=outputs)
            write(run, *(batches or FLOWS))
        return run

    return make


@pytest.fixture
def place(tmp_path):
    return tmp_path / "out_flows.parquet"


def rows(table):
    """Rows as dictionaries, times as nanoseconds."""
    place = table.schema.get_field_index("time")
    return table.set_column(place, "time", table["time"].cast(pa.int64())).to_pylist()


def wanted(run, slot):
    row = expected(run.plugins["kinds"], slot)
    row["hex"] = int(row["hex"], 16)
    fraction = row["integer"] % 2**32 - 2**32  # above 2^31, a negative number
    row["time"] = row["integer"] % 2**32 * 10**9 + fraction
    row["pair"] = {"1": int(row["pair"][0], 16), "2": row["pair"][1]}
    row |= {name: row[name] or [] for name in ("list", "strings", "singles")}
    return {"dir": "A", "flowInd": slot + 1, **row}


@pytest.mark.parametrize("compression", ["zstd", "lz4", "snappy", "gzip", "none"])
def test_values_and_order(written, place, compression):
    run = written(PARQUET_COMPRESSION=compression)
    found = rows(pq.read_table(place))
    assert repr(found) == repr([wanted(run, slot) for slot in ALL])  # in which NaN is NaN
    used = {pq.ParquetFile(place).metadata.row_group(0).column(0).compression.lower()}
    assert used == {"uncompressed" if compression == "none" else compression}


@pytest.mark.parametrize("compression", ["zstd", "lz4", "none"])
def test_arrow_file(written, tmp_path, compression):
    run = written(PARQUET_FORMAT=ARROW, PARQUET_COMPRESSION=compression)
    assert {path.name for path in tmp_path.iterdir()} == {"out_flows.arrow"}
    with pa.ipc.open_file(tmp_path / "out_flows.arrow") as file:
        assert repr(rows(file.read_all())) == repr([wanted(run, slot) for slot in ALL])


def test_types(written, place):
    written()
    schema = pq.read_table(place).schema
    types = {
        "dir": pa.string(),
        "integer": pa.uint64(),
        "signed": pa.int32(),
        "hex": pa.uint64(),
        "single": pa.float32(),
        "double": pa.float64(),
        "string": pa.string(),
        "time": pa.timestamp("ns", "UTC"),
        "pair": pa.struct([("1", pa.uint8()), ("2", pa.uint64())]),
        "sometimes": pa.uint8(),
    }
    assert {name: schema.field(name).type for name in types} == types
    values = {"list": pa.uint16(), "strings": pa.string(), "singles": pa.float32()}
    assert {name: schema.field(name).type.value_type for name in values} == values
    assert schema.field("pair").metadata[b"type"] == b"H8_U64"


class Compounds(Plugin):
    """Durations, and compound values in lists, with names of their parts."""

    name, number = "compounds", 320

    def start(self, run):
        super().start(run)
        n = np.arange(SLOTS)
        self.counts = (n % 3).astype(np.uint8)
        self.ids = np.arange(SLOTS * 2, dtype=np.uint16).reshape(SLOTS, 2)
        self.seconds, self.rest = (n * 2).astype(np.uint64), (n + 999_999_000).astype(np.uint32)

    def flow_fields(self):
        part = Field(Code.HEX, self.ids, by="slot")
        return [
            (
                Column("duration", "U64.U32", plugin="compounds"),
                Field(Code.TIME, self.seconds, second=self.rest, by="slot"),
            ),
            (
                Column("aaID_bFlag", "U16_H16:R", plugin="compounds"),
                Field(Code.UINT, self.ids, count=self.counts, by="slot", rest=(part,)),
            ),
        ]


def test_durations_and_lists_of_compounds(written, place):
    written(plugins=[Compounds()])
    table = pq.read_table(place)
    assert table["duration"].type == pa.duration("ns")
    assert table["duration"].cast(pa.int64()).to_pylist() == [
        slot * 2 * 10**9 + slot + 999_999_000 for slot in ALL
    ]
    assert table["aaID_bFlag"].to_pylist() == [
        [{"aaID": slot * 2 + k, "bFlag": slot * 2 + k} for k in range(slot % 3)] for slot in ALL
    ]


def test_columns_of_one_name_have_that_of_their_plugin_behind_it(written, place):
    written([7], plugins=[Again()])
    (row,) = pq.read_table(place, columns=list(NAMED_AGAIN)).to_pylist()
    assert list(row.values()) == [1007] * 3


def test_columns_that_become_empty(make_run, tmp_path, place):
    with Outputs(f"{tmp_path}/out") as outputs:
        run = make_run(Kinds(), fading := Fading(), ParquetSink(), outputs=outputs)
        write(run, [1, 2], ended=False)
        fading.go()
        write(run, [3])
    assert pq.read_table(place)["other"].to_pylist() == [1001, 1002, None]


@pytest.mark.parametrize("kind", [PARQUET, ARROW])
def test_a_run_without_flows_has_a_file(written, tmp_path, kind):
    written([], PARQUET_FORMAT=kind)
    if kind == PARQUET:
        table = pq.read_table(tmp_path / "out_flows.parquet")
    else:
        table = pa.ipc.open_file(tmp_path / "out_flows.arrow").read_all()
    assert table.num_rows == 0
    assert table.column_names[:3] == ["dir", "flowInd", "integer"]


def groups(place):
    metadata = pq.ParquetFile(place).metadata
    return [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]


def test_row_groups_are_bounded(written, place, monkeypatch):
    batches = [range(20), range(3), range(50), [1]]
    flows = [slot + 1 for batch in batches for slot in batch]
    written(*batches, PARQUET_ROW_GROUP=10)
    assert groups(place) == [10] * 7 + [4]
    assert pq.read_table(place)["flowInd"].to_pylist() == flows
    monkeypatch.setattr("t2tui.plugins.parquetsink.GROUP_BYTES", 1)
    monkeypatch.setattr("t2tui.plugins.arrowvalues.ENOUGH_FLOWS", 30)
    written(*batches)
    assert groups(place) == [73, 1]
    assert pq.read_table(place)["flowInd"].to_pylist() == flows


def test_selected_columns(written, place, tmp_path):
    (tmp_path / "columns").write_text("flowInd\nsigned\n")
    for names in (["flowInd", "signed"], ["strings"]):
        (tmp_path / "columns").write_text("\n".join(names))
        written(PARQUET_SELECT=1, PARQUET_SELECT_FILE=str(tmp_path / "columns"))
        table = pq.read_table(place)
        assert table.column_names == names
        assert table.num_rows == len(ALL)


def test_without_pyarrow_there_is_advice(written, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        OutputError, match=r"parquetSink: pyarrow is not installed: pip install 't2tui\[arrow\]'"
    ):
        written()
    assert list(tmp_path.iterdir()) == []


def test_a_compression_that_arrow_files_do_not_have(written):
    with pytest.raises(OutputError, match="PARQUET_COMPRESSION of an Arrow file is one of zstd, lz4, none"):
        written(PARQUET_FORMAT=ARROW, PARQUET_COMPRESSION="gzip")


class Liar(Plugin):
    """Shows numbers that its type does not have."""

    name, number = "liar", 330

    def start(self, run):
        super().start(run)
        self.values = np.full((SLOTS, 1), 256, np.uint16)
        self.counts = np.ones(SLOTS, np.uint8)

    def flow_fields(self):
        field = Field(Code.UINT, self.values, count=self.counts, by="slot")
        return [(Column("large", "U8:R", plugin="liar"), field)]


def test_a_value_that_the_type_does_not_have_is_named(written):
    with pytest.raises(OutputError, match=r"column large of liar: no U8:R: .*256"):
        written(plugins=[Liar()])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("kind", [PARQUET, ARROW])
def test_a_full_disk(make_run, tmp_path, kind):
    for ending in ("parquet", "arrow"):
        (tmp_path / f"out_flows.{ending}").symlink_to("/dev/full")
    with pytest.raises(OutputError, match="No space left on device"), Outputs(f"{tmp_path}/out") as outputs:
        sink = ParquetSink(settings(ParquetSink, PARQUET_FORMAT=kind))
        run = make_run(Kinds(), sink, outputs=outputs)
        try:
            write(run, *FLOWS)
        except OutputError:
            sink.abandon()
            raise


@pytest.mark.parametrize("kind", [PARQUET, ARROW])
def test_a_run_that_fails_leaves_the_older_file(make_run, written, tmp_path, kind):
    written([1], PARQUET_FORMAT=kind)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(RuntimeError), Outputs(f"{tmp_path}/out") as outputs:
        sink = ParquetSink(settings(ParquetSink, PARQUET_FORMAT=kind, PARQUET_ROW_GROUP=1))
        write(make_run(Kinds(), sink, outputs=outputs), *FLOWS, ended=False)
        sink.abandon()
        raise RuntimeError
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
