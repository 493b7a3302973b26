"""A small menu at the place of the mouse: actions, each of which does what its key does."""

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from t2tui.tui.actions import Action
from t2tui.tui.safe import safe_content


class Menu(ModalScreen[Action | None]):
    """A list of actions; gives the one that is chosen."""

    BINDINGS = [
        Binding("escape,q,m", "close", "Close", show=False),
        Binding("j", "down", "Down", show=False),
        Binding("k", "up", "Up", show=False),
    ]

    def __init__(self, actions: Sequence[Action], x: int, y: int) -> None:
        """Prepare.

        Args:
            actions: what is listed.
            x: column of the screen at which the menu begins, if there is room.
            y: its line.
        """
        super().__init__()
        self._actions, self._at = actions, (x, y)

    def compose(self) -> ComposeResult:
        """Make the list."""
        yield OptionList(*[Option(_line(action)) for action in self._actions], markup=False, compact=True)

    def on_mount(self) -> None:
        """Put it where the mouse is."""
        listed = self.query_one(OptionList)
        width = max(_line(action).cell_length for action in self._actions) + 4
        x, y = self._at
        listed.styles.width = width
        listed.styles.offset = (
            max(0, min(x, self.app.size.width - width)),
            max(0, min(y, self.app.size.height - len(self._actions) - 2)),
        )
        listed.focus()

    def on_click(self, event: events.Click) -> None:
        """Close when something else is clicked."""
        if event.widget is self:
            self.dismiss(None)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._actions[event.option_index])

    def action_down(self) -> None:
        """Light the next action."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Light the action before."""
        self.query_one(OptionList).action_cursor_up()

    def action_close(self) -> None:
        """Close without an action."""
        self.dismiss(None)


def _line(action: Action) -> Content:
    return Content("").join(
        [safe_content(f" {action.label:<6} ", "$text-accent"), safe_content(action.title)]
    )
