"""Values of many arrays, picked by number and put behind what other arrays hold, in one call."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.jit import kernel
from t2tui.core.text.memory import at8, at16, at32, at64, store8, store16, store32, store64

SOURCE, STRIDE, SIZE, BY_SLOT = range(4)


def can_gather(source: NDArray[Any]) -> bool:
    """Tell whether the records of an array are each in one piece."""
    return source.ndim == 1 or source[:1].flags.c_contiguous


def address(array: NDArray[Any]) -> int:
    """Return where an array begins."""
    return int(array.__array_interface__["data"][0])


def plan(sources: Sequence[NDArray[Any]], are_by_slot: Sequence[bool]) -> NDArray[np.int64]:
    """Return where the records of arrays are, for gather().

    Args:
        sources: as can_gather() takes them. They must not move as long as the plan is used.
        are_by_slot: of each, whether slots number its records, or rows.
    """
    made = np.zeros((len(sources), 4), np.int64)
    for line, source, is_by_slot in zip(made, sources, are_by_slot, strict=True):
        size = source.itemsize * int(np.prod(source.shape[1:], dtype=np.int64))
        line[:] = address(source), source.strides[0], size, is_by_slot
    return made


@kernel
def gather(lines: Any, targets: Any, rows: Any, slots: Any) -> None:
    """Copy records.

    Args:
        lines: of plan().
        targets: int64 by line, address to write to; there is room for all.
        rows: int64, numbers of the records of arrays by row; may be empty when there are none.
        slots: int32, numbers of the records of arrays by slot.
    """
    for line in range(len(lines)):
        source, stride, size = lines[line, SOURCE], lines[line, STRIDE], lines[line, SIZE]
        is_by_slot, target = lines[line, BY_SLOT] != 0, targets[line]
        for i in range(len(slots)):
            place = source + stride * (np.int64(slots[i]) if is_by_slot else rows[i])
            if size == 8:
                store64(target, 8 * i, at64(place))
            elif size == 4:
                store32(target, 4 * i, at32(place))
            elif size == 1:
                store8(target, i, at8(place))
            elif size == 2:
                store16(target, 2 * i, at16(place))
            else:
                begin = size * i
                whole = size & ~7
                for at in range(0, whole, 8):
                    store64(target, begin + at, at64(place + at))
                for at in range(whole, size):
                    store8(target, begin + at, at8(place + at))
