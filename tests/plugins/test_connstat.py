"""connStat beside a plain model: real captures, the sample, made conversations that end and begin again."""

import random
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from t2tui.core.layout import RELEASED
from t2tui.plugins.base import Run
from t2tui.plugins.connstat import ConnStat
from tests.golden.runs import needs_golden
from tests.plugins.connstat_model import NAMES, Flow, Model
from tests.plugins.frames import ACK, SYN, datagram, ethernet, ip, save, tcp
from tests.plugins.runs import SAMPLE, Row, Written, plain_captures, run

PLUGINS = ("basicStats", "connStat")
TIMEOUT = 182
Make = Callable[..., NDArray[Any]]
ZEROS = dict.fromkeys(NAMES, "0")


def flow_of(row: Row) -> Flow:
    is_reply = int(row["flowStat"], 16) & 1 == 1
    return Flow(row["srcIP"], row["dstIP"], int(row["srcPort"] or 0), int(row["dstPort"] or 0), is_reply)


def key_of(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in ("flowInd", "srcIP", "srcPort", "dstIP", "dstPort", "l4Proto"))


def nanoseconds(time: str) -> int:
    seconds, fraction = time.split(".")
    return int(seconds) * 10**9 + int(fraction)


def replay(written: Written, forgets: bool = True) -> tuple[Model, list[dict[str, str]]]:
    """The columns of all flows, in the order of the flow file.

    Flows without TCP states end with their opposite one, before the first packet that comes more than TIMEOUT
    seconds after their last one.
    """
    last: dict[str, int] = {}
    for row in written.flows:
        last[row["flowInd"]] = max(last.get(row["flowInd"], 0), nanoseconds(row["timeLast"]))
    waiting = list(enumerate(written.flows))
    model = Model(forgets)
    values: list[dict[str, str]] = [{} for _ in written.flows]
    begun: set[tuple[str, ...]] = set()

    def end(place: int, row: Row) -> None:
        values[place] = dict(ZEROS) if row["srcIP"] == "-" else model.end(flow_of(row))

    for packet in written.packets:
        time = nanoseconds(packet["time"])
        while waiting and last[waiting[0][1]["flowInd"]] + TIMEOUT * 10**9 < time:
            end(*waiting.pop(0))
        if packet["srcIP"]:
            flow = flow_of(packet)
            if key_of(packet) not in begun:
                begun.add(key_of(packet))
                model.begin(flow)
            model.packet(flow, 0 if packet["l7Len"] == "" else int(packet["l7Len"]))
    for place, row in waiting:
        end(place, row)
    return model, values


def assert_like_model(written: Written, forgets: bool = True) -> Model:
    model, expected = replay(written, forgets)
    assert [{name: row[name] for name in NAMES} for row in written.flows] == expected
    if model.most["asks"]:
        sources, targets, pairs, ports = (model.most[name] for name in ("asks", "asked", "pairs", "ports"))
        lines = [
            f"Number of unique source IPs: {sources}",
            f"Number of unique destination IPs: {targets}",
            f"Number of unique source/destination IPs connections: {pairs}",
            f"Max unique number of source IP / destination port connections: {ports}",
            f"IP connF=connSipDprt/connSip: {ports / sources:f}",
            f"IP connG=connSipDprt/connSipDip: {ports / pairs:f}",
        ]
        report = [line.partition("connStat: ")[2] for line in written.report if line.startswith("connStat: ")]
        assert report[:6] == lines
        most = [max(int(values[name]) for values in expected) for name in ("connNumPCnt", "connNumBCnt")]
        assert len(report) == 8 + sum(count > 0 for count in most)
        for line, count in zip(report[8:], most, strict=False):
            assert f": {count} " in line
    return model


@needs_golden
def test_real_captures_have_the_columns_of_the_model(tmp_path: Path) -> None:
    captures = plain_captures(lambda path: run(path, tmp_path / "out", PLUGINS), most_bytes=15_000)
    seen = 0
    for _, written in islice(captures, 60):
        times = [nanoseconds(packet["time"]) for packet in written.packets]
        if times == sorted(times):
            assert_like_model(written)
            seen += 1
    assert seen > 40


def test_the_sample_has_the_columns_of_the_model(tmp_path: Path) -> None:
    written = run(SAMPLE, tmp_path / "out", PLUGINS)
    assert_like_model(written)
    text = "\n".join(written.report)
    assert "connStat: Source IP with max connections: 192.168.1.105: 3 connections\n" in text
    assert "connStat: Biggest L3 talker: 143.166.11.10: 3112 (3.11 K) [52.73%] packets\n" in text


def talk(r: random.Random, packets: int) -> list[tuple[float, bytes]]:
    """Few hosts and ports, so that everything meets again; pauses in which all flows end, and some."""
    hosts4, hosts6 = [f"10.0.0.{n}" for n in range(5)], ["::1", "::2", "fd00::1"]
    time, frames = 1000.0, []
    while len(frames) < packets:
        time += r.choice([0.01] * 40 + [60.0, 90.0, 400.0])
        hosts = hosts4 if r.random() < 0.8 else hosts6
        ends = r.choice(hosts), r.choice([5000, 5001]), r.choice(hosts), r.choice([80, 53])
        if r.random() < 0.4:
            ends = ends[2:] + ends[:2]
        payload = bytes(r.choice([0, 1, 100]))
        kind = r.random()
        if kind < 0.5:
            frames.append((time, tcp(ends, r.choice([SYN, ACK, SYN | ACK]), payload=payload)))
        elif kind < 0.9:
            frames.append((time, datagram(ends, payload)))
        elif kind < 0.95:
            frames.append((time, ip("10.0.0.1", "10.0.0.2", 1, b"\x08\0\0\0\0\1\0\1")))
        else:
            frames.append((time, ethernet(bytes(46), 0x88B5)))
    return frames


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("forgets", [True, False])
def test_made_conversations_have_the_columns_of_the_model(tmp_path: Path, seed: int, forgets: bool) -> None:
    capture = save(tmp_path / "made.pcap", talk(random.Random(seed), 400))
    settings = {"connStat.CS_HSDRM": int(forgets)}
    written = run(capture, tmp_path / "out", PLUGINS, settings, batch_packets=(8192, 7)[seed % 2])
    model = assert_like_model(written, forgets)
    assert model.most["asks"] > 5
    if forgets:
        assert not any(model.pairs.values())


def test_a_counter_is_taken_over_with_its_contents(tmp_path: Path) -> None:
    """What the reference does: a slot that a new request takes is not cleared."""
    frames = [(1000.0 + n, datagram(("10.0.0.1", 5000, "10.0.0.2", 53), b"12345")) for n in range(3)]
    frames.append((2000.0, datagram(("10.0.0.3", 5000, "10.0.0.4", 53), b"1")))
    written = run(save(tmp_path / "made.pcap", frames), tmp_path / "out", PLUGINS)
    assert [(row["connNumPCnt"], row["connNumBCnt"]) for row in written.flows] == [("3", "15"), ("4", "16")]


@pytest.mark.parametrize(("flag", "words"), [("CS_SDIPMAX", "with max connections"), ("CS_PBNMAX", "talker")])
def test_flags_leave_lines_of_the_report_out(tmp_path: Path, flag: str, words: str) -> None:
    capture = save(tmp_path / "made.pcap", [tcp(("8.8.8.8", 5000, "10.0.0.2", 80), SYN)])
    for value in (0, 1):
        written = run(capture, tmp_path / f"out{value}", ("connStat",), {f"connStat.{flag}": value})
        assert any(words in line for line in written.report) == bool(value)


def test_a_capture_without_ip_has_zeros_and_no_report(tmp_path: Path) -> None:
    written = run(save(tmp_path / "made.pcap", [ethernet(bytes(46), 0x88B5)]), tmp_path / "out", PLUGINS)
    assert [{name: row[name] for name in NAMES} for row in written.flows] == [ZEROS]
    assert not [line for line in written.report if line.startswith("connStat:")]


# ------------------------------------------------------------------ full tables


def churn(run: Run, make_packets: Make, hosts: int, status: int) -> list[tuple[int, ...]]:
    """One flow after the other in the same slot, each from another host to one server; what they show."""
    plugin = run.plugins["connStat"]
    flows = run.flows.records
    packets = make_packets([0], isNew=1, pktLen=10)
    ended = np.zeros(1, RELEASED)
    shown = []
    for host in range(hosts):
        flows[0]["srcLo"], flows[0]["dstLo"], flows[0]["dstPort"] = 1000 + host, 1, 80
        flows[0]["flowStat"] = status
        run.released = ended[:0]
        plugin.on_packets(packets, np.zeros(0, np.uint8))
        run.released = ended
        plugin.on_released(ended["slot"])
        shown.append(tuple(int(plugin.connections[0][name]) for name in NAMES[:4]))
    return shown


def test_living_flows_are_counted_however_many_hosts_there_were(
    make_run: Callable[..., Run], make_packets: Make
) -> None:
    run = make_run(ConnStat())
    assert set(churn(run, make_packets, 1000, status=1)) == {(1, 1, 1, 1)}  # senders of answers keep counters
    forgotten = 1000 - 2 * run.slots
    assert any(f"Counts of {forgotten} idle addresses" in line for line in run.plugins["connStat"].report())


def test_flows_that_find_a_table_full_have_zeros(make_run: Callable[..., Run], make_packets: Make) -> None:
    run = make_run(ConnStat(SimpleNamespace(CS_HSDRM=0, CS_SDIPMAX=0, CS_PBNMAX=0)))
    room = 4 * run.slots - 1  # the server is an address, too
    shown = churn(run, make_packets, room + 50, status=0)
    assert shown == [(1, n + 1, 1, 1) for n in range(room)] + [(0, 0, 0, 0)] * 50
    assert any("50 flows not counted" in line for line in run.plugins["connStat"].report())
