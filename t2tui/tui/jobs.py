"""Tasks that run in the background: how far they are, what came of them, and how to take it back."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from t2tui.tui.session import words
from t2tui.tui.tasks import Task
from t2tui.tui.traces import ChangedError, Trace, missing_folders, remove_empty

RUNNING, DONE, FAILED, CANCELLED, UNDONE = "running", "done", "failed", "cancelled", "undone"

ON_COMMAND_LINE = (" with -w", ", or replace=True")
"""What errors of the command line and the Python API say besides."""


class _CancelledError(Exception):
    """The job is not wanted any more."""


class Job:
    """A task in a thread. All methods return at once, but undo(); they may be called from any thread.

    Attributes:
        task: what is done.
        state: one of the words above.
        text: what was written, or why it failed.
        done: how much is done, in whatever ``total`` counts.
        total: how much there is; 0 as long as that is not known.
        is_watched: a dialog shows the job, so that nobody else need tell of its end.
    """

    def __init__(self, task: Task, tell: "Callable[[Job], object]") -> None:
        """Prepare.

        Args:
            task: what is to be done.
            tell: called in the thread when it has ended.
        """
        self.task = task
        self.state = RUNNING
        self.text = ""
        self.done = self.total = 0
        self.is_watched = False
        self._tell = tell
        self._cancelled = threading.Event()
        self._trace: Trace | None = None
        self._thread = threading.Thread(target=self._work, name=task.title, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def cancel(self) -> None:
        """End it; nothing is written."""
        self._cancelled.set()

    def wait(self, seconds: float) -> None:
        """Wait until it has ended, but not longer than some seconds."""
        self._thread.join(seconds)

    @property
    def fraction(self) -> float | None:
        """How much is done, 0 to 1; None if it cannot be told."""
        return min(self.done / self.total, 1.0) if self.total else None

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return self.state == DONE and self._trace is not None

    def undo(self) -> str:
        """Remove what was written; takes as long as removing the files does.

        Returns:
            What came of it, in words.
        """
        if self._trace is None or self.state != DONE:
            return "There is nothing to take back"
        try:
            self._trace.remove()
        except (ChangedError, OSError) as error:
            return words(error)[0] if isinstance(error, OSError) else str(error)
        self.state = UNDONE
        return f"'{self._trace.path}' is removed"

    def _work(self) -> None:
        target = self.task.target
        made: Sequence[Path] = ()
        try:
            made = missing_folders(target) if target is not None else ()
            text = self.task.run(self._step)
            self._trace = Trace.of(target, made) if target is not None else None
            self.text, self.state = text, DONE
        except _CancelledError:
            self._fail(CANCELLED, "cancelled; nothing is written", made)
        except Exception as error:  # whatever it is, the screen says it
            text, hint = words(error)
            self._fail(FAILED, f"{text}. {hint}" if hint else text, made)
        self._tell(self)

    def _fail(self, state: str, text: str, made: Sequence[Path]) -> None:
        for ending in ON_COMMAND_LINE:
            text = text.replace(ending, "")
        remove_empty(made)
        self.text, self.state = text, state

    def _step(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self._cancelled.is_set():
            raise _CancelledError


class Jobs:
    """The jobs of a program, in the order in which they were begun."""

    def __init__(self, tell: Callable[[Job], object]) -> None:
        """Begin without jobs.

        Args:
            tell: called when one has ended, in its thread.
        """
        self._tell = tell
        self._jobs: list[Job] = []

    def __iter__(self) -> Iterator[Job]:
        """Yield the jobs."""
        return iter(self._jobs)

    def start(self, task: Task) -> Job:
        """Do something in the background."""
        job = Job(task, self._tell)
        self._jobs.append(job)
        job.start()
        return job

    @property
    def running(self) -> list[Job]:
        """Those that have not ended."""
        return [job for job in self._jobs if job.state == RUNNING]

    @property
    def last(self) -> Job | None:
        """The latest one whose result can be taken back."""
        return next((job for job in reversed(self._jobs) if job.can_undo), None)

    def cancel(self, seconds: float) -> None:
        """End all, and wait some seconds for it, so that no half-written files are left."""
        for job in self.running:
            job.cancel()
        for job in self.running:
            job.wait(seconds)
