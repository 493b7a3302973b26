"""``t2tui dump``: payload of selected flows as files."""

import gzip
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from t2tui.core.payload.marker import MARKER
from tests.cli.conftest import pcap, udp
from tests.core.captures import EXERCISE

Program = Callable[..., CompletedProcess[str]]


def files(folder: Path) -> dict[str, bytes]:
    """Names and contents of payload files."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MARKER}


def test_files_are_those_of_the_plugin(t2tui: Program, tmp_path: Path) -> None:
    done = t2tui("dump", "port(25)", EXERCISE, "-w", "mail/")
    assert done.returncode == 0, done.stderr
    flags = [f"payloadDumper.PLDUMP_FOLDER={tmp_path}/all", "payloadDumper.PLDUMP_TCP_PORTS={25}",
             "payloadDumper.PLDUMP_UDP=0"]  # fmt: skip
    words = [word for flag in flags for word in ("-D", flag)]
    done = t2tui("run", EXERCISE, "-w", "x", "-p", "basicFlow,tcpStates,payloadDumper", *words)
    assert done.returncode == 0, done.stderr
    assert files(tmp_path / "mail") == files(tmp_path / "all")


def test_names_and_directions(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    assert t2tui("dump", "sport(1000)", capture, "-w", "one", "-n", "1").returncode == 0
    assert files(tmp_path / "one") == {"010.000.000.001.01000-010.000.000.002.00053-17": b"payload" * 2}
    done = t2tui("dump", "udp()", capture, "-w", "none", "-d", "B")
    assert (done.returncode, "have no payload" in done.stderr) == (1, True)
    assert not (tmp_path / "none").exists()


def test_one_direction_of_a_connection(t2tui: Program, tmp_path: Path) -> None:
    for direction in ("both", "A", "B"):
        assert t2tui("dump", "port(21)", EXERCISE, "-w", direction, "-d", direction).returncode == 0
    both = files(tmp_path / "both")
    assert set(both) == {"35_A", "35_B"}
    assert files(tmp_path / "A") == {"35_A": both["35_A"]}
    assert files(tmp_path / "B") == {"35_B": both["35_B"]}
    assert both["35_B"].startswith(b"220 Microsoft FTP Service")


def test_compressed_and_plain_captures_give_the_same(t2tui: Program, tmp_path: Path) -> None:
    (tmp_path / "plain.pcap").write_bytes(gzip.decompress(EXERCISE.read_bytes()))
    assert t2tui("dump", "port(21)", "plain.pcap", "-w", "a").returncode == 0
    assert t2tui("dump", "port(21)", EXERCISE, "-w", "b").returncode == 0
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_flags_of_the_plugin(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    flag = "payloadDumper.PLDUMP_MAX_BYTES=5"
    assert t2tui("dump", "udp()", capture, "-w", "out", "-D", flag).returncode == 0
    assert set(files(tmp_path / "out").values()) == {b"paylo"}
    for wrong in ("PLDUMP_FOLDER=/tmp/x", "PLDUMP_MAX_BYTS=5", "PLDUMP_MAX_BYTES=x"):
        done = t2tui("dump", "udp()", capture, "-w", "no", "-D", f"payloadDumper.{wrong}")
        assert done.returncode == 2, done.stderr
    assert not (tmp_path / "no").exists()


def test_folders_that_are_there(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert t2tui("dump", "sport(1000)", capture, "-w", "empty").returncode == 0
    before = files(tmp_path / "empty")
    assert before
    done = t2tui("dump", "sport(2000)", capture, "-w", "empty")
    assert (done.returncode, "'empty' holds files" in done.stderr) == (1, True)
    assert files(tmp_path / "empty") == before
    assert t2tui("dump", "sport(2000)", capture, "-w", "empty", "--force").returncode == 0
    assert files(tmp_path / "empty") == {"2_A": b"payload"}
    (tmp_path / "empty" / "mine").write_text("mine")
    done = t2tui("dump", "udp()", capture, "-w", "empty", "--force")
    assert (done.returncode, "holds other files" in done.stderr) == (1, True)
    assert files(tmp_path / "empty") == {"2_A": b"payload", "mine": b"mine"}


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["port(9)", "three.pcap", "-w", "new"], 1, "none of 2 flows matches"),
        (["udp()", "three.pcap", "-w", "-"], 2, "payload goes into a folder"),
        (["udp()", "three.pcap", "-w", "three.pcap"], 1, "it is no folder"),
        (["udp()", "-", "-w", "new"], 2, "standard input"),
        (["udp()", "three.pcap", "-w", "new", "-n", "3"], 2, "not in the range"),
    ],
)
def test_what_cannot_be_done_leaves_nothing(
    t2tui: Program, capture: Path, tmp_path: Path, words: list[str], code: int, text: str
) -> None:
    done = t2tui("dump", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert text in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["three.pcap"]


def test_flows_without_payload(t2tui: Program, tmp_path: Path) -> None:
    (tmp_path / "in.pcap").write_bytes(pcap([udp(1000, b"")]))
    done = t2tui("dump", "udp()", "in.pcap", "-w", "out")
    assert (done.returncode, "have no payload" in done.stderr) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["in.pcap"]
