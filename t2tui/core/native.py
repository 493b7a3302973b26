"""Compiled kernels as machine code in files: a warm start loads them without importing numba.

numba takes a quarter of a second to import, which is longer than most captures need. When a kernel has
been compiled once, its object code lies in the cache, under a name made of the kernel and the types of
its arguments. Later processes load it with LLVM alone and call it through ctypes, in numba's own calling
convention: arrays, records and tuples are passed as their parts.
"""

import ctypes
import hashlib
import json
import os
import platform
import struct
import threading
import weakref
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Key = tuple[Any, ...]
"""Types of the arguments of a call."""

RESULT_BYTES = 64
"""Room for what a kernel returns: a few numbers."""

FAILED = 1
"""Statuses from here on are exceptions inside of a kernel (numba's convention)."""

RESULTS = {
    "int64": "q", "uint64": "Q", "int32": "i", "uint32": "I", "uint8": "B", "bool": "?", "float64": "d",
    "float32": "f",
}  # fmt: skip
"""Types of results by numba's names, and how ``struct`` reads them."""

_SCALARS = {
    "i1": ctypes.c_int8, "i2": ctypes.c_int16, "i4": ctypes.c_int32, "i8": ctypes.c_int64,
    "u1": ctypes.c_uint8, "u2": ctypes.c_uint16, "u4": ctypes.c_uint32, "u8": ctypes.c_uint64,
    "f4": ctypes.c_float, "f8": ctypes.c_double, "b1": ctypes.c_uint8,
}  # fmt: skip


class UnsupportedTypeError(TypeError):
    """An argument is of a type that only numba's own dispatch can pass."""


class Bundle:
    """Named tuple of arrays that stay where they are: what a call needs of them is worked out once.

    A class of this kind inherits from Bundle and from a NamedTuple.
    """

    @cached_property
    def kind(self) -> Any:
        """What kind_of() says."""
        fields: Any = self
        return (type(self).__name__, *map(kind_of, fields))

    @cached_property
    def words(self) -> list[Any]:
        """What parts_of() yields."""
        fields: Any = self
        return [word for argument in fields for word in parts_of(argument)]


def kind_of(argument: Any) -> Any:
    """Return what the compiled code depends on: the type of an argument, hashable."""
    kind = type(argument)
    if kind is np.ndarray:
        flags = argument.flags
        layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "A"
        return (argument.dtype, argument.ndim, layout, flags.writeable, flags.aligned)
    if kind is int or kind is bool or kind is float:
        return kind
    if kind is np.void:
        return (np.void, argument.dtype)
    if isinstance(argument, np.generic):
        return (np.generic, argument.dtype)
    if isinstance(argument, Bundle):
        return argument.kind
    if isinstance(argument, tuple):
        return (kind.__name__, *map(kind_of, argument))
    raise UnsupportedTypeError(f"{kind.__name__} cannot be passed to compiled code")


def parts_of(argument: Any) -> Iterator[Any]:
    """Yield the machine words of an argument, as numba's calling convention passes them."""
    kind = type(argument)
    if kind is np.ndarray:
        known = _known_words.get(id(argument))
        yield from known[1] if known is not None and known[0]() is argument else _words_of(argument)
    elif kind is int or kind is bool:
        yield argument
    elif kind is float:
        yield ctypes.c_double(argument)
    elif kind is np.void:
        yield ctypes.c_void_p(argument.__array_interface__["data"][0])
    elif isinstance(argument, np.generic):
        yield _SCALARS[argument.dtype.str[1:]](argument.item())
    elif isinstance(argument, Bundle):
        yield from argument.words
    else:
        for part in argument:
            yield from parts_of(part)


_known_words: dict[int, tuple[Any, list[Any]]] = {}
"""Machine words of the arrays that kernels were called with, by identity, as long as they live."""


def _words_of(array: NDArray[Any]) -> list[Any]:
    """Work out the machine words of an array, and remember them: most come again with the next batch."""
    number = id(array)
    words = [
        None,  # who owns the memory: nobody counts references
        None,
        array.size,
        array.itemsize,
        ctypes.c_void_p(array.ctypes.data),  # __array_interface__ describes every field first
        *array.shape,
        *array.strides,
    ]
    _known_words[number] = (weakref.ref(array, lambda _: _known_words.pop(number, None)), words)
    return words


def types_of(argument: Any) -> Iterator[Any]:
    """Yield the ctypes of parts_of()."""
    kind = type(argument)
    if kind is np.ndarray:
        yield from (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p)
        yield from [ctypes.c_int64] * (2 * argument.ndim)
    elif kind is int or kind is bool:
        yield ctypes.c_int64
    elif kind is float:
        yield ctypes.c_double
    elif kind is np.void:
        yield ctypes.c_void_p
    elif isinstance(argument, np.generic):
        yield _SCALARS[argument.dtype.str[1:]]
    else:
        for part in argument:
            yield from types_of(part)


class Entry:
    """A compiled kernel for one set of argument types."""

    def __init__(
        self, name: str, address: int, results: list[str] | None, arguments: tuple[Any, ...]
    ) -> None:
        """Make it callable.

        Args:
            name: of the kernel, for errors.
            address: of its code.
            results: types of what it returns; None for nothing, one for a number, more for a tuple.
            arguments: any that it takes.
        """
        parts = [part for argument in arguments for part in types_of(argument)]
        prototype = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *parts)
        self._function = prototype(address)
        self._name = name
        self._results = results
        self._layout = struct.Struct("@" + "".join(RESULTS[result] for result in results or ()))

    def __call__(self, arguments: tuple[Any, ...]) -> Any:
        """Call the kernel; Python's lock is released meanwhile.

        Raises:
            RuntimeError: the kernel raised.
        """
        result = ctypes.create_string_buffer(RESULT_BYTES)
        failure = ctypes.c_void_p()
        words = [word for argument in arguments for word in parts_of(argument)]
        status = self._function(ctypes.addressof(result), ctypes.addressof(failure), *words)
        if status >= FAILED:
            raise RuntimeError(f"kernel {self._name} failed with status {status}")
        if not self._results:
            return None
        values = self._layout.unpack_from(result)
        return values if len(values) > 1 else values[0]


@cache
def machine() -> str:
    """Return what object code depends on beside its source: processor and versions, as a short name."""
    import llvmlite
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features().flatten()
    parts = (platform.machine(), platform.python_version(), llvm.get_host_cpu_name(), features)
    numba = find_spec("numba")  # found, not imported
    assert numba is not None
    assert numba.origin is not None
    versions = (
        np.__version__,
        llvmlite.__version__,
        Path(numba.origin).with_name("_version.py").read_bytes(),
    )
    return hashlib.blake2b(repr((parts, versions)).encode(), digest_size=8).hexdigest()


_lock = threading.RLock()
_engines: list[Any] = []  # keep the code in memory


def _load_object(code: bytes, symbol: str) -> int:
    """Load object code; return the address of a symbol."""
    import llvmlite.binding as llvm

    with _lock:
        if not _engines:
            llvm.initialize_native_target()
            llvm.initialize_native_asmprinter()
        target = llvm.Target.from_default_triple().create_target_machine(jit=True)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        _engines.append(engine)
        return int(engine.get_function_address(symbol))


class Store:
    """Object code of kernels in a folder."""

    def __init__(self, folder: Path | None) -> None:
        """Use a folder; None keeps nothing."""
        self._folder = folder

    def _path(self, name: str, key: Key) -> Path | None:
        if self._folder is None:
            return None
        digest = hashlib.blake2b(repr(key).encode(), digest_size=8).hexdigest()
        return self._folder / "native" / machine() / f"{name}-{digest}.o"

    def load(self, name: str, key: Key, arguments: tuple[Any, ...]) -> Entry | None:
        """Return a kernel compiled earlier, None if there is none.

        Args:
            name: module and name of the kernel.
            key: types of the arguments.
            arguments: of the call.
        """
        path = self._path(name, key)
        if path is None:
            return None
        try:
            head, _, code = path.read_bytes().partition(b"\n")
        except OSError:
            return None
        about = json.loads(head)
        if len(code) != about["size"]:
            return None
        return Entry(name, _load_object(code, about["symbol"]), about["results"], arguments)

    def keep(self, name: str, key: Key, symbol: str, results: list[str] | None, code: bytes) -> None:
        """Keep object code for later processes; a folder that cannot be written is no error.

        Earlier states of a kernel whose name ends in ``@`` and a fingerprint are removed.
        """
        path = self._path(name, key)
        if path is None:
            return
        head = json.dumps({"symbol": symbol, "results": results, "size": len(code)})
        temporary = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(head.encode() + b"\n" + code)
            temporary.replace(path)
            _, at, fingerprint = name.partition("@")
            for other in path.parent.glob(path.name.replace(fingerprint, "*")) if at else ():
                if other != path:
                    other.unlink(missing_ok=True)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
