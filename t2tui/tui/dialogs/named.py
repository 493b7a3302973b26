"""A list of things with names: take one, save what is there under a name, delete one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from t2tui.tui.safe import safe_content
from t2tui.tui.widgets.typed import TYPED

LONGEST_NAME = 40


@dataclass(frozen=True)
class Named:
    """A thing in the list.

    Attributes:
        name: how it is called.
        text: what it is.
        group: what it belongs to: saved, built in ...
        is_own: it can be deleted.
        about: what is said about it when it is lit; its text without.
    """

    name: str
    text: str
    group: str = ""
    is_own: bool = False
    about: str = ""


@dataclass(frozen=True)
class Wish:
    """What is to be done.

    Attributes:
        verb: take the thing, save what is there under the name, delete the thing.
        thing: which; of ``save`` its name alone counts.
    """

    verb: Literal["take", "save", "delete"]
    thing: Named


class NamedDialog(ModalScreen[Wish | None]):
    """A list that typing narrows; gives what is to be done."""

    BINDINGS = [
        Binding("escape", "close", "Close", show=False),
        Binding("enter", "take", "Take", show=False, priority=True),
        Binding("up", "light(-1)", "Up", show=False, priority=True),
        Binding("down", "light(1)", "Down", show=False, priority=True),
        Binding("pageup", "light(-10)", "Up", show=False, priority=True),
        Binding("pagedown", "light(10)", "Down", show=False, priority=True),
        Binding("ctrl+s", "save", "Save under the name", show=False, priority=True),
        Binding("delete,ctrl+d", "delete", "Delete", show=False, priority=True),
    ]

    def __init__(self, title: str, things: Sequence[Named], saved: str, obstacle: str = "") -> None:
        """Prepare.

        Args:
            title: of the dialog.
            things: what is listed.
            saved: what is saved: ``this filter``.
            obstacle: why nothing can be saved.
        """
        super().__init__()
        self._title, self._things, self._saved, self._obstacle = title, things, saved, obstacle
        self._listed: list[Named] = []

    def compose(self) -> ComposeResult:
        """Make the parts."""
        keys = f"Enter take   ctrl+s save {self._saved} under the name typed   Del delete   Esc cancel"
        with Vertical(classes="dialog list-dialog", id="named-dialog"):
            yield Input(
                placeholder="type to find, or a name to save",
                compact=True,
                restrict=TYPED,
                max_length=LONGEST_NAME,
            )
            yield OptionList(markup=False, compact=True)
            yield Static(markup=False, classes="about")
            yield Static(safe_content(keys, "$foreground-muted"), markup=False)

    def on_mount(self) -> None:
        """List everything."""
        self.query_one("#named-dialog").border_title = Content("").join([safe_content(self._title)])
        self.query_one(OptionList).can_focus = False
        self._show()

    @property
    def lit(self) -> Named | None:
        """The thing that is lit."""
        place = self.query_one(OptionList).highlighted
        return None if place is None or place >= len(self._listed) else self._listed[place]

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._show()

    def _show(self) -> None:
        words = self.query_one(Input).value.casefold().split()
        self._listed = [
            each
            for each in self._things
            if all(word in f"{each.name} {each.text}".casefold() for word in words)
        ]
        listed = self.query_one(OptionList)
        listed.clear_options()
        listed.add_options([Option(_line(each)) for each in self._listed])
        listed.highlighted = 0 if self._listed else None
        self._describe()

    @on(OptionList.OptionHighlighted)
    def _describe(self) -> None:
        thing = self.lit
        text = (
            "Nothing has this in its name: ctrl+s saves under it"
            if thing is None
            else thing.about or thing.text
        )
        self.query_one(".about", Static).update(safe_content(text[:300]))

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(Wish("take", self._listed[event.option_index]))

    def action_light(self, by: int) -> None:
        """Light another thing."""
        listed = self.query_one(OptionList)
        if self._listed:
            listed.highlighted = max(0, min((listed.highlighted or 0) + by, len(self._listed) - 1))

    def action_take(self) -> None:
        """Close with the thing that is lit."""
        if self.lit is not None:
            self.dismiss(Wish("take", self.lit))

    def action_save(self) -> None:
        """Close with the name that is typed."""
        name = self.query_one(Input).value.strip()
        if self._obstacle:
            self._say(self._obstacle)
        elif not name:
            self._say("Type the name under which to save")
        else:
            self.dismiss(Wish("save", Named(name, "", is_own=True)))

    def action_delete(self) -> None:
        """Close with the thing that is to be deleted."""
        if self.lit is not None and self.lit.is_own:
            self.dismiss(Wish("delete", self.lit))
        elif self.lit is not None:
            self._say(f"Not saved by you: it stays ({self.lit.group or 'built in'})")

    def action_close(self) -> None:
        """Close without a wish."""
        self.dismiss(None)

    def _say(self, text: str) -> None:
        self.query_one(".about", Static).update(safe_content(text, "$text-warning"))


def _line(thing: Named) -> Content:
    return Content("").join(
        [
            safe_content(f"{thing.name:<18} "),
            safe_content(f"{thing.group:<9} ", "$text-accent"),
            safe_content(thing.text[:120], "$foreground-muted"),
        ]
    )
