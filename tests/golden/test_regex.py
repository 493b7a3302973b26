"""regex_pcre beside what Tranalyzer2 0.9.3 writes: the flow files of 788 captures, with five rules."""

from pathlib import Path

import pytest

from tests.golden.runs import GOLDEN, GROUPS, Configuration, needs_golden, real_differences

RULES = GOLDEN / "expected" / "regex" / "regexfile.txt"
REGEX = Configuration(
    "regex",
    ("basicFlow", "tcpStates", "regex_pcre", "txtSink"),
    packet_mode=False,
    settings={"regex_pcre.RGX_POSIX_FILE": str(RULES)},
)

pytestmark = [pytest.mark.golden, needs_golden]


@pytest.mark.parametrize("group", range(GROUPS))
def test_real_captures_give_the_files_of_the_reference(tmp_path: Path, group: int) -> None:
    assert real_differences(REGEX, group, tmp_path) == []
