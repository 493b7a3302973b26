"""The line at the bottom: buttons for what is done most, and what they would act on."""

from collections.abc import Mapping, Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from t2tui.tui.actions import ACTIONS, Action
from t2tui.tui.safe import safe_content
from t2tui.tui.widgets.note import Note


class ActionButton(Static):
    """A button that does what its key does."""

    class Pressed(Message):
        """The button was clicked."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, action: Action) -> None:
        label = safe_content(f" {action.label} ", "$text-accent"), safe_content(f"{action.button} ")
        super().__init__(Content("").join(label), markup=False, classes="button")
        self.set_class(action.is_minor, "-minor")
        self.action = action

    def show_in(self, places: Sequence[str]) -> None:
        """Show the button where its action can be done."""
        self.set_class(self.action.place not in places, "-hidden")

    def show_obstacle(self, why: str) -> None:
        """Say why the action cannot be done now; nothing if it can."""
        self.set_class(bool(why), "-disabled")
        self.tooltip = safe_content(why) if why else None

    def on_click(self, event: events.Click) -> None:
        """Tell which action."""
        event.stop()
        self.post_message(self.Pressed(self.action))


class ActionLine(Horizontal):
    """A note, and buttons for the actions that have one."""

    def compose(self) -> ComposeResult:
        """Make the buttons."""
        yield Note(markup=False, id="scope")
        for action in ACTIONS:
            if action.button:
                yield ActionButton(action)

    def show_in(self, places: Sequence[str]) -> None:
        """Show the buttons of places."""
        for button in self.query(ActionButton):
            button.show_in(places)

    def show_obstacles(self, obstacles: Mapping[str, str]) -> None:
        """Say which actions cannot be done now.

        Args:
            obstacles: names of actions and why.
        """
        for button in self.query(ActionButton):
            button.show_obstacle(obstacles.get(button.action.name, ""))

    def show_scope(self, text: str) -> None:
        """Show what actions act on."""
        self.query_one("#scope", Note).show(safe_content(f" {text} "))
