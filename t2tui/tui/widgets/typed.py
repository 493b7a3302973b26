"""What can be typed or pasted into the lines of this program."""

TYPED = r"[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*"
"""Nothing that hides or controls; for ``Input(restrict=...)``."""
