"""What can be done with the report."""

from t2tui.tui.actions.action import Action

PLACE = "report"

MOVE = (
    Action("up", "up,k", "One line up", PLACE, "Move", "↑ k"),
    Action("down", "down,j", "One line down", PLACE, "Move", "↓ j"),
    Action("left", "left,h", "To the left", PLACE, "Move", "← h"),
    Action("right", "right,l", "To the right: the rest of long lines", PLACE, "Move", "→ l"),
    Action("page_up", "pageup,ctrl+b", "One page up", PLACE, "Move", "PgUp"),
    Action("page_down", "pagedown,ctrl+f", "One page down", PLACE, "Move", "PgDn"),
    Action("top", "g,home", "To the begin", PLACE, "Move", "g Home"),
    Action("bottom", "G,end", "To the end: the figures", PLACE, "Move", "G End"),
)

FAULTS = (
    Action("next_fault", "n", "Next warning or error, whole", PLACE, "Warnings", "", "Next warning"),
    Action("previous_fault", "N", "Warning or error before", PLACE, "Warnings", "", "Previous", True),
)

COPY = (Action("copy", "y", "Copy the report", PLACE, "Copy", "", "Copy"),)

ACTIONS = (*MOVE, *FAULTS, *COPY)
