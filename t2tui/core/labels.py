"""Address labels: which code and text belong to an address (columns srcIPCC, srcIPOrg, ...).

The built-in tables cover private, special-purpose and multicast ranges. A lookup takes the longest
matching prefix; nested prefixes are flattened into disjoint ranges here, so that it is one binary search.
"""

import ipaddress
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

REVISION = "20261120"
"""Date of the built-in tables, as the start lines of the report print it."""

HALF = (1 << 64) - 1


class LabelError(ValueError):
    """A table of labels names something that is not a network."""


class Labels:
    """Label rows and the address ranges that they belong to.

    The row of an address is that of the last range that starts at or below it. Every address is in a
    range; 0.0.0.0, :: and the addresses of no prefix are in ranges of row 0.

    Attributes:
        codes: code by row, for example ``b"07"``; row 0 is ``b"-"``, no label.
        texts: text by row, for example ``b"Private network"``.
        v4_start: uint32, ascending; first address of each IPv4 range, the first one is 0.
        v4_row: uint32, row of each IPv4 range.
        v6_start_hi: uint64, ascending; upper half of the first address of each IPv6 range.
        v6_start_lo: uint64, ascending where the upper half is equal; lower half.
        v6_row: uint32, row of each IPv6 range.
        ranges_v4: number of IPv4 ranges as the start lines of the report count them.
        ranges_v6: number of IPv6 ranges.
    """

    def __init__(self, prefixes: Iterable[tuple[str, str, str]]):
        """Build the tables.

        Args:
            prefixes: (network as in ``10.0.0.0/8``, code, text); of two equal networks the later one counts.

        Raises:
            LabelError: a network is not valid or has bits set behind its prefix length.
        """
        rows = {("-", "-"): 0}
        networks: tuple[list[_Network], list[_Network]] = ([], [])
        for prefix, code, text in prefixes:
            row = rows.setdefault((code, text), len(rows))
            first, last, is_ipv6 = _bounds(prefix)
            networks[is_ipv6].append((first, last, row))
        self.codes = [code.encode() for code, _ in rows]
        self.texts = [text.encode() for _, text in rows]
        self.ranges_v4, self.ranges_v6 = map(_reported_ranges, networks)

        starts, v4_rows = _flatten(networks[0], 32)
        self.v4_start: NDArray[np.uint32] = np.array(starts, np.uint32)
        self.v4_row: NDArray[np.uint32] = np.array(v4_rows, np.uint32)
        starts, v6_rows = _flatten(networks[1], 128)
        self.v6_start_hi: NDArray[np.uint64] = np.array([start >> 64 for start in starts], np.uint64)
        self.v6_start_lo: NDArray[np.uint64] = np.array([start & HALF for start in starts], np.uint64)
        self.v6_row: NDArray[np.uint32] = np.array(v6_rows, np.uint32)

    @classmethod
    def builtin(cls) -> "Labels":
        """Return the built-in tables (labels4.tsv and labels6.tsv beside this module)."""
        tables = (Path(__file__).with_name(name) for name in ("labels4.tsv", "labels6.tsv"))
        return cls(entry for table in tables for entry in read_table(table))

    def row4(self, address: int) -> int:
        """Return the row of an IPv4 address."""
        return int(self.v4_row[np.searchsorted(self.v4_start, np.uint32(address), "right") - 1])

    def row6(self, address: int) -> int:
        """Return the row of an IPv6 address."""
        high, low = np.uint64(address >> 64), np.uint64(address & HALF)
        begin = int(np.searchsorted(self.v6_start_hi, high, "left"))
        end = int(np.searchsorted(self.v6_start_hi, high, "right"))
        return int(self.v6_row[begin + np.searchsorted(self.v6_start_lo[begin:end], low, "right") - 1])

    def lookup(self, address: str) -> tuple[str, str]:
        """Return code and text of an address in text form, ``("-", "-")`` without label.

        Raises:
            ValueError: not an IPv4 or IPv6 address.
        """
        parsed = ipaddress.ip_address(address)
        row = self.row4(int(parsed)) if parsed.version == 4 else self.row6(int(parsed))
        return self.codes[row].decode(), self.texts[row].decode()


_Network = tuple[int, int, int]
"""First address, last address, row."""


def read_table(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the entries of a table file: network, code, text, separated by tabs; ``#`` starts a comment line.

    Raises:
        LabelError: the file is not UTF-8 or a line has not three fields.
        OSError: the file cannot be read.
    """
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise LabelError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from error
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line[0] == "#":
            continue
        fields = line.split("\t")
        if len(fields) != 3:
            raise LabelError(f"{path}, line {number}: expected network, code and text separated by tabs")
        yield fields[0], fields[1], fields[2]


def _bounds(prefix: str) -> tuple[int, int, bool]:
    """Return first and last address of a network and whether it is IPv6."""
    address, _, length = prefix.partition("/")
    is_ipv6 = ":" in address
    width = 128 if is_ipv6 else 32
    try:
        first = int.from_bytes(socket.inet_pton(socket.AF_INET6 if is_ipv6 else socket.AF_INET, address))
        host_bits = width - int(length or width)
    except (OSError, ValueError) as error:
        raise LabelError(f"{prefix!r} is not a network such as 10.0.0.0/8 or fe80::/10") from error
    if not 0 <= host_bits <= width:
        raise LabelError(f"{prefix!r}: the prefix length must be 0 to {width}")
    host_mask = (1 << host_bits) - 1
    if first & host_mask:
        raise LabelError(f"{prefix!r} has bits set behind its prefix length")
    return first, first | host_mask, is_ipv6


def _flatten(networks: list[_Network], width: int) -> tuple[list[int], list[int]]:
    """Turn nested networks into disjoint ranges: first addresses, ascending from 0, and their rows."""
    ordered = sorted(networks, key=lambda network: network[0] - network[1])  # widest first; stable
    ordered.append((0, 0, 0))
    edges = sorted({edge for first, last, _ in ordered for edge in (first, last + 1)})
    position = {edge: index for index, edge in enumerate(edges)}
    painted = [0] * len(edges)
    for first, last, row in ordered:
        begin, end = position[first], position[last + 1]
        painted[begin:end] = [row] * (end - begin)
    starts, rows = [0], [0]
    for edge, row in zip(edges, painted, strict=True):
        if row != rows[-1] and not edge >> width:
            starts.append(edge)
            rows.append(row)
    return starts, rows


def _reported_ranges(networks: list[_Network]) -> int:
    """Count as the reference does: two entries for a network, one for a host; half of them are reported."""
    return sum(1 if first == last else 2 for first, last, _ in networks) // 2
