"""Words that more are appended to."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from t2tui.core.text.fields import Words
from t2tui.core.text.memory import SLACK_BYTES


class WordList:
    """Texts numbered in the order in which they came.

    Attributes:
        words: all texts. Those that are appended appear in it as long as there is room; then larger words
            take its place, and the old ones keep what they had.
    """

    def __init__(self, texts: Sequence[bytes]) -> None:
        """Begin with some texts."""
        self.words = Words.from_texts(texts)
        self._count = len(texts)
        self._end = sum(map(len, texts))

    def __len__(self) -> int:
        """Return the number of texts."""
        return self._count

    def append(self, text: bytes) -> None:
        """Append a text."""
        end = self._end + len(text)
        if self._count == len(self.words.start) or end + SLACK_BYTES > len(self.words.data):
            self._grow(end)
        words = self.words
        words.data[self._end : end] = np.frombuffer(text, np.uint8)
        words.start[self._count] = self._end
        words.length[self._count] = len(text)
        self._count += 1
        self._end = end

    def _grow(self, end: int) -> None:
        old, count = self.words, self._count
        data: NDArray[np.uint8] = np.zeros(2 * end + SLACK_BYTES, np.uint8)
        start: NDArray[np.int64] = np.zeros(2 * count + 1, np.int64)
        length: NDArray[np.int32] = np.zeros(2 * count + 1, np.int32)
        data[: self._end] = old.data[: self._end]
        start[:count] = old.start[:count]
        length[:count] = old.length[:count]
        self.words = Words(data, start, length)
