"""Dissection of one packet into a tree of fields, each with its bytes.

dpkt gives layouts and names of headers; nothing of it that follows lengths in the packet is called: every
field is read by a Reader that knows where the bytes end, and the number of fields is bounded.
"""

from collections.abc import Sequence
from typing import NamedTuple

from t2tui.core.linktypes import describe
from t2tui.tui.packettree.link import LINKS
from t2tui.tui.packettree.network import ip
from t2tui.tui.packettree.node import MOST_NODES, Cut, Layer, Node, Reader, written

__all__ = ["Node", "Places", "dissect", "find"]

MOST_LAYERS = 40
"""Headers within each other that are shown."""
SAMPLE = 64
"""Bytes of a payload that its line shows."""


class Places(NamedTuple):
    """Where our own dissection found the layers; -1: it did not.

    Attributes:
        l3: IP header.
    """

    l3: int = -1


def dissect(data: bytes, link_type: int, length: int = 0, places: Places | None = None) -> list[Node]:
    """Return the layers of a packet.

    Args:
        data: its captured bytes.
        link_type: number (DLT) of the link layer.
        length: bytes on the wire; more than there are where the capture cut the packet.
        places: of layers, for link types that are not known here.

    Returns:
        Layers in their order, every byte in exactly one of them.
    """
    left = [MOST_NODES]
    layers: list[Node] = []
    behind: list[Node] = []
    at, end = 0, len(data)
    layer: Layer | None = LINKS.get(link_type)
    if layer is None:
        at = places.l3 if places and 0 <= places.l3 <= end else 0
        if at:
            layers.append(Node("Link layer", describe(link_type), "", 0, at))
            layer = ip if data[at : at + 1] and data[at] >> 4 in (4, 6) else None
    while layer is not None and at < end and len(layers) < MOST_LAYERS:
        reader = Reader(data, at, end, left)
        try:
            layer, stop = layer(reader)
        except Cut as cut:
            is_clipped = end == len(data) < length
            why = "cut by the capture" if is_clipped else "malformed"
            layers.append(reader.close(is_wrong=True, why=f"{why}: {cut}"))
            at = end
            break
        layers.append(reader.close())
        at = reader.at
        stop = end if stop is None else max(stop, at)
        if stop < end:
            behind.append(_bytes("Behind the packet", data, stop, end))
            end = stop
    if at < end:
        layers.append(_bytes("Data", data, at, end))
    return layers + behind[::-1]


def _bytes(name: str, data: bytes, start: int, end: int) -> Node:
    size = end - start
    sample = data[start : min(end, start + SAMPLE)]
    text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in sample)
    return Node(name, f"{size:,} bytes", text, start, size)


def find(layers: Sequence[Node], place: int) -> list[Node]:
    """Return the way down to the smallest field that has a byte, the layer first; empty without."""
    for layer in layers:
        if layer.start <= place < layer.end:
            return layer.at(place)
    return []


def value_of(node: Node, data: bytes) -> str:
    """Return what is copied of a field: its value, or its bytes."""
    return node.value or written(data[node.start : node.end])
