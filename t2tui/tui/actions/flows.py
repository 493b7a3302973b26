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

LOOK_INTO = (
    Action("follow", "f", "Follow: what both sides of this flow sent", PLACE, "Look into", "", "Follow"),
    Action("packets", "p", "Packets of this flow", PLACE, "Look into", "", "Packets"),
)

SORT = (
    Action("sort", "s", "Sort by this column; again: the other way round", PLACE, "Sort and show"),
    Action(
        "sort_descending",
        "S",
        "Sort by this column, the largest first; again: the smallest",
        PLACE,
        "Sort and show",
        "",
        "Sort",
        True,
    ),
    Action("unsort", "z", "Back to the order in which flows ended", PLACE, "Sort and show"),
    Action("pair", "v", "A and B flows together, or apart", PLACE, "Sort and show"),
    Action("times", "T", "Times as clock, date, seconds since 1970", PLACE, "Sort and show"),
    Action("detail", "enter", "Show or hide the pane with bits and values", PLACE, "Sort and show", "Enter"),
    Action("menu", "m", "Menu of this cell", PLACE, "Sort and show"),
)

COLUMNS = (
    Action("hide_column", "minus", "Hide this column", PLACE, "Columns", "-"),
    Action("all_columns", "plus", "Show all columns again", PLACE, "Columns", "+"),
    Action("column_left", "less_than_sign", "Move this column to the left", PLACE, "Columns", "<"),
    Action("column_right", "greater_than_sign", "Move this column to the right", PLACE, "Columns", ">"),
    Action(
        "narrower", "left_curly_bracket,ctrl+left", "Make this column narrower", PLACE, "Columns", "{ ctrl+←"
    ),
    Action("wider", "right_curly_bracket,ctrl+right", "Make this column wider", PLACE, "Columns", "} ctrl+→"),
    Action("fit", "W", "Make this column as wide as its cells", PLACE, "Columns"),
    Action("freeze", "F", "Freeze the columns up to this one; again: free them", PLACE, "Columns"),
    Action("columns", "c", "Choose columns", PLACE, "Columns", "", "Columns", True),
    Action("profiles", "C", "Layouts of columns: take, save, delete", PLACE, "Columns"),
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
    Action("or_cell", "vertical_line", "Flows with this cell's value, too", PLACE, "Filter", "|"),
    Action("only_marked", "at", "Only marked flows", PLACE, "Filter", "@"),
    Action("only_commented", "quotation_mark", "Only flows with a comment", PLACE, "Filter", '"'),
)

MARK = (
    Action("mark", "space", "Mark or unmark this flow", PLACE, "Mark", "Space", "Mark", True),
    Action("mark_shown", "asterisk", "Mark all shown flows", PLACE, "Mark", "*"),
    Action("invert_marks", "tilde", "Invert the marks of the shown flows", PLACE, "Mark", "~"),
    Action("unmark", "u", "Unmark all flows", PLACE, "Mark"),
    Action("range", "V", "Begin a range: moving extends it, Space marks it", PLACE, "Mark"),
    Action("drop_range", "escape", "Forget the range", PLACE, "Mark", "Esc"),
    Action("next_mark", "right_square_bracket", "Next marked flow", PLACE, "Mark", "]"),
    Action("previous_mark", "left_square_bracket", "Marked flow before", PLACE, "Mark", "["),
    Action("comment", "semicolon", "Comment on this flow", PLACE, "Mark", ";"),
)

COPY = (
    Action("copy_cell", "y", "Copy this cell", PLACE, "Copy"),
    Action("copy_row", "Y", "Copy this row as in the flow file", PLACE, "Copy"),
)

WRITE = (
    Action("dump", "d", "Dump the payload of flows into files", PLACE, "Write", "", "Dump payload"),
    Action("extract", "x", "Extract the packets of flows into a pcap", PLACE, "Write", "", "Extract pcap"),
    Action("export", "e", "Export rows as T2 text, CSV, JSON, Parquet", PLACE, "Write", "", "Export"),
)

ACTIONS = (*LOOK_INTO, *WRITE, *MOVE, *SORT, *COLUMNS, *FILTER, *MARK, *COPY)

MENU = (
    *("keep_cell", "drop_cell", "or_cell", "copy_cell", "copy_row", "decode", "follow", "packets"),
    *("dump", "extract", "export", "sort_descending", "mark", "comment", "hide_column"),
)
"""Names of the actions in the menu of a cell, those that there are."""
HEADER_MENU = ("sort", "sort_descending", "unsort", "fit", "freeze", "hide_column", "columns", "profiles")
"""Names of the actions in the menu of a column."""
