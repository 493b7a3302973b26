"""Captures made here, and the program in a pseudo-terminal."""

import io
import os
import pty
import select
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import dpkt
import pytest

from t2tui.cli.kernels import compile_kernels
from tests.conftest import ENVIRONMENT

DEADLINE = 120
"""Seconds after which a program that does not answer is a failure."""


def udp(source_port: int, payload: bytes = b"payload") -> bytes:
    """An Ethernet frame with a UDP datagram from 10.0.0.1 to 10.0.0.2, port 53."""
    datagram = dpkt.udp.UDP(sport=source_port, dport=53, data=payload)
    datagram.ulen = len(datagram)
    packet = dpkt.ip.IP(src=b"\x0a\0\0\1", dst=b"\x0a\0\0\2", p=17, data=datagram)
    packet.len = len(packet)
    return bytes(dpkt.ethernet.Ethernet(src=b"\2\0\0\0\0\1", dst=b"\2\0\0\0\0\2", data=packet))


def pcap(frames: list[bytes], link_type: int = 1) -> bytes:
    """A capture with a frame per second."""
    file = io.BytesIO()
    writer = dpkt.pcap.Writer(file, linktype=link_type)
    for second, frame in enumerate(frames):
        writer.writepkt(frame, 1_000_000_000 + second)
    return file.getvalue()


def many_flows(flows: int) -> bytes:
    """A capture of a frame per flow, all within a second."""
    record = bytearray(udp(0))
    place = record.index(struct.pack(">HH", 0, 53))
    head = struct.pack("<IIII", 10**9, 0, len(record), len(record))
    parts = [pcap([])]
    for flow in range(flows):
        struct.pack_into(">HH", record, place, flow & 0xFFFF, 1 + (flow >> 16))
        parts += [head, bytes(record)]
    return b"".join(parts)


@pytest.fixture(scope="session", autouse=True)
def _compiled() -> None:
    """No program that is started here has to compile."""
    compile_kernels()


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Three datagrams of two flows."""
    path = tmp_path / "three.pcap"
    path.write_bytes(pcap([udp(1000), udp(1000), udp(2000)]))
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The user's folder of configurations of ``t2tui``."""
    folder = tmp_path / "config" / "t2tui"
    (folder / "plugins").mkdir(parents=True)
    return folder


def env(home: Path) -> dict[str, dict[str, str]]:
    """Let a program use that folder: ``t2tui(..., **env(home))``."""
    return {"env": {"XDG_CONFIG_HOME": str(home.parent)}}


class Terminal:
    """A program with a terminal of 100 columns as standard error, and as output unless told otherwise.

    Attributes:
        process: the program.
        text: what it has printed on the terminal so far.
    """

    def __init__(self, words: list[str], folder: Path, **more: object) -> None:
        self._terminal, theirs = pty.openpty()
        os.set_blocking(self._terminal, False)
        settings = {"stdin": subprocess.DEVNULL, "stdout": theirs, "stderr": theirs, "env": {}, **more}
        settings["env"] = {**ENVIRONMENT, "TERM": "xterm", "COLUMNS": "100", **settings["env"]}  # type: ignore[dict-item]
        command = [sys.executable, "-m", "t2tui", *words]
        self.process = subprocess.Popen(command, cwd=folder, **settings)  # type: ignore[call-overload]
        os.close(theirs)
        self.text = ""

    def read_until(self, wanted: str) -> None:
        """Read until a text appears."""
        deadline = time.monotonic() + DEADLINE
        while wanted not in self.text:
            assert time.monotonic() < deadline, f"{wanted!r} does not appear in {self.text!r}"
            assert self._read(0.1) or self.process.poll() is None, f"ended without {wanted!r}: {self.text!r}"

    def finish(self) -> int:
        """Read to the end; the exit code."""
        while self.process.poll() is None:
            self._read(0.1)
        while self._read(0):
            pass
        return self.process.wait(DEADLINE)

    def close(self) -> None:
        """End the program."""
        self.process.kill()
        self.process.wait()
        if self.process.stdin is not None:
            with suppress(OSError):
                self.process.stdin.close()
        os.close(self._terminal)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._terminal], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._terminal, 1 << 16)
        except OSError:  # the other end is closed
            time.sleep(seconds)
            return False
        self.text += data.decode()
        return bool(data)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Start the program in a terminal."""
    started: list[Terminal] = []

    def start(*words: str | Path, **more: object) -> Terminal:
        started.append(Terminal([str(word) for word in words], tmp_path, **more))
        return started[-1]

    yield start
    for each in started:
        each.close()
