"""What can be done in the flow table."""

from t2tui.tui.actions.action import Action

PLACE = "flows"

MOVE = (
    Action("up", "up,k", "One row up", PLACE, "Move", "↑ k"),
    Action("down", "down,j", "One row down", PLACE, "Move", "↓ j"),
    Action("left", "left,h", "One column to the left", PLACE, "Move", "← h"),
    Action("right", "right,l", "One column to the right", PLACE, "Move", "→ l"),
    Action("page_up", "pageup,ctrl+b", "One page up", PLACE, "Move", "PgUp"),
    Action("page_down", "pagedown,ctrl+f", "One page down", PLACE, "Move", "PgDn"),
    Action("top", "g,home", "First flow", PLACE, "Move", "g Home"),
    Action("bottom", "G,end", "Last flow", PLACE, "Move", "G End"),
    Action("first_column", "0", "First column", PLACE, "Move"),
    Action("last_column", "dollar_sign", "Last column", PLACE, "Move", "$"),
)

LOOK_INTO = (Action("packets", "p", "Packets of this flow", PLACE, "Look into", "", "Packets"),)

SORT = (
    Action("sort", "s", "Sort by this column", PLACE, "Sort and show"),
    Action(
        "sort_descending", "S", "Sort by this column, the largest first", PLACE, "Sort and show", "", "Sort"
    ),
    Action("unsort", "z", "Back to the order in which flows ended", PLACE, "Sort and show"),
    Action("times", "T", "Times as clock, date, seconds since 1970", PLACE, "Sort and show"),
    Action("detail", "enter", "Show or hide the pane with bits and values", PLACE, "Sort and show", "Enter"),
)

COLUMNS = (
    Action("hide_column", "minus", "Hide this column", PLACE, "Columns", "-"),
    Action("all_columns", "plus", "Show all columns again", PLACE, "Columns", "+"),
    Action("column_left", "less_than_sign", "Move this column to the left", PLACE, "Columns", "<"),
    Action("column_right", "greater_than_sign", "Move this column to the right", PLACE, "Columns", ">"),
)

FILTER = (
    Action(
        "keep_cell", "equals_sign", "Only flows with this cell's value", PLACE, "Filter", "=", "Only this"
    ),
    Action(
        "drop_cell",
        "exclamation_mark",
        "Only flows without this cell's value",
        PLACE,
        "Filter",
        "!",
        "Not this",
        True,
    ),
)

MARK = (
    Action("mark", "space", "Mark or unmark this flow", PLACE, "Mark", "Space", "Mark"),
    Action("mark_shown", "asterisk", "Mark all shown flows", PLACE, "Mark", "*"),
    Action("invert_marks", "tilde", "Invert the marks of the shown flows", PLACE, "Mark", "~"),
    Action("unmark", "u", "Unmark all flows", PLACE, "Mark"),
)

COPY = (
    Action("copy_cell", "y", "Copy this cell", PLACE, "Copy"),
    Action("copy_row", "Y", "Copy this row as in the flow file", PLACE, "Copy"),
)

ACTIONS = (*MOVE, *LOOK_INTO, *SORT, *COLUMNS, *FILTER, *MARK, *COPY)
