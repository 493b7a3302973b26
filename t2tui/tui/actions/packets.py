"""What can be done in the list of packets, with the fields of a packet and with its bytes."""

from t2tui.tui.actions.action import Action

PLACE = "packets"

MOVE = (
    Action("up", "up,k", "Up", PLACE, "Move", "↑ k"),
    Action("down", "down,j", "Down", PLACE, "Move", "↓ j"),
    Action("left", "left,h", "To the left; close a layer", PLACE, "Move", "← h"),
    Action("right", "right,l", "To the right; open a layer", PLACE, "Move", "→ l"),
    Action("page_up", "pageup,ctrl+b", "One page up", PLACE, "Move", "PgUp"),
    Action("page_down", "pagedown,ctrl+f", "One page down", PLACE, "Move", "PgDn"),
    Action("top", "g,home", "To the begin", PLACE, "Move", "g Home"),
    Action("bottom", "G,end", "To the end", PLACE, "Move", "G End"),
    Action("go_to", "ctrl+g", "Go to a packet by its number", PLACE, "Move"),
    Action("next_pane", "tab", "Next pane: packets, fields, bytes", PLACE, "Move", "Tab"),
    Action("previous_pane", "shift+tab", "Pane before", PLACE, "Move", "shift+Tab"),
)

SHOW = (
    Action("enter", "enter", "Show or hide fields and bytes; open or close a layer", PLACE, "Show", "Enter"),
    Action("scope", "a", "All packets, this flow, flows that are shown", PLACE, "Show", "", "All/flow"),
    Action(
        "reference", "R", "Set or drop this packet as time reference", PLACE, "Show", "", "Reference", True
    ),
    Action("times", "T", "Times as clock, date, seconds since 1970", PLACE, "Show"),
    Action("follow", "f", "Follow the flow of this packet", PLACE, "Show", "", "Follow"),
    Action("to_flow", "i", "Go to the flow of this packet", PLACE, "Show", "", "Flow"),
)

COPY = (
    Action("copy_value", "y", "Copy this cell, or the value of this field", PLACE, "Copy"),
    Action("copy_bytes", "Y", "Copy the bytes of the packet as hex", PLACE, "Copy"),
)

ACTIONS = (*MOVE, *SHOW, *COPY)
