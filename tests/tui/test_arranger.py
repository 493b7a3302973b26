"""The thread that filters: what is overtaken is dropped."""

import queue
import threading
from typing import Any

import pytest

from t2tui.core.query import patterns
from t2tui.tui import arranger
from t2tui.tui.arrangement import Sorting


def test_a_slow_search_ends_when_another_filter_is_wished_for(monkeypatch: pytest.MonkeyPatch) -> None:
    began, results = threading.Event(), queue.Queue[Any]()

    class Arrangement:
        def __init__(self, table: Any, filter_text: str, sorting: Sorting) -> None:
            self.filter_text, self.sorting = filter_text, sorting

        def update(self, table: Any) -> str:
            search = patterns.compile_pattern("(a|a)*$")
            while self.filter_text == "slow":  # texts one after the other
                search("aaa")
                began.set()
            return self.filter_text

    monkeypatch.setattr(arranger, "Arrangement", Arrangement)
    thread = arranger.Arranger(results.put)
    table: Any = []
    thread.ask(table, "slow", Sorting())
    assert began.wait(60)
    began.clear()
    thread.ask(table, "slow", Sorting())  # the table has grown: no reason to begin anew
    assert began.wait(60)
    thread.ask(table, "quick", Sorting())
    assert results.get(timeout=60) == "quick"
    thread.close()
