"""The fields of a packet as indented lines, of which layers can be opened and closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from t2tui.tui.packettree import Node


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A line of the tree.

    Attributes:
        node: what it shows.
        depth: how far it is indented.
        path: names of the nodes above it and its own, each with its number among those of the same name.
    """

    node: "Node"
    depth: int
    path: tuple[tuple[str, int], ...]


class FieldLines:
    """Lines of a packet's tree; what is open stays so from packet to packet.

    Attributes:
        lines: those that are visible.
    """

    def __init__(self) -> None:
        self.lines: list[FieldLine] = []
        self._layers: Sequence[Node] = ()
        self._open: set[tuple[tuple[str, int], ...]] = set()

    def show(self, layers: "Sequence[Node]") -> None:
        """Show another packet."""
        self._layers = layers
        self._make()

    def is_open(self, line: FieldLine) -> bool:
        """Whether the parts of a field are shown."""
        return line.path in self._open

    def set_open(self, line: FieldLine, is_open: bool) -> None:
        """Show or hide the parts of a field."""
        if line.node.children:
            (self._open.add if is_open else self._open.discard)(line.path)
            self._make()

    def number_of(self, path: tuple[tuple[str, int], ...]) -> int | None:
        """Return the line with a path, None if it is not visible."""
        return next((number for number, line in enumerate(self.lines) if line.path == path), None)

    def reveal(self, place: int) -> int | None:
        """Open what is needed to see the smallest field that has a byte; return its line."""
        from t2tui.tui.packettree import find

        way = find(self._layers, place)
        if not way:
            return None
        for node in way[:-1]:
            line = next(line for line in self.lines if line.node is node)
            self.set_open(line, True)
        return next(number for number, line in enumerate(self.lines) if line.node is way[-1])

    def _make(self) -> None:
        self.lines = []
        self._add(self._layers, 0, ())

    def _add(self, nodes: "Sequence[Node]", depth: int, above: tuple[tuple[str, int], ...]) -> None:
        counts: dict[str, int] = {}
        for node in nodes:
            counts[node.name] = number = counts.get(node.name, 0) + 1
            path = (*above, (node.name, number))
            self.lines.append(FieldLine(node, depth, path))
            if path in self._open:
                self._add(node.children, depth + 1, path)
