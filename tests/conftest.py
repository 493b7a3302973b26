"""Fixtures that all tests share."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis
import pytest

hypothesis.settings.register_profile("t2tui", deadline=None, derandomize=True)
hypothesis.settings.load_profile("t2tui")

REPOSITORY = Path(__file__).resolve().parent.parent

_STATE = TemporaryDirectory(prefix="t2tui-state-")

ENVIRONMENT = {
    **{
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "CLICOLOR_FORCE", "T2TUI_DEBUG")
    },
    "PYTHONPATH": str(REPOSITORY),
    "XDG_CONFIG_HOME": os.devnull,
    "T2TUI_STATE": _STATE.name,
}
"""Environment of programs that tests start: this package, nobody's settings."""


@pytest.fixture
def t2tui(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the program as users do, in an empty folder, without terminal."""

    def run(*words: str | Path, **more: object) -> subprocess.CompletedProcess[str]:
        settings = {
            "cwd": tmp_path,
            "stdin": subprocess.DEVNULL,
            "timeout": 300,
            "check": False,
            "env": {},
            **more,
        }
        settings["env"] = {**ENVIRONMENT, **settings["env"]}  # type: ignore[dict-item]
        for stream in ("stdout", "stderr"):
            settings.setdefault(stream, subprocess.PIPE)
        if "input" in settings:
            del settings["stdin"]
        command = [sys.executable, "-m", "t2tui", *map(str, words)]
        settings.setdefault("text", True)
        return subprocess.run(command, **settings)  # type: ignore[call-overload,no-any-return]

    return run


PATIENCE = 300
"""Seconds until a test gives up: the first run of a program compiles kernels."""


class Listener:
    """A server for one program: takes one TCP connection, or datagrams, and keeps what arrives.

    Attributes:
        port: where it listens, on 127.0.0.1.
    """

    def __init__(self, kind: socket.SocketKind) -> None:
        self._socket = socket.socket(socket.AF_INET, kind)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(PATIENCE)
        self.port: int = self._socket.getsockname()[1]
        self._parts: list[bytes] = []
        self._has_come = False
        self._stream: socket.socket | None = None
        self._thread: threading.Thread | None = None
        if kind == socket.SOCK_STREAM:
            self._socket.listen()
            self._thread = threading.Thread(target=self._take)
            self._thread.start()

    def _take(self) -> None:
        try:
            stream, _ = self._socket.accept()
        except OSError:  # nobody came before the test ended
            return
        with stream:
            self._stream, self._has_come = stream, True
            while part := stream.recv(4096):
                self._parts.append(part)

    def received(self) -> bytes:
        """All bytes of the connection, when the other side has closed it."""
        assert self._thread is not None
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the connection was not closed"
        assert self._has_come, "nobody connected"
        return b"".join(self._parts)

    def datagrams(self, count: int) -> list[bytes]:
        """The next datagrams; fails if they do not come."""
        return [self._socket.recv(65536) for _ in range(count)]

    def close(self) -> None:
        if self._thread is not None:
            with contextlib.suppress(OSError):  # not listening any more
                self._socket.shutdown(socket.SHUT_RDWR)
            if self._stream is not None:  # of a test that failed before it closed the connection
                with contextlib.suppress(OSError):
                    self._stream.shutdown(socket.SHUT_RDWR)
            self._thread.join(PATIENCE)
        self._socket.close()


@pytest.fixture
def listen() -> Iterator[Callable[[socket.SocketKind], Listener]]:
    """Open servers: ``listen(socket.SOCK_STREAM)``."""
    opened: list[Listener] = []

    def make(kind: socket.SocketKind) -> Listener:
        opened.append(Listener(kind))
        return opened[-1]

    yield make
    for listener in opened:
        listener.close()


@pytest.fixture
def first_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next run of payloadDumper be the first one of its process."""
    monkeypatch.setattr("t2tui.core.payload.folder._claimed", {})
