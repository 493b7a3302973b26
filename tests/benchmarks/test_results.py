import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measure import Run
from results import HEADER, Results, aligned, markdown, rows

CELL = st.text("abc 0-9.", max_size=8)
TABLE = st.integers(1, 6).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1)
)


@pytest.fixture
def results() -> Results:
    return Results(
        packets={"web": 1000},
        runs={
            "web": {
                "t2tui": [Run(1.0, 1.5, 500_000_000), Run(2.0, 2.5, 700_000_000), Run(4.0, 3.5, 600_000_000)],
                "peer": [Run(2.0, 0.1, 1), Run(1.0, 0.2, 1), Run(4.0, 0.3, 1)],
            },
            "--help": {"t2tui": [Run(0.1, 0.1, 1)]},
        },
    )


def test_rows_show_median_and_range_and_the_ratio_round_by_round(results: Results) -> None:
    table = [dict(zip(HEADER, row, strict=True)) for row in rows(results)]
    assert table[0]["wall s"] == "2.00 (1.00-4.00)"
    assert table[0]["CPU s"] == "2.50 (1.50-3.50)"
    assert table[0]["packets/s"] == "500"
    assert table[0]["peak MB"] == "600 (500-700)"
    assert table[0]["wall / t2tui's"] == "1.00 (1.00-1.00)"
    assert table[1]["wall / t2tui's"] == "1.00 (0.50-2.00)"
    assert table[1]["CPU / t2tui's"] == "0.08 (0.07-0.09)"
    assert table[2]["packets/s"] == "-"


def test_a_peak_that_the_measuring_process_hides_is_a_bound(results: Results) -> None:
    assert rows(results)[1][HEADER.index("peak MB")].startswith("<= ")


def test_without_t2tui_there_are_figures_but_no_ratios(results: Results) -> None:
    del results.runs["web"]["t2tui"]
    assert rows(results)[0][-2:] == ["-", "-"]


def test_figures_of_contestants_that_did_not_run_are_none(results: Results) -> None:
    assert results.wall("web", "nobody") is None
    assert results.peak("nothing", "t2tui") is None
    assert results.ratio("web", "t2tui", "nobody") is None


def test_json_holds_every_run(results: Results) -> None:
    read = json.loads(json.dumps(results.as_json()))
    assert read["runs"]["web"]["t2tui"][1] == {"wall": 2.0, "cpu": 2.5, "peak": 700_000_000}
    assert read["packets"] == {"web": 1000}


@given(TABLE, st.integers(0, 3))
def test_aligned_columns_begin_or_end_at_one_place(table: list[list[str]], left: int) -> None:
    lines = aligned(table, left).split("\n")
    width = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
    for line, row in zip(lines, table, strict=True):
        begin = 0
        for at, cell in enumerate(row):
            field = line[begin : begin + width[at]].ljust(width[at])
            assert field == (cell.ljust(width[at]) if at < left else cell.rjust(width[at]))
            begin += width[at] + 2


@given(TABLE)
def test_markdown_has_a_rule_below_its_header_and_all_cells(table: list[list[str]]) -> None:
    lines = markdown(table).split("\n")
    cells = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
    assert all(set(cell) <= set("-:") for cell in cells[1])
    assert [cells[0], *cells[2:]] == [[cell.strip() for cell in row] for row in table]
    assert len(cells[1]) == len(table[0])
