"""Blocks of code on the pages of docs/: found, run, and compared with what the pages say."""

import doctest
import gzip
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from t2tui.cli.kernels import compile_kernels
from tests.conftest import ENVIRONMENT
from tests.core.captures import EXERCISE

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of code of a page."""

    kind: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """Blocks of a page that name a language."""
    for match in _BLOCK.finditer(page.read_text("utf-8")):
        yield Block(*match.groups())


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """Commands of a console block, and what they print."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


class Console:
    """Runs console blocks in a folder, as a reader does who has the program in his path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        program = folder / "bin" / "t2tui"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m t2tui "$@"\n')
        program.chmod(0o755)
        self._environment = {**ENVIRONMENT, "PATH": f"{program.parent}:{ENVIRONMENT['PATH']}"}

    def check(self, block: Block) -> None:
        """Run the commands of a block; fail if one prints something else (``...`` stands for anything)."""
        checker = doctest.OutputChecker()
        for command, expected in commands(block):
            done = subprocess.run(
                command,
                shell=True,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert checker.check_output(expected, done.stdout, doctest.ELLIPSIS), (
                f"$ {command}\n{done.stdout}\n--- the page says:\n{expected}"
            )


def check_page(page: Path, folder: Path) -> None:
    """Run all console blocks and Python sessions of a page, in their order.

    Args:
        page: sessions have the name ``folder``.
        folder: the working directory; it holds the exercise capture, unpacked, as ``exercise.pcap``.
    """
    compile_kernels()
    (folder / "exercise.pcap").write_bytes(gzip.decompress(EXERCISE.read_bytes()))
    console = Console(folder)
    names: dict[str, Any] = {"folder": str(folder)}
    found = list(blocks(page))
    assert found, f"{page.name} has no blocks"
    for block in found:
        if block.kind == "console":
            console.check(block)
            continue
        assert block.kind == "python", block.kind
        test = doctest.DocTestParser().get_doctest(block.text, names, page.name, str(page), 0)
        assert test.examples, f"no session: {block.text}"
        complaints: list[str] = []
        runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
        runner.run(test, out=complaints.append, clear_globs=False)
        assert complaints == [], "".join(complaints)
        names = test.globs
