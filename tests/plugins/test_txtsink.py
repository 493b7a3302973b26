"""The flow file, its parts with -W, and the header file."""

import gzip
import re
from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.alarms import OR, Alarms
from t2tui.core.columns import old_name
from t2tui.plugins import load
from t2tui.plugins.base import Plugin, Run, Split
from t2tui.plugins.txtsink import FlowFile, TxtSink


class Kept:
    """Files in memory in the order in which they were opened."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.texts: list[bytes] = []
        self.open_files = 0
        self.committed: list[str] = []

    def commit_file(self, suffix: str) -> None:
        assert self.open_files == 0
        self.committed.append(suffix)

    def open_flows(self, suffix: str) -> Any:
        assert self.open_files == 0, "one file at a time"
        self.names.append(suffix)
        self.texts.append(b"")
        self.open_files += 1
        index = len(self.texts) - 1

        def write(text: Any) -> int:
            self.texts[index] += bytes(text)
            return len(text)

        def close() -> None:
            self.open_files -= 1

        return SimpleNamespace(write=write, close=close, flush=lambda: None)


lines = st.lists(st.integers(1, 30).map(lambda n: b"x" * (n - 1) + b"\n"), max_size=30)


@given(
    lines,
    st.integers(1, 40),
    st.booleans(),
    st.integers(0, 3),
    st.sampled_from([b"", b"%head\n", b"%a longer line of names\n"]),
    st.booleans(),
    st.lists(st.integers(0, 30), max_size=4),
)
def test_the_next_file_begins_after_the_line_that_reached_the_size(
    flows: list[bytes], size: int, by_flows: bool, first: int, header: bytes, every: bool, cuts: list[int]
) -> None:
    wanted = [header]
    count = 0
    for line in flows:
        wanted[-1] += line
        count += 1
        if (count if by_flows else len(wanted[-1])) >= size:
            wanted.append(header if every else b"")
            count = 0

    kept = Kept()
    file = FlowFile(kept, "_flows.txt", Split(size, by_flows, first), compress=False)
    file.begin(header, every)
    edges = sorted({0, len(flows), *(cut for cut in cuts if cut < len(flows))})
    for begin, end in pairwise(edges):
        file.write(memoryview(b"".join(flows[begin:end])))
    file.close()
    assert kept.texts == wanted
    assert kept.names == [f"_flows.txt{first + i}" for i in range(len(wanted))]
    assert kept.open_files == 0
    assert kept.committed == kept.names[:-1]  # the last one gets its name with the other files of the run


@pytest.fixture
def run_of(make_run: Callable[..., Run]) -> Callable[..., Run]:
    def make(flags: dict[str, Any] | None = None, **more: Any) -> Run:
        """A run of basicFlow, basicStats and txtSink."""
        settings = {name: None for name in ("basicFlow", "basicStats")}
        defaults = {flag.name: flag.default for flag in TxtSink.flags}
        return make_run(
            *load(settings),
            TxtSink(SimpleNamespace(**defaults | (flags or {}))),
            command=["t2tui", "run", "a b"],
            **more,
        )

    return make


def write(run: Run, *batches: list[int]) -> None:
    run.flows.records["flowInd"] = np.arange(len(run.flows.records)) + 1
    run.flows.records["dir"] = np.arange(len(run.flows.records)) % 2
    for slots in batches:
        for plugin in run.plugins.values():
            plugin.on_rows(np.array(slots, np.int32))
    for plugin in run.plugins.values():
        plugin.finish()


def test_flows_are_written_in_the_order_of_release(run_of: Callable[..., Run]) -> None:
    run = run_of()
    write(run, [3, 2], [], [0])
    header, *flows = run.outputs.lines("_flows.txt")
    assert header.startswith("%dir\tflowInd\tflowStat\ttimeFirst")
    assert [flow.split("\t")[:3] for flow in flows] == [
        ["B", "4", "0x0000000000000000"],
        ["A", "3", "0x0000000000000000"],
        ["A", "1", "0x0000000000000000"],
    ]
    assert {flow.count("\t") for flow in flows} == {header.count("\t")}


def test_a_run_without_flows_has_both_files(run_of: Callable[..., Run]) -> None:
    run = run_of()
    write(run)
    assert len(run.outputs.lines("_flows.txt")) == 1
    assert "_headers.txt" in run.outputs.closed


def test_descriptions_met_after_the_first_flow(run_of: Callable[..., Run]) -> None:
    run = run_of()
    flow = run.plugins["basicFlow"]
    flow.records["hdrDescs"] = 1
    flow.records["hdrDesc"][1:, 0] = 3
    run.plugins["txtSink"].on_rows(np.array([0], np.int32))
    run.descriptions.set(b"", b"a", b"b", b"eth:new")
    write(run, [1])
    assert [line.split("\t")[8] for line in run.outputs.lines("_flows.txt")] == ["hdrDesc", "", "eth:new"]


def test_the_header_file_describes_every_column(run_of: Callable[..., Run]) -> None:
    run = run_of(sensor=7, started=1_700_000_000_000_558_999, alarms=Alarms(OR))
    write(run)
    text = run.outputs.lines("_headers.txt")
    end = text.index("# Col No.\tType\tName\tDescription") + 1
    columns = [line.split("\t") for line in text[end:]]
    assert [number for number, *_ in columns] == [str(n + 1) for n in range(len(columns))]
    assert "%" + "\t".join(name for _, _, name, _ in columns) == run.outputs.lines("_flows.txt")[0]
    assert columns[0] == ["1", "C", "dir", "Flow direction"]
    assert columns[8] == ["9", "SC:R", "hdrDesc", "Headers description"]
    assert all(len(column) == 4 and all(column) for column in columns)
    banner = text[:end]
    assert all(line.startswith("#") for line in banner)
    assert re.fullmatch(
        r"# Date: 1700000000\.000000558 sec \(\w{3} \d\d \w{3} \d{4} [\d:]{8} \S+\)", banner[0]
    )
    assert re.fullmatch(r"# t2tui \S+, after Tranalyzer 0\.9\.3 \(Anteater\), Cobra", banner[1])
    for line in (
        "# Core configuration: L2, IPv4, IPv6 [ALARM]",
        "# SensorID: 7",
        "# Command line: t2tui run a b",
        "#   01: basicFlow, version 0.9.3",
        "#   03: txtSink, version 0.9.3",
    ):
        assert line in banner


def test_a_command_line_of_several_lines_stays_one_comment(run_of: Callable[..., Run]) -> None:
    run = run_of()
    run.command = ["t2tui", "a\nb\x1b[1m"]
    write(run)
    (line,) = [line for line in run.outputs.lines("_headers.txt") if line.startswith("# Command line")]
    assert line == "# Command line: t2tui a\\nb\\u001B[1m"


def test_names_of_an_older_version(run_of: Callable[..., Run]) -> None:
    run = run_of(names=lambda column: old_name(column, "0.9.0"))
    write(run)
    assert "\tnumPktsSnt\t" in run.outputs.lines("_flows.txt")[0]
    assert any("\tnumPktsSnt\t" in line for line in run.outputs.lines("_headers.txt"))


@pytest.mark.parametrize(
    ("flags", "split", "files"),
    [
        ({}, None, {"_flows.txt": 3, "_headers.txt": None}),
        ({"TFS_PRI_HDR": 0}, None, {"_flows.txt": 2, "_headers.txt": None}),
        ({"TFS_HDR_FILE": 0}, None, {"_flows.txt": 3}),
        ({"TFS_FLOWS_TXT_SUFFIX": ".f", "TFS_HEADER_SUFFIX": ".h"}, None, {".f": 3, ".h": None}),
        ({}, Split(1, True), {"_flows.txt0": 2, "_flows.txt1": 1, "_flows.txt2": 0, "_headers.txt": None}),
        (
            {"TFS_PRI_HDR_FW": 1},
            Split(1, True, 8),
            {"_flows.txt8": 2, "_flows.txt9": 2, "_flows.txt10": 1, "_headers.txt": None},
        ),
        ({"TFS_SPLIT": 0}, Split(1, True), {"_flows.txt": 3, "_headers.txt": None}),
    ],
)
def test_flags(
    run_of: Callable[..., Run], flags: dict[str, Any], split: Split | None, files: dict[str, int | None]
) -> None:
    run = run_of(flags, split=split)
    write(run, [0, 1])
    assert run.outputs.closed.keys() == files.keys()
    for suffix, count in files.items():
        if count is not None:
            assert run.outputs.closed[suffix].count(b"\n") == count, suffix


def test_compressed_flows_are_the_same_flows(run_of: Callable[..., Run]) -> None:
    plain, packed = run_of(), run_of({"TFS_GZ_COMPRESS": 1})
    write(plain, [0, 1])
    write(packed, [0, 1])
    assert gzip.decompress(packed.outputs.closed["_flows.txt.gz"]) == plain.outputs.closed["_flows.txt"]


def test_a_plugin_behind_the_sink_has_its_columns_in_the_file(make_run: Callable[..., Run]) -> None:
    class Late(Plugin):
        name, number = "late", 950

        def start(self, run: Run) -> None:
            super().start(run)
            self.started = True

        def flow_fields(self) -> Any:
            assert self.started
            return self.run.plugins["basicStats"].flow_fields()[:1]

    run = make_run(*load(["basicStats", "txtSink"]), Late())
    write(run, [0])
    assert run.outputs.lines("_flows.txt")[0].endswith("\tbytAsm\tpktsSnt")
