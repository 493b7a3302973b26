"""Lines of a stream: draws those that are on screen, however long it is."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import wrap

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from t2tui.core.capture import CaptureError
from t2tui.core.streams.search import Match
from t2tui.tui.safe import safe_text
from t2tui.tui.session import words
from t2tui.tui.streamlines import Line, StreamLines

EMPTY_LINE = 1
"""Line that says why there is nothing."""
SIGNS = {"A": "→", "B": "←"}
"""Who sent a line."""
PREFIX = 3
"""Cells before the text of a line: cursor, sign, blank."""
WHEEL = 3
"""Lines that one step of the mouse wheel moves."""
ASIDE = 16
"""Cells that one step to the side moves."""


class StreamView(ScrollView, can_focus=True, inherit_bindings=False):
    """A window onto the lines of a stream, one of which is under the cursor."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {
        f"stream-view--{name}" for name in ("row", "cursor", "a", "b", "note", "match", "chosen", "empty")
    }
    DEFAULT_CSS = """
    StreamView { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """

    @dataclass
    class Moved(Message):
        """The cursor stands on another line, or the lines are others."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: StreamLines | None = None
        self._page: list[Line] = []
        self._cursor = self._top = self._left = 0
        self._empty_text = ""
        self._matches: dict[str, list[Match]] = {}
        self._chosen: Match | None = None

    # ------------------------------------------------------------------ what is shown

    def show(self, lines: StreamLines, byte: int = 0) -> None:
        """Show lines.

        Args:
            lines: the lines.
            byte: on which the cursor is to stand, counted over what is shown.
        """
        self._lines = lines
        self._empty_text = ""
        self.go_to(byte)

    def explain(self, text: str) -> None:
        """Show no lines, but why."""
        self._lines, self._page = None, []
        self._cursor = self._top = self._left = 0
        self._empty_text = safe_text(text)
        self._set_height(0)
        self.refresh()
        self.post_message(self.Moved())

    def highlight(self, matches: Sequence[Match], chosen: Match | None) -> None:
        """Show where something was found.

        Args:
            matches: in any order.
            chosen: the one that is shown in another way.
        """
        self._matches = {
            side: sorted((m for m in matches if m.direction == side), key=_begin) for side in SIGNS
        }
        self._chosen = chosen
        self.refresh()

    @property
    def line(self) -> Line | None:
        """The line under the cursor."""
        place = self._cursor - self._top
        if 0 <= place < len(self._page):
            return self._page[place]
        found: list[Line] = []
        with self._reading():
            found = self._lines.window(self._cursor, 1) if self._lines is not None else []
        return found[0] if found else None

    @property
    def page(self) -> list[Line]:
        """The lines on screen."""
        return self._page

    @property
    def text_width(self) -> int:
        """Cells that a line has for its text."""
        return max(self._width - PREFIX, 1)

    # ------------------------------------------------------------------ moving

    def go_to(self, byte: int) -> None:
        """Move the cursor to the line with a byte, counted over what is shown."""
        with self._reading():
            if self._lines is not None:
                self._move_to(self._lines.at(byte))

    def reveal(self, match: Match) -> None:
        """Move the cursor to a match, and so far to the side that it is seen."""
        self.go_to(match.place)
        line = self.line
        if self._lines is None or line is None or line.is_note:
            return
        begin = match.begin - line.start
        if 0 <= begin < len(line.data):
            first, behind = self._lines.form.places(line.data, line.offset, begin, begin + 1)[0]
            if not self._left <= first <= behind <= self._left + self.text_width:
                self._left = max(first - self.text_width // 2, 0)
                self.refresh()

    def move(self, lines: int) -> None:
        """Move the cursor down, or up."""
        with self._reading():
            if self._lines is None:
                return
            if lines < 0:
                self._settle(-lines)
            self._move_to(self._cursor + lines)

    def move_pages(self, pages: int) -> None:
        """Move the cursor by what fits on the screen."""
        self.move(pages * self._height)

    def top(self) -> None:
        """Move the cursor to the first line."""
        with self._reading():
            if self._lines is not None:
                self._move_to(0)

    def bottom(self) -> None:
        """Move the cursor to the last line."""
        with self._reading():
            if self._lines is not None:
                self._move_to(self._lines.settle(self._lines.last(), self._height))

    def aside(self, cells: int | None) -> None:
        """Move the window to the right, or to the left; to the begin of the lines with None."""
        longest = max((cell_len(line.text) for line in self._page), default=0)
        most = max(longest - self.text_width, 0)
        self._left = 0 if cells is None else max(0, min(self._left + cells, most))
        self.refresh()

    def _settle(self, lines: int) -> None:
        """Have lines counted above the cursor: their number was an estimate."""
        assert self._lines is not None
        before = self._cursor
        self._cursor = self._lines.settle(before, lines + self._height)
        self._top = max(0, self._top + self._cursor - before)

    def _move_to(self, line: int) -> None:
        """Move the cursor, and the window so far that it is on screen."""
        assert self._lines is not None
        self._cursor = max(0, line)
        top = min(self._top, self._cursor)
        self._scroll(max(top, self._cursor - self._height + 1))
        if self._cursor >= self._lines.height:  # an estimate was too high
            self._cursor = max(self._lines.height - 1, 0)
            self._scroll(max(self._cursor - self._height + 1, 0))
        self.post_message(self.Moved())

    def _scroll(self, top: int) -> None:
        """Move the window."""
        assert self._lines is not None
        self._top = top
        self._page = self._lines.window(top, self._height)
        self._set_height(self._lines.height)
        if round(self.scroll_y) != top:
            self.scroll_to(y=top, animate=False, force=True, immediate=True)
        self.refresh()

    def watch_scroll_y(self, old: float, new: float) -> None:
        """Follow the scroll bar."""
        super().watch_scroll_y(old, new)
        if self._lines is not None and round(new) != self._top:
            with self._reading():
                self._scroll(round(new))

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -WHEEL)

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, WHEEL)

    def _wheel(self, event: events.MouseEvent, lines: int) -> None:
        event.stop()
        event.prevent_default()
        with self._reading():
            if self._lines is None:
                return
            if lines < 0:
                before = self._top
                self._top = self._lines.settle(before, -lines)
                self._cursor += self._top - before
            most = max(self._lines.height - self._height, 0)
            self._scroll(max(0, min(self._top + lines, most)))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the line under the mouse."""
        place = event.get_content_offset(self)
        if place is not None and place.y < len(self._page):
            with self._reading():
                self._move_to(self._top + place.y)

    def on_resize(self) -> None:
        """Make as many lines as there is room for."""
        if self._lines is not None:
            with self._reading():
                self._move_to(self._cursor)

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width  # without the scroll bar

    @property
    def _height(self) -> int:
        return max(self.size.height, 1)

    def _set_height(self, height: int) -> None:
        """Tell the scroll bar how much there is; setting virtual_size would lay out the whole screen anew."""
        if height != self.virtual_size.height:
            self.set_reactive(Widget.virtual_size, Size(0, height))
            self.vertical_scrollbar.window_virtual_size = height

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Show in place of the stream why it cannot be read."""
        try:
            yield
        except (CaptureError, OSError, ValueError) as error:
            detail, hint = words(error)
            self.explain(f"{detail}. {hint}  r reads again, Esc goes back")

    # ------------------------------------------------------------------ drawing

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        width, base = self._width, self._style("row")
        if y >= len(self._page):
            said = wrap(self._empty_text, max(width - 2 * PREFIX, 1)) if not self._page else []
            text = f"   {said[y - EMPTY_LINE]}" if 0 <= y - EMPTY_LINE < len(said) else ""
            return Strip([Segment(text, self._style("empty"))]).adjust_cell_length(width, base)
        line = self._page[y]
        is_cursor = self._top + y == self._cursor
        base = self._style("cursor") if is_cursor else base
        side = base + self._part(line.direction.lower())
        own = base + self._part("note") if line.is_note else side
        strip = Strip([Segment(line.text, own)])
        for first, behind, style in self._marked(line):
            part = Segment(strip.crop(first, behind).text, base + self._part(style))
            strip = Strip.join([strip.crop(0, first), Strip([part]), strip.crop(behind)])
        length = strip.cell_length
        shown = strip.crop(self._left, self._left + self.text_width)
        if length > self._left + self.text_width:
            shown = Strip.join([shown.crop(0, self.text_width - 1), Strip([Segment("›", base)])])
        prefix = [Segment("▌" if is_cursor else " ", base), Segment(f"{SIGNS[line.direction]} ", side)]
        return Strip([*prefix, *shown]).adjust_cell_length(width, base)

    def _marked(self, line: Line) -> Iterator[tuple[int, int, str]]:
        """Yield where a line shows matches: first cell, that behind the last, style."""
        matches = self._matches.get(line.direction, [])
        if line.is_note or not matches or self._lines is None:
            return
        end = line.start + len(line.data)
        # matches of a direction do not overlap: only the one before can reach into the line
        at = max(bisect_left(matches, line.start, key=_begin) - 1, 0)
        while at < len(matches) and matches[at].begin < end:
            match = matches[at]
            begin = max(match.begin - line.start, 0)
            behind = min(match.end - line.start, len(line.data))
            if begin < behind:
                style = "chosen" if match == self._chosen else "match"
                for first, last in self._lines.form.places(line.data, line.offset, begin, behind):
                    yield first, last, style
            at += 1

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"stream-view--{name}")

    def _part(self, name: str) -> Style:
        return self.get_component_rich_style(f"stream-view--{name}", partial=True)


def _begin(match: Match) -> int:
    return match.begin
