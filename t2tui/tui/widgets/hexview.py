"""The bytes of a packet: hex digits and characters; those of the chosen field are lit."""

from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from t2tui.tui import hexlines
from t2tui.tui.hexlines import PRINTABLE
from t2tui.tui.widgets.pane import Pane


class HexView(Pane):
    """Bytes, one of which is under the cursor."""

    COMPONENT = "hex-view"
    COMPONENT_CLASSES = {f"hex-view--{name}" for name in ("row", "offset", "lit", "cursor")}

    @dataclass
    class Chosen(Message):
        """The cursor stands on another byte."""

        place: int

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._data = b""
        self._lit = (0, 0)
        self._place = 0

    def show(self, data: bytes) -> None:
        """Show the bytes of a packet."""
        self._data, self._lit, self._place = data, (0, 0), 0
        self.set_height(self._line_count)
        self.scroll_to(y=0, animate=False, force=True)
        self.refresh()

    def light(self, start: int, length: int) -> None:
        """Light the bytes of a field and scroll to them."""
        self._lit = start, length
        if not start <= self._place < start + length:
            self._place = min(start, max(len(self._data) - 1, 0))
        self.reveal(self._place // self._count)
        self.refresh()

    @property
    def lit(self) -> tuple[int, int]:
        """First of the lit bytes, and how many."""
        return self._lit

    @property
    def value(self) -> str:
        """The lit bytes as hex, or that under the cursor."""
        start, length = self._lit
        return self._data[start : start + length].hex(" ") if length else self._data[self._place :][:1].hex()

    @property
    def _count(self) -> int:
        """Bytes of a line."""
        return hexlines.bytes_per_line(self.size.width)

    @property
    def _line_count(self) -> int:
        return -(-len(self._data) // self._count)

    def on_resize(self) -> None:
        """Break the lines anew."""
        self.set_height(self._line_count)
        self.reveal(self._place // self._count)

    # ------------------------------------------------------------------ drawing

    def render_line(self, y: int) -> Strip:
        """Draw a line of bytes."""
        width, style, count = self.size.width, self.style_of("row"), self._count
        number = self.top + y
        data = self._data[number * count : (number + 1) * count]
        if not data:
            return Strip.blank(width, style)
        low, high = hexlines.runs(number, count, len(self._data), *self._lit)
        lit, cursor = self.style_of("lit"), self.style_of("cursor")
        under = self._place - number * count if self.has_focus else -1
        segments = [Segment(f"{number * count:04x}  ", self.style_of("offset"))]
        texts = []
        for place in range(count):
            chosen = cursor if place == under else lit if low <= place < high else style
            gap = lit if low <= place < high - 1 else style
            digits = f"{data[place]:02x}" if place < len(data) else "  "
            segments += [Segment(digits, chosen), Segment(" " if place % 8 < 7 else "  ", gap)]
            texts.append(Segment(PRINTABLE[data[place]] if place < len(data) else " ", chosen))
        if count < 8:
            segments.append(Segment(" ", style))
        return Strip([*segments, *texts]).adjust_cell_length(width, style)

    # ------------------------------------------------------------------ what keys do

    def _go(self, place: int) -> None:
        if self._data:
            self._place = max(0, min(place, len(self._data) - 1))
            self.reveal(self._place // self._count)
            self.refresh()
            self.post_message(self.Chosen(self._place))

    def move(self, lines: int) -> None:
        """Move the cursor up or down."""
        self._go(self._place + lines * self._count)

    def move_to_end(self, *, is_last: bool) -> None:
        """Move the cursor to the first or last byte."""
        self._go(len(self._data) if is_last else 0)

    def move_aside(self, by: int) -> None:
        """Move the cursor to the byte beside."""
        self._go(self._place + by)

    def enter(self) -> None:
        """Do nothing: the field of a byte is shown as the cursor moves."""

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the byte under the mouse."""
        place = event.get_content_offset(self)
        if place is not None:
            number = hexlines.byte_at(place.x, self._count)
            if number is not None:
                self._go((self.top + place.y) * self._count + number)
