"""Time and memory of following a long stream.

python benchmarks/streams.py [--megabytes N ...] [--one-sided] [--compressed]

Makes captures of one TCP connection, some segments out of order, some sent twice, some lost by the capture,
and follows them with ``t2tui follow --raw``; then builds the index of a million segments.
"""

import argparse
import gzip
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from t2tui.core.streams import SEGMENT, StreamIndex  # noqa: E402

PAYLOAD = 1400
SEGMENTS = 1_000_000
TURN = 1 << 32


def make_capture(path: Path, size: int, one_sided: bool) -> int:
    """Write a capture with about ``size`` bytes of payload; return how many distinct bytes it has."""
    count = size // PAYLOAD
    random = np.random.default_rng(1)
    order = np.argsort(np.arange(count) + random.integers(0, 20, count) * (random.random(count) < 0.01))
    is_there = random.random(count) > 0.001
    next_ones = np.append(np.minimum.accumulate(order[::-1])[::-1][1:], count)  # what the receiver waits for
    source, target = b"\x0a\0\0\1", b"\x0a\0\0\2"
    steps = zip(order.tolist(), is_there.tolist(), next_ones.tolist(), strict=True)
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number, (place, is_captured, following) in enumerate(steps):
            if is_captured:
                data = place.to_bytes(8, "big") * (PAYLOAD // 8)
                packet = _packet(number, source, target, (1234, 80, _number(place), 1), data)
                file.write(packet if number % 100 else packet * 2)
            if number % 2 and not one_sided:
                file.write(_packet(number, target, source, (80, 1234, 1, _number(following)), b""))
    return int(is_there.sum()) * PAYLOAD


def _number(place: int) -> int:
    return (TURN - 5000 + place * PAYLOAD) % TURN


def _packet(time_: int, source: bytes, target: bytes, tcp: tuple[int, int, int, int], data: bytes) -> bytes:
    """Return a record: an Ethernet frame; of TCP the ports, sequence and acknowledgement numbers."""
    size = 54 + len(data)
    head = struct.pack("<IIII", 1_000_000_000 + time_ // 10**6, time_ % 10**6, size, size)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, size - 14, 0, 0, 64, 6, 0, source, target)
    return head + bytes(12) + b"\x08\0" + ip + struct.pack(">HHIIBBHHH", *tcp, 0x50, 0x10, 65535, 0, 0) + data


def follow(path: Path) -> tuple[int, float, int]:
    """Follow flow 1; return bytes written, seconds, and the peak of resident memory in bytes."""
    began = time.monotonic()
    command = [sys.executable, "-m", "t2tui", "follow", str(path), "--flow", "1", "--raw", "-q"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        written = 0
        while part := process.stdout.read(1 << 20):
            written += len(part)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return written, time.monotonic() - began, usage.ru_maxrss * 1024


def kinds() -> "dict[str, Callable[[], np.ndarray]]":
    """Return what makes a million segments, by name."""
    plain = np.zeros(SEGMENTS, SEGMENT)
    plain["seq"] = np.arange(SEGMENTS) * PAYLOAD % TURN
    plain["length"] = plain["captured"] = PAYLOAD
    plain["protocol"] = 6
    random = np.random.default_rng(1)

    def overlapping() -> np.ndarray:
        made = plain.copy()
        made["seq"] = np.arange(SEGMENTS) * (PAYLOAD // 2) % TURN
        return made

    def forged() -> np.ndarray:
        made = plain.copy()
        made["seq"][SEGMENTS // 2] += 1 << 31
        return made

    return {
        "in order": lambda: plain,
        "reordered": lambda: plain[np.argsort(np.arange(SEGMENTS) + random.integers(0, 30, SEGMENTS))],
        "each sent twice": lambda: np.repeat(plain[: SEGMENTS // 2], 2),
        "1 % lost": lambda: plain[random.random(SEGMENTS) > 0.01],
        "all overlap": overlapping,
        "one outside": forged,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--megabytes", type=int, nargs="+", default=[20, 200], help="payload of the captures")
    parser.add_argument("--one-sided", action="store_true", help="without the packets of the other side")
    parser.add_argument("--compressed", action="store_true", help="follow what gzip makes of them, too")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        for number, megabytes in enumerate(options.megabytes):
            plain, packed = Path(folder) / "long.pcap", Path(folder) / "long.pcap.gz"
            with ProcessPoolExecutor(1) as other:  # the peak of this process counts as one of those it starts
                expected = other.submit(make_capture, plain, megabytes * 10**6, options.one_sided).result()
            if options.compressed:
                with plain.open("rb") as source, gzip.open(packed, "wb", compresslevel=1) as target:
                    shutil.copyfileobj(source, target, 1 << 20)
            if not number:
                follow(plain)  # compiles the kernels, if need be
            for path in (plain, packed) if options.compressed else (plain,):
                written, seconds, peak = follow(path)
                assert written == expected, (written, expected)
                line = f"{path.suffix:5} {written / 1e6:8.0f} MB  {seconds:6.2f} s  peak {peak / 1e6:5.0f} MB"
                print(line, flush=True)
    for name, make in kinds().items():
        segments, best = make(), float("inf")
        for _ in range(3):
            began = time.perf_counter()
            StreamIndex.build(segments)
            best = min(best, time.perf_counter() - began)
        print(f"{name:16} {len(segments):,} segments  {best:.2f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
