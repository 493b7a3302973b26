"""Measure whole processes: wall clock, processor time and peak memory, in turn and several rounds."""

import os
import resource
import shlex
import shutil
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class CommandError(Exception):
    """A measured command could not be started or failed."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took.

    Attributes:
        wall: seconds from start to end.
        cpu: seconds of processor time, user and system, of the process and all children it waited for.
        peak: bytes, peak resident memory of the largest of these processes. The kernel counts what
            the starting process held as well, so no figure is below ``own_peak()``.
    """

    wall: float
    cpu: float
    peak: int


def own_peak() -> int:
    """Return the peak resident memory of this process in bytes: the least that a Run can show."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@dataclass(frozen=True, slots=True)
class Contestant:
    """A program that takes part.

    Attributes:
        name: what tables call it.
        command: (capture, output folder) -> words of the command.
        environment: variables beyond those of this process.
    """

    name: str
    command: Callable[[Path, Path], Sequence[str]]
    environment: Mapping[str, str]


def run(command: Sequence[str], environment: Mapping[str, str], output: Path) -> Run:
    """Run a command to its end and measure it.

    Args:
        command: its words; the first is searched for in PATH.
        environment: variables beyond those of this process.
        output: folder for ``stdout.txt`` and ``stderr.txt``.

    Returns:
        What it took.

    Raises:
        CommandError: it could not be started, or ended with a status other than 0.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(output / "stdout.txt"), flags, 0o644),
        (os.POSIX_SPAWN_OPEN, 2, str(output / "stderr.txt"), flags, 0o644),
    ]
    begin = time.perf_counter()
    try:
        process = os.posix_spawnp(
            command[0], list(command), {**os.environ, **environment}, file_actions=actions
        )
    except OSError as error:
        raise CommandError(f"{command[0]}: {error.strerror}") from error
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - begin
    code = os.waitstatus_to_exitcode(status)
    if code:
        last = (output / "stderr.txt").read_text(errors="replace").strip().splitlines()[-1:]
        raise CommandError(f"`{shlex.join(command)}` ended with {code}: {''.join(last) or 'no message'}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def fresh(folder: Path) -> Path:
    """Return the folder, emptied."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def in_turn(
    contestants: Sequence[Contestant], capture: Path, rounds: int, output: Path, warmed: Callable[[str], None]
) -> tuple[dict[str, list[Run]], dict[str, str]]:
    """Measure contestants on a capture in turn (A B C A B C ...), after a run of each that is not counted.

    Every run writes into an emptied folder. A contestant that fails is left out from there on.

    Args:
        contestants: who takes part, in order.
        capture: the capture that all of them read.
        rounds: counted runs of each.
        output: folder to write to; what was in it is lost.
        warmed: called with the name of a contestant after its first run, its files in ``output``.

    Returns:
        Runs by contestant, and messages of those that failed.
    """
    runs: dict[str, list[Run]] = {contestant.name: [] for contestant in contestants}
    failed: dict[str, str] = {}
    for number in range(rounds + 1):
        for contestant in contestants:
            if contestant.name in failed:
                continue
            command = contestant.command(capture, fresh(output))
            try:
                result = run(command, contestant.environment, output)
            except CommandError as error:
                failed[contestant.name] = str(error)
                del runs[contestant.name]
                continue
            if number:
                runs[contestant.name].append(result)
            else:
                warmed(contestant.name)
    return runs, failed


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and greatest of some figures."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread":
        """Summarise one figure or more."""
        return cls(statistics.median(figures), min(figures), max(figures))


def ratios(figures: Sequence[float], others: Sequence[float]) -> list[float]:
    """Return figures of one contestant divided by those of another, round by round.

    Both ran within the same seconds, so a change of the machine's speed between rounds cancels out.
    """
    return [figure / other for figure, other in zip(figures, others, strict=True)]


def walls(runs: Sequence[Run]) -> list[float]:
    """Return the wall clock of runs."""
    return [run.wall for run in runs]


def cpus(runs: Sequence[Run]) -> list[float]:
    """Return the processor time of runs."""
    return [run.cpu for run in runs]
