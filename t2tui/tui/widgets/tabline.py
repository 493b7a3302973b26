"""The line of tabs."""

from collections.abc import Mapping

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message

from t2tui.tui.safe import safe_content
from t2tui.tui.widgets.note import Note


class Tab(Note):
    """A tab that can be clicked."""

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, view: str) -> None:
            super().__init__()
            self.view = view

    def __init__(self, view: str, key: str, title: str) -> None:
        super().__init__(id=f"tab-{view}", markup=False)
        self._view = view
        self._title = f" {key} {title} "
        self._number = ""
        self.draw(True)

    def count(self, text: str) -> None:
        """Take a number that stands behind the title where there is room."""
        self._number = f"{text} " if text else ""

    def cells(self, has_number: bool) -> int:
        """Return the width."""
        return len(self._title) + has_number * len(self._number)

    def draw(self, has_number: bool) -> None:
        """Show the title, and the number behind it."""
        self.show(safe_content(self._title + self._number * has_number))

    def on_click(self, event: events.Click) -> None:
        """Tell which tab was clicked."""
        event.stop()
        self.post_message(self.Chosen(self._view))


class TabLine(Horizontal):
    """The tabs beside each other."""

    def __init__(self, tabs: Mapping[str, tuple[str, str]], *, id: str | None = None) -> None:
        """Take the tabs over.

        Args:
            tabs: view -> key and title.
            id: of the widget.
        """
        super().__init__(id=id)
        self._tabs = tabs

    def compose(self) -> ComposeResult:
        """Make the tabs."""
        for view, (key, title) in self._tabs.items():
            yield Tab(view, key, title)

    def choose(self, view: str) -> None:
        """Show which one is open."""
        for tab in self.query(Tab):
            tab.set_class(tab.id == f"tab-{view}", "-open")

    def note(self, view: str, text: str) -> None:
        """Show a number behind a title."""
        self.query_one(f"#tab-{view}", Tab).count(text)
        self._fit()

    def on_resize(self) -> None:
        """Use the room that there is now."""
        self._fit()

    def _fit(self) -> None:
        """Show the numbers if the titles have room beside them."""
        tabs = self.query(Tab)
        has_room = sum(tab.cells(True) for tab in tabs) <= self.size.width
        for tab in tabs:
            tab.draw(has_room)
