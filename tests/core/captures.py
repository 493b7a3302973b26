"""Captures of the tests: the made ones of this repository, the real ones beside it where they are."""

import functools
import gzip
import os
import struct
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
EXERCISE = REPOSITORY / "sample_data" / "exercise.pcap.gz"
ODD = REPOSITORY / "tests" / "golden" / "odd.tar.xz"
GOLDEN = Path(os.environ.get("T2TUI_GOLDEN") or REPOSITORY.parent / "shared" / "golden")
NO_GOLDEN = f"no real captures at {GOLDEN} (T2TUI_GOLDEN names another place)"


class Raw(NamedTuple):
    """A packet of a classic pcap file."""

    link: int
    data: bytes
    length: int


def records(content: bytes) -> Iterator[Raw]:
    """Packets of a classic pcap file in this machine's byte order, or in the other one."""
    order = "<" if content[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    link = struct.unpack_from(f"{order}I", content, 20)[0] & 0xFFFF
    position = 24
    while position + 16 <= len(content):
        caplen, length = struct.unpack_from(f"{order}II", content, position + 8)
        yield Raw(link, content[position + 16 : position + 16 + caplen], length)
        position += 16 + caplen


@functools.cache
def pool() -> tuple[Raw, ...]:
    """Packets of all kinds: the made captures with odd headers, and some of the exercise."""
    found: list[Raw] = []
    with tarfile.open(ODD) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            if "/captures/" in f"/{member.name}" and member.isfile():
                file = archive.extractfile(member)
                assert file is not None
                found += records(file.read())
    found += list(records(gzip.decompress(EXERCISE.read_bytes())))[:600:4]
    return tuple(found)
