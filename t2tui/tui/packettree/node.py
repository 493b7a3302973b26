"""The tree of a packet's fields, and the reader that makes it; it stays within the bytes that there are."""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socket import AF_INET6, inet_ntop
from typing import Any, NamedTuple

from t2tui.tui.packettree.labels import LABELS, Caption, Names, name_of

MOST_NODES = 3_000
"""Fields of a packet that are shown; of more, the rest is bytes."""
LONGEST_VALUE = 400
"""Bytes of a value that are written out."""


@dataclass(slots=True, eq=False)
class Node:
    """A field, or a group of them.

    Attributes:
        name: what it is.
        value: as people write it; text of the capture, not made safe.
        meaning: what the value stands for.
        start, length: its bytes, from the first byte of the packet.
        children: its parts.
        is_wrong: it could not be read to its end.
    """

    name: str
    value: str = ""
    meaning: str = ""
    start: int = 0
    length: int = 0
    children: list["Node"] = field(default_factory=list)
    is_wrong: bool = False

    @property
    def end(self) -> int:
        """First byte behind it."""
        return self.start + self.length

    def at(self, place: int) -> "list[Node]":
        """Return the way down to the smallest part that has a byte."""
        way, node = [self], self
        while True:
            inner = [child for child in node.children if child.start <= place < child.end]
            if not inner:
                return way
            node = min(inner, key=lambda child: child.length)
            way.append(node)


class Cut(Exception):  # noqa: N818 (says what it is)
    """The bytes end inside a field, or a packet has more fields than are shown."""


class Next(NamedTuple):
    """What stands behind a layer.

    Attributes:
        layer: reads it; None leaves the bytes as they are.
        end: first byte behind it, None: all bytes that are left.
    """

    layer: "Layer | None" = None
    end: int | None = None


Layer = Callable[["Reader"], Next]


class Reader:
    """Reads a layer field by field.

    Attributes:
        data: the packet.
        at: next byte.
        end: first byte behind those of the layer.
        node: what was read.
    """

    def __init__(self, data: bytes, at: int, end: int, left: list[int]) -> None:
        """Begin a layer.

        Args:
            data: the packet.
            at: first byte.
            end: byte behind the last one.
            left: one number, shared by all layers: nodes that may still be made.
        """
        self.data, self.at, self.end = data, at, end
        self.node = Node("", start=at)
        self._open = [self.node]
        self._left = left

    @property
    def rest(self) -> int:
        """Number of bytes that were not read."""
        return self.end - self.at

    @property
    def last(self) -> Node:
        """The field that was read last."""
        return self._open[-1].children[-1]

    def title(self, name: str, value: str = "", meaning: str = "") -> None:
        """Name the layer."""
        self.node.name, self.node.value, self.node.meaning = name, value, meaning

    def peek(self, size: int, ahead: int = 0) -> int:
        """Return a number without reading it.

        Raises:
            Cut: the bytes are not there.
        """
        self._check(size, ahead)
        return int.from_bytes(self.data[self.at + ahead : self.at + ahead + size], "big")

    def _check(self, size: int, ahead: int = 0) -> None:
        if size > self.end - self.at - ahead:
            raise Cut(f"{size} bytes are needed, {max(self.end - self.at - ahead, 0)} are there")

    def _add(self, node: Node) -> Node:
        if self._left[0] <= 0:
            raise Cut(f"more than {MOST_NODES:,} fields; the rest is shown as bytes")
        self._left[0] -= 1
        self._open[-1].children.append(node)
        return node

    def note(self, name: str, value: str, start: int, length: int, meaning: str = "") -> Node:
        """Add a field whose bytes were read already, or are read otherwise."""
        return self._add(Node(name, value, meaning, start, length))

    def octets(self, name: str, size: int, form: str = "", meaning: str = "") -> bytes:
        """Read bytes.

        Args:
            name: of the field.
            size: number of bytes.
            form: see labels.Caption.
            meaning: what they say.

        Raises:
            Cut: they are not there.
        """
        self._check(size)
        found = self.data[self.at : self.at + size]
        self.note(name, written(found, form), self.at, size, meaning)
        self.at += size
        return found

    def number(self, name: str, size: int, form: str = "", names: Names | None = None) -> int:
        """Read a number in network order.

        Raises:
            Cut: the bytes are not there.
        """
        value = self.peek(size)
        self.note(name, written(value, form, size), self.at, size, name_of(names, value))
        self.at += size
        return value

    def flags(self, name: str, size: int, names: dict[int, str], mask: int = -1) -> int:
        """Read bits.

        Args:
            name: of the field.
            size: number of bytes.
            names: bit -> name.
            mask: the bits that are flags.

        Raises:
            Cut: the bytes are not there.
        """
        value = self.peek(size) & mask
        node = self.note(name, f"0x{value:0{2 * size}x}", self.at, size)
        self._bits(node, value, names)
        self.at += size
        return value

    def _bits(self, node: Node, value: int, names: dict[int, str]) -> None:
        node.meaning = " ".join(name for bit, name in names.items() if value & bit) or "none"
        for bit, name in names.items():
            is_set = bool(value & bit)
            node.children.append(
                Node(name, "1" if is_set else "0", "set" if is_set else "not set", node.start, node.length)
            )

    def skip_to(self, place: int, name: str) -> None:
        """Read what stands before a place, if anything does, as bytes."""
        place = min(place, self.end)
        if place > self.at:
            self.octets(name, place - self.at)

    @contextmanager
    def group(self, name: str, value: str = "", meaning: str = "") -> Iterator[Node]:
        """Gather what is read in a node of its own."""
        node = self._add(Node(name, value, meaning, self.at))
        self._open.append(node)
        try:
            yield node
        finally:
            self._open.pop()
            node.length = max(self.at - node.start, 0)

    def header(self, kind: Any, **forms: Caption) -> dict[str, Any]:
        """Read the fixed header of a protocol as dpkt describes it.

        Args:
            kind: dpkt's class.
            forms: labels that take the place of those of the table.

        Returns:
            Values by dpkt's names.

        Raises:
            Cut: it is not whole.
        """
        size = struct.calcsize(kind.__hdr_fmt__)
        self._check(size)
        order, labels = kind.__hdr_fmt__[0], LABELS[kind.__name__] | forms
        bit_fields: dict[str, Any] = getattr(kind, "__bit_fields__", None) or {}
        values: dict[str, Any] = {}
        at = self.at
        for name, code, *_ in kind.__hdr__:
            length = struct.calcsize(order + code)
            values[name] = value = struct.unpack_from(order + code, self.data, at)[0]
            if name in bit_fields:
                self._bit_fields(bit_fields[name], value, at, length, labels, values)
            else:
                label = labels.get(name, Caption(name))
                node = self.note(label.name, written(value, label.form, length), at, length)
                node.meaning = name_of(label.names, value)
            at += length
        self.at = at
        return values

    def _bit_fields(
        self,
        parts: Any,
        whole: int,
        at: int,
        length: int,
        labels: dict[str, Caption],
        values: dict[str, Any],
    ) -> None:
        """Add the parts of a number; the bytes of each are those that hold its bits."""
        shift = 8 * length
        for name, bits in parts:
            first = at + (8 * length - shift) // 8
            shift -= bits
            last = at + (8 * length - shift - 1) // 8
            values[name] = value = whole >> shift & (1 << bits) - 1
            label = labels.get(name)
            if label is None:
                continue
            size = (bits + 7) // 8
            node = self.note(label.name, written(value, label.form, size), first, last - first + 1)
            if label.bits:
                self._bits(node, value, label.bits)
            else:
                node.meaning = name_of(label.names, value)

    def close(self, *, is_wrong: bool = False, why: str = "") -> Node:
        """Return the layer; one that went wrong takes all its bytes.

        Args:
            is_wrong: it could not be read.
            why: what is wrong.
        """
        if is_wrong:
            self.at = max(self.at, self.node.start)
            self.node.children.append(Node(why, "", "", self.at, self.end - self.at, is_wrong=True))
            self.at = self.end
            self.node.is_wrong = True
        self.node.length = self.at - self.node.start
        return self.node


def written(value: Any, form: str = "", size: int = 4) -> str:
    """Return a value as people write it.

    Args:
        value: a number or bytes.
        form: see labels.Caption.
        size: bytes of a number.
    """
    if isinstance(value, int):
        if form == "hex":
            return f"0x{value:0{2 * size}x}"
        if form != "ip4":
            return str(value)
        value = value.to_bytes(4, "big")
    octets = bytes(value)
    if form == "ip4" and len(octets) == 4:
        return ".".join(map(str, octets))
    if form == "ip6" and len(octets) == 16:
        return inet_ntop(AF_INET6, octets)
    if form == "mac":
        return octets.hex(":")
    more = " …" if len(octets) > LONGEST_VALUE else ""
    octets = octets[:LONGEST_VALUE]
    if form == "text":
        return octets.rstrip(b"\0").decode("utf-8", "backslashreplace") + more
    return octets.hex(" ") + more
