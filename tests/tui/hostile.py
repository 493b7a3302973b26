"""Plugins of strangers."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from t2tui import plugins
from t2tui.core import bits, columns
from t2tui.plugins import files

SUMMARY = "\x1b]0;owned\x07\x1b[2J[/x] [bold]loud[@click=app.quit]\u202eabc"

PLUGIN = """\
from t2tui.core.settings import Flag
from t2tui.plugins.base import Plugin


class It(Plugin):
    name = {name!r}
    number = {number}
    summary = {summary!r}
    requires = {requires!r}
    flags = (Flag("IT_TEXT", "[/x]\\x1b[2J", help={summary!r}), Flag("IT_MOST", 3, help="most", minimum=1))
"""


@pytest.fixture
def plugin_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that is searched: one is hostile, one lacks another, one is broken."""
    before = columns._registered.copy(), bits._registered.copy(), plugins._registered.copy()
    folder = tmp_path / "plugins [red]"
    folder.mkdir()
    for number, name, requires in ((510, "loud", ()), (520, "needy", ("connStat",))):
        text = PLUGIN.format(name=name, number=number, summary=SUMMARY, requires=requires)
        (folder / f"{number}_{name}.py").write_text(text)
    (folder / "530_bad.py").write_text('raise ValueError("\\x1b[2J[/y]")\n')
    plugins.search_in([folder])
    yield folder
    columns._registered[:], bits._registered, plugins._registered = before
    columns.register([])
    for name in [name for name in sys.modules if name.startswith(files.MODULES + ".")]:
        del sys.modules[name]
    plugins.search_in([])
