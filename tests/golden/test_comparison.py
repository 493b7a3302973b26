"""The comparison itself: it must see every difference."""

from hypothesis import given
from hypothesis import strategies as st

from tests.golden.comparison import error_lines, first_different_line, first_different_value, report_lines

values = st.text(alphabet="abc0123456789.:;", max_size=6)
tables = st.integers(2, 6).flatmap(
    lambda width: st.lists(st.lists(values, min_size=width, max_size=width), max_size=6)
)

REPORT = """=
Tranalyzer 0.9.3 (Anteater), Cobra. PID: 7, Prio: 0, SID: 666
=
Date: 1.000000002 sec (Thu 01 Jan 1970 00:00:01 GMT)
Active plugins:
    01: basicFlow, 0.9.3
    02: payloadDumper, 0.9.3
    03: txtSink, 0.9.3
Processing file: a.pcap
[ERR] Unsupported link-layer type: FDDI [FDDI/10]
Finished processing. Elapsed time: 0.000000815 sec
payloadDumper: Aggregated pldStat=0x03
Memory usage: 0.09 GB [0.37%]
Aggregated flowStat=0x0400000000004000
"""


def text(rows: list[list[str]]) -> bytes:
    header = [f"column{number}" for number in range(len(rows[0]))] if rows else ["column0"]
    return "".join("\t".join(row) + "\n" for row in [header, *rows]).encode()


@given(tables)
def test_equal_tables_have_no_difference(rows: list[list[str]]) -> None:
    assert first_different_value(text(rows), text(rows)) is None


@given(tables.filter(bool), st.data())
def test_a_changed_value_is_found_by_row_and_column(rows: list[list[str]], data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.integers(0, len(rows[0]) - 1))
    changed = [list(fields) for fields in rows]
    changed[row][column] += "x"
    difference = first_different_value(text(changed), text(rows))
    assert difference is not None
    assert difference.startswith(f"row {row + 1} column{column}: ")


@given(tables.filter(bool))
def test_a_missing_row_is_a_difference(rows: list[list[str]]) -> None:
    assert first_different_value(text(rows[:-1]), text(rows)) is not None
    assert first_different_value(text(rows), text(rows[:-1])) is not None
    assert first_different_value(b"", text(rows)) is not None


def test_reports_of_two_runs_are_alike() -> None:
    ours = REPORT.replace("PID: 7", "PID: 8").replace("1.000000002", "2.0").replace("0.000000815", "9.5")
    ours = ours.replace("0.09 GB [0.37%]", "1 GB")
    ours = ours.replace("file: a.pcap", "file: /tmp/x__a.pcap").replace("Tranalyzer 0.9.3", "another")
    assert first_different_line(report_lines(ours), report_lines(REPORT)) is None


def test_any_other_line_of_a_report_counts() -> None:
    lines = REPORT.splitlines(keepends=True)
    for number in (4, 5, 8, 11, 13):
        changed = "".join([*lines[:number], f"{lines[number].rstrip()}x\n", *lines[number + 1 :]])
        assert first_different_line(report_lines(changed), report_lines(REPORT)) is not None
        shorter = "".join([*lines[:number], *lines[number + 1 :]])
        assert first_different_line(report_lines(shorter), report_lines(REPORT)) is not None


def test_errors_stand_apart_from_the_report() -> None:
    assert error_lines(REPORT) == ["Unsupported link-layer type: FDDI [FDDI/10]"]
    assert not any("ERR" in line for line in report_lines(REPORT))
