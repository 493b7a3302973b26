"""The Python API: what it returns is what the files of a run show, and docs/api.md tells the truth."""

import doctest
import importlib.util
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import t2tui
from t2tui.api import DEFAULT_PLUGINS
from t2tui.core.capture import CaptureError
from t2tui.core.engine import Engine, RunOptions
from t2tui.core.outputs import OutputError, Outputs
from t2tui.core.settings import SettingsError, load_settings
from t2tui.plugins import STANDARD, UnknownPluginError, available, load
from tests.core.captures import EXERCISE, REPOSITORY, pool
from tests.core.dissect.dissecting import Record, pcap

PAGE = REPOSITORY / "docs" / "api.md"
SILENT = ("basicFlow", "basicStats", "tcpFlags", "tcpStates", "dnsDecode")
"""Plugins that need no files."""

PATIENCE = 30.0
"""Seconds after which a test gives up."""


def blocks() -> list[tuple[str, str]]:
    """Examples of the page: what they need, and the session."""
    return re.findall(r"^```python *(\w*)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_examples_of_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(REPOSITORY)
    names: dict[str, Any] = {"folder": str(tmp_path)}
    skipped = []
    for needs, session in blocks():
        if needs and importlib.util.find_spec(needs) is None:
            skipped.append(needs)
            continue
        test = doctest.DocTestParser().get_doctest(session, names, PAGE.name, str(PAGE), 0)
        complaints: list[str] = []
        doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(
            test, out=complaints.append, clear_globs=False
        )
        assert complaints == [], "".join(complaints)
        names = test.globs
    if skipped:
        pytest.skip(f"not installed: {', '.join(skipped)}; all other examples are right")


# ------------------------------------------------------------------ beside the files


def odd_capture(folder: Path) -> Path:
    """Ethernet packets with all kinds of headers."""
    path = folder / "odd.pcap"
    chosen = [raw for raw in pool() if raw.link == 1][:1200:2]
    path.write_bytes(
        pcap([Record(raw.data, raw.length, i // 3, i % 3 * 1000) for i, raw in enumerate(chosen)])
    )
    return path


@pytest.fixture(scope="module", params=["exercise", "odd"])
def capture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return EXERCISE if request.param == "exercise" else odd_capture(tmp_path_factory.mktemp("odd"))


@pytest.fixture(scope="module")
def files(capture: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    """Cells of the flow file and the packet file of a run, by line; the first line is that of the names."""
    prefix = tmp_path_factory.mktemp("run") / "out"
    with Outputs(str(prefix), [capture]) as outputs:
        engine = Engine(str(capture), RunOptions(packet_mode=True), outputs, load(STANDARD))
        engine.run()
        engine.close()
    return {
        kind: [
            line.split("\t")
            for line in Path(f"{prefix}_{kind}.txt").read_text().removesuffix("\n").split("\n")
        ]
        for kind in ("flows", "packets")
    }


@pytest.fixture(scope="module")
def analysis(capture: Path) -> t2tui.Analysis:
    return t2tui.analyze(capture, packets=True)


@pytest.mark.parametrize("kind", ["flows", "packets"])
def test_texts_are_those_of_the_files(files: Any, analysis: t2tui.Analysis, kind: str) -> None:
    header, *lines = files[kind]
    names = [name.removeprefix("%") for name in header]
    store = getattr(analysis, kind)
    assert len(store) == len(lines) > 30
    if kind == "packets":  # the payload column is the writer's own
        names, lines = names[:-1], [line[:-1] for line in lines]
    assert list(store.names) == names
    assert store.rows(store.names) == ["\t".join(line) for line in lines]
    for place, name in enumerate(names):
        assert store.text(name) == [line[place] for line in lines]
    assert store.rows(["flowInd"], first=7, count=3) == [line[names.index("flowInd")] for line in lines[7:10]]


@pytest.mark.parametrize("kind", ["flows", "packets"])
def test_arrays_hold_what_the_texts_say(analysis: t2tui.Analysis, kind: str) -> None:
    store = getattr(analysis, kind)
    for name in store.names:
        column, values, texts = store.column(name), store[name], store.text(name)
        assert len(values) == len(store)
        if values.dtype.kind == "M":
            seconds = values.astype(np.int64) / 1e9
            assert [f"{second:.6f}" for second in seconds] == [f"{float(text):.6f}" for text in texts]
        elif values.dtype.kind == "m":
            assert [int(value) for value in values] == [round(float(text) * 1e9) for text in texts]
        elif values.dtype.kind in "iu":
            shown = [text for text in texts if text]  # cells of packets without IP header are empty
            wanted = [int(text, 0) for text in shown]
            assert [int(value) for value, text in zip(values, texts, strict=True) if text] == wanted
        elif values.dtype.kind == "f":
            assert np.array([float(text) for text in texts], values.dtype) == pytest.approx(
                values, rel=1e-6, abs=1e-9
            )
        else:
            assert values.dtype == object
            unquoted = [text[1:-1] if column.type == "S" else text for text in texts]
            assert values.tolist() == unquoted


def test_types_of_columns(analysis: t2tui.Analysis) -> None:
    flows = analysis.flows
    kinds = {
        name: flows[name].dtype
        for name in ("pktsSnt", "flowStat", "avgIAT", "timeFirst", "duration", "srcIP")
    }
    assert kinds == {
        "pktsSnt": np.uint64,
        "flowStat": np.uint64,
        "avgIAT": np.float32,
        "timeFirst": "M8[ns]",
        "duration": "m8[ns]",
        "srcIP": object,
    }
    assert "pktsSnt" in flows
    assert "nothing" not in flows
    with pytest.raises(KeyError):
        flows["nothing"]
    with pytest.raises(KeyError):
        flows.text("nothing")


def test_arrays_are_the_callers_own(analysis: t2tui.Analysis) -> None:
    values = analysis.flows["pktsSnt"]
    values[:] = 0
    assert analysis.flows["pktsSnt"].sum() > 0


def test_pandas_and_arrow(analysis: t2tui.Analysis) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    flows = analysis.flows
    frame, table = flows.to_pandas(), flows.to_arrow()
    assert isinstance(frame, pandas.DataFrame)
    assert isinstance(table, pyarrow.Table)
    assert list(frame.columns) == table.column_names == list(flows.names)
    assert frame["pktsSnt"].tolist() == table["pktsSnt"].to_pylist() == flows["pktsSnt"].tolist()
    assert frame["srcIP"].tolist() == table["srcIP"].to_pylist() == flows["srcIP"].tolist()
    assert frame["timeFirst"].to_numpy().astype("M8[ns]").tolist() == flows["timeFirst"].tolist()
    assert table["duration"].cast(pyarrow.int64()).to_pylist() == flows["duration"].astype(np.int64).tolist()


# ------------------------------------------------------------------ plugins, flags, filters, lists


def test_many_plugins(tmp_path: Path) -> None:
    """All at once: each adds the columns that it registers, and the others keep theirs."""
    result = t2tui.analyze(odd_capture(tmp_path), plugins=SILENT, packets=True)
    alone = t2tui.analyze(odd_capture(tmp_path), plugins=DEFAULT_PLUGINS)
    assert set(alone.flows.names) <= set(result.flows.names)
    assert result.packets is not None
    for store in (result.flows, result.packets):
        for name in store.names:
            assert len(store[name]) == len(store) > 0


def test_settings_change_columns() -> None:
    flows = t2tui.analyze(EXERCISE, settings={"basicStats.BS_VAR": 1, "basicFlow.BFO_MAC": 0}).flows
    assert "varIAT" in flows
    assert "srcMac" not in flows


def test_a_filter_counts_for_flows_packets_and_report() -> None:
    result = t2tui.analyze(EXERCISE, packets=True, bpf="host 143.166.11.10")
    assert result.packets is not None
    assert len(result.packets) == 4615 + 22
    assert {"143.166.11.10"} <= set(result.flows["srcIP"]) <= {"143.166.11.10", "192.168.1.105"}
    assert "[INF] BPF: host 143.166.11.10" in result.report


def test_flows_run_on_through_a_list_of_captures(tmp_path: Path) -> None:
    frames = [Record(bytes(12) + b"\x12\x34" + bytes(50), -1, second) for second in range(6)]
    paths = [tmp_path / f"{number}.pcap" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(pcap(frames[2 * number :][:2]))
    flows = t2tui.analyze(paths).flows
    assert flows["pktsSnt"].tolist() == [6]
    assert flows["duration"].astype(np.int64).tolist() == [5_000_000_000]


def test_a_capture_without_packets_has_columns_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "empty.pcap"
    path.write_bytes(pcap([]))
    result = t2tui.analyze(path, packets=True)
    assert result.packets is not None
    for store in (result.flows, result.packets):
        assert len(store) == 0
        assert len(store.names) > 20
        assert all(len(store[name]) == 0 for name in store.names)


def test_errors() -> None:
    with pytest.raises(CaptureError, match="no-such-file"):
        t2tui.analyze("no-such-file.pcap")
    with pytest.raises(UnknownPluginError):
        t2tui.analyze(EXERCISE, plugins=["noSuchPlugin"])
    with pytest.raises(SettingsError):
        t2tui.analyze(EXERCISE, settings={"basicStats.NO_SUCH_FLAG": 1})
    with pytest.raises(OutputError, match="writes no files; leave txtSink out"):
        t2tui.analyze(EXERCISE, plugins=STANDARD)


def test_header_descriptions_outlive_those_that_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows keep their texts when there are more descriptions than room; a flow is layer 2, one per packet."""
    import t2tui.core.dissect.dissector as module

    tag, count = b"\x81\x00\x00\x05", 2000
    packets = [
        Record(
            i.to_bytes(12) + tag * (2 + i // 100) + (0x9300 + i % 100).to_bytes(2) + bytes(40), -1, 200 * i
        )
        for i in range(count)
    ]
    path = tmp_path / "invented.pcap"
    path.write_bytes(pcap(packets))
    wanted = [f"eth:vlan{{{2 + i // 100}}}:UNK(0x{0x9300 + i % 100:04x})" for i in range(count)]
    made = module.Descriptions
    monkeypatch.setattr(module, "Descriptions", lambda: made(64))
    result = t2tui.analyze(path, packets=True, batch_packets=50)
    assert result.packets is not None
    assert result.packets.text("hdrDesc") == wanted
    assert result.flows.text("hdrDesc") == wanted
    parts = list(t2tui.stream(path, batch_packets=50))
    assert len(parts) > 10
    assert [text for part in parts for text in part.flows["hdrDesc"]] == wanted


# ------------------------------------------------------------------ streams


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[tuple[Path, Any]]:
    """A named pipe and the file that writes into it; it never ends by itself."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with path.open("wb", buffering=0) as file:
        yield path, file
    os.close(reader)


def frame(number: int, second: int) -> Record:
    """A packet of a flow of its own."""
    return Record(bytes(6) + number.to_bytes(6) + b"\x12\x34" + bytes(46), -1, second)


def test_flows_come_while_a_pipe_goes_on(writer: tuple[Path, Any]) -> None:
    path, file = writer
    file.write(pcap([frame(1, 0), frame(2, 1)]))
    parts = t2tui.stream(path, packets=True)
    first = next(parts)
    assert first.packets is not None
    assert len(first.packets) in (1, 2)
    ended: list[str] = []
    kept = [first]
    for number in range(3, 8):  # each comes when all flows before have timed out
        file.write(pcap([frame(number, number * 1000)])[24:])
        while len(ended) < number - 1:
            kept.append(next(parts))
            ended += kept[-1].flows["srcMac"].tolist()
    assert ended == [f"00:00:00:00:00:{number:02x}" for number in range(1, 7)]
    parts.close()
    assert sum(len(part.packets or ()) for part in kept) == 7
    # what was yielded stays readable without the run
    assert [text for part in kept for text in part.flows.text("hdrDesc")] == ["eth:UNK(0x1234)"] * 6


def test_streams_of_a_file_hold_what_analyze_returns() -> None:
    whole = t2tui.analyze(EXERCISE)
    parts = list(t2tui.stream(EXERCISE, batch_packets=300))
    assert len(parts) > 1
    rows = [row for part in parts for row in part.flows.rows(part.flows.names)]
    assert rows == whole.flows.rows(whole.flows.names)
    report = [line for part in parts for line in part.report]
    assert report[-1] == whole.report[-1]


def test_the_end_report_comes_with_no_flow_at_its_end() -> None:
    """In alarm mode no flow is handed out, since no plugin reports an alarm."""
    settings = {"core.ALARM_MODE": 1}
    whole = t2tui.analyze(EXERCISE, settings=settings)
    (last,) = t2tui.stream(EXERCISE, settings=settings, batch_packets=300)
    assert len(last.flows) == len(whole.flows) == 0
    assert last.report[-3:] == whole.report[-3:]
    assert any("Number of processed      flows: 72" in line for line in last.report)


def test_leaving_a_stream_ends_its_thread_within_a_second(writer: tuple[Path, Any]) -> None:
    path, file = writer
    file.write(pcap([frame(1, 0), frame(2, 1000)]))
    for _ in t2tui.stream(path):
        break
    end = time.monotonic() + PATIENCE
    while any(thread.name == "feeder" for thread in threading.enumerate()) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(thread.name == "feeder" for thread in threading.enumerate())


def test_settings_are_checked_before_anything_is_read() -> None:
    assert load_settings({"basicStats": available()["basicStats"].flags}, None, ["basicStats.BS_VAR=1"], {})
    with pytest.raises(SettingsError):
        next(t2tui.stream("no-such-file.pcap", settings={"basicStats.BS_VAR": "many"}))


def test_columns_of_the_same_name_are_both_there() -> None:
    analysis = t2tui.analyze(EXERCISE, plugins=(*DEFAULT_PLUGINS, "tcpFlags", "tcpWin"))
    flows = analysis.flows
    assert analysis.files["_tcpwin.txt"].startswith(b"# IP\tpktTcpCnt\twinRelThCnt\n192.168.1.105\t1514\t")
    assert {"tcpInitWinSz", "tcpInitWinSz_tcpWin"} <= set(flows.names)
    is_tcp = flows["l4Proto"] == 6
    assert (flows["tcpInitWinSz"][is_tcp] == flows["tcpInitWinSz_tcpWin"][is_tcp]).any()
    assert flows.text("tcpInitWinSz_tcpWin") == [str(window) for window in flows["tcpInitWinSz_tcpWin"]]
