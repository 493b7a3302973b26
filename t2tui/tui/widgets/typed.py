"""What can be typed or pasted into the lines of this program."""

from textual.widgets import Input

TYPED = r"[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*"
"""Nothing that hides or controls; for ``Input(restrict=...)``."""


class WordInput(Input):
    """A line for a word: the space bar is left to the list below it."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Tell whether a key is typed."""
        return key != "space" and super().check_consume_key(key, character)
