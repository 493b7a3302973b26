"""The one way to compile a kernel: numba with a cache that survives updates.

numba's own cache key is the modification time of the file that holds the kernel, so a kernel would
keep calling the old body of a function that it imports. Here the cache lives in a folder named by a
hash of every kernel source, hence any change makes a new cache and nothing stale is ever run.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs

PACKAGE = Path(__file__).resolve().parent.parent


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
if CACHE is not None:
    os.environ["NUMBA_CACHE_DIR"] = str(CACHE)

import numba  # noqa: E402  (reads NUMBA_CACHE_DIR when it is imported)

OPTIONS: dict[str, Any] = {
    "nogil": True,
    "cache": CACHE is not None,
    "boundscheck": False,
    "error_model": "numpy",
    "fastmath": False,
    "_nrt": False,  # references to arrays are not counted: that took most of the time of many kernels
}

Record = Any
"""Type of one record of a structured array as a kernel's argument (numba: attributes are its fields)."""

Records = Any
"""Type of a structured array as a kernel's argument: elements are of type Record."""

Integer = Any
"""Type of an int64 in kernels, which for a type checker is now a Python int, now one of numpy's."""


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function on its first call (nopython, no bounds checks, GIL released, cached).

    It cannot make arrays (numba: "Only accept returning of array passed into the function"); see
    allocating_kernel.
    """
    compiled: Callable[..., Any] = numba.njit(**OPTIONS)(function)
    return compiled


def allocating_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile like kernel() a function that makes arrays of its own."""
    compiled: Callable[..., Any] = numba.njit(**{**OPTIONS, "_nrt": True})(function)
    return compiled


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a small function for use inside kernels only; LLVM is told to inline it."""
    compiled: Callable[..., Any] = numba.njit(**{**OPTIONS, "cache": False}, forceinline=True)(function)
    return compiled


def routine(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a larger function for use inside kernels only; LLVM decides whether to inline it."""
    compiled: Callable[..., Any] = numba.njit(**{**OPTIONS, "cache": False})(function)
    return compiled
