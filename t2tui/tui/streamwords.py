"""What is said about a stream beside its lines: head, place of the cursor, names of files."""

import re
from dataclasses import dataclass
from pathlib import PurePath

from t2tui.core.streams import Conversation, Stream
from t2tui.core.streams.show import protocol_name
from t2tui.core.streams.stream import Direction
from t2tui.tui import cells
from t2tui.tui.figures import amount
from t2tui.tui.streamlines import Line

NANOSECONDS = 10**9
_UNUSUAL = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Facts:
    """What the head says of a stream; counted once.

    Attributes:
        a, b: bytes that each side sent, as far as they can be read.
        missing: bytes in gaps.
        packets: of the flow.
    """

    a: int
    b: int
    missing: int
    packets: int

    @classmethod
    def of(cls, stream: Stream) -> "Facts":
        """Count."""
        return cls(stream.size("A"), stream.size("B"), stream.missing(), len(stream.index.segments))

    def size(self, direction: Direction) -> int:
        """Return the bytes of a direction."""
        return {"A": self.a, "B": self.b, "both": self.a + self.b}[direction]


def ends(conversation: Conversation) -> str:
    """Return who speaks with whom."""

    def end(address: str, port: int | None) -> str:
        return address if port is None else f"[{address}]:{port}" if ":" in address else f"{address}:{port}"

    source = end(conversation.source, conversation.source_port)
    return f"{source} → {end(conversation.destination, conversation.destination_port)}"


def protocol(conversation: Conversation) -> str:
    """Return the name of the protocol."""
    return protocol_name(conversation)


def facts(found: Facts) -> list[str]:
    """Return what the head says, the most important first."""
    said = [f"A {amount(found.a)} B {amount(found.b)} bytes"]
    if found.missing:
        said.append(f"{amount(found.missing)} missing")
    said.append(f"{amount(found.packets)} packets")
    return said


def place(line: Line) -> list[str]:
    """Return where a line is, the most important first."""
    said = [f"{line.direction} offset {amount(line.offset)} (0x{line.offset:x})"]
    if line.packet:
        said.append(f"packet {amount(line.packet)}")
        stamp = f"{line.time // NANOSECONDS}.{line.time % NANOSECONDS:09}"
        said.append(cells.moment(stamp, with_date=True))
    return said


def nothing(flow: int, direction: Direction, found: Facts) -> str:
    """Return why no line is shown, and what to press."""
    if not found.size("both"):
        said = f"Flow {flow} has no payload in {amount(found.packets)} packets"
        return f"{said}. ] goes on to the next flow, Esc goes back."
    return f"{direction} sent nothing that was captured. B shows both directions, Esc goes back."


def file_name(source: str, flow: int, direction: Direction, is_text: bool) -> str:
    """Return the name of the file in which a stream is saved.

    Args:
        source: path of the capture.
        flow: index.
        direction: what is saved.
        is_text: as it is shown.
    """
    stem = PurePath(source).name.split(".")[0] if source != "-" else "stdin"
    return f"{_UNUSUAL.sub('_', stem) or 'capture'}_{flow}_{direction}.{'txt' if is_text else 'bin'}"
