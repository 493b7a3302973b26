"""The hidden file in a folder of payload files that lists what was made there (docs/payloaddumper.md)."""

import errno
import fcntl
import os
import stat
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from t2tui.core.outputs import OutputError
from t2tui.core.payload.errors import ELSEWHERE, payload_error, refusal

MARKER = ".t2tui-payloads"
"""Its name. No payload file has this name: theirs hold numbers."""

TITLE = b"# Made here by payloadDumper of t2tui, which removes these files and folders, and no others.\n"

MARKER_MODE = 0o600


class Marker:
    """The list of the files in a folder, and the lock on it.

    A name is listed before its file is made, so a run that is killed leaves no file unlisted. Names of
    folders end in ``/``.
    """

    def __init__(
        self, stack: ExitStack, path: Path, folder: int, *, is_new: bool, locked: bool = True
    ) -> None:
        """Open it.

        Args:
            stack: closes it.
            path: the folder, for messages.
            folder: descriptor of the folder.
            is_new: make it.
            locked: keep other runs out until it is closed.

        Raises:
            OutputError: somebody else made it, or another run has locked it.
            OSError: it cannot be opened.
        """
        self._path = path / MARKER
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        flags |= os.O_CREAT | os.O_EXCL if is_new else 0
        self._file = os.open(MARKER, flags, MARKER_MODE, dir_fd=folder)
        stack.callback(os.close, self._file)
        status = os.fstat(self._file)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise self._strange()
        if locked:
            self._lock(path)
        if is_new:
            self._write(TITLE)
        self.names = self._read()

    def _strange(self) -> OutputError:
        return refusal(self._path, f"it was not made by this program; remove it or {ELSEWHERE}")

    def _lock(self, path: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise refusal(path, f"another run is writing there; wait for its end or {ELSEWHERE}") from None
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP):  # a file system without locks
                raise

    def _read(self) -> list[str]:
        """Return the names; the last line is unfinished if a run was killed while it wrote."""
        text = b""
        os.lseek(self._file, 0, os.SEEK_SET)
        while more := os.read(self._file, 1 << 24):
            text += more
        if not text.startswith(TITLE):
            raise self._strange()
        complete = text.rfind(b"\n") + 1
        os.lseek(self._file, complete, os.SEEK_SET)  # the next line goes there
        names = [os.fsdecode(line) for line in text[len(TITLE) : complete].split(b"\n")[:-1]]
        if any("/" in name[:-1] or name.removesuffix("/") in ("", ".", "..", MARKER) for name in names):
            raise self._strange()
        return list(dict.fromkeys(names))

    def _write(self, text: bytes) -> None:
        try:
            while text:
                text = text[os.write(self._file, text) :]
        except OSError as error:
            raise payload_error(self._path, error) from error

    def append(self, names: Iterable[str]) -> None:
        """List more names, which ``names`` does not get.

        Raises:
            OutputError: they cannot be written.
        """
        self._write(b"".join(os.fsencode(name) + b"\n" for name in names))

    def keep(self, names: list[str]) -> None:
        """Forget all names but these."""
        if names != self.names:
            os.lseek(self._file, len(TITLE), os.SEEK_SET)
            self.append(names)
            os.ftruncate(self._file, os.lseek(self._file, 0, os.SEEK_CUR))
            self.names = names
