"""Whole captures: every sink holds the values that the flow file shows, as other programs read them."""

import csv
import json
import socket
import sqlite3
import tarfile
from contextlib import closing

import pytest

import t2tui
from t2tui.core.alarms import OR
from t2tui.core.engine import Engine, RunOptions
from t2tui.core.outputs import OutputError, Outputs
from t2tui.core.settings import load_settings
from t2tui.core.text.escape import escape_string
from t2tui.plugins import find, load
from tests.core.captures import EXERCISE, ODD
from tests.golden.runs import GOLDEN, needs_golden
from tests.plugins import records

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed (extra arrow)")
pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow has no Parquet")

PLUGINS = ("basicFlow", "basicStats", "tcpFlags", "tcpStates", "tcpWin", "dnsDecode", "regex_pcre")
SINKS = ("txtSink", "csvSink", "jsonSink", "socketSink", "sqliteSink", "parquetSink")

RULES = "1\t0\t0x10\t7\t2\t0x80000000\t0x00000000\t0x00000000\t6\t0\t0\t0\tGET\n"
"""Of regex_pcre, whose column is a list of compound values."""


def shown(type_, value):
    """The cell of the flow file that shows a value, written from docs/text.md."""
    if value is None:
        return ""
    if type_.endswith(":R"):
        return ";".join(shown(type_[:-2], element) for element in value)
    parts = type_.split("_")
    if len(parts) > 1:
        values = value.values() if isinstance(value, dict) else value
        return "_".join(map(shown, parts, values))
    if type_ == "S":
        return f'"{escape_string(value.encode()).decode()}"'
    if type_ == "SC":
        return escape_string(value.encode()).decode()
    if isinstance(value, str):
        return value
    if type_ == "U64.U32":
        return f"{value // 10**9}.{value % 10**9:09d}"
    if type_ in ("F", "D"):
        return ("%.7g" if type_ == "F" else "%f") % value
    return f"0x{value:0{int(type_[1:]) // 4}x}" if type_[0] == "H" else str(value)


def time(cell):
    """Nanoseconds of a time; a fraction above 2^31 is a negative one."""
    seconds, fraction = map(int, cell.split("."))
    return seconds * 10**9 + (fraction if fraction < 2**31 else fraction - 2**32)


def compare(columns, lines, rows, raw=lambda type_, value: value):
    """Fail at the first cell that differs.

    Args:
        columns: name and type by place.
        lines: cells of the flow file.
        rows: dictionaries of values, of which those without value may be missing.
        raw: brings a value into Python's form.
    """
    assert len(rows) == len(lines)
    for number, (row, line) in enumerate(zip(rows, lines, strict=True)):
        assert row.keys() <= {name for name, _ in columns}
        for (name, type_), cell in zip(columns, line, strict=True):
            value = raw(type_, row.get(name))
            if type_ == "U64.U32" and isinstance(value, int) and value == time(cell):
                continue
            found = shown(type_, value)
            if found != cell and cell.lstrip("-") not in ("nan", "inf"):
                raise AssertionError(f"flow {number}, {name}: {found!r}, the flow file has {cell!r}")


def from_sqlite(type_, value):
    """SQLite's integers have a sign; lists and compounds are text."""
    if isinstance(value, int) and value < 0 and type_[0] in "UH":
        return value + 2**64
    return value


def in_sqlite(columns):
    """Columns as SQLite holds them: what is no single value is a text already."""
    return [(name, "text" if ":R" in type_ or "_" in type_ else type_) for name, type_ in columns]


def nanoseconds(table):
    """Times as integers."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) or pa.types.is_duration(field.type):
            table = table.set_column(place, field.name, table[field.name].cast(pa.int64()))
    return table.to_pylist()


@pytest.fixture
def run(tmp_path, listen):
    def make(source, plugins=PLUGINS, alarm_rule=None, **flags):
        """Run all sinks; returns columns, cells of the flow file, and what the server got."""
        server = listen(socket.SOCK_STREAM)
        (tmp_path / "rules.txt").write_text(RULES)
        assignments = [f"{name.replace('__', '.')}={value}" for name, value in flags.items()]
        assignments += [
            f"socketSink.SKS_DPORT={server.port}",
            "socketSink.SKS_CONTENT_TYPE=0",
            f"regex_pcre.RGX_POSIX_FILE={tmp_path / 'rules.txt'}",
        ]
        names = [*plugins, *SINKS]
        values = load_settings({name: find(name).flags for name in names}, None, assignments, {})
        with Outputs(f"{tmp_path}/out") as outputs:
            options = RunOptions(alarm_rule=alarm_rule)
            engine = Engine(source, options, outputs, load(names, values))
            engine.run()
            engine.close()
        header = (tmp_path / "out_headers.txt").read_text().partition("# Col No.")[2].splitlines()[1:]
        _, types, names, _ = zip(*(line.split("\t") for line in header), strict=True)
        flows = (tmp_path / "out_flows.txt").read_text("utf-8").split("\n")[1:-1]
        return types, names, [line.split("\t") for line in flows], server.received()

    return make


def check(tmp_path, result, as_integer):
    types, names, lines, sent = result
    with (tmp_path / "out_flows.csv").open(newline="") as file:
        unique, *cells = csv.reader(file, strict=True)
    assert len(set(unique)) == len(unique)
    assert all(name.startswith(printed) for name, printed in zip(unique, names, strict=True))
    columns = list(zip(unique, types, strict=True))
    assert cells == [
        [cell[1:-1] if type_ == "S" else cell for cell, type_ in zip(line, types, strict=True)]
        for line in lines
    ]

    objects = [json.loads(line) for line in (tmp_path / "out_flows.json").read_text("utf-8").splitlines()]
    compare(columns, lines, objects)

    with closing(sqlite3.connect(tmp_path / "out.db")) as database:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute("SELECT * FROM flow ORDER BY rowid")]
    if not as_integer:
        hexadecimal = {name for name, type_ in columns if type_[0] == "H"}
        assert all(isinstance(row[name], str | None) for row in rows for name in hexadecimal)
    compare(in_sqlite(columns), lines, rows, from_sqlite)

    compare(columns, lines, nanoseconds(pq.read_table(tmp_path / "out_flows.parquet")))

    _, described, found = records.read(sent) if sent else (None, [], [])
    assert not sent or [(column["name"], column["type"]) for column in described] == columns
    compare(columns, lines, found)


@pytest.mark.parametrize("as_integer", [0, 1])
def test_exercise(run, tmp_path, as_integer):
    result = run(str(EXERCISE), sqliteSink__SQLITE_HEX_AS_INT=as_integer)
    assert len(result[2]) > 50
    check(tmp_path, result, as_integer)


def test_captures_of_a_list(run, tmp_path):
    with tarfile.open(ODD) as archive:
        archive.extractall(tmp_path / "odd", filter="data")
    captures = sorted(map(str, (tmp_path / "odd" / "captures").iterdir()))
    result = run([str(EXERCISE), *captures[:10]])
    assert len(result[2]) > 60
    check(tmp_path, result, 0)


def test_alarm_mode(run, tmp_path):
    result = run(str(EXERCISE), alarm_rule=OR)
    everything = run(str(EXERCISE), sqliteSink__SQLITE_TABLE_NAME="everything")
    assert 0 < len(result[2]) < len(everything[2])
    check(tmp_path, run(str(EXERCISE), alarm_rule=OR, sqliteSink__SQLITE_OVERWRITE=1), 0)


@needs_golden
@pytest.mark.parametrize("name", ["dns-caa.pcap", "dns-huge-ttl.pcap", "dns-spf.pcap", "dns-https.pcap"])
def test_real_captures(run, tmp_path, name):
    check(tmp_path, run(str(GOLDEN / "captures" / name)), 0)


@pytest.mark.parametrize("sink", [name for name in SINKS if name != "socketSink"])
def test_analyze_writes_no_files(sink):
    with pytest.raises(OutputError, match="writes no files"):
        t2tui.analyze(str(EXERCISE), plugins=["basicFlow", sink])
