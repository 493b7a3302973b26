"""A long stream takes the memory of its index and of one window, however long it is."""

import tracemalloc
from pathlib import Path

import numpy as np

from t2tui.core.streams import SEGMENT, SpillBytes, Stream, StreamIndex
from tests.core.streams.making import original

STEP = 1500
PAYLOAD = 1460
COUNT = 40_000


class Counter:
    """A file that only counts."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)


def test_writing_a_long_stream_holds_one_window(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(COUNT * STEP)
    segments = np.zeros(COUNT, SEGMENT)
    segments["place"] = np.arange(COUNT) * STEP
    segments["seq"] = np.arange(COUNT) * PAYLOAD
    segments["captured"] = segments["length"] = PAYLOAD
    segments["protocol"] = 6
    tracemalloc.start()
    try:
        stream = Stream(StreamIndex.build(segments), original(path))
        index, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        counter = Counter()
        assert stream.write(counter, "A") == counter.size == COUNT * PAYLOAD  # type: ignore[arg-type]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert index < 100 * COUNT
    assert peak - index < 10 << 20 < counter.size // 5


def test_what_is_kept_aside_is_not_in_memory() -> None:
    spill = SpillBytes()
    tracemalloc.start()
    try:
        block = bytes(1 << 20)
        places = [spill.append(block) for _ in range(64)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert places == [number << 20 for number in range(64)]
    assert peak < 4 << 20
    assert b"".join(spill.read(np.array([5, 1 << 25]), np.array([3, 2]))) == bytes(5)
    spill.close()
