"""The label table: rows of code and text, and which row belongs to an address.

The built-in table covers private, special-purpose and multicast ranges. A lookup takes the longest matching
prefix; nested ranges are flattened into disjoint ones, so that it is one binary search.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.labels.ranges import NO_LABEL, WIDTHS, LabelError, Layered, Range, flatten, parse_network
from t2tui.core.text.escape import quote_string
from t2tui.core.text.fields import Words
from t2tui.core.text.wordlist import WordList

if TYPE_CHECKING:
    from t2tui.core.labels.databases import Databases

REVISION = "20261120"
"""Date of the built-in tables, as the start lines of the report print it."""

GIVING_WAY = ("03", "09")
"""Codes of the built-in ranges that are ordinary public addresses today, 14.0.0.0/8 and 24.0.0.0/8 (RFC 5735,
section 4): what a database knows about them is better."""

HALF = (1 << 64) - 1


class LabelWords(NamedTuple):
    """Codes and texts by row for the row writer; ``quoted``: texts escaped and in double quotes."""

    codes: Words
    texts: Words
    quoted: Words


class Labels:
    """Label rows and the address ranges that they belong to.

    The row of an address is that of the last range that starts at or below it. Every address is in a
    range; 0.0.0.0, :: and the addresses of no range are in ranges of row 0.

    Attributes:
        codes: code by row, for example ``b"07"``; row 0 is ``b"-"``, no label.
        texts: text by row, for example ``b"Private network"``.
        gives_way: bool by row of the ranges: what a database knows takes its place.
        databases: asked about the addresses of new flows; None without.
        notes: lines of the report about labels that are not built in.
        files: what was read besides the built-in table.
        v4_start: uint32, ascending; first address of each IPv4 range, the first one is 0.
        v4_row: uint32, row of each IPv4 range.
        v6_start_hi: uint64, ascending; upper half of the first address of each IPv6 range.
        v6_start_lo: uint64, ascending where the upper half is equal; lower half.
        v6_row: uint32, row of each IPv6 range.
        ranges_v4: number of built-in IPv4 ranges as the start lines of the report count them.
        ranges_v6: number of built-in IPv6 ranges.
    """

    def __init__(self, prefixes: Iterable[tuple[str, str, str]], own: Iterable[tuple[Range, str, str]] = ()):
        """Build the tables.

        Args:
            prefixes: (network as in ``10.0.0.0/8``, code, text); of two equal networks the later one counts.
            own: (range, code, text) of the user, which cover them.

        Raises:
            LabelError: a network is not valid or has bits set behind its prefix length.
        """
        self.databases: Databases | None = None
        self.notes: list[str] = []
        self.files: list[Path] = []
        self._rows = {(NO_LABEL, NO_LABEL, True): 0}
        ranges: dict[bool, list[Layered]] = {False: [], True: []}
        for prefix, code, text in prefixes:
            network = parse_network(prefix)
            ranges[network.is_ipv6].append(
                Layered(network.first, network.last, self._row(code, text, code in GIVING_WAY), 0)
            )
        self.ranges_v4, self.ranges_v6 = map(_reported_ranges, ranges.values())
        for (first, last, is_ipv6), code, text in own:
            ranges[is_ipv6].append(Layered(first, last, self._row(code, text), 1))
        self.codes = [code.encode() for code, _, _ in self._rows]
        self.texts = [text.encode() for _, text, _ in self._rows]
        self.gives_way: NDArray[np.bool_] = np.array([way for _, _, way in self._rows])

        starts, v4_rows = flatten(ranges[False], WIDTHS[False])
        self.v4_start: NDArray[np.uint32] = np.array(starts, np.uint32)
        self.v4_row: NDArray[np.uint32] = np.array(v4_rows, np.uint32)
        starts, v6_rows = flatten(ranges[True], WIDTHS[True])
        self.v6_start_hi: NDArray[np.uint64] = np.array([start >> 64 for start in starts], np.uint64)
        self.v6_start_lo: NDArray[np.uint64] = np.array([start & HALF for start in starts], np.uint64)
        self.v6_row: NDArray[np.uint32] = np.array(v6_rows, np.uint32)

    @staticmethod
    @cache
    def builtin() -> "Labels":
        """Return the built-in table; the same object each time, to which nobody adds."""
        return Labels(builtin_prefixes())

    def _row(self, code: str, text: str, gives_way: bool = False) -> int:
        return self._rows.setdefault((code, text, gives_way), len(self._rows))

    def add(self, code: str, text: str) -> int:
        """Return the row of a label; one that is not there yet is appended."""
        lists = self._lists
        row = self._row(code, text)
        if row == len(self.codes):
            self.codes.append(code.encode())
            self.texts.append(text.encode())
            for words, word in zip(lists, _words_of(self.codes[-1], self.texts[-1]), strict=True):
                words.append(word)
        return row

    @cached_property
    def _lists(self) -> list[WordList]:
        return [WordList(words) for words in zip(*map(_words_of, self.codes, self.texts), strict=True)]

    @property
    def words(self) -> LabelWords:
        """The rows as words; rows added later appear in them while there is room, then in others."""
        return LabelWords(*(each.words for each in self._lists))

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

        The databases are not asked.

        Raises:
            ValueError: not an IPv4 or IPv6 address.
        """
        parsed = ipaddress.ip_address(address)
        row = self.row4(int(parsed)) if parsed.version == 4 else self.row6(int(parsed))
        return self.codes[row].decode(), self.texts[row].decode()


def builtin_prefixes() -> Iterator[tuple[str, str, str]]:
    """Yield the entries of the built-in table: labels4.tsv and labels6.tsv beside this module."""
    for name in ("labels4.tsv", "labels6.tsv"):
        yield from read_table(Path(__file__).with_name(name))


def read_table(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the entries of a built-in table file: network, code, text, separated by tabs.

    ``#`` starts a comment line. The user's own files are read by ``textfile.read_labels``.

    Raises:
        LabelError: a line has not three fields.
        OSError: the file cannot be read.
    """
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        if not line or line[0] == "#":
            continue
        fields = line.split("\t")
        if len(fields) != 3:
            raise LabelError(f"{path}, line {number}: expected network, code and text separated by tabs")
        yield fields[0], fields[1], fields[2]


def _words_of(code: bytes, text: bytes) -> tuple[bytes, bytes, bytes]:
    return code, text, quote_string(text)


def _reported_ranges(networks: list[Layered]) -> int:
    """Count as the reference does: two entries for a network, one for a host; half of them are reported."""
    return sum(1 if each.first == each.last else 2 for each in networks) // 2
