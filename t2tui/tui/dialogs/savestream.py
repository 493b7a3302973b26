"""Asks what of a stream is saved, and where."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from t2tui.core.streams.stream import Direction
from t2tui.tui.dialogs.question import Question
from t2tui.tui.safe import safe_content
from t2tui.tui.widgets.typed import TYPED


@dataclass(frozen=True)
class Choice:
    """Something that can be saved.

    Attributes:
        direction: whose bytes.
        is_text: as they are shown; else as they are.
        title: says what it is.
        name: of the file, as long as nobody types another.
    """

    direction: Direction
    is_text: bool
    title: str
    name: str


@dataclass(frozen=True)
class SaveWanted:
    """What is to be saved, and where.

    Attributes:
        choice: what.
        path: of the file.
        replaces: a file is there, and is to be replaced.
    """

    choice: Choice
    path: Path
    replaces: bool = False


class SaveStream(ModalScreen[SaveWanted | None]):
    """Asks what of a stream is saved, and where."""

    BINDINGS = [
        Binding("escape", "close", "Close", show=False),
        Binding("up", "choose(-1)", "What is above", show=False, priority=True),
        Binding("down", "choose(1)", "What is below", show=False, priority=True),
    ]

    def __init__(self, choices: list[Choice], chosen: int, check: Callable[[Path], str]) -> None:
        """Take what there is.

        Args:
            choices: what can be saved.
            chosen: number of the first choice.
            check: returns why a path cannot be written; empty if it can.
        """
        super().__init__()
        self._choices, self._number, self._check = choices, chosen, check

    def compose(self) -> ComposeResult:
        """Make the parts."""
        with Vertical(classes="dialog", id="save"):
            yield Static(safe_content("What (up, down)", "$text-muted"), markup=False)
            yield OptionList(
                *(Option(safe_content(choice.title)) for choice in self._choices),
                markup=False,
                compact=True,
                id="save-what",
            )
            yield Static(safe_content("File", "$text-muted"), markup=False)
            yield Input(compact=True, restrict=TYPED, select_on_focus=False, id="save-path")
            yield Static(markup=False, id="save-error")
            yield Static(safe_content("Enter saves   Esc closes", "$text-muted"), markup=False)

    def on_mount(self) -> None:
        """Begin with what is shown."""
        self._list.can_focus = False
        self.query_one("#save-error", Static).display = False
        self._input.value = self._choices[self._number].name
        self._input.cursor_position = len(self._input.value)
        self._list.highlighted = self._number
        self.set_focus(self._input)

    @property
    def _list(self) -> OptionList:
        return self.query_one("#save-what", OptionList)

    @property
    def _input(self) -> Input:
        return self.query_one("#save-path", Input)

    def action_choose(self, step: int) -> None:
        """Choose what is above or below."""
        self._list.highlighted = max(0, min(self._number + step, len(self._choices) - 1))

    @on(OptionList.OptionHighlighted)
    def _chosen(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        before, self._number = self._choices[self._number], event.option_index
        if self._input.value.endswith(before.name):
            folder = self._input.value.removesuffix(before.name)
            self._input.value = folder + self._choices[self._number].name
            self._input.cursor_position = len(self._input.value)

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        path = Path(event.value.strip()).expanduser()
        why = "Type the name of a file" if not event.value.strip() else self._check(path)
        error = self.query_one("#save-error", Static)
        error.display = bool(why)
        error.update(safe_content(why, "$text-error"))
        if why:
            return
        wanted = SaveWanted(self._choices[self._number], path)
        if path.exists():
            self.app.push_screen(Question(f"'{path}' is there already. Replace it?"), self._replace(wanted))
        else:
            self.dismiss(wanted)

    def _replace(self, wanted: SaveWanted) -> Callable[[bool | None], None]:
        def answered(answer: bool | None) -> None:
            if answer:
                self.dismiss(SaveWanted(wanted.choice, wanted.path, True))

        return answered

    def action_close(self) -> None:
        """Close without saving."""
        self.dismiss(None)


class Saved(ModalScreen[bool]):
    """Says what was saved; the answer is whether to undo it."""

    BINDINGS = [
        Binding("enter,escape,q", "answer(False)", "Close", show=False),
        Binding("u", "answer(True)", "Undo", show=False),
    ]

    def __init__(self, text: str, *, can_undo: bool) -> None:
        """Take the words.

        Args:
            text: what was saved, and where.
            can_undo: no other file was replaced.
        """
        super().__init__()
        self._text, self._can_undo = text, can_undo

    def compose(self) -> ComposeResult:
        """Show the words."""
        with Vertical(classes="dialog"):
            yield Static(safe_content(self._text), markup=False)
            yield Static(safe_content(" "), markup=False)
            keys = "Enter: close      u: undo, delete the file" if self._can_undo else "Enter: close"
            yield Static(safe_content(keys), markup=False)

    def action_answer(self, answer: bool) -> None:
        """Close with an answer."""
        self.dismiss(answer and self._can_undo)
