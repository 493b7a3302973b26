"""What a terminal shows, in a pseudo-terminal."""

import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal, many_flows, pcap, udp

InTerminal = Callable[..., Terminal]


def test_a_file_shows_bar_and_percent_in_one_line_that_is_gone_in_the_end(
    terminal: InTerminal, tmp_path: Path
) -> None:
    (tmp_path / "many.pcap").write_bytes(many_flows(3000))
    shown = terminal("run", "many.pcap", stdout=subprocess.DEVNULL)
    assert shown.finish() == 0
    lines = [part for part in re.split(r"\r", shown.text) if "Compiling" not in part]
    assert any(
        re.match(r"\[#{20}\]  100%  \d+ kB of \d+ kB  .*packets/s  3,000 flows", line) for line in lines
    )
    assert "\n" not in shown.text
    assert lines[-1] == "\x1b[K"


def test_a_pipe_shows_bytes_rate_and_running_time(terminal: InTerminal) -> None:
    shown = terminal("run", "-", "-w", "live", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert shown.process.stdin is not None
    shown.process.stdin.write(pcap([udp(1), udp(2)]))
    shown.process.stdin.flush()
    shown.read_until("2 flows  0:01")
    assert "%" not in shown.text
    shown.process.stdin.close()
    assert shown.finish() == 0


@pytest.mark.parametrize("words", [["--quiet"], ["-q"]])
def test_quiet_shows_nothing(terminal: InTerminal, capture: Path, words: list[str]) -> None:
    shown = terminal("run", capture, *words)
    assert shown.finish() == 0
    assert shown.text == ""


def test_the_report_is_coloured_and_not_mixed_with_the_progress(terminal: InTerminal, capture: Path) -> None:
    shown = terminal("run", capture)
    assert shown.finish() == 0
    assert "\x1b[1;34m[INF]\x1b[0m \x1b[0;34mIPv4 flows\x1b[0m\r\n" in shown.text
    assert "\x1b[1mbasicStats:\x1b[0m " in shown.text
    plain = re.sub(r"\r[^\r\n]*\x1b\[K", "", shown.text).replace("\r\x1b[K", "")
    assert "packets/s  " not in plain


@pytest.mark.parametrize(
    ("words", "environment"), [(["--color", "never"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})]
)
def test_colour_can_be_switched_off(
    terminal: InTerminal, capture: Path, words: list[str], environment: dict[str, str]
) -> None:
    shown = terminal("run", capture, *words, env=environment, stderr=subprocess.DEVNULL)
    assert shown.finish() == 0
    assert "Number of processed packets: 3" in shown.text
    assert "\x1b" not in shown.text


def test_colour_can_be_had_without_a_terminal(
    t2tui: Callable[..., subprocess.CompletedProcess[str]], capture: Path
) -> None:
    assert "\x1b[1;34m[INF]" in t2tui("run", capture, "--color", "always").stdout
    assert "\x1b[1;31m[ERR]" in t2tui("--color", "always", "run", "no.pcap").stderr


def test_a_hostile_name_does_not_reach_the_terminal(
    terminal: InTerminal, capture: Path, tmp_path: Path
) -> None:
    name = "a\x1b]0;title\x07\u202e.pcap"
    capture.rename(tmp_path / name)
    shown = terminal("run", name, "-w", "out")
    assert shown.finish() == 0
    assert "Processing file: a\\x1b]0;title\\x07\\u202e.pcap" in shown.text
    assert "\x1b]" not in shown.text
    assert "\u202e" not in shown.text


def test_an_interrupted_run_says_so_on_a_line_of_its_own(terminal: InTerminal) -> None:
    shown = terminal("run", "-", "-w", "live", stdin=subprocess.PIPE)
    assert shown.process.stdin is not None
    shown.process.stdin.write(pcap([udp(1)]))
    shown.process.stdin.flush()
    shown.read_until("1 flows")
    shown.process.send_signal(signal.SIGINT)
    assert shown.finish() == 130
    assert re.search(r"\r\x1b\[K\x1b\[1;33m\[WRN\]\x1b\[0m \x1b\[0;33mInterrupted", shown.text)
    assert "Number of processed packets: 1" in shown.text
