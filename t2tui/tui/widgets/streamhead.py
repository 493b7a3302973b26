"""The lines above and below a stream: whose it is, where the cursor is, what is being searched."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from t2tui.tui.safe import safe_content, safe_text
from t2tui.tui.widgets.note import Note
from t2tui.tui.widgets.typed import TYPED


class Words(Widget):
    """One line of short texts; what has no place is left out from the right."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._texts: Sequence[tuple[str, str]] = ()

    def show(self, *texts: tuple[str, str]) -> None:
        """Show texts.

        Args:
            texts: each with its style.
        """
        if texts != self._texts:
            self._texts = texts
            self.refresh()

    def render(self) -> Content:
        """Draw the line."""
        left, parts = self.size.width, list[Content]()
        for text, style in self._texts:
            part = safe_content(f" {safe_text(text)} ", style)
            if part.cell_length > left and parts:
                break
            parts.append(part)
            left -= part.cell_length
        return Content("").join(parts)


class SearchBar(Horizontal):
    """The line in which an expression is typed."""

    class Given(Message):
        """Enter was pressed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Static(Content(" / "), classes="prompt")
        yield Input(
            placeholder="regular expression, e.g. USER \\w+ or \\x00\\xff",
            compact=True,
            select_on_focus=False,
            restrict=TYPED,
            id="search-input",
        )
        yield Note(markup=False, id="search-note")

    def on_mount(self) -> None:
        """Wait until it is wanted."""
        self.display = False

    @property
    def input(self) -> Input:
        """The line that is typed in."""
        return self.query_one(Input)

    def begin(self) -> None:
        """Let the user type, at once."""
        self.display = True
        self.show_note("Enter searches")
        self.screen.set_focus(self.input)

    def show_note(self, text: str, style: str = "") -> None:
        """Show a text behind the line."""
        self.query_one("#search-note", Note).show(safe_content(f" {safe_text(text)} ", style))

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Given(event.value))
