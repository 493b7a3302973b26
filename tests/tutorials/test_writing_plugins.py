"""docs/writing_plugins.md: every block of code is run, and prints what the page says."""

import ast
import re
import shutil
from pathlib import Path

import pytest

from tests.core.captures import EXERCISE, REPOSITORY
from tests.pages import Block, Console, blocks

PAGE = REPOSITORY / "docs" / "writing_plugins.md"
PLACE = re.compile(r"# (\w+\.py)(, in the class)?\n")


def is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def name_of(node: ast.stmt) -> str:
    """Name of a member of a class: method or attribute."""
    if isinstance(node, ast.FunctionDef):
        return node.name
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return ""


def put_into_class(source: str, members: str) -> str:
    """Put members into the last class of a module, in the place of those with the same name."""
    module, added = ast.parse(source), ast.parse(members).body
    module.body[:0] = filter(is_import, added)
    added = [node for node in added if not is_import(node)]
    target = module.body[-1]
    assert isinstance(target, ast.ClassDef)
    names = {name_of(node) for node in added}
    assert "" not in names
    target.body = [node for node in target.body if name_of(node) not in names] + added
    return ast.unparse(module)


def write(block: Block, folder: Path) -> None:
    """Do what a reader does with a block of Python: make a file, or change it."""
    match = PLACE.match(block.text)
    assert match is not None, block.text
    path = folder / match[1]
    path.write_text(put_into_class(path.read_text(), block.text) if match[2] else block.text)


@pytest.mark.parametrize("kind", ["python", "console"])
def test_the_page_has_blocks(kind: str) -> None:
    assert sum(block.kind == kind for block in blocks(PAGE)) > 8


def test_every_block_prints_what_the_page_says(tmp_path: Path) -> None:
    shutil.copy(EXERCISE, tmp_path / EXERCISE.name)
    console = Console(tmp_path)
    for block in blocks(PAGE):
        if block.kind == "python":
            write(block, tmp_path)
        else:
            console.check(block)
