"""Runs of whole captures, compared with what Tranalyzer2 0.9.3 writes for them.

The real captures lie outside of the repository, in ``../shared/golden`` or where T2TUI_GOLDEN says.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from t2tui.core.capture import CaptureError
from t2tui.core.engine import Engine, RunOptions, UnsupportedLinkTypeError
from t2tui.core.outputs import Outputs
from t2tui.core.settings import load_settings
from t2tui.plugins import find, load
from tests.golden.comparison import (
    error_lines,
    first_different_line,
    first_different_value,
    payload_lines,
    report_lines,
)

HERE = Path(__file__).resolve().parent
GOLDEN = Path(os.environ.get("T2TUI_GOLDEN") or HERE.parents[2] / "shared" / "golden")

GROUPS = 20
"""Tests per configuration and place; each runs many captures, so that compiling is paid once per process."""

PAYLOAD = "payloadDumper"
"""The plugin whose files are compared, too."""

needs_golden = pytest.mark.skipif(
    not GOLDEN.is_dir(), reason=f"no real captures at {GOLDEN} (T2TUI_GOLDEN names another place)"
)


class Configuration(NamedTuple):
    """How the reference was called.

    Attributes:
        name: folder of the expected files.
        plugins: names.
        packet_mode: option ``-s``.
        settings: values of flags by ``PLUGIN.FLAG``.
    """

    name: str
    plugins: tuple[str, ...]
    packet_mode: bool
    settings: Mapping[str, str] = {}


def undefined(place: Path, configuration: str) -> set[tuple[str, ...]]:
    """Files in which the reference prints memory that it never wrote."""
    own = place / "expected" / configuration / "undefined.tsv"
    lines = (own if own.exists() else place / "undefined.tsv").read_text().splitlines()[1:]
    return {tuple(line.split("\t")) for line in lines}


def payload_folder(capture: Path, folder: Path) -> Path:
    """Where payload of a capture goes: a second run of a process would not empty the folder of the first."""
    return folder / f"payload of {capture.name}"


def analyse(capture: Path, configuration: Configuration, folder: Path) -> tuple[dict[str, bytes], list[str]]:
    """Files by kind, and errors, of a run."""
    lines: list[str] = []
    errors: list[str] = []
    prefix = folder / "out"
    with Outputs(str(prefix)) as outputs:
        options = RunOptions(packet_mode=configuration.packet_mode, report=lines.append, revision="20261120")
        assignments = [f"{flag}={value}" for flag, value in configuration.settings.items()]
        if PAYLOAD in configuration.plugins:
            assignments.append(f"{PAYLOAD}.PLDUMP_FOLDER={payload_folder(capture, folder)}")
        flags = {name: find(name).flags for name in configuration.plugins}
        plugins = load(configuration.plugins, load_settings(flags, None, assignments, {}))
        engine = Engine(str(capture), options, outputs, plugins)
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


def differences(name: str, place: Path, configuration: Configuration, folder: Path) -> list[str]:
    """What differs for a capture, a line for each file."""
    expected = place / "expected" / configuration.name / name
    capture = place / "captures" / name
    try:
        files, errors = analyse(capture, configuration, folder)
    except CaptureError as refused:
        return [f"{name}: {refused}"]
    found = []
    unknown = undefined(place, configuration.name)
    for kind in ("flows", "packets", "report"):
        path = expected / f"{kind}.txt"
        if not path.exists() or (name, kind) in unknown:
            continue
        if kind == "report":
            text = path.read_text("utf-8")
            difference = first_different_line(report_lines(files[kind].decode()), report_lines(text))
            difference = difference or first_different_line(errors, error_lines(text))
        else:
            difference = first_different_value(files.get(kind, b""), path.read_bytes())
        if difference:
            found.append(f"{kind} {name}: {difference}")
    if PAYLOAD in configuration.plugins and (name, "packets") not in unknown:  # both show the same bytes
        path = expected / "payloads.tsv"
        listed = path.read_text().splitlines() if path.exists() else []
        difference = first_different_line(payload_lines(payload_folder(capture, folder)), sorted(listed))
        if difference:
            found.append(f"payload {name}: {difference}")
    return found


def members(names: list[str], group: int) -> list[str]:
    """Captures of a group."""
    return names[group::GROUPS]


def real_differences(configuration: Configuration, group: int, folder: Path) -> list[str]:
    """What differs for the real captures of a group."""
    expected = GOLDEN / "expected" / configuration.name
    known = sorted(path.name for path in expected.iterdir() if path.is_dir())
    names = members([name for name in known if not name.startswith("odd_")], group)
    assert names
    return [line for name in names for line in differences(name, GOLDEN, configuration, folder)]
