"""csvSink: Python's csv module reads the cells of the flow file."""

import csv
import io

import pytest

from t2tui.core.run import Split
from t2tui.core.settings import SettingsError
from t2tui.plugins.csvsink import CsvSink
from t2tui.plugins.txtsink import TxtSink
from tests.plugins.sinking import NAMED_AGAIN, Again, Kinds, settings, write

FLOWS = [[5, 0, 3], [63, 62, *range(6, 30)]]


@pytest.fixture
def written(make_run):
    def make(*batches, **flags):
        """The rows of the flow file and those of the CSV file."""
        run = make_run(Kinds(), TxtSink(), CsvSink(settings(CsvSink, **flags)))
        write(run, *batches)
        text = run.outputs.closed["_flows.csv"].decode()
        flows = [line.split("\t") for line in run.outputs.lines("_flows.txt")]
        flows[0][0] = flows[0][0].removeprefix("%")
        return flows, list(csv.reader(io.StringIO(text, newline=""), strict=True)), text

    return make


def test_cells_are_those_of_the_flow_file(written):
    flows, rows, text = written(*FLOWS)
    place = flows[0].index("string")
    for flow in flows[1:]:
        flow[place] = flow[place][1:-1]
    assert rows == flows
    assert text.count("\r\n") == text.count("\n") == len(rows)


def test_without_header(written):
    assert len(written(*FLOWS, CSV_HEADER=0)[1]) == sum(map(len, FLOWS))


def test_a_run_without_flows_has_a_header(written):
    flows, rows, _ = written()
    assert rows == flows


def test_texts_that_a_spreadsheet_calculates(written):
    _, rows, _ = written([5, 12], CSV_SAFE=1)
    names = rows[0]
    assert [row[names.index("string")] for row in rows[1:]] == ["'=1+1", "'=1+1"]
    assert [row[names.index("bare")] for row in rows[1:]] == ["'=1+1", "'=1+1"]
    assert rows[1][names.index("single")] == "-1.5"


@pytest.mark.parametrize("separator", [";", "\t", "|", "ä"])
def test_separator(make_run, written, separator):
    run = make_run(Kinds(), CsvSink(settings(CsvSink, CSV_SEPARATOR=separator)))
    write(run, *FLOWS)
    text = io.StringIO(run.outputs.closed["_flows.csv"].decode(), newline="")
    assert list(csv.reader(text, delimiter=separator, strict=True)) == written(*FLOWS)[1]


@pytest.mark.parametrize("wrong", ["", ",,", '"', "\n"])
def test_what_cannot_be_a_separator(wrong):
    (flag,) = (flag for flag in CsvSink.flags if flag.name == "CSV_SEPARATOR")
    with pytest.raises(SettingsError, match="CSV_SEPARATOR must be one character"):
        flag.check(wrong)


@pytest.mark.parametrize("header", [0, 1, 2])
def test_split(make_run, written, header):
    names, *rows = written(*FLOWS)[1]
    run = make_run(
        Kinds(), CsvSink(settings(CsvSink, CSV_HEADER=header)), split=Split(10, by_flows=True, first=4)
    )
    write(run, *FLOWS)
    assert sorted(run.outputs.closed) == ["_flows.csv4", "_flows.csv5", "_flows.csv6"]
    for number in range(3):
        text = run.outputs.closed[f"_flows.csv{number + 4}"].decode()
        titles = [names] if header == 2 or (header == 1 and number == 0) else []
        found = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        assert found == titles + rows[number * 10 : number * 10 + 10]


def test_option_w_can_be_ignored(make_run):
    run = make_run(Kinds(), CsvSink(settings(CsvSink, CSV_SPLIT=0)), split=Split(10, by_flows=True, first=4))
    write(run, *FLOWS)
    assert list(run.outputs.closed) == ["_flows.csv"]


def test_no_name_comes_twice(make_run):
    run = make_run(Kinds(), Again(), CsvSink())
    write(run, [7])
    text = io.StringIO(run.outputs.closed["_flows.csv"].decode(), newline="")
    (row,) = csv.DictReader(text, strict=True)
    assert [row[name] for name in NAMED_AGAIN] == ["1007"] * 3
    assert row["integer"] == str(2**64 - 1 - 7)
