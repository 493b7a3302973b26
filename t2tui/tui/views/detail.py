"""The pane beside the table: what the cell under the cursor means, and all values of its flow."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from t2tui.core.columns import Column
from t2tui.core.decode import DecodeError, decode_parts, is_known
from t2tui.core.store import ColumnStore
from t2tui.tui import cells
from t2tui.tui.safe import safe_content

LEVELS = {"err": "bold $text-error", "wrn": "bold $text-warning", "inf": "", "none": ""}
MARKS = {"err": "!", "wrn": "^", "inf": " ", "none": " "}


class DetailPane(VerticalScroll, can_focus=True):
    """Explains a cell and its row."""

    ALLOW_SELECT = False
    _shown: tuple[int, str, str] | None = None

    def compose(self) -> ComposeResult:
        """Make the text."""
        yield Static(markup=False, id="detail-text")

    def show(
        self, table: ColumnStore, row: int, column: Column, *, is_open: bool = False, comment: str = ""
    ) -> None:
        """Explain a cell.

        Args:
            table: holds the row.
            row: its number.
            column: that of the cell.
            is_open: the flow goes on, its values change.
            comment: what the user wrote about the flow.
        """
        now = row, column.name, comment
        if not is_open and self._shown == now:
            return
        self._shown = None if is_open else now
        names = table.names
        values = dict(zip(names, table.rows(names, row, 1)[0].split("\t"), strict=True))
        parts = [title(values), Content("")]
        if comment:
            parts = [title(values), safe_content(f"○ {comment}", "$text-accent"), Content("")]
        parts += explanation(column, values.get(column.name, ""))
        parts += [Content(""), *value_lines(table, values)]
        self.query_one("#detail-text", Static).update(Content("\n").join(parts))

    def clear(self, text: str) -> None:
        """Show a text in place of a flow."""
        self._shown = None
        self.query_one("#detail-text", Static).update(safe_content(text, "$text-muted"))


def title(values: dict[str, str]) -> Content:
    """Return whose flow it is."""

    def end(side: str) -> str:
        address, port = values.get(f"{side}IP", ""), values.get(f"{side}Port", "")
        address = f"[{address}]" if ":" in address and port else address
        return f"{address}:{port}" if port else address

    source, destination = end("src"), end("dst")
    if not source:
        source, destination = values.get("srcMac", ""), values.get("dstMac", "")
    head = f"Flow {values.get('flowInd', '')} {values.get('dir', '')}"
    return Content("\n").join([safe_content(head, "bold"), safe_content(f"{source} → {destination}")])


def explanation(column: Column, cell: str) -> list[Content]:
    """Return what a cell means: its bits, or what the column holds."""
    unit = f", {column.unit}" if column.unit else ""
    lines = [safe_content(f"{column.name}{unit}", "bold $primary"), safe_content(column.description)]
    if cells.is_time(column) and cell:
        lines.append(safe_content(f"{cells.moment(cell, with_date=True)} UTC"))
    return [*lines, *meaning(column, cell)]


def meaning(column: Column, cell: str) -> list[Content]:
    """Return the bits of a cell, or the names of its numbers; nothing where there are none."""
    if not is_known(column.name):
        return []
    if not cell:
        return [Content(""), Content("no value")]
    try:
        found = decode_parts(column.name, cell)
    except DecodeError as error:
        return [Content(""), safe_content(str(error), "$text-muted")]
    lines = [Content("")]
    for decoded in found:
        for row in decoded.rows:
            number = f"{row.hex:>3}" if row.bit is None else f"{row.bit:>2}"
            name = row.name if row.name != row.text else ""
            lines.append(safe_content(f"{MARKS[row.level]}{number} {name or row.text}", LEVELS[row.level]))
            if name and row.text:
                lines.append(safe_content(f"    {row.text}", "$text-muted"))
        if decoded.unknown:
            lines.append(safe_content(f"    unknown: {decoded.table.format(decoded.unknown)}"))
        elif not decoded.rows:
            lines.append(Content("no bit is set"))
    return lines


def value_lines(table: ColumnStore, values: dict[str, str]) -> list[Content]:
    """Return names and values of a flow, one per line."""
    lines = [safe_content("values", "bold $primary")]
    for name, cell in values.items():
        shown = cells.shown(table.column(name), cell, cells.DATE)
        lines.append(Content("").join([safe_content(f"{name:<16} ", "$text-muted"), safe_content(shown)]))
    return lines
