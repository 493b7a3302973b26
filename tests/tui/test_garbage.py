"""Garbage is collected again once the start is over."""

import gc
from collections.abc import Iterator

import pytest

from t2tui.tui import garbage


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    gc.enable()


def test_what_is_there_at_the_end_of_the_start_is_not_looked_at_again() -> None:
    garbage.postpone()
    assert not gc.isenabled()
    garbage.resume()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == garbage.THRESHOLDS


def test_what_was_not_postponed_stays_as_it_was() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    garbage.resume()
    assert (gc.get_threshold(), gc.get_freeze_count()) == before
