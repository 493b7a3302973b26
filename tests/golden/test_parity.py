"""Whole captures beside what Tranalyzer2 0.9.3 writes for them.

``odd.tar.xz`` holds 60 made captures (nested tunnels, fragments, many link types, clipped packets). The real
ones lie outside of the repository, in ``../shared/golden`` or where T2TUI_GOLDEN says.
"""

import os
import tarfile
from pathlib import Path
from typing import NamedTuple

import pytest

from t2tui.core.capture import CaptureError
from t2tui.core.engine import Engine, RunOptions, UnsupportedLinkTypeError
from t2tui.core.outputs import Outputs
from t2tui.plugins import load
from tests.golden.comparison import (
    error_lines,
    first_different_line,
    first_different_value,
    report_lines,
)

HERE = Path(__file__).resolve().parent
GOLDEN = Path(os.environ.get("T2TUI_GOLDEN") or HERE.parents[2] / "shared" / "golden")
ODD = HERE / "odd.tar.xz"

GROUPS = 20
"""Tests per configuration and place; each runs many captures, so that compiling is paid once per process."""


class Configuration(NamedTuple):
    """How the reference was called."""

    plugins: tuple[str, ...]
    packet_mode: bool


CONFIGURATIONS = {
    "full": Configuration(("basicFlow", "basicStats", "tcpStates", "txtSink"), packet_mode=True),
    "minimal": Configuration(("basicFlow", "txtSink"), packet_mode=False),
}

pytestmark = pytest.mark.golden


def undefined(place: Path) -> set[tuple[str, ...]]:
    """Files in which the reference prints memory that it never wrote."""
    lines = (place / "undefined.tsv").read_text().splitlines()[1:]
    return {tuple(line.split("\t")) for line in lines}


def analyse(capture: Path, configuration: Configuration, folder: Path) -> tuple[dict[str, bytes], list[str]]:
    """Files by kind, and errors, of a run."""
    lines: list[str] = []
    errors: list[str] = []
    prefix = folder / "out"
    with Outputs(str(prefix)) as outputs:
        options = RunOptions(packet_mode=configuration.packet_mode, report=lines.append, revision="20261120")
        engine = Engine(str(capture), options, outputs, load(configuration.plugins))
        try:
            engine.run()
        except UnsupportedLinkTypeError as refused:
            errors.append(refused.message)
        engine.close()
    files = {"report": "".join(f"{line}\n" for line in lines).encode()}
    for kind in ("flows", "packets"):
        path = Path(f"{prefix}_{kind}.txt")
        if path.exists():
            files[kind] = path.read_bytes()
            path.unlink()
    return files, errors


def differences(name: str, place: Path, configuration: str, folder: Path) -> list[str]:
    """What differs for a capture, a line for each file."""
    expected = place / "expected" / configuration / name
    try:
        files, errors = analyse(place / "captures" / name, CONFIGURATIONS[configuration], folder)
    except CaptureError as refused:
        return [f"{name}: {refused}"]
    found = []
    for kind in ("flows", "packets", "report"):
        path = expected / f"{kind}.txt"
        if not path.exists() or (name, kind) in undefined(place):
            continue
        if kind == "report":
            text = path.read_text("utf-8")
            difference = first_different_line(report_lines(files[kind].decode()), report_lines(text))
            difference = difference or first_different_line(errors, error_lines(text))
        else:
            difference = first_different_value(files.get(kind, b""), path.read_bytes())
        if difference:
            found.append(f"{kind} {name}: {difference}")
    return found


def members(names: list[str], group: int) -> list[str]:
    """Captures of a group."""
    return names[group::GROUPS]


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made captures, unpacked."""
    place = tmp_path_factory.mktemp("odd")
    with tarfile.open(ODD) as archive:
        archive.extractall(place, filter="data")
    return place


@pytest.mark.parametrize("group", range(GROUPS))
def test_made_captures_give_the_files_of_the_reference(odd: Path, tmp_path: Path, group: int) -> None:
    names = members(sorted(path.name for path in (odd / "captures").iterdir()), group)
    assert names
    assert [line for name in names for line in differences(name, odd, "full", tmp_path)] == []


@pytest.mark.skipif(
    not GOLDEN.is_dir(), reason=f"no real captures at {GOLDEN} (T2TUI_GOLDEN names another place)"
)
@pytest.mark.parametrize("group", range(GROUPS))
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_real_captures_give_the_files_of_the_reference(
    configuration: str, tmp_path: Path, group: int
) -> None:
    expected = GOLDEN / "expected" / configuration
    names = members(
        sorted(path.name for path in expected.iterdir() if not path.name.startswith("odd_")), group
    )
    assert names
    assert [line for name in names for line in differences(name, GOLDEN, configuration, tmp_path)] == []
