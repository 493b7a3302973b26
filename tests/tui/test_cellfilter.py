import pytest

from t2tui import analyze
from t2tui.core.columns import Column
from t2tui.core.query import compile_filter
from t2tui.core.query.cells import cells_vector
from t2tui.core.query.vectors import Rows, Vector
from t2tui.core.store import ColumnStore
from t2tui.tui.cellfilter import condition, narrowed
from tests.tui.conftest import EXERCISE

PLUGINS = ("basicFlow", "basicStats", "tcpFlags", "tcpStates", "portClassifier", "connStat")


@pytest.fixture(scope="module")
def flows() -> ColumnStore:
    return analyze(EXERCISE, plugins=PLUGINS).flows


def test_a_cell_selects_the_rows_that_show_the_same(flows: ColumnStore) -> None:
    for name in flows.names:
        cells = flows.text(name)
        if ":R" in flows.column(name).type:
            continue
        for row in range(0, len(flows), 17):
            same = [number for number, cell in enumerate(cells) if cell == cells[row]]
            others = sorted(set(range(len(flows))) - set(same))
            kept, dropped = (condition(flows.column(name), cells[row], keep) for keep in (True, False))
            assert flows.filter(kept).tolist() == same, kept
            assert flows.filter(dropped).tolist() == others, dropped


def test_a_list_selects_rows_that_have_its_elements(flows: ColumnStore) -> None:
    lists = [name for name in flows.names if ":R" in flows.column(name).type]
    assert lists
    for name in lists:
        cells = flows.text(name)
        for row in range(0, len(flows), 7):
            assert row in flows.filter(condition(flows.column(name), cells[row], True)), (name, cells[row])
            assert row not in flows.filter(condition(flows.column(name), cells[row], False))


class Names:
    """A table with a column of texts."""

    names = ("name",)

    def __init__(self, type_: str, cells: list[str]) -> None:
        self._type, self._cells = type_, cells

    def __len__(self) -> int:
        return len(self._cells)

    def column(self, name: str) -> Column:
        return Column(name, self._type)

    def vector(self, name: str, rows: Rows) -> Vector:
        assert isinstance(rows, slice)
        return cells_vector(self._type, self._cells[rows])


@pytest.mark.parametrize("type_", ["S", "SC"])
@pytest.mark.parametrize(
    "name",
    ["", "a b", 'a\\"b', "\\x1b", "a\u202eb", "x\u200b/y.*", "\U000e0041", "\x9b31m", "ä", "[/b]", "-"],
)
def test_hostile_names_select_themselves_by_printable_conditions(type_: str, name: str) -> None:
    cells = [f'"{each}"' if type_ == "S" else each for each in (name, "other", name + "x", "x" + name)]
    table = Names(type_, cells)
    for is_kept, rows in ((True, [0]), (False, [1, 2, 3])):
        text = condition(table.column("name"), cells[0], is_kept)
        assert text.isprintable()
        assert compile_filter(text, table).indices(table).tolist() == rows, text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "$a == 1"),
        ("$b > 2", "$b > 2 && $a == 1"),
        ("$b > 2 || $c", "($b > 2 || $c) && $a == 1"),
        ("$b > 2 && $a == 1", "$b > 2 && $a == 1"),
    ],
)
def test_a_filter_is_narrowed(before: str, after: str) -> None:
    assert narrowed(before, "$a == 1") == after
