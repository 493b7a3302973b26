#!/usr/bin/env python3
"""Write exercise.pcap, a synthetic stand-in for the capture of five Tranalyzer2 tutorials, and its .gz."""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

from exercise.ftp import control
from exercise.smtp import mails
from exercise.transfer import transfer
from exercise.web import downloads
from exercise.wire import capture

DEFAULT = Path(__file__).with_name("exercise.pcap")


def make_exercise() -> bytes:
    """Return the whole pcap file; it is the same at every call."""
    return capture([*downloads(), *mails(), *control(), *transfer()])


def main() -> None:
    """Write the capture, and beside it the compressed one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "out", nargs="?", type=Path, default=DEFAULT, metavar="OUT", help="default: %(default)s"
    )
    out: Path = parser.parse_args().out
    compressed = out.with_name(out.name + ".gz")
    data = make_exercise()
    out.write_bytes(data)
    # another zlib compresses to other bytes: a file that already holds this capture stays as it is
    if not compressed.exists() or gzip.decompress(compressed.read_bytes()) != data:
        compressed.write_bytes(gzip.compress(data, 9, mtime=0))
    for path in (out, compressed):
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
