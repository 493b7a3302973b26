"""Address labels: the built-in table, the user's text file, MaxMind databases (docs/labels.md)."""

from t2tui.core.labels.chosen import chosen_labels
from t2tui.core.labels.ranges import LabelError
from t2tui.core.labels.table import REVISION, Labels

__all__ = ["REVISION", "LabelError", "Labels", "chosen_labels"]
