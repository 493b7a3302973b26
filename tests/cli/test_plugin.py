from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from t2tui.cli.table import aligned
from t2tui.core import bits, columns
from t2tui.plugins import STANDARD, available

Program = Callable[..., CompletedProcess[str]]


def test_all_plugins_are_listed_in_the_order_in_which_they_run(t2tui: Program) -> None:
    result = t2tui("plugin", "list")
    assert result.returncode == 0
    _, *rows = [line.split(None, 5) for line in result.stdout.splitlines()]
    assert [row[1] for row in rows] == list(available())
    assert [row[1] for row in rows if row[3] == "yes"] == [name for name in available() if name in STANDARD]
    assert [row[5] for row in rows] == [plugin.summary for plugin in available().values()]


@pytest.mark.parametrize("name", available())
def test_a_plugin_is_explained_in_full(t2tui: Program, name: str) -> None:
    result = t2tui("plugin", "info", name)
    assert result.returncode == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    for flag in available()[name].flags:
        assert any(line[:1] == [flag.name] and line[-1:] == flag.help.split()[-1:] for line in lines)
    for file in ("flows", "packets"):
        for column in columns.plugin_columns(name, file):
            assert any(line[:2] == [column.name, column.type] for line in lines)
            for bit in bits.table(column.bits).bits if column.bits else ():
                assert not bit.name or any(line[1:2] == [bit.name] for line in lines)


def test_info_names_the_columns_that_a_run_writes(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    t2tui("run", capture)
    written = (tmp_path / "three_flows.txt").read_text().splitlines()[0].removeprefix("%").split("\t")
    explained = []
    for name in STANDARD:
        _, _, section = t2tui("plugin", "info", name).stdout.partition("Columns of the flow file:\n")
        explained += [line.split()[0] for line in section.partition("\n\n")[0].splitlines()]
    assert ["dir", "flowInd", *explained] == written


def test_an_unknown_plugin_is_wrong_usage_and_the_nearest_is_named(t2tui: Program) -> None:
    result = t2tui("plugin", "info", "basicStat")
    assert result.returncode == 2
    assert "basicStats" in result.stderr


def test_a_reader_of_a_list_may_go_away(t2tui: Program) -> None:
    with Path("/dev/null").open() as null:
        result = t2tui("plugin", "list", stdout=null)  # cannot be written to
    assert result.returncode == 1
    assert result.stderr.startswith("[ERR] ")
    assert "Traceback" not in result.stderr


def test_columns_of_a_table_are_aligned() -> None:
    rows = [("a", "10", "first"), ("long", "9", "")]
    assert aligned(rows, indent="  ", numbers=[1]) == "  a     10  first\n  long   9"
