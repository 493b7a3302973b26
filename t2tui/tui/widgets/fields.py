"""Fields of forms: a label, what is typed or chosen, and below it what it means or what is wrong with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from t2tui.core.settings import Flag, SettingsError, Value
from t2tui.tui.safe import safe_content
from t2tui.tui.widgets.choice import Choice, Option
from t2tui.tui.widgets.typed import TYPED

SWITCH = (0, 1)
"""Choices of flags that are on or off."""


class Field(Vertical):
    """A part of a form.

    Attributes:
        value: what is typed or chosen.
        error: what is wrong with what is typed; nothing if it is right.
    """

    @dataclass
    class Changed(Message):
        """Something else is typed or chosen."""

        field: "Field"

        @property
        def control(self) -> "Field":
            """The field."""
            return self.field

    def __init__(self, label: str, note: str = "", *, id: str | None = None) -> None:
        """Make a field.

        Args:
            label: what it is.
            note: what it means.
            id: of the field.
        """
        super().__init__(id=id, classes="field")
        self._label, self._help = label, note
        self.error = ""

    @property
    def value(self) -> Any:
        """What is typed or chosen."""
        raise NotImplementedError

    def editor(self) -> Widget:
        """Return the part that is typed in or chosen from."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Make the parts."""
        with Horizontal(classes="field-line"):
            yield Static(safe_content(self._label), markup=False, classes="field-label")
            yield self.editor()
        yield Static(markup=False, classes="field-note")

    def on_mount(self) -> None:
        """Say what the field means."""
        self.explain(self._help)

    def explain(self, note: str) -> None:
        """Say what the field means; an error counts more."""
        self._help = note
        self._show_note()

    def show_error(self, error: str) -> None:
        """Say what is wrong; nothing if all is right."""
        self.error = error
        self._show_note()

    def _show_note(self) -> None:
        line = self.query_one_optional(".field-note", Static)
        if line is None:  # not on a screen yet
            return
        line.display = bool(self.error or self._help)
        line.set_class(bool(self.error), "-wrong")
        line.update(safe_content(f"✗ {self.error}" if self.error else self._help))


class ChoiceField(Field):
    """One of a few values."""

    def __init__(
        self,
        label: str,
        options: Sequence[Option],
        value: Any,
        note: str = "",
        *,
        is_column: bool = False,
        id: str | None = None,
    ) -> None:
        """Make a field; see Field and Choice."""
        super().__init__(label, note, id=id)
        self.choice = Choice(options, value, is_column=is_column)

    @property
    def value(self) -> Any:
        """What is chosen."""
        return self.choice.value

    def editor(self) -> Widget:
        """Return the options."""
        return self.choice

    @on(Choice.Changed)
    def _changed(self, event: Choice.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self))


def switch(label: str, value: bool, note: str = "", *, id: str | None = None) -> ChoiceField:
    """Return a field for yes or no."""
    return ChoiceField(label, [Option(False, "no"), Option(True, "yes")], value, note, id=id)


class TextField(Field):
    """A line that is typed, and what it stands for."""

    def __init__(
        self,
        label: str,
        text: str,
        parse: Callable[[str], Any] = str,
        note: str = "",
        *,
        id: str | None = None,
    ) -> None:
        """Make a field.

        Args:
            label: what it is.
            text: what stands there at first.
            parse: makes the value of the text; raises ValueError with what is wrong.
            note: what it means.
            id: of the field.
        """
        super().__init__(label, note, id=id)
        self.input = Input(text, compact=True, select_on_focus=False, restrict=TYPED)
        self._parse = parse
        self._value: Any = None
        self._read(text)

    @property
    def value(self) -> Any:
        """What the text stands for; the last one that was right while there is an error."""
        return self._value

    def editor(self) -> Widget:
        """Return the line."""
        return self.input

    def set(self, text: str) -> None:
        """Put another text there."""
        self.input.value = text

    def read_again(self) -> None:
        """Look at the text once more: what it means depends on others."""
        self._read(self.input.value)

    def _read(self, text: str) -> None:
        try:
            self._value = self._parse(text)
        except ValueError as error:
            self.show_error(str(error))
        else:
            self.show_error("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._read(event.value)
        self.post_message(self.Changed(self))


def field_for(flag: Flag, value: Value | None = None, *, id: str | None = None) -> Field:
    """Return a field for a flag of a plugin: its ``value`` is one that the flag accepts.

    Args:
        flag: its type, bounds and choices decide what is shown.
        value: what is set; the default without.
        id: of the field.
    """
    value = flag.default if value is None else value
    if isinstance(flag.default, bool) or flag.choices == SWITCH:
        options = [
            Option(flag.check(number), word) for number, word in zip(SWITCH, ("off", "on"), strict=True)
        ]
        return ChoiceField(flag.name, options, value, flag.help, id=id)
    if flag.choices:
        options = [Option(choice, written(choice)) for choice in flag.choices]
        return ChoiceField(flag.name, options, value, flag.help, id=id)

    def parse(text: str) -> Value:
        try:
            return flag.check(text) if isinstance(flag.default, str) else flag.parse(text)
        except SettingsError:
            raise ValueError(f"must be {flag.expected()}") from None

    return TextField(flag.name, written(value), parse, flag.help, id=id)


def written(value: Value) -> str:
    """Return a value as it is typed."""
    if isinstance(value, tuple):
        return "; ".join(map(str, value))
    return value if isinstance(value, str) else f"{value}"
