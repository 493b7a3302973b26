"""Capture input: files, pipes, compressed captures and lists of captures -> batches of packets."""

from t2tui.core.capture.errors import CaptureError
from t2tui.core.capture.lists import CaptureListEntry, read_list, total_size
from t2tui.core.capture.opening import open_capture
from t2tui.core.capture.originals import Originals
from t2tui.core.capture.reader import Capture, CaptureWarning
from t2tui.core.capture.source import NOTHING_YET

__all__ = [
    "NOTHING_YET",
    "Capture",
    "CaptureError",
    "CaptureListEntry",
    "CaptureWarning",
    "Originals",
    "open_capture",
    "read_list",
    "total_size",
]
