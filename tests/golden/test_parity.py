"""Whole captures beside what Tranalyzer2 0.9.3 writes for them.

``odd.tar.xz`` holds 60 made captures (nested tunnels, fragments, many link types, clipped packets).
"""

import tarfile
from pathlib import Path

import pytest

from tests.golden.runs import (
    GROUPS,
    HERE,
    Configuration,
    differences,
    members,
    needs_golden,
    real_differences,
)

ODD = HERE / "odd.tar.xz"

FULL = Configuration(
    "full", ("basicFlow", "basicStats", "tcpStates", "payloadDumper", "txtSink"), packet_mode=True
)
MINIMAL = Configuration("minimal", ("basicFlow", "txtSink"), packet_mode=False)

pytestmark = pytest.mark.golden


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
    assert [line for name in names for line in differences(name, odd, FULL, tmp_path)] == []


@needs_golden
@pytest.mark.parametrize("group", range(GROUPS))
@pytest.mark.parametrize("configuration", [FULL, MINIMAL], ids=lambda configuration: configuration.name)
def test_real_captures_give_the_files_of_the_reference(
    configuration: Configuration, tmp_path: Path, group: int
) -> None:
    assert real_differences(configuration, group, tmp_path) == []
