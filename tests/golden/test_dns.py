"""dnsDecode beside what Tranalyzer2 0.9.3 writes: the flow files of all real captures."""

from pathlib import Path

import pytest

from t2tui.core.capture import CaptureError
from tests.golden.comparison import first_different_value
from tests.golden.runs import GOLDEN, GROUPS, Configuration, analyse, members, needs_golden, undefined

EXPECTED = GOLDEN / "expected" / "dns"
CONFIGURATION = Configuration("dns", ("basicFlow", "tcpStates", "dnsDecode", "txtSink"), packet_mode=False)

pytestmark = [pytest.mark.golden, needs_golden]


def difference(name: str, folder: Path) -> str | None:
    """What differs in the flow file of a capture."""
    try:
        files, _ = analyse(GOLDEN / "captures" / name, CONFIGURATION, folder)
    except CaptureError as refused:
        return f"{name}: {refused}"
    found = first_different_value(files.get("flows", b""), (EXPECTED / name / "flows.txt").read_bytes())
    return f"{name}: {found}" if found else None


@pytest.mark.parametrize("group", range(GROUPS))
def test_flow_files_are_those_of_the_reference(tmp_path: Path, group: int) -> None:
    skipped = {name for name, *_ in undefined(GOLDEN, "dns")}
    names = members(sorted(path.name for path in EXPECTED.iterdir() if path.is_dir()), group)
    assert names
    found = [difference(name, tmp_path) for name in names if name not in skipped]
    assert [line for line in found if line] == []
