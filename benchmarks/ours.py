"""How t2tui is called, as its users call it: a process of its own that writes its files."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from captures import ROOT
from measure import Contestant


@dataclass(frozen=True, slots=True)
class Program:
    """A t2tui.

    Attributes:
        words: the command.
        environment: variables beyond those of this process.
    """

    words: Sequence[str]
    environment: Mapping[str, str]

    @classmethod
    def installed(cls, command: str) -> "Program":
        """Return the t2tui that a command line starts."""
        return cls(shlex.split(command), {})

    @classmethod
    def in_folder(cls, folder: Path = ROOT) -> "Program":
        """Return the t2tui whose package lies in a folder, run by this Python."""
        # Without PYTHONSAFEPATH, the package in the current folder would come first.
        return cls([sys.executable, "-m", "t2tui"], {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"})

    def analysis(self, name: str, *arguments: str) -> Contestant:
        """Return the contestant that reads a capture and writes the flow file.

        Args:
            name: what tables call it.
            arguments: further words, such as ``-s``.
        """

        def command(capture: Path, output: Path) -> list[str]:
            return [*self.words, "run", str(capture), "-w", f"{output}/", "--quiet", *arguments]

        return Contestant(name, command, self.environment)

    def help(self, name: str) -> Contestant:
        """Return the contestant that prints its help."""
        return Contestant(name, lambda *_: [*self.words, "--help"], self.environment)
