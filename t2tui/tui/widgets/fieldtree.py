"""The fields of a packet: indented lines, of which one is under the cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from t2tui.tui.fieldlines import FieldLines
from t2tui.tui.safe import safe_text
from t2tui.tui.widgets.pane import Pane

if TYPE_CHECKING:
    from t2tui.tui.packettree import Node

SIGNS = {True: "▾ ", False: "▸ "}


class FieldTree(Pane):
    """Layers and fields of one packet."""

    COMPONENT = "field-tree"
    COMPONENT_CLASSES = {
        f"field-tree--{name}" for name in ("row", "cursor", "focused", "layer", "name", "meaning", "wrong")
    }

    @dataclass
    class Chosen(Message):
        """Another field is under the cursor."""

        node: "Node | None"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._fields = FieldLines()
        self._line = 0

    def show(self, layers: "Sequence[Node]") -> None:
        """Show a packet; the cursor stays on its field if the packet has it."""
        lines = self._fields.lines
        path = lines[self._line].path if self._line < len(lines) else ()
        self._fields.show(layers)
        self._line = self._fields.number_of(path) or 0
        self._changed()

    @property
    def node(self) -> "Node | None":
        """The field under the cursor."""
        lines = self._fields.lines
        return lines[self._line].node if self._line < len(lines) else None

    @property
    def value(self) -> str:
        """The value of the field under the cursor."""
        return self.node.value or self.node.name if self.node else ""

    def choose(self, place: int) -> None:
        """Move the cursor to the smallest field that has a byte."""
        line = self._fields.reveal(place)
        if line is not None:
            self._line = line
            self._changed()

    def _changed(self) -> None:
        self.set_height(len(self._fields.lines))
        self.reveal(self._line)
        self.refresh()
        self.post_message(self.Chosen(self.node))

    # ------------------------------------------------------------------ drawing

    def render_line(self, y: int) -> Strip:
        """Draw a field."""
        width, base = self.size.width, self.style_of("row")
        number = self.top + y
        if number >= len(self._fields.lines):
            return Strip.blank(width, base)
        line = self._fields.lines[number]
        node = line.node
        style = base
        if number == self._line:
            style = self.style_of("focused" if self.has_focus else "cursor")
        sign = SIGNS[self._fields.is_open(line)] if node.children else "  "
        part = "wrong" if node.is_wrong else "layer" if not line.depth else "name"
        mark = "! " if node.is_wrong else ""
        segments = [
            Segment(f"{'  ' * line.depth}{sign}", style),
            Segment(safe_text(f"{mark}{node.name}"), style + self.part_of(part)),
        ]
        if node.value:
            segments.append(Segment(safe_text(f"  {node.value}"), style))
        if node.meaning:
            segments.append(Segment(safe_text(f"  {node.meaning}"), style + self.part_of("meaning")))
        return Strip(segments).adjust_cell_length(width, style)

    # ------------------------------------------------------------------ what keys do

    def move(self, lines: int) -> None:
        """Move the cursor up or down."""
        self._line = max(0, min(self._line + lines, len(self._fields.lines) - 1))
        self._changed()

    def move_to_end(self, *, is_last: bool) -> None:
        """Move the cursor to the first or last line."""
        self.move(len(self._fields.lines) * (1 if is_last else -1))

    def move_aside(self, by: int) -> None:
        """Open a field, or go into it; close it, or go to the one that it is part of."""
        if self.node is None:
            return
        line = self._fields.lines[self._line]
        is_open = self._fields.is_open(line)
        if by > 0 and line.node.children and not is_open:
            self._fields.set_open(line, True)
        elif by > 0 and is_open:
            self._line += 1
        elif by < 0 and is_open and line.node.children:
            self._fields.set_open(line, False)
        elif by < 0 and line.depth:
            self._line = self._fields.number_of(line.path[:-1]) or 0
        self._changed()

    def enter(self) -> None:
        """Open or close the field under the cursor."""
        if self.node is not None:
            line = self._fields.lines[self._line]
            self._fields.set_open(line, not self._fields.is_open(line))
            self._changed()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to a line; a click on the sign in front opens or closes it."""
        place = event.get_content_offset(self)
        if place is None or self.top + place.y >= len(self._fields.lines):
            return
        self._line = self.top + place.y
        line = self._fields.lines[self._line]
        if 2 * line.depth <= place.x < 2 * line.depth + 2:
            self.enter()
        else:
            self._changed()
