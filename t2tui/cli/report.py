"""The report on standard output: marks in colour on a terminal, and never mixed with the progress line."""

import io
import re
from typing import TextIO

from t2tui.cli.progress import Line
from t2tui.cli.terminal import coloured

RULE = "-" * 80
"""Line before and after the lines of the plugins."""

_LABEL = re.compile(r"(\w+:) (.*)")


class ReportStream(io.TextIOBase):
    """Text stream that colours whole lines and clears the progress line before it writes.

    Args:
        stream: where the report goes.
        colour: print marks and names of plugins as the reference does.
        line: the progress line to clear, when it may be on the same terminal.
    """

    def __init__(self, stream: TextIO, colour: bool, line: Line | None = None) -> None:
        self._stream = stream
        self._colour = colour
        self._line = line
        self._pending = ""
        self._plugins = False

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Write the lines that are complete, keep the rest."""
        *lines, self._pending = (self._pending + text).split("\n")
        if lines:
            if self._line is not None:
                self._line.clear()
            self._stream.write("".join(f"{self._styled(line)}\n" for line in lines))
        return len(text)

    def flush(self) -> None:
        """Flush the stream below."""
        self._stream.flush()

    def _styled(self, line: str) -> str:
        if not self._colour:
            return line
        if line == RULE:
            self._plugins = not self._plugins
        elif self._plugins and (label := _LABEL.fullmatch(line)):
            return f"\x1b[1m{label[1]}\x1b[0m {label[2]}"
        return coloured(line)
