"""The dialog in which columns are shown, hidden and put in order."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from t2tui.core.columns import Column
from t2tui.tui.columnchoice import ColumnChoice
from t2tui.tui.safe import safe_content
from t2tui.tui.widgets.typed import TYPED, WordInput

KEYS = "Space show or hide   alt/shift+↑↓ move   ctrl+r reset   Enter done   Esc cancel"


class ColumnsDialog(ModalScreen[list[str] | None]):
    """A list of all columns with check marks; typing narrows it. Gives the names of those that are shown."""

    BINDINGS = [
        Binding("escape", "close", "Close", show=False),
        Binding("space", "switch", "Show or hide", show=False, priority=True),
        Binding("enter", "done", "Done", show=False, priority=True),
        Binding("up", "light(-1)", "Up", show=False, priority=True),
        Binding("down", "light(1)", "Down", show=False, priority=True),
        Binding("pageup", "light(-10)", "Up", show=False, priority=True),
        Binding("pagedown", "light(10)", "Down", show=False, priority=True),
        Binding("shift+up,alt+up", "move(-1)", "Move up", show=False, priority=True),
        Binding("shift+down,alt+down", "move(1)", "Move down", show=False, priority=True),
        Binding("ctrl+r", "reset", "All in the usual order", show=False, priority=True),
    ]

    def __init__(self, choice: ColumnChoice, at: str = "") -> None:
        """Prepare.

        Args:
            choice: what is shown in the beginning.
            at: name of the column that is lit.
        """
        super().__init__()
        self._choice, self._at = choice, at
        self._listed: list[Column] = []

    def compose(self) -> ComposeResult:
        """Make the parts."""
        with Vertical(classes="dialog list-dialog", id="columns-dialog"):
            yield WordInput(placeholder="type to find a column", compact=True, restrict=TYPED)
            yield OptionList(markup=False, compact=True)
            yield Static(markup=False, classes="about")
            yield Static(safe_content(KEYS, "$foreground-muted"), markup=False)

    def on_mount(self) -> None:
        """Show all columns."""
        self.query_one("#columns-dialog").border_title = Content("Columns")
        self._list.can_focus = False
        self._show(self._at)

    @property
    def _list(self) -> OptionList:
        return self.query_one(OptionList)

    @property
    def lit(self) -> Column | None:
        """The column that is lit."""
        place = self._list.highlighted
        return None if place is None or place >= len(self._listed) else self._listed[place]

    def _show(self, lit: str = "") -> None:
        """List the columns that match what is typed."""
        self._listed = self._choice.matching(self.query_one(Input).value)
        listed = self._list
        listed.clear_options()
        listed.add_options([Option(self._line(column)) for column in self._listed])
        names = [column.name for column in self._listed]
        listed.highlighted = (names.index(lit) if lit in names else 0) if names else None
        self._describe()

    def _line(self, column: Column) -> Content:
        is_shown = column.name in self._choice.shown
        return Content("").join(
            [
                safe_content("[x] " if is_shown else "[ ] ", "$text-accent"),
                safe_content(f"{column.name:<22} ", "" if is_shown else "$foreground-muted"),
                safe_content(column.description, "$foreground-muted"),
            ]
        )

    @on(OptionList.OptionHighlighted)
    def _describe(self) -> None:
        column = self.lit
        if column is None:
            text = "No column has this in its name or description"
        else:
            unit = f" ({column.unit})" if column.unit else ""
            plugin = f", of {column.plugin}" if column.plugin else ""
            text = f"{column.name}{unit}{plugin}: {column.description}"
        self.query_one(".about", Static).update(safe_content(text))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._show()

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._list.highlighted = event.option_index
        self.action_switch()

    def action_switch(self) -> None:
        """Show or hide the column that is lit."""
        if self.lit is None:
            return
        if not self._choice.toggle(self.lit.name):
            self.notify("The last column stays", markup=False)
        place = self._list.highlighted or 0
        self._list.replace_option_prompt_at_index(place, self._line(self.lit))

    def action_light(self, by: int) -> None:
        """Light another column."""
        if self._listed:
            place = (self._list.highlighted or 0) + by
            self._list.highlighted = max(0, min(place, len(self._listed) - 1))

    def action_move(self, by: int) -> None:
        """Move the column that is lit; not while the list is narrowed, where its neighbours are hidden."""
        if self.query_one(Input).value:
            self.notify("Clear what is typed to move columns", markup=False)
        elif self.lit is not None:
            name = self.lit.name
            self._choice.move(name, by)
            self._show(name)

    def action_reset(self) -> None:
        """Show all columns in the usual order."""
        self._choice.reset()
        self._show(self.lit.name if self.lit else "")

    def action_done(self) -> None:
        """Close with what is chosen."""
        self.dismiss(self._choice.names)

    def action_close(self) -> None:
        """Close without a change."""
        self.dismiss(None)
