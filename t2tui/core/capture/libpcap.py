"""libpcap as a compiler of filter expressions; captures are read without it.

The library comes in the wheel of the PyPI package ``libpcap`` (Linux, macOS). That package is not imported:
it looks for the system's library alone and fails where none is. Here the system's is the second choice.
"""

import ctypes
import ctypes.util
import functools
import importlib.util
import platform
import sys
from pathlib import Path

from t2tui.core.capture.errors import CaptureError

NETMASK_UNKNOWN = 0xFFFFFFFF
"""The capture does not tell the network's mask, so ``ip broadcast`` is refused."""

FOLDERS = {"linux": "linux", "darwin": "macos"}
SUFFIXES = {"linux": "so", "darwin": "dylib"}
MACHINES = {"AMD64": "x86_64", "amd64": "x86_64", "arm64": "arm64" if sys.platform == "darwin" else "aarch64"}


class Instruction(ctypes.Structure):
    """struct bpf_insn."""

    _fields_ = (
        ("code", ctypes.c_uint16),
        ("jt", ctypes.c_uint8),
        ("jf", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class Program(ctypes.Structure):
    """struct bpf_program."""

    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.POINTER(Instruction)))


def library_files() -> list[str]:
    """Return where a libpcap may be, the best place first."""
    files = []
    package = importlib.util.find_spec("libpcap")
    machine = MACHINES.get(platform.machine(), platform.machine())
    if package and package.submodule_search_locations and sys.platform in FOLDERS:
        folder = Path(package.submodule_search_locations[0]) / "_platform" / FOLDERS[sys.platform]
        bundled = folder / machine / "tcpdump" / f"libpcap.{SUFFIXES[sys.platform]}"
        if bundled.is_file():
            files.append(str(bundled))
    system = ctypes.util.find_library("pcap")
    return [*files, system] if system else files


@functools.cache
def load() -> ctypes.CDLL:
    """Load libpcap.

    Raises:
        CaptureError: there is none for this platform.
    """
    reasons = []
    for file in library_files():
        try:
            library = ctypes.CDLL(file)
        except OSError as error:
            reasons.append(str(error))
            continue
        library.pcap_open_dead.restype = ctypes.c_void_p
        library.pcap_open_dead.argtypes = (ctypes.c_int, ctypes.c_int)
        library.pcap_compile.argtypes = (
            ctypes.c_void_p,
            ctypes.POINTER(Program),
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.c_uint32,
        )
        library.pcap_geterr.restype = ctypes.c_char_p
        library.pcap_geterr.argtypes = (ctypes.c_void_p,)
        library.pcap_freecode.argtypes = (ctypes.POINTER(Program),)
        library.pcap_close.argtypes = (ctypes.c_void_p,)
        return library
    raise CaptureError(
        f"libpcap cannot be loaded: {'; '.join(reasons) or 'no library for this platform'}",
        "Filter expressions need it: install the system's libpcap, or run without an expression.",
    )


def compile_expression(expression: str, link_type: int, snap_length: int) -> list[tuple[int, int, int, int]]:
    """Compile a filter expression, see pcap-filter(7).

    Args:
        expression: the filter.
        link_type: DLT number.
        snap_length: bytes.

    Returns:
        Instructions (code, jt, jf, k).

    Raises:
        CaptureError: the expression is wrong, or does not apply to this link type; or there is no libpcap.
    """
    library = load()
    handle = library.pcap_open_dead(link_type, snap_length)
    program = Program()
    try:
        if "\0" in expression:
            reason = "it holds a NUL"
        elif library.pcap_compile(handle, program, expression.encode(), 1, NETMASK_UNKNOWN) == 0:
            rows = [program.instructions[i] for i in range(program.length)]
            instructions = [(row.code, row.jt, row.jf, row.k) for row in rows]
            library.pcap_freecode(program)
            return instructions
        else:
            reason = library.pcap_geterr(handle).decode(errors="replace")
    finally:
        library.pcap_close(handle)
    raise CaptureError(
        f"BPF expression '{expression}': {reason}",
        "pcap-filter(7) describes the language; examples: 'tcp port 80', 'host 192.0.2.1 and udp'.",
    )
