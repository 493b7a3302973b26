"""Rows of the packet list: a window of packets, read again, with the columns of the packet file.

Only what a packet, the index and the first packet of its flow tell is shown; what a run adds up in its flow
(flowStat, sequence analysis ...) is left out. Cells that are there are those of ``t2tui run -s``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import Column, plugin_columns
from t2tui.core.flowstat import L2_NO_ETH
from t2tui.core.layout import KIND_IPV4, KIND_IPV6, SHOW_L3, SHOW_PORTS, SHOW_VLAN

if TYPE_CHECKING:
    from t2tui.core.packetindex import PacketIndex
    from t2tui.core.reread import Window

TCP = 6
SECOND = 10**9
LONGEST_CONTENT = 512
"""Payload bytes that a cell shows."""
MOST_TAGS = 3
"""VLAN tags that a cell shows, as the flow file does."""

_CONTENT = [chr(byte) if 0x20 <= byte < 0x7F else "." for byte in range(256)]
for _byte, _text in zip(b"\b\t\n\v\f\r\\", "btnvfr\\", strict=True):
    _CONTENT[_byte] = f"\\{_text}"


def _delta(name: str, description: str) -> Column:
    return Column(name, "D9", unit="s", description=description, plugin="core", file="packets")


DELTAS = (
    _delta("sincePrev", "time since the packet shown before"),
    _delta("sinceFirst", "time since the first packet of the flow, in either direction"),
    _delta("sinceRef", "time since the packet that was set as reference"),
)
"""Columns of this list alone."""

OF_PLUGINS = {
    "core": ("pktNo", "flowInd"),
    "basicFlow": (
        *("time", "pktIAT", "pktTrip", "flowDuration", "numHdrs", "hdrDesc", "vlanID", "srcMac", "dstMac"),
        *("ethType", "srcIP", "srcIPCC", "srcIPOrg", "srcPort", "dstIP", "dstIPCC", "dstIPOrg", "dstPort"),
        "l4Proto",
    ),
    "basicStats": (*("pktLen", "snapL3Len", "snapL4Len", "snapL7Len", "l3Len", "udpLen", "l7Len", "padLen"),),
    "tcpFlags": ("seq", "ack", "tcpFlags"),
}
"""Columns of the packet file that can be told of packets alone."""

SHOWN = (
    *("pktNo", "flowInd", "time", "sincePrev", "srcIP", "srcPort", "dstIP", "dstPort", "l4Proto", "pktLen"),
    *("l7Len", "tcpFlags", "hdrDesc", "l7Content", "sinceFirst", "sinceRef", "pktIAT", "pktTrip"),
    *("flowDuration", "seq", "ack", "numHdrs", "vlanID", "srcMac", "dstMac", "ethType", "srcIPCC"),
    *("srcIPOrg", "dstIPCC", "dstIPOrg", "snapL3Len", "snapL4Len", "snapL7Len", "l3Len", "udpLen", "padLen"),
)
"""All columns in the order of the screen."""


def columns() -> list[Column]:
    """Return the columns in the order of the screen."""
    known = {column.name: column for column in DELTAS}
    for plugin, names in OF_PLUGINS.items():
        known |= {each.name: each for each in plugin_columns(plugin, "packets") if each.name in names}
    known["l7Content"] = plugin_columns("core", "packets")[-1]
    return [known[name] for name in SHOWN]


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet of the list.

    Attributes:
        number: in the capture, from 1.
        flow: its index, 0 without.
        is_reply: it is of the reply side.
        time: nanoseconds since 1970.
        begin: time of the first packet of its flow, in either direction; its own without flow.
        cells: by column, as in the packet file; without deltas that depend on what is shown.
        status: its own bits of flowStat, as a cell.
        data: captured bytes.
        length: bytes on the wire.
        l3: where its IP header begins, -1 without.
    """

    number: int
    flow: int
    is_reply: bool
    time: int
    begin: int
    cells: Mapping[str, str]
    status: str
    data: bytes
    length: int
    l3: int


@dataclass(frozen=True, slots=True)
class PacketReader:
    """Reads packets again.

    Attributes:
        index: of the capture.
        read: reads packets by ROW records.
        label: gives code and text of an address.
        link_type: gives the link type (DLT number) of a packet by its number.
    """

    index: "PacketIndex"
    read: "Callable[[NDArray[np.void]], Window]"
    label: Callable[[str], tuple[str, str]]
    link_type: Callable[[int], int] = lambda number: 1


def read_packets(reader: PacketReader, numbers: NDArray[np.int64]) -> list[Packet]:
    """Read packets.

    Args:
        reader: has them.
        numbers: of packets, ascending.

    Raises:
        CaptureError: they cannot be read.
    """
    from t2tui.core.packetindex.lookup import earlier_packets

    index = reader.index
    rows = index.at(numbers)
    earlier = earlier_packets(index, rows)
    known = np.unique(np.concatenate([earlier[name] for name in earlier.dtype.names or ()]))
    known = known[known > 0].astype(np.int64)
    times = dict(zip(known.tolist(), _times(index.at(known)), strict=True))
    window = reader.read(rows)
    tags = _tags(reader, window, earlier)
    packets = []
    names = window.packets.dtype.names or ()
    for row, record in enumerate(window.packets.tolist()):
        p = dict(zip(names, record, strict=True))
        before = dict(zip(EARLIER_NAMES, earlier[row].tolist(), strict=True))
        now = p["sec"], p["frac"]
        moments = {name: times.get(number, now) for name, number in before.items()}
        has_reply = before["reply"] > 0
        cells = _cells(p, window.contents[row], window.descriptions[row], reader.label)
        cells["vlanID"] = tags.get(before["first"], "") if p["show"] & SHOW_VLAN else ""
        cells["pktIAT"] = seconds(unsigned(now, moments["previous"]) if before["previous"] else 0.0)
        cells["pktTrip"] = seconds(trip(now, moments["reply"]) if has_reply else 0.0)
        cells["flowDuration"] = seconds(unsigned(now, moments["first"]))
        packets.append(
            Packet(
                int(rows["packet"][row]),
                int(rows["flow"][row]),
                bool(rows["direction"][row]),
                now[0] * SECOND + now[1],
                moments["begin"][0] * SECOND + moments["begin"][1],
                cells,
                f"0x{p['flowStat']:016x}",
                window.contents[row],
                p["len"],
                p["l3"],
            )
        )
    return packets


EARLIER_NAMES = ("first", "previous", "reply", "begin")


def _times(rows: NDArray[np.void]) -> list[tuple[int, int]]:
    return list(zip(rows["sec"].tolist(), rows["frac"].tolist(), strict=True))


def seconds(value: float) -> str:
    """Return seconds as the packet file has them."""
    return f"{value:.9f}"


def unsigned(now: tuple[int, int], before: tuple[int, int]) -> float:
    """Return a difference of times, the seconds modulo 2^32 as in the packet file."""
    return float((now[0] - before[0]) & 0xFFFFFFFF) + (now[1] - before[1]) / 1e9


def trip(now: tuple[int, int], before: tuple[int, int]) -> float:
    """Return pktTrip: fractions in single precision (docs/flows.md, "Times of a packet")."""
    fraction = np.float32(np.float32(now[1]) - np.float32(before[1]))
    return float(now[0] - before[0]) + float(fraction) / 1e9


def _tags(reader: PacketReader, window: "Window", earlier: NDArray[np.void]) -> dict[int, str]:
    """Return the VLAN tags of flows, by the number of their first packet."""
    firsts = np.unique(earlier["first"][window.packets["show"] & SHOW_VLAN != 0])
    firsts = firsts[firsts > 0].astype(np.int64)
    if not len(firsts):
        return {}
    first = reader.read(reader.index.at(firsts))
    from t2tui.plugins.basicflow import VLAN_TYPES

    found = {}
    for number, packet, data in zip(firsts.tolist(), first.packets, first.contents, strict=True):
        at = int(packet["vlanPos"])
        tags: list[str] = []
        while at >= 0 and at + 4 <= len(data) and len(tags) < MOST_TAGS:
            tags.append(str(int.from_bytes(data[at : at + 2], "big")))
            if int.from_bytes(data[at + 2 : at + 4], "big") not in VLAN_TYPES:
                break
            at += 4
        found[number] = ";".join(tags)
    return found


def content(data: bytes) -> str:
    """Return payload as the packet file writes it, cut where it is long."""
    shown = "".join(map(_CONTENT.__getitem__, data[:LONGEST_CONTENT]))
    return shown + "…" if len(data) > LONGEST_CONTENT else shown


def _cells(
    p: Mapping[str, Any], data: bytes, description: str, label: Callable[[str], tuple[str, str]]
) -> dict[str, str]:
    """Return the cells that a packet tells."""
    cells = {
        "pktNo": str(p["pktNo"]),
        "flowInd": str(p["flowInd"]) if p["flowInd"] else "",
        "time": f"{p['sec'] & 0xFFFFFFFF}.{p['frac']:09d}",
        "numHdrs": str(p["numHdrs"]),
        "hdrDesc": description,
        "ethType": f"0x{p['ethType']:04x}",
        "l4Proto": str(p["l4Proto"]) if p["show"] & SHOW_L3 else "",
        "pktLen": str(p["len"]),
        "l7Content": content(data[p["l7"] : p["l7"] + p["snapL7Len"]]),
    }
    for name in ("snapL3Len", "snapL4Len", "snapL7Len", "l3Len", "udpLen", "l7Len", "padLen"):
        cells[name] = str(p[name])
    is_ip = p["kind"] in (KIND_IPV4, KIND_IPV6)
    for side in ("src", "dst"):
        is_mac = not p["status"] & L2_NO_ETH
        cells[f"{side}Mac"] = p[f"{side}Mac"].to_bytes(8, "big")[2:].hex(":") if is_mac else ""
        address = _address(p, side) if is_ip else ""
        cells[f"{side}IP"] = address
        code, text = label(address) if address else ("-", "-")
        has_labels = bool(p["show"] & SHOW_L3)
        cells[f"{side}IPCC"], cells[f"{side}IPOrg"] = (code, text) if has_labels else ("", "")
        cells[f"{side}Port"] = str(p[f"{side}Port"]) if p["show"] & SHOW_PORTS else ""
    l4 = p["l4"]
    is_tcp = is_ip and p["l4Proto"] == TCP and p["snapL4Len"] >= 20 and l4 + 14 <= len(data)
    cells["seq"] = str(p["seq"]) if is_tcp else ""
    cells["ack"] = str(p["ack"]) if is_tcp else ""
    cells["tcpFlags"] = f"0x{with_combinations(p['tcpFlags']):04x}" if is_tcp else ""
    return cells


def with_combinations(flags: int) -> int:
    """Return TCP flags with the bits that tcpFlags sets for some of them together (docs/tcpflags.md)."""
    from t2tui.plugins import tcpflags_records as t

    scan = {0: t.NULL, t.FIN | t.PSH | t.URG: t.XMAS}.get(flags & 0x3F, 0)
    combinations = {
        t.SYN | t.ACK: t.SYN_ACK,
        t.FIN | t.ACK: t.FIN_ACK,
        t.RST | t.ACK: t.RST_ACK,
        t.SYN | t.FIN: t.SYN_FIN,
        t.SYN | t.FIN | t.RST: t.SYN_FIN_RST,
        t.RST | t.FIN: t.RST_FIN,
    }
    return flags | scan | combinations.get(flags & (t.FIN | t.SYN | t.RST | t.ACK), 0)


def _address(p: Mapping[str, Any], side: str) -> str:
    from socket import AF_INET6, inet_ntop

    if p["kind"] == KIND_IPV4:
        return str(IPv4Address(p[f"{side}Lo"] & 0xFFFFFFFF))
    return inet_ntop(AF_INET6, p[f"{side}Hi"].to_bytes(8, "big") + p[f"{side}Lo"].to_bytes(8, "big"))


def cells_of(packet: Packet, names: Sequence[str], previous: int | None, reference: int | None) -> list[str]:
    """Return the cells of a packet in a list.

    Args:
        packet: which.
        names: of the columns.
        previous: time of the packet shown before it, nanoseconds.
        reference: time of the packet that was set as reference.
    """
    deltas = {
        "sincePrev": difference(packet.time, previous),
        "sinceFirst": difference(packet.time, packet.begin) if packet.flow else "",
        "sinceRef": difference(packet.time, reference),
    }
    return [deltas[name] if name in deltas else packet.cells.get(name, "") for name in names]


def difference(now: int, before: int | None) -> str:
    """Return a difference of nanoseconds in seconds, exactly; empty without."""
    if before is None:
        return ""
    apart = now - before
    sign = "-" if apart < 0 else ""
    return f"{sign}{abs(apart) // SECOND}.{abs(apart) % SECOND:09d}"
