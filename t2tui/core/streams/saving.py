"""What streams hold, written to files that appear whole or not at all."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, cast

from t2tui.core.outputs import Outputs


class _Watched:
    """A file that tells how many bytes were written so far."""

    def __init__(self, file: BinaryIO, tell: Callable[[int], None]) -> None:
        self._file, self._tell = file, tell
        self._written = 0

    def write(self, data: bytes) -> int:
        """Write bytes."""
        self._file.write(data)
        self._written += len(data)
        self._tell(self._written)
        return len(data)


def save(
    path: Path,
    write: Callable[[BinaryIO], int],
    inputs: Iterable[str | Path] = (),
    tell: Callable[[int], None] = lambda written: None,
) -> int:
    """Write a file.

    Args:
        path: of the file; one that is there is replaced at the end.
        write: writes the content and returns what it wrote, as ``Stream.write`` does.
        inputs: files that are read and must not be written.
        tell: gets the number of bytes so far, often; what it raises ends the writing, and no file appears.

    Returns:
        What ``write`` returned.

    Raises:
        OutputError: the file cannot be written.
        CaptureError: the capture cannot be read any more.
    """
    with Outputs(str(path), inputs) as outputs:
        return write(cast(BinaryIO, _Watched(outputs.open(""), tell)))
