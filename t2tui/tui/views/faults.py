"""What is wrong with a capture: the status bits that its flows have."""

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.widgets import DataTable
from textual.worker import Worker, WorkerState

from t2tui.core.store import ColumnStore
from t2tui.tui import session
from t2tui.tui.faults import BitCounts, Finding
from t2tui.tui.figures import amount
from t2tui.tui.messages import FilterWanted
from t2tui.tui.safe import safe_content, safe_text
from t2tui.tui.session import Snapshot
from t2tui.tui.views.view import View
from t2tui.tui.widgets.note import Note

WORDS = {"err": "error", "wrn": "warning", "inf": "information", "none": ""}
STYLES = {"err": "bold red", "wrn": "yellow", "inf": "", "none": "dim"}


class FaultsView(View):
    """A table of bits; Enter shows the flows."""

    PLACE = "faults"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._findings: list[Finding] = []
        self._bits = BitCounts()
        self._counted_rows = -1
        self._is_counting = False

    def compose(self) -> ComposeResult:
        """Make the table."""
        yield Note(markup=False, id="faults-head")
        yield DataTable(cursor_type="row", zebra_stripes=True, id="faults-table")

    def on_mount(self) -> None:
        """Make the columns."""
        table = self.query_one(DataTable)
        for label in ("class", "flows", "column", "bit", "name", "what it says"):
            table.add_column(Text(safe_text(label)), key=label)

    def show(self, now: Snapshot) -> None:
        """Count the bits of flows that have ended since the last time."""
        if now.table is None:
            self._list([], 0)
        elif not self._is_counting and self._counted_rows != now.rows:
            self._is_counting = True
            self._count(now.table)

    def take_focus(self) -> None:
        """Let keys go to the table."""
        self.screen.set_focus(self.query_one(DataTable))

    @work(thread=True, group="bits", exit_on_error=False)
    def _count(self, table: ColumnStore) -> tuple[int, list[Finding]]:
        return len(table), self._bits.update(table)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """List what was counted."""
        event.stop()
        if event.state not in (WorkerState.SUCCESS, WorkerState.ERROR):
            return
        self._is_counting = False
        if event.state is WorkerState.SUCCESS and event.worker.result is not None:
            self._counted_rows, findings = event.worker.result
            self._list(findings, self._counted_rows)
            self.show(self.main.now)
        elif event.worker.error is not None:
            self.main.tell(" ".join(session.words(event.worker.error)), "error")

    def _list(self, findings: list[Finding], flows: int) -> None:
        """Show bits and numbers of flows; the cursor stays on its bit.

        Args:
            findings: the bits.
            flows: number of flows that were looked at.
        """
        text = f"Status bits of the {amount(flows)} flows that have ended. Enter shows those with a bit."
        head = safe_content(text if flows else "No flow has ended yet.")
        self.query_one("#faults-head", Note).show(head)
        if findings == self._findings:
            return
        table = self.query_one(DataTable)
        lit = self._key(self._findings[table.cursor_row]) if self._findings else None
        self._findings = findings
        table.clear()
        for finding in findings:
            bit = finding.bit
            texts = (
                WORDS[finding.level],
                f"{amount(finding.flows):>11}",
                finding.column,
                f"{bit.number:>2}",
                bit.name,
                bit.description,
            )
            table.add_row(*(Text(safe_text(text), STYLES[finding.level]) for text in texts))
        keys = [self._key(finding) for finding in findings]
        if lit in keys:
            table.move_cursor(row=keys.index(lit), animate=False)

    @staticmethod
    def _key(finding: Finding) -> tuple[str, int]:
        return finding.column, finding.bit.number

    @on(DataTable.RowSelected)
    def _chosen(self, event: DataTable.RowSelected) -> None:
        event.stop()
        if event.cursor_row < len(self._findings):
            self.post_message(FilterWanted(self._findings[event.cursor_row].condition))
