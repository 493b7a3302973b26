from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.tui.memory import Memory
from t2tui.tui.notes import MOST_IN_FILTER, Notebook, Notes, condition, keys_of, ranges
from t2tui.tui.opening import Opening
from tests.tui.test_arrangement import Cells

COLUMNS = {"dir": "C", "flowInd": "U64", "flowStat": "H64"}
FLOWS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=30)
Flows = list[tuple[int, bool]]


def table_of(flows: Flows) -> Cells:
    return Cells(COLUMNS, [("AB"[is_b], str(index), f"0x{0x4000 + is_b:016x}") for index, is_b in flows])


@given(st.sets(st.integers(0, 40)))
def test_ranges_say_which_numbers(numbers: set[int]) -> None:
    pieces = ranges(np.array(sorted(numbers), np.uint64))
    said = [
        number
        for piece in pieces
        for number in range(int(piece.split("-")[0]), int(piece.split("-")[-1]) + 1)
    ]
    assert said == sorted(numbers)
    assert len(pieces) == len([number for number in numbers if number - 1 not in numbers])


@given(FLOWS, st.data())
def test_a_condition_finds_the_rows_and_no_others(flows: Flows, data: st.DataObject) -> None:
    from t2tui.core.query import compile_filter

    table = table_of(flows)
    rows = data.draw(st.sets(st.integers(0, len(flows) - 1))) if flows else set()
    if not rows:
        return
    text = condition(table, np.array(sorted(rows)))  # type: ignore[arg-type]
    wanted = [number for number, flow in enumerate(flows) if flow in {flows[row] for row in rows}]
    assert compile_filter(text, table).indices(table).tolist() == wanted, text


def test_too_many_pieces_are_refused_with_advice() -> None:
    table = table_of([(2 * number, False) for number in range(MOST_IN_FILTER + 1)])
    rows = np.arange(MOST_IN_FILTER + 1)
    assert condition(table, rows[:-1]).count(";") == MOST_IN_FILTER - 1  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"3,001 flows.*at most 3,000"):
        condition(table, rows)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="none"):
        condition(table, rows[:0])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="flowInd"):
        condition(Cells({"n": "U8"}, []), rows)  # type: ignore[arg-type]


@given(FLOWS, st.lists(st.integers(0, 30), max_size=3), st.data())
def test_marks_come_back_with_their_flows_bit_by_bit(
    flows: Flows, cuts: list[int], data: st.DataObject
) -> None:
    flows = list(dict.fromkeys(flows))
    table = table_of(flows)
    rows = sorted(data.draw(st.sets(st.integers(0, len(flows) - 1)))) if flows else []
    notes = Notes()
    notes.grow(table)  # type: ignore[arg-type]
    notes.mark(np.array(rows, np.int32), True)
    marked = keys_of(table, notes.marked)  # type: ignore[arg-type]
    assert marked is not None
    again = Notes([marked])
    for count in [*sorted(min(cut, len(flows)) for cut in cuts), len(flows)]:
        again.grow(table.first(count))  # type: ignore[arg-type]
        assert again.marked.tolist() == [row for row in rows if row < count]
        assert again.remembered() == notes.remembered(), "what has not come yet is not forgotten"
    again.begin()
    again.grow(table_of(flows[::-1]))  # type: ignore[arg-type]
    assert again.marked.tolist() == sorted(len(flows) - 1 - row for row in rows)


def opening_of(*paths: Path, bpf: str | None = None) -> Opening:
    return Opening([str(path) for path in paths], (), {}, bpf)


def test_notes_are_kept_per_capture(tmp_path: Path) -> None:
    capture, memory = tmp_path / "[b]\udcff.pcap", Memory(tmp_path / "state")
    capture.write_bytes(b"1")
    table = table_of([(1, False), (1, True), (2, False), (3, False)])
    notes = Notebook(memory, opening_of(capture)).load()
    notes.grow(table)  # type: ignore[arg-type]
    notes.mark(np.array([1, 2, 3], np.int32), True)
    notes.comment("1B", "ä\x1b[31m odd")
    assert notes.commented(table).tolist() == [1]  # type: ignore[arg-type]
    write = Notebook(memory, opening_of(capture)).save(notes)
    assert write is not None
    write()
    again = Notebook(memory, opening_of(capture)).load()
    again.grow(table)  # type: ignore[arg-type]
    assert again.marked.tolist() == [1, 2, 3]
    assert again.comments == {"1B": "ä␛[31m odd"}
    assert not Notebook(memory, opening_of(capture, bpf="tcp")).load().comments
    capture.write_bytes(b"12")
    assert not Notebook(memory, opening_of(capture)).load().comments
    assert not memory.warnings


def test_notes_on_a_pipe_are_kept_nowhere(tmp_path: Path) -> None:
    notebook = Notebook(Memory(tmp_path), Opening(["-"], (), {}))
    assert notebook.save(notebook.load()) is None


@pytest.mark.parametrize(
    "text",
    [
        "comments = 1",
        "comments = {x = 'a'}",
        "comments = {1A = 5}",
        "marks = 'a'",
        "marks = {A = 'x-y'}",
        "marks = {A = '1-99999999999999'}",
        "marks = {B = '-5'}",
        "marks = [1",
    ],
)
def test_damaged_notes_are_passed_over_with_a_warning(tmp_path: Path, text: str) -> None:
    capture, memory = tmp_path / "a.pcap", Memory(tmp_path / "state")
    capture.touch()
    notebook = Notebook(memory, opening_of(capture))
    memory.path(notebook._section).parent.mkdir(parents=True)
    memory.path(notebook._section).write_text(text, "utf-8")
    assert not notebook.load().comments
    assert len(memory.warnings) == 1
