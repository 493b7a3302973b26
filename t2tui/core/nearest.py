"""Which known names are near to an unknown one, for "did you mean" in error messages."""

import difflib
from collections.abc import Iterable

MAX_SUGGESTIONS = 3


def nearest_names(name: str, known: Iterable[str]) -> list[str]:
    """Return up to three known names that resemble a name, nearest first; case does not matter."""
    spellings = {candidate.casefold(): candidate for candidate in known}
    matches = difflib.get_close_matches(name.casefold(), spellings, MAX_SUGGESTIONS)
    return [spellings[match] for match in matches]


def did_you_mean(names: Iterable[str]) -> str:
    """Return the end of an error message that offers names; empty without names."""
    offered = ", ".join(names)
    return f"; did you mean {offered}?" if offered else ""
