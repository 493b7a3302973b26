"""Files that payloadDumper writes beside those of the reference."""

import hashlib
from pathlib import Path

import pytest

from t2tui.core.engine import UnsupportedLinkTypeError
from t2tui.core.payload.marker import MARKER
from t2tui.plugins.payloaddumper import dump
from tests.golden.runs import GOLDEN, GROUPS, members, needs_golden
from tests.plugins.dumping import contents

pytestmark = [pytest.mark.golden, pytest.mark.usefixtures("first_run")]

BEYOND_THE_PACKET = {
    "odd_006.pcap": {"63_A"},
    "odd_010.pcap": {"29_A"},
    "odd_033.pcap": {"65_A"},
    "odd_044.pcap": {"11_A"},
}
"""Payloads of 65 kB of packets of some hundred bytes: the reference writes what its memory holds there."""

LARGEST_ON_DISK = 1 << 21
"""Bytes that the blocks of the largest file take; one file has 380 MB, nearly all of them a hole."""

Listed = dict[str, list[str]]
"""Size and SHA-256 of files by name."""


def dumped_files(folder: Path) -> Listed:
    """Return what was dumped."""
    found = {}
    for path in folder.iterdir():
        if path.name != MARKER:
            with path.open("rb") as file:
                found[path.name] = [str(path.stat().st_size), hashlib.file_digest(file, "sha256").hexdigest()]
    return found


def files_of_the_reference(name: str) -> Listed:
    """Return what the reference dumped; a capture without payload has no list."""
    path = GOLDEN / "expected" / "full" / name / "payloads.tsv"
    lines = path.read_text().splitlines() if path.exists() else []
    return {file: rest for file, *rest in (line.split("\t") for line in lines)}


@needs_golden
@pytest.mark.parametrize("group", range(GROUPS))
def test_files_are_those_of_the_reference(group: int, tmp_path: Path) -> None:
    """The columns and report lines of the same captures are compared in tests/golden/test_parity.py."""
    compared = 0
    for name in members(sorted(path.name for path in (GOLDEN / "expected" / "full").iterdir()), group):
        folder = tmp_path / name
        try:
            dump(str(GOLDEN / "captures" / name), (), folder, PLDUMP_L2=0)
        except UnsupportedLinkTypeError:
            assert contents(folder) == {}
            continue
        got, expected = dumped_files(folder), files_of_the_reference(name)
        for file in BEYOND_THE_PACKET.get(name, ()):
            assert got[file][0] == expected[file][0], f"{name}: size of {file}"
            got[file] = expected[file]
        assert got == expected, name
        for path in folder.iterdir():
            assert path.stat().st_blocks * 512 < LARGEST_ON_DISK, path
            path.unlink()
        compared += len(expected)
    assert compared > 50
