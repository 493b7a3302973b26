"""The report: what was said on the way, and the figures at the end."""

from collections.abc import Mapping
from functools import partial

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import RichLog, Static

from t2tui.core.text.safe import safe_text as safe_lines
from t2tui.tui.actions import bindings, report
from t2tui.tui.figures import amount
from t2tui.tui.safe import safe_content, safe_text
from t2tui.tui.session import Snapshot
from t2tui.tui.views.view import View

STYLES = {"[WRN]": "yellow", "[ERR]": "bold red", "[INF]": "blue"}
FAULTS = ("[WRN]", "[ERR]")
LAYOUT_SECONDS = 0.05
"""How often it is looked whether the lines are laid out."""


class ReportView(View):
    """Lines of the report, marks in colour; above them the warning that is looked at."""

    PLACE = report.PLACE
    BINDINGS = bindings(report.ACTIONS)
    _shown: tuple[str, ...] = ()
    _at = -1  # line of the warning that is looked at

    def compose(self) -> ComposeResult:
        """Make the lines."""
        yield Static(markup=False, id="report-fault")
        yield RichLog(markup=False, highlight=False, wrap=False, auto_scroll=False, id="report-lines")

    def on_mount(self) -> None:
        """Begin without a warning."""
        self.fault.display = False

    @property
    def log_lines(self) -> RichLog:
        """The widget that has the lines."""
        return self.query_one(RichLog)

    @property
    def fault(self) -> Static:
        """The warning that is looked at, whole."""
        return self.query_one("#report-fault", Static)

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

    def obstacles(self) -> Mapping[str, str]:
        """See View."""
        found = {}
        if not self._faults:
            found = dict.fromkeys(("next_fault", "previous_fault"), "there is no warning")
        if not self._shown:
            found["copy"] = "nothing was reported yet"
        return found

    @property
    def _faults(self) -> list[int]:
        """Numbers of the lines that are warnings or errors."""
        return [number for number, line in enumerate(self._shown) if line.startswith(FAULTS)]

    # ------------------------------------------------------------------ actions

    def action_up(self) -> None:
        """One line up."""
        self.log_lines.action_scroll_up()

    def action_down(self) -> None:
        """One line down."""
        self.log_lines.action_scroll_down()

    def action_left(self) -> None:
        """To the left."""
        self.log_lines.action_scroll_left()

    def action_right(self) -> None:
        """To the right."""
        self.log_lines.action_scroll_right()

    def action_page_up(self) -> None:
        """One page up."""
        self.log_lines.action_page_up()

    def action_page_down(self) -> None:
        """One page down."""
        self.log_lines.action_page_down()

    def action_top(self) -> None:
        """To the first line."""
        self.log_lines.scroll_home(animate=False)

    def action_bottom(self) -> None:
        """To the last line."""
        self.log_lines.scroll_end(animate=False)

    def action_next_fault(self) -> None:
        """Go to the next warning or error; behind the last one comes the first."""
        faults = self._faults
        self._look_at(next((line for line in faults if line > self._at), faults[0] if faults else -1))

    def action_previous_fault(self) -> None:
        """Go to the one before; in front of the first one comes the last."""
        faults = self._faults[::-1]
        self._look_at(next((line for line in faults if line < self._at), faults[0] if faults else -1))

    def _look_at(self, line: int) -> None:
        """Show a warning whole, and its line on top."""
        self._at = line
        self.fault.display = line >= 0
        if line < 0:
            self.main.tell("There is no warning", "information")
            return
        faults = self._faults
        number = f"{amount(faults.index(line) + 1)} of {amount(len(faults))}: "
        self.fault.update(safe_content(number + self._shown[line], "$text-warning"))
        self._go_to(line)

    def _go_to(self, line: int) -> None:
        """Show a line on top, as soon as the lines are laid out."""
        lines = self.log_lines
        if line != self._at or self.main.view != self.PLACE:
            return
        if lines.virtual_size.height:
            lines.scroll_to(y=line, animate=False)
        else:
            self.set_timer(LAYOUT_SECONDS, partial(self._go_to, line))

    def action_copy(self) -> None:
        """Copy all lines."""
        if self._shown:
            self.app.copy_to_clipboard(safe_lines("\n".join(self._shown)))
            self.main.tell(f"{amount(len(self._shown))} lines copied", "information")
