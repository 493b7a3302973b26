"""What can be done everywhere."""

from t2tui.tui.actions.action import Action

PLACE = "program"

ACTIONS = (
    Action("open", "o", "Open a capture", PLACE, "Program", "", "Open", True),
    Action("theme", "t", "Dark or light", PLACE, "Program"),
    Action("choose_theme", "", "Choose a theme", PLACE, "Program"),
    Action("help", "question_mark", "Keys of this view", PLACE, "Program", "?", "Help"),
    Action("command_palette", "ctrl+p", "Commands", PLACE, "Program", "", "Commands"),
    Action("undo", "U", "Take back what was written last", PLACE, "Program"),
    Action("quit", "ctrl+q", "Quit", PLACE, "Program"),
)
