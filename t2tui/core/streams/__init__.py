"""What flows carry: TCP streams put together again, datagrams in order, read from the capture on demand."""

from t2tui.core.streams.collecting import Fragments, segments_of
from t2tui.core.streams.comparison import Difference
from t2tui.core.streams.index import StreamIndex
from t2tui.core.streams.records import (
    CUT,
    DATA,
    FRAGMENT,
    KEEP_ALIVE,
    MISSING,
    OUT_OF_ORDER,
    OUTSIDE,
    OVERLAP,
    PIECE,
    RESET,
    RESTART,
    RETRANSMISSION,
    SEGMENT,
    describe_marks,
)
from t2tui.core.streams.sources import ByteSource, SpillBytes
from t2tui.core.streams.stream import Conversation, Part, Stream

__all__ = [
    "CUT",
    "DATA",
    "FRAGMENT",
    "KEEP_ALIVE",
    "MISSING",
    "OUTSIDE",
    "OUT_OF_ORDER",
    "OVERLAP",
    "PIECE",
    "RESET",
    "RESTART",
    "RETRANSMISSION",
    "SEGMENT",
    "ByteSource",
    "Conversation",
    "Difference",
    "Fragments",
    "Part",
    "SpillBytes",
    "Stream",
    "StreamIndex",
    "describe_marks",
    "segments_of",
]
