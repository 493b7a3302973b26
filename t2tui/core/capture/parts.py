"""Parts of a file, read with few system calls."""

import os
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from t2tui.core.capture.errors import CaptureError

NEAR = 512
"""Bytes between two payloads up to which both are read at once."""

AT_ONCE = 1 << 20
"""Most bytes that one system call reads."""


def read_parts(
    descriptor: int, name: str, places: NDArray[np.int64], counts: NDArray[np.int64]
) -> Iterator[bytes]:
    """Yield parts of a file; those that lie close together in it are read at once."""
    if not len(places):
        return
    ends = places + counts
    apart = np.zeros(len(places), bool)
    step = places[1:] - ends[:-1]
    apart[1:] = (step < 0) | (step > NEAR)
    first = np.flatnonzero(np.concatenate([[True], apart[1:]]))
    behind = np.append(first[1:], len(places))
    for run, stop in zip(first.tolist(), behind.tolist(), strict=True):
        begin = run
        while begin < stop:
            limit = int(places[begin]) + AT_ONCE
            end = max(begin + 1, int(np.searchsorted(ends[begin:stop], limit, side="right")) + begin)
            base, size = int(places[begin]), int(ends[end - 1] - places[begin])
            data = os.pread(descriptor, size, base)
            if len(data) < size:
                raise CaptureError(
                    f"'{name}' has no {size} bytes at offset {base}",
                    "The capture has changed since its packets were found; analyse it again.",
                )
            if end == begin + 1:
                yield data
            else:
                for at, to in zip(
                    (places[begin:end] - base).tolist(), (ends[begin:end] - base).tolist(), strict=True
                ):
                    yield data[at:to]
            begin = end
