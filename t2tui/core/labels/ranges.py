"""Address ranges: from text to numbers, and from nested ranges to disjoint ones."""

import socket
from collections.abc import Sequence
from typing import NamedTuple

from t2tui.core.settings import SettingsError

NO_LABEL = "-"
"""Code or text where nothing is known."""

WIDTHS = {False: 32, True: 128}
"""Bits of an address, by whether it is IPv6."""


class LabelError(SettingsError):
    """Labels cannot be read: a file or database, or a network in it, is not what it must be."""


class Range(NamedTuple):
    """Addresses that share a label: the first and the last one as numbers."""

    first: int
    last: int
    is_ipv6: bool


def parse_range(text: str) -> Range:
    """Return the range of ``10.0.0.0/8``, ``10.0.0.1`` or ``10.0.0.1-10.0.0.9``, or of IPv6 addresses.

    Raises:
        LabelError: the text is none of these.
    """
    begin, dash, end = text.partition("-")
    if dash:
        first, last = parse_network(begin.strip()), parse_network(end.strip())
        if "/" in text or first.is_ipv6 != last.is_ipv6:
            raise LabelError(f"{text!r} is not a range such as 10.0.0.1-10.0.0.9")
        if last.first < first.first:
            raise LabelError(f"{text!r} ends before it begins")
        return Range(first.first, last.first, first.is_ipv6)
    return parse_network(text)


def parse_network(text: str) -> Range:
    """Return the range of a network; an address without prefix length is a network of its own.

    Raises:
        LabelError: not a network, or bits are set behind its prefix length.
    """
    address, slash, length = text.partition("/")
    is_ipv6 = ":" in address
    width = WIDTHS[is_ipv6]
    try:
        first = int.from_bytes(socket.inet_pton(socket.AF_INET6 if is_ipv6 else socket.AF_INET, address))
        host_bits = width - int(length if slash else width)
    except (OSError, ValueError) as error:
        raise LabelError(f"{text!r} is not a network such as 10.0.0.0/8 or fe80::/10") from error
    if not 0 <= host_bits <= width:
        raise LabelError(f"{text!r}: the prefix length must be 0 to {width}")
    host_mask = (1 << host_bits) - 1
    if first & host_mask:
        raise LabelError(f"{text!r} has bits set behind its prefix length")
    return Range(first, first | host_mask, is_ipv6)


class Layered(NamedTuple):
    """A range with its row in the label table. A higher layer covers all lower ones."""

    first: int
    last: int
    row: int
    layer: int


def flatten(ranges: Sequence[Layered], width: int) -> tuple[list[int], list[int]]:
    """Turn nested ranges into disjoint ones.

    Of two ranges that hold an address, that of the higher layer counts, else the narrower one, else the
    later one. Address 0 has row 0.

    Args:
        ranges: of one address family.
        width: bits of an address.

    Returns:
        First addresses, ascending from 0, and their rows.
    """
    ordered = sorted(ranges, key=lambda each: (each.layer, each.first - each.last))  # stable
    ordered.append(Layered(0, 0, 0, 0))
    edges = sorted({edge for each in ordered for edge in (each.first, each.last + 1)})
    position = {edge: index for index, edge in enumerate(edges)}
    painted = [0] * len(edges)
    for first, last, row, _ in ordered:
        begin, end = position[first], position[last + 1]
        painted[begin:end] = [row] * (end - begin)
    starts, rows = [0], [0]
    for edge, row in zip(edges, painted, strict=True):
        if row != rows[-1] and not edge >> width:
            starts.append(edge)
            rows.append(row)
    return starts, rows
