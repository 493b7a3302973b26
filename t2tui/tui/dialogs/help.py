"""The keys of a view."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from t2tui.tui.actions import ACTIONS
from t2tui.tui.safe import safe_content
from t2tui.tui.views.view import KeysOfView


class HelpScreen(ModalScreen[None]):
    """The keys of a view, made from the table of actions."""

    BINDINGS = [
        Binding("escape,question_mark,q,enter", "close", "Close", show=False),
        Binding("i", "ids", "Ids", show=False),
    ]

    def __init__(self, places: Sequence[str], explained: KeysOfView = ()) -> None:
        """Choose what is listed.

        Args:
            places: of the actions.
            explained: further headings and their rows.
        """
        super().__init__()
        self._places, self._explained = places, explained
        self._has_ids = False

    def compose(self) -> ComposeResult:
        """Make the table."""
        with VerticalScroll(classes="dialog", id="help"):
            yield Static(self._table(), markup=False)

    def _table(self) -> Content:
        """Return the keys, with the ids by which they are changed if these are to be seen."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for place in self._places:
            for action in ACTIONS:
                if action.place == place:
                    groups.setdefault(action.group, []).append(
                        (action.label, f"{action.title}  [{action.id}]" if self._has_ids else action.title)
                    )
        groups["Program"].append(("Tab", "Next part of the screen"))
        groups |= {heading: list(rows) for heading, rows in self._explained}
        lines = []
        for group, rows in groups.items():
            lines += [Content(""), safe_content(group, "bold $primary")]
            for key, title in rows:
                label = safe_content(f"  {key:<12}", "$text-accent"), safe_content(title)
                lines.append(Content("").join(label))
        return Content("\n").join(lines[1:])

    def on_mount(self) -> None:
        """Say how to close it."""
        box = self.query_one("#help", VerticalScroll)
        box.border_title = Content("Keys")
        box.border_subtitle = Content("i shows ids for t2tui.toml, Esc closes")
        box.focus()

    def action_ids(self) -> None:
        """Show the ids of the actions, or hide them."""
        self._has_ids = not self._has_ids
        self.query_one("#help > Static", Static).update(self._table())

    def action_close(self) -> None:
        """Close the screen."""
        self.dismiss(None)
