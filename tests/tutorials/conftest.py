"""The exercise capture, and runs of the command line on it as a reader of the tutorials types them."""

import gzip
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

SAMPLE = Path(__file__).parents[2] / "sample_data" / "exercise.pcap.gz"

Row = dict[str, str]


@pytest.fixture
def exercise(tmp_path: Path) -> Path:
    """The capture, unpacked, in the folder where the program runs."""
    path = tmp_path / "exercise.pcap"
    path.write_bytes(gzip.decompress(SAMPLE.read_bytes()))
    return path


@pytest.fixture
def report(t2tui: Callable[..., CompletedProcess[str]], exercise: Path) -> Callable[..., list[str]]:
    """Run on the capture; files go to ``results/``; gives the lines of the report."""

    def run(*words: str) -> list[str]:
        done = t2tui("run", exercise.name, "-w", "results/", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


@pytest.fixture
def rows(tmp_path: Path) -> Callable[[str], list[Row]]:
    """Read a table of the results by column name: ``flows`` or ``packets``."""

    def read(kind: str) -> list[Row]:
        text = (tmp_path / "results" / f"exercise_{kind}.txt").read_text("utf-8")
        header, *lines = text.splitlines()
        names = header.removeprefix("%").split("\t")
        return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]

    return read
