"""The filter bar: the condition, what can be written next, what is wrong with it, how many fulfil it."""

from collections.abc import Callable, Sequence
from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from t2tui.core.columns import Column
from t2tui.core.query import Candidate, Completion, QueryError, complete
from t2tui.tui.safe import safe_content, safe_text
from t2tui.tui.widgets.note import Note
from t2tui.tui.widgets.typed import TYPED

MOST_CANDIDATES = 50
HISTORY = 200
PAUSE = 0.25
"""Seconds without a key after which hits are shown while a condition is typed."""
LONG_PAUSE = 1.5
"""Seconds without a key after which an error is shown."""
KEYS = (
    ("a pause", "Shows hits while you type, where that is fast"),
    ("Enter", "Apply"),
    ("Tab", "Take the candidate that is lit, or show all"),
    ("↑ ↓", "Candidates; without any: earlier and later filters"),
    ("Esc", "Close the candidates; once more: back to the flows and the filter before"),
)
"""For the help."""


class FilterBar(Vertical):
    """One line, and one below it when something is wrong.

    Attributes:
        columns: those that a condition can name.
        apply: gets the condition when Enter is pressed; tells whether it can be applied.
    """

    BINDINGS = [
        Binding("escape", "leave", "Back", show=False),
        Binding("enter", "apply", "Apply", show=False, priority=True),
        Binding("tab", "complete", "Complete", show=False, priority=True),
        Binding("up", "previous", "Earlier, or the candidate above", show=False, priority=True),
        Binding("down", "next", "Later, or the candidate below", show=False, priority=True),
    ]

    class Tried(Message):
        """Nothing was typed for a moment.

        Attributes:
            text: the condition as far as it is.
            is_long: the pause was long: an error may be shown.
        """

        def __init__(self, text: str, is_long: bool) -> None:
            super().__init__()
            self.text, self.is_long = text, is_long

    class Entered(Message):
        """Enter was pressed; goes through the line, behind the keys that it has not looked at yet."""

    class Left(Message):
        """The bar is not wanted any more; the filter stays as it was."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns: Sequence[Column] = ()
        self.apply: Callable[[str], bool] = lambda text: False
        self._completion = Completion(0, 0, ())
        self._history: list[str] = []
        self._place = 0
        self._applied = ""
        self._pauses: list[Timer] = []

    def compose(self) -> ComposeResult:
        """Make the parts."""
        with Horizontal(id="filter-line"):
            yield Static(Content(" ❯ "), id="filter-prompt")
            yield Input(
                placeholder="filter: / or click here, e.g. $dstPort == 80 && $pktsSnt > 10",
                compact=True,
                select_on_focus=False,
                restrict=TYPED,
                id="filter-input",
            )
            yield Note(markup=False, id="filter-hits")
        yield Static(markup=False, id="filter-error")
        yield OptionList(markup=False, compact=True, id="filter-candidates")

    def on_mount(self) -> None:
        """Begin without messages."""
        self._candidates.display = self._error.display = False
        self._candidates.can_focus = False

    @property
    def input(self) -> Input:
        """The line that is typed in."""
        return self.query_one("#filter-input", Input)

    @property
    def _error(self) -> Static:
        return self.query_one("#filter-error", Static)

    @property
    def _candidates(self) -> OptionList:
        return self.query_one("#filter-candidates", OptionList)

    # ------------------------------------------------------------------ told by the screen

    def know(self, columns: Sequence[Column]) -> None:
        """Learn which columns there are."""
        self.columns = columns

    def remember(self, history: Sequence[str]) -> None:
        """Take over the filters of earlier runs."""
        self._history = list(history)
        self._place = len(self._history)

    def begin(self) -> None:
        """Let the user type, at once: focus() waits until other messages are done."""
        self.screen.set_focus(self.input)

    def set(self, text: str) -> None:
        """Show the filter that applies."""
        self._applied = text
        self._wait(None)
        with self.prevent(Input.Changed):
            self.input.value = text
        self.input.cursor_position = len(text)
        self.show_error(None)
        self._offer(None)
        if text and (not self._history or self._history[-1] != text):
            self._history = [*self._history[-HISTORY:], text]
        self._place = len(self._history)

    def show_hits(self, text: str) -> None:
        """Show how many rows fulfil the condition."""
        self.query_one("#filter-hits", Note).show(safe_content(f" {text} "))

    def show_error(self, error: Exception | None) -> None:
        """Show what is wrong, below the place where it is."""
        self._error.display = error is not None
        if error is None:
            return
        text = self.input.value
        if isinstance(error, QueryError):
            behind = max(error.end, error.start + 1)
            pointer = safe_text(" " * error.start + "^" * (behind - error.start))[: len(text) + 1]
            lines = Content("\n").join([safe_content(f"   {pointer}"), safe_content(f"   {error}")])
        else:
            lines = safe_content(f"   {error}")
        self._error.update(lines.stylize("$text-error"))

    # ------------------------------------------------------------------ typing

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.show_error(None)
        self._wait(event.value)
        self._complete()

    def _wait(self, text: str | None) -> None:
        """Tell when nothing is typed for a moment; None: nothing is waited for any more."""
        for timer in self._pauses:
            timer.stop()
        self._pauses = []
        if text is not None:
            for seconds in (PAUSE, LONG_PAUSE):
                message = self.Tried(text, seconds == LONG_PAUSE)
                self._pauses.append(self.set_timer(seconds, partial(self.post_message, message)))

    def action_apply(self) -> None:
        """Apply what is typed once the line has all keys so far; the next one is not for this line."""
        self._offer(None)
        self.input.post_message(self.Entered())
        self.screen.set_focus(None)

    @on(Entered)
    def _entered(self, event: Entered) -> None:
        event.stop()
        self._offer(None)
        if not self.apply(self.input.value):
            self.begin()

    def _complete(self) -> None:
        text, cursor = self.input.value, self.input.cursor_position
        self._completion = complete(text, cursor, self.columns) if self.columns else Completion(0, 0, ())
        word = text[self._completion.start : self._completion.end]
        is_done = any(candidate.text == word for candidate in self._completion.candidates)
        self._offer(None if is_done or not text.strip() else self._completion.candidates)

    def _offer(self, candidates: Sequence[Candidate] | None) -> None:
        """Show what can be written, or nothing."""
        listed = self._candidates
        listed.display = bool(candidates)
        if candidates:
            listed.clear_options()
            listed.add_options([Option(_line(each)) for each in candidates[:MOST_CANDIDATES]])
            listed.highlighted = 0

    def action_complete(self) -> None:
        """Take the candidate that is lit; show all that fit where there is none."""
        listed = self._candidates
        if not self.input.has_focus:
            self.screen.focus_next()
        elif listed.display and listed.highlighted is not None:
            self._take(listed.highlighted)
        else:
            self._complete()
            self._offer(self._completion.candidates)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._take(event.option_index)

    def _take(self, number: int) -> None:
        completion, text = self._completion, self.input.value
        taken = completion.candidates[number].text
        ending = "" if taken.endswith("(") else " "
        with self.prevent(Input.Changed):
            self.input.value = text[: completion.start] + taken + ending + text[completion.end :].lstrip()
        self.input.cursor_position = completion.start + len(taken) + len(ending)
        self._wait(self.input.value)
        self.input.focus()
        self._offer(None)

    def action_previous(self) -> None:
        """Light the candidate above, or show an earlier filter."""
        if self._candidates.display:
            self._candidates.action_cursor_up()
        else:
            self._recall(self._place - 1)

    def action_next(self) -> None:
        """Light the candidate below, or show a later filter."""
        if self._candidates.display:
            self._candidates.action_cursor_down()
        else:
            self._recall(self._place + 1)

    def _recall(self, place: int) -> None:
        self._place = max(0, min(place, len(self._history)))
        recalled = self._history[self._place] if self._place < len(self._history) else ""
        with self.prevent(Input.Changed):
            self.input.value = recalled
        self.input.cursor_position = len(recalled)
        self.show_error(None)
        self._wait(recalled)

    def action_leave(self) -> None:
        """Close the candidates; once more: go back, and leave the filter as it was."""
        if self._candidates.display:
            self._offer(None)
            return
        self.set(self._applied)
        self.post_message(self.Left())

    def on_click(self, event: events.Click) -> None:
        """Begin to type."""
        self.begin()


def _line(candidate: Candidate) -> Content:
    detail = safe_content(candidate.detail, "$text-muted")
    return Content("").join([safe_content(f"{candidate.text:<18} "), detail])
