"""Small screens over the others: help, a question, a number."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from t2tui.tui.actions import ACTIONS, FLOWS, PROGRAM
from t2tui.tui.safe import safe_content

FILTER_KEYS = (
    ("Enter", "Apply"),
    ("Tab", "Take the candidate that is lit, or show all"),
    ("↑ ↓", "Candidates; without any: earlier and later filters"),
    ("Esc", "Close the candidates; once more: back to the flows"),
)
MARKS = (
    ("●", "marked"),
    ("!", "alarm"),
    ("^", "warning in flowStat"),
    ("‹ ›", "more columns on this side"),
    ("▲ ▼", "sorted by this column"),
)


class HelpScreen(ModalScreen[None]):
    """The keys of a view, made from the table of actions."""

    BINDINGS = [Binding("escape,question_mark,q,enter", "close", "Close", show=False)]

    def __init__(self, view: str) -> None:
        super().__init__()
        self._view = view

    def compose(self) -> ComposeResult:
        """Make the table."""
        places = (FLOWS, PROGRAM) if self._view == FLOWS else (PROGRAM,)
        groups: dict[str, list[tuple[str, str]]] = {}
        for action in ACTIONS:
            if action.place in places:
                groups.setdefault(action.group, []).append((action.label, action.title))
        groups["Program"].append(("Tab", "Next part of the screen"))
        if self._view == FLOWS:
            groups["In the filter bar"] = list(FILTER_KEYS)
            groups["Signs"] = list(MARKS)
        lines = []
        for group, rows in groups.items():
            lines += [Content(""), safe_content(group, "bold $primary")]
            for key, title in rows:
                label = safe_content(f"  {key:<12}", "$text-accent"), safe_content(title)
                lines.append(Content("").join(label))
        with VerticalScroll(classes="dialog", id="help"):
            yield Static(Content("\n").join(lines[1:]), markup=False)

    def on_mount(self) -> None:
        """Say how to close it."""
        box = self.query_one("#help", VerticalScroll)
        box.border_title = Content("Keys")
        box.border_subtitle = Content("Esc closes")
        box.focus()

    def action_close(self) -> None:
        """Close the screen."""
        self.dismiss(None)


class Question(ModalScreen[bool]):
    """A question that is answered with yes or no."""

    BINDINGS = [
        Binding("y,enter", "answer(True)", "Yes", show=False),
        Binding("n,escape", "answer(False)", "No", show=False),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """Show the question."""
        with Vertical(classes="dialog"):
            yield Static(safe_content(self._text), markup=False)
            yield Static(Content(" "))
            yield Static(Content("y or Enter: yes      n or Esc: no"), markup=False)

    def action_answer(self, answer: bool) -> None:
        """Close with an answer."""
        self.dismiss(answer)


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
