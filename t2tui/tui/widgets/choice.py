"""Widgets that are pressed or chosen from: by keys, and by the mouse."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from t2tui.tui.safe import safe_content, safe_text

GAP = 3
"""Blanks between options that stand beside each other."""


class PushButton(Static, can_focus=True):
    """A button: Enter, Space or a click press it."""

    ALLOW_SELECT = False
    BINDINGS = [Binding("enter,space", "press", "Press", show=False)]

    @dataclass
    class Pressed(Message):
        """The button was pressed."""

        button: "PushButton"

        @property
        def control(self) -> "PushButton":
            """The button."""
            return self.button

    def __init__(self, text: str, *, id: str) -> None:
        """Make a button.

        Args:
            text: on it.
            id: of it.
        """
        super().__init__(safe_content(f" {text} "), markup=False, id=id, classes="push")

    def show_obstacle(self, why: str) -> None:
        """Say why the button does nothing now; nothing if it does."""
        self.set_class(bool(why), "-disabled")
        self.tooltip = safe_content(why) if why else None

    def on_click(self, event: events.Click) -> None:
        """Press."""
        event.stop()
        self.action_press()

    def action_press(self) -> None:
        """Tell that the button was pressed."""
        self.post_message(self.Pressed(self))


@dataclass(frozen=True, slots=True)
class Option:
    """What can be chosen.

    Attributes:
        value: what it stands for.
        label: how it is shown.
        obstacle: why it cannot be chosen; nothing if it can.
    """

    value: Any
    label: str
    obstacle: str = ""


class Choice(Static, can_focus=True):
    """One of a few options, all of which are seen.

    Attributes:
        options: what can be chosen.
    """

    ALLOW_SELECT = False
    BINDINGS = [
        Binding("up,left,k,h", "move(-1)", "The option before", show=False),
        Binding("down,right,j,l", "move(1)", "The next option", show=False),
        Binding("space", "switch", "The other one of two options", show=False),
    ]

    @dataclass
    class Changed(Message):
        """Another option is chosen."""

        choice: "Choice"

        @property
        def control(self) -> "Choice":
            """The widget."""
            return self.choice

    def __init__(
        self, options: Sequence[Option], value: Any, *, is_column: bool = False, id: str | None = None
    ) -> None:
        """Make the widget.

        Args:
            options: what can be chosen, at least one.
            value: what is chosen at first.
            is_column: one below the other, else beside each other.
            id: of the widget.
        """
        super().__init__(markup=False, id=id)
        self.options = list(options)
        self._at = next((at for at, option in enumerate(options) if option.value == value), 0)
        self._is_column = is_column
        self._draw()

    @property
    def value(self) -> Any:
        """What is chosen."""
        return self.options[self._at].value

    def choose(self, value: Any) -> None:
        """Choose an option."""
        at = next((at for at, option in enumerate(self.options) if option.value == value), self._at)
        if at != self._at and not self.options[at].obstacle:
            self._at = at
            self._draw()
            self.post_message(self.Changed(self))

    def relabel(self, value: Any, label: str) -> None:
        """Show an option in other words."""
        self.options = [
            Option(option.value, label, option.obstacle) if option.value == value else option
            for option in self.options
        ]
        self._draw()

    def action_move(self, step: int) -> None:
        """Choose the next option in a direction that can be chosen; behind the last comes the first."""
        count = len(self.options)
        for distance in range(1, count):
            option = self.options[(self._at + step * distance) % count]
            if not option.obstacle:
                self.choose(option.value)
                return

    def action_switch(self) -> None:
        """Choose the other one of two options; of more, the one that was moved to is chosen already."""
        if len(self.options) == 2:
            self.action_move(1)

    def on_click(self, event: events.Click) -> None:
        """Choose the option under the mouse."""
        event.stop()
        place = event.get_content_offset(self)
        if place is None:
            return
        if self._is_column:
            if place.y < len(self.options):
                self.choose(self.options[place.y].value)
            return
        end = 0
        for option in self.options:
            end += cell_len(self._text(option)) + GAP
            if place.x < end:
                self.choose(option.value)
                return

    def _text(self, option: Option) -> str:
        sign = "◉" if option is self.options[self._at] else "○"
        return f"{sign} {safe_text(option.label)}"

    def _draw(self) -> None:
        parts = []
        for option in self.options:
            style = "$text-disabled" if option.obstacle else ""
            if option is self.options[self._at]:
                style = "bold"
            parts.append(safe_content(self._text(option), style))
        joint = Content("\n") if self._is_column else safe_content(" " * GAP)
        self.update(joint.join(parts))
        reasons = [f"{option.label}: {option.obstacle}" for option in self.options if option.obstacle]
        self.tooltip = safe_content("; ".join(reasons)) if reasons else None
