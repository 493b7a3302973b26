"""What can be done with the streams of a flow."""

from t2tui.tui.actions.action import Action

PLACE = "follow"

FORMS = (
    Action("form('text')", "1", "Show as text", PLACE, "Show", "", "Text"),
    Action("form('hexdump')", "2", "Show as hex dump", PLACE, "Show", "", "Hex dump"),
    Action("form('hex')", "3", "Show as hex digits", PLACE, "Show", "", "Hex"),
    Action("form('base64')", "4", "Show as base64", PLACE, "Show", "", "Base64"),
    Action("form('raw')", "5", "Show one sign per byte (ISO 8859-1)", PLACE, "Show", "", "Raw"),
)

DIRECTIONS = (
    Action("direction('A')", "a", "Only what A sent", PLACE, "Show", "", "A →"),
    Action("direction('B')", "b", "Only what B sent", PLACE, "Show", "", "B ←"),
    Action("direction('both')", "B", "Both directions as they took turns", PLACE, "Show", "", "Both"),
)

SHOW = (
    Action("marks", "m", "Show or hide notes: gaps, retransmissions ...", PLACE, "Show", "", "Notes", True),
    Action(
        "wrap", "w", "Cut lines of text at the width of the screen, or not", PLACE, "Show", "", "Wrap", True
    ),
)

MOVE = (
    Action("up", "up,k", "One line up", PLACE, "Move", "↑ k"),
    Action("down", "down,j", "One line down", PLACE, "Move", "↓ j"),
    Action("left", "left,h", "To the left", PLACE, "Move", "← h"),
    Action("right", "right,l", "To the right", PLACE, "Move", "→ l"),
    Action("page_up", "pageup,ctrl+b", "One page up", PLACE, "Move", "PgUp"),
    Action("page_down", "pagedown,ctrl+f", "One page down", PLACE, "Move", "PgDn"),
    Action("top", "g,home", "Begin of the stream", PLACE, "Move", "g Home"),
    Action("bottom", "G,end", "End of the stream", PLACE, "Move", "G End"),
    Action("line_begin", "0", "Begin of the line", PLACE, "Move"),
)

SEARCH = (
    Action("search", "slash", "Search a regular expression", PLACE, "Search", "/", "Search"),
    Action("next_match", "n", "Next match", PLACE, "Search"),
    Action("previous_match", "N", "Match before", PLACE, "Search"),
    Action("ignore_case", "i", "Tell capitals from small letters, or not", PLACE, "Search"),
)

STREAM = (
    Action("save", "s", "Save to a file", PLACE, "Stream", "", "Save"),
    Action("packet", "enter,p", "Go to the packet of this line", PLACE, "Stream", "Enter p", "Packet"),
    Action(
        "previous_flow", "left_square_bracket", "Follow the flow above in the table", PLACE, "Stream", "["
    ),
    Action(
        "next_flow",
        "right_square_bracket",
        "Follow the flow below in the table",
        PLACE,
        "Stream",
        "]",
        "Next flow",
        True,
    ),
    Action("reload", "r", "Read again: a flow that goes on has more", PLACE, "Stream"),
    Action("copy_line", "y", "Copy this line", PLACE, "Copy"),
    Action("copy_page", "Y", "Copy the lines on screen", PLACE, "Copy"),
    Action("back", "escape,q", "Stop what runs, forget the search, go back", PLACE, "Stream", "Esc", "Back"),
)

CHOICES = (*FORMS, *DIRECTIONS)
"""Those whose buttons say what is chosen."""

ACTIONS = (*CHOICES, *SHOW, *MOVE, *SEARCH, *STREAM)
