"""A thread that filters and sorts, so that the screen never waits for it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from t2tui.core.query import QueryError
from t2tui.core.query.patterns import Stopped, searching_while
from t2tui.core.store import ColumnStore
from t2tui.tui.arrangement import Arranged, Arrangement, Sorting
from t2tui.tui.pairing import PairedArrangement, Pairing

FAST = 0.15
"""Seconds within which an arrangement is made while a filter is typed."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A filter or sorting that cannot be applied.

    Attributes:
        filter_text: the condition.
        error: what is wrong with it.
    """

    filter_text: str
    error: Exception


@dataclass(frozen=True, slots=True)
class _Wish:
    table: ColumnStore
    filter_text: str
    sorting: Sorting
    is_paired: bool

    @property
    def manner(self) -> tuple[str, Sorting, bool]:
        """What an arrangement has to be the same in to be gone on with."""
        return self.filter_text, self.sorting, self.is_paired


class Arranger:
    """Carries out the latest wish; those that were overtaken are dropped."""

    def __init__(self, tell: Callable[[Arranged | Refused], object]) -> None:
        """Start the thread.

        Args:
            tell: gets the results, in the thread.
        """
        self._tell = tell
        self._wish: _Wish | None = None
        self._is_closed = False
        self._changed = threading.Condition()
        self._is_busy = False
        self._pairing = Pairing()
        self._measured = 0, 0.0  # rows of the latest arrangement that was made anew, and its seconds
        threading.Thread(target=self._work, name="arranger", daemon=True).start()

    def ask(self, table: ColumnStore, filter_text: str, sorting: Sorting, is_paired: bool = False) -> None:
        """Wish for an arrangement of the rows of now."""
        with self._changed:
            self._wish = _Wish(table, filter_text, sorting, is_paired)
            self._changed.notify()

    def is_fast(self, rows: int) -> bool:
        """Tell whether another filter is applied within a blink, as far as was measured at this size."""
        measured, seconds = self._measured
        return seconds < FAST or measured < rows // 2

    @property
    def is_busy(self) -> bool:
        """Whether a wish is not yet fulfilled."""
        return self._is_busy or self._wish is not None

    def close(self) -> None:
        """End the thread when it is done with what it does."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _work(self) -> None:
        arrangement: Arrangement | PairedArrangement | None = None
        manner: tuple[str, Sorting, bool] | None = None
        while (wish := self._next()) is not None:
            try:
                begin = perf_counter()
                is_new = arrangement is None or manner != wish.manner
                if arrangement is None or is_new:
                    arrangement, manner = self._begun(wish), wish.manner
                with searching_while(partial(self._is_wanted, wish.filter_text)):
                    result: Arranged | Refused = arrangement.update(wish.table)
                if is_new:
                    self._measured = len(wish.table), perf_counter() - begin
            except Stopped:
                arrangement = None
                continue
            except (QueryError, KeyError, ValueError, MemoryError) as error:
                result, arrangement = Refused(wish.filter_text, error), None
            self._is_busy = False
            if not self._is_closed:
                self._tell(result)

    def _is_wanted(self, filter_text: str) -> bool:
        """Tell whether no other filter is wished for by now."""
        wish = self._wish
        return not self._is_closed and (wish is None or wish.filter_text == filter_text)

    def _begun(self, wish: _Wish) -> Arrangement | PairedArrangement:
        if wish.is_paired:
            return PairedArrangement(wish.table, wish.filter_text, wish.sorting, self._pairing)
        return Arrangement(wish.table, wish.filter_text, wish.sorting)

    def _next(self) -> _Wish | None:
        """Wait for a wish; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._wish is not None or self._is_closed)
            wish, self._wish = self._wish, None
            self._is_busy = True
            return None if self._is_closed else wish
