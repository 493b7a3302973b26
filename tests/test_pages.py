"""Pages of docs/: every block of code is run, and prints what the page says."""

from pathlib import Path

import pytest

from tests.core.captures import REPOSITORY
from tests.pages import check_page


@pytest.mark.parametrize("name", ["decode", "extract", "statistics"])
def test_every_block_prints_what_the_page_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check_page(REPOSITORY / "docs" / f"{name}.md", tmp_path)
