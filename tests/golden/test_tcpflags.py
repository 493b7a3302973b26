"""tcpFlags beside what Tranalyzer2 0.9.3 writes: 788 captures, packet files of the small ones."""

from pathlib import Path

import pytest

from tests.golden.runs import GROUPS, Configuration, needs_golden, real_differences

TCP_FLAGS = Configuration("tcpflags", ("basicFlow", "tcpFlags", "tcpStates", "txtSink"), packet_mode=True)

pytestmark = [pytest.mark.golden, needs_golden]


@pytest.mark.parametrize("group", range(GROUPS))
def test_real_captures_give_the_files_of_the_reference(tmp_path: Path, group: int) -> None:
    assert real_differences(TCP_FLAGS, group, tmp_path) == []
