"""sqliteSink: what Python's sqlite3 reads is what the columns hold, and a run that fails changes nothing."""

import math
import resource
import sqlite3
from contextlib import closing

import pytest

from t2tui.core.outputs import OutputError, Outputs
from t2tui.plugins.sqlitesink import SqliteSink
from t2tui.plugins.txtsink import TxtSink
from tests.core.captures import EXERCISE
from tests.plugins.sinking import NAMED_AGAIN, Again, Fading, Kinds, expected, settings, write

FLOWS = [[5, 0, 3], [], [63, 62, *range(6, 30)]]
SLOTS = [slot for batch in FLOWS for slot in batch]
TEXTS = ("list", "strings", "singles", "pair")
"""Columns that show the text of the flow file."""


@pytest.fixture
def place(tmp_path):
    return tmp_path / "out.db"


@pytest.fixture
def written(make_run, tmp_path):
    def make(*batches, plugins=(), more=None, **flags):
        outputs = Outputs(f"{tmp_path}/out")
        with outputs:
            sink = SqliteSink(settings(SqliteSink, **flags))
            run = make_run(Kinds(), *plugins, TxtSink(), sink, outputs=outputs, **more or {})
            write(run, *(batches or FLOWS))
        return run

    return make


def read(place, query="SELECT * FROM flow"):
    """Rows as dictionaries."""
    with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]


def cells(tmp_path):
    """Rows of the flow file as dictionaries."""
    header, *lines = (tmp_path / "out_flows.txt").read_text().splitlines()
    names = header.removeprefix("%").split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


def signed(number):
    return number - 2**64 if number >= 2**63 else number


@pytest.mark.parametrize("as_integer", [0, 1])
def test_values_and_order(written, place, tmp_path, as_integer):
    run = written(SQLITE_HEX_AS_INT=as_integer)
    rows, texts = read(place), cells(tmp_path)
    for found, text, slot in zip(rows, texts, SLOTS, strict=True):
        row = expected(run.plugins["kinds"], slot)
        row["integer"] = signed(row["integer"])
        if math.isnan(row["single"]):
            row["single"] = None
        if as_integer:
            row["hex"] = signed(int(row["hex"], 16))
        row |= {name: text[name] or None for name in TEXTS}
        assert found == {"dir": "A", "flowInd": slot + 1, **row}


def test_types_of_columns(written, place):
    written()
    types = {row["name"]: row["type"] for row in read(place, "PRAGMA table_info(flow)")}
    assert {
        name: types[name] for name in ("integer", "signed", "hex", "single", "double", "pair", "time")
    } == {
        "integer": "INTEGER",
        "signed": "INTEGER",
        "hex": "TEXT",
        "single": "REAL",
        "double": "REAL",
        "pair": "TEXT",
        "time": "TEXT",
    }


def test_hexadecimal_literals_of_sql_find_large_integers(written, place):
    written([0], SQLITE_HEX_AS_INT=1)
    (row,) = read(place, "SELECT hex = 0xffffffffffffffff AS all_bits, hex & 0xff00 AS some FROM flow")
    assert row == {"all_bits": 1, "some": 0xFF00}


def test_a_run_without_flows_has_a_table(written, place):
    written([])
    assert read(place) == []


@pytest.mark.parametrize("flows_per_commit", [0, 1, 4])
def test_transactions_lose_no_flow(written, place, flows_per_commit):
    written(SQLITE_TRANSACTION_NFLOWS=flows_per_commit)
    assert [row["flowInd"] - 1 for row in read(place)] == SLOTS


def test_columns_of_one_name_have_that_of_their_plugin_behind_it(written, place):
    written([7], plugins=[Again()])
    (row,) = read(place)
    assert [row[name] for name in NAMED_AGAIN] == [1007] * 3
    assert row["integer"] == signed(2**64 - 1 - 7)


def test_columns_that_become_empty(make_run, tmp_path, place):
    with Outputs(f"{tmp_path}/out") as outputs:
        run = make_run(Kinds(), fading := Fading(), SqliteSink(), outputs=outputs)
        write(run, [1, 2], ended=False)
        fading.go()
        write(run, [3])
    assert [row["other"] for row in read(place)] == [1001, 1002, None]


def test_names_are_quoted(written, place):
    written([7], SQLITE_TABLE_NAME='a "b"; DROP TABLE c', more={"names": lambda c: f'the "{c.name}", c'})
    (row,) = read(place, 'SELECT * FROM "a ""b""; DROP TABLE c"')
    assert row['the "flowInd", c'] == 8


def test_selected_columns(written, place, tmp_path):
    (tmp_path / "columns").write_text("single\nflowInd\ntime\n")
    written(T2_SQLITE_SELECT=1, SQLITE_SELECT_FILE=str(tmp_path / "columns"))
    assert list(read(place)[0]) == ["flowInd", "single", "time"]
    (tmp_path / "columns").write_text("flowInd\n")
    written([4], T2_SQLITE_SELECT=1, SQLITE_SELECT_FILE=str(tmp_path / "columns"), SQLITE_OVERWRITE=1)
    assert read(place) == [{"flowInd": 5}]


def test_append(written, place):
    written([1, 2])
    written([3])
    assert [row["flowInd"] for row in read(place)] == [2, 3, 4]


def test_append_to_a_table_whose_columns_stand_in_another_order(written, place):
    written([1])
    with closing(sqlite3.connect(place)) as connection:
        connection.executescript(
            "CREATE TABLE other AS SELECT time, * FROM flow; ALTER TABLE other DROP COLUMN 'time:1';"
            "DROP TABLE flow; ALTER TABLE other RENAME TO flow"
        )
    before = read(place)[0]
    assert next(iter(before)) == "time"
    written([1])
    assert read(place) == [before, before]


def test_replace_leaves_other_tables(written, place):
    written([1, 2], SQLITE_TABLE_NAME="other")
    written([1, 2])
    written([3], SQLITE_OVERWRITE=1)
    assert [row["flowInd"] for row in read(place)] == [4]
    assert len(read(place, "SELECT * FROM other")) == 2


def test_an_existing_table_can_end_the_run(written, place):
    written([1], SQLITE_OVERWRITE=0)
    before = place.read_bytes()
    with pytest.raises(OutputError, match=r"table 'flow' in '.*out\.db': it exists; .*SQLITE_OVERWRITE"):
        written([2], SQLITE_OVERWRITE=0)
    assert place.read_bytes() == before
    written([2], SQLITE_OVERWRITE=0, SQLITE_TABLE_NAME="second")
    assert len(read(place, "SELECT * FROM second")) == 1


def test_a_table_with_other_columns_is_an_error_at_the_first_packets(make_run, make_packets, tmp_path, place):
    with closing(sqlite3.connect(place)) as connection:
        connection.executescript("CREATE TABLE flow (flowInd TEXT, dir TEXT, mine INT)")
    before = place.read_bytes()
    with (
        pytest.raises(OutputError, match=r"no column integer, .*no column mine; its column flowInd is TEXT"),
        Outputs(f"{tmp_path}/out") as outputs,
    ):
        run = make_run(Kinds(), SqliteSink(), outputs=outputs)
        run.plugins["sqliteSink"].on_packets(make_packets([0]), None)
    assert place.read_bytes() == before


@pytest.mark.parametrize("mode", [1, 2])
@pytest.mark.parametrize("exists", [False, True])
def test_a_run_that_fails_changes_nothing(make_run, written, place, tmp_path, mode, exists):
    if exists:
        written([1, 2])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(RuntimeError), Outputs(f"{tmp_path}/out") as outputs:
        flags = settings(SqliteSink, SQLITE_OVERWRITE=mode, SQLITE_TRANSACTION_NFLOWS=1)
        run = make_run(Kinds(), SqliteSink(flags), outputs=outputs)
        write(run, *FLOWS, ended=mode == 1)
        for plugin in run.plugins.values():
            plugin.abandon()
        raise RuntimeError
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_flows_become_visible_with_the_other_files(make_run, written, place, tmp_path):
    written([1])
    outputs = Outputs(f"{tmp_path}/out")
    write(make_run(Kinds(), SqliteSink(), outputs=outputs), [2])
    assert len(read(place)) == 1
    outputs.commit()
    assert len(read(place)) == 2


def test_a_locked_database(make_run, written, place, tmp_path, monkeypatch):
    monkeypatch.setattr("t2tui.plugins.database.LOCK_SECONDS", 0.01)
    written([1])
    with closing(sqlite3.connect(place, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OutputError, match=r"out\.db'.*another program is using the database"):
            written([2])
    written([2])
    assert len(read(place)) == 2


@pytest.mark.parametrize("exists", [False, True])
def test_a_full_disk(make_run, written, place, tmp_path, exists):
    if exists:
        written([1])
    before = place.read_bytes() if exists else None
    with (
        pytest.raises(OutputError, match=r"out\.db'.*free some space"),
        Outputs(f"{tmp_path}/out") as outputs,
    ):
        run = make_run(Kinds(), SqliteSink(), outputs=outputs)
        sink = run.plugins["sqliteSink"]
        try:
            sink.on_packets(None, None)
            sink._database._execute("PRAGMA max_page_count = 10")
            write(run, *[range(64)] * 50)
        except OutputError:
            sink.abandon()
            raise
    assert (place.read_bytes() if exists else None) == before
    assert {path.name for path in tmp_path.iterdir()} <= {"out.db", "out_flows.txt", "out_headers.txt"}


def test_a_run_that_may_write_no_further_leaves_the_database(t2tui, place):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    words = ("run", EXERCISE, "-w", "out", "-p", "basicFlow,basicStats,sqliteSink")
    assert t2tui(*words).returncode == 0
    before, size = place.read_bytes(), place.stat().st_size + 8192
    result = t2tui(*words, preexec_fn=limit, env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert result.returncode == 1
    errors = [line for line in result.stderr.splitlines() if not line.startswith("[INF]")]
    assert len(errors) == 1
    assert errors[0].startswith("[ERR] cannot write the table 'flow' in 'out.db': ")
    assert place.read_bytes() == before
    assert [path.name for path in place.parent.iterdir()] == ["out.db"]


def test_what_is_no_database(written, place):
    place.write_bytes(b"something else" * 100)
    with pytest.raises(OutputError, match=r"out\.db'.*no SQLite database"):
        written([1])
    assert place.read_bytes() == b"something else" * 100
    place.unlink()
    place.mkdir()
    with pytest.raises(OutputError, match="folder"):
        written([1])


def test_an_empty_file_and_a_link_are_databases(written, place, tmp_path):
    (tmp_path / "real").write_bytes(b"")
    place.symlink_to("real")
    written([1])
    assert place.is_symlink()
    assert len(read(tmp_path / "real")) == 1


def test_inputs_are_not_written(make_run, written, place, tmp_path):
    written([1])
    with (
        pytest.raises(OutputError, match="input"),
        Outputs(f"{tmp_path}/out", inputs=[place]) as outputs,
    ):
        make_run(SqliteSink(), outputs=outputs)


def test_a_name_that_sqlite_keeps_for_itself(written):
    with pytest.raises(OutputError, match=r"'sqlite_x' in .*reserved"):
        written([1], SQLITE_TABLE_NAME="sqlite_x")
