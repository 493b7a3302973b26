"""By what flows are counted: one table, of which the statistics on screen and their help are made.

A new subject is one entry of SUBJECTS and the functions that it names.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.enumerations import enumeration
from t2tui.core.flowstat import L2_FLOW
from t2tui.core.query import quoted
from t2tui.core.services import Services, builtin_services
from t2tui.core.statistics.conditions import between, host
from t2tui.core.statistics.groups import Keys
from t2tui.core.statistics.reading import Reading

INTEGER, TEXT, ADDRESS = "integer", "text", "address"
"""What a part of a key is; an address takes three columns of numbers, the others one."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a row.

    Attributes:
        name: what it is called in code.
        title: heading of its column.
        unit: ``flows``, ``packets`` or ``bytes``; the total with which a share is taken has this name.
        columns: columns of the flow table that it needs.
        plus: sums that are added up to it; empty: the one of its name.
        minus: a sum that is taken off, if there is one of this name.
    """

    name: str
    title: str
    unit: str
    columns: tuple[str, ...] = ()
    plus: tuple[str, ...] = ()
    minus: str = ""

    def of(self, sums: Mapping[str, NDArray[np.int64]]) -> "NDArray[np.int64] | None":
        """Return the figure from what was summed; None where that lacks something."""
        names = self.plus or (self.name,)
        if any(name not in sums for name in names):
            return None
        figure = sum((sums[name] for name in names[1:]), sums[names[0]])
        return figure - sums[self.minus] if self.minus in sums else figure


FLOWS = Measure("flows", "Flows", "flows")
PACKETS = Measure("packets", "Packets", "packets", ("pktsSnt",))
BYTES = Measure("bytes", "L7 bytes", "bytes", ("l7BytesSnt",))
ONE_WAY = (FLOWS, PACKETS, BYTES)


def _both_ways(there: str, back: str, *columns: tuple[str, ...]) -> tuple[Measure, ...]:
    """Return the measures of what has two directions."""
    packets, octets = columns or (PACKETS.columns, BYTES.columns)
    return (
        FLOWS,
        Measure("packets", "Packets", "packets", packets, ("packets_there", "packets_back"), "packets_twice"),
        Measure("bytes", "L7 bytes", "bytes", octets, ("bytes_there", "bytes_back"), "bytes_twice"),
        Measure("packets_there", f"Packets {there}", "packets", packets),
        Measure("packets_back", f"Packets {back}", "packets", packets),
        Measure("bytes_there", f"Bytes {there}", "bytes", octets),
        Measure("bytes_back", f"Bytes {back}", "bytes", octets),
    )


class Tally(NamedTuple):
    """What rows of a table add to the groups of their keys.

    Attributes:
        keys: of the rows that count here.
        sums: by name of the measure; None where the table lacks the column.
    """

    keys: Keys
    sums: Mapping[str, NDArray[np.int64] | None]


class Counted(NamedTuple):
    """What rows of a table add.

    Attributes:
        tallies: what they add to groups.
        totals: what they add in all, by unit; None where the table lacks the column.
    """

    tallies: Sequence[Tally]
    totals: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Subject:
    """By what flows are counted.

    Attributes:
        name: what it is called in code and commands.
        title: what people read.
        headings: of the columns that name a row.
        measures: figures of a row, in the order of their columns.
        columns: columns of the flow table without which nothing can be counted.
        key: what the parts of a key are.
        count: gives what rows add.
        words: gives the texts under ``headings`` from the parts of a key.
        condition: gives the filter that selects exactly the flows of a row.
        about: what is counted, in a sentence.
    """

    name: str
    title: str
    headings: tuple[str, ...]
    measures: tuple[Measure, ...]
    columns: tuple[str, ...]
    key: tuple[str, ...]
    count: Callable[[Reading], Counted]
    words: Callable[..., tuple[str, ...]]
    condition: Callable[..., str]
    about: str


# ------------------------------------------------------------------ what rows add


def _total(values: "NDArray[np.int64] | None") -> int | None:
    return None if values is None else int(values.sum())


def _chosen(values: "NDArray[np.int64] | None", rows: Any) -> "NDArray[np.int64] | None":
    return None if values is None else values[rows]


def _totals(flows: int, packets: Any, octets: Any) -> dict[str, int | None]:
    return {"flows": flows, "packets": _total(packets), "bytes": _total(octets)}


def _simple(read: Reading, keys: Keys, rows: Any = slice(None)) -> Counted:
    """Count rows under one key each; with ``rows`` under several."""
    flows = np.ones(len(keys[0]), np.int64)
    sums = {"flows": flows, "packets": _chosen(read.packets, rows), "bytes": _chosen(read.bytes, rows)}
    return Counted([Tally(keys, sums)], _totals(read.count, read.packets, read.bytes))


def _two_sided(read: Reading, source: Keys, target: Keys) -> Counted:
    """Count rows under both of their sides; a row whose sides are equal counts once."""
    ones = np.ones(read.count, np.int64)
    packets, octets = read.packets, read.bytes
    sent = {"flows": ones, "packets_there": packets, "bytes_there": octets}
    received = {"flows": ones, "packets_back": packets, "bytes_back": octets}
    same = np.flatnonzero(np.logical_and.reduce([a == b for a, b in zip(source, target, strict=True)]))
    tallies = [Tally(source, sent), Tally(target, received)]
    if len(same):
        twice = {"packets_twice": _chosen(packets, same), "bytes_twice": _chosen(octets, same)}
        tallies.append(Tally([key[same] for key in source], {"flows": -ones[same], **twice}))
    return Counted(tallies, _totals(read.count, packets, octets))


def _protocols(read: Reading) -> Counted:
    is_layer2 = read.integers("flowStat") & np.uint64(L2_FLOW) != 0
    numbers = np.where(is_layer2, read.integers("ethType"), read.integers("l4Proto"))
    return _simple(read, [is_layer2.astype(np.uint8), numbers])


def _header_descriptions(read: Reading) -> Counted:
    rows, texts = read.listed("hdrDesc")
    return _simple(read, [texts], rows)


def _addresses(read: Reading) -> Counted:
    return _two_sided(read, read.address("srcIP"), read.address("dstIP"))


def _countries(read: Reading) -> Counted:
    return _two_sided(read, [read.texts("srcIPCC")], [read.texts("dstIPCC")])


def _conversations(read: Reading) -> Counted:
    """Count rows under their pair of addresses, the lower one first."""
    source, target = read.address("srcIP"), read.address("dstIP")
    swap, equal = np.zeros(read.count, bool), np.ones(read.count, bool)
    for one, other in zip(source, target, strict=True):
        swap |= equal & (one > other)
        equal &= one == other
    low = [np.where(swap, other, one) for one, other in zip(source, target, strict=True)]
    high = [np.where(swap, one, other) for one, other in zip(source, target, strict=True)]
    sums: dict[str, NDArray[np.int64] | None] = {"flows": np.ones(read.count, np.int64)}
    for unit, values in (("packets", read.packets), ("bytes", read.bytes)):
        back = None if values is None else np.where(swap, values, 0)
        sums[f"{unit}_back"] = back
        sums[f"{unit}_there"] = None if values is None or back is None else values - back
    return Counted([Tally([*low, *high], sums)], _totals(read.count, read.packets, read.bytes))


def _ports(read: Reading) -> Counted:
    """Count A flows of protocols with ports, with what came back to them."""
    protocols = read.integers("l4Proto")
    is_opening = read.texts("dir") == read.number("A")
    rows = np.flatnonzero(np.isin(protocols, list(TRANSPORTS)) & is_opening)
    sums: dict[str, NDArray[np.int64] | None] = {"flows": np.ones(len(rows), np.int64)}
    both = []
    for unit, there, back in (
        ("packets", read.packets, read.measured("pktsRcvd")),
        ("bytes", read.bytes, read.measured("l7BytesRcvd")),
    ):
        there, back = _chosen(there, rows), _chosen(back, rows)
        sums |= {f"{unit}_there": there, f"{unit}_back": back}
        both.append(None if there is None or back is None else there + back)
    keys = [protocols[rows], read.integers("dstPort")[rows]]
    return Counted([Tally(keys, sums)], _totals(len(rows), *both))


# ------------------------------------------------------------------ words and conditions

TRANSPORTS: Mapping[int, Callable[[Services], Mapping[int, bytes]]] = {
    6: lambda services: services.tcp,
    17: lambda services: services.udp,
    132: lambda services: services.tcp,
    136: lambda services: services.udp,
}
"""Protocols with ports, and whose port names count for them."""


def _named(column: str, number: int) -> tuple[str, str]:
    """Return a number as its registry writes it, and its name; its description where it has none."""
    table = enumeration(column)
    value = table.values.get(number)
    return table.format(number), (value.name or value.description) if value else ""


def _protocol_words(is_layer2: int, number: int) -> tuple[str, ...]:
    return _named("ethType" if is_layer2 else "l4Proto", number)


def _protocol_condition(is_layer2: int, number: int) -> str:
    if is_layer2:
        return f"bitsanyset($flowStat, {L2_FLOW:#x}) && $ethType == {number:#06x}"
    is_ip = "" if number else f" && !bitsanyset($flowStat, {L2_FLOW:#x})"  # flows of layer 2 have 0, too
    return f"$l4Proto == {number}{is_ip}"


def _port_words(protocol: int, port: int) -> tuple[str, ...]:
    service = TRANSPORTS[protocol](builtin_services()).get(port, b"").decode("utf-8", "replace")
    return str(port), _named("l4Proto", protocol)[1], service


def _port_condition(protocol: int, port: int) -> str:
    return f'$dstPort == {port} && $l4Proto == {protocol} && $dir == "A"'


PORT_PACKETS, PORT_BYTES = ("pktsSnt", "pktsRcvd"), ("l7BytesSnt", "l7BytesRcvd")

SUBJECTS = (
    Subject(
        "protocols",
        "Protocols",
        ("Number", "Protocol"),
        ONE_WAY,
        ("flowStat", "ethType", "l4Proto"),
        (INTEGER, INTEGER),
        _protocols,
        _protocol_words,
        _protocol_condition,
        "Flows by IP protocol; those of layer 2 by EtherType.",
    ),
    Subject(
        "ethertypes",
        "EtherTypes",
        ("EtherType", "Name"),
        ONE_WAY,
        ("ethType",),
        (INTEGER,),
        lambda read: _simple(read, [read.integers("ethType")]),
        lambda number: _named("ethType", number),
        lambda number: f"$ethType == {number:#06x}",
        "Flows by the innermost EtherType.",
    ),
    Subject(
        "headers",
        "Header descriptions",
        ("Headers",),
        ONE_WAY,
        ("hdrDesc",),
        (TEXT,),
        _header_descriptions,
        lambda text: (text,),
        lambda text: f"$hdrDesc == {quoted(text)}",
        "Flows by the headers of their packets. A flow with several counts for each, with all packets.",
    ),
    Subject(
        "addresses",
        "Addresses",
        ("Address",),
        _both_ways("sent", "received"),
        ("srcIP", "dstIP"),
        (ADDRESS,),
        _addresses,
        lambda address: (address,),
        host,
        "Flows by the addresses of both sides; - stands for flows without address.",
    ),
    Subject(
        "conversations",
        "Conversations",
        ("Address A", "Address B"),
        _both_ways("A to B", "B to A"),
        ("srcIP", "dstIP"),
        (ADDRESS, ADDRESS),
        _conversations,
        lambda one, other: (one, other),
        between,
        "Flows by the pair of their addresses, the lower one first.",
    ),
    Subject(
        "ports",
        "Ports",
        ("Port", "Protocol", "Service"),
        _both_ways("to port", "from port", PORT_PACKETS, PORT_BYTES),
        ("dir", "l4Proto", "dstPort"),
        (INTEGER, INTEGER),
        _ports,
        _port_words,
        _port_condition,
        "A flows by their destination port, with the packets that came back.",
    ),
    Subject(
        "countries",
        "Countries",
        ("Code",),
        _both_ways("sent", "received"),
        ("srcIPCC", "dstIPCC"),
        (TEXT,),
        _countries,
        lambda text: (text,),
        lambda text: f"$srcIPCC == {quoted(text)} || $dstIPCC == {quoted(text)}",
        "Flows by the label codes of both sides; - stands for addresses without label.",
    ),
)
"""All subjects, in the order in which they are offered."""


def subject(name: str) -> Subject:
    """Return the subject of a name.

    Raises:
        KeyError: there is none.
    """
    return {each.name: each for each in SUBJECTS}[name]
