"""What can be done with the statistics."""

from t2tui.tui.actions.action import Action

PLACE = "statistics"

MOVE = (
    Action("up", "up,k", "Up", PLACE, "Move", "↑ k"),
    Action("down", "down,j", "Down", PLACE, "Move", "↓ j"),
    Action("left", "left,h", "To the left; back to the subjects", PLACE, "Move", "← h"),
    Action("right", "right,l", "To the right; into what is shown", PLACE, "Move", "→ l"),
    Action("page_up", "pageup,ctrl+b", "One page up; ten columns back", PLACE, "Move", "PgUp"),
    Action("page_down", "pagedown,ctrl+f", "One page down; ten columns on", PLACE, "Move", "PgDn"),
    Action("top", "g,home", "To the begin", PLACE, "Move", "g Home"),
    Action("bottom", "G,end", "To the end", PLACE, "Move", "G End"),
    Action("next_pane", "tab,shift+tab", "Subjects, or what is shown", PLACE, "Move", "Tab"),
    Action("next_subject", "n", "Next subject", PLACE, "Move"),
    Action("previous_subject", "N", "Subject before", PLACE, "Move"),
)

SHOW = (
    Action("scope", "a", "Count all flows, or those of the filter", PLACE, "Show", "", "All/shown"),
    Action("sort", "s", "Sort by the next figure: flows, packets, bytes", PLACE, "Show", "", "Sort"),
)

FILTER = (
    Action(
        "enter", "enter", "Show the flows of this row, or of this time", PLACE, "Filter", "Enter", "Flows"
    ),
    Action("keep_row", "equals_sign", "Add it to the filter", PLACE, "Filter", "=", "Only this"),
    Action("drop_row", "exclamation_mark", "Leave its flows out", PLACE, "Filter", "!", "Not this", True),
    Action("or_row", "vertical_line", "Show its flows, too", PLACE, "Filter", "|"),
    Action("copy_row", "y", "Copy this row", PLACE, "Filter"),
)

TRAFFIC = (
    Action("unit", "b", "Bits or packets per second", PLACE, "Traffic over time"),
    Action("begin_here", "left_square_bracket", "Begin a span of time here", PLACE, "Traffic over time", "["),
    Action("end_here", "right_square_bracket", "End it here", PLACE, "Traffic over time", "]"),
    Action("extend_left", "shift+left,H", "Extend it to the left", PLACE, "Traffic over time", "shift+← H"),
    Action(
        "extend_right", "shift+right,L", "Extend it to the right", PLACE, "Traffic over time", "shift+→ L"
    ),
    Action("zoom_in", "plus", "Zoom in: into the span, if there is one", PLACE, "Traffic over time", "+"),
    Action("zoom_out", "minus", "Zoom out", PLACE, "Traffic over time", "-"),
    Action("drop_span", "escape", "Forget the span; show all times", PLACE, "Traffic over time", "Esc"),
)

ACTIONS = (*MOVE, *SHOW, *FILTER, *TRAFFIC)
