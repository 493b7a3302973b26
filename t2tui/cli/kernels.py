"""The kernels are compiled once, before the first run, by two processes side by side.

``python -m t2tui.cli.kernels`` compiles all; with the name of a part, that part.
"""

import fcntl
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import IO, Any

import numpy as np

from t2tui.cli.progress import Line, clock
from t2tui.core.fingerprint import PACKAGE
from t2tui.core.jit import CACHE
from t2tui.core.native import machine

COMPLETE = "complete"
"""File in the cache that tells for which machine nothing is missing."""

WITHOUT_KERNELS = (
    "regex_pcre",
    "csvSink",
    "jsonSink",
    "socketSink",
    "sqliteSink",
    "parquetSink",
    "tcpWinSink",
)
"""Plugins that have nothing to compile; some do not start without a file of rules or a server."""

LOCK = "lock"
"""File in the cache that is locked by the process that compiles."""

ANIMATION = "|/-\\"
REDRAW_SECONDS = 0.1


def compiled() -> bool:
    """Tell whether there is nothing to compile, or no place to keep it."""
    if CACHE is None:
        return True
    mark = CACHE / COMPLETE
    return mark.exists() and mark.read_text() == machine()


def compile_kernels(line: Line | None = None) -> None:
    """Compile what the cache lacks; wait where another process does it already.

    A part that fails is no error: the run compiles what it needs.

    Args:
        line: shows that something happens.
    """
    if CACHE is None:
        return
    spinner = _spin(line)
    workers: list[subprocess.Popen[bytes]] = []
    try:
        with (CACHE / LOCK).open("w") as lock:
            while not _locked(lock):
                next(spinner)
            if compiled():
                return
            workers += [_worker(part) for part in PARTS]
            while any(worker.poll() is None for worker in workers):
                next(spinner)
            if all(worker.returncode == 0 for worker in workers):
                (CACHE / COMPLETE).write_text(machine())
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
        if line is not None:
            line.clear()


def _spin(line: Line | None) -> Iterator[None]:
    """Turn once per step, and wait."""
    began = time.monotonic()
    for turn in cycle(ANIMATION):
        if line is not None:
            elapsed = clock(time.monotonic() - began)
            line.show(f"{turn} Compiling kernels; only the first run does: {elapsed}")
        time.sleep(REDRAW_SECONDS)
        yield


def _locked(file: IO[str]) -> bool:
    """Try to lock a file."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: two processes may compile the same
        return True
    return True


def _worker(part: str) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(filter(None, (str(PACKAGE.parent), os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "t2tui.cli.kernels", part],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


PACKET = bytes(60)
PCAP = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + struct.pack("<IIII", 0, 0, 60, 60) + PACKET
"""A capture of one packet (draft-ietf-opsawg-pcap)."""
PCAPNG = (
    _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    + _block(1, struct.pack("<HHI", 1, 0, 65535))
    + _block(6, struct.pack("<IIIII", 0, 0, 0, 60, 60) + PACKET)
)
"""The same (draft-ietf-opsawg-pcapng)."""


def _compile_dissection() -> None:
    from t2tui.core.batch import PacketBatch
    from t2tui.core.dissect.dissector import Dissector
    from t2tui.core.gather import gather, plan
    from t2tui.core.layout import FLOW
    from t2tui.core.statistics import Traffic
    from t2tui.core.text.rows import Code, Field, RowWriter

    Dissector(1).dissect(PacketBatch(), 0)
    Traffic().append(PacketBatch().packets[:1])
    gather(plan([], []), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int32))
    RowWriter([Field(Code.UINT, np.zeros(1, FLOW)["flowInd"])]).write((0, 1))


def _compile_flows() -> None:
    """Run all plugins over a packet that is not dissected."""
    from t2tui.core import engine
    from t2tui.core.batch import PacketBatch
    from t2tui.core.dissect.dissector import Dissector
    from t2tui.core.layout import KIND_IPV4
    from t2tui.core.outputs import Outputs
    from t2tui.core.settings import load_settings
    from t2tui.cutting import Placer
    from t2tui.plugins import available, load

    class NoDissector(Dissector):
        def dissect(self, batch: PacketBatch, first: int = 0) -> int:
            packets = batch.packets[: batch.count]
            packets["kind"] = KIND_IPV4
            packets["l7"] = packets["caplen"]
            return batch.count

    replaced: Any = engine
    replaced.Dissector = NoDissector
    flags = {name: plugin.flags for name, plugin in available().items() if name not in WITHOUT_KERNELS}
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(flags, assignments=[f"payloadDumper.PLDUMP_FOLDER={folder}/payload"])
        for name, capture in (("a.pcap", PCAP), ("b.pcapng", PCAPNG)):
            path = Path(folder, name)
            path.write_bytes(capture)
            with Outputs(str(path)) as outputs:
                options = engine.RunOptions(packet_mode=True)
                engine.Engine(str(path), options, outputs, [*load(flags, settings), Placer()]).run()


PARTS = {"dissection": _compile_dissection, "flows": _compile_flows}
"""What the processes compile side by side; the first one makes the row writer, too, and is done earlier."""


def main(words: Sequence[str]) -> None:
    """Compile one part, or everything."""
    if words:
        PARTS[words[0]]()
    else:
        compile_kernels(Line(sys.stderr) if sys.stderr.isatty() else None)


if __name__ == "__main__":
    main(sys.argv[1:])
