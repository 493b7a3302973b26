"""What can be done with plugins and their flags."""

from t2tui.tui.actions.action import Action

PLACE = "plugins"

ACTIONS = (
    Action("switch", "space", "Switch this plugin on or off", PLACE, "Plugins", "Space", "On, off"),
    Action("next", "j", "Next plugin", PLACE, "Plugins", "↓ j"),
    Action("previous", "k", "Plugin before", PLACE, "Plugins", "↑ k"),
    Action(
        "default",
        "D,backspace",
        "Give the flag that is lit its default",
        PLACE,
        "Plugins",
        "D",
        "Default",
        True,
    ),
    Action("run_again", "R,ctrl+r", "Run again with these settings", PLACE, "Plugins", "R", "Run again"),
    Action("save_settings", "w,ctrl+s", "Write the changes to t2tui.toml", PLACE, "Plugins", "w", "Save"),
    Action("leave", "escape", "From the flags to the list, from there to the flows", PLACE, "Plugins", "Esc"),
)
