"""Asks for a number."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from t2tui.tui.safe import safe_content


class AskNumber(ModalScreen[int | None]):
    """Asks for a number."""

    BINDINGS = [Binding("escape", "close", "Close", show=False)]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """Show the question."""
        with Vertical(classes="dialog"):
            yield Static(safe_content(self._text), markup=False)
            yield Input(type="integer", compact=True, id="number")

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(int(event.value) if event.value.strip().isdecimal() else None)

    def action_close(self) -> None:
        """Close without a number."""
        self.dismiss(None)
