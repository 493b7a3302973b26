"""Columns of the flow table: shown, hidden, moved, resized, frozen; layouts under names; sorting."""

from dataclasses import dataclass, replace

from textual.message import Message

from t2tui.core.store import ColumnStore
from t2tui.tui import cells
from t2tui.tui.arrangement import Sorting
from t2tui.tui.columnchoice import ColumnChoice
from t2tui.tui.dialogs.columns import ColumnsDialog
from t2tui.tui.dialogs.named import Named, NamedDialog, Wish
from t2tui.tui.memory import Memory, NotRememberedError
from t2tui.tui.profiles import BUILT_IN, Profile, Profiles
from t2tui.tui.safe import safe_text
from t2tui.tui.widgets.tablenotes import TableNotes

STEP = 2
"""Characters by which a key makes a column wider or narrower."""


class TableColumns(TableNotes):
    """Rows whose columns can be chosen.

    Attributes:
        profiles: layouts that are remembered.
    """

    @dataclass
    class SortAsked(Message):
        """The rows are to be sorted."""

        sorting: Sorting

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.profiles = Profiles(Memory())
        self._is_changed = False

    def _begin(self, table: ColumnStore) -> None:
        """Show another table, with the layout of now, or the one that was used last."""
        profile = self.layout_of_columns.profile if self._is_changed else self.profiles.last()
        super()._begin(table)
        self.layout_of_columns.apply(table, profile)

    def keep_layout(self) -> None:
        """Remember the layout, if it was changed.

        Raises:
            NotRememberedError: it cannot be written.
        """
        if self._is_changed:
            self._is_changed = False
            self.profiles.save_last(self.layout_of_columns.profile)

    def _changed(self, column: int) -> None:
        """Show the layout as it is now, the cursor on a column."""
        self._is_changed = True
        self._move_column(column)

    def use(self, profile: Profile) -> None:
        """Show columns as a profile says; the cursor stays on its column if that is shown."""
        if self._arranged is None:
            return
        before = self.column
        self.layout_of_columns.apply(self._arranged.table, profile)
        names = [column.name for column in self.layout_of_columns.columns]
        self._changed(names.index(before.name) if before is not None and before.name in names else 0)

    # ------------------------------------------------------------------ one column

    def action_hide_column(self) -> None:
        """Do not show the column under the cursor."""
        if self.column is not None:
            self.layout_of_columns.hide(self._column)
            self._changed(self._column)

    def action_all_columns(self) -> None:
        """Show all columns in the usual order; the cursor stays on its column."""
        self.use(BUILT_IN["all"])

    def action_column_left(self) -> None:
        """Move the column under the cursor to the left."""
        self._changed(self.layout_of_columns.move(self._column, -1))

    def action_column_right(self) -> None:
        """Move the column under the cursor to the right."""
        self._changed(self.layout_of_columns.move(self._column, 1))

    def action_narrower(self) -> None:
        """Make the column under the cursor narrower."""
        self._resize(-STEP)

    def action_wider(self) -> None:
        """Make the column under the cursor wider."""
        self._resize(STEP)

    def _resize(self, by: int) -> None:
        if self.column is not None:
            layout = self.layout_of_columns
            layout.resize(self._column, layout.width(self._column) + by)
            self._changed(self._column)

    def action_fit(self) -> None:
        """Make the column under the cursor as wide as its cells on screen."""
        if self.column is not None:
            self.layout_of_columns.fit(self._column, self.page_cells())
            self._changed(self._column)

    def action_freeze(self) -> None:
        """Let the columns up to this one stay when the others move; once more: direction and index only."""
        if self.column is None:
            return
        if self.layout_of_columns.freeze(self._column, self.size.width):
            self._changed(self._column)
        else:
            text = (
                "Frozen columns would leave no room for the others: make them narrower ({) or move them (<)"
            )
            self.notify(safe_text(text), severity="warning", markup=False)

    # ------------------------------------------------------------------ all columns

    def action_columns(self) -> None:
        """Open the dialog of columns."""
        if self._arranged is None or self.column is None:
            return
        table, layout = self._arranged.table, self.layout_of_columns
        usual = [table.column(name) for name in BUILT_IN["all"].shown(table.names)]
        shown = [column.name for column in layout.columns]

        def chosen(names: list[str] | None) -> None:
            if names is not None and names != shown:
                now = layout.profile
                absent = [name for name in now.columns if name not in table.names]
                hidden = [name for name in table.names if name not in names]
                hidden += [name for name in now.hidden if name not in table.names]
                self.use(replace(now, columns=(*names, *absent), hidden=tuple(hidden)))

        self.app.push_screen(ColumnsDialog(ColumnChoice(usual, shown), self.column.name), chosen)

    def action_profiles(self) -> None:
        """Open the list of layouts."""
        own = self.profiles.own()
        things = [
            Named(
                name,
                profile.text or ", ".join(profile.columns),
                "own" if name in own else "built in",
                name in own,
            )
            for name, profile in (BUILT_IN | own).items()
        ]
        self.app.push_screen(NamedDialog("Layouts of columns", things, "this layout"), self._profile_wish)

    def _profile_wish(self, wish: Wish | None) -> None:
        if wish is None:
            return
        name = wish.thing.name
        try:
            match wish.verb:
                case "take":
                    self.use(self.profiles.all().get(name, BUILT_IN["all"]))
                case "save":
                    self.profiles.save(name, self.layout_of_columns.profile)
                    self.notify(safe_text(f"Saved as {name}"), markup=False)
                case "delete":
                    self.profiles.delete(name)
                    self.action_profiles()
        except (NotRememberedError, ValueError) as error:
            self.notify(safe_text(str(error)), severity="error", markup=False)

    def action_times(self) -> None:
        """Show times in the next style."""
        self._time_style = (self._time_style + 1) % len(cells.TIME_STYLES)
        self.layout_of_columns.forget_widths()
        self.refresh()

    # ------------------------------------------------------------------ sorting

    def action_sort(self) -> None:
        """Sort by the column under the cursor; once more: the other way round."""
        self._sort(False)

    def action_sort_descending(self) -> None:
        """Sort by the column under the cursor, the largest first; once more: the other way round."""
        self._sort(True)

    def _sort(self, is_descending: bool) -> None:
        if self.column is None or self._arranged is None:
            return
        now = self._arranged.sorting
        if now.column == self.column.name:
            is_descending = not now.is_descending
        self.post_message(self.SortAsked(Sorting(self.column.name, is_descending)))

    def action_unsort(self) -> None:
        """Show the rows in the order of the table."""
        self.post_message(self.SortAsked(Sorting()))
