"""What the program itself says about the exercise capture: the printed reports and flow lines."""

from pathlib import Path
from typing import NamedTuple

import pytest

from t2tui.core.engine import Engine, RunOptions
from t2tui.core.outputs import Outputs
from t2tui.plugins.basicflow import BasicFlow
from t2tui.plugins.basicstats import BasicStats
from t2tui.plugins.tcpstates import TcpStates
from t2tui.plugins.txtsink import TxtSink

Row = dict[str, str]


class Written(NamedTuple):
    """What a run wrote."""

    report: list[str]
    flows: list[Row]
    packets: list[Row]


def table(path: Path) -> list[Row]:
    """Return the rows of a flow or packet file by column name."""
    header, *lines = path.read_text("ascii").splitlines()
    names = header.removeprefix("%").split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


def run(folder: Path, exercise: bytes, plugins: list[object]) -> Written:
    """Analyse the capture."""
    capture = folder / "exercise.pcap"
    capture.write_bytes(exercise)
    report: list[str] = []
    with Outputs(str(folder / "out")) as outputs:
        Engine(str(capture), RunOptions(packet_mode=True, report=report.append), outputs, plugins).run()
    return Written(report, table(folder / "out_flows.txt"), table(folder / "out_packets.txt"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, exercise: bytes) -> Written:
    """Without TCP states."""
    return run(tmp_path_factory.mktemp("plain"), exercise, [BasicFlow(), TxtSink()])


@pytest.fixture(scope="module")
def stateful(tmp_path_factory: pytest.TempPathFactory, exercise: bytes) -> Written:
    """With statistics and TCP states."""
    plugins = [BasicFlow(), BasicStats(), TcpStates(), TxtSink()]
    return run(tmp_path_factory.mktemp("stateful"), exercise, plugins)


@pytest.mark.parametrize(
    "line",
    [
        "Link layer type: Ethernet [EN10MB/1]",
        "Snapshot length: 65535 (65.53 K)",
        "Dump start: 1258544215.037210000 sec (Wed 18 Nov 2009 11:36:55 GMT)",
        "Dump stop : 1258594491.683288000 sec (Thu 19 Nov 2009 01:34:51 GMT)",
        "Total dump duration: 50276.646078000 sec (13h 57m 56s)",
        "Percentage completed: 100.00%",
        "Number of processed packets: 5902 (5.90 K)",
        "Number of processed bytes: 4993414 (4.99 M)",
        "Number of raw bytes: 4993414 (4.99 M)",
        "Number of pcap bytes: 5087870 (5.09 M)",
        "Number of IPv4 packets: 5902 (5.90 K) [100.00%]",
        "Number of A packets: 1986 (1.99 K) [33.65%]",
        "Number of B packets: 3916 (3.92 K) [66.35%]",
        "Number of A bytes: 209315 (209.31 K) [4.19%]",
        "Number of B bytes: 4784099 (4.78 M) [95.81%]",
        "<A packet load>: 105.40",
        "<B packet load>: 1221.68 (1.22 K)",
        "Headers count: min: 3, max: 3, avg: 3.00",
        "Number of TCP packets: 5902 (5.90 K) [100.00%]",
        "Number of TCP bytes: 4993414 (4.99 M) [100.00%]",
        "<Bandwidth>: 792 b/s",
        "<Raw bandwidth>: 795 b/s",
        "Max number of flows in memory: 18 [0.01%]",
        "Aggregated flowStat=0x0400000000004000",
    ],
)
def test_report_of_either_run(plain: Written, stateful: Written, line: str) -> None:
    assert line in plain.report
    assert line in stateful.report


@pytest.mark.parametrize(
    "line",
    [
        "Number of processed      flows: 73",
        "Number of processed A    flows: 37 [50.68%]",
        "Number of processed B    flows: 36 [49.32%]",
        "Number of request        flows: 36 [49.32%]",
        "Number of reply          flows: 37 [50.68%]",
        "Total   A/B    flow asymmetry: 0.01",
        "Total req/rply flow asymmetry: -0.01",
        "Number of processed A+B packets/A+B flows: 80.85",
        "Number of processed A   packets/A   flows: 53.68",
        "Number of processed   B packets/  B flows: 108.78",
    ],
)
def test_report_without_tcp_states(plain: Written, line: str) -> None:
    assert line in plain.report


@pytest.mark.parametrize(
    "line",
    [
        "Number of processed      flows: 72",
        "tcpStates: Aggregated tcpStatesAFlags=0x4a",
    ],
)
def test_report_with_tcp_states(stateful: Written, line: str) -> None:
    assert line in [line.replace("\x1b[1m", "").replace("\x1b[0m", "") for line in stateful.report]


def test_transfer_flow_line(stateful: Written) -> None:
    (flow,) = [row for row in stateful.flows if (row["dir"], row["flowInd"]) == ("A", "36")]
    printed = {
        "flowStat": "0x0400000000004000",
        "timeFirst": "1258594163.408285000",
        "timeLast": "1258594191.015208000",
        "duration": "27.606923000",
        "hdrDesc": "eth:ipv4:tcp",
        "srcMac": "00:08:74:38:01:b4",
        "dstMac": "00:19:e3:e7:5d:23",
        "srcIP": "192.168.1.105",
        "srcPort": "49330",
        "dstIP": "143.166.11.10",
        "dstPort": "64334",
        "pktsSnt": "1514",
        "pktsRcvd": "3101",
        "l7BytesSnt": "0",
        "l7BytesRcvd": "4268858",
        "minL7PktSz": "0",
        "maxL7PktSz": "0",
        "avgL7PktSz": "0",
        "stdL7PktSz": "0",
        "minIAT": "0",
        "maxIAT": "5.58724",
        "avgIAT": "0.01823444",
        "stdIAT": "0.1478493",
        "pktps": "54.84132",
        "bytps": "0",
        "pktAsm": "-0.3438787",
        "bytAsm": "-1",
        "tcpStatesAFlags": "0x42",
    }
    assert {name: flow[name] for name in printed} == printed


def test_conversations_have_their_printed_numbers(plain: Written) -> None:
    ports = {int(row["flowInd"]): int(row["dstPort"]) for row in plain.flows if row["dir"] == "A"}
    assert {number for number, port in ports.items() if port == 25} == set(range(12, 33))
    assert (ports[35], ports[36], ports[37]) == (21, 64334, 49329)


def test_control_connection_in_the_packet_file(plain: Written) -> None:
    listing = Path(__file__).with_name("flow35.tsv").read_text("ascii").splitlines()[1:]
    printed = [
        (number, pause, duration, text) for number, _, _, pause, _, duration, _, text in map(split, listing)
    ]
    written = [
        (row["pktNo"], row["pktIAT"][:-3], row["flowDuration"][:-3], row["l7Content"])
        for row in plain.packets
        if row["flowInd"] == "35"
    ]
    assert written == printed


def split(line: str) -> list[str]:
    """Return the fields of a line of the listing."""
    return line.split("\t")
