"""A short text that changes often."""

from textual.content import Content
from textual.widgets import Static


class Note(Static):
    """Shows content; the screen is laid out anew only when its length changes."""

    ALLOW_SELECT = False
    _content: Content | None = None

    def show(self, content: Content) -> None:
        """Show content."""
        before = self._content
        if before is None or not before.is_same(content):
            self._content = content
            self.update(content, layout=before is None or before.cell_length != content.cell_length)
