"""A screen of lines of a stream: how the cursor moves through them."""

from textual.screen import Screen

from t2tui.tui.messages import PacketWanted
from t2tui.tui.widgets.streamview import ASIDE, StreamView


class LinesScreen(Screen[PacketWanted | None]):
    """A screen with a StreamView, whose keys it has."""

    @property
    def lines_view(self) -> StreamView:
        """The lines."""
        return self.query_one(StreamView)

    def action_up(self) -> None:
        """Move one line up."""
        self.lines_view.move(-1)

    def action_down(self) -> None:
        """Move one line down."""
        self.lines_view.move(1)

    def action_left(self) -> None:
        """Move the window to the left."""
        self.lines_view.aside(-ASIDE)

    def action_right(self) -> None:
        """Move the window to the right."""
        self.lines_view.aside(ASIDE)

    def action_line_begin(self) -> None:
        """Move the window to the begin of the lines."""
        self.lines_view.aside(None)

    def action_page_up(self) -> None:
        """Move one page up."""
        self.lines_view.move_pages(-1)

    def action_page_down(self) -> None:
        """Move one page down."""
        self.lines_view.move_pages(1)

    def action_top(self) -> None:
        """Move to the begin."""
        self.lines_view.top()

    def action_bottom(self) -> None:
        """Move to the end."""
        self.lines_view.bottom()
