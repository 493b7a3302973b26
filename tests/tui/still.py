"""A session that stands still, for screens without a clock."""

from dataclasses import replace
from functools import cache

from t2tui.tui.opening import Opening
from t2tui.tui.session import Session, Snapshot
from tests.tui.conftest import EXERCISE, opening_of


@cache
def read() -> Session:
    """The exercise capture, read to its end."""
    opened = Session(opening_of(EXERCISE))
    opened.start()
    opened._thread.join()
    return opened


def finished() -> Snapshot:
    """What is shown of it."""
    return replace(read().ask(), elapsed=0.0, log=("[INF] a line", "[WRN] a warning"), faults=1)


class Still(Session):
    """Shows one moment, of the exercise capture mostly; notes what is asked of it."""

    def __init__(self, opening: Opening, moment: Snapshot) -> None:
        super().__init__(opening)
        self.moment = moment
        self.calls: list[str] = []
        if moment.table is not None:
            self._loaded = read()._loaded

    def start(self) -> None:
        """Read nothing."""

    def ask(self) -> Snapshot:
        """Return the moment."""
        return self.moment

    def pause(self) -> None:
        """Note it."""
        self.calls.append("pause")
        super().pause()

    def resume(self) -> None:
        """Note it."""
        self.calls.append("resume")
        super().resume()

    def cancel(self) -> None:
        """Note it."""
        self.calls.append("cancel")
        super().cancel()
