"""What tshark makes of the TCP streams of a capture."""

import re
import subprocess
from pathlib import Path
from typing import NamedTuple


class Shown(NamedTuple):
    """A stream as ``-z follow,tcp,raw`` prints it.

    Attributes:
        packets: numbers of its packets.
        sides: bytes of node 0 and node 1.
        source: address and port of node 0.
    """

    packets: frozenset[int]
    sides: tuple[bytes, bytes]
    source: str


def tcp_streams(capture: Path) -> list[Shown]:
    """All TCP streams of a capture."""
    command = ["tshark", "-n", "-r", str(capture), "-T", "fields", "-e", "frame.number", "-e", "tcp.stream"]
    lines = _output([*command, "-Y", "tcp.stream"]).splitlines()
    packets: dict[int, set[int]] = {}
    for number, streams in (line.split("\t") for line in lines):
        for stream in streams.split(","):
            packets.setdefault(int(stream), set()).add(int(number))
    wanted = [word for stream in packets for word in ("-z", f"follow,tcp,raw,{stream}")]
    if not wanted:
        return []
    text = _output(["tshark", "-n", "-q", "-r", str(capture), *wanted])
    found = []
    for block in re.findall(r"^Follow: tcp,raw\n(.*?)^=====", text, re.MULTILINE | re.DOTALL):
        number = int(re.search(r"Filter: tcp.stream eq (\d+)", block)[1])  # type: ignore[index]
        head, _, content = block.partition("Node 1: ")
        lines = content.splitlines()[1:]
        own = b"".join(bytes.fromhex(line) for line in lines if not line.startswith("\t"))
        other = b"".join(bytes.fromhex(line) for line in lines if line.startswith("\t"))
        source = head.rpartition("Node 0: ")[2].strip()
        found.append(Shown(frozenset(packets[number]), (own, other), source))
    return found


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
