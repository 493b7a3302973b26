"""The packet file: which packets have a line, and the payload at its end."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from t2tui.core.batch import PacketBatch
from t2tui.core.columns import old_name
from t2tui.core.packetlines import SUFFIX, PacketLines
from t2tui.plugins import STANDARD, load
from t2tui.plugins.base import Run


@pytest.fixture
def batch() -> PacketBatch:
    batch = PacketBatch(data=np.zeros(1000, np.uint8), packets=np.zeros(8, PacketBatch().packets.dtype))
    batch.packets["pktNo"] = np.arange(8) + 1
    return batch


def test_one_line_per_packet_with_flow_in_parts(make_run: Callable[..., Run], batch: PacketBatch) -> None:
    run = make_run(*load(STANDARD))
    payloads = [b"a\tb", b"", b"\\\x00\x80", b'"', b"x" * 50]
    packets = batch.packets
    packets["flow"][:6] = [2, -1, 0, 2, 1, 3]
    packets["flowInd"][:6] = [20, 0, 10, 20, 15, 30]
    for i, payload in enumerate(payloads):
        packets["base"][i], packets["l7"][i], packets["snapL7Len"][i] = i * 100, 14, len(payload)
        batch.data[i * 100 + 14 : i * 100 + 14 + len(payload)] = np.frombuffer(payload, np.uint8)
    lines = PacketLines(run)
    lines.write(batch, 0, 2)
    run.descriptions.set(b"raw")
    lines.write(batch, 2, 5)
    packets["pktNo"][0], packets["flow"][0] = 6, 0
    lines.write(batch, 0, 1)
    lines.close()
    header, *rows = run.outputs.lines(SUFFIX)
    assert header.startswith("%pktNo\tflowInd\tflowStat\ttime\tpktIAT")
    assert header.endswith("\tpadLen\ttcpStatesAFlags\tl7Content")
    cells = [row.split("\t") for row in rows]
    assert [(row[0], row[1], row[-1]) for row in cells] == [
        ("1", "20", "a\\tb"),
        ("3", "10", "\\\\.."),
        ("4", "20", '"'),
        ("5", "15", "x" * 50),
        ("6", "20", "a\\tb"),
    ]
    assert {len(row) for row in cells} == {header.count("\t") + 1}
    description = header.split("\t").index("hdrDesc")
    assert [row[description] for row in cells] == ["", "raw", "raw", "raw", "raw"]


def test_a_capture_without_flows_has_a_packet_file(make_run: Callable[..., Run], batch: PacketBatch) -> None:
    run = make_run(*load(STANDARD), names=lambda column: old_name(column, "0.9.0"))
    batch.packets["flow"] = -1
    lines = PacketLines(run)
    lines.write(batch, 0, 8)
    lines.close()
    assert len(run.outputs.lines(SUFFIX)) == 1


def test_columns_of_plugins_stand_in_their_order(make_run: Callable[..., Run], batch: PacketBatch) -> None:
    def columns(*names: str) -> list[Any]:
        run = make_run(*load(names))
        return [column.name for column, _ in run.packet_columns(batch.packets)]

    core, flow, stats = columns(), columns("basicFlow"), columns("basicStats")
    assert core == ["pktNo", "flowInd"]
    assert columns("basicStats", "basicFlow") == [*flow, *stats[2:]]
