"""A run without capture: flows, packets and files that the tests fill by hand."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from t2tui.core.labels import Labels
from t2tui.core.layout import FLOW, KIND_IPV4, PACKET, PACKET_TIMES
from t2tui.core.text.rows import Words
from t2tui.plugins.base import Plugin, Run

SLOTS = 64
BATCH = 256


class _File(io.BytesIO):
    def __init__(self, files: "Files", suffix: str) -> None:
        super().__init__()
        self._files, self._suffix = files, suffix

    def close(self) -> None:
        if not self.closed:
            self._files.closed[self._suffix] = self.getvalue()
        super().close()


@dataclass
class Files:
    """Outputs in memory; ``closed`` holds what was written by suffix."""

    opened: list[str] = field(default_factory=list)
    closed: dict[str, bytes] = field(default_factory=dict)
    prefix: str = "results/capture"

    def open(self, suffix: str) -> _File:
        self.opened.append(suffix)
        return _File(self, suffix)

    def open_flows(self, suffix: str) -> _File:
        return self.open(suffix)

    def commit_file(self, suffix: str) -> None:
        assert suffix in self.closed

    def lines(self, suffix: str) -> list[str]:
        text = self.closed[suffix].decode()
        assert text.endswith("\n")
        return text.split("\n")[:-1]


@dataclass
class Flows:
    """The part of the flow table that plugins read."""

    records: NDArray[Any]
    tcp: NDArray[Any]
    times: NDArray[Any]
    tcp_aggregate: int = 0


@dataclass
class Descriptions:
    """Header descriptions that can grow."""

    words: Words

    def pin(self, numbers: Callable[[], NDArray[Any]]) -> None:
        """They are never forgotten."""

    def set(self, *texts: bytes) -> None:
        self.words = Words.from_texts(texts)


@pytest.fixture
def make_run() -> Callable[..., Run]:
    def make(*plugins: Plugin, outputs: Any = None, **more: Any) -> Run:
        records = np.zeros(SLOTS, FLOW)
        records["opposite"] = -1
        records["kind"] = KIND_IPV4
        flows = Flows(records, np.zeros(SLOTS, [("anomalies", "u1")]), np.zeros(BATCH, PACKET_TIMES))
        descriptions = Descriptions(Words.from_texts([b"", b"eth:ipv4:tcp", b"eth:ipv4:udp"]))
        run = Run(flows, descriptions, Labels.builtin(), outputs or Files(), SLOTS, BATCH, **more)
        run.plugins = {plugin.name: plugin for plugin in plugins}
        for plugin in plugins:
            plugin.start(run)
        return run

    return make


@pytest.fixture
def make_packets() -> Callable[..., NDArray[Any]]:
    def make(flow: list[int], **columns: Any) -> NDArray[Any]:
        """PACKET records; the first packet of each slot creates its flow unless ``isNew`` is given."""
        packets = np.zeros(len(flow), PACKET)
        packets["flow"] = flow
        packets["vlanPos"] = -1
        packets["isNew"] = [slot >= 0 and slot not in flow[:i] for i, slot in enumerate(flow)]
        for name, values in columns.items():
            packets[name] = values
        return packets

    return make


@pytest.fixture
def lines_of() -> Callable[..., list[dict[str, str]]]:
    def lines(fields: Any, slots: list[int], rows: list[int] | None = None) -> list[dict[str, str]]:
        """Texts of columns by name, one dictionary per line."""
        from t2tui.core.text.rows import RowWriter

        names = [column.name for column, _ in fields]
        writer = RowWriter([value for _, value in fields])
        where = np.array(rows, np.int32) if rows is not None else (0, len(slots))
        text = writer.write(where, np.array(slots, np.int32), np.zeros(0, np.uint8)).decode()
        return [dict(zip(names, line.split("\t"), strict=True)) for line in text.split("\n")[:-1]]

    return lines
