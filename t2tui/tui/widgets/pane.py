"""What the panes of the packet view have in common: lines, one of which is under the cursor."""

from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.widget import Widget


class Pane(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines that are drawn when they are on screen; the view tells it what keys do."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Pane { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """
    HEADER_LINES = 0
    """Lines that stay at the top."""
    COMPONENT = ""
    """First part of the names of its styles."""

    @property
    def lines_on_screen(self) -> int:
        """Number of lines that have place below the header."""
        return max(1, self.size.height - self.HEADER_LINES)

    @property
    def top(self) -> int:
        """Number of the first line on screen."""
        return round(self.scroll_y)

    def set_height(self, lines: int) -> None:
        """Tell the scroll bar how much there is; setting virtual_size would lay out the whole screen anew."""
        height = lines + self.HEADER_LINES
        if height == self.virtual_size.height:
            return
        self.set_reactive(Widget.virtual_size, Size(0, height))
        self.vertical_scrollbar.window_virtual_size = height
        if self.scroll_y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def reveal(self, line: int) -> None:
        """Scroll so far that a line is on screen."""
        lines = self.lines_on_screen
        if line < self.top:
            self.scroll_to(y=line, animate=False, force=True)
        elif line >= self.top + lines:
            self.scroll_to(y=line - lines + 1, animate=False, force=True)

    def style_of(self, name: str) -> Style:
        """Return a style of this pane."""
        return self.get_component_rich_style(f"{self.COMPONENT}--{name}")

    def part_of(self, name: str) -> Style:
        """Return a style that is put over another."""
        return self.get_component_rich_style(f"{self.COMPONENT}--{name}", partial=True)

    # ------------------------------------------------------------------ what keys do

    def move(self, lines: int) -> None:
        """Move the cursor up or down."""
        raise NotImplementedError

    def move_to_end(self, *, is_last: bool) -> None:
        """Move the cursor to the first or last line."""
        raise NotImplementedError

    def move_aside(self, by: int) -> None:
        """Move the cursor to the left or right."""
        raise NotImplementedError

    def enter(self) -> None:
        """Do what Enter does."""
        raise NotImplementedError

    @property
    def value(self) -> str:
        """What is copied: text of the capture, not made safe."""
        raise NotImplementedError
