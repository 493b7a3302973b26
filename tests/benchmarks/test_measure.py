import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measure import CommandError, Contestant, Spread, in_turn, own_peak, ratios, run

MEMORY = 300 << 20
ALLOCATE = f"bytearray(b'x') * {MEMORY}"


def python(*lines: str) -> list[str]:
    return [sys.executable, "-c", "\n".join(lines)]


def script(name: str, *lines: str) -> Contestant:
    """A contestant that finds the capture in argv[1] and the output folder in argv[2]."""

    def command(capture: Path, output: Path) -> Sequence[str]:
        return [*python("import sys", "from pathlib import Path", *lines), str(capture), str(output)]

    return Contestant(name, command, {})


def journal(name: str) -> Contestant:
    """A contestant that appends its name to the capture."""
    return script(name, f"with open(sys.argv[1], 'a') as file: file.write('{name} ')")


def test_peak_is_that_of_the_largest_process_of_the_tree(tmp_path: Path) -> None:
    small = run(python("pass"), {}, tmp_path)
    alone = run(python(ALLOCATE), {}, tmp_path)
    child = run(
        python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {ALLOCATE!r}])"), {}, tmp_path
    )
    most = max(2 * MEMORY, own_peak() + MEMORY)  # the kernel counts what the starting process held, too
    assert small.peak < max(MEMORY, own_peak() + MEMORY // 2)
    assert MEMORY <= alone.peak < most
    assert MEMORY <= child.peak < most


def test_processor_time_counts_children_and_not_sleep(tmp_path: Path) -> None:
    burn = "import time; end = time.process_time() + 0.2\nwhile time.process_time() < end: pass"
    sleep = run(python("import time; time.sleep(0.2)"), {}, tmp_path)
    child = run(
        python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"), {}, tmp_path
    )
    assert sleep.wall >= 0.2 > sleep.cpu
    assert child.cpu >= 0.2


def test_a_failing_command_tells_its_status_and_last_message(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"ended with 3: because"):
        run(python("import sys; print('so\\nbecause', file=sys.stderr); sys.exit(3)"), {}, tmp_path)
    with pytest.raises(CommandError, match=r"ended with -9: no message"):
        run(python("import os; os.kill(os.getpid(), 9)"), {}, tmp_path)


def test_a_missing_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"no-such-program: No such file"):
        run(["no-such-program"], {}, tmp_path)


def test_environment_and_output_reach_the_command(tmp_path: Path) -> None:
    run(python("import os; print(os.environ['T2TUI_PROBE'])"), {"T2TUI_PROBE": "seen"}, tmp_path)
    assert (tmp_path / "stdout.txt").read_text() == "seen\n"


def test_contestants_run_in_turn_after_a_round_that_is_not_counted(tmp_path: Path) -> None:
    capture, warmed = tmp_path / "capture", []
    runs, failed = in_turn(
        [journal("a"), journal("b"), journal("c")], capture, 2, tmp_path / "output", warmed.append
    )
    assert capture.read_text().split() == ["a", "b", "c"] * 3
    assert {name: len(counted) for name, counted in runs.items()} == {"a": 2, "b": 2, "c": 2}
    assert warmed == ["a", "b", "c"]
    assert not failed


def test_a_contestant_that_fails_is_left_out_and_the_others_go_on(tmp_path: Path) -> None:
    capture = tmp_path / "capture"
    second_time = script(
        "b", "seen = 'b' in open(sys.argv[1]).read()", "open(sys.argv[1], 'a').write('b ')", "assert not seen"
    )
    runs, failed = in_turn(
        [journal("a"), second_time, journal("c")], capture, 2, tmp_path / "output", lambda _: None
    )
    assert capture.read_text().split() == ["a", "b", "c", "a", "b", "c", "a", "c"]
    assert list(runs) == ["a", "c"]
    assert list(failed) == ["b"]
    assert "AssertionError" in failed["b"]


def test_every_run_writes_into_an_empty_folder(tmp_path: Path) -> None:
    writer = script(
        "a", "assert not list(Path(sys.argv[2]).glob('flows*'))", "(Path(sys.argv[2]) / 'flows').touch()"
    )
    _, failed = in_turn([writer, writer], tmp_path, 2, tmp_path / "output", lambda _: None)
    assert not failed


@given(st.lists(st.floats(0.001, 1e6), min_size=1))
def test_a_spread_holds_at_least_half_of_the_figures_on_either_side_of_its_median(
    figures: list[float],
) -> None:
    spread = Spread.of(figures)
    assert 2 * sum(figure <= spread.median for figure in figures) >= len(figures)
    assert 2 * sum(figure >= spread.median for figure in figures) >= len(figures)
    assert all(spread.least <= figure <= spread.greatest for figure in figures)
    assert {spread.least, spread.greatest} <= set(figures)


@given(st.floats(0.1, 10), st.lists(st.floats(0.1, 10), min_size=1))
def test_ratios_do_not_see_a_change_of_speed_between_rounds(ratio: float, speeds: list[float]) -> None:
    ours = [ratio * speed for speed in speeds]
    assert ratios(ours, speeds) == pytest.approx([ratio] * len(speeds))
