"""Packets and payload of chosen flows, from Python: by their places, by another run, in real captures."""

import shutil
import subprocess
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from t2tui.api import Analysis, Origin, analyze, extract_flows
from t2tui.core.capture import CaptureError
from t2tui.core.extract import POSITION, copy_packets, originals_of
from t2tui.core.outputs import OutputError
from t2tui.core.packetindex import PacketIndex, chosen_rows
from t2tui.cutting import Placer, dump_payloads, replay, wanted_keys
from tests.core.captures import EXERCISE, GOLDEN, NO_GOLDEN
from tests.saved import read

PLUGINS = ("basicFlow", "tcpStates")


@pytest.fixture(scope="module")
def exercise() -> Analysis:
    return analyze(EXERCISE, plugins=PLUGINS)


def test_extract_writes_what_extract_flows_does(exercise: Analysis, tmp_path: Path) -> None:
    flows = exercise.flows["flowInd"][exercise.flows.filter("port(25)")]
    count = exercise.extract(flows, tmp_path / "a.pcap")
    assert count == extract_flows(EXERCISE, flows, tmp_path / "b.pcap", plugins=PLUGINS) > 0
    assert (tmp_path / "a.pcap").read_bytes() == (tmp_path / "b.pcap").read_bytes()


def test_the_two_directions_are_all_packets(exercise: Analysis, tmp_path: Path) -> None:
    counts = [exercise.extract([35], tmp_path / "x.pcap", direction=each) for each in ("A", "B", "both")]
    assert counts[0] > 0 < counts[1] and counts[0] + counts[1] == counts[2]
    assert exercise.extract([], tmp_path / "none.pcap") == 0
    assert read(tmp_path / "none.pcap").packets == []


def test_dump_makes_a_folder_or_nothing(exercise: Analysis, tmp_path: Path) -> None:
    assert exercise.dump([35], tmp_path / "out", PLDUMP_NAMES=1) == 2
    with pytest.raises(OutputError, match="holds files"):
        exercise.dump([36], tmp_path / "out")
    assert exercise.dump([36], tmp_path / "out", replace=True, direction="B") == 1
    assert "36_B" in {path.name for path in (tmp_path / "out").iterdir()}
    assert exercise.dump([], tmp_path / "none") == 0
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def test_streams_cannot_be_read_again(exercise: Analysis, tmp_path: Path) -> None:
    live = Analysis(exercise.flows, None)
    for call in (live.extract, live.dump):
        with pytest.raises(ValueError, match="once more"):
            call([1], tmp_path / "x")


def test_a_run_that_fails_leaves_no_capture(tmp_path: Path) -> None:
    source = tmp_path / "gone.pcap.gz"
    shutil.copy(EXERCISE, source)
    result = analyze(source, plugins=PLUGINS)
    source.unlink()
    with pytest.raises(CaptureError):
        result.extract([1], tmp_path / "x.pcap")
    with pytest.raises(CaptureError):
        result.dump([1], tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("most", [100, 1_000_000])
def test_places_that_take_too_much_memory_are_dropped(most: int) -> None:
    placer = Placer(most)
    with closing(Origin(str(EXERCISE), PLUGINS, None, {}).engine(str(EXERCISE), [placer])) as engine:
        engine.run()
    assert (placer.index is None) is (most == 100)


def test_chosen_rows_are_those_with_the_key() -> None:
    keys = np.random.default_rng(1).integers(0, 50, 1000).astype(np.uint64)
    for wanted in (np.array([], np.uint64), np.array([0, 7, 49], np.uint64), np.array([99], np.uint64)):
        assert chosen_rows(keys, wanted).tolist() == np.flatnonzero(np.isin(keys, wanted)).tolist()


def uncompressed() -> list[Path]:
    """Some of the real captures, of several link types and formats."""
    captures = sorted((GOLDEN / "captures").iterdir()) if (GOLDEN / "captures").is_dir() else []
    return captures[::24]


@pytest.mark.skipif(not uncompressed(), reason=NO_GOLDEN)
def test_places_and_another_run_agree_on_real_captures(tmp_path: Path) -> None:
    compared = dumped = 0
    for path in uncompressed():
        origin = Origin(str(path), PLUGINS, None, {})
        placer = Placer()
        try:
            result = analyze(path, plugins=PLUGINS)
            with closing(origin.engine(str(path), [placer])) as engine:
                engine.run()
        except CaptureError:
            continue
        flows = result.flows["flowInd"][::3].tolist() if len(result.flows) else []
        keys = wanted_keys(result.flows, flows) if flows else np.zeros(0, np.uint64)
        count = result.extract(flows, tmp_path / "run.pcap")
        index = placer.index
        assert isinstance(index, PacketIndex)
        chosen = np.concatenate([np.zeros(0, POSITION), *(part for part, _ in index.positions(keys))])
        with (tmp_path / "places.pcap").open("wb") as file:
            copy_packets(originals_of(path), [chosen], file)
        assert (tmp_path / "places.pcap").read_bytes() == (tmp_path / "run.pcap").read_bytes(), path.name
        assert len(chosen) == count
        files = result.dump(flows, tmp_path / f"{compared}-run", PLDUMP_NAMES=2) if flows else 0
        again = tmp_path / f"{compared}-places"
        flags = {"PLDUMP_NAMES": 2}
        show = partial(replay, originals_of(path), index, keys)
        replayed = dump_payloads(show, keys, again, flags) if flows else 0
        assert replayed == files
        if not path.name.startswith("odd_"):  # headers there announce bytes that were never captured
            assert contents(again) == contents(tmp_path / f"{compared}-run"), path.name
        dumped += files
        compared += count
    assert compared > 100
    assert dumped > 50


def contents(folder: Path) -> dict[str, bytes]:
    """Files of a folder; none if it is not there."""
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*")}


@pytest.mark.skipif(shutil.which("tshark") is None, reason="no tshark to compare with")
def test_tshark_finds_the_same_packets(exercise: Analysis, tmp_path: Path) -> None:
    flows = exercise.flows["flowInd"][exercise.flows.filter("port(21)")]
    exercise.extract(flows, tmp_path / "x.pcap")
    fields = [
        "-T",
        "fields",
        "-e",
        "frame.time_epoch",
        "-e",
        "frame.len",
        "-e",
        "tcp.seq_raw",
        "-e",
        "tcp.payload",
    ]

    def shown(*words: str | Path) -> str:
        done = subprocess.run(
            ["tshark", "-n", *map(str, words), *fields], capture_output=True, text=True, check=True
        )
        return done.stdout

    expected = shown("-r", EXERCISE, "-Y", "tcp.port == 21")
    assert shown("-r", tmp_path / "x.pcap") == expected != ""
