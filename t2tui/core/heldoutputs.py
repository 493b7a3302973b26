"""The files of a run that writes none: summaries of plugins, kept in memory."""

import io
from pathlib import Path
from typing import BinaryIO

from t2tui.core.outputs import OutputError

MOST_BYTES = 64 << 20
"""Most bytes of all files together; summaries have some kilobytes."""


class HeldOutputs:
    """Takes the place of Outputs where flows are kept as columns.

    Attributes:
        prefix: empty.
        files: what plugins have written, by suffix.
    """

    prefix = ""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._held: dict[str, HeldFile] = {}

    def open(self, suffix: str) -> BinaryIO:
        """Open a file in memory.

        Raises:
            OutputError: it is already being written; and, when it is written, the files become too large.
        """
        if suffix in self._held:
            raise OutputError(f"'{suffix}'", "it is already in use by this run")
        self._held[suffix] = HeldFile(self, suffix)
        return self._held[suffix]

    def open_flows(self, suffix: str) -> BinaryIO:
        """Refuse: flows are kept as columns."""
        raise _refusal(suffix)

    def path(self, suffix: str) -> Path:
        """Refuse: there is no place."""
        raise _refusal(suffix)

    def commit_file(self, suffix: str) -> None:
        """Nothing has to be renamed."""

    def check_room(self) -> None:
        """Raise an error if the files have become too large."""
        if sum(file.tell() for file in self._held.values() if not file.closed) > MOST_BYTES:
            raise OutputError("files of plugins", f"more than {MOST_BYTES >> 20} MB do not stay in memory")


class HeldFile(io.BytesIO):
    """A file in memory that hands its bytes over when it is closed."""

    def __init__(self, outputs: HeldOutputs, suffix: str) -> None:
        super().__init__()
        self._outputs, self._suffix = outputs, suffix

    def write(self, data: "bytes | bytearray | memoryview", /) -> int:  # type: ignore[override]
        """Write, as long as there is room."""
        written = super().write(data)
        self._outputs.check_room()
        return written

    def close(self) -> None:
        """Hand the bytes over; closing twice is allowed."""
        if not self.closed:
            self._outputs.files[self._suffix] = self.getvalue()
        super().close()


def _refusal(suffix: str) -> OutputError:
    return OutputError(f"'{suffix}'", "this analysis writes no files; leave the plugin that opens it out")
