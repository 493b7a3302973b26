"""What the user's file of settings says about the terminal UI, looked at."""

from collections.abc import Collection

from t2tui.core.configfile import Preferences
from t2tui.core.nearest import did_you_mean, nearest_names
from t2tui.tui.actions import ACTIONS


def faults(preferences: Preferences, themes: Collection[str]) -> list[str]:
    """Return what is wrong with them; what is wrong has no effect.

    Args:
        preferences: of the user.
        themes: names of all themes.
    """
    found = []
    if preferences.theme and preferences.theme not in themes:
        near = did_you_mean(nearest_names(preferences.theme, themes))
        found.append(f"There is no theme {preferences.theme!r}{near}")
    known = [action.id for action in ACTIONS if action.keys]
    for name in preferences.keys:
        if name not in known:
            near = did_you_mean(nearest_names(name, known))
            found.append(f"keys: there is no action {name!r}{near}")
    return found
