"""A small writer of MaxMind databases (https://maxmind.github.io/MaxMind-DB/)."""

import ipaddress
import struct
from collections.abc import Mapping
from typing import Any

MARKER = b"\xab\xcd\xefMaxMind.com"
STRING, UINT16, UINT32, MAP, UINT64, ARRAY = 2, 5, 6, 7, 9, 11

GOOGLE = {"autonomous_system_number": 15169, "autonomous_system_organization": "GOOGLE"}


def country(code: str) -> dict[str, Any]:
    """A record in the layout of GeoLite2-Country."""
    names = {"en": f"Country {code}", "de": f"Land {code}"}
    return {"country": {"iso_code": code, "geoname_id": 1, "names": names}, "continent": {"code": "EU"}}


def _head(kind: int, size: int) -> bytes:
    extended = b"" if kind < 8 else bytes([kind - 7])
    kind = kind if kind < 8 else 0
    if size < 29:
        return bytes([kind << 5 | size]) + extended
    if size < 285:
        return bytes([kind << 5 | 29]) + extended + bytes([size - 29])
    return bytes([kind << 5 | 30]) + extended + struct.pack(">H", size - 285)


def encode(value: Any, kind: int = UINT32) -> bytes:
    """A value of the data section; integers are of the given kind."""
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogatepass")
        return _head(STRING, len(data)) + data
    if isinstance(value, int):
        data = value.to_bytes((value.bit_length() + 7) // 8)
        return _head(kind, len(data)) + data
    if isinstance(value, list):
        return _head(ARRAY, len(value)) + b"".join(map(encode, value))
    return _head(MAP, len(value)) + b"".join(encode(key) + encode(each) for key, each in value.items())


class _Node:
    """A node of the search tree; a child is a node, the bytes of a record, or None."""

    def __init__(self, both: Any = None) -> None:
        self.children = [both, both]


def _insert(node: _Node, bits: str, data: bytes) -> None:
    for bit in map(int, bits[:-1]):
        child = node.children[bit]
        if not isinstance(child, _Node):
            child = node.children[bit] = _Node(child)
        node = child
    node.children[int(bits[-1])] = data


def write_database(
    networks: Mapping[str, Any],
    *,
    version: int = 6,
    record_bits: int = 24,
    database_type: str = "GeoLite2-Country",
) -> bytes:
    """A database of records by network; a narrower network covers a wider one."""
    root = _Node()
    parsed = [(ipaddress.ip_network(network), record) for network, record in networks.items()]
    wide = {4: 96, 6: 0} if version == 6 else {4: 0}
    for network, record in sorted(parsed, key=lambda each: each[0].prefixlen + wide[each[0].version]):
        width = network.max_prefixlen
        bits = f"{int(network.network_address):0{width}b}"[: network.prefixlen]
        _insert(root, "0" * wide[network.version] + bits, encode(record))
    nodes, places = [root], {id(root): 0}
    for node in nodes:
        for child in node.children:
            if isinstance(child, _Node):
                places[id(child)] = len(nodes)
                nodes.append(child)
    data, offsets = bytearray(), {}

    def number(child: Any) -> int:
        if child is None:
            return len(nodes)
        if isinstance(child, _Node):
            return places[id(child)]
        if child not in offsets:
            offsets[child] = len(data)
            data.extend(child)
        return len(nodes) + 16 + offsets[child]

    tree = b"".join(_node(*map(number, node.children), record_bits) for node in nodes)
    about = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1_790_000_000,
        "database_type": database_type,
        "description": {"en": "made by a test"},
        "ip_version": version,
        "languages": ["en"],
        "node_count": len(nodes),
        "record_size": record_bits,
    }
    kinds = {"build_epoch": UINT64, "node_count": UINT32}
    fields = (encode(name) + encode(value, kinds.get(name, UINT16)) for name, value in about.items())
    return tree + bytes(16) + bytes(data) + MARKER + _head(MAP, len(about)) + b"".join(fields)


def _node(left: int, right: int, bits: int) -> bytes:
    if bits != 28:
        return left.to_bytes(bits // 8) + right.to_bytes(bits // 8)
    middle = bytes([left >> 24 << 4 | right >> 24])
    return (left & 0xFFFFFF).to_bytes(3) + middle + (right & 0xFFFFFF).to_bytes(3)
