"""csvSink: Python's csv module reads the cells of the flow file."""

import csv
import io

import pytest

from t2tui.plugins.csvsink import CsvSink
from t2tui.plugins.txtsink import TxtSink
from tests.plugins.sinking import Kinds, settings, write

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
