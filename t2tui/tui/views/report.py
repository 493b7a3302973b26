"""The report: what was said on the way, and the figures at the end."""

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import RichLog

from t2tui.tui.safe import safe_text
from t2tui.tui.session import Snapshot
from t2tui.tui.views.view import View

STYLES = {"[WRN]": "yellow", "[ERR]": "bold red", "[INF]": "blue"}


class ReportView(View):
    """Lines of the report, marks in colour."""

    PLACE = "report"
    _shown: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """Make the lines."""
        yield RichLog(markup=False, highlight=False, wrap=False, auto_scroll=False, id="report-lines")

    @property
    def log_lines(self) -> RichLog:
        """The widget that has the lines."""
        return self.query_one(RichLog)

    def show(self, now: Snapshot) -> None:
        """Show lines; those that are shown already stay."""
        lines, count = now.log, len(self._shown)
        if len(lines) == count and lines == self._shown:
            return
        if lines[:count] != self._shown:
            self.log_lines.clear()
            count = 0
        for line in lines[count:]:
            self.log_lines.write(Text(safe_text(line), STYLES.get(line[:5], "")))
        self._shown = lines

    def take_focus(self) -> None:
        """Let keys scroll the lines."""
        self.screen.set_focus(self.log_lines)
