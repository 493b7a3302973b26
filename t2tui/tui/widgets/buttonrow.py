"""A line of buttons for chosen actions."""

from collections.abc import Collection, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal

from t2tui.tui.actions import Action
from t2tui.tui.widgets.actionline import ActionButton


class ButtonRow(Horizontal):
    """Buttons beside each other; some of them can be shown as chosen."""

    def __init__(self, actions: Sequence[Action], *, id: str | None = None) -> None:
        """Take the actions over.

        Args:
            actions: those without a button are left out.
            id: of the widget.
        """
        super().__init__(id=id)
        self._actions = [action for action in actions if action.button]

    def compose(self) -> ComposeResult:
        """Make the buttons."""
        for action in self._actions:
            yield ActionButton(action)

    def choose(self, names: Collection[str]) -> None:
        """Show what is chosen.

        Args:
            names: of the actions.
        """
        for button in self.query(ActionButton):
            button.set_class(button.action.name in names, "-chosen")
