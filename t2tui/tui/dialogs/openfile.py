"""Chooses captures: those that were open lately, or any path."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from t2tui.tui.figures import size
from t2tui.tui.pathlist import CAPTURE, FOLDER, Entry, candidates, common_begin, entry
from t2tui.tui.safe import safe_content, safe_text
from t2tui.tui.widgets.note import Note

KEYS = "Enter opens · Tab completes · ↑ ↓ choose · ctrl+t takes several · Esc cancels"
STYLES = {FOLDER: "bold $text-primary", CAPTURE: "", "file": "$text-muted"}


class OpenDialog(ModalScreen[tuple[str, ...] | None]):
    """A line for a path, and what it can become. Ends with the paths that are to be opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("tab", "complete", "Complete", show=False, priority=True),
        Binding("down", "next", "Next", show=False, priority=True),
        Binding("up", "previous", "Previous", show=False, priority=True),
        Binding("ctrl+t", "take", "Take one more", show=False, priority=True),
    ]

    class Listed(Message):
        """A folder was read."""

        def __init__(self, typed: str, entries: list[Entry], error: str) -> None:
            super().__init__()
            self.typed, self.entries, self.error = typed, entries, error

    def __init__(self, recent: Sequence[str] = (), start: str = "") -> None:
        """Begin.

        Args:
            recent: paths that were open lately, the latest first.
            start: what stands in the line at first.
        """
        super().__init__()
        self._recent = recent
        self._start = start
        self._entries: list[Entry] = []
        self._taken: list[str] = []

    def compose(self) -> ComposeResult:
        """Make the parts."""
        with Vertical(classes="dialog", id="open-dialog"):
            yield Input(self._start, placeholder="path of a capture", compact=True, id="open-path")
            with Horizontal(id="open-heads"):
                yield Note(markup=False, id="open-note")
            yield OptionList(markup=False, compact=True, id="open-list")
            yield Note(markup=False, id="open-taken")
            yield Static(safe_content(KEYS, "$text-muted"), markup=False)

    def on_mount(self) -> None:
        """List what was open lately."""
        box = self.query_one("#open-dialog", Vertical)
        box.border_title = Content("Open a capture")
        self._list.can_focus = False
        self._path.focus()
        self._look(self._start)

    @property
    def _path(self) -> Input:
        return self.query_one("#open-path", Input)

    @property
    def _list(self) -> OptionList:
        return self.query_one("#open-list", OptionList)

    # ------------------------------------------------------------------ what can be chosen

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._look(event.value)

    @work(thread=True, group="folder", exclusive=True, exit_on_error=False)
    def _look(self, typed: str) -> None:
        """Read a folder, which can take time on a disk far away."""
        try:
            recent = [each for path in self._recent if (each := entry(path))] if not typed else []
            entries, error = [*recent, *(each for each in candidates(typed) if each not in recent)], ""
        except OSError as wrong:
            entries, error = [], f"{typed}: {wrong.strerror or wrong}"
        self.post_message(self.Listed(typed, entries, error))

    def on_open_dialog_listed(self, message: Listed) -> None:
        """Show what was found, unless something else stands in the line by now."""
        if message.typed != self._path.value:
            return
        self._entries = message.entries
        self._list.clear_options()
        self._list.add_options([Option(self._line(each)) for each in self._entries])
        if self._entries and message.typed and not message.typed.endswith("/"):
            self._list.highlighted = 0
        note = message.error or ("" if self._entries else "nothing begins like this")
        if not note and not message.typed and self._recent:
            note = "opened lately, and what is in this folder"
        self._say(note, is_error=bool(message.error))

    def _line(self, each: Entry) -> Content:
        shown = each.path if each.path in self._recent else each.name
        width = max(20, self._list.size.width - 34)
        name = safe_text(shown)
        name = name if len(name) <= width else f"…{name[1 - width :]}"
        facts = f"{size(each.size) if each.kind != FOLDER else '':>12}  {each.day}"
        parts = safe_content(f"{name:<{width}}", STYLES[each.kind]), safe_content(facts, "$text-muted")
        return Content("").join(parts)

    def _say(self, text: str, *, is_error: bool = False) -> None:
        style = "$text-error" if is_error else "$text-muted"
        self.query_one("#open-note", Note).show(safe_content(text or " ", style))

    @property
    def _lit(self) -> Entry | None:
        number = self._list.highlighted
        return self._entries[number] if number is not None and number < len(self._entries) else None

    # ------------------------------------------------------------------ choosing

    def action_next(self) -> None:
        """Light the next entry."""
        self._list.action_cursor_down()

    def action_previous(self) -> None:
        """Light the entry before."""
        self._list.action_cursor_up()

    def action_complete(self) -> None:
        """Write what all entries have in common, or the one that is lit."""
        begin = common_begin(self._entries)
        text = begin if len(begin) > len(self._path.value) else self._lit.path if self._lit else ""
        if text:
            self._write(text)

    def _write(self, text: str) -> None:
        self._path.value = text
        self._path.cursor_position = len(text)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._choose(self._entries[event.option_index])

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        typed = entry(event.value) if event.value.strip() else None
        chosen = typed if typed is not None and typed.kind != FOLDER else self._lit or typed
        if chosen is not None:
            self._choose(chosen)
        elif self._taken:
            self.dismiss(tuple(self._taken))
        elif event.value.strip():
            self._say(f"There is no file '{event.value}'", is_error=True)

    def _choose(self, chosen: Entry) -> None:
        """Open a file, or look into a folder."""
        if chosen.kind == FOLDER:
            self._write(chosen.path)
        else:
            self.dismiss((*self._taken, chosen.path))

    def action_take(self) -> None:
        """Take a file: it is opened together with those that are chosen next."""
        chosen = self._lit or (entry(self._path.value) if self._path.value else None)
        if chosen is None or chosen.kind == FOLDER:
            self._say("Light a capture first", is_error=True)
            return
        if chosen.path in self._taken:
            self._taken.remove(chosen.path)
        else:
            self._taken.append(chosen.path)
        text = f"{len(self._taken)} taken, flows run on through them: {', '.join(self._taken)}"
        self.query_one("#open-taken", Note).show(safe_content(text if self._taken else "", "$text-accent"))

    def action_close(self) -> None:
        """Open nothing."""
        self.dismiss(None)
