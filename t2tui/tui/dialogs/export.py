"""Rows of flows as a file, or in the clipboard."""

from collections.abc import Iterator, Sequence

from t2tui.core.query import QueryError
from t2tui.core.query.selection import Shown, select
from t2tui.exporting import CSV, ENDINGS, JSON, PARQUET, TEXT, Export, obstacle
from t2tui.tui.dialogs.writing import WritingDialog
from t2tui.tui.scopes import Extent
from t2tui.tui.targets import Target, file_target, suggested
from t2tui.tui.tasks import ExportFile, ExportText, number
from t2tui.tui.widgets.choice import Option
from t2tui.tui.widgets.fields import ChoiceField, Field, TextField, switch

NAMES = {TEXT: "T2 text", CSV: "CSV", JSON: "JSON lines", PARQUET: "Parquet"}
"""Formats in words."""


class ExportDialog(WritingDialog):
    """Asks which rows and columns go where, and in which format."""

    HEADING = "Export"
    ACTS_ON = "row"

    def fields(self) -> Iterator[Field]:
        """Yield format, columns, and where they go."""
        formats = [Option(format_, name, obstacle(format_)) for format_, name in NAMES.items()]
        yield ChoiceField("Format", formats, TEXT, id="format-field")
        note = "an apostrophe before texts that spreadsheets calculate: those that begin with = + - @"
        yield switch("Guard", False, note, id="guard-field")
        names = self._all_names()
        columns = [
            Option("all", f"all {len(names)}"),
            Option("shown", f"those shown, {len(self.subject.columns)}"),
            Option("chosen", "chosen"),
        ]
        yield ChoiceField("Columns", columns, "all", id="columns-field")
        help_ = "columns, patterns (src*, !*Mac) and expressions, as 't2tui filter --cols'"
        text = ",".join(self.subject.columns)
        yield TextField("", text, self._selected, help_, id="chosen-field")
        into = [Option("file", "a file"), Option("clipboard", "the clipboard")]
        yield ChoiceField("Into", into, "file", id="into-field")

    def _all_names(self) -> Sequence[str]:
        return next(iter(self.subject.scopes.values())).table.names

    def _selected(self, text: str) -> list[Shown]:
        """Return what a list of columns shows."""
        table = next(iter(self.subject.scopes.values())).table
        if not text.strip():
            raise ValueError("name a column")
        try:
            return select(text, [table.column(name) for name in table.names])
        except QueryError as error:
            raise ValueError(str(error)) from None

    @property
    def format(self) -> str:
        """The format that is chosen."""
        return str(self.field("format").value)

    @property
    def shown(self) -> list[Shown]:
        """The columns that are chosen."""
        chosen = self.field("columns").value
        if chosen == "chosen":
            found: list[Shown] = self.field("chosen").value or []
            return found
        names = self._all_names() if chosen == "all" else self.subject.columns
        table = self.scope.table
        return [Shown(name, table.column(name).type, name) for name in names if name in table]

    @property
    def is_into_file(self) -> bool:
        """See WritingDialog."""
        return bool(self.field("into").value == "file")

    @property
    def obstacle(self) -> str:
        """See WritingDialog."""
        if self.format == PARQUET:
            if not self.is_into_file:
                return "Parquet is no text; write a file"
            if any(each.expression is not None for each in self.shown):
                return "Parquet has columns alone; expressions go into another format"
        return "" if self.shown else "choose columns"

    def _update(self) -> None:
        """Show the fields that count, and what will be written."""
        self.field("guard").display = self.format == CSV
        self.field("chosen").display = self.field("columns").value == "chosen"
        super()._update()

    def place(self, text: str) -> Target:
        """See WritingDialog."""
        return file_target(text, self.subject.capture.opening.files)

    def suggestion(self) -> str:
        """See WritingDialog."""
        name = self.scope.name
        what = f"flow_{self.subject.flow}" if name == "cursor" else name
        return suggested(self.subject.capture.opening.name, what, ENDINGS[self.format])

    def what(self, found: Extent) -> str:
        """See WritingDialog."""
        rows, columns = number(len(self.scope), "row"), number(len(self.shown), "column")
        return f"{rows}, {columns} as {NAMES[self.format]}"

    def planned(self) -> ExportFile | ExportText:
        """See WritingDialog."""
        is_guarded = self.format == CSV and bool(self.field("guard").value)
        export = Export(self.scope.table, self.scope.rows, self.shown, self.format, is_guarded)
        if not self.is_into_file:
            return ExportText(export)
        return ExportFile(export, self.target.path, self.subject.capture.opening.files)
