"""The decoder: its model against the command line, and its screen."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from t2tui.cli.decode import command
from t2tui.core.bits import BitTable, tables
from t2tui.core.decode import COMPOUNDS, DecodeError, names
from t2tui.core.query import compile_filter
from t2tui.tui.app import FlowApp
from t2tui.tui.bitchoice import BitChoice, completions, decoded_text
from t2tui.tui.screens.decoder import DecoderScreen
from tests.tui.screens import wait_for
from tests.tui.still import finished
from tests.tui.test_app import hits, run


def printed(word: str) -> str:
    return CliRunner().invoke(command, [word]).output


@pytest.mark.parametrize("name", names())
def test_all_bits_are_shown_as_the_command_line_prints_them(name: str) -> None:
    assert BitChoice(name).text == decoded_text(name) == printed(name)


@pytest.mark.parametrize(
    "word",
    [
        "flowStat=0x0402000000004000",
        "tcpFlags=27",
        "tcpStatesAFlags=0x42",
        "l4Proto=6",
        "ethType=0x0800",
        "icmpCode=3/1",
        "dnsHFlg_OpC_RetC=0x91_0x0001_0x0008",
        "flowStat=0",
    ],
)
def test_a_value_is_shown_as_the_command_line_prints_it(word: str) -> None:
    assert decoded_text(word) == printed(word)
    choice = BitChoice(word)
    again = BitChoice(choice.typed)
    assert [part.chosen for part in again.parts] == [part.chosen for part in choice.parts]


@given(st.sampled_from(sorted(tables())), st.data())
def test_switching_bits_builds_the_value(name: str, data: st.DataObject) -> None:
    choice = BitChoice(name)
    table = choice.parts[0].table
    assert isinstance(table, BitTable)
    value = 0
    for place in data.draw(st.lists(st.integers(0, len(choice.rows) - 1), max_size=8)):
        choice.toggle(place)
        value ^= choice.parts[0].rows[place].mask
        assert int(choice.value, 16) == value
    if value:
        choice.is_any = data.draw(st.booleans())
        text = choice.filter()
        assert text.startswith("bitsanyset(" if choice.is_any else "bitsallset(")
        assert text.endswith(f", {value:#x})")


def test_filters_of_all_columns_can_be_applied() -> None:
    flows = finished().table
    assert flows is not None
    known = [name for name in names() if name in flows.names]
    assert {"flowStat", "l4Proto", "ethType"} <= set(known)
    for name in known:
        choice = BitChoice(name)
        choice.toggle(0)
        choice.toggle(len(choice.rows) - 1)
        compile_filter(choice.filter(flows.names), flows)


def test_a_filter_of_parts_asks_for_each() -> None:
    column = next(iter(COMPOUNDS))
    choice = BitChoice(column)
    choice.toggle(0)
    choice.toggle(len(choice.parts[0].rows))
    assert choice.filter().count("splitc($dnsHFlg_OpC_RetC") == 2


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("", "type the name"),
        ("flowStst", "flowStat"),
        ("flowStat=x", "not a number"),
        ("tcpFlags=0x10000000000000000", "too large"),
        ("duration=1", "neither bits nor numbers"),
    ],
)
def test_errors_say_what_to_do(word: str, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        BitChoice(word)


def test_without_bits_or_column_there_is_no_filter() -> None:
    choice = BitChoice("ftpStat")
    with pytest.raises(DecodeError, match="nothing is switched on"):
        choice.filter()
    choice.toggle(0)
    with pytest.raises(DecodeError, match="no column ftpStat"):
        choice.filter(["flowStat"])


def test_names_are_completed() -> None:
    assert completions("flowst")[0] == "flowStat"
    assert "tcpStatesAFlags" in completions("aflags")
    assert completions("flowStat=") == []


def text(app: FlowApp, part: str) -> str:
    return str(app.screen.query_one(f"#decoder-{part}", Static).render())


def test_the_cell_under_the_cursor_is_decoded_and_becomes_a_filter(tmp_path: Path) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("right", "right", "b")
        await wait_for(pilot, lambda: isinstance(app.screen, DecoderScreen))
        typed = app.screen.query_one(Input).value
        assert typed == f"flowStat={app.main.table.cell}"
        assert text(app, "text").split("\n") == [row.rstrip() for row in printed(typed).split("\n")] or (
            text(app, "text") == printed(typed)
        )
        bits = app.screen.query_one(OptionList)
        assert bits.option_count == 64
        await pilot.press("u")
        assert "nothing is switched on" in text(app, "result")
        await pilot.press(*["down"] * 49, "space", *["up"] * 35, "o")
        await pilot.press("space")
        assert app.screen.query_one(Input).value == "flowStat=0x0002000000004000"
        assert "bitsanyset($flowStat, 0x2000000004000)" in text(app, "result")
        await pilot.press("y")
        assert app.clipboard == "0x0002000000004000"
        await pilot.press("o", "Y")
        assert app.clipboard == "bitsallset($flowStat, 0x2000000004000)"
        await pilot.press("space", "a")
        flows = finished().table
        assert flows is not None
        alarms = len(flows.filter("bitsallset($flowStat, 0x2000000000000)"))
        await wait_for(pilot, hits(app, alarms))
        assert app.screen is app.main

    run(steps)


def test_without_a_cell_that_has_bits_the_status_of_the_flow_is_decoded() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        column = app.main.table.column
        assert column is not None and column.name == "dir"
        await pilot.press("b")
        await wait_for(pilot, lambda: isinstance(app.screen, DecoderScreen))
        assert app.screen.query_one(Input).value == f"flowStat={app.main.table.cell_of('flowStat')}"

    run(steps)


def test_anything_can_be_typed_without_a_flow() -> None:
    from t2tui.tui.session import Snapshot

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("b")
        await wait_for(pilot, lambda: isinstance(app.screen, DecoderScreen))
        await pilot.press(*"l4prot", "tab")
        assert app.screen.query_one(Input).value == "l4Proto"
        await pilot.press(*"=132", "enter")
        assert "SCTP" in text(app, "text")
        assert "$l4Proto == 132" in text(app, "result")
        await pilot.press("slash", *["backspace"] * 12, *"flowStst=1")
        assert "flowStat" in text(app, "error"), "a suggestion"
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.main)
        assert app.main.filter_text == ""

    run(steps, Snapshot(), size=(80, 24))
