"""The report on standard output: marks in colour on a terminal, and never mixed with the progress line."""

import re
from typing import BinaryIO

from t2tui.cli.progress import Line
from t2tui.cli.terminal import abandon, coloured, printable, say
from t2tui.core.report import err

RULE = "-" * 80
"""Line before and after the lines of the plugins."""

ERROR = err("")
"""How the lines of errors begin."""

_LABEL = re.compile(r"(\w+:) (.*)")


class Report:
    """Prints the lines of a report, each at once.

    A reader that goes away does not end the run, whose files are worth more than its report.

    Attributes:
        failure: why lines were lost, None as long as all are written.
        has_errors: a line told of an error that the run survives, such as a sink without server.
    """

    def __init__(
        self,
        stream: BinaryIO | None,
        *,
        colour: bool = False,
        terminal: bool = False,
        line: Line | None = None,
    ) -> None:
        """Remember where to print.

        Args:
            stream: gets UTF-8; None: nothing is printed.
            colour: print marks and names of plugins as the reference does.
            terminal: escape control characters, which file names may hold.
            line: the progress line, cleared first when it may be on the same terminal.
        """
        self.failure: OSError | None = None
        self.has_errors = False
        self._stream = stream
        self._colour = colour
        self._terminal = terminal
        self._line = line
        self._among_plugins = False

    @property
    def is_seen(self) -> bool:
        """The lines appear on a terminal."""
        return self._terminal and self.failure is None

    def __call__(self, line: str) -> None:
        """Print a line, given without line end; say errors on standard error if nobody sees them here."""
        if line.startswith(ERROR):
            self._take_error(line.removeprefix(ERROR))
        if self._stream is None or self.failure is not None:
            return
        if self._terminal:
            line = printable(line)
        if self._colour:
            line = self._styled(line)
        if self._line is not None:
            self._line.clear()
        try:
            self._stream.write(f"{line}\n".encode("utf-8", "surrogateescape"))
            self._stream.flush()
        except OSError as failure:
            self.failure = failure
            abandon(self._stream)

    def _take_error(self, text: str) -> None:
        self.has_errors = True
        if not self.is_seen:
            if self._line is not None:
                self._line.clear()
            say("ERR", text)

    def _styled(self, line: str) -> str:
        if line == RULE:
            self._among_plugins = not self._among_plugins
        elif self._among_plugins and (label := _LABEL.fullmatch(line)):
            return f"\x1b[1m{label[1]}\x1b[0m {label[2]}"
        return coloured(line)
