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
        text = Content("").join(label)
        super().__init__(text, markup=False, classes="button")
        self.action = action
        """What it does."""
        self.cells = text.cell_length
        """Its width."""

    def show_obstacle(self, why: str) -> None:
        """Say why the action cannot be done now; nothing if it can."""
        self.set_class(bool(why), "-disabled")
        self.tooltip = safe_content(why) if why else None

    def on_click(self, event: events.Click) -> None:
        """Tell which action."""
        event.stop()
        self.post_message(self.Pressed(self.action))


HELP = "help"
"""The action whose button is always there: it tells of all others."""


class ActionLine(Horizontal):
    """A note, and buttons for the actions that have one, as many as have room."""

    _places: Sequence[str] = ()
    _note_cells = 0

    def compose(self) -> ComposeResult:
        """Make the buttons."""
        yield Note(markup=False, id="scope")
        for action in ACTIONS:
            if action.button:
                yield ActionButton(action)

    def show_in(self, places: Sequence[str]) -> None:
        """Show the buttons of places.

        Args:
            places: those of the view first; the buttons of the others give way to them.
        """
        self._places = places
        self._fit()

    def on_resize(self) -> None:
        """Use the room that there is now."""
        self._fit()

    def _fit(self) -> None:
        """Show the most important buttons that have room beside the note."""
        left = self.size.width - self._note_cells
        chosen = [button for button in self.query(ActionButton) if button.action.place in self._places]
        shown = set()
        for button in sorted(chosen, key=self._rank):
            if button.cells <= left:
                shown.add(button)
                left -= button.cells
        for button in self.query(ActionButton):
            button.set_class(button not in shown, "-hidden")

    def _rank(self, button: ActionButton) -> tuple[bool, bool, int]:
        action = button.action
        return action.name != HELP, action.is_minor, self._places.index(action.place)

    def show_obstacles(self, obstacles: Mapping[str, str]) -> None:
        """Say which actions cannot be done now.

        Args:
            obstacles: names of actions and why.
        """
        for button in self.query(ActionButton):
            button.show_obstacle(obstacles.get(button.action.name, ""))

    def show_scope(self, text: str) -> None:
        """Show what actions act on."""
        note = safe_content(f" {text} " if text else "")
        self.query_one("#scope", Note).show(note)
        if note.cell_length != self._note_cells:
            self._note_cells = note.cell_length
            self._fit()
