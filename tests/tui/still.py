"""A session that stands still, for screens without a clock."""

from dataclasses import replace

from t2tui.tui.opening import Opening
from t2tui.tui.session import Session, Snapshot
from tests.tui.conftest import EXERCISE, opening_of

_finished: list[Snapshot] = []


def finished() -> Snapshot:
    """The exercise capture, read to its end; read once."""
    if not _finished:
        opened = Session(opening_of(EXERCISE))
        opened.start()
        opened._thread.join()
        _finished.append(
            replace(opened.ask(), elapsed=0.0, log=("[INF] a line", "[WRN] a warning"), faults=1)
        )
        opened.close()
    return _finished[0]


class Still(Session):
    """Shows one moment; notes what is asked of it."""

    def __init__(self, opening: Opening, moment: Snapshot) -> None:
        super().__init__(opening)
        self.moment = moment
        self.calls: list[str] = []

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
