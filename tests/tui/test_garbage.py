"""Garbage is collected again once the start is over."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from t2tui.tui import garbage


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


class Node:
    """Something that can be in a cycle."""

    def __init__(self) -> None:
        self.itself = self


def test_what_is_made_after_the_modules_is_collected_later() -> None:
    garbage.postpone()
    garbage.keep()
    assert not gc.isenabled()
    assert gc.get_freeze_count() > 10_000
    lost = weakref.ref(Node())
    assert lost() is not None
    garbage.resume()
    assert gc.isenabled()
    gc.collect()
    assert lost() is None
