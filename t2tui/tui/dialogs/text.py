"""Asks for a line of text."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from t2tui.tui.safe import safe_content
from t2tui.tui.widgets.typed import TYPED


class AskText(ModalScreen[str | None]):
    """Asks for a line of text; None if it was closed without one."""

    BINDINGS = [Binding("escape", "close", "Close", show=False)]

    def __init__(self, text: str, value: str = "", longest: int = 80) -> None:
        """Prepare.

        Args:
            text: the question.
            value: what stands there in the beginning.
            longest: number of characters that can be typed.
        """
        super().__init__()
        self._text, self._value, self._longest = text, value, longest

    def compose(self) -> ComposeResult:
        """Show the question."""
        with Vertical(classes="dialog ask-text"):
            yield Static(safe_content(self._text), markup=False)
            yield Input(
                self._value, compact=True, restrict=TYPED, max_length=self._longest, select_on_focus=False
            )

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value)

    def action_close(self) -> None:
        """Close without a text."""
        self.dismiss(None)
