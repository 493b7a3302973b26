"""The filter while it is typed, and filters that are remembered."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from t2tui.core.query import compile_filter
from t2tui.tui import arranger
from t2tui.tui.app import FlowApp
from t2tui.tui.cellfilter import widened
from t2tui.tui.dialogs.named import NamedDialog
from t2tui.tui.memory import Memory
from t2tui.tui.savedfilters import EXAMPLES, MOST_HISTORY, SavedFilters
from t2tui.tui.widgets.filterbar import FilterBar
from tests.tui.screens import wait_for
from tests.tui.still import finished
from tests.tui.test_app import hits, run


@pytest.fixture(autouse=True)
def _fast_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes longer than this is not tried while typing; a busy machine may take a moment."""
    monkeypatch.setattr(arranger, "FAST", 5.0)


def test_hits_are_shown_while_typing_and_escape_brings_the_filter_before_back() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        bar = app.main.part(FilterBar)
        app.main.filter_by('$dir == "A"')
        await wait_for(pilot, lambda: app.main.table.arranged and app.main.table.arranged.filter_text)
        before = len(app.main.table.arranged)  # type: ignore[arg-type]
        bar.begin()
        bar.input.value = "$dstPort == 21"
        await wait_for(pilot, hits(app, 1))
        assert app.main.filter_text == '$dir == "A"', "it does not apply yet"
        assert bar.input.has_focus
        assert bar.input.value == "$dstPort == 21"
        await pilot.press("escape", "escape")
        await wait_for(pilot, hits(app, before))
        assert bar.input.value == '$dir == "A"'
        bar.begin()
        bar.input.value = "$dstPort == 21"
        await pilot.press("enter")
        await wait_for(pilot, hits(app, 1))
        assert app.main.filter_text == "$dstPort == 21"

    run(steps)


def test_an_error_is_shown_after_a_long_pause_only() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        bar = app.main.part(FilterBar)
        bar.begin()
        bar.input.value = "$dstPort == 2x"
        await pilot.pause()
        error = bar.query_one("#filter-error")
        app.main._filter_tried(FilterBar.Tried("$dstPort == 2x", False))
        assert not error.display
        await wait_for(pilot, lambda: error.display)
        await pilot.press("backspace")
        assert not error.display

    run(steps)


def test_nothing_is_tried_where_it_was_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        mine = app.main._arranger
        mine._measured = 72, 9.0
        assert not mine.is_fast(72)
        assert mine.is_fast(1000), "other sizes are measured anew"
        app.main.part(FilterBar).begin()
        await wait_for(pilot, lambda: app.main.part(FilterBar).input.has_focus)
        app.main._filter_tried(FilterBar.Tried("$dstPort == 21", False))
        assert app.main.shown_filter == ""
        mine._measured = 72, 0.01
        app.main._filter_tried(FilterBar.Tried("$dstPort == 21", False))
        assert app.main.shown_filter == "$dstPort == 21"

    run(steps)


def test_filters_are_saved_taken_and_deleted() -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        async def opened(before: object = None) -> NamedDialog:
            await wait_for(
                pilot, lambda: isinstance(app.screen, NamedDialog) and app.screen is not before, "dialog"
            )
            assert isinstance(app.screen, NamedDialog)
            return app.screen

        await pilot.press("ctrl+o")
        dialog = await opened()
        await pilot.press(*"mine", "ctrl+s")
        assert "no filter to save" in str(dialog.query_one(".about").render())
        await pilot.press("escape", "slash", *"$dstPort == 21", "enter", "ctrl+o")
        await opened()
        await pilot.press(*"mine", "ctrl+s")
        await wait_for(pilot, lambda: app.screen is app.main)
        await pilot.press("escape")
        await wait_for(pilot, hits(app, 72))
        await pilot.press("slash", "ctrl+o")
        dialog = await opened()
        await pilot.press(*"mine", "enter")
        await wait_for(pilot, hits(app, 1))
        await pilot.press("ctrl+o")
        dialog = await opened()
        await pilot.press(*"resets", "delete")
        assert "stays" in str(dialog.query_one(".about").render())
        await pilot.press(*["backspace"] * 6, *"mine", "delete")
        again = await opened(dialog)
        assert "mine" not in [thing.name for thing in again._things]
        await pilot.press("escape")

    run(steps)


def test_the_history_is_there_in_the_next_run() -> None:
    async def first(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("slash", *"$dstPort == 21", "enter")
        await wait_for(pilot, lambda: app.main.filters.history() == ["$dstPort == 21"])

    async def second(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("slash", "up")
        assert app.main.part(FilterBar).input.value == "$dstPort == 21"

    run(first)
    run(second)


def test_the_history_is_bounded_and_has_each_filter_once(tmp_path: Path) -> None:
    filters = SavedFilters(Memory(tmp_path))
    Memory(tmp_path).change(
        "filters", lambda section: section.__setitem__("history", [str(n) for n in range(MOST_HISTORY)])
    )
    for text in ("7", "", "new", "x" * 5000):
        filters.applied(text)
    history = filters.history()
    assert len(history) == MOST_HISTORY
    assert history[-2:] == ["7", "new"]
    assert history.count("7") == 1


@pytest.mark.parametrize("text", ["saved = 1\nhistory = 2", "saved = {a = 1}\nhistory = [1, 'a\\u001b']"])
def test_what_is_no_filter_is_passed_over(tmp_path: Path, text: str) -> None:
    memory = Memory(tmp_path)
    memory.path("filters").write_text(text.replace("'a\\u001b'", '"a\\u001b"'), "utf-8")
    assert SavedFilters(memory).saved() == {}
    assert SavedFilters(memory).history() == []
    SavedFilters(memory).applied("$a")
    SavedFilters(memory).save("n", "$b")
    assert SavedFilters(memory).history()[-1] == "$a"
    assert SavedFilters(memory).saved() == {"n": "$b"}


@pytest.mark.parametrize("name", [name for name, _, _ in EXAMPLES])
def test_examples_are_conditions(name: str) -> None:
    flows = finished().table
    assert flows is not None
    compile_filter(next(text for known, text, _ in EXAMPLES if known == name), flows)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "$a == 1"),
        ("$b", "$b || $a == 1"),
        ("$b || $a == 1", "$b || $a == 1"),
        ("$b && $c", "$b && $c || $a == 1"),
        ("$b ? $c : $d", "($b ? $c : $d) || $a == 1"),
    ],
)
def test_a_filter_is_widened(before: str, after: str) -> None:
    assert widened(before, "$a == 1") == after
