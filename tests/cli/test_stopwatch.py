import threading
from collections.abc import Callable

import pytest

from t2tui.cli.stopwatch import REST, Stopwatch, best, table


class Clock(threading.local):
    """A clock of each thread that moves when it is told to."""

    now = 0

    def __call__(self) -> int:
        return self.now


def working(clock: Clock) -> type:
    """A class whose methods take 5 and 20 ns; the second calls the first."""

    class Worker:
        def inner(self, result: str) -> str:
            clock.now += 5
            return result

        def outer(self) -> str:
            clock.now += 7
            result = self.inner("done")
            clock.now += 8
            return result

        def fail(self) -> None:
            clock.now += 3
            raise KeyError

        def meet(self, barrier: threading.Barrier) -> None:
            clock.now += 30
            barrier.wait(timeout=60)

    return Worker


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watched(clock: Clock) -> tuple[Stopwatch, Callable[[], object]]:
    stopwatch, worker = Stopwatch(clock), working(clock)
    for method in ("inner", "outer", "fail", "meet"):
        stopwatch.watch(worker, method, method)
    return stopwatch, worker


def test_time_of_a_stage_inside_another_counts_once(clock: Clock, watched: tuple[Stopwatch, type]) -> None:
    stopwatch, worker = watched
    clock.now += 100
    assert worker().outer() == "done"
    clock.now += 10
    assert stopwatch.stop() == {REST: 110, "outer": 15, "inner": 5}


def test_threads_are_timed_apart_and_added_up(clock: Clock, watched: tuple[Stopwatch, type]) -> None:
    stopwatch, worker = watched
    both_inside = threading.Barrier(2)
    thread = threading.Thread(target=worker().meet, args=[both_inside])
    thread.start()
    worker().meet(both_inside)
    thread.join()
    clock.now += 2
    assert stopwatch.stop() == {REST: 2, "meet": 60}


def test_a_stage_that_fails_ends(clock: Clock, watched: tuple[Stopwatch, type]) -> None:
    stopwatch, worker = watched
    with pytest.raises(KeyError):
        worker().fail()
    clock.now += 1
    assert stopwatch.stop() == {REST: 1, "fail": 3}


def test_a_new_start_forgets_what_was_spent(clock: Clock, watched: tuple[Stopwatch, type]) -> None:
    stopwatch, worker = watched
    first = stopwatch.stop()
    worker().outer()
    stopwatch.start()
    worker().inner("")
    assert stopwatch.stop() == {REST: 0, "inner": 5}
    assert first == {REST: 0}


def test_the_best_of_every_stage_is_taken() -> None:
    assert best([{"read": 5, "text": 9}, {"read": 7, "text": 2}]) == {"read": 5, "text": 2}


def test_shares_add_up_and_the_rest_comes_last() -> None:
    rows = table({REST: 1000, "read": 3000, "text": 6000}, 100)
    assert rows[1:] == [
        ["read", "30.0", "30%"],
        ["text", "60.0", "60%"],
        [REST, "10.0", "10%"],
        ["all", "100.0", ""],
    ]
