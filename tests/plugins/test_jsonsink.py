"""jsonSink: what Python's json module reads is what the columns hold."""

import gzip
import json
import math
import re
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.outputs import OutputError
from t2tui.core.run import Split
from t2tui.plugins.jsonlines import number
from t2tui.plugins.jsonsink import JsonSink
from tests.plugins.sinking import NAMED_AGAIN, Again, Kinds, expected, settings, write

FLOWS = [[5, 0, 3], [], [63, 62, *range(6, 30)]]
SLOTS = [slot for batch in FLOWS for slot in batch]


@pytest.fixture
def written(make_run):
    def make(*batches, more=None, **flags):
        run = make_run(Kinds(), JsonSink(settings(JsonSink, **flags)), **more or {})
        write(run, *(batches or FLOWS))
        return run

    return make


def no_constant(text):
    raise AssertionError(f"{text} is not JSON")


def read(text):
    return json.loads(text, parse_constant=no_constant)


def test_values_and_order(written):
    run = written()
    lines = run.outputs.lines("_flows.json")
    for line, slot in zip(lines, SLOTS, strict=True):
        row = {
            name: value for name, value in expected(run.plugins["kinds"], slot).items() if value is not None
        }
        if not math.isfinite(row["single"]):
            row["single"] = None
        found = read(line)
        assert found["flowInd"] == slot + 1
        assert {name: found[name] for name in found if name not in ("dir", "flowInd")} == row
        assert list(found) == ["dir", "flowInd", *row]


def test_empty_columns_on_request(written):
    run = written(JSON_SUPPRESS_EMPTY_ARRAY=0)
    for line, slot in zip(run.outputs.lines("_flows.json"), SLOTS, strict=True):
        row = expected(run.plugins["kinds"], slot)
        found = read(line)
        assert list(found) == ["dir", "flowInd", *row]
        assert found["list"] == (row["list"] or [])
        assert found["sometimes"] == row["sometimes"]


def test_blanks(written):
    for flag, objects in ((0, '{"dir": "A", "flowInd": 6, '), (1, '{"dir":"A","flowInd":6,')):
        text = written(JSON_NO_SPACES=flag).outputs.lines("_flows.json")
        assert text[0].startswith(objects)
    assert [read(line) for line in text] == [
        read(line) for line in written(JSON_NO_SPACES=0).outputs.lines("_flows.json")
    ]


@pytest.mark.parametrize("batches", [FLOWS, [[1]], [[1], [2]]])
def test_one_array(written, batches):
    run = written(*(batch for batch in batches if batch), JSON_ROOT_NODE=1)
    found = read(run.outputs.closed["_flows.json"])
    assert [flow["flowInd"] - 1 for flow in found] == [slot for batch in batches for slot in batch]


def test_a_run_without_flows(make_run):
    for root, text in ((0, b""), (1, b"[]\n")):
        run = make_run(Kinds(), JsonSink(settings(JsonSink, JSON_ROOT_NODE=root)))
        write(run)
        assert run.outputs.closed["_flows.json"] == text


def test_split_and_compression(written):
    whole = written().outputs.closed["_flows.json"]
    assert gzip.decompress(written(JSON_GZ_COMPRESS=1).outputs.closed["_flows.json.gz"]) == whole
    parts = written(more={"split": Split(10, by_flows=True)}).outputs.closed
    assert [parts[f"_flows.json{n}"].count(b"\n") for n in range(len(parts))] == [10, 10, 9]
    assert b"".join(parts[f"_flows.json{n}"] for n in range(len(parts))) == whole


@pytest.mark.parametrize("compress", [0, 1])
def test_socket(written, listen, compress):
    server = listen(socket.SOCK_STREAM)
    run = written(JSON_SOCKET_ON=1, JSON_SOCKET_PORT=server.port, JSON_GZ_COMPRESS=compress)
    data = server.received()
    assert (gzip.decompress(data) if compress else data) == written().outputs.closed["_flows.json"]
    assert run.outputs.opened == []


@pytest.mark.parametrize("size", [1, 5000, 1 << 20])
def test_pieces_of_the_file(written, listen, size):
    whole = written().outputs.closed["_flows.json"]
    assert written(JSON_BUFFER_SIZE=size).outputs.closed["_flows.json"] == whole
    server = listen(socket.SOCK_STREAM)
    written(JSON_SOCKET_ON=1, JSON_SOCKET_PORT=server.port, JSON_BUFFER_SIZE=size)
    assert server.received() == whole


def test_no_key_comes_twice(make_run, tmp_path):
    path = tmp_path / "columns.txt"
    path.write_text("integer_again\n")
    for flags in ({}, {"JSON_SELECT": 1, "JSON_SELECT_FILE": str(path)}):
        run = make_run(Kinds(), Again(), JsonSink(settings(JsonSink, **flags)))
        write(run, [7])
        pairs = json.loads(run.outputs.closed["_flows.json"], object_pairs_hook=list)
        names = [name for name, _ in pairs]
        assert len({name.lower() for name in names}) == len(names)
        assert [value for name, value in pairs if name in NAMED_AGAIN] == ([1007] if flags else [1007] * 3)


def test_selected_columns(written, tmp_path):
    path = tmp_path / "columns.txt"
    path.write_text("# wanted\n\nsingle\nflowInd\n")
    lines = written(JSON_SELECT=1, JSON_SELECT_FILE=str(path)).outputs.lines("_flows.json")
    assert list(read(lines[0])) == ["flowInd", "single"]


def test_selected_columns_that_do_not_exist(written, tmp_path):
    path = tmp_path / "columns.txt"
    path.write_text("flowIndd\n")
    with pytest.raises(OutputError, match=r"no column 'flowIndd'.*flowInd"):
        written(JSON_SELECT=1, JSON_SELECT_FILE=str(path))
    with pytest.raises(OutputError, match="No such file"):
        written(JSON_SELECT=1, JSON_SELECT_FILE=str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("value", "text"), [(2.25, "2.25"), (0.0, "0.0"), (1.2e-5, "1.2e-5"), (1e20, "1e+20"), (math.nan, "null")]
)
def test_numbers(value, text):
    (single,) = struct.unpack("f", struct.pack("f", value))
    assert number(value if text != "null" else single) == (text if value != 1.2e-5 else "1.2e-5")


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_numbers_keep_their_value(value):
    text = number(value)
    assert float(text) == value
    assert read(text) == value
    assert re.search(r"[.e]", text)
    assert not re.search(r"e[+-]0", text)
