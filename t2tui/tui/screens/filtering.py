"""Filter and order of the flows of a capture: what the screen of a capture is built upon."""

from collections.abc import Callable
from typing import Any, TypeVar

from textual import on, work
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from t2tui.core.decode import is_known
from t2tui.core.query import QueryError, compile_filter
from t2tui.core.store import ColumnStore
from t2tui.tui.arrangement import Arranged
from t2tui.tui.arranger import Arranger, Refused
from t2tui.tui.carried import Carried
from t2tui.tui.cellfilter import narrowed, widened
from t2tui.tui.dialogs.named import Named, NamedDialog, Wish
from t2tui.tui.figures import amount
from t2tui.tui.memory import Memory, NotRememberedError
from t2tui.tui.messages import FilterWanted, PairingWanted
from t2tui.tui.safe import safe_text
from t2tui.tui.savedfilters import EXAMPLES, SavedFilters
from t2tui.tui.screens.decoder import DecoderScreen
from t2tui.tui.session import Session, Snapshot
from t2tui.tui.views.view import View
from t2tui.tui.widgets.filterbar import FilterBar
from t2tui.tui.widgets.flowtable import FlowTable

Part = TypeVar("Part", bound=Widget)


class FilteringScreen(Screen[None]):
    """A screen with a filter bar and a flow table.

    Attributes:
        capture: session of the capture.
        now: the latest snapshot of it.
        memory: what is remembered between runs.
        filters: the user's filters.
        filter_text: the condition that the flow table applies.
        carried: what is taken over from a run before.
    """

    class ArrangementDone(Message):
        """Rows were filtered and sorted."""

        def __init__(self, result: Arranged | Refused) -> None:
            super().__init__()
            self.result = result

    class Failed(Message):
        """Something could not be written."""

        def __init__(self, error: Exception) -> None:
            super().__init__()
            self.error = error

    def __init__(self, session: Session, memory: Memory, carried: Carried) -> None:
        """Prepare.

        Args:
            session: of the capture.
            memory: what is remembered between runs.
            carried: from a run before.
        """
        super().__init__()
        self.capture = session
        self.now = Snapshot()
        self.memory = memory
        self.filters = SavedFilters(memory)
        self.filter_text = ""
        self.carried = carried
        self._sorting = carried.sorting
        self._is_paired = carried.is_paired
        self._pending = carried.filter_text  # a condition that waits for the first flow to end
        self._live: str | None = None  # a condition that is being typed and whose hits are shown
        self._complaint = ""
        self._arranger = Arranger(lambda result: self.post_message(self.ArrangementDone(result)))
        self._arranged_table: ColumnStore | None = None

    def part(self, kind: type[Part]) -> Part:
        """Return the one part of this kind."""
        return self.query_one(kind)

    @property
    def table(self) -> FlowTable:
        """The flow table."""
        return self.part(FlowTable)

    @property
    def view(self) -> str:
        """Name of the view that is open."""
        raise NotImplementedError

    @property
    def open_view(self) -> View:
        """The view that is open."""
        raise NotImplementedError

    def action_view(self, view: str) -> None:
        """Open a view."""
        raise NotImplementedError

    def show_scope(self) -> None:
        """Show what actions would act on, and which cannot be done."""
        raise NotImplementedError

    def tell(self, text: str, severity: Any) -> None:
        """Show a short message for some seconds."""
        self.notify(safe_text(text), severity=severity, markup=False)

    @work(thread=True, exit_on_error=False, group="memory")
    def remember(self, write: Callable[[], None]) -> None:
        """Write in a thread; say what is wrong, the same only once."""
        try:
            write()
        except (NotRememberedError, ValueError) as error:
            self.post_message(self.Failed(error))

    @on(Failed)
    def _tell_failure(self, message: Failed) -> None:
        """Say what could not be written."""
        if str(message.error) != self._complaint:
            self._complaint = str(message.error)
            self.tell(self._complaint, "error")

    # ------------------------------------------------------------------ filter and order

    def _arrange(self) -> None:
        """Have the rows of now filtered and sorted."""
        if self.now.table is not None:
            self._arranged_table = self.now.table
            self._arranger.ask(self.now.table, self.shown_filter, self._sorting, self._is_paired)

    @property
    def shown_filter(self) -> str:
        """The condition that is shown: the one that applies, or one that is being typed."""
        return self.filter_text if self._live is None else self._live

    @on(ArrangementDone)
    def _arranged(self, message: ArrangementDone) -> None:
        """Show rows."""
        result = message.result
        if isinstance(result, Refused):
            self._refused(result)
            return
        now = self.shown_filter, self._sorting, self._is_paired
        if (result.filter_text, result.sorting, result.is_paired) == now:
            self.table.show(result)
            total = len(result.table)
            hits = f"{amount(len(result))} of {amount(total)}" if result.filter_text else amount(total)
            pairs = (
                "" if result.conversations is None else f" in {amount(result.conversations)} conversations"
            )
            self.part(FilterBar).show_hits(f"{hits} flows{pairs}")
            self.open_view.show(self.now)
            self.show_scope()

    def _refused(self, refused: Refused) -> None:
        if self._is_paired and not isinstance(refused.error, QueryError):
            self._is_paired = False
            self.tell(str(refused.error), "warning")
            self._arrange()
        elif refused.filter_text == self._live:
            self._live = None
        elif refused.filter_text == self.filter_text:
            self.filter_text = ""
            self.part(FilterBar).show_error(refused.error)

    def filter_by(self, text: str) -> bool:
        """Show the flows that fulfil a condition; say what is wrong with it if it cannot be applied.

        Returns:
            Whether it is applied, or will be once a flow has ended.
        """
        text = text.strip()
        bar = self.part(FilterBar)
        if self.now.table is None:
            self._pending = text
            bar.set(text)
            bar.show_hits("applies when the first flow has ended")
            self.action_view("flows")
            return True
        if not self._try_filter(text):
            return False
        self.action_view("flows")
        return True

    def _try_filter(self, text: str) -> bool:
        """Apply a condition to the table; say what is wrong with it if that cannot be done."""
        assert self.now.table is not None
        bar = self.part(FilterBar)
        try:
            compile_filter(text, self.now.table)
        except QueryError as error:
            bar.show_error(error)
            return False
        self.filter_text, self._live = text, None
        bar.set(text)
        self._arrange()
        self.remember(lambda: self.filters.applied(text))
        return True

    @on(FilterBar.Tried)
    def _filter_tried(self, message: FilterBar.Tried) -> None:
        """Show the hits of a condition that is being typed, or after a while what is wrong with it."""
        text, table = message.text.strip(), self.now.table
        if table is None or not self.part(FilterBar).input.has_focus:
            return
        try:
            compile_filter(text, table)
        except QueryError as error:
            if message.is_long:
                self.part(FilterBar).show_error(error)
            return
        if not message.is_long and text != self.shown_filter and self._arranger.is_fast(len(table)):
            self._live = text
            self._arrange()

    @on(FilterBar.Left)
    def _filter_left(self) -> None:
        self._drop_live()
        self.open_view.take_focus()

    def _drop_live(self) -> None:
        """Show what the filter that applies shows."""
        if self._live is not None:
            self._live = None
            self._arrange()

    @on(FilterWanted)
    def _filter_wanted(self, message: FilterWanted) -> None:
        text = message.condition
        joined = widened if message.is_choice else narrowed
        self.filter_by(joined(self.filter_text, text) if message.is_added else text)

    @on(FlowTable.SortAsked)
    def _sort(self, message: FlowTable.SortAsked) -> None:
        self._sorting = message.sorting
        self._arrange()

    @on(PairingWanted)
    def _pair(self) -> None:
        if self.now.table is None:
            self.tell("A and B are paired when the first flow has ended", "information")
        else:
            self._is_paired = not self._is_paired
            self._arrange()

    def action_copy_filter(self) -> None:
        """Copy the condition that is shown."""
        text = self.part(FilterBar).input.value
        if text:
            self.app.copy_to_clipboard(safe_text(text))
        else:
            self.tell("There is no filter to copy: / begins one", "information")

    def action_filters(self) -> None:
        """Open the list of saved filters, examples and those that were applied."""
        text = self.part(FilterBar).input.value.strip()
        things = [Named(name, saved, "saved", True) for name, saved in self.filters.saved().items()]
        things += [Named(name, example, "example", about=about) for name, example, about in EXAMPLES]
        things += [Named("", applied, "before") for applied in reversed(self.filters.history())]
        obstacle = "" if text else "There is no filter to save: / begins one"
        if self.now.table is not None:
            try:
                compile_filter(text, self.now.table)
            except QueryError as error:
                obstacle = f"Not saved: {error}"

        def chosen(wish: Wish | None) -> None:
            try:
                match wish:
                    case Wish("take", thing):
                        self.filter_by(thing.text)
                    case Wish("save", thing):
                        self.filters.save(thing.name, text)
                        self.tell(f"Saved as {thing.name}", "information")
                    case Wish("delete", thing):
                        self.filters.delete(thing.name)
                        self.action_filters()
            except NotRememberedError as error:
                self.tell(str(error), "error")

        self.app.push_screen(NamedDialog("Filters", things, "the filter", obstacle), chosen)

    def action_decode(self) -> None:
        """Open the decoder on the cell under the cursor; on the flow's status where that has no bits."""
        column = self.table.column if self.view == "flows" else None
        name = column.name if column is not None and is_known(column.name) else "flowStat"
        cell = self.table.cell_of(name) if self.view == "flows" else ""
        typed = f"{name}={cell}" if cell else ""
        self.app.push_screen(DecoderScreen(typed, self._names()), self._decoded)

    def _names(self) -> tuple[str, ...]:
        """Return the names of the columns that a filter can use now."""
        return tuple(column.name for column in self.part(FilterBar).columns)

    def _decoded(self, filter_text: str | None) -> None:
        if filter_text:
            self.filter_by(narrowed(self.filter_text, filter_text))
