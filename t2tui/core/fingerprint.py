"""What a kernel consists of, as a short text: the same text, the same machine code.

Kernels of plugins lie outside of the package, whose sources name the folder of the cache, and may use
functions and constants of any module. So their own code and everything that it names is hashed.
"""

import hashlib
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import numpy as np

PACKAGE = Path(__file__).resolve().parent.parent

PLAIN = (bool, int, float, complex, str, bytes, type(None), np.generic, np.dtype, Enum)
"""Values that are compiled in as they are."""


def fingerprint(function: Callable[..., Any]) -> str:
    """Return a hash of a function's code, of the constants it reads and of the functions it calls."""
    digest = hashlib.blake2b(digest_size=8)
    for part in _function(function, set()):
        digest.update(part)
        digest.update(b"\0")
    return digest.hexdigest()


def _function(function: Any, seen: set[Any]) -> Iterator[bytes]:
    yield f"{function.__module__}.{function.__qualname__}".encode()
    is_known = Path(function.__code__.co_filename).is_relative_to(PACKAGE)  # by the folder of the cache
    if function in seen or is_known or function.__module__.startswith(("numpy", "numba")):
        return
    seen.add(function)
    yield from _code(function.__code__, function.__globals__, seen)
    for value in (*(cell.cell_contents for cell in function.__closure__ or ()), function.__defaults__):
        yield from _value(value, (), seen)


def _code(code: CodeType, names: dict[str, Any], seen: set[Any]) -> Iterator[bytes]:
    yield code.co_code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code(constant, names, seen)
        else:
            yield from _value(constant, (), seen)
    for name in code.co_names:
        yield name.encode()
        if name in names:
            yield from _value(names[name], code.co_names, seen)


def _value(value: Any, attributes: tuple[str, ...], seen: set[Any]) -> Iterator[bytes]:
    """Hash what a name stands for; of a module the attributes that the code may read."""
    inner = getattr(value, "py_func", getattr(value, "function", value))  # of numba's functions, and of ours
    if isinstance(value, PLAIN):
        yield repr(value).encode()
    elif isinstance(value, np.ndarray):
        yield repr(value.dtype).encode() + value.tobytes()
    elif isinstance(value, tuple | list):
        for element in value:
            yield from _value(element, attributes, seen)
    elif isinstance(value, frozenset):
        yield repr(sorted(map(repr, value))).encode()
    elif hasattr(inner, "__code__"):
        yield from _function(inner, seen)
    elif isinstance(value, ModuleType):
        yield value.__name__.encode()
        for name in attributes:
            if name in vars(value) and (value.__name__, name) not in seen:
                seen.add((value.__name__, name))
                yield from _value(vars(value)[name], attributes, seen)
    else:
        yield getattr(value, "__qualname__", type(value).__qualname__).encode()
