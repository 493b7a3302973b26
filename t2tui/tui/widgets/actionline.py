"""The line at the bottom: buttons for what is done most, and what they would act on."""

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from t2tui.tui.actions import ACTIONS, Action
from t2tui.tui.safe import safe_content

BUTTONS = (
    ("filter", "Filter"),
    ("keep_cell", "Only this"),
    ("drop_cell", "Not this"),
    ("sort_descending", "Sort"),
    ("mark", "Mark"),
    ("pause", "Pause"),
    ("help", "Help"),
    ("command_palette", "Commands"),
)
"""Names of actions, and what their buttons say."""


class ActionButton(Static):
    """A button that does what its key does."""

    class Pressed(Message):
        """The button was clicked."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, action: Action, text: str) -> None:
        key = Content.styled(f"{action.label} ", "$accent")
        super().__init__(Content.assemble(" ", key, text, " "), markup=False, classes="button")
        self._action = action

    def on_click(self, event: events.Click) -> None:
        """Tell which action."""
        event.stop()
        self.post_message(self.Pressed(self._action))


class ActionLine(Horizontal):
    """Buttons, and a note at the right."""

    def __init__(self, buttons: Sequence[tuple[str, str]] = BUTTONS, *, id: str | None = None) -> None:
        """Choose the buttons.

        Args:
            buttons: names of actions and texts.
            id: of the widget.
        """
        super().__init__(id=id)
        self._buttons = buttons

    def compose(self) -> ComposeResult:
        """Make the buttons."""
        known = {action.name: action for action in ACTIONS}
        yield Static(markup=False, id="scope")
        for name, text in self._buttons:
            yield ActionButton(known[name], text)

    def show_scope(self, text: str) -> None:
        """Show what actions act on."""
        self.query_one("#scope", Static).update(safe_content(f" {text} "))
