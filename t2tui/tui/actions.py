"""Everything that can be done: one table, from which keys, palette, buttons and help are made."""

from dataclasses import dataclass

from textual.binding import Binding, BindingType

FLOWS, PROGRAM = "flows", "program"
"""Where an action belongs: the flow table, or everywhere."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done.

    Attributes:
        name: of the method ``action_NAME``.
        keys: separated by commas, as textual names them; the first is the one that buttons show.
        title: for palette and help.
        place: FLOWS or PROGRAM.
        group: heading in the help.
        shown: how help and buttons write the keys; the keys as they are without.
    """

    name: str
    keys: str
    title: str
    place: str
    group: str
    shown: str = ""

    @property
    def label(self) -> str:
        """The keys for people."""
        return self.shown or self.keys.replace(",", " ")


def _table(place: str, group: str, *rows: tuple[str, ...]) -> tuple[Action, ...]:
    return tuple(Action(row[0], row[1], row[2], place, group, *row[3:]) for row in rows)


ACTIONS = (
    *_table(
        FLOWS,
        "Move",
        ("up", "up,k", "One row up", "↑ k"),
        ("down", "down,j", "One row down", "↓ j"),
        ("left", "left,h", "One column to the left", "← h"),
        ("right", "right,l", "One column to the right", "→ l"),
        ("page_up", "pageup,ctrl+b", "One page up", "PgUp"),
        ("page_down", "pagedown,ctrl+f", "One page down", "PgDn"),
        ("top", "g,home", "First flow", "g Home"),
        ("bottom", "G,end", "Last flow", "G End"),
        ("first_column", "0", "First column"),
        ("last_column", "dollar_sign", "Last column", "$"),
    ),
    *_table(
        FLOWS,
        "Sort and show",
        ("sort", "s", "Sort by this column"),
        ("sort_descending", "S", "Sort by this column, the largest first"),
        ("unsort", "z", "Back to the order in which flows ended"),
        ("times", "T", "Times as clock, date, seconds since 1970"),
        ("detail", "enter", "Show or hide the pane with bits and values", "Enter"),
    ),
    *_table(
        FLOWS,
        "Columns",
        ("hide_column", "minus", "Hide this column", "-"),
        ("all_columns", "plus", "Show all columns again", "+"),
        ("column_left", "less_than_sign", "Move this column to the left", "<"),
        ("column_right", "greater_than_sign", "Move this column to the right", ">"),
    ),
    *_table(
        FLOWS,
        "Filter",
        ("keep_cell", "equals_sign", "Only flows with this cell's value", "="),
        ("drop_cell", "exclamation_mark", "Only flows without this cell's value", "!"),
    ),
    *_table(
        FLOWS,
        "Mark",
        ("mark", "space", "Mark or unmark this flow", "Space"),
        ("mark_shown", "asterisk", "Mark all shown flows", "*"),
        ("invert_marks", "tilde", "Invert the marks of the shown flows", "~"),
        ("unmark", "u", "Unmark all flows"),
    ),
    *_table(
        FLOWS,
        "Copy",
        ("copy_cell", "y", "Copy this cell"),
        ("copy_row", "Y", "Copy this row as in the flow file"),
    ),
    *_table(
        PROGRAM,
        "Program",
        ("view('flows')", "1", "Flows"),
        ("view('faults')", "4", "What is wrong"),
        ("view('report')", "5", "Report"),
        ("filter", "slash", "Filter", "/"),
        ("clear", "escape", "Clear the filter; go back", "Esc"),
        ("go_to", "ctrl+g", "Go to a flow by its index", "ctrl+g"),
        ("pause", "P", "Pause or go on reading"),
        ("stop", "ctrl+x", "Stop reading, keep what was read"),
        ("theme", "t", "Dark or light"),
        ("help", "question_mark", "Keys of this view", "?"),
        ("command_palette", "ctrl+p", "Commands"),
        ("quit", "ctrl+q", "Quit"),
    ),
)


OF_TEXTUAL = ("command_palette", "quit")
"""Actions whose keys textual binds itself, before all others."""

AT_ONCE = ("filter",)
"""Actions that are done before the next key is looked at: what is typed behind ``/`` is the filter."""


def bindings(place: str) -> list[BindingType]:
    """Return the key bindings of a place; each has an id, by which it can be changed."""
    return [
        Binding(
            action.keys,
            action.name,
            action.title,
            show=False,
            priority=action.name in AT_ONCE,
            id=f"{place}.{action.name}",
        )
        for action in ACTIONS
        if action.place == place and action.name not in OF_TEXTUAL
    ]
