"""``t2tui extract``: packets of selected flows, read back by others."""

import gzip
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import dpkt
import pytest

from tests.cli.conftest import many_flows, pcap, udp
from tests.conftest import ENVIRONMENT
from tests.core.captures import EXERCISE
from tests.saved import read

Program = Callable[..., CompletedProcess[str]]


@pytest.fixture
def exercise(tmp_path: Path) -> Path:
    path = tmp_path / "exercise.pcap"
    path.write_bytes(gzip.decompress(EXERCISE.read_bytes()))
    return path


def frames(path: Path) -> list[bytes]:
    """Frames of a capture, by dpkt."""
    with path.open("rb") as file:
        return [frame for _, frame in dpkt.pcap.Reader(file)]


def of_port(path: Path, port: int, side: str = "sd") -> list[bytes]:
    """Frames of a capture with this TCP or UDP port, by dpkt: as source, destination, or either."""
    found = []
    for frame in frames(path):
        ip = dpkt.ethernet.Ethernet(frame).data
        if isinstance(ip, dpkt.ip.IP) and isinstance(ip.data, dpkt.tcp.TCP | dpkt.udp.UDP):
            ports = {"s": ip.data.sport, "d": ip.data.dport}
            if port in [ports[each] for each in side]:
                found.append(frame)
    return found


@pytest.mark.parametrize("port", [21, 25, 80])
def test_packets_are_those_that_dpkt_finds(t2tui: Program, exercise: Path, tmp_path: Path, port: int) -> None:
    done = t2tui("extract", f"port({port})", exercise, "-w", "out.pcap")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    expected = of_port(exercise, port)
    assert frames(tmp_path / "out.pcap") == expected
    assert f"{len(expected):,} packets of" in done.stderr


def test_directions(t2tui: Program, exercise: Path, tmp_path: Path) -> None:
    for direction, side in (("A", "d"), ("B", "s")):
        target = f"{direction}.pcap"
        assert t2tui("extract", "port(21)", exercise, "-w", target, "-d", direction).returncode == 0
        assert frames(tmp_path / target) == of_port(exercise, 21, side)


def test_compressed_captures_give_the_same(t2tui: Program, exercise: Path, tmp_path: Path) -> None:
    assert t2tui("extract", "port(25)", exercise, "-w", "a.pcap").returncode == 0
    assert t2tui("extract", "port(25)", EXERCISE, "-w", "b.pcap").returncode == 0
    assert (tmp_path / "a.pcap").read_bytes() == (tmp_path / "b.pcap").read_bytes()
    done = t2tui("run", exercise, "-w", "x", "-q")
    assert done.returncode == 0
    flows = [line.split("\t") for line in (tmp_path / "x_flows.txt").read_text().splitlines()]
    place = flows[0].index("dstPort")
    (tmp_path / "list").write_text("".join(f"{row[1]}\n" for row in flows if row[place] == "25"))
    assert t2tui("run", exercise, "-e", "list", "-w", "x", "-q").returncode == 0
    assert read(tmp_path / "a.pcap") == read(tmp_path / "list_pcapd.pcap")


def test_columns_of_plugins_that_are_not_active(t2tui: Program, exercise: Path, tmp_path: Path) -> None:
    done = t2tui("extract", "$tcpMSS == 1460 && $tcpWinStat == 1", exercise, "-w", "out.pcap")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"exercise.pcap", "out.pcap"}
    done = t2tui("extract", "$icmpStat == 1", exercise, "-w", "no.pcap")
    assert (done.returncode, "plugin icmpDecode, which is not there" in done.stderr) == (2, True)


def test_a_lone_reply_is_side_a_as_its_row_says(t2tui: Program, tmp_path: Path) -> None:
    """A datagram from port 53 to a higher one is a reply; without query its row is A."""
    datagram = dpkt.udp.UDP(sport=53, dport=4000, data=b"reply")
    datagram.ulen = len(datagram)
    packet = dpkt.ip.IP(src=b"\x0a\0\0\2", dst=b"\x0a\0\0\1", p=17, data=datagram)
    packet.len = len(packet)
    content = pcap([bytes(dpkt.ethernet.Ethernet(data=packet)), udp(1000)])
    (tmp_path / "in.pcap").write_bytes(content)
    (tmp_path / "in.pcap.gz").write_bytes(gzip.compress(content))
    for name in ("in.pcap", "in.pcap.gz"):
        done = t2tui("extract", "$srcPort == 53", name, "-w", "a.pcap", "-d", "A", "--force")
        assert done.returncode == 0, done.stderr
        assert frames(tmp_path / "a.pcap") == of_port(tmp_path / "in.pcap", 4000)
        done = t2tui("extract", "$srcPort == 53", name, "-w", "b.pcap", "-d", "B")
        assert (done.returncode, "no packets of B" in done.stderr) == (1, True)
        assert not (tmp_path / "b.pcap").exists()


def test_standard_output(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    done = t2tui("extract", "sport(1000)", capture, "-w", "-", text=False)
    assert done.returncode == 0
    (tmp_path / "out.pcap").write_bytes(done.stdout)
    assert frames(tmp_path / "out.pcap") == [udp(1000)] * 2


def test_no_capture_on_a_terminal(terminal: Callable[..., object], capture: Path) -> None:
    shown = terminal("extract", "udp()", capture, "-w", "-")
    assert shown.finish() == 2  # type: ignore[attr-defined]
    assert "send it to a file or a pipe" in shown.text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["port(9)", "three.pcap", "-w", "new"], 1, "none of 2 flows matches"),
        (["prot(9)", "three.pcap", "-w", "new"], 2, "did you mean proto"),
        (["$dstPrt == 9", "three.pcap", "-w", "new"], 2, "did you mean dstPort"),
        (["udp()", "-", "-w", "new"], 2, "standard input can be read only once"),
        (["udp()", "/dev/null", "-w", "new"], 2, "'/dev/null' can be read only once"),
        (["udp()", "three.pcap", "three.pcap", "-w", "new"], 2, "Give one capture"),
        (["udp()", "three.pcap", "-w", "three.pcap", "--force"], 1, "is the capture that is read"),
        (["udp()", "three.pcap", "-w", "old"], 1, "'old' exists; --force replaces it"),
        (["udp()", "three.pcap", "-w", "."], 2, "is a folder"),
        (["udp()", "none.pcap", "-w", "new"], 1, "none.pcap"),
        (["udp()", "old", "-w", "new"], 1, "not a valid PCAP"),
        (["udp()", "three.pcap", "-w", "new", "-p", "nonsense"], 2, "no plugin 'nonsense'"),
        (["udp()", "three.pcap", "-w", "new", "-D", "pcapd.PD_TSHFT=1"], 2, "packets stay as they are"),
        (["udp()", "three.pcap", "-w", "old/new"], 1, "old/new"),
        (["udp()", "three.pcap"], 2, "Missing option '-w'"),
    ],
)
def test_what_cannot_be_done_leaves_everything_as_it_was(
    t2tui: Program, capture: Path, tmp_path: Path, words: list[str], code: int, text: str
) -> None:
    (tmp_path / "old").write_text("mine")
    done = t2tui("extract", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert text in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"old", "three.pcap"}
    assert (tmp_path / "old").read_text() == "mine"


@pytest.mark.parametrize("command", ["extract", "dump"])
def test_cut_captures_give_what_can_be_read_and_a_warning(
    t2tui: Program, capture: Path, tmp_path: Path, command: str
) -> None:
    (tmp_path / "cut.pcap").write_bytes(capture.read_bytes()[:-3])
    done = t2tui(command, "udp()", "cut.pcap", "-w", "out")
    assert done.returncode == 0
    assert done.stderr.count("[WRN] pcap_dispatch failed: truncated dump file") == 1
    if command == "extract":
        assert frames(tmp_path / "out") == [udp(1000)] * 2


BROKEN = """
from t2tui.plugins.callbacks import CallbackPlugin


class Broken(CallbackPlugin):
    name = "broken"
    number = 500
    summary = "a test"

    def on_layer4(self, packet, flow):
        raise RuntimeError("no luck")
"""


def test_a_plugin_that_fails_ends_it(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    (tmp_path / "500_broken.py").write_text(BROKEN)
    done = t2tui("extract", "udp()", capture, "-w", "out", "-p", "basicFlow,broken", "--plugin-dir", ".")
    assert (done.returncode, "broken: " in done.stderr, "no luck" in done.stderr) == (1, True, True)
    assert not (tmp_path / "out").exists()


def test_force_replaces_a_file(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    (tmp_path / "old").write_text("mine")
    assert t2tui("extract", "udp()", capture, "-w", "old", "--force").returncode == 0
    assert len(read(tmp_path / "old").packets) == 3


def test_empty_expressions_take_all_flows(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    assert t2tui("extract", "", capture, "-w", "all.pcap").returncode == 0
    assert read(tmp_path / "all.pcap").packets == read(capture).packets


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("command", ["extract", "dump"])
def test_a_signal_leaves_nothing_behind(
    tmp_path: Path, number: signal.Signals, code: int, command: str
) -> None:
    (tmp_path / "many.pcap").write_bytes(many_flows(400_000))
    words = [sys.executable, "-m", "t2tui", command, "udp()", "many.pcap", "-w", "out", "--hash-factor", "2"]
    with subprocess.Popen(words, cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not _reads(process.pid, "many.pcap"):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.01)
        process.send_signal(number)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    assert [path.name for path in tmp_path.iterdir()] == ["many.pcap"]


def _reads(process: int, name: str) -> bool:
    """Whether a process has a file open."""
    folder = Path(f"/proc/{process}/fd")
    if not folder.exists():
        pytest.skip("no /proc here that tells which files a process has open")
    try:
        return any(each.readlink().name == name for each in folder.iterdir())
    except OSError:  # closed meanwhile
        return False
