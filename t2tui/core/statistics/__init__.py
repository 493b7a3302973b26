"""What a capture consists of: traffic over time, and flows by protocol, address, port (docs/statistics.md).

>>> from t2tui.core.statistics import count, subject
>>> count(subject("ports"), flows).ranking("bytes", 10)  # doctest: +SKIP
"""

from t2tui.core.statistics.breakdown import Breakdown, Entry, count, missing
from t2tui.core.statistics.conditions import during
from t2tui.core.statistics.counting import PROTOCOLS
from t2tui.core.statistics.subjects import SUBJECTS, Measure, Subject, subject
from t2tui.core.statistics.traffic import SIZES, Traffic, TrafficView, size_name

__all__ = [
    "PROTOCOLS",
    "SIZES",
    "SUBJECTS",
    "Breakdown",
    "Entry",
    "Measure",
    "Subject",
    "Traffic",
    "TrafficView",
    "count",
    "during",
    "missing",
    "size_name",
    "subject",
]
