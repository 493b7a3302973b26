"""The report: what was said on the way, and the figures at the end."""

from rich.text import Text
from textual.widgets import RichLog

from t2tui.tui.safe import safe_text

STYLES = {"[WRN]": "yellow", "[ERR]": "bold red", "[INF]": "blue"}


class ReportView(RichLog):
    """Lines of the report, marks in colour."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(markup=False, highlight=False, wrap=False, auto_scroll=False, id=id)
        self._shown: tuple[str, ...] = ()

    def show(self, lines: tuple[str, ...]) -> None:
        """Show lines; those that are shown already stay."""
        count = len(self._shown)
        if len(lines) == count and lines == self._shown:
            return
        if lines[:count] != self._shown:
            self.clear()
            count = 0
        for line in lines[count:]:
            self.write(Text(safe_text(line), STYLES.get(line[:5], "")))
        self._shown = lines
