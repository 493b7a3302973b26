"""Lists of which few flows have any, written where the row writer finds them.

The lists of all flows that end together stand one behind the other; the next flows that end overwrite them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.text.rows import Code, Field

FIRST_VALUES = 256
FIRST_BYTES = 1 << 12


class _Lists:
    """What lists of numbers and of texts have in common.

    Attributes:
        grown: how often other arrays took the place of those that fields read.
    """

    def __init__(self, slots: int) -> None:
        self._first = np.zeros(slots, np.int64)
        self._count = np.zeros(slots, np.uint8)
        self._used = 0
        self.grown = 0

    @property
    def count(self) -> NDArray[np.uint8]:
        """Number of values by slot."""
        return self._count

    def clear(self, slots: NDArray[np.int32]) -> None:
        """Forget all lists; those of these slots are empty."""
        self._count[slots] = 0
        self._used = 0

    def _begin(self, slot: int, count: int) -> int:
        """Begin the list of a slot; return the place behind it."""
        self._first[slot] = self._used
        self._count[slot] = count
        self._used += count
        return self._used

    def _enlarged(self, array: NDArray[Any], needed: int) -> NDArray[Any]:
        """Return the array, or a larger one with its contents."""
        if needed <= len(array):
            return array
        larger = np.zeros(max(needed, 2 * len(array)), array.dtype)
        larger[: len(array)] = array
        self.grown += 1
        return larger


class NumberLists(_Lists):
    """Lists of numbers."""

    def __init__(self, slots: int, dtype: Any) -> None:
        """Begin with empty lists.

        Args:
            slots: number of flow slots.
            dtype: of the numbers, unsigned.
        """
        super().__init__(slots)
        self._values = np.zeros(FIRST_VALUES, dtype)

    def put(self, slot: int, values: Sequence[int]) -> None:
        """Keep the list of a flow, at most 255 values."""
        end = self._begin(slot, len(values))
        self._values = self._enlarged(self._values, end)
        self._values[end - len(values) : end] = values

    def field(self) -> Field:
        """Return the field of the column."""
        return Field(Code.UINT, self._values, by="slot", first=self._first, count=self._count)


class TextLists(_Lists):
    """Lists of texts."""

    def __init__(self, slots: int) -> None:
        """Begin with empty lists for so many slots."""
        super().__init__(slots)
        self._starts = np.zeros(FIRST_VALUES, np.int64)
        self._lengths = np.zeros(FIRST_VALUES, np.int32)
        self._pool = np.zeros(FIRST_BYTES, np.uint8)
        self._filled = 0

    def clear(self, slots: NDArray[np.int32]) -> None:
        """Forget all lists; those of these slots are empty."""
        super().clear(slots)
        self._filled = 0

    def put(self, slot: int, texts: Iterable[bytes]) -> None:
        """Keep the list of a flow, at most 255 texts."""
        texts = list(texts)
        end = self._begin(slot, len(texts))
        self._starts = self._enlarged(self._starts, end)
        self._lengths = self._enlarged(self._lengths, end)
        for place, text in enumerate(texts, end - len(texts)):
            behind = self._filled + len(text)
            self._pool = self._enlarged(self._pool, behind)
            self._pool[self._filled : behind] = np.frombuffer(text, np.uint8)
            self._starts[place], self._lengths[place] = self._filled, len(text)
            self._filled = behind

    def field(self, code: Code) -> Field:
        """Return the field of the column: STRING or BARE."""
        places = {"second": self._lengths, "pool": self._pool}
        return Field(code, self._starts, by="slot", first=self._first, count=self._count, **places)  # type: ignore[arg-type]
