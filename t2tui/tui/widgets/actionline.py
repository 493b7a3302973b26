"""The line at the bottom: buttons for what is done most, and what they would act on."""

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from t2tui.tui.actions import ACTIONS, PROGRAM, Action
from t2tui.tui.safe import safe_content
from t2tui.tui.widgets.note import Note

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
MINOR = ("drop_cell", "pause")
"""Left out where there is little room."""


class ActionButton(Static):
    """A button that does what its key does."""

    class Pressed(Message):
        """The button was clicked."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, action: Action, text: str) -> None:
        label = safe_content(f" {action.label} ", "$text-accent"), safe_content(f"{text} ")
        super().__init__(Content("").join(label), markup=False, classes="button")
        self.set_class(action.name in MINOR, "-minor")
        self._action = action

    def show_in(self, view: str) -> None:
        """Show the button where its action can be done."""
        self.set_class(self._action.place not in (view, PROGRAM), "-hidden")

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
        yield Note(markup=False, id="scope")
        for name, text in self._buttons:
            yield ActionButton(known[name], text)

    def show_in(self, view: str) -> None:
        """Show the buttons of a view."""
        for button in self.query(ActionButton):
            button.show_in(view)

    def show_scope(self, text: str) -> None:
        """Show what actions act on."""
        self.query_one("#scope", Note).show(safe_content(f" {text} "))
