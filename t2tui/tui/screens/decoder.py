"""The decoder: what any value of a status column means, and a filter put together of its bits."""

from collections.abc import Collection

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from t2tui.core.decode import DecodeError, Row
from t2tui.tui.actions import bindings, decoder, program
from t2tui.tui.bitchoice import BitChoice, completions
from t2tui.tui.safe import safe_content, safe_text
from t2tui.tui.views.detail import LEVELS, MARKS
from t2tui.tui.views.view import KeysOfView
from t2tui.tui.widgets.actionline import ActionLine
from t2tui.tui.widgets.typed import TYPED

LONGEST = 200
MOST_NAMES = 200
NARROW = 120
"""Below this width the table stands below the bits."""


class DecoderScreen(Screen[str | None]):
    """A line for ``name=value``, all bits of the column, and the table that ``t2tui decode`` prints.

    Gives the filter that is to be applied, or None.
    """

    PLACE = decoder.PLACE
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]
    places = (decoder.PLACE, program.PLACE)
    explained: KeysOfView = (
        (
            "In the line",
            (
                ("Tab", "Complete the name; to the bits"),
                ("↑ ↓", "Names that fit"),
                ("Enter", "Decode; to the bits"),
            ),
        ),
    )
    BINDINGS = [
        *bindings(decoder.ACTIONS),
        Binding("tab", "complete", "Complete", show=False, priority=True),
        Binding("up", "light(-1)", "Up", show=False, priority=True),
        Binding("down", "light(1)", "Down", show=False, priority=True),
    ]

    def __init__(self, typed: str = "", columns: Collection[str] = ()) -> None:
        """Prepare.

        Args:
            typed: what stands in the line in the beginning.
            columns: names of those that a filter can use; all without.
        """
        super().__init__()
        self._begin, self._columns = typed, columns
        self._choice: BitChoice | None = None
        self._names: list[str] = []

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Static(Content(" Decoder"), id="decoder-title")
        with Horizontal(id="decoder-line"):
            yield Static(Content(" ❯ "))
            yield Input(
                self._begin[:LONGEST],
                placeholder="name or name=value, e.g. flowStat=0x0402000000004000 or l4Proto=132",
                compact=True,
                restrict=TYPED,
                max_length=LONGEST,
                select_on_focus=False,
                id="decoder-input",
            )
        yield Static(markup=False, id="decoder-error")
        with Horizontal(id="decoder-parts"):
            yield OptionList(markup=False, compact=True, id="decoder-bits")
            with VerticalScroll(id="decoder-table"):
                yield Static(markup=False, id="decoder-text")
        yield Static(markup=False, id="decoder-result")
        yield ActionLine(id="actions")

    def on_mount(self) -> None:
        """Decode what stands in the line."""
        self.query_one(ActionLine).show_in(self.places)
        self._decode()
        self._bits.focus() if self._choice is not None else self._input.focus()

    @property
    def _input(self) -> Input:
        return self.query_one("#decoder-input", Input)

    @property
    def _bits(self) -> OptionList:
        return self.query_one("#decoder-bits", OptionList)

    # ------------------------------------------------------------------ what is shown

    @on(Input.Changed)
    def _decode(self) -> None:
        """Show what is typed, or why that is nothing, and what it can become."""
        typed = self._input.value
        try:
            self._choice = BitChoice(typed)
        except DecodeError as error:
            self._choice = None
            self._show_names(typed, error)
            return
        rows = self._choice.rows
        self._list([self._bit_line(place) for place in range(len(rows))])
        first = next((place for place, (part, number) in enumerate(rows) if number in part.chosen), 0)
        self._bits.highlighted = first if rows else None
        self._show_error("")
        self._show_value()

    def _show_names(self, typed: str, error: DecodeError) -> None:
        """List the columns that can be decoded and fit what is typed."""
        self._names = completions(typed)[:MOST_NAMES]
        self._list([safe_content(name) for name in self._names])
        self._show_error(str(error) if typed.strip() and not self._names else "")
        self.query_one("#decoder-text", Static).update(
            safe_content("The names of what can be decoded: Tab or Enter takes the one that is lit")
            if self._names
            else Content("")
        )
        self.query_one("#decoder-result", Static).update(Content(""))

    def _list(self, lines: list[Content]) -> None:
        self._bits.clear_options()
        self._bits.add_options([Option(line) for line in lines])
        self._bits.highlighted = 0 if lines else None

    def _bit_line(self, place: int) -> Content:
        assert self._choice is not None
        part, number = self._choice.rows[place]
        row = part.rows[number]
        is_on = number in part.chosen
        return Content("").join(
            [
                safe_content("[x]" if is_on else "[ ]", "$text-accent"),
                safe_content(
                    f"{MARKS[row.level]}{_number(row):>4} {_meaning(row)}",
                    LEVELS[row.level] if is_on else "$foreground-muted",
                ),
            ]
        )

    def _show_value(self) -> None:
        """Show the table of the value, and what the switches make."""
        choice = self._choice
        assert choice is not None
        lines = choice.text.split("\n")
        table = Content("\n").join([safe_content(line) for line in lines])
        self.query_one("#decoder-text", Static).update(table)
        try:
            text, style = choice.filter(self._columns), "$text-accent"
        except DecodeError as error:
            text, style = str(error), "$foreground-muted"
        value = safe_content(f" value   {choice.value or 'none'}")
        how = f" ({'any' if choice.is_any else 'all'} of the bits)" if "bits" in text[:4] else ""
        shown = Content("").join([safe_content(" filter  "), safe_content(text, style), safe_content(how)])
        self.query_one("#decoder-result", Static).update(Content("\n").join([value, shown]))

    def _show_error(self, text: str) -> None:
        error = self.query_one("#decoder-error", Static)
        error.display = bool(text)
        error.update(safe_content(f"   {text}"))

    # ------------------------------------------------------------------ typing

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_complete()

    def action_complete(self) -> None:
        """Take the name that is lit; go on to the bits, or back to the line."""
        if not self._input.has_focus:
            self._input.focus()
        elif self._choice is not None:
            self._bits.focus()
        elif self._names and self._bits.highlighted is not None and "=" not in self._input.value:
            self._take(self._names[self._bits.highlighted])
        else:
            self._fail(self._input.value)

    def _take(self, name: str) -> None:
        self._input.value = name
        self._input.cursor_position = len(name)

    def _fail(self, typed: str) -> None:
        try:
            BitChoice(typed)
        except DecodeError as error:
            self._show_error(str(error))

    def action_light(self, by: int) -> None:
        """Light another line."""
        count = self._bits.option_count
        if count:
            self._bits.highlighted = max(0, min((self._bits.highlighted or 0) + by, count - 1))

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self._choice is None:
            self._take(self._names[event.option_index])
        else:
            self._toggle(event.option_index)

    # ------------------------------------------------------------------ actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave letters to the line while it is typed in."""
        is_typing = isinstance(self.focused, Input)
        return not is_typing or action not in (
            "switch",
            "any",
            "apply",
            "copy_value",
            "copy_filter",
            "none",
            "type",
        )

    def _toggle(self, place: int) -> None:
        assert self._choice is not None
        self._choice.toggle(place)
        self._bits.replace_option_prompt_at_index(place, self._bit_line(place))
        with self.prevent(Input.Changed):
            self._input.value = self._choice.typed
        self._show_value()

    def action_switch(self) -> None:
        """Switch the bit that is lit on or off."""
        if self._choice is not None and self._bits.highlighted is not None:
            self._toggle(self._bits.highlighted)

    def action_none(self) -> None:
        """Switch all bits off."""
        if self._choice is not None:
            self._input.value = self._choice.column

    def action_any(self) -> None:
        """Change between all of the bits and any of them."""
        if self._choice is not None:
            self._choice.is_any = not self._choice.is_any
            self._show_value()

    def action_apply(self) -> None:
        """Close with the filter."""
        if text := self._filter():
            self.dismiss(text)

    def action_copy_value(self) -> None:
        """Copy the value."""
        if self._choice is not None and self._choice.value:
            self.app.copy_to_clipboard(safe_text(self._choice.value))

    def action_copy_filter(self) -> None:
        """Copy the filter."""
        if text := self._filter():
            self.app.copy_to_clipboard(safe_text(text))

    def _filter(self) -> str:
        """Return the filter; say why there is none."""
        if self._choice is None:
            if self._names and self._bits.highlighted is not None:
                self._take(self._names[self._bits.highlighted])
            return ""
        try:
            return self._choice.filter(self._columns)
        except DecodeError as error:
            self._show_error(str(error))
            return ""

    def action_type(self) -> None:
        """Go to the line."""
        self._input.focus()

    def action_back(self) -> None:
        """Close without a filter."""
        self.dismiss(None)


def _number(row: Row) -> str:
    return row.hex if row.bit is None else str(row.bit)


def _meaning(row: Row) -> str:
    return f"{row.name}: {row.text}" if row.name and row.name != row.text else row.text
