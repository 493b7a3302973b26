"""The program in a pseudo-terminal, as a user has it."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

from tests.conftest import ENVIRONMENT

PATIENCE = 60

BEGIN = """
import fcntl, os, signal, sys, termios
if "T2TUI_TEST_NOHUP" in os.environ:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.setsid()
fcntl.ioctl(1, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""Makes the pseudo-terminal the one that /dev/tty names."""

_ENVIRONMENT = {name: value for name, value in ENVIRONMENT.items() if name not in ("COLUMNS", "LINES")}
"""Without the size that pytest's workers claim to have."""

_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\x1b[()*+][0-9A-Z]|\x1b[=>78DEHMNOc]"
    r"|\x1bP[^\x1b]*\x1b\\"  # DCS
    r"|\x1b\]22;[a-z-]*\x07"  # shape of the mouse pointer
)


class Screen:
    """The program in a terminal of its own.

    Attributes:
        process: the program.
        output: all bytes that it has written to the terminal.
    """

    def __init__(
        self, folder: Path, *words: str, width: int = 100, height: int = 30, stdin: Any = None, **env: str
    ) -> None:
        self._terminal, theirs = pty.openpty()
        os.set_blocking(self._terminal, False)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", BEGIN, "-m", "t2tui", *words],
            cwd=folder,
            stdin=theirs if stdin is None else stdin,
            stdout=theirs,
            stderr=theirs,
            env={
                **_ENVIRONMENT,
                "TERM": "xterm-256color",
                "TEXTUAL_ANIMATIONS": "none",
                "T2TUI_STATE": str(folder / "state"),
                **env,
            },
        )
        os.close(theirs)
        self._is_there = True
        self.output = b""

    @property
    def text(self) -> str:
        """What was written, without the sequences that place and colour it."""
        return _SEQUENCE.sub("", self.output.decode("utf-8", "surrogateescape"))

    def press(self, keys: str) -> None:
        """Type keys."""
        os.write(self._terminal, keys.encode())

    def wait_for(self, wanted: str, start: int = 0) -> int:
        """Read until a text appears behind a place of the text; return the place behind it."""
        until = time.monotonic() + PATIENCE
        while (place := self.text.find(wanted, start)) < 0:
            assert time.monotonic() < until, f"{wanted!r} does not appear in {self.text[start:]!r}"
            assert self._read(0.1) or self.process.poll() is None, f"ended before {wanted!r}: {self.text!r}"
        return place + len(wanted)

    def settle(self, seconds: float = 0.4) -> None:
        """Read until nothing comes for some time."""
        while self._read(seconds):
            pass

    def finish(self) -> int:
        """Read to the end; the exit code."""
        until = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < until, "the program does not end"
            self._read(0.05)
        while self._read(0):
            pass
        return self.process.wait()

    def vanish(self) -> int:
        """Close the terminal; the exit code of the program."""
        os.close(self._terminal)
        self._is_there = False
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """End the program."""
        self.process.kill()
        self.process.wait()
        if self._is_there:
            os.close(self._terminal)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._terminal], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._terminal, 1 << 16)
        except OSError:  # the other end is closed
            time.sleep(min(seconds, 0.05))
            return False
        self.output += data
        return bool(data)
