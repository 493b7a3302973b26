"""What can be done in the decoder."""

from t2tui.tui.actions.action import Action

PLACE = "decoder"

ACTIONS = (
    Action("switch", "space", "Switch this bit on or off", PLACE, "Decoder", "Space"),
    Action("any", "o", "All of the bits, or any of them", PLACE, "Decoder", "", "All or any"),
    Action("apply", "enter,a", "Filter the flows by these bits", PLACE, "Decoder", "Enter a", "Filter"),
    Action("copy_value", "y", "Copy the value", PLACE, "Decoder", "", "Copy value"),
    Action("copy_filter", "Y", "Copy the filter", PLACE, "Decoder", "", "Copy filter", True),
    Action("none", "u", "Switch all off", PLACE, "Decoder"),
    Action("type", "slash", "Type another name or value", PLACE, "Decoder", "/", "Type"),
    Action("back", "escape", "Back", PLACE, "Decoder", "Esc", "Back"),
)
