"""Payload for people and scripts: text, hex dump, hex, base64; bare, with a head, JSON (docs/follow.md)."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from t2tui.core.enumerations import enumeration
from t2tui.core.streams.stream import Conversation, Direction
from t2tui.core.text.safe import SafeDecoder, safe_text

Layout = Literal["payload", "info", "json", "reconstruct"]
Form = Literal["text", "hexdump", "hex", "base64", "raw"]

COLOURS = {"A": "\x1b[0;31m", "B": "\x1b[0;34m"}
NOTE_COLOUR = "\x1b[0;33m"
RESET = "\x1b[0m"

RULE = "=" * 80
INDENT = " " * 4
ROW = 16
HALF = ROW // 2

ZEROS = 1 << 16
"""Zeros of a gap that are written at once."""

_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Payload:
    """What one packet brought, ready to be shown.

    Attributes:
        direction: ``A`` or ``B``.
        packet: its number.
        time: seconds since 1970, as text.
        ends: whose payload it is, as seen by the sender.
        data: the bytes.
        offset: place of the first byte in the stream of the direction.
        seq: TCP sequence number; None is not shown.
        length: bytes announced by the headers; None is not shown.
        text: the bytes as characters, as far as a packet file has them, instead of ``data``.
        marks: names of what is to be said about the packet.
    """

    direction: str
    packet: int
    time: str
    ends: Conversation
    data: bytes
    offset: int
    seq: int | None = None
    length: int | None = None
    text: str | None = None
    marks: tuple[str, ...] = ()


class Printer:
    """Writes payloads one after another."""

    def __init__(
        self,
        write: Callable[[bytes], object],
        layout: Layout,
        form: Form,
        direction: Direction = "both",
        colour: bool = False,
    ) -> None:
        """Choose how.

        Args:
            write: takes bytes of output.
            layout: what stands around each payload.
            form: how bytes are shown; ``raw``: as they are.
            direction: which direction is shown.
            colour: A in red, B in blue.
        """
        self._write = write
        self._layout = layout
        self._form = form
        self._indents = {"A": "", "B": INDENT if direction == "both" and layout == "payload" else ""}
        self._colour = colour
        self._decoders = {name: SafeDecoder() for name in COLOURS}
        self._counts = dict.fromkeys(COLOURS, 0)
        self._turns = 0
        self._last = ""
        self._is_fresh = True  # at the begin of a line

    def payload(self, payload: Payload) -> None:
        """Write a payload."""
        if self._last not in ("", payload.direction):
            self._turns += 1
            self._finish_text()
        self._last = payload.direction
        self._counts[payload.direction] += 1
        if self._layout == "json":
            self._put(f"{self._object(payload)}\n")
        elif self._layout == "reconstruct":
            self._put(payload.data.hex())
        else:
            if self._layout == "info":
                self._head(payload)
            self._body(payload)

    def gap(self, direction: str, length: int, what: str, marked: bool) -> None:
        """Tell of bytes that are not there.

        Args:
            direction: ``A`` or ``B``.
            length: how many.
            what: ``missing`` or ``not captured``.
            marked: write a line; the layout ``reconstruct`` writes zeros.
        """
        if self._layout == "reconstruct":
            for left in range(length, 0, -ZEROS):
                self._put("00" * min(left, ZEROS))
        elif self._layout == "json" and marked:
            self._put(f'{{"direction":"{direction}","{what.replace(" ", "_")}":{length}}}\n')
        elif marked:
            self.note(f"{direction}: {length} bytes {what}")

    def note(self, text: str) -> None:
        """Write a line of its own about what is shown; JSON and reconstructed streams have none."""
        if self._layout in ("payload", "info") and self._form != "raw":
            self._finish_text()
            self._fresh_line()
            self._put(self._coloured(NOTE_COLOUR, f"[{text}]") + "\n")

    def end(self) -> None:
        """Write what comes after the last payload."""
        self._finish_text()
        if self._layout == "info":
            self._fresh_line()
            client, server = self._counts.values()
            self._put(f"\n{RULE}\n{client} client packets, {server} server packets, {self._turns} turns.\n")
        elif self._layout == "reconstruct" or self._form == "text":
            self._fresh_line()

    def _head(self, payload: Payload) -> None:
        self._finish_text()
        self._fresh_line()
        ends = payload.ends
        length = len(payload.data) if payload.length is None else payload.length
        vlan = "" if ends.vlan is None else f" VLAN {ends.vlan}"
        seq = "" if payload.seq is None else f" seq: {payload.seq}"
        marks = f" [{', '.join(payload.marks)}]" if payload.marks else ""
        line = (
            f"Packet {payload.packet} ({length} bytes): flow {ends.flow} {payload.direction} "
            f"{_end(ends.source, ends.source_port)} -> {_end(ends.destination, ends.destination_port)} "
            f"{protocol_name(ends)}{vlan}{seq}{marks}"
        )
        self._put(f"\n{RULE}\n{safe_text(line)}\n{RULE}\n\n")

    def _body(self, payload: Payload) -> None:
        if self._form == "raw":
            self._write(payload.data)
            return
        if self._form == "hexdump":
            text = hex_dump(payload.data, payload.offset, self._indents[payload.direction])
        elif self._form == "hex":
            text = f"{payload.data.hex()}\n"
        elif self._form == "base64":
            text = f"{base64.b64encode(payload.data).decode()}\n"
        elif payload.text is not None:
            text = safe_text(_broken_lines(payload.text))
        else:
            text = self._decoders[payload.direction].decode(payload.data)
        if text:
            self._is_fresh = text.endswith("\n")
            self._put(self._coloured(COLOURS[payload.direction], text))

    def _object(self, payload: Payload) -> str:
        """Return a payload as JSON object, in ASCII."""
        ends = payload.ends
        fields: list[tuple[str, object]] = [
            ("flow", ends.flow),
            ("packet", payload.packet),
            ("timestamp", _Verbatim(payload.time) if _NUMBER.fullmatch(payload.time) else payload.time),
        ]
        if ends.vlan is not None:
            fields.append(("vlan", str(ends.vlan)))
        fields += [
            ("srcIP", ends.source),
            ("srcPort", ends.source_port),
            ("dstIP", ends.destination),
            ("dstPort", ends.destination_port),
            ("proto", protocol_name(ends)),
        ]
        if payload.length is not None:
            fields.append(("length", payload.length))
        if payload.seq is not None:
            fields.append(("seq", payload.seq))
        if payload.marks:
            fields += [("offset", payload.offset), ("marks", list(payload.marks))]
        fields.append(("payload", self._shown(payload)))
        return "{" + ",".join(f"{json.dumps(name)}:{_json(value)}" for name, value in fields) + "}"

    def _shown(self, payload: Payload) -> str:
        if self._form == "hexdump":
            return hex_dump(payload.data, payload.offset)
        if self._form == "hex":
            return payload.data.hex()
        if self._form == "base64":
            return base64.b64encode(payload.data).decode()
        if payload.text is not None:
            return payload.text
        return payload.data.decode("utf-8", "backslashreplace")

    def _finish_text(self) -> None:
        """Write what is left of a character that the last payload began."""
        if self._form == "text" and self._last and self._layout in ("payload", "info"):
            text = self._decoders[self._last].decode(b"", final=True)
            self._decoders[self._last] = SafeDecoder()
            if text:
                self._is_fresh = text.endswith("\n")
                self._put(self._coloured(COLOURS[self._last], text))

    def _fresh_line(self) -> None:
        if not self._is_fresh:
            self._put("\n")
            self._is_fresh = True

    def _coloured(self, colour: str, text: str) -> str:
        return f"{colour}{text}{RESET}" if self._colour else text

    def _put(self, text: str) -> None:
        if self._layout == "reconstruct":
            self._is_fresh = text.endswith("\n")
        self._write(text.encode("utf-8", "backslashreplace"))


class _Verbatim(str):
    """Text that is JSON already."""


def _json(value: object) -> str:
    return str(value) if isinstance(value, _Verbatim) else json.dumps(value)


def _end(address: str, port: int | None) -> str:
    return address if port is None else f"{address}:{port}"


def protocol_name(ends: Conversation) -> str:
    """Return the name of the protocol of layer 4, or of the EtherType of a layer-2 flow; else its number."""
    if ends.ether_type is not None:
        return enumeration("ethType").name(ends.ether_type) or f"0x{ends.ether_type:04x}"
    return enumeration("l4Proto").name(ends.protocol) or str(ends.protocol)


def hex_dump(data: bytes, offset: int = 0, indent: str = "") -> str:
    """Return bytes as lines of 16: offset, hex digits, characters.

    Args:
        data: the bytes.
        offset: of the first one.
        indent: begins every line.
    """
    lines = []
    for at in range(0, len(data), ROW):
        row = data[at : at + ROW]
        cells = [f" {byte:02x}" for byte in row] + ["   "] * (ROW - len(row))
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        left, right = shown[:HALF], shown[HALF:]
        digits = f"{''.join(cells[:HALF])} {''.join(cells[HALF:])}"
        lines.append(f"{indent}{offset + at:08X} {digits}   {left}{f' {right}' if right else ''}\n")
    return "".join(lines)


_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_LETTERS = {"b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "\\": "\\"}


def unescaped(text: str) -> str:
    """Return the content column of a packet file (docs/text.md, "Payload") with its escapes undone."""
    return _ESCAPE.sub(lambda match: _LETTERS.get(match[1], match[0]), text)


def _broken_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
