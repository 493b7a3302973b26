"""Lists of flow indices: text as ``tawk`` and ``cut`` make it, or binary (docs/pcapd.md)."""

import codecs
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.capture.errors import CaptureError

MOST = 2**64 - 1

LINE = re.compile(rb"^[0-9]+", re.MULTILINE)
"""A line counts if it begins with a digit; what follows the number does not."""


class IndexFileError(CaptureError):
    """A list of flow indices cannot be used; a run without it would extract something else."""


class IndexList(NamedTuple):
    """A list of flow indices.

    Attributes:
        indices: uint64, different ones in ascending order.
        announced: how many the file says it has.
        found: how many it has.
    """

    indices: NDArray[np.uint64]
    announced: int
    found: int


def read_indices(path: str | Path, *, binary: bool = False) -> IndexList:
    """Read a list of flow indices in any order.

    A file with a NUL byte is binary: 64-bit numbers, little-endian, the first one (of which 32 bits count)
    announces how many follow.

    Args:
        path: the file.
        binary: take it for binary whatever it holds.

    Raises:
        IndexFileError: the file cannot be read or holds no index.
    """
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise IndexFileError(
            f"Failed to open file '{path}' for reading: {reason}", "Check the path that -e names."
        ) from error
    if binary or b"\0" in content:
        numbers = np.frombuffer(content[: len(content) // 8 * 8], "<u8")
        announced = int(numbers[0]) & 0xFFFFFFFF if len(numbers) else 0
        indices = numbers[1 : announced + 1].astype(np.uint64)
    else:
        lines = LINE.findall(content.removeprefix(codecs.BOM_UTF8))
        values = [int(digits) for digits in lines if len(digits) <= len(str(MOST))]
        indices = np.array([value for value in values if value <= MOST], np.uint64)
        announced = len(indices)
    if announced == 0:
        raise IndexFileError(
            f"No usable information in file '{path}'",
            "Each line of the list begins with a flow index, the number in column flowInd.",
        )
    return IndexList(np.unique(indices), announced, len(indices))
