"""Flows as binary records for socketSink; the layout is that of docs/sinks.md."""

import json
import os
import platform
import socket
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import t2tui
from t2tui.core.outputs import OutputError
from t2tui.plugins.base import Run
from t2tui.plugins.cells import FLOAT, HEX, INTEGER, Cells, convert, kind_of, strings

HOST, COLUMNS, FLOW = b"H", b"C", b"F"
"""Kinds of messages."""

VERSION = 1
"""Of the layout."""

TIME = "U64.U32"


def message(kind: bytes, body: bytes) -> bytes:
    """Return a message: length of all that follows, kind, body."""
    return (len(body) + 1).to_bytes(4, "little") + kind + body


def _described(kind: bytes, value: dict[str, Any]) -> bytes:
    return message(kind, json.dumps(value, ensure_ascii=False).encode())


def host_message(run: Run) -> bytes:
    """Return the message that tells who sends."""
    system = platform.uname()
    return _described(
        HOST,
        {
            "program": f"t2tui {t2tui.__version__}",
            "sensor": run.sensor,
            "node": system.node,
            "system": system.system,
            "release": system.release,
            "machine": system.machine,
            "pid": os.getpid(),
            "started": run.started,
        },
    )


class Records:
    """Makes one message per flow."""

    def __init__(self, run: Run) -> None:
        """Ask for the columns; every plugin has started."""
        self._cells = Cells(run)

    def header(self) -> bytes:
        """Return the message that describes the columns."""
        columns = [
            {"name": name, "type": column.type, "unit": column.unit, "description": column.header}
            for name, column in zip(self._cells.names, self._cells.columns, strict=True)
        ]
        return _described(COLUMNS, {"version": VERSION, "columns": columns})

    def rows(self, slots: NDArray[Any]) -> list[bytes]:
        """Return the messages of flows.

        Raises:
            OutputError: a plugin shows a value that the type of its column does not have.
        """
        columns = []
        for name, column, cells in zip(
            self._cells.names, self._cells.columns, self._cells.read(slots), strict=True
        ):
            try:
                columns.append(convert(column.type, cells, packed, _list, b"".join))
            except (ValueError, OverflowError, OSError) as error:
                raise OutputError(
                    f"column {name} of {column.plugin}", f"no {column.type}: {error}"
                ) from error
        present = np.array([[value is not None for value in column] for column in columns]).T
        maps = np.packbits(present, axis=1, bitorder="little")
        return [
            message(FLOW, bits.tobytes() + b"".join(filter(None, values)))
            for bits, values in zip(maps, zip(*columns, strict=True), strict=True)
        ]


def _list(values: list[bytes]) -> bytes:
    return len(values).to_bytes(4, "little") + b"".join(values)


def packed(type_: str, texts: Sequence[str]) -> list[bytes]:
    """Return the bytes of values of a type without ``:R``, of one part; little endian.

    Args:
        type_: T2's type code.
        texts: as cells with exact numbers show them.
    """
    kind = kind_of(type_)
    if kind in (INTEGER, HEX):
        base, size, signed = 16 if kind == HEX else 10, int(type_[1:]) // 8, type_[0] == "I"
        return [int(text, base).to_bytes(size, "little", signed=signed) for text in texts]
    if kind == FLOAT:  # their bits
        return [int(text).to_bytes(4 if type_ == "F" else 8, "little") for text in texts]
    if type_ == TIME:
        return list(map(_time, texts))
    if type_ == "MAC":
        return [bytes.fromhex(text.replace(":", "")) for text in texts]
    if type_ in ("IP4", "IP6"):
        family = socket.AF_INET if type_ == "IP4" else socket.AF_INET6
        return list(map(partial(socket.inet_pton, family), texts))
    if type_ == "IPX":
        return list(map(_address, texts))
    if type_ == "C":
        return [text.encode("latin-1") for text in texts]
    return [_string(text) for text in strings(type_, texts)]


def _time(text: str) -> bytes:
    seconds, _, fraction = text.partition(".")
    return int(seconds).to_bytes(8, "little") + int(fraction).to_bytes(4, "little", signed=fraction[0] == "-")


def _address(text: str) -> bytes:
    if ":" in text:
        return b"\x06" + socket.inet_pton(socket.AF_INET6, text)
    return b"\x00" if text == "-" else b"\x04" + socket.inet_pton(socket.AF_INET, text)


def _string(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(4, "little") + data
