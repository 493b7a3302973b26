"""The one way to compile a kernel: numba, once; later processes load the machine code (native.py).

The cache lives in a folder named by a hash of every kernel source, hence any change makes a new cache
and nothing stale is ever run. Kernels of plugins outside of the package are known by what they consist of.
"""

import ctypes
import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import platformdirs

from t2tui.core.fingerprint import PACKAGE, fingerprint
from t2tui.core.native import RESULTS, Entry, Key, Store, UnsupportedTypeError, kind_of


def _source_hash() -> str:
    """Hash the kernel sources and all that they import from the package: constants are compiled in."""
    texts = {path: path.read_bytes() for path in sorted(PACKAGE.rglob("*.py"))}
    sources = [
        path for path, text in texts.items() if b"core.jit import" in text or b"import intrinsic" in text
    ]
    digest = hashlib.blake2b(digest_size=8)
    for path in sources:  # grows
        digest.update(texts[path])
        for name in re.findall(rb"^from t2tui\.([\w.]+) import", texts[path], re.MULTILINE):
            module = PACKAGE.joinpath(*name.decode().split("."))
            imported = (
                module.with_suffix(".py") if module.with_suffix(".py") in texts else module / "__init__.py"
            )
            if imported not in sources and imported in texts:
                sources.append(imported)
    return digest.hexdigest()


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def cache_folder() -> Path | None:
    """Return the folder for compiled kernels, or None where no place is writable.

    The package's own folder is preferred (shared by all users of an installation), then the user's
    cache directory. Folders of other versions beside it are removed.
    """
    name = _source_hash()
    for base in (PACKAGE / "__pycache__" / "kernels", Path(platformdirs.user_cache_dir("t2tui")) / "kernels"):
        if (base / name).is_dir() and os.access(base / name, os.W_OK):
            return base / name
        if _writable(base / name):
            for other in base.iterdir():
                if other.name != name:
                    shutil.rmtree(other, ignore_errors=True)
            return base / name
    return None


CACHE = cache_folder()
STORE = Store(CACHE)

OPTIONS: dict[str, Any] = {
    "nogil": True,
    "boundscheck": False,
    "error_model": "numpy",
    "fastmath": False,
    "_nrt": False,  # references to arrays are not counted: that took most of the time of many kernels
    "no_cpython_wrapper": True,  # kernels are called through native.Entry
    "no_cfunc_wrapper": True,
}

Record = Any
"""Type of one record of a structured array as a kernel's argument (numba: attributes are its fields)."""

Records = Any
"""Type of a structured array as a kernel's argument: elements are of type Record."""

Integer = Any
"""Type of an int64 in kernels, which for a type checker is now a Python int, now one of numpy's."""


class Compilable:
    """A function for numba, which is imported when the first one is really compiled."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        """Keep the function.

        Args:
            function: in the language that numba compiles.
            options: of ``numba.njit``.
        """
        self.function = function
        self.options = options
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.__module__ = function.__module__

    @cached_property
    def made(self) -> Any:
        """The function as numba's dispatcher; other kernels that call it find it by itself."""
        return _numba().njit(**self.options)(self.function)


class Kernel(Compilable):
    """A function that Python calls: compiled once per machine and set of argument types."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        super().__init__(function, options)
        self._entries: dict[Key, Entry] = {}
        self._lock = threading.Lock()

    def __call__(self, *arguments: Any) -> Any:
        """Call the compiled code; compile it when neither this process nor one before it has."""
        key = tuple(map(kind_of, arguments))
        entry = self._entries.get(key)
        if entry is None:
            with self._lock:
                entry = self._entries.get(key) or self._find(key, arguments)
                self._entries[key] = entry
        return entry(arguments)

    def _find(self, key: Key, arguments: tuple[Any, ...]) -> Entry:
        name = f"{self.__module__}.{self.__name__}"
        if not Path(self.function.__code__.co_filename).is_relative_to(PACKAGE):
            name += f"@{fingerprint(self.function)}"
        entry = STORE.load(name, key, arguments)
        if entry is not None:
            return entry
        numba = _numba()
        signature = tuple(numba.typeof(argument) for argument in arguments)
        self.made.compile(signature)
        compiled = self.made.overloads[signature]
        results = _result_names(compiled.signature.return_type)
        symbol = compiled.fndesc.llvm_func_name
        library = compiled.library
        if not _unresolved(library):
            STORE.keep(name, key, symbol, results, library._get_compiled_object())
        address = library.get_pointer_to_function(symbol)
        return Entry(name, address, results, arguments)


def _unresolved(library: Any) -> list[str]:
    """Return what a compiled library needs and only numba provides: such code cannot be loaded alone."""
    process = ctypes.CDLL(None)
    return [
        function.name
        for function in library._final_module.functions
        if function.is_declaration
        and not function.name.startswith("llvm.")
        and not hasattr(process, function.name)
    ]


def _result_names(type_: Any) -> list[str] | None:
    """Return the names of the numbers that a kernel returns."""
    if isinstance(type_, types.NoneType):
        return None
    members = list(type_) if isinstance(type_, types.BaseTuple) else [type_]
    names = [str(getattr(member, "literal_type", member)) for member in members]
    if not all(name in RESULTS for name in names) or (len(names) > 1 and "bool" in names):
        raise UnsupportedTypeError(f"a kernel cannot return {type_}")
    return names


class LazyModule:
    """A module of numba's that is imported when something of it is used first."""

    def __init__(self, name: str) -> None:
        """Keep the name."""
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        """Import, and look the attribute up."""
        return getattr(import_module(self._name), attribute)


ir: Any = LazyModule("llvmlite.ir")
types: Any = LazyModule("numba.types")
cgutils: Any = LazyModule("numba.core.cgutils")


class Intrinsic:
    """A function that makes machine instructions; numba is imported when the first one is used."""

    def __init__(self, function: Callable[..., Any]) -> None:
        """Keep the function; see ``numba.extending.intrinsic``."""
        self.function = function
        self.__doc__ = function.__doc__

    @cached_property
    def made(self) -> Any:
        """The function as numba's intrinsic."""
        from numba.extending import intrinsic as make

        return make(self.function)

    def __call__(self, *arguments: Any) -> Any:
        """Refuse: intrinsics exist in kernels only."""
        raise TypeError(f"{self.function.__name__} can be called in kernels only")


@cache
def _numba() -> Any:
    """Import numba and teach it what the classes above stand for."""
    import numba
    from numba.core.registry import cpu_target
    from numba.extending import typeof_impl

    def typeof_function(value: Compilable, context: Any) -> Any:
        typeof: Any = numba.typeof
        return typeof(value.made)

    def typeof_intrinsic(value: Intrinsic, context: Any) -> Any:
        if "made" not in value.__dict__:  # registers itself, which is noticed at the next refresh
            value.made  # noqa: B018
            cpu_target.typing_context.refresh()
            cpu_target.target_context.refresh()
        return cpu_target.typing_context.resolve_value_type(value.made)

    for kind in (Compilable, Kernel):
        typeof_impl.register(kind)(typeof_function)
    typeof_impl.register(Intrinsic)(typeof_intrinsic)
    return numba


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a kernel (nopython, no bounds checks, Python's lock released, kept in the cache).

    Arguments are arrays, records, numbers and (named) tuples of them; it returns nothing, a number or a
    tuple of numbers. It cannot make arrays.
    """
    return Kernel(function, OPTIONS)


def intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make an intrinsic: ``function(typing_context, *types)`` returns signature and code generator."""
    return Intrinsic(function)


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a small function for use inside kernels only; LLVM is told to inline it."""
    made: Callable[..., Any] = Compilable(function, {**OPTIONS, "forceinline": True})  # type: ignore[assignment]
    return made


def routine(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a larger function for use inside kernels only; LLVM decides whether to inline it."""
    made: Callable[..., Any] = Compilable(function, OPTIONS)  # type: ignore[assignment]
    return made
