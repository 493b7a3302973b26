"""The program in a real pseudo-terminal: start, live fill, quit; and what hostile captures cannot do."""

import os
import re
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import dpkt
import pytest

from tests.cli.conftest import pcap, udp
from tests.conftest import ENVIRONMENT
from tests.tui.conftest import EXERCISE
from tests.tui.terminals import Screen

QUIT = "\x11"
STOP = "\x18"


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Callable[..., Screen]]:
    started: list[Screen] = []

    def start(*words: str | Path, **more: object) -> Screen:
        started.append(Screen(tmp_path, *map(str, words), **more))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for each in started:
        each.close()


def test_a_capture_opens_and_the_program_quits(screen: Callable[..., Screen]) -> None:
    shown = screen(EXERCISE, width=160, height=48)
    place = shown.wait_for("complete")
    shown.press("/$dstPort == 21")
    shown.press("\r")
    shown.wait_for("143.166.11.10:21", place)
    shown.press(QUIT)
    assert shown.finish() == 0
    assert shown.output.rstrip().endswith(b"\x1b[?1049l") or b"\x1b[?1049l" in shown.output[-200:]


def test_payload_and_packets_are_written(screen: Callable[..., Screen], tmp_path: Path) -> None:
    shown = screen(EXERCISE, width=120, height=40)
    place = shown.wait_for("complete")
    shown.press("/$dstPort == 21\r")
    place = shown.wait_for("1 of 72", place)
    for key, heading, where in (
        ("x", "Extract pcap", "exercise_flow_35.pcap"),
        ("d", "Dump payload", "exercise_flow_35_payload"),
    ):
        shown.press(key)
        place = shown.wait_for("Will be written", shown.wait_for(heading, place))
        shown.settle()
        shown.press("\r")
        place = shown.wait_for("✓", place)
        shown.settle()
        shown.press("\r")
        shown.settle()
        assert (tmp_path / where).exists()
    shown.press(QUIT)
    assert shown.finish() == 0
    with (tmp_path / "exercise_flow_35.pcap").open("rb") as file:
        ports = {
            frozenset((frame.data.data.sport, frame.data.data.dport))
            for frame in (dpkt.ethernet.Ethernet(data) for _, data in dpkt.pcap.Reader(file))
        }
    assert ports == {frozenset((49329, 21))}
    names = sorted(path.name for path in (tmp_path / "exercise_flow_35_payload").glob("[!.]*"))
    assert names == ["35_A", "35_B"]


@pytest.mark.parametrize("environment", [{}, {"T2TUI_TEST_NOHUP": "1"}], ids=["told", "not-told"])
def test_the_program_ends_with_its_terminal(
    screen: Callable[..., Screen], environment: dict[str, str]
) -> None:
    shown = screen(EXERCISE, **environment)
    shown.wait_for("complete")
    assert shown.vanish() == 128 + signal.SIGHUP


def test_a_program_that_is_told_to_end_leaves_the_terminal_as_it_was(screen: Callable[..., Screen]) -> None:
    shown = screen(EXERCISE)
    shown.wait_for("complete")
    shown.process.terminate()
    assert shown.finish() == 128 + signal.SIGTERM
    assert b"\x1b[?1049l" in shown.output[-200:]


def test_options_are_those_of_run(screen: Callable[..., Screen], tmp_path: Path) -> None:
    for name, ports in (("one.pcap", (1, 2, 3)), ("two.pcap", (3, 4))):
        (tmp_path / name).write_bytes(pcap([udp(port) for port in ports]))
    words = ("--bpf", "udp src portrange 2-4", "-p", "basicFlow", "-D", "basicFlow.BFO_MAC=0")
    shown = screen("one.pcap", "two.pcap", *words, width=160, height=48)
    shown.wait_for("one.pcap and 1 more")
    shown.wait_for("l4Proto", shown.wait_for("4 packets"))
    assert "srcMac" not in shown.text
    assert "ethType" in shown.text
    shown.press(QUIT)
    assert shown.finish() == 0


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("-p", "nonsense"), "no plugin 'nonsense'"),
        (("-D", "basicFlow.NOPE=1"), "NOPE"),
        (("--config", "missing.toml"), "missing.toml"),
    ],
)
def test_wrong_options_are_errors_before_the_screen_changes(
    screen: Callable[..., Screen], words: tuple[str, ...], error: str
) -> None:
    shown = screen(EXERCISE, *words)
    assert shown.finish() != 0
    assert error in shown.text
    assert b"\x1b[?1049h" not in shown.output


def test_a_wrong_filter_of_packets_is_a_state(screen: Callable[..., Screen]) -> None:
    shown = screen(EXERCISE, "--bpf", "nonsense", width=160)
    shown.wait_for("failed")
    shown.press(QUIT)
    assert shown.finish() == 0


def test_a_pipe_fills_the_table_and_can_be_stopped(screen: Callable[..., Screen]) -> None:
    theirs, ours = os.pipe()
    shown = screen("-", stdin=theirs)
    os.close(theirs)
    head = pcap([])
    packets = pcap([udp(number) for number in range(1, 300)])[len(head) :]
    os.write(ours, head + packets[: len(packets) // 2])
    place = shown.wait_for("waiting for the pipe")
    os.write(ours, packets[len(packets) // 2 :])
    shown.wait_for("299 packets", place)
    shown.press(STOP)
    place = shown.wait_for("Stop reading?")
    shown.press("y")
    shown.wait_for("partial", place)
    shown.wait_for("299 flows", place)
    shown.press(QUIT)
    assert shown.finish() == 0
    os.close(ours)


def test_a_pipe_that_says_nothing_can_be_left(screen: Callable[..., Screen]) -> None:
    theirs, ours = os.pipe()
    shown = screen("-", stdin=theirs)
    os.close(theirs)
    shown.wait_for("standard input")
    shown.press(QUIT)
    assert shown.finish() == 0
    os.close(ours)


ATTACKS = (
    b"\x1b[6666;1Hx",
    b"\x1b]52;c;RVZJTA==\x07",
    b"\x1b]0;title\x1b\\",
    b"\xc2\x9b6666m",
    b"\x9b6666m",
    b"a\xe2\x80\xaeb\xe2\x80\x8bc\xe2\x81\xa6d",
    b"\xf3\xa0\x81\x81tag",
    b"[/x] [bold]b[@click=app.quit]q",
    b"\x00\x08\x0b\x0c\r\n\x7f",
)


def query(name: bytes) -> bytes:
    """A DNS query, and its frame."""
    labels = b"".join(bytes([len(part)]) + part for part in (name, b"test"))
    message = b"\0\1\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"
    datagram = dpkt.udp.UDP(sport=4000 + len(name), dport=53, data=message)
    datagram.ulen = len(datagram)
    packet = dpkt.ip.IP(src=b"\x0a\0\0\1", dst=b"\x0a\0\0\2", p=17, data=datagram)
    packet.len = len(packet)
    return bytes(dpkt.ethernet.Ethernet(src=b"\2\0\0\0\0\1", dst=b"\2\0\0\0\0\2", data=packet))


def http(name: bytes) -> bytes:
    """A request whose head has a name and a value, and its frame."""
    head = b"GET /" + name.replace(b"\r", b"").replace(b"\n", b"") + b" HTTP/1.1\r\n"
    segment = dpkt.tcp.TCP(
        sport=4000, dport=80, flags=0x18, data=head + b"Host: " + name + b"\r\n\r\n" + name
    )
    packet = dpkt.ip.IP(src=b"\x0a\0\0\1", dst=b"\x0a\0\0\2", p=6, data=segment)
    packet.len = len(packet)
    return bytes(dpkt.ethernet.Ethernet(src=b"\2\0\0\0\0\1", dst=b"\2\0\0\0\0\2", data=packet))


def test_nothing_of_a_hostile_capture_controls_the_terminal(
    screen: Callable[..., Screen], tmp_path: Path
) -> None:
    name = b"a\x1b]52;c;RVZJTA==\x07\x1b[6666;1H[@click=app.quit]\xe2\x80\xae\xc2\x9b6666m.pcap"
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(pcap([query(attack) for attack in ATTACKS])[:-3])
    shown = screen(path, "-p", "basicFlow,basicStats,tcpStates,dnsDecode", width=160, height=48)
    shown.wait_for("flows ")
    shown.settle()
    for keys in (
        "$",
        *"hhhhhhhhhhhh",
        "\r",
        "\r",
        "=",
        "\x1b",
        "!",
        "/",
        "\x1b",
        "3",
        *"nnnnnnnn\tG",
        "4",
        "5",
        "1",
        "?",
        "\x1b",
    ):
        shown.press(keys)
        shown.settle(0.15)
    for _ in range(len(ATTACKS)):
        shown.press("j=")
        shown.settle(0.1)
        shown.press("\x1b")
        shown.settle(0.1)
    shown.press(QUIT)
    assert shown.finish() == 0
    assert b"test" in shown.output
    for forbidden in (b"\x1b[6666", b"\x1b]52;c;RVZ", b"\x1b]0;title", b"\x9b6666"):
        place = shown.output.find(forbidden)
        assert place < 0, shown.output[max(0, place - 60) : place + 20]
    left = {character for character in shown.text if unicodedata.category(character) in ("Cc", "Cf", "Cs")}
    assert left <= {"\r", "\n"}, sorted(map(ascii, left))


def test_nothing_of_hostile_packets_controls_the_terminal(
    screen: Callable[..., Screen], tmp_path: Path
) -> None:
    """Names, heads and payload in the list of packets, the fields and the bytes."""
    web = [http(attack) for attack in ATTACKS]
    (tmp_path / "hostile.pcap").write_bytes(pcap([query(attack) for attack in ATTACKS] + web))
    shown = screen("hostile.pcap", width=160, height=48)
    shown.wait_for("complete")
    shown.press("2")
    shown.wait_for("18 packets of the capture")
    shown.wait_for("DNS")
    shown.press("\tGljljy")
    for _ in range(len(ATTACKS) * 2):
        shown.settle(0.1)
        shown.press("\x1b[Z" + "jy" + "\t" + "jy" + "k")
    shown.settle()
    shown.press(QUIT)
    assert shown.finish() == 0
    assert b"Host" in shown.output or b"HTTP" in shown.output
    for forbidden in (b"\x1b[6666", b"\x1b]52;c;RVZ", b"\x1b]0;title", b"\x9b6666"):
        place = shown.output.find(forbidden)
        assert place < 0, shown.output[max(0, place - 60) : place + 20]
    text = re.sub(r"\x1b\]52;c;[A-Za-z0-9+/=]*\x07", "", shown.text)  # what was copied
    left = {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs")}
    assert left <= {"\r", "\n"}, sorted(map(ascii, left))


def test_without_a_terminal_there_is_a_clear_error(
    t2tui: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    result = t2tui(EXERCISE)
    assert result.returncode == 2
    assert "needs a terminal" in result.stderr


def test_without_a_terminal_the_program_says_what_does_without_one(
    t2tui: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    result = t2tui()
    assert result.returncode == 2
    assert "'t2tui run CAPTURE' writes flow files" in result.stderr


def test_standard_input_cannot_be_the_terminal(screen: Callable[..., Screen]) -> None:
    shown = screen("-")
    assert shown.finish() == 2
    assert "pipe a capture" in shown.text


def test_a_missing_capture_is_an_error_before_the_screen_changes(screen: Callable[..., Screen]) -> None:
    shown = screen("-p", "basicFlow", "none.pcap")
    assert shown.finish() != 0
    assert b"\x1b[?1049h" not in shown.output


def test_the_dialogue_of_a_flow_is_read_searched_and_the_other_flow_saved(
    screen: Callable[..., Screen], tmp_path: Path
) -> None:
    shown = screen(EXERCISE, width=120, height=40)
    place = shown.wait_for("complete")
    shown.press("\x07")
    place = shown.wait_for("Go to flow", place)
    shown.press("35\r")
    shown.wait_for("35", place)
    shown.settle()
    shown.press("f")
    place = shown.wait_for("220 Microsoft FTP Service", place)
    shown.press("/RETR\r")
    shown.wait_for("1 of 1", place)
    shown.press("\x1b")
    shown.settle()
    shown.press("\x1b")
    shown.settle()
    shown.press("\x07")
    place = shown.wait_for("Go to flow", place)
    shown.press("36\r")
    shown.settle()
    shown.press("f")
    place = shown.wait_for("Flow 36", place)
    place = shown.wait_for("MZ", place)
    shown.press("b")
    shown.settle()
    shown.press("s")
    place = shown.wait_for("exercise_36_B.bin", place)
    shown.press("\r")
    shown.wait_for("4,255,056 bytes are saved", place)
    shown.press("\r")
    shown.settle()
    shown.press(QUIT)
    assert shown.finish() == 0
    words = ("follow", str(EXERCISE), "--flow", "36", "-d", "B", "--save", "same.bin", "-q")
    subprocess.run([sys.executable, "-m", "t2tui", *words], cwd=tmp_path, env=ENVIRONMENT, check=True)
    assert (tmp_path / "exercise_36_B.bin").read_bytes() == (tmp_path / "same.bin").read_bytes()
