"""Flow files as tables: cells arrive as they stand, errors name file and line."""

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.query import compile_filter, textfile
from t2tui.core.query.cells import cells_vector
from t2tui.core.query.parsing import parse_column
from t2tui.core.query.textfile import TextFile, TextFileError, split_csv, type_of
from tests.core.captures import GOLDEN, NO_GOLDEN
from tests.core.query import test_language
from tests.core.query.rows import rows


def selected(path: Path, text: str, **more: str) -> list[int]:
    """Rows of a file that fulfil a condition."""
    with TextFile(str(path), **more) as file:
        condition = compile_filter(text, file.columns)
        found, first = [], 0
        for table in file.tables():
            found += (condition.indices(table) + first).tolist()
            first += len(table)
    return found


@pytest.mark.parametrize("text", [text for text, _ in test_language.FLOWS])
def test_a_flow_file_selects_what_the_flows_in_memory_do(
    flow_file: Path, flows: test_language.Pair, text: str
) -> None:
    assert selected(flow_file, text) == flows[0].filter(text).tolist()


@pytest.mark.parametrize("text", [text for text, _ in test_language.PACKETS])
def test_a_packet_file_selects_what_the_packets_in_memory_do(
    packet_file: Path, packets: test_language.Pair, text: str
) -> None:
    assert selected(packet_file, text) == packets[0].filter(text).tolist()


GOLDEN_FLOWS = [
    ("tcp() && $dstPort == 80", lambda r: r["l4Proto"] == 6 and r["dstPort"] == 80),
    ("$duration > 1.5", lambda r: r["duration"] > 1.5),
    ("$flowStat & 0x8000", lambda r: r["flowStat"] & 0x8000 != 0),
    ("$srcIP > $dstIP", lambda r: _above(r["srcIP"], r["dstIP"])),
    ("$hdrDesc ~ /vlan/ || $vlanID == 100", lambda r: "vlan" in r["hdrDesc:text"] or 100 in r["vlanID"]),
    ("strisempty($vlanID)", lambda r: r["vlanID:text"] == ""),
]  # fmt: skip


def _above(a: object, b: object) -> bool:
    if a is None or b is None:
        return False
    return (a.version, int(a)) > (b.version, int(b))  # type: ignore[attr-defined]


@pytest.mark.golden
@pytest.mark.skipif(not GOLDEN.is_dir(), reason=NO_GOLDEN)
def test_real_flow_files() -> None:
    folders = sorted((GOLDEN / "expected" / "full").iterdir())[::12]
    count = 0
    for folder in folders:
        path = folder / "flows.txt"
        header, *lines = path.read_text().splitlines()
        with TextFile(str(path)) as file:
            types = {column.name: column.type for column in file.columns}
        plain = rows(header[1:].split("\t"), types, lines)
        for text, test in GOLDEN_FLOWS:
            wanted = [number for number, row in enumerate(plain) if test(row)]
            assert selected(path, text) == wanted, (path, text)
            count += len(wanted)
    assert count > 0


def test_pieces_of_any_size_give_the_same_rows(flow_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = selected(flow_file, "$dstPort == 80")
    content = flow_file.read_bytes()
    for size in (1, 500, 5000):
        monkeypatch.setattr(textfile, "PIECE", size)
        assert selected(flow_file, "$dstPort == 80") == whole
        with TextFile(str(flow_file)) as file:
            parts = [table.lines(np.arange(len(table))) for table in file.tables()]
            assert file.header + b"".join(parts) == content


def test_lines_come_as_they_stand(flow_file: Path) -> None:
    lines = flow_file.read_bytes().splitlines(keepends=True)[1:]
    with TextFile(str(flow_file)) as file:
        (table,) = file.tables()
    for wanted in ([0, 1, 2, 5, 7, 8], [3], [], list(range(len(lines)))):
        assert table.lines(np.array(wanted, np.int64)) == b"".join(lines[row] for row in wanted)


def test_compressed_files_and_files_without_last_line_feed(flow_file: Path, tmp_path: Path) -> None:
    content = flow_file.read_bytes()
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(content))
    (tmp_path / "b.txt").write_bytes(content[:-1])
    wanted = selected(flow_file, "$dstPort == 80")
    assert selected(tmp_path / "a.txt.gz", "$dstPort == 80") == wanted
    assert selected(tmp_path / "b.txt", "$dstPort == 80") == wanted


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"%a\tb\n1\t2\n1\t2\t3\n", "line 3: 3 cells, but there are 2 columns"),
        (b"%a\tb\n1\n", "line 2: 1 cells, but there are 2 columns"),
        (b"%a\tb\n1\t2\n\n1\t2\n", "line 3: 1 cells"),
        (b"%a\tb\n1\n2\t3\t4\n", "line 2: 1 cells"),
        (b"a\tb\n1\t2\n", "no row of column names"),
        (b"\n", "holds no table"),
        (b"", "empty"),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "wrong.txt"
    path.write_bytes(content)
    with pytest.raises(TextFileError, match=message) as caught, TextFile(str(path)) as file:
        list(file.tables())
    assert "wrong.txt" in str(caught.value)


def test_names_become_words(tmp_path: Path) -> None:
    path = tmp_path / "odd.txt"
    path.write_text("%src IP\tb-c\t3d\tb.c\n1\t2\t3\t4\n")
    with TextFile(str(path)) as file:
        assert [column.name for column in file.columns] == ["src_IP", "b_c", "_3d", "b_c_"]
    assert selected(path, "$b_c_ == 4 && $_3d == 3 && src_IP") == [0]


def test_unknown_columns_are_typed_by_what_they_hold(tmp_path: Path) -> None:
    path = tmp_path / "odd.txt"
    path.write_text("%a\tb\tc\td\te\tf\n1\t0x0f\t1.5\t10.0.0.1\tx\t\n-2\t0x10\t2\t::1\t7\t\n\t\t1e3\t-\t\t\n")
    with TextFile(str(path)) as file:
        assert [column.type for column in file.columns] == ["I64", "H64", "D", "IPX", "SC", "SC"]
    assert selected(path, "$a < 0") == [1, 2]  # an empty cell comes before all others
    assert selected(path, "$b == 16 && $c == 2 && $d == ::1 && $e == 7") == [1]


ROWS = st.lists(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), min_size=3, max_size=3),
    max_size=8,
)


@given(ROWS)
def test_csv_is_read_as_other_programs_write_it(content: list[list[str]]) -> None:
    content = [[cell.replace("\r", "").replace("\0", "") for cell in row] for row in content]
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([["a", "b", "c"], *content])
    data = buffer.getvalue().encode().partition(b"\n")[2]
    columns = [textfile.Column(name, "SC") for name in "abc"]
    table = textfile.TextTable("x", columns, data, ",", 2)
    read = [table.cells(name, slice(0, len(table))) for name in "abc"]
    assert [list(row) for row in zip(*read, strict=True)] == content


@given(st.lists(st.text('a",', max_size=4), min_size=1, max_size=5))
def test_a_line_of_csv_is_split_as_by_the_csv_module(cells: list[str]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerow(cells)
    assert split_csv(buffer.getvalue().rstrip("\r\n")) == cells


NUMBERS = st.one_of(
    st.integers(-(2**63), 2**64).map(str),
    st.integers(0, 2**64 - 1).map(lambda n: f"0x{n:016x}"),
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 10**9 - 1)).map(lambda t: f"{t[0]}.{t[1]:09d}"),
    st.sampled_from(["", "-", "0x", "1.5", "--1", "9" * 25, "1.-00000001", "12.4294967295", "x", "0x0g"]),
)


@given(st.sampled_from(["U64", "I32", "H64", "H8", "U64.U32", "D9"]), st.lists(NUMBERS, max_size=8))
def test_numbers_are_parsed_in_bulk_as_they_are_one_by_one(type_: str, cells: list[str]) -> None:
    data = np.frombuffer("\t".join([*cells, ""]).encode(), np.uint8)
    ends = np.cumsum([len(cell) + 1 for cell in cells], dtype=np.int64) - 1
    starts = ends - np.array([len(cell) for cell in cells], np.int64)
    found = parse_column(type_, data, starts, ends)
    plain = cells_vector(type_, cells)
    if found is not None:
        assert found.values.tolist() == plain.values.tolist()
        empty = [False] * len(cells) if plain.empty is None else plain.empty.tolist()
        assert ([False] * len(cells) if found.empty is None else found.empty.tolist()) == empty


def test_types_by_content() -> None:
    assert type_of(["1", "-5", ""]) == "I64"
    assert type_of(["00:11:22:33:44:55"]) == "MAC"
    assert type_of(["-", "-"]) == "SC"
    assert type_of([]) == "SC"


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"%a\n1\n" + b"x" * (textfile.LONGEST_LINE + 1))
    with pytest.raises(TextFileError, match="line 3: longer than"), TextFile(str(path)) as file:
        list(file.tables())
