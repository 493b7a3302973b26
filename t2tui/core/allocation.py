"""Memory of the large tables: given by the system when it is touched, given back when a run is over."""

import ctypes
import gc
from functools import cache

LARGE = 1 << 20
"""Bytes of an array that gets pages of its own."""

GARBAGE = 1 << 20
"""Packets whose runs may leave garbage; searching for it takes as long as a few ten thousand packets."""

RUN = 1 << 16
"""A run counts as so many packets more, for what its tables take when they are empty."""

_garbage = 0

_M_MMAP_THRESHOLD = -3


@cache
def _map_large_arrays() -> None:
    """Tell glibc to map each large array, always.

    It does so only until the first one is freed: then it puts them into its heap, clears all of their
    memory, needed or not, and gives little of it back (mallopt(3)).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE)


def prepare() -> None:
    """Make room for another run.

    Runs end as garbage that only Python's collector finds, because plugins, tables and writers know each
    other; and what triggers it are objects, not the bytes of arrays.
    """
    global _garbage
    _map_large_arrays()
    if _garbage > GARBAGE:
        gc.collect()
        _garbage = 0


def note(packets: int) -> None:
    """Count the packets of a run that is over."""
    global _garbage
    _garbage += packets + RUN
