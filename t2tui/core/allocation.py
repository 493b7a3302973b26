"""Memory of the large tables: given by the system when it is touched, given back when a run is over."""

import ctypes
from functools import cache

LARGE = 1 << 20
"""Bytes of an array that gets pages of its own."""

_M_MMAP_THRESHOLD = -3


@cache
def map_large_arrays() -> None:
    """Tell glibc to map each large array, always.

    It does so only until the first one is freed: then it puts them into its heap, clears all of their
    memory, needed or not, and gives little of it back (mallopt(3)).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE)
