"""How a run ends when something is wrong: exit codes, one clear line, no half files."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from t2tui.cli.exits import BUG, DEBUG, exit_code
from tests.cli.conftest import DEADLINE, many_flows, pcap, udp
from tests.conftest import ENVIRONMENT

Program = Callable[..., CompletedProcess[str]]


def only_errors(result: CompletedProcess[str]) -> list[str]:
    """The lines on standard error; none may be a traceback."""
    assert "Traceback" not in result.stderr
    return [line for line in result.stderr.splitlines() if not line.startswith("[INF] Compiling")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "[ERR] Failed to open file 'bad.pcap' for reading: No such file or directory"),
        (b"", "[ERR] PCAP file 'bad.pcap' is empty"),
        (b"not a capture at all", "[ERR] File 'bad.pcap' is not a valid PCAP/PCAP-NG file"),
    ],
)
def test_what_is_no_capture_ends_with_1_and_the_words_of_the_reference(
    t2tui: Program, tmp_path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "bad.pcap").write_bytes(content)
    result = t2tui("run", "bad.pcap")
    assert result.returncode == 1
    assert result.stdout == ""
    assert only_errors(result)[0] == message
    assert {path.name for path in tmp_path.iterdir()} <= {"bad.pcap"}


def test_an_unsupported_link_type_leaves_header_rows(t2tui: Program, tmp_path: Path) -> None:
    (tmp_path / "fddi.pcap").write_bytes(pcap([bytes(60)], link_type=10))
    result = t2tui("run", "-s", "fddi.pcap")
    assert result.returncode == 1
    assert only_errors(result)[0] == "[ERR] Unsupported link-layer type: FDDI [FDDI/10]"
    assert result.stdout.splitlines()[-1].startswith("Dump start: ")
    for kind in ("flows", "packets"):
        assert (tmp_path / f"fddi_{kind}.txt").read_text().count("\n") == 1


def test_one_bad_capture_does_not_stop_the_others(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.pcap").write_bytes(b"")
    result = t2tui("run", "no.pcap", "bad.pcap", "three.pcap")
    assert result.returncode == 1
    assert sum(line.startswith("[ERR] ") for line in only_errors(result)) == 2
    assert (tmp_path / "three_flows.txt").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "CAPTURE"),
        (["three.pcap", "-R", "list"], "-R"),
        (["three.pcap", "--bpf", "udp", "-F", os.devnull], "--bpf"),
        (["three.pcap", "-w", "x", "-W", "x"], "-W"),
        (["three.pcap", "-f", "0"], "-f"),
        (["three.pcap", "-x", "-1"], "-x"),
        (["three.pcap", "-W", "x:0"], "-W"),
        (["three.pcap", "-p", "basicFlo"], "did you mean basicFlow"),
        (["three.pcap", "-D", "basicFlow.NOTHING=1"], "NOTHING"),
        (["three.pcap", "-D", "basicFlow"], "PLUGIN.FLAG=VALUE"),
        (["three.pcap", "-D", "txtSink.TFS_PRI_HDR=7"], "TFS_PRI_HDR"),
        (["three.pcap", "--config", "no.toml"], "no.toml"),
        (["three.pcap", "--config", "three.pcap"], "three.pcap"),
        (["three.pcap", "--names", "0.1"], "0.9.0"),
        (["three.pcap", "-F", "no.txt"], "no.txt"),
        (["three.pcap", "three.pcap"], "three_flows.txt"),
        (["three.pcap", "no.pcap", "-w", "x"], "x_flows.txt"),
        (["three.pcap", "no.pcap", "-w", "-"], "standard output"),
    ],
)
def test_wrong_usage_ends_with_2_before_anything_is_written(
    t2tui: Program, capture: Path, tmp_path: Path, words: list[str], told: str
) -> None:
    result = t2tui("run", *words)
    assert result.returncode == 2
    assert told in " ".join(result.stderr.split()) + result.stdout
    assert "Traceback" not in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["three.pcap"]


def test_a_wrong_filter_ends_with_1(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    result = t2tui("run", capture, "--bpf", "port port")
    assert result.returncode == 1
    assert only_errors(result)[0].startswith("[ERR] ")
    assert [path.name for path in tmp_path.iterdir()] == ["three.pcap"]


def test_a_place_that_cannot_be_written_is_named(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    result = t2tui("run", capture, "-w", "file/out")
    assert result.returncode == 1
    assert "file/out" in only_errors(result)[0]


def test_an_input_is_never_overwritten(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    before = capture.read_bytes()
    capture.rename(tmp_path / "out_flows.txt")
    result = t2tui("run", "out_flows.txt", "-w", "out")
    assert result.returncode == 1
    assert "input" in only_errors(result)[0]
    assert (tmp_path / "out_flows.txt").read_bytes() == before


def test_a_full_disk_is_one_line_and_older_files_stay(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    assert t2tui("run", capture, "-w", "large").returncode == 0
    (tmp_path / "large_flows.txt").rename(tmp_path / "three_flows.txt")
    (tmp_path / "large_headers.txt").unlink()
    older = (tmp_path / "three_flows.txt").read_bytes()

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(older) // 2, len(older) // 2))

    result = t2tui("run", capture, preexec_fn=limit, env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert result.returncode == 1
    (line,) = only_errors(result)
    assert line.startswith("[ERR] cannot write '")
    assert "three_" in line
    assert (tmp_path / "three_flows.txt").read_bytes() == older
    assert {path.name for path in tmp_path.iterdir()} == {"three.pcap", "three_flows.txt"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_device_is_one_line(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    (tmp_path / "out_flows.txt").symlink_to("/dev/full")
    result = t2tui("run", capture, "-w", "out")
    assert result.returncode == 1
    (line,) = only_errors(result)
    assert "No space left on device" in line
    with Path("/dev/full").open("wb") as full:
        result = t2tui("run", capture, "-w", "-", stdout=full)
        assert result.returncode == 1
        (line,) = only_errors(result)
        assert "standard output" in line
        result = t2tui("run", capture, stdout=full)
    assert result.returncode == 1
    (line,) = only_errors(result)
    assert "standard output" in line


def start(folder: Path, *words: str | Path, **more: object) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "t2tui", *map(str, words)]
    settings = {"cwd": folder, "env": ENVIRONMENT, "stderr": subprocess.PIPE, **more}
    return subprocess.Popen(command, **settings)  # type: ignore[call-overload,no-any-return]


def last_line(process: "subprocess.Popen[bytes]") -> str:
    assert process.stderr is not None
    text = process.stderr.read().decode()
    assert "Traceback" not in text
    assert "Exception ignored" not in text
    return text.splitlines()[-1] if text else ""


def test_a_reader_of_the_flows_that_goes_away_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "many.pcap").write_bytes(many_flows(2000))
    with start(tmp_path, "run", "many.pcap", "-w", "-", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"%dir")
        process.stdout.close()
        assert process.wait(DEADLINE) == 1
        assert last_line(process) == "[ERR] cannot write standard output: Broken pipe; its reader has gone"


def test_a_reader_of_the_report_that_goes_away_does_not_harm_the_files(t2tui: Program, capture: Path) -> None:
    t2tui("run", capture, "-w", "whole")
    with start(capture.parent, "run", capture, "-w", "out", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(DEADLINE) == 1
        assert "report" in last_line(process)
    assert (capture.parent / "out_flows.txt").read_bytes() == (
        capture.parent / "whole_flows.txt"
    ).read_bytes()


def appear(path: Path) -> Path:
    """Wait for a file whose name matches."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        found = list(path.parent.glob(path.name))
        if found:
            return found[0]
        time.sleep(0.02)
    raise AssertionError(f"no {path}")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_completes_what_was_read(tmp_path: Path, number: int, code: int) -> None:
    with start(tmp_path, "run", "-", "-w", "live", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(pcap([udp(1000), udp(1000), udp(2000)]))
        process.stdin.flush()
        while not process.stdout.readline().startswith(b"Dump start: "):
            pass
        process.send_signal(number)
        report = process.stdout.read().decode()
        assert process.wait(DEADLINE) == code
        assert "Interrupted" in last_line(process)
    assert "Number of processed packets: 3\n" in report
    assert len((tmp_path / "live_flows.txt").read_text().splitlines()) == 3


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_before_the_first_byte_ends_at_once_and_leaves_nothing(
    tmp_path: Path, number: int, code: int
) -> None:
    with start(tmp_path, "run", "-l", "-", stdin=subprocess.PIPE) as process:
        appear(tmp_path / ".stdin_log.txt.*")
        time.sleep(0.3)  # until it waits for standard input
        process.send_signal(number)
        assert process.wait(DEADLINE) == code
        last_line(process)
    assert list(tmp_path.iterdir()) == []


def test_the_second_signal_ends_at_once(tmp_path: Path) -> None:
    (tmp_path / "many.pcap").write_bytes(many_flows(5000))
    with start(tmp_path, "run", "many.pcap", "-w", "-", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)  # now it writes into a pipe that nobody empties
        process.send_signal(signal.SIGTERM)
        while b"Interrupted" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 143
        last_line(process)
    assert [path.name for path in tmp_path.iterdir()] == ["many.pcap"]


@pytest.mark.parametrize(("words", "in_file"), [([], False), (["-m"], True)])
def test_signals_ask_for_monitoring_output(tmp_path: Path, words: list[str], in_file: bool) -> None:
    command = ("run", "-", "-w", "live", *words)
    with start(tmp_path, *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(pcap([udp(1000)]))
        process.stdin.flush()
        while not process.stdout.readline().startswith(b"Dump start: "):
            pass
        process.send_signal(signal.SIGUSR1)
        if in_file:
            appear(tmp_path / ".live_monitoring.txt.*")
        else:
            while not process.stdout.readline().startswith(b"USR1 A type report: "):
                pass
        process.stdin.close()
        process.stdout.read()
        assert process.wait(DEADLINE) == 0
    if in_file:
        text = (tmp_path / "live_monitoring.txt").read_text()
        assert "USR1 A type report: " in text
        assert "Number of processed packets: 1\n" in text
    assert (tmp_path / "live_monitoring.txt").exists() == in_file


def test_without_signals_there_is_no_monitoring_file(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    assert t2tui("run", capture, "-m").returncode == 0
    assert not list(tmp_path.glob("*monitoring*"))


def test_captures_after_the_interrupted_one_are_not_begun(tmp_path: Path, capture: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with start(tmp_path, "run", "pipe", "three.pcap", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        with (tmp_path / "pipe").open("wb") as pipe:
            pipe.write(pcap([udp(1)]))
            pipe.flush()
            while not process.stdout.readline().startswith(b"Dump start: "):
                pass
            process.send_signal(signal.SIGINT)
            assert process.wait(DEADLINE) == 130
        last_line(process)
    assert (tmp_path / "pipe_flows.txt").exists()
    assert not (tmp_path / "three_flows.txt").exists()


def test_an_error_that_nobody_foresaw_is_one_line_with_its_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DEBUG, raising=False)
    try:
        {}["flow"]
    except KeyError as error:
        assert exit_code(error) == BUG
        text = capsys.readouterr().err
        assert text.startswith("[ERR] KeyError at test_ends.py:")
        assert text.count("\n") == 1
        monkeypatch.setenv(DEBUG, "1")
        assert exit_code(error) == BUG
        assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--debug", "run", "x.pcap"], ["run", "x.pcap", "--debug"]])
def test_debug_works_before_and_behind_the_subcommand(t2tui: Program, words: list[str]) -> None:
    assert t2tui(*words).returncode == 1


@pytest.mark.parametrize(
    "words",
    [
        ["run", "three.pcap"],
        ["run", "three.pcap", "-w", "-"],
        ["filter", "1", "three.pcap"],
        ["follow", "three.pcap", "--flow", "1"],
        ["decode", "flowStat=1"],
        ["plugin", "list"],
        ["--version"],
    ],
)
def test_closed_standard_output_is_one_line(
    t2tui: Program, capture: Path, tmp_path: Path, words: list[str]
) -> None:
    result = t2tui(*words, preexec_fn=lambda: os.close(1))
    assert result.returncode == 2
    (line,) = only_errors(result)
    assert line.startswith("[ERR] Standard output is closed")
    assert [path.name for path in tmp_path.iterdir()] == ["three.pcap"]


def test_closed_standard_input_and_error_change_nothing(
    t2tui: Program, capture: Path, tmp_path: Path
) -> None:
    def close() -> None:
        os.close(0)
        os.close(2)

    assert t2tui("run", capture, "-q", preexec_fn=close).returncode == 0
    assert (tmp_path / "three_flows.txt").exists()
    assert t2tui("run", "-", preexec_fn=close).returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("words", [[], ["--count"], ["--to", "json"]])
def test_a_filter_to_a_full_device_does_not_end_as_if_nothing_were_found(
    t2tui: Program, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "a_flows.txt").write_text("%dir\tflowInd\nA\t1\n")
    with Path("/dev/full").open("wb") as full:
        result = t2tui("filter", "1", "a_flows.txt", *words, stdout=full)
    assert result.returncode == 2
    assert only_errors(result) == ["[ERR] standard output: No space left on device"]


def test_a_plugin_is_begun_whole_or_not_at_all(t2tui: Program, tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))

    result = t2tui(
        "plugin", "new", "mine", "--dir", "here", preexec_fn=limit, env={"PYTHONDONTWRITEBYTECODE": "1"}
    )
    assert result.returncode == 1
    assert only_errors(result)[0].startswith("[ERR] new: cannot write '")
    assert not list(tmp_path.rglob("*mine*"))


STARTED_IN_FRONT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from t2tui.__main__ import run
sys.exit(run())
"""
"""Shells start what runs in the background with interrupts ignored, and tests may run there."""


def test_an_interrupt_of_the_imports_ends_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("print('importing', flush=True)\nimport time\ntime.sleep(60)\n")
    environment = {**ENVIRONMENT, "PYTHONPATH": f"{tmp_path}:{ENVIRONMENT.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-c", STARTED_IN_FRONT]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, cwd=tmp_path, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == b"importing\n"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=DEADLINE)
    assert (output, errors, process.returncode) == (b"", b"", 130)
