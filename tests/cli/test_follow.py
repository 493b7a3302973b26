"""``t2tui follow``: what it shows and saves, and how it ends."""

import gzip
import os
import re
import shlex
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.cli.conftest import Terminal, pcap, udp
from tests.conftest import ENVIRONMENT, REPOSITORY

Program = Callable[..., CompletedProcess[str]]
EXERCISE = REPOSITORY / "sample_data" / "exercise.pcap.gz"
PAGE = REPOSITORY / "docs" / "follow.md"
HOSTILE = b"\x1b]52;c;aGk=\x07\x9b31m \xc2\x9b2J \xe2\x80\xae\0\x7f[/x]"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A datagram with what steers terminals, and another flow without payload."""
    path = tmp_path / "hostile.pcap"
    path.write_bytes(pcap([udp(1000, HOSTILE), udp(1001, b"")]))
    return path


def console() -> list[tuple[str, str]]:
    """Commands of the page and what they print."""
    text = "".join(re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))
    return [(command, output) for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.M)]


def test_examples_of_the_page(tmp_path: Path) -> None:
    program = f"{shlex.quote(sys.executable)} -m t2tui"
    commands = console()
    assert len(commands) > 5
    for command, output in commands:
        words = command.replace("/tmp/", f"{tmp_path}/")
        if words.startswith("t2tui"):
            words = program + words.removeprefix("t2tui")
        result = subprocess.run(
            ["bash", "-c", words],
            cwd=REPOSITORY,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        assert result.stdout.replace(f"{tmp_path}/", "/tmp/") == output, command


def test_text_to_a_pipe_is_safe_and_raw_bytes_only_on_request(t2tui: Program, hostile: Path) -> None:
    text = t2tui("follow", hostile, "--flow", 1).stdout
    assert {c for c in text if unicodedata.category(c).startswith("C")} == {"\n"}
    assert "[/x]" in text
    raw = t2tui("follow", hostile, "--flow", 1, "--raw", text=False)
    assert (raw.returncode, raw.stdout) == (0, HOSTILE)


def test_a_terminal_gets_colours_but_nothing_of_the_payload(
    terminal: Callable[..., Terminal], hostile: Path
) -> None:
    shown = terminal("follow", hostile, "--flow", "1")
    assert shown.finish() == 0
    assert re.sub(r"\x1b\[0(;31)?m|\r\x1b\[K|\r\n", "", shown.text).isprintable()
    assert "\x1b[0;31m" in shown.text
    refused = terminal("follow", hostile, "--flow", "1", "--raw")
    assert refused.finish() == 2
    assert "terminal" in refused.text


def test_a_flow_without_payload_is_told(t2tui: Program, hostile: Path, tmp_path: Path) -> None:
    result = t2tui("follow", hostile, "--flow", 2)
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "[WRN] Flow 2 has no payload in 1 packets\n"
    saved = t2tui("follow", hostile, "--flow", 2, "--save", "x", "--quiet")
    assert saved.returncode == 0
    assert not list(tmp_path.glob("x*"))


def test_saving_both_sides_and_one(t2tui: Program, tmp_path: Path) -> None:
    result = t2tui("follow", EXERCISE, "--flow", 35, "--save", "ftp")
    assert (result.returncode, result.stdout) == (0, "")
    assert (tmp_path / "ftp_A").read_bytes().startswith(b"USER anonymous\r\nPASS")
    assert (tmp_path / "ftp_B").read_bytes().startswith(b"220 Microsoft FTP Service\r\n331 ")
    (tmp_path / "one").write_bytes(b"older")
    refused = t2tui("follow", EXERCISE, "--flow", 35, "-d", "A", "--save", "one")
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert (tmp_path / "one").read_bytes() == b"older"
    forced = t2tui("follow", EXERCISE, "--flow", 35, "-d", "A", "--save", "one", "--force")
    assert forced.returncode == 0
    assert (tmp_path / "one").read_bytes() == (tmp_path / "ftp_A").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"one", "ftp_A", "ftp_B"}


def test_the_capture_is_never_overwritten(t2tui: Program, hostile: Path) -> None:
    before = hostile.read_bytes()
    result = t2tui("follow", hostile, "--flow", 1, "-d", "A", "--save", hostile, "--force")
    assert result.returncode == 1
    assert "it is an input of this run; choose another prefix with --save" in result.stderr
    assert hostile.read_bytes() == before


def test_standard_input_is_read_in_one_pass(t2tui: Program) -> None:
    content = gzip.decompress(EXERCISE.read_bytes())
    result = t2tui("follow", "-", "--flow", 36, "-d", "B", "--raw", text=False, input=content)
    again = t2tui("follow", EXERCISE, "--flow", 36, "-d", "B", "--raw", text=False)
    assert result.returncode == 0
    assert len(result.stdout) == 4_255_056
    assert result.stdout == again.stdout


def test_without_sequence_numbers_repetitions_are_shown(t2tui: Program) -> None:
    marks = t2tui("follow", EXERCISE, "--flow", 36, "--marks", "-f", "hex").stdout
    repeated = sum("retransmission" in line for line in marks.splitlines())
    objects = t2tui("follow", EXERCISE, "--flow", 36, "--no-seq", "-o", "json").stdout.splitlines()
    placed = t2tui("follow", EXERCISE, "--flow", 36, "-o", "json").stdout.splitlines()
    assert repeated == 10
    assert len(objects) == len(placed) + repeated
    assert '"seq":' in placed[0]
    assert '"seq":' not in objects[0]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--flow", "3"], 1, "'hostile.pcap': there is no flow 3: the capture has flows 1 to 2"),
        (["--flow", "x"], 2, "--flow"),
        ([], 2, "--flow or --filter"),
        (["--flow", "1", "--filter", "udp()"], 2, "--flow or --filter"),
        (["--filter", "udp()"], 1, "2 of 2 flows match (1, 2)"),
        (["--filter", "tcp()"], 1, "none of 2 flows matches"),
        (["--filter", "udp("], 2, "--filter: "),
        (["--flow", "1", "-o", "reconstruct"], 2, "-d A or -d B"),
        (["--flow", "1", "--raw", "-o", "json"], 2, "--raw"),
        (["--flow", "1", "--force"], 2, "--save"),
        (["--flow", "1", "-p", "basicFlo"], 2, "did you mean basicFlow"),
        (["--flow", "1", "-D", "core.NOTHING=1"], 2, "NOTHING"),
        (["--flow", "1", "--bpf", "port port"], 1, "[ERR] "),
        (["--flow", "1", "-d", "A", "--save", "no/x"], 0, "no/x"),
    ],
)
def test_what_cannot_be_done_is_told(
    t2tui: Program, hostile: Path, words: list[str], code: int, told: str
) -> None:
    result = t2tui("follow", "hostile.pcap", *words)
    assert result.returncode == code
    assert told in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("content", [None, b"", b"not a capture at all"])
def test_what_is_no_capture(t2tui: Program, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "bad.pcap").write_bytes(content)
    result = t2tui("follow", "bad.pcap", "--flow", 1)
    assert result.returncode == 1
    assert result.stderr.startswith("[ERR] ")
    assert "bad.pcap" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_reader_that_leaves(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "t2tui", "follow", str(EXERCISE), "--flow", "36", "-f", "hexdump"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        message = process.stderr.read().decode()
    assert process.returncode == 1
    assert message == "[ERR] The reader of standard output is gone\n"


def test_what_a_pipe_gave_before_an_interrupt_is_shown(tmp_path: Path, hostile: Path) -> None:
    command = [sys.executable, "-m", "t2tui", "follow", "-", "--flow", "1", "--raw"]
    reading, writing = os.pipe()
    with subprocess.Popen(
        command, stdin=reading, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT, cwd=tmp_path
    ) as process:
        os.close(reading)
        os.write(writing, hostile.read_bytes())
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(8)
        process.send_signal(signal.SIGINT)
        output, message = process.communicate(timeout=120)
        os.close(writing)
    assert process.returncode == 130
    assert output == HOSTILE
    assert b"what was read so far is shown" in message


def packet_file(path: Path) -> Path:
    """Two datagrams of a flow and the answer, with hex content."""
    names = [
        "pktNo",
        "flowInd",
        "flowStat",
        "time",
        "srcIP",
        "srcPort",
        "dstIP",
        "dstPort",
        "l4Proto",
        "l7HexContent",
        "l7Content",
    ]
    rows = ["%" + "\t".join(names)]
    for number, (stat, payload) in enumerate(
        [(0x4000, b"one"), (0x4001, b"answer\n"), (0x4000, b"\xfftwo")], 1
    ):
        text = payload.decode("latin-1").replace("\n", "\\n").replace("\xff", ".")
        cells = [number, 4, f"0x{stat:016x}", f"{number}.5", "::1", 9, "::2", 53, 17, payload.hex(), text]
        rows.append("\t".join(map(str, cells)))
    path.write_text("\n".join(rows) + "\n")
    return path


def test_packet_files(t2tui: Program, tmp_path: Path) -> None:
    path = packet_file(tmp_path / "x_packets.txt")
    assert t2tui("follow", path, "--flow", 4).stdout == "oneanswer\n.two\n"
    assert t2tui("follow", path, "--flow", 4, "-d", "A", "--raw", text=False).stdout == b"one\xfftwo"
    rebuilt = t2tui("follow", path, "--flow", 4, "-d", "A", "-o", "reconstruct")
    assert bytes.fromhex(rebuilt.stdout) == b"one\xfftwo"
    assert t2tui("follow", path, "--flow", 4, "--save", "out").returncode == 0
    assert (tmp_path / "out_A").read_bytes() == b"one\xfftwo"
    assert (tmp_path / "out_B").read_bytes() == b"answer\n"
    for words, code in ((["--flow", 5], 1), (["--flow", 4, "--marks"], 2), (["--filter", "udp()"], 2)):
        refused = t2tui("follow", path, *words)
        assert (refused.returncode, refused.stdout) == (code, "")
        assert refused.stderr.startswith("[ERR] ")


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    """The exercise as three captures, cut within flow 36."""
    data = gzip.decompress(EXERCISE.read_bytes())
    places, at = [], 24
    while at < len(data):
        places.append(at)
        at += 16 + int.from_bytes(data[at + 8 : at + 12], "little")
    cuts = [24, places[2000], places[4000], len(data)]
    paths = [tmp_path / f"part{number}.pcap" for number in range(3)]
    for path, first, behind in zip(paths, cuts, cuts[1:], strict=False):
        path.write_bytes(data[:24] + data[first:behind])
    return paths


@pytest.mark.parametrize("is_list", [True, False])
@pytest.mark.parametrize("words", [["--flow", "36"], ["--filter", "dport(64334)"]])
def test_a_flow_runs_on_through_several_captures(
    tmp_path: Path, parts: list[Path], is_list: bool, words: list[str]
) -> None:
    (tmp_path / "list.txt").write_text("# in order\n" + "".join(f"{path}\n" for path in parts))
    sources = ["-R", str(tmp_path / "list.txt")] if is_list else list(map(str, parts))
    wanted = raw(str(EXERCISE), "--flow", "36", "-d", "B")
    assert len(wanted) > 10**6 and raw(*sources, *words, "-d", "B") == wanted
    assert len(raw(str(parts[0]), "--flow", "36", "-d", "B", "-q")) < len(wanted)


def raw(*words: str, **options: Any) -> bytes:
    """What ``t2tui follow --raw`` writes."""
    command = [sys.executable, "-m", "t2tui", "follow", *words, "--raw"]
    return subprocess.run(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, check=True, timeout=300, **options
    ).stdout


def test_a_capture_of_several_that_cannot_be_read_is_told(
    t2tui: Program, tmp_path: Path, parts: list[Path]
) -> None:
    done = t2tui("follow", parts[0], "nowhere.pcap", "--flow", "1")
    assert done.returncode == 1 and "nowhere.pcap" in done.stderr and done.stdout == ""
    assert t2tui("follow", "--flow", "1").returncode == 2
    assert t2tui("follow", parts[0], "-R", "x", "--flow", "1").returncode == 2
    assert t2tui("follow", parts[0], "-", "--flow", "1").returncode == 2
    (tmp_path / "list.txt").write_text(f"{parts[0]}\n{parts[1]}\n")
    kept = parts[1].read_bytes()
    done = t2tui("follow", "-R", "list.txt", "--flow", "36", "-d", "B", "--save", parts[1], "--force")
    assert done.returncode == 1 and "input" in done.stderr and parts[1].read_bytes() == kept


def test_a_packet_file_on_standard_input(t2tui: Program, tmp_path: Path) -> None:
    path = packet_file(tmp_path / "x_packets.txt")
    wanted = t2tui("follow", path, "--flow", 4, "-o", "info")
    words = f"cat x_packets.txt | {shlex.quote(sys.executable)} -m t2tui follow - --flow 4 -o info"
    piped = subprocess.check_output(["bash", "-c", words], env=ENVIRONMENT, cwd=tmp_path, text=True)
    assert piped == wanted.stdout != ""
    with path.open("rb") as file:
        assert t2tui("follow", "-", "--flow", 4, "-o", "info", stdin=file).stdout == wanted.stdout
    none = t2tui("follow", "-", "--flow", 99, input=path.read_text())
    assert none.returncode == 1 and "'standard input': there is no flow 99" in none.stderr


@pytest.mark.parametrize("direction", ["A", "B"])
def test_a_packet_file_with_bytes_gives_what_the_capture_gives(
    t2tui: Program, tmp_path: Path, direction: str
) -> None:
    plugins = "basicFlow,basicStats,tcpFlags,tcpStates"
    done = t2tui("run", EXERCISE, "-s", "-q", "-p", plugins, "-D", "core.PACKET_HEX=1", "-w", "x")
    assert (done.returncode, done.stderr) == (0, "")
    path = tmp_path / "x_packets.txt"
    assert path.read_text().split("\n", 1)[0].split("\t")[-2:] == ["l7HexContent", "l7Content"]
    for flow in ("35", "36"):
        words = ("--flow", flow, "-d", direction, "-q")
        wanted = raw(str(EXERCISE), *words)
        assert raw(str(path), *words) == wanted
        dump = t2tui("follow", path, *words, "-f", "hexdump").stdout
        shown = "".join(line[10:59] for line in dump.splitlines())
        assert bytes.fromhex(shown) == wanted
