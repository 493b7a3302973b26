"""The exercise capture as flows: numbers of conversations, time-outs, the printed flow lines."""

from functools import reduce
from operator import or_

import numpy as np
import pytest
from exercise_model import Flow, Flows
from exercise_reader import Packet

FTP, SMTP = 21, 25


@pytest.fixture(scope="module")
def plain(packets: list[Packet]) -> Flows:
    """Without TCP states: 182 s for all."""
    return Flows(tcp_states=False).analyse(packets)


@pytest.fixture(scope="module")
def stateful(packets: list[Packet]) -> Flows:
    """With TCP states."""
    return Flows(tcp_states=True).analyse(packets)


def direction(flows: Flows, index: int, letter: str) -> Flow:
    """Return one direction of a conversation."""
    (flow,) = [flow for flow in flows.flows if flow.index == index and flow.is_b is (letter == "B")]
    return flow


def test_73_flows_without_tcp_states(plain: Flows) -> None:
    """37 directions were seen first; the last is an answer without request."""
    assert len(plain.flows) == 73
    assert len({flow.index for flow in plain.flows}) == 37
    (lone,) = [flow for flow in plain.flows if flow.opposite is None]
    assert (lone.index, lone.is_b) == (37, True)
    assert [packet.number for packet in lone.packets] == [5902]
    assert not lone.packets[0].payload


def test_packets_and_bytes_go_by_the_side_bit(plain: Flows) -> None:
    sides = [
        [packet for flow in plain.flows if flow.is_b is side for packet in flow.packets]
        for side in (False, True)
    ]
    assert [len(side) for side in sides] == [1_986, 3_916]
    assert [sum(len(packet.frame) for packet in side) for side in sides] == [209_315, 4_784_099]


def test_72_flows_with_tcp_states(stateful: Flows) -> None:
    """The last packet, 306 s after the one before it, still belongs to the established conversation 35."""
    assert len(stateful.flows) == 72
    assert direction(stateful, 35, "B").packets[-1].number == 5902
    assert all(flow.opposite for flow in stateful.flows)


def test_18_flows_at_a_time(plain: Flows, stateful: Flows) -> None:
    assert (plain.peak, stateful.peak) == (18, 18)


def test_tcp_anomalies(stateful: Flows) -> None:
    assert reduce(or_, (flow.anomalies for flow in stateful.flows)) == 0x4A
    assert direction(stateful, 36, "A").anomalies == 0x42


def test_ports_of_the_conversations(plain: Flows) -> None:
    ports = {flow.index: flow.packets[0].target[1] for flow in plain.flows if not flow.is_b}
    assert {index for index, port in ports.items() if port == SMTP} == set(range(12, 33))
    assert {index for index, port in ports.items() if port == FTP} == {35}
    assert ports[36] == 64334
    assert {port for index, port in ports.items() if index < 12 or index in (33, 34)} == {80}


def test_44_flows_of_the_mail_and_ftp_ports_have_payload(plain: Flows) -> None:
    dumped = {
        f"{flow.index}_{'AB'[flow.is_b]}"
        for flow in plain.flows
        if {flow.packets[0].source[1], flow.packets[0].target[1]} & {FTP, SMTP}
        and any(packet.payload for packet in flow.packets)
    }
    assert dumped == {f"{index}_{letter}" for index in (*range(12, 33), 35) for letter in "AB"}
    assert len(dumped) == 44


@pytest.mark.parametrize(
    ("index", "letter", "first", "last", "source", "target"),
    [
        (12, "A", 1258563573_941668, 1258563576_594009, ("192.168.1.103", 1397), ("192.168.1.1", 25)),
        (12, "B", 1258563573_941709, 1258563576_594045, ("192.168.1.1", 25), ("192.168.1.103", 1397)),
        (13, "A", 1258565030_304653, 1258565030_420837, ("192.168.1.103", 1749), ("192.168.1.1", 25)),
        (13, "B", 1258565030_304696, 1258565030_420877, ("192.168.1.1", 25), ("192.168.1.103", 1749)),
        (14, "A", 1258565174_919134, 1258565175_037809, ("192.168.1.103", 1755), ("192.168.1.1", 25)),
        (14, "B", 1258565174_919179, 1258565175_037828, ("192.168.1.1", 25), ("192.168.1.103", 1755)),
        (32, "B", 1258583614_298161, 1258583615_323218, ("192.168.1.1", 25), ("192.168.1.102", 1911)),
        (35, "A", 1258594162_928342, 1258594185_618346, ("192.168.1.105", 49329), ("143.166.11.10", 21)),
        (35, "B", 1258594163_008594, 1258594185_427515, ("143.166.11.10", 21), ("192.168.1.105", 49329)),
        (36, "A", 1258594163_408285, 1258594191_015208, ("192.168.1.105", 49330), ("143.166.11.10", 64334)),
        (37, "B", 1258594491_683288, 1258594491_683288, ("143.166.11.10", 21), ("192.168.1.105", 49329)),
    ],
)
def test_printed_flow_lines(
    plain: Flows,
    index: int,
    letter: str,
    first: int,
    last: int,
    source: tuple[str, int],
    target: tuple[str, int],
) -> None:
    flow = direction(plain, index, letter)
    assert (flow.packets[0].time, flow.packets[-1].time) == (first, last)
    assert (flow.packets[0].source, flow.packets[0].target) == (source, target)


def test_mail_and_control_flows_last_less_than_100_seconds(plain: Flows) -> None:
    """The printed listing has a column of nine characters for their duration."""
    for flow in plain.flows:
        if 12 <= flow.index <= 32 or flow.index == 35:
            assert flow.packets[-1].time - flow.packets[0].time < 100_000_000


def pause_statistics(times: list[int]) -> tuple[np.float32, np.float32, np.float32]:
    """Return largest, mean and deviation of the pauses, accumulated in single precision.

    The first packet counts as a pause of 0; the deviation is from the mean of the packets before.
    """
    single = np.float32
    largest, mean, variance = single(0), single(0), single(0)
    last = times[0]
    for n, time in enumerate(times, 1):
        seconds = single(time // 1_000_000 - last // 1_000_000)
        nanoseconds = single((time % 1_000_000 - last % 1_000_000) * 1000)
        pause = single(float(seconds) + float(nanoseconds) / 1e9)
        last = time
        largest = max(largest, pause)
        apart = pause - mean
        mean = mean + apart / single(n)
        variance = variance + (apart * apart - variance) / single(n)
    return largest, mean, single(np.sqrt(float(variance)))


def test_transfer_as_printed(plain: Flows) -> None:
    a, b = direction(plain, 36, "A"), direction(plain, 36, "B")
    assert (len(a.packets), len(b.packets)) == (1_514, 3_101)
    assert sum(len(packet.payload) for packet in a.packets) == 0
    assert sum(len(packet.payload) for packet in b.packets) == 4_268_858
    assert (a.packets[0].ttl, a.packets[0].window) == (128, 8192)
    duration = np.float32((a.packets[-1].time - a.packets[0].time) / 1e6)
    assert f"{np.float32(1514) / duration:.7g}" == "54.84132"
    assert f"{np.float32(1514 - 3101) / np.float32(1514 + 3101):.7g}" == "-0.3438787"
    printed = [f"{value:.7g}" for value in pause_statistics([packet.time for packet in a.packets])]
    assert printed == ["5.58724", "0.01823444", "0.1478493"]


def test_zero_windows(packets: list[Packet], plain: Flows) -> None:
    sent = direction(plain, 36, "A").packets
    zero = [position for position, packet in enumerate(sent) if packet.window == 0]
    assert len(zero) == 4
    assert len(sent) - zero[0] == 1_467
    assert f"{np.float32(4) / np.float32(len(sent)):.7g}" == "0.002642008"
    others = [packet for packet in packets if packet.window == 0 and packet not in sent]
    assert others == [], "the printed counts are for the whole capture"
