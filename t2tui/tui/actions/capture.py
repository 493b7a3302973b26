"""What can be done with the capture that is open, whichever view shows it."""

from t2tui.tui.actions.action import Action

PLACE = "capture"

TABS = {
    "flows": ("1", "Flows"),
    "packets": ("2", "Packets"),
    "statistics": ("3", "Statistics"),
    "faults": ("4", "What is wrong"),
    "report": ("5", "Report"),
    "plugins": ("6", "Plugins"),
}
"""Views: their keys and titles."""

ACTIONS = (
    *(Action(f"view('{view}')", key, title, PLACE, "Views") for view, (key, title) in TABS.items()),
    Action("filter", "slash", "Filter", PLACE, "Capture", "/", "Filter"),
    Action("clear", "escape", "Clear the filter; go back", PLACE, "Capture", "Esc"),
    Action("filters", "ctrl+o", "Saved filters and examples", PLACE, "Capture"),
    Action("copy_filter", "ctrl+y", "Copy the filter", PLACE, "Capture"),
    Action("decode", "b", "Decode any value; make a filter of bits", PLACE, "Capture"),
    Action("go_to", "ctrl+g", "Go to a flow by its index", PLACE, "Capture"),
    Action("pause", "P", "Pause or go on reading", PLACE, "Capture", "", "Pause", True),
    Action("stop", "ctrl+x", "Stop reading, keep what was read", PLACE, "Capture"),
)
