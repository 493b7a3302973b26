"""What is written on demand, by the functions of the command line: packets, payload and rows of flows."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from t2tui.tui.figures import amount, size
from t2tui.tui.packetsource import PacketSource, Tell
from t2tui.tui.scopes import Scope

if TYPE_CHECKING:
    from t2tui.core.settings import Value
    from t2tui.cutting import Direction
    from t2tui.exporting import Export

MOST_COPIED = 64_000
"""Bytes that a clipboard takes: terminals cut or drop what is longer."""


class NothingError(ValueError):
    """There is nothing to write."""


class Task(Protocol):
    """Something to be written.

    Attributes:
        title: in a few words.
        target: where; None: into the clipboard.
    """

    @property
    def title(self) -> str:
        """What is done, in a few words."""

    @property
    def target(self) -> Path | None:
        """Where it is written; None: into the clipboard."""

    def run(self, tell: Tell) -> str:
        """Do it.

        Args:
            tell: hears how far it is, and raises to end it: then nothing is written.

        Returns:
            What was written, in words.
        """


def number(count: int, what: str) -> str:
    """Return a number of things."""
    return f"{amount(count)} {what}{'' if count == 1 else 's'}"


@dataclass(frozen=True)
class Extract:
    """Packets of flows as a capture, as ``t2tui extract`` does it.

    Attributes:
        packets: where they come from.
        scope: the flows.
        direction: of the packets.
        target: the new capture.
    """

    packets: PacketSource
    scope: Scope
    direction: "Direction"
    target: Path
    title: str = "Extract pcap"

    def run(self, tell: Tell) -> str:
        """See Task."""
        from t2tui.core.outputs import Outputs
        from t2tui.cutting import wanted_keys

        flows = self.scope.flows()
        keys = wanted_keys(self.scope.table, flows.tolist(), self.direction)
        with Outputs(str(self.target), self.packets.inputs) as outputs:
            count = self.packets.copy(keys, outputs.open(""), tell)
            if not count:
                raise NothingError(f"the flows have no packets of {self.direction}; nothing is written")
        return f"{number(count, 'packet')} of {number(len(flows), 'flow')}"


@dataclass(frozen=True)
class Dump:
    """Payload of flows as files, as ``t2tui dump`` does it.

    Attributes:
        packets: where it comes from.
        scope: the flows.
        direction: of the payload.
        target: the folder.
        flags: of payloadDumper.
        is_replacing: take the place of a folder of an earlier dump.
    """

    packets: PacketSource
    scope: Scope
    direction: "Direction"
    target: Path
    flags: "Mapping[str, Value]" = field(default_factory=dict)
    is_replacing: bool = False
    title: str = "Dump payload"

    def run(self, tell: Tell) -> str:
        """See Task."""
        from t2tui.cutting import dump_payloads, wanted_keys

        flows = self.scope.flows()
        keys = wanted_keys(self.scope.table, flows.tolist(), self.direction)
        files = dump_payloads(
            lambda dumper: self.packets.show(keys, dumper, tell),
            keys,
            self.target,
            self.flags,
            replace=self.is_replacing,
        )
        if not files:
            raise NothingError(f"{number(len(flows), 'flow')} without payload; nothing is written")
        return f"{number(files, 'file')} of {number(len(flows), 'flow')}"


@dataclass(frozen=True)
class ExportFile:
    """Rows as a file, as ``t2tui filter --to`` and parquetSink write them.

    Attributes:
        export: rows, columns and format.
        target: the file.
        inputs: files that must not be written.
    """

    export: "Export"
    target: Path
    inputs: Sequence[str] = ()
    title: str = "Export"

    def run(self, tell: Tell) -> str:
        """See Task."""
        from t2tui.core.outputs import Outputs

        with Outputs(str(self.target), self.inputs) as outputs:
            self.export.write(outputs.open(""), tell)
        return f"{number(len(self.export.rows), 'row')}, {number(len(self.export.shown), 'column')}"


@dataclass
class ExportText:
    """Rows as text for the clipboard.

    Attributes:
        export: rows, columns and format, which is none of bytes.
        text: the result.
    """

    export: "Export"
    text: str = ""
    title: str = "Export"
    target: None = None

    def run(self, tell: Tell) -> str:
        """See Task."""
        written = _Short()
        self.export.write(written, tell)
        self.text = written.getvalue().decode("utf-8", "replace")
        return f"{number(len(self.export.rows), 'row')}, {size(len(written.getvalue()))}"


class _Short(io.BytesIO):
    """Takes what fits into a clipboard."""

    def write(self, data: "bytes | bytearray | memoryview", /) -> int:  # type: ignore[override]
        if self.tell() + len(data) > MOST_COPIED:
            raise NothingError(f"more than {size(MOST_COPIED)} do not fit into a clipboard; write a file")
        return super().write(data)
