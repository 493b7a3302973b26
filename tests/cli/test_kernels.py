"""Compiling before the first run, and never again."""

import io
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from t2tui.cli import kernels
from t2tui.cli.progress import Line
from t2tui.plugins import names
from tests.cli.conftest import pcap, udp
from tests.conftest import ENVIRONMENT


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setattr(kernels, "CACHE", tmp_path)
    return tmp_path


def workers(monkeypatch: pytest.MonkeyPatch, statement: str) -> list[str]:
    """Let each worker run a statement instead; the parts that were asked for."""
    asked: list[str] = []

    def worker(part: str) -> "subprocess.Popen[bytes]":
        asked.append(part)
        return subprocess.Popen([sys.executable, "-c", statement])

    monkeypatch.setattr(kernels, "_worker", worker)
    return asked


def test_all_parts_are_compiled_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = workers(monkeypatch, "")
    assert not kernels.compiled()
    kernels.compile_kernels()
    assert sorted(asked) == sorted(kernels.PARTS)
    assert kernels.compiled()


def test_two_processes_do_not_compile_the_same(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = workers(monkeypatch, "import time; time.sleep(0.5)")
    both = [threading.Thread(target=kernels.compile_kernels) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(asked) == sorted(kernels.PARTS)


def test_another_machine_compiles_anew(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workers(monkeypatch, "")
    kernels.compile_kernels()
    monkeypatch.setattr(kernels, "machine", lambda: "another")
    assert not kernels.compiled()


def test_a_part_that_fails_is_tried_again_next_time(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workers(monkeypatch, "raise SystemExit(1)")
    kernels.compile_kernels()
    assert not kernels.compiled()


def test_without_a_writable_folder_nothing_is_compiled_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = workers(monkeypatch, "")
    monkeypatch.setattr(kernels, "CACHE", None)
    assert kernels.compiled()
    kernels.compile_kernels()
    assert asked == []


def test_something_moves_meanwhile_and_is_gone_in_the_end(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers(monkeypatch, "import time; time.sleep(0.5)")
    shown = io.StringIO()
    kernels.compile_kernels(Line(shown))
    steps = shown.getvalue().split("\r")
    assert len({step for step in steps if "Compiling" in step}) > 1
    assert steps[-1] == "\x1b[K"


def test_an_interrupt_ends_the_workers(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def worker(part: str) -> "subprocess.Popen[bytes]":
        started.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]))
        return started[-1]

    class Interrupted(Line):
        def show(self, text: str) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(kernels, "_worker", worker)
    with pytest.raises(KeyboardInterrupt):
        kernels.compile_kernels(Interrupted(io.StringIO()))
    assert [process.poll() for process in started] == [-9] * len(kernels.PARTS)
    assert not kernels.compiled()


@pytest.mark.parametrize("form", ["pcap", "pcapng"])
def test_a_run_compiles_nothing_that_was_not_compiled_before(tmp_path: Path, form: str) -> None:
    assert kernels.compiled()
    (tmp_path / "capture").write_bytes({"pcap": pcap([udp(1), udp(2)]), "pcapng": kernels.PCAPNG}[form])
    folder = f"payloadDumper.PLDUMP_FOLDER={tmp_path}/payload"
    words = [
        "run",
        "capture",
        "-q",
        "-s",
        "-p",
        ",".join(set(names()) - set(kernels.WITHOUT_KERNELS)),
        "-D",
        folder,
        "--bpf",
        "len > 0",
    ]
    code = f"import sys; from t2tui.cli import main; print(main({words}), 'numba' in sys.modules)"
    command = [sys.executable, "-c", code]
    result = subprocess.run(
        command, capture_output=True, text=True, env=ENVIRONMENT, cwd=tmp_path, check=True
    )
    assert (result.stdout, result.stderr) == ("0 False\n", "")
