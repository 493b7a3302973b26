"""A question that is answered with yes or no."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from t2tui.tui.safe import safe_content


class Question(ModalScreen[bool]):
    """A question that is answered with yes or no."""

    BINDINGS = [
        Binding("y,enter", "answer(True)", "Yes", show=False),
        Binding("n,escape", "answer(False)", "No", show=False),
    ]

    def __init__(self, text: str, details: Sequence[str] = ()) -> None:
        """Take the question over.

        Args:
            text: the question.
            details: lines below it.
        """
        super().__init__()
        self._text, self._details = text, details

    def compose(self) -> ComposeResult:
        """Show the question."""
        with Vertical(classes="dialog"):
            yield Static(safe_content(self._text), markup=False)
            yield Static(Content(" "))
            if self._details:
                with VerticalScroll(id="details"):
                    lines = map(safe_content, self._details)
                    yield Static(Content("\n").join(lines), markup=False)
                yield Static(Content(" "))
            yield Static(Content("y or Enter: yes      n or Esc: no"), markup=False)

    def action_answer(self, answer: bool) -> None:
        """Close with an answer."""
        self.dismiss(answer)
